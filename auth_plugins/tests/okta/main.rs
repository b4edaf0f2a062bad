//! Okta Verify against the local Okta.

mod asking;
mod no;
mod world;
