//! The store in PostgreSQL (14 or newer), for several replicas.
//!
//! Each replica has one connection that writes ([`write`]) and a few that read. Any number of replicas may
//! write: rows are locked, always in the same order.

mod chain;
mod connect;
mod statements;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use hubcommander_audit::Entry;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::{Executor as _, FromRow as _};

use super::chain::Sealing;
use super::database::{Database, Reader, row_error};
use super::rows::{AuditReadRow, ClickReadRow, DueReadRow, InvocationRow, LeaseReadRow, StepReadRow, after};
use super::writer::WriterHandle;
use super::{HistoryFilter, StoreError};
pub(super) use chain::PostgresMoment;
use connect::Server;

/// How many connections read.
const READERS: u32 = 4;

/// How long a read may take, the time to get a connection included: a dead peer does not say so.
const READ_WITHIN: Duration = Duration::from_secs(15);

/// The store in PostgreSQL.
pub(super) type PostgresStore = Database<PostgresReader>;

/// Connects and brings the tables up to date. Replicas that start together take turns at that.
pub(super) async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    let server = Server::new(url)?;
    let writer = write::PostgresWriter::open(server.clone()).await?;
    let pool = PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READ_WITHIN)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute("SET statement_timeout = '15s'").await.map(|_| ()) })
        })
        .connect_lazy_with(server.options());
    let reader = PostgresReader { pool, server };
    Ok(Database { writer: WriterHandle::start(Box::new(writer)), reader })
}

const INVOCATION: &str = "SELECT id, version, state, origin::text, command, args::text, plan::text, digest,
    gate::text, posted::text, outcome::text, reported, received_at, updated_at
    FROM invocations WHERE id = $1";

// The condition is that of the index `invocations_unfinished`.
const UNFINISHED: &str = "SELECT id, version, state, origin::text, command, args::text, plan::text, digest,
    gate::text, posted::text, outcome::text, reported, received_at, updated_at
    FROM invocations WHERE NOT reported OR state IN ('received', 'planned', 'waiting', 'running')
    ORDER BY seq";

const STEPS: &str = "SELECT step, state, started_at, tries, applied::text, error::text FROM steps
    WHERE invocation = $1 ORDER BY started_at, seq";

const UNFINISHED_CLICKS: &str = "SELECT key, body::text, at FROM clicks WHERE NOT done ORDER BY seq";

const OPEN_CLICK: &str = "SELECT key, body::text, at FROM clicks WHERE key = $1 AND NOT done";

const AUDIT: &str = "SELECT seq, at, invocation, event, body::text FROM audit ORDER BY seq DESC LIMIT $1";

const AUDIT_OF: &str = "SELECT seq, at, invocation, event, body::text FROM audit
    WHERE invocation = $2 ORDER BY seq DESC LIMIT $1";

const DUE: &str = "SELECT key, at, origin::text FROM due WHERE at <= $1 ORDER BY at LIMIT $2";

const DUE_UNDER: &str = "SELECT key, at, origin::text FROM due WHERE key = $1";

const REMEMBERED: &str = "SELECT value::text FROM remembered WHERE key = $1";

// By bytes, whatever order the database has for text.
const REMEMBERED_UNDER: &str = "SELECT key, value::text FROM remembered
    WHERE key COLLATE \"C\" >= $1 AND key COLLATE \"C\" < $2 ORDER BY key COLLATE \"C\" LIMIT $3";

const LEASE: &str = "SELECT id, ended, lease::text FROM leases WHERE id = $1";

const LEASES: &str = "SELECT id, ended, lease::text FROM leases WHERE ended IS NULL
    AND ($1::text IS NULL OR holding = $1) ORDER BY until, id";

const HISTORY: &str = "SELECT id, version, state, origin::text, command, args::text, plan::text, digest,
    gate::text, posted::text, outcome::text, reported, received_at, updated_at FROM invocations
    WHERE digest IS NOT NULL AND ($1::text IS NULL OR id < $1) ORDER BY seq DESC LIMIT $2";

const HISTORY_OF: &str =
    "SELECT it.id, version, state, origin::text, command, args::text, plan::text, digest,
    gate::text, posted::text, outcome::text, reported, received_at, updated_at
    FROM touched JOIN invocations AS it ON it.id = touched.invocation
    WHERE touched.resource = $3 AND ($1::text IS NULL OR it.id < $1)
    ORDER BY touched.invocation DESC LIMIT $2";

/// Reads beside the writer.
pub(super) struct PostgresReader {
    pool: PgPool,
    server: Server,
}

impl PostgresReader {
    async fn rows(
        &self,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        match tokio::time::timeout(READ_WITHIN, query.fetch_all(&self.pool)).await {
            Ok(read) => read.map_err(|error| self.server.unavailable(&error)),
            Err(_) => Err(StoreError::Unavailable("PostgreSQL did not answer in time".to_owned())),
        }
    }
}

/// PostgreSQL's text cannot hold U+0000, so nothing is stored under such a name.
fn can_be_stored(name: &str) -> bool {
    !name.contains('\0')
}

