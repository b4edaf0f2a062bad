//! The one connection that writes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::super::StoreError;
use super::super::database::migration_error;
use super::super::rows::{AuditRow, Write};
use super::super::writer::{Backend, Failure, Pruning, Verdict, fault_point};
use super::file::{FileId, Reopened};
use super::sql::Rows;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// How many pages the file may have; 0 for as many as the disk holds. Tests set it to see what a full disk
/// does.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct PageLimit(pub Arc<AtomicU32>);

/// The connection that writes, and its statements.
pub(super) struct SqliteWriter {
    path: PathBuf,
    /// None after something went so wrong that the connection is not to be trusted.
    connection: Option<SqliteConnection>,
    file: Option<FileId>,
    reopened: Reopened,
    statements: Arc<Statements>,
    pruning: Pruning,
    limit: PageLimit,
    limited: u32,
}

struct Statements {
    known_keys: Rows,
    known_clicks: Rows,
    conflicts: Rows,
    invocations: Rows,
    seen: Rows,
    clicks: Rows,
    changes: Rows,
    steps: Rows,
    clicks_done: Rows,
    audit: Rows,
}

impl Statements {
    fn new() -> Self {
        let given = "WHERE column1 IS NOT NULL";
        Self {
            known_keys: Rows::new(1, "SELECT key FROM seen WHERE key IN", ""),
            known_clicks: Rows::new(1, "SELECT key FROM clicks WHERE key IN", ""),
            conflicts: Rows::new(
                2,
                "SELECT column1 FROM",
                "LEFT JOIN invocations ON id = column1 WHERE column1 IS NOT NULL AND version IS NOT column2",
            ),
            invocations: Rows::new(
                3,
                "INSERT INTO invocations (id, version, state, origin, reported, received_at, updated_at)
                 SELECT column1, 0, 'received', column2, 0, column3, column3 FROM",
                given,
            ),
            seen: Rows::new(3, "INSERT INTO seen (key, invocation, at) SELECT * FROM", given),
            clicks: Rows::new(3, "INSERT INTO clicks (key, body, at) SELECT * FROM", given),
            changes: Rows::new(
                12,
                "UPDATE invocations SET version = version + 1,
                 state = coalesce(column3, state), command = coalesce(column4, command),
                 args = coalesce(column5, args), plan = coalesce(column6, plan),
                 digest = coalesce(column7, digest), gate = coalesce(column8, gate),
                 posted = coalesce(column9, posted), outcome = coalesce(column10, outcome),
                 reported = coalesce(column11, reported), updated_at = coalesce(column12, updated_at)
                 FROM",
                "WHERE id = column1 AND version = column2",
            ),
            steps: Rows::new(
                7,
                "INSERT INTO steps (invocation, step, state, started_at, tries, applied, error) SELECT * FROM",
                "WHERE column1 IS NOT NULL ON CONFLICT (invocation, step) DO UPDATE SET
                 state = excluded.state, tries = excluded.tries, applied = excluded.applied,
                 error = excluded.error",
            ),
            clicks_done: Rows::new(1, "UPDATE clicks SET done = 1 WHERE key IN", ""),
            audit: Rows::new(4, "INSERT INTO audit (at, invocation, event, body) SELECT * FROM", given),
        }
    }
}

