//! Which account at GitHub is whose: shown at GitHub, and by nobody else.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::accounts::Proof;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use super::{Hand, answer};
use crate::gates::{approvals, gated};
use crate::world::{ANA, DEV, SAM, World};

/// GitHub wants five seconds between two questions; a test does not.
fn at_once(world: &World) {
    world.github.state().device_flow.interval = 0;
}

fn code_of(shown: &str) -> Result<String> {
    let code = shown.split('`').find(|word| word.len() == 9 && word.as_bytes()[4] == b'-');
    Ok(code.context("no code")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_linked_by_a_code_that_only_its_person_sees() -> Result<()> {
    let world = World::start().await?;
    at_once(&world);
    world.say(ANA, DEV, "!LinkGitHub")?;
    let shown = world.told(ANA, "type").await?;
    let code = code_of(&shown)?;
    insta::assert_snapshot!(shown.replace(&code, "CODE-CODE"), @r"
    ⏳ Which account at GitHub is yours? Open this page of GitHub, signed in with that account, and type `CODE-CODE`. The code is for you alone and good until WHEN; type none there that somebody else gave you.
    ");
    assert!(!world.slack.transcript(DEV).contains(&code), "nobody else sees it");
    assert!(world.github.state().answer_device_flow(&code, Some("ana-lima"), SystemClock.now()));
    let told = world.told(ANA, "✅").await?;
    insta::assert_snapshot!(told, @r"
    ✅ `ana-lima` is linked to you
    ✅ `ana-lima` is the account of @ana, proved at GitHub
    [Undo]
    TIME · inv-ID
    ");
    let link = world.linked(ANA).await?.context("nothing is linked")?;
    assert_eq!((link.login.as_str(), link.proof), ("ana-lima", Proof::DeviceFlow));
    assert_eq!(link.email.as_deref(), Some("ana@acme.example"));
    assert_eq!(world.slack.dms(ANA).len(), 1, "one message, kept up to date");

    // The account takes another login: it is still hers.
    assert!(world.github.state().rename_user("ana-lima", "ana-de-lima"));
    insta::assert_snapshot!(world.ask("!WhoIs ana-de-lima").await?, @r"
    ana-de-lima is @ana
    When it was linked it was called `ana-lima`.
    • a member of acme
    • a member of acme-oss
    Linked WHEN, proved at GitHub
    ");
    insta::assert_snapshot!(world.ask("!WhoIs @Ana").await?, @r"
    ana-de-lima is @ana
    When it was linked it was called `ana-lima`.
    • a member of acme
    • a member of acme-oss
    Linked WHEN, proved at GitHub
    ");
    insta::assert_snapshot!(world.ask("!WhoIs sam-okafor").await?, @"sam-okafor is not linked to anybody here");
    insta::assert_snapshot!(world.ask("!WhoIs nobody-here").await?, @r"
    ⛔ There is no account `nobody-here` at GitHub.
    Check the spelling, or mention a person with an @.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!WhoAmI")?;
    insta::assert_snapshot!(world.told(ANA, "Unlink").await?, @r"
    ✅ ana-de-lima is linked to you
    When it was linked it was called `ana-lima`.
    • a member of acme
    • a member of acme-oss
    [Unlink]
    Linked WHEN, proved at GitHub
    ");

    // A second time there is nothing to do.
    let hand = Hand::of(&world.github, "ana-de-lima");
    world.say(ANA, DEV, "!LinkGitHub")?;
    insta::assert_snapshot!(world.told(ANA, "already").await?, @"✅ `ana-de-lima` is linked to you already.");
    drop(hand);

    world.say(ANA, DEV, "!UnlinkGitHub")?;
    insta::assert_snapshot!(world.told(ANA, "no longer").await?, @r"
    ✅ `ana-lima` is no longer linked to @ana
    Nothing changes at GitHub by this.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.linked(ANA).await?, None);
    world.settled().await?;
    // What was unlinked by mistake is linked again without another code: it was shown before.
    insta::assert_snapshot!(world.ask("!Undo").await?, @r"
    ↩️ Undone: Unlink `ana-lima` from @ana
    ✅ `ana-lima` is the account of @ana, proved at GitHub
    TIME · inv-ID
    ");
    assert!(world.linked(ANA).await?.is_some());
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_linked_by_a_no_a_late_code_or_none() -> Result<()> {
    let world = World::start().await?;
    at_once(&world);
    world.say(ANA, DEV, "!LinkGitHub")?;
    world.told(ANA, "type").await?;
    answer(&mut world.github.state(), None);
    insta::assert_snapshot!(world.told(ANA, "⛔").await?, @r"
    ⛔ You said no at GitHub.
    If that was a mistake, ask for another code.
    inv-ID
    ");

    world.say(ANA, DEV, "!LinkGitHub")?;
    world.told(ANA, "type").await?;
    for grant in world.github.state().device_flow.grants.values_mut() {
        grant.expires_at = SystemClock.now() - TimeDelta::seconds(1);
    }
    insta::assert_snapshot!(world.told(ANA, "in time").await?, @r"
    ⛔ Nobody typed the code in time.
    Ask for another code.
    inv-ID
    ");

    world.github.state().device_flow.apps.get_mut("Iv1.sandbox").context("the program")?.device_flow = false;
    world.say(ANA, DEV, "!LinkGitHub")?;
    insta::assert_snapshot!(world.told(ANA, "switched off").await?, @r"
    ⛔ The device flow is switched off for this bot at GitHub.
    Tell the people who run this bot: it is a box on the page of its OAuth App or GitHub App.
    inv-ID
    (only ana sees this)
    ");
    assert_eq!(world.linked(ANA).await?, None);
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_is_away_for_a_moment() -> Result<()> {
    let world = World::start().await?;
    at_once(&world);
    world.github.faults().add(When::post("/login/oauth/access_token"), Fault::Status(502, "away".to_owned()));
    world.say(ANA, DEV, "!LinkGitHub")?;
    let code = code_of(&world.told(ANA, "type").await?)?;
    assert!(world.github.state().answer_device_flow(&code, Some("ana-lima"), SystemClock.now()));
    world.told(ANA, "✅").await?;
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_somebody_else_takes_a_second_person() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    // Only what takes over is asked for here, as by the policies that ship.
    world.rules.takes.lock().unwrap().clear();
    let hand = Hand::of(&world.github, "ana-lima");
    world.say(ANA, DEV, "!LinkGitHub")?;
    world.told(ANA, "✅").await?;
    world.rules.takes.lock().unwrap().push(approvals(1));
    world.say(SAM, DEV, "!LinkGitHub")?;
    let card = world.card().await?;
    insta::assert_snapshot!(world.shown(&card), @r"
    ⚠️ @sam asks: Link `ana-lima` to you
    • `ana-lima` is the account of @sam, proved at GitHub, and no longer that of @ana
    This can be taken back: it changes how somebody proves who they are.
    They typed `!LinkGitHub`.
    · It takes 1 of @security
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    ");
    assert_eq!(world.linked(SAM).await?, None);
    world.on_card(crate::world::KIM, "approve").await?;
    insta::assert_snapshot!(world.told(SAM, "✅").await?, @r"
    ✅ `ana-lima` is linked to you
    It was linked to @ana before, and is not any more.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.linked(ANA).await?, None, "one account for one person");
    assert_eq!(world.linked(SAM).await?.context("Sam")?.login, "ana-lima");
    drop(hand);
    world.all_read().await?;
    world.world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_claim_one_account_at_the_same_time() -> Result<()> {
    let world = World::start().await?;
    let hand = Hand::of(&world.github, "octocat");
    world.say(ANA, DEV, "!LinkGitHub")?;
    world.say(SAM, DEV, "!LinkGitHub")?;
    world.told(ANA, "✅").await?;
    world.told(SAM, "✅").await?;
    drop(hand);
    let (ana, sam) = (world.linked(ANA).await?, world.linked(SAM).await?);
    assert!(ana.is_some() != sam.is_some(), "one of them: {ana:?} {sam:?}");
    assert_eq!(world.book().await?.all_links().await?.len(), 1);
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_is_started_again_while_somebody_types_the_code() -> Result<()> {
    let world = World::start().await?;
    at_once(&world);
    world.say(ANA, DEV, "!LinkGitHub")?;
    let first = code_of(&world.told(ANA, "type").await?)?;
    let servers = world.stop().await?;
    let world = World::start_on(servers, &crate::world::shipped_with(&[])).await?;
    let second = world.slack.wait_for(super::WITHIN, "another code", |slack| {
        let all = slack.dms(ANA);
        let shown = slack.render(all.last()?);
        code_of(&shown).ok().filter(|code| *code != first)
    });
    let second = second.await?;
    assert_eq!(world.slack.dms(ANA).len(), 1, "in the same message");
    assert!(world.github.state().answer_device_flow(&second, Some("ana-lima"), SystemClock.now()));
    world.told(ANA, "✅").await?;
    assert!(world.linked(ANA).await?.is_some());
    world.all_read().await?;
    world.end().await
}
