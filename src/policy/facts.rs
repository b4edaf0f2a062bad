//! What policies look at: a person's user groups in Slack, their GitHub account, and who is meant by "approvers".
//! Nothing is guessed: where Slack does not answer, that is the answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_policy::{Asker, Group, Linked, LooksAt, Policy};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, PersonId, Standing};
use hubcommander_sdk::text::Text;

use crate::slack::people::{Freshness, People};
use crate::slack::web::{SlackError, UserGroup};

/// How many people of one group are looked up at most, where a group's ids are not those that people go by.
const MOST_LOOKED_UP: usize = 200;

/// Knows which GitHub account is whose.
#[async_trait]
pub trait Links: Send + Sync {
    /// The account of this person, if one is linked, with its teams.
    ///
    /// # Errors
    /// Nobody can tell.
    async fn linked(&self, person: &PersonId) -> Result<Option<Linked>, Refusal>;

    /// GitHub's number for the account of this person, if one is linked.
    ///
    /// # Errors
    /// Nobody can tell.
    async fn account(&self, person: &PersonId) -> Result<Option<u64>, Refusal>;
}

/// Nobody is linked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLinks;

#[async_trait]
impl Links for NoLinks {
    async fn linked(&self, _: &PersonId) -> Result<Option<Linked>, Refusal> {
        Ok(None)
    }

    async fn account(&self, _: &PersonId) -> Result<Option<u64>, Refusal> {
        Ok(None)
    }
}

/// Collects what policies look at.
#[derive(Clone)]
pub struct Facts {
    people: Arc<People>,
    links: Arc<dyn Links>,
    /// Our own workspace.
    home: String,
}

impl Facts {
    /// Asks these; `home` is our own workspace, `T…`.
    #[must_use]
    pub fn new(people: Arc<People>, links: Arc<dyn Links>, home: impl Into<String>) -> Self {
        Self { people, links, home: home.into() }
    }

    /// A person, with what this policy looks at for this command, and no more.
    ///
    /// # Errors
    /// Slack does not say, or does not know a group that the policy names.
    pub async fn asker(
        &self,
        policy: &Policy,
        command: &str,
        person: &Person,
        freshness: Freshness,
    ) -> Result<Asker, Refusal> {
        let LooksAt { groups, github } = policy.looks_at(command);
        let names = policy.groups(command);
        let mut asker = Asker::new(person.clone(), &self.home);
        if groups {
            let all = self.people.groups(freshness).await.map_err(|error| unsaid(&error))?;
            for name in &names {
                if !all.iter().any(|group| is_called(group, name)) {
                    return Err(unknown_group(name));
                }
            }
            let named = |group: &UserGroup| names.iter().any(|name| is_called(group, name));
            for group in all.iter() {
                if self.is_in(group, &person.id, named(group)).await? {
                    asker.groups.push(Group { id: group.id.clone(), handle: group.handle.clone() });
                }
            }
        }
        if github {
            asker.github = self.links.linked(&person.id).await?;
        }
        Ok(asker)
    }

    /// The handles and ids of all user groups.
    ///
    /// # Errors
    /// Slack does not say.
    pub async fn all_groups(&self, freshness: Freshness) -> Result<BTreeSet<String>, Refusal> {
        let all = self.people.groups(freshness).await.map_err(|error| unsaid(&error))?;
        let names = all.iter().flat_map(|group| [group.id.clone(), group.handle.clone()]);
        Ok(names.filter(|name| !name.is_empty()).collect())
    }

    /// What a mentioned person is called in policies.
    ///
    /// # Errors
    /// Slack does not say who that is.
    pub async fn called(&self, user: &str) -> Result<String, Refusal> {
        let person = self.people.get(user, Freshness::Cached).await.map_err(|error| nobody(user, &error))?;
        Ok(Asker::new((*person).clone(), &self.home).name())
    }

    /// The user group that is meant by one word of `@approvers`; none if it names a person.
    ///
    /// # Errors
    /// Slack does not say, or knows no such group.
    pub async fn group(&self, named: &str) -> Result<Option<Group>, Refusal> {
        let Some(name) = named.strip_prefix("slack:").or_else(|| named.starts_with('S').then_some(named))
        else {
            return Ok(None);
        };
        let all = self.people.groups(Freshness::Cached).await.map_err(|error| unsaid(&error))?;
        let found = all.iter().find(|group| is_called(group, name)).ok_or_else(|| unknown_group(name))?;
        Ok(Some(Group { id: found.id.clone(), handle: found.handle.clone() }))
    }

