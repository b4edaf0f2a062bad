//! Against a small server that answers what each test says.

use std::collections::VecDeque;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::people::{Conversation, Standing};
use hubcommander_sdk::text::Text;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
struct Request {
    method: String,
    query: String,
    token: String,
    body: Value,
}

type Handler = dyn Fn(usize, &Request) -> (StatusCode, HeaderMap, Value) + Send + Sync;

/// A server that remembers what it was asked.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    /// While set, answers to `chat.update` wait for it.
    gate: Arc<Mutex<Option<Arc<Notify>>>>,
    arrived: Arc<Notify>,
}

impl Server {
    async fn start(
        answer: impl Fn(usize, &Request) -> (StatusCode, HeaderMap, Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let gate: Arc<Mutex<Option<Arc<Notify>>>> = Arc::default();
        let arrived = Arc::new(Notify::new());
        let answer: Arc<Handler> = Arc::new(answer);
        let router = {
            let (seen, gate, arrived) = (Arc::clone(&seen), Arc::clone(&gate), Arc::clone(&arrived));
            Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
                let (seen, gate, arrived, answer) =
                    (Arc::clone(&seen), Arc::clone(&gate), Arc::clone(&arrived), Arc::clone(&answer));
                async move {
                    let request = Request {
                        method: uri.path().trim_start_matches("/api/").to_owned(),
                        query: uri.query().unwrap_or_default().to_owned(),
                        token: headers
                            .get("authorization")
                            .map(|value| value.to_str().unwrap().to_owned())
                            .unwrap_or_default(),
                        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
                    };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.iter().filter(|other| other.method == request.method).count()
                    };
                    arrived.notify_one();
                    let gate = gate.lock().unwrap().clone();
                    if let Some(gate) = gate.filter(|_| request.method == "chat.update") {
                        gate.notified().await;
                    }
                    answer(number, &request).into_answer()
                }
            })
        };
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, gate, arrived }
    }

    /// One that answers with these, one after the other, whatever is asked.
    async fn scripted(answers: Vec<(StatusCode, HeaderMap, Value)>) -> Self {
        let answers = Mutex::new(VecDeque::from(answers));
        Self::start(move |_, _| answers.lock().unwrap().pop_front().expect("one call too many")).await
    }

    fn web(&self) -> Web {
        self.web_with(|_| {})
    }

    fn web_with(&self, change: impl FnOnce(&mut WebSettings)) -> Web {
        web(&format!("http://{}/api", self.address), change)
    }

    fn seen(&self, method: &str) -> Vec<Request> {
        self.seen.lock().unwrap().iter().filter(|request| request.method == method).cloned().collect()
    }
}

trait IntoAnswer {
    fn into_answer(self) -> Response;
}

impl IntoAnswer for (StatusCode, HeaderMap, Value) {
    fn into_answer(self) -> Response {
        (self.0, self.1, axum::Json(self.2)).into_response()
    }
}

fn web(url: &str, change: impl FnOnce(&mut WebSettings)) -> Web {
    let mut settings =
        WebSettings::new(url.parse().unwrap(), "xoxb-marked".into(), "xapp-marked".into(), false);
    settings.proxies = Proxies::none();
    change(&mut settings);
    Web::new(settings, Arc::new(SystemClock)).unwrap()
}

fn ok(value: Value) -> (StatusCode, HeaderMap, Value) {
    let mut value = value;
    value["ok"] = json!(true);
    (StatusCode::OK, HeaderMap::new(), value)
}

fn no(code: &str) -> (StatusCode, HeaderMap, Value) {
    (StatusCode::OK, HeaderMap::new(), json!({"ok": false, "error": code}))
}

fn broken() -> (StatusCode, HeaderMap, Value) {
    (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), json!({}))
}

fn later(seconds: &'static str) -> (StatusCode, HeaderMap, Value) {
    let headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), seconds.parse().unwrap())]);
    (StatusCode::TOO_MANY_REQUESTS, headers, json!({"ok": false, "error": "ratelimited"}))
}

fn tag() -> Tag {
    Tag { invocation: "inv-1".into(), part: "progress".into() }
}

