//! A model of osquery's agent, for trying servers: it enrols, fetches its configuration, answers what it is asked and
//! sends what it has looked at, as osquery's documentation and code say
//! (<https://osquery.readthedocs.io/en/stable/deployment/remote/>). It is no osquery: its tables are given, and its SQL
//! is run by SQLite over them. It is not made to be quick.

mod host;

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

pub use host::{Host, Row};

/// Which agent is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Before 5.23: the node key stands in the body alone.
    Old,
    /// Since 5.23: it also stands in a header.
    New,
}

/// What an agent sees go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The server cannot be reached.
    #[error("the server did not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// It answered with another status than 200.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// It answered what is no JSON object, or `node_invalid` that is no boolean.
    #[error("the server's answer cannot be read")]
    Unreadable,
    /// There is no key in the answer to an enrolment, or `node_invalid` beside it; with the server's words.
    #[error("the server does not let it enrol: {0}")]
    NotEnrolled(String),
    /// It does not know the key: the agent has dropped it and enrols when it next needs one.
    #[error("the server does not know the key")]
    NodeInvalid,
    /// A discovery query failed, so none of the queries was run.
    #[error("a discovery query failed, so nothing was run")]
    Discovery,
}

/// The agent of one computer.
#[derive(Debug)]
pub struct Agent {
    url: String,
    secret: String,
    age: Age,
    client: reqwest::Client,
    /// The computer that it looks at.
    pub host: Host,
    /// Its key, once enrolled.
    pub node_key: Option<String>,
    /// What it looks at by itself: name and query.
    pub schedule: BTreeMap<String, String>,
    /// For how many seconds it was last told to come back quickly.
    pub accelerate: Option<i64>,
}

