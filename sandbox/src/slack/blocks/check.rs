//! Slack refuses all blocks if one is wrong. The limits are those of the reference:
//! <https://docs.slack.dev/reference/block-kit>.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

/// Where blocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::slack) enum Surface {
    Message,
    Modal,
    Home,
}

/// The faults that were found; empty if there are none.
type Faults = Vec<String>;

/// Where in the JSON, and what is wrong there.
struct Checker {
    path: String,
    faults: Faults,
}

/// What is wrong with the blocks of a message or view; empty if nothing.
pub(in crate::slack) fn check(blocks: &Json, surface: Surface) -> Faults {
    let mut checker = Checker { path: "/blocks".to_owned(), faults: Vec::new() };
    let Some(blocks) = blocks.as_array() else {
        checker.fault("must be an array");
        return checker.faults;
    };
    let most = if surface == Surface::Message { 50 } else { 100 };
    if blocks.len() > most {
        checker.fault(&format!("no more than {most} items allowed"));
    }
    let mut ids = HashSet::new();
    for (place, block) in blocks.iter().enumerate() {
        checker.at(&place.to_string(), |checker| {
            let Some(fields) = block.as_object() else { return checker.fault("must be an object") };
            if let Some(id) = fields.get("block_id").and_then(Json::as_str).filter(|id| !id.is_empty())
                && !ids.insert(id)
            {
                checker.fault(&format!("`block_id` \"{id}\" already exists"));
            }
            checker.text_limit(fields, "block_id", 255);
            checker.block(fields, surface);
        });
    }
    checker.faults
}

/// What is wrong with a view; empty if nothing.
pub(in crate::slack) fn check_view(view: &Json) -> Faults {
    let mut checker = Checker { path: String::new(), faults: Vec::new() };
    let Some(fields) = view.as_object() else {
        checker.fault("must be an object");
        return checker.faults;
    };
    let surface = match fields.get("type").and_then(Json::as_str) {
        Some("modal") => Surface::Modal,
        Some("home") => Surface::Home,
        _ => {
            checker.fault("unsupported type of view");
            return checker.faults;
        }
    };
    checker.text_limit(fields, "callback_id", 255);
    checker.text_limit(fields, "private_metadata", 3_000);
    if surface == Surface::Modal {
        checker.required_text(fields, "title", 24, TextKind::Plain);
        checker.optional_text(fields, "submit", 24, TextKind::Plain);
        checker.optional_text(fields, "close", 24, TextKind::Plain);
    }
    let blocks = fields.get("blocks").unwrap_or(&Json::Null);
    let has_input = blocks
        .as_array()
        .is_some_and(|blocks| blocks.iter().any(|block| block["type"].as_str() == Some("input")));
    if surface == Surface::Modal && has_input && !fields.contains_key("submit") {
        checker.fault("`submit` is required when an input block is within blocks");
    }
    checker.faults.extend(check(blocks, surface));
    checker.faults
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Plain,
    Either,
}

impl Checker {
    fn fault(&mut self, what: &str) {
        self.faults.push(format!("[ERROR] {what} [json-pointer:{}]", self.path));
    }

    fn at(&mut self, step: &str, look: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        self.path.push('/');
        self.path.push_str(step);
        look(self);
        self.path.truncate(before);
    }

    fn text_limit(&mut self, fields: &Map<String, Json>, key: &str, most: usize) {
        let Some(value) = fields.get(key) else { return };
        self.at(key, |checker| match value.as_str() {
            Some(text) if length(text) > most => {
                checker.fault(&format!("must be less than {} characters", most + 1));
            }
            Some(_) => {}
            None => checker.fault("must be a string"),
        });
    }

    fn required(&mut self, fields: &Map<String, Json>, key: &str) {
        if fields.get(key).is_none_or(Json::is_null) {
            self.fault(&format!("missing required field: {key}"));
        }
    }

