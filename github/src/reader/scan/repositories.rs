//! All repositories with what is on them, by GraphQL: one request for each hundred.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use hubcommander_sdk::clock::Instant;
use serde::Deserialize;
use serde_json::json;

use super::super::{ReadError, ReadErrorKind};
use super::{Level, Outsider, Scan, Scanned, ScannedKey, ScannedRepository};
use crate::graphql::{Problem, Query, Reply};
use crate::names::{FullName, TeamSlug};
use crate::path::Path;

/// Repositories to a page: the most that GitHub gives.
const PAGE: u32 = 100;
/// GitHub gives up on a query after 10 s; then fewer are asked for at once, but not fewer than this.
const SMALLEST_PAGE: u32 = 12;
/// Collaborators and keys that are read with their repository. The few repositories with more are asked for
/// by themselves. It does not matter for the points: those count lists, not what is in them
/// (<https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>).
const INSIDE: usize = 50;
/// Teams that one query asks for. With more, there are more queries.
const TEAMS_AT_ONCE: usize = 20;
/// More pages than this no organisation has. Against cursors that go in circles.
const ABSURD: usize = 20_000;

/// One of GitHub's own levels without an allocation of its own.
pub(super) fn level(written: &str) -> Level {
    for (ours, others) in [
        ("pull", &["pull", "READ", "read"][..]),
        ("triage", &["triage", "TRIAGE"]),
        ("push", &["push", "WRITE", "write"]),
        ("maintain", &["maintain", "MAINTAIN"]),
        ("admin", &["admin", "ADMIN"]),
    ] {
        if others.contains(&written) {
            return Cow::Borrowed(ours);
        }
    }
    Cow::Owned(written.to_owned())
}

#[derive(Deserialize)]
struct Data {
    organization: Option<Organization>,
    #[serde(rename = "rateLimit")]
    rate_limit: Option<RateLimit>,
}

#[derive(Deserialize)]
struct RateLimit {
    cost: u64,
}

#[derive(Deserialize)]
struct Organization {
    repositories: Option<Repositories>,
    /// Under `t0`, `t1`, ...
    #[serde(flatten)]
    teams: BTreeMap<String, Option<Team>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repositories {
    total_count: usize,
    page_info: PageInfo,
    nodes: Vec<Option<Repository>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    database_id: u64,
    name_with_owner: String,
    is_archived: bool,
    viewer_permission: Option<String>,
    collaborators: Option<Collaborators>,
    deploy_keys: Option<Keys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collaborators {
    total_count: usize,
    edges: Vec<Option<Collaborator>>,
}

#[derive(Deserialize)]
struct Collaborator {
    permission: String,
    node: Account,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    database_id: Option<u64>,
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    total_count: usize,
    nodes: Vec<Option<Key>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    title: String,
    read_only: bool,
    created_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Team {
    repositories: TeamRepositories,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TeamRepositories {
    page_info: PageInfo,
    edges: Vec<Option<TeamRepository>>,
}

#[derive(Deserialize)]
struct TeamRepository {
    permission: String,
    node: Numbered,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbered {
    database_id: u64,
}

/// How far a list has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    /// From this cursor on.
    From(Option<String>),
    Done,
}

impl Reading {
    fn cursor(&self) -> Option<&Option<String>> {
        match self {
            Self::From(cursor) => Some(cursor),
            Self::Done => None,
        }
    }

    /// After this page. A page that says there is more and not where is the last.
    fn after(page: PageInfo) -> Self {
        match page.end_cursor {
            Some(cursor) if page.has_next_page => Self::From(Some(cursor)),
            _ => Self::Done,
        }
    }
}

/// One team's list.
struct TeamReading {
    slug: String,
    reading: Reading,
    levels: Result<Option<HashMap<u64, Level>>, ReadError>,
}

/// One round: a page of each list that is not done.
struct Walk<'a> {
    scan: &'a Scan,
    repositories: Reading,
    teams: Vec<TeamReading>,
    size: u32,
    found: Scanned,
    /// Those with more collaborators or keys than were given, by index: (collaborators, keys).
    cut: Vec<(usize, bool, bool)>,
}

impl Scan {
    /// All repositories, with who works on them from outside, the deploy keys that write, and what these teams
    /// may do on each. `told` hears how many repositories have been read, and of how many.
    ///
    /// # Errors
    /// The repositories could not be read. What is missing of single ones, or of a team, is told in what was
    /// found.
    pub async fn repositories(
        &self,
        teams: &[String],
        told: impl Fn(usize, usize) + Send + Sync,
    ) -> Result<Scanned, ReadError> {
        let mut parts = teams.chunks(TEAMS_AT_ONCE);
        let mut walk = Walk::new(self, parts.next().unwrap_or_default(), Reading::From(None), PAGE)?;
        walk.go(&told).await?;
        let mut found = walk.finish().await;
        for part in parts {
            let mut walk = Walk::new(self, part, Reading::Done, PAGE)?;
            walk.go(&told).await?;
            let more = walk.finish().await;
            found.points += more.points;
            found.teams.extend(more.teams);
        }
        Ok(found)
    }

    /// The outside collaborators of one repository, by REST.
    async fn outsiders_of(&self, full_name: &str) -> Result<Vec<Outsider>, ReadError> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            id: u64,
            login: String,
            #[serde(flatten)]
            granted: super::super::Granted,
        }
        let path = Path::repository(&FullName::parse(full_name)?)
            .then("collaborators")
            .with_word("affiliation", "outside");
        let all = self.all(&path, full_name, super::lists::bare::<Raw>).await?;
        let known = all.into_iter().filter_map(|raw| {
            Some(Outsider { id: raw.id, login: raw.login, level: level(&raw.granted.level()?) })
        });
        Ok(known.collect())
    }

    /// The deploy keys of one repository that may write, by REST.
    async fn writing_keys_of(&self, full_name: &str) -> Result<Vec<ScannedKey>, ReadError> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            title: String,
            read_only: bool,
            created_at: Option<Instant>,
        }
        let path = Path::repository(&FullName::parse(full_name)?).then("keys");
        let all = self.all(&path, full_name, super::lists::bare::<Raw>).await?;
        let writing = all.into_iter().filter(|raw| !raw.read_only);
        Ok(writing.map(|raw| ScannedKey { title: raw.title, created_at: raw.created_at }).collect())
    }
}

