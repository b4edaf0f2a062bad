//! The Web API: what it takes, what it refuses, and in which words.

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::slack::{Options, Slack, World};
use hubcommander_sdk::clock::SystemClock;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

use crate::app::{call, call_as, error, ok, slack, slack_with};

#[tokio::test]
async fn forms_json_and_queries_mean_the_same() -> Result<()> {
    let slack = slack().await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/chat.postMessage", slack.api_url());
    let blocks = json!([{ "type": "divider" }]).to_string();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", "xoxb-sandbox")
        .append_pair("channel", "C0DEV")
        .append_pair("text", "a & b")
        .append_pair("blocks", &blocks)
        .finish();
    let request = client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: Json = request.send().await?.json().await?;
    assert_eq!((&answer["ok"], &answer["message"]["text"]), (&json!(true), &json!("a & b")), "{answer}");
    let url = format!("{}/users.info?user=U0GUS", slack.api_url());
    let answer: Json = client.get(url).bearer_auth("xoxb-sandbox").send().await?.json().await?;
    assert_eq!(answer["user"]["is_restricted"], true);
    Ok(())
}

#[tokio::test]
async fn who_calls_must_be_known() -> Result<()> {
    let slack = slack().await?;
    assert_eq!(call_as(&slack, "xoxb-wrong", "auth.test", json!({})).await?["error"], "invalid_auth");
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/auth.test", slack.api_url());
    let answer: Json = client.post(&url).send().await?.json().await?;
    assert_eq!(answer["error"], "not_authed");
    let who = ok(&slack, "auth.test", json!({})).await?;
    assert_eq!(
        (&who["user_id"], &who["bot_id"], &who["team_id"]),
        (&json!("U0HUB"), &json!("B0HUB"), &json!("T0ACME"))
    );
    let bad =
        client.post(&url).bearer_auth("xoxb-sandbox").header("content-type", "application/json").body("{");
    assert_eq!(bad.send().await?.json::<Json>().await?["error"], "invalid_json");
    Ok(())
}

#[tokio::test]
async fn people_are_shown_with_all_their_flags() -> Result<()> {
    let slack = slack().await?;
    let user = async |id: &str| -> Result<Json> {
        Ok(ok(&slack, "users.info", json!({ "user": id })).await?["user"].clone())
    };
    let ana = user("U0ANA").await?;
    assert_eq!(ana["profile"]["email"], "ana@acme.example");
    assert_eq!(
        (&ana["is_bot"], &ana["is_restricted"], &ana["deleted"]),
        (&json!(false), &json!(false), &json!(false))
    );
    let dee = user("U0DEE").await?;
    assert_eq!(dee["deleted"], true);
    assert!(dee.get("is_restricted").is_none() && dee.get("tz_offset").is_none());
    let stranger = user("U0STR").await?;
    assert_eq!((&stranger["is_stranger"], &stranger["team_id"]), (&json!(true), &json!("T0OTHER")));
    assert!(stranger["profile"].get("email").is_none());
    assert_eq!(user("U0CIB").await?["is_bot"], true);
    assert_eq!(user("U0SAM").await?["tz_offset"], 3600);
    assert_eq!(error(&slack, "users.info", json!({ "user": "U0XXX" })).await?, "user_not_found");
    let found = ok(&slack, "users.lookupByEmail", json!({ "email": "SAM@acme.example" })).await?;
    assert_eq!(found["user"]["id"], "U0SAM");
    assert_eq!(
        error(&slack, "users.lookupByEmail", json!({ "email": "dee@acme.example" })).await?,
        "users_not_found"
    );
    Ok(())
}

