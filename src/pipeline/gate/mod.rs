//! Gate: may this be done? A finished plan yields requirements; each is fulfilled bound to the digest of
//! the plan and to the person. The result is a [`GatedPlan`], the only thing that can be executed.
//!
//! The store cannot hand out a [`GatedPlan`]: after a restart the gate makes it again, from the plan and the
//! evidence, checking digest, expiry and what the policies ask for by now anew.

mod progress;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hubcommander_sdk::auth::{ANY, Requirement};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::Risk;

pub use self::progress::{Card, Evidence, Progress, Ticket};
use crate::pipeline::prepare::Examined;
use crate::pipeline::rules::Required;

/// How long a plan waits for the word of the person who asked.
pub const WAITS: TimeDelta = TimeDelta::hours(1);

/// How old a plan without requirements may be before the world is looked at again.
pub(super) const FRESH: TimeDelta = TimeDelta::seconds(5);

/// A plan that may be run now. Only this station makes one.
#[derive(Debug)]
pub struct GatedPlan {
    examined: Examined,
    fresh_until: Option<Instant>,
}

impl GatedPlan {
    /// The plan.
    #[must_use]
    pub fn examined(&self) -> &Examined {
        &self.examined
    }

    /// Whether the plan is so new that what it saw need not be looked at again.
    #[must_use]
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.fresh_until.is_some_and(|until| now < until)
    }
}

/// What the gate says of a plan.
#[derive(Debug)]
pub enum Gated {
    /// It may be run.
    Open(Box<GatedPlan>),
    /// It waits for these.
    Waiting(Vec<Requirement>),
    /// Its time ran out.
    Expired,
    /// What was given was given for another plan.
    Void,
}

/// What a plan waits for next. What the person can do alone comes first, so that nobody else is asked for what
/// they do not mean or cannot prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// For the word of the person who asked.
    Word {
        /// Whether they are to say why.
        reason: bool,
    },
    /// For a look at their devices.
    Health {
        /// What may stand in where nobody can tell.
        or_step_up: Option<String>,
    },
    /// For their proof that it is they.
    StepUp {
        /// How.
        by: String,
    },
    /// For others to agree.
    Approvals(Vec<Requirement>),
    /// For nothing.
    Open,
}

/// The requirement that goes by this name in `auth = [...]` of config.toml. `step_ups` are those that are set up,
/// `approvers` who approves if nobody says.
#[must_use]
pub fn named(name: &str, step_ups: &[&str], approvers: &[String]) -> Option<Requirement> {
    Some(match name {
        "confirm" => Requirement::Confirm,
        "reason" => Requirement::Reason,
        "healthy_device" => Requirement::HealthyDevice { or_step_up: None },
        "approval" if !approvers.is_empty() => {
            Requirement::Approvals { count: 1, approvers: approvers.iter().cloned().collect(), step_up: None }
        }
        name if step_ups.contains(&name) || (name == ANY && !step_ups.is_empty()) => {
            Requirement::StepUp { by: name.to_owned() }
        }
        _ => return None,
    })
}

/// What it takes for a plan: what the policies ask for, and what its own risk does.
#[must_use]
pub fn obligations(examined: &Examined, usual: Option<Risk>, asked: &[Required]) -> Vec<Requirement> {
    let mut requirements: Vec<Requirement> = asked.iter().map(|asked| asked.requirement.clone()).collect();
    // What cannot be taken back, or shows more than is usual here, is shown to the person first. A command
    // that only reads has nothing usual, whatever its plan says.
    let riskier = usual.is_none_or(|usual| Some(examined.risk()) > Some(usual).max(examined.plan().usual));
    if riskier || examined.risk() == Risk::Irreversible {
        requirements.push(Requirement::Confirm);
    }
    requirements.sort();
    requirements.dedup();
    requirements
}

