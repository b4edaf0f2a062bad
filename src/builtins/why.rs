//! `!Why`: why something was refused, what it waits for, or who allowed it and who passed which gate.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_sdk::auth::{ANY, Requirement};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State as Sign};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::text::Text;

use super::{invocation, is_same, unread};
use crate::invocation::{Invocation, State, Via};
use crate::pipeline::engine::Engine;
use crate::pipeline::gate::{Evidence, Progress};
use crate::pipeline::report::words::typed;
use crate::store::{AuditEntry, Shelf};

/// How many entries of the audit are read.
const ENTRIES: u32 = 500;

/// The command.
pub struct Why {
    spec: CommandSpec,
    shelf: Shelf,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl Why {
    /// The command over what this store holds; the engine is put in once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        let about = "Says why something was refused, what it waits for, or who allowed it";
        let spec = CommandSpec::new("Why", "What was done", about)
            .arg(ArgSpec::positional("id", ArgKind::Text, "the id in its small print"))
            .example("!Why inv-1RT4Q02M9X")
            .audience(Audience::Person);
        Self { spec, shelf, engine }
    }

    /// Whether this person may know: who asked, who agreed, and who may be asked to agree.
    async fn may_know(&self, person: &PersonId, known: &Invocation, progress: Option<&Progress>) -> bool {
        if is_same(&known.origin.person, person) {
            return true;
        }
        let Some(progress) = progress else { return false };
        if progress.evidence.iter().any(|given| is_same(&given.by, person)) {
            return true;
        }
        let mut approvers: BTreeSet<String> = BTreeSet::new();
        for requirement in &progress.requirements {
            if let Requirement::Approvals { approvers: named, .. } = requirement {
                approvers.extend(named.iter().cloned());
            }
        }
        if approvers.is_empty() {
            return false;
        }
        let Some(engine) = self.engine.get().and_then(Weak::upgrade) else { return false };
        // Who cannot be told to be one is none.
        let all = engine.rules.approvers(&approvers).await;
        all.is_ok_and(|all| all.people.iter().any(|one| is_same(one, person)))
    }
}

#[async_trait]
impl Command for Why {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let known = invocation(&self.shelf, request.args.text("id").unwrap_or_default()).await?;
        let progress: Option<Progress> =
            known.gate.as_ref().and_then(|gate| serde_json::from_value(gate.clone()).ok());
        if !self.may_know(&request.person.id, &known, progress.as_ref()).await {
            return Err(Refusal::new(
                Text::new().code(&known.id).plain(" was asked by somebody else."),
                "Only they, and those who may agree to it, see why it went as it did.",
            ));
        }
        let store = self.shelf.get().map_err(unread)?;
        let entries = store.audit(Some(&known.id), ENTRIES).await.map_err(unread)?;
        Ok(Prepared::Reply(told(&known, progress.as_ref(), &entries)))
    }
}

