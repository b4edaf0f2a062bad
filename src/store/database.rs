//! The store over any database that has a writer and a reader.

use async_trait::async_trait;
use hubcommander_audit::Entry;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::lease::Lease;
use serde_json::Value as Json;
use sqlx::migrate::MigrateError;

use super::chain::{ChainStore, Forgotten, Sealed, Sealing};
use super::rows::{
    AuditReadRow, BookRow, ChangeRow, ClickReadRow, ClickRow, DueReadRow, ForgetRow, InvocationRow,
    LeaseReadRow, ReceiveRow, SealingRow, StepReadRow, Write, readable,
};
use super::writer::{Verdict, WriterHandle};
use super::{
    AuditEntry, Booking, Change, Click, Due, HistoryFilter, LeaseRecord, NewInvocation, Receipt, Store,
    StoreError,
};
use crate::invocation::{Invocation, StepRecord};

/// Reads rows. A row whose columns cannot be read is an error of its own.
#[async_trait]
pub(super) trait Reader: Send + Sync + 'static {
    async fn invocation(&self, id: &str) -> Result<Option<InvocationRow>, StoreError>;

    /// In the order in which the steps were started.
    async fn steps(&self, id: &str) -> Result<Vec<StepReadRow>, StoreError>;

    /// The oldest first.
    async fn unfinished(&self) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError>;

    /// The oldest first.
    async fn unfinished_clicks(&self) -> Result<Vec<Result<ClickReadRow, StoreError>>, StoreError>;

    /// What is due by then, the oldest first.
    async fn due(&self, by: i64, limit: u32) -> Result<Vec<Result<DueReadRow, StoreError>>, StoreError>;

    async fn due_under(&self, key: &str) -> Result<Option<DueReadRow>, StoreError>;

    async fn lease(&self, id: &str) -> Result<Option<LeaseReadRow>, StoreError>;

    async fn remembered(&self, key: &str) -> Result<Option<String>, StoreError>;

    async fn remembered_under(&self, prefix: &str, limit: u32) -> Result<Vec<(String, String)>, StoreError>;

    /// Those that run, the first to end first.
    async fn leases(&self, holding: Option<&str>) -> Result<Vec<LeaseReadRow>, StoreError>;

    /// Those with a plan, the newest first.
    async fn history(
        &self,
        filter: &HistoryFilter,
        limit: u32,
    ) -> Result<Vec<Result<InvocationRow, StoreError>>, StoreError>;

    async fn open_click(&self, key: &str) -> Result<Option<ClickReadRow>, StoreError>;

    async fn sealing(&self) -> Result<Sealing, StoreError>;

    async fn entries(&self, after: i64, through: i64, limit: u32) -> Result<Vec<Entry>, StoreError>;

    async fn first_with_body(&self) -> Result<Option<i64>, StoreError>;

    /// The newest first.
    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditReadRow>, StoreError>;
}

/// A store.
pub(super) struct Database<R> {
    pub writer: WriterHandle,
    pub reader: R,
}

#[async_trait]
impl<R: Reader> Store for Database<R> {
    async fn receive(&self, new: NewInvocation) -> Result<Receipt, StoreError> {
        self.writer.receipt(Write::Receive(ReceiveRow::of(new)?)).await
    }

    async fn receive_click(&self, click: Click) -> Result<Receipt, StoreError> {
        self.writer.receipt(Write::Click(ClickRow::of(click))).await
    }

    async fn change(&self, change: &Change) -> Result<(), StoreError> {
        self.writer.change(ChangeRow::of(change)?).await
    }

    async fn click_done(&self, key: &str, audit: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.writer.write(Write::click_done(key, &audit)).await.map(|_: Verdict| ())
    }

    async fn invocation(&self, id: &str) -> Result<Option<Invocation>, StoreError> {
        self.reader.invocation(id).await?.map(InvocationRow::read).transpose()
    }

    async fn steps(&self, id: &str) -> Result<Vec<StepRecord>, StoreError> {
        self.reader.steps(id).await?.into_iter().map(|row| row.read(id)).collect()
    }

    async fn unfinished(&self) -> Result<Vec<Invocation>, StoreError> {
        let rows = self.reader.unfinished().await?;
        Ok(readable(rows.into_iter().map(|row| row.and_then(InvocationRow::read))))
    }

    async fn open_click(&self, key: &str) -> Result<Option<Click>, StoreError> {
        self.reader.open_click(key).await?.map(ClickReadRow::read).transpose()
    }

