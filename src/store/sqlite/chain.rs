//! The audit's chain in the file.

use std::path::Path;

use async_trait::async_trait;
use hubcommander_audit::{Entry, Row, Seal};
use rusqlite::{Connection, params};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

use super::super::StoreError;
use super::super::chain::{ChainReader, Sealing};
use super::super::chain_rows::{EntryRow, LinkRow, SealRow, column, merge, through};
use super::super::database::row_error;
use super::super::rows::{ForgetRow, SealingRow};
use super::super::writer::Verdict;
use super::{BUSY, SqliteReader, read_error};

const SEALING: &str =
    "SELECT holder, until, fence, announced, coalesce((SELECT max(seq) FROM audit), 0) AS newest
     FROM audit_sealer";

const LAST_SEAL: &str =
    "SELECT number, first_seq, last_seq, last, count, removed_through, previous, head, at, key,
     signature FROM audit_seals ORDER BY number DESC LIMIT 1";

const SEALS: &str =
    "SELECT number, first_seq, last_seq, last, count, removed_through, previous, head, at, key,
     signature FROM audit_seals WHERE number > ? ORDER BY number LIMIT ?";

const ENTRIES: &str = "SELECT seq, at, CAST(invocation AS BLOB) AS invocation, CAST(event AS BLOB) AS event,
     CAST(nullif(body, '') AS BLOB) AS body FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";

const LINKS: &str = "SELECT seq, position, salt, content, leaf FROM audit_chain WHERE seq > ? AND seq <= ?
     ORDER BY seq LIMIT ?";

const WITH_BODY: &str = "SELECT seq FROM audit_chain WHERE salt IS NOT NULL ORDER BY seq LIMIT 1";

const HOLD: &str = "UPDATE audit_sealer SET fence = fence + (holder <> ?1), holder = ?1, until = ?2,
     announced = max(announced, ?5) WHERE fence = ?3 AND (holder = ?1 OR until < ?4)
     AND (?6 IS NULL OR ?6 = 1 + coalesce((SELECT max(number) FROM audit_seals), 0))";

const LINK: &str = "INSERT INTO audit_chain (seq, position, salt, content, leaf) VALUES (?1, ?2, ?3, ?4, ?5)";

const SEAL: &str =
    "INSERT INTO audit_seals (number, first_seq, last_seq, last, count, removed_through, previous, head,
     at, key, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const NO_BODY: &str = "UPDATE audit SET body = '' WHERE seq > ?1 AND seq <= ?2 AND body <> ''";

const NO_SALT: &str = "UPDATE audit_chain SET salt = NULL WHERE seq > ?1 AND seq <= ?2 AND salt IS NOT NULL";

// In the order of arrival, which is that of age but for a little.
const OLD: &str = "SELECT id FROM invocations AS it WHERE reported = 1
     AND state NOT IN ('received', 'planned', 'waiting', 'running') AND received_at < ?1 AND updated_at < ?1
     AND NOT EXISTS (SELECT 1 FROM leases WHERE ended IS NULL AND lease ->> '$.invocation' = it.id)
     ORDER BY seq LIMIT ?2";

const FORGET: [&str; 4] = [
    "DELETE FROM steps WHERE invocation = ?1",
    "DELETE FROM touched WHERE invocation = ?1",
    "DELETE FROM seen WHERE invocation = ?1",
    "DELETE FROM invocations WHERE id = ?1",
];

/// Writes what was sealed.
pub(super) fn seal(connection: &Connection, row: &SealingRow) -> rusqlite::Result<Verdict> {
    let number = row.seal.as_ref().map(|(seal, _)| column(seal.number));
    let held = connection.prepare_cached(HOLD)?.execute(params![
        row.holder,
        row.until,
        row.fence,
        row.now,
        row.announced,
        number
    ])?;
    if held == 0 {
        return Ok(Verdict::Conflict);
    }
    let Some((seal, links)) = &row.seal else { return Ok(Verdict::Written) };
    let mut insert = connection.prepare_cached(LINK)?;
    for link in links {
        insert.execute(params![
            link.seq,
            column(link.position),
            link.salt.map(|salt| salt.0),
            link.leaf.content.0,
            link.leaf.leaf.0
        ])?;
    }
    connection.prepare_cached(SEAL)?.execute(params![
        column(seal.number),
        seal.first_seq,
        seal.last_seq,
        column(seal.last),
        column(seal.count),
        seal.removed_through,
        seal.previous.0,
        seal.head.0,
        seal.at,
        seal.key,
        seal.signature.map(|signature| signature.0),
    ])?;
    Ok(Verdict::Written)
}

