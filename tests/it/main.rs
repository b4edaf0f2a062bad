//! End to end: the real bot against the sandbox's servers, and the program as it is started.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at what should not be"
)]

mod architecture;
mod command_line;
