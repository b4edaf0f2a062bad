//! `hubcommander plan`

use std::path::Path;

use clap::Args;

use super::{End, Failure, configured};
use crate::config::Surroundings;

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
fn user_id(id: &str) -> Result<String, String> {
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
pub(super) fn run(_options: &PlanOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let _config = configured(file, surroundings)?;
    Err(Failure::new("This build cannot plan.", "Use a newer one.").into())
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
