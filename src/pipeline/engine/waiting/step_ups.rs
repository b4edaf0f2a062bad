//! Step-ups: begun, written down, and waited for. Whoever comes after a crash goes on with the same one.

use std::sync::Arc;

use hubcommander_sdk::auth::{ANY, Challenge, Proof, Requirement, Role, StepUp, Unproven};
use hubcommander_sdk::message::{Button, Message, State as Mark};
use hubcommander_sdk::people::{Person, PersonId};
use hubcommander_sdk::text::Text;
use serde_json::json;

use super::{Follows, TRIES, Waiting};
use crate::invocation::State;
use crate::pipeline::engine::{Engine, Press, Stopped};
use crate::pipeline::gate::Ticket;
use crate::pipeline::record::Record;
use crate::pipeline::report::words;
use crate::slack::people::Freshness;
use crate::slack::socket::AlarmKind;

/// How a step-up ended.
pub(super) struct StepUpEnd {
    ticket: Ticket,
    result: Result<Proof, Unproven>,
}

impl Engine {
    /// The step-up of this name; for [`ANY`] the first that is set up and that the person could use.
    fn step_up(&self, by: &str, person: &Person) -> Option<&Arc<dyn StepUp>> {
        let fits = |known: &&Arc<dyn StepUp>| {
            if by == ANY { known.knows(person) } else { known.name() == by }
        };
        self.step_ups.iter().find(fits)
    }

    /// What a step-up takes, in words.
    pub(super) fn takes(&self, by: &str) -> Text {
        let known = self.step_ups.iter().find(|known| known.name() == by || by == ANY);
        known.map_or_else(|| "your proof that it is you".into(), |known| known.takes())
    }
}

/// A no, for the person alone: with the page that helps.
pub(super) fn said(unproven: &Unproven) -> Message {
    let message = Message::new(unproven.what.clone()).state(Mark::Refused).line(unproven.todo.clone());
    match unproven.open.as_deref() {
        Some((label, url)) => message.button(Button::Link { label: label.clone(), url: url.clone() }),
        None => message,
    }
}

fn unreached(log: String) -> Unproven {
    let (what, todo) = ("Slack did not tell me who you are.", "Try again in a minute.");
    Unproven::new(what, todo, log).again()
}

