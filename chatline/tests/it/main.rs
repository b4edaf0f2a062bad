//! The crate as its users see it: one table for Slack's texts, one for grammars, and laws for any text.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail where it likes, also outside `#[test]`"
)]

mod grammar;
mod laws;
mod slack_text;
