//! Which account at GitHub is whose: the book of links, and what changes it.

mod book;
mod by_code;
mod known;
mod on_the_web;
mod set_links;

pub use book::{Book, News};
pub use by_code::ByCode;
pub use known::Known;
pub use on_the_web::{OnTheWeb, router as web_pages};
pub use set_links::SetsLinks;

use std::sync::Arc;

use hubcommander_github::{DeviceFlow, Settings, SetupError, WebFlow};
use hubcommander_sdk::accounts::Proves;
use hubcommander_sdk::clock::SharedClock;

use crate::config::Config;

/// How people show which account is theirs.
pub enum Proving {
    /// By a code that they type at GitHub.
    ByCode(Arc<ByCode>),
    /// In their browser, by way of the bot's pages.
    OnTheWeb(Arc<OnTheWeb>),
}

impl Proving {
    /// As commands see it.
    #[must_use]
    pub fn proves(&self) -> Arc<dyn Proves> {
        match self {
            Self::ByCode(way) => Arc::<ByCode>::clone(way),
            Self::OnTheWeb(way) => Arc::<OnTheWeb>::clone(way),
        }
    }

    /// The pages that it needs.
    #[must_use]
    pub fn pages(&self) -> Option<Arc<OnTheWeb>> {
        match self {
            Self::ByCode(_) => None,
            Self::OnTheWeb(way) => Some(Arc::clone(way)),
        }
    }
}

/// Sets up how people show which account is theirs, if the configuration says so.
///
/// # Errors
/// What it says cannot be used.
pub fn proving(
    config: &Config,
    settings: &Settings,
    clock: &SharedClock,
) -> Result<Option<Proving>, SetupError> {
    let Some(client_id) = config.github.client_id.as_deref() else { return Ok(None) };
    let public_url = config.web.as_ref().and_then(|web| web.public_url.clone());
    Ok(Some(match (&config.github.client_secret, public_url) {
        (Some(secret), Some(public_url)) => {
            let flow = WebFlow::new(settings, client_id, secret.clone())?;
            let clock = Arc::clone(clock);
            Proving::OnTheWeb(Arc::new(OnTheWeb::new(flow, public_url, Arc::new(rand::random), clock)))
        }
        _ => {
            let flow = DeviceFlow::new(settings, client_id, Arc::clone(clock))?;
            Proving::ByCode(Arc::new(ByCode(flow)))
        }
    }))
}
