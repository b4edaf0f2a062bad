//! The whole audit as a table for spreadsheets.

use super::judge::{Check, Verdict};

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

fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// In quotes (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it: names of
/// keys and Apps are chosen by others (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn quoted(cell: &str) -> String {
    let formula = cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r'])
        || cell.starts_with(['\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_cannot_become_a_formula() {
        assert_eq!(quoted("build \"server\""), r#""build ""server""""#);
        assert_eq!(quoted("=HYPERLINK(\"x\")"), r#""'=HYPERLINK(""x"")""#);
        assert_eq!(quoted("  +1"), "\"'  +1\"");
        assert_eq!(quoted("a-b=c"), "\"a-b=c\"");
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_cell_it_is_one_cell(cell in any::<String>()) {
            let written = quoted(&cell);
            let inside = &written[1..written.len() - 1];
            prop_assert_eq!(inside.replace("\"\"", "").matches('"').count(), 0);
            prop_assert!(!inside.trim_start().starts_with(['=', '+', '-', '@']));
        }
    }
}
