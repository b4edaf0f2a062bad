//! The smallest app: one connection, one HTTP client.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::slack::{Options, Slack, World};
use hubcommander_sdk::clock::SystemClock;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

pub const DEADLINE: Duration = Duration::from_secs(20);

pub async fn slack() -> Result<Slack> {
    slack_with(Options::for_tests()).await
}

pub async fn slack_with(options: Options) -> Result<Slack> {
    Ok(Slack::start(World::acme(), Arc::new(SystemClock), Faults::default(), options).await?)
}

pub struct App {
    pub socket: WebSocketStream<TcpStream>,
    pub hello: Json,
}

/// Opens a WebSocket at an address that Slack gave.
pub async fn dial(url: &str) -> Result<WebSocketStream<TcpStream>> {
    let host = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).context("a ws address")?;
    let stream = TcpStream::connect(host).await?;
    Ok(timeout(DEADLINE, client_async(url, stream)).await??.0)
}

pub async fn call_as(slack: &Slack, token: &str, method: &str, args: Json) -> Result<Json> {
    let url = format!("{}/{method}", slack.api_url());
    let client = reqwest::Client::builder().no_proxy().build()?;
    Ok(client.post(url).bearer_auth(token).json(&args).send().await?.json().await?)
}

pub async fn call(slack: &Slack, method: &str, args: Json) -> Result<Json> {
    call_as(slack, "xoxb-sandbox", method, args).await
}

/// The same, which must be `ok`.
pub async fn ok(slack: &Slack, method: &str, args: Json) -> Result<Json> {
    let answer = call(slack, method, args).await?;
    anyhow::ensure!(answer["ok"] == true, "{method}: {answer}");
    Ok(answer)
}

/// The error code of a call.
pub async fn error(slack: &Slack, method: &str, args: Json) -> Result<String> {
    let answer = call(slack, method, args).await?;
    anyhow::ensure!(answer["ok"] == false, "{method}: {answer}");
    Ok(answer["error"].as_str().context("a code")?.to_owned())
}

pub async fn open_url(slack: &Slack) -> Result<String> {
    let answer = call_as(slack, "xapp-sandbox", "apps.connections.open", json!({})).await?;
    Ok(answer["url"].as_str().with_context(|| answer.to_string())?.to_owned())
}

impl App {
    pub async fn connect(slack: &Slack) -> Result<Self> {
        let socket = dial(&open_url(slack).await?).await?;
        let mut app = Self { socket, hello: Json::Null };
        app.hello = app.next().await?;
        anyhow::ensure!(app.hello["type"] == "hello", "{}", app.hello);
        Ok(app)
    }

    /// The next thing that Slack sends; `Err` when it closes.
    pub async fn next(&mut self) -> Result<Json> {
        loop {
            match timeout(DEADLINE, self.socket.next()).await?.context("the end")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(_) => bail!("closed"),
                _ => {}
            }
        }
    }

    pub async fn send(&mut self, json: Json) -> Result<()> {
        Ok(self.socket.send(Message::text(json.to_string())).await?)
    }

    pub async fn ack(&mut self, envelope: &Json) -> Result<()> {
        self.send(json!({ "envelope_id": envelope["envelope_id"] })).await
    }

    pub async fn ack_with(&mut self, envelope: &Json, payload: Json) -> Result<()> {
        self.send(json!({ "envelope_id": envelope["envelope_id"], "payload": payload })).await
    }

    /// The next envelope's payload, acked.
    pub async fn take(&mut self) -> Result<Json> {
        let envelope = self.next().await?;
        self.ack(&envelope).await?;
        Ok(envelope["payload"].clone())
    }
}
