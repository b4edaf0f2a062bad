//! A plan that waits for the word of the person who asked.

use std::time::Duration;

use anyhow::Result;
use hubcommander::store::Click;
use hubcommander_sandbox::github::model::Visibility;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use hubcommander_sdk::people::PersonId;
use serde_json::json;

use crate::hands::button_value;
use crate::world::{ANA, DEV, SAM, Servers, World, shipped_with};

const CREATE: &str = "!CreateRepo acme widgets";
const READY: &str = "private · empty · bots pull · employees push";

fn config() -> String {
    format!(
        "{}\n[commands.SetDescription]\nauth = [\"confirm\"]\n",
        shipped_with(&[("auth = []", "auth = [\"confirm\"]")])
    )
}

async fn start() -> Result<World> {
    World::start_on(Servers::start().await?, &config()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_when_the_person_says_so() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Create acme/widgets
    • private repository
    • team employees may push
    • team bots may read
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), "absent");

    world.press(SAM, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r#"
    Only the person who asked can decide this.
    (only sam sees this)
    "#);
    world.press(SAM, DEV, asked, "cancel").await?;
    world.whispered(SAM).await?;
    assert!(world.writes().is_empty());

    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), READY);
    insta::assert_debug_snapshot!(world.audit().await?, @r#"
    [
        "received",
        "planned",
        "click.ignored",
        "click.ignored",
        "confirmed",
        "operation.started",
        "operation.done",
        "operation.started",
        "operation.started",
        "operation.done",
        "operation.done",
        "done",
    ]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_run_when_it_is_cancelled() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    world.press(ANA, DEV, asked, "cancel").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Create acme/widgets: cancelled
    Cancelled by @ana. Nothing was changed.
    inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_two_words_counts() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    let plan = world.with_button(DEV, asked, "run")?.ts;
    world.slack.click(ANA, DEV, plan, "cancel", None).await?;
    // The button may be gone from view by now; what was pressed a moment before still comes.
    let late = world.slack.click(ANA, DEV, plan, "run", None).await;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.contains("cancelled"), "{said}");
    if late.is_ok() {
        let hint = world.whispered(ANA).await?;
        assert!(hint.contains("This is over already; nothing was changed by your click."), "{hint}");
    }
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn run_pressed_twice_runs_once() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    let plan = world.with_button(DEV, asked, "run")?.ts;
    let press = || world.slack.click(ANA, DEV, plan, "run", None);
    let (one, other) = tokio::join!(press(), press());
    one?;
    other?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    let hint = world.whispered(ANA).await?;
    insta::assert_snapshot!(hint, @r#"
    This is over already; nothing was changed by your click.
    inv-ID
    (only ana sees this)
    "#);
    assert_eq!(world.creations(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_time_nobodys_word_counts() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    world.clock.forward(Duration::from_secs(3_600));
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Create acme/widgets: the time to confirm ran out
    Nothing was changed. Type the command again if it is still needed.
    inv-ID
    "#);
    assert!(world.writes().is_empty());
    // Who pressed is told too, unless the end came by the press.
    world.settled().await?;
    for hint in world.slack.ephemerals(ANA) {
        assert!(world.shown(&hint).contains("This is over already"));
    }
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_changes_while_it_waits() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.end_of(DEV, asked).await?;
    let old = world.with_button(DEV, asked, "run")?;
    world.github.state().repository_mut("acme", "website").unwrap().description = Some("Somebody's".into());
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⚠️ Set the description of acme/website
    Nothing was done yet: acme/website has been changed meanwhile. This is the plan now.
    • description "New"
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    "#);
    assert!(world.writes().is_empty());
    let new = world.with_button(DEV, asked, "run")?;
    assert_ne!(old.blocks, new.blocks, "the button is bound to the new plan");
    world.press(ANA, DEV, asked, "run").await?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with('✅'), "{said}");
    assert!(world.at_github("acme", "website").contains("description \"New\""));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_exists_by_the_time_it_is_confirmed() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    world.somebody_makes("acme", "widgets", |_| ());
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ acme/widgets exists already.
    Choose another name, or ask for access to it.
    inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_not_changed_under_its_old_name() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website New")?;
    world.end_of(DEV, asked).await?;
    {
        let mut state = world.github.state();
        let id = state.repository("acme", "website").unwrap().id;
        state.rename(id, "site");
    }
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ `acme/website` is called `acme/site` now.
    Use the new name.
    inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_on_over_a_restart() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    let servers = world.stop().await?;
    // Nobody is there to hear it, and Slack says so.
    assert!(servers.press(ANA, DEV, asked, "run").await.is_err());
    let notices = servers.slack.take_notices(ANA);
    assert!(matches!(notices.as_slice(), [told] if told.starts_with("That did not work: ")), "{notices:?}");
    let world = World::start_on(servers, &config()).await?;
    world.press(ANA, DEV, asked, "run").await?;
    let said = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("is ready")).await?;
    insta::assert_snapshot!(world.shown(&said), @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), READY);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_was_written_down_before_the_end_counts_after_the_start() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    let value = button_value(&world.with_button(DEV, asked, "run")?.blocks, "run");
    let servers = world.stop().await?;
    {
        // As the click lane leaves it if the program dies right after the ack.
        let store = hubcommander::store::open(&servers.store_url()).await?;
        let by = PersonId { team: "T0ACME".into(), user: ANA.into() };
        let body = json!({ "by": by, "channel": DEV, "action": "run", "value": value });
        store.receive_click(Click { key: "click:before".into(), body, at: SystemClock.now() }).await?;
    }
    let world = World::start_on(servers, &config()).await?;
    let said = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("is ready")).await?;
    assert!(world.shown(&said).starts_with('✅'));
    assert_eq!(world.at_github("acme", "widgets"), READY);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_who_became_a_guest_meanwhile_does_not_count() -> Result<()> {
    let world = start().await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    world.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().is_restricted = true);
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ This needs a full member of the workspace. You are a guest.
    Ask someone you work with here to run it for you.
    inv-ID
    (only ana sees this)
    "#);
    assert!(world.writes().is_empty());
    world.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().is_restricted = false);
    world.press(ANA, DEV, asked, "cancel").await?;
    world.end_of(DEV, asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_everybody_will_see_is_confirmed_unless_that_is_the_rule_there() -> Result<()> {
    let world = World::start().await?;
    // In an organisation of public repositories that is what everyone expects.
    for line in ["!CreateRepo acme-oss widgets", "!CreateRepo acme-oss gadgets --visibility public"] {
        let said = world.ask(line).await?;
        assert!(said.starts_with("✅ acme-oss/"), "{line}: {said}");
    }
    assert_eq!(world.at_github("acme-oss", "widgets"), "public · empty · employees push");
    for line in [
        // In another one it is not.
        "!CreateRepo acme widgets --visibility public",
        "!CreateRepo acme widgets --visibility internal",
        // What the template hides would be seen.
        "!CreateRepo acme-oss gizmos --template acme/templates",
    ] {
        let asked = world.say(ANA, DEV, line)?;
        let plan = world.end_of(DEV, asked).await?;
        assert!(plan.contains("[Run]"), "{line}: {plan}");
        world.press(ANA, DEV, asked, "cancel").await?;
        world.end_of(DEV, asked).await?;
    }
    world.github.state().repository_mut("acme", "templates").unwrap().visibility = Visibility::Public;
    let said = world.ask("!CreateRepo acme-oss gizmos --template acme/templates").await?;
    assert!(said.starts_with("✅ acme-oss/gizmos is ready"), "{said}");
    world.end().await
}
