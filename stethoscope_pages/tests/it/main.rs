//! The pages through their router, and in a real browser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod api;
mod browser;
mod fleet;
mod login;
mod oidc;
mod reading;
mod security;
mod world;
