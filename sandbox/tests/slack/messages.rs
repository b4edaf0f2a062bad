//! What people say, as the app hears it; what the app says, as people see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use futures_util::StreamExt;
use hubcommander_sandbox::slack::{HandError, Options};
use serde_json::json;

use crate::app::{App, DEADLINE, call, error, ok, slack, slack_with};

#[tokio::test]
async fn a_message_comes_as_slack_shapes_it() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let ts = slack.say("U0ANA", "C0DEV", "!Repeat <b> @sam foo.com")?;
    let payload = app.take().await?;
    assert_eq!(payload["type"], "event_callback");
    assert_eq!(payload["team_id"], "T0ACME");
    assert_eq!(payload["is_ext_shared_channel"], false);
    assert_eq!(payload["authorizations"][0]["user_id"], "U0HUB");
    let event = &payload["event"];
    assert_eq!(event["type"], "message");
    assert_eq!(event["text"], "!Repeat &lt;b&gt; <@U0SAM> <http://foo.com|foo.com>");
    assert_eq!(event["ts"], json!(ts));
    assert_eq!((&event["channel"], &event["channel_type"]), (&json!("C0DEV"), &json!("channel")));
    assert_eq!(event["blocks"][0]["type"], "rich_text");
    assert!(event.get("subtype").is_none() && event.get("bot_id").is_none());
    Ok(())
}

#[tokio::test]
async fn a_mention_comes_twice_in_a_channel_and_once_in_a_direct_conversation() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    slack.say("U0ANA", "C0DEV", "@hubcommander Help")?;
    let (first, second) = (app.take().await?, app.take().await?);
    assert_eq!(
        (&first["event"]["type"], &second["event"]["type"]),
        (&json!("message"), &json!("app_mention"))
    );
    assert_eq!(first["event"]["ts"], second["event"]["ts"]);
    assert_ne!(first["event_id"], second["event_id"]);
    slack.say("U0ANA", "D0ANA", "@hubcommander Help")?;
    slack.say("U0ANA", "C0PRIV", "next")?;
    assert_eq!(app.take().await?["event"]["channel_type"], "im");
    assert_eq!(app.take().await?["event"]["channel_type"], "group");
    Ok(())
}

#[tokio::test]
async fn the_app_hears_only_where_it_is() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    slack.say("U0ANA", "C0NOBOT", "@hubcommander Help")?;
    slack.say("U0STR", "C0SHARED", "hello from outside")?;
    let payload = app.take().await?;
    assert_eq!(payload["event"]["text"], "hello from outside");
    assert_eq!(payload["is_ext_shared_channel"], true);
    assert_eq!(payload["event"]["user_team"], "T0OTHER");
    assert_eq!(payload["event"]["source_team"], "T0OTHER");
    Ok(())
}

#[tokio::test]
async fn nobody_talks_where_they_are_not() -> Result<()> {
    let slack = slack().await?;
    assert!(matches!(slack.say("U0GUS", "C0PRIV", "x"), Err(HandError::CannotWrite { .. })));
    assert!(matches!(slack.say("U0DEE", "C0GENERAL", "x"), Err(HandError::Deactivated(_))));
    assert!(matches!(slack.say("U0XXX", "C0GENERAL", "x"), Err(HandError::NoSuchPerson(_))));
    assert!(matches!(slack.say("U0ANA", "C0XXX", "x"), Err(HandError::NoSuchChannel(_))));
    slack.arrange(|world| world.channels.get_mut("C0DEV").unwrap().archived = true);
    assert!(matches!(slack.say("U0ANA", "C0DEV", "x"), Err(HandError::CannotWrite { .. })));
    Ok(())
}

#[tokio::test]
async fn edits_deletions_bots_and_joins_look_different() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let ts = slack.say("U0ANA", "C0DEV", "one")?;
    slack.edit("U0ANA", "C0DEV", ts, "two")?;
    assert_eq!(slack.edit("U0SAM", "C0DEV", ts, "mine"), Err(HandError::NotYours));
    slack.unfurl("C0DEV", ts)?;
    slack.remove("U0ANA", "C0DEV", ts)?;
    slack.say("U0CIB", "C0DEV", "built")?;
    slack.say_as_webhook("C0DEV", "hooked")?;
    slack.leave("U0SAM", "C0DEV")?;
    slack.join("U0SAM", "C0DEV")?;
    let root = slack.say("U0ANA", "C0DEV", "root")?;
    slack.say_in_thread("U0SAM", "C0DEV", root, "reply")?;
    slack.broadcast_in_thread("U0SAM", "C0DEV", root, "to all")?;
    let mut seen = Vec::new();
    for _ in 0..11 {
        let event = app.take().await?["event"].clone();
        let shown = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
        seen.push(format!(
            "{} {} {} {} {}",
            shown("subtype"),
            event["message"]["text"].as_str().unwrap_or(&shown("text")),
            shown("bot_id"),
            event["hidden"],
            if event["thread_ts"] == json!(root) { "in thread" } else { "-" },
        ));
    }
    insta::assert_snapshot!(seen.join("\n"), @r"
    - one - null -
    message_changed two - true -
    message_changed two - true -
    message_deleted - - true -
    - built B0CIB null -
    bot_message hooked B0HOOK null -
    channel_leave <@U0SAM> has left the channel - null -
    channel_join <@U0SAM> has joined the channel - null -
    - root - null -
    - reply - null in thread
    thread_broadcast to all - null in thread
    ");
    assert_eq!(slack.thread("C0DEV", root).len(), 3);
    Ok(())
}

