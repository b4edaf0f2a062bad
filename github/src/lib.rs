//! The privileged GitHub account: a reading and a writing client, and what each operation does.
//!
//! [`GitHub`] is set up once. Plugins get its [`Reader`], which cannot write, by type. The engine gets its
//! handlers, which write only against a permit, and its probes. Commands state what they want with the types
//! in [`operations`] and what they saw with the functions in [`preconditions`].
//!
//! What a request may be is narrow on purpose: addresses are put together in one place from checked names,
//! each request goes out once, redirects are never followed, only reads are repeated, and answers are kept
//! for one identity only.

mod account;
mod answer;
mod budget;
mod cache;
mod device_flow;
mod failure;
pub mod grants;
mod graphql;
mod identity;
pub mod names;
mod needs;
pub mod operations;
mod path;
pub mod preconditions;
mod probes;
pub mod protection;
mod reader;
mod scopes;
mod settings;
mod transport;
mod trouble;
mod words;
mod writer;

pub use account::GitHub;
pub use device_flow::{Begun, DeviceError, DeviceErrorKind, DeviceFlow, Polled, Proven, WebFlow};
pub use hubcommander_public_key::{BadKey, PublicKey};
pub use needs::{LOOKING, lacking};
pub use reader::{
    About, Actions, ActionsWhere, Branch, ClassicProtection, Collaborator, DeployKey, ExternalIdentity,
    Guarded, Installation, Invitation, Level, Listing, Log, LogEvent, Lookup, Member, Membership, More,
    OneOrMore, OrgInvitation, Organization, OutsideAccess, OutsideAccesses, Outsider, ParentTeam, PullFilter,
    PullRequest, PullState, Pulls, Rate, ReadError, ReadErrorKind, Reader, RepoInvitation, Repository,
    RepositoryNames, Scan, Scanned, ScannedKey, ScannedRepository, SecondFactor, SignOn, Standing, Team,
    TeamAccess, TeamMembership, TeamPlace, User, Visibility, WhoAmI,
};
pub use settings::{BudgetSettings, Credentials, Settings, SetupError, Timeouts};
pub use trouble::HOW_TO_TELL;
