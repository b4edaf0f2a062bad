//! What the local Travis knows: its account, and the repositories that the last sync has seen. No HTTP here.

use std::collections::BTreeMap;
use std::time::Duration;

use hubcommander_sdk::clock::Instant;
use serde_json::{Map, Value, json};

use crate::github::model::{Permission, State as GitHubState, Visibility};

/// The account that the token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Travis' number for it.
    pub id: u64,
    /// Its login at GitHub.
    pub login: String,
    /// The sync that is under way.
    pub syncing: Option<Syncing>,
    /// When the last sync ended.
    pub synced_at: Option<Instant>,
}

/// A sync that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syncing {
    /// When it ends; `None`: never.
    pub ends: Option<Instant>,
}

/// An organisation that the account is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Travis' number for it.
    pub id: u64,
    /// GitHub's number for it.
    pub github_id: u64,
    /// Its login.
    pub login: String,
    /// The name it shows.
    pub name: Option<String>,
}

/// A variable that builds are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value. Shown only if it is public.
    pub value: String,
    /// Whether logs may show it.
    pub public: bool,
    /// The branch it is for; `None`: all.
    pub branch: Option<String>,
}

/// A repository that Travis knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Travis' number for it.
    pub id: u64,
    /// GitHub's number for it.
    pub github_id: u64,
    /// `owner/name`, as the last sync saw it.
    pub slug: String,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is built.
    pub active: bool,
    /// Whether its SSH key has been made: without one it cannot be switched on.
    pub has_key: bool,
    /// Whether the account may switch it on and off.
    pub admin: bool,
    /// The variables that its builds are given.
    pub env_vars: Vec<EnvVar>,
}

/// All there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The account.
    pub user: User,
    /// The organisations that it is in.
    pub organisations: Vec<Organisation>,
    /// The repositories that it knows, by Travis' number.
    pub repositories: BTreeMap<u64, Repository>,
    /// How long a sync takes; `None`: it never ends.
    pub sync_takes: Option<Duration>,
    pub(super) token: String,
    last_id: u64,
}

impl State {
    /// A number that nothing has yet.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The repository with this number or this `owner/name`, in any case.
    pub fn repository(&self, which: &str) -> Option<&Repository> {
        let by_slug = || self.repositories.values().find(|one| one.slug.eq_ignore_ascii_case(which));
        which.parse::<u64>().ok().and_then(|id| self.repositories.get(&id)).or_else(by_slug)
    }

    /// As [`State::repository`], to change it.
    pub fn repository_mut(&mut self, which: &str) -> Option<&mut Repository> {
        let id = self.repository(which)?.id;
        self.repositories.get_mut(&id)
    }

    /// Begins a sync.
    pub fn begin_sync(&mut self, now: Instant) {
        let ends = self.sync_takes.map(|takes| now + takes);
        self.user.syncing = Some(Syncing { ends });
    }

    pub(super) fn sync_is_due(&self, now: Instant) -> bool {
        self.user.syncing.is_some_and(|syncing| syncing.ends.is_some_and(|ends| ends <= now))
    }

    /// A sync ends: what the account sees at GitHub by now is known.
    pub(super) fn end_sync(&mut self, github: &GitHubState, now: Instant) {
        self.look_at(github, |_| true);
        self.user.syncing = None;
        self.user.synced_at = Some(now);
    }

    /// Takes over what the account sees at GitHub and `wanted` says.
    fn look_at(&mut self, github: &GitHubState, wanted: impl Fn(&str) -> bool) {
        let login = self.user.login.clone();
        let mut seen = Vec::new();
        for one in github.repositories.values().filter(|one| wanted(&one.full_name())) {
            let Some(level) = github.level_of(one, &login) else { continue };
            seen.push(one.id);
            let known = self.repositories.values().find(|known| known.github_id == one.id);
            let mut repository = known.cloned().unwrap_or_else(|| Repository {
                id: 0,
                github_id: one.id,
                slug: String::new(),
                private: true,
                active: false,
                has_key: true,
                admin: false,
                env_vars: Vec::new(),
            });
            if repository.id == 0 {
                repository.id = self.next_id();
            }
            repository.slug = one.full_name();
            repository.private = one.visibility != Visibility::Public;
            repository.admin = level == Permission::Admin;
            self.repositories.insert(repository.id, repository);
        }
        self.repositories.retain(|_, one| seen.contains(&one.github_id));
        let own = github.organisations.values().filter(|one| one.role_of(&login.to_lowercase()).is_some());
        let own: Vec<_> = own.map(|one| (one.id, one.login.clone(), one.name.clone())).collect();
        self.organisations.retain(|known| own.iter().any(|(id, ..)| *id == known.github_id));
        for (github_id, login, name) in own {
            if !self.organisations.iter().any(|known| known.github_id == github_id) {
                let id = self.next_id();
                self.organisations.push(Organisation { id, github_id, login, name });
            }
        }
    }

    /// Everything a person could tell apart, without ids and times.
    pub fn snapshot(&self) -> Value {
        let repositories: Map<String, Value> = self
            .repositories
            .values()
            .map(|one| {
                let names: Vec<&str> = one.env_vars.iter().map(|var| var.name.as_str()).collect();
                (one.slug.clone(), json!({ "active": one.active, "env_vars": names }))
            })
            .collect();
        json!({ "syncing": self.user.syncing.is_some(), "repositories": repositories })
    }
}

/// What is there at the beginning.
#[derive(Clone, Debug)]
pub struct World {
    login: String,
    token: String,
    /// `owner/name`, and whether it is built.
    known: Vec<(String, bool)>,
    sync_takes: Option<Duration>,
}

impl World {
    /// Travis with one account, which has not looked at GitHub yet.
    pub fn new(login: &str, token: &str) -> Self {
        Self {
            login: login.to_owned(),
            token: token.to_owned(),
            known: Vec::new(),
            sync_takes: Some(Duration::ZERO),
        }
    }

    /// The sandbox's: the token `travis_sandbox` of `hub-bot`. It knows `acme/api`, which is built,
    /// `acme/templates` and `acme-oss/sdk`; `acme/website` it has not seen yet.
    pub fn acme() -> Self {
        Self::new("hub-bot", "travis_sandbox")
            .active("acme/api")
            .known("acme/templates")
            .known("acme-oss/sdk")
    }

    /// It knows a repository, as it is at GitHub.
    #[must_use]
    pub fn known(mut self, slug: &str) -> Self {
        self.known.push((slug.to_owned(), false));
        self
    }

    /// It knows a repository and builds it.
    #[must_use]
    pub fn active(mut self, slug: &str) -> Self {
        self.known.push((slug.to_owned(), true));
        self
    }

    /// How long a sync takes; `None`: it never ends.
    #[must_use]
    pub fn sync_takes(self, time: Option<Duration>) -> Self {
        Self { sync_takes: time, ..self }
    }

    pub(super) fn begin(self, github: &GitHubState) -> State {
        let user = User { id: 501, login: self.login, syncing: None, synced_at: None };
        let mut state = State {
            user,
            organisations: Vec::new(),
            repositories: BTreeMap::new(),
            sync_takes: self.sync_takes,
            token: self.token,
            last_id: 7000,
        };
        state.look_at(github, |name| self.known.iter().any(|(slug, _)| slug.eq_ignore_ascii_case(name)));
        for (slug, active) in &self.known {
            if let Some(repository) = state.repository_mut(slug) {
                repository.active = *active;
            }
        }
        state
    }
}
