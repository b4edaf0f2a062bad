//! What an answer means that is none of those hoped for: the one place for its words. What a read or a write
//! makes of it stands with the readers and the writer.

use serde_json::Value as Json;

use crate::answer::Answer;
use crate::reader::ReadErrorKind;

/// Whom to turn to.
pub(crate) const TELL_OPERATORS: &str = "Tell the people who run this bot.";

/// GitHub says the same of what is not there and of what an account may not see
/// (<https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api>). A person can look.
pub const HOW_TO_TELL: &str = "If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.";

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Reading something.
    Reading,
    /// Changing something.
    Changing,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: ReadErrorKind,
    /// One sentence on what is wrong.
    pub(crate) what: String,
    /// One sentence on what to do.
    pub(crate) todo: String,
}

impl Trouble {
    fn new(kind: ReadErrorKind, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { kind, what: what.into(), todo: todo.into() }
    }

    /// `subject` is what was to be read or changed, as a person knows it.
    pub(crate) fn of(answer: &Answer, subject: &str, doing: Doing) -> Self {
        let read = doing == Doing::Reading;
        match answer.status.as_u16() {
            301 | 302 | 307 | 308 => Self::new(
                ReadErrorKind::Absent,
                format!("{subject} has been renamed or moved."),
                "Ask again with its new name.",
            ),
            401 => Self::new(
                ReadErrorKind::Unauthorized,
                "GitHub does not accept this bot's credentials.",
                TELL_OPERATORS,
            ),
            403 => Self::forbidden(answer, subject, doing),
            404 => Self::new(
                ReadErrorKind::Absent,
                format!("{subject} is not there, or this bot's GitHub account may not see it."),
                HOW_TO_TELL,
            ),
            409 => Self::new(
                ReadErrorKind::Unreachable,
                format!("GitHub is busy with {subject}."),
                "Try again in a minute.",
            ),
            410 => Self::new(
                ReadErrorKind::Absent,
                format!("GitHub has {subject} no more, or it is switched off there."),
                "Look at its settings at GitHub.",
            ),
            422 => Self::new(
                ReadErrorKind::Unexpected,
                format!("GitHub refuses this: {}.", faults(answer)),
                "Change it and ask again.",
            ),
            423 => Self::locked(subject),
            451 => Self::new(
                ReadErrorKind::Forbidden(Vec::new()),
                if read {
                    format!("GitHub does not show {subject} for legal reasons.")
                } else {
                    format!("GitHub refuses to change {subject} for legal reasons.")
                },
                "Ask GitHub's support.",
            ),
            500..=599 => Self::new(
                ReadErrorKind::Unreachable,
                "GitHub has trouble of its own.",
                "Try again in a minute, or see githubstatus.com.",
            ),
            _ => Self::new(
                ReadErrorKind::Unexpected,
                if read {
                    format!("GitHub answered something unexpected about {subject}.")
                } else {
                    format!("GitHub did not take the change to {subject}.")
                },
                TELL_OPERATORS,
            ),
        }
    }

    fn locked(subject: &str) -> Self {
        Self::new(
            ReadErrorKind::Forbidden(Vec::new()),
            format!("{subject} is locked: it is being moved to another place."),
            "Ask again when the move is over, or ask an owner to unlock it.",
        )
    }

    fn forbidden(answer: &Answer, subject: &str, doing: Doing) -> Self {
        let words = answer.message();
        if answer.wants_sign_on() {
            let to = if doing == Doing::Reading { "show" } else { "change" };
            return Self::new(
                ReadErrorKind::SignOn,
                format!(
                    "The organisation wants this bot's token authorised for single sign-on to {to} {subject}."
                ),
                TELL_OPERATORS,
            );
        }
        if answer.wants_paid_plan() {
            return Self::new(
                ReadErrorKind::Forbidden(Vec::new()),
                format!("GitHub has {subject} on a paid plan only, or if the repository is public."),
                "Ask an owner of the organisation.",
            );
        }
        if words.contains("archived") {
            return Self::new(
                ReadErrorKind::Forbidden(Vec::new()),
                format!("{subject} is archived and cannot be changed."),
                "Unarchive it first.",
            );
        }
        if words.contains("been locked") || words.contains("is locked") {
            return Self::locked(subject);
        }
        if words.contains("access blocked") {
            return Self::new(
                ReadErrorKind::Forbidden(Vec::new()),
                format!("GitHub has switched {subject} off."),
                "Its owners have to write to GitHub's support.",
            );
        }
        let needed = answer.needed();
        let what = if doing == Doing::Reading { "read" } else { "change" };
        let mut todo = TELL_OPERATORS.to_owned();
        if !needed.is_empty() {
            todo.push_str(&format!(" It needs {}.", needed.join(" or ")));
        }
        // What says no more than "no" is not said again.
        if !words.is_empty() && !words.starts_with("Resource not accessible") {
            todo.push_str(&format!(" GitHub says: {}.", sentence(&words)));
        }
        let what = format!("This bot's GitHub account may not {what} {subject}.");
        Self::new(ReadErrorKind::Forbidden(needed), what, todo)
    }
}

