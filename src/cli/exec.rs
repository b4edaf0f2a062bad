//! `hubcommander exec`

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use hubcommander_sdk::clock::{SharedClock, SystemClock};

use super::plan::user_id;
use super::run::failed;
use super::{End, Failure, configured, runtime};
use crate::app;
use crate::config::Surroundings;
use crate::glass::{self, Ask, How, Terminal, Trouble};

/// What to do, and who are the two.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ExecOptions {
    /// The command as it would be typed in Slack, in quotes: '!ArchiveRepo acme widgets'.
    #[arg(value_name = "COMMAND")]
    pub line: String,
    /// The id in Slack of the person who asks.
    #[arg(long = "as", value_name = "USER_ID", value_parser = user_id)]
    pub person: String,
    /// The id in Slack of the second person.
    #[arg(long = "with", value_name = "USER_ID", value_parser = user_id, required_unless_present = "dry_run")]
    pub with: Option<String>,
    /// Why, for the record and the alarm channel.
    #[arg(long, value_name = "WORDS", required_unless_present = "dry_run")]
    pub reason: Option<String>,
    /// Show what would be done, ask nobody for a passkey, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Standard output.
struct Stdout;

impl Terminal for Stdout {
    fn say(&self, words: &str) {
        let mut out = std::io::stdout().lock();
        // Whoever reads has gone; what is done is on record all the same.
        let _ = writeln!(out, "{words}\n").and_then(|()| out.flush());
    }
}

/// Runs one command without Slack.
pub(super) fn run(options: &ExecOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    let ended = runtime()?.block_on(async {
        let clock: SharedClock = Arc::new(SystemClock);
        let plugins = app::plugins(&config, &clock)?;
        if options.dry_run {
            return glass::dry_run(&config, plugins, &clock, &options.line, &options.person, &Stdout).await;
        }
        let ask = Ask {
            line: options.line.clone(),
            by: options.person.clone(),
            with: options.with.clone().unwrap_or_default(),
            reason: options.reason.clone().unwrap_or_default(),
        };
        glass::exec(&config, plugins, &clock, &ask, &Stdout).await
    });
    let ending = match ended {
        Ok(ending) => ending,
        Err(Trouble::App(error)) => return Err(failed(&error)),
        Err(Trouble::Refused(refusal)) => {
            if let Some(log) = &refusal.log {
                tracing::warn!(log, "refused");
            }
            return Err(Failure::new(refusal.what.words(), refusal.todo.words()).into());
        }
    };
    println!("{}", ending.message.words());
    match ending.how {
        How::Answered | How::Done => Ok(()),
        How::Nothing => Err(End::Said),
        How::Partly => Err(End::Partly),
    }
}
