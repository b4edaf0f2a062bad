//! Where devices are known: one folder per source.
//!
//! Each source reads its own raw records ([`Unreadable`] says what is wrong with one) and answers as a
//! [`hubcommander_sdk::devices::DeviceSource`].

mod fields;
pub mod fleet;
mod found;
pub mod google;
pub mod intune;
mod raw;
mod rest;

pub use raw::Unreadable;