/// What is wrong with what was sent, field by field
/// (<https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed>).
fn faults(answer: &Answer) -> String {
    let (message, errors) = answer.refusal();
    let mut told: Vec<String> = errors.iter().filter_map(fault).collect();
    // The same may be said of several fields at once.
    told.dedup();
    let message = sentence(&message);
    let words = match (message.as_str(), told.is_empty()) {
        ("", true) => "it does not say why".to_owned(),
        ("" | "Validation Failed", false) => told.join("; "),
        (_, true) => message,
        (_, false) => format!("{message}: {}", told.join("; ")),
    };
    words.chars().take(400).collect()
}

fn fault(error: &Json) -> Option<String> {
    let part = |key| sentence(error.get(key).and_then(Json::as_str).unwrap_or_default());
    let words = match error {
        Json::String(words) => sentence(words),
        _ => {
            let (field, code, message) = (part("field"), part("code"), part("message"));
            let resource = match part("resource").as_str() {
                "" => "other".to_owned(),
                resource => spoken(resource),
            };
            let named = if field.is_empty() { "what was sent".to_owned() } else { field.clone() };
            match code.as_str() {
                _ if !message.is_empty() => {
                    let says_it = field.is_empty() || message.to_lowercase().contains(&field.to_lowercase());
                    if says_it { message } else { format!("{field}: {message}") }
                }
                "missing" => format!("{named} names something that is not there"),
                "missing_field" => format!("{named} is missing"),
                "invalid" => format!("{named} is not in a form that GitHub takes"),
                "already_exists" => format!("another {resource} has the same {named}"),
                "unprocessable" => format!("{named} cannot be used like this"),
                "" => field,
                code => format!("{named}: {code}"),
            }
        }
    };
    (!words.is_empty()).then_some(words)
}

