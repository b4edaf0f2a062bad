//! The lane of clicks: written down, acked, and on to the invocation that waits for them. A form is opened at
//! once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Conversation, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::invocation::{Origin, Posted, Via};
use crate::pipeline::ask::{self, Admission};
use crate::pipeline::engine::{Action, Press};
use crate::pipeline::intake::Intake;
use crate::pipeline::intake::form::{self, Along};
use crate::pipeline::intake::gate_form;
use crate::pipeline::intake::payload::Interaction;
use crate::pipeline::report::words;
use crate::slack::people::Freshness;
use crate::slack::render::action_of;
use crate::slack::socket::{Answer, Envelope};
use crate::store::{Click, Receipt, StoreError};

/// Slack's leave to open a form lives three seconds, and so does the ack.
const TRIGGER_LIFE: Duration = Duration::from_millis(2_500);

/// A click as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    by: PersonId,
    channel: String,
    action: String,
    value: String,
    /// What was said with it, in a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The name that was typed, in a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typed: Option<String>,
}

impl Intake {
    pub(super) async fn click(&self, envelope: &Envelope, interaction: Interaction) -> Answer {
        let Some(pressed) = interaction.actions.first() else {
            self.unreadable("a click on nothing").await;
            return Answer::Ack;
        };
        let action = action_of(&pressed.action_id).to_owned();
        if action == "renew" && interaction.is_at_home() {
            return self.home_again(&interaction);
        }
        if action == "ask" || action == "renew" {
            let replaces = (action == "renew").then(|| itself(&interaction)).flatten();
            return self.asked_by_button(envelope, &interaction, pressed.value.as_deref(), replaces).await;
        }
        if action == "read" {
            return self.read_page(&interaction, pressed.value.as_deref()).await;
        }
        if let Some(form) = gate_form::Form::behind(&action) {
            return self.gate_form(&interaction, form, pressed.value.as_deref()).await;
        }
        if action != "form" && action_named(&action).is_none() {
            // Links are clicked too, and lead elsewhere.
            return Answer::Ack;
        }
        let by = self.person_of(&interaction);
        let channel = interaction.channel.as_ref().map(|channel| channel.id.clone()).unwrap_or_default();
        let value = pressed.value.clone().unwrap_or_default();
        let stored = Stored { by, channel, action, value, words: None, typed: None };
        let key = format!("click:{}", envelope.id);
        let at = self.clock.now();
        let click = Click { key: key.clone(), body: json!(stored), at };
        let opened = async {
            if stored.action != "form" {
                return None;
            }
            let opened = tokio::time::timeout(TRIGGER_LIFE, self.open_form(&interaction, &stored)).await;
            opened.unwrap_or_else(|_| {
                Some(words::refused("The form could not be opened in time.", "Press the button again."))
            })
        };
        let (written, not_opened) = tokio::join!(self.engine.store.receive_click(click), opened);
        match written {
            Ok(Receipt::New) => {
                self.counters.clicks.fetch_add(1, Ordering::Relaxed);
                if let Some(why) = not_opened {
                    self.tell(&interaction, &stored, why);
                }
                self.pass_on(key, stored, at);
                Answer::Ack
            }
            Ok(Receipt::Duplicate) => Answer::Ack,
            Err(error) => self.not_durable(&error).await,
        }
    }

    /// A button that stands for a line: as if whoever pressed it had typed it there.
    async fn asked_by_button(
        &self,
        envelope: &Envelope,
        interaction: &Interaction,
        line: Option<&str>,
        replaces: Option<Posted>,
    ) -> Answer {
        let channel = interaction.channel.as_ref().map(|channel| channel.id.clone()).unwrap_or_default();
        let direct = channel.starts_with('D');
        let origin = Origin {
            person: self.person_of(interaction),
            // A click does not say who reads along; that is looked up after the ack.
            conversation: if direct { Conversation::Direct } else { Conversation::Private },
            shared: !direct,
            channel,
            ts: None,
            thread_ts: beside(interaction).or_else(|| under(interaction)).filter(|_| !direct),
            via: Via::Button,
            text: line.unwrap_or_default().to_owned(),
            response_url: None,
            due: None,
            glass: None,
            replaces,
        };
        self.receive(vec![format!("click:{}", envelope.id)], origin).await
    }

    /// Tells the person who pressed a form's button why there is no form, past the ack.
    fn tell(&self, interaction: &Interaction, stored: &Stored, why: Message) {
        let web = self.web.clone();
        let (channel, user) = (stored.channel.clone(), stored.by.user.clone());
        // Not in the thread that the form would answer in: as long as nobody has answered there, Slack does
        // not show it.
        let thread = beside(interaction);
        self.engine.work.spawn(async move {
            if let Err(error) = web.whisper(&channel, &user, thread.as_deref(), &why).await {
                tracing::warn!(%error, "why there is no form could not be said");
            }
        });
    }

    pub(super) fn person_of(&self, interaction: &Interaction) -> PersonId {
        let team = interaction.user.team_id.clone().unwrap_or_else(|| self.me.team_id.clone());
        PersonId { team, user: interaction.user.id.clone() }
    }

