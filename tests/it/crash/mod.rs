//! Kill the real program at any point of any command, start it again: it ends as if nothing had happened.
//!
//! The points are found by running once with a log of them; they stand in the store (before and after each
//! commit), around each operation, and around each message. Commands and their examples come from the
//! registry, so one that is added is tested without a line here: its first example, typed. What does not depend
//! on the command is told of a few.

mod play;
mod story;

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use chatline::Args;
use futures_util::StreamExt as _;
use hubcommander::app::{Plugins, plugins};
use hubcommander::pipeline::parse;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use rand::seq::IteratorRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};

use self::play::{Played, play};
use self::story::{Last, Story, Way};
use crate::world::{Servers, shipped_with};

/// How many stories are played at the same time. Mostly they wait for a process to start.
const AT_ONCE: usize = 8;

/// A command with its examples, typed.
struct Known {
    examples: Vec<Story>,
    changes: bool,
}

/// All commands there are.
async fn commands() -> Result<Vec<Known>> {
    let servers = Servers::start().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let Plugins { registry, orgs, .. } = plugins(&servers.config(&shipped_with(&[]))?, &clock)?;
    // What is asked when something is due has stories of its own.
    let asked = registry.iter().filter(|registered| !registered.spec().only_when_due);
    let known = asked.map(|registered| {
        let spec = registered.spec();
        ensure!(!spec.examples.is_empty(), "{} has no example", spec.name);
        let examples = spec.examples.iter().map(|line| {
            let asked =
                chatline::address(line, "U0HUB", false).with_context(|| format!("{line} is to nobody"))?;
            let args: Args = parse::parse(&registry, &orgs, &asked.text)
                .map(|parsed| parsed.args().clone())
                .map_err(|_| anyhow!("{line} cannot be read"))?;
            Ok(Story {
                command: spec.name.clone(),
                line: line.clone(),
                args: (spec.args.clone(), args),
                way: Way::Typed,
                last: Last::Nothing,
            })
        });
        Ok(Known { examples: examples.collect::<Result<_>>()?, changes: spec.risk.is_some() })
    });
    known.collect()
}

/// The first example of each command.
async fn first_examples() -> Result<Vec<Story>> {
    Ok(commands().await?.into_iter().filter_map(|known| known.examples.into_iter().next()).collect())
}

/// Commands that stand for all where what happens does not depend on the command: one with several steps, one
/// with a single one, one that reads, and one of the engine's own.
const FOR_ALL: [&str; 4] = ["CreateRepo", "SetDescription", "ListOrgs", "Undo"];

/// The first examples of those that stand for all.
async fn for_all() -> Result<Vec<Story>> {
    Ok(first_examples()
        .await?
        .into_iter()
        .filter(|story| FOR_ALL.contains(&story.command.as_str()))
        .collect())
}

/// The first example of each command that changes something, among those that stand for all.
async fn changes() -> Result<Vec<Story>> {
    let changing = |known: &Known| {
        known.changes && known.examples.iter().any(|story| FOR_ALL.contains(&story.command.as_str()))
    };
    let changes = commands().await?.into_iter().filter(changing);
    Ok(changes.filter_map(|known| known.examples.into_iter().next()).collect())
}

/// Plays stories undisturbed.
async fn calm(stories: Vec<Story>) -> Result<Vec<(Story, Played)>> {
    let plays = stories.into_iter().map(|story| async move {
        let played = play(&story, &[]).await?;
        ensure!(!played.points.is_empty(), "no points were found for {story}: is `crash-points` on?");
        Ok((story, played))
    });
    let played: Vec<Result<_>> = futures_util::stream::iter(plays).buffered(AT_ONCE).collect().await;
    played.into_iter().collect()
}

/// All points from the one with this number on, each for one death.
fn from(played: &Played, began: usize) -> Vec<Vec<usize>> {
    (began + 1..=played.points.len()).map(|at| vec![at]).collect()
}

/// The number of points before the first whose name holds this.
fn before_first(played: &Played, name: &str) -> Result<usize> {
    let found = played.points.iter().position(|point| point.contains(name));
    found.with_context(|| format!("no point is called {name}: {:#?}", played.points))
}

