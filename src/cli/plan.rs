//! `hubcommander plan`

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use serde_json::json;

use super::run::failed;
use super::{End, configured, runtime};
use crate::app::{self, Preview};
use crate::config::Surroundings;
use crate::pipeline::report::words;

/// What to plan, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PlanOptions {
    /// The command as it would be typed in Slack, in quotes: '!CreateRepo acme widgets'.
    #[arg(value_name = "COMMAND")]
    pub line: String,
    /// The id in Slack of the person who would type it.
    #[arg(long = "as", value_name = "USER_ID", value_parser = user_id)]
    pub person: String,
    /// Print the plan as JSON, with its digest.
    #[arg(long)]
    pub json: bool,
}

/// An id of a person in Slack: `U…` or `W…`.
pub(super) fn user_id(id: &str) -> Result<String, String> {
    let rest = id.strip_prefix(['U', 'W']).unwrap_or_default();
    if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        Ok(id.to_owned())
    } else {
        Err("an id such as U0123ABCD is needed: in Slack, open the person's profile, then the three dots, then \
             Copy member ID"
            .to_owned())
    }
}

/// Prints what the command would do.
pub(super) fn run(options: &PlanOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    let preview = runtime()?.block_on(async {
        let clock: SharedClock = Arc::new(SystemClock);
        app::preview(&config, &clock, &options.line, &options.person).await.map_err(|error| failed(&error))
    })?;
    match preview {
        Preview::Said(message) => {
            println!("{}", message.words());
            Err(End::Said)
        }
        Preview::Answer(message) => {
            println!("{}", message.words());
            Ok(())
        }
        Preview::Plan(examined) if options.json => {
            let words: Vec<String> = examined.words().iter().map(|step| step.what.words()).collect();
            println!(
                "{:#}",
                json!({
                    "digest": examined.digest(), "risk": examined.risk(), "words": words, "plan": examined.plan(),
                })
            );
            Ok(())
        }
        Preview::Plan(examined) => {
            println!("{}", words::dry_run(&examined, "not asked in Slack").words());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_by_id() {
        assert_eq!(user_id("U0ANA").as_deref(), Ok("U0ANA"));
        assert_eq!(user_id("W1").as_deref(), Ok("W1"));
        for wrong in ["", "U", "ana", "@ana", "u0ana", "C0DEV", "U0 ANA"] {
            assert!(user_id(wrong).is_err(), "{wrong}");
        }
    }
}
