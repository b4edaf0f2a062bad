use std::collections::BTreeSet;

use hubcommander_sdk::auth::Proof;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Digest, Plan, Title};
use proptest::prelude::*;
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

fn evidence(requirement: Requirement, user: &str, digest: &Digest) -> Evidence {
    Evidence { requirement, by: person(user), digest: digest.clone(), at: at(2), proof: None, words: None }
}

fn proof() -> Proof {
    Proof { by: "duo".into(), factor: "push".into(), reference: "tx".into() }
}

fn approvals(count: u32) -> Requirement {
    Requirement::Approvals { count, approvers: BTreeSet::from(["slack:security".to_owned()]), step_up: None }
}

fn asked(requirement: Requirement) -> Required {
    Required { requirement, policies: vec!["p".into()] }
}

fn oblige_usually(plan: &Examined, usual: Option<Risk>, takes: &[Required]) -> Progress {
    oblige(plan, obligations(plan, usual, takes), WAITS, at(0))
}

#[test]
fn what_can_be_taken_back_is_open_and_fresh_for_a_moment() {
    let plan = examined(Risk::Reversible, "a");
    let progress = oblige_usually(&plan, Some(Risk::Reversible), &[]);
    let Gated::Open(open) = gate(plan, &progress, &person("U1"), &[], at(0)) else { panic!("closed") };
    assert!(open.is_fresh(at(4)) && !open.is_fresh(at(5)));
}

#[test]
fn what_is_riskier_than_usual_waits_for_the_person_who_asked() {
    let plan = examined(Risk::Irreversible, "a");
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &[]);
    assert!(matches!(gate(plan.clone(), &progress, &person("U1"), &[], at(1)), Gated::Waiting(_)));
    let mut say = |user: &str, digest: &Digest| {
        progress.evidence.push(evidence(Requirement::Confirm, user, digest));
        gate(plan.clone(), &progress, &person("U1"), &[], at(3))
    };
    assert!(matches!(say("U2", plan.digest()), Gated::Waiting(_)), "the word of somebody else");
    let other = examined(Risk::Irreversible, "b");
    assert!(matches!(say("U1", other.digest()), Gated::Waiting(_)), "their word on another plan");
    let Gated::Open(open) = say("U1", plan.digest()) else { panic!("closed") };
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
        let takes = obligations(&plan, command, &[]);
        assert_eq!(takes == [Requirement::Confirm], confirmed, "{risk:?} {command:?} {here:?}");
    }
}

#[test]
fn another_plan_stays_closed() {
    let progress = oblige_usually(&examined(Risk::Reversible, "a"), Some(Risk::Reversible), &[]);
    let other = examined(Risk::Reversible, "b");
    assert!(matches!(gate(other, &progress, &person("U1"), &[], at(0)), Gated::Void));
}

#[test]
fn what_is_asked_for_by_now_counts_too() {
    let plan = examined(Risk::Reversible, "a");
    let progress = oblige_usually(&plan, Some(Risk::Reversible), &[]);
    let by_now = [approvals(1)];
    let Gated::Waiting(missing) = gate(plan, &progress, &person("U1"), &by_now, at(0)) else {
        panic!("open")
    };
    assert_eq!(missing, by_now);
}

#[test]
fn a_proof_counts_only_from_the_person_who_asked_and_only_if_it_is_one() {
    let plan = examined(Risk::Reversible, "a");
    let step_up = Requirement::StepUp { by: "duo".into() };
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &[asked(step_up.clone())]);
    progress.evidence.push(evidence(step_up.clone(), "U1", plan.digest()));
    progress
        .evidence
        .push(Evidence { proof: Some(proof()), ..evidence(step_up.clone(), "U2", plan.digest()) });
    assert_eq!(progress.missing(&person("U1")), std::slice::from_ref(&step_up));
    progress.evidence.push(Evidence { proof: Some(proof()), ..evidence(step_up, "U1", plan.digest()) });
    assert!(progress.missing(&person("U1")).is_empty());
}

#[test]
fn a_person_counts_once_and_never_for_oneself() {
    let plan = examined(Risk::Reversible, "a");
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &[asked(approvals(2))]);
    let mut lacks_after = |user: &str| {
        progress.evidence.push(evidence(approvals(2), user, plan.digest()));
        progress.lacks(&approvals(2), &person("U1"))
    };
    assert_eq!([lacks_after("U1"), lacks_after("U2"), lacks_after("U2"), lacks_after("U3")], [2, 1, 1, 0]);
}

#[test]
fn an_approval_with_a_step_up_takes_the_proof() {
    let plan = examined(Risk::Reversible, "a");
    let careful = Requirement::Approvals {
        count: 1,
        approvers: BTreeSet::from(["slack:security".to_owned()]),
        step_up: Some("any".into()),
    };
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &[asked(careful.clone())]);
    progress.evidence.push(evidence(careful.clone(), "U2", plan.digest()));
    assert_eq!(progress.lacks(&careful, &person("U1")), 1);
    progress
        .evidence
        .push(Evidence { proof: Some(proof()), ..evidence(careful.clone(), "U2", plan.digest()) });
    assert_eq!(progress.lacks(&careful, &person("U1")), 0);
}

#[test]
fn a_reason_is_words() {
    let plan = examined(Risk::Reversible, "a");
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &[asked(Requirement::Reason)]);
    for (words, given) in [(None, false), (Some("  "), false), (Some("the audit"), true)] {
        let words = words.map(str::to_owned);
        progress.evidence = vec![Evidence { words, ..evidence(Requirement::Reason, "U1", plan.digest()) }];
        assert_eq!(progress.missing(&person("U1")).is_empty(), given);
    }
}

