//! A running local GitHub, a clock to turn and a client that follows no redirects.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the allowance for tests stops at #[test]")]

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{GitHub, World};
use hubcommander_sdk::clock::{Clock, Instant};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A clock that stands still until it is turned.
#[derive(Clone, Debug)]
pub struct HandClock(Arc<Mutex<Instant>>);

impl HandClock {
    pub fn new() -> Self {
        let start: DateTime<Utc> = "2026-11-24T10:00:00Z".parse().expect("a time");
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn turn(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

pub struct Site {
    pub github: GitHub,
    pub clock: HandClock,
    pub client: Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The `name`s (or whatever `field` is) of a list.
    pub fn each(&self, field: &str) -> Vec<&str> {
        self.json.as_array().expect("a list").iter().map(|one| one[field].as_str().expect("text")).collect()
    }

    /// The `number`s of a list, or of what a search found.
    pub fn numbers(&self) -> Vec<u64> {
        let list = if self.json.is_array() { &self.json } else { &self.json["items"] };
        list.as_array().expect("a list").iter().map(|one| one["number"].as_u64().expect("a number")).collect()
    }
}

impl Site {
    pub async fn acme() -> anyhow::Result<Self> {
        Self::of(World::acme()).await
    }

    pub async fn of(world: World) -> anyhow::Result<Self> {
        let clock = HandClock::new();
        let github = GitHub::start(world, Arc::new(clock.clone()), Faults::default()).await?;
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("hubcommander-tests")
            .build()?;
        Ok(Self { github, clock, client })
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.github.url()))
    }

    pub async fn as_who(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Reply> {
        let mut request = self.ask(method.clone(), path).bearer_auth(token);
        request = match body {
            Some(body) => request.json(&body),
            // GitHub wants the length of an empty body too.
            None if method == Method::PUT => request.header("content-length", "0"),
            None => request,
        };
        read(request).await
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.as_who("ghp_sandbox", Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Reply> {
        self.as_who("ghp_sandbox", Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Reply> {
        self.as_who("ghp_sandbox", Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Reply> {
        self.as_who("ghp_sandbox", Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Reply> {
        self.as_who("ghp_sandbox", Method::DELETE, path, None).await
    }
}

pub async fn read(request: RequestBuilder) -> anyhow::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Reply { status, headers, text, json })
}