impl<'a> Walk<'a> {
    fn new(scan: &'a Scan, slugs: &[String], repositories: Reading, size: u32) -> Result<Self, ReadError> {
        let teams = slugs.iter().map(|slug| {
            let slug = TeamSlug::parse(slug)?;
            let levels = Ok(Some(HashMap::new()));
            Ok(TeamReading { slug: slug.as_str().to_owned(), reading: Reading::From(None), levels })
        });
        Ok(Self {
            scan,
            repositories,
            teams: teams.collect::<Result<_, ReadError>>()?,
            size,
            found: Scanned::default(),
            cut: Vec::new(),
        })
    }

    async fn go(&mut self, told: &(impl Fn(usize, usize) + Send + Sync)) -> Result<(), ReadError> {
        for _ in 0..ABSURD {
            let Some(query) = self.query() else { return Ok(()) };
            match self.ask(&query).await {
                Ok(reply) => self.take(reply, told)?,
                // It may have been too much for GitHub at once.
                Err(error) if error.kind == ReadErrorKind::Unreachable && self.size > SMALLEST_PAGE => {
                    self.size /= 2;
                    tracing::info!(size = self.size, %error, "asking for fewer repositories at once");
                }
                Err(error) => return Err(error),
            }
        }
        Err(ReadError::unexpected(&self.subject(), "the pages do not end"))
    }

    fn subject(&self) -> String {
        format!("the repositories of {}", self.scan.org)
    }

    async fn ask(&self, query: &Query) -> Result<Reply<Data>, ReadError> {
        let answer = self.scan.reader.0.query(&self.scan.org, query).await?;
        if answer.status.as_u16() != 200 {
            return Err(ReadError::unexpected_answer(&answer, &self.subject()));
        }
        Reply::of(&answer).map_err(|error| ReadError::unexpected(&self.subject(), &error.to_string()))
    }

    /// What is still to be asked; `None` when all is read.
    fn query(&self) -> Option<Query> {
        let mut query = Query::default();
        let mut declared = "$org: String!, $size: Int!".to_owned();
        let mut inside = String::new();
        query.variables.insert("org".to_owned(), json!(self.scan.org.as_str()));
        query.variables.insert("size".to_owned(), json!(self.size));
        if let Some(after) = self.repositories.cursor() {
            declared.push_str(", $after: String");
            query.variables.insert("after".to_owned(), json!(after));
            // Writing to a string does not fail.
            let _ = write!(
                inside,
                "repositories(first: $size, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{ \
                 totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ \
                 databaseId nameWithOwner isArchived viewerPermission \
                 collaborators(first: {INSIDE}, affiliation: OUTSIDE) {{ \
                 totalCount edges {{ permission node {{ databaseId login }} }} }} \
                 deployKeys(first: {INSIDE}) {{ totalCount nodes {{ title readOnly createdAt }} }} }} }} "
            );
        }
        for (number, team) in self.teams.iter().enumerate() {
            let Some(after) = team.reading.cursor() else { continue };
            let _ = write!(declared, ", $s{number}: String!, $a{number}: String");
            query.variables.insert(format!("s{number}"), json!(team.slug));
            query.variables.insert(format!("a{number}"), json!(after));
            let _ = write!(
                inside,
                "t{number}: team(slug: $s{number}) {{ repositories(first: $size, after: $a{number}) {{ \
                 pageInfo {{ hasNextPage endCursor }} edges {{ permission node {{ databaseId }} }} }} }} "
            );
        }
        if inside.is_empty() {
            return None;
        }
        query.text =
            format!("query({declared}) {{ organization(login: $org) {{ {inside}}} rateLimit {{ cost }} }}");
        Some(query)
    }