/// `DeployKey` as people write it.
fn spoken(resource: &str) -> String {
    let mut words = String::new();
    for letter in resource.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Words of GitHub's in one line, without their full stop.
fn sentence(words: &str) -> String {
    let line: Vec<&str> = words.split_whitespace().collect();
    line.join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answer;

    fn told(status: u16, headers: &[(&'static str, &str)], body: &str) -> String {
        let of = |doing| Trouble::of(&answer(status, headers, body), "acme/widgets", doing);
        let (read, changed) = (of(Doing::Reading), of(Doing::Changing));
        let words = |trouble: &Trouble| format!("{} {}", trouble.what, trouble.todo);
        if read == changed { words(&read) } else { format!("{}\n  {}", words(&read), words(&changed)) }
    }

    #[test]
    fn each_status_has_its_sentence() {
        let blocked = r#"{"message":"Repository access blocked","block":{"reason":"tos"}}"#;
        insta::assert_snapshot!(
            [
                told(307, &[], ""),
                told(401, &[], r#"{"message":"Bad credentials"}"#),
                told(403, &[("x-github-sso", "required; url=x")], "{}"),
                told(403, &[], r#"{"message":"Repository was archived so is read-only."}"#),
                told(403, &[], r#"{"message":"Repository has been locked for migration."}"#),
                told(403, &[], blocked),
                told(404, &[], r#"{"message":"Not Found"}"#),
                told(409, &[], "{}"),
                told(410, &[], r#"{"message":"Issues are disabled for this repo"}"#),
                told(423, &[], "{}"),
                told(451, &[], "{}"),
                told(502, &[], "<html>"),
                told(418, &[], "{}"),
            ]
            .join("\n"),
            @r"
            acme/widgets has been renamed or moved. Ask again with its new name.
            GitHub does not accept this bot's credentials. Tell the people who run this bot.
            The organisation wants this bot's token authorised for single sign-on to show acme/widgets. Tell the people who run this bot.
              The organisation wants this bot's token authorised for single sign-on to change acme/widgets. Tell the people who run this bot.
            acme/widgets is archived and cannot be changed. Unarchive it first.
            acme/widgets is locked: it is being moved to another place. Ask again when the move is over, or ask an owner to unlock it.
            GitHub has switched acme/widgets off. Its owners have to write to GitHub's support.
            acme/widgets is not there, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
            GitHub is busy with acme/widgets. Try again in a minute.
            GitHub has acme/widgets no more, or it is switched off there. Look at its settings at GitHub.
            acme/widgets is locked: it is being moved to another place. Ask again when the move is over, or ask an owner to unlock it.
            GitHub does not show acme/widgets for legal reasons. Ask GitHub's support.
              GitHub refuses to change acme/widgets for legal reasons. Ask GitHub's support.
            GitHub has trouble of its own. Try again in a minute, or see githubstatus.com.
            GitHub answered something unexpected about acme/widgets. Tell the people who run this bot.
              GitHub did not take the change to acme/widgets. Tell the people who run this bot.
            "
        );
    }

    #[test]
    fn what_is_lacking_is_named() {
        let app = |header, message: &str| {
            told(403, &[("x-accepted-github-permissions", header)], &format!(r#"{{"message":"{message}"}}"#))
        };
        let classic = |accepted, has, message: &str| {
            let headers = [("x-accepted-oauth-scopes", accepted), ("x-oauth-scopes", has)];
            told(403, &headers, &format!(r#"{{"message":"{message}"}}"#))
        };
        insta::assert_snapshot!(
            [
                app("administration=write", "Resource not accessible by integration"),
                app("administration=write,members=read; contents=write", ""),
                classic("admin:org, repo", "gist", "Must have admin rights to Repository."),
                classic("repo", "repo, gist", "Must have admin rights to Repository."),
                classic("read:org", "admin:org", "Must be an owner of the organization."),
                told(403, &[], "{}"),
            ]
            .join("\n"),
            @r"
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot. It needs administration=write.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. It needs administration=write.
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot. It needs administration=write and members=read or contents=write.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. It needs administration=write and members=read or contents=write.
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot. It needs admin:org or repo. GitHub says: Must have admin rights to Repository.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. It needs admin:org or repo. GitHub says: Must have admin rights to Repository.
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot. GitHub says: Must have admin rights to Repository.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. GitHub says: Must have admin rights to Repository.
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot. GitHub says: Must be an owner of the organization.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. GitHub says: Must be an owner of the organization.
            This bot's GitHub account may not read acme/widgets. Tell the people who run this bot.
              This bot's GitHub account may not change acme/widgets. Tell the people who run this bot.
            "
        );
    }

    #[test]
    fn what_github_refuses_is_told_by_field() {
        let refused = |body: &str| told(422, &[], body);
        let coded = |code: &str| {
            refused(&format!(
                r#"{{"message":"Validation Failed","errors":[{{"resource":"DeployKey","field":"title","code":"{code}"}}]}}"#
            ))
        };
        insta::assert_snapshot!(
            [
                coded("missing"),
                coded("missing_field"),
                coded("invalid"),
                coded("already_exists"),
                coded("unprocessable"),
                coded("brand_new"),
                refused(r#"{"message":"Repository creation failed.","errors":[{"resource":"Repository","code":"custom","field":"name","message":"name already exists on this account"}]}"#),
                refused(r#"{"message":"Validation Failed","errors":[{"code":"custom","field":"key","message":"is in use <!channel>."},{"code":"invalid","field":"title"}]}"#),
                refused(r#"{"message":"Validation Failed","errors":["Cannot assign pull to ana","Cannot assign pull to ana"]}"#),
                refused(r#"{"message":"Invalid request.\n\n\"name\" wasn't supplied."}"#),
                refused(r#"{"message":"Validation Failed"}"#),
                refused("{}"),
            ]
            .join("\n"),
            @r#"
            GitHub refuses this: title names something that is not there. Change it and ask again.
            GitHub refuses this: title is missing. Change it and ask again.
            GitHub refuses this: title is not in a form that GitHub takes. Change it and ask again.
            GitHub refuses this: another deploy key has the same title. Change it and ask again.
            GitHub refuses this: title cannot be used like this. Change it and ask again.
            GitHub refuses this: title: brand_new. Change it and ask again.
            GitHub refuses this: Repository creation failed: name already exists on this account. Change it and ask again.
            GitHub refuses this: key: is in use <!channel>; title is not in a form that GitHub takes. Change it and ask again.
            GitHub refuses this: Cannot assign pull to ana. Change it and ask again.
            GitHub refuses this: Invalid request. "name" wasn't supplied. Change it and ask again.
            GitHub refuses this: Validation Failed. Change it and ask again.
            GitHub refuses this: it does not say why. Change it and ask again.
            "#
        );
    }
}
