//! Stethoscope on the web: pages for people about their own devices, a login, a JSON API, and the state of the
//! fleet for those who look after it. Rendered here, on the server; it works without JavaScript.
//!
//! [`router`] gives all of it as one axum router. What it needs comes through the small traits in [`ports`], and
//! devices through [`hubcommander_stethoscope::Looks`]. [`Pages::login_link`] makes the one-time link that the bot
//! sends.
//!
//! Whoever is signed in sees themselves alone. More takes a policy ([`ports::Rules`]), is written down before it is
//! shown ([`ports::Views`]), and stands on the page of whoever was looked at.

mod api;
mod assets;
mod fleet;
mod guard;
mod login;
pub mod memory;
pub mod oidc;
mod page;
pub mod ports;
mod secret;
mod show;
mod site;

pub use secret::{NoRandomness, Secrets};
pub use site::{Behind, Pages, Settings, SetupError, router};
