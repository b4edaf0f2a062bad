//! The engine: conducts each invocation through the stations, in a task of its own, from wherever it stands.
//! Forward only; what was decided is in the store, so any process can go on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::{Person, PersonId, Place};
use hubcommander_sdk::text::Text;
use serde_json::json;
use tokio::sync::mpsc;

use crate::invocation::{Invocation, Origin, Posted, State, StepState, Via};
use crate::pipeline::ask::{self, Admission, Asked};
use crate::pipeline::execute::{Ended, Executor};
use crate::pipeline::gate::{self, Evidence, Gated, Obligation, Progress};
use crate::pipeline::parse;
use crate::pipeline::prepare::{self, Examined, Outcome};
use crate::pipeline::record::Record;
use crate::pipeline::report::slot::Slot;
use crate::pipeline::report::{Before, Reporter, words};
use crate::registry::{Operations, Registry};
use crate::slack::people::{Freshness, People};
use crate::slack::web::SlackError;
use crate::store::{Change, Store, StoreError};

/// How often a plan is made anew because the world changed under it.
const REPLANS: u32 = 3;

/// The longest sleep towards a deadline, so that a clock that was set is noticed.
const NAP: Duration = Duration::from_secs(30);

/// How long after it was asked something is not done any more, if it could not be begun before.
const STALE: TimeDelta = TimeDelta::hours(2);

/// How long to wait when Slack takes nothing at all, before going on.
const SILENCE: Duration = Duration::from_secs(60);

/// Everything that the stations need.
pub struct Engine {
    /// The commands.
    pub registry: Arc<Registry>,
    /// What their plans may hold.
    pub operations: Operations,
    /// The organisations.
    pub orgs: Arc<Orgs>,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// Who is who in Slack.
    pub people: Arc<People>,
    /// What is said.
    pub reporter: Reporter,
    /// What is done.
    pub executor: Executor,
    /// The time.
    pub clock: SharedClock,
    /// Where clicks reach those who wait for them.
    pub mailboxes: Mailboxes,
}

/// A person's word on a plan: a button that was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The click's key in the store.
    pub key: String,
    /// Which button.
    pub action: Action,
    /// Who pressed it.
    pub by: PersonId,
    /// Where.
    pub channel: String,
    /// For which plan.
    pub digest: Option<String>,
    /// When.
    pub at: Instant,
}

/// What a button under a plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run it.
    Run,
    /// Do not run it.
    Cancel,
    /// Do what is missing.
    Retry,
}

/// The clicks for one invocation. It keeps a sender of its own, by which it is known, and which keeps it open.
struct Mail {
    receive: mpsc::UnboundedReceiver<Press>,
    own: mpsc::UnboundedSender<Press>,
}

/// Where clicks reach those who wait for them.
#[derive(Default)]
pub struct Mailboxes(Mutex<HashMap<String, mpsc::UnboundedSender<Press>>>);

impl Mailboxes {
    fn open(&self, id: &str) -> Mail {
        let (own, receive) = mpsc::unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), own.clone());
        Mail { receive, own }
    }

    /// Opens one unless somebody has: two must not carry one invocation.
    fn claim(&self, id: &str) -> Option<Mail> {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.contains_key(id) {
            return None;
        }
        let (own, receive) = mpsc::unbounded_channel();
        boxes.insert(id.to_owned(), own.clone());
        Some(Mail { receive, own })
    }

    /// Closes this one, and not the one that somebody else has opened since.
    fn close(&self, id: &str, mail: &Mail) {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.get(id).is_some_and(|open| open.same_channel(&mail.own)) {
            boxes.remove(id);
        }
    }

    /// Gives it back if nobody is there to take it.
    fn deliver(&self, id: &str, press: Press) -> Option<Press> {
        let boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match boxes.get(id) {
            Some(open) => open.send(press).err().map(|back| back.0),
            None => Some(press),
        }
    }
}

/// Why an invocation is not carried further here.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what was to be said was not taken: {0}")]
    Slack(#[from] SlackError),
    #[error("it is half done, and this program cannot go on with it: {log}")]
    Unknown { log: String },
}

impl Engine {
    /// Takes up a new invocation.
    pub fn begin(self: &Arc<Self>, invocation: Invocation) {
        let engine = Arc::clone(self);
        tokio::spawn(async move { engine.carry(invocation, Before::Never, None).await });
    }

