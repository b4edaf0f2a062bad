mod explained;
mod faults;
mod judged;
mod laws;
mod taken;

use std::collections::BTreeSet;

use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, CommandSpec, Value};
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place, Standing};
use hubcommander_sdk::plan::Risk;

use crate::policy::{Policy, Ruled, Surroundings};
use crate::question::{Asker, Group, Linked, Planned, Question, Resource};
use crate::source::{Fault, Source, Sources};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Commands that have every kind of argument between them.
fn specs() -> Vec<CommandSpec> {
    let org = || ArgSpec::positional("org", ArgKind::Organization, "");
    vec![
        CommandSpec::new("Help", "Finding your way", "")
            .arg(ArgSpec::positional("command", ArgKind::CommandName, "").optional()),
        CommandSpec::new("ListRepos", "Repositories", "").arg(org()).arg(ArgSpec::option(
            "limit",
            ArgKind::Number,
            "",
        )),
        CommandSpec::new("CreateRepo", "Repositories", "")
            .arg(org())
            .arg(ArgSpec::positional("repo", ArgKind::NewRepository, ""))
            .arg(ArgSpec::option("template", ArgKind::FullRepository, ""))
            .arg(ArgSpec::option("team", ArgKind::TeamPermission, "").repeated())
            .arg(ArgSpec::option("topics", ArgKind::Topics, ""))
            .changes(Risk::Reversible),
        CommandSpec::new("DeleteRepo", "Repositories", "")
            .arg(org())
            .arg(ArgSpec::positional("repo", ArgKind::Repository, ""))
            .changes(Risk::Irreversible),
        CommandSpec::new("AddCollab", "People and teams", "")
            .arg(ArgSpec::positional("user", ArgKind::Login, ""))
            .arg(org())
            .arg(ArgSpec::positional("repos", ArgKind::Repositories, ""))
            .arg(ArgSpec::option("for", ArgKind::Duration, ""))
            .arg(ArgSpec::option("on-behalf-of", ArgKind::Person, ""))
            .changes(Risk::Exposing),
        CommandSpec::new("AuditOrg", "Organisations", "")
            .arg(org())
            .arg(ArgSpec::flag("fix", ""))
            .arg(ArgSpec::flag("dry-run", "")),
        CommandSpec::new("AuditMembers", "Members", "")
            .arg(org())
            .arg(ArgSpec::flag("invite", ""))
            .arg(ArgSpec::flag("remove", ""))
            .arg(ArgSpec::flag("dry-run", "")),
        CommandSpec::new("Invitations", "Members", "")
            .arg(org())
            .arg(ArgSpec::option("resend", ArgKind::Text, ""))
            .arg(ArgSpec::option("cancel", ArgKind::Text, ""))
            .arg(ArgSpec::flag("dry-run", "")),
        CommandSpec::new("InviteUser", "Members", "")
            .arg(ArgSpec::positional("user", ArgKind::Text, ""))
            .arg(org())
            .changes(Risk::Exposing),
        CommandSpec::new("AcceptEmail", "Security", "")
            .arg(ArgSpec::positional("person", ArgKind::Person, ""))
            .changes(Risk::Reversible),
        CommandSpec::new("DeviceStatus", "Your devices", "")
            .arg(ArgSpec::positional("person", ArgKind::Person, "").optional()),
        CommandSpec::new("FleetStatus", "Your devices", ""),
        CommandSpec::new("UnlinkGitHub", "Members", "")
            .arg(ArgSpec::positional("person", ArgKind::Person, "").optional())
            .changes(Risk::Reversible),
        CommandSpec::new("Farewell", "People who leave", "")
            .arg(ArgSpec::positional("person", ArgKind::Person, "").optional())
            .changes(Risk::Reversible),
        CommandSpec::new("Farewells", "People who leave", "").changes(Risk::Reversible),
        CommandSpec::new("Lockdown", "Security", "")
            .arg(ArgSpec::positional(
                "state",
                ArgKind::Choice(vec!["on".into(), "off".into(), "status".into()]),
                "",
            ))
            .changes(Risk::Reversible),
        CommandSpec::new("LeaseEnds", "What is due", "").only_when_due().changes(Risk::Irreversible),
    ]
}

fn surroundings<'a>(specs: &'a [CommandSpec], auth: &'a [String]) -> Surroundings<'a> {
    let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
    Surroundings {
        commands: specs
            .iter()
            .map(|spec| Ruled { spec, auth: if spec.name == "CreateRepo" { auth } else { &[] } })
            .collect(),
        operations: set(&["github.create_repository", "github.delete_repository"]),
        step_ups: set(&["duo", "passkey"]),
        devices: true,
        approvers: set(&["slack:security"]),
        contact: Some("@it-help".to_owned()),
    }
}

fn read(policy: &str, obligations: &str) -> Result<Policy, Vec<Fault>> {
    let specs = specs();
    let sources = Sources {
        policy: Source::new("policy.cedar", policy),
        obligations: Source::new("obligations.cedar", obligations),
    };
    Policy::new(&sources, &surroundings(&specs, &[]))
}

fn shipped() -> Policy {
    let specs = specs();
    match Policy::new(&Sources::shipped(), &surroundings(&specs, &[])) {
        Ok(policy) => policy,
        Err(faults) => panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// Everybody may everything, so that what is added shows.
const OPEN: &str = "@id(\"open\") permit (principal, action, resource);\n";

fn asker(standing: Standing) -> Asker {
    let person = Person {
        id: PersonId { team: "T0ACME".into(), user: "U0ANA".into() },
        standing,
        name: "Ana".into(),
        email: Some("Ana@Acme.example".into()),
        tz_offset: None,
    };
    Asker {
        groups: vec![Group { id: "S0DEV".into(), handle: "developers".into() }],
        github: Some(Linked { login: "Ana-Lima".into(), teams: vec!["Acme/Employees".into()] }),
        ..Asker::new(person, "T0ACME")
    }
}

fn question(command: &str, args: &[(&str, Value)]) -> Question {
    let mut given = Args::default();
    for (name, value) in args {
        given.set(name, value.clone());
    }
    Question {
        who: asker(Standing::Member),
        command: command.to_owned(),
        args: given,
        place: Place {
            channel: "C0DEV".into(),
            conversation: Conversation::Public,
            shared: false,
            thread: None,
        },
        // A Wednesday, 13:00 UTC.
        at: chrono::DateTime::from_timestamp(1_800_018_000, 0).unwrap(),
    }
}

fn delete(org: &str, repo: &str) -> Question {
    question("DeleteRepo", &[("org", text(org)), ("repo", text(repo))])
}

fn planned(risk: Risk, powers: &[Power], touches: &[&str]) -> Planned {
    let repository = |name: &&str| {
        let (owner, name) = name.split_once('/').unwrap();
        Resource::repository(owner, name)
    };
    Planned {
        risk,
        powers: powers.iter().copied().collect(),
        operations: BTreeSet::from(["github.delete_repository".to_owned()]),
        steps: 1,
        touches: touches.iter().map(repository).collect(),
    }
}
