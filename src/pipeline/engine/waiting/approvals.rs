//! Others who agree: one card in the approvers' channel, and what they press on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hubcommander_auth_plugins::approval::{self, Asked, Need};
use hubcommander_sdk::auth::{Proof, Requirement, Role};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Person, PersonId};
use hubcommander_sdk::text::Text;
use serde_json::json;

use super::step_ups::said;
use super::{Called, Follows, Waiting};
use crate::invocation::State;
use crate::pipeline::engine::{Engine, Press, Stopped, untold};
use crate::pipeline::gate::{Card, Progress, Ticket};
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;
use crate::pipeline::report::{Before, words};
use crate::slack::people::Freshness;
use crate::slack::web::SlackError;

/// How a card's message is told from the others of its invocation.
pub(in crate::pipeline::engine) const PART: &str = "approval";

/// What others are asked about a plan. `called` says how each requirement's approvers are called on.
pub(in crate::pipeline::engine) fn asked(
    engine: &Engine,
    record: &Record,
    examined: &Examined,
    progress: &Progress,
    called: impl Fn(&Requirement) -> Text,
) -> Asked {
    let invocation = record.invocation();
    let needs = progress.requirements.iter().filter_map(|requirement| {
        let Requirement::Approvals { count, .. } = requirement else { return None };
        let agreed: BTreeSet<PersonId> = progress.given(requirement).map(|known| known.by.clone()).collect();
        Some(Need { count: *count, called: called(requirement), agreed: agreed.into_iter().collect() })
    });
    let reason = invocation.args.as_ref().and_then(|args| args.text("reason")).map(str::to_owned);
    Asked {
        invocation: invocation.id.clone(),
        digest: examined.digest().clone(),
        by: invocation.origin.person.clone(),
        line: words::typed(invocation),
        title: examined.plan().title.todo.clone(),
        steps: examined
            .words()
            .iter()
            .map(|step| (step.what.clone(), step.irreversible.clone()))
            .chain(examined.plan().notes.iter().map(|note| (note.clone(), None)))
            .collect(),
        risk: examined.risk(),
        powers: engine.operations.powers(examined.plan()).into_iter().collect(),
        reason: progress.reason().map(str::to_owned).or(reason),
        needs: needs.collect(),
        expires: progress.expires,
    }
}

/// An approver who may.
struct Approver {
    person: Arc<Person>,
    requirement: Requirement,
}

