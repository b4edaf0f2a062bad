//! How the local Slack behaves where the real one's behaviour is a number, a secret or chance.

use std::time::Duration;

/// How the local Slack behaves. The defaults are the real one's, but for rate limits, which are off.
#[derive(Clone, Debug)]
pub struct Options {
    /// The token that the Web API takes.
    pub bot_token: String,
    /// The token that opens connections.
    pub app_token: String,
    /// What the bot's token may do, as the header `x-oauth-scopes` of every answer says it.
    pub scopes: String,
    /// Decides which connection gets which envelope.
    pub seed: u64,
    /// After this time without an ack an event is delivered again, at most [`Options::REDELIVERIES`] times.
    /// The real one waits longer each time; here it is always the same.
    pub redeliver_after: Duration,
    /// How long the app has to ack what a person did (click, form, slash command).
    pub answer_within: Duration,
    /// How long a connection's address may be used for the first time.
    pub ticket_life: Duration,
    /// How long a connection lives; 10 s before its end comes a `warning`.
    pub connection_life: Duration,
    /// The same with `debug_reconnects=true`.
    pub debug_connection_life: Duration,
    /// How long the socket stays open after `disconnect` with `warning`.
    pub warning_lead: Duration,
    /// How long the socket stays open after `disconnect` with `refresh_requested`, so that the app can leave
    /// in order.
    pub refresh_grace: Duration,
    /// How often the server pings.
    pub ping_every: Duration,
    /// The connection after this many is sent away with `too_many_websockets`.
    pub most_connections: usize,
    /// How long a `trigger_id` can be used.
    pub trigger_life: Duration,
    /// Whether the Web API answers 429 to those who ask too much.
    pub rate_limits: bool,
    /// How many messages a conversation remembers; the oldest go first.
    pub keep_messages: usize,
    /// Whether the app hears of its own messages, as it does in the real Slack.
    pub echo_own: bool,
    /// Whether typed messages come with `blocks` beside their `text`.
    pub rich_text: bool,
    /// Whether mentioned channels carry their name: `<#C0DEV|dev>` instead of today's `<#C0DEV|>`.
    pub channel_labels: bool,
    /// Whether requests pass through the faults. Without them there is less work per request.
    pub with_faults: bool,
    /// How long waiting for a reply may take before a test fails.
    pub patience: Duration,
    /// The address of the local GitHub's page, shown beside the local Slack's.
    pub github_page: Option<String>,
}

impl Options {
    /// How often an event is delivered again: after that the app never gets it.
    pub const REDELIVERIES: u8 = 3;

    /// For tests: events come again after 200 ms, and connections are left quickly.
    pub fn for_tests() -> Self {
        Self {
            redeliver_after: Duration::from_millis(200),
            refresh_grace: Duration::from_millis(200),
            warning_lead: Duration::from_millis(500),
            ..Self::default()
        }
    }

    /// For benches: no faults, no echo of the app's own messages, and a short memory.
    pub fn for_benches() -> Self {
        Self {
            with_faults: false,
            echo_own: false,
            rich_text: false,
            keep_messages: 2_000,
            ..Self::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bot_token: "xoxb-sandbox".to_owned(),
            app_token: "xapp-sandbox".to_owned(),
            scopes: "app_mentions:read,channels:history,channels:read,chat:write,commands,files:write,\
                     groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,\
                     reactions:write,usergroups:read,users:read,users:read.email"
                .to_owned(),
            seed: 7,
            redeliver_after: Duration::from_secs(3),
            answer_within: Duration::from_secs(3),
            ticket_life: Duration::from_secs(30),
            connection_life: Duration::from_secs(18_060),
            debug_connection_life: Duration::from_secs(360),
            warning_lead: Duration::from_secs(10),
            refresh_grace: Duration::from_secs(1),
            ping_every: Duration::from_secs(5),
            most_connections: 10,
            trigger_life: Duration::from_secs(3),
            rate_limits: false,
            keep_messages: 10_000,
            echo_own: true,
            rich_text: true,
            channel_labels: false,
            with_faults: true,
            patience: Duration::from_secs(20),
            github_page: None,
        }
    }
}