impl SqliteWriter {
    /// Opens the file and brings its tables up to date.
    pub async fn open(path: PathBuf, reopened: Reopened, limit: PageLimit) -> Result<Self, StoreError> {
        let mut connection = connect(&path, true).await.map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be opened: {error}", path.display()))
        })?;
        // Not `run`, whose future could not be sent between threads.
        MIGRATIONS
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|error| migration_error(path.display().to_string(), &error, error.to_string()))?;
        Ok(Self {
            file: FileId::of(&path),
            path,
            connection: Some(connection),
            reopened,
            statements: Arc::new(Statements::new()),
            pruning: Pruning::default(),
            limit,
            limited: 0,
        })
    }

    /// The connection, opened again if it was given up or the file is another. A file that is gone is not
    /// made anew: that would hide that all is lost.
    async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let file = FileId::of(&self.path);
        let connection = match self.connection.take().filter(|_| file.is_some() && file == self.file) {
            Some(connection) => connection,
            None => {
                let mut connection = connect(&self.path, false).await.map_err(|error| {
                    sqlx::Error::Configuration(format!("{}: {error}", self.path.display()).into())
                })?;
                // A file put in this one's place may be an older one.
                MIGRATIONS.run_direct(None, &mut connection, false).await?;
                self.file = FileId::of(&self.path);
                self.reopened.now();
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }

    async fn ready(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let limit = self.limit.0.load(Ordering::Relaxed);
        let limited = self.limited;
        self.limited = limit;
        let connection = self.connection().await?;
        if limit != limited {
            // SQLite's own default limit where none is set.
            let pages = if limit == 0 { 4_294_967_294 } else { limit };
            let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::query(sql).execute(&mut *connection).await?;
        }
        Ok(connection)
    }

    async fn transaction(&mut self, batch: &[Write]) -> Result<Vec<Verdict>, sqlx::Error> {
        let statements = Arc::clone(&self.statements);
        let prune_before = self.pruning.before(batch);
        let connection = self.ready().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        let verdicts = check(&statements, connection, batch).await?;
        let written = || batch.iter().zip(&verdicts).filter(|(_, v)| **v == Verdict::Written).map(|(w, _)| w);
        write(&statements, connection, written).await?;
        let pruned = match prune_before {
            Some(before) => prune(connection, before).await?,
            None => 0,
        };
        fault_point("before", batch);
        sqlx::query("COMMIT").execute(&mut *connection).await?;
        fault_point("after", batch);
        self.pruning.done(prune_before, pruned);
        Ok(verdicts)
    }
}

async fn connect(path: &Path, create: bool) -> Result<SqliteConnection, sqlx::Error> {
    super::options(path)
        .create_if_missing(create)
        .statement_cache_capacity(128)
        .thread_name(|_| "store-writer".to_owned())
        .connect()
        .await
}

/// Who may be written, before anything is: `BEGIN IMMEDIATE` keeps all other writers out.
async fn check(
    statements: &Statements,
    connection: &mut SqliteConnection,
    batch: &[Write],
) -> Result<Vec<Verdict>, sqlx::Error> {
    let mut keys = statements.known_keys.values();
    let mut clicks = statements.known_clicks.values();
    let mut changes = statements.conflicts.values();
    for write in batch {
        match write {
            Write::Receive(new) => {
                for key in &new.keys {
                    keys.add(key)?;
                }
            }
            Write::Click(new) => {
                clicks.add(&new.key)?;
            }
            Write::Change(change) => {
                changes.add(&change.id)?.add(change.version)?;
            }
            Write::ClickDone { .. } | Write::Probe => {}
        }
    }
    let keys: HashSet<String> = statements.known_keys.strings(connection, keys).await?.into_iter().collect();
    let clicks: HashSet<String> =
        statements.known_clicks.strings(connection, clicks).await?.into_iter().collect();
    let conflicts: HashSet<String> =
        statements.conflicts.strings(connection, changes).await?.into_iter().collect();
    let verdict = |write: &Write| match write {
        Write::Receive(new) if new.keys.iter().any(|key| keys.contains(key)) => Verdict::Duplicate,
        Write::Click(new) if clicks.contains(&new.key) => Verdict::Duplicate,
        Write::Change(change) if conflicts.contains(&change.id) => Verdict::Conflict,
        _ => Verdict::Written,
    };
    Ok(batch.iter().map(verdict).collect())
}

