//! People show which account is theirs in their browser: a link from Slack leads to a page of the bot, that to GitHub,
//! and GitHub back. For a GitHub that has no device flow.
//!
//! Nothing of it is kept: when the bot is started again, the command is taken up again and gives another link. What is
//! in a link is in nobody's hands but the person's; it is held here as a hash, works once, and ends after a quarter of
//! an hour. Whoever comes back must be the browser that went: it has a cookie of its own.

mod page;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hubcommander_github::{DeviceError, Proven, WebFlow};
use hubcommander_sdk::accounts::{Proof, Proves, Shown};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;
use url::Url;

pub use page::router;

/// How long a link is good.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(15);

/// Gives 32 random bytes, which nobody can guess.
pub type Random = Arc<dyn Fn() -> [u8; 32] + Send + Sync>;

/// Somebody who is on their way.
struct Open {
    /// What they are called in Slack.
    name: String,
    until: Instant,
    /// Once they have pressed the button: what the browser must show when it comes back, and what GitHub is asked with.
    gone: Option<Gone>,
    tell: oneshot::Sender<Result<Proven, DeviceError>>,
}

struct Gone {
    cookie: Hash,
    verifier: SecretString,
}

type Hash = [u8; 32];

fn hash(text: &str) -> Hash {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()) {
        *to = *from;
    }
    hash
}

/// The way through the browser.
pub struct OnTheWeb {
    flow: WebFlow,
    public_url: Url,
    random: Random,
    clock: SharedClock,
    open: Mutex<HashMap<Hash, Open>>,
}

impl std::fmt::Debug for OnTheWeb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnTheWeb").field("public_url", &self.public_url.as_str()).finish_non_exhaustive()
    }
}

impl OnTheWeb {
    /// By this flow. `public_url` is where people's browsers reach the bot.
    #[must_use]
    pub fn new(flow: WebFlow, public_url: Url, random: Random, clock: SharedClock) -> Self {
        Self { flow, public_url, random, clock, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Hash, Open>> {
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, one| one.until > now && !one.tell.is_closed());
        open
    }

    fn secret(&self) -> SecretString {
        SecretString::from(URL_SAFE_NO_PAD.encode((self.random)()))
    }

    /// An address of the bot's pages.
    fn at(&self, path: &str) -> Url {
        let mut url = self.public_url.clone();
        let mut whole = url.path().trim_end_matches('/').to_owned();
        let _ = write!(whole, "/link/github{path}");
        url.set_path(&whole);
        url
    }

    /// Where GitHub sends people back to.
    fn back(&self) -> Url {
        self.at("/back")
    }

    /// What somebody is called whose link this is, as long as it is good and was not used.
    fn whose(&self, secret: &str) -> Option<String> {
        self.open().get(&hash(secret)).filter(|one| one.gone.is_none()).map(|one| one.name.clone())
    }

    /// Uses a link up: where the browser goes, and the cookie that it must come back with.
    fn leave(&self, secret: &str) -> Option<(Url, SecretString)> {
        let (cookie, verifier) = (self.secret(), self.secret());
        let mut open = self.open();
        let one = open.get_mut(&hash(secret)).filter(|one| one.gone.is_none())?;
        let address = self.flow.address(secret, &verifier, &self.back());
        one.gone = Some(Gone { cookie: hash(cookie.expose_secret()), verifier });
        Some((address, cookie))
    }

    /// Somebody is back from GitHub. What is said of it goes to the command that waits; the login, if all went well.
    async fn return_of(&self, state: &str, cookie: &str, code: Option<&str>) -> Back {
        let one = {
            let mut open = self.open();
            let id = hash(state);
            // Hashes of secrets can be compared in any time.
            let fits = |one: &Open| one.gone.as_ref().is_some_and(|gone| gone.cookie == hash(cookie));
            if !open.get(&id).is_some_and(fits) {
                return Back::Unknown;
            }
            open.remove(&id)
        };
        let Some(Open { gone: Some(gone), tell, .. }) = one else { return Back::Unknown };
        let proven = match code {
            Some(code) => self.flow.proven(&code.to_owned().into(), &gone.verifier, &self.back()).await,
            None => Err(DeviceError::denied()),
        };
        let back = match &proven {
            Ok(proven) => Back::Shown(proven.login.clone()),
            Err(error) => {
                tracing::info!(%error, "somebody came back from GitHub without an account");
                Back::Failed(Refusal::from(error.clone()))
            }
        };
        // Whoever waited may have given up.
        let _ = tell.send(proven);
        back
    }
}

/// What became of somebody who is back.
enum Back {
    /// They have shown this account.
    Shown(String),
    /// They have not, for this reason.
    Failed(Refusal),
    /// Nobody knows this browser.
    Unknown,
}

#[async_trait]
impl Proves for OnTheWeb {
    async fn prove(&self, person: &Person, headway: &Headway) -> Result<Shown, Refusal> {
        let (secret, until) = (self.secret(), self.clock.now() + GOOD_FOR);
        let (tell, told) = oneshot::channel();
        let one = Open { name: person.name.clone(), until, gone: None, tell };
        self.open().insert(hash(secret.expose_secret()), one);
        let link = self.at(&format!("/{}", secret.expose_secret()));
        let words = Text::new()
            .plain("Which account at GitHub is yours? ")
            .link("Show it here", link.as_str())
            .plain(
                ", in the browser where you are signed in with it. The link is for you alone and good until ",
            )
            .time(until)
            .plain("; open none that somebody else gave you.");
        let told = super::said_while(headway, &words, || self.clock.now() < until, told).await;
        let told =
            told.ok_or_else(|| Refusal::new("Nobody opened the link in time.", "Ask for another one."))?;
        let expired = |_| Refusal::new("The link came to its end.", "Ask for another one.");
        let proven = told.map_err(expired)??;
        Ok(Shown { github_id: proven.id, login: proven.login, proof: Proof::Web })
    }
}
