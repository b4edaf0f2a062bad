//! Each command that changes something is taken back by `!Undo`: GitHub is as it was before, to the last field,
//! and Travis builds what it built before.

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use hubcommander::app::{Plugins, plugins};
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use std::sync::Arc;

use crate::world::{ANA, DEV, Servers, World, shipped_with};

/// How many worlds are there at the same time.
const AT_ONCE: usize = 4;

/// Those that take back or withdraw themselves, those that change nothing outside, and those that answer by direct
/// message, which have stories of their own.
const OTHERS: [&str; 16] = [
    "AcceptEmail",
    "Answer",
    "Cancel",
    "Extend",
    "Invitations",
    "InviteMe",
    "LinkGitHub",
    "Farewell",
    "Farewells",
    "Lockdown",
    "NotMyDevice",
    "Nudges",
    "RemindMe",
    "Return",
    "Undo",
    "UnlinkGitHub",
];

/// Types a line as Ana and says yes where she is asked.
async fn ask_and_run(world: &World, line: &str) -> Result<String> {
    let asked = world.say(ANA, DEV, line)?;
    let said = world.end_of(DEV, asked).await?;
    if !said.contains("[Run") {
        return Ok(said);
    }
    world.press(ANA, DEV, asked, "run").await?;
    world.end_of(DEV, asked).await
}

/// GitHub as it is, and what Travis builds: that it has looked at GitHub meanwhile takes nobody back.
fn outside(world: &World) -> serde_json::Value {
    let mut outside = world.github.snapshot();
    let state = world.travis.state();
    let built = state.repositories.values().filter(|one| one.active).map(|one| one.slug.clone());
    outside["built by Travis"] = built.collect::<Vec<_>>().into();
    outside
}

/// Does it, and takes it back.
async fn there_and_back(line: &str) -> Result<()> {
    let world = World::start().await?;
    let before = outside(&world);
    let done = ask_and_run(&world, line).await?;
    ensure!(done.contains('✅'), "{line}: {done}");
    ensure!(outside(&world) != before, "{line} changed nothing");
    ensure!(done.contains("[Undo]"), "{line} cannot be undone: {done}");
    let undone = ask_and_run(&world, "!Undo").await?;
    ensure!(undone.contains("↩️ Undone"), "{line}: {undone}");
    must_be_as_before(&before, &outside(&world)).with_context(|| format!("{line}: {undone}"))?;
    world.end().await
}

/// Where two worlds differ, by the path of each value.
fn must_be_as_before(before: &serde_json::Value, after: &serde_json::Value) -> Result<()> {
    let mut differ = Vec::new();
    differences("", before, after, &mut differ);
    ensure!(differ.is_empty(), "it is not as it was before: {differ:#?}");
    Ok(())
}

fn differences(at: &str, one: &serde_json::Value, other: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value::Object;
    match (one, other) {
        (Object(one), Object(other)) => {
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let nothing = serde_json::Value::Null;
            for key in keys {
                let (one, other) = (one.get(key).unwrap_or(&nothing), other.get(key).unwrap_or(&nothing));
                differences(&format!("{at}/{key}"), one, other, found);
            }
        }
        // GitHub goes on leading from a name that a repository once bore to what it is called now.
        _ if at.starts_with("/redirects/") => {}
        (one, other) if one != other => found.push(format!("{at}: {one} is {other} now")),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_can_be_taken_back() -> Result<()> {
    let servers = Servers::start().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let Plugins { registry, .. } = plugins(&servers.config(&shipped_with(&[]))?, &clock)?;
    let changing = registry.iter().filter(|registered| registered.is_shown()).filter(|registered| {
        registered.spec().risk.is_some() && !OTHERS.contains(&registered.spec().name.as_str())
    });
    // What deletes at once leaves no way back, and says so.
    let lines: Vec<String> = changing
        .flat_map(|registered| registered.spec().examples.clone())
        .filter(|line| !line.contains("--now"))
        .collect();
    ensure!(lines.len() >= 4, "the commands are there: {lines:?}");
    let count = lines.len();
    let tried = lines
        .into_iter()
        .map(|line| async move { there_and_back(&line).await.with_context(|| line.clone()).err() });
    let failed: Vec<anyhow::Error> = futures_util::stream::iter(tried)
        .buffer_unordered(AT_ONCE)
        .filter_map(|it| async { it })
        .collect()
        .await;
    let failed: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
    ensure!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
    Ok(())
}
