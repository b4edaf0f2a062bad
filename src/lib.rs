//! HubCommander: a Slack bot that does privileged GitHub work safely.

pub mod cli;
pub mod config;
pub mod crash;
pub mod invocation;
pub mod logging;
pub mod redact;
pub mod store;
