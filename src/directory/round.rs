//! The round: each source is read again and again, by itself, so that one that hangs holds up no other.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use hubcommander_directory::Trouble;
use hubcommander_sdk::clock::{Instant, SharedClock};
use tokio::sync::watch;

use super::directories::Directories;
use super::rolls::{NotTaken, Said, Taken};
use super::settings::Source;
use crate::slack::socket::{Alarm, AlarmKind};
use crate::store::StoreError;

/// How often it is looked whether a source is to be read. It costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether somebody has said something about a source.
const ASK_EVERY: TimeDelta = TimeDelta::seconds(10);
/// After so many failures in a row somebody is told.
const ALARMING: u32 = 3;
/// How long they are not told again.
const QUIET: TimeDelta = TimeDelta::days(1);

/// Why a source was not read, or not believed.
#[derive(Debug)]
pub enum Unread {
    /// It did not say who is there.
    Trouble(Trouble),
    /// What it says was not taken.
    NotTaken(NotTaken),
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Self::NotTaken(error.into())
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(trouble) => trouble.fmt(f),
            Self::NotTaken(why) => why.fmt(f),
        }
    }
}

impl Unread {
    /// Of how many more than half are gone, and how many are there still.
    fn shrunk(&self) -> Option<(usize, usize)> {
        match self {
            Self::Trouble(Trouble::Shrunk { before, now, .. }) => Some((*before, *now)),
            Self::NotTaken(NotTaken::Shrunk { before, gone }) => {
                Some((*before, before.saturating_sub(*gone)))
            }
            _ => None,
        }
    }
}

impl Directories {
    /// Reads a source once, and keeps what it says.
    ///
    /// # Errors
    /// As [`Unread`] says. Then nobody is taken for having left.
    pub async fn read(&self, source: Source, said: Option<Said>) -> Result<Taken, Unread> {
        let known = if said.is_some() { 0 } else { self.known(source).await? };
        let Some(reader) = self.settings().reader(source, known, &self.0.clock)? else {
            let directory = self.settings().name(source);
            return Err(Trouble::Setup { directory, why: "it is not read".to_owned() }.into());
        };
        let roll = reader.roll().await?;
        self.take(source, roll, said).await.map_err(Unread::NotTaken)
    }

    fn unread_lines(&self, source: Source) -> impl Future<Output = Result<Vec<String>, StoreError>> + '_ {
        self.with(move |state| {
            state.rolls.get(&source).map(|read| read.status.unread.clone()).unwrap_or_default()
        })
    }
}

/// Reads the sources.
pub struct Round {
    /// What is known.
    pub directories: Directories,
    /// Who hears of what goes wrong.
    pub alarm: Arc<dyn Alarm>,
    /// The time.
    pub clock: SharedClock,
}

/// How it goes with one source.
#[derive(Debug, Default)]
struct Going {
    failures: u32,
    logged: Option<String>,
    /// When somebody was told last that it cannot be read, and that it is not believed.
    told: [Option<Instant>; 2],
}

impl Round {
    /// Reads until `stop` says so.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        join_all(self.directories.settings().readers().map(|source| self.watch(source, stop.clone()))).await;
    }

    async fn watch(&self, source: Source, mut stop: watch::Receiver<bool>) {
        let every = TimeDelta::from_std(self.directories.settings().every).unwrap_or(TimeDelta::MAX);
        let (mut next, mut ask) = (Instant::MIN_UTC, Instant::MIN_UTC);
        let mut going = Going::default();
        loop {
            let now = self.clock.now();
            tokio::select! {
                () = async {
                    let mut said = None;
                    if now >= ask || now >= next {
                        ask = now + ASK_EVERY;
                        // If it cannot be looked up, nothing was said.
                        said = self.directories.said(source).await.unwrap_or(None);
                    }
                    if said.is_some() || now >= next {
                        next = now.checked_add_signed(every).unwrap_or(Instant::MAX_UTC);
                        self.once(source, said, &mut going).await;
                    }
                } => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn once(&self, source: Source, said: Option<Said>, going: &mut Going) {
        let name = self.directories.settings().name(source);
        let why = match self.directories.read(source, said).await {
            Ok(taken) => {
                let Taken { first, working, changes } = taken;
                if first || changes > 0 || going.failures > 0 {
                    tracing::info!(directory = name, first, working, changes, "the directory was read");
                }
                let unread = self.directories.unread_lines(source).await.unwrap_or_default();
                let Some(line) = unread.first() else {
                    *going = Going::default();
                    return;
                };
                let more = unread.len() - 1;
                format!("{line} (and {more} more); while that is so, nobody counts as gone")
            }
            Err(why) => {
                let words = why.to_string();
                if let Err(error) = self.directories.not_read(source, &words).await {
                    tracing::warn!(directory = name, %error, "that a directory is not read could not be kept");
                }
                if let Some((before, now)) = why.shrunk() {
                    self.tell(
                        1,
                        going,
                        AlarmKind::DirectoryShrunk {
                            directory: name.clone(),
                            key: source.key(),
                            before,
                            now,
                        },
                    )
                    .await;
                }
                words
            }
        };
        going.failures = going.failures.saturating_add(1);
        if going.logged.as_ref() != Some(&why) {
            tracing::warn!(directory = name, "{why}");
            going.logged = Some(why.clone());
        }
        if going.failures >= ALARMING && going.told[1].is_none() {
            self.tell(0, going, AlarmKind::DirectoryUnread { directory: name, log: why }).await;
        }
    }

    async fn tell(&self, which: usize, going: &mut Going, alarm: AlarmKind) {
        let now = self.clock.now();
        let Some(told) = going.told.get_mut(which) else { return };
        if told.is_none_or(|last| now - last >= QUIET) {
            *told = Some(now);
            self.alarm.raise(alarm).await;
        }
    }
}
