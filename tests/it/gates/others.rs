//! Others who agree: the card, who may, what it ends as.

use std::time::Duration;

use anyhow::Result;
use hubcommander_auth_plugins::approval::Settings;
use hubcommander_sandbox::slack::Submitted;
use serde_json::json;

use super::{TestRules, approvals, careful_approvals, gated, gated_with};
use crate::world::{ANA, APPROVALS, DEV, KIM, SAM, Servers};

const SET: &str = "!SetVisibility acme website public --reason \"the launch, <!channel> *today*\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_approves() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let (asked, plan) = world.waits(SET).await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Make acme/website public
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    It takes your word that this is what you want, and 1 of @security.
    [Run] [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    ");
    world.press(ANA, DEV, asked, "run").await?;
    let card = world.card().await?;
    insta::assert_snapshot!(world.shown(&card), @r#"
    ⚠️ @ana asks: Make acme/website public
    > the launch, <!channel> *today*
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    What it shows or hands out cannot be unseen: it shows a repository to everyone.
    They typed `!SetVisibility acme website public --reason "the launch, <!channel> today"`.
    · It takes 1 of @security
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    "#);
    let waiting = world.slack.await_reply_that(DEV, asked, |shown| shown.contains('⏳')).await?;
    insta::assert_snapshot!(world.shown(&waiting), @r"
    ⚠️ Make acme/website public
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    ✅ your word that this is what you want
    ⏳ 1 of @security
    [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    ");
    assert!(world.writes().is_empty());
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.settled().await?;
    let last = world.slack.messages(APPROVALS);
    assert_eq!(last.len(), 1, "one card for one question");
    insta::assert_snapshot!(world.shown(&last[0]), @r#"
    ✅ @ana asked: Make acme/website public
    > the launch, <!channel> *today*
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    What it shows or hands out cannot be unseen: it shows a repository to everyone.
    They typed `!SetVisibility acme website public --reason "the launch, <!channel> today"`.
    Approved by @sam.
    acme/website is public
    plan DIGEST · inv-ID
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_denies_with_a_note() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.card().await?;
    world.on_card(SAM, "deny").await?;
    let view = world.slack.await_view(SAM).await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r"
    # Deny this?
    Set the description of acme/website
    What should they know? (optional): [___]
    [Close] [Deny]
    ");
    let note = json!({ "words": "Not before *Friday*" });
    assert_eq!(world.slack.submit(SAM, &view.id, &note).await?, Submitted::Cleared);
    insta::assert_snapshot!(world.ended(asked).await?, @r"
    ⛔ Set the description of acme/website: not done
    Denied by @sam. They say: Not before *Friday*
    Nothing was changed.
    inv-ID
    ");
    world.settled().await?;
    insta::assert_snapshot!(world.shown(&world.slack.messages(APPROVALS)[0]), @r#"
    ⛔ @ana asked: Set the description of acme/website
    • description "New"
    This can be taken back.
    They typed `!SetDescription acme website New`.
    Denied by @sam. They say: Not before *Friday*
    plan DIGEST · inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_are_two_people() -> Result<()> {
    let world = gated(&[approvals(2)]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.card().await?;
    world.on_card(SAM, "approve").await?;
    let shown = world.card().await?;
    insta::assert_snapshot!(world.shown(&shown), @r#"
    ⚠️ @ana asks: Set the description of acme/website
    • description "New"
    This can be taken back.
    They typed `!SetDescription acme website New`.
    · It takes 2 of @security; approved by @sam
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    "#);
    world.on_card(SAM, "approve").await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    You have approved this already; it waits for somebody else.
    (only sam sees this)
    ");
    assert!(world.writes().is_empty());
    world.on_card(KIM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_proves_that_it_is_they_where_the_policy_asks_for_it() -> Result<()> {
    let world = gated(&[careful_approvals(1)]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.card().await?;
    world.on_card(SAM, "approve").await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⚠️ Look at your phone.
    inv-ID
    (only sam sees this)
    ");
    assert_eq!(world.phone.shown()[0].person.id.user, SAM);
    world.on_card(SAM, "approve").await?;
    assert!(world.whispered(SAM).await?.contains("being asked already"));
    assert!(world.writes().is_empty());
    world.phone.answer(Ok(()));
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_do_not_answer_are_reminded_and_then_their_deputies_may() -> Result<()> {
    let mut settings = Settings::new(APPROVALS);
    settings.deputies.insert("slack:security".into(), "slack:platform".into());
    let rules = TestRules::new(&[approvals(1)]);
    rules.groups.lock().unwrap().insert("slack:platform".into(), vec!["U0GUS"]);
    let world = gated_with(Servers::start().await?, rules, Default::default(), settings).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    let card = world.card().await?;
    world.clock.forward(Duration::from_secs(3_700));
    // It looks up at once when somebody presses, and every half minute otherwise.
    world.on_card(ANA, "approve").await?;
    world.whispered(ANA).await?;
    let reminder = world.slack.await_reply(APPROVALS, card.ts).await?;
    insta::assert_snapshot!(world.shown(&reminder), @"@security this still waits for you, until WHEN.");
    world.rules.groups.lock().unwrap().insert("slack:platform".into(), vec![KIM]);
    world.rules.groups.lock().unwrap().insert("slack:security".into(), vec![SAM]);
    world.on_card(KIM, "approve").await?;
    insta::assert_snapshot!(world.whispered(KIM).await?, @r"
    ⛔ You are not among the people who can decide this.
    It is for those whom the card names.
    inv-ID
    (only kim sees this)
    ");
    world.clock.forward(Duration::from_secs(3_600));
    world.on_card(KIM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_withdrawn_by_who_asked() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let (asked, _) = world.waits("!SetDescription acme website New").await?;
    world.card().await?;
    world.press(ANA, DEV, asked, "cancel").await?;
    let end = world.ended(asked).await?;
    assert!(end.contains("cancelled"), "{end}");
    world.settled().await?;
    insta::assert_snapshot!(world.shown(&world.slack.messages(APPROVALS)[0]), @r#"
    ⛔ @ana asked: Set the description of acme/website
    • description "New"
    This can be taken back.
    They typed `!SetDescription acme website New`.
    Cancelled by @ana. Nothing was changed.
    plan DIGEST · inv-ID
    "#);
    assert!(world.on_card(SAM, "approve").await.is_err(), "there is nothing to press any more");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_in_time() -> Result<()> {
    let world = gated(&[approvals(1)]).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.card().await?;
    world.clock.forward(Duration::from_secs(8 * 3_600));
    world.on_card(SAM, "approve").await?;
    let end = world.ended(asked).await?;
    assert!(end.contains("ran out"), "{end}");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_may_ask_for_it_by_the_short_word_of_its_configuration() -> Result<()> {
    use crate::world::{World, shipped_with};
    let config = format!(
        "{}\n[commands.SetDescription]\nauth = [\"approval\"]\n",
        shipped_with(&[("slack:security-team", "slack:security")])
    );
    let rules = TestRules::new(&[]);
    let servers = Servers::start().await?;
    let world = World::start_changed(servers, &config, |plugins| plugins.rules = Some(rules)).await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    let card = world.slack.await_message(APPROVALS).await?;
    world.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    let end = world.slack.await_reply_that(DEV, asked, |shown| shown.starts_with('✅')).await?;
    assert!(world.shown(&end).contains("acme/website"));
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}
