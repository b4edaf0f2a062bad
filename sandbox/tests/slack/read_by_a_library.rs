//! A library with its own idea of Slack reads what the local one says: answers and payloads alike.

use anyhow::{Context, Result};
use hubcommander_sandbox::slack::Slack;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use slack_morphism::prelude::*;

use crate::app::{App, slack};

type Client = SlackClient<SlackClientHyperConnector<HttpConnector>>;

fn client(slack: &Slack) -> Client {
    let connector = SlackClientHyperConnector::with_connector(HttpConnector::new());
    SlackClient::new(connector.with_slack_api_url(&slack.api_url()))
}

fn token(words: &str) -> SlackApiToken {
    SlackApiToken::new(words.into())
}

fn blocks() -> Vec<SlackBlock> {
    slack_blocks![
        some_into(SlackSectionBlock::new().with_text(md!("*acme/widgets* is ready"))),
        some_into(SlackActionsBlock::new(slack_blocks![some_into(
            SlackBlockButtonElement::new(pt!("Undo"))
                .with_action_id("undo".into())
                .with_value("inv-1".into())
        )]))
    ]
}

#[tokio::test]
async fn answers_are_read() -> Result<()> {
    let slack = slack().await?;
    let client = client(&slack);
    let (bot, app) = (token("xoxb-sandbox"), token("xapp-sandbox"));
    let url =
        client.open_session(&app).apps_connections_open(&SlackApiAppsConnectionOpenRequest::new()).await?;
    assert_eq!(url.url.value().scheme(), "ws");
    let session = client.open_session(&bot);
    assert_eq!(session.auth_test().await?.user_id, "U0HUB".into());
    for id in ["U0ANA", "U0GUS", "U0DEE", "U0STR", "U0CIB", "U0HUB"] {
        let user = session.users_info(&SlackApiUsersInfoRequest::new(id.into())).await.context(id)?.user;
        assert_eq!(user.id, id.into());
        assert_eq!(user.deleted, Some(id == "U0DEE"));
    }
    for id in ["C0DEV", "C0SHARED", "C0PRIV", "D0ANA", "C0NOBOT"] {
        session.conversations_info(&SlackApiConversationsInfoRequest::new(id.into())).await.context(id)?;
    }
    let opened = SlackApiConversationsOpenRequest::new().with_users(vec!["U0SAM".into()]);
    assert_eq!(session.conversations_open(&opened).await?.channel.id, "D0SAM".into());
    let members = SlackApiConversationsMembersRequest::new().with_channel("C0DEV".into());
    assert_eq!(session.conversations_members(&members).await?.members.len(), 6);
    let groups = SlackApiUserGroupsListRequest::new().with_include_users(true);
    assert_eq!(session.usergroups_list(&groups).await?.usergroups.len(), 2);

    let asked = slack.say("U0ANA", "C0DEV", "!CreateRepo acme widgets")?;
    let content = SlackMessageContent::new().with_text("ready".into()).with_blocks(blocks()).with_metadata(
        SlackMessageMetadata::new("invocation".into())
            .with_event_payload([("id".to_owned(), "inv-1".to_owned())].into()),
    );
    let post = SlackApiChatPostMessageRequest::new("C0DEV".into(), content.clone())
        .with_thread_ts(asked.to_string().into());
    let posted = session.chat_post_message(&post).await?;
    let update = SlackApiChatUpdateRequest::new("C0DEV".into(), content, posted.ts.clone());
    session.chat_update(&update).await?;
    let reply = slack.await_reply("C0DEV", asked).await?;
    assert_eq!(slack.render(&reply), "acme/widgets is ready\n[Undo]");
    assert_eq!(reply.metadata.context("kept")?["event_payload"]["id"], "inv-1");
    let replies = SlackApiConversationsRepliesRequest::new("C0DEV".into(), asked.to_string().into());
    assert_eq!(session.conversations_replies(&replies).await?.messages.len(), 2);
    let ephemeral = SlackApiChatPostEphemeralRequest::new(
        "C0DEV".into(),
        "U0ANA".into(),
        SlackMessageContent::new().with_text("psst".into()),
    );
    session.chat_post_ephemeral(&ephemeral).await?;
    slack.await_ephemeral("U0ANA").await?;
    let nobody = SlackApiChatPostEphemeralRequest::new(
        "C0SECURITY".into(),
        "U0GUS".into(),
        SlackMessageContent::new().with_text("psst".into()),
    );
    let refused = session.chat_post_ephemeral(&nobody).await.err().context("refused")?;
    assert!(refused.to_string().contains("user_not_in_channel"), "{refused}");
    let place = SlackApiFilesGetUploadUrlExternalRequest::new("a.txt".into(), 2);
    let place = session.get_upload_url_external(&place).await?;
    let bytes = SlackApiFilesUploadViaUrlRequest::new(place.upload_url, b"hi".to_vec(), "text/plain".into());
    session.files_upload_via_url(&bytes).await?;
    let complete =
        SlackApiFilesCompleteUploadExternalRequest::new(vec![SlackApiFilesComplete::new(place.file_id)])
            .with_channel_id("C0DEV".into());
    session.files_complete_upload_external(&complete).await?;
    assert_eq!(slack.files().len(), 1);
    Ok(())
}

