//! Commands about GitHub's repositories.

mod age;
mod archive_repo;
mod audit;
mod create_repo;
pub(crate) mod day;
mod delete_repo;
mod enable_actions;
mod keys;
pub mod lending;
mod list_orgs;
mod list_prs;
mod list_repos;
mod list_rules;
mod one;
pub mod people;
mod permission;
mod rename_repo;
mod repo_info;
mod set_branch_protection;
mod set_default_branch;
mod set_text;
mod set_topics;
mod set_visibility;
pub(crate) mod suggest;

pub use archive_repo::ArchiveRepo;
pub use audit::{AuditOrg, AuditOrgSettings};
pub use create_repo::{CreateRepo, CreateRepoSettings};
pub use delete_repo::{DeleteRepo, DeleteRepoSettings};
pub use enable_actions::EnableActions;
pub use keys::{AddKey, DeleteKey, GetKey, ListKeys};
pub use list_orgs::ListOrgs;
pub use list_prs::ListPRs;
pub use list_repos::ListRepos;
pub use list_rules::ListRules;
pub use rename_repo::RenameRepo;
pub use repo_info::RepoInfo;
pub use set_branch_protection::{SetBranchProtection, SetBranchProtectionSettings};
pub use set_default_branch::SetDefaultBranch;
pub use set_text::{Field, SetText};
pub use set_topics::SetTopics;
pub use set_visibility::{SetVisibility, SetVisibilitySettings};

use hubcommander_github::names::BadName;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::text::Text;

/// A name that GitHub would not take is refused before anything is asked.
pub(crate) fn named<T>(what: &str, name: Result<T, BadName>) -> Result<T, Refusal> {
    name.map_err(|bad| {
        Refusal::new(Text::from(format!("The {what} cannot be right: {bad}.")), "Check the spelling.")
    })
}
