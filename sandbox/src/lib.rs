//! A local Slack, a local GitHub, a local Travis, a local Duo, a local Okta and a local provider of identities:
//! state models with faults on demand.
//!
//! The servers answer over real TCP on loopback, run through [`server::serve`], and take a
//! [`faults::Faults`] that decides what goes wrong and remembers what was asked.

pub mod connection;
mod device_doc;
pub mod devices;
pub mod duo;
pub mod faults;
pub mod fleet;
pub mod github;
pub mod google;
pub mod intune;
pub mod jamf;
pub mod local;
pub mod oidc;
pub mod okta;
pub mod osquery;
pub mod server;
pub mod slack;
pub mod travis;