/// Forgets what is old, and says how many invocations were.
pub(super) fn forget(connection: &Connection, row: &ForgetRow) -> rusqlite::Result<u64> {
    connection.prepare_cached(NO_BODY)?.execute([row.after, row.through])?;
    connection.prepare_cached(NO_SALT)?.execute([row.after, row.through])?;
    let mut old = connection.prepare_cached(OLD)?;
    let ids = old.query_map([row.before, i64::from(row.limit)], |row| row.get::<_, String>(0))?;
    let mut count = 0;
    for id in ids.collect::<rusqlite::Result<Vec<_>>>()? {
        for sql in FORGET {
            connection.prepare_cached(sql)?.execute([&id])?;
        }
        count += 1;
    }
    Ok(count)
}

impl SqliteReader {
    pub(super) async fn sealing(&self) -> Result<Sealing, StoreError> {
        let row = sqlx::query(SEALING).fetch_one(&self.pool).await.map_err(read_error)?;
        let last =
            sqlx::query_as::<_, SealRow>(LAST_SEAL).fetch_optional(&self.pool).await.map_err(read_error)?;
        let of = |error: sqlx::Error| row_error("the sealer", &error);
        Ok(Sealing {
            holder: row.try_get("holder").map_err(of)?,
            until: row.try_get("until").map_err(of)?,
            fence: row.try_get("fence").map_err(of)?,
            announced: row.try_get("announced").map_err(of)?,
            newest: row.try_get("newest").map_err(of)?,
            last: last.map(SealRow::read),
            // One connection writes, so a number that is seen is the highest that was given.
            appending: Vec::new(),
        })
    }

    pub(super) async fn entries(
        &self,
        after: i64,
        through: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let query = sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(through).bind(i64::from(limit));
        let rows = query.fetch_all(&self.pool).await.map_err(read_error)?;
        Ok(rows.into_iter().map(EntryRow::lossy).collect())
    }

    pub(super) async fn first_with_body(&self) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar(WITH_BODY).fetch_optional(&self.pool).await.map_err(read_error)
    }
}

/// One moment of the file.
pub(in crate::store) struct SqliteMoment(SqliteConnection);

impl SqliteMoment {
    /// Opens the file for reading alone.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        // Its way of writing is left as it is: a copy made for safekeeping has another.
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let options = options.disable_statement_logging();
        let told = |error: sqlx::Error| StoreError::Unavailable(format!("{}: {error}", path.display()));
        let mut connection = options.connect().await.map_err(told)?;
        // The moment is that of the first thing read.
        connection.execute("BEGIN").await.map_err(told)?;
        connection.execute("SELECT 1 FROM audit_sealer").await.map_err(told)?;
        Ok(Self(connection))
    }
}

#[async_trait]
impl ChainReader for SqliteMoment {
    async fn seals(&mut self, after: i64, limit: u32) -> Result<Vec<Seal>, StoreError> {
        let query = sqlx::query_as::<_, SealRow>(SEALS).bind(after).bind(i64::from(limit));
        let rows = query.fetch_all(&mut self.0).await.map_err(read_error)?;
        Ok(rows.into_iter().map(SealRow::read).collect())
    }

    async fn rows(&mut self, after: i64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(i64::MAX).bind(i64::from(limit));
        let entries = query.fetch_all(&mut self.0).await.map_err(read_error)?;
        let through = through(&entries, limit);
        let query = sqlx::query_as::<_, LinkRow>(LINKS).bind(after).bind(through).bind(i64::from(limit));
        let links = query.fetch_all(&mut self.0).await.map_err(read_error)?;
        Ok(merge(entries, links, limit))
    }
}