    fn required_text(&mut self, fields: &Map<String, Json>, key: &str, most: usize, kind: TextKind) {
        self.required(fields, key);
        self.optional_text(fields, key, most, kind);
    }

    fn optional_text(&mut self, fields: &Map<String, Json>, key: &str, most: usize, kind: TextKind) {
        if let Some(text) = fields.get(key).filter(|text| !text.is_null()) {
            self.at(key, |checker| checker.text(text, most, kind));
        }
    }

    /// A text object: <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
    fn text(&mut self, text: &Json, most: usize, kind: TextKind) {
        match (text["type"].as_str(), kind) {
            (Some("plain_text"), _) | (Some("mrkdwn"), TextKind::Either) => {}
            (Some("mrkdwn"), TextKind::Plain) => self.fault("must be of type plain_text"),
            _ => self.fault("unsupported type of text"),
        }
        match text["text"].as_str() {
            None => self.fault("missing required field: text"),
            Some("") => self.at("text", |checker| checker.fault("must be more than 0 characters")),
            Some(words) if length(words) > most => {
                self.at("text", |checker| {
                    checker.fault(&format!("must be less than {} characters", most + 1));
                });
            }
            Some(_) => {}
        }
    }

    fn block(&mut self, block: &Map<String, Json>, surface: Surface) {
        match block.get("type").and_then(Json::as_str).unwrap_or_default() {
            "section" => self.section(block),
            "header" => self.required_text(block, "text", 150, TextKind::Plain),
            "context" => {
                self.each(block, "elements", 1, 10, |checker, element| match element["type"].as_str() {
                    Some("image") => checker.image(element),
                    _ => checker.text(element, 3_000, TextKind::Either),
                });
            }
            "actions" => self.actions(block),
            "image" => {
                self.image(&Json::Object(block.clone()));
                self.optional_text(block, "title", 2_000, TextKind::Plain);
            }
            "input" => {
                self.required_text(block, "label", 2_000, TextKind::Plain);
                self.optional_text(block, "hint", 2_000, TextKind::Plain);
                self.required(block, "element");
                if let Some(element) = block.get("element") {
                    self.at("element", |checker| checker.element(element));
                }
            }
            "table" => self.table(block),
            "markdown" => {
                self.required(block, "text");
                self.text_limit(block, "text", 12_000);
            }
            "divider" | "rich_text" | "file" | "video" | "call" => {}
            "data_table" | "card" | "carousel" | "context_actions" if surface == Surface::Message => {}
            other => self.fault(&format!("unsupported type: {other}")),
        }
    }

    fn section(&mut self, block: &Map<String, Json>) {
        if !block.contains_key("text") && !block.contains_key("fields") {
            self.fault("missing required field: text or fields");
        }
        self.optional_text(block, "text", 3_000, TextKind::Either);
        if block.contains_key("fields") {
            self.each(block, "fields", 1, 10, |checker, field| checker.text(field, 2_000, TextKind::Either));
        }
        if let Some(accessory) = block.get("accessory") {
            self.at("accessory", |checker| match accessory["type"].as_str() {
                Some("image") => checker.image(accessory),
                _ => checker.element(accessory),
            });
        }
    }

    fn actions(&mut self, block: &Map<String, Json>) {
        let mut ids = HashSet::new();
        self.each(block, "elements", 1, 25, |checker, element| {
            checker.element(element);
            if let Some(id) = element["action_id"].as_str().filter(|id| !id.is_empty())
                && !ids.insert(id.to_owned())
            {
                checker.fault(&format!("`action_id` \"{id}\" already exists"));
            }
        });
    }

