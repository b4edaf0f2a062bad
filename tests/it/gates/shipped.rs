//! What the policies that ship ask for, with a phone at the local Duo and a second person.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::duo::{self, Answer, Duo, Push, PushState, Standing};
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::slack::{Submitted, Ts};
use hubcommander_sdk::clock::SystemClock;
use serde_json::json;

use crate::world::{ANA, APPROVALS, DEV, GUS, KIM, SAM, Servers, World};

const DELETE: &str = "!DeleteRepo acme website --now --reason \"replaced by the new site\"";

struct Shipped {
    world: World,
    duo: Duo,
}

impl std::ops::Deref for Shipped {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

async fn shipped() -> Result<Shipped> {
    let clock = Arc::new(SystemClock);
    let world = duo::World::acme().holds(Duration::from_millis(50));
    let duo = Duo::start(world, clock, Faults::default()).await?;
    Ok(Shipped { world: World::start_as_shipped(Servers::start().await?, &duo).await?, duo })
}

impl Shipped {
    /// The push that is waiting on somebody's phone.
    async fn push(&self, user: &str) -> Result<Push> {
        let look = async {
            loop {
                let waiting = |push: &&Push| push.user == user && push.state == PushState::Waiting;
                if let Some(push) = self.duo.state().pushes.iter().find(waiting) {
                    return push.clone();
                }
                // The phone tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), look).await.context("nothing came to the phone")
    }

    /// Types the name that is asked for.
    async fn say_yes(&self, asked: Ts, name: &str) -> Result<()> {
        let card = self.with_button(DEV, asked, "confirm")?;
        self.slack.click(ANA, DEV, card.ts, "confirm", None).await?;
        let view = self.slack.await_view(ANA).await?;
        let sent = self.slack.submit(ANA, &view.id, &json!({ "name": name })).await?;
        assert_eq!(sent, Submitted::Cleared);
        Ok(())
    }

    async fn over(&self, asked: Ts) -> Result<String> {
        let over = |shown: &str| !["[Cancel]", "⏳", "sees this"].iter().any(|mark| shown.contains(mark));
        let end = self.slack.await_reply_that(DEV, asked, over).await?;
        Ok(self.shown(&end))
    }

    async fn end(self) -> Result<()> {
        self.world.settled().await?;
        self.world.slack.mark_all_read();
        self.world.end().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_takes_the_name_the_phone_and_a_second_person() -> Result<()> {
    let world = shipped().await?;
    let asked = world.say(ANA, DEV, DELETE)?;
    let plan = world.slack.await_reply(DEV, asked).await?;
    insta::assert_snapshot!(world.shown(&plan), @r"
    ⚠️ Delete acme/website now, for good
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    It takes your word that this is what you want, and your approval in Duo, and 1 of @security-team.
    [Run…] [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    ");
    world.say_yes(asked, "acme/website").await?;
    let push = world.push("ana@acme.example").await?;
    insta::assert_debug_snapshot!((&push.kind, push.info.iter().filter(|(name, _)| name != "Id" && name != "Plan").collect::<Vec<_>>()), @r#"
    (
        "HubCommander: Delete acme/website now, for good",
        [
            (
                "Command",
                "!DeleteRepo acme website --now --reason \"replaced by the new site\"",
            ),
            (
                "Does",
                "Delete acme/website now, for good",
            ),
            (
                "Asked by",
                "you",
            ),
            (
                "Step 1 of 1",
                "delete acme/website",
            ),
        ],
    )
    "#);
    assert!(world.slack.messages(APPROVALS).is_empty(), "others are asked once it is proven who asks");
    assert!(world.duo.answer(&push.txid, Answer::Approve(None)));
    let card = world.slack.await_message(APPROVALS).await?;
    insta::assert_snapshot!(world.shown(&card), @r#"
    ⚠️ @ana asks: Delete acme/website now, for good
    > replaced by the new site
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    This cannot be taken back: it deletes a repository for good.
    They typed `!DeleteRepo acme website --now --reason "replaced by the new site"`.
    · It takes 1 of @security-team
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    "#);
    assert_ne!(world.at_github("acme", "website"), "absent");
    world.slack.click(KIM, APPROVALS, card.ts, "approve", None).await?;
    let end = world.over(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    assert_eq!(world.at_github("acme", "website"), "absent");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_everyday_takes_nothing_more() -> Result<()> {
    let world = shipped().await?;
    assert!(world.ask("!CreateRepo acme widgets").await?.starts_with('✅'));
    assert!(world.ask("!RepoInfo acme website").await?.contains("acme/website"));
    world.say(GUS, DEV, "!CreateRepo acme gadgets")?;
    assert!(world.whispered(GUS).await?.contains("You are a guest"));
    insta::assert_snapshot!(world.ask_whispered("!Lockdown on").await?, @r"
    ⛔ The lockdown is in the hands of the security team.
    Ask @security-team.
    inv-ID
    (only ana sees this)
    ");
    let status = world.ask("!Lockdown status").await?;
    assert!(status.contains("Nothing is held"), "{status}");
    let locked = world.say(SAM, DEV, "!Lockdown on")?;
    assert!(world.end_of(DEV, locked).await?.starts_with('✅'));
    let lifted = world.say(SAM, DEV, "!Lockdown off")?;
    world.slack.await_reply(DEV, lifted).await?;
    let card = world.slack.await_message(APPROVALS).await?;
    world.slack.click(KIM, APPROVALS, card.ts, "approve", None).await?;
    assert!(world.over(lifted).await?.starts_with('✅'), "it takes two to lift it");
    // Also where it is undone.
    world.settled().await?;
    world.slack.mark_all_read();
    let locked = world.say(SAM, DEV, "!Lockdown on")?;
    assert!(world.end_of(DEV, locked).await?.starts_with('✅'));
    let undone = world.say(SAM, DEV, "!Undo")?;
    let waits = world.slack.await_reply(DEV, undone).await?;
    assert!(world.shown(&waits).contains("1 of @security-team"), "{}", world.shown(&waits));
    let card = world.slack.await_message(APPROVALS).await?;
    world.slack.click(KIM, APPROVALS, card.ts, "approve", None).await?;
    assert!(world.over(undone).await?.starts_with('↩'));
    world.end().await
}

/// What is said when the phone does not say yes, and that nothing is done.
async fn refused(prepare: impl FnOnce(&Duo), answer: Option<Answer>) -> Result<String> {
    let world = shipped().await?;
    prepare(&world.duo);
    let asked = world.say(ANA, DEV, DELETE)?;
    world.slack.await_reply(DEV, asked).await?;
    world.say_yes(asked, "website").await?;
    if let Some(answer) = answer {
        let push = world.push("ana@acme.example").await?;
        world.duo.answer(&push.txid, answer);
    }
    let settled = |shown: &str| shown.contains("[Try again]") || shown.contains("not done");
    let said = world.slack.await_reply_that(DEV, asked, settled).await?;
    let said = world.shown(&said);
    assert_ne!(world.at_github("acme", "website"), "absent");
    assert!(world.slack.messages(APPROVALS).is_empty(), "nobody else is asked");
    if said.contains("[Try again]") {
        world.press(ANA, DEV, asked, "cancel").await?;
        world.over(asked).await?;
    }
    world.end().await?;
    Ok(said)
}

fn standing(standing: Standing) -> impl FnOnce(&Duo) {
    move |duo| duo.state().user_mut("ana@acme.example").unwrap().standing = standing
}

#[tokio::test(flavor = "multi_thread")]
async fn duo_bypass_user() -> Result<()> {
    insta::assert_snapshot!(refused(standing(Standing::Bypass), None).await?, @r"
    ⛔ Delete acme/website now, for good: not done
    Duo is told to let you through without asking you (bypass), and that proves nothing here. Ask the people who look after Duo at your company to take the bypass away.
    Nothing was changed.
    inv-ID
    ");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn duo_down() -> Result<()> {
    let down = |duo: &Duo| {
        duo.faults().add(When::path("/auth/v2/").always(), Fault::Status(503, "down".into()));
    };
    insta::assert_snapshot!(refused(down, None).await?, @r"
    ⚠️ Delete acme/website now, for good
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    ✅ your word that this is what you want
    ⚠️ your approval in Duo
    · 1 of @security-team
    ⛔ Duo has trouble of its own. Try again in a minute, or see status.duo.com.
    [Try again] [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    ");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn duo_user_who_says_no_or_that_it_was_not_they() -> Result<()> {
    insta::assert_snapshot!(refused(|_| (), Some(Answer::Deny)).await?, @r"
    ⛔ Delete acme/website now, for good: not done
    You said no on your phone. Nothing was done. Ask for it again if you want it.
    Nothing was changed.
    inv-ID
    ");
    insta::assert_snapshot!(refused(|_| (), Some(Answer::Fraud)).await?, @r"
    ⛔ Delete acme/website now, for good: not done
    You said on your phone that it was not you who asked. Nothing was done, and the security channel is told.
    Nothing was changed.
    inv-ID
    ");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn duo_user_who_is_locked_out_disabled_or_not_enrolled() -> Result<()> {
    for how in [Standing::LockedOut, Standing::Disabled, Standing::NotEnrolled] {
        let said = refused(standing(how), None).await?;
        assert!(said.contains("Nothing was changed") || said.contains("[Try again]"), "{how:?}: {said}");
    }
    Ok(())
}
