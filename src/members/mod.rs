//! Which account at GitHub is whose: the book of links, and what changes it; who is asked to link, and the nightly look
//! for those whom nobody knows.

mod book;
mod by_code;
mod known;
pub mod nights;
mod offers;
mod on_the_web;
mod set_links;
#[cfg(test)]
mod tests;

pub use book::{Book, News};
pub use by_code::ByCode;
pub use known::Known;
pub use offers::{LINE as OFFER_LINE, OffersLinks, Unlinked};
pub use on_the_web::{OnTheWeb, router as web_pages};
pub use set_links::SetsLinks;

use std::sync::Arc;
use std::time::Duration;

use hubcommander_github::{DeviceFlow, Settings, SetupError, WebFlow};
use hubcommander_sdk::accounts::Proves;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::text::Text;
use secrecy::SecretString;
use url::Url;

/// How often it is said again that somebody is waited for: a command that says nothing for long is given up.
const SAY_AGAIN: Duration = Duration::from_secs(20);

/// Waits, and goes on saying so, as long as `still` says that it is worth it.
async fn said_while<T>(
    headway: &Headway,
    words: &Text,
    still: impl Fn() -> bool,
    wait: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(wait);
    loop {
        headway.say(words.clone());
        match tokio::time::timeout(SAY_AGAIN, &mut wait).await {
            Ok(came) => return Some(came),
            Err(_) if still() => {}
            Err(_) => return None,
        }
    }
}

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

/// By which app at GitHub people show which account is theirs.
pub struct App<'a> {
    /// Its client id.
    pub client_id: &'a str,
    /// Its secret, and where people's browsers reach the bot: then they do so in their browser, and else by a code.
    pub by_browser: Option<(SecretString, Url)>,
}

/// Sets up how people show which account is theirs.
///
/// # Errors
/// The app cannot be used.
pub fn proving(app: App<'_>, github: &Settings, clock: &SharedClock) -> Result<Proving, SetupError> {
    let clock = Arc::clone(clock);
    Ok(match app.by_browser {
        Some((secret, public_url)) => {
            let flow = WebFlow::new(github, app.client_id, secret)?;
            Proving::OnTheWeb(Arc::new(OnTheWeb::new(flow, public_url, Arc::new(rand::random), clock)))
        }
        None => Proving::ByCode(Arc::new(ByCode(DeviceFlow::new(github, app.client_id, clock)?))),
    })
}
