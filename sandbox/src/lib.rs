//! A local Slack, a local GitHub and a local Travis: state models with faults on demand.
//!
//! The servers answer over real TCP on loopback, run through [`server::serve`], and take a
//! [`faults::Faults`] that decides what goes wrong and remembers what was asked.

pub mod connection;
pub mod faults;
pub mod github;
pub mod server;
pub mod slack;
pub mod travis;
