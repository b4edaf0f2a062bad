//! Alarms: told to the operator's log and to the security channel, once for each matter in a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::text::Text;

use crate::slack::socket::{Alarm, AlarmKind};
use crate::slack::web::{Tag, Web};

/// How long the same matter is not told again.
const QUIET: TimeDelta = TimeDelta::minutes(10);

/// Tells the operator and the alarm channel.
pub struct Alarms {
    web: Web,
    channel: Option<String>,
    clock: SharedClock,
    told: Mutex<HashMap<&'static str, Instant>>,
}

impl Alarms {
    /// Alarms for this channel; without one, only the log is told.
    #[must_use]
    pub fn new(web: Web, channel: Option<String>, clock: SharedClock) -> Self {
        Self { web, channel, clock, told: Mutex::new(HashMap::new()) }
    }

    fn is_new(&self, name: &'static str) -> bool {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let new = told.get(name).is_none_or(|last| now - *last >= QUIET);
        if new {
            told.insert(name, now);
        }
        new
    }
}

#[async_trait]
impl Alarm for Alarms {
    async fn raise(&self, alarm: AlarmKind) {
        let (name, what, todo, log) = words(&alarm);
        tracing::error!(alarm = name, log, "{}", what.words());
        if !self.is_new(name) {
            return;
        }
        let Some(channel) = self.channel.clone() else { return };
        let message = Message::new(what).state(State::NeedsYou).line(todo);
        let web = self.web.clone();
        let tag = Tag { invocation: format!("alarm-{name}"), part: "alarm".into() };
        // Slack may be what is broken: whoever raised the alarm does not wait for it.
        tokio::spawn(async move {
            if let Err(error) = web.post(&channel, None, &message, &tag).await {
                tracing::error!(%error, channel, "the alarm channel could not be told");
            }
        });
    }
}

/// A name for counting, what happened, what to do, and what only the log gets.
fn words(alarm: &AlarmKind) -> (&'static str, Text, Text, String) {
    match alarm {
        AlarmKind::AuthRefused { code } => (
            "auth_refused",
            Text::new().plain("Slack refuses the bot's tokens: ").code(code).plain("."),
            Text::new().plain("Put new ones into the configuration; ").code("hubcommander check").plain(" says which."),
            code.clone(),
        ),
        AlarmKind::LinkDisabled => (
            "link_disabled",
            "Socket Mode was switched off in the Slack app's settings, so no command reaches the bot.".into(),
            "Switch it on again under Socket Mode.".into(),
            String::new(),
        ),
        AlarmKind::Unreadable { reason } => (
            "unreadable",
            "Slack sent something that the bot cannot read.".into(),
            "If somebody misses an answer, this may be why. The log has the details.".into(),
            reason.clone(),
        ),
        AlarmKind::TooManyConnections => (
            "too_many_connections",
            "Slack allows no further connection for this app.".into(),
            "Look for other processes that run with the same app token; they also take a share of the commands."
                .into(),
            String::new(),
        ),
        AlarmKind::Unreachable { log } => (
            "unreachable",
            "Slack could not be reached for a while.".into(),
            "Commands that were typed meanwhile come late or not at all. The log says what was tried.".into(),
            log.clone(),
        ),
        AlarmKind::StoreDown { log } => (
            "store_down",
            "The bot cannot write to its store, so it takes no commands until it can.".into(),
            "Look at the disk or the database. Slack sends the newest commands again for some minutes.".into(),
            log.clone(),
        ),
    }
}
