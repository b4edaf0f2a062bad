//! The things of the schema, and what each answers to a field.

use serde_json::{Value, json};

use super::connection::Item;
use super::document::{Asked, Problem};
use super::resolve::Run;
use crate::github::model::{
    DeployKey, Identity, Label, Organisation, Protection, PullRequest, PullState, Repository, SingleSignOn,
    Team, User,
};
use crate::github::rest::show::{node_id, time};

mod organisation;
mod repository;

/// A thing of the schema.
#[derive(Clone, Copy)]
pub(super) enum Thing<'a> {
    Root,
    RateLimit,
    Organisation(&'a Organisation),
    Repository(&'a Repository),
    /// Who owns a repository: its login, and whether it is an organisation.
    Owner(&'a str, bool),
    User(&'a User),
    Team(&'a Organisation, &'a Team),
    Branch(&'a Repository, &'a str),
    Rule(&'a str, &'a Protection),
    Key(&'a DeployKey),
    Pull(&'a Repository, &'a PullRequest),
    Label(&'a Label),
    /// A topic of a repository.
    Tagged(&'a str),
    Topic(&'a str),
    Provider(&'a Organisation, &'a SingleSignOn),
    Identity(&'a Identity),
    Saml(&'a Identity),
    Scim(&'a Identity),
    Email(&'a str),
}

/// What a field holds here and now.
pub(super) enum Found<'a> {
    Leaf(Value),
    One(Option<Thing<'a>>),
    All(Vec<Thing<'a>>),
    Many(Vec<Item<'a>>),
}

impl<'a> Found<'a> {
    pub(super) fn leaf(value: impl Into<Value>) -> Self {
        Self::Leaf(value.into())
    }
}

impl<'a> Thing<'a> {
    /// The name of its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Root => "Query",
            Self::RateLimit => "RateLimit",
            Self::Organisation(_) | Self::Owner(_, true) => "Organization",
            Self::Repository(_) => "Repository",
            Self::User(_) | Self::Owner(_, false) => "User",
            Self::Team(..) => "Team",
            Self::Branch(..) => "Ref",
            Self::Rule(..) => "BranchProtectionRule",
            Self::Key(_) => "DeployKey",
            Self::Pull(..) => "PullRequest",
            Self::Label(_) => "Label",
            Self::Tagged(_) => "RepositoryTopic",
            Self::Topic(_) => "Topic",
            Self::Provider(..) => "OrganizationIdentityProvider",
            Self::Identity(_) => "ExternalIdentity",
            Self::Saml(_) => "ExternalIdentitySamlAttributes",
            Self::Scim(_) => "ExternalIdentityScimAttributes",
            Self::Email(_) => "UserEmailMetadata",
        }
    }

    /// Whether it answers to the name of an interface, too.
    pub(super) fn is_also(&self, name: &str) -> bool {
        match name {
            "Actor" | "RepositoryOwner" => {
                matches!(self, Self::User(_) | Self::Organisation(_) | Self::Owner(..))
            }
            _ => false,
        }
    }

    /// What it answers to a field that it has.
    pub(super) fn field(&self, run: &Run<'a, '_>, asked: &Asked) -> Result<Found<'a>, Problem> {
        let name = asked.name.as_str();
        match *self {
            Self::Root => organisation::root(run, asked),
            Self::RateLimit => Ok(rate_limit(run, name)),
            Self::Organisation(one) => organisation::field(run, one, asked),
            Self::Repository(one) => repository::field(run, one, asked),
            Self::Owner(login, _) => Ok(owner(run, login, name)),
            Self::User(one) => Ok(user(run, one, name)),
            Self::Team(organisation, team) => organisation::team(run, organisation, team, asked),
            Self::Branch(repository, branch) => Ok(repository::branch(repository, branch, name)),
            Self::Rule(pattern, one) => Ok(Found::Leaf(repository::rule(pattern, one, name))),
            Self::Key(one) => Ok(Found::Leaf(key(one, name))),
            Self::Pull(repository, one) => Ok(pull(run, repository, one, name)),
            Self::Label(one) => Ok(Found::Leaf(label(one, name))),
            Self::Tagged(topic) => Ok(match name {
                "topic" => Found::One(Some(Self::Topic(topic))),
                _ => Found::leaf(format!("RT_{topic}")),
            }),
            Self::Topic(topic) => Ok(match name {
                "name" => Found::leaf(topic),
                _ => Found::leaf(format!("T_{topic}")),
            }),
            Self::Provider(organisation, one) => Ok(organisation::provider(organisation, one, asked)),
            Self::Identity(one) => Ok(organisation::identity(run, one, name)),
            Self::Saml(one) | Self::Scim(one) if name == "emails" => {
                Ok(Found::All(one.emails.iter().map(|email| Self::Email(email)).collect()))
            }
            Self::Saml(one) => Ok(Found::leaf(match name {
                "nameId" => one.name_id.as_str(),
                _ => one.scim_username.as_deref().unwrap_or(&one.name_id),
            })),
            Self::Scim(one) => Ok(Found::Leaf(json!(one.scim_username))),
            Self::Email(email) => Ok(Found::Leaf(match name {
                "primary" => json!(true),
                "type" => json!("work"),
                _ => json!(email),
            })),
        }
    }
}

fn rate_limit<'a>(run: &Run<'a, '_>, name: &str) -> Found<'a> {
    let Some(rate) = run.rate else { return Found::Leaf(Value::Null) };
    Found::Leaf(match name {
        "cost" => json!(run.cost.points),
        "limit" => json!(rate.limit),
        "nodeCount" => json!(run.cost.nodes),
        "remaining" => json!(rate.remaining()),
        "resetAt" => json!(time(rate.reset)),
        _ => json!(rate.used),
    })
}

fn owner<'a>(run: &Run<'a, '_>, login: &str, name: &str) -> Found<'a> {
    let state = &run.call.state;
    let id = state.organisation(login).map(|one| node_id("O", one.id));
    let id = id.or(state.user(login).map(|one| node_id("U", one.id)));
    match name {
        "id" => Found::Leaf(json!(id)),
        "url" => Found::leaf(format!("{}/{login}", run.call.origin)),
        _ => Found::leaf(login),
    }
}

fn user<'a>(run: &Run<'a, '_>, one: &User, name: &str) -> Found<'a> {
    Found::Leaf(match name {
        "id" => json!(node_id("U", one.id)),
        "databaseId" => json!(one.id),
        "login" => json!(one.login),
        "name" => json!(one.name),
        "email" => json!(one.email.as_deref().unwrap_or_default()),
        "url" => json!(format!("{}/{}", run.call.origin, one.login)),
        _ => json!(time(one.created_at)),
    })
}

fn key(one: &DeployKey, name: &str) -> Value {
    match name {
        "id" => json!(node_id("DK", one.id)),
        "key" => json!(one.key),
        "title" => json!(one.title),
        "readOnly" => json!(one.read_only),
        "verified" => json!(true),
        _ => json!(time(one.created_at)),
    }
}

fn label(one: &Label, name: &str) -> Value {
    match name {
        "id" => json!(node_id("LA", one.id)),
        "name" => json!(one.name),
        "color" => json!(one.color),
        _ => json!(one.description),
    }
}

/// A person, by login; none for who has no account.
pub(super) fn person<'a>(run: &Run<'a, '_>, login: &str) -> Option<Thing<'a>> {
    run.call.state.user(login).map(Thing::User)
}

fn pull<'a>(run: &Run<'a, '_>, repository: &'a Repository, one: &'a PullRequest, name: &str) -> Found<'a> {
    Found::Leaf(match name {
        "author" => return Found::One(person(run, &one.author)),
        "repository" => return Found::One(Some(Thing::Repository(repository))),
        "labels" => {
            let labels = one.labels.iter().filter_map(|name| repository.labels.get(name));
            return Found::Many(labels.map(|label| Item::new(Thing::Label(label), label.id)).collect());
        }
        "id" => json!(node_id("PR", one.id)),
        "databaseId" => json!(one.id),
        "number" => json!(one.number),
        "title" => json!(one.title),
        "state" => json!(pull_state(one)),
        "isDraft" => json!(one.draft),
        "url" => json!(format!("{}/{}/pull/{}", run.call.origin, repository.full_name(), one.number)),
        "createdAt" => json!(time(one.created_at)),
        "updatedAt" => json!(time(one.updated_at)),
        "closedAt" => json!(one.closed_at().map(time)),
        "mergedAt" => json!(one.merged_at().map(time)),
        "headRefName" => json!(one.head),
        _ => json!(one.base),
    })
}

fn pull_state(one: &PullRequest) -> &'static str {
    match one.state {
        PullState::Open => "OPEN",
        PullState::Closed(_) => "CLOSED",
        PullState::Merged(_) => "MERGED",
    }
}
