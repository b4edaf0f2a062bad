//! Commands about belonging: which account at GitHub is whose, joining an organisation, and who is in it.

mod invite_me;
mod link_github;
mod linking;
mod unlink_github;
mod who;

pub use invite_me::{InviteMe, InviteMeSettings};
pub use link_github::LinkGitHub;
pub use unlink_github::UnlinkGitHub;
pub use who::{WhoAmI, WhoIs};

use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::accounts::{Accounts, Directory, Proves};
use hubcommander_sdk::orgs::Orgs;

/// The heading in `!Help`.
const GROUP: &str = "Members";

/// What these commands work with.
#[derive(Clone)]
pub struct Members {
    /// Reads GitHub.
    pub reader: Reader,
    /// The managed organisations.
    pub orgs: Arc<Orgs>,
    /// Which account is whose.
    pub accounts: Arc<dyn Accounts>,
    /// Who works here.
    pub directory: Arc<dyn Directory>,
    /// How people show which account is theirs, if it is set up.
    pub proves: Option<Arc<dyn Proves>>,
}