    /// Takes up everything that was left unfinished.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume(self: &Arc<Self>) -> Result<usize, StoreError> {
        let unfinished = self.store.unfinished().await?;
        let count = unfinished.len();
        for invocation in unfinished {
            tracing::info!(invocation = invocation.id, state = invocation.state.as_str(), "going on");
            let engine = Arc::clone(self);
            // Opened before anything else: the clicks that were written down are handed out next.
            let Some(mail) = self.mailboxes.claim(&invocation.id) else { continue };
            tokio::spawn(async move { engine.carry(invocation, Before::Perhaps, Some(mail)).await });
        }
        Ok(count)
    }

    /// Hands a press to the invocation it is about.
    pub async fn press(self: &Arc<Self>, id: &str, press: Press) {
        let Some(press) = self.mailboxes.deliver(id, press) else { return };
        self.late_press(id, press).await;
    }

    /// A press on something that nobody works on: it is over, or it is to be tried again.
    async fn late_press(self: &Arc<Self>, id: &str, press: Press) {
        let invocation = match self.store.invocation(id).await {
            Ok(Some(invocation)) => invocation,
            Ok(None) => {
                tracing::warn!(invocation = id, "a press on an invocation that is not known");
                self.settle_press(&press, "nothing is known of it").await;
                return;
            }
            Err(error) => {
                // Not settled: the next start finds it.
                tracing::error!(invocation = id, %error, "a press could not be followed");
                return;
            }
        };
        let retryable = matches!(invocation.state, State::Partial | State::Failed);
        if press.action == Action::Retry && retryable && press.by == invocation.origin.person {
            self.spawn_retry(invocation, press);
            return;
        }
        let words = if press.action == Action::Retry && retryable {
            Message::new("Only the person who asked can try this again.")
        } else if !invocation.state.is_final() {
            Message::new("This is being worked on already; your click started nothing more.")
        } else {
            Message::new("This is over already; nothing was changed by your click.")
        };
        self.hint(&press, &invocation, words.footnote(id)).await;
        self.settle_press(&press, "too late").await;
    }

    fn spawn_retry(self: &Arc<Self>, invocation: Invocation, press: Press) {
        let engine = Arc::clone(self);
        tokio::spawn(async move { engine.retry(invocation, press).await });
    }

    async fn retry(self: Arc<Self>, invocation: Invocation, press: Press) {
        if let Err(refusal) = self.still_admitted(&press.by).await {
            self.hint(&press, &invocation, words::refusal(&refusal, &invocation.id)).await;
            self.settle_press(&press, "may not use the bot now").await;
            return;
        }
        let steps = match self.store.steps(&invocation.id).await {
            Ok(steps) => steps,
            Err(error) => {
                tracing::error!(invocation = invocation.id, %error, "the journal cannot be read");
                return;
            }
        };
        let id = invocation.id.clone();
        let Some(mail) = self.mailboxes.claim(&id) else {
            self.hint(
                &press,
                &invocation,
                Message::new("This is being worked on already.").footnote(id.as_str()),
            )
            .await;
            self.settle_press(&press, "being worked on").await;
            return;
        };
        let progress = match self.obliged_anew(&invocation) {
            Ok(progress) => progress,
            Err(refusal) => {
                self.mailboxes.close(&id, &mail);
                self.hint(&press, &invocation, words::refusal(&refusal, &id)).await;
                self.settle_press(&press, "cannot be tried again").await;
                return;
            }
        };
        let mut record = Record::new(invocation, steps, Arc::clone(&self.store), Arc::clone(&self.clock));
        let entry = record.entry("retry", json!({ "by": press.by }));
        let change = Change {
            state: Some(State::Planned),
            gate: Some(json!(progress)),
            reported: Some(false),
            audit: vec![entry],
            clicks_done: vec![press.key.clone()],
            ..Change::default()
        };
        match record.change(change).await {
            Ok(()) => self.carry_record(record, Before::Perhaps, Some(mail)).await,
            Err(error) => {
                self.mailboxes.close(&id, &mail);
                match error {
                    // Two presses at once count once.
                    StoreError::Conflict { .. } => self.settle_press(&press, "pressed twice").await,
                    error => tracing::error!(invocation = id, %error, "a retry could not be written"),
                }
            }
        }
    }

    /// What it takes to run a plan again, by today's rules. What was confirmed was confirmed for the first
    /// run, and what was seen grows old.
    fn obliged_anew(&self, invocation: &Invocation) -> Result<Progress, Refusal> {
        let now = self.clock.now();
        let again = "Type the command again.";
        if now - invocation.updated_at > gate::WAITS {
            return Err(Refusal::new("This is too old to be tried again.", again));
        }
        let registered = invocation.command.as_deref().and_then(|name| self.registry.find(name));
        let Some(registered) = registered else {
            return Err(Refusal::new("This command is not there any more.", again));
        };
        let (examined, _) = restored(&self.operations, invocation)?;
        Ok(gate::oblige(&examined, registered.spec().risk, &registered.auth, now).seen_before())
    }

    async fn settle_press(&self, press: &Press, why: &str) {
        let entry = crate::store::AuditEntry {
            at: self.clock.now(),
            invocation: None,
            event: "click.ignored".into(),
            body: json!({ "by": press.by, "why": why }),
        };
        if let Err(error) = self.store.click_done(&press.key, vec![entry]).await {
            tracing::error!(%error, "a click could not be settled");
        }
    }

    /// Where it was asked. A slash command does not say who reads along, nor does a form.
    async fn place(&self, origin: &Origin) -> Place {
        let mut place = origin.place();
        if matches!(origin.via, Via::Slash | Via::Form)
            && let Ok(known) = self.people.conversation(&origin.channel, Freshness::Cached).await
        {
            place.conversation = known.kind;
            place.shared = known.shared;
        }
        place
    }

    /// Whether Slack still knows the person as one who may use the bot.
    async fn still_admitted(&self, person: &PersonId) -> Result<(), Refusal> {
        let known: Arc<Person> = self.people.get(&person.user, Freshness::Fresh).await.map_err(|error| {
            Refusal::new(
                "Slack did not tell me who you are, so I did nothing.",
                "Press it again in a minute.",
            )
            .logged(error.to_string())
        })?;
        match ask::admit(&known) {
            Admission::Admitted => Ok(()),
            Admission::Refused(refusal) => Err(refusal),
            Admission::Ignored(why) => Err(Refusal::new("This account may not use the bot.", "").logged(why)),
        }
    }

    /// Tells the person who pressed something, and only them.
    async fn hint(&self, press: &Press, invocation: &Invocation, message: Message) {
        let mut theirs = invocation.clone();
        theirs.origin.person = press.by.clone();
        theirs.origin.response_url = None;
        if let Err(error) = self.reporter.whisper(&theirs, &message, Before::Never).await {
            tracing::warn!(%error, "a hint could not be given");
        }
    }

    async fn carry(self: &Arc<Self>, invocation: Invocation, before: Before, mail: Option<Mail>) {
        let steps = if before == Before::Never {
            Vec::new()
        } else {
            match self.store.steps(&invocation.id).await {
                Ok(steps) => steps,
                Err(error) => {
                    tracing::error!(invocation = invocation.id, %error, "the journal cannot be read");
                    if let Some(mail) = &mail {
                        self.mailboxes.close(&invocation.id, mail);
                    }
                    return;
                }
            }
        };
        let record = Record::new(invocation, steps, Arc::clone(&self.store), Arc::clone(&self.clock));
        self.carry_record(record, before, mail).await;
    }

    async fn carry_record(self: &Arc<Self>, mut record: Record, before: Before, mut mail: Option<Mail>) {
        let id = record.invocation().id.clone();
        let mut before = before;
        loop {
            let way = Way { engine: self, before, slot: None, mail: mail.take(), replans: 0, instead: None };
            match way.go(&mut record).await {
                Ok(()) => return,
                Err(Stopped::Store(StoreError::Conflict { .. })) => {
                    tracing::info!(invocation = id, "somebody else goes on with it");
                    return;
                }
                Err(error @ (Stopped::Store(_) | Stopped::Unknown { .. })) => {
                    tracing::error!(invocation = id, %error, "an invocation is left for the next start");
                    return;
                }
                Err(Stopped::Slack(SlackError::Refused { method, code })) if !is_about_us(&code) => {
                    tracing::error!(invocation = id, method, code, "Slack will not take what was to be said");
                    if let Err(error) = unsaid(&mut record, &code).await {
                        tracing::error!(invocation = id, %error, "that it could not be said could not be written");
                    }
                    return;
                }
                Err(Stopped::Slack(error)) => {
                    tracing::error!(invocation = id, %error, "Slack does not take what is to be said; trying again");
                    tokio::time::sleep(SILENCE).await;
                    before = Before::Perhaps;
                }
            }
        }
    }
}

