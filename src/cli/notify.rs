//! `hubcommander notify`: questions of the security team, from a file. They are written into the store; the bot asks
//! them from there.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::run::failed;
use super::{End, Failure, configured, runtime};
use crate::app;
use crate::config::{Config, Surroundings};
use crate::notices::{Desk, Draft, NotTaken, Sender, Settings, Taken, Wrong};
use crate::slack::people::People;
use crate::store::Shelf;

/// The largest input, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct NotifyOptions {
    /// One item or an array of items, as JSON; docs/notifications.md has an example. `-` reads the standard input.
    /// All are checked before any is taken.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the ids as JSON, with whether each was new.
    #[arg(long)]
    pub json: bool,
}

/// Checks the items, writes them down and prints their ids.
pub(super) fn run(options: &NotifyOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    let Some(settings) = config.notifications.clone() else {
        return Err(Failure::new(
            "The configuration has no `[notifications]`, so nobody would ask these questions.",
            "Add the section; docs/notifications.md leads through it.",
        )
        .into());
    };
    let drafts = Draft::read(&read(&options.file)?).map_err(|wrong| told(&wrong))?;
    let taken = runtime()?.block_on(send(&config, settings, drafts))?;
    let lines = if options.json {
        let ids = taken.iter().map(|taken| json!({ "id": taken.id, "new": taken.new }));
        format!("{:#}\n", json!(ids.collect::<Vec<_>>()))
    } else {
        taken.iter().map(|taken| format!("{}\n", taken.id)).collect()
    };
    std::io::stdout().write_all(lines.as_bytes()).map_err(|error| {
        let what = format!("The items are taken, and their ids cannot be printed: {error}.");
        Failure::new(what, "See where the output goes.").into()
    })
}

async fn send(config: &Config, settings: Settings, drafts: Vec<Draft>) -> Result<Vec<Taken>, End> {
    let clock: SharedClock = Arc::new(SystemClock);
    let store = crate::store::open(config.store.url.expose_secret())
        .await
        .map_err(|error| End::from(Failure::new(format!("The store cannot be opened: {error}."), TRY)))?;
    let shelf = Shelf::default();
    shelf.put(store);
    let web = app::slack(config, &clock).map_err(|error| failed(&error))?;
    let people = Arc::new(People::new(web, Arc::clone(&clock)));
    let sender = Sender::new(Desk::new(shelf, clock, settings), people);
    sender.send(drafts, None).await.map_err(|not| match not {
        NotTaken::Wrong(wrong) | NotTaken::Conflict(wrong) => told(&wrong),
        NotTaken::Later(log) => Failure::new(format!("Nothing was taken: {log}."), TRY).into(),
    })
}

const TRY: &str = "Try again in a minute; `hubcommander check` tries each part.";

fn told(wrong: &[Wrong]) -> End {
    for Wrong { place, what } in wrong {
        match place.as_str() {
            "" => eprintln!("{what}"),
            place => eprintln!("{place}: {what}"),
        }
    }
    Failure::new("Nothing was taken.", "Mend what is listed above, and give all of it again.").into()
}

fn read(file: &Path) -> Result<Vec<u8>, End> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    let what = match read {
        Ok(_) if bytes.len() as u64 <= LARGEST => return Ok(bytes),
        Ok(_) => format!("{} is larger than 1 MiB.", file.display()),
        Err(error) => format!("{} cannot be read: {error}.", file.display()),
    };
    Err(End::CannotTell(Failure::new(what, "See that it is the right file, and that it is text.")))
}
