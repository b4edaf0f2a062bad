//! Commands about who belongs to an organisation: invitations, and whom nobody knows.

mod audit;
mod gather;
mod invitations;
mod invite_user;
pub mod matching;
mod sweep;

pub use audit::AuditMembers;
pub use invitations::Invitations;
pub use invite_user::InviteUser;
pub use sweep::{LINE, Nights, SweepMembers};

use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::accounts::{Accounts, Directory};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::FindPeople;

/// The heading in `!Help`.
const GROUP: &str = "Members";

/// What these commands are made of.
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
    /// Who people are in Slack.
    pub slack: Arc<dyn FindPeople>,
}
