//! The word of the person who asked: a click, a name to type, a reason.

use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::slack::Submitted;
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use hubcommander_sdk::error::Refusal;
use serde_json::json;

use super::gated;
use crate::world::{ANA, DEV, GUS, SAM};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_brought_back_takes_its_name() -> Result<()> {
    let world = gated(&[]).await?;
    let (asked, plan) = world.waits("!DeleteRepo acme website --now").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Delete acme/website now, for good
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    let card = world.with_button(DEV, asked, "confirm")?;
    world.slack.click(ANA, DEV, card.ts, "confirm", None).await?;
    let view = world.slack.await_view(ANA).await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r"
    # Run this?
    Delete acme/website now, for good
    This cannot be taken back. Type acme/website: [___]
    [Close] [Run]
    ");
    for wrong in ["", "acme/web", "delete"] {
        let filled = json!({ "name": wrong });
        let told = world.slack.submit(ANA, &view.id, &filled).await;
        assert!(!matches!(told, Ok(Submitted::Cleared)), "{wrong:?}: {told:?}");
    }
    assert_eq!(world.at_github("acme", "website"), world.at_github("acme", "website"));
    assert_ne!(world.at_github("acme", "website"), "absent");
    let sent = world.slack.submit(ANA, &view.id, &json!({ "name": "Website" })).await?;
    assert_eq!(sent, Submitted::Cleared, "the short name is enough, in any case");
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    assert_eq!(world.at_github("acme", "website"), "absent");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_asked_for_and_kept() -> Result<()> {
    let world = gated(&[Requirement::Reason]).await?;
    let (asked, plan) = world.waits("!SetDescription acme website New").await?;
    insta::assert_snapshot!(plan, @r#"
    ⚠️ Set the description of acme/website
    • description "New"
    It takes your reason.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    "#);
    let card = world.with_button(DEV, asked, "confirm")?;
    // Somebody else does not even get the form.
    world.slack.click(SAM, DEV, card.ts, "confirm", None).await?;
    let told = world.whispered(SAM).await?;
    assert!(told.contains("Only the person who asked"), "{told}");
    world.slack.click(ANA, DEV, card.ts, "confirm", None).await?;
    let view = world.slack.await_view(ANA).await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r"
    # Run this?
    Set the description of acme/website
    Why is it needed?: [___]
    [Close] [Run]
    ");
    let secret = json!({ "words": format!("the token is ghp_{}", "a".repeat(36)) });
    assert!(!matches!(world.slack.submit(ANA, &view.id, &secret).await, Ok(Submitted::Cleared)));
    let told = world.slack.submit(ANA, &view.id, &json!({ "words": "the site *moves*" })).await?;
    assert_eq!(told, Submitted::Cleared);
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    let store = hubcommander::store::open(&world.store_url()).await?;
    let entries = store.audit(None, 100).await?;
    let confirmed = entries.iter().find(|entry| entry.event == "confirmed").unwrap();
    assert_eq!(confirmed.body["reason"], "the site *moves*");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_nobody_knows_are_a_no_unless_a_step_up_stands_in() -> Result<()> {
    let world = gated(&[Requirement::HealthyDevice { or_step_up: None }]).await?;
    world.devices.state().devices.clear();
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ No device of yours has been seen in the last 14 days, so nobody can tell whether yours are in good shape.
    It is not done as long as nobody can tell.
    [Try again]
    inv-ID
    ");
    *world.rules.takes.lock().unwrap() = vec![Requirement::HealthyDevice { or_step_up: Some("any".into()) }];
    world.phone.answer(Ok(()));
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_needs_something_is_a_no_with_what_to_do() -> Result<()> {
    let world = gated(&[Requirement::HealthyDevice { or_step_up: None }]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ This needs devices in good shape, and Ana's MacBook needs you first: Turn on disk encryption. That takes about 5 minutes.
    See how with `!DeviceStatus`, then try again.
    [Try again]
    inv-ID
    ");
    for practice in ["encryption", "uptodate"] {
        world.devices.state().set("mac-1", practice, true, SystemClock.now());
    }
    world.press(ANA, DEV, asked, "ask").await?;
    let end = world.slack.await_message(DEV).await?;
    assert!(world.shown(&end).contains("website"), "{}", world.shown(&end));
    world
        .slack
        .wait_for(Duration::from_secs(60), "the end", |slack| {
            slack.transcript(DEV).contains("✅").then_some(())
        })
        .await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_what_the_rules_open_and_no_more() -> Result<()> {
    let world = gated(&[Requirement::Reason]).await?;
    let asked = world.say(GUS, DEV, "!ListOrgs")?;
    assert!(world.end_of(DEV, asked).await?.contains("acme"));
    let asked = world.say(GUS, DEV, "!SetDescription acme website New")?;
    world.slack.await_reply(DEV, asked).await?;
    world.press(GUS, DEV, asked, "run").await?;
    assert!(world.ended(asked).await?.starts_with('✅'));
    // What there is to be asked is not for them.
    world.say(GUS, DEV, "!SetDescription")?;
    assert!(world.whispered(GUS).await?.contains("You are a guest"));
    // The rules of the moment count, also for a word.
    let asked = world.say(GUS, DEV, "!SetDescription acme website Newer")?;
    world.slack.await_reply(DEV, asked).await?;
    *world.rules.denies.lock().unwrap() = Some(Refusal::new("Not any more.", "Ask somebody."));
    world.press(GUS, DEV, asked, "run").await?;
    assert!(world.whispered(GUS).await?.contains("Not any more"));
    world.press(GUS, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}
