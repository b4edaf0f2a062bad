//! What it takes.

use std::collections::BTreeSet;

use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::Value;
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::plan::Risk;

use super::{OPEN, delete, planned, question, read, shipped, specs, surroundings, text};
use crate::policy::{Policy, Taken};
use crate::source::{Source, Sources};

fn approvals(count: u32, approvers: &[&str], step_up: Option<&str>) -> Requirement {
    let approvers: BTreeSet<String> = approvers.iter().map(|&one| one.to_owned()).collect();
    Requirement::Approvals { count, approvers, step_up: step_up.map(str::to_owned) }
}

fn step_up(by: &str) -> Requirement {
    Requirement::StepUp { by: by.to_owned() }
}

fn requirements(taken: &[Taken]) -> Vec<Requirement> {
    taken.iter().map(|one| one.requirement.clone()).collect()
}

fn takes(obligations: &str) -> Vec<Taken> {
    let policy = read(OPEN, obligations).unwrap();
    let planned = planned(Risk::Irreversible, &[Power::Delete], &["acme/widgets", "acme/website"]);
    policy.takes(&delete("acme", "widgets"), &planned).unwrap()
}

#[test]
fn as_it_ships_powers_take_a_step_up_and_a_second_person() {
    let policy = shipped();
    let takes = |risk, powers: &[Power]| {
        let planned = planned(risk, powers, &["acme/widgets"]);
        requirements(&policy.takes(&delete("acme", "widgets"), &planned).unwrap())
    };
    assert_eq!(takes(Risk::Reversible, &[]), []);
    assert_eq!(takes(Risk::Exposing, &[]), []);
    assert_eq!(takes(Risk::Irreversible, &[]), [Requirement::Confirm]);
    // Whoever enrols cannot prove anything yet, and to lift a lockdown must not depend on the phones.
    let by_others = [Power::Enrol, Power::Unlock, Power::LetGo];
    for power in by_others {
        let expected = [approvals(1, &["slack:security-team"], None)];
        assert_eq!(takes(Risk::Reversible, &[power]), expected, "{power:?}");
    }
    for power in Power::ALL.into_iter().filter(|power| !by_others.contains(power)) {
        let expected = [step_up("any"), approvals(1, &["slack:security-team"], None)];
        assert_eq!(takes(Risk::Reversible, &[power]), expected, "{power:?}");
    }
}

#[test]
fn as_it_ships_members_are_removed_by_two_people() {
    let policy = shipped();
    let planned = planned(Risk::Irreversible, &[], &["acme/x"]);
    let takes = |flags: &[&str]| {
        let mut args = vec![("org", text("acme"))];
        args.extend(flags.iter().map(|&flag| (flag, Value::Flag(true))));
        requirements(&policy.takes(&question("AuditMembers", &args), &planned).unwrap())
    };
    let two = [step_up("any"), Requirement::Confirm, approvals(1, &["slack:security-team"], None)];
    let removing = takes(&["remove"]);
    assert!(two.iter().all(|one| removing.contains(one)) && removing.len() == 3, "{removing:?}");
    assert_eq!(takes(&["invite"]), [Requirement::Confirm]);
}

#[test]
fn all_that_match_add_up_and_equal_ones_merge() {
    let taken = takes(
        "@id(\"a\") @confirm @step_up(\"duo\") permit (principal, action, resource);
         @id(\"b\") @confirm @reason permit (principal, action, resource == Repository::\"acme/website\");
         @id(\"c\") @approvals(\"1\") @approvers(\"slack:security\") permit (principal, action, resource);
         @id(\"d\") @approvals(\"1\") @approvers(\"slack:security\") permit (principal, action, resource);
         @id(\"e\") @approvals(\"2\") @approvers(\" U0SAM ,S0SEC\") @approver_step_up(\"passkey\")
         permit (principal, action, resource);
         @id(\"f\") @requires(\"healthy_device\") @or_step_up(\"any\") permit (principal, action, resource);
         @id(\"g\") @reason permit (principal, action == Action::\"CreateRepo\", resource);",
    );
    let by: Vec<(Requirement, Vec<&str>)> = taken
        .iter()
        .map(|one| (one.requirement.clone(), one.by.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        by,
        [
            (Requirement::Confirm, vec!["a", "b"]),
            (Requirement::Reason, vec!["b"]),
            (Requirement::HealthyDevice { or_step_up: Some("any".into()) }, vec!["f"]),
            (step_up("duo"), vec!["a"]),
            (approvals(1, &["slack:security"], None), vec!["c", "d"]),
            (approvals(2, &["S0SEC", "U0SAM"], Some("passkey")), vec!["e"]),
        ]
    );
}

#[test]
fn what_cannot_be_worked_out_is_a_no() {
    let policy = read(
        OPEN,
        "@id(\"fine\") @confirm permit (principal, action, resource);
         @id(\"errs\") @reason permit (principal, action, resource)
         when { context.plan.steps + 9223372036854775807 > 0 };",
    )
    .unwrap();
    let erred = policy.takes(&delete("acme", "a"), &planned(Risk::Reversible, &[], &[])).unwrap_err();
    assert_eq!(erred.by, ["errs"]);
    assert!(policy.takes(&question("Nothing", &[]), &planned(Risk::Reversible, &[], &[])).is_err());
    // An operation that nobody knows.
    let mut odd = planned(Risk::Reversible, &[], &[]);
    odd.operations.insert("github.unheard_of".into());
    assert!(policy.takes(&delete("acme", "a"), &odd).is_err());
    assert!(!policy.may_be_done(&delete("acme", "a"), &odd).allowed());
}

#[test]
fn an_obligation_permits_nothing() {
    let policy = read("", "@id(\"a\") @confirm permit (principal, action, resource);").unwrap();
    assert!(!policy.may_ask(&delete("acme", "widgets")).allowed());
    let planned = planned(Risk::Reversible, &[], &[]);
    assert!(!policy.may_be_done(&delete("acme", "widgets"), &planned).allowed());
}

#[test]
fn the_shorthand_of_the_configuration_counts_too() {
    let specs = specs();
    let words = ["confirm", "reason", "approval", "healthy_device", "any", "duo"].map(str::to_owned);
    let sources = Sources { policy: Source::new("p", OPEN), obligations: Source::new("o", "") };
    let policy = Policy::new(&sources, &surroundings(&specs, &words)).unwrap();
    let create = question("CreateRepo", &[("org", text("acme")), ("repo", text("new"))]);
    let taken = policy.takes(&create, &planned(Risk::Reversible, &[], &[])).unwrap();
    assert_eq!(
        requirements(&taken),
        [
            Requirement::Confirm,
            Requirement::Reason,
            Requirement::HealthyDevice { or_step_up: None },
            step_up("any"),
            step_up("duo"),
            approvals(1, &["slack:security"], None),
        ]
    );
    assert!(taken.iter().all(|one| one.by == ["[commands.CreateRepo] auth"]));
    assert_eq!(policy.takes(&delete("acme", "a"), &planned(Risk::Reversible, &[], &[])).unwrap(), []);
    assert_eq!(policy.ever_takes().len(), 6);
}
