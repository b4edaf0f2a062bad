//! The lane of commands: whose words they are, whether they are addressed to the bot, and into the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chatline::Address;
use hubcommander_sdk::people::{Conversation, PersonId};

use crate::invocation::{Invocation, Origin, ResponseUrl, State, Via};
use crate::pipeline::intake::Intake;
use crate::pipeline::intake::payload::{Event, EventPayload, SlashPayload};
use crate::pipeline::parse::{SLIP, first_word};
use crate::registry::Recognised;
use crate::slack::socket::{Answer, Envelope};
use crate::store::{NewInvocation, Receipt, StoreError};

impl Intake {
    pub(super) async fn event(&self, envelope: &Envelope) -> Answer {
        let payload: EventPayload<'_> = match serde_json::from_str(envelope.payload.get()) {
            Ok(payload) => payload,
            Err(error) => {
                self.unreadable(&format!("event: {error}")).await;
                return Answer::Ack;
            }
        };
        let Some(event) = &payload.event else {
            if payload.kind.as_deref() == Some("app_rate_limited") {
                tracing::warn!("Slack holds events back: more came than it delivers in an hour");
            } else {
                self.unreadable("an event without its content").await;
            }
            return Answer::Ack;
        };
        match event.kind.as_ref() {
            "message" | "app_mention" => {}
            "user_change" => {
                return self.person_changed(event).await;
            }
            "app_home_opened" => return self.home_opened(event),
            _ => return Answer::Ack,
        }
        if !is_typed_by_a_person(event) {
            self.counters.passed_over.fetch_add(1, Ordering::Relaxed);
            return Answer::Ack;
        }
        let text_of =
            |value: &Option<serde_json::Value>| value.as_ref().and_then(|v| v.as_str()).map(str::to_owned);
        let (Some(user), Some(channel), Some(ts)) =
            (text_of(&event.user), text_of(&event.channel), event.ts.as_deref())
        else {
            self.unreadable("a message without its person, conversation or time").await;
            return Answer::Ack;
        };
        let conversation = event.conversation(&channel);
        let direct = conversation == Conversation::Direct;
        if user == self.me.user_id || !self.listens(&channel, direct) {
            self.counters.passed_over.fetch_add(1, Ordering::Relaxed);
            return Answer::Ack;
        }
        let text = event.text.as_deref().unwrap_or_default();
        let Some(line) = chatline::address(text, &self.me.user_id, direct)
            .filter(|line| line.address != Address::Bang || direct || self.is_meant(&line.text))
        else {
            self.counters.passed_over.fetch_add(1, Ordering::Relaxed);
            return Answer::Ack;
        };
        let mut keys = Vec::with_capacity(2);
        if let Some(event_id) = &payload.event_id {
            keys.push(format!("event:{event_id}"));
        }
        keys.push(format!("message:{channel}:{ts}"));
        let team = [&event.user_team, &event.team, &payload.team_id]
            .into_iter()
            .find_map(|team| team.as_deref())
            .unwrap_or(&self.me.team_id)
            .to_owned();
        let origin = Origin {
            person: PersonId { team, user },
            channel,
            conversation,
            shared: payload.is_ext_shared_channel,
            ts: Some(ts.to_owned()),
            thread_ts: event.thread_ts.as_deref().filter(|thread| *thread != ts).map(str::to_owned),
            via: match line.address {
                Address::Bang => Via::Bang,
                Address::Mention => Via::Mention,
                Address::Direct => Via::Direct,
            },
            text: crate::redact::redact(&line.text),
            response_url: None,
            due: None,
            glass: None,
            replaces: None,
        };
        self.receive(keys, origin).await
    }

    pub(super) async fn slash(&self, envelope: &Envelope) -> Answer {
        let Some(slash) = self.read::<SlashPayload>(&envelope.payload, "slash command").await else {
            return Answer::Ack;
        };
        let direct = slash.channel_id.starts_with('D');
        if !self.listens(&slash.channel_id, direct) {
            return Answer::AckWith(serde_json::json!({
                "response_type": "ephemeral", "text": "I do not answer in this channel. Send me a direct message.",
            }));
        }
        // The payload does not say who reads along. That is looked up later, after the ack; until it is
        // known, everybody may.
        let conversation = if direct { Conversation::Direct } else { Conversation::Private };
        // Nobody else reads along, so it is read as a direct message: marks around it do not matter.
        let text =
            chatline::address(&slash.text, &self.me.user_id, true).map(|line| line.text).unwrap_or_default();
        let origin = Origin {
            person: PersonId { team: slash.team_id, user: slash.user_id },
            channel: slash.channel_id,
            conversation,
            shared: !direct,
            ts: None,
            thread_ts: None,
            via: Via::Slash,
            text: crate::redact::redact(&text),
            response_url: slash.response_url.map(ResponseUrl),
            due: None,
            glass: None,
            replaces: None,
        };
        self.receive(vec![format!("envelope:{}", envelope.id)], origin).await
    }

    /// Writes a command down and lets it go its way.
    pub(super) async fn receive(&self, keys: Vec<String>, origin: Origin) -> Answer {
        match self.write_down(keys, origin, None).await {
            Ok(Receipt::New) => {
                self.counters.commands.fetch_add(1, Ordering::Relaxed);
                Answer::Ack
            }
            Ok(Receipt::Duplicate) => {
                self.counters.duplicates.fetch_add(1, Ordering::Relaxed);
                Answer::Ack
            }
            Err(error) => self.not_durable(&error).await,
        }
    }

    /// The same for any lane. What was `due` is no longer due then.
    pub(super) async fn write_down(
        &self,
        keys: Vec<String>,
        origin: Origin,
        due: Option<String>,
    ) -> Result<Receipt, StoreError> {
        let at = self.clock.now();
        let id = self.ids.next();
        let new = NewInvocation { id: id.clone(), keys, origin: origin.clone(), at, due };
        let receipt = self.engine.store.receive(new).await?;
        if receipt == Receipt::New {
            Arc::clone(&self.engine).begin(Invocation {
                id,
                version: 0,
                state: State::Received,
                posted: origin.replaces.clone(),
                origin,
                command: None,
                args: None,
                plan: None,
                digest: None,
                gate: None,
                outcome: None,
                reported: false,
                received_at: at,
                updated_at: at,
            });
        }
        Ok(receipt)
    }

    /// Whether an exclamation mark in a channel begins a command, or what could be a slip in one. People
    /// also write `!important`; that is none of ours, and not stored.
    fn is_meant(&self, text: &str) -> bool {
        !matches!(self.engine.registry.recognise(first_word(text), SLIP), Recognised::Unknown)
    }
}

/// What apps post, edits, deletions and notices are not commands
/// (<https://docs.slack.dev/reference/events/message>).
fn is_typed_by_a_person(event: &Event<'_>) -> bool {
    matches!(event.subtype.as_deref(), None | Some("thread_broadcast" | "file_share"))
        && event.bot_id.is_none()
        && !event.hidden
        && event.user.is_some()
}
