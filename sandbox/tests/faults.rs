//! What goes wrong on demand, seen from a client's side of a real TCP connection.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use hubcommander_sandbox::faults::{Fault, Faults, Hold, Outcome, Phase, When};
use hubcommander_sandbox::server::{Running, loopback, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

struct Site {
    running: Running,
    faults: Faults,
    effects: Arc<AtomicU32>,
    client: reqwest::Client,
}

impl Site {
    async fn start() -> anyhow::Result<Self> {
        let faults = Faults::default();
        let effects = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&effects);
        let router = Router::new()
            .route(
                "/do",
                post(move || async move {
                    counter.fetch_add(1, Ordering::SeqCst);
                    "done"
                }),
            )
            .route("/look", get(|| async { "seen" }))
            .route("/echo", get(echo));
        let running = serve(loopback().await?, router, &faults)?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { running, faults, effects, client })
    }

    fn act(&self) -> impl Future<Output = reqwest::Result<reqwest::Response>> + Send + 'static {
        self.client.post(format!("{}/do", self.running.url())).body("please").send()
    }

    fn effects(&self) -> u32 {
        self.effects.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_lost_answer_has_its_effect_and_a_dropped_request_has_none() -> anyhow::Result<()> {
    let site = Site::start().await?;
    site.faults.add(When::post("/do").skip(1), Fault::LostAnswer);
    site.faults.add(When::post("/do").skip(2), Fault::Dropped);
    assert_eq!(site.act().await?.text().await?, "done");
    let lost = site.act().await.expect_err("the answer is lost");
    assert!(lost.status().is_none() && !lost.is_timeout(), "{lost:?}");
    assert_eq!(site.effects(), 2);
    // The second fault has seen the first request only: the lost one ended before it.
    assert!(site.act().await?.status().is_success());
    assert!(site.act().await.is_err());
    assert_eq!(site.effects(), 3);
    let outcomes: Vec<Outcome> = site.faults.log().iter().map(|entry| entry.outcome).collect();
    let answered = Outcome::Answered(200);
    assert_eq!(outcomes, [answered, Outcome::AnswerLost(200), answered, Outcome::Dropped]);
    assert_eq!(site.faults.log()[0].body.as_deref(), Some("please"));
    Ok(())
}

#[tokio::test]
async fn a_cut_connection_is_closed_without_a_byte() -> anyhow::Result<()> {
    let site = Site::start().await?;
    site.faults.add(When::any(), Fault::Dropped);
    let mut raw = tokio::net::TcpStream::connect(site.running.address()).await?;
    raw.write_all(b"GET /look HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut got = Vec::new();
    let _ = timeout(DEADLINE, raw.read_to_end(&mut got)).await?;
    assert!(got.is_empty(), "{got:?}");
    Ok(())
}

#[tokio::test]
async fn a_hanging_request_is_not_answered_and_its_connection_stays() -> anyhow::Result<()> {
    let site = Site::start().await?;
    site.faults.add(When::any(), Fault::Hang);
    let waiting = tokio::spawn(site.act());
    timeout(DEADLINE, site.faults.logged(|log| log.iter().any(|one| one.outcome == Outcome::Hanging)))
        .await?;
    assert_eq!(site.running.connections().len(), 1);
    assert!(!waiting.is_finished());
    assert_eq!(site.effects(), 0);
    // Others are served meanwhile.
    assert!(site.act().await?.status().is_success());
    waiting.abort();
    Ok(())
}

#[tokio::test]
async fn a_status_and_a_refusal_have_no_effect() -> anyhow::Result<()> {
    let site = Site::start().await?;
    site.faults.add(When::any(), Fault::Status(502, "<html>bad gateway</html>".into()));
    site.faults.add(When::any(), Fault::Status(500, r#"{"message":"no"}"#.into()));
    site.faults.add(When::any(), Fault::RateLimited { retry_after: Duration::from_secs(7) });
    let page = site.act().await?;
    assert_eq!(page.status(), 502);
    assert_eq!(page.headers()["content-type"], "text/html");
    let json = site.act().await?;
    assert_eq!((json.status().as_u16(), json.text().await?.as_str()), (500, r#"{"message":"no"}"#));
    let limited = site.act().await?;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str()?), (429, "7"));
    assert_eq!(site.effects(), 0);
    assert!(site.act().await?.status().is_success());
    Ok(())
}

#[tokio::test]
async fn a_gate_holds_before_or_after_the_effect_until_released() -> anyhow::Result<()> {
    let site = Site::start().await?;
    for (hold, effects_while_held) in [(Hold::BeforeEffect, 0), (Hold::AfterEffect, 2)] {
        let gate = site.faults.gate(When::post("/do"), hold);
        let waiting = tokio::spawn(site.act());
        let held = timeout(DEADLINE, gate.held()).await?.expect("one is held");
        assert_eq!((held.method.as_str(), held.path.as_str()), ("POST", "/do"));
        assert_eq!(site.effects(), effects_while_held);
        gate.release();
        assert!(timeout(DEADLINE, waiting).await???.status().is_success());
    }
    assert_eq!(site.effects(), 2);
    Ok(())
}

#[tokio::test]
async fn a_cut_gate_ends_the_connection_and_before_the_effect_it_never_happens() -> anyhow::Result<()> {
    let site = Site::start().await?;
    for (hold, effects) in [(Hold::BeforeEffect, 0), (Hold::AfterEffect, 1)] {
        let gate = site.faults.gate(When::post("/do"), hold);
        let waiting = tokio::spawn(site.act());
        timeout(DEADLINE, gate.held()).await?;
        gate.cut();
        assert!(timeout(DEADLINE, waiting).await??.is_err());
        assert_eq!(site.effects(), effects);
    }
    Ok(())
}

#[tokio::test]
async fn who_goes_away_while_held_does_not_undo_what_was_asked() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let gate = site.faults.gate(When::post("/do"), Hold::BeforeEffect);
    let waiting = tokio::spawn(site.act());
    timeout(DEADLINE, gate.held()).await?;
    waiting.abort();
    site.running.cut_all();
    gate.release();
    timeout(DEADLINE, site.faults.logged(|log| log.iter().all(|one| one.outcome != Outcome::Open))).await?;
    assert_eq!(site.effects(), 1);
    Ok(())
}

#[tokio::test]
async fn every_request_is_seen_before_and_after_its_effect() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (notes, effects) = (Arc::clone(&seen), Arc::clone(&site.effects));
    site.faults.on_request(move |one| {
        let so_far = effects.load(Ordering::SeqCst);
        notes.lock().unwrap().push((one.number, one.phase, one.status, so_far));
    });
    site.act().await?;
    site.act().await?;
    let expected = [
        (1, Phase::BeforeEffect, None, 0),
        (1, Phase::AfterEffect, Some(200), 1),
        (2, Phase::BeforeEffect, None, 1),
        (2, Phase::AfterEffect, Some(200), 2),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    Ok(())
}

#[tokio::test]
async fn a_frozen_connection_is_silent_and_goes_on_when_thawed() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut raw = tokio::net::TcpStream::connect(site.running.address()).await?;
    let ask = b"GET /look HTTP/1.1\r\nHost: x\r\n\r\n";
    raw.write_all(ask).await?;
    let mut first = [0_u8; 12];
    timeout(DEADLINE, raw.read_exact(&mut first)).await??;
    for connection in site.running.connections() {
        connection.freeze();
    }
    raw.write_all(ask).await?;
    // Another connection gets through, so the server had its chance to answer this one.
    site.act().await?;
    assert_eq!(site.faults.arrived(), 2, "the frozen request was not read");
    for connection in site.running.connections() {
        connection.thaw();
    }
    timeout(DEADLINE, site.faults.logged(|log| log.len() == 3)).await?;
    Ok(())
}

/// Switches to a protocol of its own: every byte comes back.
async fn echo(request: axum::extract::Request) -> impl axum::response::IntoResponse {
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            let (mut from, mut to) = tokio::io::split(hyper_util::rt::TokioIo::new(upgraded));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
    (http::StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "echo")])
}

