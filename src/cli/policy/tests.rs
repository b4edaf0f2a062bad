//! `policy` against the local Slack and the local GitHub.

use std::path::Path;

use hubcommander_policy::Source;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::slack::{self, Options, Slack};
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::people::{Conversation, PersonId, Place};
use secrecy::ExposeSecret as _;
use serde_json::{Value as Json, json};

use super::*;
use crate::config::{COMMAND_LIMIT, KnownCommand, Overlay, SHIPPED};
use crate::invocation::{Origin, State};
use crate::pipeline::parse;
use crate::pipeline::prepare::{self, Outcome};
use crate::pipeline::rules::Admitted;
use crate::store::{AuditEntry, Change, NewInvocation};

struct World {
    slack: Slack,
    _github: GitHub,
    _folder: tempfile::TempDir,
    config: Config,
    clock: SharedClock,
}

const POLICY: &str = r#"
@id("members") permit (principal, action, resource) when { principal.kind == Kind::"member" };
@id("security-deletes") @why("Deleting is for the security team.") @ask("@security-team")
forbid (principal, action == Action::"DeleteRepo", resource) unless { principal in Group::"security-team" };
"#;

const OBLIGATIONS: &str = r#"
@id("deleting") @approvals("1") @approvers("slack:security-team") permit (principal, action, resource)
when { context.plan.powers.contains(Power::"delete") };
@id("many") @reason permit (principal, action, resource) when { context.plan.steps > 10 };
"#;

impl World {
    async fn start() -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let slack =
            Slack::start(slack::World::acme(), Arc::clone(&clock), Faults::default(), Options::for_tests())
                .await
                .unwrap();
        let github =
            GitHub::start(github::World::acme(), Arc::clone(&clock), Faults::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let overlay = Overlay {
            slack_api_url: slack.api_url().parse().unwrap(),
            bot_token: "xoxb-sandbox".to_owned().into(),
            app_token: "xapp-sandbox".to_owned().into(),
            github_api_url: github.url().parse().unwrap(),
            github_token: "ghp_sandbox".to_owned().into(),
            github_client_id: "Iv1.sandbox".to_owned(),
            travis: None,
            auth_plugins: hubcommander_auth_plugins::Setup::default(),
            device_sources: hubcommander_device_sources::Setup::default(),
            store_url: format!("sqlite://{}/bot.db", folder.path().display()).into(),
        };
        let commands: Vec<KnownCommand> =
            app::command_names().into_iter().map(|(name, keys)| KnownCommand::new(name, keys)).collect();
        let surroundings =
            Surroundings { environment: &|_| None, commands: &commands, command_limit: COMMAND_LIMIT };
        let mut config =
            Config::for_sandbox(Path::new("config.toml"), SHIPPED, &overlay, &surroundings).unwrap();
        config.policy.sources = sources(POLICY, OBLIGATIONS);
        Self { slack, _github: github, _folder: folder, config, clock }
    }

    fn plugins(&self) -> Plugins {
        app::plugins(&self.config, &self.clock).unwrap()
    }

    async fn ground(&self, sources: Sources) -> Result<Ground, End> {
        Ground::new(&self.config, self.plugins(), &self.clock, sources).await
    }

    async fn explained(&self, user: &str, line: &str) -> String {
        let ground = self.ground(self.config.policy.sources.clone()).await.unwrap();
        explain::explain(&ground, &self.clock, user, line, Some("C0DEV")).await.unwrap()
    }

