//! The arguments of a call: in a JSON body, in a form, or in the address.

use http::{HeaderMap, header};
use serde_json::{Map, Value as Json};

/// The arguments of a call.
#[derive(Debug, Default)]
pub(in crate::slack) struct Args(Map<String, Json>);

impl Args {
    /// Reads what was sent; Slack's code if it cannot be read.
    pub(in crate::slack) fn read(
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, &'static str> {
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut args = if body.is_empty() {
            Map::new()
        } else if kind.starts_with("application/json") {
            match serde_json::from_slice(body) {
                Ok(Json::Object(fields)) => fields,
                Ok(_) => return Err("json_not_object"),
                Err(_) => return Err("invalid_json"),
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") || kind.is_empty() {
            form(body)
        } else {
            return Err("invalid_post_type");
        };
        if let Some(query) = query {
            args.extend(form(query.as_bytes()));
        }
        Ok(Self(args))
    }

    /// A JSON object as arguments.
    pub(in crate::slack) fn from_json(json: Json) -> Self {
        match json {
            Json::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    pub(in crate::slack) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    /// A list: as Slack documents it a text with commas, as some libraries send it an array.
    pub(in crate::slack) fn list(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            Some(Json::String(text)) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The argument, or Slack's code for its absence.
    pub(in crate::slack) fn need(&self, key: &str) -> Result<&str, super::ApiError> {
        self.text(key).ok_or_else(|| "invalid_arguments".into())
    }

    pub(in crate::slack) fn flag(&self, key: &str) -> bool {
        match self.0.get(key) {
            Some(Json::Bool(value)) => *value,
            Some(Json::String(text)) => text == "true" || text == "1",
            _ => false,
        }
    }

    pub(in crate::slack) fn number(&self, key: &str) -> Option<usize> {
        match self.0.get(key)? {
            Json::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Json::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Takes an argument that is JSON: in a form it is JSON within a string.
    pub(in crate::slack) fn take_json(&mut self, key: &str) -> Option<Result<Json, ()>> {
        match self.0.remove(key)? {
            Json::Null => None,
            Json::String(text) if text.is_empty() => None,
            Json::String(text) => Some(serde_json::from_str(&text).map_err(|_| ())),
            other => Some(Ok(other)),
        }
    }

    pub(in crate::slack) fn take_text(&mut self, key: &str) -> Option<String> {
        match self.0.remove(key)? {
            Json::String(text) => Some(text),
            _ => None,
        }
    }
}

fn form(bytes: &[u8]) -> Map<String, Json> {
    url::form_urlencoded::parse(bytes)
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect()
}
