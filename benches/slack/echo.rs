//! The least that a bot can do with slack-morphism: its own Socket Mode listener, an ack, and the same words
//! in the thread. Nothing is written down, nobody is looked up, no command is read.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hyper_util::client::legacy::connect::HttpConnector;
use slack_morphism::api::SlackApiChatPostMessageRequest;
use slack_morphism::errors::SlackClientError;
use slack_morphism::events::{SlackEventCallbackBody, SlackPushEventCallback};
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::listener::{SlackClientEventsListenerEnvironment, SlackClientEventsUserState};
use slack_morphism::prelude::{
    SlackClientSocketModeConfig, SlackClientSocketModeListener, SlackSocketModeListenerCallbacks,
};
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient, SlackMessageContent};

type Client = SlackClient<SlackClientHyperConnector<HttpConnector>>;

/// How the echo is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As in the library's own examples: its usual runtime and connections, and the answer is awaited where
    /// the event is handled.
    Plain,
    /// As quick as it can be made on one core: one thread, one connection, and each answer goes out from a
    /// task of its own.
    Quick,
}

/// Echoes until it is told to stop.
pub fn run(api_url: &str, style: Style) -> Result<()> {
    let runtime = match style {
        Style::Plain => tokio::runtime::Builder::new_multi_thread().enable_all().build()?,
        Style::Quick => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
    };
    runtime.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let connector = SlackClientHyperConnector::with_connector(connector).with_slack_api_url(api_url);
        let client = Arc::new(SlackClient::new(connector));
        let token: SlackApiToken = SlackApiToken::new(SlackApiTokenValue("xoxb-sandbox".to_owned()));
        let environment = SlackClientEventsListenerEnvironment::new(client).with_user_state(token);
        let callbacks = SlackSocketModeListenerCallbacks::new();
        let (callbacks, settings) = match style {
            Style::Plain => (callbacks.with_push_events(echo), SlackClientSocketModeConfig::new()),
            Style::Quick => (
                callbacks.with_push_events(echo_aside),
                SlackClientSocketModeConfig::new().with_max_connections_count(1),
            ),
        };
        let listener = SlackClientSocketModeListener::new(&settings, Arc::new(environment), callbacks);
        let app = SlackApiToken::new(SlackApiTokenValue("xapp-sandbox".to_owned()));
        listener.listen_for(&app).await.context("listening")?;
        listener.serve().await;
        Ok(())
    })
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn echo(
    event: SlackPushEventCallback,
    client: Arc<Client>,
    state: SlackClientEventsUserState,
) -> Outcome {
    let Some(token) = state.read().await.get_user_state::<SlackApiToken>().cloned() else { return Ok(()) };
    answer(event, &client, &token).await;
    Ok(())
}

async fn echo_aside(
    event: SlackPushEventCallback,
    client: Arc<Client>,
    state: SlackClientEventsUserState,
) -> Outcome {
    let Some(token) = state.read().await.get_user_state::<SlackApiToken>().cloned() else { return Ok(()) };
    tokio::spawn(async move { answer(event, &client, &token).await });
    Ok(())
}

async fn answer(event: SlackPushEventCallback, client: &Client, token: &SlackApiToken) {
    let SlackEventCallbackBody::Message(message) = event.event else { return };
    let (Some(channel), Some(content)) = (message.origin.channel, message.content) else { return };
    let content = SlackMessageContent::new().with_text(content.text.unwrap_or_default());
    let request = SlackApiChatPostMessageRequest::new(channel, content).with_thread_ts(message.origin.ts);
    let posted = client.open_session(token).chat_post_message(&request).await;
    if let Err(error) = posted.map_err(|error: SlackClientError| error.to_string()) {
        eprintln!("{error}");
    }
}
