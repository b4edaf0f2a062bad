//! Request bodies: JSON objects, checked field by field.

use serde_json::{Map, Value};

use super::answer::Refused;

#[derive(Debug)]
pub(crate) struct Input(Map<String, Value>);

impl Input {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refused> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Refused::new(400, "Body should be a JSON object")),
            Err(_) => Err(Refused::new(400, "Problems parsing JSON")),
        }
    }

    /// A text; `None` when absent or null.
    pub(crate) fn text(&self, field: &str) -> Result<Option<String>, Refused> {
        Ok(self.nullable_text(field)?.flatten())
    }

    /// A text; `None` when absent, `Some(None)` when null.
    pub(crate) fn nullable_text(&self, field: &str) -> Result<Option<Option<String>>, Refused> {
        match self.0.get(field) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(other) => Err(wrong(field, other, "a string")),
        }
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, field: &str) -> Result<String, Refused> {
        match self.0.get(field) {
            None => Err(Refused::unfit(&format!("\"{field}\" wasn't supplied."))),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(wrong(field, other, "a string")),
        }
    }

    /// Whether a field is there, if only as null.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Whether no field is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A field as it came.
    pub(crate) fn raw(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// An object; `None` when absent or null.
    pub(crate) fn object(&self, field: &str) -> Result<Option<Self>, Refused> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields.clone()))),
            Some(other) => Err(wrong(field, other, "an object")),
        }
    }

    /// A list of objects; `None` when absent or null.
    pub(crate) fn objects(&self, field: &str) -> Result<Option<Vec<Self>>, Refused> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => {
                let objects = items.iter().map(|item| match item {
                    Value::Object(fields) => Ok(Self(fields.clone())),
                    other => Err(wrong(field, other, "an object")),
                });
                objects.collect::<Result<_, _>>().map(Some)
            }
            Some(other) => Err(wrong(field, other, "an array")),
        }
    }

    /// Yes or no; `None` when absent or null.
    pub(crate) fn flag(&self, field: &str) -> Result<Option<bool>, Refused> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(wrong(field, other, "a boolean")),
        }
    }

    /// A whole number from zero; `None` when absent or null.
    pub(crate) fn number(&self, field: &str) -> Result<Option<u64>, Refused> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(other) => other.as_u64().map(Some).ok_or_else(|| wrong(field, other, "an integer")),
        }
    }

    /// A list of texts; `None` when absent.
    pub(crate) fn texts(&self, field: &str) -> Result<Option<Vec<String>>, Refused> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(wrong(field, value, "an array")) };
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wrong(field, item, "a string")))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list of whole numbers; `None` when absent.
    pub(crate) fn numbers(&self, field: &str) -> Result<Option<Vec<u64>>, Refused> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(wrong(field, value, "an array")) };
        let numbers = items.iter().map(|item| item.as_u64().ok_or_else(|| wrong(field, item, "an integer")));
        numbers.collect::<Result<_, _>>().map(Some)
    }

    /// An object of texts; `None` when absent.
    pub(crate) fn words(&self, field: &str) -> Result<Option<Vec<(String, String)>>, Refused> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        let Value::Object(fields) = value else { return Err(wrong(field, value, "an object")) };
        let pairs = fields.iter().map(|(key, value)| {
            let text = value.as_str().ok_or_else(|| wrong(key, value, "a string"))?;
            Ok((key.clone(), text.to_owned()))
        });
        pairs.collect::<Result<_, _>>().map(Some)
    }
}

fn wrong(field: &str, got: &Value, wanted: &str) -> Refused {
    Refused::unfit(&format!("For 'properties/{field}', {got} is not {wanted}."))
}
