//! Which field of a source means what, and how a person is made of what stands there.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use hubcommander_sdk::clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Email, Person};

/// Characters of one value at most.
const LONGEST: usize = 1_024;
/// Values of one field at most.
const MOST: usize = 1_000;

/// What can be known of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The source's own id, which never changes.
    Id,
    /// What they sign in with.
    UserName,
    /// The address to use.
    Email,
    /// Other addresses, one or several.
    OtherEmails,
    /// The name as people say it.
    Name,
    /// Whether they work here.
    Active,
    /// The department.
    Department,
    /// The manager, by id or address.
    Manager,
    /// Groups, one or several.
    Groups,
    /// The login at GitHub.
    GithubLogin,
    /// GitHub's number of the account.
    GithubId,
    /// The id in Slack.
    SlackUser,
    /// When the source last changed something.
    Changed,
}

impl Field {
    /// All, in the order above.
    pub const ALL: [Self; 13] = [
        Self::Id,
        Self::UserName,
        Self::Email,
        Self::OtherEmails,
        Self::Name,
        Self::Active,
        Self::Department,
        Self::Manager,
        Self::Groups,
        Self::GithubLogin,
        Self::GithubId,
        Self::SlackUser,
        Self::Changed,
    ];

    /// As it is written in the configuration, and what a column is called unless that says otherwise.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::UserName => "user_name",
            Self::Email => "email",
            Self::OtherEmails => "other_emails",
            Self::Name => "name",
            Self::Active => "active",
            Self::Department => "department",
            Self::Manager => "manager",
            Self::Groups => "groups",
            Self::GithubLogin => "github_login",
            Self::GithubId => "github_id",
            Self::SlackUser => "slack_user",
            Self::Changed => "changed",
        }
    }
}

/// For each field the place in the source: the name of a column, or a JSON pointer (RFC 6901).
pub type Mapping = BTreeMap<Field, String>;

/// Where each field stands in JSON as long as nothing else is said: under its own name at the top.
#[must_use]
pub fn usual_pointers() -> Mapping {
    Field::ALL.into_iter().map(|field| (field, format!("/{}", field.name()))).collect()
}

/// Why a record stands for nobody. Never what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// A value is missing.
    #[error("there is no {}", .0.name())]
    Missing(Field),
    /// A value is not what it should be.
    #[error("the {} cannot be read", .0.name())]
    Odd(Field),
}

/// Makes somebody of the values at each field. An empty text counts as none. `known` says whether the source has a
/// field at all. If it has ids, each record must have one: an address in its place would make another person of them.
/// If it says who is active, it must say so of each.
pub(crate) fn person(
    known: impl Fn(Field) -> bool,
    get: impl Fn(Field) -> Result<Vec<String>, Unfit>,
) -> Result<Person, Unfit> {
    let list = |field: Field| -> Result<Vec<String>, Unfit> {
        let values = get(field)?;
        let fine = values.len() <= MOST
            && values.iter().all(|one| one.chars().count() <= LONGEST && !one.chars().any(char::is_control));
        if !fine {
            return Err(Unfit::Odd(field));
        }
        Ok(values.into_iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
    };
    let one = |field: Field| -> Result<Option<String>, Unfit> {
        let mut values = list(field)?;
        if values.len() > 1 { Err(Unfit::Odd(field)) } else { Ok(values.pop()) }
    };
    let email = |field: Field, text: &str| Email::parse(text).ok_or(Unfit::Odd(field));

    let primary = one(Field::Email)?.map(|text| email(Field::Email, &text)).transpose()?;
    let user_name = one(Field::UserName)?;
    let fallback = primary.as_ref().map(|primary| primary.as_str().to_owned());
    let id = match one(Field::Id)? {
        None if !known(Field::Id) => fallback.clone(),
        id => id,
    };
    let id = id.ok_or(Unfit::Missing(Field::Id))?;
    let mut person = Person::new(id, user_name.or(fallback).unwrap_or_default());
    primary.into_iter().for_each(|email| person.add_email(email));
    for text in list(Field::OtherEmails)? {
        person.add_email(email(Field::OtherEmails, &text)?);
    }
    if let Some(email) = Email::parse(&person.user_name) {
        person.add_email(email);
    }
    person.name = one(Field::Name)?.unwrap_or_default();
    person.active = match one(Field::Active)? {
        Some(text) => flag(&text).ok_or(Unfit::Odd(Field::Active))?,
        None if known(Field::Active) => return Err(Unfit::Missing(Field::Active)),
        None => true,
    };
    person.department = one(Field::Department)?;
    person.manager = one(Field::Manager)?;
    person.groups = list(Field::Groups)?.into_iter().collect();
    person.accounts.github_login = one(Field::GithubLogin)?;
    person.accounts.github_id = one(Field::GithubId)?
        .map(|text| text.parse().map_err(|_| Unfit::Odd(Field::GithubId)))
        .transpose()?;
    person.accounts.slack_user = one(Field::SlackUser)?;
    person.changed =
        one(Field::Changed)?.map(|text| time(&text).ok_or(Unfit::Odd(Field::Changed))).transpose()?;
    Ok(person)
}

/// Yes or no, as tables write it.
fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "active" | "enabled" | "employed" => Some(true),
        "false" | "no" | "n" | "0" | "inactive" | "disabled" | "suspended" | "terminated" | "left" => {
            Some(false)
        }
        _ => None,
    }
}

/// A moment, or the beginning of a day.
pub(crate) fn time(text: &str) -> Option<Instant> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc())
}

/// The values at a place in JSON.
pub(crate) fn values(field: Field, record: &Json, pointer: &str) -> Result<Vec<String>, Unfit> {
    let single = |value: &Json| match value {
        Json::String(text) => Ok(text.clone()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Number(number) => Ok(number.to_string()),
        _ => Err(Unfit::Odd(field)),
    };
    match record.pointer(pointer) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(list)) => list.iter().map(single).collect(),
        Some(other) => Ok(vec![single(other)?]),
    }
}