/// Plays each story, the bot dying in each of these ways: it ends as it did undisturbed.
async fn end_alike(stories: Vec<Story>, deaths: impl Fn(&Played) -> Result<Vec<Vec<usize>>>) -> Result<()> {
    let calm = calm(stories).await?;
    let mut plays = Vec::new();
    for (story, undisturbed) in &calm {
        let deaths = deaths(undisturbed)?;
        ensure!(!deaths.is_empty(), "nowhere to die in {story}");
        plays.extend(deaths.into_iter().map(|die_at| (story, undisturbed, die_at)));
    }
    let (count, mut wanted, mut died) = (plays.len(), 0, 0);
    let plays = plays.into_iter().map(|(story, undisturbed, die_at)| async move {
        let played = play(story, &die_at).await?;
        Ok::<_, anyhow::Error>((story, undisturbed, die_at, played))
    });
    let mut plays = futures_util::stream::iter(plays).buffer_unordered(AT_ONCE);
    while let Some(played) = plays.next().await {
        let (story, undisturbed, die_at, played) = played?;
        let name = die_at.first().and_then(|at| undisturbed.points.get(at - 1));
        let what = format!("{story}, killed at {die_at:?}, the first in the calm run: {name:?}");
        assert_eq!(played.left.said, undisturbed.left.said, "{what}");
        assert_eq!(played.left.github, undisturbed.left.github, "{what}");
        assert_eq!(played.left.travis, undisturbed.left.travis, "{what}");
        let (mut decided, mut expected) = (played.left.decided.clone(), undisturbed.left.decided.clone());
        if story.offers() {
            // What the bot asks by itself goes on beside what led to it.
            decided.sort();
            expected.sort();
        }
        assert_eq!(decided, expected, "{what}");
        for (write, times) in &played.writes {
            let once = undisturbed.writes.get(write).copied().unwrap_or_default();
            assert!(*times <= once, "{what}: {write} had its effect {times} times, not {once}");
        }
        wanted += die_at.len();
        died += played.deaths;
    }
    println!("{} stories, {count} plays, {died} of {wanted} deaths", calm.len());
    // How often a message is edited is not the same each time, so the last points may not be reached.
    ensure!(died * 10 >= wanted * 8, "only {died} of {wanted} points were reached: do they have names?");
    Ok(())
}

/// The same, but for those within the steps: from the plan to its end all commands go one way, however they
/// came.
fn beside_the_steps(played: &Played, began: usize) -> Vec<Vec<usize>> {
    let within = |name: &str| name.contains("execute.") || name.contains('(');
    from(played, began).into_iter().filter(|at| !at.iter().any(|at| within(&played.points[at - 1]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_typed() -> Result<()> {
    end_alike(first_examples().await?, |calm| Ok(from(calm, 0))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command() -> Result<()> {
    let ways = [Way::Slash, Way::SlashElsewhere];
    let stories = for_all().await?.into_iter().flat_map(|story| ways.map(|way| story.by(way)));
    end_alike(stories.collect(), |calm| Ok(beside_the_steps(calm, 0))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form() -> Result<()> {
    let all = for_all().await?;
    let stories = all.iter().filter(|story| story.has_form()).map(|story| story.by(Way::Form));
    end_alike(stories.collect(), |calm| Ok(beside_the_steps(calm, calm.began))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_waits_and_is_run() -> Result<()> {
    let stories = changes().await?.iter().map(|story| story.and(Last::Run)).collect();
    end_alike(stories, |calm| Ok(from(calm, before_first(calm, "change:planned")?))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_waits_and_is_cancelled() -> Result<()> {
    let stories = changes().await?.iter().map(|story| story.and(Last::Cancel)).collect();
    end_alike(stories, |calm| Ok(from(calm, before_first(calm, "change:waiting")?))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry() -> Result<()> {
    let calm = calm(changes().await?).await?;
    // What writes nothing cannot be refused.
    let writing = calm.iter().filter(|(_, played)| !played.writes.is_empty());
    let stories = writing.map(|(story, played)| {
        let refused = played.writes.keys().next_back().context("a change that writes nothing")?.clone();
        Ok(story.and(Last::Retry { refused }))
    });
    end_alike(stories.collect::<Result<_>>()?, |calm| Ok(from(calm, calm.began))).await
}

/// Invitations that are sent again and cancelled, and members who are asked to link their accounts, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_about_members() -> Result<()> {
    let all = commands().await?.into_iter().flat_map(|known| known.examples);
    let about = |story: &Story| {
        matches!(story.command.as_str(), "Invitations" | "AuditMembers") && story.line.contains(" --")
    };
    let stories: Vec<Story> = all.filter(about).collect();
    ensure!(stories.len() == 3, "to resend, to cancel and to ask: {stories:#?}");
    end_alike(stories, |calm| Ok(from(calm, 0))).await
}

/// What is lent is taken back when its time is over, whenever the bot dies: while it is granted, while it runs,
/// and while it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends() -> Result<()> {
    let lending = first_examples().await?.into_iter().filter(|story| story.command == "AddCollab");
    let stories: Vec<Story> = lending.map(|story| story.for_a_moment()).collect();
    ensure!(stories.len() == 1, "AddCollab is there");
    end_alike(stories, |calm| Ok(from(calm, 0))).await
}

/// The bot dies, is started again, and dies again over what it takes up. The longest of all examples stands
/// for the others, as it is and with a word to wait for.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_death_while_it_recovers() -> Result<()> {
    let played = calm(changes().await?).await?;
    let longest = played.into_iter().max_by_key(|(_, played)| played.points.len());
    let (story, _) = longest.context("no command changes anything")?;
    let stories = vec![story.clone(), story.and(Last::Run)];
    end_alike(stories, |calm| {
        let all = calm.points.len();
        let twice = (1..all).flat_map(|first| {
            // What is left to be done is about as much as was left the first time.
            let mut chance = StdRng::seed_from_u64(first as u64);
            let second = (1..=all - first).choose_multiple(&mut chance, 2);
            second.into_iter().map(move |second| vec![first, second])
        });
        Ok(twice.collect())
    })
    .await
}
