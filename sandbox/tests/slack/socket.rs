//! Socket Mode: tickets, acks, redelivery, and connections that end in every way.

use std::time::Duration;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use hubcommander_sandbox::slack::{Leave, Options, Which};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::app::{App, DEADLINE, call, call_as, dial, open_url, slack, slack_with};

#[tokio::test]
async fn an_address_opens_one_connection_and_no_more() -> Result<()> {
    let slack = slack().await?;
    let url = open_url(&slack).await?;
    let _first = dial(&url).await?;
    slack.connected(1).await?;
    assert!(dial(&url).await.is_err());
    assert!(dial(&url.replace("ticket=", "ticket=0")).await.is_err());
    let other_app = open_url(&slack).await?.replace("A0HUB", "A0CIB");
    assert!(dial(&other_app).await.is_err());
    let counters = slack.counters();
    assert_eq!((counters.connections, counters.refused_connections), (1, 2));
    Ok(())
}

#[tokio::test]
async fn an_address_gets_too_old() -> Result<()> {
    let slack = slack_with(Options { ticket_life: Duration::ZERO, ..Options::for_tests() }).await?;
    assert!(dial(&open_url(&slack).await?).await.is_err());
    Ok(())
}

#[tokio::test]
async fn only_the_app_token_in_the_header_opens_connections() -> Result<()> {
    let slack = slack().await?;
    for (token, code) in [("xoxb-sandbox", "not_allowed_token_type"), ("xapp-other", "invalid_auth")] {
        let answer = call_as(&slack, token, "apps.connections.open", json!({})).await?;
        assert_eq!(answer["error"], code);
    }
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client
        .post(format!("{}/apps.connections.open", slack.api_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("token=xapp-sandbox");
    let answer: serde_json::Value = request.send().await?.json().await?;
    assert_eq!(answer["error"], "not_authed");
    assert_eq!(
        call_as(&slack, "xapp-sandbox", "auth.test", json!({})).await?["error"],
        "not_allowed_token_type"
    );
    slack.refuse("apps.connections.open", "invalid_auth", 1);
    let answer = call_as(&slack, "xapp-sandbox", "apps.connections.open", json!({})).await?;
    assert_eq!(answer["error"], "invalid_auth");
    assert!(open_url(&slack).await.is_ok(), "once only");
    Ok(())
}

#[tokio::test]
async fn hello_counts_the_connections_and_says_how_long_they_live() -> Result<()> {
    let slack = slack().await?;
    let first = App::connect(&slack).await?;
    let second = App::connect(&slack).await?;
    assert_eq!(first.hello["num_connections"], 1);
    assert_eq!(second.hello["num_connections"], 2);
    assert_eq!(first.hello["debug_info"]["approximate_connection_time"], 18_060);
    assert_eq!(first.hello["connection_info"]["app_id"], "A0HUB");
    let mut short = dial(&format!("{}&debug_reconnects=true", open_url(&slack).await?)).await?;
    let Some(Ok(Message::Text(hello))) = short.next().await else { panic!("no hello") };
    assert!(hello.contains(r#""approximate_connection_time":360"#), "{hello}");
    Ok(())
}

#[tokio::test]
async fn an_eleventh_connection_is_sent_away() -> Result<()> {
    let slack = slack().await?;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(App::connect(&slack).await?);
    }
    let mut eleventh = dial(&open_url(&slack).await?).await?;
    let Some(Ok(Message::Text(text))) = eleventh.next().await else { panic!("no word") };
    assert!(text.contains("too_many_websockets"), "{text}");
    Ok(())
}

#[tokio::test]
async fn each_envelope_goes_to_one_connection_and_the_choice_can_be_repeated() -> Result<()> {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let slack = slack_with(Options { redeliver_after: DEADLINE, ..Options::for_tests() }).await?;
        let mut apps = [App::connect(&slack).await?, App::connect(&slack).await?];
        for number in 0..20 {
            slack.say("U0ANA", "C0DEV", &format!("m{number}"))?;
        }
        let links: Vec<u64> =
            slack.unacked().iter().map(|one| u64::from(one.link == slack.links().first().copied())).collect();
        assert_eq!(links.len(), 20);
        let firsts = links.iter().sum::<u64>();
        assert!((1..20).contains(&firsts), "both get some: {links:?}");
        for _ in 0..firsts {
            apps[0].take().await?;
        }
        for _ in firsts..20 {
            apps[1].take().await?;
        }
        slack.all_acked().await?;
        assert_eq!(slack.counters().acked, 20);
        seen.push(links);
    }
    assert_eq!(seen[0], seen[1]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_acked_comes_again_three_times_with_the_same_event_id() -> Result<()> {
    let slack =
        slack_with(Options { redeliver_after: Duration::from_millis(30), ..Options::for_tests() }).await?;
    let mut app = App::connect(&slack).await?;
    slack.say("U0ANA", "C0DEV", "hello")?;
    let mut envelopes = Vec::new();
    for attempt in 0..4 {
        let envelope = app.next().await?;
        assert_eq!(envelope["retry_attempt"], attempt);
        assert_eq!(envelope["retry_reason"], if attempt == 0 { "" } else { "timeout" });
        assert_eq!(envelope["accepts_response_payload"], false);
        envelopes.push(envelope);
    }
    assert!(envelopes.windows(2).all(|two| two[0]["payload"]["event_id"] == two[1]["payload"]["event_id"]));
    assert!(envelopes.windows(2).all(|two| two[0]["envelope_id"] != two[1]["envelope_id"]));
    slack.wait_until(DEADLINE, |slack| slack.counters().lost == 1).await?;
    // Too late.
    app.ack(&envelopes[0]).await?;
    slack.wait_until(DEADLINE, |slack| slack.counters().stray_acks == 1).await?;
    let counters = slack.counters();
    assert_eq!((counters.delivered, counters.redelivered, counters.acked), (4, 3, 0));
    Ok(())
}

#[tokio::test]
async fn an_event_survives_the_connection_it_was_sent_over() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    slack.say("U0ANA", "C0DEV", "hello")?;
    let first = app.next().await?;
    slack.cut(Which::All);
    assert!(app.next().await.is_err());
    slack.wait_until(DEADLINE, |slack| slack.links().is_empty()).await?;
    slack.say("U0ANA", "C0DEV", "said while nobody was there")?;
    let mut app = App::connect(&slack).await?;
    let (one, other) = (app.take().await?, app.take().await?);
    let ids = [&one["event_id"], &other["event_id"]];
    assert!(ids.contains(&&first["payload"]["event_id"]), "{ids:?}");
    slack.all_acked().await?;
    Ok(())
}

#[tokio::test]
async fn an_ack_counts_only_on_its_own_connection() -> Result<()> {
    let slack = slack_with(Options { redeliver_after: DEADLINE, ..Options::for_tests() }).await?;
    let mut app = App::connect(&slack).await?;
    slack.say("U0ANA", "C0DEV", "hello")?;
    let envelope = app.next().await?;
    let mut other = App::connect(&slack).await?;
    other.ack(&envelope).await?;
    slack.wait_until(DEADLINE, |slack| slack.counters().stray_acks == 1).await?;
    assert_eq!(slack.unacked().len(), 1);
    app.ack_with(&envelope, json!({ "text": "an answer that nobody wants" })).await?;
    slack.all_acked().await?;
    assert_eq!(slack.counters().complaints.len(), 1);
    app.send(json!({ "no": "id" })).await?;
    slack.wait_until(DEADLINE, |slack| slack.counters().complaints.len() == 2).await?;
    Ok(())
}

#[tokio::test]
async fn a_warned_connection_stays_open_and_takes_acks_until_its_end() -> Result<()> {
    for (why, reason) in [(Leave::Warning, "warning"), (Leave::RefreshRequested, "refresh_requested")] {
        let slack = slack().await?;
        let mut app = App::connect(&slack).await?;
        slack.say("U0ANA", "C0DEV", "hello")?;
        let envelope = app.next().await?;
        slack.disconnect(Which::All, why);
        let goodbye = app.next().await?;
        assert_eq!((&goodbye["type"], &goodbye["reason"]), (&json!("disconnect"), &json!(reason)));
        app.ack(&envelope).await?;
        slack.all_acked().await?;
        assert_eq!(slack.counters().acked, 1);
        assert!(app.next().await.is_err(), "it ends");
        slack.wait_until(DEADLINE, |slack| slack.links().is_empty()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_disabled_link_cannot_be_opened_again() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    slack.disconnect(Which::All, Leave::LinkDisabled);
    assert_eq!(app.next().await?["reason"], "link_disabled");
    assert!(open_url(&slack).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_connection_has_a_life() -> Result<()> {
    let options = Options {
        connection_life: Duration::from_millis(120),
        warning_lead: Duration::from_millis(60),
        ..Options::for_tests()
    };
    let slack = slack_with(options).await?;
    let mut app = App::connect(&slack).await?;
    assert_eq!(app.next().await?["reason"], "warning");
    assert!(app.next().await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_frozen_connection_says_nothing_and_others_take_over() -> Result<()> {
    let slack = slack().await?;
    let mut stuck = App::connect(&slack).await?;
    slack.freeze(Which::One(slack.links()[0]));
    let mut other = App::connect(&slack).await?;
    slack.say("U0ANA", "C0DEV", "hello")?;
    let payload = other.take().await?;
    assert_eq!(payload["event"]["text"], "hello");
    slack.all_acked().await?;
    // Neither a ping is answered nor is anything closed.
    stuck.socket.send(Message::Ping(bytes::Bytes::from_static(b"x"))).await?;
    assert!(timeout(Duration::from_millis(100), stuck.socket.next()).await.is_err());
    slack.thaw(Which::All);
    assert!(timeout(DEADLINE, stuck.socket.next()).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn pings_go_both_ways() -> Result<()> {
    let slack = slack_with(Options { ping_every: Duration::from_millis(20), ..Options::for_tests() }).await?;
    let mut app = App::connect(&slack).await?;
    app.socket.send(Message::Ping(bytes::Bytes::from_static(b"mine"))).await?;
    let mut answered = false;
    while !answered {
        let message = timeout(DEADLINE, app.socket.next()).await?.expect("open")?;
        answered = matches!(message, Message::Pong(what) if what.as_ref() == b"mine");
    }
    let reading = tokio::spawn(async move { while app.socket.next().await.is_some() {} });
    slack.wait_until(DEADLINE, |slack| slack.counters().pongs > 2).await?;
    reading.abort();
    Ok(())
}

#[tokio::test]
async fn odd_envelopes_arrive_as_they_are() -> Result<()> {
    let slack = slack().await?;
    assert!(!slack.inject_envelope(&json!({ "type": "mystery" })));
    let mut app = App::connect(&slack).await?;
    let odd = json!({ "type": "mystery", "envelope_id": "odd-1", "payload": { "x": [1] } });
    assert!(slack.inject_envelope(&odd));
    assert_eq!(app.next().await?, odd);
    assert!(!slack.injected_is_acked("odd-1"));
    app.ack(&odd).await?;
    slack.wait_until(DEADLINE, |slack| slack.injected_is_acked("odd-1")).await?;
    slack.inject_event(&json!({ "type": "tokens_revoked" }));
    assert_eq!(app.take().await?["event"]["type"], "tokens_revoked");
    Ok(())
}

#[tokio::test]
async fn what_a_dead_app_misses_is_told_to_the_person() -> Result<()> {
    let slack =
        slack_with(Options { answer_within: Duration::from_millis(50), ..Options::for_tests() }).await?;
    assert!(slack.slash("U0ANA", "C0DEV", "Help").await.is_err());
    assert_eq!(slack.take_notices("U0ANA").len(), 1);
    let mut app = App::connect(&slack).await?;
    assert!(slack.slash("U0ANA", "C0DEV", "/hubcommander Help").await.is_err());
    assert_eq!(app.next().await?["type"], "slash_commands");
    assert_eq!(slack.unread().len(), 1);
    assert_eq!(slack.take_notices("U0ANA").len(), 1);
    slack.assert_nothing_unread();
    slack.say("U0ANA", "C0DEV", "x")?;
    assert_eq!(app.take().await?["event"]["text"], "x", "the command is not repeated");
    assert_eq!(call(&slack, "nothing.like.it", json!({})).await?["error"], "unknown_method");
    Ok(())
}
