//! The connection of this replica that writes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::Executor as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;

use super::super::StoreError;
use super::super::database::migration_error;
use super::super::rows::Write;
use super::super::writer::{Backend, Failure, Pruning, Verdict, fault_point};
use super::connect::{Server, close};
use super::statements::work;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// How long a transaction may take before its commit, and the commit itself.
const WORK_WITHIN: Duration = Duration::from_secs(40);
const COMMIT_WITHIN: Duration = Duration::from_secs(15);

/// How often a batch is tried again that lost against another replica's.
const TRIES: u32 = 3;

/// For how long, and how far apart, the server is asked what became of a commit whose answer was lost.
const ASK_FOR: Duration = Duration::from_secs(20);
const ASKS: u32 = 80;
const ASK_EVERY: Duration = Duration::from_millis(250);

/// The connection that writes.
pub(super) struct PostgresWriter {
    server: Server,
    /// None if it has to be opened anew.
    connection: Option<PgConnection>,
    pruning: Pruning,
}

/// How a transaction failed.
enum Trouble {
    /// Nothing was written.
    NotWritten(sqlx::Error),
    /// The answer to the commit of this transaction was lost.
    Unclear(String, sqlx::Error, Vec<Verdict>),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::NotWritten(error)
    }
}

fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

impl PostgresWriter {
    /// Connects and brings the tables up to date.
    pub async fn open(server: Server) -> Result<Self, StoreError> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {}", server.name(), server.told(error));
        let mut connection = server.connect().await.map_err(|error| StoreError::Unavailable(told(&error)))?;
        // Not `run`, whose future could not be sent between threads.
        MIGRATIONS
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|error| migration_error(server.name(), &error, server.told(&error)))?;
        Ok(Self { server, connection: Some(connection), pruning: Pruning::default() })
    }

    async fn transaction(&mut self, batch: &[Write]) -> Result<Vec<Verdict>, Trouble> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        let prune_before = self.pruning.before(batch);
        let work = work(&mut connection, batch, prune_before);
        let (verdicts, transaction, pruned) = match tokio::time::timeout(WORK_WITHIN, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => {
                if matches!(error, sqlx::Error::Database(_) | sqlx::Error::Encode(_))
                    && let Ok(Ok(_)) = tokio::time::timeout(WORK_WITHIN, connection.execute("ROLLBACK")).await
                {
                    self.connection = Some(connection);
                }
                return Err(error.into());
            }
            Err(_) => return Err(late().into()),
        };
        fault_point("before", batch);
        let committed = tokio::time::timeout(COMMIT_WITHIN, connection.execute("COMMIT")).await;
        match committed.unwrap_or_else(|_| Err(late())) {
            Ok(_) => {
                fault_point("after", batch);
                self.connection = Some(connection);
                self.pruning.done(prune_before, pruned);
                Ok(verdicts)
            }
            Err(error) => Err(Trouble::Unclear(transaction, error, verdicts)),
        }
    }

    /// What became of a transaction: whether it was committed. None if the server does not say in time.
    async fn became_of(&mut self, transaction: &str) -> Option<bool> {
        tokio::time::timeout(ASK_FOR, self.ask_about(transaction)).await.ok().flatten()
    }

    async fn ask_about(&mut self, transaction: &str) -> Option<bool> {
        for ask in 0..ASKS {
            if ask > 0 {
                tokio::time::sleep(ASK_EVERY).await;
            }
            let Ok(mut connection) = self.server.connect().await else { continue };
            let status: Result<Option<String>, _> =
                sqlx::query_scalar("SELECT pg_xact_status($1::text::xid8)")
                    .bind(transaction)
                    .fetch_one(&mut connection)
                    .await;
            self.connection = Some(connection);
            match status.ok().flatten().as_deref() {
                Some("committed") => return Some(true),
                Some("aborted") => return Some(false),
                // Still in progress as long as the server has not noticed that we are gone.
                _ => {}
            }
        }
        None
    }
}

#[async_trait]
impl Backend for PostgresWriter {
    async fn write(&mut self, batch: &Arc<Vec<Write>>) -> Result<Vec<Verdict>, Failure> {
        let mut tries = 1;
        loop {
            let error = match self.transaction(batch).await {
                Ok(verdicts) => return Ok(verdicts),
                Err(Trouble::NotWritten(error)) => error,
                Err(Trouble::Unclear(transaction, error, verdicts)) => {
                    match self.became_of(&transaction).await {
                        Some(true) => return Ok(verdicts),
                        Some(false) => error,
                        None => {
                            let told = self.server.told(&error);
                            let reason = format!(
                                "it is not known whether transaction {transaction} was written: {told}"
                            );
                            return Err(Failure { reason, one_to_blame: false });
                        }
                    }
                }
            };
            let code =
                error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            if again(&code) && tries < TRIES {
                tries += 1;
                continue;
            }
            let one_to_blame = one_to_blame(&code) || matches!(error, sqlx::Error::Encode(_));
            return Err(Failure { reason: self.server.told(&error), one_to_blame });
        }
    }

    async fn close(self: Box<Self>) {
        if let Some(connection) = self.connection {
            close(connection).await;
        }
    }
}

// Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html

/// Whether a transaction lost against another and may simply be tried again: serialization failure,
/// deadlock.
fn again(code: &str) -> bool {
    matches!(code, "40001" | "40P01")
}

/// Whether an error says something of what was to be written: data exception, constraint violation, limit
/// exceeded.
fn one_to_blame(code: &str) -> bool {
    ["22", "23", "54"].iter().any(|class| code.starts_with(class))
}