#[tokio::test]
async fn an_upgraded_connection_can_still_be_frozen_thawed_and_cut() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut raw = tokio::net::TcpStream::connect(site.running.address()).await?;
    raw.write_all(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n").await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(DEADLINE, raw.read_u8()).await??);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    let mut answer = [0_u8; 3];
    raw.write_all(b"one").await?;
    timeout(DEADLINE, raw.read_exact(&mut answer)).await??;
    assert_eq!(&answer, b"one");
    let [connection] = &site.running.connections()[..] else { panic!("it is still known") };
    connection.freeze();
    raw.write_all(b"two").await?;
    site.act().await?;
    let silent = raw.try_read(&mut answer).map_err(|problem| problem.kind());
    assert_eq!(silent, Err(std::io::ErrorKind::WouldBlock));
    connection.thaw();
    timeout(DEADLINE, raw.read_exact(&mut answer)).await??;
    assert_eq!(&answer, b"two");
    connection.cut();
    let mut rest = Vec::new();
    let _ = timeout(DEADLINE, raw.read_to_end(&mut rest)).await?;
    assert!(rest.is_empty());
    Ok(())
}

#[tokio::test]
async fn latency_is_added_to_every_request() -> anyhow::Result<()> {
    let site = Site::start().await?;
    site.faults.set_latency(Duration::from_millis(60));
    let start = tokio::time::Instant::now();
    site.act().await?;
    assert!(start.elapsed() >= Duration::from_millis(60));
    site.faults.set_latency(Duration::ZERO);
    site.faults.add(When::any(), Fault::Delay(Duration::from_millis(60)));
    let start = tokio::time::Instant::now();
    site.act().await?;
    assert!(start.elapsed() >= Duration::from_millis(60));
    Ok(())
}
