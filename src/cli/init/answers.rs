//! What only the owner knows, asked line by line.

use std::io::{BufRead, Write};

use super::Failure;

/// How often a wrong answer is asked again.
const TRIES: usize = 3;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    /// The organisations, by login.
    pub orgs: Vec<String>,
    /// The user group of Slack that agrees, by handle.
    pub group: String,
    /// The channel where they are asked.
    pub approvals: String,
    /// The channel for alarms.
    pub alarms: String,
    /// People's e-mail domain at Duo, and Duo's API host; none without Duo.
    pub duo: Option<(String, String)>,
    /// Whom to ask, said with a refusal.
    pub contact: String,
}

/// A question.
struct Question {
    words: &'static str,
    /// What an empty line stands for.
    usual: Option<String>,
    /// What is wrong with an answer, if something is.
    wrong: fn(&str) -> Option<&'static str>,
}

impl Answers {
    pub fn ask(mut input: impl BufRead, output: &mut impl Write) -> Result<Self, Failure> {
        let mut ask = |question: Question| one(&mut input, output, &question);
        let orgs = ask(Question {
            words: "Which GitHub organisations is it to manage? Their logins, several by comma",
            usual: None,
            wrong: wrong_orgs,
        })?;
        let group = ask(Question {
            words: "Which user group of Slack agrees to what is privileged? Its handle",
            usual: Some("security-team".to_owned()),
            wrong: wrong_group,
        })?;
        let approvals = ask(Question {
            words: "In which channel are they asked? Its id, better of a private channel \
                    (its name, View channel details, at the very end)",
            usual: None,
            wrong: wrong_channel,
        })?;
        let alarms = ask(Question {
            words: "In which channel does the bot say when something is wrong? Its id",
            usual: Some(approvals.clone()),
            wrong: wrong_channel,
        })?;
        let domain = ask(Question {
            words: "If you use Duo: the e-mail domain of your people there, such as example.com; else nothing",
            usual: Some(String::new()),
            wrong: wrong_domain,
        })?;
        let duo = if domain.is_empty() {
            None
        } else {
            let host = ask(Question {
                words: "Duo's API hostname, such as api-12345678.duosecurity.com",
                usual: None,
                wrong: wrong_host,
            })?;
            Some((domain.to_lowercase(), host.to_lowercase()))
        };
        let group = group.trim_start_matches('@').to_lowercase();
        let contact = ask(Question {
            words: "Whom should people ask who are refused?",
            usual: Some(format!("@{group}")),
            wrong: wrong_words,
        })?;
        let mut all: Vec<String> = Vec::new();
        for org in orgs.split(',').map(str::trim) {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(org)) {
                all.push(org.to_owned());
            }
        }
        Ok(Self { orgs: all, group, approvals, alarms, duo, contact })
    }
}

fn one(input: &mut impl BufRead, output: &mut impl Write, question: &Question) -> Result<String, Failure> {
    let gone = |what: &str| {
        Failure::new(format!("{what}, so nothing was written."), "Start again, and answer each question.")
    };
    for _ in 0..TRIES {
        let usual = match question.usual.as_deref() {
            Some("") | None => String::new(),
            Some(usual) => format!(" [{usual}]"),
        };
        let asked = write!(output, "{}{usual}: ", question.words).and_then(|()| output.flush());
        asked.map_err(|error| gone(&format!("The question cannot be shown ({error})")))?;
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) => return Err(gone("The answers ended too early")),
            Ok(_) => {}
            Err(error) => return Err(gone(&format!("The answer cannot be read ({error})"))),
        }
        let answer = line.trim();
        if answer.is_empty()
            && let Some(usual) = &question.usual
        {
            return Ok(usual.clone());
        }
        match (question.wrong)(answer) {
            None => return Ok(answer.to_owned()),
            Some(why) => {
                let _unprintable = writeln!(output, "  {why}");
            }
        }
    }
    Err(gone("That was not answered"))
}

fn wrong_orgs(answer: &str) -> Option<&'static str> {
    let login = |name: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !name.is_empty() && name.len() <= 39 && name.chars().all(good) && !name.starts_with('-')
    };
    (!answer.split(',').all(|name| login(name.trim())))
        .then_some("A login has letters, digits and hyphens: the last part of the organisation's address.")
}

fn wrong_group(answer: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let handle = answer.trim_start_matches('@');
    (handle.is_empty() || !handle.chars().all(good))
        .then_some("A handle has letters, digits, `-`, `_` and `.`, as in @security-team.")
}

fn wrong_channel(answer: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    (answer.len() < 2 || !answer.starts_with(['C', 'G']) || !answer.chars().all(good))
        .then_some("An id begins with C, such as C0123ABCD; a name with # is none.")
}

fn wrong_domain(answer: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (!answer.contains('.') || !answer.chars().all(good)).then_some("A domain is what stands after the @.")
}

fn wrong_host(answer: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (!answer.contains('.') || !answer.chars().all(good))
        .then_some("It stands in Duo's admin panel at the application, without https://.")
}

fn wrong_words(answer: &str) -> Option<&'static str> {
    (answer.is_empty() || answer.chars().any(char::is_control)).then_some("Words in one line.")
}
