//! Forms: opened within three seconds, filled in, answered.

use std::time::Duration;

use anyhow::{Context, Result};
use hubcommander_sandbox::slack::{HandError, Options, Slack, Submitted};
use serde_json::{Value as Json, json};

use crate::app::{App, error, ok, slack, slack_with};

fn plain(words: &str) -> Json {
    json!({ "type": "plain_text", "text": words })
}

fn form(title: &str) -> Json {
    json!({
        "type": "modal", "callback_id": "form", "private_metadata": "CreateRepo", "notify_on_close": true,
        "title": plain(title), "submit": plain("Create"),
        "blocks": [
            { "type": "input", "block_id": "org", "label": plain("Organisation"), "element":
                { "type": "external_select", "action_id": "value", "min_query_length": 1, "placeholder": plain("Choose") } },
            { "type": "input", "block_id": "name", "label": plain("Name"), "element":
                { "type": "plain_text_input", "action_id": "value" } },
        ],
    })
}

/// Does something in a task of its own and hands on what comes of it.
fn meanwhile<T: Send + 'static>(
    what: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(what)
}

async fn trigger(slack: &Slack, app: &mut App) -> Result<String> {
    let own = slack.clone();
    let starting = meanwhile(async move { own.shortcut("U0ANA", "run_command").await });
    let payload = app.take().await?;
    starting.await??;
    assert_eq!(payload["type"], "shortcut");
    Ok(payload["trigger_id"].as_str().context("a trigger")?.to_owned())
}

#[tokio::test]
async fn a_form_is_opened_asked_filled_in_and_sent() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let trigger = trigger(&slack, &mut app).await?;
    let opened =
        ok(&slack, "views.open", json!({ "trigger_id": trigger, "view": form("New repository") })).await?;
    assert_eq!(opened["view"]["root_view_id"], opened["view"]["id"]);
    let view = slack.await_view("U0ANA").await?;
    insta::assert_snapshot!(slack.render_view(&view), @r"
    # New repository
    Organisation: [Choose ▾]
    Name: [___]
    [Cancel] [Create]
    ");

    let (own, id) = (slack.clone(), view.id.clone());
    let asking = meanwhile(async move { own.suggest("U0ANA", &id, "value", "ac").await });
    let envelope = app.next().await?;
    assert_eq!(envelope["payload"]["type"], "block_suggestion");
    assert_eq!(
        (&envelope["payload"]["block_id"], &envelope["payload"]["value"]),
        (&json!("org"), &json!("ac"))
    );
    app.ack_with(&envelope, json!({ "options": [{ "text": plain("acme"), "value": "acme" }] })).await?;
    assert_eq!(asking.await??[0].value, "acme");
    assert_eq!(slack.suggest("U0ANA", &view.id, "value", "").await?, [], "too short to ask");

    let missing = slack.submit("U0ANA", &view.id, &json!({ "org": "acme" })).await;
    assert_eq!(missing, Err(HandError::NotFilledIn("name is required".into())));
    let send = |slack: &Slack| {
        let (own, id) = (slack.clone(), view.id.clone());
        meanwhile(async move { own.submit("U0ANA", &id, &json!({ "org": "acme", "name": "widgets" })).await })
    };
    let sending = send(&slack);
    let envelope = app.next().await?;
    assert_eq!(envelope["accepts_response_payload"], true);
    let sent = &envelope["payload"]["view"];
    assert_eq!(sent["private_metadata"], "CreateRepo");
    assert_eq!(
        sent["state"]["values"]["name"]["value"],
        json!({ "type": "plain_text_input", "value": "widgets" })
    );
    assert_eq!(sent["state"]["values"]["org"]["value"]["selected_option"]["value"], "acme");
    app.ack_with(&envelope, json!({ "response_action": "errors", "errors": { "name": "is taken" } })).await?;
    assert!(matches!(sending.await??, Submitted::Errors(errors) if errors["name"] == "is taken"));
    assert!(slack.render_view(&slack.await_view("U0ANA").await?).contains("! name: is taken"));

    let sending = send(&slack);
    let envelope = app.next().await?;
    app.ack_with(&envelope, json!({ "response_action": "errors", "errors": { "nowhere": "x" } })).await?;
    assert!(matches!(sending.await?, Err(HandError::AnswerRefused(_))));
    assert_eq!(slack.take_notices("U0ANA").len(), 1);

    let sending = send(&slack);
    let envelope = app.next().await?;
    app.ack(&envelope).await?;
    assert_eq!(sending.await??, Submitted::Closed);
    assert!(slack.views("U0ANA").is_empty());
    slack.assert_nothing_unread();
    Ok(())
}

#[tokio::test]
async fn a_trigger_works_once_and_not_for_long() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let id = trigger(&slack, &mut app).await?;
    let args = json!({ "trigger_id": id, "view": form("Form") });
    ok(&slack, "views.open", args.clone()).await?;
    assert_eq!(error(&slack, "views.open", args).await?, "exchanged_trigger_id");
    assert_eq!(
        error(&slack, "views.open", json!({ "trigger_id": "1.2", "view": form("Form") })).await?,
        "invalid_trigger_id"
    );
    let slow = slack_with(Options { trigger_life: Duration::ZERO, ..Options::for_tests() }).await?;
    let mut app = App::connect(&slow).await?;
    let id = trigger(&slow, &mut app).await?;
    assert_eq!(
        error(&slow, "views.open", json!({ "trigger_id": id, "view": form("Form") })).await?,
        "expired_trigger_id"
    );
    Ok(())
}

#[tokio::test]
async fn forms_lie_on_top_of_each_other_up_to_three() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let id = trigger(&slack, &mut app).await?;
    ok(&slack, "views.open", json!({ "trigger_id": id, "view": form("One") })).await?;
    for (title, end) in [("Two", "push"), ("Three", "push"), ("Four", "refused")] {
        let top = slack.views("U0ANA").last().unwrap().id.clone();
        let own = slack.clone();
        let sending =
            meanwhile(async move { own.submit("U0ANA", &top, &json!({ "org": "a", "name": "b" })).await });
        let envelope = app.next().await?;
        app.ack_with(&envelope, json!({ "response_action": "push", "view": form(title) })).await?;
        let done = sending.await?;
        assert_eq!(matches!(done, Ok(Submitted::Pushed(_))), end == "push", "{done:?}");
    }
    let views = slack.views("U0ANA");
    assert_eq!(views.len(), 3);
    assert_eq!(views[2].previous_id.as_ref(), Some(&views[1].id));
    let below = slack.submit("U0ANA", &views[0].id, &json!({})).await;
    assert!(matches!(below, Err(HandError::NoSuchView(_))));

    let top = views[2].id.clone();
    let stale = json!({ "view_id": top, "hash": "old", "view": form("New") });
    assert_eq!(error(&slack, "views.update", stale).await?, "hash_conflict");
    ok(&slack, "views.update", json!({ "view_id": top, "hash": views[2].hash, "view": form("New") })).await?;
    let own = slack.clone();
    let closing = meanwhile(async move { own.close_view("U0ANA", &top).await });
    assert_eq!(app.take().await?["type"], "view_closed");
    closing.await??;
    assert_eq!(slack.views("U0ANA").len(), 2);
    assert_eq!(slack.take_notices("U0ANA").len(), 1);
    ok(
        &slack,
        "views.publish",
        json!({ "user_id": "U0ANA", "view": { "type": "home", "blocks": [{ "type": "divider" }] } }),
    )
    .await?;
    assert!(slack.home("U0ANA").is_some());
    Ok(())
}