impl Waiting<'_> {
    fn question(&self, record: &Record) -> Asked {
        let called = |requirement: &Requirement| {
            self.called.get(requirement).map(|called| called.words.clone()).unwrap_or_default()
        };
        asked(self.engine, record, &self.examined, &self.progress, called)
    }

    /// Since when the card stands there: since the plan was made, near enough.
    fn since(&self) -> hubcommander_sdk::clock::Instant {
        self.progress.planned_at
    }

    /// How long until something about the card changes.
    pub(super) fn until_card_changes(&self) -> Duration {
        let now = self.engine.clock.now();
        let change = self.engine.approval.as_ref().filter(|_| self.progress.card.is_some());
        let at = change.and_then(|approval| approval.next_change(self.since(), now));
        at.map_or(Duration::MAX, |at| (at - now).to_std().unwrap_or_default())
    }

    /// Looks up how the approvers are called on, by now.
    pub(super) async fn call_on_approvers(&mut self) {
        let Some(approval) = &self.engine.approval else { return };
        let now = self.engine.clock.now();
        for requirement in self.progress.requirements.clone() {
            let Requirement::Approvals { approvers, .. } = &requirement else { continue };
            let named = approval.by_now(approvers, self.since(), now);
            // Slack is asked once, and again when it is the deputies' turn: this is done at every look.
            if self.called.get(&requirement).is_some_and(|called| called.named == named) {
                continue;
            }
            match self.engine.rules.approvers(&named).await {
                Ok(found) => {
                    let called = Called { named, words: found.called };
                    // The deputies' turn has come: the card says so.
                    self.card_is_new &= self.called.insert(requirement, called).is_none();
                }
                // Who may approve is looked up again when somebody presses.
                Err(refusal) => tracing::warn!(%refusal, "who approves could not be looked up"),
            }
        }
    }

    /// Sees that the card stands there and shows how things stand, and that those who do not answer are reminded.
    pub(super) async fn keep_card(
        &mut self,
        record: &mut Record,
        before: Before,
    ) -> Result<Follows, Stopped> {
        let engine = Arc::clone(self.engine);
        let Some(approval) = &engine.approval else {
            let refusal = Refusal::new(
                "This takes the word of others, and no channel is set up to ask them in.",
                "Tell the people who run this bot.",
            );
            let outcome = words::refusal(&refusal, &record.invocation().id);
            return Ok(Follows::Over { state: State::Denied, event: "denied", outcome, clicks: Vec::new() });
        };
        let now = engine.clock.now();
        self.call_on_approvers().await;
        let message = approval::card(&self.question(record));
        match self.progress.card.clone() {
            None => {
                let said =
                    engine.reporter.say_in(&approval.channel, record.invocation(), &message, PART, before);
                match said.await {
                    Ok(posted) => {
                        self.progress.card = Some(Card { posted, reminders: 0 });
                        let entry = record.entry("approval.asked", json!({ "channel": approval.channel }));
                        self.save(record, vec![entry], Vec::new()).await?;
                        self.card_is_new = true;
                    }
                    Err(error) => {
                        tracing::error!(%error, channel = approval.channel, "the approvers could not be asked");
                        let refusal = Refusal::new(
                            "The people who approve could not be asked: Slack did not take the message.",
                            "Tell the people who run this bot; it may not be in the approvers' channel.",
                        );
                        let outcome = words::refusal(&refusal, &record.invocation().id);
                        let (state, event) = (State::Denied, "denied");
                        return Ok(Follows::Over { state, event, outcome, clicks: Vec::new() });
                    }
                }
            }
            Some(card) => {
                if !self.card_is_new {
                    self.card_is_new = true;
                    engine.reporter.try_edit(&card.posted, &message, record.invocation(), PART).await;
                }
                let due = approval.reminders(self.since(), now);
                if due > card.reminders {
                    let words = approval::reminder(&self.question(record));
                    let part = format!("reminder-{due}");
                    engine.reporter.say_under(&card.posted, record.invocation(), &words, &part).await;
                    self.progress.card = Some(Card { reminders: due, ..card });
                    let entry = record.entry("approval.reminded", json!({ "times": due }));
                    self.save(record, vec![entry], Vec::new()).await?;
                }
            }
        }
        Ok(Follows::On)
    }

    /// Whether this person may have a say in this plan, and for which requirement it counts. Looked up now, at
    /// Slack and by the policies of now.
    async fn approver(&self, record: &Record, press: &Press) -> Result<Approver, Refusal> {
        let engine = self.engine;
        let asked = Self::asked(record);
        let not_oneself = || {
            Refusal::new(
                "This takes the word of somebody else than the person who asked.",
                "Somebody else among the approvers can decide it.",
            )
        };
        if press.by == *asked {
            return Err(not_oneself());
        }
        engine.still_admitted(&press.by).await?;
        let slack = |error: SlackError| untold(&error, "Press it again in a minute.");
        let person = engine.people.get(&press.by.user, Freshness::Cached).await.map_err(slack)?;
        let other = engine.people.get(&asked.user, Freshness::Cached).await.map_err(slack)?;
        if person.id == other.id || engine.rules.are_one(&person, &other).await? {
            return Err(not_oneself());
        }
        let Some(approval) = &engine.approval else {
            return Err(Refusal::new("Nobody is set up to approve.", "Tell the people who run this bot."));
        };
        let now = engine.clock.now();
        let mut counts = None;
        for requirement in self.progress.missing(asked) {
            let Requirement::Approvals { approvers, .. } = &requirement else { continue };
            let named = approval.by_now(approvers, self.since(), now);
            let found = engine.rules.approvers(&named).await?;
            let is_one = found.people.iter().any(|known| known.user == person.id.user || *known == press.by);
            if is_one && counts.is_none() {
                counts = Some(requirement);
            }
        }
        match counts {
            Some(requirement) => Ok(Approver { person, requirement }),
            None => Err(Refusal::new(
                "You are not among the people who can decide this.",
                "It is for those whom the card names.",
            )),
        }
    }

    /// Somebody agrees.
    pub(super) async fn approve(&mut self, record: &mut Record, press: Press) -> Result<Follows, Stopped> {
        if self.progress.has_agreed(&press.by) {
            let words = Message::new("You have approved this already; it waits for somebody else.");
            return self.aside(record, &press, words, "approved already").await;
        }
        let approver = match self.approver(record, &press).await {
            Ok(approver) => approver,
            Err(refusal) => {
                let message = words::refusal(&refusal, &record.invocation().id);
                return self.aside(record, &press, message, "may not approve").await;
            }
        };
        // One human being counts once, by whatever account.
        for known in self.progress.evidence.clone() {
            if !matches!(known.requirement, Requirement::Approvals { .. }) || known.by == press.by {
                continue;
            }
            let Ok(other) = self.engine.people.get(&known.by.user, Freshness::Cached).await else { continue };
            match self.engine.rules.are_one(&approver.person, &other).await {
                Ok(false) => {}
                Ok(true) | Err(_) => {
                    let words = Message::new("You have approved this already, by another account of yours.");
                    return self.aside(record, &press, words, "the same person").await;
                }
            }
        }
        let Requirement::Approvals { step_up, .. } = &approver.requirement else { return Ok(Follows::On) };
        let Some(by) = step_up.clone() else {
            let clicks = press.stored_key().into_iter().collect();
            return self.agreed(record, approver.requirement, &press.by, None, clicks).await;
        };
        let waits = |known: &Ticket| known.role == Role::Approves && known.person == press.by;
        if self.progress.tickets.iter().any(waits) {
            let words = Message::new("You are being asked already to prove that it is you.");
            return self.aside(record, &press, words, "being asked already").await;
        }
        let begun = self.begin(record, &press.by, Role::Approves, &approver.requirement, &by).await?;
        let told = match begun {
            Ok(told) => told,
            Err(unproven) => {
                let entry = self.note_unproven(record, &press.by, &unproven).await;
                self.save(record, vec![entry], Vec::new()).await?;
                return self.aside(record, &press, said(&unproven), "could not prove who it is").await;
            }
        };
        let told = told.footnote(record.invocation().id.as_str());
        self.aside(record, &press, told, "proves who it is").await
    }

    /// Tells only the person who pressed, and notes that the press is dealt with.
    pub(super) async fn aside(
        &self,
        record: &Record,
        press: &Press,
        message: Message,
        why: &str,
    ) -> Result<Follows, Stopped> {
        self.engine.hint(press, record.invocation(), message).await;
        self.engine.settle_press(press, why).await;
        Ok(Follows::On)
    }

    /// Writes down that somebody agrees.
    pub(super) async fn agreed(
        &mut self,
        record: &mut Record,
        requirement: Requirement,
        by: &PersonId,
        proof: Option<Proof>,
        clicks: Vec<String>,
    ) -> Result<Follows, Stopped> {
        let body = json!({ "by": by, "digest": self.progress.digest, "proof": proof });
        let now = self.engine.clock.now();
        self.progress.give(requirement, by, now).proof = proof;
        self.card_is_new = false;
        let entry = record.entry("approved", body);
        self.save(record, vec![entry], clicks).await?;
        Ok(Follows::On)
    }

    /// Somebody says no.
    pub(super) async fn deny(&mut self, record: &mut Record, press: Press) -> Result<Follows, Stopped> {
        if let Err(refusal) = self.approver(record, &press).await {
            let message = words::refusal(&refusal, &record.invocation().id);
            return self.aside(record, &press, message, "may not deny").await;
        }
        let note = press.words.clone().filter(|words| !words.trim().is_empty());
        let body = json!({ "by": press.by, "digest": self.progress.digest, "note": note });
        let entry = record.entry("approval.denied", body);
        let mut said = Text::new().plain("Denied by ").person(&press.by.user).plain(".");
        if let Some(note) = &note {
            said = said.plain(" They say: ").plain(note.clone());
        }
        let clicks = press.stored_key().into_iter().collect();
        self.save(record, vec![entry], clicks).await?;
        let outcome = words::not_proven(&self.examined, said, &record.invocation().id);
        Ok(Follows::Over { state: State::Denied, event: "denied", outcome, clicks: Vec::new() })
    }
}
