//! Each no, in words: what the person reads, and what the log holds.

use hubcommander_sdk::auth::Unproven;
use hubcommander_sdk::text::Text;

use super::client::Trouble;

const TELL_OPERATORS: &str = "Tell the people who run this bot.";
const AGAIN: &str = "Nothing was done. Ask for it again if you want it.";
const LATER: &str = "Try again in a minute, or see status.duo.com.";
const TELL_DUO: &str = "Ask the people who look after Duo at your company.";

/// Slack does not say who it is.
pub(super) fn no_email() -> Unproven {
    Unproven::new(
        "Slack does not tell this bot your e-mail address, and Duo knows you by it.",
        TELL_OPERATORS,
        "Duo: no e-mail address that can be used",
    )
}

/// There is no account for them.
pub(super) fn unknown_domain(domain: &str) -> Unproven {
    Unproven::new(
        format!("Duo is not set up here for addresses at {domain}."),
        TELL_OPERATORS,
        format!("Duo: no account for {domain:?}"),
    )
}

/// Duo lets them through without asking: that proves nothing.
pub(super) fn bypass() -> Unproven {
    Unproven::new(
        "Duo is told to let you through without asking you (bypass), and that proves nothing here.",
        "Ask the people who look after Duo at your company to take the bypass away.",
        "Duo: a bypass user; not accepted",
    )
}

/// They have no device yet. The address is a key to enrolment: the person alone may see it, and no log.
pub(super) fn enrol(portal: Option<&str>) -> Unproven {
    let unproven = Unproven::new("You are not enrolled in Duo yet.", TELL_DUO, "Duo: not enrolled");
    match portal.filter(|url| url.starts_with("https://")) {
        Some(url) => Unproven { todo: "Enrol there, then try again.".into(), ..unproven }
            .open("Enrol in Duo", url)
            .again(),
        None => unproven,
    }
}

/// Duo does not let them in at all.
pub(super) fn refused_beforehand() -> Unproven {
    Unproven::new(
        "Duo does not let you in: your account there may be locked or disabled.",
        TELL_DUO,
        "Duo: preauth deny",
    )
}

/// No device of theirs shows a push.
pub(super) fn no_device() -> Unproven {
    Unproven::new(
        "None of your devices at Duo can show you what you would approve.",
        "Set up Duo Mobile on your phone, or type a passcode if you have one.",
        "Duo: no device takes a push",
    )
    .again()
}

/// The answer is for another plan, or for somebody else.
pub(super) fn other_plan() -> Unproven {
    Unproven::new(
        "This approval belongs to something else.",
        AGAIN,
        "Duo: the ticket is not of this challenge",
    )
}

/// It came too late.
pub(super) fn no_answer() -> Unproven {
    Unproven::new(
        "Nobody answered on your phone in time.",
        "Try again with the phone at hand.",
        "Duo: no answer within the deadline",
    )
    .again()
}

/// Duo itself said nothing.
pub(super) fn silent() -> Unproven {
    Unproven::new("Duo did not answer.", LATER, "Duo: no answer in time").again()
}

/// What is not a yes in the end.
pub(super) fn ended(result: &str, status: &str) -> Unproven {
    let log = format!("Duo: result {:?}, status {:?}", short(result), short(status));
    match (result, status) {
        ("allow", "bypass") => bypass(),
        (_, "fraud") => Unproven::new(
            "You said on your phone that it was not you who asked.",
            "Nothing was done, and the security channel is told.",
            log,
        )
        .fraud(),
        (_, "locked_out") => {
            Unproven::new("Your account at Duo is locked, after too many wrong tries.", TELL_DUO, log)
        }
        (_, "timeout") => Unproven { log, ..no_answer() },
        (_, "push_failed") => {
            Unproven::new("Duo could not reach your phone.", "See that it is online, then try again.", log)
                .again()
        }
        ("deny", "deny") => Unproven::new("You said no on your phone.", AGAIN, log),
        ("deny", _) => Unproven::new("Duo said no.", AGAIN, log),
        _ => Unproven::new(
            "Duo answered something that this bot does not know, so it does not count.",
            TELL_OPERATORS,
            log,
        ),
    }
}

/// A passcode that is no good.
pub(super) fn wrong_passcode(status: &str) -> Unproven {
    let log = format!("Duo: passcode, status {:?}", short(status));
    Unproven::new("Duo does not accept this passcode.", "Take a new one and type it again.", log).again()
}

/// What is typed cannot be a passcode.
pub(super) fn no_passcode() -> Unproven {
    Unproven::new(
        "That is no passcode.",
        "Open Duo Mobile, show the passcode for this account, and type its digits.",
        "Duo: not a passcode by its letters",
    )
    .again()
}

/// Something went wrong on the way.
pub(super) fn trouble(trouble: &Trouble) -> Unproven {
    let log = trouble.to_string();
    match (trouble.status(), trouble.code()) {
        (_, Some(40104 | 40105)) => Unproven::new(
            "Duo does not accept this bot's clock, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; the machine's clock is off, or the date was lost on the way"),
        ),
        (_, Some(40103)) => Unproven::new(
            "Duo does not accept this bot's signature, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; the secret key is wrong, or the machine's clock is off"),
        ),
        (_, Some(40101 | 40102)) | (Some(401), _) => Unproven::new(
            "Duo does not accept this bot's keys, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; the integration key is wrong"),
        ),
        (Some(403), _) => Unproven::new(
            "Duo does not let this bot ask people, so nothing could be checked.",
            TELL_OPERATORS,
            format!("{log}; the application at Duo must be of the kind Auth API"),
        ),
        (Some(429), _) => Unproven::new("Duo asks this bot to slow down.", LATER, log).again(),
        (Some(500..), _) => Unproven::new("Duo has trouble of its own.", LATER, log).again(),
        (None, _) if trouble.may_pass() => Unproven::new("Duo did not answer.", LATER, log).again(),
        _ => Unproven::new(
            "Duo answered something that this bot does not know, so nothing could be checked.",
            TELL_OPERATORS,
            log,
        ),
    }
}

/// What is told while the phone is asked.
pub(super) fn look_at_your_phone(code: Option<&str>) -> Text {
    match code {
        Some(code) => {
            Text::new().plain("Duo shows it on your phone. Read it, then type ").code(code).plain(" there.")
        }
        None => "Duo shows it on your phone. Read it there, then approve or deny.".into(),
    }
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}
