//! The whole of it in a time that passes at once: what GitHub says, and how long is waited.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use hubcommander_sdk::clock::{Clock, SystemClock};

use super::*;

/// Tells tokio's time, which tests can stop.
#[derive(Debug)]
struct TokioClock(tokio::time::Instant, Instant);

impl TokioClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(tokio::time::Instant::now(), SystemClock.now()))
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        self.1 + self.0.elapsed()
    }
}

/// Gives its answers one by one and notes when each was asked for.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<(u16, &'static str), ()>>>,
    asked: Mutex<Vec<String>>,
    began: Option<tokio::time::Instant>,
}

impl Script {
    fn of(answers: &[(u16, &'static str)]) -> Arc<Self> {
        let answers = answers.iter().map(|(status, body)| match status {
            0 => Err(()),
            status => Ok((*status, *body)),
        });
        Arc::new(Self {
            answers: Mutex::new(answers.collect()),
            asked: Mutex::default(),
            began: Some(tokio::time::Instant::now()),
        })
    }

    fn next(&self, what: &str) -> Result<Reply, DeviceError> {
        let after = self.began.map(|began| began.elapsed().as_secs()).unwrap_or_default();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{after} {what}"));
        match self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            Some(Ok((status, body))) => Ok(Reply { status, body: body.as_bytes().to_vec() }),
            Some(Err(())) => Err(DeviceError::unreachable("no connection")),
            None => Ok(Reply { status: 200, body: PENDING.as_bytes().to_vec() }),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Ask for Script {
    async fn post(&self, path: &'static str, form: &[(&str, &str)]) -> Result<Reply, DeviceError> {
        assert!(form.iter().all(|(name, _)| *name != "scope" && *name != "client_secret"), "{form:?}");
        self.next(path.rsplit('/').next().unwrap_or_default())
    }

    async fn user(&self, token: &SecretString) -> Result<Reply, DeviceError> {
        assert_eq!(token.expose_secret(), "gho_secret");
        self.next("user")
    }
}

const CODE: &str = r#"{"device_code":"3584d83530557fdd1f46af8289938c8ef79f9dc5","user_code":"WDJB-MJHT",
    "verification_uri":"https://github.com/login/device","expires_in":900,"interval":5}"#;
const PENDING: &str = r#"{"error":"authorization_pending"}"#;
const TOKEN: &str = r#"{"access_token":"gho_secret","token_type":"bearer","scope":""}"#;
const ANA: &str = r#"{"id":7,"login":"ana-lima","type":"User"}"#;

fn flow(script: &Arc<Script>) -> DeviceFlow {
    DeviceFlow::with(Arc::clone(script) as Arc<dyn Ask>, "https://github.com", "Iv1.x", TokioClock::new())
}

/// The end, and each question with the second it was asked in.
async fn end(answers: &[(u16, &'static str)]) -> (Result<Proven, DeviceErrorKind>, Vec<String>) {
    let script = Script::of(&[&[(200, CODE)][..], answers].concat());
    let flow = flow(&script);
    let begun = flow.begin().await.unwrap();
    let end = flow.wait(begun).await.map_err(|error| error.kind);
    (end, script.asked())
}

fn ana() -> Proven {
    Proven { id: 7, login: "ana-lima".into() }
}

#[tokio::test(start_paused = true)]
async fn a_person_is_proven_to_be_who_typed_the_code() {
    let (end, asked) = end(&[(200, PENDING), (200, PENDING), (200, TOKEN), (200, ANA)]).await;
    assert_eq!(end, Ok(ana()));
    assert_eq!(asked, ["0 code", "5 access_token", "10 access_token", "15 access_token", "15 user"]);
}

#[tokio::test(start_paused = true)]
async fn it_slows_down_by_as_much_as_github_says() {
    let told = r#"{"error":"slow_down","interval":12}"#;
    let less = r#"{"error":"slow_down","interval":3}"#;
    let untold = r#"{"error":"slow_down"}"#;
    let (end, asked) = end(&[(200, told), (200, untold), (200, less), (200, TOKEN), (200, ANA)]).await;
    assert_eq!(end, Ok(ana()));
    // 5, then 12, then 5 more, then 5 more again: it never gets quicker.
    assert_eq!(asked[1..5], ["5 access_token", "17 access_token", "34 access_token", "56 access_token"]);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_ends_it_and_none_is_a_yes() {
    use DeviceErrorKind::{Denied, Expired, NotSetUp, Unexpected, WrongCode};
    for (answer, kind) in [
        (r#"{"error":"access_denied"}"#, Denied),
        (r#"{"error":"expired_token"}"#, Expired),
        (r#"{"error":"incorrect_device_code"}"#, WrongCode),
        (r#"{"error":"device_flow_disabled"}"#, NotSetUp),
        (r#"{"error":"incorrect_client_credentials"}"#, NotSetUp),
        (r#"{"error":"unsupported_grant_type"}"#, Unexpected),
        (r#"{"error":"slow_down","access_token":"gho_secret"}"#, Expired),
        (r#"{}"#, Unexpected),
        ("<html>", Unexpected),
        (r#"{"access_token":7}"#, Unexpected),
    ] {
        let (end, _) = end(&[(200, answer)]).await;
        assert_eq!(end, Err(kind), "{answer}");
    }
    for user in
        [r#"{"id":7,"login":"acme","type":"Organization"}"#, r#"{"login":"ana-lima","type":"User"}"#, "{}"]
    {
        assert_eq!(end(&[(200, TOKEN), (200, user)]).await.0, Err(Unexpected), "{user}");
    }
    assert_eq!(end(&[(200, TOKEN), (401, "{}")]).await.0, Err(Unexpected));
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_types_comes_to_its_end() {
    let (end, asked) = end(&[]).await;
    assert_eq!(end, Err(DeviceErrorKind::Expired));
    assert_eq!(asked.len(), 1 + 180, "every five seconds of a quarter of an hour");
    assert_eq!(asked.last().unwrap(), "900 access_token");
}

#[tokio::test(start_paused = true)]
async fn a_moment_without_an_answer_does_not_end_it() {
    let (proven, asked) =
        end(&[(0, ""), (502, "<html>"), (429, "{}"), (200, TOKEN), (0, ""), (503, ""), (200, ANA)]).await;
    assert_eq!(proven, Ok(ana()));
    assert_eq!(asked[4..], ["20 access_token", "20 user", "21 user", "22 user"]);
    // The code is used up by now.
    let (lost, asked) = end(&[(200, TOKEN), (0, ""), (0, ""), (0, "")]).await;
    assert_eq!((lost, asked.len()), (Err(DeviceErrorKind::Lost), 5));
    let gone: Vec<(u16, &str)> = vec![(0, ""); 200];
    assert_eq!(end(&gone).await.0, Err(DeviceErrorKind::Unreachable), "it was away to the end");
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_to_people_leads_to_github_and_can_be_typed() {
    let begin = async |answer: &'static str| flow(&Script::of(&[(200, answer)])).begin().await;
    let begun = begin(CODE).await.unwrap();
    assert_eq!(begun.user_code, "WDJB-MJHT");
    assert_eq!(begun.verification_uri, "https://github.com/login/device");
    let elsewhere = r#"{"device_code":"x","user_code":"A-B","verification_uri":"https://github.com.evil.example/login/device",
        "expires_in":99999999,"interval":0}"#;
    let begun = begin(elsewhere).await.unwrap();
    assert_eq!(begun.verification_uri, "https://github.com/login/device");
    let hour = Duration::from_secs(3_600);
    assert!(begun.expires_at <= SystemClock.now() + hour + hour, "not for years");
    let odd = r#"{"device_code":"x","user_code":"<!channel>","expires_in":900}"#;
    assert_eq!(begin(odd).await.unwrap_err().kind, DeviceErrorKind::Unexpected);
    let stranger = flow(&Script::of(&[(404, r#"{"error":"Not Found"}"#)])).begin().await.unwrap_err();
    assert_eq!(stranger.kind, DeviceErrorKind::NotSetUp);
    assert_eq!(stranger.what.words(), "GitHub does not know this bot's client id.");
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_shown() {
    let script = Script::of(&[(200, CODE), (200, r#"{"access_token":"gho_secret""#)]);
    let flow = flow(&script);
    let mut begun = flow.begin().await.unwrap();
    let error = flow.poll(&mut begun).await.unwrap_err();
    let shown = format!("{flow:?} {begun:?} {error:?} {error}");
    for secret in ["3584d8", "WDJB", "gho_"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn each_github_has_its_page_where_its_people_are() {
    let of = |api: &str| site(&Url::parse(api).unwrap()).unwrap();
    assert_eq!(of("https://api.github.com"), "https://github.com");
    assert_eq!(of("https://ghes.example/api/v3/"), "https://ghes.example");
    assert_eq!(of("https://api.acme.ghe.com"), "https://acme.ghe.com");
    assert_eq!(of("https://api.example.com/api/v3"), "https://api.example.com");
    assert_eq!(of("http://127.0.0.1:7/api/v3"), "http://127.0.0.1:7");
    let settings = Settings::new(
        Url::parse("https://api.github.com").unwrap(),
        crate::settings::Credentials::Token("ghp_x".into()),
    );
    for id in ["", "a b", "x\n"] {
        let made = DeviceFlow::new(&settings, id, Arc::new(SystemClock));
        assert!(matches!(made, Err(SetupError::ClientId)), "{id:?}");
    }
}
