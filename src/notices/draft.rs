//! An item as it was sent: read and checked, with what is wrong and where. No word of what is wrong holds anything of
//! the item: it may be about a person.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::item::{Action, hash};

/// The most characters.
const QUESTION: usize = 300;
const DETAILS: usize = 2_000;
/// Slack's bound for what stands on a button.
const LABEL: usize = 75;
const EMAIL: usize = 254;
pub(super) const ID: usize = 64;
const KEY: usize = 40;
/// The most actions: as many as stand in one row.
const ACTIONS: usize = 5;
/// How long a question may stay without an answer: shorter than anything is kept.
const SHORTEST: i64 = 60;
const LONGEST: i64 = 14 * 86_400;

/// What is wrong with an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Where: `actions`, `[2].email`; empty for the whole.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong and what to do, in a sentence or two.
    pub what: String,
}

impl Wrong {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// An item as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it stands in what was sent: `[2].`, or nothing for the only one.
    pub place: String,
    /// Its id, if the sender gives one.
    pub id: Option<String>,
    /// Whom it is for.
    pub email: String,
    /// The question.
    pub question: String,
    /// What happened.
    pub details: String,
    /// When, if the sender says.
    pub at: Option<Instant>,
    /// How it can be answered.
    pub actions: Vec<Action>,
    /// How long it may stay without an answer, if the sender says.
    pub escalate_after: Option<TimeDelta>,
    /// Tells what was sent from anything else.
    pub digest: String,
}

impl Draft {
    /// Reads one item, or a list of them.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(text: &[u8]) -> Result<Vec<Self>, Vec<Wrong>> {
        let json: Json = serde_json::from_slice(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            vec![Wrong::new(place, "This is not JSON. Give one item, or a list of items.")]
        })?;
        let Json::Array(items) = json else { return one(&json, "").map(|draft| vec![draft]) };
        if items.is_empty() {
            return Err(vec![Wrong::new("", "The list is empty. Give at least one item.")]);
        }
        let (mut drafts, mut wrong) = (Vec::new(), Vec::new());
        for (number, item) in items.iter().enumerate() {
            match one(item, &format!("[{number}].")) {
                Ok(draft) => drafts.push(draft),
                Err(more) => wrong.extend(more),
            }
        }
        if wrong.is_empty() { Ok(drafts) } else { Err(wrong) }
    }

    /// Reads exactly one item.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read_one(text: &[u8]) -> Result<Self, Vec<Wrong>> {
        let mut drafts = Self::read(text)?;
        match drafts.pop() {
            Some(draft) if drafts.is_empty() && draft.place.is_empty() => Ok(draft),
            _ => Err(vec![Wrong::new("", "One call brings one item, not a list. Send one call for each.")]),
        }
    }
}

fn one(json: &Json, place: &str) -> Result<Draft, Vec<Wrong>> {
    let Json::Object(fields) = json else {
        return Err(vec![Wrong::new(place.trim_end_matches('.'), "An item is an object: `{ ... }`.")]);
    };
    let mut reading = Reading { place: place.to_owned(), fields, wrong: Vec::new() };
    reading.knows(&["id", "email", "question", "details", "at", "actions", "escalate_after"]);
    let draft = Draft {
        place: place.to_owned(),
        id: reading.id(),
        email: reading.email(),
        question: reading.needed("question", QUESTION),
        details: reading.text("details", DETAILS).unwrap_or_default(),
        at: reading.at(),
        actions: reading.actions(),
        escalate_after: reading.escalate_after(),
        digest: digest(json),
    };
    if reading.wrong.is_empty() { Ok(draft) } else { Err(reading.wrong) }
}

/// What cannot be written canonically differs from everything, and so from itself.
fn digest(json: &Json) -> String {
    hash(&serde_json_canonicalizer::to_vec(json).unwrap_or_default())
}

struct Reading<'a> {
    place: String,
    fields: &'a Map<String, Json>,
    wrong: Vec<Wrong>,
}

