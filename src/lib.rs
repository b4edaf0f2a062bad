//! HubCommander: a Slack bot that does privileged GitHub work safely. `ARCHITECTURE.md` beside this crate is the
//! way in.

pub mod alarm;
pub mod app;
pub mod builtins;
pub mod ids;
pub mod invocation;
pub mod pipeline;
pub mod registry;
pub mod store;
