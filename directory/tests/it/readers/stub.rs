//! A server that gives the answers it was told, in their order, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use hubcommander_directory::readers::{Reach, Waits};
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sdk::clock::{Clock, Instant, SharedClock};
use serde_json::Value as Json;
use tokio::net::TcpListener;
use url::Url;

/// What the server says: status, headers, body.
pub type Said = (u16, Vec<(&'static str, String)>, String);

/// Always the same time.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        Instant::from_timestamp(1_790_000_000, 0).unwrap()
    }
}

pub fn clock() -> SharedClock {
    Arc::new(Still)
}

/// Quick, and three times.
pub fn reach() -> Reach {
    Reach {
        patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) },
        waits: Waits { tries: 3, pause: Duration::from_millis(1), longest: Duration::from_secs(5) },
        proxies: Proxies::none(),
    }
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: ::http::HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|one| one.to_str().unwrap()).unwrap_or_default()
    }
}

pub struct Stub {
    pub url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    says: Arc<Mutex<VecDeque<Said>>>,
}

pub fn json(body: &Json) -> Said {
    (200, vec![("content-type", "application/json".to_owned())], body.to_string())
}

pub fn page(body: &Json, next: &str) -> Said {
    let links = vec![
        ("link", "<https://other.example/>; rel=\"self\"".to_owned()),
        ("link", format!("<{next}>; rel=\"next\"")),
    ];
    (200, links, body.to_string())
}

pub fn refuses(status: u16) -> Said {
    (status, vec![], "{}".to_owned())
}

impl Stub {
    pub async fn says(says: Vec<Said>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let says = Arc::new(Mutex::new(VecDeque::from(says)));
        let (remembers, answers) = (asked.clone(), says.clone());
        let answer = move |request: Request| {
            let (remembers, answers) = (remembers.clone(), answers.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                remembers.lock().unwrap().push(Asked {
                    method: parts.method.to_string(),
                    target: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                });
                let (status, headers, body) =
                    answers.lock().unwrap().pop_front().unwrap_or_else(|| refuses(500));
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        };
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Self { url, asked, says }
    }

    pub fn next(&self, says: Vec<Said>) {
        self.says.lock().unwrap().extend(says);
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|one| one.target).collect()
    }

    pub fn at(&self, place: &str) -> Url {
        self.url.join(place).unwrap()
    }
}
