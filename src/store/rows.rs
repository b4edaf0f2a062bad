//! What is written and read, as the columns of a row: both databases hold the same.
//!
//! Times are microseconds since 1970 UTC, so a time comes back cut to microseconds. Structured values are
//! JSON text.

use std::collections::{BTreeMap, HashSet};

use hubcommander_audit::{Link, Seal};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::chain::{Forgotten, Sealed};
use super::{AuditEntry, Booking, Change, Click, Due, LeaseRecord, NewInvocation, StoreError};
use crate::invocation::{Invocation, Origin, State, StepRecord, StepState, Via};

/// An entry of the audit, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct AuditRow {
    pub at: i64,
    pub invocation: Option<String>,
    pub event: String,
    pub body: String,
}

impl AuditRow {
    fn of(entry: &AuditEntry) -> Self {
        let AuditEntry { at, invocation, event, body } = entry;
        Self {
            at: at.timestamp_micros(),
            invocation: invocation.clone(),
            event: event.clone(),
            body: body.to_string(),
        }
    }
}

/// What the audit holds of what was said. Not the whole origin: its `response_url` is a secret.
#[derive(Serialize)]
struct Said<'a> {
    person: &'a PersonId,
    channel: &'a str,
    shared: bool,
    ts: Option<&'a str>,
    thread_ts: Option<&'a str>,
    via: Via,
    text: &'a str,
}

/// A command, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct ReceiveRow {
    pub id: String,
    pub keys: Vec<String>,
    pub origin: String,
    pub at: i64,
    pub due: Option<String>,
    pub audit: AuditRow,
}

impl ReceiveRow {
    pub fn of(mut new: NewInvocation) -> Result<Self, StoreError> {
        new.keys.sort_unstable();
        new.keys.dedup();
        let origin = &new.origin;
        let said = Said {
            person: &origin.person,
            channel: &origin.channel,
            shared: origin.shared,
            ts: origin.ts.as_deref(),
            thread_ts: origin.thread_ts.as_deref(),
            via: origin.via,
            text: &origin.text,
        };
        let at = new.at.timestamp_micros();
        Ok(Self {
            origin: encode(&new.id, origin)?,
            audit: AuditRow {
                at,
                invocation: Some(new.id.clone()),
                event: "received".to_owned(),
                body: encode(&new.id, &said)?,
            },
            id: new.id,
            keys: new.keys,
            at,
            due: new.due,
        })
    }
}

/// A click, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct ClickRow {
    pub key: String,
    pub body: String,
    pub at: i64,
}

impl ClickRow {
    pub fn of(click: Click) -> Self {
        Self { key: click.key, body: click.body.to_string(), at: click.at.timestamp_micros() }
    }
}

/// A step of the journal, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct StepRow {
    pub step: String,
    pub state: &'static str,
    pub started_at: i64,
    pub tries: i64,
    pub applied: Option<String>,
    pub error: Option<String>,
}

/// A change, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct ChangeRow {
    pub id: String,
    pub version: i64,
    pub state: Option<&'static str>,
    pub command: Option<String>,
    pub args: Option<String>,
    pub plan: Option<String>,
    pub digest: Option<String>,
    pub gate: Option<String>,
    pub posted: Option<String>,
    pub outcome: Option<String>,
    pub reported: Option<bool>,
    pub at: Option<i64>,
    /// Each step once: of a step that is named twice the last word counts, and the first start.
    pub steps: Vec<StepRow>,
    pub audit: Vec<AuditRow>,
    pub clicks_done: Vec<String>,
    pub touched: Vec<String>,
    pub book: BookRow,
}

/// What becomes due, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct DueRow {
    pub key: String,
    pub at: i64,
    pub origin: String,
}

/// A lease, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct LeaseRow {
    pub id: String,
    pub holding: String,
    pub until: i64,
    pub ended: Option<i64>,
    pub lease: String,
}

