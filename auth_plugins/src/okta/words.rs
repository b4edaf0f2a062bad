//! Each no, in words: what the person reads, and what the log holds.

use hubcommander_sdk::auth::Unproven;
use hubcommander_sdk::text::Text;

use super::client::Trouble;

const TELL_OPERATORS: &str = "Tell the people who run this bot.";
const AGAIN: &str = "Nothing was done. Ask for it again if you want it.";
const LATER: &str = "Try again in a minute, or see status.okta.com.";
const TELL_OKTA: &str = "Ask the people who look after Okta at your company.";

pub(super) fn no_email() -> Unproven {
    Unproven::new(
        "Slack does not tell this bot your e-mail address, and Okta knows you by it.",
        TELL_OPERATORS,
        "Okta: no e-mail address that can be used",
    )
}

pub(super) fn nobody() -> Unproven {
    Unproven::new("Okta does not know your e-mail address as a login.", TELL_OKTA, "Okta: no such user")
}

pub(super) fn not_active(status: &str) -> Unproven {
    let log = format!("Okta: the user's status is {:?}", short(status));
    Unproven::new("Your account at Okta is not active.", TELL_OKTA, log)
}

pub(super) fn another() -> Unproven {
    Unproven::new(
        "Okta found another account than yours for your e-mail address.",
        TELL_OKTA,
        "Okta: the user found has neither this login nor this e-mail address",
    )
}

pub(super) fn no_device() -> Unproven {
    Unproven::new(
        "You have not set up Okta Verify with push.",
        "Set it up in your Okta settings, then try again.",
        "Okta: no active push factor",
    )
    .again()
}

pub(super) fn other_plan() -> Unproven {
    Unproven::new(
        "This approval belongs to something else.",
        AGAIN,
        "Okta: the ticket is not of this challenge",
    )
}

pub(super) fn no_answer() -> Unproven {
    Unproven::new(
        "Nobody answered in Okta Verify in time.",
        "Try again with the phone at hand.",
        "Okta: no answer within the deadline",
    )
    .again()
}

pub(super) fn silent() -> Unproven {
    Unproven::new("Okta did not answer.", LATER, "Okta: no answer in time").again()
}

/// What is not a yes in the end. In Okta Verify the only no is "No, it's not me", and Okta says the same of a wrong
/// number, so both are worth an alarm.
pub(super) fn ended(result: &str) -> Unproven {
    let log = format!("Okta: {:?}", short(result));
    match result {
        "REJECTED" => Unproven::new(
            "You said in Okta Verify that it was not you who asked, or chose another number.",
            "Nothing was done, and the security channel is told.",
            log,
        )
        .fraud(),
        "TIMEOUT" | "EXPIRED" => Unproven { log, ..no_answer() },
        _ => Unproven::new(
            "Okta answered something that this bot does not know, so it does not count.",
            TELL_OPERATORS,
            log,
        ),
    }
}

pub(super) fn trouble(trouble: &Trouble) -> Unproven {
    let log = trouble.to_string();
    match trouble.status() {
        Some(401) => Unproven::new(
            "Okta does not accept this bot's token, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; a token ends when it is not used for 30 days, or its account is disabled"),
        ),
        Some(403) => Unproven::new(
            "Okta does not let this bot ask people, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; the token's account needs a role that may verify factors"),
        ),
        Some(429) => Unproven::new("Okta asks this bot to slow down.", LATER, log).again(),
        Some(500..) => Unproven::new("Okta has trouble of its own.", LATER, log).again(),
        None if trouble.may_pass() => Unproven::new("Okta did not answer.", LATER, log).again(),
        _ => Unproven::new(
            "Okta answered something that this bot does not know, so nothing could be checked.",
            TELL_OPERATORS,
            log,
        ),
    }
}

/// What is told while the phone is asked. Okta Verify cannot show what it is about, so these words do.
pub(super) fn look_at_your_phone(title: &Text, number: Option<&str>) -> Text {
    let text = Text::new()
        .plain("Okta Verify asks you on your phone. There it is only a sign-in; what you approve is: ");
    let text = text.then(title.clone()).plain(".");
    match number {
        Some(number) => text.plain(" Choose ").code(number).plain(" there."),
        None => text,
    }
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}
