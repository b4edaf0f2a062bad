//! What is asked for and what has been given so far. Stored with the invocation.

use std::collections::BTreeSet;

use hubcommander_sdk::auth::{Proof, Requirement, Role};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::FRESH;
use crate::invocation::Posted;
use crate::pipeline::prepare::{Examined, StepWords};

/// That a requirement was fulfilled: by whom, when, and for which plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was fulfilled, or fulfilled in part.
    pub requirement: Requirement,
    /// By whom.
    pub by: PersonId,
    /// For which plan.
    pub digest: Digest,
    /// When.
    pub at: Instant,
    /// How they proved that it was they, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What they said: why they ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A step-up that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// By which plugin.
    pub by: String,
    /// For what.
    pub requirement: Requirement,
    /// Who proves it.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
    /// What the plugin knows it by.
    pub ticket: Json,
}

/// The card in the approvers' channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The message.
    pub posted: Posted,
    /// How often the approvers were reminded.
    pub reminders: u32,
}

/// What is asked for and what has been given so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The plan it is about.
    pub digest: Digest,
    /// What it takes.
    pub requirements: Vec<Requirement>,
    /// What has been given.
    pub evidence: Vec<Evidence>,
    /// The words that were shown for its steps. The digest covers them, and a later program may put them
    /// differently.
    pub words: Vec<StepWords>,
    /// When the plan was made.
    pub planned_at: Instant,
    /// Until when it waits.
    pub expires: Instant,
    /// Step-ups that are under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<Ticket>,
    /// How often the person who asked has tried to prove that it is they, in vain.
    #[serde(default)]
    pub failed_tries: u32,
    /// The card in the approvers' channel, once it stands there. The card of an earlier plan of the same
    /// invocation is the card of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

impl Progress {
    pub(super) fn new(
        examined: &Examined,
        requirements: Vec<Requirement>,
        planned_at: Instant,
        expires: Instant,
    ) -> Self {
        Self {
            digest: examined.digest().clone(),
            requirements,
            evidence: Vec::new(),
            words: examined.words().to_vec(),
            planned_at,
            expires,
            tickets: Vec::new(),
            failed_tries: 0,
            card: None,
        }
    }

    /// Whether it was made so shortly ago that what was seen then need not be looked at again.
    #[must_use]
    pub fn is_fresh(&self, now: Instant) -> bool {
        now < self.planned_at + FRESH
    }

    /// The same for a plan that was made for an earlier run: what it saw is not fresh.
    #[must_use]
    pub fn seen_before(self) -> Self {
        Self { planned_at: self.planned_at - FRESH, ..self }
    }

    /// The same with requirements that have come since.
    #[must_use]
    pub fn with(&self, by_now: &[Requirement]) -> Self {
        let mut all = self.clone();
        for requirement in by_now {
            if !all.requirements.contains(requirement) {
                all.requirements.push(requirement.clone());
            }
        }
        all.requirements.sort();
        all
    }

    /// What has been given for a requirement, for this very plan.
    pub fn given<'a>(&'a self, requirement: &'a Requirement) -> impl Iterator<Item = &'a Evidence> {
        self.evidence
            .iter()
            .filter(move |known| known.requirement == *requirement && known.digest == self.digest)
    }

    /// What is still missing. `asked` is who asked: what they say of themselves, nobody else can say, and in what
    /// others say, they do not count.
    #[must_use]
    pub fn missing(&self, asked: &PersonId) -> Vec<Requirement> {
        let fulfilled = |requirement: &&Requirement| self.lacks(requirement, asked) > 0;
        self.requirements.iter().filter(fulfilled).cloned().collect()
    }

    /// How many more are needed for a requirement.
    #[must_use]
    pub fn lacks(&self, requirement: &Requirement, asked: &PersonId) -> usize {
        let given = self.given(requirement);
        match requirement {
            Requirement::Approvals { count, step_up, .. } => {
                // One person counts once, however often they press.
                let people: BTreeSet<&PersonId> = given
                    .filter(|known| known.by != *asked && (step_up.is_none() || known.proof.is_some()))
                    .map(|known| &known.by)
                    .collect();
                usize::try_from(*count).unwrap_or(usize::MAX).saturating_sub(people.len())
            }
            Requirement::StepUp { .. } => {
                usize::from(!given.into_iter().any(|known| known.by == *asked && known.proof.is_some()))
            }
            Requirement::Reason => {
                let says =
                    |known: &Evidence| known.words.as_ref().is_some_and(|words| !words.trim().is_empty());
                usize::from(!given.into_iter().any(|known| known.by == *asked && says(known)))
            }
            Requirement::Confirm | Requirement::HealthyDevice { .. } => {
                usize::from(!given.into_iter().any(|known| known.by == *asked))
            }
        }
    }

    /// Whether this person has agreed already, to any of what is asked of others.
    #[must_use]
    pub fn has_agreed(&self, person: &PersonId) -> bool {
        let agreed = |known: &Evidence| matches!(known.requirement, Requirement::Approvals { .. });
        self.evidence.iter().any(|known| known.by == *person && known.digest == self.digest && agreed(known))
    }

    /// Why the person asks, as they said when they were asked.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.given(&Requirement::Reason).find_map(|known| known.words.as_deref())
    }

    /// Adds what was given.
    pub fn give(&mut self, requirement: Requirement, by: &PersonId, at: Instant) -> &mut Evidence {
        let (by, digest) = (by.clone(), self.digest.clone());
        self.evidence.push(Evidence { requirement, by, digest, at, proof: None, words: None });
        let last = self.evidence.len() - 1;
        &mut self.evidence[last]
    }
}