#[test]
fn the_person_alone_comes_first_and_others_last() {
    let plan = examined(Risk::Irreversible, "a");
    let step_up = Requirement::StepUp { by: "duo".into() };
    let takes = [asked(approvals(1)), asked(step_up.clone()), asked(Requirement::Reason)];
    let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &takes);
    let me = person("U1");
    assert_eq!(stage(&progress, &me), Stage::Word { reason: true });
    progress.give(Requirement::Confirm, &me, at(1));
    assert_eq!(stage(&progress, &me), Stage::Word { reason: true });
    progress.give(Requirement::Reason, &me, at(1)).words = Some("the audit".into());
    assert_eq!(stage(&progress, &me), Stage::StepUp { by: "duo".into() });
    progress.give(step_up, &me, at(2)).proof = Some(proof());
    assert_eq!(stage(&progress, &me), Stage::Approvals(vec![approvals(1)]));
    progress.give(approvals(1), &person("U2"), at(3));
    assert_eq!(stage(&progress, &me), Stage::Open);
}

#[test]
fn the_names_that_config_toml_uses() {
    let approvers = ["slack:security".to_owned()];
    assert_eq!(named("confirm", &[], &[]), Some(Requirement::Confirm));
    assert_eq!(named("duo", &["duo"], &[]), Some(Requirement::StepUp { by: "duo".into() }));
    assert_eq!(named("any", &["duo"], &[]), Some(Requirement::StepUp { by: "any".into() }));
    assert_eq!(named("approval", &[], &approvers), Some(approvals(1)));
    for nothing in ["duo", "any", "approval", "", "Confirm", "sms"] {
        assert_eq!(named(nothing, &[], &[]), None, "{nothing}");
    }
}

fn requirement() -> impl Strategy<Value = Requirement> {
    prop_oneof![
        Just(Requirement::Confirm),
        Just(Requirement::Reason),
        Just(Requirement::HealthyDevice { or_step_up: None }),
        "[a-c]".prop_map(|by| Requirement::StepUp { by }),
        (0_u32..4, any::<bool>()).prop_map(|(count, careful)| Requirement::Approvals {
            count,
            approvers: BTreeSet::from(["slack:security".to_owned()]),
            step_up: careful.then(|| "any".to_owned()),
        }),
    ]
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    (requirement(), 1_u8..5, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(requirement, user, proven, says, for_this)| Evidence {
            requirement,
            by: person(&format!("U{user}")),
            digest: if for_this {
                examined(Risk::Reversible, "a").digest().clone()
            } else {
                Digest("0".into())
            },
            at: at(1),
            proof: proven.then(proof),
            words: says.then(|| "because".to_owned()),
        },
    )
}

proptest! {
    #[test]
    fn asking_for_more_never_opens_and_evidence_for_another_plan_never_counts(
        takes in proptest::collection::vec(requirement(), 0..5),
        more in proptest::collection::vec(requirement(), 0..3),
        given in proptest::collection::vec(any_evidence(), 0..8),
    ) {
        let plan = examined(Risk::Reversible, "a");
        let me = person("U1");
        let takes: Vec<Required> = takes.into_iter().map(asked).collect();
        let mut progress = oblige_usually(&plan, Some(Risk::Reversible), &takes);
        progress.evidence = given;
        let open = |by_now: &[Requirement], progress: &Progress| {
            matches!(gate(plan.clone(), progress, &me, by_now, at(1)), Gated::Open(_))
        };
        if open(&more, &progress) {
            prop_assert!(open(&[], &progress));
        }
        let mut own = progress.clone();
        own.evidence.retain(|known| known.digest == *plan.digest());
        prop_assert_eq!(open(&more, &progress), open(&more, &own));
        // What the person who asked says never stands in for others.
        let mut alone = progress.clone();
        alone.evidence.retain(|known| known.by == me);
        let needs_others = |asked: &Required| matches!(asked.requirement, Requirement::Approvals { count, .. } if count > 0);
        if takes.iter().any(needs_others) {
            prop_assert!(!open(&[], &alone));
        }
        prop_assert_eq!(stage(&progress, &me) == Stage::Open, progress.missing(&me).is_empty());
    }
}

#[test]
fn what_the_bot_would_have_to_do_itself_an_approver_does() {
    let us = ["slack:security-team".to_owned()];
    let agree = |step_up: Option<&str>| Requirement::Approvals {
        count: 1,
        approvers: us.iter().cloned().collect(),
        step_up: step_up.map(str::to_owned),
    };
    let others = |requirements: &[Requirement]| by_others(requirements.to_vec(), &us).unwrap();
    assert_eq!(others(&[]), []);
    assert_eq!(others(&[Requirement::Confirm, Requirement::Reason]), [agree(None)]);
    let duo = Requirement::StepUp { by: "duo".into() };
    assert_eq!(others(&[Requirement::Confirm, duo.clone()]), [agree(Some("duo"))]);
    // What others are asked for stays, and their word is a word.
    let two = Requirement::Approvals { count: 2, approvers: ["U0SAM".to_owned()].into(), step_up: None };
    assert_eq!(others(&[two.clone(), Requirement::Confirm]), [two.clone()]);
    assert_eq!(others(&[two.clone(), Requirement::HealthyDevice { or_step_up: None }]), [two.clone()]);
    let both = others(&[two.clone(), duo.clone()]);
    assert!(both.contains(&two) && both.contains(&agree(Some("duo"))), "{both:?}");
    // Where nobody could, nothing is done.
    assert!(by_others(vec![Requirement::Confirm], &[]).is_err());
    assert!(by_others(vec![duo], &[]).is_err());
    assert_eq!(by_others(vec![two.clone(), Requirement::Confirm], &[]).unwrap(), [two]);
}
