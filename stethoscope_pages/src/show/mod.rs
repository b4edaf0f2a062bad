//! What is shown of devices, in words. Pure.

mod device;
mod headline;
mod words;

pub(crate) use device::{Shown, anchor};
pub(crate) use headline::{Headline, headline};
pub(crate) use words::{Mark, When, ago, and, count, day, of_platform, when};
