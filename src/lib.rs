//! HubCommander: a Slack bot that does privileged GitHub work safely. `ARCHITECTURE.md` beside this crate is the
//! way in.

pub mod alarm;
pub mod app;
pub mod audit;
pub mod builtins;
pub mod cli;
pub mod config;
pub mod crash;
pub mod devices;
#[cfg(feature = "passkey")]
pub mod glass;
pub mod ids;
pub mod invocation;
pub mod later;
pub mod logging;
pub mod osquery;
#[cfg(feature = "passkey")]
pub mod passkeys;
pub mod pipeline;
pub mod policy;
pub mod redact;
pub mod reference;
pub mod registry;
pub mod slack;
pub mod store;
pub mod web;
