//! What the tests write.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{Args, Value};
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::operation::{Applied, Operation};
use hubcommander_sdk::people::{Conversation, PersonId};
use hubcommander_sdk::plan::{Plan, Title};
use serde_json::json;

use crate::invocation::{Origin, ResponseUrl, StepRecord, StepState, Via};
use crate::store::{AuditEntry, Change, Click, NewInvocation};

/// So many microseconds after the beginning of the story.
pub fn at(micros: i64) -> Instant {
    Instant::from_timestamp_micros(1_760_000_000_000_000).unwrap() + TimeDelta::microseconds(micros)
}

pub fn origin(text: &str) -> Origin {
    Origin {
        person: PersonId { team: "T0ACME".into(), user: "U0ANA".into() },
        channel: "C0DEV".into(),
        conversation: Conversation::Public,
        shared: false,
        ts: Some("1760000000.000100".into()),
        thread_ts: None,
        via: Via::Bang,
        text: text.into(),
        response_url: Some(ResponseUrl("https://hooks.slack.example/very-secret".into())),
        due: None,
        glass: None,
        replaces: None,
    }
}

/// `!CreateRepo acme widgets`, with keys of its own.
pub fn command(id: &str) -> NewInvocation {
    with_keys(id, &[&format!("event:Ev{id}"), &format!("message:C0DEV:{id}")])
}

pub fn with_keys(id: &str, keys: &[&str]) -> NewInvocation {
    NewInvocation {
        id: id.into(),
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
        origin: origin("CreateRepo acme widgets"),
        at: at(0),
        due: None,
    }
}

pub fn click(key: &str, micros: i64) -> Click {
    Click { key: key.into(), body: json!({ "action": "run", "user": "U0ANA", "value": key }), at: at(micros) }
}

pub fn entry(id: &str, event: &str) -> AuditEntry {
    AuditEntry {
        at: at(5),
        invocation: Some(id.into()),
        event: event.into(),
        body: json!({ "who": "U0ANA", "n": [1, 2.5, null, true], "big": 9_007_199_254_740_993_i64 }),
    }
}

pub fn step(name: &str, state: StepState, started: i64) -> StepRecord {
    StepRecord { step: name.into(), state, started_at: at(started), tries: 1, applied: None, error: None }
}

pub fn applied() -> Applied {
    Applied {
        output: json!({ "full_name": "acme/widgets", "id": 42 }),
        inverse: Some(Operation {
            kind: "github.delete_repository".into(),
            version: 1,
            input: json!({ "id": 42 }),
        }),
        note: Some("already so".into()),
    }
}

pub fn args() -> Args {
    let values = [
        ("dry-run", Value::Flag(true)),
        ("count", Value::Number(-7)),
        ("repo", Value::Text("widgets".into())),
        ("topics", Value::List(vec!["a".into(), "b".into()])),
    ];
    Args(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>())
}

pub fn plan() -> Plan {
    let title = Title { todo: "Create".into(), doing: "Creating".into(), done: "Created".into() };
    let operation = Operation {
        kind: "github.create_repository".into(),
        version: 1,
        input: json!({ "name": "widgets" }),
    };
    Plan::new(title).step("repo", operation, &[]).lock("github:acme/widgets")
}

pub fn outcome() -> Message {
    Message::new("acme/widgets is ready").line("private").part(Part::Code("x".into()))
}

/// A change of nothing but the version.
pub fn change(id: &str, version: i64) -> Change {
    Change { id: id.into(), version, at: Some(at(10 + version)), ..Change::default() }
}