impl Reading<'_> {
    fn wrong(&mut self, field: &str, what: impl Into<String>) {
        self.wrong.push(Wrong::new(format!("{}{field}", self.place), what));
    }

    fn knows(&mut self, known: &[&str]) {
        // The name of a field may be anything, so it is counted and not repeated.
        let strange = self.fields.keys().filter(|field| !known.contains(&field.as_str())).count();
        if strange > 0 {
            let what = format!("There are {strange} fields that nobody reads. Known: {}.", known.join(", "));
            let place = self.place.trim_end_matches('.').to_owned();
            self.wrong.push(Wrong::new(place, what));
        }
    }

    /// A text within its bound; nothing if it is not there.
    fn text(&mut self, field: &str, most: usize) -> Option<String> {
        match self.fields.get(field) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if text.chars().count() > most => {
                self.wrong(field, format!("It is longer than {most} characters."));
                None
            }
            Some(Json::String(text)) => Some(text.trim().to_owned()),
            Some(_) => {
                self.wrong(field, "It must be text in quotes.");
                None
            }
        }
    }

    /// A text that must be there.
    fn needed(&mut self, field: &str, most: usize) -> String {
        let before = self.wrong.len();
        let text = self.text(field, most).unwrap_or_default();
        if text.is_empty() && self.wrong.len() == before {
            self.wrong(field, "It is missing.");
        }
        text
    }

    /// An id, which may stand in an address and in a typed line.
    fn id(&mut self) -> Option<String> {
        let id = self.text("id", ID)?;
        if !is_word(&id) {
            self.wrong("id", "It holds letters, digits, `-` and `_` only, and at least one.");
        }
        Some(id)
    }

    fn email(&mut self) -> String {
        let email = self.needed("email", EMAIL).to_lowercase();
        let fine = email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
            && !email.contains(|c: char| c.is_whitespace() || c.is_control());
        if !email.is_empty() && !fine {
            self.wrong("email", "It is no e-mail address.");
        }
        email
    }

    fn at(&mut self) -> Option<Instant> {
        let at = self.text("at", 40)?.parse().ok();
        if at.is_none() {
            self.wrong("at", "It must be a time as in RFC 3339, such as `2026-11-27T14:00:00Z`.");
        }
        at
    }

    fn escalate_after(&mut self) -> Option<TimeDelta> {
        let seconds = chatline::duration_in_seconds(&self.text("escalate_after", 20)?).unwrap_or(0);
        if !(SHORTEST..=LONGEST).contains(&seconds) {
            self.wrong("escalate_after", "It must be a length of time such as `12h`, from `1m` to `14d`.");
            return None;
        }
        Some(TimeDelta::seconds(seconds))
    }

    fn actions(&mut self) -> Vec<Action> {
        let actions = match self.fields.get("actions") {
            None | Some(Json::Null) => &[],
            Some(Json::Array(actions)) => actions.as_slice(),
            Some(_) => {
                self.wrong("actions", "It must be a list of `{ \"key\": ..., \"label\": ... }`.");
                return Vec::new();
            }
        };
        if actions.is_empty() {
            self.wrong("actions", "An item without an action is refused: give at least one.");
        }
        if actions.len() > ACTIONS {
            self.wrong("actions", format!("There are more than {ACTIONS}."));
        }
        let mut keys = BTreeSet::new();
        let mut read = Vec::new();
        for (number, action) in actions.iter().enumerate() {
            let place = format!("{}actions[{number}]", self.place);
            let Json::Object(fields) = action else {
                self.wrong.push(Wrong::new(place, "An action is an object: `{ ... }`."));
                continue;
            };
            let mut reading = Reading { place: format!("{place}."), fields, wrong: Vec::new() };
            reading.knows(&["key", "label", "grave"]);
            let key = reading.needed("key", KEY);
            if !key.is_empty() && !is_word(&key) {
                reading.wrong("key", "It holds letters, digits, `-` and `_` only.");
            } else if !keys.insert(key.clone()) && !key.is_empty() {
                reading.wrong("key", "Another action has the same key.");
            }
            let label = reading.needed("label", LABEL);
            let grave = match fields.get("grave") {
                None | Some(Json::Null) => false,
                Some(Json::Bool(grave)) => *grave,
                Some(_) => {
                    reading.wrong("grave", "It must be `true` or `false`.");
                    false
                }
            };
            self.wrong.append(&mut reading.wrong);
            read.push(Action { key, label, grave });
        }
        read
    }
}

