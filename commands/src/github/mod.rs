//! Commands about GitHub's repositories.

mod age;
mod create_repo;
mod enable_actions;
mod keys;
pub mod lending;
mod list_orgs;
mod list_prs;
mod list_rules;
mod permission;
mod set_branch_protection;
mod set_text;
mod suggest;

pub use create_repo::{CreateRepo, CreateRepoSettings};
pub use enable_actions::EnableActions;
pub use keys::{AddKey, DeleteKey, GetKey, ListKeys};
pub use list_orgs::ListOrgs;
pub use list_prs::ListPRs;
pub use list_rules::ListRules;
pub use set_branch_protection::{SetBranchProtection, SetBranchProtectionSettings};
pub use set_text::{Field, SetText};

use hubcommander_github::names::BadName;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::text::Text;

/// A name that GitHub would not take is refused before anything is asked.
fn named<T>(what: &str, name: Result<T, BadName>) -> Result<T, Refusal> {
    name.map_err(|bad| {
        Refusal::new(Text::from(format!("The {what} cannot be right: {bad}.")), "Check the spelling.")
    })
}