/// What is put down of leases and of what is due, ready to be written.
#[derive(Clone, Debug, Default)]
pub(super) struct BookRow {
    pub leases: Vec<LeaseRow>,
    pub due: Vec<DueRow>,
    pub dropped: Vec<String>,
    /// Each key once: of one that is named twice the last word counts.
    pub kept: BTreeMap<String, Option<String>>,
    pub audit: Vec<AuditRow>,
}

impl BookRow {
    pub fn of(booking: &Booking) -> Result<Self, StoreError> {
        let lease = |record: &LeaseRecord| {
            let lease = &record.lease;
            Ok(LeaseRow {
                id: lease.id.clone(),
                holding: lease.holding.key.clone(),
                until: lease.until.timestamp_micros(),
                ended: record.ended.map(|ended| ended.timestamp_micros()),
                lease: encode(&lease.id, lease)?,
            })
        };
        let due = |due: &Due| {
            Ok(DueRow {
                key: due.key.clone(),
                at: due.at.timestamp_micros(),
                origin: encode(&due.key, &due.origin)?,
            })
        };
        Ok(Self {
            leases: booking.leases.iter().map(lease).collect::<Result<_, StoreError>>()?,
            due: booking.due.iter().map(due).collect::<Result<_, StoreError>>()?,
            dropped: booking.dropped.clone(),
            kept: booking
                .kept
                .iter()
                .map(|(key, value)| (key.clone(), value.as_ref().map(Json::to_string)))
                .collect(),
            audit: booking.audit.iter().map(AuditRow::of).collect(),
        })
    }

    /// The keys and ids that it touches.
    pub fn touches(&self) -> impl Iterator<Item = String> {
        let due = self.due.iter().map(|due| &due.key).chain(&self.dropped);
        let due: HashSet<&String> = due.collect();
        let leases: HashSet<&String> = self.leases.iter().map(|lease| &lease.id).collect();
        let kept = self.kept.keys().map(|key| format!("r{key}"));
        let leases = leases.into_iter().map(|id| format!("l{id}"));
        due.into_iter().map(|key| format!("d{key}")).chain(leases).chain(kept)
    }
}

impl ChangeRow {
    pub fn of(change: &Change) -> Result<Self, StoreError> {
        let id = change.id.as_str();
        let mut steps: Vec<StepRow> = Vec::with_capacity(change.steps.len());
        for record in &change.steps {
            let row = StepRow {
                state: step_state(record.state),
                started_at: record.started_at.timestamp_micros(),
                tries: i64::from(record.tries),
                applied: encode_some(id, record.applied.as_ref())?,
                error: encode_some(id, record.error.as_ref())?,
                step: record.step.clone(),
            };
            match steps.iter_mut().find(|known| known.step == row.step) {
                Some(known) => *known = StepRow { started_at: known.started_at, ..row },
                None => steps.push(row),
            }
        }
        Ok(Self {
            id: change.id.clone(),
            version: change.version,
            state: change.state.map(State::as_str),
            command: change.command.clone(),
            args: encode_some(id, change.args.as_ref())?,
            plan: encode_some(id, change.plan.as_ref())?,
            digest: change.digest.as_ref().map(|digest| digest.0.clone()),
            gate: encode_some(id, change.gate.as_ref())?,
            posted: encode_some(id, change.posted.as_ref())?,
            outcome: encode_some(id, change.outcome.as_ref())?,
            reported: change.reported,
            at: change.at.map(|at| at.timestamp_micros()),
            steps,
            audit: change.audit.iter().map(AuditRow::of).collect(),
            clicks_done: change.clicks_done.clone(),
            touched: change.touched.clone(),
            book: BookRow::of(&change.book)?,
        })
    }
}

/// What was sealed, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct SealingRow {
    pub holder: String,
    pub fence: i64,
    pub now: i64,
    pub until: i64,
    /// 0 if nothing was.
    pub announced: i64,
    pub seal: Option<(Seal, Vec<Link>)>,
}

