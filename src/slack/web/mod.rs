//! What goes out to Slack: messages, edits, forms, and questions about people and channels.
//!
//! Every method ends in a [`SlackError`] that says what may be done next. Slack has no idempotent post:
//! each message carries a [`Tag`] as metadata, and after an unclear post [`Web::find`] tells whether it is
//! there. Waiting for Slack's pace happens inside the calls; an edit that was overtaken by a newer one of
//! the same message is not sent at all.

mod call;
mod edits;
mod error;
mod files;
mod lookups;
mod messages;
mod method;
mod pacing;
#[cfg(test)]
mod tests;
mod token;
mod views;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hubcommander_sdk::clock::{Instant, SharedClock};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};
use tokio::sync::{OnceCell, watch};
use url::Url;

pub use error::SlackError;
pub use lookups::{ConversationInfo, UserGroup};
pub use token::Refused;

use self::edits::Edits;
use self::pacing::Pacer;
use self::token::Token;
use hubcommander_outbound::{Proxies, WayOut, must_be_private};

/// How Slack is reached.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Slack's API, for example `https://slack.com/api`. Plain http to this machine only.
    pub api_url: Url,
    /// The bot's token, `xoxb-…`.
    pub bot_token: SecretString,
    /// The app-level token for Socket Mode, `xapp-…`.
    pub app_token: SecretString,
    /// Whether to keep to Slack's pace. Off for benches.
    pub pacing: bool,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
    /// How long opening a connection may take.
    pub connect_within: Duration,
    /// How long an answer may take. Longer than `connect_within`.
    pub answer_within: Duration,
    /// How long a call may wait in all where Slack asks to.
    pub patience: Duration,
}

impl WebSettings {
    /// Settings with the usual bounds and the environment's proxies.
    #[must_use]
    pub fn new(api_url: Url, bot_token: SecretString, app_token: SecretString, pacing: bool) -> Self {
        Self {
            api_url,
            bot_token,
            app_token,
            pacing,
            proxies: Proxies::from_env(),
            connect_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(20),
            patience: Duration::from_secs(300),
        }
    }
}

/// Which message of which invocation this is. It travels as message metadata, so that a message can be
/// found again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    /// The invocation's id.
    pub invocation: String,
    /// Which of its messages: `progress`, `approval`, ...
    pub part: String,
}

/// Who we are, as Slack sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The workspace.
    pub team_id: String,
    /// Our user, `U…`.
    pub user_id: String,
    /// Our bot, `B…`. Absent if the token is not a bot's.
    pub bot_id: Option<String>,
    /// The enterprise the workspace belongs to, if to one.
    pub enterprise_id: Option<String>,
    /// The workspace's address.
    #[serde(default)]
    pub url: String,
}

/// The address of one WebSocket. It holds a ticket, so it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketUrl(Url);

impl TicketUrl {
    /// The address with its ticket.
    #[must_use]
    pub fn reveal(&self) -> &Url {
        &self.0
    }
}

impl std::fmt::Debug for TicketUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TicketUrl({})", self.0.host_str().unwrap_or_default())
    }
}

type Client = SlackClient<SlackClientHyperConnector<WayOut>>;

/// The Web API. Cheap to clone; all clones share the pace and the connections.
#[derive(Clone)]
pub struct Web {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    bot: SlackApiToken,
    app: SlackApiToken,
    api_url: Url,
    answer_within: Duration,
    patience: Duration,
    way_out: WayOut,
    pacer: Pacer,
    edits: Edits,
    token: Token,
    me: OnceCell<Me>,
    directs: Mutex<HashMap<String, (String, Instant)>>,
    clock: SharedClock,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("api_url", &self.inner.api_url.as_str()).finish_non_exhaustive()
    }
}

impl Web {
    /// A client with these settings. Does not connect yet.
    ///
    /// # Errors
    /// [`SlackError::Unavailable`] if the address would carry tokens in the clear, or TLS cannot be set up.
    pub fn new(settings: WebSettings, clock: SharedClock) -> Result<Self, SlackError> {
        let impossible =
            |error: hubcommander_outbound::WayOutError| SlackError::Unavailable { log: error.to_string() };
        must_be_private(&settings.api_url).map_err(impossible)?;
        let encrypted = settings.api_url.scheme() == "https";
        let way_out =
            WayOut::new(settings.proxies, settings.connect_within, encrypted).map_err(impossible)?;
        let connector = SlackClientHyperConnector::with_connector(way_out.clone())
            .with_slack_api_url(settings.api_url.as_str().trim_end_matches('/'));
        let token =
            |secret: &SecretString| SlackApiToken::new(SlackApiTokenValue(secret.expose_secret().to_owned()));
        Ok(Self {
            inner: Arc::new(Inner {
                client: SlackClient::new(connector),
                bot: token(&settings.bot_token),
                app: token(&settings.app_token),
                api_url: settings.api_url,
                answer_within: settings.answer_within,
                patience: settings.patience,
                way_out,
                pacer: Pacer::new(settings.pacing),
                edits: Edits::default(),
                token: Token::default(),
                me: OnceCell::new(),
                directs: Mutex::default(),
                clock,
            }),
        })
    }

    /// How Slack takes the bot's token: it changes when Slack begins to refuse it, and when it takes it again.
    #[must_use]
    pub fn token(&self) -> watch::Receiver<Option<Refused>> {
        self.inner.token.watch()
    }

    /// The connector, for the WebSockets.
    pub(crate) fn way_out(&self) -> WayOut {
        self.inner.way_out.clone()
    }
}