#[tokio::test]
async fn posting_is_refused_in_slacks_words() -> Result<()> {
    let slack = slack().await?;
    let root = slack.say("U0ANA", "C0DEV", "x")?;
    let long = "x".repeat(76);
    let button = json!([{ "type": "actions", "elements": [
        { "type": "button", "action_id": "a", "text": { "type": "plain_text", "text": long } }] }]);
    for (args, code) in [
        (json!({ "channel": "C0XXX", "text": "x" }), "channel_not_found"),
        (json!({ "channel": "C0NOBOT", "text": "x" }), "not_in_channel"),
        (json!({ "channel": "C0DEV", "text": "" }), "no_text"),
        (json!({ "channel": "C0DEV" }), "no_text"),
        (json!({ "channel": "C0DEV", "text": "x", "thread_ts": "1700000000.000001" }), "thread_not_found"),
        (json!({ "channel": "C0DEV", "text": "x", "thread_ts": "soon" }), "invalid_thread_ts"),
        (json!({ "channel": "C0DEV", "text": "x", "blocks": button }), "invalid_blocks"),
        (json!({ "channel": "C0DEV", "text": "x", "blocks": "[" }), "invalid_blocks_format"),
        (
            json!({ "channel": "C0DEV", "text": "x", "metadata": { "event_type": 1 } }),
            "invalid_metadata_format",
        ),
    ] {
        assert_eq!(error(&slack, "chat.postMessage", args.clone()).await?, code, "{args}");
    }
    let refused = call(&slack, "chat.postMessage", json!({ "channel": "C0DEV", "blocks": button })).await?;
    assert_eq!(
        refused["response_metadata"]["messages"][0],
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"
    );
    let long =
        ok(&slack, "chat.postMessage", json!({ "channel": "C0DEV", "text": "é".repeat(40_001) })).await?;
    assert_eq!(long["message"]["text"].as_str().unwrap().chars().count(), 40_000);
    let update = json!({ "channel": "C0DEV", "ts": long["ts"], "text": "x".repeat(4_001) });
    assert_eq!(error(&slack, "chat.update", update).await?, "msg_too_long");
    for method in ["chat.update", "chat.delete"] {
        let code = error(&slack, method, json!({ "channel": "C0DEV", "ts": root, "text": "x" })).await?;
        assert!(code.starts_with("cant_"), "{code}");
        let missing = json!({ "channel": "C0DEV", "ts": "1700000000.000001", "text": "x" });
        assert_eq!(error(&slack, method, missing).await?, "message_not_found");
    }
    Ok(())
}

#[tokio::test]
async fn threads_are_read_in_pages_with_metadata_on_demand() -> Result<()> {
    let slack = slack().await?;
    let root = slack.say("U0ANA", "C0DEV", "root")?;
    for number in 0..5 {
        let metadata = json!({ "event_type": "invocation", "event_payload": { "id": number } });
        ok(
            &slack,
            "chat.postMessage",
            json!({ "channel": "C0DEV", "thread_ts": root, "text": "r", "metadata": metadata }),
        )
        .await?;
    }
    let mut args = json!({ "channel": "C0DEV", "ts": root, "limit": 4, "include_all_metadata": true });
    let first = ok(&slack, "conversations.replies", args.clone()).await?;
    assert_eq!((first["messages"].as_array().unwrap().len(), &first["has_more"]), (4, &json!(true)));
    assert_eq!(first["messages"][0]["reply_count"], 5);
    assert_eq!(first["messages"][1]["metadata"]["event_payload"]["id"], 0);
    args["cursor"] = first["response_metadata"]["next_cursor"].clone();
    let second = ok(&slack, "conversations.replies", args).await?;
    assert_eq!((second["messages"].as_array().unwrap().len(), &second["has_more"]), (2, &json!(false)));
    let plain = ok(&slack, "conversations.replies", json!({ "channel": "C0DEV", "ts": root })).await?;
    assert!(plain["messages"][1].get("metadata").is_none());
    let newest = plain["messages"][5]["ts"].clone();
    let since = ok(
        &slack,
        "conversations.replies",
        json!({ "channel": "C0DEV", "ts": root, "oldest": newest, "inclusive": true }),
    )
    .await?;
    assert_eq!(since["messages"].as_array().unwrap().len(), 2, "the root always comes along");
    let history = ok(&slack, "conversations.history", json!({ "channel": "C0DEV" })).await?;
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
    let missing = json!({ "channel": "C0DEV", "ts": "1700000000.000001" });
    assert_eq!(error(&slack, "conversations.replies", missing).await?, "thread_not_found");
    let bad = json!({ "channel": "C0DEV", "ts": root, "cursor": "x" });
    assert_eq!(error(&slack, "conversations.replies", bad).await?, "invalid_cursor");
    Ok(())
}

