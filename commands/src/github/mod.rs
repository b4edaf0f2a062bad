//! Commands about GitHub's repositories.

mod create_repo;
mod list_orgs;
mod permission;
mod set_text;
mod suggest;

pub use create_repo::{CreateRepo, CreateRepoSettings};
pub use list_orgs::ListOrgs;
pub use set_text::{Field, SetText};