    async fn checked(&self, offline: bool) -> Result<String, String> {
        match check::check(&self.config, self.plugins(), &self.clock, offline).await {
            Ok(said) => Ok(said),
            Err(End::Policies(faults)) => Err(faults.to_string()),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn replayed(&self, policy: &str, obligations: &str) -> String {
        let ground = self.ground(sources(policy, obligations)).await.unwrap();
        replay::replay(&ground, &self.config, 1_000).await.unwrap()
    }

    /// Puts a command on record that ended with this event, with its plan if it was planned.
    async fn record(&self, id: &str, user: &str, line: &str, event: &str, gate: Option<Json>) {
        let store = crate::store::open(self.config.store.url.expose_secret()).await.unwrap();
        let at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let origin = Origin {
            person: PersonId { team: "T0ACME".into(), user: user.into() },
            channel: "C0DEV".into(),
            conversation: Conversation::Public,
            shared: false,
            ts: Some("1.000001".into()),
            thread_ts: None,
            via: crate::invocation::Via::Bang,
            text: line.into(),
            response_url: None,
            due: None,
            glass: None,
            replaces: None,
        };
        let new = NewInvocation { id: id.into(), keys: vec![format!("key:{id}")], origin, at, due: None };
        store.receive(new).await.unwrap();
        let mut change = Change {
            id: id.into(),
            state: Some(if event == "denied" { State::Denied } else { State::Done }),
            audit: vec![AuditEntry { at, invocation: Some(id.into()), event: event.into(), body: json!({}) }],
            at: Some(at),
            ..Change::default()
        };
        if event == "planned" {
            let plugins = self.plugins();
            let parsed = parse::parse(&plugins.registry, &plugins.orgs, line).ok().unwrap();
            let person = self
                .ground(sources(POLICY, ""))
                .await
                .unwrap()
                .people
                .get(user, crate::slack::people::Freshness::Cached)
                .await
                .unwrap();
            let place = Place {
                channel: "C0DEV".into(),
                conversation: Conversation::Public,
                shared: false,
                thread: None,
            };
            change.command = Some(parsed.spec().name.clone());
            change.args = Some(parsed.args().clone());
            let asked = crate::pipeline::ask::ask(&Admitted, &person, &place, parsed, at).await.unwrap();
            let outcome =
                prepare::prepare(&plugins.operations, &asked, id, &person, &place, at, Headway::default());
            let Ok(Outcome::Plan(examined)) = outcome.await else { panic!("{line} plans nothing") };
            change.plan = Some(examined.plan().clone());
            change.gate = gate;
        }
        store.change(&change).await.unwrap();
    }
}

fn sources(policy: &str, obligations: &str) -> Sources {
    Sources {
        policy: Source::new("policy.cedar", policy),
        obligations: Source::new("obligations.cedar", obligations),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_policy_is_said_to_be_sound() {
    let mut world = World::start().await;
    insta::assert_snapshot!(world.checked(false).await.unwrap());
    let wrong = |from: &str, to: &str| OBLIGATIONS.replace(from, to);
    world.config.policy.sources = sources(POLICY, &wrong("\"1\"", "\"2\""));
    insta::assert_snapshot!(world.checked(false).await.unwrap_err());
    assert!(world.checked(true).await.unwrap().contains("Slack was not asked"));
    world.config.policy.sources = sources(&POLICY.replace("security-team\" }", "security\" }"), OBLIGATIONS);
    insta::assert_snapshot!(world.checked(false).await.unwrap_err());
    world.config.policy.sources = sources(&POLICY.replace("DeleteRepo", "DeleteRepos"), OBLIGATIONS);
    insta::assert_snapshot!(world.checked(true).await.unwrap_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ships_is_sound_for_all_commands_that_ship() {
    let mut world = World::start().await;
    world.config.policy.sources = Sources::shipped();
    world
        .config
        .commands
        .insert("Lockdown".into(), crate::config::CommandSettings { enabled: false, ..Default::default() });
    let plugins = world.plugins();
    let mut means = app::means(&world.config, &plugins.step_ups);
    means.step_ups.insert("duo".into());
    let shipped = Sources::shipped();
    let policy = crate::policy::read(&shipped, None, &plugins.registry, &plugins.operations, &means).unwrap();
    let ground = world.ground(sources(POLICY, OBLIGATIONS)).await.unwrap();
    assert_eq!(crate::policy::impossible(&policy, &shipped, ground.judge.facts()).await, []);
    let schema = schema(&plugins);
    assert!(schema.contains("action \"CreateRepo\" in [\"change\", \"Repositories\"]"), "{schema}");
    assert!(!schema.contains("LeaseEnds\" in"), "only the bot asks that");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_goes_through_every_policy() {
    let world = World::start().await;
    insta::assert_snapshot!("denied", world.explained("U0ANA", "!DeleteRepo acme website").await);
    insta::assert_snapshot!("permitted", world.explained("U0SAM", "!DeleteRepo acme website").await);
    insta::assert_snapshot!("reading", world.explained("U0ANA", "!ListOrgs").await);
    let ground = world.ground(world.config.policy.sources.clone()).await.unwrap();
    for (user, line) in [("U0NOBODY", "!ListOrgs"), ("U0ANA", "!Nothing"), ("U0ANA", "!DeleteRepo nowhere x")]
    {
        let Err(End::Failed(failure)) = explain::explain(&ground, &world.clock, user, line, None).await
        else {
            panic!("{line}")
        };
        assert!(!failure.what.is_empty() && !failure.cure.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_says_what_would_be_decided_differently() {
    let world = World::start().await;
    let took = json!({ "requirements": [
        Requirement::Confirm,
        Requirement::StepUp { by: "duo".into() },
        Requirement::Approvals { count: 1, approvers: ["slack:security-team".to_owned()].into(), step_up: None },
    ] });
    world.record("inv-1", "U0ANA", "ListOrgs", "answered", None).await;
    world.record("inv-2", "U0SAM", "DeleteRepo acme website", "planned", Some(took)).await;
    world.record("inv-3", "U0ANA", "DeleteRepo acme website", "planned", Some(json!({}))).await;
    world.record("inv-4", "U0ANA", "DeleteRepo acme website", "denied", None).await;
    world.record("inv-5", "U0SAM", "DeleteRepo acme website", "denied", None).await;
    world.record("inv-6", "U0GUS", "ListOrgs", "denied", None).await;
    world.record("inv-7", "U0GONE", "ListOrgs", "answered", None).await;
    world.record("inv-8", "U0ANA", "NoSuchThing", "answered", None).await;
    world.record("inv-9", "U0ANA", "CreateRepo acme new-thing", "planned", Some(json!({}))).await;
    insta::assert_snapshot!(world.replayed(POLICY, OBLIGATIONS).await);
    // One that lets everybody do everything opens it to guests too.
    let open = world.replayed("@id(\"open\") permit (principal, action, resource);", OBLIGATIONS).await;
    assert!(open.contains("inv-5") && open.contains("was refused, would be permitted: open"), "{open}");
    assert!(open.contains("inv-6") && open.contains("U0GUS"), "{open}");
    world.slack.refuse("usergroups.list", "missing_scope", 99);
    let blind = world.replayed(POLICY, OBLIGATIONS).await;
    assert!(blind.contains("inv-3") && blind.contains("cannot be judged: Slack refuses"), "{blind}");
}

const BEGIN: &str = "<!-- made from the schema: UPDATE_DOCS=1 cargo nextest run -p hubcommander the_reference_of_policies -->\n";
const END: &str = "<!-- end of what is made -->\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_of_policies_is_in_step() {
    let mut world = World::start().await;
    // With every command that ships.
    world.config.travis = Some(crate::config::Travis {
        api_url: "https://api.travis-ci.com".parse().unwrap(),
        token: "travis_sandbox".to_owned().into(),
        sync_wait: std::time::Duration::from_secs(45),
    });
    let plugins = world.plugins();
    let specs = plugins.registry.iter().map(|registered| registered.spec());
    let operations = plugins.operations.kinds().map(str::to_owned).collect();
    let made = hubcommander_policy::reference::reference(specs, &operations);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}\n{made}\n{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/policy.md is behind; it says how to renew it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_in_the_documentation_are_right() {
    let world = World::start().await;
    let plugins = world.plugins();
    let mut means = app::means(&world.config, &plugins.step_ups);
    means.step_ups.extend(["duo", "passkey"].map(str::to_owned));
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md")).unwrap();
    let blocks = |fence: &str| -> Vec<String> {
        page.split(&format!("```{fence}\n"))
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect()
    };
    let read = |policy: &str, obligations: &str| {
        crate::policy::read(
            &sources(policy, obligations),
            None,
            &plugins.registry,
            &plugins.operations,
            &means,
        )
    };
    let (policies, obligations) = (blocks("cedar"), blocks("cedar obligations"));
    assert!(policies.len() >= 4 && obligations.len() >= 3);
    for policy in policies {
        read(&policy, "").unwrap_or_else(|faults| panic!("{policy}\n{faults}"));
    }
    for obligation in obligations {
        read("", &obligation).unwrap_or_else(|faults| panic!("{obligation}\n{faults}"));
    }
    // So are those in the comments of what ships.
    for (text, second) in [
        (hubcommander_policy::source::SHIPPED_POLICY, false),
        (hubcommander_policy::source::SHIPPED_OBLIGATIONS, true),
    ] {
        let commented: String = text
            .lines()
            .skip_while(|line| !line.contains("--- examples"))
            .filter_map(|line| line.strip_prefix("//   "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(commented.matches("@id").count() >= 3, "{commented}");
        let read = if second { read("", &commented) } else { read(&commented, "") };
        read.unwrap_or_else(|faults| panic!("{commented}\n{faults}"));
    }
}