impl Waiting<'_> {
    /// What somebody is to prove: all of it from the plan in hand.
    async fn challenge(&self, record: &Record, person: Person, role: Role) -> Challenge {
        let invocation = record.invocation();
        // For showing only; their id stands beside it.
        let asked_by = self.engine.people.get(&invocation.origin.person.user, Freshness::Cached).await;
        let asked_by_name = asked_by.map(|person| person.name.clone()).unwrap_or_default();
        Challenge {
            invocation: invocation.id.clone(),
            person,
            role,
            asked_by: invocation.origin.person.clone(),
            asked_by_name,
            digest: self.examined.digest().clone(),
            line: words::typed(invocation),
            title: self.examined.plan().title.todo.clone(),
            steps: self.examined.words().iter().map(|step| step.what.clone()).collect(),
            expires: self.progress.expires,
        }
    }

    /// Goes on with the step-ups that were begun before a restart.
    pub(super) async fn take_up_tickets(&mut self, record: &Record) {
        for ticket in self.progress.tickets.clone() {
            let person = self.engine.people.get(&ticket.person.user, Freshness::Fresh).await;
            let plugin = self.engine.step_ups.iter().find(|known| known.name() == ticket.by);
            let (Ok(person), Some(plugin)) = (person, plugin.cloned()) else {
                // Begun anew, or not at all: without an answer it does not count.
                self.progress.tickets.retain(|known| *known != ticket);
                continue;
            };
            let challenge = self.challenge(record, Person::clone(&person), ticket.role).await;
            if ticket.role == Role::Asks {
                self.by = Some(Arc::clone(&plugin));
            }
            self.fly(plugin, challenge, ticket);
        }
    }

    fn fly(&mut self, plugin: Arc<dyn StepUp>, challenge: Challenge, ticket: Ticket) {
        self.flying.spawn(async move {
            let result = plugin.outcome(&challenge, &ticket.ticket).await;
            StepUpEnd { ticket, result }
        });
    }

    /// Asks the person who asked to prove that it is they, unless they are being asked.
    pub(super) async fn prove(&mut self, record: &mut Record, by: &str) -> Result<Follows, Stopped> {
        let under_way = self.progress.tickets.iter().any(|ticket| ticket.role == Role::Asks);
        if under_way || self.problem.is_some() {
            return Ok(Follows::On);
        }
        let asked = Self::asked(record).clone();
        let requirement = Requirement::StepUp { by: by.to_owned() };
        match self.begin(record, &asked, Role::Asks, &requirement, by).await? {
            Ok(told) => {
                self.tell_alone(record, &asked, None, told).await;
                Ok(Follows::On)
            }
            Err(unproven) => self.not_proven(record, unproven).await,
        }
    }

    /// Begins a step-up, and writes it down. Gives what the person is told.
    pub(super) async fn begin(
        &mut self,
        record: &mut Record,
        who: &PersonId,
        role: Role,
        requirement: &Requirement,
        by: &str,
    ) -> Result<Result<Message, Unproven>, Stopped> {
        let person = match self.engine.people.get(&who.user, Freshness::Fresh).await {
            Ok(person) => person,
            Err(error) => return Ok(Err(unreached(error.to_string()))),
        };
        if let Err(unproven) = self.engine.known_email(&person).await {
            return Ok(Err(unproven));
        }
        let Some(plugin) = self.engine.step_up(by, &person).cloned() else {
            let what = "There is no way set up for you to prove that it is you.";
            let todo = "Ask the people who run this bot to set one up for you.";
            return Ok(Err(Unproven::new(what, todo, format!("no step-up `{by}` for {}", who.user))));
        };
        let challenge = self.challenge(record, Person::clone(&person), role).await;
        let begun = match plugin.begin(&challenge).await {
            Ok(begun) => begun,
            Err(unproven) => return Ok(Err(unproven)),
        };
        let ticket = Ticket {
            by: plugin.name().to_owned(),
            requirement: requirement.clone(),
            person: who.clone(),
            role,
            ticket: begun.ticket,
        };
        self.progress.tickets.push(ticket.clone());
        let entry =
            record.entry("step_up.begun", json!({ "person": who, "role": role, "by": plugin.name() }));
        self.save(record, vec![entry], Vec::new()).await?;
        if role == Role::Asks {
            self.by = Some(Arc::clone(&plugin));
        }
        self.fly(plugin, challenge, ticket);
        let told = Message::new(begun.tell).state(Mark::NeedsYou);
        Ok(Ok(match begun.open {
            Some((label, url)) => told.button(Button::Link { label, url }),
            None => told,
        }))
    }

    /// A step-up has ended.
    pub(super) async fn step_up_ended(
        &mut self,
        record: &mut Record,
        end: StepUpEnd,
    ) -> Result<Follows, Stopped> {
        let StepUpEnd { ticket, result } = end;
        self.progress.tickets.retain(|known| *known != ticket);
        // It was proven otherwise meanwhile. That it was not they counts all the same.
        let settled = self.progress.lacks(&ticket.requirement, Self::asked(record)) == 0;
        if settled && !result.as_ref().is_err_and(|unproven| unproven.fraud) {
            return Ok(Follows::On);
        }
        match (ticket.role, result) {
            (Role::Asks, Ok(proof)) => self.proven(record, ticket.requirement, proof).await,
            (Role::Asks, Err(unproven)) => self.not_proven(record, unproven).await,
            (Role::Approves, Ok(proof)) => {
                self.agreed(record, ticket.requirement, &ticket.person, Some(proof), Vec::new()).await
            }
            (Role::Approves, Err(unproven)) => {
                self.approver_not_proven(record, &ticket.person, unproven).await
            }
        }
    }

    async fn proven(
        &mut self,
        record: &mut Record,
        requirement: Requirement,
        proof: Proof,
    ) -> Result<Follows, Stopped> {
        let asked = Self::asked(record).clone();
        let body = json!({ "person": asked, "digest": self.progress.digest, "proof": proof });
        self.progress.give(requirement, &asked, self.engine.clock.now()).proof = Some(proof);
        self.problem = None;
        self.by = None;
        let entry = record.entry("step_up.passed", body);
        self.save(record, vec![entry], Vec::new()).await?;
        Ok(Follows::On)
    }

    /// The person who asked could not prove that it is they. If nobody said no, they may try again.
    pub(super) async fn not_proven(
        &mut self,
        record: &mut Record,
        unproven: Unproven,
    ) -> Result<Follows, Stopped> {
        let asked = Self::asked(record).clone();
        self.progress.failed_tries += 1;
        let entry = self.note_unproven(record, &asked, &unproven).await;
        self.save(record, vec![entry], Vec::new()).await?;
        if unproven.open.is_some() {
            self.tell_alone(record, &asked, None, said(&unproven)).await;
        }
        let message = Text::new().then(unproven.what).plain(" ").then(unproven.todo);
        if unproven.again && !unproven.fraud && self.progress.failed_tries < TRIES {
            self.problem = Some(message);
            return Ok(Follows::On);
        }
        let outcome = words::not_proven(&self.examined, message, &record.invocation().id);
        Ok(Follows::Over { state: State::Denied, event: "denied", outcome, clicks: Vec::new() })
    }

    pub(super) async fn note_unproven(
        &self,
        record: &Record,
        who: &PersonId,
        unproven: &Unproven,
    ) -> crate::store::AuditEntry {
        let id = record.invocation().id.clone();
        tracing::warn!(
            invocation = id,
            person = who.user,
            log = unproven.log,
            fraud = unproven.fraud,
            "not proven"
        );
        if unproven.fraud {
            let what = self.examined.plan().title.todo.words();
            self.engine
                .alarm
                .raise(AlarmKind::Fraud { invocation: id, person: who.user.clone(), what })
                .await;
        }
        record.entry(
            "step_up.failed",
            json!({ "person": who, "log": unproven.log, "fraud": unproven.fraud, "what": unproven.what.words() }),
        )
    }

    /// Somebody who approves could not prove that it is they: the others may still.
    async fn approver_not_proven(
        &mut self,
        record: &mut Record,
        who: &PersonId,
        unproven: Unproven,
    ) -> Result<Follows, Stopped> {
        let entry = self.note_unproven(record, who, &unproven).await;
        self.save(record, vec![entry], Vec::new()).await?;
        let channel = self.engine.approval.as_ref().map(|approval| approval.channel.as_str());
        self.tell_alone(record, who, channel, said(&unproven)).await;
        Ok(Follows::On)
    }

    /// Tells one person something that nobody else may see.
    async fn tell_alone(&self, record: &Record, who: &PersonId, channel: Option<&str>, message: Message) {
        let message = message.footnote(record.invocation().id.as_str());
        let told = self.engine.reporter.remark_to(record.invocation(), who, channel, &message).await;
        if let Err(error) = told {
            tracing::warn!(%error, person = who.user, "something for one person alone could not be told");
        }
    }

    /// A code that was typed in place of the other way.
    pub(super) async fn code(&mut self, record: &mut Record, press: Press) -> Result<Follows, Stopped> {
        let asked = Self::asked(record).clone();
        let requirement = self.progress.missing(&asked).into_iter().find_map(|missing| match missing {
            Requirement::StepUp { by } => Some(by),
            _ => None,
        });
        let (Some(by), Some(code)) = (requirement, &press.code) else {
            self.engine.hint(&press, record.invocation(), Message::new("No code is asked for now.")).await;
            return Ok(Follows::On);
        };
        let person = match self.engine.people.get(&asked.user, Freshness::Fresh).await {
            Ok(person) => person,
            Err(error) => return self.not_proven(record, unreached(error.to_string())).await,
        };
        let checked = match self.engine.step_up(&by, &person) {
            Some(plugin) => {
                let challenge = self.challenge(record, Person::clone(&person), Role::Asks).await;
                Arc::clone(plugin).check(&challenge, code).await
            }
            None => Err(unreached(format!("no step-up `{by}`"))),
        };
        match checked {
            Ok(proof) => self.proven(record, Requirement::StepUp { by }, proof).await,
            Err(unproven) => self.not_proven(record, unproven).await,
        }
    }
}
