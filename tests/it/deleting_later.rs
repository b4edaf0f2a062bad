//! `!DeleteRepo`: archived now, deleted later, and called off until then.

use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::slack::Ts;

use crate::world::{ANA, DEV, World};

const DAY: Duration = Duration::from_secs(86_400);

/// Asks, says that it is meant, and reads what comes of it.
async fn confirmed(world: &World, line: &str) -> Result<(Ts, String)> {
    let asked = world.say(ANA, DEV, line)?;
    world.end_of(DEV, asked).await?;
    Ok((asked, world.run(asked).await?))
}

/// What is said in the thread in the end, when it holds these words.
async fn said(world: &World, asked: Ts, words: &str) -> Result<String> {
    let words = words.to_owned();
    let reply = world.slack.await_reply_that(DEV, asked, move |shown| shown.contains(&words)).await?;
    Ok(world.shown(&reply))
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_now_and_deleted_in_a_week() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!DeleteRepo acme website --reason \"The new one is elsewhere\"")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Archive acme/website now, and delete it in 7 days unless undone
    • archived, read-only for everyone
    • ⚠️ in 7 days: delete acme/website: Its code, issues and settings are gone for good. Until then it can be undone.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(world.writes().is_empty());
    insta::assert_snapshot!(world.run(asked).await?, @r#"
    ✅ acme/website is archived, and will be deleted in 7 days
    `!Undo` calls the deletion off until then, and unarchives it. Asked for by @ana: "The new one is elsewhere"
    [Open on GitHub] [Undo]
    TIME · inv-ID
    "#);
    let archived = || world.github.state().repository("acme", "website").map(|website| website.archived);
    assert_eq!(archived(), Some(true));
    // Not a minute early: what is asked now is answered, and by then it would have been gone.
    world.clock.forward(7 * DAY - Duration::from_secs(60));
    world.ask("!Repeat Still there").await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(archived(), Some(true));
    world.clock.forward(Duration::from_secs(60));
    insta::assert_snapshot!(said(&world, asked, "is deleted").await?, @r#"
    ✅ acme/website is deleted
    Asked for by @ana: "The new one is elsewhere"
    TIME · inv-ID
    "#);
    assert_eq!(world.at_github("acme", "website"), "absent");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn called_off_in_time() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    confirmed(&world, "!DeleteRepo acme website").await?;
    assert_ne!(world.github.snapshot(), before);
    world.clock.forward(6 * DAY);
    insta::assert_snapshot!(world.ask("!Undo").await?, @r"
    ↩️ Undone: Archive acme/website now, and delete it in 7 days unless undone
    ✅ what was put off is dropped
    ✅ no longer archived
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    world.clock.forward(2 * DAY);
    world.ask("!Repeat Still there").await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_needed_meanwhile_is_not_deleted() -> Result<()> {
    let world = World::start().await?;
    let (asked, _) = confirmed(&world, "!DeleteRepo acme website").await?;
    {
        let mut state = world.github.state();
        let website = state.repository_mut("acme", "website").unwrap();
        // Unarchived by hand, pushed to, and archived again.
        website.pushed_at += chrono::TimeDelta::hours(1);
    }
    world.clock.forward(7 * DAY);
    insta::assert_snapshot!(said(&world, asked, "⛔").await?, @r"
    ⛔ Delete acme/website: nothing was done
    acme/website is not what was to be deleted: it has been unarchived, renamed, pushed to or changed, or is gone
    TIME · inv-ID
    ");
    assert_ne!(world.at_github("acme", "website"), "absent");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_archived_already_is_only_put_down_for_later() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!DeleteRepo acme-oss legacy --dry-run").await?, @r"
    Would do: Delete acme-oss/legacy in 7 days unless undone
    • ⚠️ in 7 days: delete acme-oss/legacy: Its code, issues and settings are gone for good. Until then it can be undone.
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    let (asked, done) = confirmed(&world, "!DeleteRepo acme-oss legacy").await?;
    insta::assert_snapshot!(done, @r"
    ✅ acme-oss/legacy stays archived, and will be deleted in 7 days
    `!Undo` calls the deletion off until then.
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(world.writes().is_empty());
    world.clock.forward(7 * DAY);
    said(&world, asked, "is deleted").await?;
    assert_eq!(world.at_github("acme-oss", "legacy"), "absent");
    world.end().await
}
