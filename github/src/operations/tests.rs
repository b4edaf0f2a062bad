//! How each operation reads, from its input alone.

use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::plan::{OutputRef, references};
use secrecy::SecretString;

use super::*;
use crate::GitHub;
use crate::names::{BranchName, TeamSlug, Topic};
use crate::settings::{Credentials, Settings};

fn github() -> GitHub {
    let url = url::Url::parse("http://127.0.0.1:1").unwrap();
    let (_, check) = PermitIssuer::new();
    let settings = Settings::new(url, Credentials::Token(SecretString::from("ghp_sandbox")));
    GitHub::new(settings, check, Arc::new(SystemClock)).unwrap()
}

fn owner() -> Owner {
    Owner::parse("acme").unwrap()
}

fn widgets() -> FullName {
    FullName::parse("acme/widgets").unwrap()
}

fn team(slug: &str) -> TeamSlug {
    TeamSlug::parse(slug).unwrap()
}

fn topics(names: &[&str]) -> Vec<Topic> {
    names.iter().map(|name| Topic::parse(name).unwrap()).collect()
}

fn create() -> CreateRepository {
    CreateRepository {
        org: owner(),
        name: widgets().name,
        visibility: Visibility::Private,
        description: None,
        homepage: None,
        auto_init: false,
    }
}

fn edit(changes: Changes) -> Operation {
    EditRepository::existing(7, widgets(), changes).operation()
}

fn key() -> hubcommander_public_key::PublicKey {
    let text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC";
    hubcommander_public_key::PublicKey::parse(text).unwrap()
}

fn add_key(read_only: bool) -> Operation {
    let repo = RepoRef::existing(7, widgets());
    AddDeployKey { repo, title: "ci".into(), key: key(), read_only }.operation()
}

fn actions(enabled: bool, allowed: Option<&str>) -> Operation {
    let allowed_actions = allowed.map(str::to_owned);
    let to = crate::Actions { enabled, allowed_actions, sha_pinning_required: None };
    SetActions { repo: RepoRef::existing(7, widgets()), to, before: None }.operation()
}

