//! What protects branches: the classic protection, rulesets, and the rules that come of them.

use futures_util::future::try_join_all;

use super::{ReadError, Reader, Repository, found};
use crate::answer::Answer;
use crate::names::{BranchName, FullName, Owner};
use crate::path::Path;
use crate::protection::{BranchRule, Protection, RawProtection, Ruleset, RulesetInBrief};
use crate::transport::JSON;

impl Reader {
    /// The classic protection of a branch; `None` if it has none, or if there is no such branch.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn protection(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Option<Protection>, ReadError> {
        let path = Path::repository_id(repository.id).protection(branch);
        let answer = self.0.read(&owner(repository)?, path, JSON).await?;
        let subject = format!("the protection of {branch} in {}", repository.full_name);
        match answer.status.as_u16() {
            // Only these words say that there is none. Any other 404 says that we may not know.
            404 if is_said_to_be_absent(&answer) => Ok(None),
            404 => Err(ReadError::unexpected_answer(&answer, &subject)),
            _ => Ok(found::<RawProtection>(&answer, &subject)?.map(Into::into)),
        }
    }

    /// The rulesets that a repository has and that are above it, active or not.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn rulesets(&self, repository: &Repository) -> Result<Vec<RulesetInBrief>, ReadError> {
        let path = Path::repository_id(repository.id).then("rulesets");
        let subject = format!("the rulesets of {}", repository.full_name);
        Ok(self.pages(&owner(repository)?, &path, &subject).await?.items)
    }

    /// A ruleset in full; `None` if it is gone.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn ruleset(&self, repository: &Repository, id: u64) -> Result<Option<Ruleset>, ReadError> {
        let path = Path::repository_id(repository.id).then("rulesets").number(id);
        let answer = self.0.read(&owner(repository)?, path, JSON).await?;
        found(&answer, &format!("a ruleset of {}", repository.full_name))
    }

    /// A ruleset of the repository itself by its name, in full.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn ruleset_named(
        &self,
        repository: &Repository,
        name: &str,
    ) -> Result<Option<Ruleset>, ReadError> {
        let all = self.rulesets(repository).await?;
        match all.iter().find(|one| one.is_of_repository() && one.name == name) {
            Some(one) => self.ruleset(repository, one.id).await,
            None => Ok(None),
        }
    }

    /// The rulesets that this bot made for a branch, in full.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn our_rulesets(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Vec<Ruleset>, ReadError> {
        let all = self.rulesets(repository).await?;
        let ours = all.iter().filter(|one| one.ours_for(branch).is_some());
        let ours = try_join_all(ours.map(|one| self.ruleset(repository, one.id))).await?;
        Ok(ours.into_iter().flatten().collect())
    }

    /// The rules of active rulesets that hold for a branch, whosever they are.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn branch_rules(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Vec<BranchRule>, ReadError> {
        let path = Path::repository_id(repository.id).then("rules").branch(branch);
        let subject = format!("the rules for {branch} in {}", repository.full_name);
        Ok(self.pages(&owner(repository)?, &path, &subject).await?.items)
    }
}

/// As whom to ask about a repository.
pub(super) fn owner(repository: &Repository) -> Result<Owner, ReadError> {
    Ok(FullName::parse(&repository.full_name)?.owner)
}

fn is_said_to_be_absent(answer: &Answer) -> bool {
    let message = answer.message();
    message.contains("Branch not protected") || message.contains("Branch not found")
}
