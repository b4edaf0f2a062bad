//! The reading client: what plugins get. It cannot write, by type.

use std::sync::Arc;

use hubcommander_outbound::Answer;
use serde::de::DeserializeOwned;

use crate::account::Account;
use crate::error::ReadError;
use crate::model::{Organisation, Organisations, Repository, Target, User};
use crate::path::Path;

/// Organisations on one page: the most that Travis gives.
const PAGE: u64 = 100;
/// Pages that are read at most.
const MOST_PAGES: u64 = 20;

/// Reads from Travis. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Account>);

impl Reader {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self(account)
    }

    /// The account that the token belongs to.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn whoami(&self) -> Result<User, ReadError> {
        read(&self.0.read(&Path::current_user()).await?, "this bot's account")
    }

    pub(crate) async fn user(&self, id: u64) -> Result<User, ReadError> {
        read(&self.0.read(&Path::user(id)).await?, "this bot's account")
    }

    /// What Travis knows of a repository at GitHub; `None` if it does not know it, or does not show it to the
    /// account. One that bore the same name before is not it.
    ///
    /// # Errors
    /// It could not be read. That it is not known is no error.
    pub async fn repository(&self, target: &Target) -> Result<Option<Repository>, ReadError> {
        let answer = self.0.read(&Path::repository(&target.full_name)).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let found: Repository = read(&answer, &target.full_name.to_string())?;
        Ok(Some(found).filter(|found| found.is(target)))
    }

    /// Where people look at a repository at Travis.
    #[must_use]
    pub fn page_of(&self, target: &Target) -> String {
        format!("{}/github/{}", self.0.pages, target.full_name)
    }

    /// The organisations that the account is in, as Travis last saw it.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, ReadError> {
        let mut all = Vec::new();
        for page in 0..MOST_PAGES {
            let answer = self.0.read(&Path::organisations(PAGE, page * PAGE)).await?;
            let found: Organisations = read(&answer, "the organisations")?;
            let nothing = found.organizations.is_empty();
            all.extend(found.organizations);
            if nothing || found.pagination.is_last != Some(false) {
                break;
            }
        }
        Ok(all)
    }
}

fn read<T: DeserializeOwned>(answer: &Answer, subject: &str) -> Result<T, ReadError> {
    if answer.status.as_u16() != 200 {
        return Err(ReadError::unexpected_answer(answer, subject));
    }
    answer.json().map_err(|error| ReadError::unexpected(subject, format!("{subject}: {error}")))
}