    /// The full members of the workspace who are meant by one word of `@approvers`: `slack:HANDLE`, `S…`, or a
    /// person's id. Slack is asked now.
    ///
    /// # Errors
    /// Slack does not say, or knows no such group or person.
    pub async fn approvers_of(&self, named: &str) -> Result<Vec<Person>, Refusal> {
        let ids = match named.strip_prefix("slack:").or_else(|| named.starts_with('S').then_some(named)) {
            None => vec![named.to_owned()],
            Some(name) => {
                let all = self.people.groups(Freshness::Fresh).await.map_err(|error| unsaid(&error))?;
                let group = all.iter().find(|group| is_called(group, name));
                let group = group.ok_or_else(|| unknown_group(name))?;
                group.users.clone().ok_or_else(|| silent(group))?
            }
        };
        let mut people: Vec<Person> = Vec::new();
        for id in ids {
            let person =
                self.people.get(&id, Freshness::Cached).await.map_err(|error| nobody(&id, &error))?;
            let ours = person.standing == Standing::Member && person.id.team == self.home;
            if ours && !people.iter().any(|known| known.id == person.id) {
                people.push((*person).clone());
            }
        }
        Ok(people)
    }

    /// All who are meant by the words of `@approvers`.
    ///
    /// # Errors
    /// As [`Facts::approvers_of`].
    pub async fn approvers(&self, named: &BTreeSet<String>) -> Result<BTreeSet<PersonId>, Refusal> {
        let mut all = BTreeSet::new();
        for name in named {
            all.extend(self.approvers_of(name).await?.into_iter().map(|person| person.id));
        }
        Ok(all)
    }

    /// Whether both are known to be one human being: by a GitHub account that both are linked to.
    ///
    /// # Errors
    /// Nobody can tell.
    pub async fn share_an_account(&self, one: &PersonId, other: &PersonId) -> Result<bool, Refusal> {
        let (one, other) = (self.links.account(one).await?, self.links.account(other).await?);
        Ok(one.is_some() && one == other)
    }

    /// Whether the person is in the group. In an enterprise a group may list people by ids of a workspace, where
    /// they go by their account's; for a group that matters those are looked up.
    async fn is_in(&self, group: &UserGroup, person: &PersonId, matters: bool) -> Result<bool, Refusal> {
        let Some(users) = &group.users else {
            return if matters { Err(silent(group)) } else { Ok(false) };
        };
        if users.contains(&person.user) {
            return Ok(true);
        }
        if !matters || !person.user.starts_with('W') {
            return Ok(false);
        }
        let others: Vec<&String> = users.iter().filter(|id| !id.starts_with('W')).collect();
        if others.len() > MOST_LOOKED_UP {
            return Err(Refusal::new(
                "A rule names a user group of Slack that is too large to look up, so I did nothing.",
                "Tell whoever runs this bot.",
            )
            .logged(format!("{} lists {} people by ids of a workspace", group.id, others.len())));
        }
        for id in others {
            let listed = self.people.get(id, Freshness::Cached).await.map_err(|error| nobody(id, &error))?;
            if listed.id == *person {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a policy means this group: by its handle or its id.
fn is_called(group: &UserGroup, name: &str) -> bool {
    group.id == name || (!group.handle.is_empty() && group.handle == name)
}

fn unsaid(error: &SlackError) -> Refusal {
    Refusal::new(
        "Slack did not tell me who is in which user group, and the rules here ask for that. So I did nothing.",
        "Try again in a minute.",
    )
    .logged(error.to_string())
}

fn silent(group: &UserGroup) -> Refusal {
    unsaid(&SlackError::Unavailable { log: format!("Slack does not say who is in {}", group.id) })
}

/// Somebody renamed it, or took it away. A rule that forbids something to its people would let them through.
fn unknown_group(name: &str) -> Refusal {
    Refusal::new(
        "The rules here name a user group that Slack does not know any more, so I did nothing.",
        "Tell whoever runs this bot.",
    )
    .logged(format!("Slack has no user group `{name}`, which the policies name"))
}

fn nobody(id: &str, error: &SlackError) -> Refusal {
    Refusal::new(
        Text::new().plain("Slack did not tell me who ").person(id).plain(" is, so I did nothing."),
        "Try again in a minute.",
    )
    .logged(error.to_string())
}
