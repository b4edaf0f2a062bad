//! The crate as its users see it: one table for Slack's texts, one for grammars, and laws for any text.

mod grammar;
mod laws;
mod slack_text;
