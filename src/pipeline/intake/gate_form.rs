//! The small forms on a plan that waits: to type the name of what cannot be brought back and to say why, to deny
//! with a note, to enter a code. Opened at once, since Slack's leave to do so lives three seconds.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::PersonId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Intake;
use super::payload::{Interaction, ViewState};
use crate::pipeline::engine::{Action, Press};
use crate::pipeline::prepare::is_named;
use crate::slack::socket::Answer;

/// Which form it is, among those that the bot opens.
const CALLBACK: &str = "gate";

/// Slack's leave to open a form lives three seconds, and so does the ack.
const WITHIN: Duration = Duration::from_millis(2_500);

/// The most characters of a reason or a note.
const WORDS: usize = 500;

/// One of the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// Say yes to one's own plan, with what that takes.
    Confirm,
    /// Deny somebody's plan, with a note.
    Deny,
    /// Prove who one is by a code.
    Code,
}

impl Form {
    /// The form that a button with this action opens.
    pub(super) fn behind(action: &str) -> Option<Self> {
        Some(match action {
            "confirm" => Self::Confirm,
            "deny" => Self::Deny,
            "code" => Self::Code,
            _ => return None,
        })
    }
}

/// What the form carries along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Along {
    form: Form,
    pub(super) invocation: String,
    pub(super) digest: String,
    pub(super) channel: String,
    /// The name that must be typed.
    name: Option<String>,
    /// Whether a reason must be given.
    reason: bool,
}

/// What was said in a form.
pub(super) struct Said {
    pub(super) by: PersonId,
    pub(super) along: Along,
    pub(super) action: &'static str,
    pub(super) words: Option<String>,
    pub(super) typed: Option<String>,
}

impl Intake {
    /// Opens a form on a plan. It is not written down: nothing has been said yet.
    pub(super) async fn gate_form(
        &self,
        interaction: &Interaction,
        form: Form,
        value: Option<&str>,
    ) -> Answer {
        let opened = tokio::time::timeout(WITHIN, self.open_gate_form(interaction, form, value)).await;
        let why = match opened {
            Ok(Ok(())) => return Answer::Ack,
            Ok(Err(why)) => why,
            Err(_) => "The form could not be opened in time. Press the button again.",
        };
        let web = self.web.clone();
        let channel = interaction.channel.as_ref().map(|channel| channel.id.clone()).unwrap_or_default();
        let user = interaction.user.id.clone();
        self.engine.work.spawn(async move {
            if let Err(error) = web.whisper(&channel, &user, None, &Message::new(why)).await {
                tracing::warn!(%error, "why there is no form could not be said");
            }
        });
        Answer::Ack
    }