#[tokio::test]
async fn replies_are_awaited_read_and_read_again_when_they_change() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let asked = slack.say("U0ANA", "C0DEV", "!CreateRepo acme widgets")?;
    app.take().await?;
    let waiting = tokio::spawn({
        let slack = slack.clone();
        async move { slack.await_reply("C0DEV", asked).await }
    });
    let posted = ok(
        &slack,
        "chat.postMessage",
        json!({ "channel": "C0DEV", "thread_ts": asked, "text": "⏳ working" }),
    )
    .await?;
    assert_eq!(slack.render(&waiting.await??), "⏳ working");
    slack.assert_nothing_unread();
    let section =
        json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "✅ *acme/widgets* is ready" } }]);
    ok(
        &slack,
        "chat.update",
        json!({ "channel": "C0DEV", "ts": posted["ts"], "text": "done", "blocks": section }),
    )
    .await?;
    assert_eq!(slack.unread(), ["C0DEV: ✅ acme/widgets is ready"]);
    let done = slack.await_reply_that("C0DEV", asked, |text| text.starts_with('✅')).await?;
    assert!(done.edited.is_none(), "blocks leave no mark");
    slack.assert_nothing_unread();
    ok(&slack, "chat.update", json!({ "channel": "C0DEV", "ts": posted["ts"], "text": "text only" })).await?;
    let last = slack.await_reply("C0DEV", asked).await?;
    assert!(last.edited.is_some() && last.blocks.is_none());
    // The app hears of its own messages, marked as such.
    let echo = app.take().await?["event"].clone();
    assert_eq!((&echo["bot_id"], &echo["user"]), (&json!("B0HUB"), &json!("U0HUB")));
    insta::assert_snapshot!(slack.transcript("C0DEV"), @r"
    ana: !CreateRepo acme widgets
        hubcommander: text only
    ");
    Ok(())
}

#[tokio::test]
async fn a_message_for_one_person_is_seen_by_that_person_only() -> Result<()> {
    let slack = slack().await?;
    let post = |user: &str, channel: &str| json!({ "channel": channel, "user": user, "text": "psst" });
    ok(&slack, "chat.postEphemeral", post("U0ANA", "C0DEV")).await?;
    for (user, channel, code) in [
        ("U0GUS", "C0SECURITY", "user_not_in_channel"),
        ("U0DEE", "C0GENERAL", "user_not_in_channel"),
        ("U0ANA", "C0NOBOT", "not_in_channel"),
        ("U0ANA", "C0XXX", "channel_not_found"),
    ] {
        assert_eq!(error(&slack, "chat.postEphemeral", post(user, channel)).await?, code);
    }
    let seen = slack.await_ephemeral("U0ANA").await?;
    assert_eq!(slack.render(&seen), "psst\n(only ana sees this)");
    assert!(slack.messages("C0DEV").is_empty() && slack.ephemerals("U0SAM").is_empty());
    let update = json!({ "channel": "C0DEV", "ts": seen.ts, "text": "x" });
    assert_eq!(error(&slack, "chat.update", update).await?, "message_not_found");
    Ok(())
}

#[tokio::test]
async fn a_slash_command_is_answered_in_the_ack_or_by_its_address() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let asking = tokio::spawn({
        let slack = slack.clone();
        async move { slack.slash("U0ANA", "C0NOBOT", "/hubcommander Repeat @sam #dev <x>").await }
    });
    let envelope = app.next().await?;
    let payload = &envelope["payload"];
    assert_eq!(envelope["accepts_response_payload"], true);
    assert_eq!(payload["text"], "Repeat <@U0SAM|sam> <#C0DEV|dev> &lt;x&gt;");
    assert_eq!((&payload["channel_name"], &payload["team_id"]), (&json!("no-bots"), &json!("T0ACME")));
    app.ack_with(&envelope, json!({ "text": "in the ack" })).await?;
    asking.await??;
    assert_eq!(slack.render(&slack.await_ephemeral("U0ANA").await?), "in the ack\n(only ana sees this)");

    let url = payload["response_url"].as_str().unwrap().to_owned();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = |body: serde_json::Value| client.post(&url).json(&body).send();
    assert_eq!(answer(json!({ "response_type": "in_channel", "text": "for all" })).await?.status(), 200);
    assert_eq!(slack.render(&slack.await_message("C0NOBOT").await?), "for all");
    for _ in 0..4 {
        assert_eq!(answer(json!({ "text": "again" })).await?.status(), 200);
    }
    assert_eq!(answer(json!({ "text": "too often" })).await?.status(), 404);
    slack.mark_all_read();
    slack.assert_nothing_unread();

    assert!(matches!(slack.slash("U0ANA", "C0DEV", "/other x").await, Err(HandError::NoSuchCommand(_))));
    assert!(matches!(slack.slash("U0STR", "C0SHARED", "Help").await, Err(HandError::NoSuchCommand(_))));
    Ok(())
}

