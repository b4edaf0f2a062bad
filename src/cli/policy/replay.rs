//! `hubcommander policy replay`

use std::fmt::Write as _;

use secrecy::ExposeSecret as _;

use super::Ground;
use super::explain::in_words;
use crate::cli::{End, Failure, counted};
use crate::config::Config;
use crate::pipeline::report::words::typed;
use crate::policy::replay::{Difference, Judgement, Record, replay as all};
use hubcommander_sdk::text::in_utc;

/// What is said of how far the answers can be trusted.
const HONESTLY: &str = "\
What was typed, the place, the time and the plan are taken from the record. Who people are, their groups and accounts,
how risky an operation is and which powers it uses are as they are today. What else refused or held a command then
(limits, a lockdown, what the world was like) is left out.
";

/// What these policies would have decided differently.
pub(super) async fn replay(ground: &Ground, config: &Config, last: u32) -> Result<String, End> {
    let unread = |error: &dyn std::fmt::Display| {
        Failure::new(
            format!("The record cannot be read: {error}."),
            "`hubcommander check` tries the store and says what to do.",
        )
    };
    let store = crate::store::open(config.store.url.expose_secret()).await.map_err(|error| unread(&error))?;
    let plugins = &ground.plugins;
    let record = Record {
        store: &*store,
        registry: &plugins.registry,
        orgs: &plugins.orgs,
        operations: &plugins.operations,
        people: &ground.people,
        judge: &ground.judge,
    };
    let judged = all(&record, last).await.map_err(|error| unread(&error))?;
    let mut out = String::new();
    let (mut same, mut differ, mut unknown) = (0, 0, 0);
    for (invocation, judgement) in &judged {
        let head = || {
            let person = &invocation.origin.person.user;
            format!(
                "{}  {}  {person}  {}",
                invocation.id,
                in_utc(invocation.received_at),
                printable(&typed(invocation))
            )
        };
        match judgement {
            Judgement::Same => same += 1,
            Judgement::Unknown(why) => {
                unknown += 1;
                let _ = writeln!(out, "{}\n    ? cannot be judged: {why}", head());
            }
            Judgement::Differs(differences) => {
                differ += 1;
                let _ = writeln!(out, "{}", head());
                for difference in differences {
                    let _ = writeln!(out, "    {}", said(difference));
                }
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{}: {differ} would be decided differently, {same} the same, {unknown} cannot be judged.\n",
        counted(judged.len(), "command", "on record"),
    );
    out.push_str(HONESTLY);
    Ok(out)
}

fn said(difference: &Difference) -> String {
    let by = |policies: &[String]| match policies {
        [] => "no policy permits it".to_owned(),
        policies => policies.join(", "),
    };
    match difference {
        Difference::NowRefused { policies, log } => {
            format!("⛔ was permitted, would be refused: {} ({log})", by(policies))
        }
        Difference::NowPermitted { policies } => {
            format!("✅ was refused, would be permitted: {}", by(policies))
        }
        Difference::NowTakes { requirement, policies } => {
            format!("+  would also take {}: {}", in_words(requirement), by(policies))
        }
        Difference::NoLongerTakes { requirement } => {
            format!("-  would no longer take {}", in_words(requirement))
        }
    }
}

/// Without characters that would move the terminal's cursor.
fn printable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
