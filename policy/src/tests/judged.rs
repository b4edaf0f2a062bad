//! Who may what.

use hubcommander_sdk::command::Value;
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Conversation, PersonId, Standing};
use hubcommander_sdk::plan::Risk;

use super::{OPEN, asker, delete, planned, question, read, shipped, text};
use crate::policy::{Cause, Decision, LooksAt, Policy};
use crate::question::{Group, Question};
use crate::schema::STANDINGS;

fn said(decision: &Decision) -> (String, String) {
    match decision {
        Decision::No(denial) => (denial.refusal.what.words(), denial.refusal.todo.words()),
        Decision::Yes { .. } => panic!("it was permitted"),
    }
}

fn cause(decision: &Decision) -> Option<Cause> {
    match decision {
        Decision::No(denial) => Some(denial.cause),
        Decision::Yes { .. } => None,
    }
}

fn with(policies: &str) -> Policy {
    read(&format!("{OPEN}{policies}"), "").unwrap()
}

/// Whether this policy, which forbids, forbids it.
fn forbids(head: &str, question: &Question) -> bool {
    let policy = with(&format!("@id(\"no\") forbid {head};"));
    let decision = policy.may_ask(question);
    assert_ne!(cause(&decision), Some(Cause::Erred), "{decision:?}");
    !decision.allowed()
}

#[test]
fn as_it_ships_members_may_and_nobody_else() {
    let policy = shipped();
    for standing in STANDINGS {
        for command in [
            delete("acme", "widgets"),
            question("Help", &[]),
            question("ListRepos", &[("org", text("acme"))]),
            question("AuditOrg", &[("org", text("acme")), ("fix", Value::Flag(true))]),
        ] {
            let command = Question { who: asker(standing), ..command };
            assert_eq!(policy.may_ask(&command).allowed(), standing == Standing::Member, "{standing:?}");
        }
        let question = Question { who: asker(standing), ..delete("acme", "widgets") };
        let planned = planned(Risk::Irreversible, &[Power::Delete], &["acme/widgets"]);
        assert_eq!(policy.may_be_done(&question, &planned).allowed(), standing == Standing::Member);
    }
    assert_eq!(policy.may_ask(&delete("acme", "widgets")).by(), ["members-change"]);
}

#[test]
fn as_it_ships_the_lockdown_is_in_the_hands_of_the_security_team() {
    let policy = shipped();
    let lockdown = |state: &str| question("Lockdown", &[("state", text(state))]);
    assert!(policy.may_ask(&lockdown("status")).allowed());
    for state in ["on", "off"] {
        assert_eq!(policy.may_ask(&lockdown(state)).by(), ["lockdown-is-for-security"]);
        let mut asked = lockdown(state);
        asked.who.groups.push(Group { id: "S0SECURITY".into(), handle: "security-team".into() });
        assert!(policy.may_ask(&asked).allowed());
        asked.who.person.standing = Standing::Guest;
        assert!(!policy.may_ask(&asked).allowed());
    }
}

#[test]
fn as_it_ships_members_are_in_the_hands_of_the_security_team() {
    let policy = shipped();
    let org = || ("org", text("acme"));
    for (asked, by) in [
        (question("InviteUser", &[("user", text("mia")), org()]), "inviting-others-is-for-security"),
        (question("Invitations", &[org(), ("resend", text("mia"))]), "invitations-are-for-security"),
        (question("Invitations", &[org(), ("cancel", text("mia"))]), "invitations-are-for-security"),
        (question("AuditMembers", &[org()]), "members-are-for-security"),
        (question("AuditMembers", &[org(), ("invite", Value::Flag(true))]), "members-are-for-security"),
        (question("AuditMembers", &[org(), ("remove", Value::Flag(true))]), "members-are-for-security"),
    ] {
        let mut asked = asked;
        assert_eq!(policy.may_ask(&asked).by(), [by]);
        asked.who.groups.push(Group { id: "S0SECURITY".into(), handle: "security-team".into() });
        assert!(policy.may_ask(&asked).allowed(), "{by}");
        asked.who.person.standing = Standing::Guest;
        assert!(!policy.may_ask(&asked).allowed(), "{by}");
    }
    assert!(policy.may_ask(&question("Invitations", &[org()])).allowed(), "who is invited all may see");
}

