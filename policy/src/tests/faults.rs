//! What stops the start, and where the finger points.

use super::{OPEN, read, specs, surroundings};
use crate::policy::Policy;
use crate::source::{Fault, Source, Sources};

const ANY: &str = "permit (principal, action, resource);";

fn only(faults: Result<Policy, Vec<Fault>>) -> Fault {
    let faults = faults.expect_err("something is wrong");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.into_iter().next().unwrap()
}

/// The words that a fault points at.
fn pointed(fault: &Fault) -> String {
    let place = fault.place.as_ref().expect("it points somewhere");
    place.text.chars().skip(place.column - 1).take(place.width).collect()
}

fn policy(text: &str) -> Fault {
    let read = read(&format!("{OPEN}{text}"), "");
    assert!(read.is_err(), "{text}");
    let fault = only(read);
    assert_eq!(
        (fault.file.as_str(), fault.place.as_ref().map(|place| place.line)),
        ("policy.cedar", Some(2))
    );
    fault
}

fn obligation(text: &str) -> Fault {
    let fault = only(read(OPEN, &format!("// obligations\n{text}")));
    assert_eq!(
        (fault.file.as_str(), fault.place.as_ref().map(|place| place.line)),
        ("obligations.cedar", Some(2)),
        "{fault}"
    );
    fault
}

