//! One invocation on its way, from station to station.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::{ArgKind, Audience};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place, Standing};
use hubcommander_sdk::text::Text;
use serde_json::json;

use super::announced::Announced;
use super::mailboxes::Mail;
use super::readings::{Reading, note_reading};
use super::{Engine, Stopped, again, restored, untold, waiting};
use crate::invocation::{Posted, State, Via};
use crate::pipeline::ask::{self, Admission, Asked};
use crate::pipeline::execute::Ended;
use crate::pipeline::gate::{self, Gated, Progress};
use crate::pipeline::glass;
use crate::pipeline::parse;
use crate::pipeline::prepare::{self, Examined, Outcome};
use crate::pipeline::record::Record;
use crate::pipeline::report::slot::Slot;
use crate::pipeline::report::{Before, files, words};
use crate::pipeline::rules::Question;
use crate::slack::people::Freshness;
use crate::store::{self, AuditEntry, Booking, Change};

/// How often a plan is made anew because the world changed under it.
const REPLANS: u32 = 3;

/// How long after it was asked something is not done any more, if it could not be begun before.
const STALE: TimeDelta = TimeDelta::hours(2);

/// One invocation on its way.
pub(super) struct Way<'a> {
    pub(super) engine: &'a Arc<Engine>,
    pub(super) before: Before,
    pub(super) slot: Option<Slot>,
    /// What was opened for its clicks. Not its own: they wait on when it falls.
    pub(super) mail: &'a mut Option<Mail>,
    pub(super) replans: u32,
    /// Why an earlier plan was dropped for this one.
    pub(super) instead: Option<Text>,
}

