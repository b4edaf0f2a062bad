//! Who belongs to an organisation, and to which of its teams; who works for it from outside, and where.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::{Map, json};

use super::connection::PageInfo;
use super::scan::Scan;
use super::{Listing, ReadError, Reader, Team, User, found};
use crate::names::{FullName, Login, Owner, TeamSlug};
use crate::path::Path;
use crate::transport::JSON;
use crate::words::level;

/// Members of a team that are looked through for one person: GitHub looks for a login in names, too.
const ALIKE: u32 = 20;

/// Somebody who belongs to an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// GitHub's number for the account.
    pub id: u64,
    /// The login.
    pub login: String,
    /// Whether they own it.
    pub owner: bool,
}

/// A team that somebody is in, not by way of a team within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamPlace {
    /// GitHub's number for the team.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Whether they maintain it. Of owners GitHub always says so.
    pub maintainer: bool,
}

/// What an outside collaborator may do on a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideAccess {
    /// GitHub's number for the repository.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Whether it is read-only.
    pub archived: bool,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a role that the organisation made.
    pub level: String,
}

/// Where somebody is an outside collaborator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideAccesses {
    /// Where, and what they may do there.
    pub known: Vec<OutsideAccess>,
    /// Repositories of which we may not know.
    pub hidden: usize,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Exact {
    #[serde(default)]
    role_name: String,
}

#[derive(Deserialize)]
struct Teams {
    teams: Option<TeamPages>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TeamPages {
    page_info: PageInfo,
    nodes: Vec<Option<TeamNode>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TeamNode {
    database_id: u64,
    slug: String,
    parent_team: Option<Numbered>,
    members: Option<TeamMembers>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbered {
    database_id: u64,
}

#[derive(Deserialize)]
struct TeamMembers {
    edges: Vec<Option<TeamMemberEdge>>,
}

#[derive(Deserialize)]
struct TeamMemberEdge {
    role: String,
    node: Person,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    database_id: Option<u64>,
}

#[derive(Deserialize)]
struct Repositories {
    repositories: Option<RepositoryPages>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryPages {
    page_info: PageInfo,
    nodes: Vec<Option<RepositoryNode>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryNode {
    database_id: u64,
    name_with_owner: String,
    is_archived: bool,
    collaborators: Option<Collaborators>,
}

#[derive(Deserialize)]
struct Collaborators {
    edges: Vec<Option<CollaboratorEdge>>,
}

#[derive(Deserialize)]
struct CollaboratorEdge {
    permission: String,
    node: Person,
}

impl Scan {
    /// All members with their role, by REST, where an unchanged page costs nothing the second time: one request for
    /// each hundred, and one more for each hundred owners. Who is only invited is no member.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn people(&self) -> Result<Vec<Member>, ReadError> {
        let org = self.org();
        let path = Path::org(org).then("members");
        let owners = format!("the owners of {org}");
        let of_owners = path.clone().with_word("role", "admin");
        let owners = self.all(&of_owners, &owners, super::scan::bare::<Account>).await?;
        let owners: HashSet<u64> = owners.into_iter().map(|one| one.id).collect();
        let all = self.all(&path, &format!("the members of {org}"), super::scan::bare::<Account>).await?;
        // A list that changes while it is read may name somebody twice.
        let mut seen = HashSet::with_capacity(all.len());
        let members = all.into_iter().filter(|one| seen.insert(one.id)).map(|one| Member {
            owner: owners.contains(&one.id),
            id: one.id,
            login: one.login,
        });
        Ok(members.collect())
    }

    /// All outside collaborators.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn outside(&self) -> Result<Vec<User>, ReadError> {
        let path = Path::org(self.org()).then("outside_collaborators");
        self.all(&path, &format!("the outside collaborators of {}", self.org()), super::scan::bare).await
    }
}

impl Reader {
    /// The teams that an invitation to an organisation leads to.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn invitation_teams(&self, org: &str, invitation: u64) -> Result<Vec<Team>, ReadError> {
        self.teams_of_invitation(&Owner::parse(org)?, invitation).await
    }

    pub(crate) async fn teams_of_invitation(
        &self,
        org: &Owner,
        invitation: u64,
    ) -> Result<Vec<Team>, ReadError> {
        let subject = format!("the teams of an invitation to {org}");
        let path = Path::org(org).invitation(invitation).then("teams");
        let teams: Listing<Team> = self.pages(org, &path, &subject).await?;
        if teams.complete { Ok(teams.items) } else { Err(ReadError::unexpected(&subject, "too many")) }
    }

    /// The teams that somebody is in, each with their place in it, by GraphQL: one request for each hundred teams
    /// that they are in, whatever the number of teams there are.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn teams_with(&self, org: &str, user: &User) -> Result<Vec<TeamPlace>, ReadError> {
        self.team_places(&Owner::parse(org)?, user.id, &Login::parse(&user.login)?).await
    }

    pub(crate) async fn team_places(
        &self,
        org: &Owner,
        user: u64,
        login: &Login,
    ) -> Result<Vec<TeamPlace>, ReadError> {
        let subject = format!("the teams of {org} that {login} is in");
        let inside = format!(
            "teams(first: 100, after: $after, userLogins: [$login]) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ \
             databaseId slug parentTeam {{ databaseId }} \
             members(first: {ALIKE}, query: $login, membership: IMMEDIATE) {{ \
             edges {{ role node {{ databaseId }} }} }} }} }}"
        );
        let variables = Map::from_iter([("login".to_owned(), json!(login.as_str()))]);
        let mut nodes: Vec<TeamNode> = Vec::new();
        let take = |page: Teams, errors: &[crate::graphql::Problem]| {
            // A team that is left out would not be given back.
            let teams =
                page.teams.filter(|teams| errors.is_empty() && teams.nodes.iter().all(Option::is_some));
            let teams = teams.ok_or_else(|| ReadError::of_query(errors, &subject))?;
            nodes.extend(teams.nodes.into_iter().flatten());
            Ok(teams.page_info.next())
        };
        self.each_page_of(org, (", $login: String!", &inside), variables, &subject, take).await?;
        let parents: BTreeSet<u64> =
            nodes.iter().filter_map(|node| Some(node.parent_team.as_ref()?.database_id)).collect();
        let mut places = BTreeMap::new();
        for node in nodes {
            let edges = node.members.map(|members| members.edges).unwrap_or_default();
            let own = edges.into_iter().flatten().find(|edge| edge.node.database_id == Some(user));
            let maintainer = match own {
                Some(edge) => edge.role == "MAINTAINER",
                // Not among those of a like name: a member by way of a team within it, or hidden behind others.
                None if parents.contains(&node.database_id) => continue,
                None => match self.place_in_team(org, &TeamSlug::parse(&node.slug)?, login).await? {
                    Some(place) if !place.pending => place.role == "maintainer",
                    _ => continue,
                },
            };
            places.insert(node.slug.clone(), TeamPlace { id: node.database_id, slug: node.slug, maintainer });
        }
        Ok(places.into_values().collect())
    }

    /// Where in an organisation somebody is an outside collaborator, by GraphQL: one request for each hundred
    /// repositories, and one for each where they are.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn outside_access(&self, org: &str, user: &User) -> Result<OutsideAccesses, ReadError> {
        const INSIDE: &str = "repositories(first: 100, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) { \
             pageInfo { hasNextPage endCursor } nodes { databaseId nameWithOwner isArchived \
             collaborators(first: 1, login: $login, affiliation: OUTSIDE) { \
             edges { permission node { databaseId } } } } }";
        let (org, login) = (Owner::parse(org)?, Login::parse(&user.login)?);
        let subject = format!("where in {org} {login} has access");
        let variables = Map::from_iter([("login".to_owned(), json!(login.as_str()))]);
        let mut accesses = OutsideAccesses::default();
        let take = |page: Repositories, errors: &[crate::graphql::Problem]| {
            let page = page.repositories.ok_or_else(|| ReadError::of_query(errors, &subject))?;
            for node in page.nodes {
                let Some((node, people)) = node.and_then(|mut node| {
                    let people = node.collaborators.take()?;
                    Some((node, people))
                }) else {
                    accesses.hidden += 1;
                    continue;
                };
                let mut edges = people.edges.into_iter().flatten();
                if let Some(edge) = edges.find(|edge| edge.node.database_id == Some(user.id)) {
                    accesses.known.push(OutsideAccess {
                        id: node.database_id,
                        full_name: node.name_with_owner,
                        archived: node.is_archived,
                        level: level(&edge.permission.to_lowercase()).to_owned(),
                    });
                }
            }
            Ok(page.page_info.next())
        };
        self.each_page_of(&org, (", $login: String!", INSIDE), variables, &subject, take).await?;
        for access in &mut accesses.known {
            // GraphQL tells only the level that a role of the organisation's own is built upon.
            let path = Path::repository(&FullName::parse(&access.full_name)?).collaborator(&login);
            let answer = self.0.read(&org, path.then("permission"), JSON).await?;
            let exact: Option<Exact> = found(&answer, &subject)?;
            if let Some(exact) = exact.filter(|exact| !exact.role_name.is_empty()) {
                access.level = level(&exact.role_name).to_owned();
            }
        }
        Ok(accesses)
    }

