//! Where devices are known: one folder per source.
//!
//! Each source reads its own raw records ([`Unreadable`] says what is wrong with one) and answers as a
//! [`hubcommander_sdk::devices::DeviceSource`].

pub mod jamf;
pub mod landesk;
mod raw;

pub use raw::Unreadable;
