//! People press, choose, ask for suggestions and use slash commands and shortcuts.

use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::super::Slack;
use super::super::api::{ApiError, answer_slash};
use super::super::blocks::{Found, element, find, initial_state, put, state_of};
use super::super::events;
use super::super::socket::{Acked, EnvelopeKind, Outgoing};
use super::super::state::State;
use super::super::typed::{Labels, Typed};
use super::super::world::Ts;
use super::talk::may_write;
use super::{HandError, payload};

/// One suggestion of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// What it means.
    pub value: String,
}

/// Where an element is.
#[derive(Clone, Copy, Debug)]
pub(in crate::slack) enum Place<'a> {
    Message { channel: &'a str, ts: Ts },
    View { id: &'a str },
}

impl Slack {
    /// Sends what a person did, and waits for the ack. Without one in time the person gets a notice.
    pub(super) async fn ask(
        &self,
        user: &str,
        kind: EnvelopeKind,
        takes_answer: bool,
        payload: &Json,
        what: &str,
    ) -> Result<Acked, HandError> {
        let core = self.core.clone();
        let failed = format!("{what} did not work: the app did not answer in time.");
        if core.socket.links().is_empty() {
            core.notice(user, format!("{what} did not work: the app is not connected."));
            return Err(HandError::NotAnswered);
        }
        let (answer, acked) = oneshot::channel();
        let outgoing = Outgoing { kind, takes_answer, answer: Some(answer) };
        let number = core.socket.deliver(&payload.to_string(), outgoing);
        core.wake();
        let user = user.to_owned();
        // A task of its own: the notice comes also when nobody waits here any more.
        let waiting = tokio::spawn(async move {
            match tokio::time::timeout(core.options.answer_within, acked).await {
                Ok(Ok(acked)) => Ok(acked),
                _ => {
                    core.socket.give_up(number);
                    core.notice(&user, failed);
                    Err(HandError::NotAnswered)
                }
            }
        });
        waiting.await.unwrap_or(Err(HandError::NotAnswered))
    }

    /// The app's answer is refused: the person sees that something went wrong, a test sees what.
    pub(super) fn refuse_answer(&self, user: &str, problem: ApiError) -> HandError {
        let problem = match problem {
            ApiError::Code(code) => code,
            ApiError::Explained(code, messages) => format!("{code}: {}", messages.join("; ")),
            ApiError::Limited(_) => "ratelimited".to_owned(),
        };
        self.core.notice(user, "That did not work: the app's answer makes no sense to Slack.".to_owned());
        HandError::AnswerRefused(problem)
    }

    /// `user` types a slash command in `channel`: `Help`, or with the command itself, `/hubcommander Help`.
    ///
    /// # Errors
    /// There is no such command for this person, or the app did not answer.
    pub async fn slash(&self, user: &str, channel: &str, text: &str) -> Result<(), HandError> {
        let (payload, hook) = {
            let mut state = self.core.lock();
            may_write(&state.world, user, channel)?;
            let command = state.world.bot.command.clone();
            let rest = match text.strip_prefix('/') {
                None => text,
                Some(typed) => {
                    let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
                    if name != command.trim_start_matches('/') {
                        return Err(HandError::NoSuchCommand(format!("/{name}")));
                    }
                    rest
                }
            };
            if state.world.people.get(user).is_some_and(|person| person.is_stranger || person.is_bot) {
                return Err(HandError::NoSuchCommand(command));
            }
            let typed = Typed::read(&state.world, user, rest.trim(), Labels::Names).text();
            let (url, hook) = payload::hook(&self.core, &mut state, user, channel, None);
            let trigger = payload::trigger(&self.core, &mut state, user, None);
            let world = &state.world;
            let name = world.channels.get(channel).map_or("", |room| room.payload_name());
            let payload = json!({
                "token": "sandbox", "team_id": world.team.id, "team_domain": world.team.domain,
                "channel_id": channel, "channel_name": name, "user_id": user,
                "user_name": world.name_of(user), "command": command, "text": typed,
                "api_app_id": world.bot.app_id, "is_enterprise_install": "false", "response_url": url,
                "trigger_id": trigger,
            });
            (payload, hook)
        };
        let what = self.core.lock().world.bot.command.clone();
        match self.ask(user, EnvelopeKind::SlashCommands, true, &payload, &what).await? {
            None => Ok(()),
            Some(answer) => {
                answer_slash(&self.core, &hook, answer).map_err(|problem| self.refuse_answer(user, problem))
            }
        }
    }

    /// `user` presses the button with this action in a message, or chooses `value` from the menu with this
    /// action. Where several buttons share an action, `value` says which. Messages that only this person
    /// sees count too.
    ///
    /// # Errors
    /// There is nothing like that to press, or the app did not answer.
    pub async fn click(
        &self,
        user: &str,
        channel: &str,
        ts: Ts,
        action: &str,
        value: Option<&str>,
    ) -> Result<(), HandError> {
        self.press(user, Place::Message { channel, ts }, action, value).await
    }

    /// The same for a button or menu within a form.
    ///
    /// # Errors
    /// As [`Slack::click`].
    pub async fn click_in_view(
        &self,
        user: &str,
        view: &str,
        action: &str,
        value: Option<&str>,
    ) -> Result<(), HandError> {
        self.press(user, Place::View { id: view }, action, value).await
    }

    async fn press(
        &self,
        user: &str,
        place: Place<'_>,
        action: &str,
        value: Option<&str>,
    ) -> Result<(), HandError> {
        let missing = || HandError::NoSuchElement(action.to_owned());
        let (block, input) = {
            let state = self.core.lock();
            let blocks = blocks_at(&state, user, place)?;
            let found = find(blocks, action, value).ok_or_else(missing)?;
            let input = match found.kind() {
                "button" => found.element.get("value").cloned().unwrap_or(Json::Null),
                _ => json!(value),
            };
            (found.block_id().to_owned(), input)
        };
        self.act(user, place, &block, action, &input, None).await
    }

    /// `user` did something with an element: `input` as [`state_of`] takes it.
    pub(in crate::slack) async fn act(
        &self,
        user: &str,
        place: Place<'_>,
        block: &str,
        action: &str,
        input: &Json,
        filled_in: Option<&Json>,
    ) -> Result<(), HandError> {
        let missing = || HandError::NoSuchElement(action.to_owned());
        let payload = {
            let mut state = self.core.lock();
            let now = self.core.clock.now();
            let blocks = blocks_at(&state, user, place)?.to_vec();
            let found = element(&blocks, block, action).ok_or_else(missing)?;
            let value = state_of(found, input).ok_or_else(missing)?;
            let mut values = initial_state(&blocks);
            if let Some(Json::Object(filled_in)) = filled_in {
                values.extend(filled_in.clone());
            }
            if found.kind() != "button" {
                put(&mut values, found.block_id(), action, value.clone());
            }
            let mut payload = payload::base(&state.world, user, "block_actions");
            let view = match place {
                Place::Message { .. } => None,
                Place::View { id } => Some(id),
            };
            payload["trigger_id"] = json!(payload::trigger(&self.core, &mut state, user, view));
            let action_ts = state.next_ts(now);
            payload["actions"] = json!([action_of(found, &value, action_ts)]);
            match place {
                Place::Message { channel, ts } => {
                    payload::about_message(&self.core, &mut state, &mut payload, user, channel, ts)?;
                    payload["state"] = json!({ "values": values });
                }
                Place::View { id } => {
                    payload["container"] = json!({ "type": "view", "view_id": id });
                    let view = state.view(id).ok_or_else(|| HandError::NoSuchView(id.to_owned()))?;
                    payload["view"] = view.api(&state.world, &Json::Object(values));
                }
            }
            payload
        };
        self.ask(user, EnvelopeKind::Interactive, false, &payload, "That").await.map(|_| ())
    }

    /// `user` types `typed` into a menu whose options come from the app; the app's suggestions. Below the
    /// menu's `min_query_length` (3 unless the app says otherwise) Slack does not ask.
    ///
    /// # Errors
    /// There is no such menu, or the app did not answer properly.
    pub async fn suggest(
        &self,
        user: &str,
        view: &str,
        action: &str,
        typed: &str,
    ) -> Result<Vec<Choice>, HandError> {
        self.suggestions(user, Place::View { id: view }, "", action, typed).await
    }

    /// The same for a menu in a message.
    ///
    /// # Errors
    /// As [`Slack::suggest`].
    pub async fn suggest_in_message(
        &self,
        user: &str,
        channel: &str,
        ts: Ts,
        action: &str,
        typed: &str,
    ) -> Result<Vec<Choice>, HandError> {
        self.suggestions(user, Place::Message { channel, ts }, "", action, typed).await
    }

    pub(in crate::slack) async fn suggestions(
        &self,
        user: &str,
        place: Place<'_>,
        block: &str,
        action: &str,
        typed: &str,
    ) -> Result<Vec<Choice>, HandError> {
        let payload = {
            let mut state = self.core.lock();
            let blocks = blocks_at(&state, user, place)?.to_vec();
            let found = element(&blocks, block, action)
                .filter(|found| found.kind().ends_with("external_select"))
                .ok_or_else(|| HandError::NoSuchElement(action.to_owned()))?;
            let least = found.element["min_query_length"].as_u64().unwrap_or(3);
            if (typed.chars().count() as u64) < least {
                return Ok(Vec::new());
            }
            let mut payload = payload::base(&state.world, user, "block_suggestion");
            payload["action_id"] = json!(action);
            payload["block_id"] = json!(found.block_id());
            payload["value"] = json!(typed);
            match place {
                Place::Message { channel, ts } => {
                    payload::about_message(&self.core, &mut state, &mut payload, user, channel, ts)?;
                    if let Some(fields) = payload.as_object_mut() {
                        fields.remove("response_url");
                    }
                }
                Place::View { id } => {
                    payload["container"] = json!({ "type": "view", "view_id": id });
                    let view = state.view(id).ok_or_else(|| HandError::NoSuchView(id.to_owned()))?;
                    let values = Json::Object(initial_state(view.blocks()));
                    payload["view"] = view.api(&state.world, &values);
                }
            }
            payload
        };
        let answer = self.ask(user, EnvelopeKind::Interactive, true, &payload, "Looking that up").await?;
        choices(&answer.unwrap_or_default()).map_err(|problem| self.refuse_answer(user, problem))
    }

    /// `user` starts a global shortcut of the app.
    ///
    /// # Errors
    /// The person cannot use it, or the app did not answer.
    pub async fn shortcut(&self, user: &str, callback_id: &str) -> Result<(), HandError> {
        let payload = {
            let mut state = self.core.lock();
            let person = state.world.people.get(user).filter(|person| !person.deleted && !person.is_stranger);
            person.ok_or_else(|| HandError::NoSuchCommand(callback_id.to_owned()))?;
            let mut payload = payload::base(&state.world, user, "shortcut");
            payload["callback_id"] = json!(callback_id);
            payload["trigger_id"] = json!(payload::trigger(&self.core, &mut state, user, None));
            payload["action_ts"] = json!(state.next_ts(self.core.clock.now()));
            payload
        };
        self.ask(user, EnvelopeKind::Interactive, false, &payload, "That").await.map(|_| ())
    }

    /// `user` starts a shortcut of the app on a message.
    ///
    /// # Errors
    /// There is no such message, or the app did not answer.
    pub async fn message_shortcut(
        &self,
        user: &str,
        channel: &str,
        ts: Ts,
        callback_id: &str,
    ) -> Result<(), HandError> {
        let payload = {
            let mut state = self.core.lock();
            let mut payload = payload::base(&state.world, user, "message_action");
            payload["callback_id"] = json!(callback_id);
            payload["trigger_id"] = json!(payload::trigger(&self.core, &mut state, user, None));
            payload["action_ts"] = json!(state.next_ts(self.core.clock.now()));
            payload["message_ts"] = json!(ts);
            payload::about_message(&self.core, &mut state, &mut payload, user, channel, ts)?;
            payload
        };
        self.ask(user, EnvelopeKind::Interactive, false, &payload, "That").await.map(|_| ())
    }

    /// `user` opens the app's home: an `app_home_opened` event.
    pub fn open_home(&self, user: &str) {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        let channel = state.world.open_im(user);
        let event_ts = state.next_ts(now);
        let event = json!({
            "type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": event_ts,
        });
        let payload = events::callback(&mut state, now, &event);
        drop(state);
        self.core.socket.deliver(&payload, Outgoing::event());
        self.core.wake();
    }
}

/// The blocks that `user` sees there.
fn blocks_at<'s>(state: &'s State, user: &str, place: Place<'_>) -> Result<&'s [Json], HandError> {
    match place {
        Place::Message { channel, ts } => {
            let message = state.visible(user, channel, ts);
            let message = message.ok_or_else(|| HandError::NoSuchMessage(channel.to_owned()))?;
            Ok(message.blocks.as_ref().and_then(Json::as_array).map_or(&[], Vec::as_slice))
        }
        Place::View { id } => {
            let top = state.views.get(user).and_then(|stack| stack.last()).filter(|view| view.id == id);
            Ok(top.ok_or_else(|| HandError::NoSuchView(id.to_owned()))?.blocks())
        }
    }
}

/// What the app is told of one element.
fn action_of(found: Found<'_>, value: &Json, ts: Ts) -> Json {
    let mut out = value.clone();
    out["type"] = json!(found.kind());
    out["action_id"] = json!(found.action_id());
    out["block_id"] = json!(found.block_id());
    out["action_ts"] = json!(ts);
    for key in ["text", "style", "placeholder"] {
        if let Some(value) = found.element.get(key) {
            out[key] = value.clone();
        }
    }
    if out["value"].is_null()
        && let Some(fields) = out.as_object_mut()
    {
        fields.remove("value");
    }
    out
}

/// The suggestions in the app's answer: at most 100, with at most 75 characters each.
fn choices(answer: &Json) -> Result<Vec<Choice>, ApiError> {
    let groups = answer["option_groups"].as_array().into_iter().flatten();
    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
    let options: Vec<&Json> = answer["options"].as_array().into_iter().flatten().chain(grouped).collect();
    if answer["options"].as_array().is_some_and(|all| all.len() > 100) {
        return Err("more than 100 options".into());
    }
    let choice = |option: &&Json| -> Option<Choice> {
        let text = option["text"]["text"].as_str().filter(|text| (1..=75).contains(&text.chars().count()))?;
        let value = option["value"].as_str().filter(|value| value.chars().count() <= 150)?;
        Some(Choice { text: text.to_owned(), value: value.to_owned() })
    };
    let all: Option<Vec<Choice>> = options.iter().map(choice).collect();
    all.ok_or_else(|| "an option is empty or too long".into())
}
