//! Block Kit: checking what the app sends, finding what people can press and fill in, and showing it as text.

mod check;
mod elements;
mod render;

use serde_json::{Value as Json, json};

pub(super) use check::{Surface, check, check_view};
pub(super) use elements::{Found, State, element, find, initial_state, put, state_of};
pub(super) use render::{render_blocks, words};

/// Gives each block an id that has none, as Slack does.
pub(super) fn fill_ids(blocks: &mut Json) {
    for (place, block) in blocks.as_array_mut().into_iter().flatten().enumerate() {
        let missing = block.get("block_id").and_then(Json::as_str).is_none_or(str::is_empty);
        if missing && block.is_object() {
            block["block_id"] = json!(format!("b{place}"));
        }
    }
}
