//! Several things at once: those on one repository take turns, the others do not wait.

use anyhow::Result;
use hubcommander_sandbox::faults::{Hold, When};

use crate::hands::held;
use crate::world::{ANA, DEV, SAM, World, shipped_with};

#[tokio::test(flavor = "multi_thread")]
async fn two_ask_for_the_same_repository() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let first = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    held(&gate).await?;
    let second = world.say(SAM, DEV, "!CreateRepo acme Widgets")?;
    // It has been planned, and waits for its turn.
    let working = world.slack.await_reply(DEV, second).await?;
    insta::assert_snapshot!(world.shown(&working), @r#"
    ⏳ Creating acme/Widgets
    · private repository
    · team employees may push
    · team bots may read
    Waiting for another command on the same to end.
    "#);
    gate.release();
    let said = world.end_of(DEV, first).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    insta::assert_snapshot!(world.end_of(DEV, second).await?, @r#"
    ⛔ acme/widgets exists already.
    Choose another name, or ask for access to it.
    inv-ID
    "#);
    assert_eq!(world.at_github("acme", "widgets"), "private · empty · bots pull · employees push");
    assert_eq!(world.creations(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ask_for_the_same_at_the_same_moment() -> Result<()> {
    let world = World::start().await?;
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(world.say(ANA, DEV, "!CreateRepo acme widgets")?);
    }
    world.slack.all_acked().await?;
    world.settled().await?;
    // Some are told in the thread; those who came after it was there are told alone.
    let thread = |ts| world.slack.thread(DEV, ts).into_iter().filter(move |message| message.ts != ts);
    let said: Vec<_> = asked.iter().flat_map(|ts| thread(*ts)).chain(world.slack.ephemerals(ANA)).collect();
    let said: Vec<String> = said.iter().map(|message| world.shown(message)).collect();
    world.slack.mark_all_read();
    assert_eq!(said.len(), 6, "{said:?}");
    let ready = said.iter().filter(|said| said.contains("is ready")).count();
    assert_eq!(said.iter().filter(|said| said.contains("exists already")).count(), 5, "{said:?}");
    assert_eq!((ready, world.creations()), (1, 1));
    assert_eq!(world.at_github("acme", "widgets"), "private · empty · bots pull · employees push");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_of_one_line_happen_one_after_the_other() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::patch("/repositories/"), Hold::BeforeEffect);
    let first = world.say(ANA, DEV, "!SetDescription acme website One")?;
    held(&gate).await?;
    let second = world.say(SAM, DEV, "!SetDescription acme website Two")?;
    world.slack.await_reply(DEV, second).await?;
    assert_eq!(world.writes().len(), 1, "the second waits");
    gate.release();
    for ts in [first, second] {
        let said = world.end_of(DEV, ts).await?;
        assert!(said.starts_with('✅'), "{said}");
    }
    assert!(world.at_github("acme", "website").contains("description \"Two\""));
    assert_eq!(world.writes().len(), 2);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_repository_does_not_wait() -> Result<()> {
    let world = World::start().await?;
    let gate = world
        .github
        .faults()
        .gate(When::post("/orgs/acme/repos").body_contains("widgets"), Hold::BeforeEffect);
    let first = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    held(&gate).await?;
    for line in ["!CreateRepo acme gadgets", "!SetDescription acme website A sentence"] {
        let said = world.ask(line).await?;
        assert!(said.starts_with('✅'), "{said}");
    }
    assert_eq!(world.ask("!Repeat still here").await?, "still here");
    gate.release();
    let said = world.end_of(DEV, first).await?;
    assert!(said.starts_with('✅'), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_behind_a_plan_that_waits_for_a_word() -> Result<()> {
    let config = format!("{}\n[commands.SetDescription]\nauth = [\"confirm\"]\n", shipped_with(&[]));
    let world = World::start_on(crate::world::Servers::start().await?, &config).await?;
    let waiting = world.say(ANA, DEV, "!SetDescription acme website Later")?;
    let plan = world.end_of(DEV, waiting).await?;
    assert!(plan.contains("[Run]"), "{plan}");
    let said = world.ask("!SetHomepage acme website https://now.acme.example").await?;
    assert!(said.starts_with('✅'), "{said}");
    // It was another state of the repository that was confirmed.
    world.press(ANA, DEV, waiting, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, waiting).await?, @r#"
    ⚠️ Set the description of acme/website
    Nothing was done yet: acme/website has been changed meanwhile. This is the plan now.
    • description "Later"
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    "#);
    world.press(ANA, DEV, waiting, "cancel").await?;
    world.end_of(DEV, waiting).await?;
    world.end().await
}
