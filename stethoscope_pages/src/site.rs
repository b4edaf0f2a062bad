//! The pages as a whole: what they need, and where each of them is.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use chrono::TimeDelta;
use hubcommander_outbound::leads_here;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_stethoscope::Looks;
use secrecy::ExposeSecret as _;
use url::Url;

use crate::ports::{Accesses, History, Notices, Person, Rules, Sessions, Ticket, Tokens, Trouble, Views};
use crate::secret::{Secrets, hash};
use crate::{api, assets, fleet, guard, login, oidc, page};

/// How the pages are set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach them: `https://stethoscope.example.com`. Plain http to this machine only.
    pub public_url: Url,
    /// For how long a one-time link works.
    pub link_lives: TimeDelta,
    /// After how long without a visit one is signed out.
    pub idle: TimeDelta,
    /// After how long one is signed out in any case.
    pub longest: TimeDelta,
    /// For how long a token for the API works.
    pub token_lives: TimeDelta,
}

impl Settings {
    /// As it should be for most: links for ten minutes, eight idle hours, seven days at most, tokens for 90 days.
    #[must_use]
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            link_lives: TimeDelta::minutes(10),
            idle: TimeDelta::hours(8),
            longest: TimeDelta::days(7),
            token_lives: TimeDelta::days(90),
        }
    }
}

/// Why the pages cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Cookies would go in the clear.
    #[error("public_url must be https://HOST; plain http is allowed to this machine only")]
    Plain,
    /// The pages stand at the root: a cookie that only this host gets belongs to all of it.
    #[error("public_url must be a host and nothing more")]
    NotAHost,
}

/// What stands behind the pages.
#[derive(Clone)]
pub struct Behind {
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Keeps who is signed in.
    pub sessions: Arc<dyn Sessions>,
    /// Decides who sees more than themselves.
    pub rules: Arc<dyn Rules>,
    /// Keeps who looked.
    pub views: Arc<dyn Views>,
    /// Keeps counts of days.
    pub history: Arc<dyn History>,
    /// Knows what people may do elsewhere.
    pub access: Arc<dyn Accesses>,
    /// Keeps questions.
    pub notices: Arc<dyn Notices>,
    /// Keeps tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Where people can sign in besides the link from the bot; may be empty.
    pub providers: Vec<Arc<oidc::Provider>>,
    /// Tells the time.
    pub clock: SharedClock,
    /// Makes secrets.
    pub secrets: Arc<Secrets>,
}

/// The pages.
pub struct Pages {
    pub(crate) settings: Settings,
    pub(crate) behind: Behind,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Pages {
    /// Puts them together.
    ///
    /// # Errors
    /// `public_url` is not one that can be used.
    pub fn new(settings: Settings, behind: Behind) -> Result<Self, SetupError> {
        let url = &settings.public_url;
        if url.scheme() != "https" && !(url.scheme() == "http" && leads_here(url)) {
            return Err(SetupError::Plain);
        }
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !bare || url.path() != "/" || url.fragment().is_some() || !url.has_host() {
            return Err(SetupError::NotAHost);
        }
        Ok(Self { settings, behind })
    }

    /// A link that signs this person in, once, for ten minutes. For the bot to send to them and nobody else. A
    /// preview of the link does not use it up: the page has a button.
    ///
    /// # Errors
    /// It could not be kept.
    pub async fn login_link(&self, person: Person) -> Result<Url, Trouble> {
        let secret = self.behind.secrets.make();
        let person = Person { email: person.email.trim().to_lowercase(), name: person.name };
        if person.email.is_empty() {
            return Err(Trouble("a link for whom? there is no e-mail address".to_owned()));
        }
        let ends = self.now() + self.settings.link_lives;
        let ticket = Ticket { id: hash(secret.expose_secret()), person, ends };
        self.behind.sessions.put_ticket(ticket).await?;
        let path = format!("/login/link/{}", secret.expose_secret());
        self.settings.public_url.join(&path).map_err(|error| Trouble(error.to_string()))
    }

    pub(crate) fn now(&self) -> Instant {
        self.behind.clock.now()
    }

    /// Whether people come over TLS; else it is the sandbox on this machine.
    pub(crate) fn encrypted(&self) -> bool {
        self.settings.public_url.scheme() == "https"
    }

    /// Where the pages are, as browsers write it in `Origin`.
    pub(crate) fn origin(&self) -> String {
        self.settings.public_url.origin().ascii_serialization()
    }
}

/// All pages, at the root.
pub fn router(pages: Arc<Pages>) -> Router {
    Router::new()
        .route("/", get(page::overview))
        .route("/devices", get(page::devices))
        .route("/check", post(page::check))
        .route("/notifications", get(page::notifications))
        .route("/notifications/{id}", post(page::answer))
        .route("/access", get(page::access))
        .route("/faq", get(page::faq))
        .route("/tokens", get(page::tokens).post(page::make_token))
        .route("/tokens/revoke", post(page::revoke_token))
        .route("/person", get(page::person))
        .route("/fleet", get(fleet::fleet))
        .route("/fleet/preview", get(fleet::preview))
        .route("/fleet/export.csv", get(fleet::csv))
        .route("/fleet/export.json", get(fleet::json))
        .route("/login", get(login::login))
        .route("/login/link/{secret}", get(login::link).post(login::use_link))
        .route("/login/with/{provider}", get(login::leave))
        .route("/login/back", get(login::back))
        .route("/logout", post(login::logout))
        .route("/logout/everywhere", post(login::logout_everywhere))
        .route("/assets/stethoscope.css", get(assets::css))
        .route("/assets/stethoscope.js", get(assets::js))
        .route("/assets/icon.svg", get(assets::icon))
        .nest("/api/v1", api::router())
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&pages), guard::headers))
        .with_state(pages)
}
