//! Prepare: the command answers, or says what it would do. It holds clients that can only read.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::command::{Headway, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Person, Place};
use hubcommander_sdk::plan::{Digest, Plan, Risk};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::pipeline::ask::Asked;
use crate::registry::{Operations, Registered};

/// How long a command may take to answer or plan, from when it last said how far it has come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long in all.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// What the steps of a plan do, in the words of their handlers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepWords {
    /// The step's name in the plan.
    pub step: String,
    /// What it brings about.
    pub what: Text,
    /// Said if it cannot be taken back.
    pub irreversible: Option<Text>,
}

/// A plan with its words, risk and digest. Made by [`examine`] alone, whether the plan is new or stored.
#[derive(Clone, Debug)]
pub struct Examined {
    plan: Plan,
    words: Vec<StepWords>,
    risk: Risk,
    digest: Digest,
}

impl Examined {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What its steps do, in their order.
    #[must_use]
    pub fn words(&self) -> &[StepWords] {
        &self.words
    }

    /// The risk of the riskiest step.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.risk
    }

    /// The digest over the plan and the words shown for it.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The name that is typed before it is run: of the one repository in which something is done that cannot be
    /// taken back.
    #[must_use]
    pub fn name_to_type(&self) -> Option<&str> {
        if self.risk != Risk::Irreversible {
            return None;
        }
        let mut repositories = self.plan.locks.iter().filter_map(|lock| lock.strip_prefix("github:"));
        let only = repositories.next().filter(|name| name.contains('/'))?;
        repositories.next().is_none().then_some(only)
    }

    /// Whether this is the name that has to be typed, if one has to: as [`is_named`].
    #[must_use]
    pub fn is_named_by(&self, typed: Option<&str>) -> bool {
        self.name_to_type().is_none_or(|name| is_named(name, typed))
    }
}

/// Whether this is the name that has to be typed: with or without the organisation, in any case.
#[must_use]
pub fn is_named(name: &str, typed: Option<&str>) -> bool {
    let short = name.rsplit_once('/').map_or(name, |(_, short)| short);
    let typed = typed.unwrap_or_default().trim();
    typed.eq_ignore_ascii_case(name) || typed.eq_ignore_ascii_case(short)
}

/// What a command made of a question.
pub enum Outcome {
    /// An answer.
    Reply(Message),
    /// A plan.
    Plan(Box<Examined>),
}

/// Lets the command answer or plan.
///
/// # Errors
/// The refusal, in words.
pub async fn prepare(
    operations: &Operations,
    asked: &Asked,
    invocation: &str,
    person: &Person,
    place: &Place,
    at: hubcommander_sdk::clock::Instant,
    headway: Headway,
) -> Result<Outcome, Refusal> {
    let (heard, mut words) = watch::channel(());
    let headway = Headway::to(move |said| {
        heard.send_replace(());
        headway.say(said);
    });
    let request = Request {
        invocation: invocation.to_owned(),
        person: person.clone(),
        place: place.clone(),
        args: asked.parsed().args().clone(),
        at,
        headway,
    };
    let registered: &Arc<Registered> = asked.parsed().registered();
    let too_long = || {
        Refusal::new("This took too long to look up.", "Try again in a few minutes.")
            .logged("the command did not answer in time")
    };
    let end = Instant::now() + LONGEST;
    let mut answer = registered.command.prepare(&request);
    let prepared = loop {
        let patience = (Instant::now() + PATIENCE).min(end);
        tokio::select! {
            prepared = &mut answer => break prepared?,
            // It is getting on, so it may take its time. The request holds the other side, so there is one.
            Ok(()) = words.changed() => {}
            () = tokio::time::sleep_until(patience) => return Err(too_long()),
        }
    };
    match prepared {
        Prepared::Reply(message) => Ok(Outcome::Reply(message)),
        Prepared::Plan(plan) => Ok(Outcome::Plan(Box::new(examine(operations, plan)?))),
    }
}

/// Checks a plan's shape and finds the words for it.
///
/// # Errors
/// The plan is faulty, or holds an operation that this program does not know.
pub fn examine(operations: &Operations, plan: Plan) -> Result<Examined, Refusal> {
    let fault = |log: String| {
        Refusal::new(
            "This could not be planned: the command made a mistake.",
            "Tell whoever runs this bot, with the id below.",
        )
        .logged(log)
    };
    plan.check().map_err(|error| fault(error.to_string()))?;
    let mut words = Vec::with_capacity(plan.steps.len());
    let mut risk = Risk::Reversible;
    for step in &plan.steps {
        let Some(handler) = operations.handler(&step.operation) else {
            return Err(fault(format!(
                "no handler for `{}` version {}",
                step.operation.kind, step.operation.version
            )));
        };
        let described = handler.describe(&step.operation.input).map_err(|error| fault(error.to_string()))?;
        risk = risk.max(described.risk);
        words.push(StepWords {
            step: step.id.clone(),
            what: described.what,
            irreversible: described.irreversible,
        });
    }
    for precondition in &plan.preconditions {
        if operations.probe(&precondition.probe).is_none() {
            return Err(fault(format!("no probe `{}`", precondition.probe)));
        }
    }
    let digest = plan.digest(&shown(&words)).map_err(|error| fault(error.to_string()))?;
    Ok(Examined { plan, words, risk, digest })
}

/// The words as the digest covers them.
fn shown(words: &[StepWords]) -> Vec<String> {
    let line = |step: &StepWords| match &step.irreversible {
        Some(note) => format!("{}\n{}", step.what.mrkdwn(), note.mrkdwn()),
        None => step.what.mrkdwn(),
    };
    words.iter().map(line).collect()
}

/// A stored plan with the words that were shown for it. It must be the one that the digest was made of, and
/// hold nothing that this program does not know; how risky it is, today's handlers say.
///
/// # Errors
/// It is not that plan, or this program cannot carry it out.
pub fn restore(
    operations: &Operations,
    plan: Plan,
    words: Vec<StepWords>,
    digest: &Digest,
) -> Result<Examined, Refusal> {
    let today = examine(operations, plan)?;
    let fault = |log: String| {
        Refusal::new("What was planned cannot be read any more.", "Type the command again.").logged(log)
    };
    let then = today.plan.digest(&shown(&words)).map_err(|error| fault(error.to_string()))?;
    if then != *digest {
        return Err(fault("the plan's digest is not the one that was noted".to_owned()));
    }
    Ok(Examined { words, digest: then, ..today })
}
