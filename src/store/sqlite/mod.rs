//! The store in one SQLite file: the default, for one replica.
//!
//! One connection writes ([`write`]); a few others read beside it, which write-ahead logging allows. A
//! commit is on the disk before it is answered (`synchronous=FULL`).

mod chain;
mod file;
mod transaction;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_audit::Entry;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, FromRow as _};

use super::chain::Sealing;
use super::database::{Database, Reader, row_error};
use super::rows::{AuditReadRow, ClickReadRow, DueReadRow, InvocationRow, LeaseReadRow, StepReadRow, after};
use super::writer::WriterHandle;
use super::{HistoryFilter, StoreError};

pub(super) use chain::SqliteMoment;
pub(super) use write::PageLimit;

/// How long to wait while another process writes, for example a backup.
const BUSY: Duration = Duration::from_secs(5);

/// How many connections read. Reads are rare: at start, and for `!Why` and `!History`.
const READERS: u32 = 3;

/// The store in one SQLite file.
pub(super) type SqliteStore = Database<SqliteReader>;

/// How a connection is opened.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .disable_statement_logging()
}

/// Opens the file, makes it if there is none, and brings its tables up to date.
pub(super) async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    open_limited(path, PageLimit::default()).await
}

/// As [`open`], with a limit on the file's size that tests set to see what a full disk does.
pub(super) async fn open_limited(path: &Path, limit: PageLimit) -> Result<SqliteStore, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(|error| {
            StoreError::Unavailable(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
    }
    let reopened = file::Reopened::default();
    let writer = write::SqliteWriter::open(path.to_owned(), reopened.clone(), limit).await?;
    // A reader is opened when it is first needed.
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY)
        .before_acquire(move |_, connection| {
            let current = reopened.since(connection.age);
            Box::pin(async move { Ok(current) })
        })
        .connect_lazy_with(options(path).read_only(true).create_if_missing(false));
    Ok(Database { writer: WriterHandle::start(Box::new(writer)), reader: SqliteReader { pool } })
}

/// The path that a URL `sqlite://path` or `sqlite:path` names.
pub(super) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    if path.is_empty() || path.starts_with(":memory:") {
        let why = "the store must be a file: what is only in memory would not survive a crash";
        return Err(StoreError::Unavailable(why.to_owned()));
    }
    if path.contains('?') {
        let why = "a store url for SQLite is sqlite://PATH and takes no settings after a question mark";
        return Err(StoreError::Unavailable(why.to_owned()));
    }
    Ok(PathBuf::from(path))
}

const INVOCATION: &str =
    "SELECT id, version, state, origin, command, args, plan, digest, gate, posted, outcome,
    reported, received_at, updated_at FROM invocations WHERE id = ?";

// The condition is word by word that of the index `invocations_unfinished`, or it would not be used.
const UNFINISHED: &str =
    "SELECT id, version, state, origin, command, args, plan, digest, gate, posted, outcome,
    reported, received_at, updated_at FROM invocations
    WHERE reported = 0 OR state IN ('received', 'planned', 'waiting', 'running') ORDER BY seq";

const STEPS: &str = "SELECT step, state, started_at, tries, applied, error FROM steps
    WHERE invocation = ? ORDER BY started_at, seq";

const UNFINISHED_CLICKS: &str = "SELECT key, body, at FROM clicks WHERE done = 0 ORDER BY seq";

const OPEN_CLICK: &str = "SELECT key, body, at FROM clicks WHERE key = ? AND done = 0";

const AUDIT: &str =
    "SELECT seq, at, invocation, event, nullif(body, '') AS body FROM audit ORDER BY seq DESC LIMIT ?";

const AUDIT_OF: &str = "SELECT seq, at, invocation, event, nullif(body, '') AS body FROM audit
    WHERE invocation = ? ORDER BY seq DESC LIMIT ?";

const DUE: &str = "SELECT key, at, origin FROM due WHERE at <= ? ORDER BY at LIMIT ?";

const DUE_UNDER: &str = "SELECT key, at, origin FROM due WHERE key = ?";

const REMEMBERED: &str = "SELECT value FROM remembered WHERE key = ?";

const REMEMBERED_UNDER: &str =
    "SELECT key, value FROM remembered WHERE key >= ? AND key < ? ORDER BY key LIMIT ?";

const LEASE: &str = "SELECT id, ended, lease FROM leases WHERE id = ?";

const LEASES: &str = "SELECT id, ended, lease FROM leases WHERE ended IS NULL ORDER BY until, id";

const LEASES_ON: &str =
    "SELECT id, ended, lease FROM leases WHERE ended IS NULL AND holding = ? ORDER BY until, id";

const HISTORY: &str = "SELECT id, version, state, origin, command, args, plan, digest, gate, posted, outcome,
    reported, received_at, updated_at FROM invocations
    WHERE digest IS NOT NULL AND (?1 IS NULL OR id < ?1) ORDER BY seq DESC LIMIT ?2";