    /// Takes up the clicks that were written down and not dealt with.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume(&self) -> Result<(), StoreError> {
        for click in self.engine.store.unfinished_clicks().await? {
            match serde_json::from_value(click.body) {
                Ok(stored) => self.pass_on(click.key, stored, click.at),
                Err(error) => tracing::error!(key = click.key, %error, "a stored click cannot be read"),
            }
        }
        Ok(())
    }

    /// Takes up what was said in a form on a plan: written down, and on to whom it is for.
    pub(super) async fn said_in_form(&self, key: String, said: gate_form::Said) -> Result<(), StoreError> {
        let at = self.clock.now();
        let gate_form::Said { by, along, action, words, typed } = said;
        let value = format!("{} {}", along.invocation, along.digest);
        let stored = Stored { by, channel: along.channel, action: action.to_owned(), value, words, typed };
        let click = Click { key: key.clone(), body: json!(stored), at };
        if self.engine.store.receive_click(click).await? == Receipt::New {
            self.counters.clicks.fetch_add(1, Ordering::Relaxed);
            self.pass_on(key, stored, at);
        }
        Ok(())
    }

    fn pass_on(&self, key: String, stored: Stored, at: Instant) {
        let engine = Arc::clone(&self.engine);
        let action = match action_named(&stored.action) {
            Some(action) => action,
            // A form was opened, or its time to be opened is over.
            None => {
                let body = json!({ "by": stored.by, "form": stored.value });
                self.engine.work.spawn(async move { engine.settle_click(&key, "form.opened", body).await });
                return;
            }
        };
        let mut words = stored.value.split(' ');
        let id = words.next().unwrap_or_default().to_owned();
        let digest = words.next().map(str::to_owned);
        let press = Press {
            channel: stored.channel,
            words: stored.words,
            typed: stored.typed,
            ..Press::plain(key, action, stored.by, digest, at)
        };
        self.engine.work.spawn(async move { engine.press(&id, press).await });
    }

    /// Opens the form that a button stands for. Where it cannot be opened: what to tell the person.
    async fn open_form(&self, interaction: &Interaction, stored: &Stored) -> Option<Message> {
        let name = stored.value.split(' ').next().unwrap_or_default();
        let (Some(registered), Some(trigger)) = (self.engine.registry.find(name), &interaction.trigger_id)
        else {
            return Some(words::refused("This form is no longer there.", "See what there is with !Help."));
        };
        let later = || words::refused("The form could not be opened.", "Press the button again.");
        let Ok(person) = self.engine.people.get(&stored.by.user, Freshness::Cached).await else {
            return Some(later());
        };
        match ask::admit(&person) {
            Admission::Admitted => {}
            Admission::Ignored(_) => return None,
            Admission::Refused(refusal) => return Some(words::refused(refusal.what, refusal.todo)),
        }
        let known = self.engine.people.conversation(&stored.channel, Freshness::Cached).await.ok();
        let conversation = known.as_ref().map_or_else(
            || if stored.channel.starts_with('D') { Conversation::Direct } else { Conversation::Private },
            |known| known.kind,
        );
        // In a direct conversation nobody needs a thread; elsewhere the button carries it.
        let carried = form_thread(stored).filter(|_| conversation != Conversation::Direct);
        let along = Along {
            command: registered.spec().name.clone(),
            channel: stored.channel.clone(),
            conversation,
            shared: known.map_or(conversation != Conversation::Direct, |known| known.shared),
            thread: carried.map(str::to_owned).or_else(|| beside(interaction)),
        };
        let view = form::view(registered.spec(), &self.engine.orgs, &along);
        if let Err(error) = self.web.open_modal(trigger, &view).await {
            // Slack's leave to open one lives three seconds.
            tracing::warn!(%error, command = name, "a form could not be opened");
            return Some(later());
        }
        None
    }
}

/// What a button says that is written down.
fn action_named(action: &str) -> Option<Action> {
    Some(match action {
        "run" => Action::Run,
        "cancel" => Action::Cancel,
        "retry" => Action::Retry,
        "again" => Action::Again,
        "approve" => Action::Approve,
        "deny" => Action::Deny,
        _ => return None,
    })
}

/// A press on Cancel as it is stored, for those who withdraw otherwise.
#[must_use]
pub fn withdrawal(by: &PersonId, channel: &str, value: &str) -> serde_json::Value {
    let (action, value) = ("cancel".to_owned(), value.to_owned());
    let (by, channel) = (by.clone(), channel.to_owned());
    json!(Stored { by, channel, action, value, words: None, typed: None })
}

/// The message with the button: its answers stand in its thread.
fn under(interaction: &Interaction) -> Option<String> {
    let container = interaction.container.as_ref().filter(|container| !container.is_ephemeral);
    container.and_then(|container| container.message_ts.clone())
}

/// The message with the button, if it is one that can be brought up to date.
fn itself(interaction: &Interaction) -> Option<Posted> {
    Some(Posted { channel: interaction.channel.as_ref()?.id.clone(), ts: under(interaction)? })
}

/// The thread that the message with the button stands in.
fn beside(interaction: &Interaction) -> Option<String> {
    interaction.container.as_ref().and_then(|container| container.thread_ts.clone())
}

/// The thread that a form's button carries.
fn form_thread(stored: &Stored) -> Option<&str> {
    stored.value.split_once(' ').map(|(_, thread)| thread).filter(|thread| !thread.is_empty())
}
