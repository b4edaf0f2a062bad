//! Attacks on the gate, each named for what is tried. docs/threat-model.md lists them.

use std::time::Duration;

use anyhow::Result;
use hubcommander::invocation::State;
use hubcommander::store::Click;
use hubcommander_sandbox::slack::Ts;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use hubcommander_sdk::error::Refusal;
use serde_json::{Value as Json, json};

use super::{Gated, approvals, gated, gated_on, id, step_up};
use crate::hands::button_value;
use crate::world::{ANA, APPROVALS, DEV, KIM, SAM};

const SET: &str = "!SetDescription acme website New";
const STRANGER: &str = "U0STR";

impl Gated {
    /// Puts buttons of the attacker's own into a message of the bot, as a message that was kept and replayed, or
    /// changed on its way, would bring them.
    fn forge(&self, channel: &str, ts: Ts, action: &str, value: &str) {
        self.slack.arrange(|slack| {
            let room = slack.channels.get_mut(channel).unwrap();
            let message = room.messages_mut().find(|message| message.ts == ts).unwrap();
            message.blocks = Some(json!([{
                "type": "actions", "block_id": "forged",
                "elements": [{
                    "type": "button", "action_id": action, "value": value,
                    "text": { "type": "plain_text", "text": "Forged" },
                }],
            }]));
        });
    }