#[tokio::test]
async fn each_operation_reads_as_a_step_of_a_plan() {
    let github = github();
    let handlers = github.handlers();
    let read = |operation: Operation| {
        let handler = handlers.iter().find(|handler| handler.kind() == operation.kind).unwrap();
        assert!(handler.versions().contains(&operation.version));
        let described = handler.describe(&operation.input).unwrap();
        let never = described.irreversible.map(|text| format!(" | {}", text.words())).unwrap_or_default();
        format!("{}: {} ({:?}){never}", operation.kind, described.what.words(), described.risk)
    };
    let words = |words: &str| Some(words.to_owned());
    let template = FullName::parse("acme/templates").unwrap();
    let revoke = RevokeTeam { org: owner(), team: team("bots"), repo: RepoRef::existing(7, widgets()) };
    let steps = [
        create().operation(),
        CreateRepository {
            visibility: Visibility::Public,
            description: words("<!channel> *Widgets*"),
            homepage: words("https://acme.example"),
            ..create()
        }
        .operation(),
        CreateRepository { visibility: Visibility::Internal, ..create() }.operation(),
        CreateFromTemplate {
            template: template.into(),
            org: owner(),
            name: widgets().name,
            visibility: Visibility::Private,
            description: words("A service"),
        }
        .operation(),
        GrantTeam::on_new("repo", owner(), team("employees"), "push").operation(),
        GrantTeam::on_new("repo", owner(), team("bots"), "pull").operation(),
        GrantTeam::on_new("repo", owner(), team("security"), "release-manager").operation(),
        revoke.operation(),
        edit(Changes { description: words("New words"), ..Changes::default() }),
        edit(Changes { description: words(""), homepage: words(""), ..Changes::default() }),
        EditRepository::on_new(
            "repo",
            Changes { homepage: words("https://acme.example"), ..Changes::default() },
        )
        .operation(),
        edit(Changes { visibility: Some(Visibility::Public), archived: Some(true), ..Changes::default() }),
        ReplaceTopics::on_new("repo", topics(&["web", "api"])).operation(),
        ReplaceTopics::on_new("repo", Vec::new()).operation(),
        RenameDefaultBranch::on_new("repo", BranchName::parse("trunk").unwrap()).operation(),
        DeleteRepository { id: 7, full_name: widgets(), unless_pushed_since: None }.operation(),
        add_key(true),
        add_key(false),
        DeleteDeployKey {
            repo: RepoRef::existing(7, widgets()),
            id: 1,
            title: "ci".into(),
            key: key(),
            read_only: true,
        }
        .operation(),
        SelectForActions { repo: RepoRef::existing(7, widgets()), selected: true }.operation(),
        SelectForActions { repo: RepoRef::existing(7, widgets()), selected: false }.operation(),
        actions(true, None),
        actions(true, Some("local_only")),
        actions(false, None),
    ];
    let lines: Vec<String> = steps.into_iter().map(read).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    github.create_repository: private repository (Reversible)
    github.create_repository: public repository, description "<!channel> *Widgets*", homepage https://acme.example (Exposing)
    github.create_repository: internal repository (Exposing)
    github.create_from_template: private repository after the template acme/templates, description "A service" (Reversible)
    github.grant_team: team employees may push (Reversible)
    github.grant_team: team bots may read (Reversible)
    github.grant_team: team security has the role release-manager (Reversible)
    github.revoke_team: team bots no longer has access (Reversible)
    github.edit_repository: description "New words" (Reversible)
    github.edit_repository: no description, no homepage (Reversible)
    github.edit_repository: homepage https://acme.example (Reversible)
    github.edit_repository: public, archived, read-only for everyone (Exposing)
    github.replace_topics: topics api, web (Reversible)
    github.replace_topics: no topics (Reversible)
    github.rename_default_branch: default branch trunk (Reversible)
    github.delete_repository: delete acme/widgets (Irreversible) | Its code, issues and settings are gone for good.
    github.add_deploy_key: deploy key "ci" may read (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Reversible)
    github.add_deploy_key: deploy key "ci" may push (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Exposing)
    github.delete_deploy_key: no deploy key "ci" (SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Reversible)
    github.select_for_actions: on the organisation's list of repositories where Actions may run (Reversible)
    github.select_for_actions: off the organisation's list of repositories where Actions may run (Reversible)
    github.set_actions: Actions may run (Reversible)
    github.set_actions: Actions may run, those of the same owner (Reversible)
    github.set_actions: Actions may not run (Reversible)
    "#);
}

#[tokio::test]
async fn what_is_no_input_is_refused_without_a_panic() {
    for handler in github().handlers() {
        for input in [json!(null), json!({}), json!({ "org": "../x", "name": "y" }), json!([1])] {
            assert!(handler.describe(&input).is_err(), "{} {input}", handler.kind());
        }
    }
}

#[tokio::test]
async fn no_internal_repository_is_made_after_a_template() {
    let operation = CreateFromTemplate {
        template: widgets().into(),
        org: owner(),
        name: widgets().name,
        visibility: Visibility::Internal,
        description: None,
    }
    .operation();
    let github = github();
    let handler = github.handlers().into_iter().find(|handler| handler.kind() == operation.kind).unwrap();
    assert!(handler.describe(&operation.input).is_err());
}

#[test]
fn what_is_made_in_the_same_plan_is_referred_to() {
    let grant = GrantTeam::on_new("repo", owner(), team("employees"), "push").operation();
    let reference = |field: &str| OutputRef { step: "repo".into(), field: field.into() };
    let found = references(&grant.input);
    assert!(found.contains(&reference("id")) && found.contains(&reference("full_name")), "{found:?}");
}