#[tokio::test]
async fn a_click_carries_the_message_and_can_replace_it() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let button = |label: &str, value: &str, style: Option<&str>| {
        let mut button = json!({ "type": "button", "action_id": "decide", "value": value,
            "text": { "type": "plain_text", "text": label } });
        if let Some(style) = style {
            button["style"] = json!(style);
        }
        button
    };
    let blocks = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "Sure?" } },
        { "type": "actions", "block_id": "buttons", "elements": [button("Approve", "yes", None)] },
        { "type": "actions", "block_id": "more", "elements": [button("Deny", "no", Some("danger"))] }]);
    ok(
        &slack,
        "chat.postEphemeral",
        json!({ "channel": "C0DEV", "user": "U0ANA", "text": "Sure?", "blocks": blocks }),
    )
    .await?;
    let card = slack.await_ephemeral("U0ANA").await?;
    assert_eq!(slack.render(&card), "Sure?\n[Approve]\n[Deny]\n(only ana sees this)");
    let missing = slack.click("U0SAM", "C0DEV", card.ts, "decide", None).await;
    assert!(matches!(missing, Err(HandError::NoSuchMessage(_))), "{missing:?}");
    let missing = slack.click("U0ANA", "C0DEV", card.ts, "decide", Some("maybe")).await;
    assert!(matches!(missing, Err(HandError::NoSuchElement(_))), "{missing:?}");

    let clicking = tokio::spawn({
        let slack = slack.clone();
        async move { slack.click("U0ANA", "C0DEV", card.ts, "decide", Some("no")).await }
    });
    let payload = app.take().await?;
    clicking.await??;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(
        payload["user"],
        json!({ "id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0ACME" })
    );
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert!(payload.get("message").is_none());
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["block_id"], &action["value"], &action["style"]),
        (&json!("more"), &json!("no"), &json!("danger"))
    );
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = payload["response_url"].as_str().unwrap();
    client.post(url).json(&json!({ "replace_original": true, "text": "Denied" })).send().await?;
    assert_eq!(slack.render(&slack.await_ephemeral("U0ANA").await?), "Denied\n(only ana sees this)");
    client.post(url).json(&json!({ "delete_original": true })).send().await?;
    assert!(slack.ephemerals("U0ANA").is_empty());
    assert_eq!(call(&slack, "api.test", json!({})).await?["ok"], true);
    Ok(())
}

#[tokio::test]
async fn many_messages_flow_and_the_oldest_are_forgotten() -> Result<()> {
    const MANY: usize = 1_000;
    let slack = slack_with(Options { keep_messages: 100, ..Options::for_benches() }).await?;
    let mut app = App::connect(&slack).await?;
    let posted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&posted);
    slack.on_posted(move |channel, message| {
        assert_eq!((channel, message.text.as_str()), ("C0DEV", "pong"));
        counter.fetch_add(1, Ordering::SeqCst);
    });
    for number in 0..MANY {
        slack.say_raw("U0ANA", "C0DEV", &format!("!Repeat \"{number}\""))?;
    }
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/chat.postMessage", slack.api_url());
    let mut posts = futures_util::stream::FuturesUnordered::new();
    for number in 0..MANY {
        let payload = app.take().await?;
        assert_eq!(payload["event"]["text"], format!("!Repeat \"{number}\""), "in order over one connection");
        let body = json!({ "channel": "C0DEV", "text": "pong" });
        posts.push(client.post(&url).bearer_auth("xoxb-sandbox").json(&body).send());
        if posts.len() >= 50 {
            assert_eq!(posts.next().await.expect("one")?.status(), 200);
        }
    }
    while let Some(answer) = posts.next().await {
        assert_eq!(answer?.status(), 200);
    }
    slack.wait_until(DEADLINE, |slack| slack.counters().acked == MANY as u64).await?;
    assert_eq!(posted.load(Ordering::SeqCst), MANY);
    assert_eq!(slack.messages("C0DEV").len(), 100);
    Ok(())
}
