//! The audit's chain in PostgreSQL.

use async_trait::async_trait;
use hubcommander_audit::{Entry, Row, Seal};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};

use super::super::StoreError;
use super::super::chain::{ChainReader, Sealing};
use super::super::chain_rows::{EntryRow, LinkRow, SealRow, column, merge, through};
use super::super::database::row_error;
use super::super::rows::{ForgetRow, SealingRow};
use super::PostgresReader;
use super::connect::Server;

// In one statement: what is seen of `audit` is of its beginning, and the locks are looked at after that. Whoever was
// given a number below the newest that is seen took the lock before, so it either still holds it or has ended. The
// numbers are those of the trigger `audit_tells_of_appending`.
const SEALING: &str =
    "SELECT holder, until, fence, announced, coalesce((SELECT max(seq) FROM audit), 0) AS newest,
     ARRAY(SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND classid = 1752523361
           AND objid = 1969514868 AND objsubid = 2 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS appending
     FROM audit_sealer";

const LAST_SEAL: &str =
    "SELECT number, first_seq, last_seq, last, count, removed_through, previous, head, at, key,
     signature FROM audit_seals ORDER BY number DESC LIMIT 1";

const SEALS: &str =
    "SELECT number, first_seq, last_seq, last, count, removed_through, previous, head, at, key,
     signature FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2";

const ENTRIES: &str = "SELECT seq, at, convert_to(invocation, 'UTF8') AS invocation,
     convert_to(event, 'UTF8') AS event, convert_to(body::text, 'UTF8') AS body
     FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";

const LINKS: &str = "SELECT seq, position, salt, content, leaf FROM audit_chain WHERE seq > $1 AND seq <= $2
     ORDER BY seq LIMIT $3";

const WITH_BODY: &str = "SELECT seq FROM audit_chain WHERE salt IS NOT NULL ORDER BY seq LIMIT 1";

const HOLD: &str = "UPDATE audit_sealer SET fence = fence + (holder <> $1)::int, holder = $1, until = $2,
     announced = greatest(announced, $5) WHERE fence = $3 AND (holder = $1 OR until < $4)
     AND ($6::bigint IS NULL OR $6 = 1 + coalesce((SELECT max(number) FROM audit_seals), 0))";

const LINK: &str = "INSERT INTO audit_chain (seq, position, salt, content, leaf)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])";

const SEAL: &str =
    "INSERT INTO audit_seals (number, first_seq, last_seq, last, count, removed_through, previous, head,
     at, key, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const NO_BODY: &str = "UPDATE audit SET body = NULL WHERE seq > $1 AND seq <= $2 AND body IS NOT NULL";

const NO_SALT: &str = "UPDATE audit_chain SET salt = NULL WHERE seq > $1 AND seq <= $2 AND salt IS NOT NULL";

// In the order of arrival, which is that of age but for a little.
const OLD: &str = "SELECT id FROM invocations AS it WHERE reported
     AND state NOT IN ('received', 'planned', 'waiting', 'running') AND received_at < $1 AND updated_at < $1
     AND NOT EXISTS (SELECT 1 FROM leases WHERE ended IS NULL AND lease ->> 'invocation' = it.id)
     ORDER BY seq LIMIT $2 FOR UPDATE OF it SKIP LOCKED";

const FORGET: [&str; 4] = [
    "DELETE FROM steps WHERE invocation = ANY ($1)",
    "DELETE FROM touched WHERE invocation = ANY ($1)",
    "DELETE FROM seen WHERE invocation = ANY ($1)",
    "DELETE FROM invocations WHERE id = ANY ($1)",
];

/// Writes what was sealed. False if somebody else seals now.
pub(super) async fn seal(connection: &mut PgConnection, row: &SealingRow) -> Result<bool, sqlx::Error> {
    let number = row.seal.as_ref().map(|(seal, _)| column(seal.number));
    let held = sqlx::query(HOLD)
        .bind(&row.holder)
        .bind(row.until)
        .bind(row.fence)
        .bind(row.now)
        .bind(row.announced)
        .bind(number)
        .execute(&mut *connection)
        .await?;
    if held.rows_affected() == 0 {
        return Ok(false);
    }
    let Some((seal, links)) = &row.seal else { return Ok(true) };
    if !links.is_empty() {
        sqlx::query(LINK)
            .bind(links.iter().map(|link| link.seq).collect::<Vec<_>>())
            .bind(links.iter().map(|link| column(link.position)).collect::<Vec<_>>())
            .bind(links.iter().map(|link| link.salt.map(|salt| salt.0.to_vec())).collect::<Vec<_>>())
            .bind(links.iter().map(|link| link.leaf.content.0.to_vec()).collect::<Vec<_>>())
            .bind(links.iter().map(|link| link.leaf.leaf.0.to_vec()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(SEAL)
        .bind(column(seal.number))
        .bind(seal.first_seq)
        .bind(seal.last_seq)
        .bind(column(seal.last))
        .bind(column(seal.count))
        .bind(seal.removed_through)
        .bind(seal.previous.0.to_vec())
        .bind(seal.head.0.to_vec())
        .bind(seal.at)
        .bind(&seal.key)
        .bind(seal.signature.map(|signature| signature.0.to_vec()))
        .execute(connection)
        .await?;
    Ok(true)
}

/// Forgets what is old, and says how many invocations were.
pub(super) async fn forget(connection: &mut PgConnection, row: &ForgetRow) -> Result<u64, sqlx::Error> {
    for sql in [NO_BODY, NO_SALT] {
        sqlx::query(sql).bind(row.after).bind(row.through).execute(&mut *connection).await?;
    }
    let old = sqlx::query_scalar(OLD).bind(row.before).bind(i64::from(row.limit));
    let ids: Vec<String> = old.fetch_all(&mut *connection).await?;
    if !ids.is_empty() {
        for sql in FORGET {
            sqlx::query(sql).bind(&ids).execute(&mut *connection).await?;
        }
    }
    Ok(u64::try_from(ids.len()).unwrap_or_default())
}

impl PostgresReader {
    pub(super) async fn sealing(&self) -> Result<Sealing, StoreError> {
        // First: what is appended after this is not taken for sealed.
        let last = self.rows(sqlx::query(LAST_SEAL)).await?;
        let rows = self.rows(sqlx::query(SEALING)).await?;
        let of = |error: sqlx::Error| row_error("the sealer", &error);
        let row = rows.first().ok_or(sqlx::Error::RowNotFound).map_err(of)?;
        let last = last.first().map(<SealRow as sqlx::FromRow<_>>::from_row).transpose().map_err(of)?;
        Ok(Sealing {
            holder: row.try_get("holder").map_err(of)?,
            until: row.try_get("until").map_err(of)?,
            fence: row.try_get("fence").map_err(of)?,
            announced: row.try_get("announced").map_err(of)?,
            newest: row.try_get("newest").map_err(of)?,
            appending: row.try_get("appending").map_err(of)?,
            last: last.map(SealRow::read),
        })
    }

    pub(super) async fn entries(
        &self,
        after: i64,
        through: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let query = sqlx::query(ENTRIES).bind(after).bind(through).bind(i64::from(limit));
        let rows = self.rows(query).await?;
        let read = |row| <EntryRow as sqlx::FromRow<_>>::from_row(row).map(EntryRow::lossy);
        rows.iter().map(|row| read(row).map_err(|error| row_error("the audit", &error))).collect()
    }

    pub(super) async fn first_with_body(&self) -> Result<Option<i64>, StoreError> {
        let rows = self.rows(sqlx::query(WITH_BODY)).await?;
        rows.first().map(|row| row.try_get(0).map_err(|error| row_error("the chain", &error))).transpose()
    }
}

/// One moment of the database.
pub(in crate::store) struct PostgresMoment {
    connection: PgConnection,
    server: Server,
}

impl PostgresMoment {
    /// Connects for reading alone.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let server = Server::new(url)?;
        let told = |error: sqlx::Error| {
            StoreError::Unavailable(format!("{}: {}", server.name(), server.told(&error)))
        };
        let mut connection = server.connect().await.map_err(told)?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        connection.execute(begin).await.map_err(told)?;
        Ok(Self { connection, server })
    }
}

#[async_trait]
impl ChainReader for PostgresMoment {
    async fn seals(&mut self, after: i64, limit: u32) -> Result<Vec<Seal>, StoreError> {
        let query = sqlx::query_as::<_, SealRow>(SEALS).bind(after).bind(i64::from(limit));
        let rows =
            query.fetch_all(&mut self.connection).await.map_err(|error| self.server.unavailable(&error))?;
        Ok(rows.into_iter().map(SealRow::read).collect())
    }

    async fn rows(&mut self, after: i64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(i64::MAX).bind(i64::from(limit));
        let told = |error: sqlx::Error| self.server.unavailable(&error);
        let entries = query.fetch_all(&mut self.connection).await.map_err(told)?;
        let through = through(&entries, limit);
        let query = sqlx::query_as::<_, LinkRow>(LINKS).bind(after).bind(through).bind(i64::from(limit));
        let links = query.fetch_all(&mut self.connection).await.map_err(told)?;
        Ok(merge(entries, links, limit))
    }
}
