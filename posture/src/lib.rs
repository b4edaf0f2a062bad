//! Stethoscope's own logic, pure: what sources say of devices ([`Record`]), which records are of one device, what
//! follows for its owner. No I/O; the time comes in.

mod catalogue;
mod device;
mod evaluate;
mod identifiers;
mod judge;
mod merge;
mod preview;
mod record;
mod shared_macs;
mod text;
mod version;
mod view;

pub use catalogue::{Catalogue, Practice, SoftwareRule, WrongPractice};
pub use device::{Assessment, Conflict, Device, Disagreement, Evaluation, Rating, Status, Witness};
pub use evaluate::{Tally, evaluate, tally};
pub use identifiers::{Identifiers, Mac, Serial};
pub use preview::{Change, Preview, Shift, preview};
pub use record::{Instant, Observation, Platform, PracticeKey, Problem, Record, Seen, Software};
pub use version::Version;
pub use view::DeviceView;
