//! Ask: may this person ask this, here? Decided from Slack and configuration alone, before GitHub is read,
//! so that a refusal reveals nothing.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, Place};
use hubcommander_sdk::text::Text;

use crate::pipeline::parse::Parsed;
pub use crate::pipeline::rules::{Admission, admit};
use crate::pipeline::rules::{Leave, Question, Rules};

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
    // Guests and people of other companies are the rules' matter: those that ship open nothing to them.
    if let Admission::Ignored(why) = admit(person) {
        return Err(Refusal::new("This cannot be asked from here.", "Ask from your own account.").logged(why));
    }
    let (spec, args) = (parsed.spec(), parsed.args());
    let leave = rules.may_ask(&Question { person, place, spec, args, at }).await?;
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
    Ok(Asked { parsed, leave })
}
