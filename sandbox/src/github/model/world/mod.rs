//! What is there at the beginning.

mod acme;
mod details;
mod many;

use hubcommander_sdk::clock::Instant;

use super::{
    App, Branch, Credential, Installation, Membership, OAuthApp, OrgRole, Organisation, Permission, Privacy,
    Repository, State, Team, TeamRole, User, long_ago,
};

/// What is there at the beginning, to be built up and given to [`crate::github::GitHub::start`]. Naming
/// something that is not there yet (a member without an account, a team's organisation) makes it.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) state: State,
}

impl Default for World {
    fn default() -> Self {
        Self::empty()
    }
}

impl World {
    /// Nothing at all.
    pub fn empty() -> Self {
        Self { state: State::new() }
    }

    /// A person's or a bot's account.
    #[must_use]
    pub fn user(mut self, login: &str, name: &str, email: Option<&str>) -> Self {
        let id = self.state.next_id();
        self.state.users.insert(
            login.to_lowercase(),
            User {
                id,
                login: login.to_owned(),
                name: Some(name.to_owned()),
                email: email.map(str::to_owned),
                created_at: long_ago(),
            },
        );
        self
    }

    pub(super) fn with_user(self, login: &str) -> Self {
        if self.state.user(login).is_some() { self } else { self.user(login, login, None) }
    }

