//! The whole audit as a table for spreadsheets.

use super::judge::{Check, Verdict};
use crate::csv::line;

const HEADER: [&str; 7] =
    ["organisation", "check", "state", "subject", "found", "expected", "can be repaired"];

/// One line for each finding, and one for each check that has none.
pub(super) fn table(org: &str, checks: &[Check]) -> String {
    let mut out = line(&HEADER);
    for check in checks {
        let state = words(check.verdict());
        for finding in &check.findings {
            let repair = if finding.fix.is_some() { "yes" } else { "no" };
            let state = if check.unstated { words(Verdict::Unstated) } else { state };
            out +=
                &line(&[org, check.name, state, &finding.subject, &finding.found, &finding.expected, repair]);
        }
        for why in &check.unread {
            out += &line(&[org, check.name, words(Verdict::Unread), "", why, "", "no"]);
        }
        if check.findings.is_empty() && check.unread.is_empty() {
            out += &line(&[org, check.name, state, "", &check.fine, "", "no"]);
        }
    }
    out
}

pub(super) fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NeedsYou => "needs you",
        Verdict::Unread => "could not be read",
        Verdict::Unstated => "nothing stated",
        Verdict::Fine => "fine",
    }
}
