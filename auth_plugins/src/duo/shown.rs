//! What the phone shows: the whole command, from the plan that would be run, within what Duo takes.

use hubcommander_sdk::auth::{Challenge, Role};

use super::sign::percent;

/// The most that we put into `pushinfo`, as it is written there. Duo takes less than 20,000 bytes
/// (<https://duo.com/docs/authapi#/auth>) and does not say whether before or after it is encoded once more for
/// the form, which makes three bytes of it five at most.
const LONGEST: usize = 11_700;
/// How much of it the typed line may take, the title, a short line, and one step; and what is kept for the word
/// that something was left out. All but the steps fit in any case.
const LONGEST_COMMAND: usize = 6_000;
const LONGEST_TITLE: usize = 1_500;
const LONGEST_SHORT: usize = 300;
const LONGEST_STEP: usize = 2_400;
const SPARE: usize = 200;
/// How many digits of the digest are shown.
const DIGITS: usize = 12;

/// What the phone shows above: who asks, and the plan's title.
pub(super) fn kind(challenge: &Challenge) -> String {
    let asks = match challenge.role {
        Role::Asks => "HubCommander",
        Role::Approves => "HubCommander approval",
    };
    format!("{asks}: {}", cut(&challenge.title.words(), LONGEST_SHORT))
}

/// What it shows below, as `name=value&name=value`. What matters most stands first, and what is left out is
/// said.
pub(super) fn info(challenge: &Challenge) -> String {
    let asked_by = match challenge.role {
        Role::Asks => "you".to_owned(),
        Role::Approves => format!("{}, Slack id {}", challenge.asked_by_name, challenge.asked_by.user),
    };
    let digest: String = challenge.digest.0.chars().take(DIGITS).collect();
    let mut out = String::new();
    let mut add = |name: &str, value: &str, most: usize| {
        let line = format!("{}={}", percent(name), percent(&cut(value, most)));
        if out.len() + 1 + line.len() > LONGEST - SPARE {
            return false;
        }
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&line);
        true
    };
    add("Command", &challenge.line, LONGEST_COMMAND);
    add("Does", &challenge.title.words(), LONGEST_TITLE);
    add("Asked by", &asked_by, LONGEST_SHORT);
    add("Id", &challenge.invocation, LONGEST_SHORT);
    add("Plan", &digest, LONGEST_SHORT);
    let steps: Vec<String> = challenge.steps.iter().map(|step| step.words()).collect();
    let shown = steps
        .iter()
        .enumerate()
        .take_while(|(index, step)| {
            add(&format!("Step {} of {}", index + 1, steps.len()), step, LONGEST_STEP)
        })
        .count();
    if shown < steps.len() {
        let left =
            format!("{} of {} steps do not fit here: read them in Slack", steps.len() - shown, steps.len());
        out.push_str(&format!("&{}={}", percent("Left out"), percent(&left)));
    }
    out
}

/// In one line, without characters that could make it look like something else: controls, and those that turn
/// the direction of writing or are not seen at all.
fn one_line(words: &str) -> String {
    words
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => {
                '\u{FFFD}'
            }
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// In one line that takes no more than this once it is encoded; what is left out is said.
fn cut(words: &str, most: usize) -> String {
    let words = one_line(words);
    let mut kept = String::new();
    let mut taken = 0;
    for (index, c) in words.chars().enumerate() {
        let mut bytes = [0; 4];
        taken += percent(c.encode_utf8(&mut bytes)).len();
        if taken > most {
            return format!("{kept}… ({} more characters)", words.chars().count() - index);
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::clock::Instant;
    use hubcommander_sdk::people::{Person, PersonId, Standing};
    use hubcommander_sdk::plan::Digest;
    use hubcommander_sdk::text::Text;

    use super::*;

    fn challenge(line: &str, steps: Vec<Text>) -> Challenge {
        let ana = PersonId { team: "T0ACME".into(), user: "U0ANA".into() };
        Challenge {
            invocation: "inv-7Q4K2".into(),
            person: Person {
                id: ana.clone(),
                standing: Standing::Member,
                name: "Ana".into(),
                email: Some("ana@example.com".into()),
                tz_offset: None,
            },
            role: Role::Asks,
            asked_by: ana,
            asked_by_name: "ana".to_owned(),
            digest: Digest("0123456789abcdef".repeat(4)),
            line: line.into(),
            title: Text::new().plain("Delete ").code("acme/widgets"),
            steps,
            expires: Instant::from_timestamp(0, 0).unwrap(),
        }
    }

    /// As the phone reads it.
    fn read(info: &str) -> Vec<(String, String)> {
        url::form_urlencoded::parse(info.as_bytes()).into_owned().collect()
    }

    fn lines(info: &str) -> String {
        read(info).into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    #[test]
    fn the_whole_command_is_shown() {
        let mut one = challenge("!DeleteRepo acme widgets", vec!["acme/widgets is deleted".into()]);
        insta::assert_snapshot!(format!("{}\n{}", kind(&one), lines(&info(&one))), @r"
        HubCommander: Delete acme/widgets
        Command: !DeleteRepo acme widgets
        Does: Delete acme/widgets
        Asked by: you
        Id: inv-7Q4K2
        Plan: 0123456789ab
        Step 1 of 1: acme/widgets is deleted
        ");
        one.role = Role::Approves;
        assert!(kind(&one).starts_with("HubCommander approval: Delete"));
        assert!(lines(&info(&one)).contains("Asked by: ana, Slack id U0ANA\n"));
    }

    #[test]
    fn what_is_too_long_is_cut_and_said_to_be() {
        let mut long = challenge(&"😀".repeat(4_000), vec!["ü".repeat(900).into(); 40]);
        long.title = "€".repeat(4_000).into();
        long.asked_by.user = "😀".repeat(4_000);
        long.invocation = "inv-7Q4K2".into();
        let written = info(&long);
        // However Duo counts.
        assert!(percent(&written).len() < 20_000, "{}", percent(&written).len());
        let read = read(&written);
        assert!(read[0].1.ends_with("😀… (3500 more characters)"), "{}", read[0].1);
        assert_eq!(read[3], ("Id".into(), "inv-7Q4K2".into()));
        assert_eq!(read[4], ("Plan".into(), "0123456789ab".into()));
        let (name, value) = read.last().unwrap();
        let shown = read.iter().filter(|(name, _)| name.starts_with("Step ")).count();
        assert_eq!(name, "Left out");
        assert_eq!(*value, format!("{} of 40 steps do not fit here: read them in Slack", 40 - shown));
    }

    #[test]
    fn nothing_typed_can_pass_for_another_line() {
        let one = challenge("!CreateRepo acme x&Plan=ffffffffffff\nStep 1 of 1=harmless\u{202E}", vec![]);
        let read = read(&info(&one));
        assert_eq!(read.len(), 5);
        assert_eq!(read[0].1, "!CreateRepo acme x&Plan=ffffffffffff Step 1 of 1=harmless\u{FFFD}");
    }
}
