//! What must survive a restart: people's passkeys, and the links that were handed out.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use hubcommander_sdk::auth::Role;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use webauthn_rs::prelude::Passkey;

/// It could not be kept, or not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store of passkeys does not work: {0}")]
pub struct Unkept(pub String);

/// Keeps single things by name.
#[async_trait]
pub trait Keep: Send + Sync {
    /// Keeps it in place of what was there; `None` forgets it.
    async fn keep(&self, name: &str, value: Option<Json>) -> Result<(), Unkept>;

    /// What is kept.
    async fn kept(&self, name: &str) -> Result<Option<Json>, Unkept>;
}

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// To prove who one is, for this plan.
    Prove { digest: String, shown: Shown },
    /// To add a passkey.
    Enrol {
        /// Whether the person has it.
        told: bool,
    },
}

/// The plan's words, as the page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) role: Role,
    pub(super) asked_by: String,
    pub(super) line: String,
    pub(super) title: String,
    pub(super) steps: Vec<String>,
}

/// How a link stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stands {
    /// Nobody used it yet.
    Open,
    /// It was used, with this passkey.
    Used(String),
    /// Somebody said that it was not they who asked.
    Denied,
}

/// A link that was handed out. Known by the hash of its secret part, which nobody keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) purpose: Purpose,
    pub(super) invocation: String,
    pub(super) person: PersonId,
    pub(super) called: String,
    pub(super) expires: Instant,
    pub(super) stands: Stands,
}

/// All links, in one record: they are few, and gone once they have expired.
const LINKS: &str = "passkey.links";
/// Who has a passkey.
const PEOPLE: &str = "passkey.people";

/// What is known of a passkey beside the passkey itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// When it was added.
    pub(super) added: Option<Instant>,
    /// When it proved something last.
    pub(super) used: Option<Instant>,
}

fn about_of(person: &PersonId) -> String {
    format!("passkey.about.{}.{}", person.team, person.user)
}

fn of(person: &PersonId) -> String {
    format!("passkey.of.{}.{}", person.team, person.user)
}

async fn read<T: DeserializeOwned + Default>(keep: &dyn Keep, name: &str) -> Result<T, Unkept> {
    match keep.kept(name).await? {
        None => Ok(T::default()),
        // What cannot be read is not taken for nothing: that would lose it at the next write.
        Some(value) => serde_json::from_value(value).map_err(|error| Unkept(format!("{name}: {error}"))),
    }
}

async fn write<T: Serialize + Sync>(keep: &dyn Keep, name: &str, value: &T) -> Result<(), Unkept> {
    let value = serde_json::to_value(value).map_err(|error| Unkept(error.to_string()))?;
    keep.keep(name, Some(value)).await
}

pub(super) async fn links(keep: &dyn Keep) -> Result<BTreeMap<String, Link>, Unkept> {
    read(keep, LINKS).await
}

pub(super) async fn keep_links(keep: &dyn Keep, links: &BTreeMap<String, Link>) -> Result<(), Unkept> {
    write(keep, LINKS, links).await
}

pub(super) async fn passkeys(keep: &dyn Keep, person: &PersonId) -> Result<Vec<Passkey>, Unkept> {
    read(keep, &of(person)).await
}

pub(super) async fn keep_passkeys(keep: &dyn Keep, person: &PersonId, all: &[Passkey]) -> Result<(), Unkept> {
    write(keep, &of(person), &all).await
}

pub(super) async fn people(keep: &dyn Keep) -> Result<BTreeSet<PersonId>, Unkept> {
    read(keep, PEOPLE).await
}

pub(super) async fn keep_people(keep: &dyn Keep, people: &BTreeSet<PersonId>) -> Result<(), Unkept> {
    write(keep, PEOPLE, people).await
}

/// What is known of a person's passkeys, by their names.
pub(super) async fn about(keep: &dyn Keep, person: &PersonId) -> Result<BTreeMap<String, About>, Unkept> {
    read(keep, &about_of(person)).await
}

pub(super) async fn keep_about(
    keep: &dyn Keep,
    person: &PersonId,
    all: &BTreeMap<String, About>,
) -> Result<(), Unkept> {
    write(keep, &about_of(person), all).await
}
