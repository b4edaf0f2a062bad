//! The one connection that writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::task::spawn_blocking;

use super::super::StoreError;
use super::super::database::migration_error;
use super::super::rows::Write;
use super::super::writer::{Backend, Failure, Pruning, Verdict};
use super::file::{FileId, Reopened};
use super::{BUSY, transaction};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// Statements kept ready: more than there are.
const STATEMENTS: usize = 48;

/// How many pages the file may have; 0 for as many as the disk holds. Tests set it to see what a full disk
/// does.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct PageLimit(pub Arc<AtomicU32>);

/// The connection that writes.
pub(super) struct SqliteWriter {
    path: PathBuf,
    /// None after something went so wrong that the connection is not to be trusted.
    open: Option<Open>,
    reopened: Reopened,
    pruning: Pruning,
    limit: PageLimit,
}

/// An open file.
struct Open {
    connection: Connection,
    file: Option<FileId>,
    limited: u32,
}

impl SqliteWriter {
    /// Opens the file and brings its tables up to date.
    pub async fn open(path: PathBuf, reopened: Reopened, limit: PageLimit) -> Result<Self, StoreError> {
        let name = || path.display().to_string();
        let open = Open::up_to_date(&path, true).await.map_err(|error| match error {
            Unopened::Connect(error) => {
                StoreError::Unavailable(format!("{} cannot be opened: {error}", name()))
            }
            Unopened::Migrate(error) => migration_error(name(), &error, error.to_string()),
            Unopened::Own(error) => StoreError::Unavailable(format!("{}: {error}", name())),
        })?;
        Ok(Self { path, open: Some(open), reopened, pruning: Pruning::default(), limit })
    }

    /// The file, opened again if it was given up or is another. A file that is gone is not made anew: that
    /// would hide that all is lost.
    async fn ready(&mut self) -> Result<Open, Failure> {
        let file = FileId::of(&self.path);
        if let Some(open) = self.open.take().filter(|open| file.is_some() && file == open.file) {
            return Ok(open);
        }
        // A file put in this one's place may be an older one.
        let open = Open::up_to_date(&self.path, false).await.map_err(|error| Failure {
            reason: format!("{}: {error}", self.path.display()),
            one_to_blame: false,
        })?;
        self.reopened.now();
        Ok(open)
    }
}

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
enum Unopened {
    #[error(transparent)]
    Connect(sqlx::Error),
    #[error(transparent)]
    Migrate(MigrateError),
    #[error(transparent)]
    Own(rusqlite::Error),
}

impl Open {
    /// Opens the file, with its tables brought up to date.
    async fn up_to_date(path: &Path, create: bool) -> Result<Self, Unopened> {
        let options = super::options(path).create_if_missing(create);
        let mut first = options.connect().await.map_err(Unopened::Connect)?;
        // Not `run`, whose future could not be sent between threads.
        MIGRATIONS.run_direct(None, &mut first, false).await.map_err(Unopened::Migrate)?;
        let open = Self::new(path).map_err(Unopened::Own)?;
        // After the other is open: whoever closes the last one puts the log away and deletes it.
        let _ = first.close().await;
        Ok(open)
    }

    fn new(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { connection, file: FileId::of(path), limited: 0 })
    }

    fn limit(&mut self, limit: u32) -> rusqlite::Result<()> {
        if limit != self.limited {
            self.limited = limit;
            // SQLite's own default limit where none is set.
            let pages = if limit == 0 { 4_294_967_294 } else { limit };
            self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Writes the batch; after an error nothing of it is written. Without a connection the error was such
    /// that it is not to be trusted.
    fn write(
        mut self,
        batch: &[Write],
        prune_before: Option<i64>,
        limit: u32,
    ) -> (Option<Self>, rusqlite::Result<(Vec<Verdict>, u64)>) {
        let written =
            self.limit(limit).and_then(|()| transaction::write(&self.connection, batch, prune_before));
        // Some errors have ended the transaction already.
        let sound = written.as_ref().map_or_else(is_trusted, |_| true)
            && (self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok());
        (sound.then_some(self), written)
    }
}

#[async_trait]
impl Backend for SqliteWriter {
    async fn write(&mut self, batch: &Arc<Vec<Write>>) -> Result<Vec<Verdict>, Failure> {
        let open = self.ready().await?;
        let prune_before = self.pruning.before(batch);
        let limit = self.limit.0.load(Ordering::Relaxed);
        let writes = Arc::clone(batch);
        let (open, written) = spawn_blocking(move || open.write(&writes, prune_before, limit))
            .await
            .map_err(|error| Failure { reason: error.to_string(), one_to_blame: false })?;
        self.open = open;
        match written {
            Ok((verdicts, pruned)) => {
                self.pruning.done(prune_before, pruned);
                Ok(verdicts)
            }
            Err(error) => Err(Failure { one_to_blame: is_ones_own(&error), reason: error.to_string() }),
        }
    }

    async fn close(self: Box<Self>) {
        let closing = spawn_blocking(move || {
            if let Some(open) = self.open
                && let Err((_, error)) = open.connection.close()
            {
                tracing::warn!(%error, "the store did not close cleanly");
            }
        });
        // It ends with the runtime at the latest.
        let _ = closing.await;
    }
}

/// Whether the connection can be used after such an error.
fn is_trusted(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Whether an error says something of what was to be written, rather than of the disk.
fn is_ones_own(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::ParameterOutOfRange
        )
    ) || matches!(error, rusqlite::Error::ToSqlConversionFailure(_))
}
