//! `hubcommander directory`: how the sources stand that say who works here, and what is to be believed of them.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use hubcommander_sdk::clock::SystemClock;
use secrecy::ExposeSecret as _;

use super::{End, Failure, configured, runtime};
use crate::config::{Config, Surroundings};
use crate::directory::{Directories, FollowNothing, Said, Source, Status};
use crate::store::{Shelf, StoreError};

/// What to do with the directory.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum DirectoryCommand {
    /// Say how many people each source knows, when it was read last, and what could not be read.
    List,
    /// Believe the next reading of a source, however many are gone: what follows from it is done as usual.
    Believe(WhichSource),
    /// Forget who was on a source: its next reading counts as the first, and nothing follows from it. For a source
    /// that gives people other ids. Of one that is not set up any more all is forgotten at once.
    Forget(WhichSource),
}

/// Which source.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct WhichSource {
    /// Its name in the configuration.
    #[arg(value_name = "SOURCE", value_parser = ["scim", "okta", "google", "http", "csv"])]
    pub source: String,
}

const TRY: &str = "Try again in a minute; `hubcommander check` tries each part.";

fn unkept(error: &StoreError) -> End {
    Failure::new(format!("The store cannot be used: {error}."), TRY).into()
}

/// Does it and says so.
pub(super) fn run(
    command: &DirectoryCommand,
    file: &Path,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    let said = runtime()?.block_on(answer(command, &config))?;
    println!("{said}");
    Ok(())
}

async fn answer(command: &DirectoryCommand, config: &Config) -> Result<String, End> {
    let store = crate::store::open(config.store.url.expose_secret()).await.map_err(|error| unkept(&error))?;
    let shelf = Shelf::default();
    shelf.put(store);
    // Nothing is read or told here, so nothing follows.
    let directories =
        Directories::new(config.directory.clone(), shelf, Arc::new(SystemClock), Arc::new(FollowNothing));
    match command {
        DirectoryCommand::List => {
            let all = directories.statuses().await.map_err(|error| unkept(&error))?;
            if all.is_empty() {
                return Ok("No directory is set up; docs/directory.md leads through each.".to_owned());
            }
            let lines = all.iter().map(|(source, status)| shown(&directories, *source, status));
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        DirectoryCommand::Believe(which) => say(&directories, which, Said::Believe).await,
        DirectoryCommand::Forget(which) => say(&directories, which, Said::Forget).await,
    }
}

async fn say(directories: &Directories, which: &WhichSource, said: Said) -> Result<String, End> {
    let source = Source::named(&which.source)
        .ok_or_else(|| Failure::new("There is no such source.", "See `hubcommander directory --help`."))?;
    let is_set_up = directories.settings().sources().any(|one| one == source);
    let name = directories.settings().name(source);
    if !is_set_up {
        if said == Said::Forget {
            let count = directories.drop_source(source).await.map_err(|error| unkept(&error))?;
            return Ok(format!("{name} is not set up. What was kept of it is forgotten: {count} records."));
        }
        let key = source.key();
        let cure = format!("Name one that is; `[directory.{key}]` would set it up.");
        return Err(Failure::new(format!("{name} is not set up."), cure).into());
    }
    if source == Source::Scim {
        let what = "SCIM is not read: each change is told by itself, and believed.";
        return Err(Failure::new(what, "Correct it where it is told from.").into());
    }
    directories.say(source, said).await.map_err(|error| unkept(&error))?;
    let what = match said {
        Said::Believe => "However many are gone at its next reading, that is believed.",
        Said::Forget => "Its next reading counts as the first, and nothing follows from it.",
    };
    Ok(format!("{name}: {what} The bot reads it within 10 s if it runs, else when it starts."))
}

fn shown(directories: &Directories, source: Source, status: &Status) -> String {
    let name = directories.settings().name(source);
    let mut text = match status.read {
        Some(read) => {
            let Status { people, working, .. } = status;
            let how = if source == Source::Scim { "told last" } else { "read" };
            format!("{name}: {people} people, {working} of them work here; {how} {}", read.format(TIME))
        }
        None if source == Source::Scim => format!("{name}: nobody has been told yet"),
        None => format!("{name}: not read yet"),
    };
    if let Some((why, since)) = &status.trouble {
        text.push_str(&format!("\n  not read since {}: {why}", since.format(TIME)));
    }
    for line in &status.unread {
        text.push_str(&format!("\n  could not be read: {line}"));
    }
    text
}

const TIME: &str = "%-d %b %Y, %H:%M UTC";
