//! From the text of a Slack message to words and typed arguments.
//!
//! A leaf: it knows nothing of Slack's API, of GitHub or of the bot, does no I/O, and never panics
//! whatever it is given (a fuzz target proves it).
//!
//! The way through it, a file for each step:
//!
//! 1. [`address`]: is this message for us, and what is its line? It calls [`normalize`], which makes of
//!    Slack's text what the person typed.
//! 2. [`command`]: the command's name, and what it is given.
//! 3. [`Grammar::parse`]: typed [`Args`] by the command's [`spec`], or a [`Problem`]. It parts the line with
//!    [`words()`] and checks each value.
//!
//! And beside it: [`usage()`] shows a command's form, [`nearest()`] guesses what was meant, and [`render`] goes
//! the way back, from values to a line.

mod address;
mod backticks;
mod characters;
mod duration;
mod grammar;
mod mention;
mod name;
mod nearest;
mod normalize;
mod problem;
mod quotes;
mod render;
pub mod spec;
mod spec_fault;
mod token;
mod usage;
mod value;
mod words;

pub use address::{Address, Line, address, command};
pub use duration::{seconds as duration_in_seconds, written as written_duration};
pub use grammar::Grammar;
pub use mention::{mention, mentioned, readable};
pub use nearest::{nearest, within};
pub use normalize::normalize;
pub use problem::{InvalidReason, Problem};
pub use render::{quote, render};
pub use spec::{ArgKind, ArgSpec, Args, Form, Value};
pub use spec_fault::SpecFault;
pub use usage::usage;
pub use words::{LONGEST_LINE, WordsError, words};
