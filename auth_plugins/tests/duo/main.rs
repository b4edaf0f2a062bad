//! Duo against the local Duo.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod asking;
mod passcodes;
mod refused;
mod trouble;
mod world;
