//! The account against the local GitHub: one binary, a module per matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod app;
mod collaborating;
mod creating;
mod editing;
mod granting;
mod limits;
mod providers;
mod reading;
mod repositories;
mod scanning;
mod secrets;
mod teaming;
mod world;
