//! What a HubCommander plugin sees, and all that it sees. No I/O happens here.
//!
//! A command is data and one function: [`command::CommandSpec`] and [`command::Command::prepare`]. It
//! answers with a [`message::Message`], or with a [`plan::Plan`]: a graph of [`operation::Operation`]s that
//! the engine shows, gates, runs, resumes after a crash and can undo. Plugins never write: they name the
//! operations, whose handlers live beside the client that writes.

pub mod accounts;
pub mod auth;
pub mod clock;
pub mod command;
pub mod devices;
pub mod error;
pub mod lease;
pub mod message;
pub mod offers;
pub mod operation;
pub mod orgs;
pub mod people;
pub mod permit;
pub mod plan;
pub mod protection;
pub mod schedule;
pub mod setting;
pub mod text;

pub use chatline;
