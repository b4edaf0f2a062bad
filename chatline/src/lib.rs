//! From the text of a Slack message to words and typed arguments.
//!
//! A leaf: it knows nothing of Slack's API, of GitHub or of the bot, does no I/O, and never panics
//! whatever it is given (a fuzz target proves it).
//!
//! The way through it: [`spec`] says what a command accepts.

pub mod spec;

pub use spec::{ArgKind, ArgSpec, Args, Form, Value};
