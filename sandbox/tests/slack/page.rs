//! The page's own requests, and the stream that keeps it up to date.

use anyhow::{Context, Result};
use hubcommander_sandbox::slack::Slack;
use serde_json::{Value as Json, json};
use tokio::time::timeout;

use crate::app::{App, DEADLINE, ok, slack};

fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

async fn post(slack: &Slack, path: &str, body: Json) -> Result<Json> {
    let url = format!("{}page/{path}", slack.page_url());
    Ok(client()?.post(url).json(&body).send().await?.json().await?)
}

/// Reads the stream until something fits.
async fn until(response: &mut reqwest::Response, wanted: impl Fn(&Json) -> bool) -> Result<Json> {
    let mut text = String::new();
    loop {
        let chunk = timeout(DEADLINE, response.chunk()).await??.context("the stream ended")?;
        text.push_str(&String::from_utf8_lossy(&chunk));
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if let Ok(json) = serde_json::from_str(data)
                && wanted(&json)
            {
                return Ok(json);
            }
        }
    }
}

#[tokio::test]
async fn the_page_and_its_files_are_there() -> Result<()> {
    let slack = slack().await?;
    let page = client()?.get(slack.page_url()).send().await?.text().await?;
    let files: Vec<&str> = page.split('"').filter(|part| part.starts_with("/page/static/")).collect();
    assert!(files.len() >= 2, "{files:?}");
    let base = slack.page_url();
    for file in files {
        let answer = client()?.get(format!("{}{file}", base.trim_end_matches('/'))).send().await?;
        assert_eq!(answer.status(), 200, "{file}");
        let text = answer.text().await?;
        // What its modules import is there too.
        for import in text.split("from './").skip(1).filter_map(|rest| rest.split('\'').next()) {
            let answer = client()?.get(format!("{base}page/static/{import}")).send().await?;
            assert_eq!(answer.status(), 200, "{import}");
        }
    }
    let elsewhere = client()?.get(slack.page_url()).header("host", "evil.example").send().await?;
    assert_eq!(elsewhere.status(), 403);
    Ok(())
}

#[tokio::test]
async fn each_person_sees_their_own_workspace() -> Result<()> {
    let slack = slack().await?;
    ok(&slack, "chat.postEphemeral", json!({ "channel": "C0DEV", "user": "U0ANA", "text": "psst" })).await?;
    let state = async |user: &str| -> Result<Json> {
        Ok(client()?.get(format!("{}page/state?as={user}", slack.page_url())).send().await?.json().await?)
    };
    let (ana, gus) = (state("U0ANA").await?, state("U0GUS").await?);
    assert_eq!(ana["messages"]["C0DEV"][0]["ephemeral"], true);
    assert_eq!(gus["messages"]["C0DEV"], json!([]));
    assert_eq!(gus["channels"].as_array().unwrap().len(), 3, "general, dev, and the bot");
    assert_eq!(ana["people"].as_array().unwrap().len(), 4);
    assert_eq!(ana["names"]["U0CIB"], "ci");
    assert_eq!(state("U0DEE").await?["ok"], false);
    Ok(())
}

#[tokio::test]
async fn what_happens_is_streamed_to_those_who_see_it() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let open = async |user: &str| {
        client().unwrap().get(format!("{}page/stream?as={user}", slack.page_url())).send().await
    };
    let (mut ana, mut gus) = (open("U0ANA").await?, open("U0GUS").await?);
    let said =
        post(&slack, "say", json!({ "as": "U0ANA", "channel": "C0SECURITY", "text": "a < b" })).await?;
    assert_eq!(said["ok"], true, "{said}");
    let seen = until(&mut ana, |change| change["message"]["ts"] == said["ts"]).await?;
    assert_eq!(seen["message"]["text"], "a &lt; b");
    app.take().await?;
    post(&slack, "edit", json!({ "as": "U0ANA", "channel": "C0SECURITY", "ts": said["ts"], "text": "c" }))
        .await?;
    until(&mut ana, |change| change["message"]["edited"] == true).await?;
    app.take().await?;
    post(&slack, "say", json!({ "as": "U0SAM", "channel": "C0DEV", "text": "for gus too" })).await?;
    let first = until(&mut gus, |_| true).await?;
    assert_eq!(first["message"]["text"], "for gus too", "nothing of #security before it");
    let refused = post(&slack, "say", json!({ "as": "U0GUS", "channel": "C0SECURITY", "text": "x" })).await?;
    assert_eq!(refused["ok"], false);
    let refused =
        post(&slack, "say", json!({ "as": "U0ANA", "channel": "C0DEV", "text": "/nothing" })).await?;
    assert_eq!(refused["error"], "/nothing is not a command here.");
    Ok(())
}

#[tokio::test]
async fn a_button_opens_a_form_and_the_form_is_sent() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let plain = |words: &str| json!({ "type": "plain_text", "text": words });
    let blocks = json!([{ "type": "actions", "block_id": "b", "elements": [
        { "type": "button", "action_id": "open", "value": "v", "text": plain("Open") }] }]);
    let posted = ok(&slack, "chat.postMessage", json!({ "channel": "D0ANA", "blocks": blocks })).await?;
    app.take().await?;
    let mut ana = client()?.get(format!("{}page/stream?as=U0ANA", slack.page_url())).send().await?;
    let (own, ts) = (slack.clone(), posted["ts"].clone());
    let clicking = tokio::spawn(async move {
        post(&own, "click", json!({ "as": "U0ANA", "channel": "D0ANA", "ts": ts, "block_id": "b", "action_id": "open", "value": "v" })).await
    });
    let click = app.take().await?;
    assert_eq!(clicking.await??["ok"], true);
    assert_eq!(
        (&click["actions"][0]["value"], &click["actions"][0]["type"]),
        (&json!("v"), &json!("button"))
    );
    assert_eq!(click["channel"]["name"], "directmessage");
    let view = json!({ "type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": [
        { "type": "input", "block_id": "i", "label": plain("Word"), "element": { "type": "plain_text_input", "action_id": "a" } }] });
    let opened = ok(&slack, "views.open", json!({ "trigger_id": click["trigger_id"], "view": view })).await?;
    let shown = until(&mut ana, |change| !change["modals"][0].is_null()).await?;
    assert_eq!(shown["modals"][0]["title"]["text"], "Form");
    let (own, id) = (slack.clone(), opened["view"]["id"].clone());
    let sending = tokio::spawn(async move {
        let state = json!({ "i": { "a": { "type": "plain_text_input", "value": "hello" } } });
        post(&own, "modal/submit", json!({ "as": "U0ANA", "view_id": id, "state": state })).await
    });
    let envelope = app.next().await?;
    assert_eq!(envelope["payload"]["view"]["state"]["values"]["i"]["a"]["value"], "hello");
    app.ack_with(&envelope, json!({ "response_action": "errors", "errors": { "i": "No" } })).await?;
    assert_eq!(sending.await??["errors"]["i"], "No");
    until(&mut ana, |change| change["modals"][0]["errors"]["i"] == "No").await?;
    let closed =
        post(&slack, "modal/close", json!({ "as": "U0ANA", "view_id": opened["view"]["id"] })).await?;
    assert_eq!(closed["ok"], true);
    until(&mut ana, |change| change["modals"] == json!([])).await?;
    Ok(())
}
