//! What is collected for the policies, against the local Slack.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use hubcommander_policy::{Decision, Linked, Policy, Ruled, Source, Sources, Surroundings};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::slack::{Account, Options, Slack, UserGroup, World};
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, CommandSpec, Value};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place};
use hubcommander_sdk::plan::Risk;

use super::{Facts, Judge, Links, NoLinks, impossible};
use crate::pipeline::rules::{Question, Rules as _};
use crate::slack::people::{Freshness, People};
use crate::slack::web::{Web, WebSettings};

static SPECS: LazyLock<Vec<CommandSpec>> = LazyLock::new(|| {
    vec![
        CommandSpec::new("ListOrgs", "Organisations", ""),
        CommandSpec::new("Give", "People", "")
            .arg(ArgSpec::positional("to", ArgKind::Person, ""))
            .changes(Risk::Exposing),
    ]
});

fn policy(policy: &str, obligations: &str) -> (Policy, Sources) {
    let sources = Sources {
        policy: Source::new("policy.cedar", policy),
        obligations: Source::new("obligations.cedar", obligations),
    };
    let surroundings = Surroundings {
        commands: SPECS.iter().map(|spec| Ruled { spec, auth: &[] }).collect(),
        operations: BTreeSet::new(),
        step_ups: BTreeSet::from(["duo".to_owned()]),
        devices: false,
        approvers: BTreeSet::new(),
        contact: None,
    };
    (Policy::new(&sources, &surroundings).unwrap(), sources)
}

const OPEN: &str = "@id(\"open\") permit (principal, action, resource);\n";

/// A local Slack, and what asks it.
struct Office {
    slack: Slack,
    people: Arc<People>,
}

impl Office {
    async fn open() -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let slack = Slack::start(World::acme(), Arc::clone(&clock), Faults::default(), Options::for_tests())
            .await
            .unwrap();
        let settings = WebSettings::new(
            slack.api_url().parse().unwrap(),
            "xoxb-sandbox".to_owned().into(),
            "xapp-sandbox".to_owned().into(),
            false,
        );
        let people = Arc::new(People::new(Web::new(settings, Arc::clone(&clock)).unwrap(), clock));
        Self { slack, people }
    }

    fn facts(&self) -> Facts {
        Facts::new(Arc::clone(&self.people), Arc::new(NoLinks), "T0ACME")
    }

    fn judge(&self, text: &str) -> Judge {
        Judge::new(Arc::new(policy(text, "").0), self.facts())
    }

    async fn person(&self, user: &str) -> Arc<Person> {
        self.people.get(user, Freshness::Fresh).await.unwrap()
    }

    /// Whether this person may ask for the organisations.
    async fn may(&self, judge: &Judge, user: &str) -> Result<Vec<String>, Refusal> {
        let person = self.person(user).await;
        let (place, args) = (place(), Args::default());
        let at = chrono::DateTime::UNIX_EPOCH;
        let question = Question { person: &person, place: &place, spec: &SPECS[0], args: &args, at };
        judge.may_ask(&question).await.map(|leave| leave.policies)
    }
}

fn place() -> Place {
    Place { channel: "C0DEV".into(), conversation: Conversation::Public, shared: false, thread: None }
}

const SECURITY_ONLY: &str = "@id(\"sec\") permit (principal in Group::\"security-team\", action, resource);";

#[tokio::test]
async fn groups_are_asked_of_slack_and_only_where_a_policy_looks() {
    let office = Office::open().await;
    let judge = office.judge(SECURITY_ONLY);
    assert_eq!(office.may(&judge, "U0SAM").await, Ok(vec!["sec".to_owned()]));
    assert!(office.may(&judge, "U0ANA").await.is_err());
    let by_id = office.judge(&SECURITY_ONLY.replace("security-team", "S0SECURITY"));
    assert!(office.may(&by_id, "U0SAM").await.is_ok());

    // Where nothing looks at groups, Slack need not know them.
    let other = Office::open().await;
    other.slack.refuse("usergroups.list", "missing_scope", 99);
    assert!(other.may(&other.judge(OPEN), "U0ANA").await.is_ok());
}

#[tokio::test]
async fn what_slack_does_not_say_is_a_no_with_its_reason() {
    let office = Office::open().await;
    office.slack.refuse("usergroups.list", "missing_scope", 99);
    let refusal = office.may(&office.judge(SECURITY_ONLY), "U0SAM").await.unwrap_err();
    assert!(refusal.what.words().contains("which user group"), "{refusal:?}");
    assert!(refusal.log.unwrap().contains("missing_scope"));
}