impl Way<'_> {
    pub(super) async fn go(mut self, record: &mut Record) -> Result<(), Stopped> {
        if glass::is_unbroken(record.invocation()) {
            self.leave_unbroken(record).await?;
        }
        loop {
            let step = match record.invocation().state {
                State::Received => self.consider(record).await,
                // Boxed: most commands only ask and are answered, and theirs is a small task then.
                State::Planned => Box::pin(self.gate(record)).await,
                State::Waiting => Box::pin(self.wait(record)).await,
                State::Running => Box::pin(self.run(record)).await,
                _ if record.invocation().reported => return Ok(()),
                _ => Box::pin(self.conclude(record)).await,
            };
            step?;
        }
    }

    /// Whoever asked past Slack is gone, and the two had not both proven themselves: nothing was done of it, and
    /// nothing will be.
    async fn leave_unbroken(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let outcome = words::unbroken(record.invocation());
        self.end(record, State::Expired, "glass.left", outcome, Vec::new()).await
    }

    /// Parse, ask, prepare.
    async fn consider(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let engine = self.engine;
        let invocation = record.invocation();
        let due = invocation.origin.via == Via::Due;
        if !due && engine.clock.now() - invocation.received_at > STALE {
            let refusal = Refusal::new(
                "You asked this while I was not there, too long ago to do it now.",
                "Ask again if it is still needed.",
            );
            return self.refuse(record, "stale", &refusal).await;
        }
        let place = engine.place(&invocation.origin).await;
        let parsed = parse::parse_as(&engine.registry, &engine.orgs, &invocation.origin.text, due);
        let changes = parsed.as_ref().is_ok_and(|parsed| parsed.spec().risk.is_some());
        let freshness = if changes { Freshness::Fresh } else { Freshness::Cached };
        let person = match engine.people.get(&invocation.origin.person.user, freshness).await {
            Ok(person) => person,
            // What is due is done for those too who are not there any more.
            Err(_) if due => Arc::new(absent(&invocation.origin.person)),
            Err(error) => {
                let refusal = untold(&error, "Try again in a minute.");
                return self.refuse(record, "person.unknown", &refusal).await;
            }
        };
        match ask::admit(&person) {
            _ if due => {}
            Admission::Admitted => {}
            Admission::Ignored(why) => {
                let entry = record.entry("ignored", json!({ "why": why }));
                return self.end_quietly(record, entry).await;
            }
            // What a command says of itself is not for everybody either.
            Admission::Refused(refusal) if parsed.is_err() => {
                return self.refuse(record, "denied", &refusal).await;
            }
            Admission::Refused(_) => {}
        }
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(unparsed) => {
                let marked = record.invocation().origin.via == Via::Bang;
                let words = words::unparsed(&unparsed, &engine.orgs, &place, marked);
                let entry = record.entry("answered", json!({ "usage": true }));
                return self.answer(record, None, words, Audience::Person, entry).await;
            }
        };
        let asked = if due {
            ask::due(parsed)
        } else {
            let now = engine.clock.now();
            match ask::ask(&*engine.rules, &person, &place, parsed, now).await {
                Ok(asked) => asked,
                Err(refusal) => return self.refuse(record, "denied", &refusal).await,
            }
        };
        if !due && let Err(over) = engine.limits.take(&person.id, asked.parsed().spec()) {
            return match over.to_be_said {
                true => self.refuse(record, "limited", &words::limited(over.wait)).await,
                false => self.end_quietly(record, record.entry("limited", json!({}))).await,
            };
        }
        let announced =
            Announced::new(engine, record.invocation(), asked.parsed().spec().audience, self.before);
        let prepared = prepare::prepare(
            &engine.operations,
            &asked,
            &record.invocation().id,
            &person,
            &place,
            record.invocation().received_at,
            announced.headway(),
        )
        .await;
        if let Some(slot) = announced.slot() {
            self.slot = Some(slot);
        }
        match prepared {
            Ok(outcome) => self.take_outcome(record, &asked, outcome, &person, &place).await,
            Err(refusal) => self.refuse(record, "refused", &refusal).await,
        }
    }

    async fn take_outcome(
        &mut self,
        record: &mut Record,
        asked: &Asked,
        outcome: Outcome,
        person: &Person,
        place: &Place,
    ) -> Result<(), Stopped> {
        let spec = asked.parsed().spec();
        let args = asked.parsed().args();
        match outcome {
            Outcome::Reply(message) => {
                let body = json!({
                    "command": spec.name, "args": args, "may": asked.leave().reason,
                    "policies": asked.leave().policies,
                });
                let entry = record.entry("answered", body);
                self.answer(record, Some(asked), message, spec.audience, entry).await
            }
            Outcome::Plan(examined) if args.flag("dry-run") => {
                let words = words::dry_run(&examined, &record.invocation().id);
                let body = json!({ "command": spec.name, "args": args, "may": asked.leave().reason, "dry_run": examined.digest() });
                let entry = record.entry("answered", body);
                self.answer(record, Some(asked), words, spec.audience, entry).await
            }
            Outcome::Plan(examined) if self.engine.lockdown.holds(&examined) => {
                let refusal = words::held(self.engine.lockdown.locked().as_ref());
                self.refuse(record, "held", &refusal).await
            }
            Outcome::Plan(examined) => {
                let now = self.engine.clock.now();
                let due = record.invocation().origin.via == Via::Due;
                let (mut progress, leave, policies) = if due && !spec.judged_when_due {
                    (gate::approved_before(&examined, now), asked.leave().clone(), Vec::new())
                } else {
                    let registered = asked.parsed().registered();
                    let question = Question { person, place, spec, args, at: now };
                    let judged = if due {
                        let taken = self.engine.takes_when_due(&question, registered, &examined).await;
                        taken.map(|(required, policies)| (asked.leave().clone(), required, policies))
                    } else {
                        self.engine.judged(&question, registered, &examined).await
                    };
                    match judged {
                        Ok((leave, required, policies)) => {
                            let waits = self.engine.waits(&required);
                            (gate::oblige(&examined, required, waits, now), leave, policies)
                        }
                        Err(refusal) => return self.refuse(record, "denied", &refusal).await,
                    }
                };
                // The card of the plan that this one takes the place of.
                progress.card = self.card(record);
                let touched = store::resources(examined.plan(), &record.invocation().origin.person);
                let body = json!({
                    "command": spec.name, "args": args, "may": leave.reason, "policies": leave.policies,
                    "digest": examined.digest(), "plan": examined.plan(),
                    "requires": progress.requirements, "required_by": policies,
                });
                let change = Change {
                    state: Some(State::Planned),
                    command: Some(spec.name.clone()),
                    args: Some(args.clone()),
                    plan: Some(examined.plan().clone()),
                    digest: Some(examined.digest().clone()),
                    gate: Some(json!(progress)),
                    touched,
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
        entry: AuditEntry,
    ) -> Result<(), Stopped> {
        if let Some(asked) = asked {
            self.note_reading(record, asked).await?;
        }
        let message = files::announced(message, record.invocation(), audience);
        let sent = message.files.clone();
        let posted = if record.invocation().posted.is_some() || self.slot.is_some() {
            self.show_last(record, message).await?
        } else if message.says_nothing() {
            None
        } else if audience == Audience::Direct {
            let posted = self
                .engine
                .reporter
                .say(record.invocation(), &message, "main", self.before, audience)
                .await?;
            if record.invocation().origin.conversation != Conversation::Direct {
                self.engine.reporter.point(record.invocation()).await;
            }
            posted
        } else if audience == Audience::Person && record.invocation().origin.via != Via::Due {
            // What the bot says of its own accord is not seen at once, so it goes where it stays.
            self.engine.reporter.whisper(record.invocation(), &message, self.before).await?;
            None
        } else {
            self.engine.reporter.say(record.invocation(), &message, "main", self.before, audience).await?
        };
        // Boxed: few answers have any.
        Box::pin(self.engine.reporter.send(record.invocation(), &sent, audience, self.before)).await;
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

    /// Whoever reads what is for one person alone, about somebody else, is known to them. Noted before it is shown.
    async fn note_reading(&self, record: &Record, asked: &Asked) -> Result<(), Stopped> {
        let spec = asked.parsed().spec();
        if !spec.audience.is_one() {
            return Ok(());
        }
        let invocation = record.invocation();
        let by = &invocation.origin.person;
        for arg in spec.args.iter().filter(|arg| arg.kind == ArgKind::Person) {
            let Some(user) = asked.parsed().args().text(&arg.name).filter(|user| *user != by.user) else {
                continue;
            };
            let (by, at) = (by.clone(), self.engine.clock.now());
            let reading = Reading { by, command: spec.name.clone(), at };
            note_reading(&*self.engine.store, user, &invocation.id, &reading).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, record: &mut Record, event: &str, refusal: &Refusal) -> Result<(), Stopped> {
        let id = &record.invocation().id;
        if let Some(log) = &refusal.log {
            tracing::warn!(invocation = id, log, "refused");
        }
        let again = again::after(record.invocation(), self.engine.clock.now());
        let message = again::told(words::refusal(refusal, id), again.as_ref());
        if event == "denied" {
            self.engine.denied(&record.invocation().origin.person).await;
        }
        if let Some(again) = &again {
            let log = refusal.log.as_deref().unwrap_or("refused");
            self.engine.alarm.raise(again.alarm(record.invocation(), log)).await;
        }
        let (posted, replaces) = (&record.invocation().posted, &record.invocation().origin.replaces);
        // What could not be brought up to date stays as it was.
        if (posted.is_some() && posted != replaces) || self.slot.is_some() {
            self.show_last(record, message).await?;
        } else {
            self.engine.reporter.whisper(record.invocation(), &message, self.before).await?;
        }
        self.close_card(record, &State::Denied, &refusal.what).await;
        let body = json!({
            "what": refusal.what.words(), "todo": refusal.todo.words(), "log": refusal.log,
        });
        let change = Change {
            state: Some(State::Denied),
            reported: Some(true),
            audit: vec![record.entry(event, body)],
            book: again::book(again),
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    async fn end_quietly(&mut self, record: &mut Record, entry: AuditEntry) -> Result<(), Stopped> {
        let change = Change {
            state: Some(State::Denied),
            reported: Some(true),
            audit: vec![entry],
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    /// The plan in hand, and what the gate knows of it.
    pub(super) fn stored(&self, record: &Record) -> Result<(Examined, Progress), Refusal> {
        restored(&self.engine.operations, record.invocation())
    }

    /// What is stored cannot be taken up by this program. With nothing done yet that is said and over; what
    /// is half done is left to a program that knows it.
    pub(super) async fn unreadable(&mut self, record: &mut Record, refusal: &Refusal) -> Result<(), Stopped> {
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
        let held = self.engine.lockdown.holds(&examined);
        let change = if progress.requirements.is_empty() && !held {
            Change { state: Some(State::Running), ..Change::default() }
        } else {
            if self.mail.is_none() {
                *self.mail = Some(self.engine.mailboxes.open(&record.invocation().id));
            }
            Change { state: Some(State::Waiting), ..Change::default() }
        };
        record.change(change).await?;
        Ok(())
    }

    async fn run(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let (examined, progress) = match self.stored(record) {
            Ok(stored) => stored,
            Err(refusal) => return self.unreadable(record, &refusal).await,
        };
        self.open_slot(record);
        // What has begun is brought to its end, even if its time ran out or the rules changed meanwhile.
        let begun = !record.steps().is_empty();
        let now = if begun { progress.planned_at } else { self.engine.clock.now() };
        let required =
            if begun { Ok(Vec::new()) } else { self.required_by_now(record, &examined, &progress).await };
        let required = match required {
            Ok(required) => required,
            Err(refusal) => return self.refuse(record, "denied", &refusal).await,
        };
        if !begun && self.engine.lockdown.holds(&examined) {
            if record.invocation().origin.via == Via::Glass {
                let refusal = words::held(self.engine.lockdown.locked().as_ref());
                return self.refuse(record, "held", &refusal).await;
            }
            let change = Change { state: Some(State::Waiting), ..Change::default() };
            return Ok(record.change(change).await?);
        }
        let person = record.invocation().origin.person.clone();
        let gated = match gate::gate(examined.clone(), &progress, &person, &required, now) {
            Gated::Open(gated) => gated,
            Gated::Expired => {
                let outcome = words::expired(&examined, record.invocation());
                return self.end(record, State::Expired, "expired", outcome, Vec::new()).await;
            }
            Gated::Waiting(missing) if record.invocation().origin.via == Via::Glass && !begun => {
                // Nobody can add to it here what was not given there.
                let refusal = Refusal::new(
                    "Not everything that it takes was given on the host.",
                    "Nothing was changed. Ask for it again if it is still needed.",
                )
                .logged(format!("missing: {missing:?}"));
                return self.refuse(record, "denied", &refusal).await;
            }
            Gated::Waiting(_) => {
                let gate = Some(json!(progress.with(&required)));
                let change = Change { state: Some(State::Waiting), gate, ..Change::default() };
                return Ok(record.change(change).await?);
            }
            Gated::Void => {
                let refusal =
                    Refusal::new("The plan is not the one that was confirmed.", "Type the command again.");
                return self.refuse(record, "plan.void", &refusal).await;
            }
        };
        let slot = self.slot.as_ref();
        let show = |record: &Record, waits: Option<Duration>| {
            if let Some(slot) = slot {
                slot.show(words::working(&examined, record, waits));
            }
        };
        let ended = self.engine.executor.execute(record, *gated, &show).await?;
        let once = match record.invocation().origin.via {
            Via::Due => !self.engine.is_judged_when_due(record.invocation()),
            Via::Glass => true,
            _ => false,
        };
        if let Ended::Void(why) = &ended {
            self.replans += 1;
            // What was put off, or approved past Slack, is done as it was approved, or not at all.
            if self.replans <= REPLANS && !once {
                let entry = record.entry("plan.void", json!({ "why": why.words() }));
                self.instead = Some(why.clone());
                let change = Change { state: Some(State::Received), audit: vec![entry], ..Change::default() };
                return Ok(record.change(change).await?);
            }
        }
        self.engine.notice(record, &examined).await;
        let took = self.engine.clock.now() - record.invocation().received_at;
        let outcome = words::ended(&examined, record, &ended, took);
        let (state, event) = match ended {
            Ended::Done => (State::Done, "done"),
            Ended::Partial => (State::Partial, "partial"),
            Ended::Held if record.steps().iter().all(|known| known.state.left_nothing()) => {
                (State::Failed, "held")
            }
            Ended::Held => (State::Partial, "held"),
            Ended::Failed | Ended::Void(_) | Ended::Blind(_) => (State::Failed, "failed"),
        };
        let again = match ended {
            Ended::Done => None,
            Ended::Void(_) if once => None,
            _ => again::after(record.invocation(), self.engine.clock.now()),
        };
        if let Some(again) = &again {
            self.engine.alarm.raise(again.alarm(record.invocation(), event)).await;
        }
        let outcome = again::told(outcome, again.as_ref());
        self.end_with(record, state, event, outcome, Vec::new(), again::book(again)).await
    }

    /// What the rules ask for by now. Of a plan that was made just now, by what was asked for then, nothing more.
    async fn required_by_now(
        &self,
        record: &Record,
        examined: &Examined,
        progress: &Progress,
    ) -> Result<Vec<Requirement>, Refusal> {
        let invocation = record.invocation();
        let just_now = progress.requirements.is_empty() && progress.is_fresh(self.engine.clock.now());
        let due = invocation.origin.via == Via::Due;
        if just_now || (due && !self.engine.is_judged_when_due(invocation)) {
            return Ok(Vec::new());
        }
        if let Some(glass) = &invocation.origin.glass
            && glass::is_past_slack(progress, glass)
        {
            return glass::still(&self.engine.glass, &invocation.origin.person, glass);
        }
        let name = invocation.command.as_deref().unwrap_or_default();
        let Some(registered) = self.engine.registry.find(name) else {
            return Err(Refusal::new("This command is not there any more.", "See what there is with !Help."));
        };
        if !due {
            self.engine.still_active(&invocation.origin.person).await?;
        }
        self.engine.required(invocation, registered, examined).await
    }

    /// The card in the approvers' channel, if there is one.
    fn card(&self, record: &Record) -> Option<gate::Card> {
        serde_json::from_value::<Progress>(record.invocation().gate.clone()?).ok()?.card
    }

    /// Shows on the card in the approvers' channel how it ended.
    async fn close_card(&self, record: &Record, state: &State, how: &Text) {
        if self.card(record).is_none() {
            return;
        }
        if let Ok((examined, progress)) = self.stored(record) {
            waiting::close_card(self.engine, record, &examined, &progress, *state, how.clone()).await;
        }
    }

    /// Nothing more is to be done. What an earlier run has done still stands, and is said.
    pub(super) async fn give_up(
        &mut self,
        record: &mut Record,
        examined: &Examined,
        state: State,
        event: &str,
        outcome: Message,
        clicks_done: Vec<String>,
    ) -> Result<(), Stopped> {
        if record.steps().iter().all(|known| known.state.left_nothing()) {
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
        // What was due and had to wait for too long is due again.
        let expired = state == State::Expired;
        let again = expired.then(|| again::after(record.invocation(), self.engine.clock.now())).flatten();
        let outcome = again::told(outcome, again.as_ref());
        self.end_with(record, state, event, outcome, clicks_done, again::book(again)).await
    }

    /// The same, with what becomes due by it.
    async fn end_with(
        &mut self,
        record: &mut Record,
        state: State,
        event: &str,
        outcome: Message,
        clicks_done: Vec<String>,
        book: Booking,
    ) -> Result<(), Stopped> {
        let entry = record.entry(event, json!({ "digest": record.invocation().digest }));
        let posted = self.slot.as_ref().and_then(Slot::posted);
        let change = Change {
            state: Some(state),
            outcome: Some(outcome),
            posted,
            audit: vec![entry],
            clicks_done,
            book,
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    /// Says the end.
    async fn conclude(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let posted = match record.invocation().outcome.clone() {
            Some(outcome) => {
                let how = in_short(&outcome, record.invocation().state);
                let posted = self.show_last(record, outcome).await?;
                let state = record.invocation().state;
                self.close_card(record, &state, &how).await;
                posted
            }
            None => None,
        };
        let change = Change { reported: Some(true), posted, ..Change::default() };
        Ok(record.change(change).await?)
    }

    pub(super) fn open_slot(&mut self, record: &Record) {
        if self.slot.is_none() {
            let (engine, invocation) = (self.engine, record.invocation());
            let audience = engine.audience(invocation);
            self.slot = Some(Slot::open(engine.reporter.clone(), invocation, self.before, audience));
        }
    }

    pub(super) fn show(&self, message: Message) {
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

/// How it ended, for those who were asked to approve it: what was done, or who said what.
fn in_short(outcome: &Message, state: State) -> Text {
    let said = outcome.body.iter().find_map(|part| match part {
        Part::Line(text) => Some(text.clone()),
        _ => None,
    });
    match (state, said) {
        (State::Denied | State::Cancelled, Some(said)) => said,
        (State::Expired | State::Failed, Some(said)) => outcome.headline.clone().plain(". ").then(said),
        _ => outcome.headline.clone(),
    }
}

/// Somebody of whom Slack tells nothing any more.
fn absent(id: &PersonId) -> Person {
    Person {
        id: id.clone(),
        standing: Standing::Deactivated,
        name: id.user.clone(),
        email: None,
        tz_offset: None,
    }
}