impl Agent {
    /// The agent of `host`, which talks to `url` (`https://HOST:PORT`) with the paths that docs/osquery.md names.
    #[must_use]
    pub fn new(url: &str, secret: &str, age: Age, host: Host, client: reqwest::Client) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            secret: secret.to_owned(),
            age,
            client,
            host,
            node_key: None,
            schedule: BTreeMap::new(),
            accelerate: None,
        }
    }

    /// Enrols, also if it has a key.
    ///
    /// # Errors
    /// As [`Trouble`] says; it has no key then.
    pub async fn enroll(&mut self) -> Result<(), Trouble> {
        self.node_key = None;
        let body = json!({
            "enroll_secret": self.secret,
            "host_identifier": self.host.uuid(),
            "platform_type": self.host.platform_type(),
            "host_details": {
                "os_version": self.host.first("os_version"),
                "osquery_info": self.host.first("osquery_info"),
                "system_info": self.host.first("system_info"),
                "platform_info": {},
            },
        });
        let answer = self.send("/osquery/enroll", &body, None, false).await?;
        let words = || answer.get("error").and_then(Value::as_str).unwrap_or("without a word").to_owned();
        if answer.get("node_invalid") == Some(&json!(true)) {
            return Err(Trouble::NotEnrolled(words()));
        }
        let key = answer.get("node_key").or_else(|| answer.get("id")).and_then(Value::as_str);
        let Some(key) = key.filter(|key| !key.is_empty()) else { return Err(Trouble::NotEnrolled(words())) };
        self.node_key = Some(key.to_owned());
        Ok(())
    }

    /// Fetches its configuration, and enrols first if it has no key.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    pub async fn fetch_config(&mut self) -> Result<(), Trouble> {
        let answer = self.ask("/osquery/config", json!({}), false).await?;
        let schedule = answer.get("schedule").and_then(Value::as_object).cloned().unwrap_or_default();
        let query = |entry: Value| entry.get("query").and_then(Value::as_str).map(str::to_owned);
        self.schedule =
            schedule.into_iter().filter_map(|(name, entry)| Some((name, query(entry)?))).collect();
        Ok(())
    }

    /// Looks at everything once, at `unix_time`, and sends it, packed. What fails is not sent.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    pub async fn run_schedule(&mut self, unix_time: i64) -> Result<(), Trouble> {
        let mut data = Vec::new();
        for (name, query) in &self.schedule {
            let Ok(rows) = self.host.run(query) else { continue };
            data.push(json!({
                "action": "snapshot", "name": name, "hostIdentifier": self.host.uuid(), "snapshot": rows,
                "calendarTime": "", "unixTime": unix_time.to_string(), "epoch": "0", "counter": "0", "numerics": false,
            }));
        }
        self.send_log("result", Value::Array(data)).await
    }

    /// Sends a log of this type.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    pub async fn send_log(&mut self, log_type: &str, data: Value) -> Result<(), Trouble> {
        self.ask("/osquery/log", json!({ "log_type": log_type, "data": data }), true).await.map(|_| ())
    }

    /// Asks what it is to answer out of turn, and answers. How many queries were run.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    pub async fn poll(&mut self) -> Result<usize, Trouble> {
        let asked = self.ask("/osquery/distributed/read", json!({}), false).await?;
        self.accelerate = asked.get("accelerate").and_then(Value::as_i64);
        let of = |key: &str| asked.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        let (queries, discovery) = (of("queries"), of("discovery"));
        let mut left_out = Vec::new();
        for (name, query) in &discovery {
            let rows = self.host.run(query.as_str().unwrap_or_default()).map_err(|_| Trouble::Discovery)?;
            if rows.is_empty() {
                left_out.push(name.clone());
            }
        }
        let (mut rows, mut statuses, mut messages) = (Map::new(), Map::new(), Map::new());
        for (name, query) in queries.iter().filter(|(name, _)| !left_out.contains(name)) {
            let (found, status, message) = match self.host.run(query.as_str().unwrap_or_default()) {
                Ok(found) => (found, 0, String::new()),
                Err(error) => (Vec::new(), 1, error),
            };
            rows.insert(name.clone(), json!(found));
            statuses.insert(name.clone(), json!(status));
            messages.insert(name.clone(), json!(message));
        }
        let ran = rows.len();
        if ran > 0 {
            let body = json!({ "queries": rows, "statuses": statuses, "messages": messages, "stats": {} });
            self.ask("/osquery/distributed/write", body, false).await?;
        }
        Ok(ran)
    }

    /// Asks with its key. One that the server does not know is dropped.
    async fn ask(&mut self, path: &str, mut body: Value, packed: bool) -> Result<Value, Trouble> {
        if self.node_key.is_none() {
            self.enroll().await?;
        }
        let key = self.node_key.clone().unwrap_or_default();
        body["node_key"] = json!(key);
        let answer = self.send(path, &body, (self.age == Age::New).then_some(&key), packed).await?;
        match answer.get("node_invalid") {
            Some(Value::Bool(true)) => {
                self.node_key = None;
                Err(Trouble::NodeInvalid)
            }
            None | Some(Value::Bool(false)) => Ok(answer),
            Some(_) => Err(Trouble::Unreadable),
        }
    }

    async fn send(
        &self,
        path: &str,
        body: &Value,
        key: Option<&String>,
        packed: bool,
    ) -> Result<Value, Trouble> {
        let mut request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("user-agent", if self.age == Age::New { "osquery/5.23.1" } else { "osquery/5.10.2" });
        if let Some(key) = key {
            request = request.header("authorization", format!("NodeKey {key}"));
        }
        request = if packed {
            request.header("content-encoding", "gzip").body(gzip(body.to_string().as_bytes()))
        } else {
            request.body(body.to_string())
        };
        let answer = request.send().await?;
        if answer.status() != 200 {
            return Err(Trouble::Status(answer.status().as_u16()));
        }
        let bytes = answer.bytes().await?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| Trouble::Unreadable)?;
        if answer.is_object() { Ok(answer) } else { Err(Trouble::Unreadable) }
    }
}

/// Packs these bytes.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail.
    let _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}
