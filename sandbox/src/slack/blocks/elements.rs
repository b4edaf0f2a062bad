//! What people can press and fill in, and what Slack tells the app about it.

use serde_json::{Map, Value as Json, json};

/// What was filled in: by block, then by action.
pub(in crate::slack) type State = Map<String, Json>;

/// An element and the block it stands in.
#[derive(Clone, Copy, Debug)]
pub(in crate::slack) struct Found<'a> {
    pub block: &'a Json,
    pub element: &'a Json,
}

impl Found<'_> {
    pub(in crate::slack) fn block_id(&self) -> &str {
        self.block["block_id"].as_str().unwrap_or_default()
    }

    pub(in crate::slack) fn action_id(&self) -> &str {
        self.element["action_id"].as_str().unwrap_or_default()
    }

    pub(in crate::slack) fn kind(&self) -> &str {
        self.element["type"].as_str().unwrap_or_default()
    }

    /// Whether it can be left empty.
    pub(in crate::slack) fn is_optional(&self) -> bool {
        self.block["type"].as_str() != Some("input") || self.block["optional"].as_bool() == Some(true)
    }
}

/// All elements of all blocks, in the order in which they are seen.
fn elements(blocks: &[Json]) -> impl Iterator<Item = Found<'_>> {
    blocks.iter().flat_map(|block| {
        let several = block["elements"].as_array().map_or(&[][..], Vec::as_slice).iter();
        several
            .chain(block.get("accessory"))
            .chain(block.get("element"))
            .filter(|element| element.get("action_id").is_some())
            .map(move |element| Found { block, element })
    })
}

/// The element with this block and action.
pub(in crate::slack) fn element<'a>(blocks: &'a [Json], block: &str, action: &str) -> Option<Found<'a>> {
    elements(blocks)
        .find(|found| found.action_id() == action && (block.is_empty() || found.block_id() == block))
}

/// The first element with this action; if `value` is given, the button with this value, or the menu that
/// offers it.
pub(in crate::slack) fn find<'a>(blocks: &'a [Json], action: &str, value: Option<&str>) -> Option<Found<'a>> {
    elements(blocks).filter(|found| found.action_id() == action).find(|found| match value {
        Some(value) if found.kind() == "button" => found.element["value"].as_str() == Some(value),
        _ => true,
    })
}

/// The options that an element shows by itself.
fn shown_options(element: &Json) -> Vec<&Json> {
    let groups = element["option_groups"].as_array().into_iter().flatten();
    element["options"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(groups.flat_map(|group| group["options"].as_array().into_iter().flatten()))
        .collect()
}

/// The option with this value as the app gave it; for menus whose options come from elsewhere, one made up
/// from the value.
fn chosen(element: &Json, value: &str) -> Option<Json> {
    let options = shown_options(element);
    if let Some(option) = options.iter().find(|option| option["value"].as_str() == Some(value)) {
        return Some((*option).clone());
    }
    let external = element["type"].as_str().is_some_and(|kind| kind.ends_with("external_select"));
    external
        .then(|| json!({ "text": { "type": "plain_text", "text": value, "emoji": true }, "value": value }))
}

/// What Slack says about an element when `input` was filled in: a string, a list of strings, or the value in
/// Slack's own form (an object with `type`).
pub(in crate::slack) fn state_of(found: Found<'_>, input: &Json) -> Option<Json> {
    if input.get("type").is_some() {
        return Some(input.clone());
    }
    let kind = found.kind();
    let one = || input.as_str().and_then(|value| chosen(found.element, value));
    let several = || -> Option<Vec<Json>> {
        let values = input.as_array()?;
        values.iter().map(|value| chosen(found.element, value.as_str()?)).collect()
    };
    let (key, value) = match kind {
        "static_select" | "external_select" | "radio_buttons" | "overflow" => {
            ("selected_option", if input.is_null() { Json::Null } else { one()? })
        }
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", if input.is_null() { json!([]) } else { several()?.into() })
        }
        "users_select" => ("selected_user", input.clone()),
        "multi_users_select" => ("selected_users", input.clone()),
        "channels_select" => ("selected_channel", input.clone()),
        "multi_channels_select" => ("selected_channels", input.clone()),
        "conversations_select" => ("selected_conversation", input.clone()),
        "multi_conversations_select" => ("selected_conversations", input.clone()),
        "datepicker" => ("selected_date", input.clone()),
        "timepicker" => ("selected_time", input.clone()),
        "datetimepicker" => ("selected_date_time", input.clone()),
        "button" => ("value", input.clone()),
        // What is left empty is null, not an empty text.
        _ => ("value", if input.as_str() == Some("") { Json::Null } else { input.clone() }),
    };
    Some(json!({ "type": kind, key: value }))
}

/// What an element holds before anybody touches it.
fn initial(found: Found<'_>) -> Option<Json> {
    let element = found.element;
    let kind = found.kind();
    let (key, from) = match kind {
        "button" | "overflow" => return None,
        "static_select" | "external_select" | "radio_buttons" => ("selected_option", "initial_option"),
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", "initial_options")
        }
        "users_select" => ("selected_user", "initial_user"),
        "multi_users_select" => ("selected_users", "initial_users"),
        "channels_select" => ("selected_channel", "initial_channel"),
        "multi_channels_select" => ("selected_channels", "initial_channels"),
        "conversations_select" => ("selected_conversation", "initial_conversation"),
        "multi_conversations_select" => ("selected_conversations", "initial_conversations"),
        "datepicker" => ("selected_date", "initial_date"),
        "timepicker" => ("selected_time", "initial_time"),
        "datetimepicker" => ("selected_date_time", "initial_date_time"),
        _ => ("value", "initial_value"),
    };
    let empty = if kind.starts_with("multi_") || kind == "checkboxes" { json!([]) } else { Json::Null };
    Some(json!({ "type": kind, key: element.get(from).cloned().unwrap_or(empty) }))
}

/// What a form holds before anybody touches it.
pub(in crate::slack) fn initial_state(blocks: &[Json]) -> State {
    let mut state = State::new();
    for found in elements(blocks) {
        if let Some(value) = initial(found) {
            put(&mut state, found.block_id(), found.action_id(), value);
        }
    }
    state
}

/// Sets one value.
pub(in crate::slack) fn put(state: &mut State, block: &str, action: &str, value: Json) {
    let actions = state.entry(block).or_insert_with(|| json!({}));
    actions[action] = value;
}
