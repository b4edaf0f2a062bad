//! `hubcommander audit compare`

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;
use hubcommander_github::{GitHub, ReadError, ReadErrorKind};
use hubcommander_sdk::clock::{Instant, SharedClock, SystemClock};
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::text::in_utc;
use serde_json::json;

use super::{End, Failure, open, runtime, sections, time, unread};
use crate::audit::compare::{Compared, Finding, OnRecord, Why};
use crate::config::{Sections, Surroundings};

/// How far back it looks if nothing is said.
const USUALLY: TimeDelta = TimeDelta::days(7);

/// What to compare.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CompareOptions {
    /// The organisation at GitHub.
    #[arg(value_name = "ORG")]
    pub org: String,
    /// From this day or time on: 2026-03-01, 2026-03-01T09:30:00Z; a week ago if nothing is said.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Instant>,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What was compared, and whether it was all there is.
struct Whole {
    compared: Compared,
    complete: bool,
    forgotten: usize,
}

/// Compares GitHub's audit log with the record.
pub(super) fn run(options: &CompareOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let sections = sections(file, surroundings)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let since = options.since.unwrap_or_else(|| clock.now() - USUALLY);
    let whole = runtime()?.block_on(compare(options, &sections, since, &clock))?;
    let Whole { compared, complete, forgotten } = whole;
    if options.json {
        println!(
            "{:#}",
            json!({
                "org": options.org, "since": since, "complete": complete && forgotten == 0, "changes": compared.changes,
                "on_record": compared.on_record, "findings": compared.findings,
            })
        );
    } else {
        println!("{}", said(&compared, &options.org, since));
    }
    if !compared.findings.is_empty() {
        return Err(End::Said);
    }
    let cannot = |what: &str, cure: &str| Err(Failure::new(what, cure).into());
    match (complete, forgotten) {
        (true, 0) => Ok(()),
        (false, _) => {
            cannot("GitHub's audit log is longer than can be read at once.", "Give a later `--since`.")
        }
        (true, _) => cannot(
            "A part of the record says nothing any more, because of its age.",
            "Give a `--since` that is newer than `keep` under `[audit]`.",
        ),
    }
}

async fn compare(
    options: &CompareOptions,
    sections: &Sections,
    since: Instant,
    clock: &SharedClock,
) -> Result<Whole, Failure> {
    let github = sections.github.as_ref().ok_or_else(|| {
        Failure::new(
            "The configuration does not say how GitHub is reached.",
            "`hubcommander check` says what is wrong.",
        )
    })?;
    // The issuer is dropped, so nothing here can write.
    let (_, permits) = PermitIssuer::new();
    let account = GitHub::new(github.settings(), permits, Arc::clone(clock))
        .map_err(|error| Failure::new(format!("{error}."), "Mend it in `[github]`."))?;
    let reader = account.reader();
    let own = reader.actor().await.map_err(|error| not_read(&error))?;
    let log = reader.audit_log(&options.org, since).await.map_err(|error| not_read(&error))?;
    let mut rows = open(sections).await?;
    let record = OnRecord::read(rows.as_mut(), since).await.map_err(|error| unread(&error))?;
    let compared = record.compare(&log.events, &own);
    Ok(Whole { compared, complete: log.complete, forgotten: record.forgotten })
}

fn not_read(error: &ReadError) -> Failure {
    tracing::warn!(%error, "GitHub's audit log cannot be read");
    let cure = match error.kind {
        ReadErrorKind::Absent | ReadErrorKind::Forbidden(_) => {
            "GitHub shows it by its API in GitHub Enterprise Cloud alone, to owners of the organisation: with a token that \
             has the scope `read:audit_log`, or to an App that may read the organisation's administration. Without it, \
             look at the organisation's settings, Archive, Logs, Audit log."
                .to_owned()
        }
        _ => error.todo.words(),
    };
    Failure::new(error.what.words(), cure)
}

/// What came of it, in words.
fn said(compared: &Compared, org: &str, since: Instant) -> String {
    let Compared { changes, on_record, findings } = compared;
    let mut out = format!(
        "GitHub knows of {changes} privileged change{} in {org} since {}; {on_record} {} on record here as the bot's.",
        if *changes == 1 { "" } else { "s" },
        in_utc(since),
        if *on_record == 1 { "is" } else { "are" },
    );
    let parts = [
        (Why::NotOnRecord, "With the bot's account, and not on record. Somebody may have its token:"),
        (Why::BySomebodyElse, "By somebody else, past the bot:"),
    ];
    for (why, headline) in parts {
        let those: Vec<&Finding> = findings.iter().filter(|finding| finding.why == why).collect();
        if those.is_empty() {
            continue;
        }
        let _ = write!(out, "\n\n{headline}");
        for Finding { at, action, actor, about, .. } in those {
            let by = actor.as_deref().unwrap_or("nobody whom GitHub names");
            let _ = write!(out, "\n  {}  {action} {} by {by}", in_utc(*at), about.join(" "));
        }
    }
    out
}