#[tokio::test]
async fn conversations_are_found_and_opened() -> Result<()> {
    let slack = slack().await?;
    let shared = ok(&slack, "conversations.info", json!({ "channel": "C0SHARED" })).await?;
    assert_eq!(shared["channel"]["is_ext_shared"], true);
    let members = ok(&slack, "conversations.members", json!({ "channel": "C0DEV", "limit": 2 })).await?;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    assert_eq!(
        ok(&slack, "conversations.open", json!({ "users": "U0ANA" })).await?["channel"]["id"],
        "D0ANA"
    );
    for (users, code) in [("U0XXX", "user_not_found"), ("U0DEE", "user_disabled"), ("U0CIB", "cannot_dm_bot")]
    {
        assert_eq!(error(&slack, "conversations.open", json!({ "users": users })).await?, code);
    }
    let opened = ok(&slack, "conversations.open", json!({ "users": "U0STR" })).await?;
    ok(&slack, "chat.postMessage", json!({ "channel": opened["channel"]["id"], "text": "hello" })).await?;
    assert_eq!(slack.await_dm("U0STR").await?.text, "hello");
    slack.arrange(|world| world.channels.get_mut("C0PRIV").unwrap().members.remove("U0HUB"));
    assert_eq!(
        error(&slack, "conversations.info", json!({ "channel": "C0PRIV" })).await?,
        "channel_not_found"
    );
    let all = ok(&slack, "conversations.list", json!({ "types": "public_channel,private_channel" })).await?;
    assert_eq!(all["channels"].as_array().unwrap().len(), 6);
    let groups = ok(&slack, "usergroups.list", json!({ "include_users": true })).await?;
    assert_eq!(groups["usergroups"][0]["users"], json!(["U0SAM", "U0KIM"]));
    ok(&slack, "team.info", json!({})).await?;
    assert_eq!(ok(&slack, "bots.info", json!({ "bot": "B0CIB" })).await?["bot"]["user_id"], "U0CIB");
    let asked = slack.say("U0ANA", "C0DEV", "x")?;
    let react = json!({ "channel": "C0DEV", "timestamp": asked, "name": "eyes" });
    ok(&slack, "reactions.add", react.clone()).await?;
    assert_eq!(error(&slack, "reactions.add", react).await?, "already_reacted");
    Ok(())
}

#[tokio::test]
async fn too_much_is_refused_with_a_time_to_wait() -> Result<()> {
    let slack = slack_with(Options { rate_limits: true, ..Options::for_tests() }).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/chat.postMessage", slack.api_url());
    let post =
        || client.post(&url).bearer_auth("xoxb-sandbox").json(&json!({ "channel": "C0DEV", "text": "x" }));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(post().send().await?);
    }
    assert!(statuses[..3].iter().all(|answer| answer.status() == 200));
    assert_eq!(statuses[3].status(), 429);
    assert_eq!(statuses[3].headers()["retry-after"], "1");
    assert_eq!(slack.messages("C0DEV").len(), 3);

    let faults = Faults::default();
    faults.add(When::post("*/chat.postMessage"), Fault::RateLimited { retry_after: Duration::from_secs(7) });
    let slack = Slack::start(World::acme(), Arc::new(SystemClock), faults, Options::for_tests()).await?;
    let url = format!("{}/chat.postMessage", slack.api_url());
    let answer = client
        .post(&url)
        .bearer_auth("xoxb-sandbox")
        .json(&json!({ "channel": "C0DEV", "text": "x" }))
        .send()
        .await?;
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str()?), (429, "7"));
    assert_eq!(answer.json::<Json>().await?, json!({ "ok": false, "error": "ratelimited" }));
    Ok(())
}

#[tokio::test]
async fn files_go_up_and_into_a_thread() -> Result<()> {
    let slack = slack().await?;
    let root = slack.say("U0ANA", "C0DEV", "x")?;
    let place =
        ok(&slack, "files.getUploadURLExternal", json!({ "filename": "list.txt", "length": 3 })).await?;
    let complete = json!({ "files": [{ "id": place["file_id"] }], "channel_id": "C0DEV", "thread_ts": root, "initial_comment": "All of it" });
    assert_eq!(error(&slack, "files.completeUploadExternal", complete.clone()).await?, "file_not_found");
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = place["upload_url"].as_str().unwrap();
    assert_eq!(client.post(url).body("four").send().await?.status(), 400);
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\na\nb\r\n--b--\r\n";
    let request = client.post(url).header("content-type", "multipart/form-data; boundary=b").body(part);
    assert_eq!(request.send().await?.status(), 200);
    ok(&slack, "files.completeUploadExternal", complete).await?;
    let reply = slack.await_reply("C0DEV", root).await?;
    assert_eq!(slack.render(&reply), "All of it\n(file: list.txt)");
    assert_eq!(slack.files()[0].content.as_deref(), Some(b"a\nb".as_slice()));
    Ok(())
}