/// Whether Slack refuses us altogether, and not this one message: somebody mends the token or the proxy one
/// day, and what was to be said is said then.
fn is_about_us(code: &str) -> bool {
    const OURS: [&str; 7] = [
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "org_login_required",
        "missing_scope",
    ];
    OURS.contains(&code) || code.starts_with("http_")
}

/// The stored plan with the words that were shown for it, and what the gate knows of it.
fn restored(operations: &Operations, invocation: &Invocation) -> Result<(Examined, Progress), Refusal> {
    let fault = |log: String| {
        Refusal::new("What was planned cannot be read any more.", "Type the command again.").logged(log)
    };
    let missing = |what: &str| fault(format!("{what} is missing"));
    let plan = invocation.plan.clone().ok_or_else(|| missing("the plan"))?;
    let digest = invocation.digest.as_ref().ok_or_else(|| missing("the digest"))?;
    let progress = invocation.gate.clone().ok_or_else(|| missing("what the gate noted"))?;
    let progress: Progress = serde_json::from_value(progress).map_err(|error| fault(error.to_string()))?;
    let examined = prepare::restore(operations, plan, progress.words.clone(), digest)?;
    Ok((examined, progress))
}

/// Notes that the end could not be said, and that trying again would not help.
async fn unsaid(record: &mut Record, code: &str) -> Result<(), StoreError> {
    let state = (!record.invocation().state.is_final()).then_some(State::Denied);
    let entry = record.entry("unsaid", json!({ "code": code }));
    record.change(Change { state, reported: Some(true), audit: vec![entry], ..Change::default() }).await
}

