//! Proof that it is they who asked.

use anyhow::Result;
use hubcommander_sandbox::slack::Submitted;
use hubcommander_sdk::auth::{Role, Unproven};
use serde_json::json;

use super::{Gated, gated, gated_on, step_up};
use crate::world::{ANA, DEV};

const SET: &str = "!SetDescription acme website \"A *new* one\"";

async fn described(world: &Gated) -> bool {
    world.at_github("acme", "website").contains("A *new* one")
}

fn again() -> Unproven {
    Unproven::new("Your phone did not answer.", "Try again when you have it.", "timeout").again()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_for_at_once_and_shows_the_whole_command() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let told = world.whispered(ANA);
    insta::assert_snapshot!(told.await?, @r"
    ⚠️ Look at your phone.
    inv-ID
    (only ana sees this)
    ");
    let plan = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("[Enter a code")).await?;
    insta::assert_snapshot!(world.shown(&plan), @r#"
    ⚠️ Set the description of acme/website
    • description "A *new* one"
    ⏳ your word on your phone
    [Enter a code…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    "#);
    assert!(!described(&world).await);
    let shown = world.phone.shown();
    let [challenge] = shown.as_slice() else { panic!("{shown:#?}") };
    assert_eq!((challenge.line.as_str(), challenge.role), (SET, Role::Asks));
    assert_eq!(challenge.title.words(), "Set the description of acme/website");
    assert_eq!(challenge.person.email.as_deref(), Some("ana@acme.example"));
    world.phone.answer(Ok(()));
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    assert!(described(&world).await);
    let audit = world.audit().await?;
    insta::assert_debug_snapshot!(audit, @r#"
    [
        "received",
        "planned",
        "step_up.begun",
        "step_up.passed",
        "operation.started",
        "operation.done",
        "done",
    ]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_reached_may_try_again_three_times_in_all() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    let (asked, _) = world.waits(SET).await?;
    world.whispered(ANA).await?;
    for try_ in 1..=2 {
        world.phone.answer(Err(again()));
        let shown = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("[Try again]")).await?;
        if try_ == 1 {
            insta::assert_snapshot!(world.shown(&shown), @r#"
            ⚠️ Set the description of acme/website
            • description "A *new* one"
            ⚠️ your word on your phone
            ⛔ Your phone did not answer. Try again when you have it.
            [Try again] [Enter a code…] [Cancel]
            Asked by @ana · valid for 1 hour · inv-ID
            "#);
        }
        world.press(ANA, DEV, asked, "again").await?;
        world.whispered(ANA).await?;
    }
    world.phone.answer(Err(again()));
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    Your phone did not answer. Try again when you have it.
    Nothing was changed.
    inv-ID
    ");
    assert!(!described(&world).await);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_a_no() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    world.phone.answer(Err(Unproven::new(
        "You said no on your phone.",
        "Ask again if that was a slip.",
        "deny",
    )));
    let asked = world.say(ANA, DEV, SET)?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    You said no on your phone. Ask again if that was a slip.
    Nothing was changed.
    inv-ID
    ");
    assert!(!described(&world).await);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_alarms_the_security_channel() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    let fraud =
        Unproven::new("You said that it was not you.", "Change your password in Slack.", "fraud").fraud();
    world.phone.answer(Err(fraud));
    let asked = world.say(ANA, DEV, SET)?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    You said that it was not you. Change your password in Slack.
    Nothing was changed.
    inv-ID
    ");
    let alarm = world.slack.await_message("C0SECURITY").await?;
    insta::assert_snapshot!(world.shown(&alarm), @r"
    ⚠️ @ana says it was not they who asked: Set the description of acme/website (`inv-ID`). Nothing was done.
    Somebody else may be in their Slack account. Talk to them in person; `!Lockdown on` holds everything meanwhile.
    ");
    assert!(!described(&world).await);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_does_too_and_is_not_written_down() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    world.slack.await_reply_that(DEV, asked, |shown| shown.contains("[Enter a code")).await?;
    for (code, right) in [("111111", false), ("482913", true)] {
        let card = world.with_button(DEV, asked, "code")?;
        world.slack.click(ANA, DEV, card.ts, "code", None).await?;
        let view = world.slack.await_view(ANA).await?;
        let sent = world.slack.submit(ANA, &view.id, &json!({ "code": code })).await?;
        assert_eq!(sent, Submitted::Cleared);
        if !right {
            world.slack.await_reply_that(DEV, asked, |shown| shown.contains("not right")).await?;
        }
    }
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    let servers = world.world.stop().await?;
    let bytes = std::fs::read(servers.store_path())?;
    for code in [&b"111111"[..], &b"482913"[..]] {
        assert!(!bytes.windows(code.len()).any(|window| window == code), "a code is in the store");
    }
    servers.slack.mark_all_read();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_with_the_same_one_after_a_restart() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    let (asked, _) = world.waits(SET).await?;
    world.whispered(ANA).await?;
    let (rules, phone) = (world.rules.clone(), world.phone.clone());
    let servers = world.world.stop().await?;
    let world = gated_on(servers, rules, phone).await?;
    world.phone.answer(Ok(()));
    let end = world.slack.await_reply_that(DEV, asked, |shown| shown.starts_with('✅')).await?;
    assert!(world.shown(&end).contains("acme/website"));
    assert_eq!(world.phone.shown().len(), 1, "asked once");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_that_the_person_has_it_is_a_no() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    world.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().email = None);
    let asked = world.say(ANA, DEV, SET)?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    There is no way set up for you to prove that it is you. Ask the people who run this bot to set one up for you.
    Nothing was changed.
    inv-ID
    ");
    world.end().await
}
