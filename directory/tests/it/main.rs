//! The directory against what others send and say: a SCIM client that is not ours, and servers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod readers;
mod scim;
mod write_back;