#[tokio::test]
async fn payloads_are_read() -> Result<()> {
    let slack = slack().await?;
    let mut app = App::connect(&slack).await?;
    let session_client = client(&slack);
    let bot = token("xoxb-sandbox");
    let session = session_client.open_session(&bot);

    let ts = slack.say("U0ANA", "C0DEV", "@hubcommander Help `x` foo.com")?;
    for _ in 0..2 {
        let event: SlackPushEventCallback = serde_json::from_value(app.take().await?)?;
        match event.event {
            SlackEventCallbackBody::Message(message) => {
                assert_eq!(message.origin.ts, ts.to_string().into());
                assert_eq!(message.sender.user, Some("U0ANA".into()));
            }
            SlackEventCallbackBody::AppMention(mention) => assert_eq!(mention.user, "U0ANA".into()),
            other => panic!("{other:?}"),
        }
    }
    slack.edit("U0ANA", "C0DEV", ts, "other")?;
    let event: SlackPushEventCallback = serde_json::from_value(app.take().await?)?;
    let SlackEventCallbackBody::Message(message) = event.event else { panic!("no message") };
    assert_eq!(message.subtype, Some(SlackMessageEventType::MessageChanged));

    let own = slack.clone();
    let asking = tokio::spawn(async move { own.slash("U0ANA", "C0DEV", "Help").await });
    let command: SlackCommandEvent = serde_json::from_value(app.take().await?)?;
    asking.await??;
    assert_eq!(command.command, "/hubcommander".into());

    let view = SlackView::Modal(
        SlackModalView::new(
            pt!("Form"),
            slack_blocks![some_into(SlackInputBlock::new(
                pt!("Name"),
                SlackBlockPlainTextInputElement::new().into()
            ))],
        )
        .with_submit(pt!("Send"))
        .with_callback_id("form".into()),
    );
    let opened = session.views_open(&SlackApiViewsOpenRequest::new(command.trigger_id, view)).await?;
    let id = opened.view.state_params.id.to_string();
    let own = slack.clone();
    let block = slack.views("U0ANA")[0].blocks()[0]["block_id"].as_str().context("an id")?.to_owned();
    let sending = tokio::spawn(async move { own.submit("U0ANA", &id, &json!({ block: "widgets" })).await });
    let event: SlackInteractionEvent = serde_json::from_value(app.take().await?)?;
    sending.await??;
    let SlackInteractionEvent::ViewSubmission(sent) = event else { panic!("no submission") };
    assert_eq!(sent.user.id, "U0ANA".into());

    let content = SlackMessageContent::new().with_text("x".into()).with_blocks(blocks());
    let posted =
        session.chat_post_message(&SlackApiChatPostMessageRequest::new("C0DEV".into(), content)).await?;
    app.take().await?;
    let (own, ts) = (slack.clone(), posted.ts.to_string().parse()?);
    let clicking = tokio::spawn(async move { own.click("U0ANA", "C0DEV", ts, "undo", None).await });
    let event: SlackInteractionEvent = serde_json::from_value(app.take().await?)?;
    clicking.await??;
    let SlackInteractionEvent::BlockActions(click) = event else { panic!("no click") };
    assert_eq!(click.actions.context("actions")?[0].value.as_deref(), Some("inv-1"));
    Ok(())
}
