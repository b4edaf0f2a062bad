//! Ask: may this person ask this, here? Decided from Slack and configuration alone, before GitHub is read,
//! so that a refusal reveals nothing.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, Place, Standing};
use hubcommander_sdk::text::Text;

use crate::pipeline::parse::Parsed;
use crate::pipeline::rules::{Leave, Question, Rules};

/// What follows from who a person is.
#[derive(Debug)]
pub enum Admission {
    /// May use the bot.
    Admitted,
    /// May not, and is told why.
    Refused(Refusal),
    /// Is not answered: a bot, or an account that is no longer active.
    Ignored(&'static str),
}

/// Whether a person may use the bot at all.
#[must_use]
pub fn admit(person: &Person) -> Admission {
    match person.standing {
        Standing::Member => Admission::Admitted,
        Standing::Guest | Standing::SingleChannelGuest => Admission::Refused(Refusal::new(
            "This needs a full member of the workspace. You are a guest.",
            "Ask someone you work with here to run it for you.",
        )),
        Standing::Stranger => Admission::Refused(Refusal::new(
            "This needs a full member of this workspace. You are here from another company.",
            "Ask someone you work with here to run it for you.",
        )),
        Standing::Bot => Admission::Ignored("a bot"),
        Standing::Deactivated => Admission::Ignored("a deactivated account"),
    }
}

/// A question that may be asked. Only this station makes one.
pub struct Asked {
    parsed: Parsed,
    leave: Leave,
}

impl Asked {
    /// The question.
    #[must_use]
    pub fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// Why it may be asked, for the audit.
    #[must_use]
    pub fn leave(&self) -> &Leave {
        &self.leave
    }
}

/// What the bot asks itself because it is due: it was allowed when it was put off, to whoever asked then.
#[must_use]
pub fn due(parsed: Parsed) -> Asked {
    let reason = "it was due, and approved when it was put off".to_owned();
    Asked { parsed, leave: Leave { reason, policies: Vec::new() } }
}

/// Whether this person may ask this, in this place, now.
///
/// # Errors
/// The refusal, in words.
pub async fn ask(
    rules: &dyn Rules,
    person: &Person,
    place: &Place,
    parsed: Parsed,
    at: Instant,
) -> Result<Asked, Refusal> {
    match admit(person) {
        Admission::Admitted => {}
        Admission::Refused(refusal) => return Err(refusal),
        Admission::Ignored(why) => {
            return Err(
                Refusal::new("This cannot be asked from here.", "Ask from your own account.").logged(why)
            );
        }
    }
    if place.shared && parsed.spec().audience == Audience::Internal {
        let name = parsed.spec().name.clone();
        return Err(Refusal::new(
            Text::new()
                .plain("People of another company read this channel, so ")
                .code(format!("!{name}"))
                .plain(" does not answer here."),
            "Ask me in a direct message instead.",
        ));
    }
    let (spec, args) = (parsed.spec(), parsed.args());
    let leave = rules.may_ask(&Question { person, place, spec, args, at }).await?;
    Ok(Asked { parsed, leave })
}
