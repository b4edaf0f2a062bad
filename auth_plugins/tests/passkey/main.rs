//! Passkeys with a soft token in place of people's keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod attacks;
mod enrolling;
mod proving;
mod world;
