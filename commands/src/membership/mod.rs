//! Commands about belonging: which account at GitHub is whose, joining an organisation, and who is in it.

mod audit;
mod gather;
mod invitations;
mod invite_me;
mod invite_user;
mod link_github;
mod linking;
pub mod matching;
mod sweep;
mod unlink_github;
mod who;

pub use audit::AuditMembers;
pub use invitations::Invitations;
pub use invite_me::{InviteMe, InviteMeSettings};
pub use invite_user::InviteUser;
pub use link_github::LinkGitHub;
pub use sweep::{LINE, Nights, SweepMembers};
pub use unlink_github::UnlinkGitHub;
pub use who::{WhoAmI, WhoIs};

use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::accounts::{Accounts, Directory, Proves};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::FindPeople;

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
    /// Who people are in Slack.
    pub slack: Arc<dyn FindPeople>,
}