#[tokio::test]
async fn a_group_that_was_renamed_is_a_no_for_everybody() {
    let office = Office::open().await;
    let judge = office.judge(&format!(
        "{OPEN}@id(\"no\") forbid (principal in Group::\"security-team\", action, resource);"
    ));
    assert!(office.may(&judge, "U0SAM").await.is_err());
    assert!(office.may(&judge, "U0ANA").await.is_ok());
    office.slack.arrange(|world| world.usergroups[0].handle = "guards".into());
    let fresh = Office { people: Arc::new(remade(&office)), slack: office.slack };
    let judge = Judge::new(Arc::clone(judge.policy()), fresh.facts());
    for user in ["U0SAM", "U0ANA"] {
        let refusal = fresh.may(&judge, user).await.unwrap_err();
        assert!(refusal.what.words().contains("does not know any more"), "{refusal:?}");
        assert!(!refusal.what.words().contains("security-team"), "the name is for the log");
    }
}

/// The same Slack, with nothing remembered.
fn remade(office: &Office) -> People {
    let settings = WebSettings::new(
        office.slack.api_url().parse().unwrap(),
        "xoxb-sandbox".to_owned().into(),
        "xapp-sandbox".to_owned().into(),
        false,
    );
    let clock: SharedClock = Arc::new(SystemClock);
    People::new(Web::new(settings, Arc::clone(&clock)).unwrap(), clock)
}

#[tokio::test]
async fn in_an_enterprise_people_are_found_by_whichever_id_a_group_lists() {
    let office = Office::open().await;
    office.slack.arrange(|world| {
        let teams = vec!["T0ACME".to_owned()];
        let account = Account { id: "W0SAM".into(), enterprise: "E0ACME".into(), teams };
        world.people.get_mut("U0SAM").unwrap().account = Some(account);
        world.team.enterprise = Some("E0ACME".into());
    });
    let judge = office.judge(SECURITY_ONLY);
    assert_eq!(office.person("U0SAM").await.id.user, "W0SAM");
    assert!(office.may(&judge, "U0SAM").await.is_ok(), "the group lists the id of the workspace");
    assert!(office.may(&judge, "U0ANA").await.is_err());
    let approvers = office.facts().approvers_of("slack:security-team").await.unwrap();
    let ids: Vec<&str> = approvers.iter().map(|person| person.id.user.as_str()).collect();
    assert_eq!(ids, ["W0SAM", "U0KIM"]);
}

#[tokio::test]
async fn approvers_are_full_members_and_asked_for_now() {
    let office = Office::open().await;
    let facts = office.facts();
    let names = async |named: &str| {
        facts
            .approvers_of(named)
            .await
            .map(|people| people.iter().map(|p| p.id.user.clone()).collect::<Vec<_>>())
    };
    assert_eq!(names("slack:security-team").await.unwrap(), ["U0SAM", "U0KIM"]);
    assert_eq!(names("S0SECURITY").await.unwrap(), ["U0SAM", "U0KIM"]);
    assert_eq!(names("U0ANA").await.unwrap(), ["U0ANA"]);
    office.slack.arrange(|world| {
        world.usergroups[0].users = ["U0SAM", "U0GUS", "U0DEE", "U0STR", "U0CIB"].map(str::to_owned).to_vec();
    });
    assert_eq!(names("slack:security-team").await.unwrap(), ["U0SAM"], "without being remembered");
    assert!(names("slack:nobody").await.is_err());
    assert!(names("U0NOBODY").await.is_err());
    let both = BTreeSet::from(["slack:security-team".to_owned(), "U0ANA".to_owned()]);
    let approvers = office.judge(OPEN).approvers(&both).await.unwrap();
    assert_eq!(approvers.people.len(), 2);
    assert_eq!(approvers.called.words(), "@U0ANA or @security-team");
}

#[tokio::test]
async fn a_policy_under_which_nobody_could_agree_is_found_at_the_start() {
    let office = Office::open().await;
    let found = async |obligations: &str| {
        let (policy, sources) = policy(OPEN, obligations);
        impossible(&policy, &sources, &office.facts()).await
    };
    let asks = |count: &str, who: &str| {
        format!(
            "// first\n@id(\"two\") @approvals(\"{count}\") @approvers(\"{who}\") permit (principal, action, resource);"
        )
    };
    assert_eq!(found(&asks("1", "slack:security-team")).await, []);
    // Whoever asks may be one of the two.
    let few = found(&asks("2", "slack:security-team")).await;
    assert_eq!(few.len(), 1);
    assert!(few[0].what.contains("there are 2 full members") && few[0].what.contains("`two`"), "{}", few[0]);
    assert_eq!((few[0].file.as_str(), few[0].place.as_ref().unwrap().line), ("obligations.cedar", 2));
    assert_eq!(found(&asks("2", "slack:security-team, U0ANA")).await, []);
    // The same people twice are not more people.
    assert_eq!(found(&asks("2", "slack:security-team, U0SAM")).await.len(), 1);
    let gone = found(&asks("1", "slack:nobody")).await;
    assert!(gone[0].what.contains("`slack:nobody`"), "{}", gone[0]);
    // Who does not answer is not somebody who agrees.
    office.slack.refuse("usergroups.list", "missing_scope", 99);
    assert_eq!(found(&asks("1", "slack:security-team")).await.len(), 1);
}

