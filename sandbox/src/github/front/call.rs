//! One call: who asks what, and what it may see.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, Uri};
use hubcommander_sdk::clock::Instant;

use super::answer::Refused;
use super::auth::Actor;
use super::input::Input;
use super::limits::{Rate, Resource};
use crate::github::model::{Block, OrgRole, Organisation, Permission, Repository, State, Visibility};

const NOT_AUTHORISED: &str = "Resource protected by organization SAML enforcement. You must grant your Personal \
    Access token access to this organization.";

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
    pub(crate) rates: Vec<(Resource, Rate)>,
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
    /// The scopes of which one is enough, where the call says so.
    pub(crate) accepted_scopes: Option<&'static str>,
    /// What the call costs beyond the one point that every call costs.
    pub(crate) extra_cost: u64,
    /// By what the call is known in the answer and in the audit log.
    pub(crate) request_id: String,
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

    /// The login that stands for the caller where GitHub says who did something.
    pub(crate) fn own_name(&self) -> Option<String> {
        match &self.actor {
            Actor::User { login, .. } => Some(login.clone()),
            Actor::Installation { id, .. } => {
                let app = self.state.credentials.installations.get(id)?.app;
                Some(format!("{}[bot]", self.state.credentials.apps.get(&app)?.slug))
            }
            Actor::App { .. } | Actor::Anonymous => None,
        }
    }

    /// A personal access token must have one of these scopes; without it there is nothing to be seen.
    pub(crate) fn needs_scope(&mut self, accepted: &'static str) -> Result<(), Refused> {
        self.accepted_scopes = Some(accepted);
        match &self.actor {
            Actor::User { scopes, .. } if !accepted.split(", ").any(|one| scopes.contains(one)) => {
                Err(Refused::not_found())
            }
            _ => Ok(()),
        }
    }

    /// The organisation; everyone may know that it exists. Who has a token that its single sign-on does not
    /// know is told so.
    pub(crate) fn organisation(&self, login: &str) -> Result<&Organisation, Refused> {
        self.signed_on(login)?;
        self.state.organisation(login).ok_or_else(Refused::not_found)
    }

    /// The organisation, for who owns it.
    pub(crate) fn owned(&self, login: &str) -> Result<&Organisation, Refused> {
        let organisation = self.organisation(login)?;
        match self.role_in(organisation) {
            Some(OrgRole::Admin) => Ok(organisation),
            Some(OrgRole::Member) => Err(Refused::forbidden("Must be an owner of the organization.")),
            None if self.actor == Actor::Anonymous => Err(Refused::unauthenticated()),
            None => Err(Refused::not_found()),
        }
    }

    fn signed_on(&self, owner: &str) -> Result<(), Refused> {
        let organisation = self.state.organisation(owner);
        let single_sign_on = organisation.and_then(|one| one.single_sign_on.as_ref());
        let (Some(single_sign_on), Actor::User { login, .. }) = (single_sign_on, &self.actor) else {
            return Ok(());
        };
        if !single_sign_on.without_authorisation.contains(&login.to_lowercase()) {
            return Ok(());
        }
        let page = format!("required; url={}/orgs/{owner}/sso?authorization_request=AAAA", self.origin);
        Err(Refused::forbidden(NOT_AUTHORISED).header("x-github-sso", page))
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
        self.given_level(repository).max(anyway)
    }

    /// What the caller was given, whatever everyone may do.
    pub(crate) fn given_level(&self, repository: &Repository) -> Option<Permission> {
        match &self.actor {
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
        }
    }

    /// Whether the caller sees every repository of an organisation, without a look at each.
    pub(crate) fn sees_all_of(&self, organisation: &Organisation) -> bool {
        let unbounded = match &self.actor {
            Actor::User { scopes, .. } => scopes.contains("repo"),
            Actor::Installation { repositories, .. } => repositories.is_none(),
            Actor::App { .. } | Actor::Anonymous => false,
        };
        unbounded && self.role_in(organisation) == Some(OrgRole::Admin)
    }

    /// A repository that the caller can see, and that is not blocked.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Result<&Repository, Refused> {
        self.signed_on(owner)?;
        let found = self.state.repository(owner, name);
        let found = found.filter(|one| self.level(one).is_some()).ok_or_else(Refused::not_found)?;
        let time = |at: Instant| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        match &found.blocked {
            Some(Block::Legal(at)) => Err(Refused::blocked(451, "dmca", &time(*at))),
            Some(Block::Disabled) => Err(Refused::blocked(403, "tos", &time(found.updated_at))),
            Some(Block::Migrating) | None => Ok(found),
        }
    }

    /// A repository of which only administrators are told; to all others GitHub says that nothing is there.
    pub(crate) fn overseen(&self, owner: &str, name: &str) -> Result<&Repository, Refused> {
        let repository = self.repository(owner, name)?;
        match self.level(repository) {
            Some(Permission::Admin) => Ok(repository),
            _ if self.actor == Actor::Anonymous => Err(Refused::unauthenticated()),
            _ => Err(Refused::not_found()),
        }
    }

    /// The id of a repository that the caller can see and administer.
    pub(crate) fn administered(&self, owner: &str, name: &str) -> Result<u64, Refused> {
        let repository = self.repository(owner, name)?;
        match self.level(repository) {
            Some(Permission::Admin) if repository.blocked == Some(Block::Migrating) => {
                Err(Refused::forbidden("Repository has been locked for migration."))
            }
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
}
