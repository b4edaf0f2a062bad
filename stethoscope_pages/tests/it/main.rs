//! The pages through their router, and in a real browser.

mod api;
mod browser;
mod fleet;
mod login;
mod oidc;
mod reading;
mod security;
mod world;