/// One invocation on its way.
struct Way<'a> {
    engine: &'a Arc<Engine>,
    before: Before,
    slot: Option<Slot>,
    mail: Option<Mail>,
    replans: u32,
    /// Why an earlier plan was dropped for this one.
    instead: Option<Text>,
}

impl Way<'_> {
    async fn go(mut self, record: &mut Record) -> Result<(), Stopped> {
        let id = record.invocation().id.clone();
        let gone = loop {
            let step = match record.invocation().state {
                State::Received => self.consider(record).await,
                // Boxed: most commands only ask and are answered, and theirs is a small task then.
                State::Planned => Box::pin(self.gate(record)).await,
                State::Waiting => Box::pin(self.wait(record)).await,
                State::Running => Box::pin(self.run(record)).await,
                _ if record.invocation().reported => break Ok(()),
                _ => Box::pin(self.conclude(record)).await,
            };
            if let Err(stopped) = step {
                break Err(stopped);
            }
        };
        if let Some(mut mail) = self.mail.take() {
            self.engine.mailboxes.close(&id, &mail);
            while let Ok(press) = mail.receive.try_recv() {
                Box::pin(self.engine.late_press(&id, press)).await;
            }
        }
        gone
    }

    /// Parse, ask, prepare.
    async fn consider(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let engine = self.engine;
        let invocation = record.invocation();
        if engine.clock.now() - invocation.received_at > STALE {
            let refusal = Refusal::new(
                "You asked this while I was not there, too long ago to do it now.",
                "Ask again if it is still needed.",
            );
            return self.refuse(record, "stale", &refusal).await;
        }
        let place = engine.place(&invocation.origin).await;
        let parsed = parse::parse(&engine.registry, &engine.orgs, &invocation.origin.text);
        let changes = parsed.as_ref().is_ok_and(|parsed| parsed.spec().risk.is_some());
        let freshness = if changes { Freshness::Fresh } else { Freshness::Cached };
        let person = match engine.people.get(&invocation.origin.person.user, freshness).await {
            Ok(person) => person,
            Err(error) => {
                let refusal = Refusal::new(
                    "Slack did not tell me who you are, so I did nothing.",
                    "Try again in a minute.",
                )
                .logged(error.to_string());
                return self.refuse(record, "person.unknown", &refusal).await;
            }
        };
        match ask::admit(&person) {
            Admission::Admitted => {}
            Admission::Ignored(why) => {
                let entry = record.entry("ignored", json!({ "why": why }));
                return self.end_quietly(record, entry).await;
            }
            Admission::Refused(refusal) => return self.refuse(record, "denied", &refusal).await,
        }
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(unparsed) => {
                let words = words::unparsed(&unparsed, &engine.orgs, &place);
                let entry = record.entry("answered", json!({ "usage": true }));
                return self.answer(record, None, words, Audience::Person, entry).await;
            }
        };
        let asked = match ask::ask(&person, &place, parsed) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(record, "denied", &refusal).await,
        };
        let prepared = prepare::prepare(
            &engine.operations,
            &asked,
            &record.invocation().id,
            &person,
            &place,
            record.invocation().received_at,
        )
        .await;
        match prepared {
            Ok(outcome) => self.take_outcome(record, &asked, outcome).await,
            Err(refusal) => self.refuse(record, "refused", &refusal).await,
        }
    }

    async fn take_outcome(
        &mut self,
        record: &mut Record,
        asked: &Asked,
        outcome: Outcome,
    ) -> Result<(), Stopped> {
        let spec = asked.parsed().spec();
        let args = asked.parsed().args();
        match outcome {
            Outcome::Reply(message) => {
                let body = json!({ "command": spec.name, "args": args, "may": asked.reason() });
                let entry = record.entry("answered", body);
                self.answer(record, Some(asked), message, spec.audience, entry).await
            }
            Outcome::Plan(examined) if args.flag("dry-run") => {
                let words = words::dry_run(&examined, &record.invocation().id);
                let body = json!({ "command": spec.name, "args": args, "may": asked.reason(), "dry_run": examined.digest() });
                let entry = record.entry("answered", body);
                self.answer(record, Some(asked), words, spec.audience, entry).await
            }
            Outcome::Plan(examined) => {
                let now = self.engine.clock.now();
                let progress = gate::oblige(&examined, spec.risk, &asked.parsed().registered().auth, now);
                let body = json!({
                    "command": spec.name, "args": args, "may": asked.reason(), "digest": examined.digest(),
                    "plan": examined.plan(), "obligations": progress.obligations,
                });
                let change = Change {
                    state: Some(State::Planned),
                    command: Some(spec.name.clone()),
                    args: Some(args.clone()),
                    plan: Some(examined.plan().clone()),
                    digest: Some(examined.digest().clone()),
                    gate: Some(json!(progress)),
                    audit: vec![record.entry("planned", body)],
                    ..Change::default()
                };
                record.change(change).await?;
                Ok(())
            }
        }
    }

    /// Answers, and notes that it was answered.
    async fn answer(
        &mut self,
        record: &mut Record,
        asked: Option<&Asked>,
        message: Message,
        audience: Audience,
        entry: crate::store::AuditEntry,
    ) -> Result<(), Stopped> {
        let posted = if record.invocation().posted.is_some() || self.slot.is_some() {
            self.show_last(record, message).await?
        } else if audience == Audience::Person {
            self.engine.reporter.whisper(record.invocation(), &message, self.before).await?;
            None
        } else {
            self.engine.reporter.say(record.invocation(), &message, "main", self.before).await?
        };
        let change = Change {
            state: Some(State::Answered),
            command: asked.map(|asked| asked.parsed().spec().name.clone()),
            args: asked.map(|asked| asked.parsed().args().clone()),
            posted,
            reported: Some(true),
            audit: vec![entry],
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    async fn refuse(&mut self, record: &mut Record, event: &str, refusal: &Refusal) -> Result<(), Stopped> {
        let id = &record.invocation().id;
        if let Some(log) = &refusal.log {
            tracing::warn!(invocation = id, log, "refused");
        }
        let message = words::refusal(refusal, id);
        if record.invocation().posted.is_some() || self.slot.is_some() {
            self.show_last(record, message).await?;
        } else {
            self.engine.reporter.whisper(record.invocation(), &message, self.before).await?;
        }
        let body = json!({ "what": refusal.what.words(), "log": refusal.log });
        let change = Change {
            state: Some(State::Denied),
            reported: Some(true),
            audit: vec![record.entry(event, body)],
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    async fn end_quietly(
        &mut self,
        record: &mut Record,
        entry: crate::store::AuditEntry,
    ) -> Result<(), Stopped> {
        let change = Change {
            state: Some(State::Denied),
            reported: Some(true),
            audit: vec![entry],
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    /// The plan in hand, and what the gate knows of it.
    fn stored(&self, record: &Record) -> Result<(Examined, Progress), Refusal> {
        restored(&self.engine.operations, record.invocation())
    }

    /// What is stored cannot be taken up by this program. With nothing done yet that is said and over; what
    /// is half done is left to a program that knows it.
    async fn unreadable(&mut self, record: &mut Record, refusal: &Refusal) -> Result<(), Stopped> {
        if record.steps().is_empty() {
            return self.refuse(record, "plan.unreadable", refusal).await;
        }
        Err(Stopped::Unknown { log: refusal.log.clone().unwrap_or_default() })
    }

    async fn gate(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let (examined, progress) = match self.stored(record) {
            Ok(stored) => stored,
            Err(refusal) => return self.unreadable(record, &refusal).await,
        };
        self.open_slot(record);
        let change = if progress.obligations.is_empty() {
            Change { state: Some(State::Running), ..Change::default() }
        } else {
            if self.mail.is_none() {
                self.mail = Some(self.engine.mailboxes.open(&record.invocation().id));
            }
            self.show(words::waiting(&examined, &progress, record, self.instead.as_ref()));
            Change { state: Some(State::Waiting), ..Change::default() }
        };
        record.change(change).await?;
        Ok(())
    }

    /// Waits for people, or until it is too late.
    async fn wait(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let (examined, mut progress) = match self.stored(record) {
            Ok(stored) => stored,
            Err(refusal) => return self.unreadable(record, &refusal).await,
        };
        if self.slot.is_none() {
            self.open_slot(record);
            self.show(words::waiting(&examined, &progress, record, self.instead.as_ref()));
        }
        let engine = Arc::clone(self.engine);
        let mail = self.mail.get_or_insert_with(|| engine.mailboxes.open(&record.invocation().id));
        let press = loop {
            let left = (progress.expires - engine.clock.now()).to_std().unwrap_or_default();
            if left.is_zero() {
                break None;
            }
            tokio::select! {
                press = mail.receive.recv() => break press,
                () = tokio::time::sleep(left.min(NAP)) => {}
            }
        };
        let Some(press) = press else {
            let outcome = words::expired(&examined, record.invocation());
            return self.give_up(record, &examined, State::Expired, "expired", outcome, Vec::new()).await;
        };
        let for_this = press.digest.as_deref() == Some(examined.digest().0.as_str());
        let mine = gate::fulfils(Obligation::Confirm, &press.by, &record.invocation().origin.person);
        match press.action {
            _ if !for_this => {
                self.engine
                    .hint(
                        &press,
                        record.invocation(),
                        Message::new("That was an older plan; the newest is in the thread."),
                    )
                    .await;
                self.engine.settle_press(&press, "an older plan").await;
                Ok(())
            }
            _ if !mine => {
                let text = Message::new("Only the person who asked can decide this.");
                self.engine.hint(&press, record.invocation(), text).await;
                self.engine.settle_press(&press, "not the person who asked").await;
                Ok(())
            }
            Action::Cancel => {
                let outcome = words::cancelled(&examined, record.invocation(), &press.by.user);
                let clicks = vec![press.key];
                self.give_up(record, &examined, State::Cancelled, "cancelled", outcome, clicks).await
            }
            Action::Run | Action::Retry => {
                if let Err(refusal) = self.engine.still_admitted(&press.by).await {
                    self.engine
                        .hint(&press, record.invocation(), words::refusal(&refusal, &record.invocation().id))
                        .await;
                    self.engine.settle_press(&press, "may not use the bot now").await;
                    return Ok(());
                }
                progress.evidence.push(Evidence {
                    obligation: Obligation::Confirm,
                    by: press.by.clone(),
                    digest: examined.digest().clone(),
                    at: press.at,
                });
                let entry = record.entry("confirmed", json!({ "by": press.by, "digest": examined.digest() }));
                let change = Change {
                    state: Some(State::Running),
                    gate: Some(json!(progress)),
                    audit: vec![entry],
                    clicks_done: vec![press.key],
                    ..Change::default()
                };
                Ok(record.change(change).await?)
            }
        }
    }

    async fn run(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let (examined, progress) = match self.stored(record) {
            Ok(stored) => stored,
            Err(refusal) => return self.unreadable(record, &refusal).await,
        };
        self.open_slot(record);
        let name = record.invocation().command.clone().unwrap_or_default();
        let auth = match self.engine.registry.find(&name) {
            Some(registered) => registered.auth.clone(),
            None if record.steps().is_empty() => {
                let refusal =
                    Refusal::new("This command is not there any more.", "See what there is with !Help.");
                return self.refuse(record, "command.gone", &refusal).await;
            }
            // What has begun is brought to its end.
            None => Vec::new(),
        };
        // What has begun is brought to its end, even if its time ran out meanwhile.
        let now = if record.steps().is_empty() { self.engine.clock.now() } else { progress.planned_at };
        let person = record.invocation().origin.person.clone();
        let gated = match gate::gate(examined.clone(), &progress, &person, &auth, now) {
            Gated::Open(gated) => gated,
            Gated::Expired => {
                let outcome = words::expired(&examined, record.invocation());
                return self.end(record, State::Expired, "expired", outcome, Vec::new()).await;
            }
            Gated::Waiting(_) => {
                let change = Change { state: Some(State::Waiting), ..Change::default() };
                return Ok(record.change(change).await?);
            }
            Gated::Void => {
                let refusal =
                    Refusal::new("The plan is not the one that was confirmed.", "Type the command again.");
                return self.refuse(record, "plan.void", &refusal).await;
            }
        };
        let slot = self.slot.as_ref();
        let show = |record: &Record| {
            if let Some(slot) = slot {
                slot.show(words::working(&examined, record));
            }
        };
        let ended = self.engine.executor.execute(record, *gated, &show).await?;
        if let Ended::Void(why) = &ended {
            self.replans += 1;
            if self.replans <= REPLANS {
                let entry = record.entry("plan.void", json!({ "why": why.words() }));
                self.instead = Some(why.clone());
                let change = Change { state: Some(State::Received), audit: vec![entry], ..Change::default() };
                return Ok(record.change(change).await?);
            }
        }
        let took = self.engine.clock.now() - record.invocation().received_at;
        let outcome = words::ended(&examined, record, &ended, took);
        let (state, event) = match ended {
            Ended::Done => (State::Done, "done"),
            Ended::Partial => (State::Partial, "partial"),
            Ended::Failed | Ended::Void(_) | Ended::Blind(_) => (State::Failed, "failed"),
        };
        self.end(record, state, event, outcome, Vec::new()).await
    }

    /// Nothing more is to be done. What an earlier run has done still stands, and is said.
    async fn give_up(
        &mut self,
        record: &mut Record,
        examined: &Examined,
        state: State,
        event: &str,
        outcome: Message,
        clicks_done: Vec<String>,
    ) -> Result<(), Stopped> {
        if record.steps().iter().all(|known| matches!(known.state, StepState::Failed | StepState::Skipped)) {
            return self.end(record, state, event, outcome, clicks_done).await;
        }
        let took = self.engine.clock.now() - record.invocation().received_at;
        let outcome = words::ended(examined, record, &Ended::Partial, took);
        self.end(record, State::Partial, event, outcome, clicks_done).await
    }

    /// Writes the end down before it is said.
    async fn end(
        &mut self,
        record: &mut Record,
        state: State,
        event: &str,
        outcome: Message,
        clicks_done: Vec<String>,
    ) -> Result<(), Stopped> {
        let entry = record.entry(event, json!({ "digest": record.invocation().digest }));
        let posted = self.slot.as_ref().and_then(Slot::posted);
        let change = Change {
            state: Some(state),
            outcome: Some(outcome),
            posted,
            audit: vec![entry],
            clicks_done,
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    /// Says the end.
    async fn conclude(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let posted = match record.invocation().outcome.clone() {
            Some(outcome) => self.show_last(record, outcome).await?,
            None => None,
        };
        let change = Change { reported: Some(true), posted, ..Change::default() };
        Ok(record.change(change).await?)
    }

    fn open_slot(&mut self, record: &Record) {
        if self.slot.is_none() {
            self.slot = Some(Slot::open(self.engine.reporter.clone(), record.invocation(), self.before));
        }
    }

    fn show(&self, message: Message) {
        if let Some(slot) = &self.slot {
            slot.show(message);
        }
    }

    /// Shows the last words in the one message and waits until they stand in Slack.
    async fn show_last(&mut self, record: &Record, message: Message) -> Result<Option<Posted>, Stopped> {
        self.open_slot(record);
        let Some(slot) = self.slot.take() else { return Ok(None) };
        slot.show(message);
        self.before = Before::Perhaps;
        Ok(slot.close().await?)
    }
}
