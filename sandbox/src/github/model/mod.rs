//! What the local GitHub knows: people, organisations, teams, repositories. No HTTP here.

mod access;
mod accounts;
mod audit_log;
mod credentials;
mod deploy_key;
mod device_flow;
mod invitation;
mod organisation;
mod policy;
mod protection;
mod pull_request;
mod repositories;
mod repository;
mod ruleset;
mod snapshot;
mod world;

use std::collections::BTreeMap;

use chrono::DateTime;
use hubcommander_sdk::clock::Instant;
use sha2::{Digest, Sha256};

pub use audit_log::{AuditEvent, AuditLog};
pub use credentials::{App, Credential, Credentials, Installation};
pub use deploy_key::DeployKey;
pub use device_flow::{DeviceAnswer, DeviceFlow, DeviceGrant, OAuthApp, Said, WebGrant};
pub use invitation::{Invitation, InvitedAs, OrgInvitation};
pub use organisation::{Membership, OrgRole, Organisation, Privacy, Team, TeamRole};
pub use policy::{
    ActionsWhere, AllowedActions, Block, CustomRole, Identity, OrganisationActions, RepositoryActions,
    SingleSignOn,
};
pub use protection::{Actors, Check, Protection, Reviews, StatusChecks};
pub use pull_request::{Label, PullRequest, PullState};
pub use repositories::Repositories;
pub use repository::{Branch, Grantee, Permission, Repository, Visibility};
pub use ruleset::{Enforcement, Names, Rule, Ruleset};
pub use world::World;

pub(crate) use deploy_key::public_key;

/// A person's or a bot's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name on GitHub, as it is written.
    pub login: String,
    /// The name it shows.
    pub name: Option<String>,
    /// The address it shows.
    pub email: Option<String>,
    /// Since when it exists.
    pub created_at: Instant,
}

/// All there is. Names of accounts are keyed in lower case, since GitHub does not tell cases apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Accounts of people and bots, by their login in lower case.
    pub users: BTreeMap<String, User>,
    /// Organisations, by their login in lower case.
    pub organisations: BTreeMap<String, Organisation>,
    /// Repositories.
    pub repositories: Repositories,
    /// Where a former `owner/name` (lower case) leads.
    pub redirects: BTreeMap<String, u64>,
    /// Tokens and Apps.
    pub credentials: Credentials,
    /// Programs that people let in by a code.
    pub device_flow: DeviceFlow,
    /// Who changed what.
    pub audit_log: AuditLog,
    last_id: u64,
}

impl State {
    fn new() -> Self {
        Self {
            users: BTreeMap::new(),
            organisations: BTreeMap::new(),
            repositories: Repositories::default(),
            redirects: BTreeMap::new(),
            credentials: Credentials::default(),
            device_flow: DeviceFlow::default(),
            audit_log: AuditLog::default(),
            last_id: 1000,
        }
    }

    /// A number that nothing has yet.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A commit id that nothing has yet: 40 hexadecimal digits.
    pub fn next_commit(&mut self) -> String {
        let id = self.next_id();
        hex(&Sha256::digest(format!("commit {id}"))[..20])
    }

    /// The account of this login.
    pub fn user(&self, login: &str) -> Option<&User> {
        self.users.get(&login.to_lowercase())
    }

    /// The organisation of this login.
    pub fn organisation(&self, login: &str) -> Option<&Organisation> {
        self.organisations.get(&login.to_lowercase())
    }

    /// As [`State::organisation`], to change it.
    pub fn organisation_mut(&mut self, login: &str) -> Option<&mut Organisation> {
        self.organisations.get_mut(&login.to_lowercase())
    }

    /// The repository that bears this name now; redirects are not followed.
    pub fn repository(&self, owner: &str, name: &str) -> Option<&Repository> {
        self.repositories.named(owner, name)
    }

    /// As [`State::repository`], to change it.
    pub fn repository_mut(&mut self, owner: &str, name: &str) -> Option<&mut Repository> {
        self.repositories.named_mut(owner, name)
    }

    /// The repositories of one owner, by id.
    pub fn repositories_of(&self, owner: &str) -> impl Iterator<Item = &Repository> {
        self.repositories.of(owner)
    }

    /// Where a former name leads, if no repository bears it now.
    pub fn moved(&self, owner: &str, name: &str) -> Option<&Repository> {
        if self.repository(owner, name).is_some() {
            return None;
        }
        self.redirects.get(&path_key(owner, name)).and_then(|id| self.repositories.get(id))
    }

    /// Gives a repository another name and leaves a redirect behind.
    pub fn rename(&mut self, id: u64, name: &str) {
        let Some(repository) = self.repositories.get(&id) else { return };
        let former = path_key(&repository.owner, &repository.name);
        let current = path_key(&repository.owner, name);
        self.repositories.rename(id, name);
        if former != current {
            self.redirects.insert(former, id);
        }
        self.redirects.remove(&current);
    }

    /// Removes a repository and the redirects to it.
    pub fn delete(&mut self, id: u64) {
        self.repositories.remove(&id);
        self.redirects.retain(|_, leads_to| *leads_to != id);
    }

    /// A team by its organisation and slug.
    pub fn team(&self, organisation: &str, slug: &str) -> Option<&Team> {
        self.organisation(organisation)?.team(slug)
    }
}

/// The key of a redirect.
fn path_key(owner: &str, name: &str) -> String {
    format!("{owner}/{name}").to_lowercase()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// When everything that is there from the beginning was made: 2024-01-15 09:00 UTC.
pub(crate) fn long_ago() -> Instant {
    DateTime::from_timestamp(1_705_309_200, 0).unwrap_or_default()
}
