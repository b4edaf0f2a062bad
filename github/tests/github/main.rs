//! The account against the local GitHub: one binary, a module per matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod actions;
mod app;
mod creating;
mod deploy_keys;
mod editing;
mod granting;
mod limits;
mod providers;
mod pulls;
mod reading;
mod rules;
mod secrets;
mod world;
