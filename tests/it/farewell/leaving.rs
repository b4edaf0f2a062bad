//! One who leaves: what they lose, what is left, and how it is taken back.

use anyhow::Result;
use hubcommander_sandbox::github::World as AtGitHub;
use hubcommander_sandbox::github::model::{OrgRole, Permission};
use hubcommander_sandbox::slack::Options;
use serde_json::json;

use super::{AT_ONCE, Story, employee};
use crate::keys::ED25519;
use crate::world::{ANA, APPROVALS, DEV, KIM, SAM, Servers};

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_loses_everything_in_all_organisations_and_it_can_be_taken_back() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    let link = story.link(ANA, "ana-lima").await?;
    story.ask(&format!("!AddKey acme website builds ssh-ed25519 {ED25519}")).await?;
    story.ask("!AddCollab octocat acme website push --for 14d").await?;
    let before = story.github.snapshot();
    story.leaves(&[employee("ana")]).await?;
    insta::assert_snapshot!(story.hears("has been let go").await?, @r#"
    ✅ @ana (`ana-lima`) has been let go
    ✅ octocat no longer has access to acme/website
    ✅ octocat on acme/website: the lease ends
    ✅ ana-lima is no member of acme any more, nor of its teams employees and platform
    ✅ ana-lima is no member of acme-oss any more, nor of its team employees
    ✅ no deploy key "builds" (SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo)
    ✅ `ana-lima` is no longer the account of @ana
    [Undo]
    TIME · inv-ID
    "#);
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }));
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin" }));
    let website = &story.github.snapshot()["repositories"]["acme/website"];
    assert_eq!(website["inside"]["invitations"], json!({}));
    assert!(!website.to_string().contains("builds"), "{website}");
    assert!(before.to_string().contains("builds"));
    assert_eq!(story.book.of_user(ANA).await?, None);
    assert_eq!(story.book.former_of(ANA).await?, Some(link.clone()));
    assert!(story.store().leases(None).await?.is_empty());
    // Told again, and from Slack as well, it changes nothing.
    story.leaves(&[employee("ana")]).await?;
    super::slack_tells(&story, ANA, true);
    story.settled().await?;
    let id = story.store().history(&Default::default(), 1).await?.remove(0).id;
    super::slack_tells(&story, ANA, false);
    story.slack.all_acked().await?;
    let asked = story.say(SAM, DEV, &format!("!Undo {id}"))?;
    let shown = story.slack.await_reply_that(DEV, asked, |shown| shown.contains("[Run]")).await?;
    story.slack.click(SAM, DEV, shown.ts, "run", None).await?;
    let undone = story.slack.await_reply_that(DEV, asked, |shown| shown.contains("Undone")).await?;
    insta::assert_snapshot!(story.shown(&undone), @r#"
    ↩️ Undone: Farewell of @ana (`ana-lima`)
    ✅ `ana-lima` is the account of @ana, proved at GitHub
    ✅ deploy key "builds" may read (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo)
    ✅ ana-lima is invited to acme-oss as a member with team employees
    ✅ ana-lima is invited to acme as a member with teams employees and platform
    ✅ octocat on acme/website: until WHEN, then taken back (until WHEN, `lse-ID`)
    ✅ octocat may push to acme/website (invited; it counts once they accept)
    TIME · inv-ID
    "#);
    assert_eq!(story.book.of_user(ANA).await?, Some(link));
    insta::assert_snapshot!(story.github.snapshot()["organisations"]["acme"]["invitations"], @r#"
    [{"login":"ana-lima","email":null,"role":"direct_member","teams":["employees","platform"],"pending":true}]
    "#);
    insta::assert_snapshot!(story.github.snapshot()["organisations"]["acme-oss"]["invitations"], @r#"[{"login":"ana-lima","email":null,"role":"direct_member","teams":["employees"],"pending":true}]"#);
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_grace_it_is_announced_and_can_be_cancelled() -> Result<()> {
    let story = Story::start("grace = \"24h\"\nmost_percent = 100").await?;
    story.link(ANA, "ana-lima").await?;
    story.link(KIM, "gus-vega").await?;
    let before = story.github.snapshot();
    story.leaves(&[employee("ana")]).await?;
    insta::assert_snapshot!(story.hears("leaves").await?, @r"
    ⚠️ @ana (`ana-lima`) leaves. They are let go WHEN.
    • ana-lima is no member of acme any more, nor of its teams employees and platform
    • ana-lima is no member of acme-oss any more, nor of its team employees
    • `ana-lima` is no longer the account of @ana
    [Cancel]
    frw-40c8176b19
    ");
    insta::assert_snapshot!(story.ask("!Farewells").await?, @r"
    One farewell is due.
    Who | When | Left | Says | Id
    ana | WHEN | WHEN | Okta | frw-40c8176b19
    ");
    story.press(SAM, "Farewells drop").await?;
    insta::assert_snapshot!(story.hears("dropped").await?, @r"
    ✅ The farewell of ana is dropped
    ✅ ana stays as they are
    TIME · inv-ID
    ");
    story.leaves(&[employee("ana"), employee("kim")]).await?;
    story.hears("leaves").await?;
    assert_eq!(story.github.snapshot(), before);
    story.world.clock.forward(std::time::Duration::from_secs(86_400));
    story.hears("has been let go").await?;
    // What was dropped stays dropped.
    assert_eq!(story.members("acme")["ana-lima"], "member");
    assert_eq!(story.github.snapshot()["repositories"]["acme/website"]["collaborators"], json!({}));
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_can_ask_for_a_second_person_and_what_the_asker_would_do_an_approver_does() -> Result<()> {
    let servers = Servers::start().await?;
    let obligations = servers.folder.path().join("obligations.cedar");
    std::fs::write(
        &obligations,
        "@id(\"look\") @reason @confirm permit (principal, action == Action::\"Farewell\", resource);",
    )?;
    let section = format!("{AT_ONCE}\n[policy]\nobligations = {:?}", obligations);
    let story = Story::start_on(servers, &section, false).await?;
    story.link(ANA, "ana-lima").await?;
    story.leaves(&[employee("ana")]).await?;
    let card = story.slack.await_message(APPROVALS).await?;
    insta::assert_snapshot!(story.shown(&card), @r"
    ⚠️ @hubcommander asks: Farewell of @ana (`ana-lima`)
    • ⚠️ ana-lima is no member of acme any more, nor of its teams employees and platform: GitHub deletes their forks of its private repositories, takes what they were given directly and unassigns them from issues. To come back they must accept a new invitation.
    • ⚠️ ana-lima is no member of acme-oss any more, nor of its team employees: GitHub deletes their forks of its private repositories, takes what they were given directly and unassigns them from issues. To come back they must accept a new invitation.
    • `ana-lima` is no longer the account of @ana
    This can be taken back.
    They typed `Farewell --left frw-40c8176b19`.
    · It takes 1 of @security-team
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    ");
    assert_eq!(story.members("acme")["ana-lima"], "member");
    // Nobody of theirs agrees.
    story.slack.click(ANA, APPROVALS, card.ts, "approve", None).await?;
    story.slack.await_ephemeral(ANA).await?;
    story.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme")["ana-lima"], json!(null));
    story.settled().await?;
    let servers = story.world.stop().await?;
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_and_it_is_said_and_other_owners_go() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    {
        let mut state = story.github.state();
        for org in ["acme", "acme-oss"] {
            state.organisation_mut(org).unwrap().members.get_mut("ana-lima").unwrap().role = OrgRole::Admin;
        }
        state.organisation_mut("acme").unwrap().members.get_mut("sam-okafor").unwrap().role = OrgRole::Admin;
    }
    story.link(ANA, "ana-lima").await?;
    story.leaves(&[employee("ana")]).await?;
    insta::assert_snapshot!(story.hears("has been let go").await?, @r"
    ✅ @ana (`ana-lima`) has been let go
    ✅ ana-lima is no member of acme any more, nor of its teams employees and platform (before: owner)
    ✅ `ana-lima` is no longer the account of @ana
    `ana-lima` stays in acme-oss: it is the last owner there. Make somebody else an owner, then let them go again.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "admin" }));
    assert_eq!(story.members("acme-oss"), json!({ "ana-lima": "admin", "hub-bot": "admin" }));
    // Once there is another one, they are let go there, too, though they are not linked any more.
    story.github.state().organisation_mut("acme-oss").unwrap().members.insert(
        "sam-okafor".into(),
        hubcommander_sandbox::github::model::Membership {
            role: OrgRole::Admin,
            pending: false,
            public: false,
        },
    );
    let asked = story.say(SAM, DEV, "!Farewell @ana")?;
    insta::assert_snapshot!(story.end_of(DEV, asked).await?, @r"
    ✅ @ana (`ana-lima`) has been let go
    ✅ ana-lima is no member of acme-oss any more, nor of its team employees (before: owner)
    Their account is `ana-lima`, that they had linked.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin", "sam-okafor": "admin" }));
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn service_accounts_are_left_alone_and_who_has_no_account_is_said() -> Result<()> {
    let at_github = AtGitHub::acme()
        .invited_to("acme", "octocat")
        .invited("acme", "website", "octocat", Permission::Push)
        .single_sign_on("acme", &[("kim@acme.example", Some("octocat")), ("x@acme.example", None)]);
    let servers = Servers::start_in(Options::for_tests(), at_github).await?;
    let config = AT_ONCE;
    let story = Story::start_on(servers, config, true).await?;
    story.leaves(&[employee("nobody")]).await?;
    insta::assert_snapshot!(story.hears("nobody").await?, @r"
    ⚠️ nobody leaves, and has nothing that I could take.
    No account at GitHub is known of them.
    ");
    // The single sign-on names who has linked nothing.
    story.leaves(&[employee("kim")]).await?;
    insta::assert_snapshot!(story.hears("has been let go").await?, @r"
    ✅ @kim (`octocat`) has been let go
    ✅ octocat is not invited to acme any more
    ✅ octocat no longer has access to repositories of acme (website)
    Their account is `octocat`, that the single sign-on names.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(story.github.snapshot()["organisations"]["acme"]["invitations"], json!([]));
    assert_eq!(story.github.snapshot()["repositories"]["acme/website"]["inside"]["invitations"], json!({}));
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_is_not_touched() -> Result<()> {
    let servers = Servers::start().await?;
    let changes = [("aliases = [\"oss\"]", "aliases = [\"oss\"]\nservice_accounts = [\"Ana-Lima\"]")];
    let story = Story::start_changed(servers, AT_ONCE, true, &changes).await?;
    let before = story.github.snapshot();
    story.link(ANA, "ana-lima").await?;
    story.leaves(&[employee("ana")]).await?;
    insta::assert_snapshot!(story.hears("has been let go").await?, @r"
    ✅ @ana (`ana-lima`) has been let go
    ✅ `ana-lima` is no longer the account of @ana
    `ana-lima` is a service account by the configuration, and is left alone at GitHub.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(story.github.snapshot(), before);
    assert_eq!(story.book.of_user(ANA).await?, None);
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_organisation_refuses_does_not_stop_the_others_and_is_tried_again() -> Result<()> {
    use hubcommander_sandbox::faults::{Fault, When};
    let story = Story::start(AT_ONCE).await?;
    story.link(ANA, "ana-lima").await?;
    let refuses = When::path("/orgs/acme/members/ana-lima").method("DELETE".parse()?).always();
    let fault =
        story.github.faults().add(refuses, Fault::Status(403, json!({ "message": "not now" }).to_string()));
    story.leaves(&[employee("ana")]).await?;
    story.hears("It is tried again").await?;
    assert_eq!(story.members("acme")["ana-lima"], "member");
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin" }));
    assert!(story.book.of_user(ANA).await?.is_some());
    story.github.faults().remove(fault);
    story.world.clock.forward(std::time::Duration::from_secs(61));
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme")["ana-lima"], json!(null));
    assert_eq!(story.book.of_user(ANA).await?, None);
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_linked_nothing_loses_what_they_asked_for_and_their_sessions() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    let kim = story.link(KIM, "gus-vega").await?;
    // Somebody else's link to the account that the leaver had once is theirs.
    let asked = story.say(ANA, DEV, "!AddCollab octocat acme website push --for 14d")?;
    story.end_of(DEV, asked).await?;
    let session = json!({
        "person": { "email": "ana@acme.example", "name": "Ana" }, "round": 0,
        "begun": "2026-11-01T00:00:00Z", "seen": "2026-11-01T00:00:00Z",
    });
    story.store().remember(&format!("web:session:{}", "0".repeat(64)), Some(session)).await?;
    story.leaves(&[employee("ana")]).await?;
    insta::assert_snapshot!(story.hears("has been let go").await?, @r"
    ✅ @ana has been let go
    ✅ octocat no longer has access to acme/website
    ✅ octocat on acme/website: the lease ends
    ✅ @ana is signed out here, and their tokens and passkeys count for nothing
    No account at GitHub is known of them.
    [Undo]
    TIME · inv-ID
    ");
    assert!(story.store().leases(None).await?.is_empty());
    let round =
        format!("web:round:{}", "ana@acme.example".bytes().map(|b| format!("{b:02x}")).collect::<String>());
    assert_eq!(story.store().remembered(&round).await?, Some(json!(1)));
    assert_eq!(story.members("acme")["ana-lima"], "member");
    assert_eq!(story.book.of_user(KIM).await?, Some(kim));
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn as_it_ships_one_leaver_goes_at_once_and_taking_it_back_or_by_hand_takes_two() -> Result<()> {
    let duo = hubcommander_sandbox::duo::World::acme();
    let clock = std::sync::Arc::new(hubcommander_sdk::clock::SystemClock);
    let duo = hubcommander_sandbox::duo::Duo::start(duo, clock, Default::default()).await?;
    let servers = Servers::start().await?;
    let mut config = servers.config_with_duo(&duo)?;
    config.farewell = Some(hubcommander::farewell::Settings {
        grace: None,
        channel: super::SECURITY.to_owned(),
        most: 10,
        most_percent: 5,
    });
    let story = Story::start_config(servers, config, false).await?;
    story.link(ANA, "ana-lima").await?;
    story.link(KIM, "gus-vega").await?;
    story.leaves(&[employee("ana")]).await?;
    story.hears("has been let go").await?;
    let id = story.store().history(&Default::default(), 1).await?.remove(0).id;
    let asked = story.say(SAM, DEV, &format!("!Undo {id}"))?;
    let takes = story.slack.await_reply_that(DEV, asked, |shown| shown.contains("It takes")).await?;
    let takes = story.shown(&takes);
    assert!(takes.contains("your word") && takes.contains("1 of @security-team"), "{takes}");
    story.say(ANA, DEV, "!Farewell @kim")?;
    let refused = story.whispered(ANA).await?;
    assert!(refused.contains("Who leaves is let go by the security team."), "{refused}");
    let asked = story.say(SAM, DEV, "!Farewell @kim")?;
    let takes = story.slack.await_reply_that(DEV, asked, |shown| shown.contains("It takes")).await?;
    let takes = story.shown(&takes);
    assert!(takes.contains("your word") && takes.contains("1 of @security-team"), "{takes}");
    story.world.stop().await.map(drop)
}
