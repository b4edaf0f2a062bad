//! Everything but reading is held.

use anyhow::Result;
use hubcommander_sandbox::faults::{Hold, When};

use super::{approvals, gated, gated_on};
use crate::hands::held;
use crate::world::{ANA, DEV, SAM};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_until_it_is_lifted() -> Result<()> {
    let world = gated(&[]).await?;
    let locked = world.say(SAM, DEV, "!Lockdown on --reason \"a stolen laptop\"")?;
    insta::assert_snapshot!(world.end_of(DEV, locked).await?, @r"
    ✅ Everything but reading is held
    Plans that wait are held, those that run stop before their next step. Lift it with !Lockdown off.
    [Undo]
    TIME · inv-ID
    ");
    let alarm = world.slack.await_message("C0SECURITY").await?;
    insta::assert_snapshot!(world.shown(&alarm), @r"
    ⚠️ @sam holds everything but reading: a stolen laptop.
    If you do not know why, ask them.
    ");
    insta::assert_snapshot!(world.ask_whispered("!CreateRepo acme widgets").await?, @r"
    ⛔ Everything but reading is held since WHEN, by @sam. They say: a stolen laptop
    Ask again when it is over.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.ask("!RepoInfo acme website").await?.contains("acme/website"), "reading goes on");
    assert!(world.ask("!CreateRepo acme widgets --dry-run").await?.contains("Would do"));
    let (rules, phone) = (world.rules.clone(), world.phone.clone());
    let servers = world.world.stop().await?;
    let world = gated_on(servers, rules, phone).await?;
    let told = world.ask_whispered("!CreateRepo acme widgets").await?;
    assert!(told.contains("held"), "it holds over a restart: {told}");
    let lifted = world.say(SAM, DEV, "!Lockdown off")?;
    insta::assert_snapshot!(world.end_of(DEV, lifted).await?, @r"
    ✅ The lockdown is over
    What waited goes on.
    [Undo]
    TIME · inv-ID
    ");
    assert!(world.ask("!CreateRepo acme widgets").await?.starts_with('✅'));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_waits_is_held_and_goes_on_afterwards() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.card().await?;
    let locked = world.say(SAM, DEV, "!Lockdown on")?;
    world.end_of(DEV, locked).await?;
    world.on_card(SAM, "approve").await?;
    let held = |shown: &str| shown.contains("held") && shown.contains("approved by");
    let shown = world.slack.await_reply_that(DEV, asked, held).await?;
    insta::assert_snapshot!(world.shown(&shown), @r#"
    ⚠️ Set the description of acme/website
    • description "New"
    ✅ 1 of @security; approved by @sam
    Everything but reading is held for now: it goes on when the lockdown is over.
    [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    "#);
    assert!(world.writes().is_empty());
    let lifted = world.say(SAM, DEV, "!Lockdown off")?;
    world.end_of(DEV, lifted).await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_runs_stops_before_its_next_operation() -> Result<()> {
    let world = gated(&[]).await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    held(&gate).await?;
    let locked = world.say(SAM, DEV, "!Lockdown on")?;
    world.end_of(DEV, locked).await?;
    gate.release();
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⚠️ Create acme/widgets: stopped
    ✅ private repository
    · team employees may push
    · team bots may read
    Everything but reading is held for now. What is done stays done; Retry does what is missing.
    [Retry] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), "private · empty", "what was under way came to its end");
    let lifted = world.say(SAM, DEV, "!Lockdown off")?;
    world.end_of(DEV, lifted).await?;
    world.press(ANA, DEV, asked, "retry").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}
