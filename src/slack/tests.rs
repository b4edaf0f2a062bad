//! Reader, Web API and rendering together, against the local Slack.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::slack::{Leave, Options, Slack, Which, World};
use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::people::{Conversation, Standing};
use hubcommander_sdk::text::Text;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::people::{Freshness, People};
use super::render::action_of;
use super::socket::{self, Alarm, AlarmKind, Answer, Board, Envelope, Intake, Kind, SocketSettings, Watcher};
use super::web::{SlackError, Tag, Web, WebSettings};
use hubcommander_outbound::Proxies;

const DEADLINE: Duration = Duration::from_secs(30);

struct Local {
    slack: Slack,
    faults: Faults,
    web: Web,
}

impl Local {
    async fn start() -> Self {
        Self::redelivering(Options::default().redeliver_after).await
    }

    /// With so much time between redeliveries, of which there are three.
    async fn redelivering(redeliver_after: Duration) -> Self {
        let clock = Arc::new(SystemClock);
        let faults = Faults::new(clock.clone());
        let options = Options { redeliver_after, ..Options::for_tests() };
        let slack = Slack::start(World::acme(), clock.clone(), faults.clone(), options).await.unwrap();
        let url = slack.api_url().parse().unwrap();
        let mut settings = WebSettings::new(url, "xoxb-sandbox".into(), "xapp-sandbox".into(), false);
        settings.proxies = Proxies::none();
        settings.answer_within = Duration::from_secs(5);
        Self { slack, faults, web: Web::new(settings, clock).unwrap() }
    }
}

fn tag(invocation: &str) -> Tag {
    Tag { invocation: invocation.into(), part: "reply".into() }
}

/// Answers each message in its thread, once, and clicks with a form.
struct Echo {
    web: Web,
    seen: Mutex<HashSet<String>>,
    withhold: AtomicUsize,
    clicks: Mutex<Vec<(String, String)>>,
}

impl Echo {
    async fn event(&self, payload: &Value) -> Answer {
        let event = &payload["event"];
        if event["type"] != "message" || event.get("subtype").is_some() || event.get("bot_id").is_some() {
            return Answer::Ack;
        }
        let (channel, ts) = (event["channel"].as_str().unwrap(), event["ts"].as_str().unwrap());
        if self.withhold.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        {
            return Answer::Withhold;
        }
        if self.seen.lock().unwrap().insert(format!("{channel} {ts}")) {
            let text = Message::new(event["text"].as_str().unwrap());
            self.web.post(channel, Some(ts), &text, &tag(ts)).await.unwrap();
        }
        Answer::Ack
    }

    async fn click(&self, payload: &Value) -> Answer {
        let action = &payload["actions"][0];
        let id = action_of(action["action_id"].as_str().unwrap()).to_owned();
        let value = action["value"].as_str().unwrap_or_default().to_owned();
        self.clicks.lock().unwrap().push((id, value));
        let view = json!({
            "type": "modal", "callback_id": "form", "title": {"type": "plain_text", "text": "Create"},
            "submit": {"type": "plain_text", "text": "Go"},
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}],
        });
        self.web.open_modal(payload["trigger_id"].as_str().unwrap(), &view).await.unwrap();
        Answer::Ack
    }
}

#[async_trait]
impl Intake for Echo {
    async fn take(&self, envelope: Envelope) -> Answer {
        let payload: Value = serde_json::from_str(envelope.payload.get()).unwrap();
        match envelope.kind {
            Kind::Events => self.event(&payload).await,
            Kind::Interactive => self.click(&payload).await,
            Kind::Slash | Kind::Other(_) => Answer::Ack,
        }
    }
}

struct Siren(mpsc::UnboundedSender<AlarmKind>);

#[async_trait]
impl Alarm for Siren {
    async fn raise(&self, alarm: AlarmKind) {
        let _ = self.0.send(alarm);
    }
}