/// Letters, digits, `-` and `_`, and not like an option of a command.
pub(super) fn is_word(word: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !word.is_empty() && !word.starts_with('-') && word.bytes().all(fine)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(json: &Json) -> Vec<(String, String)> {
        let wrong = Draft::read(json.to_string().as_bytes()).unwrap_err();
        wrong.into_iter().map(|wrong| (wrong.place, wrong.what)).collect()
    }

    fn places(json: &Json) -> Vec<String> {
        wrong(json).into_iter().map(|(place, _)| place).collect()
    }

    fn good() -> Json {
        json!({
            "email": " Ana@acme.example", "question": "Was this you?",
            "actions": [{ "key": "yes", "label": "Yes" }, { "key": "no", "label": "No", "grave": true }],
        })
    }

    #[test]
    fn a_good_one_is_read_with_its_defaults() {
        let draft = Draft::read_one(good().to_string().as_bytes()).unwrap();
        assert_eq!(draft.email, "ana@acme.example");
        assert_eq!((draft.id, draft.at, draft.escalate_after), (None, None, None));
        assert!(draft.actions[1].grave && !draft.actions[0].grave);
        let mut longer = good();
        longer["escalate_after"] = json!("2h");
        longer["at"] = json!("2026-11-27T14:00:00Z");
        let other = Draft::read_one(longer.to_string().as_bytes()).unwrap();
        assert_eq!(other.escalate_after, Some(TimeDelta::hours(2)));
        assert_ne!(other.digest, draft.digest);
    }

    #[test]
    fn one_without_an_action_is_refused_with_that_sentence() {
        let mut item = good();
        item["actions"] = json!([]);
        let sentence = "An item without an action is refused: give at least one.";
        assert_eq!(wrong(&item), [("actions".to_owned(), sentence.to_owned())]);
        item.as_object_mut().unwrap().remove("actions");
        assert_eq!(places(&item), ["actions"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place_and_without_its_words() {
        let bad = json!([good(), {
            "id": "../x", "email": "mallory", "question": 7, "details": "x".repeat(3_000), "at": "yesterday",
            "escalate_after": "1s", "Passw0rd": 1,
            "actions": [
                { "key": "a b", "label": "" }, { "key": "no", "label": "No", "grave": "very" },
                { "key": "no", "label": "No" }, "maybe",
            ],
        }]);
        assert_eq!(
            places(&bad),
            [
                "[1]",
                "[1].id",
                "[1].email",
                "[1].question",
                "[1].details",
                "[1].at",
                "[1].actions[0].key",
                "[1].actions[0].label",
                "[1].actions[1].grave",
                "[1].actions[2].key",
                "[1].actions[3]",
                "[1].escalate_after",
            ]
        );
        let told = format!("{:?}", wrong(&bad));
        for words in ["mallory", "Passw0rd", "yesterday", "a b", "../x"] {
            assert!(!told.contains(words), "{words} in {told}");
        }
    }

    #[test]
    fn a_list_is_not_one_item() {
        assert!(Draft::read_one(json!([good()]).to_string().as_bytes()).is_err());
        assert_eq!(places(&json!([])), [""]);
        assert_eq!(places(&json!([3])), ["[0]"]);
        assert!(Draft::read(b"{").is_err());
    }

    #[test]
    fn a_key_is_no_option_of_the_command() {
        assert!(is_word("no_2") && is_word("a-b"));
        assert!(!is_word("--dry-run") && !is_word("") && !is_word("ja!"));
    }
}
