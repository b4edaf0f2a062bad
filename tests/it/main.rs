//! The real bot against the sandbox's servers: type a line in Slack, read the reply, look at the local
//! GitHub. At the end of each story nothing is unread and nothing is unfinished.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may stop at what should not be"
)]

mod actions;
mod architecture;
mod audience;
mod audit;
mod audit_chain;
mod audit_compare;
mod bad_input;
mod browser;
mod command_line;
mod confirm;
mod crash;
mod create_repo;
mod deleting_later;
mod devices;
mod directory;
mod documentation;
mod enterprise;
mod falls;
mod farewell;
mod forms;
mod full_disk;
mod gates;
mod github_faults;
mod glass;
mod hands;
mod help;
mod keys;
mod leases;
mod members;
mod notices;
mod nudges;
mod osquery;
mod own;
mod pages;
mod passkeys;
mod people;
mod policy;
mod protection;
mod pulls;
mod repositories;
mod secrets;
mod slack_faults;
mod taking_turns;
mod teams;
mod travis;
mod undo;
mod undoing;
mod ways_in;
mod world;
