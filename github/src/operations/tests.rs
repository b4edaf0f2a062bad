//! How each operation reads, from its input alone.

use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::plan::{OutputRef, references};
use secrecy::SecretString;

use super::*;
use crate::GitHub;
use crate::names::{BranchName, Login, RepoName, TeamSlug, Topic};
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

fn level(level: Option<&str>) -> Option<String> {
    level.map(str::to_owned)
}

fn octocat() -> UserRef {
    UserRef { id: 9, login: Login::parse("octocat").unwrap() }
}

fn bots() -> TeamRef {
    TeamRef { org: owner(), id: 5, slug: team("bots") }
}

fn collaborator(from: Option<&str>, to: Option<&str>, taken: Taken) -> Operation {
    let repo = RepositoryRef { id: 7, full_name: widgets() };
    SetCollaborator { user: octocat(), repo, from: level(from), to: level(to), role: None, taken }.operation()
}

fn member(from: Option<&str>, to: Option<&str>, invites: bool) -> Operation {
    SetTeamMember { user: octocat(), team: bots(), from: level(from), to: level(to), invites }.operation()
}

fn permission(from: Option<&str>, to: Option<&str>) -> Operation {
    let repo = RepositoryRef { id: 7, full_name: widgets() };
    SetTeamPermission { team: bots(), repo, from: level(from), to: level(to) }.operation()
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
async fn to_become_an_owner_is_a_power() {
    let github = github();
    let handlers = github.handlers();
    let powers = |operation: Operation| {
        let handler = handlers.iter().find(|handler| handler.kind() == operation.kind).unwrap();
        handler.powers(&operation.input).into_iter().map(|power| power.as_str()).collect::<Vec<_>>().join(" ")
    };
    let invite = |role| powers(InviteMember { offer: offer(role) }.operation());
    let resend = |role| powers(ResendOrgInvitation { id: 3, offer: offer(role) }.operation());
    for (role, used) in [
        (InviteAs::DirectMember, ""),
        (InviteAs::BillingManager, ""),
        (InviteAs::Admin, "grant_owner"),
        // It may be what they were before.
        (InviteAs::Reinstate, "grant_owner"),
    ] {
        assert_eq!([invite(role), resend(role)], [used, used], "{role:?}");
    }
    assert_eq!([role(OrgRole::Owner), role(OrgRole::Member)].map(powers), ["grant_owner", ""]);
    assert_eq!(powers(removal(OrgRole::Owner, Taken::Access)), "");
    let add =
        |level| AddOutsideCollaborator { org: owner(), user: octocat(), access: access(level) }.operation();
    assert_eq!([add("admin"), add("push")].map(powers), ["grant_admin", ""]);
}

fn in_teams() -> Vec<InTeam> {
    let employees = TeamRef { slug: team("employees"), ..bots() };
    vec![InTeam { team: bots(), maintainer: true }, InTeam { team: employees, maintainer: false }]
}

fn offer(role: InviteAs) -> Offer {
    Offer { org: owner(), who: Invitee::Account(octocat()), role, teams: in_teams() }
}

fn role(to: OrgRole) -> Operation {
    let from = if to == OrgRole::Owner { OrgRole::Member } else { OrgRole::Owner };
    SetMembership { org: owner(), user: octocat(), from, to }.operation()
}

fn removal(role: OrgRole, taken: Taken) -> Operation {
    RemoveMember { org: owner(), user: octocat(), role, teams: in_teams(), taken }.operation()
}

fn access(permission: &str) -> Vec<OnRepository> {
    let repo = RepositoryRef { id: 7, full_name: widgets() };
    vec![OnRepository { repo, permission: permission.to_owned() }]
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
    let cancel = |repo| CancelInvitation { org: owner(), repo, id: 9, who: "octocat".into() }.operation();
    let from = BranchName::parse("main").ok();
    let seen = |visibility: &str| {
        let read = json!({ "id": 7, "full_name": "acme/widgets", "visibility": visibility });
        serde_json::from_value::<Repository>(read).unwrap()
    };
    let show = |before: &str, new: Visibility| {
        let changes = Changes { visibility: Some(new), ..Changes::default() };
        EditRepository::of(&seen(before), changes).unwrap().operation()
    };
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
        cancel(Some(RepoRef::existing(7, widgets()))),
        cancel(None),
        edit(Changes { description: words("New words"), ..Changes::default() }),
        edit(Changes { description: words(""), homepage: words(""), ..Changes::default() }),
        EditRepository::on_new(
            "repo",
            Changes { homepage: words("https://acme.example"), ..Changes::default() },
        )
        .operation(),
        edit(Changes { visibility: Some(Visibility::Public), archived: Some(true), ..Changes::default() }),
        show("private", Visibility::Public),
        show("private", Visibility::Internal),
        show("public", Visibility::Private),
        show("internal", Visibility::Private),
        ReplaceTopics::on_new("repo", topics(&["web", "api"])).operation(),
        ReplaceTopics::on_new("repo", Vec::new()).operation(),
        RenameDefaultBranch::on_new("repo", BranchName::parse("trunk").unwrap()).operation(),
        DeleteRepository { id: 7, full_name: widgets(), unless_pushed_since: None }.operation(),
        RenameRepository { id: 7, from: widgets(), to: RepoName::parse("gadgets").unwrap() }.operation(),
        SetDefaultBranch {
            repo: RepoRef::existing(7, widgets()),
            to: BranchName::parse("trunk").unwrap(),
            from,
        }
        .operation(),
        collaborator(None, Some("push"), Taken::AsAgreed),
        collaborator(Some("push"), Some("admin"), Taken::AsAgreed),
        collaborator(Some("admin"), Some("releaser"), Taken::AsAgreed),
        collaborator(Some("releaser"), None, Taken::AsAgreed),
        collaborator(Some("push"), None, Taken::Offer),
        collaborator(Some("push"), None, Taken::Access),
        member(None, Some("member"), false),
        member(None, Some("member"), true),
        member(Some("member"), Some("maintainer"), false),
        member(Some("member"), None, false),
        permission(None, Some("pull")),
        permission(Some("pull"), Some("admin")),
        permission(Some("pull"), None),
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
        InviteMember { offer: offer(InviteAs::DirectMember) }.operation(),
        InviteMember { offer: Offer { teams: Vec::new(), ..offer(InviteAs::Admin) } }.operation(),
        CancelOrgInvitation { id: 3, offer: offer(InviteAs::DirectMember) }.operation(),
        ResendOrgInvitation { id: 3, offer: offer(InviteAs::BillingManager) }.operation(),
        role(OrgRole::Owner),
        role(OrgRole::Member),
        removal(OrgRole::Member, Taken::AsAgreed),
        removal(OrgRole::Owner, Taken::Access),
        RemoveOutsideCollaborator {
            org: owner(),
            user: octocat(),
            access: access("push"),
            taken: Taken::Access,
        }
        .operation(),
        AddOutsideCollaborator { org: owner(), user: octocat(), access: access("admin") }.operation(),
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
    github.cancel_invitation: the invitation of octocat to acme/widgets is cancelled (Irreversible) | If octocat should still come, invite them again.
    github.cancel_invitation: the invitation of octocat to acme is cancelled (Irreversible) | If octocat should still come, invite them again.
    github.edit_repository: description "New words" (Reversible)
    github.edit_repository: no description, no homepage (Reversible)
    github.edit_repository: homepage https://acme.example (Reversible)
    github.edit_repository: public, archived, read-only for everyone (Exposing) | Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    github.edit_repository: public (Exposing) | Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    github.edit_repository: internal (Exposing) | All members of the enterprise can read its code with all of its history, its issues and pull requests. What has been seen cannot be unseen, and its stars and watchers are lost.
    github.edit_repository: private (Irreversible) | What has been seen cannot be unseen, forks stay public, and its stars and watchers are lost.
    github.edit_repository: private (Irreversible) | What has been seen cannot be unseen, and its stars and watchers are lost.
    github.replace_topics: topics api, web (Reversible)
    github.replace_topics: no topics (Reversible)
    github.rename_default_branch: default branch trunk (Reversible)
    github.delete_repository: delete acme/widgets (Irreversible) | Its code, issues and settings are gone for good.
    github.rename_repository: acme/gadgets in place of acme/widgets; links to the old name lead there (Reversible)
    github.set_default_branch: default branch trunk in place of main (Reversible)
    github.set_collaborator: octocat may push to acme/widgets (Reversible)
    github.set_collaborator: octocat may administer acme/widgets (before: push) (Exposing)
    github.set_collaborator: octocat has the role releaser on acme/widgets (before: administer) (Reversible)
    github.set_collaborator: octocat no longer has access to acme/widgets (Reversible) | GitHub deletes their forks of it and unassigns them from its issues, for good. To come back they must accept a new invitation.
    github.set_collaborator: octocat is not invited to acme/widgets any more (Reversible)
    github.set_collaborator: octocat no longer has access to acme/widgets (Irreversible) | GitHub deletes their forks of it and unassigns them from its issues, for good. To come back they must accept a new invitation.
    github.set_team_member: octocat is a member of team bots of acme (Reversible)
    github.set_team_member: octocat is a member of team bots of acme, and is invited to acme for that (Exposing) | Once they accept, they stay in acme when they leave the team again.
    github.set_team_member: octocat is a maintainer of team bots of acme (before: member) (Reversible)
    github.set_team_member: octocat is not in team bots of acme any more (Reversible)
    github.set_team_permission: team bots may read acme/widgets (Reversible)
    github.set_team_permission: team bots may administer acme/widgets (before: read) (Exposing)
    github.set_team_permission: team bots no longer has access to acme/widgets (Reversible)
    github.add_deploy_key: deploy key "ci" may read (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Reversible)
    github.add_deploy_key: deploy key "ci" may push (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Exposing)
    github.delete_deploy_key: no deploy key "ci" (SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo) (Reversible)
    github.select_for_actions: on the organisation's list of repositories where Actions may run (Reversible)
    github.select_for_actions: off the organisation's list of repositories where Actions may run (Reversible)
    github.set_actions: Actions may run (Reversible)
    github.set_actions: Actions may run, those of the same owner (Reversible)
    github.set_actions: Actions may not run (Reversible)
    github.invite_member: octocat is invited to acme as a member with teams bots (maintainer) and employees (Exposing) | Once they accept, they see what members of acme see, and stay until they are removed.
    github.invite_member: octocat is invited to acme as an owner (Exposing) | Once they accept, they see what members of acme see, and stay until they are removed.
    github.cancel_org_invitation: octocat is not invited to acme any more (Reversible)
    github.resend_org_invitation: octocat is invited again to acme as a billing manager with teams bots (maintainer) and employees (Reversible)
    github.set_membership: octocat is an owner of acme (Exposing) | Owners see and change everything in acme, and can remove other owners.
    github.set_membership: octocat is a member of acme (before: owner) (Reversible)
    github.remove_member: octocat is no member of acme any more, nor of its teams bots and employees (Reversible) | GitHub deletes their forks of its private repositories, takes what they were given directly and unassigns them from issues. To come back they must accept a new invitation.
    github.remove_member: octocat is no member of acme any more, nor of its teams bots and employees (before: owner) (Irreversible) | GitHub deletes their forks of its private repositories, takes what they were given directly and unassigns them from issues. To come back they must accept a new invitation.
    github.remove_outside_collaborator: octocat no longer has access to repositories of acme (widgets) (Irreversible) | GitHub deletes their forks of them and unassigns them from issues, for good. To come back they must accept new invitations.
    github.add_outside_collaborator: octocat may administer acme/widgets, once they accept (Exposing)
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
