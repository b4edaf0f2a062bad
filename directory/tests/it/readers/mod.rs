//! Readers, each against a server that says what it is told to and remembers what it was asked.

mod csv;
mod google;
mod http;
mod okta;
pub mod stub;