struct Bot {
    echo: Arc<Echo>,
    watcher: Watcher,
    alarms: mpsc::UnboundedReceiver<AlarmKind>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Bot {
    fn start(local: &Local) -> Self {
        let echo = Arc::new(Echo {
            web: local.web.clone(),
            seen: Mutex::default(),
            withhold: AtomicUsize::new(0),
            clicks: Mutex::default(),
        });
        let board = Board::new(Arc::new(SystemClock));
        let watcher = board.watcher();
        let (siren, alarms) = mpsc::unbounded_channel();
        let (stop, shutdown) = watch::channel(false);
        let settings = SocketSettings {
            ping_every: Duration::from_millis(200),
            dead_after: Duration::from_millis(1_200),
            retire_within: Duration::from_secs(2),
            backoff_first: Duration::from_millis(20),
            stable_after: Duration::ZERO,
            ..SocketSettings::default()
        };
        let running = tokio::spawn(socket::run(
            local.web.clone(),
            Arc::clone(&echo) as Arc<dyn Intake>,
            Arc::new(Siren(siren)),
            settings,
            board,
            7,
            shutdown,
        ));
        Self { echo, watcher, alarms, stop, running }
    }

    async fn live(&mut self, count: usize) {
        timeout(DEADLINE, self.watcher.status.wait_for(|status| status.live == count))
            .await
            .unwrap()
            .unwrap();
    }

    async fn end(self) {
        self.stop.send_replace(true);
        timeout(DEADLINE, self.running).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn through_refreshes_and_warnings_every_message_is_answered_once_and_none_comes_twice() {
    let local = Local::start().await;
    let mut bot = Bot::start(&local);
    bot.live(2).await;
    let mut asked = Vec::new();
    for round in 0..6 {
        for number in 0..20 {
            asked.push(local.slack.say("U0ANA", "C0DEV", &format!("round {round} number {number}")).unwrap());
            if number == 10 {
                let why = if round % 2 == 0 { Leave::RefreshRequested } else { Leave::Warning };
                local.slack.disconnect(Which::All, why);
            }
            tokio::task::yield_now().await;
        }
        for ts in asked.drain(..) {
            local.slack.await_reply("C0DEV", ts).await.unwrap();
            assert_eq!(local.slack.thread("C0DEV", ts).len(), 2);
        }
    }
    local.slack.all_acked().await.unwrap();
    let counters = local.slack.counters();
    assert_eq!((counters.lost, counters.stray_acks, counters.redelivered), (0, 0, 0), "{counters:?}");
    assert_eq!(counters.complaints, Vec::<String>::new());
    assert!(bot.watcher.counters.reconnects.load(Ordering::SeqCst) >= 6);
    bot.end().await;
}

#[tokio::test]
async fn cut_and_half_open_connections_cost_no_message() {
    // What went into a half-open connection comes again after it was noticed, as with the real Slack, whose
    // redeliveries are minutes apart.
    let local = Local::redelivering(Duration::from_millis(1_500)).await;
    let mut bot = Bot::start(&local);
    bot.live(2).await;
    for round in 0..3 {
        let mut asked = Vec::new();
        for number in 0..10 {
            asked.push(local.slack.say("U0ANA", "C0DEV", &format!("round {round} number {number}")).unwrap());
        }
        if round == 1 {
            local.slack.freeze(Which::All);
        } else {
            local.slack.cut(Which::All);
        }
        asked.push(local.slack.say("U0ANA", "C0DEV", "after").unwrap());
        if round == 1 {
            // Only once the bot has noticed does the server, too, see that those connections are gone;
            // until then it goes on giving them envelopes.
            let counters = Arc::clone(&bot.watcher.counters);
            let noticed = bot
                .watcher
                .status
                .wait_for(|status| status.live == 2 && counters.dead.load(Ordering::SeqCst) == 2);
            timeout(DEADLINE, noticed).await.unwrap().unwrap();
            local.slack.thaw(Which::All);
        }
        for ts in asked {
            local.slack.await_reply("C0DEV", ts).await.unwrap();
            assert_eq!(local.slack.thread("C0DEV", ts).len(), 2, "answered twice");
        }
    }
    assert_eq!(local.slack.counters().lost, 0);
    assert_eq!(bot.watcher.counters.dead.load(Ordering::SeqCst), 2);
    bot.end().await;
}

#[tokio::test]
async fn what_was_withheld_comes_again() {
    let local = Local::redelivering(Duration::from_millis(200)).await;
    let mut bot = Bot::start(&local);
    bot.live(2).await;
    bot.echo.withhold.store(2, Ordering::SeqCst);
    let ts = local.slack.say("U0ANA", "C0DEV", "durable?").unwrap();
    local.slack.await_reply("C0DEV", ts).await.unwrap();
    assert_eq!(local.slack.counters().redelivered, 2);
    assert_eq!(bot.watcher.counters.withheld.load(Ordering::SeqCst), 2);
    bot.end().await;
}

#[tokio::test]
async fn socket_mode_switched_off_and_a_revoked_token_are_alarms() {
    let local = Local::start().await;
    let mut bot = Bot::start(&local);
    bot.live(2).await;
    local.slack.disconnect(Which::All, Leave::LinkDisabled);
    assert_eq!(timeout(DEADLINE, bot.alarms.recv()).await.unwrap(), Some(AlarmKind::LinkDisabled));
    bot.live(0).await;
    bot.end().await;

    let local = Local::start().await;
    local.slack.refuse("apps.connections.open", "token_revoked", u64::MAX);
    let mut bot = Bot::start(&local);
    let alarm = timeout(DEADLINE, bot.alarms.recv()).await.unwrap();
    assert_eq!(alarm, Some(AlarmKind::AuthRefused { code: "token_revoked".into() }));
    bot.end().await;
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_found_again() {
    let local = Local::start().await;
    local.faults.add(When::path("/api/chat.postMessage"), Fault::LostAnswer);
    let root = local.web.post("C0DEV", None, &Message::new("root"), &tag("inv-0")).await;
    assert!(matches!(root, Err(SlackError::Unclear { .. })), "{root:?}");
    let root = local.web.find("C0DEV", None, &tag("inv-0"), long_ago()).await.unwrap().expect("it is there");
    for number in 1..5 {
        local
            .web
            .post("C0DEV", Some(&root), &Message::new("reply"), &tag(&format!("inv-{number}")))
            .await
            .unwrap();
    }
    local.faults.add(When::path("/api/chat.postMessage"), Fault::LostAnswer);
    let message = Message::new("precious").line("with blocks");
    let lost = local.web.post("C0DEV", Some(&root), &message, &tag("inv-9")).await;
    assert!(matches!(lost, Err(SlackError::Unclear { .. })), "{lost:?}");
    let found =
        local.web.find("C0DEV", Some(&root), &tag("inv-9"), long_ago()).await.unwrap().expect("it is there");
    local.web.update("C0DEV", &found, &Message::new("changed"), &tag("inv-9")).await.unwrap();
    assert_eq!(local.web.find("C0DEV", Some(&root), &tag("inv-9"), long_ago()).await.unwrap(), Some(found));
    // One that never had an effect is not found.
    local.faults.add(When::path("/api/chat.postMessage"), Fault::Dropped);
    let dropped = local.web.post("C0DEV", Some(&root), &message, &tag("inv-10")).await;
    assert!(matches!(dropped, Err(SlackError::Unclear { .. })), "{dropped:?}");
    assert_eq!(local.web.find("C0DEV", Some(&root), &tag("inv-10"), long_ago()).await.unwrap(), None);
}

#[tokio::test]
async fn a_rationed_post_arrives_once() {
    let local = Local::start().await;
    let retry_after = Duration::from_secs(1);
    local.faults.add(When::path("/api/chat.postMessage"), Fault::RateLimited { retry_after });
    local.web.post("C0DEV", None, &Message::new("patient"), &tag("inv-1")).await.unwrap();
    assert_eq!(local.slack.messages("C0DEV").iter().filter(|message| message.text == "patient").count(), 1);
}

#[tokio::test]
async fn what_is_rendered_slack_takes_and_a_click_opens_a_form() {
    let local = Local::start().await;
    let mut bot = Bot::start(&local);
    bot.live(2).await;
    let press = |value: &str| Button::Press {
        label: format!("Run {value}"),
        action: "run".into(),
        value: value.into(),
        style: Style::Danger,
    };
    let message = Message::new(Text::new().plain("Deleting ").code("acme/<!channel>"))
        .state(State::NeedsYou)
        .part(Part::Heading("What will happen".into()))
        .part(Part::Step(State::Pending, "the repository goes".into()))
        .part(Part::Quote("because <!here>".into()))
        .part(Part::Code("a < b && `c`".into()))
        .part(Part::Table {
            header: vec!["Team".into(), "Level".into()],
            rows: vec![vec!["employees".into(), Text::new()]],
        })
        .button(press("one"))
        .button(press("two"))
        .button(Button::Link { label: "Look".into(), url: "https://github.com/acme/website".into() })
        .footnote("inv-1");
    let ts = local.web.post("C0DEV", None, &message, &tag("inv-1")).await.unwrap();
    let shown = local.slack.await_message("C0DEV").await.unwrap();
    insta::assert_snapshot!("a_message_as_the_local_slack_shows_it", local.slack.render(&shown));
    local.slack.click("U0ANA", "C0DEV", ts.parse().unwrap(), "run#2", None).await.unwrap();
    assert_eq!(*bot.echo.clicks.lock().unwrap(), [("run".to_owned(), "two".to_owned())]);
    let view = local.slack.await_view("U0ANA").await.unwrap();
    assert!(local.slack.render_view(&view).contains("hello"));

    local.web.whisper("C0DEV", "U0ANA", None, &message).await.unwrap();
    local.slack.await_ephemeral("U0ANA").await.unwrap();
    let direct = local.web.direct("U0ANA").await.unwrap();
    assert_eq!(direct, "D0ANA");
    local.web.post(&direct, None, &Message::new("only you"), &tag("inv-2")).await.unwrap();
    local.slack.await_dm("U0ANA").await.unwrap();
    bot.end().await;
}

#[tokio::test]
async fn people_and_conversations_of_the_workspace() {
    let local = Local::start().await;
    let me = local.web.auth_test().await.unwrap();
    assert_eq!(
        (me.team_id.as_str(), me.user_id.as_str(), me.bot_id.as_deref()),
        ("T0ACME", "U0HUB", Some("B0HUB"))
    );
    let people = People::new(local.web.clone(), Arc::new(SystemClock));
    for (user, standing) in [
        ("U0ANA", Standing::Member),
        ("U0SAM", Standing::Member),
        ("U0GUS", Standing::Guest),
        ("U0DEE", Standing::Deactivated),
        ("U0STR", Standing::Stranger),
        ("U0CIB", Standing::Bot),
        ("U0HUB", Standing::Bot),
    ] {
        let person = people.get(user, Freshness::Cached).await.unwrap();
        assert_eq!(person.standing, standing, "{user}");
    }
    let ana = people.get("U0ANA", Freshness::Cached).await.unwrap();
    assert_eq!((ana.id.team.as_str(), ana.email.as_deref()), ("T0ACME", Some("ana@acme.example")));
    assert_eq!(people.get("U0STR", Freshness::Cached).await.unwrap().id.team, "T0OTHER");
    for (channel, kind, shared, member) in [
        ("C0DEV", Conversation::Public, false, true),
        ("C0SHARED", Conversation::Public, true, true),
        ("C0PRIV", Conversation::Private, false, true),
        ("C0NOBOT", Conversation::Public, false, false),
        ("D0ANA", Conversation::Direct, false, true),
    ] {
        let info = people.conversation(channel, Freshness::Cached).await.unwrap();
        assert_eq!((info.kind, info.shared, info.is_member), (kind, shared, member), "{channel}");
    }
    let refused = local.web.post("C0NOBOT", None, &Message::new("x"), &tag("inv-1")).await.unwrap_err();
    assert_eq!(refused.code(), Some("not_in_channel"));
    let unknown = people.get("U0NOBODY", Freshness::Cached).await.unwrap_err();
    assert_eq!(unknown.code(), Some("user_not_found"));
}

fn long_ago() -> hubcommander_sdk::clock::Instant {
    chrono::DateTime::UNIX_EPOCH
}
