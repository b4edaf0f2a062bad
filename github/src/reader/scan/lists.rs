//! Lists of a whole organisation, by REST.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_sdk::clock::Instant;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::{Granted, ReadError, Repository};
use super::{Installation, Level, OrgInvitation, RepoInvitation, Scan, SecondFactor};
use crate::answer::Answer;
use crate::names::{FullName, TeamSlug};
use crate::path::Path;
use crate::transport::JSON;

const PER_PAGE: u64 = 100;
/// More pages than this no list has: 200,000 things. Against an answer that never ends.
const ABSURD: u64 = 2_000;
/// Pages that are read side by side. Each may be half a megabyte.
const SIDE_BY_SIDE: usize = 6;

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
struct TeamRepository {
    id: u64,
    #[serde(flatten)]
    granted: Granted,
}

#[derive(Deserialize)]
struct RawInvitation {
    id: u64,
    invitee: Option<Account>,
    #[serde(default)]
    permissions: String,
    created_at: Instant,
    #[serde(default)]
    expired: bool,
}

#[derive(Deserialize)]
struct Installations {
    installations: Vec<Installation>,
}

/// A list that stands in the answer itself.
pub(in crate::reader) fn bare<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, serde_json::Error> {
    answer.json()
}

impl Scan {
    /// Reads a list to its end, page by page, and hands on each page as it comes. `told` gets how many pages
    /// there are, as far as is known.
    async fn each_page<T>(
        &self,
        path: &Path,
        subject: &str,
        items: impl Fn(&Answer) -> Result<Vec<T>, serde_json::Error>,
        mut take: impl FnMut(Vec<T>, u64),
    ) -> Result<(), ReadError> {
        let page = |number: u64| {
            let path = path.clone().query("per_page", PER_PAGE).query("page", number);
            async move { Ok::<_, ReadError>(self.reader.0.read(&self.org, path, JSON).await?) }
        };
        let read = |answer: &Answer| match answer.status.as_u16() {
            200 => items(answer).map_err(|error| ReadError::unexpected(subject, &error.to_string())),
            _ => Err(ReadError::unexpected_answer(answer, subject)),
        };
        let first = page(1).await?;
        let mut last = first.last_page().unwrap_or(1);
        take(read(&first)?, last);
        drop(first);
        // GitHub may only name the next page; then the last is not known before it is there.
        let mut done = 1;
        while done < last {
            if last > ABSURD {
                return Err(ReadError::unexpected(subject, &format!("{last} pages")));
            }
            let mut pages = stream::iter(((done + 1)..=last).map(page)).buffered(SIDE_BY_SIDE);
            let mut further = last;
            while let Some(answer) = pages.try_next().await? {
                further = answer.last_page().map_or(further, |named| named.max(further));
                take(read(&answer)?, further);
            }
            done = last;
            last = further;
        }
        Ok(())
    }

    pub(in crate::reader) async fn all<T>(
        &self,
        path: &Path,
        subject: &str,
        items: impl Fn(&Answer) -> Result<Vec<T>, serde_json::Error>,
    ) -> Result<Vec<T>, ReadError> {
        let mut all = Vec::new();
        self.each_page(path, subject, items, |page, _| all.extend(page)).await?;
        Ok(all)
    }

    async fn logins(
        &self,
        path: Path,
        factor: SecondFactor,
        subject: &str,
    ) -> Result<Vec<String>, ReadError> {
        let path = match factor {
            SecondFactor::Any => path,
            SecondFactor::Disabled => path.with_word("filter", "2fa_disabled"),
            SecondFactor::Insecure => path.with_word("filter", "2fa_insecure"),
        };
        let people = self.all(&path, subject, bare::<Account>).await?;
        Ok(people.into_iter().map(|account| account.login).collect())
    }