    fn table(&mut self, block: &Map<String, Json>) {
        self.each(block, "rows", 1, 100, |checker, row| match row.as_array() {
            Some(cells) if cells.is_empty() || cells.len() > 20 => {
                checker.fault("must have between 1 and 20 items");
            }
            Some(cells) => {
                for (place, cell) in cells.iter().enumerate() {
                    let known = matches!(cell["type"].as_str(), Some("raw_text" | "rich_text"));
                    if !known {
                        checker.at(&place.to_string(), |checker| checker.fault("unsupported type of cell"));
                    }
                }
            }
            None => checker.fault("must be an array"),
        });
        // Seen by others, not on the reference page: all cells of a message together.
        let size: usize = block.get("rows").map_or(0, |rows| rows.to_string().len());
        if size > 200_000 {
            self.fault("the table is too large");
        }
    }

    fn each(
        &mut self,
        fields: &Map<String, Json>,
        key: &str,
        least: usize,
        most: usize,
        mut look: impl FnMut(&mut Self, &Json),
    ) {
        let Some(items) = fields.get(key).and_then(Json::as_array) else {
            return self.fault(&format!("missing required field: {key}"));
        };
        self.at(key, |checker| {
            if items.len() < least {
                checker.fault(&format!("no fewer than {least} items allowed"));
            }
            if items.len() > most {
                checker.fault(&format!("no more than {most} items allowed"));
            }
            for (place, item) in items.iter().enumerate() {
                checker.at(&place.to_string(), |checker| look(checker, item));
            }
        });
    }

    fn image(&mut self, image: &Json) {
        let Some(fields) = image.as_object() else { return self.fault("must be an object") };
        if !fields.contains_key("image_url") && !fields.contains_key("slack_file") {
            self.fault("missing required field: image_url");
        }
        self.required(fields, "alt_text");
        self.text_limit(fields, "image_url", 3_000);
        self.text_limit(fields, "alt_text", 2_000);
    }

    /// Something to press or fill in.
    fn element(&mut self, element: &Json) {
        let Some(fields) = element.as_object() else { return self.fault("must be an object") };
        self.text_limit(fields, "action_id", 255);
        self.optional_text(fields, "placeholder", 150, TextKind::Plain);
        if let Some(confirm) = fields.get("confirm") {
            self.at("confirm", |checker| checker.confirm(confirm));
        }
        match fields.get("type").and_then(Json::as_str).unwrap_or_default() {
            "button" | "workflow_button" => {
                self.required_text(fields, "text", 75, TextKind::Plain);
                self.text_limit(fields, "value", 2_000);
                self.text_limit(fields, "url", 3_000);
                if let Some(style) = fields.get("style")
                    && !matches!(style.as_str(), Some("primary" | "danger"))
                {
                    self.fault("style must be primary or danger");
                }
            }
            "static_select" | "multi_static_select" => {
                if fields.contains_key("option_groups") {
                    self.each(fields, "option_groups", 1, 100, |checker, group| {
                        let Some(group) = group.as_object() else {
                            return checker.fault("must be an object");
                        };
                        checker.required_text(group, "label", 75, TextKind::Plain);
                        checker.options(group, 100);
                    });
                } else {
                    self.options(fields, 100);
                }
            }
            "overflow" => self.options(fields, 5),
            "radio_buttons" | "checkboxes" => self.options(fields, 10),
            "plain_text_input" | "email_text_input" | "url_text_input" | "number_input"
            | "rich_text_input" => {}
            "external_select"
            | "multi_external_select"
            | "users_select"
            | "multi_users_select"
            | "conversations_select"
            | "multi_conversations_select"
            | "channels_select"
            | "multi_channels_select"
            | "datepicker"
            | "timepicker"
            | "datetimepicker"
            | "file_input" => {}
            other => self.fault(&format!("unsupported type: {other}")),
        }
    }

    fn options(&mut self, fields: &Map<String, Json>, most: usize) {
        self.each(fields, "options", 1, most, |checker, option| {
            let Some(option) = option.as_object() else { return checker.fault("must be an object") };
            checker.required_text(option, "text", 75, TextKind::Either);
            checker.optional_text(option, "description", 75, TextKind::Either);
            checker.required(option, "value");
            checker.text_limit(option, "value", 150);
        });
    }

