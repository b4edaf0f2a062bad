//! Commands about GitHub's repositories.

mod audit;
mod create_repo;
pub mod lending;
mod list_orgs;
mod permission;
mod set_text;
mod suggest;

pub use audit::{AuditOrg, AuditOrgSettings};
pub use create_repo::{CreateRepo, CreateRepoSettings};
pub use list_orgs::ListOrgs;
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