impl SealingRow {
    pub fn of(sealed: &Sealed) -> Self {
        Self {
            holder: sealed.holder.clone(),
            fence: sealed.fence,
            now: sealed.now.timestamp_micros(),
            until: sealed.until.timestamp_micros(),
            announced: sealed.announced.map(|at| at.timestamp_micros()).unwrap_or_default(),
            seal: sealed.seal.clone(),
        }
    }
}

/// What is forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForgetRow {
    pub after: i64,
    pub through: i64,
    pub before: i64,
    pub limit: u32,
}

impl ForgetRow {
    pub fn of(forgotten: Forgotten) -> Self {
        let Forgotten { after, through, before, limit } = forgotten;
        Self { after, through, before: before.timestamp_micros(), limit }
    }
}

/// One thing to write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Receive(ReceiveRow),
    Click(ClickRow),
    Change(Box<ChangeRow>),
    ClickDone { key: String, audit: Vec<AuditRow> },
    Book(BookRow),
    Sealing(Box<SealingRow>),
    Forget(ForgetRow),
    Remember { key: String, value: Option<String> },
    Probe,
}

impl Write {
    pub fn click_done(key: &str, audit: &[AuditEntry]) -> Self {
        Self::ClickDone { key: key.to_owned(), audit: audit.iter().map(AuditRow::of).collect() }
    }

    /// Whether nobody waits for it: that something was said is noted after it was said, and nothing comes
    /// after that.
    pub fn can_wait(&self) -> bool {
        matches!(self, Self::Change(change) if change.reported == Some(true))
    }

    /// What it is, for the names of fault points: `change:running(repo=started)`.
    pub fn what(&self) -> String {
        match self {
            Self::Receive(_) => "receive".to_owned(),
            Self::Click(_) => "click".to_owned(),
            Self::ClickDone { .. } => "click-done".to_owned(),
            Self::Book(_) => "book".to_owned(),
            Self::Sealing(_) => "seal".to_owned(),
            Self::Forget(_) => "forget".to_owned(),
            Self::Remember { .. } => "remember".to_owned(),
            Self::Probe => "probe".to_owned(),
            Self::Change(change) => {
                let mut what = String::from("change");
                if let Some(state) = change.state {
                    what.push(':');
                    what.push_str(state);
                }
                if !change.steps.is_empty() {
                    let steps = change.steps.iter().map(|step| format!("{}={}", step.step, step.state));
                    what.push_str(&format!("({})", steps.collect::<Vec<_>>().join(",")));
                }
                what
            }
        }
    }
}

/// An invocation as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct InvocationRow {
    id: String,
    version: i64,
    state: String,
    origin: String,
    command: Option<String>,
    args: Option<String>,
    plan: Option<String>,
    digest: Option<String>,
    gate: Option<String>,
    posted: Option<String>,
    outcome: Option<String>,
    reported: bool,
    received_at: i64,
    updated_at: i64,
}

impl InvocationRow {
    pub fn read(self) -> Result<Invocation, StoreError> {
        let id = self.id;
        let state = State::parse(&self.state)
            .ok_or_else(|| unreadable(&id, format!("the state `{}` is not known", self.state)))?;
        let origin: Origin = decode(&id, "origin", &self.origin)?;
        let posted = decode_some(&id, "posted", self.posted)?.or_else(|| origin.replaces.clone());
        Ok(Invocation {
            version: self.version,
            state,
            origin,
            command: self.command,
            args: decode_some(&id, "args", self.args)?,
            plan: decode_some(&id, "plan", self.plan)?,
            digest: self.digest.map(hubcommander_sdk::plan::Digest),
            gate: decode_some(&id, "gate", self.gate)?,
            posted,
            outcome: decode_some(&id, "outcome", self.outcome)?,
            reported: self.reported,
            received_at: instant(&id, self.received_at)?,
            updated_at: instant(&id, self.updated_at)?,
            id,
        })
    }
}

/// A step as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct StepReadRow {
    step: String,
    state: String,
    started_at: i64,
    tries: i64,
    applied: Option<String>,
    error: Option<String>,
}