#[test]
fn slips_of_the_pen_in_policies() {
    for (text, at, says) in [
        (
            "@id(\"x\") permit (principal, action == Action::\"DeleteRep\", resource);",
            "Action::\"DeleteRep\"",
            "action",
        ),
        ("@id(\"x\") permit (principal in Grup::\"a\", action, resource);", "Grup", "Grup"),
        (
            "@id(\"x\") permit (principal, action, resource) when { principal.kind == Kind::\"gest\" };",
            "Kind::\"gest\"",
            "gest",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { principal.knd == Kind::\"guest\" };",
            "principal.knd",
            "knd",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { context.plan.steps > 1 };",
            "context.plan",
            "plan",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { context has plan && context.plan.powers.contains(Power::\"delte\") };",
            "Power::\"delte\"",
            "delte",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { context has plan && context.plan.operations.contains(Operation::\"github.delete\") };",
            "Operation::\"github.delete\"",
            "github.delete",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { principal.email like \"*@acme.example\" };",
            "principal.email",
            "email",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { context.args.repo == \"a\" };",
            "context.args.repo",
            "repo",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { principal.kind == \"guest\" };",
            "",
            "types",
        ),
        (
            "@id(\"x\") permit (principal, action, resource == Repository::\"acme/Payments\");",
            "Repository::\"acme/Payments\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal, action, resource == Repository::\"payments\");",
            "Repository::\"payments\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal, action, resource in Organization::\"Acme\");",
            "Organization::\"Acme\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal in GitHubTeam::\"employees\", action, resource);",
            "GitHubTeam::\"employees\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal in Group::\"@security\", action, resource);",
            "Group::\"@security\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal == Person::\"ana\", action, resource);",
            "Person::\"ana\"",
            "never match",
        ),
        (
            "@id(\"x\") permit (principal, action, resource) when { context.channel == Channel::\"#dev\" };",
            "Channel::\"#dev\"",
            "never match",
        ),
        ("permit (principal, action, resource);", ANY, "no id"),
        ("@id(\"open\") permit (principal, action, resource);", "@id(\"open\")", "line 1"),
        ("@id(\"a b\") permit (principal, action, resource);", "@id(\"a b\")", "id"),
        ("@id(\"x\") @wy(\"No.\") permit (principal, action, resource);", "@wy(\"No.\")", "@wy"),
        ("@id(\"x\") @confirm permit (principal, action, resource);", "@confirm", "@confirm"),
        ("@id(\"x\") @why(\"\") permit (principal, action, resource);", "@why(\"\")", "says nothing"),
        ("@id(\"x\") permit (principal == ?principal, action, resource);", "", "template"),
        ("@id(\"x\") permit (principal, action, resource) when { resource is Person };", "", "impossible"),
        ("@id(\"x\") permit (principal, action, resource) when { };", "", "Cedar"),
        ("@id(\"x\") allow (principal, action, resource);", "", "Cedar"),
    ] {
        let fault = policy(text);
        assert!(fault.what.contains(says), "{text}\n{fault}");
        assert!(at.is_empty() || pointed(&fault).contains(at), "{text}\n{fault}");
        assert!(fault.what.ends_with(['.', '`']) && !fault.cure.is_empty(), "{fault}");
    }
}

#[test]
fn slips_of_the_pen_in_obligations() {
    for (annotations, at, says) in [
        ("@stepup(\"duo\")", "@stepup(\"duo\")", "@stepup"),
        ("@step_up(\"okta\")", "@step_up(\"okta\")", "not set up"),
        ("@step_up(\"dou\")", "@step_up(\"dou\")", "not set up"),
        ("@step_up(\"\")", "@step_up(\"\")", "not set up"),
        ("@confirm(\"yes\")", "@confirm(\"yes\")", "takes no value"),
        ("@reason(\"no\")", "@reason(\"no\")", "takes no value"),
        ("@approvals(\"1\")", "@approvals(\"1\")", "without `@approvers`"),
        ("@approvals(\"0\") @approvers(\"slack:security\")", "@approvals(\"0\")", "from 1 to 20"),
        ("@approvals(\"-1\") @approvers(\"slack:security\")", "@approvals(\"-1\")", "from 1 to 20"),
        ("@approvals(\"one\") @approvers(\"slack:security\")", "@approvals(\"one\")", "from 1 to 20"),
        ("@approvals @approvers(\"slack:security\")", "@approvals", "from 1 to 20"),
        ("@approvals(\"1\") @approvers(\"security\")", "@approvers(\"security\")", "`security`"),
        ("@approvals(\"1\") @approvers(\"slack:security,,U0SAM\")", "@approvers", "``"),
        ("@approvals(\"1\") @approvers(\"slack:Security\")", "@approvers", "slack:Security"),
        ("@confirm @approvers(\"slack:security\")", "@approvers(\"slack:security\")", "without `@approvals`"),
        ("@confirm @approver_step_up(\"duo\")", "@approver_step_up(\"duo\")", "without `@approvals`"),
        (
            "@approvals(\"1\") @approvers(\"slack:security\") @approver_step_up(\"x\")",
            "@approver_step_up(\"x\")",
            "not set up",
        ),
        ("@requires(\"luck\")", "@requires(\"luck\")", "luck"),
        ("@confirm @or_step_up(\"duo\")", "@or_step_up(\"duo\")", "without `@requires`"),
        ("@why(\"Because.\")", "@id(\"x\")", "asks for nothing"),
        ("@ask(\"@leads\") @confirm", "@ask(\"@leads\")", "@ask"),
    ] {
        let fault = obligation(&format!("@id(\"x\") {annotations} {ANY}"));
        assert!(fault.what.contains(says), "{annotations}\n{fault}");
        assert!(pointed(&fault).contains(at), "{annotations}\n{fault}");
    }
    let fault = obligation("@id(\"x\") @confirm forbid (principal, action, resource);");
    assert!(fault.what.contains("forbids"), "{fault}");
    let fault = obligation(&format!("@id(\"open\") @confirm {ANY}"));
    assert!(fault.what.contains("other file") && pointed(&fault) == "@id(\"open\")", "{fault}");
    let fault = obligation(&format!("@id(\"x\") @confirm @confirm {ANY}"));
    assert!(fault.what.contains("confirm"), "{fault}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_files() {
    let faults = read(
        "@id(\"a\") permit (principal in Grup::\"a\", action, resource);\npermit (principal, action, resource);",
        "@id(\"b\") @confirm(\"x\") permit (principal, action, resource);",
    )
    .unwrap_err();
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.file.as_str(), fault.place.as_ref().map_or(0, |place| place.line)))
        .collect();
    assert_eq!(places, [("policy.cedar", 1), ("policy.cedar", 2), ("obligations.cedar", 1)]);
}

#[test]
fn the_shorthand_must_be_possible() {
    let specs = specs();
    let sources = Sources { policy: Source::new("p", OPEN), obligations: Source::new("o", "") };
    for (word, says) in [("okta", "okta"), ("nonsense", "nonsense")] {
        let words = [word.to_owned()];
        let fault = only(Policy::new(&sources, &surroundings(&specs, &words)));
        assert!(fault.what.contains(says) && fault.file.contains("CreateRepo"), "{fault}");
    }
    let words = ["healthy_device".to_owned(), "approval".to_owned(), "any".to_owned()];
    let mut bare = surroundings(&specs, &words);
    bare.devices = false;
    bare.approvers.clear();
    bare.step_ups.clear();
    let faults = Policy::new(&sources, &bare).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:#?}");
}

#[test]
fn without_any_step_up_what_ships_stops_the_start() {
    let specs = specs();
    let mut bare = surroundings(&specs, &[]);
    bare.step_ups.clear();
    let fault = only(Policy::new(&Sources::shipped(), &bare));
    assert_eq!(pointed(&fault), "@step_up(\"any\")");
    assert!(fault.cure.contains("[auth_plugins]"));
}

#[test]
fn no_source_of_devices_is_a_fault_unless_a_step_up_stands_in() {
    let specs = specs();
    let mut bare = surroundings(&specs, &[]);
    bare.devices = false;
    let with = |annotations: &str| Sources {
        policy: Source::new("p", OPEN),
        obligations: Source::new("o", format!("@id(\"x\") {annotations} {ANY}")),
    };
    assert!(Policy::new(&with("@requires(\"healthy_device\")"), &bare).is_err());
    assert!(Policy::new(&with("@requires(\"healthy_device\") @or_step_up(\"duo\")"), &bare).is_ok());
}