/// The same where the bot itself asks: whatever the person who asks would have to do, one of those who approve does
/// in its place, with the proof that was asked for. Who approves has seen the plan and means it.
///
/// # Errors
/// Nobody is set up who could.
pub fn by_others(requirements: Vec<Requirement>, approvers: &[String]) -> Result<Vec<Requirement>, Refusal> {
    let of_others = |one: &Requirement| matches!(one, Requirement::Approvals { .. });
    let (mut all, of_the_asker): (Vec<_>, Vec<_>) = requirements.into_iter().partition(of_others);
    let mut proofs: Vec<Option<String>> = of_the_asker
        .into_iter()
        .filter_map(|requirement| match requirement {
            Requirement::StepUp { by } => Some(Some(by)),
            Requirement::HealthyDevice { or_step_up } => Some(or_step_up),
            Requirement::Confirm | Requirement::Reason => Some(None),
            Requirement::Approvals { .. } => None,
        })
        .collect();
    proofs.sort();
    proofs.dedup();
    // A bare word is given with any approval.
    if !all.is_empty() || proofs.len() > 1 {
        proofs.retain(Option::is_some);
    }
    if !proofs.is_empty() && approvers.is_empty() {
        let what =
            "This takes the word of whoever asks, which is the bot itself, and nobody is set up to approve.";
        return Err(Refusal::new(what, "Tell the people who run this bot: they can name approvers.")
            .logged("a judged plan of the bot's own, and no [auth_plugins.approval]"));
    }
    let approvers: BTreeSet<String> = approvers.iter().cloned().collect();
    let proven = |step_up| Requirement::Approvals { count: 1, approvers: approvers.clone(), step_up };
    all.extend(proofs.into_iter().map(proven));
    all.sort();
    all.dedup();
    Ok(all)
}

/// What it takes for this plan, asked for the first time. It waits for `waits` at most.
#[must_use]
pub fn oblige(
    examined: &Examined,
    requirements: Vec<Requirement>,
    waits: TimeDelta,
    now: Instant,
) -> Progress {
    let until = now + waits.max(WAITS);
    let expires = examined.plan().expires.map_or(until, |end| end.min(until));
    Progress::new(examined, requirements, now, expires)
}

/// The same where it waits for two people past Slack, and no longer than this.
#[must_use]
pub fn oblige_shortly(
    examined: &Examined,
    requirements: Vec<Requirement>,
    waits: TimeDelta,
    now: Instant,
) -> Progress {
    let until = now + waits;
    let expires = examined.plan().expires.map_or(until, |end| end.min(until));
    Progress::new(examined, requirements, now, expires)
}

/// What it takes for a plan that was approved when it was put off: nothing more. What it saw then is looked at
/// again.
#[must_use]
pub fn approved_before(examined: &Examined, now: Instant) -> Progress {
    Progress::new(examined, Vec::new(), now, now + WAITS).seen_before()
}

/// Whether the plan may be run now. `by_now` is what the policies and the configuration ask for at this moment: it
/// counts besides what they asked for when the plan was made.
#[must_use]
pub fn gate(
    examined: Examined,
    progress: &Progress,
    person: &PersonId,
    by_now: &[Requirement],
    now: Instant,
) -> Gated {
    if progress.digest != *examined.digest() {
        return Gated::Void;
    }
    if now >= progress.expires {
        return Gated::Expired;
    }
    let all = progress.with(by_now);
    let missing = all.missing(person);
    if !missing.is_empty() {
        return Gated::Waiting(missing);
    }
    let fresh_until = all.requirements.is_empty().then(|| progress.planned_at + FRESH);
    Gated::Open(Box::new(GatedPlan { examined, fresh_until }))
}

/// What the plan waits for next.
#[must_use]
pub fn stage(progress: &Progress, asked: &PersonId) -> Stage {
    let missing = progress.missing(asked);
    let has = |wanted: &Requirement| missing.contains(wanted);
    if has(&Requirement::Confirm) || has(&Requirement::Reason) {
        return Stage::Word { reason: has(&Requirement::Reason) };
    }
    for requirement in &missing {
        match requirement {
            Requirement::HealthyDevice { or_step_up } => {
                return Stage::Health { or_step_up: or_step_up.clone() };
            }
            Requirement::StepUp { by } => return Stage::StepUp { by: by.clone() },
            _ => {}
        }
    }
    if missing.is_empty() { Stage::Open } else { Stage::Approvals(missing) }
}
