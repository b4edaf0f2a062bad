//! Plays a story with the real program, which dies where it is told and is started again, as a supervisor
//! does.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hubcommander::store::{HistoryFilter, Store};
use hubcommander_sandbox::faults::Outcome;
use hubcommander_sandbox::slack::{EnvelopeKind, Options, Slack};
use tokio::sync::watch;

use super::story::{Person, Story};
use crate::members::Hand;
use crate::world::{ANA, DEV, Process, Servers, shipped_with};

/// How long one story may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a process may take to die at a point that it reaches at the very end.
const LAST_BREATH: Duration = Duration::from_millis(300);

/// What is left when all is over.
#[derive(Debug, PartialEq)]
pub struct Left {
    /// What GitHub holds.
    pub github: serde_json::Value,
    /// What Travis holds.
    pub travis: serde_json::Value,
    /// What stands in Slack, the channel first, then what only the person sees.
    pub said: Vec<String>,
    /// What was decided, as the audit tells it; not how often something was tried.
    pub decided: Vec<String>,
}

/// How a story went.
pub struct Played {
    /// What is left.
    pub left: Left,
    /// How often each write had an effect, at GitHub or Travis.
    pub writes: BTreeMap<String, usize>,
    /// The points of the bot's first life.
    pub points: Vec<String>,
    /// How many of them there were when what the story is about began.
    pub began: usize,
    /// How often the bot died.
    pub deaths: usize,
}

/// Plays one story. The bot dies at these points: the first in its first life, the second in its second.
pub async fn play(story: &Story, die_at: &[usize]) -> Result<Played> {
    let options = Options {
        patience: PATIENCE,
        // Long enough for a restart, so that Slack does not give up.
        redeliver_after: Duration::from_secs(2),
        // A death is seen; nobody has to wait for this.
        answer_within: Duration::from_secs(10),
        ..Options::for_tests()
    };
    let servers = Servers::start_with(options).await?;
    story.arrange(&servers);
    let _hand = story.signs_in_as().map(|login| Hand::of(&servers.github, login));
    let config = configured(&servers, story)?;
    let before = play_before(&servers, &config, story).await?;
    let story = &story.with_ids(before.as_deref());
    let written_before = servers.github.faults().writes().len();
    let log = servers.folder.path().join("bot.log");
    let played =
        tokio::time::timeout(PATIENCE, play_on(&servers, &config, story, die_at, written_before)).await;
    let told = || {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let last: VecDeque<&str> = log.lines().rev().take(60).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        format!("{story}, dying at {die_at:?}:\n{}\n{}", servers.slack.transcript(DEV), last.join("\n"))
    };
    let played = played.context("it does not end").and_then(|played| played).with_context(told)?;
    let log = std::fs::read_to_string(&log)?;
    ensure!(!log.contains("panicked at"), "{story}, dying at {die_at:?}:\n{log}");
    Ok(played)
}

/// Does what the story builds on, undisturbed. Returns the id of what was asked last.
async fn play_before(servers: &Servers, config: &Path, story: &Story) -> Result<Option<String>> {
    let before = story.before();
    if before.is_empty() {
        return Ok(None);
    }
    let bot = Process::start(config, &[])?;
    servers.slack.connected(1).await?;
    let mut id = None;
    for line in before {
        let asked = servers.say(ANA, DEV, line)?;
        servers.end_of(DEV, asked).await?;
        let store = hubcommander::store::open(&servers.store_url()).await?;
        id = store.history(&HistoryFilter::default(), 1).await?.pop().map(|known| known.id);
    }
    bot.stop().await?;
    Ok(id)
}

async fn play_on(
    servers: &Servers,
    config: &Path,
    story: &Story,
    die_at: &[usize],
    written_before: usize,
) -> Result<Played> {
    let (tell, died) = watch::channel(0);
    let (end, over) = watch::channel(false);
    let lives = supervise(servers.slack.clone(), config.to_owned(), die_at.to_vec(), tell, over);
    let lives = tokio::spawn(lives);
    servers.slack.connected(1).await?;
    // The bot has made it by now.
    let store = hubcommander::store::open(&servers.store_url()).await?;
    let mut person = Person::new(story, servers, &*store, died, points_of(config, 0));
    tokio::select! {
        acted = person.act() => acted?,
        // It ends only when told to, or badly.
        () = async { while !lives.is_finished() { tokio::time::sleep(LAST_BREATH).await; } } => {}
    }
    let (began, again) = (person.began, person.again);
    end.send_replace(true);
    let deaths = lives.await??;
    let (unfinished, clicks) = (store.unfinished().await?, store.unfinished_clicks().await?);
    ensure!(unfinished.is_empty() && clicks.is_empty(), "unfinished: {unfinished:#?} {clicks:#?}");
    if story.lends() {
        let due = store.due(chrono::DateTime::<chrono::Utc>::MAX_UTC, 10).await?;
        ensure!(due.is_empty(), "still due: {due:#?}");
    }
    let points = std::fs::read_to_string(points_of(config, 0)).unwrap_or_default();
    let left = Left {
        github: servers.github.snapshot(),
        travis: servers.travis.snapshot(),
        said: said(servers, again),
        decided: decided(&*store).await?,
    };
    let points = points.lines().map(str::to_owned).collect();
    Ok(Played { left, writes: writes(servers, written_before), points, began, deaths })
}

