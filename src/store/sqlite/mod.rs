//! The store in one SQLite file: the default, for one replica.
//!
//! One connection writes ([`write`]); a few others read beside it, which write-ahead logging allows. A
//! commit is on the disk before it is answered (`synchronous=FULL`).

mod sql;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, FromRow as _};

use super::rows::{
    AuditReadRow, ChangeRow, ClickReadRow, ClickRow, InvocationRow, ReceiveRow, StepReadRow, Write, readable,
};
use super::writer::{Verdict, WriterHandle};
use super::{AuditEntry, Change, Click, NewInvocation, Receipt, Store, StoreError};
use crate::invocation::{Invocation, StepRecord};

/// How long to wait while another process writes, for example a backup.
const BUSY: Duration = Duration::from_secs(5);

/// How many connections read. Reads are rare: at start, and for `!Why` and `!History`.
const READERS: u32 = 3;

/// The store in one SQLite file.
pub(super) struct SqliteStore {
    writer: WriterHandle,
    readers: SqlitePool,
}

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
    open_limited(path, write::PageLimit::default()).await
}

/// As [`open`], with a limit on the file's size that tests set to see what a full disk does.
pub(super) async fn open_limited(path: &Path, limit: write::PageLimit) -> Result<SqliteStore, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(|error| {
            StoreError::Unavailable(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
    }
    let writer = write::SqliteWriter::open(path.to_owned(), limit).await?;
    // A reader is opened when it is first needed.
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY)
        .connect_lazy_with(options(path).read_only(true).create_if_missing(false));
    Ok(SqliteStore { writer: WriterHandle::start(Box::new(writer)), readers })
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

const AUDIT: &str = "SELECT seq, at, invocation, event, body FROM audit ORDER BY seq DESC LIMIT ?";

const AUDIT_OF: &str = "SELECT seq, at, invocation, event, body FROM audit
    WHERE invocation = ? ORDER BY seq DESC LIMIT ?";

#[async_trait]
impl Store for SqliteStore {
    async fn receive(&self, new: NewInvocation) -> Result<Receipt, StoreError> {
        self.writer.receipt(Write::Receive(ReceiveRow::of(new)?)).await
    }

    async fn receive_click(&self, click: Click) -> Result<Receipt, StoreError> {
        self.writer.receipt(Write::Click(ClickRow::of(click))).await
    }

    async fn change(&self, change: Change) -> Result<(), StoreError> {
        self.writer.change(ChangeRow::of(change)?).await
    }

    async fn click_done(&self, key: &str, audit: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.writer.write(Write::click_done(key, audit)).await.map(|_: Verdict| ())
    }

    async fn invocation(&self, id: &str) -> Result<Option<Invocation>, StoreError> {
        let row = sqlx::query(INVOCATION).bind(id).fetch_optional(&self.readers).await.map_err(read_error)?;
        row.map(|row| InvocationRow::from_row(&row).map_err(|error| row_error(id, &error))?.read())
            .transpose()
    }

    async fn steps(&self, id: &str) -> Result<Vec<StepRecord>, StoreError> {
        let rows = sqlx::query(STEPS).bind(id).fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter()
            .map(|row| StepReadRow::from_row(row).map_err(|error| row_error(id, &error))?.read(id))
            .collect()
    }

    async fn unfinished(&self) -> Result<Vec<Invocation>, StoreError> {
        let rows = sqlx::query(UNFINISHED).fetch_all(&self.readers).await.map_err(read_error)?;
        Ok(readable(rows.iter().map(|row| {
            InvocationRow::from_row(row).map_err(|error| row_error("an invocation", &error))?.read()
        })))
    }

    async fn unfinished_clicks(&self) -> Result<Vec<Click>, StoreError> {
        let rows = sqlx::query(UNFINISHED_CLICKS).fetch_all(&self.readers).await.map_err(read_error)?;
        Ok(readable(
            rows.iter()
                .map(|row| ClickReadRow::from_row(row).map_err(|error| row_error("a click", &error))?.read()),
        ))
    }

    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let query = match invocation {
            Some(id) => sqlx::query(AUDIT_OF).bind(id).bind(i64::from(limit)),
            None => sqlx::query(AUDIT).bind(i64::from(limit)),
        };
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter()
            .rev()
            .map(|row| AuditReadRow::from_row(row).map_err(|error| row_error("the audit", &error))?.read())
            .collect()
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.write(Write::Probe).await.map(|_: Verdict| ())
    }
}

fn read_error(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// A row whose columns are not of their types.
fn row_error(id: &str, error: &sqlx::Error) -> StoreError {
    StoreError::Unreadable { id: id.to_owned(), reason: error.to_string() }
}
