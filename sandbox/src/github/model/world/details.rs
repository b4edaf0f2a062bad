//! What repositories and organisations have inside.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::World;
use crate::github::model::{
    Branch, CustomRole, DeployKey, Grantee, Invitation, InvitedAs, Label, OrgInvitation, Permission,
    Protection, PullRequest, PullState, Repository, SingleSignOn, long_ago,
};

impl World {
    fn change_repository(mut self, owner: &str, name: &str, change: impl FnOnce(&mut Repository)) -> Self {
        if let Some(repository) = self.state.repository_mut(owner, name) {
            change(repository);
        }
        self
    }

    /// Invites a person to a repository.
    #[must_use]
    pub fn invited(self, owner: &str, repository: &str, login: &str, level: Permission) -> Self {
        let mut world = self.with_user(login);
        let id = world.state.next_id();
        let invitation = Invitation {
            id,
            invitee: login.to_lowercase(),
            inviter: None,
            level,
            custom_role: None,
            created_at: long_ago(),
        };
        world.change_repository(owner, repository, |one| {
            one.invitations.insert(id, invitation);
        })
    }

    /// Invites a person to an organisation as a member.
    #[must_use]
    pub fn invited_to(self, organisation: &str, login: &str) -> Self {
        let mut world = self.with_user(login);
        let id = world.state.next_id();
        let invitation = OrgInvitation {
            id,
            login: Some(login.to_lowercase()),
            email: None,
            role: InvitedAs::DirectMember,
            inviter: None,
            teams: std::collections::BTreeMap::new(),
            created_at: long_ago(),
            failed: None,
        };
        world.state.invite(organisation, invitation);
        world
    }

    /// A deploy key; its content is made up, and another one each time.
    #[must_use]
    pub fn deploy_key(mut self, owner: &str, repository: &str, title: &str, read_only: bool) -> Self {
        let id = self.state.next_id();
        let key = DeployKey {
            id,
            title: title.to_owned(),
            key: made_up_key(id),
            read_only,
            added_by: Some("hub-bot".to_owned()),
            created_at: long_ago(),
            last_used: None,
        };
        self.change_repository(owner, repository, |one| {
            one.deploy_keys.insert(id, key);
        })
    }

    /// The same under a number of its own, so that it can be named beforehand.
    #[must_use]
    pub fn deploy_key_numbered(self, owner: &str, repository: &str, id: u64, title: &str) -> Self {
        let key = DeployKey {
            id,
            title: title.to_owned(),
            key: made_up_key(id),
            read_only: false,
            added_by: Some("hub-bot".to_owned()),
            created_at: long_ago(),
            last_used: None,
        };
        self.change_repository(owner, repository, |one| {
            one.deploy_keys.insert(id, key);
        })
    }

    /// Protects a branch; without a change, by what nobody may do: delete it or rewrite it.
    #[must_use]
    pub fn protected(
        self,
        owner: &str,
        repository: &str,
        branch: &str,
        change: impl FnOnce(&mut Protection),
    ) -> Self {
        let mut protection = Protection::default();
        change(&mut protection);
        self.change_repository(owner, repository, |one| {
            one.protections.insert(branch.to_owned(), protection);
        })
    }

    /// A further branch of a repository.
    #[must_use]
    pub fn branch(mut self, owner: &str, repository: &str, name: &str) -> Self {
        let commit = self.state.next_commit();
        self.change_repository(owner, repository, |one| {
            one.branches.insert(name.to_owned(), Branch { commit });
        })
    }

    /// A label of a repository.
    #[must_use]
    pub fn label(mut self, owner: &str, repository: &str, name: &str, color: &str) -> Self {
        let id = self.state.next_id();
        let label = Label { id, name: name.to_owned(), color: color.to_owned(), description: None };
        self.change_repository(owner, repository, |one| {
            one.labels.insert(name.to_lowercase(), label);
        })
    }

    /// An open pull request into the default branch; `change` makes of it what is wanted. Each is a minute
    /// younger than the one before.
    #[must_use]
    pub fn pull_request(
        self,
        owner: &str,
        repository: &str,
        author: &str,
        title: &str,
        change: impl FnOnce(&mut PullRequest),
    ) -> Self {
        let mut world = self.with_user(author);
        let id = world.state.next_id();
        let head_commit = world.state.next_commit();
        world.change_repository(owner, repository, |one| {
            let number = one.pulls.keys().next_back().map_or(1, |last| last + 1);
            let at = long_ago() + chrono::TimeDelta::minutes(number.try_into().unwrap_or(0));
            let mut pull = PullRequest {
                id,
                number,
                title: title.to_owned(),
                body: None,
                author: author.to_owned(),
                state: PullState::Open,
                draft: false,
                head_owner: None,
                head: format!("change-{number}"),
                head_commit,
                base: one.default_branch.clone(),
                labels: BTreeSet::new(),
                reviewers: Vec::new(),
                comments: 0,
                created_at: at,
                updated_at: at,
            };
            change(&mut pull);
            one.pulls.insert(number, pull);
        })
    }

    /// A pull request that was merged an hour after it was made.
    #[must_use]
    pub fn merged_pull_request(self, owner: &str, repository: &str, author: &str, title: &str) -> Self {
        self.pull_request(owner, repository, author, title, |one| {
            one.updated_at = one.created_at + chrono::TimeDelta::hours(1);
            one.state = PullState::Merged(one.updated_at);
        })
    }

    /// A role for repositories that an organisation made itself.
    #[must_use]
    pub fn custom_role(mut self, organisation: &str, name: &str, base: Permission) -> Self {
        let id = self.state.next_id();
        let role = CustomRole {
            id,
            name: name.to_owned(),
            description: None,
            base,
            permissions: vec!["manage_settings_pages".to_owned()],
            created_at: long_ago(),
        };
        self.change(organisation, |one| {
            one.custom_roles.insert(id, role);
        })
    }

    /// Gives a person access to a repository by a role that the organisation made itself.
    #[must_use]
    pub fn collaborator_in_role(self, owner: &str, repository: &str, login: &str, role: &str) -> Self {
        let world = self.with_user(login);
        let found = world.state.organisation(owner).and_then(|one| one.role_named(role));
        let Some((level, custom)) = found else { return world };
        world.change_repository(owner, repository, |one| {
            one.grant(Grantee::Person(login.to_lowercase()), level, custom.as_deref());
        })
    }

    /// Says that a person has no second factor, as far as an organisation can see.
    #[must_use]
    pub fn without_second_factor(self, organisation: &str, login: &str) -> Self {
        self.change(organisation, |one| {
            one.without_second_factor.insert(login.to_lowercase());
        })
    }

    /// Single sign-on for an organisation: the name the provider knows, and the account linked to it.
    #[must_use]
    pub fn single_sign_on(self, organisation: &str, identities: &[(&str, Option<&str>)]) -> Self {
        let single_sign_on = SingleSignOn::of(organisation, identities);
        self.change(organisation, |one| one.single_sign_on = Some(single_sign_on))
    }
}

/// A public key that belongs to nobody.
fn made_up_key(number: u64) -> String {
    let mut bytes = vec![0, 0, 0, 11];
    bytes.extend(b"ssh-ed25519");
    bytes.extend([0, 0, 0, 32]);
    bytes.extend([0; 24]);
    bytes.extend(number.to_be_bytes());
    format!("ssh-ed25519 {}", STANDARD.encode(bytes))
}