const HISTORY_OF: &str = "SELECT it.id, version, state, origin, command, args, plan, digest, gate, posted,
    outcome, reported, received_at, updated_at
    FROM touched JOIN invocations AS it ON it.id = touched.invocation
    WHERE touched.resource = ?3 AND (?1 IS NULL OR it.id < ?1) ORDER BY touched.invocation DESC LIMIT ?2";

/// Reads beside the writer.
pub(super) struct SqliteReader {
    pool: SqlitePool,
}

#[async_trait]
impl Reader for SqliteReader {
    async fn invocation(&self, id: &str) -> Result<Option<InvocationRow>, StoreError> {
        let row = sqlx::query(INVOCATION).bind(id).fetch_optional(&self.pool).await.map_err(read_error)?;
        row.map(|row| InvocationRow::from_row(&row).map_err(|error| row_error(id, &error))).transpose()
    }

    async fn steps(&self, id: &str) -> Result<Vec<StepReadRow>, StoreError> {
        let rows = sqlx::query(STEPS).bind(id).fetch_all(&self.pool).await.map_err(read_error)?;
        rows.iter().map(|row| StepReadRow::from_row(row).map_err(|error| row_error(id, &error))).collect()
    }

    async fn unfinished(&self) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError> {
        let rows = sqlx::query(UNFINISHED).fetch_all(&self.pool).await.map_err(read_error)?;
        let read = |row| InvocationRow::from_row(row).map_err(|error| row_error("an invocation", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn unfinished_clicks(&self) -> Result<Vec<Result<ClickReadRow, StoreError>>, StoreError> {
        let rows = sqlx::query(UNFINISHED_CLICKS).fetch_all(&self.pool).await.map_err(read_error)?;
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
        let row = sqlx::query(OPEN_CLICK).bind(key).fetch_optional(&self.pool).await.map_err(read_error)?;
        row.map(|row| ClickReadRow::from_row(&row).map_err(|error| row_error(key, &error))).transpose()
    }

    async fn due(&self, by: i64, limit: u32) -> Result<Vec<Result<DueReadRow, StoreError>>, StoreError> {
        let query = sqlx::query(DUE).bind(by).bind(i64::from(limit));
        let rows = query.fetch_all(&self.pool).await.map_err(read_error)?;
        let read = |row| DueReadRow::from_row(row).map_err(|error| row_error("what is due", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn due_under(&self, key: &str) -> Result<Option<DueReadRow>, StoreError> {
        let row = sqlx::query(DUE_UNDER).bind(key).fetch_optional(&self.pool).await.map_err(read_error)?;
        row.map(|row| DueReadRow::from_row(&row).map_err(|error| row_error(key, &error))).transpose()
    }

    async fn lease(&self, id: &str) -> Result<Option<LeaseReadRow>, StoreError> {
        let row = sqlx::query(LEASE).bind(id).fetch_optional(&self.pool).await.map_err(read_error)?;
        row.map(|row| LeaseReadRow::from_row(&row).map_err(|error| row_error(id, &error))).transpose()
    }

    async fn remembered(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query_scalar(REMEMBERED).bind(key).fetch_optional(&self.pool).await;
        row.map_err(read_error)
    }

    async fn remembered_under(&self, prefix: &str, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        let query = sqlx::query_as(REMEMBERED_UNDER).bind(prefix).bind(after(prefix)).bind(i64::from(limit));
        query.fetch_all(&self.pool).await.map_err(read_error)
    }

    async fn leases(&self, holding: Option<&str>) -> Result<Vec<LeaseReadRow>, StoreError> {
        let query = match holding {
            Some(holding) => sqlx::query(LEASES_ON).bind(holding),
            None => sqlx::query(LEASES),
        };
        let rows = query.fetch_all(&self.pool).await.map_err(read_error)?;
        rows.iter().map(|row| LeaseReadRow::from_row(row).map_err(|e| row_error("a lease", &e))).collect()
    }

    async fn history(
        &self,
        filter: &HistoryFilter,
        limit: u32,
    ) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError> {
        let query = match &filter.resource {
            Some(resource) => {
                sqlx::query(HISTORY_OF).bind(&filter.before).bind(i64::from(limit)).bind(resource)
            }
            None => sqlx::query(HISTORY).bind(&filter.before).bind(i64::from(limit)),
        };
        let rows = query.fetch_all(&self.pool).await.map_err(read_error)?;
        let read = |row| InvocationRow::from_row(row).map_err(|error| row_error("an invocation", &error));
        Ok(rows.iter().map(read).collect())
    }

    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditReadRow>, StoreError> {
        let query = match invocation {
            Some(id) => sqlx::query(AUDIT_OF).bind(id).bind(i64::from(limit)),
            None => sqlx::query(AUDIT).bind(i64::from(limit)),
        };
        let rows = query.fetch_all(&self.pool).await.map_err(read_error)?;
        let read = |row| AuditReadRow::from_row(row).map_err(|error| row_error("the audit", &error));
        rows.iter().map(read).collect()
    }
}

fn read_error(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
