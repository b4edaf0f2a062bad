//! What the tests share: the plugin over a memory, its page, and people with soft tokens.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use chrono::TimeDelta;
use http::{Request, StatusCode};
use hubcommander_auth_plugins::passkey::{
    ENROL, EnrolmentLink, Keep, Passkeys, Settings, Unkept, Whisper, router,
};
use hubcommander_sdk::auth::{Challenge, Role, StepUp as _, Unproven};
use hubcommander_sdk::clock::{Clock, Instant, SystemClock};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Handler as _};
use hubcommander_sdk::people::{Person, PersonId, Standing};
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::plan::Digest;
use hubcommander_sdk::text::Text;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softtoken::SoftToken;

pub const ORIGIN: &str = "https://hub.acme.example";

/// A memory that can break.
#[derive(Default)]
pub struct Memory {
    pub all: Mutex<BTreeMap<String, Value>>,
    pub broken: Mutex<bool>,
}

impl Memory {
    fn check(&self) -> Result<(), Unkept> {
        if *self.broken.lock().unwrap() { Err(Unkept("the disk is full".into())) } else { Ok(()) }
    }

    pub fn written(&self) -> String {
        serde_json::to_string(&*self.all.lock().unwrap()).unwrap()
    }
}

#[async_trait]
impl Keep for Memory {
    async fn keep(&self, name: &str, value: Option<Value>) -> Result<(), Unkept> {
        self.check()?;
        let mut all = self.all.lock().unwrap();
        match value {
            Some(value) => all.insert(name.to_owned(), value),
            None => all.remove(name),
        };
        Ok(())
    }

    async fn kept(&self, name: &str) -> Result<Option<Value>, Unkept> {
        self.check()?;
        Ok(self.all.lock().unwrap().get(name).cloned())
    }
}

/// A clock that is put forward.
#[derive(Debug, Default)]
pub struct Forward(pub Mutex<i64>);

impl Clock for Forward {
    fn now(&self) -> Instant {
        SystemClock.now() + TimeDelta::minutes(*self.0.lock().unwrap())
    }
}

/// Hears what is whispered.
#[derive(Default)]
pub struct Ear {
    pub heard: Mutex<Vec<(PersonId, String)>>,
    pub deaf: Mutex<bool>,
}

#[async_trait]
impl Whisper for Ear {
    async fn whisper(
        &self,
        _: &str,
        person: &PersonId,
        _: Text,
        open: (String, String),
    ) -> Result<(), String> {
        if *self.deaf.lock().unwrap() {
            return Err("Slack did not answer".into());
        }
        self.heard.lock().unwrap().push((person.clone(), open.1));
        Ok(())
    }
}

pub struct Site {
    pub memory: Arc<Memory>,
    pub clock: Arc<Forward>,
    pub ear: Arc<Ear>,
    pub passkeys: Arc<Passkeys>,
    pub issuer: PermitIssuer,
    pub enrolment: EnrolmentLink,
}

fn plugin(memory: &Arc<Memory>, clock: &Arc<Forward>, first: u8) -> Arc<Passkeys> {
    let settings = Settings { public_url: ORIGIN.parse().unwrap(), name: "HubCommander".into() };
    let next = AtomicU8::new(first);
    let random = Arc::new(move || [next.fetch_add(1, Ordering::SeqCst); 32]);
    Arc::new(Passkeys::new(&settings, memory.clone(), random, clock.clone()).unwrap())
}

impl Site {
    pub fn new() -> Self {
        let (memory, clock, ear) = (Arc::default(), Arc::default(), Arc::<Ear>::default());
        let passkeys = plugin(&memory, &clock, 1);
        let (issuer, permits) = PermitIssuer::new();
        let enrolment = EnrolmentLink::new(Arc::clone(&passkeys), ear.clone(), permits);
        Self { memory, clock, ear, passkeys, issuer, enrolment }
    }

    /// The same as another process makes it.
    pub async fn restarted(&self) -> Arc<Passkeys> {
        let passkeys = plugin(&self.memory, &self.clock, 100);
        passkeys.load().await.unwrap();
        passkeys
    }

    pub async fn apply(&self, user: &str) -> Result<Applied, OperationError> {
        let permit = self.issuer.permit("inv-ENROL");
        self.enrolment.apply(&enrol_input(user), &permit).await
    }

