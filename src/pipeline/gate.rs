//! Gate: may this be done? A finished plan yields obligations; each is fulfilled bound to the digest of
//! the plan and to the person. The result is a [`GatedPlan`], the only thing that can be executed.
//!
//! The store cannot hand out a [`GatedPlan`]: after a restart the gate makes it again, from the plan and the
//! evidence, checking digest and expiry anew.

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::{Digest, Risk};
use serde::{Deserialize, Serialize};

use crate::pipeline::prepare::{Examined, StepWords};

/// How long a plan waits for people.
pub const WAITS: TimeDelta = TimeDelta::hours(1);

/// How old a plan without obligations may be before the world is looked at again.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// What it takes for a plan to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// The person who asked has seen the plan and says: run it.
    Confirm,
}

impl Obligation {
    /// The obligation that goes by this name in config.toml.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        (name == "confirm").then_some(Self::Confirm)
    }
}

/// That an obligation was fulfilled: by whom, when, and for which plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was fulfilled.
    pub obligation: Obligation,
    /// By whom.
    pub by: PersonId,
    /// For which plan.
    pub digest: Digest,
    /// When.
    pub at: Instant,
}

/// What is asked for and what has been given so far. Stored with the invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The plan it is about.
    pub digest: Digest,
    /// What it takes.
    pub obligations: Vec<Obligation>,
    /// What has been given.
    pub evidence: Vec<Evidence>,
    /// The words that were shown for its steps. The digest covers them, and a later program may put them
    /// differently.
    pub words: Vec<StepWords>,
    /// When the plan was made.
    pub planned_at: Instant,
    /// Until when it waits.
    pub expires: Instant,
}

impl Progress {
    /// The same for a plan that was made for an earlier run: what it saw is not fresh.
    #[must_use]
    pub fn seen_before(self) -> Self {
        Self { planned_at: self.planned_at - FRESH, ..self }
    }
}

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
    Waiting(Vec<Obligation>),
    /// Its time ran out.
    Expired,
    /// What was given was given for another plan.
    Void,
}

/// What it takes for this plan, asked for the first time.
#[must_use]
pub fn oblige(examined: &Examined, usual: Option<Risk>, auth: &[String], now: Instant) -> Progress {
    let mut obligations: Vec<Obligation> = auth.iter().filter_map(|name| Obligation::named(name)).collect();
    // What cannot be taken back, or shows more than is usual here, is shown to the person first. A command
    // that only reads has nothing usual, whatever its plan says.
    let riskier = usual.is_none_or(|usual| Some(examined.risk()) > Some(usual).max(examined.plan().usual));
    if (riskier || examined.risk() == Risk::Irreversible) && !obligations.contains(&Obligation::Confirm) {
        obligations.push(Obligation::Confirm);
    }
    let expires = examined.plan().expires.map_or(now + WAITS, |until| until.min(now + WAITS));
    Progress {
        digest: examined.digest().clone(),
        obligations,
        evidence: Vec::new(),
        words: examined.words().to_vec(),
        planned_at: now,
        expires,
    }
}

/// What it takes for a plan that was approved when it was put off: nothing more. What it saw then is looked at
/// again.
#[must_use]
pub fn approved_before(examined: &Examined, now: Instant) -> Progress {
    let progress = Progress {
        digest: examined.digest().clone(),
        obligations: Vec::new(),
        evidence: Vec::new(),
        words: examined.words().to_vec(),
        planned_at: now,
        expires: now + WAITS,
    };
    progress.seen_before()
}

/// Whether the plan may be run now. A name in `auth` that nobody knows keeps it closed.
#[must_use]
pub fn gate(
    examined: Examined,
    progress: &Progress,
    person: &PersonId,
    auth: &[String],
    now: Instant,
) -> Gated {
    if progress.digest != *examined.digest() {
        return Gated::Void;
    }
    if now >= progress.expires {
        return Gated::Expired;
    }
    // What the configuration asks for by now counts too.
    let by_now = auth.iter().filter_map(|name| Obligation::named(name));
    let mut obligations = progress.obligations.clone();
    obligations.extend(by_now.filter(|obligation| !progress.obligations.contains(obligation)));
    let missing: Vec<Obligation> = obligations
        .into_iter()
        .filter(|obligation| {
            !progress.evidence.iter().any(|evidence| {
                evidence.obligation == *obligation
                    && evidence.digest == *examined.digest()
                    && fulfils(*obligation, &evidence.by, person)
            })
        })
        .collect();
    if !missing.is_empty() || auth.iter().any(|name| Obligation::named(name).is_none()) {
        return Gated::Waiting(missing);
    }
    let fresh_until = progress.obligations.is_empty().then(|| progress.planned_at + FRESH);
    Gated::Open(Box::new(GatedPlan { examined, fresh_until }))
}