/// The shipped configuration without the pace, which would only make the story long. Where the story says so,
/// every plan of its command waits for a word.
fn configured(servers: &Servers, story: &Story) -> Result<PathBuf> {
    fn section<'t>(of: &'t mut toml::Table, name: &str) -> Result<&'t mut toml::Table> {
        let section = of.entry(name).or_insert_with(|| toml::Table::new().into());
        section.as_table_mut().with_context(|| format!("{name} is no section"))
    }
    let path = servers.write_config(&shipped_with(&[]))?;
    let mut config: toml::Table = toml::from_str(&std::fs::read_to_string(&path)?)?;
    section(&mut config, "slack")?.insert("pacing".to_owned(), false.into());
    if story.confirmed() {
        let commands = section(&mut config, "commands")?;
        section(commands, &story.command)?.insert("auth".to_owned(), vec!["confirm"].into());
    }
    std::fs::write(&path, toml::to_string(&config)?)?;
    Ok(path)
}

fn points_of(config: &Path, life: usize) -> PathBuf {
    config.with_file_name(format!("points-{life}"))
}

/// Starts the bot, and starts it again whenever it dies as it was told to. When all is over it is stopped as a
/// supervisor does. Returns how often it died.
async fn supervise(
    slack: Slack,
    config: PathBuf,
    die_at: Vec<usize>,
    died: watch::Sender<usize>,
    mut over: watch::Receiver<bool>,
) -> Result<usize> {
    let mut deaths = 0;
    loop {
        let opened_before = slack.counters().connections;
        let log = points_of(&config, deaths).to_string_lossy().into_owned();
        let at = die_at.get(deaths).map(ToString::to_string);
        let mut environment = vec![("HUBCOMMANDER_CRASH_LOG", log.as_str())];
        environment.extend(at.as_deref().map(|at| ("HUBCOMMANDER_CRASH_AT", at)));
        let mut bot = Process::start(&config, &environment)?;
        let ended = tokio::select! {
            ended = bot.ended() => Some(ended?),
            () = all_over(&mut over) => match &at {
                // It may be about to reach its last point.
                Some(_) => tokio::time::timeout(LAST_BREATH, bot.ended()).await.ok().transpose()?,
                None => None,
            },
        };
        let Some(ended) = ended else {
            if at.is_some() {
                // It did not come to that point this time, and now it may be on its way there.
                bot.kill().await?;
            } else {
                // A process that was started just now may not listen for the signal yet, and the connections of
                // the one before may still be there.
                let is_up = |slack: &Slack| slack.counters().connections >= opened_before + 2;
                slack.wait_until(PATIENCE, is_up).await?;
                slack.wait_until(PATIENCE, everything_typed_is_acked).await?;
                bot.stop().await?;
            }
            return Ok(deaths);
        };
        ensure!(at.is_some() && ended.signal().is_some(), "the bot ended by itself: {ended}");
        deaths += 1;
        died.send_replace(deaths);
    }
}

/// Returns when all is over, or nobody is left to say so.
async fn all_over(over: &mut watch::Receiver<bool>) {
    let _ = over.wait_for(|over| *over).await;
}

/// A click that was never taken is given up by Slack in its own time.
fn everything_typed_is_acked(slack: &Slack) -> bool {
    slack.unacked().iter().all(|one| one.kind != EnvelopeKind::EventsApi)
}

/// What stands in Slack in the end. What only one person sees cannot be looked up, so it may be said once
/// more; and whoever presses again what was heard already gets a hint.
fn said(servers: &Servers, pressed_again: bool) -> Vec<String> {
    let slack = &servers.slack;
    let by_the_bot = |message: &hubcommander_sandbox::slack::Message| message.bot.is_some();
    let mut said: Vec<String> = slack
        .messages(DEV)
        .iter()
        .chain(&slack.dms(ANA))
        .filter(|message| by_the_bot(message))
        .map(|message| servers.shown(message))
        .collect();
    let mut alone: Vec<String> = slack.ephemerals(ANA).iter().map(|message| servers.shown(message)).collect();
    // By a slash command's answer address nothing can be edited: what is at work stays there.
    alone.retain(|said| !said.contains('⏳'));
    alone.retain(|said| !pressed_again || !is_hint(said));
    alone.dedup();
    said.extend(alone);
    said
}

fn is_hint(said: &str) -> bool {
    ["your click", "being worked on already", "an older plan"].iter().any(|words| said.contains(words))
}

/// The audit's words without those that tell how often something was tried.
async fn decided(store: &dyn Store) -> Result<Vec<String>> {
    let told = store.audit(None, 1_000).await?.into_iter().map(|entry| entry.event);
    let is_a_try =
        |event: &str| event.starts_with("operation.") || matches!(event, "click.ignored" | "form.opened");
    Ok(told.filter(|event| !is_a_try(event)).collect())
}

fn writes(servers: &Servers, before: usize) -> BTreeMap<String, usize> {
    let mut writes = BTreeMap::new();
    let at_github = servers.github.faults().writes().into_iter().skip(before);
    // Nothing that is done before is about Travis.
    for write in at_github.chain(servers.travis.faults().writes()) {
        // To be asked for another code changes nothing.
        let asks = write.line().contains(" /login/");
        if let (Outcome::Answered(200..=299) | Outcome::AnswerLost(200..=299), false) = (write.outcome, asks)
        {
            *writes.entry(write.line()).or_default() += 1;
        }
    }
    writes
}
