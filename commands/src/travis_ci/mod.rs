//! Commands about Travis CI. They exist only where config.toml names an account there.

mod enable;
mod list_orgs;

pub use enable::EnableTravis;
pub use list_orgs::ListTravisOrgs;

/// The heading in `!Help`.
const GROUP: &str = "Travis CI";
