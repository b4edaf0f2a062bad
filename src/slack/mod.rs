//! Slack: what comes in (Socket Mode), what goes out (the Web API), and how messages look there.
//!
//! - [`socket`] reads envelopes over two or more WebSocket connections and acknowledges what is durable.
//! - [`web`] calls Slack's methods, paced, with outcomes that tell "no effect" from "nobody knows".
//! - [`render`] turns the plugins' messages into Block Kit within Slack's limits.
//! - [`people`] remembers for minutes who somebody is.
//! - [`manifest`] is the app's manifest to paste.

pub mod manifest;
pub mod people;
pub mod render;
pub mod socket;
#[cfg(test)]
mod tests;
pub mod web;
