//! Reading a whole organisation: lists without a bound on their pages, nothing kept that is not needed.
//!
//! # REST or GraphQL
//!
//! For an organisation with 10,000 repositories, 100 to a page:
//!
//! | what | by REST, first | by REST, again | by GraphQL, each time |
//! |---|---|---|---|
//! | repositories | 100 requests | 100, free (304) | 100 requests, 100 points |
//! | what a team may do on each | 100 requests a team | 100 a team, free | in the same 100 requests, no more points |
//! | outside collaborators of each | 10,000 requests | 10,000, free | in the same 100 requests, 100 points more |
//! | deploy keys of each | 10,000 requests | 10,000, free | in the same 100 requests |
//! | members by second factor, owners, invitations, Apps | 1 request in 100 people | the same, free | not there |
//!
//! So repositories, teams, collaborators and keys are read together by GraphQL: 100 requests and 200 of the
//! 5,000 points that an hour has, the first time and each time again, where REST would need four hours of its
//! own limit the first time and 20,000 requests (half an hour at our pace) to learn that nothing has changed.
//! What is one list for the whole organisation is read by REST: its `ETag`s make the second run free, as long
//! as the token is the same. A team is read by REST, too, where a role that the organisation made is expected:
//! GraphQL tells only the level that the role is built on.

mod lists;
mod model;
mod repositories;

pub use model::{
    Installation, Level, OrgInvitation, Outsider, RepoInvitation, Scanned, ScannedKey, ScannedRepository,
    SecondFactor,
};

pub(super) use lists::bare;

use super::{ReadError, Reader};
use crate::names::Owner;

/// Reads one organisation as a whole.
#[derive(Clone, Debug)]
pub struct Scan {
    reader: Reader,
    org: Owner,
}

impl Scan {
    pub(super) fn org(&self) -> &Owner {
        &self.org
    }
}

impl Reader {
    /// To read an organisation as a whole.
    ///
    /// # Errors
    /// The name cannot be one.
    pub fn scan(&self, org: &str) -> Result<Scan, ReadError> {
        Ok(Scan { reader: self.clone(), org: Owner::parse(org)? })
    }
}