/// What is on record of one invocation.
fn told(known: &Invocation, progress: Option<&Progress>, entries: &[AuditEntry]) -> Message {
    let line = Text::new().code(typed(known));
    let newest = |events: &[&str]| entries.iter().rev().find(|entry| events.contains(&entry.event.as_str()));
    let message = match known.state {
        State::Denied => Message::new(line.plain(" was refused.")).state(Sign::Refused),
        State::Waiting | State::Planned => Message::new(line.plain(" waits.")).state(Sign::NeedsYou),
        State::Received | State::Running => Message::new(line.plain(" is being done.")).state(Sign::Working),
        State::Cancelled => Message::new(line.plain(" was withdrawn.")),
        State::Expired => Message::new(line.plain(" was not agreed to in time.")),
        State::Answered => Message::new(line.plain(" was answered.")).state(Sign::Done),
        State::Done => Message::new(line.plain(" was done.")).state(Sign::Done),
        State::Partial => Message::new(line.plain(" was done in part.")),
        State::Failed => Message::new(line.plain(" was not done.")),
    };
    let mut message = message;
    let denied = newest(&["approval.denied"]);
    if known.state == State::Denied && denied.is_none() {
        let said =
            newest(&["denied", "refused", "held", "limited", "stale", "person.unknown", "plan.unreadable"]);
        let what = said.and_then(|entry| entry.body.get("what")?.as_str());
        message = message.line(what.unwrap_or("Nothing more is on record.").to_owned());
        if let Some(todo) = said.and_then(|entry| entry.body.get("todo")?.as_str()) {
            message = message.line(todo.to_owned());
        }
    }
    if let Some(entry) = denied {
        let by = entry.body.pointer("/by/user").and_then(|user| user.as_str()).unwrap_or_default();
        let mut text = Text::new().plain("Denied by ").person(by).plain(".");
        if let Some(note) = entry.body.get("note").and_then(|note| note.as_str()) {
            text = text.plain(" They say: ").plain(note);
        }
        message = message.line(text);
    }
    if known.origin.via == Via::Due {
        message = message.line("It was due, and had been approved when it was put off.");
    }
    if let Some(glass) = &known.origin.glass {
        let with = Text::new()
            .plain("It was asked on the host, past Slack, together with ")
            .person(&glass.with.user);
        message = message.line(with.plain(". They said why: ").plain(&glass.reason));
    }
    if let Some(policies) = newest(&["planned", "answered"]).map(|entry| list(entry, "policies"))
        && !policies.is_empty()
    {
        message = message.line(codes("Permitted by ", &policies));
    }
    if let Some(progress) = progress {
        message = gates(message, known, progress);
        let by = newest(&["planned"]).map(|entry| list(entry, "required_by")).unwrap_or_default();
        if !by.is_empty() && !progress.requirements.is_empty() {
            message = message.line(codes("Asked for by ", &by));
        }
        if matches!(known.state, State::Waiting | State::Planned) {
            message = message.line(Text::new().plain("It waits until ").time(progress.expires).plain("."));
        }
    }
    message.footnote(
        Text::new()
            .plain("Asked by ")
            .person(&known.origin.person.user)
            .plain(", ")
            .time(known.received_at)
            .plain(format!(" · {}", known.id)),
    )
}

/// Each thing that it takes, and who gave it.
fn gates(mut message: Message, known: &Invocation, progress: &Progress) -> Message {
    for requirement in &progress.requirements {
        let given: Vec<&Evidence> = progress
            .evidence
            .iter()
            .filter(|evidence| evidence.requirement == *requirement && evidence.digest == progress.digest)
            .collect();
        let wanted = match requirement {
            Requirement::Approvals { count, .. } => *count as usize,
            _ => 1,
        };
        let sign = match (given.len() >= wanted, known.state) {
            (true, _) => Sign::Done,
            (false, State::Waiting | State::Planned) => Sign::Working,
            (false, _) => Sign::Pending,
        };
        let mut text = in_words(requirement);
        for evidence in given {
            text = text.plain(": ").person(&evidence.by.user);
            if let Some(proof) = &evidence.proof {
                text = text.plain(format!(" by {} ({})", proof.by, proof.factor));
            }
            if let Some(words) = &evidence.words {
                text = text.plain(format!(" “{words}”"));
            }
            text = text.plain(", ").time(evidence.at);
        }
        message = message.part(hubcommander_sdk::message::Part::Step(sign, text));
    }
    message
}

/// What a requirement is, as it stands in a list.
fn in_words(requirement: &Requirement) -> Text {
    match requirement {
        Requirement::Confirm => "a click on the plan".into(),
        Requirement::Reason => "a reason".into(),
        Requirement::HealthyDevice { .. } => "healthy devices".into(),
        Requirement::StepUp { by } if by == ANY => "proof of who asked".into(),
        Requirement::StepUp { by } => format!("proof of who asked, by {by}").into(),
        Requirement::Approvals { count, approvers, .. } => {
            let people =
                if *count == 1 { "one more person".to_owned() } else { format!("{count} more people") };
            let mut text = Text::new().plain(people).plain(" of ");
            for (index, name) in approvers.iter().enumerate() {
                let text_so_far = if index > 0 { text.plain(", ") } else { text };
                text = match name.strip_prefix("slack:") {
                    Some(handle) => text_so_far.plain(format!("@{handle}")),
                    None => text_so_far.person(name),
                };
            }
            text
        }
    }
}

/// The different words under a key of an entry.
fn list(entry: &AuditEntry, key: &str) -> Vec<String> {
    let words = entry.body.get(key).and_then(|list| list.as_array()).into_iter().flatten();
    let words: BTreeSet<String> = words.filter_map(|word| word.as_str()).map(str::to_owned).collect();
    words.into_iter().collect()
}

fn codes(before: &str, words: &[String]) -> Text {
    let mut text = Text::new().plain(before);
    for (index, word) in words.iter().enumerate() {
        text = if index > 0 { text.plain(", ") } else { text }.code(word);
    }
    text.plain(".")
}
