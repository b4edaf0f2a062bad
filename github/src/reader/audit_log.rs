//! An organisation's own audit log, which GitHub shows to owners in GitHub Enterprise.

use hubcommander_sdk::clock::Instant;
use serde::Deserialize;

use super::lists::items;
use super::{ReadError, Reader};
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

/// We read no more pages than this.
const MOST_PAGES: u64 = 500;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LogEvent {
    /// What it is known by.
    #[serde(default, rename = "_document_id")]
    pub id: String,
    /// When, in milliseconds since 1970 UTC.
    #[serde(rename = "@timestamp")]
    pub at_ms: i64,
    /// What was done: `repo.create`, `team.add_member`.
    pub action: String,
    /// By whom. GitHub itself has no name here.
    #[serde(default)]
    pub actor: Option<String>,
    /// About which repository: `owner/name`. Some entries name several.
    #[serde(default)]
    pub repo: Option<OneOrMore>,
    /// About which team: `organisation/slug`.
    #[serde(default)]
    pub team: Option<String>,
    /// About whom.
    #[serde(default)]
    pub user: Option<String>,
    /// By which request, where GitHub tells it.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// A name, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// What was read of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The entries, the oldest first.
    pub events: Vec<LogEvent>,
    /// Whether that is all there is.
    pub complete: bool,
}

impl Reader {
    /// What happened in an organisation from this time on, by GitHub's own account, the oldest first: changes, not
    /// what was only read or fetched by Git.
    ///
    /// # Errors
    /// It could not be read; where the organisation has no GitHub Enterprise, GitHub says that it is not there.
    pub async fn audit_log(&self, org: &str, since: Instant) -> Result<Log, ReadError> {
        let org = Owner::parse(org)?;
        let subject = format!("the audit log of {org}");
        let since = since.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = Path::org(&org)
            .then("audit-log")
            .query("per_page", 100)
            .with_word("include", "web")
            .with_word("order", "asc")
            .text("phrase", &format!("created:>={since}"));
        let mut log = Log::default();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = match &cursor {
                Some(cursor) => path.clone().text("after", cursor),
                None => path.clone(),
            };
            let answer = self.0.read(&org, page, JSON).await?;
            log.events.extend(items::<LogEvent>(&answer, &subject)?);
            let next = answer.next_cursor();
            // A cursor that leads nowhere else would be followed for ever.
            if next.is_none() || next == cursor {
                log.complete = next.is_none();
                return Ok(log);
            }
            cursor = next;
        }
        Ok(log)
    }
}
