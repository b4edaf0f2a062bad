//! Each no, in words: what the person reads, and what the log holds.

use hubcommander_sdk::auth::Unproven;

use super::keep::Unkept;

pub(super) fn none() -> Unproven {
    Unproven::new(
        "You have no passkey here yet.",
        "Type !EnrollPasskey to add one.",
        "passkey: none is enrolled",
    )
}

pub(super) fn other_plan() -> Unproven {
    Unproven::new(
        "This proof belongs to something else.",
        "Nothing was done. Ask for it again if you want it.",
        "passkey: the ticket is not of this challenge",
    )
}

pub(super) fn denied() -> Unproven {
    Unproven::new(
        "You said that it was not you who asked.",
        "Nothing was done, and the security channel is told.",
        "passkey: denied on the page",
    )
    .fraud()
}

pub(super) fn no_answer() -> Unproven {
    Unproven::new("The passkey was not used in time.", "Try again.", "passkey: the link has expired").again()
}

pub(super) fn unkept(error: &Unkept) -> Unproven {
    Unproven::new(
        "Passkeys cannot be looked up just now, so nothing could be checked.",
        "Tell the people who run this bot.",
        error.to_string(),
    )
    .again()
}
