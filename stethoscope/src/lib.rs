//! Stethoscope: asks all sources about the devices of one person, judges what they say, and says in words what
//! follows. Slack and the web show the same.

mod look;

pub use look::{Answer, Freshness, Look, Looks, Outcome};
