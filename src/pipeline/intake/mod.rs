//! Intake: reads envelopes and keeps the lanes apart.
//!
//! - *Commands* are written down, then acked; a task of their own carries them further.
//! - *Clicks* are written down and acked; a form is opened at once, past all queues, because Slack's leave
//!   to open one lives three seconds.
//! - *What is due* is a line that the bot asks itself; it goes the way of a command.
//! - *Questions* (what a form asks while it is filled in, whether it is right) are answered inside the ack,
//!   because there is no other place for the answer.

mod clicks;
mod commands;
mod due;
pub mod form;
mod gate_form;
mod home;
pub mod payload;
mod questions;
mod standings;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hubcommander_sdk::clock::SharedClock;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use self::clicks::withdrawal;
pub use self::standings::Standings;
use crate::ids::Ids;
use crate::pipeline::engine::Engine;
use crate::slack::socket::{Alarm, AlarmKind, Answer, Envelope, Intake as Lanes, Kind};
use crate::slack::web::{Me, Web};
use crate::store::{Store, StoreError};

/// What came in, for the health page and the metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Commands written down.
    pub commands: AtomicU64,
    /// Those that had been written down before.
    pub duplicates: AtomicU64,
    /// Messages that were not for the bot.
    pub passed_over: AtomicU64,
    /// Clicks written down.
    pub clicks: AtomicU64,
    /// Questions answered.
    pub questions: AtomicU64,
    /// What could not be read.
    pub unreadable: AtomicU64,
}

/// Reads what Slack sends.
pub struct Intake {
    pub(crate) engine: Arc<Engine>,
    pub(crate) me: Me,
    pub(crate) web: Web,
    pub(crate) ids: Arc<Ids>,
    pub(crate) clock: SharedClock,
    pub(crate) alarm: Arc<dyn Alarm>,
    pub(crate) listen: HashSet<String>,
    pub(crate) ignore: HashSet<String>,
    /// Who hears who is gone and who is back.
    pub(crate) standings: Option<Arc<dyn Standings>>,
    /// What came in so far.
    pub counters: Counters,
}

impl Intake {
    /// An intake for the bot that `me` describes. `listen` and `ignore` are channel ids; where `listen` is
    /// empty, the bot listens wherever it is.
    #[must_use]
    pub fn new(
        engine: Arc<Engine>,
        me: Me,
        web: Web,
        ids: Arc<Ids>,
        alarm: Arc<dyn Alarm>,
        listen: &[String],
        ignore: &[String],
    ) -> Self {
        let clock = Arc::clone(&engine.clock);
        Self {
            engine,
            me,
            web,
            ids,
            clock,
            alarm,
            listen: listen.iter().cloned().collect(),
            ignore: ignore.iter().cloned().collect(),
            standings: None,
            counters: Counters::default(),
        }
    }

    /// The same with somebody who hears who is gone from Slack and who is back.
    #[must_use]
    pub fn with_standings(self, standings: Arc<dyn Standings>) -> Self {
        Self { standings: Some(standings), ..self }
    }

    /// Where commands are written down.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.engine.store
    }

    /// Whether the bot listens in this conversation.
    pub(crate) fn listens(&self, channel: &str, direct: bool) -> bool {
        !self.ignore.contains(channel) && (direct || self.listen.is_empty() || self.listen.contains(channel))
    }

    /// Reads a payload of a known shape; one of another shape is an alarm, never silence.
    async fn read<T: DeserializeOwned>(&self, payload: &RawValue, what: &str) -> Option<T> {
        match serde_json::from_str(payload.get()) {
            Ok(read) => Some(read),
            Err(error) => {
                self.unreadable(&format!("{what}: {error}")).await;
                None
            }
        }
    }

    pub(crate) async fn unreadable(&self, reason: &str) {
        self.counters.unreadable.fetch_add(1, Ordering::Relaxed);
        self.alarm.raise(AlarmKind::Unreadable { reason: reason.to_owned() }).await;
    }

    /// The store cannot write: the envelope is not acked, so that Slack sends it again.
    pub(crate) async fn not_durable(&self, error: &StoreError) -> Answer {
        tracing::error!(%error, "not written, so not acked");
        self.alarm.raise(AlarmKind::StoreDown { log: error.to_string() }).await;
        Answer::Withhold
    }
}

#[async_trait]
impl Lanes for Intake {
    async fn take(&self, envelope: Envelope) -> Answer {
        match &envelope.kind {
            Kind::Events => self.event(&envelope).await,
            // Boxed, so that the future for what people type, which is most of all, is a small one.
            Kind::Slash => Box::pin(self.slash(&envelope)).await,
            Kind::Interactive => {
                let Some(interaction) =
                    self.read::<payload::Interaction>(&envelope.payload, "interaction").await
                else {
                    return Answer::Ack;
                };
                match interaction.kind.as_str() {
                    "block_actions" => Box::pin(self.click(&envelope, interaction)).await,
                    "block_suggestion" => Box::pin(self.suggest(interaction)).await,
                    "view_submission" => Box::pin(self.submitted(interaction)).await,
                    _ => Answer::Ack,
                }
            }
            Kind::Other(_) => Answer::Ack,
        }
    }
}