    async fn open_gate_form(
        &self,
        interaction: &Interaction,
        form: Form,
        value: Option<&str>,
    ) -> Result<(), &'static str> {
        const AGAIN: &str = "The form could not be opened. Press the button again.";
        let (id, digest) = value.unwrap_or_default().split_once(' ').ok_or(AGAIN)?;
        let trigger = interaction.trigger_id.as_ref().ok_or(AGAIN)?;
        let takes = match self.engine.form_takes(id, digest).await {
            Ok(Some(takes)) => takes,
            Ok(None) => return Err("This is over already, or was about an older plan."),
            Err(error) => {
                tracing::warn!(%error, invocation = id, "a form could not be made");
                return Err(AGAIN);
            }
        };
        if form != Form::Deny && !self.engine.is_same(&self.person_of(interaction), &takes.asked).await {
            return Err("Only the person who asked can decide this.");
        }
        let along = Along {
            form,
            invocation: id.to_owned(),
            digest: digest.to_owned(),
            channel: interaction.channel.as_ref().map(|channel| channel.id.clone()).unwrap_or_default(),
            name: takes.name,
            reason: takes.reason,
        };
        let view = view(&along, &takes.title, takes.code);
        self.web.open_modal(trigger, &view).await.map(drop).map_err(|error| {
            tracing::warn!(%error, invocation = id, "a form could not be opened");
            AGAIN
        })
    }

    /// A form on a plan was sent, if it is one. What is wrong is shown in it.
    pub(super) async fn gate_form_sent(&self, interaction: &Interaction) -> Option<Answer> {
        let view = interaction.view.as_ref().filter(|view| view.callback_id == CALLBACK)?;
        let Ok(along) = serde_json::from_str::<Along>(&view.private_metadata) else {
            self.unreadable("a form that this program did not open").await;
            return Some(Answer::Ack);
        };
        let empty = ViewState::default();
        let state = view.state.as_ref().unwrap_or(&empty);
        let by = self.person_of(interaction);
        let wrong = |field: &str, words: &str| {
            Some(Answer::AckWith(json!({ "response_action": "errors", "errors": { field: words } })))
        };
        let (words, typed) = (given(state, "words"), given(state, "name"));
        if words.as_deref().is_some_and(|words| !crate::redact::find(words).is_empty()) {
            return wrong("words", "This looks like it holds a secret. Leave it out.");
        }
        let action = match along.form {
            Form::Code => {
                let Some(code) = given(state, "code") else { return wrong("code", "Type the code.") };
                // A code is as good as the person for as long as it holds: it is never written down.
                let press = Press {
                    channel: along.channel,
                    code: Some(SecretString::from(code)),
                    ..Press::plain(String::new(), Action::Code, by, Some(along.digest), self.clock.now())
                };
                let (engine, id) = (Arc::clone(&self.engine), along.invocation);
                self.engine.work.spawn(async move { engine.press(&id, press).await });
                return Some(clear());
            }
            Form::Confirm => {
                if let Some(name) = &along.name
                    && !is_named(name, typed.as_deref())
                {
                    return wrong("name", &format!("Type {name} to say that you mean it."));
                }
                if along.reason && words.is_none() {
                    return wrong("words", "Say why.");
                }
                "run"
            }
            Form::Deny => "deny",
        };
        let said = Said { by, along, action, words, typed };
        match self.said_in_form(format!("view:{}", view.id), said).await {
            Ok(()) => Some(clear()),
            Err(error) => {
                self.not_durable(&error).await;
                wrong("words", "This could not be written down. Send it again in a minute.")
            }
        }
    }
}

fn clear() -> Answer {
    Answer::AckWith(json!({ "response_action": "clear" }))
}

/// What was typed into a field.
fn given(state: &ViewState, field: &str) -> Option<String> {
    let value = state.values.get(field)?.get(field)?.get("value")?.as_str()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The form, for `views.open` (<https://docs.slack.dev/reference/views/modal-views>).
fn view(along: &Along, title: &hubcommander_sdk::text::Text, code: Option<&'static str>) -> Json {
    let field = |name: &str, label: &str, optional: bool, lines: bool| {
        json!({
            "type": "input", "block_id": name, "optional": optional,
            "label": { "type": "plain_text", "text": label },
            "element": {
                "type": "plain_text_input", "action_id": name, "multiline": lines,
                "max_length": WORDS,
            },
        })
    };
    let mut blocks = vec![json!({ "type": "section", "text": { "type": "mrkdwn", "text": title.mrkdwn() } })];
    let (heading, submit) = match along.form {
        Form::Confirm => {
            if let Some(name) = &along.name {
                blocks.push(field("name", &format!("This cannot be taken back. Type {name}"), false, false));
            }
            if along.reason {
                blocks.push(field("words", "Why is it needed?", false, true));
            }
            ("Run this?", "Run")
        }
        Form::Deny => {
            blocks.push(field("words", "What should they know?", true, true));
            ("Deny this?", "Deny")
        }
        Form::Code => {
            blocks.push(field("code", code.unwrap_or("Code"), false, false));
            ("It is you", "Send")
        }
    };
    json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "title": { "type": "plain_text", "text": heading },
        "submit": { "type": "plain_text", "text": submit },
        "close": { "type": "plain_text", "text": "Close" },
        "private_metadata": serde_json::to_string(along).unwrap_or_default(),
        "blocks": blocks,
    })
}
