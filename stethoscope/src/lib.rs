//! Stethoscope: asks all sources about the devices of one person, judges what they say, and says in words what
//! follows. Slack and the web show the same.

mod asking;
mod fine;
mod look;
mod settings;
mod stethoscope;
pub mod words;

pub use fine::Fine;
pub use look::{Answer, Disowned, Freshness, Look, Looks, Outcome};
pub use settings::Settings;
pub use stethoscope::Stethoscope;
