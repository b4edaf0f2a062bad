//! People fill in forms, send them and close them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::Slack;
use super::super::api::{ApiError, checked, push_view, update_view};
use super::super::blocks::{Found, State as Values, element, initial_state, put, state_of};
use super::super::core::Change;
use super::super::socket::EnvelopeKind;
use super::super::state::View;
use super::{HandError, payload};

/// What became of a form that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Submitted {
    /// It is closed; what lies below it is seen again.
    Closed,
    /// It stays, with a word under each of these blocks.
    Errors(BTreeMap<String, String>),
    /// It stays and shows something else.
    Updated(View),
    /// Another one lies on top of it.
    Pushed(View),
    /// All forms are closed.
    Cleared,
}

impl Slack {
    /// `user` fills in a form and sends it. `values` goes from block id to action id to what is filled in, or
    /// from block id right to it where the block holds one element: a text, the value of an option, a list
    /// of them, or the value in Slack's own form. What is not named stays as it is shown.
    ///
    /// # Errors
    /// The form is not open on top, it may not be sent like that, or the app did not answer properly.
    pub async fn submit(&self, user: &str, view: &str, values: &Json) -> Result<Submitted, HandError> {
        let payload = {
            let mut state = self.core.lock();
            let shown = self.on_top(&state, user, view)?.clone();
            let filled_in = fill_in(shown.blocks(), values)?;
            let mut payload = payload::base(&state.world, user, "view_submission");
            payload["trigger_id"] = json!(payload::trigger(&self.core, &mut state, user, Some(view)));
            payload["view"] = shown.api(&state.world, &Json::Object(filled_in));
            payload["response_urls"] = json!([]);
            payload
        };
        let answer = self.ask(user, EnvelopeKind::Interactive, true, &payload, "Sending the form").await?;
        let done = self.after_submission(user, view, answer.unwrap_or_default());
        self.core.announce(|| Change::Modals { user: user.to_owned() });
        done.map_err(|problem| self.refuse_answer(user, problem))
    }

    fn on_top<'s>(
        &self,
        state: &'s super::super::state::State,
        user: &str,
        view: &str,
    ) -> Result<&'s View, HandError> {
        let top = state.views.get(user).and_then(|stack| stack.last()).filter(|top| top.id == view);
        top.ok_or_else(|| HandError::NoSuchView(view.to_owned()))
    }

    fn after_submission(&self, user: &str, id: &str, mut answer: Json) -> Result<Submitted, ApiError> {
        let mut state = self.core.lock();
        let new_view = answer.get_mut("view").map(Json::take).unwrap_or_default();
        match answer["response_action"].as_str() {
            None if answer.as_object().is_none_or(serde_json::Map::is_empty) => {
                state.views.entry(user.to_owned()).or_default().retain(|view| view.id != id);
                Ok(Submitted::Closed)
            }
            Some("clear") => {
                state.views.remove(user);
                Ok(Submitted::Cleared)
            }
            Some("errors") => {
                let revision = state.touch();
                let view = state.view_mut(id).ok_or("not_found")?;
                let given = answer["errors"].as_object().filter(|errors| !errors.is_empty());
                let mut errors = BTreeMap::new();
                for (block, words) in given.ok_or("errors without any")? {
                    let known = view.blocks().iter().any(|one| {
                        one["block_id"].as_str() == Some(block) && one["type"].as_str() == Some("input")
                    });
                    if !known {
                        return Err(ApiError::Code(format!("an error for {block}, which is no input")));
                    }
                    errors.insert(block.clone(), words.as_str().unwrap_or_default().to_owned());
                }
                view.errors.clone_from(&errors);
                view.revision = revision;
                Ok(Submitted::Errors(errors))
            }
            Some("update") => {
                let body = checked(new_view)?;
                update_view(&mut state, id, body).map(Submitted::Updated).ok_or_else(|| "not_found".into())
            }
            Some("push") => {
                let body = checked(new_view)?;
                push_view(&mut state, user, body).map(Submitted::Pushed)
            }
            _ => Err("an unknown response_action".into()),
        }
    }

    /// `user` closes a form. The app hears of it if it asked to.
    ///
    /// # Errors
    /// The form is not open on top, or the app did not answer.
    pub async fn close_view(&self, user: &str, view: &str) -> Result<(), HandError> {
        let payload = {
            let mut state = self.core.lock();
            let shown = self.on_top(&state, user, view)?.clone();
            if let Some(stack) = state.views.get_mut(user) {
                stack.pop();
            }
            let mut payload = payload::base(&state.world, user, "view_closed");
            payload["view"] = shown.api(&state.world, &Json::Object(initial_state(shown.blocks())));
            payload["is_cleared"] = json!(false);
            (shown.body["notify_on_close"].as_bool() == Some(true)).then_some(payload)
        };
        self.core.announce(|| Change::Modals { user: user.to_owned() });
        match payload {
            Some(payload) => self
                .ask(user, EnvelopeKind::Interactive, false, &payload, "Closing the form")
                .await
                .map(|_| ()),
            None => Ok(()),
        }
    }
}

