//! Commands and operations made for a test, for what the ones that ship do not show.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use async_trait::async_trait;
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::Config;
use hubcommander::pipeline::rules::Admitted;
use hubcommander::registry::{Operations, Registered, Registry};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use serde_json::{Value as Json, json};

const KIND: &str = "test.note";

type Prepare = dyn Fn(&Request) -> Result<Prepared, Refusal> + Send + Sync;

/// A command of which the test says what it does.
pub struct Own {
    spec: CommandSpec,
    prepare: Box<Prepare>,
}

impl Own {
    pub fn command(
        spec: CommandSpec,
        prepare: impl Fn(&Request) -> Result<Prepared, Refusal> + Send + Sync + 'static,
    ) -> Arc<dyn Command> {
        Arc::new(Self { spec, prepare: Box::new(prepare) })
    }

    /// One that plans to make a note, as risky as this.
    pub fn noting(spec: CommandSpec, risk: Risk) -> Arc<dyn Command> {
        Self::command(spec, move |_| Ok(Prepared::Plan(note(risk))))
    }
}

#[async_trait]
impl Command for Own {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        (self.prepare)(request)
    }
}

fn note(risk: Risk) -> Plan {
    let title = Title { todo: "Make a note".into(), doing: "Making a note".into(), done: "Noted".into() };
    let operation = Operation { kind: KIND.to_owned(), version: 1, input: json!({ "risk": risk }) };
    Plan::new(title).step("note", operation, &[])
}

/// What makes the notes, and what happens when it tries.
#[derive(Default)]
pub struct Notes {
    made: AtomicUsize,
    /// How many times it still panics.
    panics: AtomicUsize,
    /// How many times it still panics where it is only to be described.
    mute: AtomicUsize,
}

impl Notes {
    pub fn that_panic(times: usize) -> Arc<Self> {
        Arc::new(Self { panics: AtomicUsize::new(times), ..Self::default() })
    }

    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    pub fn panics(&self, times: usize) {
        self.panics.store(times, Ordering::SeqCst);
    }

    pub fn mute(&self, times: usize) {
        self.mute.store(times, Ordering::SeqCst);
    }
}

/// Panics if it is still to be done so many times.
pub fn may_panic(left: &AtomicUsize) {
    let down = |left: usize| left.checked_sub(1);
    assert!(left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, down).is_err(), "the test wants it so");
}

#[async_trait]
impl Handler for Notes {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        may_panic(&self.mute);
        let risk = serde_json::from_value(input["risk"].clone()).unwrap();
        Ok(Described { what: "a note".into(), risk, irreversible: None })
    }

    async fn observe(&self, _: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        Ok(Observed::Absent)
    }

    async fn apply(&self, _: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        may_panic(&self.panics);
        self.made.fetch_add(1, Ordering::SeqCst);
        Ok(Applied { output: json!({}), inverse: None, note: None })
    }
}

/// The plugins that ship, with these commands instead of theirs and these notes besides.
pub fn with_own(
    config: &Config,
    clock: &SharedClock,
    commands: &[Arc<dyn Command>],
    notes: &Arc<Notes>,
) -> Result<Plugins> {
    let shipped = plugins(config, clock)?;
    let registered: Result<Vec<Registered>, _> =
        commands.iter().map(|command| Registered::new(Arc::clone(command), false, Vec::new())).collect();
    let mut handlers = shipped.github.handlers();
    handlers.push(Arc::<Notes>::clone(notes));
    let operations = Operations::new(handlers, shipped.github.probes())?;
    Ok(Plugins {
        registry: Arc::new(Registry::new(registered?)?),
        operations,
        rules: Some(Arc::new(Admitted)),
        ..shipped
    })
}