    /// Whether nobody else owns an organisation than this account and this bot's own.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn is_last_owner(&self, org: &str, user: u64) -> Result<bool, ReadError> {
        let besides: Vec<u64> = self.own_id().await?.into_iter().chain([user]).collect();
        Ok(!self.has_owner_besides(&Owner::parse(org)?, &besides).await?)
    }

    /// Whether an account is this bot's own.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn is_ourselves(&self, user: u64) -> Result<bool, ReadError> {
        Ok(self.own_id().await? == Some(user))
    }

    /// Whether an organisation has an owner besides these accounts.
    pub(crate) async fn has_owner_besides(&self, org: &Owner, accounts: &[u64]) -> Result<bool, ReadError> {
        let path = Path::org(org).then("members").with_word("role", "admin");
        let owners: Listing<Account> = self.pages(org, &path, &format!("the owners of {org}")).await?;
        Ok(owners.items.iter().any(|owner| !accounts.contains(&owner.id)))
    }

    /// Whether somebody is an outside collaborator of an organisation.
    pub(crate) async fn is_outside(&self, org: &Owner, user: u64) -> Result<bool, ReadError> {
        let subject = format!("the outside collaborators of {org}");
        let path = Path::org(org).then("outside_collaborators");
        let all: Listing<Account> = self.pages(org, &path, &subject).await?;
        if all.items.iter().any(|one| one.id == user) {
            return Ok(true);
        }
        if all.complete {
            Ok(false)
        } else {
            Err(ReadError::unexpected(&subject, "more people than are read"))
        }
    }
}