fn me() -> Value {
    json!({"team_id": "T0ACME", "user_id": "U0HUB", "bot_id": "B0HUB", "url": "https://acme.slack.com/"})
}

#[tokio::test]
async fn a_post_says_who_it_is_and_carries_its_tag() {
    let server =
        Server::scripted(vec![ok(json!({"ts": "1.5", "message": {"blocks": [{"type": "new"}]}}))]).await;
    let message = Message::new("hi <!channel>").line("more");
    let ts = server.web().post("C0DEV", Some("1.0"), &message, &tag()).await.unwrap();
    assert_eq!(ts, "1.5");
    let request = &server.seen("chat.postMessage")[0];
    assert_eq!(request.token, "Bearer xoxb-marked");
    assert_eq!(request.body["channel"], "C0DEV");
    assert_eq!(request.body["thread_ts"], "1.0");
    assert_eq!(request.body["text"], "hi &lt;!channel&gt;\nmore");
    assert_eq!(
        request.body["blocks"][0]["text"],
        json!({"type": "mrkdwn", "text": "hi &lt;!channel&gt;\nmore"})
    );
    assert_eq!(
        request.body["metadata"],
        json!({"event_type": "hubcommander_message",
               "event_payload": {"invocation": "inv-1", "part": "progress"}})
    );
}

#[tokio::test]
async fn no_token_shows_itself() {
    let server = Server::scripted(vec![no("invalid_auth")]).await;
    let web = server.web();
    let error = web.post("C1", None, &Message::new("x"), &tag()).await.unwrap_err();
    let shown =
        format!("{web:?} {error:?} {error} {:?}", TicketUrl("wss://h/?ticket=marked".parse().unwrap()));
    assert!(!shown.contains("marked"), "{shown}");
}

