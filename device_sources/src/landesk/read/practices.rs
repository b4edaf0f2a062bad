//! What the rows of a computer say of each practice. That a row is not there says nothing of a computer that was never
//! scanned.

use hubcommander_posture::{Instant, Record, Seen};

use super::Row;
use crate::landesk::settings::Reading;

/// How many titles are named before the rest is counted.
const NAMED: usize = 5;
/// The longest reason that is shown.
const LONGEST_REASON: usize = 400;

pub(super) fn observe(
    record: &mut Record,
    row: Row<'_>,
    settings: &Reading,
    hardware_at: Option<Instant>,
    software_at: Option<Instant>,
) {
    let (seen, details) = match hardware_at {
        Some(_) => encryption(row),
        None => (Seen::Unknown, None),
    };
    record.saw("encryption", seen, hardware_at, details);
    let (seen, details) = match hardware_at {
        Some(_) => firewall(row),
        None => (Seen::Unknown, None),
    };
    record.saw("firewall", seen, hardware_at, details);

    // A list that was not asked for, or a computer that was never scanned: nobody looked.
    let found = row.list("CVDetectedV", &["Vul_ID"]).filter(|_| software_at.is_some());
    for (practice, definition) in [("screenlock", &settings.screenlock), ("autoupdate", &settings.autoupdate)]
    {
        let (seen, details) = match &found {
            None => (Seen::Unknown, None),
            Some(rows) => match rows.iter().find(|one| one.is("Vul_ID", definition)) {
                Some(one) => (Seen::Bad, reason(*one)),
                None => (Seen::Good, None),
            },
        };
        record.saw(practice, seen, software_at, details);
    }
    let (seen, details) = match &found {
        None => (Seen::Unknown, None),
        Some(rows) => up_to_date(rows),
    };
    record.saw("uptodate", seen, software_at, details);
}

/// Every volume that BitLocker knows must be encrypted whole, with its protection on: the rows do not say which volume
/// they are about.
fn encryption(row: Row<'_>) -> (Seen, Option<String>) {
    let columns = ["PROTECTIONSTATUS", "ENCRYPTIONPERCENTAGE", "CONVERSIONSTATUS"];
    let rows = row.list("BitLocker", &columns).unwrap_or_default();
    let mut worst = (Seen::Good, None);
    for one in &rows {
        let (seen, details) = volume(*one);
        if rank(seen) > rank(worst.0) {
            worst = (seen, details);
        }
    }
    if rows.is_empty() { (Seen::Unknown, None) } else { worst }
}

fn rank(seen: Seen) -> u8 {
    match seen {
        Seen::Good | Seen::NotApplicable => 0,
        Seen::Unknown => 1,
        Seen::Improvable => 2,
        Seen::Bad => 3,
    }
}

/// The words are those of WMI's `Win32_EncryptableVolume`, a number before each: `1 - on`.
fn volume(row: Row<'_>) -> (Seen, Option<String>) {
    let number = |column: &str| {
        let text = row.text(column)?;
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let percent = number("ENCRYPTIONPERCENTAGE");
    let details = |words: String| Some(words);
    match (number("PROTECTIONSTATUS"), percent) {
        (Some(1), Some(100)) => (Seen::Good, None),
        // Under way: it needs time, and nobody.
        (_, Some(percent @ 0..100)) if number("CONVERSIONSTATUS") == Some(2) => {
            (Seen::Improvable, details(format!("BitLocker is encrypting a volume ({percent} %).")))
        }
        (_, Some(percent @ 0..100)) => {
            (Seen::Bad, details(format!("BitLocker has encrypted {percent} % of a volume.")))
        }
        (Some(0), _) => (Seen::Bad, details("BitLocker's protection of a volume is off.".to_owned())),
        _ => (Seen::Unknown, None),
    }
}

/// No adapter may say no, and one must say yes.
fn firewall(row: Row<'_>) -> (Seen, Option<String>) {
    let rows = row.list("BoundAdapter", &["FirewallEnabled"]).unwrap_or_default();
    let off = rows.iter().filter(|one| one.is("FirewallEnabled", "No")).count();
    match off {
        0 if rows.iter().any(|one| one.is("FirewallEnabled", "Yes")) => (Seen::Good, None),
        0 => (Seen::Unknown, None),
        1 => (Seen::Bad, Some("The firewall is off for one network adapter.".to_owned())),
        many => (Seen::Bad, Some(format!("The firewall is off for {many} network adapters."))),
    }
}

/// Critical and high ones count. The view has words, the table beneath it numbers.
fn up_to_date(rows: &[Row<'_>]) -> (Seen, Option<String>) {
    let among = |row: &Row<'_>, column: &str, words: &[&str]| words.iter().any(|word| row.is(column, word));
    let mut titles: Vec<String> = rows
        .iter()
        .filter(|row| among(row, "VulType", &["Vulnerability", "0"]))
        .filter(|row| among(row, "VulSeverity", &["Critical", "High", "1", "2"]))
        .map(|row| row.text("Title").or_else(|| row.text("Vul_ID")).unwrap_or_else(|| "one".to_owned()))
        .collect();
    titles.sort();
    titles.dedup();
    if titles.is_empty() {
        return (Seen::Good, None);
    }
    let more = titles.len().saturating_sub(NAMED);
    let named = titles.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (Seen::Bad, Some(format!("Missing: {named}{more}.")))
}

/// LANDESK writes its sentences without a blank between them.
fn reason(row: Row<'_>) -> Option<String> {
    let text = row.text("Reason").or_else(|| row.text("Title"))?;
    let mut reason = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        reason.push(if char.is_control() { ' ' } else { char });
        if char == '.' && chars.peek().is_some_and(|next| next.is_uppercase()) {
            reason.push(' ');
        }
    }
    Some(reason.chars().take(LONGEST_REASON).collect())
}
