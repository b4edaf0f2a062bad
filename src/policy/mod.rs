//! The policies at work: what they look at is collected here, and they answer the stations.
//!
//! `hubcommander-policy` judges and does no I/O. Here: [`mod@read`] makes a policy of the configured files and of the
//! commands there are; [`facts`] asks Slack, and whoever knows GitHub accounts, what policies look at; [`judge`] puts
//! both together as the [`crate::pipeline::rules::Rules`]; [`possible`] looks at the start whether anybody could ever
//! agree; [`replay`] asks what another policy would have said.

pub mod facts;
pub mod judge;
pub mod possible;
pub mod read;
pub mod replay;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Links, NoLinks};
pub use judge::Judge;
pub use possible::impossible;
pub use read::{Faults, Means, read};
