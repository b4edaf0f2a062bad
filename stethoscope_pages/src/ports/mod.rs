//! What the pages ask of whoever runs them: a few small traits. The engine answers them from its store; the
//! pages keep nothing themselves.

mod access;
mod history;
mod notices;
mod rules;
mod sessions;
mod tokens;
mod views;

pub use access::{Access, Accesses, GithubAccount, Lease};
pub use history::{DayCount, History};
pub use notices::{Action, Given, Notice, Notices};
pub use rules::{Rules, What};
pub use sessions::{Attempt, Hash, Person, Session, Sessions, Ticket};
pub use tokens::{Token, Tokens};
pub use views::{View, Views};

/// What is behind a trait did not do its part. The words are for the log; people are told that it did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);
