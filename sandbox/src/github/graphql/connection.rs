//! Lists in pages, with cursors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::document::{Asked, Problem};
use super::fields::Thing;

/// A thing of a list, with what its edge tells beside it.
pub(super) struct Item<'a> {
    pub(super) thing: Thing<'a>,
    /// Where it stands: what its cursor says.
    pub(super) key: String,
    pub(super) edge: Vec<(&'static str, Value)>,
}

impl<'a> Item<'a> {
    pub(super) fn new(thing: Thing<'a>, key: impl ToString) -> Self {
        Self { thing, key: key.to_string(), edge: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.edge.push((name, value));
        self
    }

    fn cursor(&self) -> String {
        STANDARD.encode(format!("cursor:v2:{}", self.key))
    }
}

/// One page of a list.
pub(super) struct Page<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) total: usize,
    before: bool,
    after: bool,
}

impl<'a> Page<'a> {
    /// The page that the arguments ask for.
    pub(super) fn cut(mut items: Vec<Item<'a>>, asked: &Asked, path: &[Value]) -> Result<Self, Problem> {
        let total = items.len();
        let position = |name: &str| -> Result<Option<usize>, Problem> {
            let Some(cursor) = asked.text(name) else { return Ok(None) };
            let found = items.iter().position(|item| item.cursor() == cursor);
            found.map(Some).ok_or_else(|| {
                let message = format!("`{cursor}` does not appear to be a valid cursor.");
                Problem::of("INVALID_CURSOR_ARGUMENTS", message).at(asked.at).path(path)
            })
        };
        let mut start = position("after")?.map_or(0, |found| found + 1);
        let mut end = position("before")?.unwrap_or(total).max(start);
        let size = |name: &str| asked.number(name).and_then(|size| usize::try_from(size).ok());
        if let Some(first) = size("first") {
            end = end.min(start + first);
        } else if let Some(last) = size("last") {
            start = start.max(end.saturating_sub(last));
        }
        let after = end < total;
        items.truncate(end);
        items.drain(..start);
        Ok(Self { items, total, before: start > 0, after })
    }

    pub(super) fn info(&self, name: &str) -> Value {
        match name {
            "hasNextPage" => json!(self.after),
            "hasPreviousPage" => json!(self.before),
            "startCursor" => json!(self.items.first().map(Item::cursor)),
            "endCursor" => json!(self.items.last().map(Item::cursor)),
            _ => Value::Null,
        }
    }
}

impl Item<'_> {
    /// What the edge tells, but for its node.
    pub(super) fn edge_field(&self, name: &str) -> Value {
        if name == "cursor" {
            return json!(self.cursor());
        }
        self.edge.iter().find(|(own, _)| *own == name).map_or(Value::Null, |(_, value)| value.clone())
    }
}