    async fn decided(&self) -> Result<Vec<String>> {
        let events = self.audit().await?;
        let counts = ["approved", "confirmed", "step_up.passed", "operation.done"];
        Ok(events.into_iter().filter(|event| counts.contains(&event.as_str())).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_button_click() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    let value = button_value(&card.blocks, "approve");
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    let writes = world.writes().len();
    // The same click once more, after the fact.
    world.settled().await?;
    world.forge(APPROVALS, card.ts, "approve", &value);
    world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    let told = world.whispered(SAM).await?;
    assert!(told.contains("over already"), "{told}");
    // And the very same envelope, as Slack would send it again.
    let body = json!({ "by": id(SAM), "channel": APPROVALS, "action": "approve", "value": value });
    let store = hubcommander::store::open(&world.store_url()).await?;
    let click = || Click { key: "click:again".into(), body: body.clone(), at: SystemClock.now() };
    store.receive_click(click()).await?;
    assert_eq!(store.receive_click(click()).await?, hubcommander::store::Receipt::Duplicate);
    store.click_done("click:again", Vec::new()).await?;
    // It opens nothing else either: the next plan has a digest and an id of its own.
    let (asked, _) = world.waits("!SetDescription acme website Newer").await?;
    world.card().await?;
    let newer = world.slack.messages(APPROVALS).last().unwrap().ts;
    world.forge(APPROVALS, newer, "approve", &value);
    world.slack.click(SAM, APPROVALS, newer, "approve", None).await?;
    assert!(world.whispered(SAM).await?.contains("over already"));
    assert_eq!(world.writes().len(), writes);
    world.press(ANA, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_action_value() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    let value = button_value(&card.blocks, "approve");
    let (id, digest) = value.split_once(' ').unwrap();
    let other = format!("{:0<64}", "abc");
    for forged in [
        format!("{id} {other}"),
        id.to_owned(),
        format!("{id} "),
        format!("inv-0000000000 {digest}"),
        format!("{id} {digest} run"),
        format!("{}' OR 1=1 -- {digest}", id),
        String::new(),
    ] {
        world.forge(APPROVALS, card.ts, "approve", &forged);
        world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
        world.slack.all_acked().await?;
    }
    // Actions that the card does not have, on the card.
    for action in ["run", "again", "retry"] {
        world.forge(APPROVALS, card.ts, action, &value);
        world.slack.click(SAM, APPROVALS, card.ts, action, None).await?;
        world.slack.all_acked().await?;
    }
    let store = hubcommander::store::open(&world.store_url()).await?;
    while !store.unfinished_clicks().await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut decided = world.decided().await?;
    // One of them has all that counts in it and a word too many, which says nothing.
    decided.retain(|event| event != "approved" && !event.starts_with("operation"));
    assert_eq!(decided, Vec::<String>::new());
    if world.writes().is_empty() {
        world.press(ANA, DEV, asked, "cancel").await?;
    }
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn approval_for_a_changed_plan() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    let old = button_value(&card.blocks, "approve");
    world.github.state().repository_mut("acme", "website").unwrap().description = Some("Somebody's".into());
    world.on_card(SAM, "approve").await?;
    // The world is looked at again: what was approved is void, and the new plan needs its own approval.
    let shown =
        world.slack.await_reply_that(DEV, asked, |shown| shown.contains("This is the plan now")).await?;
    insta::assert_snapshot!(world.shown(&shown), @r#"
    ⚠️ Set the description of acme/website
    Nothing was done yet: acme/website has been changed meanwhile. This is the plan now.
    • description "New"
    ⏳ 1 of @security
    [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    "#);
    let anew = world.card().await?;
    let new = button_value(&anew.blocks, "approve");
    assert_ne!(old, new);
    assert!(world.writes().is_empty());
    world.forge(APPROVALS, card.ts, "approve", &old);
    world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    let told = world.whispered(SAM).await?;
    assert!(told.contains("older plan"), "{told}");
    assert!(world.writes().is_empty());
    world.forge(APPROVALS, card.ts, "approve", &new);
    world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn self_approval() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    // She is even among those who may approve.
    world.rules.groups.lock().unwrap().insert("slack:security".into(), vec![ANA, SAM]);
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    world.on_card(ANA, "approve").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ This takes the word of somebody else than the person who asked.
    Somebody else among the approvers can decide it.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn self_approval_by_a_second_account() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    world.slack.arrange(|slack| slack.people.get_mut(SAM).unwrap().email = Some("ANA@acme.example".into()));
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    world.on_card(SAM, "approve").await?;
    let told = world.whispered(SAM).await?;
    assert!(told.contains("somebody else than the person who asked"), "{told}");
    assert!(world.writes().is_empty());
    world.on_card(KIM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_person_are_one_approval() -> Result<()> {
    let world = gated(&[approvals(2)]).await?;
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    world.on_card(SAM, "approve").await?;
    world.card().await?;
    world.slack.arrange(|slack| slack.people.get_mut(KIM).unwrap().email = Some("sam@acme.example".into()));
    world.on_card(KIM, "approve").await?;
    let told = world.whispered(KIM).await?;
    assert!(told.contains("another account of yours"), "{told}");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn approval_by_somebody_who_may_not() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    world.rules.groups.lock().unwrap().insert("slack:security".into(), vec![KIM]);
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    world.on_card(SAM, "approve").await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ You are not among the people who can decide this.
    It is for those whom the card names.
    inv-ID
    (only sam sees this)
    ");
    // Nor may they deny it.
    world.on_card(SAM, "deny").await?;
    let view = world.slack.await_view(SAM).await?;
    world.slack.submit(SAM, &view.id, &json!({})).await?;
    world.whispered(SAM).await?;
    // Nor those who were in the group until just now, or are guests by now.
    world.slack.arrange(|slack| slack.people.get_mut(KIM).unwrap().is_restricted = true);
    world.on_card(KIM, "approve").await?;
    let told = world.whispered(KIM).await?;
    assert!(told.contains("You are a guest"), "{told}");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn approving_after_expiry() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    let value = button_value(&card.blocks, "approve");
    world.clock.forward(Duration::from_secs(8 * 3_600 + 1));
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.contains("ran out"), "{end}");
    world.settled().await?;
    world.forge(APPROVALS, card.ts, "approve", &value);
    world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    assert!(world.whispered(SAM).await?.contains("over already"));
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn message_edited_after_the_command() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    assert!(world.shown(&card).contains("!SetDescription acme website New"));
    world.slack.edit(ANA, DEV, asked, "!DeleteRepo acme website --now")?;
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    assert!(
        world.at_github("acme", "website").contains("description \"New\""),
        "what was approved, and no more"
    );
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn user_changed_email() -> Result<()> {
    let world = gated(&[step_up()]).await?;
    world.phone.answer(Ok(()));
    let asked = world.say(ANA, DEV, SET)?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    // Whoever sits in Ana's Slack has the question sent to a phone of their own.
    world
        .slack
        .arrange(|slack| slack.people.get_mut(ANA).unwrap().email = Some("mallory@acme.example".into()));
    world.phone.answer(Ok(()));
    let asked = world.say(ANA, DEV, "!SetDescription acme website Newer")?;
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    Your e-mail in Slack is not the one that you have had here before, so I cannot take your word. Ask the security team; they can accept the new one.
    Nothing was changed.
    inv-ID
    ");
    assert_eq!(world.phone.shown().len(), 1, "nobody's phone was asked");
    let alarm = world.slack.await_message("C0SECURITY").await?;
    insta::assert_snapshot!(world.shown(&alarm), @r"
    ⚠️ @ana has another e-mail in Slack than before, so they cannot prove that it is they.
    If you do not know why, ask them.
    ");
    assert!(world.at_github("acme", "website").contains("description \"New\""));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_connect_stranger_clicking() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    world.rules.groups.lock().unwrap().insert("slack:security".into(), vec![STRANGER, SAM]);
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    world.slack.arrange(|slack| {
        for channel in [DEV, APPROVALS] {
            slack.channels.get_mut(channel).unwrap().members.insert(STRANGER.to_owned());
        }
    });
    world.on_card(STRANGER, "approve").await?;
    let told = world.whispered(STRANGER).await?;
    assert!(told.contains("another company"), "{told}");
    world.press(STRANGER, DEV, asked, "cancel").await?;
    world.whispered(STRANGER).await?;
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.ended(asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_approval_and_execution() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, SET)?;
    let card = world.card().await?;
    let value = button_value(&card.blocks, "approve");
    let (rules, phone) = (world.rules.clone(), world.phone.clone());
    let servers = world.world.stop().await?;
    {
        // The approval was written down, and the program died.
        let store = hubcommander::store::open(&servers.store_url()).await?;
        let body = json!({ "by": id(SAM), "channel": APPROVALS, "action": "approve", "value": value });
        store.receive_click(Click { key: "click:before".into(), body, at: SystemClock.now() }).await?;
    }
    // Meanwhile the rules ask for more: what was approved under the old ones does not run by itself.
    rules.takes.lock().unwrap().push(step_up());
    let world = gated_on(servers, rules, phone).await?;
    let shown =
        world.slack.await_reply_that(DEV, asked, |shown| shown.contains("your word on your phone")).await?;
    insta::assert_snapshot!(world.shown(&shown), @r#"
    ⚠️ Set the description of acme/website
    • description "New"
    ⏳ your word on your phone
    ✅ 1 of @security; approved by @sam
    [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.phone.answer(Ok(()));
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_say_no_by_now() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    *world.rules.denies.lock().unwrap() = Some(Refusal::new("Not any more.", "Ask somebody."));
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.contains("Not any more"), "{end}");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn race_of_approve_and_cancel() -> Result<()> {
    for _ in 0..5 {
        let world = gated(&[approvals(1)]).await?;
        let asked = world.say(ANA, DEV, SET)?;
        world.card().await?;
        let (one, other) =
            tokio::join!(world.on_card(SAM, "approve"), world.press(ANA, DEV, asked, "cancel"));
        let _ = (one, other);
        let end = world.ended(asked).await?;
        world.settled().await?;
        let store = hubcommander::store::open(&world.store_url()).await?;
        let state = store.history(&Default::default(), 1).await?.remove(0).state;
        let done = !world.writes().is_empty();
        assert_eq!(done, state == State::Done, "{end}");
        assert!(matches!(state, State::Done | State::Cancelled), "{state:?}: {end}");
        world.end().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_at_once_count_once_each_and_run_once() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let (asked, _) = world.waits(SET).await?;
    world.card().await?;
    let _ = tokio::join!(
        world.on_card(SAM, "approve"),
        world.on_card(KIM, "approve"),
        world.on_card(SAM, "approve")
    );
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    assert_eq!(world.writes().len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn log_and_mrkdwn_injection() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let line = "!SetDescription acme website \"<!channel> *APPROVED by* `sam` <https://evil.example|Approve>\n\
                2026-11-27 INFO approved by=sam\"";
    let asked = world.say(ANA, DEV, line)?;
    let card = world.card().await?;
    let blocks = card.blocks.as_ref().map(Json::to_string).unwrap_or_default();
    for forged in ["<!channel>", "<https://evil.example|", "<!here>"] {
        assert!(!blocks.contains(forged), "{forged} in {blocks}");
        assert!(!card.text.contains(forged), "{forged} in {}", card.text);
    }
    world.on_card(SAM, "deny").await?;
    let view = world.slack.await_view(SAM).await?;
    let note = json!({ "words": "<!channel> no\n2026-11-27 ERROR forged" });
    world.slack.submit(SAM, &view.id, &note).await?;
    let end = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("not done")).await?;
    let blocks = end.blocks.as_ref().map(Json::to_string).unwrap_or_default();
    assert!(!blocks.contains("<!channel>") && !end.text.contains("<!channel>"), "{blocks}");
    world.end().await
}