#[async_trait]
impl Reader for PostgresReader {
    async fn invocation(&self, id: &str) -> Result<Option<InvocationRow>, StoreError> {
        if !can_be_stored(id) {
            return Ok(None);
        }
        let rows = self.rows(sqlx::query(INVOCATION).bind(id)).await?;
        let read = |row| InvocationRow::from_row(row).map_err(|error| row_error(id, &error));
        rows.first().map(read).transpose()
    }

    async fn steps(&self, id: &str) -> Result<Vec<StepReadRow>, StoreError> {
        if !can_be_stored(id) {
            return Ok(Vec::new());
        }
        let rows = self.rows(sqlx::query(STEPS).bind(id)).await?;
        rows.iter().map(|row| StepReadRow::from_row(row).map_err(|error| row_error(id, &error))).collect()
    }

    async fn unfinished(&self) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError> {
        let rows = self.rows(sqlx::query(UNFINISHED)).await?;
        let read = |row| InvocationRow::from_row(row).map_err(|error| row_error("an invocation", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn unfinished_clicks(&self) -> Result<Vec<Result<ClickReadRow, StoreError>>, StoreError> {
        let rows = self.rows(sqlx::query(UNFINISHED_CLICKS)).await?;
        let read = |row| ClickReadRow::from_row(row).map_err(|error| row_error("a click", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn sealing(&self) -> Result<Sealing, StoreError> {
        Self::sealing(self).await
    }

    async fn entries(&self, after: i64, through: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        Self::entries(self, after, through, limit).await
    }

    async fn first_with_body(&self) -> Result<Option<i64>, StoreError> {
        Self::first_with_body(self).await
    }

    async fn open_click(&self, key: &str) -> Result<Option<ClickReadRow>, StoreError> {
        if !can_be_stored(key) {
            return Ok(None);
        }
        let rows = self.rows(sqlx::query(OPEN_CLICK).bind(key)).await?;
        rows.first().map(|row| ClickReadRow::from_row(row).map_err(|e| row_error(key, &e))).transpose()
    }

    async fn due(&self, by: i64, limit: u32) -> Result<Vec<Result<DueReadRow, StoreError>>, StoreError> {
        let rows = self.rows(sqlx::query(DUE).bind(by).bind(i64::from(limit))).await?;
        let read = |row| DueReadRow::from_row(row).map_err(|error| row_error("what is due", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn due_under(&self, key: &str) -> Result<Option<DueReadRow>, StoreError> {
        if !can_be_stored(key) {
            return Ok(None);
        }
        let rows = self.rows(sqlx::query(DUE_UNDER).bind(key)).await?;
        rows.first().map(|row| DueReadRow::from_row(row).map_err(|e| row_error(key, &e))).transpose()
    }

    async fn lease(&self, id: &str) -> Result<Option<LeaseReadRow>, StoreError> {
        if !can_be_stored(id) {
            return Ok(None);
        }
        let rows = self.rows(sqlx::query(LEASE).bind(id)).await?;
        rows.first().map(|row| LeaseReadRow::from_row(row).map_err(|e| row_error(id, &e))).transpose()
    }

    async fn remembered(&self, key: &str) -> Result<Option<String>, StoreError> {
        if !can_be_stored(key) {
            return Ok(None);
        }
        let rows = self.rows(sqlx::query(REMEMBERED).bind(key)).await?;
        rows.first().map(|row| row.try_get(0).map_err(|error| row_error(key, &error))).transpose()
    }

    async fn remembered_under(&self, prefix: &str, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        if !can_be_stored(prefix) {
            return Ok(Vec::new());
        }
        let end = after(prefix);
        let query = sqlx::query(REMEMBERED_UNDER).bind(prefix).bind(&end).bind(i64::from(limit));
        let rows = self.rows(query).await?;
        let read = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(|row| read(row).map_err(|error: sqlx::Error| row_error(prefix, &error))).collect()
    }

    async fn leases(&self, holding: Option<&str>) -> Result<Vec<LeaseReadRow>, StoreError> {
        let rows = self.rows(sqlx::query(LEASES).bind(holding)).await?;
        rows.iter().map(|row| LeaseReadRow::from_row(row).map_err(|e| row_error("a lease", &e))).collect()
    }

    async fn history(
        &self,
        filter: &HistoryFilter,
        limit: u32,
    ) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError> {
        let mut asked = filter.resource.iter().chain(&filter.before);
        if asked.any(|name| !can_be_stored(name)) {
            return Ok(Vec::new());
        }
        let (before, limit) = (filter.before.as_deref(), i64::from(limit));
        let query = match filter.resource.as_deref() {
            Some(resource) => sqlx::query(HISTORY_OF).bind(before).bind(limit).bind(resource),
            None => sqlx::query(HISTORY).bind(before).bind(limit),
        };
        let rows = self.rows(query).await?;
        let read = |row| InvocationRow::from_row(row).map_err(|error| row_error("an invocation", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditReadRow>, StoreError> {
        let query = match invocation {
            Some(id) if !can_be_stored(id) => return Ok(Vec::new()),
            Some(id) => sqlx::query(AUDIT_OF).bind(i64::from(limit)).bind(id),
            None => sqlx::query(AUDIT).bind(i64::from(limit)),
        };
        let rows = self.rows(query).await?;
        let read = |row| AuditReadRow::from_row(row).map_err(|error| row_error("the audit", &error));
        rows.iter().map(read).collect()
    }
}