#[test]
fn as_it_ships_links_of_others_are_for_the_security_team() {
    let policy = shipped();
    let own = question("UnlinkGitHub", &[]);
    assert!(policy.may_ask(&own).allowed());
    let named = question("UnlinkGitHub", &[("person", text(&own.who.name()))]);
    assert!(policy.may_ask(&named).allowed(), "by name it is one's own, too");
    let mut others = question("UnlinkGitHub", &[("person", text("U0OTHER"))]);
    assert_eq!(policy.may_ask(&others).by(), ["others-links-are-for-security"]);
    others.who.groups.push(Group { id: "S0SECURITY".into(), handle: "security-team".into() });
    assert!(policy.may_ask(&others).allowed());
}

#[test]
fn what_ships_has_words_for_each_no() {
    let policy = shipped();
    let no =
        |standing| said(&policy.may_ask(&Question { who: asker(standing), ..delete("acme", "widgets") }));
    assert_eq!(
        no(Standing::Guest),
        ("This needs a full member of the workspace. You are a guest.".into(), "Ask @it-help.".into())
    );
    assert_eq!(no(Standing::SingleChannelGuest), no(Standing::Guest));
    assert!(no(Standing::Stranger).0.contains("another company"));
}

#[test]
fn names_at_github_are_one_in_any_case() {
    let head = "(principal, action, resource == Repository::\"acme/payments\")";
    for (org, repo) in [("acme", "payments"), ("Acme", "PAYMENTS")] {
        assert!(forbids(head, &delete(org, repo)), "{org}/{repo}");
    }
    assert!(!forbids(head, &delete("acme", "widgets")));
    assert!(forbids("(principal, action, resource in Organization::\"acme\")", &delete("Acme", "x")));
    assert!(forbids(
        "(principal, action == Action::\"DeleteRepo\", resource) when { context.args.repo == \"payments\" }",
        &delete("acme", "Payments")
    ));
}

#[test]
fn each_repository_that_is_named_is_judged() {
    let question = |repos: &[&str]| {
        let repos = Value::List(repos.iter().map(|&repo| repo.to_owned()).collect());
        question("AddCollab", &[("user", text("mia")), ("org", text("acme")), ("repos", repos)])
    };
    let head = "(principal, action, resource == Repository::\"acme/payments\")";
    assert!(forbids(head, &question(&["widgets", "Payments", "website"])));
    assert!(!forbids(head, &question(&["widgets", "website"])));
    // What is only permitted for one of them is not permitted.
    let policy =
        read("@id(\"one\") permit (principal, action, resource == Repository::\"acme/a\");", "").unwrap();
    assert!(policy.may_ask(&question(&["a"])).allowed());
    assert_eq!(cause(&policy.may_ask(&question(&["a", "b"]))), Some(Cause::NotPermitted));
}

#[test]
fn what_a_plan_touches_is_judged_though_nobody_named_it() {
    let policy = with("@id(\"no\") forbid (principal, action, resource == Repository::\"acme/payments\");");
    let asked = question("AuditOrg", &[("org", text("acme")), ("fix", Value::Flag(true))]);
    assert!(policy.may_ask(&asked).allowed());
    assert!(policy.may_be_done(&asked, &planned(Risk::Reversible, &[], &["acme/widgets"])).allowed());
    let no = policy.may_be_done(&asked, &planned(Risk::Reversible, &[], &["acme/widgets", "acme/payments"]));
    assert_eq!(cause(&no), Some(Cause::Forbidden));
    // They did not name it, so they do not learn of it.
    let (what, todo) = said(&no);
    assert!(!format!("{what}{todo}").contains("payments"), "{what}");
}

#[test]
fn a_command_that_only_reads_may_not_change() {
    let policy = with("");
    let asked = question("ListRepos", &[("org", text("acme"))]);
    assert!(policy.may_ask(&asked).allowed());
    let no = policy.may_be_done(&asked, &planned(Risk::Reversible, &[], &[]));
    assert_eq!(cause(&no), Some(Cause::Erred));
}