#[tokio::test]
async fn groups_that_policies_name_must_be_there_at_the_start() {
    let office = Office::open().await;
    let text = format!(
        "{OPEN}// Group::\"gone\"\n@id(\"x\") forbid (principal in Group::\"gone\", action, resource);"
    );
    let (policy, sources) = policy(&text, "");
    let faults = impossible(&policy, &sources, &office.facts()).await;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].what.contains("`gone`"), "{}", faults[0]);
    assert_eq!(faults[0].place.as_ref().unwrap().line, 3);
    office.slack.arrange(|world| {
        let (id, handle, name) = ("S0GONE".into(), "gone".into(), "Gone".into());
        world.usergroups.push(UserGroup { id, handle, name, users: Vec::new() });
    });
    assert_eq!(impossible(&policy, &sources, &office.facts()).await, []);
}

struct Linking;

#[async_trait]
impl Links for Linking {
    async fn linked(&self, person: &PersonId) -> Result<Option<Linked>, Refusal> {
        match person.user.as_str() {
            "U0ANA" => Ok(Some(Linked { login: "Ana-Lima".into(), teams: vec!["acme/Employees".into()] })),
            "U0KIM" => Ok(Some(Linked { login: "ana-lima".into(), teams: vec![] })),
            "U0SAM" => Err(Refusal::new("GitHub did not say.", "Try again.").logged("no answer")),
            _ => Ok(None),
        }
    }

    async fn account(&self, person: &PersonId) -> Result<Option<u64>, Refusal> {
        Ok(matches!(person.user.as_str(), "U0ANA" | "U0KIM").then_some(42))
    }
}

#[tokio::test]
async fn linked_accounts_are_looked_at_where_a_policy_does() {
    let office = Office::open().await;
    let facts = Facts::new(Arc::clone(&office.people), Arc::new(Linking), "T0ACME");
    let text = "@id(\"x\") permit (principal in GitHubTeam::\"acme/employees\", action, resource);";
    let judge = Judge::new(Arc::new(policy(text, "").0), facts.clone());
    assert!(office.may(&judge, "U0ANA").await.is_ok());
    assert!(office.may(&judge, "U0KIM").await.is_err());
    let refusal = office.may(&judge, "U0SAM").await.unwrap_err();
    assert_eq!(refusal.log.as_deref(), Some("no answer"));
    let (ana, kim) = (office.person("U0ANA").await, office.person("U0KIM").await);
    assert_eq!(judge.are_one(&ana, &kim).await, Ok(true), "both are linked to one account");
    assert_eq!(office.judge(OPEN).are_one(&ana, &kim).await, Ok(false));
}

#[tokio::test]
async fn mentioned_people_go_by_the_names_that_policies_know() {
    let office = Office::open().await;
    let text = format!(
        "{OPEN}@id(\"self\") forbid (principal, action == Action::\"Give\", resource) when {{ context.args.to == principal }};"
    );
    office.slack.arrange(|world| {
        let teams = vec!["T0ACME".to_owned()];
        let account = Account { id: "W0SAM".into(), enterprise: "E0ACME".into(), teams };
        world.people.get_mut("U0SAM").unwrap().account = Some(account);
        world.team.enterprise = Some("E0ACME".into());
    });
    let judge = office.judge(&text);
    let sam = office.person("U0SAM").await;
    let place = place();
    let at = chrono::DateTime::UNIX_EPOCH;
    for (to, may) in [("U0SAM", false), ("U0ANA", true)] {
        let mut args = Args::default();
        args.set("to", Value::Text(to.into()));
        let question = Question { person: &sam, place: &place, spec: &SPECS[1], args: &args, at };
        assert_eq!(judge.may_ask(&question).await.is_ok(), may, "{to}");
        let put = judge.put(&question, Freshness::Cached).await.unwrap();
        assert_eq!(matches!(judge.policy().may_ask(&put), Decision::Yes { .. }), may);
    }
}
