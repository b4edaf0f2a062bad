//! The rules: who may do what, and what it takes. The stations ask them; where they come from is not their
//! matter. An error is a no.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{Args, CommandSpec};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Person, PersonId, Place, Standing};
use hubcommander_sdk::plan::{Plan, Risk};
use hubcommander_sdk::text::Text;

/// What follows from who a person is.
#[derive(Debug)]
pub enum Admission {
    /// May use the bot.
    Admitted,
    /// May not, unless the rules open a command to them; and is told why.
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

/// What is asked, by whom, where.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub person: &'a Person,
    /// Where.
    pub place: &'a Place,
    /// The command.
    pub spec: &'a CommandSpec,
    /// Its arguments.
    pub args: &'a Args,
    /// When.
    pub at: Instant,
}

/// What would be done.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The risk of its riskiest step.
    pub risk: Risk,
    /// The powers that it uses.
    pub powers: &'a BTreeSet<Power>,
}

/// Why something may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// In a few words, for the audit.
    pub reason: String,
    /// The policies that allow it.
    pub policies: Vec<String>,
}

/// One requirement, and the policies that ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// What it takes.
    pub requirement: Requirement,
    /// Who asks for it.
    pub policies: Vec<String>,
}

/// Those who may approve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvers {
    /// The people.
    pub people: BTreeSet<PersonId>,
    /// How they are called on: `@security`.
    pub called: Text,
}

/// Who may do what, and what it takes.
#[async_trait]
pub trait Rules: Send + Sync {
    /// May this be asked? Decided before GitHub is read.
    ///
    /// # Errors
    /// It may not, or nobody can tell.
    async fn may_ask(&self, question: &Question<'_>) -> Result<Leave, Refusal>;

    /// May this be done?
    ///
    /// # Errors
    /// It may not, or nobody can tell.
    async fn may_be_done(&self, question: &Question<'_>, planned: &Planned<'_>) -> Result<Leave, Refusal>;

    /// What it takes.
    ///
    /// # Errors
    /// Nobody can tell.
    async fn takes(&self, question: &Question<'_>, planned: &Planned<'_>) -> Result<Vec<Required>, Refusal>;

    /// Who is meant by the approvers of a requirement, now.
    ///
    /// # Errors
    /// Nobody can tell.
    async fn approvers(&self, named: &BTreeSet<String>) -> Result<Approvers, Refusal>;

    /// Whether both accounts belong to one human being, as far as that is known beyond their ids: by their e-mail,
    /// or by a GitHub account that both are linked to.
    ///
    /// # Errors
    /// Nobody can tell.
    async fn are_one(&self, one: &Person, other: &Person) -> Result<bool, Refusal>;
}

/// Whether two people go by one e-mail.
#[must_use]
pub fn same_email(one: &Person, other: &Person) -> bool {
    match (&one.email, &other.email) {
        (Some(one), Some(other)) => !one.is_empty() && one.trim().eq_ignore_ascii_case(other.trim()),
        _ => false,
    }
}

/// Rules without a policy: whoever is admitted may do everything, and it takes nothing more.
#[derive(Clone, Copy, Debug, Default)]
pub struct Admitted;

#[async_trait]
impl Rules for Admitted {
    async fn may_ask(&self, question: &Question<'_>) -> Result<Leave, Refusal> {
        if let Admission::Refused(refusal) = admit(question.person) {
            return Err(refusal);
        }
        Ok(Leave { reason: "a full member of the workspace".into(), policies: Vec::new() })
    }

    async fn may_be_done(&self, question: &Question<'_>, _: &Planned<'_>) -> Result<Leave, Refusal> {
        self.may_ask(question).await
    }

    async fn takes(&self, _: &Question<'_>, _: &Planned<'_>) -> Result<Vec<Required>, Refusal> {
        Ok(Vec::new())
    }

    async fn approvers(&self, _: &BTreeSet<String>) -> Result<Approvers, Refusal> {
        Ok(Approvers::default())
    }

    async fn are_one(&self, one: &Person, other: &Person) -> Result<bool, Refusal> {
        Ok(same_email(one, other))
    }
}