    /// A personal access token of an account.
    #[must_use]
    pub fn token(self, token: &str, login: &str, scopes: &[&str]) -> Self {
        let mut world = self.with_user(login);
        let credential = Credential::Personal {
            login: login.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        world.state.credentials.tokens.insert(token.to_owned(), credential);
        world
    }

    /// A program that people let in by the device flow.
    #[must_use]
    pub fn oauth_app(mut self, client_id: &str, name: &str) -> Self {
        let app =
            OAuthApp { name: name.to_owned(), device_flow: true, secret: format!("secret-of-{client_id}") };
        self.state.device_flow.apps.insert(client_id.to_owned(), app);
        self
    }

    /// GitHub Enterprise: owners are shown the audit log by API.
    #[must_use]
    pub fn with_audit_log(mut self) -> Self {
        self.state.audit_log.shown = true;
        self
    }

    /// An organisation. Members who are no owners may read its repositories and create none.
    #[must_use]
    pub fn organisation(mut self, login: &str, name: &str, description: &str) -> Self {
        let id = self.state.next_id();
        self.state.organisations.insert(
            login.to_lowercase(),
            Organisation {
                name: Some(name.to_owned()),
                description: Some(description.to_owned()),
                ..Organisation::new(id, login, long_ago())
            },
        );
        self
    }

    pub(super) fn with_organisation(self, login: &str) -> Self {
        if self.state.organisation(login).is_some() { self } else { self.organisation(login, login, "") }
    }

    /// Changes an organisation.
    #[must_use]
    pub fn change(self, organisation: &str, change: impl FnOnce(&mut Organisation)) -> Self {
        let mut world = self.with_organisation(organisation);
        if let Some(organisation) = world.state.organisation_mut(organisation) {
            change(organisation);
        }
        world
    }

    /// Makes a person an owner of an organisation.
    #[must_use]
    pub fn owner(self, organisation: &str, login: &str) -> Self {
        self.place(organisation, login, OrgRole::Admin)
    }

    /// Makes a person a member of an organisation.
    #[must_use]
    pub fn member(self, organisation: &str, login: &str) -> Self {
        self.place(organisation, login, OrgRole::Member)
    }

    fn place(self, organisation: &str, login: &str, role: OrgRole) -> Self {
        self.with_user(login).change(organisation, |one| {
            one.members.insert(login.to_lowercase(), Membership { role, pending: false, public: false });
        })
    }

    /// A team with its members.
    #[must_use]
    pub fn team(self, organisation: &str, slug: &str, privacy: Privacy, members: &[&str]) -> Self {
        let mut world = self;
        for login in members {
            world = world.with_user(login);
        }
        let id = world.state.next_id();
        let team = Team {
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            description: None,
            privacy,
            permission: Permission::Pull,
            parent: None,
            synced: false,
            members: members.iter().map(|login| (login.to_lowercase(), TeamRole::Member)).collect(),
        };
        world.change(organisation, |one| {
            one.teams.insert(id, team);
        })
    }

    /// A private repository with one commit on `main`; `change` makes of it what is wanted.
    #[must_use]
    pub fn repository(self, owner: &str, name: &str, change: impl FnOnce(&mut Repository)) -> Self {
        let is_account = self.state.user(owner).is_some();
        let mut world = if is_account { self } else { self.with_organisation(owner) };
        let id = world.state.next_id();
        let mut repository = Repository::new(id, owner, name, long_ago());
        let commit = world.state.next_commit();
        repository.branches.insert("main".to_owned(), Branch { commit });
        change(&mut repository);
        world.state.repositories.insert(id, repository);
        world
    }

    /// Renames a repository, which leaves a redirect.
    #[must_use]
    pub fn renamed(mut self, owner: &str, from: &str, to: &str) -> Self {
        if let Some(id) = self.state.repository(owner, from).map(|one| one.id) {
            self.state.rename(id, to);
        }
        self
    }

    /// Gives a team of the owner access to a repository.
    #[must_use]
    pub fn team_access(mut self, owner: &str, repository: &str, slug: &str, level: Permission) -> Self {
        if let Some(team) = self.state.team(owner, slug).map(|team| team.id)
            && let Some(repository) = self.state.repository_mut(owner, repository)
        {
            repository.teams.insert(team, level);
        }
        self
    }

    /// Gives a person access to a repository.
    #[must_use]
    pub fn collaborator(self, owner: &str, repository: &str, login: &str, level: Permission) -> Self {
        let mut world = self.with_user(login);
        if let Some(repository) = world.state.repository_mut(owner, repository) {
            repository.collaborators.insert(login.to_lowercase(), level);
        }
        world
    }

    /// A GitHub App. `public_key` is RSA as DER (PKCS#1); without one, signatures are not checked.
    #[must_use]
    pub fn app(mut self, id: u64, permissions: &[(&str, &str)], public_key: Option<Vec<u8>>) -> Self {
        let permissions =
            permissions.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect();
        let app = App { id, slug: format!("app-{id}"), permissions, public_key };
        self.state.credentials.apps.insert(id, app);
        self
    }

    /// Installs an App in an organisation, under this installation id.
    #[must_use]
    pub fn installed(self, app: u64, organisation: &str, id: u64) -> Self {
        let mut world = self.with_organisation(organisation);
        let installation = Installation { id, app, organisation: organisation.to_owned() };
        world.state.credentials.installations.insert(id, installation);
        world
    }

    /// Begins: invitations count from now.
    pub(crate) fn begin(mut self, now: Instant) -> State {
        let ids: Vec<u64> = self
            .state
            .repositories
            .values()
            .filter(|one| !one.invitations.is_empty())
            .map(|one| one.id)
            .collect();
        for id in ids {
            let repository = self.state.repositories.get_mut(&id);
            for one in repository.into_iter().flat_map(|one| one.invitations.values_mut()) {
                fresh(&mut one.created_at, now);
            }
        }
        for one in self.state.organisations.values_mut().flat_map(|one| one.invitations.values_mut()) {
            fresh(&mut one.created_at, now);
        }
        for at in self.state.organisations.values_mut().flat_map(|one| &mut one.sent) {
            fresh(at, now);
        }
        self.state
    }

    /// The state so far.
    pub fn state(&self) -> &State {
        &self.state
    }
}

/// What was given no time of its own is of now.
fn fresh(at: &mut Instant, now: Instant) {
    if *at == long_ago() {
        *at = now;
    }
}
