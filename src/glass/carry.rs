//! The row of a command that is asked on the host, from its first line to its end, and that of those which somebody
//! left before.

use std::sync::Arc;

use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;
use serde_json::json;
use tokio::task::JoinHandle;

use super::ask::{Answered, Considered, Planned};
use super::host::Host;
use super::{Ask, Ending, How, Trouble};
use crate::invocation::{BreakGlass, Invocation, Origin, State, Via};
use crate::pipeline::engine::restored;
use crate::pipeline::execute::Ended;
use crate::pipeline::gate::{self, Gated, Progress};
use crate::pipeline::glass;
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;
use crate::pipeline::report::words;
use crate::redact::redact;
use crate::store::{self, Booking, Change, NewInvocation, Store};

/// Says that we are at it, until it is dropped.
struct Beating(JoinHandle<()>);

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The line as it would stand after the address in Slack, without what looks like a secret.
fn bare(line: &str) -> String {
    redact(line.trim().trim_start_matches('!').trim_start())
}

impl Host<'_> {
    /// Runs a new command. Gives its end, and whether the glass was broken for it.
    pub(super) async fn run(&self, ask: &Ask, by: &Person, with: &Person) -> Result<(Ending, bool), Trouble> {
        let id = self.ids.next();
        let place = self.place();
        let origin = Origin {
            person: by.id.clone(),
            channel: place.channel,
            conversation: place.conversation,
            shared: false,
            ts: None,
            thread_ts: None,
            via: Via::Glass,
            text: bare(&ask.line),
            response_url: None,
            due: None,
            replaces: None,
            glass: Some(BreakGlass { with: with.id.clone(), reason: redact(ask.reason.trim()) }),
        };
        let beating = self.beat(&id).await?;
        let at = self.clock.now();
        let new = NewInvocation { id: id.clone(), keys: vec![format!("glass:{id}")], origin, at, due: None };
        self.store.receive(new).await?;
        let mut record = self.in_hand(&id).await?;
        let ended = self.go_on(&mut record, ask, by, with).await;
        if let Err(Trouble::Refused(refusal)) = &ended
            && glass::is_unbroken(record.invocation())
        {
            let body = json!({
                "what": refusal.what.words(), "todo": refusal.todo.words(), "log": refusal.log,
                "glass": record.invocation().origin.glass,
            });
            let entry = record.entry("refused", body);
            let change = Change {
                state: Some(State::Denied),
                reported: Some(true),
                audit: vec![entry],
                ..Change::default()
            };
            record.change(change).await?;
        }
        drop(beating);
        glass::let_go(&*self.store, &id).await?;
        ended
    }

    async fn go_on(
        &self,
        record: &mut Record,
        ask: &Ask,
        by: &Person,
        with: &Person,
    ) -> Result<(Ending, bool), Trouble> {
        let (id, text) = (record.invocation().id.clone(), record.invocation().origin.text.clone());
        let planned = match self.consider(&id, &text, by, Some(&with.id)).await? {
            Considered::Plan(planned) => *planned,
            Considered::Answer(Answered { command, args, message }) => {
                let body = json!({ "command": command, "args": args, "may": "may break the glass" });
                let change = Change {
                    state: Some(State::Answered),
                    command: Some(command),
                    args: Some(args),
                    reported: Some(true),
                    audit: vec![record.entry("answered", body)],
                    ..Change::default()
                };
                record.change(change).await?;
                return Ok((Ending { how: How::Answered, message }, false));
            }
            Considered::Unparsed(message) => {
                let entry = record.entry("answered", json!({ "usage": true }));
                let change = Change {
                    state: Some(State::Answered),
                    reported: Some(true),
                    audit: vec![entry],
                    ..Change::default()
                };
                record.change(change).await?;
                return Ok((Ending::nothing(message), false));
            }
        };
        let mut progress = self.note_plan(record, &planned, by).await?;
        if let Err(not) = self.prove(record, &planned, &mut progress, ask, (by, with)).await? {
            // That somebody did not mean it is told, at once or as soon as may be.
            let booking = Booking {
                due: not.fraud.then(|| self.due(record)).into_iter().collect(),
                ..Booking::default()
            };
            self.end_with(record, not.state, not.event, &not.message, booking).await?;
            if not.fraud {
                self.tell(record.invocation()).await;
            }
            return Ok((Ending::nothing(not.message), false));
        }
        Ok((self.carry(record, planned.examined, progress).await?, true))
    }

    /// Writes the plan down, with what it takes and the reason that was given for it.
    async fn note_plan(
        &self,
        record: &mut Record,
        planned: &Planned,
        by: &Person,
    ) -> Result<Progress, Trouble> {
        let Planned { command, args, examined, leave, requirements } = planned;
        let now = self.clock.now();
        let mut progress = gate::oblige_shortly(examined, requirements.clone(), glass::WAITS, now);
        let glass = record.invocation().origin.glass.clone();
        progress.give(Requirement::Reason, &by.id, now).words =
            glass.as_ref().map(|glass| glass.reason.clone());
        let body = json!({
            "command": command, "args": args, "may": leave.reason, "policies": leave.policies, "glass": glass,
            "digest": examined.digest(), "plan": examined.plan(), "requires": progress.requirements,
        });
        let change = Change {
            state: Some(State::Planned),
            command: Some(command.clone()),
            args: Some(args.clone()),
            plan: Some(examined.plan().clone()),
            digest: Some(examined.digest().clone()),
            gate: Some(json!(progress)),
            touched: store::resources(examined.plan(), &by.id),
            audit: vec![record.entry("planned", body)],
            ..Change::default()
        };
        record.change(change).await?;
        Ok(progress)
    }

    /// Runs what both have agreed to, or goes on with it: gate, execute, and the end.
    async fn carry(
        &self,
        record: &mut Record,
        examined: Examined,
        progress: Progress,
    ) -> Result<Ending, Trouble> {
        let told = self.tell(record.invocation()).await;
        let (state, event, message) = match self.gate(record, &examined, &progress).await {
            Err(refusal) => {
                let message = words::refusal(&refusal, &record.invocation().id);
                (State::Denied, "denied", message)
            }
            Ok(gated) => {
                let ended = self.executor.execute(record, gated, &|_, _| {}).await?;
                let took = self.clock.now() - record.invocation().received_at;
                let message = words::ended(&examined, record, &ended, took);
                let (state, event) = ending(record, &ended);
                (state, event, message)
            }
        };
        self.end(record, state, event, &message).await?;
        let heard = self.tell_end(record.invocation(), told, &message).await;
        self.terminal.say(if heard {
            "The alarm channel has been told."
        } else {
            "Slack cannot be reached: the bot tells the alarm channel as soon as it can."
        });
        let how = match state {
            State::Done => How::Done,
            State::Partial => How::Partly,
            _ => How::Nothing,
        };
        let undo = Text::new()
            .plain("To take it back, in Slack: ")
            .code(format!("!Undo {}", record.invocation().id));
        let undone = !message.buttons.is_empty() && matches!(how, How::Done | How::Partly);
        let message = if undone { message.line(undo) } else { message };
        Ok(Ending { how, message })
    }

    /// The gate, by the configuration and the lockdown of now. What has begun is brought to its end.
    async fn gate(
        &self,
        record: &Record,
        examined: &Examined,
        progress: &Progress,
    ) -> Result<gate::GatedPlan, Refusal> {
        let origin = &record.invocation().origin;
        let begun = !record.steps().is_empty();
        let Some(glass) = &origin.glass else {
            return Err(Refusal::new("This was not asked past Slack.", "Nothing was done."));
        };
        let by_now = if begun { Vec::new() } else { glass::still(&self.people, &origin.person, glass)? };
        if !begun && self.lockdown.holds(examined) {
            return Err(words::held(self.lockdown.locked().as_ref()));
        }
        let now = if begun { progress.planned_at } else { self.clock.now() };
        match gate::gate(examined.clone(), progress, &origin.person, &by_now, now) {
            Gated::Open(gated) => Ok(*gated),
            Gated::Expired => Err(Refusal::new(
                "The time for it ran out before it was begun.",
                "Nothing was changed. Ask for it again if it is still needed.",
            )),
            Gated::Waiting(missing) => Err(Refusal::new(
                "Not everything that it takes was given.",
                "Nothing was changed. Ask for it again if it is still needed.",
            )
            .logged(format!("missing: {missing:?}"))),
            Gated::Void => Err(Refusal::new(
                "The plan is not the one that both agreed to.",
                "Nothing was changed. Look who can write to the store.",
            )),
        }
    }

    /// Writes the end down. Where the bot keeps a message of it in Slack, it says the end there too.
    async fn end(
        &self,
        record: &mut Record,
        state: State,
        event: &str,
        message: &Message,
    ) -> Result<(), Trouble> {
        self.end_with(record, state, event, message, Booking::default()).await
    }

    /// The same, with what becomes due by it.
    async fn end_with(
        &self,
        record: &mut Record,
        state: State,
        event: &str,
        message: &Message,
        book: Booking,
    ) -> Result<(), Trouble> {
        let entry = record.entry(event, json!({ "digest": record.invocation().digest }));
        let change = Change {
            state: Some(state),
            outcome: Some(message.clone()),
            reported: Some(record.invocation().posted.is_none()),
            audit: vec![entry],
            book,
            ..Change::default()
        };
        Ok(record.change(change).await?)
    }

    /// Goes on with what somebody asked past Slack and left: what both had agreed to is brought to its end, and the
    /// rest is ended without being done.
    pub(super) async fn go_on_with_others(&self) -> Result<(), Trouble> {
        for known in self.store.unfinished().await? {
            let Some(glass) = known.origin.glass.clone() else { continue };
            if known.state.is_final() {
                continue;
            }
            if glass::is_held(&*self.store, &known.id, self.clock.now()).await? {
                let what = Text::new()
                    .plain("Somebody is at another command on the host: ")
                    .code(words::typed(&known));
                let todo = "Wait until they are done; where their terminal is gone, half a minute will do.";
                return Err(Refusal::new(what.plain(format!(" ({}).", known.id)), todo).into());
            }
            let unbroken = glass::is_unbroken(&known);
            if !unbroken && known.state != State::Running {
                // It is tried again from Slack, where the bot goes on with it.
                continue;
            }
            let beating = self.beat(&known.id).await?;
            let mut record = self.in_hand(&known.id).await?;
            if unbroken {
                let message = words::unbroken(record.invocation());
                self.end(&mut record, State::Expired, "glass.left", &message).await?;
                self.terminal.say(&message.words());
            } else {
                let ending = self.left_half_done(&mut record, &glass).await?;
                self.terminal.say(&ending.message.words());
            }
            drop(beating);
            glass::let_go(&*self.store, &known.id).await?;
        }
        Ok(())
    }

    async fn left_half_done(&self, record: &mut Record, glass: &BreakGlass) -> Result<Ending, Trouble> {
        let invocation = record.invocation();
        self.terminal.say(&format!(
            "⏳ Going on with what {} and {} had agreed to, and what stood half done: {} ({})",
            invocation.origin.person.user,
            glass.with.user,
            words::typed(invocation),
            invocation.id
        ));
        let (examined, progress) = restored(&self.operations, invocation)?;
        self.carry(record, examined, progress).await
    }

    async fn in_hand(&self, id: &str) -> Result<Record, Trouble> {
        let known: Option<Invocation> = self.store.invocation(id).await?;
        let known = known.ok_or_else(|| {
            Refusal::new("What was asked could not be read again.", "Look whether the store works.")
                .logged(format!("{id} is not there"))
        })?;
        let steps = self.store.steps(id).await?;
        Ok(Record::new(known, steps, self.patient.clone(), Arc::clone(&self.clock)))
    }

    /// Says that we are at it, now and from then on.
    async fn beat(&self, id: &str) -> Result<Beating, Trouble> {
        glass::beat(&*self.store, id, self.clock.now()).await?;
        let (store, clock, id): (Arc<dyn Store>, _, _) =
            (Arc::clone(&self.store), Arc::clone(&self.clock), id.to_owned());
        Ok(Beating(tokio::spawn(async move {
            loop {
                tokio::time::sleep(glass::BEAT).await;
                if let Err(error) = glass::beat(&*store, &id, clock.now()).await {
                    tracing::warn!(%error, "that we are at it could not be noted");
                }
            }
        })))
    }
}

/// The state of what ended so, and the word for it in the audit.
fn ending(record: &Record, ended: &Ended) -> (State, &'static str) {
    let nothing = record.steps().iter().all(|known| known.state.left_nothing());
    match ended {
        Ended::Done => (State::Done, "done"),
        Ended::Partial => (State::Partial, "partial"),
        Ended::Held if nothing => (State::Failed, "held"),
        Ended::Held => (State::Partial, "held"),
        Ended::Failed | Ended::Void(_) | Ended::Blind(_) => (State::Failed, "failed"),
    }
}