#[test]
fn what_a_person_is_can_be_looked_at() {
    let asked = delete("acme", "widgets");
    for head in [
        "(principal == Person::\"U0ANA\", action, resource)",
        "(principal in Group::\"developers\", action, resource)",
        "(principal in Group::\"S0DEV\", action, resource)",
        "(principal in GitHubTeam::\"acme/employees\", action, resource)",
        "(principal, action, resource) when { principal has github && principal.github == \"ana-lima\" }",
        "(principal, action, resource) when { principal has email && principal.email like \"*@acme.example\" }",
        "(principal, action, resource) when { principal.team == \"T0ACME\" }",
        "(principal, action in Action::\"change\", resource)",
        "(principal, action in Action::\"Repositories\", resource)",
        "(principal, action, resource) when { context.channel == Channel::\"C0DEV\" }",
        "(principal, action, resource) when { context.channel.kind == Conversation::\"public\" }",
        "(principal, action, resource) when { context.time.weekday == 5 && context.time.hour == 13 }",
        "(principal, action, resource is Repository) when { resource.owner == \"acme\" }",
        "(principal, action == Action::\"DeleteRepo\", resource) unless { context.args.dry_run }",
    ] {
        assert!(forbids(head, &asked), "{head}");
    }
    for head in [
        "(principal == Person::\"U0SAM\", action, resource)",
        "(principal in Group::\"security\", action, resource)",
        "(principal in GitHubTeam::\"acme/security\", action, resource)",
        "(principal, action in Action::\"read\", resource)",
        "(principal, action, resource) when { context.channel.shared }",
        "(principal, action, resource) when { context has plan }",
        "(principal, action, resource is Organization)",
    ] {
        assert!(!forbids(head, &asked), "{head}");
    }
}

#[test]
fn a_stranger_with_the_id_of_one_of_ours_is_somebody_else() {
    let mut stranger = asker(Standing::Stranger);
    stranger.person.id = PersonId { team: "T0OTHER".into(), user: "U0ANA".into() };
    stranger.ours = false;
    let asked = Question { who: stranger, ..delete("acme", "widgets") };
    assert!(!forbids("(principal == Person::\"U0ANA\", action, resource)", &asked));
    assert!(forbids("(principal == Person::\"T0OTHER/U0ANA\", action, resource)", &asked));
}

#[test]
fn arguments_have_their_types() {
    let mut asked = question(
        "AddCollab",
        &[
            ("user", text("Ana-Lima")),
            ("org", text("acme")),
            ("repos", Value::List(vec!["Widgets".into()])),
            ("for", Value::Number(3600)),
            ("on-behalf-of", text("U0ANA")),
        ],
    );
    for condition in [
        "context.args.user == principal.github",
        "context.args.repos.contains(\"widgets\")",
        "context.args has for && context.args.for < 7200",
        "context.args has on_behalf_of && context.args.on_behalf_of == principal",
    ] {
        let head = format!(
            "(principal, action == Action::\"AddCollab\", resource) when {{ principal has github && {condition} }}"
        );
        assert!(forbids(&head, &asked), "{condition}");
    }
    asked.args.set("surprise", text("x"));
    assert_eq!(cause(&with("").may_ask(&asked)), Some(Cause::Erred));
    asked.args.0.remove("surprise");
    asked.args.set("for", text("x"));
    assert_eq!(cause(&with("").may_ask(&asked)), Some(Cause::Erred));
}

#[test]
fn a_plan_can_be_looked_at() {
    let policy = with(
        "@id(\"no\") forbid (principal, action, resource) when { context has plan && context.plan.risk == \
         Risk::\"irreversible\" && context.plan.operations.contains(Operation::\"github.delete_repository\") };",
    );
    let asked = delete("acme", "widgets");
    assert!(policy.may_ask(&asked).allowed());
    assert!(policy.may_be_done(&asked, &planned(Risk::Reversible, &[], &["acme/widgets"])).allowed());
    assert!(!policy.may_be_done(&asked, &planned(Risk::Irreversible, &[], &["acme/widgets"])).allowed());
}

