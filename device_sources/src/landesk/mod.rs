//! LANDESK, now Ivanti Endpoint Manager: Windows computers, read from its database on Microsoft SQL Server. The tables
//! and columns are those that Stethoscope has always read; each statement only reads, and its values are bound.
//!
//! Asking takes the cargo feature `landesk`; [`read`] is always there.

#[cfg(feature = "landesk")]
mod database;
mod read;
mod settings;
#[cfg(feature = "landesk")]
mod source;
#[cfg(feature = "landesk")]
mod statements;

pub use chrono_tz::Tz;
pub use read::read;
pub use settings::{Privacy, Reading, Settings, SetupError, is_loopback};
#[cfg(feature = "landesk")]
pub use source::Landesk;
