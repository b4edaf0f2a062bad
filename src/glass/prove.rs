//! The two passkeys: each person is shown the whole of it on a page of their own, and what they prove counts for this
//! plan alone.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hubcommander_auth_plugins::passkey::Passkeys;
use hubcommander_sdk::auth::{Challenge, Proof, Requirement, Role, StepUp as _, Unproven};
use hubcommander_sdk::message::{Message, State as Mark};
use hubcommander_sdk::people::Person;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde_json::{Value as Json, json};

use super::ask::Planned;
use super::host::Host;
use super::page::Page;
use super::{Ask, Trouble};
use crate::invocation::State;
use crate::pipeline::gate::Progress;
use crate::pipeline::glass;
use crate::pipeline::record::Record;
use crate::pipeline::report::words;
use crate::store::{AuditEntry, Booking, Change};

/// Why nothing is done.
pub(super) struct NotProven {
    pub(super) state: State,
    pub(super) event: &'static str,
    pub(super) message: Message,
    /// Whether somebody said that it was not they.
    pub(super) fraud: bool,
}

/// One person who is to prove who they are.
struct Proving {
    challenge: Challenge,
    ticket: Json,
    link: String,
}

impl Proving {
    async fn outcome(self, passkeys: &Passkeys) -> (Challenge, Result<Proof, Unproven>) {
        let outcome = passkeys.outcome(&self.challenge, &self.ticket).await;
        (self.challenge, outcome)
    }
}

/// What each of the two sees, beside the plan's own words.
fn challenge(
    record: &Record,
    planned: &Planned,
    progress: &Progress,
    ask: &Ask,
    who: &Person,
    by: &Person,
) -> Challenge {
    let title = planned.examined.plan().title.todo.clone();
    Challenge {
        invocation: record.invocation().id.clone(),
        person: who.clone(),
        role: if who.id == by.id { Role::Asks } else { Role::Approves },
        asked_by: by.id.clone(),
        asked_by_name: by.name.clone(),
        digest: planned.examined.digest().clone(),
        line: format!("{}  (past Slack, because: {})", words::typed(record.invocation()), ask.reason.trim()),
        title: Text::new().plain("Break the glass: ").then(title),
        steps: planned.examined.words().iter().map(|step| step.what.clone()).collect(),
        expires: progress.expires,
    }
}

/// The risk in one line.
fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Reversible => "It can be taken back.",
        Risk::Exposing => "It shows something to more people, which cannot be unseen.",
        Risk::Irreversible => "It cannot be taken back.",
    }
}

