//! A look at the devices of one person.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_posture::{Catalogue, Device, Instant, Preview, Problem, Witness};

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whose devices, by e-mail.
    pub email: String,
    /// The devices: first those heard of lately, the worst first; then the silent ones.
    pub devices: Vec<Device>,
    /// Who was asked, in the order of their names.
    pub answers: Vec<Answer>,
    /// Records of devices that the person says are not theirs: source and id.
    pub disowned: BTreeSet<(String, String)>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// When.
    pub at: Instant,
}

impl Look {
    /// Whether everyone who was asked has answered.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.answers.iter().all(|answer| answer.outcome != Outcome::Silent)
    }

    /// Whether the person says that it is not theirs.
    #[must_use]
    pub fn is_disowned(&self, device: &Device) -> bool {
        let said = |one: &Witness| self.disowned.contains(&(one.source.clone(), one.id.clone()));
        device.witnesses.iter().any(said)
    }

    /// The devices that count in what the person sees: theirs, and heard of lately.
    pub fn current(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| !device.silent && !self.is_disowned(device))
    }

    /// Those who did not answer, by what people call them.
    pub fn silent(&self) -> impl Iterator<Item = &str> {
        self.answers
            .iter()
            .filter(|answer| answer.outcome == Outcome::Silent)
            .map(|answer| answer.title.as_str())
    }
}

/// Knows which devices people have said are not theirs.
#[async_trait]
pub trait Disowned: Send + Sync {
    /// Source and id of each record, for whoever has this e-mail address.
    async fn of(&self, email: &str) -> BTreeSet<(String, String)>;
}

/// Looks at devices. What Slack and the web hold.
#[async_trait]
pub trait Looks: Send + Sync {
    /// The devices of whoever has this e-mail address. A source that fails is named and hides nothing else.
    async fn look(&self, email: &str, freshness: Freshness) -> Look;

    /// What was seen last, without asking anybody.
    fn last(&self, email: &str) -> Option<Look>;

    /// All devices, for those who look after all of them. `email` of the look is empty.
    async fn everything(&self) -> Look;

    /// What would change if `then` were what is looked at, judged anew over what all sources say; and who did not
    /// answer, by what people call them. Changes nothing.
    async fn preview(&self, then: &Catalogue) -> (Preview, Vec<String>);

    /// What is looked at, and what is said about it.
    fn catalogue(&self) -> &Catalogue;
}
