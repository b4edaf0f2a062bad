//! What is only read: the app's own page in Slack, and the pages that buttons open. Nothing of it is written down,
//! since nothing is asked for that would have to survive.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::message::{Button, Message, Part};
use serde_json::{Value as Json, json};

use super::Intake;
use super::payload::{Event, Interaction};
use crate::pipeline::ask::{self, Admission};
use crate::slack::people::Freshness;
use crate::slack::render::{self, Look};
use crate::slack::socket::Answer;

/// Slack's leave to open a page lives three seconds, and so does the ack.
const WITHIN: Duration = Duration::from_millis(2_500);

impl Intake {
    /// Somebody looks at the app's own page.
    pub(super) fn home_opened(&self, event: &Event<'_>) -> Answer {
        let user = event.user.as_ref().and_then(Json::as_str);
        if let Some(user) = user.filter(|_| event.tab.as_deref() != Some("messages")) {
            self.fill_home(user, false);
        }
        Answer::Ack
    }

    /// Somebody wants it brought up to date.
    pub(super) fn home_again(&self, interaction: &Interaction) -> Answer {
        self.fill_home(&interaction.user.id, true);
        Answer::Ack
    }

    fn fill_home(&self, user: &str, again: bool) {
        let (engine, web, user) = (Arc::clone(&self.engine), self.web.clone(), user.to_owned());
        self.engine.work.spawn(async move {
            let Ok(person) = engine.people.get(&user, Freshness::Cached).await else { return };
            if !matches!(ask::admit(&person), Admission::Admitted) {
                return;
            }
            for registered in engine.registry.iter() {
                let Some(message) = registered.command.home(&person, again).await else { continue };
                let message = engine.reporter.with_links(&user, without_lines(message)).await;
                let view = json!({ "type": "home", "blocks": blocks(&message) });
                if let Err(error) = web.publish_home(&user, &view).await {
                    tracing::warn!(%error, "the app's own page could not be filled");
                }
                return;
            }
        });
    }

    /// Opens what there is to read about something.
    pub(super) async fn read_page(&self, interaction: &Interaction, value: Option<&str>) -> Answer {
        let (name, topic) = value.unwrap_or_default().split_once(' ').unwrap_or_default();
        let page = self.engine.registry.find(name).and_then(|registered| registered.command.page(topic));
        let (Some(page), Some(trigger)) = (page, &interaction.trigger_id) else {
            tracing::warn!(name, topic, "there is no such page");
            return Answer::Ack;
        };
        let view = json!({
            "type": "modal",
            "title": { "type": "plain_text", "text": "How to fix it" },
            "close": { "type": "plain_text", "text": "Close" },
            "blocks": blocks(&page),
        });
        match tokio::time::timeout(WITHIN, self.web.open_modal(trigger, &view)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, name, topic, "a page could not be opened"),
            Err(_) => tracing::warn!(name, topic, "a page could not be opened in time"),
        }
        Answer::Ack
    }
}

fn blocks(message: &Message) -> Json {
    let rendered = render::render(message, Look::NoTable);
    match rendered.blocks {
        Some(blocks) => json!(blocks),
        None => json!([{ "type": "section", "text": { "type": "mrkdwn", "text": rendered.text } }]),
    }
}

/// The same without buttons that stand for a line: on the app's own page there is no conversation to answer in.
fn without_lines(mut message: Message) -> Message {
    let lines = |button: &Button| matches!(button, Button::Press { action, .. } if action == "ask");
    message.buttons.retain(|button| !lines(button));
    for part in &mut message.body {
        if let Part::Offer(text, button) = part
            && lines(button)
        {
            *part = Part::Line(text.clone());
        }
    }
    message
}