impl Host<'_> {
    /// Shows the plan, asks both for their passkeys, and writes down what they prove. With the second the glass is
    /// broken, which is written down in the same transaction.
    pub(super) async fn prove(
        &self,
        record: &mut Record,
        planned: &Planned,
        progress: &mut Progress,
        ask: &Ask,
        people: (&Person, &Person),
    ) -> Result<Result<(), NotProven>, Trouble> {
        let (by, with) = people;
        let page = Page::begin(self.listen, &self.passkeys).await?;
        let (mut proving, mut audit) = (Vec::new(), Vec::new());
        for who in [by, with] {
            let challenge = challenge(record, planned, progress, ask, who, by);
            let begun = match self.passkeys.begin(&challenge).await {
                Ok(begun) => begun,
                Err(unproven) => return Ok(Err(unproven_by(record, &challenge, &unproven))),
            };
            audit.push(record.entry(
                "step_up.begun",
                json!({ "person": who.id, "role": challenge.role, "by": glass::BY }),
            ));
            let link = begun.open.map(|(_, link)| link).unwrap_or_default();
            proving.push(Proving { challenge, ticket: begun.ticket, link });
        }
        if let Some(first) = proving.first() {
            page.shows(&first.link).await?;
        }
        let change = Change { state: Some(State::Waiting), audit, ..Change::default() };
        record.change(change).await?;
        self.show(record, planned, &proving);
        let mut flying: FuturesUnordered<_> =
            proving.into_iter().map(|proving| proving.outcome(&self.passkeys)).collect();
        while let Some((challenge, outcome)) = flying.next().await {
            let proof = match outcome {
                Ok(proof) => proof,
                Err(unproven) => return Ok(Err(unproven_by(record, &challenge, &unproven))),
            };
            let entry = self.give(record, progress, &challenge, proof);
            let missing = progress.missing(&by.id);
            if missing.is_empty() {
                self.break_it(record, progress, entry).await?;
                return Ok(Ok(()));
            }
            let change = Change { gate: Some(json!(progress)), audit: vec![entry], ..Change::default() };
            record.change(change).await?;
            let other = if challenge.person.id == by.id { with } else { by };
            let waits = format!("✅ {} has proven it. Waiting for {}.", challenge.person.name, other.name);
            self.terminal.say(&waits);
        }
        // Both were proven, and something else is missing all the same: then it stays closed.
        let message = words::expired(&planned.examined, record.invocation());
        Ok(Err(NotProven { state: State::Denied, event: "denied", message, fraud: false }))
    }

    fn show(&self, record: &Record, planned: &Planned, proving: &[Proving]) {
        let examined = &planned.examined;
        let mut out = format!("{} {}\n", Mark::NeedsYou.emoji(), examined.plan().title.todo.words());
        for step in examined.words() {
            let note =
                step.irreversible.as_ref().map(|note| format!(": {}", note.words())).unwrap_or_default();
            out.push_str(&format!("• {}{note}\n", step.what.words()));
        }
        out.push_str(&format!("{}\n\n", risk(examined.risk())));
        out.push_str(&format!(
            "Two people prove within {} minutes, each with a passkey on a page of their own, that they want exactly this:\n",
            glass::WAITS.num_minutes()
        ));
        for Proving { challenge, link, .. } in proving {
            let what = if challenge.role == Role::Asks { "asks" } else { "agrees" };
            out.push_str(&format!(
                "  {} ({}), who {what}:\n    {link}\n",
                challenge.person.name, challenge.person.id.user
            ));
        }
        let digest: String = examined.digest().0.chars().take(12).collect();
        out.push_str(&format!(
            "Give each link to that person alone. Nothing is done before both; Ctrl-C ends it.\nplan {digest} · {}",
            record.invocation().id
        ));
        self.terminal.say(&out);
    }

    /// Adds what one of them has proven.
    fn give(
        &self,
        record: &Record,
        progress: &mut Progress,
        challenge: &Challenge,
        proof: Proof,
    ) -> AuditEntry {
        let (who, now) = (&challenge.person.id, self.clock.now());
        let body = json!({ "person": who, "by": who, "digest": progress.digest, "proof": proof });
        if challenge.role == Role::Asks {
            // The page showed them the whole of it, so this is their word too.
            progress.give(Requirement::Confirm, who, now);
            progress.give(glass::own_passkey(), who, now).proof = Some(proof);
            return record.entry("step_up.passed", body);
        }
        progress.give(glass::other_passkey(who), who, now).proof = Some(proof);
        record.entry("approved", body)
    }

    /// Both have proven it. From here on it is done, whoever comes after a crash, and it will be told.
    async fn break_it(
        &self,
        record: &mut Record,
        progress: &Progress,
        last: AuditEntry,
    ) -> Result<(), Trouble> {
        let invocation = record.invocation();
        let glass = invocation.origin.glass.as_ref();
        let body = json!({
            "by": invocation.origin.person, "with": glass.map(|glass| &glass.with),
            "reason": glass.map(|glass| &glass.reason), "digest": progress.digest, "command": invocation.command,
        });
        let due = self.due(record);
        let change = Change {
            state: Some(State::Running),
            gate: Some(json!(progress)),
            audit: vec![last, record.entry("glass.broken", body)],
            book: Booking { due: vec![due], ..Booking::default() },
            ..Change::default()
        };
        record.change(change).await?;
        crate::crash::point("glass.broken");
        let id = &record.invocation().id;
        tracing::error!(invocation = id, "the glass was broken: two people do this past Slack");
        self.terminal
            .say("⚠️ The glass is broken. What is done now is on record, and the alarm channel hears of it.");
        Ok(())
    }
}

/// One of them did not prove it, so nothing is done.
fn unproven_by(record: &Record, challenge: &Challenge, unproven: &Unproven) -> NotProven {
    let (id, person) = (record.invocation().id.as_str(), challenge.person.id.user.as_str());
    tracing::warn!(invocation = id, person, log = unproven.log, fraud = unproven.fraud, "not proven");
    let message = Message::new(challenge.title.clone().plain(": nothing was done")).state(Mark::Refused);
    let message = if unproven.fraud {
        let what = Text::new()
            .person(person)
            .plain(" says on the page that they do not want it. Both were asked on the host, past Slack.");
        message
            .line(what)
            .line("Somebody who can use that machine may have asked in their name. Talk to both in person.")
    } else {
        let what =
            Text::new().plain(format!("{} ({person}): ", challenge.person.name)).then(unproven.what.clone());
        message.line(what).line(unproven.todo.clone())
    };
    NotProven {
        state: if unproven.again { State::Expired } else { State::Denied },
        event: if unproven.fraud { "glass.fraud" } else { "glass.unproven" },
        message: message.footnote(id),
        fraud: unproven.fraud,
    }
}
