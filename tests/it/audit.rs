//! `!AuditOrg`: the answer, its file, and what is repaired.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::slack::{Message, Options};
use serde_json::Value as Json;

use crate::world::{ANA, DEV, Servers, World, shipped_with, steady};

const SHARED: &str = "C0SHARED";

/// The first direct message to Ana that shows this, by now or later.
async fn direct(world: &World, words: &str) -> Result<Message> {
    let found = world.slack.wait_for(Duration::from_secs(60), "a direct message", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains(words))
    });
    Ok(found.await?)
}

/// The one file that was sent, as text.
fn file(servers: &Servers) -> Result<String> {
    let files = servers.slack.files();
    anyhow::ensure!(files.len() == 1, "{} files", files.len());
    let content = files.into_iter().next().and_then(|file| file.content).context("nothing was sent")?;
    Ok(String::from_utf8(content)?)
}

/// What one team may do on each of acme's repositories.
fn teams(servers: &Servers, repository: &str) -> String {
    servers.at_github("acme", repository).split(" · ").filter(|part| part.contains(' ')).skip(1).fold(
        String::new(),
        |all, part| {
            if part.starts_with("branch") || part.starts_with("topics") { all } else { all + part + ";" }
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_is_in_the_channel_and_the_whole_in_a_direct_message() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!AuditOrg acme").await?, @r#"
    ⚠️ acme: 4 things need you; 5 look fine
    State | Looked at | Found
    ⚠️ needs you | Owners | acme: 1 owner: hub-bot
    ⚠️ needs you | Teams on repositories | acme/api: team bots has no access; acme/new-name: team bots has no access; and 3 more
    ⚠️ needs you | Outside collaborators | gus-vega: can read on acme/website, without an end
    ⚠️ needs you | Deploy keys that write | acme/api: key "build server" may write, since 2024-01-15
    ✅ fine | Second factor of members | all have one; the organisation does not require it
    ✅ fine | Second factor of outside collaborators | all have one
    ✅ fine | Base permission | read
    ✅ fine | Stale invitations | 1 open, none stale
    ✅ fine | Installed Apps | none
    I can repair 5 parts of this: `!AuditOrg acme --fix` shows how, and asks you first.
    4 repositories · In your direct messages: acme-audit-inv-ID.csv
    "#);
    insta::assert_snapshot!(world.shown(&direct(&world, "acme-audit").await?), @r"
    The audit of acme, as you asked with `AuditOrg acme` (inv-ID).
    (file: acme-audit-inv-ID.csv)
    ");
    insta::assert_snapshot!(steady(&file(&world)?.replace('\r', "")), @r#"
    "organisation","check","state","subject","found","expected","can be repaired"
    "acme","Second factor of members","fine","","all have one; the organisation does not require it","","no"
    "acme","Second factor of outside collaborators","fine","","all have one","","no"
    "acme","Owners","needs you","acme","1 owner: hub-bot","at least 2","no"
    "acme","Base permission","fine","","read","","no"
    "acme","Teams on repositories","needs you","acme/api","team bots has no access","read","yes"
    "acme","Teams on repositories","needs you","acme/new-name","team bots has no access","read","yes"
    "acme","Teams on repositories","needs you","acme/new-name","team employees has no access","push","yes"
    "acme","Teams on repositories","needs you","acme/templates","team bots has no access","read","yes"
    "acme","Teams on repositories","needs you","acme/templates","team employees can read","push","yes"
    "acme","Outside collaborators","needs you","gus-vega","can read on acme/website, without an end","an end and a reason","no"
    "acme","Deploy keys that write","needs you","acme/api","key ""build server"" may write, since 2024-01-15","keys that only read, or an App","no"
    "acme","Stale invitations","fine","","1 open, none stale","","no"
    "acme","Installed Apps","fine","","none","","no"
    "#);
    world.settled().await?;
    assert!(world.slack.messages(DEV).iter().all(|message| message.files.is_empty()), "none in the channel");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_the_file_stands_beside_the_answer() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, "D0ANA", "AuditOrg a")?;
    let answer = world.end_of("D0ANA", asked).await?;
    assert!(answer.starts_with("⚠️ acme: "), "{answer}");
    assert!(!answer.contains("direct messages"), "{answer}");
    direct(&world, "(file: acme-audit-inv-").await?;
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_where_another_company_reads() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, SHARED, "!AuditOrg acme")?;
    let refused = world.whispered(ANA).await?;
    assert!(refused.contains("People of another company read this channel"), "{refused}");
    world.settled().await?;
    assert!(world.slack.files().is_empty());
    assert_eq!(world.github.faults().arrived(), 0, "GitHub was not even asked");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_are_shown_first_and_change_exactly_that() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    let asked = world.say(ANA, DEV, "!AuditOrg acme --fix")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Repair 5 things in acme
    • team bots may read acme/api
    • team bots may read acme/new-name
    • team employees may push to acme/new-name
    • team bots may read acme/templates
    • team employees may push to acme/templates (before: read)
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    world.press(ANA, DEV, asked, "run").await?;
    let done = world
        .slack
        .await_reply_that(DEV, asked, |shown| shown.contains('✅') && !shown.contains('⏳'))
        .await?;
    insta::assert_snapshot!(world.shown(&done), @r"
    ✅ Repaired 5 things in acme
    ✅ team bots may read acme/api
    ✅ team bots may read acme/new-name
    ✅ team employees may push to acme/new-name
    ✅ team bots may read acme/templates
    ✅ team employees may push to acme/templates (before: read)
    [Undo]
    TIME · inv-ID
    ");
    for name in ["website", "api", "templates", "new-name"] {
        let now = teams(&world, name);
        assert!(now.contains("employees push") && now.contains("bots pull"), "{name}: {now}");
    }
    assert_eq!(changed(&before, &world.github.snapshot()), ["acme/api", "acme/new-name", "acme/templates"]);
    world.settled().await?;
    world.slack.mark_all_read();

    // Done once, there is nothing left to do.
    let again = world.ask("!AuditOrg acme --fix").await?;
    assert!(again.contains("There is nothing in this that I may repair."), "{again}");
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

/// The repositories that differ, and `something else` if anything else does.
fn changed(before: &Json, after: &Json) -> Vec<String> {
    let repositories = |snapshot: &Json| snapshot["repositories"].as_object().cloned().unwrap_or_default();
    let (then, now) = (repositories(before), repositories(after));
    let mut names: Vec<String> = now
        .iter()
        .filter(|(name, one)| then.get(*name) != Some(*one))
        .map(|(name, _)| name.clone())
        .collect();
    let rest = |snapshot: &Json| {
        let mut rest = snapshot.clone();
        rest["repositories"] = Json::Null;
        rest
    };
    names.sort();
    if rest(before) != rest(after) || then.len() != now.len() {
        names.push("something else".to_owned());
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_meanwhile_is_planned_anew() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!AuditOrg acme --fix")?;
    world.end_of(DEV, asked).await?;
    {
        let mut state = world.github.state();
        let team = state.team("acme", "employees").map(|team| team.id).context("the team")?;
        let found = state.repository_mut("acme", "templates").context("the repository")?;
        found.teams.insert(team, hubcommander_sandbox::github::model::Permission::Admin);
    }
    world.press(ANA, DEV, asked, "run").await?;
    let plan = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("meanwhile")).await?;
    let shown = world.shown(&plan);
    assert!(!shown.contains("employees may push to acme/templates (before: read)"), "{shown}");
    world.press(ANA, DEV, asked, "cancel").await?;
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_invitations_are_cancelled_once_that_was_said() -> Result<()> {
    let config = shipped_with(&[(
        "[commands.CreateRepo]\n",
        "[commands.AuditOrg]\nstale_after = \"1s\"\n[commands.CreateRepo]\n",
    )]);
    let world = World::start_on(Servers::start().await?, &config).await?;
    // Invitations of the sandbox's world are sent when it begins.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let asked = world.say(ANA, DEV, "!AuditOrg acme --fix")?;
    let plan = world.end_of(DEV, asked).await?;
    assert!(plan.contains("the invitation of lin-park to acme/api is cancelled"), "{plan}");
    assert!(plan.contains("If lin-park should still come, invite them again."), "{plan}");
    world.press(ANA, DEV, asked, "run").await?;
    world.slack.await_reply_that(DEV, asked, |shown| shown.contains("Repaired")).await?;
    let left = world.github.snapshot()["repositories"]["acme/api"]["inside"]["invitations"].clone();
    assert_eq!(left, serde_json::json!({}));
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_does_not_show_is_said_and_not_taken_for_fine() -> Result<()> {
    let world = World::start().await?;
    let refused = Fault::Status(403, r#"{"message":"Must be an owner of the organization."}"#.to_owned());
    world.github.faults().add(When::path("/outside_collaborators").always(), refused.clone());
    world.github.faults().add(When::path("/installations").always(), refused);
    let forbidden = r#"{"data":{"organization":null},"errors":[{"type":"FORBIDDEN","path":["organization"],"message":"Resource not accessible by integration"}]}"#;
    world.github.faults().add(When::post("/graphql").always(), Fault::Status(200, forbidden.to_owned()));
    insta::assert_snapshot!(world.ask("!AuditOrg acme").await?, @r"
    ⚠️ acme: 1 thing needs you; 2 look fine; 6 could not be read
    State | Looked at | Found
    ⚠️ needs you | Owners | acme: 1 owner: hub-bot
    ? could not be read | Second factor of outside collaborators | This bot's GitHub account may not read which outside collaborators of acme have a second factor. Tell the people who run this bot. GitHub says: Must be an owner of the organization.
    ? could not be read | Teams on repositories | This bot's GitHub account may not read the repositories of acme. Tell the people who run this bot.
    ? could not be read | Outside collaborators | This bot's GitHub account may not read the repositories of acme. Tell the people who run this bot.
    ? could not be read | Deploy keys that write | This bot's GitHub account may not read the repositories of acme. Tell the people who run this bot.
    ? could not be read | Stale invitations | This bot's GitHub account may not read the repositories of acme. Tell the people who run this bot.
    ? could not be read | Installed Apps | This bot's GitHub account may not read the Apps installed in acme. Tell the people who run this bot. GitHub says: Must be an owner of the organization.
    ✅ fine | Second factor of members | all have one; the organisation does not require it
    ✅ fine | Base permission | read
    In your direct messages: acme-audit-inv-ID.csv
    ");
    direct(&world, "acme-audit").await?;
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_sent_is_told() -> Result<()> {
    let world = World::start().await?;
    world.slack.refuse("files.getUploadURLExternal", "missing_scope", 1);
    let answer = world.ask("!AuditOrg acme").await?;
    assert!(answer.starts_with("⚠️ acme: "), "{answer}");
    insta::assert_snapshot!(world.shown(&direct(&world, "could not be sent").await?), @r"
    ⚠️ acme-audit-inv-ID.csv could not be sent.
    The Slack app lacks the permission `files:write`. Whoever runs this bot can add it.
    inv-ID
    ");
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_does_not_send_a_file_twice() -> Result<()> {
    let world = World::start().await?;
    world.slack_faults().add(When::path("files.completeUploadExternal"), Fault::LostAnswer);
    world.ask("!AuditOrg acme").await?;
    direct(&world, "(file: acme-audit").await?;
    world.settled().await?;
    let with_files = world.slack.dms(ANA).into_iter().filter(|message| !message.files.is_empty());
    assert_eq!(with_files.count(), 1, "{}", world.slack.transcript("D0ANA"));
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_stated_once_for_several_organisations() -> Result<()> {
    let config = shipped_with(&[(
        "base_permission = \"read\"  ",
        "repo_teams = [{ name = \"employees\", permission = \"maintain\", repos = \"s*\" }]\nbase_permission = \"read\"  ",
    )]);
    let world = World::start_on(Servers::start_with(Options::for_tests()).await?, &config).await?;
    let answer = world.ask("!AuditOrg acme-oss").await?;
    assert!(answer.contains("acme-oss/sdk: team employees can push"), "{answer}");
    direct(&world, "acme-oss-audit").await?;
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}