    /// All repositories, as [`Reader::repositories`](super::Reader::repositories) without its bound, a page at
    /// a time and with the number of pages there are. The second time unchanged pages cost nothing.
    ///
    /// # Errors
    /// A page could not be read.
    pub async fn repository_pages(&self, take: impl FnMut(Vec<Repository>, u64)) -> Result<(), ReadError> {
        let path = Path::org(&self.org).then("repos");
        self.each_page(&path, &format!("the repositories of {}", self.org), bare, take).await
    }

    /// The logins of the owners.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn owners(&self) -> Result<Vec<String>, ReadError> {
        let path = Path::org(&self.org).then("members").with_word("role", "admin");
        self.logins(path, SecondFactor::Any, &format!("the owners of {}", self.org)).await
    }

    /// The logins of members. GitHub tells about their second factors to owners only.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn members(&self, factor: SecondFactor) -> Result<Vec<String>, ReadError> {
        let subject = match factor {
            SecondFactor::Any => format!("the members of {}", self.org),
            _ => format!("which members of {} have a second factor", self.org),
        };
        self.logins(Path::org(&self.org).then("members"), factor, &subject).await
    }

    /// The logins of outside collaborators.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn outsiders(&self, factor: SecondFactor) -> Result<Vec<String>, ReadError> {
        let subject = match factor {
            SecondFactor::Any => format!("the outside collaborators of {}", self.org),
            _ => format!("which outside collaborators of {} have a second factor", self.org),
        };
        self.logins(Path::org(&self.org).then("outside_collaborators"), factor, &subject).await
    }

    /// Invitations to the organisation that can still be taken up.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn invitations(&self) -> Result<Vec<OrgInvitation>, ReadError> {
        let path = Path::org(&self.org).then("invitations");
        self.all(&path, &format!("the invitations to {}", self.org), bare).await
    }

    /// Invitations to the organisation that came to nothing.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn failed_invitations(&self) -> Result<Vec<OrgInvitation>, ReadError> {
        let path = Path::org(&self.org).then("failed_invitations");
        self.all(&path, &format!("the invitations to {} that came to nothing", self.org), bare).await
    }

    /// Invitations to one repository. GitHub has no list of them for a whole organisation.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn repository_invitations(&self, full_name: &str) -> Result<Vec<RepoInvitation>, ReadError> {
        let path = Path::repository(&FullName::parse(full_name)?).then("invitations");
        let all = self.all(&path, &format!("the invitations to {full_name}"), bare::<RawInvitation>).await?;
        let kept = all.into_iter().map(|raw| RepoInvitation {
            id: raw.id,
            login: raw.invitee.map(|account| account.login),
            permissions: raw.permissions,
            created_at: raw.created_at,
            expired: raw.expired,
        });
        Ok(kept.collect())
    }

    /// The Apps that are installed, for an owner to see.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn installations(&self) -> Result<Vec<Installation>, ReadError> {
        let path = Path::org(&self.org).then("installations");
        let items = |answer: &Answer| answer.json::<Installations>().map(|found| found.installations);
        self.all(&path, &format!("the Apps installed in {}", self.org), items).await
    }

    /// What a team may do, by repository id, with the names of roles that the organisation made; `None` if
    /// there is no such team.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn team_levels(&self, slug: &str) -> Result<Option<HashMap<u64, Level>>, ReadError> {
        let slug = TeamSlug::parse(slug)?;
        let path = Path::team(&self.org, &slug).then("repos");
        let mut levels = HashMap::new();
        let subject = format!("what team {slug} may do in {}", self.org);
        let take = |page: Vec<TeamRepository>, _| {
            let known = page.into_iter().filter_map(|one| Some((one.id, one.granted.level()?)));
            levels.extend(known.map(|(id, level)| (id, super::repositories::level(&level))));
        };
        match self.each_page(&path, &subject, bare, take).await {
            Ok(()) => Ok(Some(levels)),
            Err(error) if error.kind == super::super::ReadErrorKind::Absent => Ok(None),
            Err(error) => Err(error),
        }
    }
}
