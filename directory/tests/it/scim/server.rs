//! A server to ask, with everything in memory and a clock that is turned by hand.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use hubcommander_directory::scim::{Links, Scim, Tokens, router};
use hubcommander_directory::{Change, Keep, MemoryKeep, Told};
use hubcommander_sdk::clock::{Clock, Instant};
use secrecy::SecretString;
use serde_json::Value as Json;
use tower::ServiceExt as _;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Tells one more second each time it is asked.
#[derive(Debug, Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Instant {
        Instant::from_timestamp(1_790_000_000 + self.0.fetch_add(1, Ordering::Relaxed), 0).unwrap()
    }
}

/// Remembers what it was told.
#[derive(Debug, Default)]
pub struct Ear(Mutex<Vec<Change>>);

#[async_trait]
impl Told for Ear {
    async fn told(&self, change: &Change) {
        self.0.lock().unwrap().push(change.clone());
    }
}

pub struct Server {
    pub keep: Arc<MemoryKeep>,
    pub ear: Arc<Ear>,
    pub router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Came {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Json,
}

impl Came {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|one| one.to_str().unwrap()).unwrap_or_default()
    }

    /// Status and `scimType` of an error, whose body must be one.
    pub fn error(&self) -> (u16, Option<&str>) {
        assert_eq!(self.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{self:?}");
        assert_eq!(self.body["status"], self.status.to_string(), "{self:?}");
        assert_eq!(self.header("content-type"), "application/scim+json");
        (self.status, self.body["scimType"].as_str())
    }
}

impl Server {
    pub fn new() -> Self {
        let keep = Arc::new(MemoryKeep::default());
        Self::over(keep.clone(), keep, None)
    }

    pub fn over(keep: Arc<MemoryKeep>, answers: Arc<dyn Keep>, links: Option<Arc<dyn Links>>) -> Self {
        let ear = Arc::new(Ear::default());
        let next = AtomicU64::new(1);
        let scim = Scim {
            keep: answers,
            told: ear.clone(),
            links,
            tokens: Tokens::new([("test", &SecretString::from(TOKEN))]).unwrap(),
            clock: Arc::new(Ticking::default()),
            new_id: Arc::new(move || format!("id-{}", next.fetch_add(1, Ordering::Relaxed))),
            public_url: "https://hub.example.com/".to_owned(),
        };
        Self { keep, ear, router: router(scim) }
    }

    /// All that was told since the last time.
    pub fn told(&self) -> Vec<Change> {
        std::mem::take(&mut *self.ear.0.lock().unwrap())
    }

    pub async fn send(&self, request: http::Request<Body>) -> Came {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Json::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Came { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn with(&self, method: &str, place: &str, headers: &[(&str, &str)], body: &str) -> Came {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("/scim/v2{place}"))
            .header("authorization", format!("Bearer {TOKEN}"));
        if !body.is_empty() {
            request = request.header("content-type", "application/scim+json; charset=utf-8");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn get(&self, place: &str) -> Came {
        self.with("GET", place, &[], "").await
    }

    pub async fn ask(&self, method: &str, place: &str, body: Json) -> Came {
        self.with(method, place, &[], &body.to_string()).await
    }

    /// Makes a user and gives back its id.
    pub async fn user(&self, mut body: Json) -> String {
        body["schemas"] = serde_json::json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        let came = self.ask("POST", "/Users", body).await;
        assert_eq!(came.status, 201, "{came:?}");
        came.body["id"].as_str().unwrap().to_owned()
    }
}
