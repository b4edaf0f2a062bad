//! HubCommander: a Slack bot that does privileged GitHub work safely.

pub mod invocation;
pub mod slack;
pub mod store;
