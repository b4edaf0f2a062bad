//! A small server that takes what the webhook is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hubcommander::notices::sign::{Headers, Signer};
use serde_json::Value as Json;

/// What the webhook is signed with.
pub const SECRET: &str = "whsec_V2hhdCB0aGUgd2ViaG9vayBpcyBzaWduZWQgd2l0aC4=";

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Bytes,
}

impl Call {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it is signed with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let now = self.timestamp.parse().unwrap();
        let headers = Headers { id: &self.id, timestamp: &self.timestamp, signature: &self.signature };
        Signer::new(&[secret.into()]).unwrap().verify(headers, &self.body, now).is_ok()
    }
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    /// What the next calls are answered.
    refuses: usize,
}

/// The server.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Receiver {
    pub async fn start() -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let receiver = Self { address: listener.local_addr()?, seen: Arc::default() };
        let router = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(receiver)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next calls are refused, so many.
    pub fn refuse(&self, calls: usize) {
        self.seen.lock().unwrap().refuses = calls;
    }

    /// All calls, those that were refused too.
    pub fn calls(&self) -> Vec<Call> {
        self.seen.lock().unwrap().calls.clone()
    }

    /// Waits until there were so many calls.
    pub async fn await_calls(&self, count: usize) -> Result<Vec<Call>> {
        let there = async {
            while self.calls().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(super::WITHIN, there).await.with_context(|| format!("{:?}", self.calls()))?;
        Ok(self.calls())
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut seen = receiver.seen.lock().unwrap();
    seen.calls.push(Call {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    });
    if seen.refuses > 0 {
        seen.refuses -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::NO_CONTENT
}
