//! `hubcommander check`: tries everything that the bot needs, one thing after the other, and says for each
//! whether it works and what to do if not. It changes nothing, except that it makes the store if there is none.

mod ask;
mod clock;
mod devices;
mod directory;
mod github;
#[cfg(feature = "passkey")]
mod glass;
mod local;
mod policies;
mod slack;
mod step_ups;
#[cfg(test)]
mod tests;
mod travis;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use hubcommander_sdk::clock::{SharedClock, SystemClock};
use url::Url;

use super::{End, Failure, counted, runtime};
use crate::config::{Problems, Sections, Surroundings, read_file};
use crate::logging::Redactor;
use ask::Asker;

/// Something to try. What came of it may be more than one thing: there is one per organisation.
struct Check {
    /// What it is about, in a few words.
    name: &'static str,
    run: for<'g> fn(&'g Ground) -> Trying<'g>,
}

/// What comes of a [`Check`].
type Trying<'g> = Pin<Box<dyn Future<Output = Vec<Finding>> + 'g>>;

/// Everything that is tried, in this order.
static CHECKS: &[Check] = &[
    Check { name: "Configuration", run: |ground| Box::pin(local::configuration(ground)) },
    Check { name: "Proxy", run: |ground| Box::pin(local::proxy(ground)) },
    Check { name: "Clock", run: |ground| Box::pin(clock::skew(ground)) },
    Check { name: "Store", run: |ground| Box::pin(local::store(ground)) },
    Check { name: "Slack, bot token", run: |ground| Box::pin(slack::bot_token(ground)) },
    Check { name: "Slack, app token", run: |ground| Box::pin(slack::app_token(ground)) },
    Check { name: "Slack, channels", run: |ground| Box::pin(slack::channels(ground)) },
    Check { name: "Policies", run: |ground| Box::pin(policies::policies(ground)) },
    Check { name: "GitHub, account", run: |ground| Box::pin(github::account(ground)) },
    Check { name: "GitHub, organisations", run: |ground| Box::pin(github::organisations(ground)) },
    Check { name: "Travis", run: |ground| Box::pin(travis::account(ground)) },
    Check { name: "Duo", run: |ground| Box::pin(step_ups::duo(ground)) },
    Check { name: "Okta", run: |ground| Box::pin(step_ups::okta(ground)) },
    Check { name: "Directory", run: |ground| Box::pin(directory::sources(ground)) },
    Check { name: "Devices", run: |ground| Box::pin(devices::sources(ground)) },
    #[cfg(feature = "passkey")]
    Check { name: "Breaking the glass", run: |ground| Box::pin(glass::people(ground)) },
];

/// What the checks stand on.
struct Ground {
    file: PathBuf,
    /// What could be read. A section that could not has its problem among the problems.
    sections: Sections,
    problems: Problems,
    clock: SharedClock,
    asker: Result<Asker, String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// It works; how it looks.
    Fine(String),
    /// It works, and something about it should be known.
    Attention(Failure),
    /// It does not work.
    Wrong(Failure),
    /// It could not be tried because of something that has been said already.
    NotTried(String),
}

impl Finding {
    fn wrong(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Wrong(Failure::new(what, cure))
    }

    fn attention(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Attention(Failure::new(what, cure))
    }

    /// There was no answer from there.
    fn unreached(name: &str, url: &Url, why: &str) -> Self {
        let host = url.host_str().unwrap_or_default();
        Self::wrong(
            format!("{name} was not reached: {why}."),
            format!("See that this machine can reach {host}, and whether it needs a proxy (`HTTPS_PROXY`)."),
        )
    }

    /// A section of the configuration is missing.
    fn without(section: &str) -> Self {
        Self::NotTried(format!("not tried, since `[{section}]` is not complete"))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine(how) => write!(f, "{how}"),
            Self::Attention(failure) | Self::Wrong(failure) => {
                // The cure stands below what it cures, and so do further lines.
                write!(f, "{}\n   cure: {}", failure.what.trim_end().replace('\n', "\n   "), failure.cure)
            }
            Self::NotTried(why) => write!(f, "{why}"),
        }
    }
}

/// Tries everything and prints what was found.
pub(super) fn run(file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let (sections, problems) = match read_file(file) {
        Ok(text) => Sections::read(file, &text, surroundings, None),
        Err(problems) => (Sections::default(), problems),
    };
    let redactor = Redactor::new(sections.secrets())
        .map_err(|error| Failure::new(error.to_string(), "Give shorter secrets."))?;
    let runtime = runtime()?;
    let ground = Ground {
        file: file.to_owned(),
        asker: Asker::new(&sections),
        sections,
        problems,
        clock: Arc::new(SystemClock),
    };
    let wrong = runtime.block_on(try_all(&ground, &redactor, &mut std::io::stdout()));
    // Connections of a store that hangs must not keep us.
    runtime.shutdown_background();
    match wrong {
        Ok(0) => Ok(()),
        Ok(_) => Err(End::Said),
        Err(error) => Err(Failure::new(
            format!("What was found cannot be printed: {error}."),
            "See that the output goes somewhere.",
        )
        .into()),
    }
}

/// Tries everything, prints what was found as it is found, and says how much is wrong.
async fn try_all(ground: &Ground, redactor: &Redactor, out: &mut impl Write) -> std::io::Result<usize> {
    let mut wrong = 0;
    for check in CHECKS {
        for finding in (check.run)(ground).await {
            let sign = match &finding {
                Finding::Fine(_) => "✅",
                Finding::Attention(_) => "⚠️",
                Finding::Wrong(_) => "⛔",
                Finding::NotTried(_) => "· ",
            };
            wrong += usize::from(matches!(finding, Finding::Wrong(_)));
            // Words of servers are among them, and what they say is not in our hands.
            writeln!(out, "{sign} {}: {}", check.name, redactor.clean(&printable(&finding.to_string())))?;
        }
        out.flush()?;
    }
    writeln!(out)?;
    match wrong {
        0 => writeln!(out, "All is well.")?,
        _ => writeln!(out, "{} to mend.", counted(wrong, "thing", "found"))?,
    }
    Ok(wrong)
}

/// Without characters that would move the terminal's cursor.
fn printable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}
