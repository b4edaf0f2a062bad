//! The account against the local Travis: one binary, a module per matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod reading;
mod secrets;
mod switching;
mod syncing;
mod world;
