//! One call: who asks what, and what it may see.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, Uri};
use hubcommander_sdk::clock::Instant;
use serde_json::Value;

use super::answer::{Answer, Refused};
use super::auth::Actor;
use super::input::Input;
use super::limits::Rate;
use crate::github::model::{OrgRole, Organisation, Permission, Repository, State, Visibility};

/// A version of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 2022-11-28, also when none is asked for.
    First,
    /// 2026-03-10.
    Second,
}

impl Version {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::First => "2022-11-28",
            Self::Second => "2026-03-10",
        }
    }

    pub(crate) fn asked(headers: &HeaderMap) -> Result<Self, Refused> {
        match headers.get("x-github-api-version").map(|value| value.as_bytes()) {
            None | Some(b"2022-11-28") => Ok(Self::First),
            Some(b"2026-03-10") => Ok(Self::Second),
            Some(_) => Err(Refused::new(400, "The API version in X-GitHub-Api-Version is not supported.")),
        }
    }
}

pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) rate: Option<Rate>,
    pub(crate) actor: Actor,
    pub(crate) method: Method,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) now: Instant,
    /// `http://127.0.0.1:PORT`: where people look.
    pub(crate) origin: &'a str,
    /// `/api/v3` when the call came that way, else empty.
    pub(crate) prefix: &'a str,
    pub(crate) version: Version,
    /// The path with numbers in place of names, as GitHub writes it into links to other pages of a list.
    pub(crate) canonical: String,
    pub(crate) accepted_permissions: Option<String>,
}

pub(crate) fn query(uri: &Uri) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

impl Call<'_> {
    /// The body as an object; without a body, an empty one.
    pub(crate) fn input(&self) -> Result<Input, Refused> {
        Input::read(self.body)
    }

    /// The API's address, as the caller wrote it.
    pub(crate) fn api(&self) -> String {
        format!("{}{}", self.origin, self.prefix)
    }

    /// Whether the `Accept` header asks for this media type.
    pub(crate) fn accepts(&self, media_type: &str) -> bool {
        let accept = self.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains(media_type))
    }

    /// What the operation needs of an App, in GitHub's names: said in the answer, and asked of Apps.
    pub(crate) fn needs(&mut self, permissions: &[(&str, &str)]) -> Result<(), Refused> {
        let words: Vec<String> = permissions.iter().map(|(name, level)| format!("{name}={level}")).collect();
        self.accepted_permissions = Some(words.join(", "));
        match &self.actor {
            Actor::Installation { permissions: given, .. } => {
                let enough = permissions.iter().all(|(name, level)| {
                    let given = given.get(*name).map(String::as_str);
                    *name == "metadata"
                        || given == Some("write")
                        || given == Some("admin")
                        || given == Some(level)
                });
                if enough {
                    Ok(())
                } else {
                    Err(Refused::forbidden("Resource not accessible by integration"))
                }
            }
            Actor::App { .. } => Err(Refused::unauthenticated()),
            Actor::Anonymous | Actor::User { .. } => Ok(()),
        }
    }

    /// As [`Call::needs`], for who must not be anonymous.
    pub(crate) fn needs_identity(&mut self, permissions: &[(&str, &str)]) -> Result<(), Refused> {
        self.needs(permissions)?;
        if self.actor == Actor::Anonymous { Err(Refused::unauthenticated()) } else { Ok(()) }
    }

    /// The organisation; everyone may know that it exists.
    pub(crate) fn organisation(&self, login: &str) -> Result<&Organisation, Refused> {
        self.state.organisation(login).ok_or_else(Refused::not_found)
    }

    /// What the caller is in an organisation. An App where it is installed counts as an owner: what it may do
    /// is a matter of its permissions.
    pub(crate) fn role_in(&self, organisation: &Organisation) -> Option<OrgRole> {
        match &self.actor {
            Actor::User { login, .. } => organisation.role_of(login),
            Actor::Installation { organisation: own, .. } => {
                own.eq_ignore_ascii_case(&organisation.login).then_some(OrgRole::Admin)
            }
            Actor::App { .. } | Actor::Anonymous => None,
        }
    }

    /// What the caller may do with a repository; `None`: it does not exist for the caller.
    pub(crate) fn level(&self, repository: &Repository) -> Option<Permission> {
        let anyway = (repository.visibility == Visibility::Public).then_some(Permission::Pull);
        let own = match &self.actor {
            Actor::User { login, scopes } => {
                let level = self.state.level_of(repository, login);
                let public = repository.visibility == Visibility::Public && scopes.contains("public_repo");
                if scopes.contains("repo") || public { level } else { None }
            }
            Actor::Installation { organisation, repositories, .. } => {
                let ours = organisation.eq_ignore_ascii_case(&repository.owner)
                    && repositories.as_ref().is_none_or(|some| some.contains(&repository.id));
                ours.then_some(Permission::Admin)
            }
            Actor::App { .. } | Actor::Anonymous => None,
        };
        own.max(anyway)
    }

    /// A repository that the caller can see.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Result<&Repository, Refused> {
        let found = self.state.repository(owner, name);
        found.filter(|one| self.level(one).is_some()).ok_or_else(Refused::not_found)
    }

    /// The id of a repository that the caller can see and administer.
    pub(crate) fn administered(&self, owner: &str, name: &str) -> Result<u64, Refused> {
        let repository = self.repository(owner, name)?;
        match self.level(repository) {
            Some(Permission::Admin) => Ok(repository.id),
            _ if self.actor == Actor::Anonymous => Err(Refused::unauthenticated()),
            _ => Err(Refused::forbidden("Must have admin rights to Repository.")),
        }
    }

    /// As [`Call::administered`], and not archived.
    pub(crate) fn writable(&self, owner: &str, name: &str) -> Result<u64, Refused> {
        let id = self.administered(owner, name)?;
        match self.state.repositories.get(&id) {
            Some(repository) if repository.archived => {
                Err(Refused::forbidden("Repository was archived so is read-only."))
            }
            Some(_) => Ok(id),
            None => Err(Refused::not_found()),
        }
    }

    /// One page of a list, with links to the others.
    pub(crate) fn page<T>(&self, items: &[T], show: impl Fn(&T) -> Value) -> Answer {
        let number = |name: &str, default: usize| {
            let asked = self.query.get(name).and_then(|text| text.parse::<usize>().ok());
            asked.filter(|number| *number > 0).unwrap_or(default)
        };
        let (page, per_page) = (number("page", 1), number("per_page", 30).min(100));
        let last = items.len().div_ceil(per_page).max(1);
        let start = (page - 1).saturating_mul(per_page).min(items.len());
        let end = start.saturating_add(per_page).min(items.len());
        let answer = Answer::ok(items[start..end].iter().map(show).collect());
        let mut links = Vec::new();
        if page > 1 {
            links.push((page.min(last + 1) - 1, "prev"));
        }
        if page < last {
            links.push((page + 1, "next"));
            links.push((last, "last"));
        }
        if page > 1 {
            links.push((1, "first"));
        }
        if links.is_empty() {
            return answer;
        }
        let links: Vec<String> = links
            .into_iter()
            .map(|(page, relation)| format!("<{}>; rel=\"{relation}\"", self.page_address(page)))
            .collect();
        answer.header("link", links.join(", "))
    }

    fn page_address(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.query.iter().filter(|(key, _)| *key != "page") {
            query.append_pair(key, value);
        }
        query.append_pair("page", &page.to_string());
        format!("{}{}?{}", self.api(), self.canonical, query.finish())
    }
}