    fn confirm(&mut self, confirm: &Json) {
        let Some(fields) = confirm.as_object() else { return self.fault("must be an object") };
        self.required_text(fields, "title", 100, TextKind::Plain);
        self.required_text(fields, "text", 300, TextKind::Either);
        self.optional_text(fields, "confirm", 30, TextKind::Plain);
        self.optional_text(fields, "deny", 30, TextKind::Plain);
    }
}

/// Characters, counted only when the bytes do not already say enough.
fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(block: Json) -> Faults {
        check(&json!([block]), Surface::Message)
    }

    fn plain(words: &str) -> Json {
        json!({ "type": "plain_text", "text": words })
    }

    #[test]
    fn each_limit_holds_to_the_character() {
        let button = |words: usize, value: usize| {
            json!({ "type": "actions", "elements": [
                { "type": "button", "action_id": "a", "text": plain(&"é".repeat(words)), "value": "v".repeat(value) },
            ] })
        };
        let cases: [(Json, Json); 7] = [
            (button(75, 2_000), button(76, 1)),
            (button(1, 1), button(1, 2_001)),
            (
                json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x".repeat(3_000) } }),
                json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x".repeat(3_001) } }),
            ),
            (
                json!({ "type": "header", "text": plain(&"x".repeat(150)) }),
                json!({ "type": "header", "text": { "type": "mrkdwn", "text": "x" } }),
            ),
            (
                json!({ "type": "context", "elements": vec![plain("x"); 10] }),
                json!({ "type": "context", "elements": vec![plain("x"); 11] }),
            ),
            (
                json!({ "type": "section", "fields": vec![plain("x"); 10] }),
                json!({ "type": "section", "fields": vec![plain("x"); 11] }),
            ),
            (
                json!({ "type": "table", "rows": vec![vec![json!({ "type": "raw_text", "text": "x" }); 20]; 100] }),
                json!({ "type": "table", "rows": vec![vec![json!({ "type": "raw_text", "text": "x" }); 21]] }),
            ),
        ];
        for (good, bad) in cases {
            assert_eq!(faults(good), Vec::<String>::new());
            assert_eq!(faults(bad.clone()).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_fault_says_where_it_is() {
        let found = faults(json!({ "type": "actions", "elements": [
            { "type": "button", "action_id": "a", "text": plain("") },
        ] }));
        assert_eq!(
            found,
            ["[ERROR] must be more than 0 characters [json-pointer:/blocks/0/elements/0/text/text]"]
        );
    }

    #[test]
    fn ids_are_unique_and_numbers_bounded() {
        let divider = json!({ "type": "divider", "block_id": "x" });
        assert_eq!(check(&json!([divider, divider]), Surface::Message).len(), 1);
        let many = |count| Json::Array(vec![json!({ "type": "divider" }); count]);
        assert_eq!(check(&many(50), Surface::Message).len(), 0);
        assert_eq!(check(&many(51), Surface::Message).len(), 1);
        assert_eq!(check(&many(51), Surface::Modal).len(), 0);
        assert_eq!(faults(json!({ "type": "sparkles" })).len(), 1);
    }

    #[test]
    fn a_form_needs_a_title_and_a_way_to_send_it() {
        let input =
            json!({ "type": "input", "label": plain("Name"), "element": { "type": "plain_text_input" } });
        let view = |title: &str| json!({ "type": "modal", "title": plain(title), "blocks": [input] });
        assert_eq!(check_view(&view("Fill in")).len(), 1);
        let mut good = view(&"x".repeat(24));
        good["submit"] = plain("Send");
        assert_eq!(check_view(&good), Vec::<String>::new());
        good["title"] = plain(&"x".repeat(25));
        assert_eq!(check_view(&good).len(), 1);
    }
}