    fn take(
        &mut self,
        reply: Reply<Data>,
        told: &(impl Fn(usize, usize) + Send + Sync),
    ) -> Result<(), ReadError> {
        let Reply { data, errors } = reply;
        let subject = self.subject();
        if !errors.is_empty() {
            let first = errors.first().map(|problem| problem.message.clone()).unwrap_or_default();
            tracing::warn!(count = errors.len(), first, "GraphQL gave only a part");
        }
        let data = data.ok_or_else(|| ReadError::of_query(&errors, &subject))?;
        self.found.points += data.rate_limit.map_or(0, |limit| limit.cost);
        let mut organization = data.organization.ok_or_else(|| ReadError::of_query(&errors, &subject))?;
        for (number, team) in self.teams.iter_mut().enumerate() {
            if team.reading == Reading::Done {
                continue;
            }
            let key = format!("t{number}");
            let page = organization.teams.remove(&key).flatten();
            team.take(page, &key, &errors, &self.scan.org);
        }
        if self.repositories != Reading::Done {
            let page = organization.repositories.ok_or_else(|| ReadError::of_query(&errors, &subject))?;
            let total = page.total_count;
            self.repositories = Reading::after(page.page_info);
            for node in page.nodes {
                match node {
                    Some(node) => self.keep(node),
                    None => self.found.hidden += 1,
                }
            }
            let read = self.found.repositories.len() + self.found.hidden;
            told(read, total.max(read));
        }
        Ok(())
    }

    fn keep(&mut self, node: Repository) {
        let outsiders = node.collaborators.as_ref().map(|list| {
            let known = list.edges.iter().flatten();
            let kept = known.map(|edge| Outsider {
                id: edge.node.database_id.unwrap_or_default(),
                login: edge.node.login.clone(),
                level: level(&edge.permission),
            });
            kept.collect::<Vec<_>>()
        });
        // Who does not administer a repository is shown no keys, as if there were none. An App is not told
        // what it is there, and gets an error instead of an empty list.
        let sees_keys = node.viewer_permission.as_deref().is_none_or(|level| level == "ADMIN");
        let writing_keys = node.deploy_keys.as_ref().filter(|_| sees_keys).map(|list| {
            let writing = list.nodes.iter().flatten().filter(|key| !key.read_only);
            let kept = writing.map(|key| ScannedKey { title: key.title.clone(), created_at: key.created_at });
            kept.collect::<Vec<_>>()
        });
        let more_people = node.collaborators.is_some_and(|list| list.edges.len() < list.total_count);
        let more_keys = sees_keys && node.deploy_keys.is_some_and(|list| list.nodes.len() < list.total_count);
        if more_people || more_keys {
            self.cut.push((self.found.repositories.len(), more_people, more_keys));
        }
        self.found.repositories.push(ScannedRepository {
            id: node.database_id,
            full_name: node.name_with_owner,
            archived: node.is_archived,
            outsiders,
            writing_keys,
        });
    }

    /// Reads what did not fit in, and hands all over.
    async fn finish(mut self) -> Scanned {
        for (index, people, keys) in std::mem::take(&mut self.cut) {
            let Some(repository) = self.found.repositories.get_mut(index) else { continue };
            if people {
                repository.outsiders = self.scan.outsiders_of(&repository.full_name).await.ok();
            }
            if keys {
                repository.writing_keys = self.scan.writing_keys_of(&repository.full_name).await.ok();
            }
        }
        self.found.teams = self.teams.into_iter().map(|team| (team.slug, team.levels)).collect();
        self.found
    }
}

impl TeamReading {
    fn take(&mut self, page: Option<Team>, key: &str, errors: &[Problem], org: &crate::names::Owner) {
        let here: Vec<Problem> =
            errors.iter().filter(|problem| problem.within(&["organization", key])).cloned().collect();
        let missing = |problem: &Problem| problem.is("NOT_FOUND");
        let (Some(page), true) = (page, here.is_empty()) else {
            self.reading = Reading::Done;
            self.levels = if here.iter().all(missing) {
                Ok(None)
            } else {
                Err(ReadError::of_query(&here, &format!("what team {} may do in {org}", self.slug)))
            };
            return;
        };
        self.reading = Reading::after(page.repositories.page_info);
        if let Ok(Some(levels)) = &mut self.levels {
            let known = page.repositories.edges.into_iter().flatten();
            levels.extend(known.map(|edge| (edge.node.database_id, level(&edge.permission))));
        }
    }
}