/// Whether this person's word counts for the obligation of the one who asked.
#[must_use]
pub fn fulfils(obligation: Obligation, by: &PersonId, asked: &PersonId) -> bool {
    match obligation {
        Obligation::Confirm => by == asked,
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::error::OperationError;
    use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
    use hubcommander_sdk::permit::WritePermit;
    use hubcommander_sdk::plan::{Plan, Title};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::pipeline::prepare::examine;
    use crate::registry::Operations;

    struct Test(Risk);

    #[async_trait::async_trait]
    impl Handler for Test {
        fn kind(&self) -> &'static str {
            "test.do"
        }
        fn describe(&self, _: &Json) -> Result<Described, OperationError> {
            Ok(Described { what: "something".into(), risk: self.0, irreversible: None })
        }
        async fn observe(&self, _: &Json, _: &Attempt) -> Result<Observed, OperationError> {
            Ok(Observed::Absent)
        }
        async fn apply(&self, _: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
            Ok(Applied { output: json!({}), inverse: None, note: None })
        }
    }

    fn examined(risk: Risk, name: &str) -> Examined {
        examined_where(risk, name, None)
    }

    /// Where this risk is the usual one.
    fn examined_where(risk: Risk, name: &str, usual: Option<Risk>) -> Examined {
        let operations = Operations::new(vec![std::sync::Arc::new(Test(risk))], vec![]).unwrap();
        let title = Title { todo: name.into(), doing: name.into(), done: name.into() };
        let operation = Operation { kind: "test.do".into(), version: 1, input: json!({}) };
        let plan = Plan { usual, ..Plan::new(title) };
        examine(&operations, plan.step("a", operation, &[])).unwrap()
    }

    fn person(user: &str) -> PersonId {
        PersonId { team: "T0ACME".into(), user: user.into() }
    }

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn what_can_be_taken_back_is_open_and_fresh_for_a_moment() {
        let plan = examined(Risk::Reversible, "a");
        let progress = oblige(&plan, Some(Risk::Reversible), &[], at(0));
        let Gated::Open(open) = gate(plan, &progress, &person("U1"), &[], at(0)) else { panic!("closed") };
        assert!(open.is_fresh(at(4)) && !open.is_fresh(at(5)));
    }

    #[test]
    fn what_is_riskier_than_usual_waits_for_the_person_who_asked() {
        let plan = examined(Risk::Irreversible, "a");
        let mut progress = oblige(&plan, Some(Risk::Reversible), &[], at(0));
        assert!(matches!(gate(plan.clone(), &progress, &person("U1"), &[], at(1)), Gated::Waiting(_)));
        let say = |user: &str, digest: &Digest| Evidence {
            obligation: Obligation::Confirm,
            by: person(user),
            digest: digest.clone(),
            at: at(2),
        };
        progress.evidence.push(say("U2", plan.digest()));
        assert!(matches!(gate(plan.clone(), &progress, &person("U1"), &[], at(3)), Gated::Waiting(_)));
        progress.evidence.push(say("U1", examined(Risk::Irreversible, "b").digest()));
        assert!(matches!(gate(plan.clone(), &progress, &person("U1"), &[], at(3)), Gated::Waiting(_)));
        progress.evidence.push(say("U1", plan.digest()));
        let Gated::Open(open) = gate(plan.clone(), &progress, &person("U1"), &[], at(3)) else {
            panic!("closed")
        };
        assert!(!open.is_fresh(at(3)), "what waited is looked at again");
        assert!(matches!(gate(plan, &progress, &person("U1"), &[], at(3_600)), Gated::Expired));
    }

    #[test]
    fn what_is_usual_where_it_was_asked_is_not_confirmed() {
        use Risk::{Exposing, Irreversible, Reversible};
        for (risk, command, here, confirmed) in [
            (Exposing, Some(Reversible), None, true),
            (Exposing, Some(Reversible), Some(Exposing), false),
            (Exposing, Some(Exposing), Some(Reversible), false),
            (Reversible, Some(Reversible), Some(Exposing), false),
            (Irreversible, Some(Reversible), Some(Irreversible), true),
            (Reversible, None, Some(Irreversible), true),
        ] {
            let plan = examined_where(risk, "a", here);
            let asked = oblige(&plan, command, &[], at(0)).obligations;
            assert_eq!(asked == [Obligation::Confirm], confirmed, "{risk:?} {command:?} {here:?}");
        }
    }

    #[test]
    fn another_plan_or_an_unknown_gate_stays_closed() {
        let progress = oblige(&examined(Risk::Reversible, "a"), Some(Risk::Reversible), &[], at(0));
        let other = examined(Risk::Reversible, "b");
        assert!(matches!(gate(other, &progress, &person("U1"), &[], at(0)), Gated::Void));
        let auth = vec!["duo".to_owned()];
        let plan = examined(Risk::Reversible, "a");
        assert!(matches!(gate(plan, &progress, &person("U1"), &auth, at(0)), Gated::Waiting(_)));
    }
}