    async fn unfinished_clicks(&self) -> Result<Vec<Click>, StoreError> {
        let rows = self.reader.unfinished_clicks().await?;
        Ok(readable(rows.into_iter().map(|row| row.and_then(ClickReadRow::read))))
    }

    async fn book(&self, booking: &Booking) -> Result<(), StoreError> {
        self.writer.write(Write::Book(BookRow::of(booking)?)).await.map(|_: Verdict| ())
    }

    async fn due(&self, by: Instant, limit: u32) -> Result<Vec<Due>, StoreError> {
        let rows = self.reader.due(by.timestamp_micros(), limit).await?;
        Ok(readable(rows.into_iter().map(|row| row.and_then(DueReadRow::read))))
    }

    async fn due_under(&self, key: &str) -> Result<Option<Due>, StoreError> {
        self.reader.due_under(key).await?.map(DueReadRow::read).transpose()
    }

    async fn lease(&self, id: &str) -> Result<Option<LeaseRecord>, StoreError> {
        self.reader.lease(id).await?.map(LeaseReadRow::read).transpose()
    }

    async fn leases(&self, holding: Option<&str>) -> Result<Vec<Lease>, StoreError> {
        let rows = self.reader.leases(holding).await?;
        rows.into_iter().map(|row| row.read().map(|record| record.lease)).collect()
    }

    async fn history(&self, filter: &HistoryFilter, limit: u32) -> Result<Vec<Invocation>, StoreError> {
        let rows = self.reader.history(filter, limit).await?;
        Ok(readable(rows.into_iter().map(|row| row.and_then(InvocationRow::read))))
    }

    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.reader.audit(invocation, limit).await?.into_iter().rev().map(AuditReadRow::read).collect()
    }

    async fn remember(&self, key: &str, value: Option<Json>) -> Result<(), StoreError> {
        let write = Write::Remember { key: key.to_owned(), value: value.map(|value| value.to_string()) };
        self.writer.write(write).await.map(|_: Verdict| ())
    }

    async fn remembered(&self, key: &str) -> Result<Option<Json>, StoreError> {
        let unreadable = |error: serde_json::Error| StoreError::Unreadable {
            id: key.to_owned(),
            reason: error.to_string(),
        };
        let value = self.reader.remembered(key).await?;
        value.map(|value| serde_json::from_str(&value).map_err(unreadable)).transpose()
    }

    async fn remembered_under(&self, prefix: &str, limit: u32) -> Result<Vec<(String, Json)>, StoreError> {
        let rows = self.reader.remembered_under(prefix, limit).await?;
        let read = |(key, value): (String, String)| {
            let rest = key.get(prefix.len()..).unwrap_or_default().to_owned();
            match serde_json::from_str(&value) {
                Ok(value) => Ok((rest, value)),
                Err(error) => Err(StoreError::Unreadable { id: key, reason: error.to_string() }),
            }
        };
        rows.into_iter().map(read).collect()
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.write(Write::Probe).await.map(|_: Verdict| ())
    }
}

#[async_trait]
impl<R: Reader> ChainStore for Database<R> {
    async fn sealing(&self) -> Result<Sealing, StoreError> {
        self.reader.sealing().await
    }

    async fn entries(&self, after: i64, through: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.reader.entries(after, through, limit).await
    }

    async fn seal(&self, sealed: &Sealed) -> Result<bool, StoreError> {
        let row = Write::Sealing(Box::new(SealingRow::of(sealed)));
        self.writer.write(row).await.map(|verdict| verdict == Verdict::Written)
    }

    async fn first_with_body(&self) -> Result<Option<i64>, StoreError> {
        self.reader.first_with_body().await
    }

    async fn forget(&self, forgotten: Forgotten) -> Result<u64, StoreError> {
        match self.writer.write(Write::Forget(ForgetRow::of(forgotten))).await? {
            Verdict::Forgotten(count) => Ok(count),
            Verdict::Written | Verdict::Duplicate | Verdict::Conflict => Ok(0),
        }
    }
}

/// A row whose columns are not of their types.
pub(super) fn row_error(what: &str, error: &sqlx::Error) -> StoreError {
    StoreError::Unreadable { id: what.to_owned(), reason: error.to_string() }
}

/// Why the tables could not be brought up to date: they are not what this program knows, or the database
/// does not work.
pub(super) fn migration_error(name: String, error: &MigrateError, told: String) -> StoreError {
    match error {
        MigrateError::Execute(_) | MigrateError::ExecuteMigration(..) => {
            StoreError::Unavailable(format!("{name}: {told}"))
        }
        _ => StoreError::Unreadable { id: name, reason: told },
    }
}
