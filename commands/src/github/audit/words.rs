//! The answer: a short verdict, a table, and the whole as a file.

use hubcommander_sdk::message::{File, Message, Part, State};
use hubcommander_sdk::text::{Text, thousands};

use super::csv;
use super::facts::Facts;
use super::judge::{Check, Verdict, counted};

/// Findings that are named in the table; the file has all.
const NAMED: usize = 2;

/// The answer to `!AuditOrg`, with what could be repaired.
pub(super) fn answer(facts: &Facts, checks: &[Check], repairs: usize) -> Message {
    let mut ordered: Vec<&Check> = checks.iter().collect();
    ordered.sort_by_key(|check| check.verdict());
    let rows = ordered
        .iter()
        .map(|check| vec![Text::from(state(check.verdict())), check.name.into(), short(check).into()]);
    let header = ["State", "Looked at", "Found"].map(str::to_owned).to_vec();
    let worst = ordered.first().map_or(Verdict::Fine, |check| check.verdict());
    let mut message = Message::new(verdict(&facts.org, checks))
        .state(if worst <= Verdict::Unread { State::NeedsYou } else { State::Done })
        .part(Part::Table { header, rows: rows.collect() });
    if repairs > 0 {
        message = message.line(
            Text::new()
                .plain(format!("I can repair {} of this: ", counted(repairs, "part", "parts")))
                .code(format!("!AuditOrg {} --fix", facts.org))
                .plain(" shows how, and asks you first."),
        );
    }
    if let Ok(repositories) = &facts.repositories {
        let archived = repositories.iter().filter(|one| one.archived).count();
        let count = counted(repositories.len(), "repository", "repositories");
        message = message.footnote(match archived {
            0 => count,
            archived => format!("{count}, {} of them archived", thousands(archived)),
        });
    }
    message.file(File {
        name: format!("{}-audit.csv", facts.org),
        title: format!("The audit of {}", facts.org),
        content: csv::table(&facts.org, checks),
    })
}

fn state(verdict: Verdict) -> String {
    let sign = match verdict {
        Verdict::NeedsYou => State::NeedsYou.emoji(),
        Verdict::Unread => "?",
        Verdict::Unstated => State::Pending.emoji(),
        Verdict::Fine => State::Done.emoji(),
    };
    format!("{sign} {}", csv::words(verdict))
}

/// "acme: 2 things need you; 6 look fine; 1 could not be read"
fn verdict(org: &str, checks: &[Check]) -> Text {
    let count = |verdict| checks.iter().filter(|check| check.verdict() == verdict).count();
    let mut parts = Vec::new();
    match count(Verdict::NeedsYou) {
        0 => parts.push("nothing needs you".to_owned()),
        1 => parts.push("1 thing needs you".to_owned()),
        many => parts.push(format!("{many} things need you")),
    }
    match count(Verdict::Fine) {
        0 => {}
        1 => parts.push("1 looks fine".to_owned()),
        many => parts.push(format!("{many} look fine")),
    }
    match count(Verdict::Unread) {
        0 => {}
        many => parts.push(format!("{many} could not be read")),
    }
    match count(Verdict::Unstated) {
        0 => {}
        1 => parts.push("1 has nothing stated to compare with".to_owned()),
        many => parts.push(format!("{many} have nothing stated to compare with")),
    }
    Text::new().bold(org).plain(format!(": {}", parts.join("; ")))
}

/// What a check found, in a line.
fn short(check: &Check) -> String {
    let named = check.findings.iter().take(NAMED);
    let mut parts: Vec<String> = named
        .map(|finding| {
            let words = format!("{}: {}", finding.subject, finding.found);
            if check.unstated { format!("{words} ({})", finding.expected) } else { words }
        })
        .collect();
    let more = check.findings.len().saturating_sub(NAMED);
    if more > 0 {
        parts.push(format!("and {} more", thousands(more)));
    }
    if parts.is_empty() && check.unread.is_empty() {
        return check.fine.clone();
    }
    parts.extend(check.unread.iter().take(NAMED).cloned());
    parts.join("; ")
}