#[test]
fn an_error_is_a_no_whatever_permits() {
    let policy = with(
        "@id(\"errs\") permit (principal, action, resource) when { context.time.epoch * 9000000000000000000 > 0 };",
    );
    let no = policy.may_ask(&delete("acme", "widgets"));
    assert_eq!((cause(&no), no.by()), (Some(Cause::Erred), ["errs".to_owned()].as_slice()));
    assert!(said(&no).0.contains("could not be worked out"));
}

#[test]
fn commands_that_are_not_there_or_only_due_are_a_no() {
    let policy = with("");
    for command in ["Nothing", "LeaseEnds", ""] {
        assert_eq!(cause(&policy.may_ask(&question(command, &[]))), Some(Cause::Erred), "{command}");
    }
}

#[test]
fn without_a_policy_nobody_may() {
    let policy = read("", "").unwrap();
    let no = policy.may_ask(&delete("acme", "widgets"));
    assert_eq!(cause(&no), Some(Cause::NotPermitted));
    assert_eq!(said(&no), ("!DeleteRepo is not open to you here.".into(), "Ask @it-help.".into()));
}

#[test]
fn a_refusal_uses_the_words_of_the_policies_that_forbid() {
    let policy = with(
        "@id(\"b\") @why(\"Not on Fridays.\") @ask(\"@leads\") forbid (principal, action, resource);
         @id(\"a\") @why(\"Not here.\") forbid (principal, action, resource);
         @id(\"c\") forbid (principal, action, resource);",
    );
    let no = policy.may_ask(&delete("acme", "widgets"));
    assert_eq!(no.by(), ["b", "a", "c"]);
    assert_eq!(said(&no), ("Not on Fridays. Not here.".into(), "Ask @leads.".into()));
    let policy = with("@id(\"quiet\") forbid (principal, action, resource);");
    let (what, todo) = said(&policy.may_ask(&delete("acme", "widgets")));
    assert_eq!((what.as_str(), todo.as_str()), ("!DeleteRepo is not allowed to you here.", "Ask @it-help."));
}

#[test]
fn groups_and_github_are_only_looked_up_where_a_policy_looks_at_them() {
    let looks = |head: &str| with(&format!("@id(\"x\") forbid {head};")).looks_at("DeleteRepo");
    assert_eq!(shipped().looks_at("DeleteRepo"), LooksAt::default());
    assert_eq!(shipped().looks_at("Help"), LooksAt::default());
    assert!(shipped().looks_at("Lockdown").groups);
    let groups = LooksAt { groups: true, github: false };
    let github = LooksAt { groups: false, github: true };
    assert_eq!(looks("(principal in Group::\"a\", action, resource)"), groups);
    assert_eq!(looks("(principal, action, resource) unless { principal in Group::\"a\" }"), groups);
    assert_eq!(looks("(principal, action, resource) when { principal has github }"), github);
    assert_eq!(looks("(principal in GitHubTeam::\"acme/a\", action, resource)"), github);
    assert_eq!(looks("(principal, action, resource) when { context.channel.shared }"), LooksAt::default());
    // The words of an annotation are no policy.
    assert_eq!(
        with("@id(\"x\") @why(\"Group\") forbid (principal, action, resource);").looks_at("DeleteRepo"),
        LooksAt::default()
    );
    let policy =
        with("@id(\"x\") forbid (principal in Group::\"a\", action in Action::\"change\", resource);");
    for (command, looks) in
        [("DeleteRepo", true), ("AuditOrg", true), ("ListRepos", false), ("Nothing", true)]
    {
        assert_eq!(policy.looks_at(command).groups, looks, "{command}");
        assert_eq!(policy.groups(command).len(), usize::from(looks), "{command}");
    }
    let policy = with(
        "@id(\"x\") forbid (principal in Group::\"a\", action in [Action::\"CreateRepo\", Action::\"Organisations\"], resource);",
    );
    for (command, looks) in [("CreateRepo", true), ("auditorg", true), ("DeleteRepo", false)] {
        assert_eq!(policy.looks_at(command).groups, looks, "{command}");
    }
    assert_eq!(policy.all_groups().len(), 1);
}

#[test]
fn a_direct_conversation_is_a_place_too() {
    let mut asked = question("Help", &[]);
    asked.place.conversation = Conversation::Direct;
    asked.place.channel = String::new();
    assert!(with("").may_ask(&asked).allowed());
}
