//! `!Undo`, `!History` and `!Cancel`: what was done is taken back, looked up, or withdrawn.

use anyhow::Result;

use crate::world::{ANA, DEV, SAM, World, shipped_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_description_comes_back_as_it_was() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!SetDescription acme website Other words").await?, @r#"
    ✅ The description of acme/website is set
    ✅ description "Other words"
    [Open on GitHub] [Undo]
    TIME · inv-ID
    "#);
    assert_ne!(world.github.snapshot(), before);
    insta::assert_snapshot!(world.ask("!Undo").await?, @r#"
    ↩️ Undone: Set the description of acme/website
    ✅ description "The website"
    TIME · inv-ID
    "#);
    assert_eq!(world.github.snapshot(), before);
    world.say(ANA, DEV, "!Undo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is nothing of yours to undo.
    To undo something older, give its id; `!History` lists them.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_repository_is_deleted_only_after_a_word() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    world.end_of(DEV, asked).await?;
    // The button stands for the line.
    let made = world.with_button(DEV, asked, "ask")?;
    world.slack.click(ANA, DEV, made.ts, "ask", None).await?;
    let waits = |shown: &str| shown.contains("[Run");
    let reply = world.slack.await_reply_that(DEV, asked, waits).await?;
    insta::assert_snapshot!(world.shown(&reply), @r"
    ⚠️ Undo: Create acme/widgets
    • ⚠️ delete acme/widgets: Its code, issues and settings are gone for good.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.press(ANA, DEV, asked, "run").await?;
    let done = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("↩️")).await?;
    insta::assert_snapshot!(world.shown(&done), @r"
    ↩️ Undone: Create acme/widgets
    ✅ delete acme/widgets
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot()["repositories"], before["repositories"]);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_since_is_left_alone() -> Result<()> {
    let world = World::start().await?;
    world.ask("!SetDescription acme website Other words").await?;
    {
        let mut state = world.github.state();
        let website = state.repository("acme", "website").map(|found| found.id).unwrap();
        state.repositories.get_mut(&website).unwrap().description = Some("By hand".into());
    }
    world.say(ANA, DEV, "!Undo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ This has been changed since: acme/website has been changed by someone else.
    Set it by hand as it should be.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.at_github("acme", "website").contains("By hand"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_people_pushed_to_is_not_deleted() -> Result<()> {
    let world = World::start().await?;
    world.ask("!CreateRepo acme widgets").await?;
    {
        let mut state = world.github.state();
        let widgets = state.repository("acme", "widgets").map(|found| found.id).unwrap();
        let widgets = state.repositories.get_mut(&widgets).unwrap();
        widgets.pushed_at = widgets.created_at + chrono::TimeDelta::hours(1);
    }
    world.say(ANA, DEV, "!Undo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ This has been changed since: Somebody has pushed to acme/widgets since it was made. !DeleteRepo deletes it all the same.
    Set it by hand as it should be.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_asked_undoes_and_an_unknown_id_is_told() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!SetDescription acme website Other words")?;
    world.end_of(DEV, asked).await?;
    let made = world.with_button(DEV, asked, "ask")?;
    world.slack.click(SAM, DEV, made.ts, "ask", None).await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ `inv-ID` was asked by @ana.
    Only they can undo it.
    inv-ID
    (only sam sees this)
    ");
    world.say(ANA, DEV, "!Undo inv-0000000000")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ I know of nothing with the id `inv-ID`.
    It stands in small print under each answer; `!History` lists them.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn history_tells_what_was_done_and_how_it_ended() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!History").await?, @r"Nothing was done yet.");
    world.ask("!CreateRepo acme widgets").await?;
    world.ask("!SetDescription acme website Other words").await?;
    world.ask("!Undo").await?;
    insta::assert_snapshot!(world.ask("!History").await?, @r"
    3 things were done.
    When | Who | What | How it ended | Id
    WHEN | @ana | Undo: Set the description of acme/website | done | inv-ID
    WHEN | @ana | Set the description of acme/website | done | inv-ID
    WHEN | @ana | Create acme/widgets | done | inv-ID
    ");
    insta::assert_snapshot!(world.ask("!History acme/website --limit 1").await?, @r"
    The last thing that was done about acme/website.
    When | Who | What | How it ended | Id
    WHEN | @ana | Undo: Set the description of acme/website | done | inv-ID
    For those before: `!History --before inv-ID`
    ");
    insta::assert_snapshot!(world.ask("!History @sam").await?, @r"Nothing was done yet about @U0SAM.");
    world.say(ANA, DEV, "!History nowhere")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ `nowhere` is neither an organisation that I manage, nor a repository, nor a person.
    Write `acme`, `acme/website`, or mention a person.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_cancelled_by_its_id() -> Result<()> {
    let config = shipped_with(&[("auth = []", "auth = [\"confirm\"]")]);
    let world = World::start_on(crate::world::Servers::start().await?, &config).await?;
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    let waiting = world.end_of(DEV, asked).await?;
    assert!(waiting.contains("[Run"), "{waiting}");
    let store = hubcommander::store::open(&world.store_url()).await?;
    let id = store.unfinished().await?.pop().unwrap().id;
    insta::assert_snapshot!(world.ask(&format!("!Cancel {id}")).await?, @r"
    ✅ Cancelled: Create acme/widgets
    Nothing of it was done.
    TIME · inv-ID
    ");
    let over = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("cancelled")).await?;
    insta::assert_snapshot!(world.shown(&over), @r"
    ⛔ Create acme/widgets: cancelled
    Cancelled by @ana. Nothing was changed.
    inv-ID
    ");
    world.say(ANA, DEV, &format!("!Cancel {id}"))?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ `inv-ID` waits for nobody.
    It changed nothing.
    inv-ID
    (only ana sees this)
    ");
    assert_eq!(world.at_github("acme", "widgets"), "absent");
    let asked = world.say(ANA, DEV, "!CreateRepo acme gadgets")?;
    world.end_of(DEV, asked).await?;
    assert!(world.run(asked).await?.contains("is ready"));
    world.end().await
}