#[tokio::test]
async fn outcomes_of_a_post_are_told_apart_and_an_unclear_one_is_not_repeated() {
    let post = async |web: Web| web.post("C1", None, &Message::new("x"), &tag()).await.unwrap_err();

    let server = Server::scripted(vec![no("channel_not_found")]).await;
    assert_eq!(post(server.web()).await.code(), Some("channel_not_found"));

    for answer in [broken(), no("internal_error"), no("fatal_error")] {
        let server = Server::scripted(vec![answer]).await;
        assert!(matches!(post(server.web()).await, SlackError::Unclear { .. }));
        assert_eq!(server.seen("chat.postMessage").len(), 1);
    }

    // Nobody listens: certainly not sent.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = post(web(&format!("http://{address}/api"), |_| {})).await;
    assert!(matches!(error, SlackError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_lost_after_sending_and_a_silent_server_are_unclear() {
    for silent in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 16];
                let _ = stream.read(&mut buffer).await;
                if silent {
                    held.push(stream);
                }
            }
        });
        let web = web(&format!("http://{address}/api"), |settings| {
            settings.answer_within = Duration::from_millis(300);
        });
        let error = web.post("C1", None, &Message::new("x"), &tag()).await.unwrap_err();
        assert!(matches!(error, SlackError::Unclear { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_and_the_message_is_not_lost() {
    let server = Server::scripted(vec![later("1"), ok(json!({"ts": "2.0"}))]).await;
    let began = tokio::time::Instant::now();
    let web = server.web();
    assert_eq!(web.post("C1", None, &Message::new("x"), &tag()).await.unwrap(), "2.0");
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_beyond_patience_is_reported() {
    let server = Server::scripted(vec![later("9999")]).await;
    let error = server.web().post("C1", None, &Message::new("x"), &tag()).await.unwrap_err();
    let after = Duration::from_secs(3600);
    assert_eq!(error, SlackError::RateLimited { method: "chat.postMessage", after });
}

#[tokio::test]
async fn reading_is_repeated_and_its_failure_is_not_unclear() {
    let user = json!({"user": {"id": "U0ANA", "team_id": "T0ACME", "name": "ana"}});
    let server = Server::scripted(vec![ok(me()), broken(), ok(user)]).await;
    let person = server.web().person("U0ANA").await.unwrap();
    assert_eq!((person.standing, person.name.as_str()), (Standing::Member, "ana"));
    assert_eq!(server.seen("users.info")[1].query, "user=U0ANA");

    let server = Server::scripted(vec![broken(), broken(), broken()]).await;
    let error = server.web().conversation("C1").await.unwrap_err();
    assert!(matches!(error, SlackError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn somebody_is_found_by_their_address_and_nobody_else() {
    let ana = json!({"user": {"id": "U0ANA", "team_id": "T0ACME", "profile": {"email": "Ana@acme.example"}}});
    let server = Server::scripted(vec![ok(me()), ok(ana.clone()), no("users_not_found"), ok(ana)]).await;
    let web = server.web();
    assert_eq!(web.person_by_email("ana@ACME.example").await.unwrap().unwrap().id.user, "U0ANA");
    assert_eq!(web.person_by_email("no@acme.example").await.unwrap(), None);
    assert_eq!(web.person_by_email("sam@acme.example").await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_not_believed() {
    let server =
        Server::scripted(vec![ok(me()), ok(json!({"user": {"id": "U0SAM", "team_id": "T0ACME"}}))]).await;
    assert!(server.web().person("U0ANA").await.is_err());
}

#[tokio::test]
async fn of_many_edits_the_newest_is_sent_and_all_end_with_it() {
    let server = Server::start(|_, _| ok(json!({"ts": "1.0"}))).await;
    let gate = Arc::new(Notify::new());
    *server.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let web = server.web();
    let edit = |number: usize| {
        let web = web.clone();
        tokio::spawn(
            async move { web.update("C1", "1.0", &Message::new(format!("edit {number}")), &tag()).await },
        )
    };
    let mut waiting = vec![edit(0)];
    timeout(DEADLINE, server.arrived.notified()).await.unwrap();
    for number in 1..20 {
        waiting.push(edit(number));
        // In this order, and before the first one is answered.
        tokio::task::yield_now().await;
    }
    *server.gate.lock().unwrap() = None;
    gate.notify_one();
    for one in waiting {
        timeout(DEADLINE, one).await.unwrap().unwrap().unwrap();
    }
    let texts: Vec<_> =
        server.seen("chat.update").iter().map(|request| request.body["text"].clone()).collect();
    assert_eq!(texts, ["edit 0", "edit 19"]);
    assert!(web.drain(DEADLINE).await);
}

#[tokio::test]
async fn an_edit_goes_on_when_nobody_waits_for_it() {
    let server = Server::scripted(vec![broken(), ok(json!({}))]).await;
    let web = server.web();
    let message = Message::new("done");
    let tag = tag();
    let edit = web.update("C1", "1.0", &message, &tag);
    assert!(timeout(Duration::from_millis(20), edit).await.is_err());
    assert!(web.drain(DEADLINE).await);
    assert_eq!(server.seen("chat.update").len(), 2);
}

#[tokio::test]
async fn with_a_pace_one_message_is_edited_once_a_second() {
    let server = Server::start(|_, _| ok(json!({}))).await;
    let web = server.web_with(|settings| settings.pacing = true);
    let began = tokio::time::Instant::now();
    for number in 0..3 {
        web.update("C1", "1.0", &Message::new(format!("{number}")), &tag()).await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(server.seen("chat.update").len(), 3);
}

#[tokio::test]
async fn our_own_message_is_found_by_its_tag_and_nobody_elses() {
    let mark = |invocation: &str| {
        json!({"event_type": "hubcommander_message",
               "event_payload": {"invocation": invocation, "part": "progress"}})
    };
    let first = json!({
        "messages": [
            {"ts": "1.0", "user": "U0ANA", "text": "!Repeat"},
            {"ts": "1.1", "bot_id": "B0EVIL", "user": "U0EVIL", "metadata": mark("inv-1")},
            {"ts": "1.2", "bot_id": "B0HUB", "user": "U0HUB", "metadata": mark("inv-2")},
            {"ts": "1.3", "metadata": {"event_type": "other", "event_payload": {"deep": [1]}}},
        ],
        "has_more": true, "response_metadata": {"next_cursor": "page2"},
    });
    let second = json!({
        "messages": [{"ts": "1.4", "bot_id": "B0HUB", "metadata": mark("inv-1")}], "has_more": false,
    });
    let server =
        Server::scripted(vec![ok(me()), ok(first.clone()), ok(second), ok(first.clone()), ok(json!({}))])
            .await;
    let web = server.web();
    assert_eq!(
        web.find("C1", Some("1.0"), &tag(), chrono::DateTime::UNIX_EPOCH).await.unwrap().as_deref(),
        Some("1.4")
    );
    let asked = server.seen("conversations.replies");
    assert_eq!(asked[0].query, "channel=C1&ts=1.0&oldest=0.000000&include_all_metadata=true&limit=200");
    assert!(asked[1].query.ends_with("cursor=page2"));
    let other = Tag { invocation: "inv-9".into(), ..tag() };
    assert_eq!(web.find("C1", None, &other, chrono::DateTime::UNIX_EPOCH).await.unwrap(), None);
    assert_eq!(server.seen("conversations.history").len(), 2);
}

#[tokio::test]
async fn blocks_that_slack_refuses_do_not_cost_the_message() {
    let server = Server::start(|_, request| match request.body.get("blocks") {
        Some(blocks) if blocks.to_string().contains("\"table\"") => no("invalid_attachments"),
        Some(_) => no("msg_blocks_too_long"),
        None => ok(json!({"ts": "3.0"})),
    })
    .await;
    let rows = vec![vec![Text::from("employees")]];
    let message = Message::new("Teams").part(Part::Table { header: vec!["Team".into()], rows });
    assert_eq!(server.web().post("C1", None, &message, &tag()).await.unwrap(), "3.0");
    let seen = server.seen("chat.postMessage");
    assert_eq!(seen.len(), 3);
    assert!(seen[2].body["text"].as_str().unwrap().contains("employees"));
}

#[tokio::test]
async fn a_response_goes_to_slack_only() {
    let server = Server::start(|_, _| ok(json!({}))).await;
    let web = server.web();
    let message = Message::new("hello");
    for foreign in [
        "https://evil.example/x",
        "http://hooks.slack.com/x",
        "https://notslack.com/",
        "https://slack.com.evil.example/",
        "x",
    ] {
        let error = web.respond(foreign, &message, false).await.unwrap_err();
        assert_eq!(error.code(), Some("foreign_address"), "{foreign}");
    }
    web.respond(&format!("http://{}/actions/1", server.address), &message, true).await.unwrap();
    let request = &server.seen("/actions/1")[0];
    assert_eq!(
        request.body,
        json!({"text": "hello", "response_type": "ephemeral", "replace_original": true})
    );
    assert_eq!(request.token, "", "a response address needs no token");
}

#[tokio::test]
async fn whispers_direct_messages_conversations_forms_and_the_home_tab() {
    let server = Server::start(|_, request| match request.method.as_str() {
        "conversations.open" => ok(json!({"channel": {"id": "D0ANA"}})),
        "conversations.info" => ok(json!({"channel": {"id": "C0SHARED", "name": "acme-and-other",
            "is_channel": true, "is_member": true, "is_ext_shared": true, "is_shared": true}})),
        "views.open" => ok(json!({"view": {"id": "V1"}})),
        "apps.connections.open" => ok(json!({"url": "wss://h.slack.com/link/?ticket=t"})),
        _ => ok(json!({})),
    })
    .await;
    let web = server.web();
    web.whisper("C0DEV", "U0ANA", None, &Message::new("x".repeat(3_900))).await.unwrap();
    let whispered = &server.seen("chat.postEphemeral")[0];
    assert_eq!((whispered.body["user"].as_str(), whispered.body.get("metadata")), (Some("U0ANA"), None));
    assert_eq!([web.direct("U0ANA").await.unwrap(), web.direct("U0ANA").await.unwrap()], ["D0ANA", "D0ANA"]);
    assert_eq!(server.seen("conversations.open").len(), 1, "asked twice");
    let info = web.conversation("C0SHARED").await.unwrap();
    assert_eq!(
        (info.kind, info.shared, info.name.as_deref()),
        (Conversation::Public, true, Some("acme-and-other"))
    );
    let view = json!({"type": "modal"});
    assert_eq!(web.open_modal("trigger", &view).await.unwrap(), "V1");
    web.update_modal("V1", Some("hash"), &view).await.unwrap();
    web.publish_home("U0ANA", &json!({"type": "home"})).await.unwrap();
    assert_eq!(server.seen("views.update")[0].body, json!({"view_id": "V1", "hash": "hash", "view": view}));
    let address = web.open_connection().await.unwrap();
    assert_eq!(address.reveal().query(), Some("ticket=t"));
    assert_eq!(server.seen("apps.connections.open")[0].token, "Bearer xapp-marked");
}

#[tokio::test]
async fn the_web_api_goes_through_a_proxy_too() {
    let server = Server::scripted(vec![ok(me())]).await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let seen = tokio::spawn(async move {
        let (mut inner, _) = proxy.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(inner.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut outer = tokio::net::TcpStream::connect(head.split(' ').nth(1).unwrap()).await.unwrap();
        inner.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut inner, &mut outer).await });
        head
    });
    let web = server.web_with(|settings| settings.proxies = Proxies::always(&format!("http://{address}")));
    assert_eq!(web.auth_test().await.unwrap().bot_id.as_deref(), Some("B0HUB"));
    assert!(seen.await.unwrap().starts_with(&format!("CONNECT {}", server.address)));
}

#[test]
fn tokens_are_not_sent_in_the_clear() {
    let settings = WebSettings::new(
        "http://slack.com/api".parse().unwrap(),
        "xoxb-marked".into(),
        "xapp-marked".into(),
        true,
    );
    let error = Web::new(settings, Arc::new(SystemClock)).err().unwrap();
    assert!(matches!(error, SlackError::Unavailable { .. }), "{error:?}");
}

fn csv() -> hubcommander_sdk::message::File {
    hubcommander_sdk::message::File {
        name: "acme-audit-inv-1.csv".into(),
        title: "The audit of acme".into(),
        content: "\"a\"\r\n".into(),
    }
}

/// A server that gives this address for uploads, `HERE` standing for its own.
async fn upload_server(upload_url: &'static str) -> Server {
    let here: Arc<Mutex<String>> = Arc::default();
    let known = Arc::clone(&here);
    let server = Server::start(move |_, request| {
        let body = match request.method.as_str() {
            "files.getUploadURLExternal" => {
                let url = upload_url.replace("HERE", &known.lock().unwrap());
                json!({ "ok": true, "upload_url": url, "file_id": "F1" })
            }
            _ => json!({ "ok": true }),
        };
        (StatusCode::OK, HeaderMap::new(), body)
    })
    .await;
    *here.lock().unwrap() = format!("http://{}", server.address);
    server
}

#[tokio::test]
async fn a_file_is_announced_sent_without_a_token_and_shown_in_the_thread() {
    let server = upload_server("HERE/upload/ticket").await;
    server.web().share("C1", Some("1.0"), &csv(), None).await.unwrap();
    let asked = &server.seen("files.getUploadURLExternal")[0];
    assert_eq!(asked.query, "filename=acme-audit-inv-1.csv&length=5");
    assert_eq!(server.seen("/upload/ticket")[0].token, "", "the address has its own ticket");
    assert_eq!(
        server.seen("files.completeUploadExternal")[0].body,
        json!({
            "files": [{ "id": "F1", "title": "The audit of acme" }], "channel_id": "C1", "thread_ts": "1.0",
        })
    );
}

#[tokio::test]
async fn a_file_is_sent_to_slack_and_nowhere_else() {
    let server = upload_server("https://evil.example/upload").await;
    let error = server.web().share("C1", None, &csv(), None).await.unwrap_err();
    assert_eq!(error.code(), Some("foreign_address"));
    assert!(server.seen("files.completeUploadExternal").is_empty());
}
