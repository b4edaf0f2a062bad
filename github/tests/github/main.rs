//! The account against the local GitHub: one binary, a module per matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod actions;
mod app;
mod collaborating;
mod creating;
mod deploy_keys;
mod editing;
mod granting;
mod joining;
mod leaving;
mod limits;
mod people;
mod providers;
mod pulls;
mod reading;
mod repositories;
mod rules;
mod scanning;
mod secrets;
mod teaming;
mod world;