/// Writes what passed the check: first what others refer to.
async fn write<'b, I: Iterator<Item = &'b Write>>(
    statements: &Statements,
    connection: &mut SqliteConnection,
    writes: impl Fn() -> I,
) -> Result<(), sqlx::Error> {
    let mut invocations = statements.invocations.values();
    let mut seen = statements.seen.values();
    let mut clicks = statements.clicks.values();
    let mut changes = statements.changes.values();
    let mut changed = 0;
    let mut steps = statements.steps.values();
    let mut clicks_done = statements.clicks_done.values();
    let mut audit = statements.audit.values();
    let mut add_audit = |entry: &AuditRow| -> Result<(), sqlx::Error> {
        audit.add(entry.at)?.add(&entry.invocation)?.add(&entry.event)?.add(&entry.body)?;
        Ok(())
    };
    for write in writes() {
        match write {
            Write::Receive(new) => {
                invocations.add(&new.id)?.add(&new.origin)?.add(new.at)?;
                for key in &new.keys {
                    seen.add(key)?.add(&new.id)?.add(new.at)?;
                }
                add_audit(&new.audit)?;
            }
            Write::Click(new) => {
                clicks.add(&new.key)?.add(&new.body)?.add(new.at)?;
            }
            Write::Change(change) => {
                changed += 1;
                changes.add(&change.id)?.add(change.version)?.add(change.state)?.add(&change.command)?;
                changes.add(&change.args)?.add(&change.plan)?.add(&change.digest)?.add(&change.gate)?;
                changes.add(&change.posted)?.add(&change.outcome)?.add(change.reported)?.add(change.at)?;
                for step in &change.steps {
                    steps.add(&change.id)?.add(&step.step)?.add(step.state)?.add(step.started_at)?;
                    steps.add(step.tries)?.add(&step.applied)?.add(&step.error)?;
                }
                for key in &change.clicks_done {
                    clicks_done.add(key)?;
                }
                change.audit.iter().try_for_each(&mut add_audit)?;
            }
            Write::ClickDone { key, audit } => {
                clicks_done.add(key)?;
                audit.iter().try_for_each(&mut add_audit)?;
            }
            Write::Probe => {
                sqlx::query("UPDATE probe SET count = count + 1").execute(&mut *connection).await?;
            }
        }
    }
    statements.invocations.run(connection, invocations).await?;
    statements.seen.run(connection, seen).await?;
    statements.clicks.run(connection, clicks).await?;
    let updated = statements.changes.run(connection, changes).await?;
    if updated != changed {
        let odd = format!("{updated} of {changed} invocations changed although all were at their versions");
        return Err(sqlx::Error::Protocol(odd));
    }
    statements.steps.run(connection, steps).await?;
    statements.clicks_done.run(connection, clicks_done).await?;
    statements.audit.run(connection, audit).await?;
    Ok(())
}

/// Forgets some of the oldest keys.
async fn prune(connection: &mut SqliteConnection, before: i64) -> Result<u64, sqlx::Error> {
    let sql = "DELETE FROM seen WHERE seq IN (
                 SELECT seq FROM (SELECT seq, at FROM seen ORDER BY seq LIMIT ?) WHERE at < ?)";
    let done = sqlx::query(sql).bind(Pruning::AT_ONCE).bind(before).execute(connection).await?;
    Ok(done.rows_affected())
}

#[async_trait]
impl Backend for SqliteWriter {
    async fn write(&mut self, batch: &[Write]) -> Result<Vec<Verdict>, Failure> {
        let error = match self.transaction(batch).await {
            Ok(verdicts) => return Ok(verdicts),
            Err(error) => error,
        };
        if let Some(connection) = &mut self.connection {
            // Some errors have ended the transaction already; then this one says so, which is no matter.
            let rolled_back = sqlx::query("ROLLBACK").execute(&mut *connection).await;
            let left_open =
                rolled_back.is_err_and(|error| !error.to_string().contains("no transaction is active"));
            if left_open || matches!(error, sqlx::Error::WorkerCrashed | sqlx::Error::Io(_)) {
                self.connection = None;
            }
        }
        Err(Failure { one_to_blame: one_to_blame(&error), reason: error.to_string() })
    }

    async fn close(self: Box<Self>) {
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the store did not close cleanly");
        }
    }
}

/// Whether an error says something of what was to be written, rather than of the disk.
fn one_to_blame(error: &sqlx::Error) -> bool {
    // Primary result codes, https://www.sqlite.org/rescode.html: TOOBIG 18, CONSTRAINT 19, MISMATCH 20,
    // RANGE 25. The extended code holds the primary one in its low byte.
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 18 | 19 | 20 | 25))
        || matches!(error, sqlx::Error::Encode(_))
}
