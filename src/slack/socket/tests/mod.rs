//! What the reader promises, against a scripted peer.

mod peer;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use self::peer::{Bot, Desk, Order, Peer, quick, soon};
use super::{AlarmKind, Answer, SocketSettings};
use crate::slack::web::SlackError;
use hubcommander_outbound::Proxies;

#[tokio::test]
async fn an_event_comes_in_raw_and_is_acked_where_it_came_from() {
    let mut peer = Peer::start().await;
    let mut bot = Bot::start(&peer.tickets(), SocketSettings { connections: 2, ..quick() });
    let (mut one, mut two) = (peer.conn().await, peer.conn().await);
    assert_eq!(bot.watcher.status.borrow().ready_since, None);
    one.hello();
    two.hello();
    bot.live(2).await;
    assert!(bot.watcher.status.borrow().ready_since.is_some());
    one.event("e-1");
    assert_eq!(one.acked().await, "e-1");
    two.event("e-2");
    assert_eq!(two.acked().await, "e-2");
    assert_eq!(bot.inbox.taken.lock().unwrap()[0].payload.get(), r#"{"event_id":"e-1"}"#);
    assert_eq!(bot.count(|c| &c.received), 2);
    bot.end().await;
    assert_eq!(one.text().await, None);
}

#[tokio::test]
async fn the_replacement_is_open_before_the_old_one_is_left_and_nothing_is_lost_or_doubled() {
    for reason in ["warning", "refresh_requested", "some_new_reason"] {
        let mut peer = Peer::start().await;
        let mut bot = Bot::start(&peer.tickets(), quick());
        let mut old = peer.conn().await;
        old.hello();
        bot.live(1).await;
        old.event("before");
        assert_eq!(old.acked().await, "before");
        old.disconnect(reason);
        let mut new = peer.conn().await;
        // The new one is not ready yet: the old one still carries.
        for number in 0..200 {
            old.event(&format!("old-{number}"));
        }
        for _ in 0..200 {
            assert!(old.acked().await.starts_with("old-"));
        }
        new.hello();
        bot.live(2).await;
        for number in 200..300 {
            old.event(&format!("old-{number}"));
            new.event(&format!("new-{number}"));
        }
        for _ in 0..100 {
            assert!(old.acked().await.starts_with("old-"));
            assert!(new.acked().await.starts_with("new-"));
        }
        // The old one is left after its time, though the peer never closes it.
        assert_eq!(old.text().await, None);
        bot.live(1).await;
        new.event("after");
        assert_eq!(new.acked().await, "after");
        let mut ids = bot.inbox.ids();
        assert_eq!(ids.len(), 1 + 300 + 100 + 1);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 402, "something was doubled");
        assert_eq!((bot.count(|c| &c.acked), bot.count(|c| &c.lost)), (402, 0));
        assert_eq!(bot.count(|c| &c.reconnects), 1);
        bot.end().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_replaced() {
    let mut peer = Peer::start().await;
    let mut bot = Bot::start(&peer.tickets(), quick());
    let old = peer.conn().await;
    old.hello();
    bot.live(1).await;
    old.orders.send(Order::Close).unwrap();
    let mut new = peer.conn().await;
    new.hello();
    new.event("e");
    assert_eq!(new.acked().await, "e");
    bot.end().await;
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let mut peer = Peer::start().await;
    let settings = SocketSettings { dead_after: Duration::from_millis(600), ..quick() };
    let mut bot = Bot::start(&peer.tickets(), settings);
    let frozen = peer.conn().await;
    frozen.hello();
    bot.live(1).await;
    frozen.orders.send(Order::Freeze).unwrap();
    let began = tokio::time::Instant::now();
    let mut new = peer.conn().await;
    assert!(began.elapsed() >= Duration::from_millis(400), "too hasty: {:?}", began.elapsed());
    new.hello();
    new.event("e");
    assert_eq!(new.acked().await, "e");
    assert_eq!(bot.count(|c| &c.dead), 1);
    bot.end().await;
    // With the usual settings: the bound, and the grain with which it is looked at.
    let usual = SocketSettings::default();
    assert!(usual.dead_after + usual.dead_after / 12 < Duration::from_secs(15));
}

#[tokio::test]
async fn a_quiet_peer_that_answers_pings_is_alive() {
    let mut peer = Peer::start().await;
    let settings = SocketSettings {
        ping_every: Duration::from_millis(50),
        dead_after: Duration::from_millis(500),
        ..quick()
    };
    let mut bot = Bot::start(&peer.tickets(), settings);
    let mut conn = peer.conn().await;
    conn.hello();
    bot.live(1).await;
    let mut pings = 0;
    while pings < 25 {
        if matches!(soon("a ping", conn.heard.recv()).await.expect("still open"), Message::Ping(_)) {
            pings += 1;
        }
    }
    assert_eq!((bot.count(|c| &c.dead), bot.count(|c| &c.reconnects)), (0, 0));
    bot.end().await;
}

#[tokio::test]
async fn what_is_withheld_is_not_acked_and_taken_again() {
    let mut peer = Peer::start().await;
    let bot = Bot::start(&peer.tickets(), quick());
    bot.inbox.answer("e-1", Answer::Withhold);
    let mut conn = peer.conn().await;
    conn.hello();
    conn.event("e-1");
    conn.event("e-2");
    // Only the second one is acked, and it came later.
    assert_eq!(conn.acked().await, "e-2");
    assert_eq!(bot.count(|c| &c.withheld), 1);
    let again = json!({
        "envelope_id": "e-1b", "type": "events_api", "accepts_response_payload": false,
        "retry_attempt": 1, "retry_reason": "timeout", "payload": {"event_id": "e-1"},
    });
    conn.say(&again);
    assert_eq!(conn.acked().await, "e-1b");
    assert_eq!(bot.inbox.taken.lock().unwrap().last().unwrap().retry_attempt, 1);
    bot.end().await;
}

#[tokio::test]
async fn an_answer_travels_in_the_ack_only_where_it_may() {
    let mut peer = Peer::start().await;
    let bot = Bot::start(&peer.tickets(), quick());
    let answer = json!({"options": []});
    bot.inbox.answer("may", Answer::AckWith(answer.clone()));
    bot.inbox.answer("may-not", Answer::AckWith(answer.clone()));
    let mut conn = peer.conn().await;
    conn.hello();
    for (id, may) in [("may", true), ("may-not", false)] {
        conn.say(&json!({
            "envelope_id": id, "type": "interactive", "accepts_response_payload": may, "payload": {},
        }));
        let ack = conn.text().await.unwrap();
        assert_eq!(ack["envelope_id"], id);
        assert_eq!(ack.get("payload"), may.then_some(&answer));
    }
    bot.end().await;
}

#[tokio::test]
async fn what_we_do_not_know_is_acked_and_counted_and_what_cannot_be_read_is_an_alarm() {
    let mut peer = Peer::start().await;
    let mut bot = Bot::start(&peer.tickets(), quick());
    bot.inbox.answer("odd", Answer::Withhold);
    let mut conn = peer.conn().await;
    conn.hello();
    conn.say(&json!({"envelope_id": "odd", "type": "telepathy", "payload": {}}));
    assert_eq!(conn.acked().await, "odd");
    conn.orders.send(Order::Say(r#"{"envelope_id":"bad","type":"events_api","payload":{"#.into())).unwrap();
    assert!(matches!(bot.alarm().await, AlarmKind::Unreadable { .. }));
    assert_eq!(conn.acked().await, "bad");
    conn.orders.send(Order::Binary).unwrap();
    assert!(matches!(bot.alarm().await, AlarmKind::Unreadable { .. }));
    conn.event("fine");
    assert_eq!(conn.acked().await, "fine");
    assert_eq!((bot.count(|c| &c.unknown), bot.count(|c| &c.unreadable)), (1, 2));
    bot.end().await;
}

#[tokio::test]
async fn a_slow_envelope_does_not_hold_up_the_others() {
    let mut peer = Peer::start().await;
    let bot = Bot::start(&peer.tickets(), quick());
    let slow = bot.inbox.hold("slow");
    let mut conn = peer.conn().await;
    conn.hello();
    conn.event("slow");
    for number in 0..100 {
        conn.event(&format!("quick-{number}"));
    }
    for _ in 0..100 {
        assert!(conn.acked().await.starts_with("quick-"));
    }
    slow.notify_one();
    assert_eq!(conn.acked().await, "slow");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_everything_is_acked_once_and_no_more_is_in_flight_than_allowed() {
    const EACH: usize = 10_000;
    let mut peer = Peer::start().await;
    let bot = Bot::start(&peer.tickets(), SocketSettings { connections: 2, in_flight: 64, ..quick() });
    bot.inbox.yields.store(3, Ordering::SeqCst);
    let mut conns = [peer.conn().await, peer.conn().await];
    for (place, conn) in conns.iter().enumerate() {
        conn.hello();
        for number in 0..EACH {
            conn.event(&format!("{place}-{number}"));
        }
    }
    for (place, conn) in conns.iter_mut().enumerate() {
        let mut acked = HashSet::new();
        for _ in 0..EACH {
            let id = conn.acked().await;
            assert!(id.starts_with(&format!("{place}-")) && acked.insert(id));
        }
    }
    assert_eq!(bot.inbox.ids().len(), 2 * EACH);
    let most = bot.inbox.most.load(Ordering::SeqCst);
    assert!(most <= 64, "{most} at the same time");
    assert_eq!((bot.count(|c| &c.dead), bot.count(|c| &c.lost)), (0, 0));
    bot.end().await;
}

#[tokio::test]
async fn a_peer_is_not_taken_for_dead_while_we_do_not_read() {
    let mut peer = Peer::start().await;
    let settings = SocketSettings {
        in_flight: 1,
        ping_every: Duration::from_millis(50),
        dead_after: Duration::from_millis(300),
        ..quick()
    };
    let bot = Bot::start(&peer.tickets(), settings);
    let first = bot.inbox.hold("first");
    let mut conn = peer.conn().await;
    conn.hello();
    conn.event("first");
    conn.event("second");
    // Reading pauses now, for longer than a dead peer would be given; our pings go on.
    let mut pings = 0;
    while pings < 12 {
        if matches!(soon("a ping", conn.heard.recv()).await.expect("still open"), Message::Ping(_)) {
            pings += 1;
        }
    }
    first.notify_one();
    assert_eq!([conn.acked().await, conn.acked().await], ["first", "second"]);
    assert_eq!(bot.count(|c| &c.dead), 0);
    bot.end().await;
}

#[tokio::test]
async fn at_the_end_what_is_with_the_intake_is_still_acked() {
    let mut peer = Peer::start().await;
    let mut bot = Bot::start(&peer.tickets(), quick());
    let held = bot.inbox.hold("last");
    let mut conn = peer.conn().await;
    conn.hello();
    conn.event("last");
    let inbox = Arc::clone(&bot.inbox);
    soon("the envelope", async {
        while inbox.now.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    bot.stop.send_replace(true);
    bot.live(0).await;
    held.notify_one();
    assert_eq!(conn.acked().await, "last");
    assert_eq!(conn.text().await, None);
    bot.end().await;
}

#[tokio::test]
async fn link_disabled_is_an_alarm_and_not_a_loop() {
    let mut peer = Peer::start().await;
    let desk = peer.tickets();
    let mut bot = Bot::start(&desk, quick());
    let conn = peer.conn().await;
    conn.hello();
    bot.live(1).await;
    conn.disconnect("link_disabled");
    assert_eq!(bot.alarm().await, AlarmKind::LinkDisabled);
    conn.orders.send(Order::Close).unwrap();
    bot.live(0).await;
    desk.someone_asked.notified().await;
    assert!(
        timeout(Duration::from_millis(500), desk.someone_asked.notified()).await.is_err(),
        "asked for another ticket at once"
    );
    assert_eq!(desk.asked().len(), 1);
    bot.end().await;
}

#[tokio::test]
async fn too_many_connections_is_an_alarm() {
    let mut peer = Peer::start().await;
    let mut bot = Bot::start(&peer.tickets(), quick());
    let conn = peer.conn().await;
    conn.disconnect("too_many_websockets");
    assert_eq!(bot.alarm().await, AlarmKind::TooManyConnections);
    let mut again = peer.conn().await;
    again.hello();
    again.event("e");
    assert_eq!(again.acked().await, "e");
    bot.end().await;
}

fn nowhere() -> Arc<Desk> {
    Desk::new(Url::parse("ws://127.0.0.1:9/").unwrap())
}

fn spans(asked: &[tokio::time::Instant]) -> Vec<Duration> {
    asked.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_tried_again_every_few_minutes_by_one_of_the_keepers() {
    for code in ["invalid_auth", "not_allowed_token_type", "token_revoked", "account_inactive"] {
        let desk = nowhere();
        *desk.always.lock().unwrap() =
            Some(SlackError::Refused { method: "apps.connections.open", code: code.into() });
        let mut bot = Bot::start(&desk, SocketSettings { connections: 2, ..quick() });
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let asked = desk.asked();
        assert!((8..=40).contains(&asked.len()), "{code}: asked {} times in an hour", asked.len());
        assert_eq!(bot.alarm().await, AlarmKind::AuthRefused { code: code.into() });
        bot.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_and_counts_for_all() {
    let desk = nowhere();
    let after = Duration::from_secs(40);
    *desk.always.lock().unwrap() = Some(SlackError::RateLimited { method: "apps.connections.open", after });
    let bot = Bot::start(&desk, SocketSettings { connections: 1, ..quick() });
    tokio::time::sleep(Duration::from_secs(400)).await;
    assert!(spans(&desk.asked()).iter().all(|span| *span >= after), "{:?}", spans(&desk.asked()));
    assert!(desk.asked().len() >= 9);
    bot.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_slack_is_tried_with_growing_waits_and_people_are_told() {
    let desk = nowhere();
    *desk.always.lock().unwrap() = Some(SlackError::Unavailable { log: "no route".into() });
    let settings = SocketSettings { backoff_first: Duration::from_millis(500), ..quick() };
    let mut bot = Bot::start(&desk, settings);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let spans = spans(&desk.asked());
    assert!(spans.iter().all(|span| *span <= Duration::from_secs(31)));
    assert!((150..400).contains(&spans.len()), "{} tries in an hour", spans.len());
    assert_eq!(bot.alarm().await, AlarmKind::Unreachable { log: "unavailable: no route".into() });
    bot.end().await;
}

#[tokio::test]
async fn it_goes_through_a_proxy() {
    let mut peer = Peer::start().await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let (sender, mut asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut inner, _)) = proxy.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(inner.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().to_owned();
            sender.send(head).unwrap();
            let mut outer = TcpStream::connect(target).await.unwrap();
            inner.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut inner, &mut outer).await });
        }
    });
    let bot = Bot::start_through(&peer.tickets(), quick(), Proxies::always(&format!("http://{address}")));
    let mut conn = peer.conn().await;
    conn.hello();
    conn.event("e");
    assert_eq!(conn.acked().await, "e");
    let head = soon("the proxy", asked.recv()).await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", peer.address)), "{head}");
    assert!(!head.contains("secret"), "the ticket is no business of the proxy: {head}");
    bot.end().await;
}
