//! A look at the devices of one person.

use async_trait::async_trait;
use hubcommander_posture::{Catalogue, Device, Instant, Problem};

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What was heard within the last minutes will do.
    Recent,
    /// Sources are asked now.
    Now,
    /// Sources are asked to have the devices report anew, and then asked.
    Anew,
}

/// What came of asking one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, with so many records.
    Answered(usize),
    /// It did not; what it knows is missing. Why is in the log.
    Silent,
}

/// One source's part in a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its name in config.toml, such as `jamf`.
    pub source: String,
    /// What people call it, such as `Jamf`.
    pub title: String,
    /// What came of it.
    pub outcome: Outcome,
    /// When it was asked.
    pub at: Instant,
}

/// A look at the devices of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whose devices, by e-mail.
    pub email: String,
    /// The devices: first those heard of lately, the worst first; then the silent ones.
    pub devices: Vec<Device>,
    /// Who was asked, in the order of their names.
    pub answers: Vec<Answer>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// When.
    pub at: Instant,
}

/// Looks at devices. What Slack and the web hold.
#[async_trait]
pub trait Looks: Send + Sync {
    /// The devices of whoever has this e-mail address. A source that fails is named and hides nothing else.
    async fn look(&self, email: &str, freshness: Freshness) -> Look;

    /// All devices, for those who look after all of them. `email` of the look is empty.
    async fn everything(&self) -> Look;

    /// What is looked at, and what is said about it.
    fn catalogue(&self) -> &Catalogue;
}
