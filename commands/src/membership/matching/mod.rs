//! Who an account belongs to, as far as it is known, and whether that person works here. Pure.
//!
//! A link is a proof and goes before all else. What the single sign-on and the directory say are claims: they tell whom
//! to ask, and keep somebody from being taken for a stranger.

mod roll;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use hubcommander_github::{ExternalIdentity, Member};
use hubcommander_sdk::accounts::{Employee, Linked};

pub use roll::{Known, Roll, Works, addresses};

/// How an account is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<'a> {
    /// It is nobody's: a bot's, or our own.
    Service,
    /// Its owner has shown that it is theirs.
    Linked {
        /// The link.
        link: &'a Linked,
        /// Whether they work here.
        works: Works,
    },
    /// The organisation's single sign-on names somebody.
    SignedOn {
        /// Who that is to it.
        identity: &'a ExternalIdentity,
        /// Who that is to the directory.
        employee: Option<&'a Employee>,
        /// Whether they work here.
        works: Works,
    },
    /// The directory names it as this person's.
    Claimed {
        /// The person.
        employee: &'a Employee,
        /// Whether they work here.
        works: Works,
    },
    /// Nothing tells whose it is.
    Stranger,
}

/// What a [`Match`] comes down to, what needs somebody before the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Linked to somebody who has left.
    Leaver,
    /// Nothing tells whose it is.
    Stranger,
    /// Of somebody who has left, by what single sign-on or directory say.
    LeaverByClaim,
    /// Of somebody known, who has not linked it.
    Unlinked,
    /// Linked to somebody whom the directory does not know.
    Unsure,
    /// Linked to somebody who works here.
    Linked,
    /// Nobody's.
    Service,
}

impl Group {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Leaver,
        Self::Stranger,
        Self::LeaverByClaim,
        Self::Unlinked,
        Self::Unsure,
        Self::Linked,
        Self::Service,
    ];
}

impl Match<'_> {
    /// What it comes down to.
    #[must_use]
    pub fn group(&self) -> Group {
        match self {
            Self::Service => Group::Service,
            Self::Linked { works: Works::Here, .. } => Group::Linked,
            Self::Linked { works: Works::Left, .. } => Group::Leaver,
            Self::Linked { works: Works::Unknown, .. } => Group::Unsure,
            Self::SignedOn { works: Works::Left, .. } | Self::Claimed { works: Works::Left, .. } => {
                Group::LeaverByClaim
            }
            Self::SignedOn { .. } | Self::Claimed { .. } => Group::Unlinked,
            Self::Stranger => Group::Stranger,
        }
    }
}

/// Says of the accounts of one organisation how they are known.
pub struct Matcher<'a> {
    roll: &'a Roll<'a>,
    service: HashSet<String>,
    ours: Option<u64>,
    identities: HashMap<u64, &'a ExternalIdentity>,
}

impl<'a> Matcher<'a> {
    /// Over what is known of people. `service` are the logins of bots in this organisation, `ours` is GitHub's number
    /// for our own account, `identities` who people are to its single sign-on.
    #[must_use]
    pub fn new(
        roll: &'a Roll<'a>,
        service: &[String],
        ours: Option<u64>,
        identities: &'a [ExternalIdentity],
    ) -> Self {
        let service = service.iter().map(|login| login.to_lowercase()).collect();
        let known = identities.iter().filter_map(|one| Some((one.account.as_ref()?.0, one)));
        Self { roll, service, ours, identities: known.collect() }
    }

    /// How this account is known.
    #[must_use]
    pub fn of(&self, id: u64, login: &str) -> Match<'a> {
        let small = login.to_lowercase();
        if self.ours == Some(id) || self.service.contains(&small) {
            return Match::Service;
        }
        if let Some(link) = self.roll.link(id) {
            return Match::Linked { link, works: self.roll.owner_of(link) };
        }
        let claimed = self.roll.claimant(id, &small);
        let signed_on = self.identities.get(&id).map(|&identity| (identity, self.roll.behind(identity)));
        match (signed_on, claimed) {
            (None, None) => Match::Stranger,
            (None, Some((employee, works))) => Match::Claimed { employee, works },
            // Whom the single sign-on names may be known to the directory by the account alone.
            (Some((_, None)), Some((employee, works))) => Match::Claimed { employee, works },
            (Some((_, Some((_, Works::Left)))), Some((employee, Works::Here))) => {
                Match::Claimed { employee, works: Works::Here }
            }
            (Some((identity, found)), _) => Match::SignedOn {
                identity,
                employee: found.map(|(employee, _)| employee),
                works: found.map_or(Works::Unknown, |(_, works)| works),
            },
        }
    }

    /// How this member is known.
    #[must_use]
    pub fn member(&self, member: &Member) -> Match<'a> {
        self.of(member.id, &member.login)
    }
}