impl StepReadRow {
    pub fn read(self, invocation: &str) -> Result<StepRecord, StoreError> {
        let id = format!("{invocation}, step {}", self.step);
        let state = [StepState::Started, StepState::Done, StepState::Failed, StepState::Skipped]
            .into_iter()
            .find(|state| step_state(*state) == self.state)
            .ok_or_else(|| unreadable(&id, format!("the state `{}` is not known", self.state)))?;
        Ok(StepRecord {
            state,
            started_at: instant(&id, self.started_at)?,
            tries: u32::try_from(self.tries).map_err(|error| unreadable(&id, error))?,
            applied: decode_some(&id, "applied", self.applied)?,
            error: decode_some(&id, "error", self.error)?,
            step: self.step,
        })
    }
}

/// A click as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct ClickReadRow {
    key: String,
    body: String,
    at: i64,
}

impl ClickReadRow {
    pub fn read(self) -> Result<Click, StoreError> {
        let body: Json = decode(&self.key, "body", &self.body)?;
        Ok(Click { body, at: instant(&self.key, self.at)?, key: self.key })
    }
}

/// What becomes due, as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct DueReadRow {
    key: String,
    at: i64,
    origin: String,
}

impl DueReadRow {
    pub fn read(self) -> Result<Due, StoreError> {
        let origin = decode(&self.key, "origin", &self.origin)?;
        Ok(Due { origin, at: instant(&self.key, self.at)?, key: self.key })
    }
}

/// A lease as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct LeaseReadRow {
    id: String,
    ended: Option<i64>,
    lease: String,
}

impl LeaseReadRow {
    pub fn read(self) -> Result<LeaseRecord, StoreError> {
        let ended = self.ended.map(|ended| instant(&self.id, ended)).transpose()?;
        Ok(LeaseRecord { lease: decode(&self.id, "lease", &self.lease)?, ended })
    }
}

/// An entry of the audit as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct AuditReadRow {
    seq: i64,
    at: i64,
    invocation: Option<String>,
    event: String,
    body: Option<String>,
}

impl AuditReadRow {
    pub fn read(self) -> Result<AuditEntry, StoreError> {
        let id = format!("audit entry {}", self.seq);
        // What was removed because of its age reads as nothing.
        let body = decode_some(&id, "body", self.body)?.unwrap_or_default();
        Ok(AuditEntry { at: instant(&id, self.at)?, invocation: self.invocation, event: self.event, body })
    }
}

fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Started => "started",
        StepState::Done => "done",
        StepState::Failed => "failed",
        StepState::Skipped => "skipped",
    }
}

fn encode<T: Serialize>(id: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(id, format!("cannot be written: {error}")))
}

fn encode_some<T: Serialize>(id: &str, value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(|value| encode(id, value)).transpose()
}

fn decode<T: DeserializeOwned>(id: &str, column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        // Only where and what kind: the message itself may quote what people wrote.
        let (kind, at) = (error.classify(), error.column());
        unreadable(id, format!("`{column}` is not what it should be ({kind:?} error at character {at})"))
    })
}

fn decode_some<T: DeserializeOwned>(
    id: &str,
    column: &str,
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| decode(id, column, &text)).transpose()
}

fn instant(id: &str, micros: i64) -> Result<Instant, StoreError> {
    Instant::from_timestamp_micros(micros)
        .ok_or_else(|| unreadable(id, format!("{micros} µs is not a point in time")))
}

fn unreadable(id: &str, reason: impl ToString) -> StoreError {
    StoreError::Unreadable { id: id.to_owned(), reason: reason.to_string() }
}

/// Keeps what can be read; logs what cannot, so that one bad row does not hold up all others.
pub(super) fn readable<T>(rows: impl IntoIterator<Item = Result<T, StoreError>>) -> Vec<T> {
    rows.into_iter()
        .filter_map(|row| {
            row.inspect_err(|error| tracing::error!(%error, "skipped a row of the store that cannot be read"))
                .ok()
        })
        .collect()
}

/// What comes after all keys that begin so: no character is greater.
pub(super) fn after(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