    /// The path of the last link that was whispered.
    pub fn whispered(&self) -> String {
        let heard = self.ear.heard.lock().unwrap();
        heard.last().unwrap().1.strip_prefix(ORIGIN).unwrap().to_owned()
    }

    /// Somebody adds a passkey.
    pub async fn enrolled(&self, user: &str) -> SoftToken {
        self.apply(user).await.unwrap();
        let mut token = SoftToken::new(true).unwrap().0;
        let (status, said) = self.create(&self.whispered(), &mut token).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        token
    }

    pub async fn create(&self, path: &str, token: &mut SoftToken) -> (StatusCode, String) {
        let (status, options) = self.post(&format!("{path}/begin"), "{}").await;
        if status != StatusCode::OK {
            return (status, options);
        }
        let options = serde_json::from_str(&options).unwrap();
        let made = token.do_registration(ORIGIN.parse().unwrap(), options).unwrap();
        self.post(&format!("{path}/finish"), &serde_json::to_string(&made).unwrap()).await
    }

    /// What a token answers to the question of a page.
    pub async fn answer(&self, path: &str, token: &mut SoftToken) -> String {
        let (status, options) = self.post(&format!("{path}/begin"), "{}").await;
        assert_eq!(status, StatusCode::OK, "{options}");
        let options = serde_json::from_str(&options).unwrap();
        let got = token.do_authentication(ORIGIN.parse().unwrap(), options).unwrap();
        serde_json::to_string(&got).unwrap()
    }

    /// Somebody uses their passkey on a page.
    pub async fn touch(&self, path: &str, token: &mut SoftToken) -> (StatusCode, String) {
        let answer = self.answer(path, token).await;
        self.post(&format!("{path}/finish"), &answer).await
    }

    pub async fn post(&self, path: &str, body: &str) -> (StatusCode, String) {
        self.post_from(Some(ORIGIN), path, body).await
    }

    pub async fn post_from(&self, origin: Option<&str>, path: &str, body: &str) -> (StatusCode, String) {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (status, _, body) = self.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        (status, body)
    }

    /// A page: its status, its policy and its words.
    pub async fn page(&self, path: &str) -> (StatusCode, String, String) {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let response = router(Arc::clone(&self.passkeys)).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let policy = parts.headers.get("content-security-policy");
        let policy = policy.map(|policy| policy.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, policy, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Begins, and gives the ticket and the path of the page.
    pub async fn begin(&self, challenge: &Challenge) -> (Value, String) {
        let begun = self.passkeys.begin(challenge).await.unwrap();
        let (_, url) = begun.open.unwrap();
        (begun.ticket, url.strip_prefix(ORIGIN).unwrap().to_owned())
    }
}

pub fn person(user: &str) -> PersonId {
    PersonId { team: "T0ACME".into(), user: user.into() }
}

pub fn enrol_input(user: &str) -> Value {
    json!({ "person": person(user), "called": user.trim_start_matches("U0").to_lowercase() })
}

pub fn enrol_kind() -> &'static str {
    ENROL
}

/// Somebody asks to delete a repository.
pub fn challenge(user: &str) -> Challenge {
    Challenge {
        invocation: "inv-7Q4K2".into(),
        person: Person {
            id: person(user),
            standing: Standing::Member,
            name: "Ana".into(),
            email: None,
            tz_offset: None,
        },
        role: Role::Asks,
        asked_by: person(user),
        asked_by_name: "ana".to_owned(),
        digest: Digest("0123456789abcdef".repeat(4)),
        line: "!DeleteRepo acme <widgets>".into(),
        title: Text::new().plain("Delete ").code("acme/<widgets>"),
        steps: vec!["acme/<widgets> is deleted".into()],
        expires: SystemClock.now() + TimeDelta::minutes(10),
    }
}

pub fn no<T: std::fmt::Debug>(result: Result<T, Unproven>) -> String {
    let no = result.unwrap_err();
    let more = match (no.fraud, no.again) {
        (true, _) => "\nfraud",
        (_, true) => "\nagain",
        _ => "",
    };
    format!("{}\n{}\nlog: {}{more}", no.what.words(), no.todo.words(), no.log)
}
