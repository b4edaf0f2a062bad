//! Alarms: told to the operator's log and to the security channel, once for each matter in a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::text::Text;
use tokio::sync::watch;

use crate::slack::socket::{Alarm, AlarmKind};
use crate::slack::web::{Refused, Tag, Web};

/// How long the same matter is not told again.
const QUIET: TimeDelta = TimeDelta::minutes(10);

/// Tells the operator and the alarm channel.
pub struct Alarms {
    web: Web,
    channel: Option<String>,
    clock: SharedClock,
    told: Mutex<HashMap<String, Instant>>,
}

impl Alarms {
    /// Alarms for this channel; without one, only the log is told.
    #[must_use]
    pub fn new(web: Web, channel: Option<String>, clock: SharedClock) -> Self {
        Self { web, channel, clock, told: Mutex::new(HashMap::new()) }
    }

    fn is_new(&self, name: String) -> bool {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, last| now - *last < QUIET);
        let new = !told.contains_key(&name);
        told.entry(name).or_insert(now);
        new
    }
}

#[async_trait]
impl Alarm for Alarms {
    async fn raise(&self, alarm: AlarmKind) {
        let (name, what, todo, log) = words(&alarm);
        tracing::error!(alarm = name, log, "{}", what.words());
        // With a token that Slack does not take nothing can be said there.
        let unsayable = matches!(&alarm, AlarmKind::BotRefused(refused) if refused.altogether());
        if unsayable || !self.is_new(matter(name, &alarm)) {
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

/// Raises the alarm when Slack begins to refuse the bot's token: once for each cause, however many calls meet
/// it. Ends when the Web API is gone.
pub async fn watch_token(mut token: watch::Receiver<Option<Refused>>, alarm: Arc<dyn Alarm>) {
    let mut was_refused = false;
    loop {
        let refused = token.borrow_and_update().clone();
        let is_refused = refused.is_some();
        match refused {
            Some(refused) => alarm.raise(AlarmKind::BotRefused(refused)).await,
            None if was_refused => tracing::info!("Slack takes the bot's token again"),
            None => {}
        }
        was_refused = is_refused;
        if token.changed().await.is_err() {
            return;
        }
    }
}

/// What is told once in a while: what concerns one person or one invocation is a matter of its own.
fn matter(name: &str, alarm: &AlarmKind) -> String {
    match alarm {
        AlarmKind::Fraud { invocation, person, .. } => format!("{name} {invocation} {person}"),
        AlarmKind::Unusual { kind, person, .. } => format!("{name} {kind} {person}"),
        AlarmKind::DirectoryUnread { directory, .. } | AlarmKind::DirectoryShrunk { directory, .. } => {
            format!("{name} {directory}")
        }
        _ => name.to_owned(),
    }
}

/// As a sentence begins.
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
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
        AlarmKind::BotRefused(refused) if refused.altogether() => (
            "bot_refused",
            Text::new().plain("Slack refuses the bot's token: ").code(&refused.code).plain("."),
            Text::new()
                .plain("Install the app anew, put its token into the configuration and start the bot again; ")
                .code("hubcommander check")
                .plain(" tries it."),
            refused.method.to_owned(),
        ),
        AlarmKind::BotRefused(refused) => (
            "bot_refused",
            Text::new().plain("The Slack app lacks a permission, so ").code(refused.method).plain(" is refused."),
            Text::new()
                .plain("Compare its permissions with ")
                .code("hubcommander manifest")
                .plain(", and install it anew."),
            refused.code.clone(),
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
        AlarmKind::Halted { invocation, log } => (
            "halted",
            Text::new().plain("A command stands still, because something in the bot is broken: ").code(invocation).plain("."),
            "The log says what, by that id. The bot goes on with it when it is started again.".into(),
            log.clone(),
        ),
        AlarmKind::NotDoneWhenDue { invocation, what, log } => (
            "not_done_when_due",
            Text::new()
                .plain("Something was due and could not be done: ")
                .plain(what)
                .plain(" (")
                .code(invocation)
                .plain(")."),
            "It is tried again. Its thread and the log say what was in the way.".into(),
            log.clone(),
        ),
        AlarmKind::NotForwarded { notice, log } => (
            "not_forwarded",
            Text::new()
                .plain("What came of a notification could not be passed on: ")
                .code(notice)
                .plain("."),
            "It is tried again. The log says what is in the way: Slack, or the webhook.".into(),
            log.clone(),
        ),
        AlarmKind::AuditAltered { log } => (
            "audit_altered",
            "The audit's chain is not what the bot put there: somebody reached into its database.".into(),
            Text::new().plain("Run ").code("hubcommander audit verify").plain(", and look who had access."),
            log.clone(),
        ),
        AlarmKind::AuditNotSealed { log } => (
            "audit_not_sealed",
            "What the bot does is written down, but has not been sealed for a while.".into(),
            Text::new().plain("The log says why; ").code("hubcommander audit verify").plain(" says how much that is."),
            log.clone(),
        ),
        AlarmKind::AuditNotAnnounced { log } => (
            "audit_not_announced",
            "The head of the audit could not be announced everywhere.".into(),
            "It is tried again every minute. The log says where and why.".into(),
            log.clone(),
        ),
        AlarmKind::DirectoryUnread { directory, log } => (
            "directory_unread",
            Text::new().plain(capitalised(directory)).plain(" has not been read, or not wholly, for a while."),
            Text::new()
                .plain("Nobody is taken for having left meanwhile. ")
                .code("hubcommander directory list")
                .plain(" says what is in the way."),
            log.clone(),
        ),
        AlarmKind::DirectoryShrunk { directory, key, before, now } => (
            "directory_shrunk",
            Text::new().plain(capitalised(directory)).plain(format!(
                " has {now} of the {before} people who worked here. I take that for a mistake: nobody has left."
            )),
            Text::new()
                .plain("Look at it. If it is true, run ")
                .code(format!("hubcommander directory believe {key}"))
                .plain("."),
            String::new(),
        ),
        AlarmKind::LinkUntold { log } => (
            "link_untold",
            "Which accounts were linked could not be told to the webhook of the directory.".into(),
            "It is tried again. The log says what is in the way.".into(),
            log.clone(),
        ),
        AlarmKind::Fraud { invocation, person, what } => (
            "fraud",
            Text::new()
                .person(person)
                .plain(" says it was not they who asked: ")
                .plain(what)
                .plain(" (")
                .code(invocation)
                .plain("). Nothing was done."),
            Text::new()
                .plain("Somebody else may be in their Slack account. Talk to them in person; ")
                .code("!Lockdown on")
                .plain(" holds everything meanwhile."),
            format!("{invocation}: {person}"),
        ),
        AlarmKind::Unusual { person, what, log, .. } => (
            "unusual",
            Text::new().person(person).plain(" ").plain(what).plain("."),
            "If you do not know why, ask them.".into(),
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
