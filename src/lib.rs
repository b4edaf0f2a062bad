//! HubCommander: a Slack bot that does privileged GitHub work safely.

pub mod config;
pub mod invocation;
pub mod redact;
pub mod store;
