//! Block Kit: checking what the app sends, finding what people can press and fill in, and showing it as text.

mod check;
mod elements;
mod render;

use serde_json::{Value as Json, json};

pub(super) use check::{Surface, check, check_view};
pub(super) use elements::{Found, State, element, find, initial_state, put, state_of};
pub(super) use render::{render_blocks, words};

/// Gives each block and each thing to press or fill in an id that has none, as Slack does.
pub(super) fn fill_ids(blocks: &mut Json) {
    let missing = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).is_none_or(str::is_empty);
    for (place, block) in blocks.as_array_mut().into_iter().flatten().enumerate() {
        let Some(kind) = block.get("type").and_then(Json::as_str).map(str::to_owned) else { continue };
        if missing(block, "block_id") {
            block["block_id"] = json!(format!("b{place}"));
        }
        let within = match kind.as_str() {
            "actions" => "elements",
            "section" => "accessory",
            "input" => "element",
            _ => continue,
        };
        let elements = match block.get_mut(within) {
            Some(Json::Array(all)) => all.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => continue,
        };
        for (number, element) in elements.iter_mut().enumerate() {
            if missing(element, "action_id") && element["type"].as_str().is_some_and(|kind| kind != "image") {
                element["action_id"] = json!(format!("a{place}-{number}"));
            }
        }
    }
}