/// What a form holds with `values` filled in, if Slack lets one send that.
fn fill_in(blocks: &[Json], values: &Json) -> Result<Values, HandError> {
    let mut state = initial_state(blocks);
    for (block, given) in values.as_object().into_iter().flatten() {
        let holder = blocks.iter().find(|one| one["block_id"].as_str() == Some(block));
        let holder = holder.ok_or_else(|| HandError::NoSuchElement(block.clone()))?;
        let only = holder["element"]["action_id"].as_str();
        let direct = given.get("type").is_some() || !given.is_object();
        let by_action: Vec<(&str, &Json)> = match (direct, only) {
            (true, Some(action)) => vec![(action, given)],
            (true, None) => return Err(HandError::NoSuchElement(block.clone())),
            (false, _) => {
                given.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect()
            }
        };
        for (action, input) in by_action {
            let missing = || HandError::NoSuchElement(format!("{block}/{action} with that value"));
            let found = element(blocks, block, action).ok_or_else(missing)?;
            put(&mut state, block, action, state_of(found, input).ok_or_else(missing)?);
        }
    }
    for block in blocks.iter().filter(|block| block["type"].as_str() == Some("input")) {
        let found = Found { block, element: &block["element"] };
        let filled_in = state.get(found.block_id()).and_then(|actions| actions.get(found.action_id()));
        check_input(found, filled_in.unwrap_or(&Json::Null))?;
    }
    Ok(state)
}

/// What Slack itself checks before it sends a form.
fn check_input(found: Found<'_>, value: &Json) -> Result<(), HandError> {
    let fault = |what: &str| Err(HandError::NotFilledIn(format!("{} {what}", found.block_id())));
    let held = value.as_object().into_iter().flatten().find(|(key, _)| *key != "type").map(|(_, held)| held);
    let empty = match held {
        None | Some(Json::Null) => true,
        Some(Json::Array(all)) => all.is_empty(),
        Some(Json::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if empty {
        return if found.is_optional() { Ok(()) } else { fault("is required") };
    }
    if let Some(text) = held.and_then(Json::as_str) {
        let length = text.chars().count() as u64;
        if found.element["min_length"].as_u64().is_some_and(|least| length < least) {
            return fault("is too short");
        }
        if length > found.element["max_length"].as_u64().unwrap_or(3_000) {
            return fault("is too long");
        }
    }
    let most = found.element["max_selected_items"].as_u64();
    if held.and_then(Json::as_array).is_some_and(|all| most.is_some_and(|most| all.len() as u64 > most)) {
        return fault("has too many");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Json> {
        let label = json!({ "type": "plain_text", "text": "x" });
        let option = json!({ "text": label, "value": "acme" });
        vec![
            json!({ "type": "input", "block_id": "name", "label": label,
                "element": { "type": "plain_text_input", "action_id": "value", "max_length": 5 } }),
            json!({ "type": "input", "block_id": "org", "label": label, "optional": true,
                "element": { "type": "static_select", "action_id": "value", "options": [option] } }),
        ]
    }

    #[test]
    fn values_take_slacks_form() {
        let state = fill_in(&blocks(), &json!({ "name": "wid", "org": { "value": "acme" } })).unwrap();
        assert_eq!(state["name"]["value"], json!({ "type": "plain_text_input", "value": "wid" }));
        assert_eq!(state["org"]["value"]["selected_option"]["value"], "acme");
        let state = fill_in(&blocks(), &json!({ "name": "wid" })).unwrap();
        assert_eq!(state["org"]["value"], json!({ "type": "static_select", "selected_option": null }));
    }

    #[test]
    fn slack_does_not_send_what_is_missing_or_too_long() {
        assert_eq!(fill_in(&blocks(), &json!({})), Err(HandError::NotFilledIn("name is required".into())));
        assert_eq!(
            fill_in(&blocks(), &json!({ "name": "widgets" })),
            Err(HandError::NotFilledIn("name is too long".into()))
        );
        assert!(matches!(
            fill_in(&blocks(), &json!({ "name": "w", "org": "nowhere" })),
            Err(HandError::NoSuchElement(_))
        ));
    }
}
