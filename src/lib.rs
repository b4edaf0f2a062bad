//! HubCommander: a Slack bot that does privileged GitHub work safely.

pub mod crash;
pub mod invocation;
pub mod store;
