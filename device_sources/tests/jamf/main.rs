//! Jamf against the local Jamf.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod asking;
#[path = "../odd/mod.rs"]
mod odd;
mod reading;
mod trouble;
mod world;
