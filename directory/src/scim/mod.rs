//! A SCIM 2.0 server (RFC 7643, RFC 7644), to which Okta, Entra, Google and others push who works here.
//!
//! `schema` says as data which attributes there are; `resource` reads and `shown` shows by it; `filter` and `patch` are the
//! two small languages; `service` answers requests. Records are kept by a [`crate::Keep`], and what a change means
//! goes to [`crate::Told`].

mod auth;
mod discovery;
mod error;
mod filter;
mod patch;
mod query;
mod resource;
mod schema;
mod service;
mod shown;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path as Place, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use hubcommander_sdk::clock::SharedClock;

use crate::{Keep, Link, Reader, Roll, Told, Trouble};

pub use auth::{TokenError, Tokens};
pub use error::ScimError;
pub use filter::{AttrPath, BadFilter, Compare, Filter, Path};
pub use resource::Record;
pub use schema::{ENTERPRISE, GROUP, Kind, LINK, USER};

/// Where the server stands below the public address.
pub const PREFIX: &str = "/scim/v2";

/// Knows which accounts were linked to whom, for the extension [`LINK`].
#[async_trait]
pub trait Links: Send + Sync {
    /// The links of these people, by their ids. Who has none is left out.
    ///
    /// # Errors
    /// Why it is not known, for the log.
    async fn links_of(&self, people: &[&str]) -> Result<HashMap<String, Link>, String>;
}

/// Makes ids of records: none twice, and none that somebody else could choose.
pub type NewId = Arc<dyn Fn() -> String + Send + Sync>;

/// What the server works with.
#[derive(Clone)]
pub struct Scim {
    /// Where records are kept.
    pub keep: Arc<dyn Keep>,
    /// Who is told of changes.
    pub told: Arc<dyn Told>,
    /// Who knows what was linked, if anybody.
    pub links: Option<Arc<dyn Links>>,
    /// Who may ask.
    pub tokens: Tokens,
    /// The time.
    pub clock: SharedClock,
    /// Ids for new records.
    pub new_id: NewId,
    /// The public address up to and without [`PREFIX`], such as `https://hubcommander.example.com`.
    pub public_url: String,
}

impl Scim {
    /// The address that stands in `meta.location`.
    pub(self) fn base(&self) -> String {
        format!("{}{PREFIX}", self.public_url.trim_end_matches('/'))
    }
}

impl std::fmt::Debug for Scim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scim").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// The server: everything below [`PREFIX`], to be merged into another router or served alone.
pub fn router(scim: Scim) -> Router {
    let rest = |State(scim): State<Arc<Scim>>,
                place: Result<Place<String>, PathRejection>,
                request: Request| async move {
        let place = place.map(|Place(place)| place).ok();
        respond(&scim, place.as_deref(), request).await
    };
    let root = |State(scim): State<Arc<Scim>>, request: Request| async move {
        respond(&scim, Some(""), request).await
    };
    Router::new()
        .route(PREFIX, any(root))
        .route(&format!("{PREFIX}/"), any(root))
        .route(&format!("{PREFIX}/{{*rest}}"), any(rest))
        .with_state(Arc::new(scim))
}

async fn respond(scim: &Scim, place: Option<&str>, request: Request) -> Response {
    match service::serve(scim, place, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// What a PATCH makes of a record's attributes, as the server does it; for those who fuzz it.
///
/// # Errors
/// As the server answers.
pub fn patched(
    kind: Kind,
    before: &serde_json::Map<String, serde_json::Value>,
    asked: &serde_json::Value,
) -> Result<serde_json::Map<String, serde_json::Value>, ScimError> {
    patch::apply(kind, before, asked)
}

/// What a sent resource is kept as, as the server does it; for those who fuzz it.
///
/// # Errors
/// As the server answers.
pub fn read(
    kind: Kind,
    sent: &serde_json::Value,
) -> Result<serde_json::Map<String, serde_json::Value>, ScimError> {
    resource::read(kind, sent)
}

/// Reads everybody whom SCIM has told about, as a roll, so that what was told and what is read are compared alike.
pub struct ScimReader {
    /// Where records are kept.
    pub keep: Arc<dyn Keep>,
    /// The time.
    pub clock: SharedClock,
}

impl std::fmt::Debug for ScimReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScimReader")
    }
}

/// How many users are asked for their groups at once.
const AT_ONCE: usize = 1_000;

#[async_trait]
impl Reader for ScimReader {
    fn name(&self) -> &'static str {
        "SCIM"
    }

    async fn roll(&self) -> Result<Roll, Trouble> {
        let broken = |trouble: crate::KeepTrouble| Trouble::Unreadable {
            directory: "SCIM".to_owned(),
            why: trouble.to_string(),
        };
        let at = self.clock.now();
        // All in one question: pages could shift between two.
        let ask = crate::Ask { filter: None, skip: 0, take: usize::MAX };
        let listed = self.keep.list(Kind::User, &ask).await.map_err(broken)?;
        let mut people = Vec::with_capacity(listed.records.len());
        for some in listed.records.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|one| one.id.as_str()).collect();
            let mut groups = self.keep.groups_of(&ids).await.map_err(broken)?;
            people.extend(some.iter().map(|one| {
                let groups = groups.remove(&one.id).unwrap_or_default();
                one.person(groups.into_iter().map(|group| group.name))
            }));
        }
        Roll::new("SCIM", at, people, Vec::new())
    }
}
