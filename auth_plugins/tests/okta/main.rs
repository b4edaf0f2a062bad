//! Okta Verify against the local Okta.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod asking;
mod no;
mod world;
