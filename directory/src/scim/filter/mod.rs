//! Filters (RFC 7644 3.4.2.2) and the paths of PATCH (3.5.2), which are made of the same parts.
//!
//! A text has a bounded length and a bounded depth, so that no sender can exhaust the stack.

mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chrono::DateTime;
use serde_json::{Map, Value as Json};

use super::resource::Record;
use super::schema::{ENTERPRISE, Kind, LINK};

pub use parse::BadFilter;
pub(super) use parse::attribute;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The schema, if it was named.
    pub schema: Option<&'static str>,
    /// The attribute.
    pub name: String,
    /// The part of it.
    pub sub: Option<String>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// Which resources, or which of several values.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// There is a value.
    Present(AttrPath),
    /// A value compares like this.
    Is(AttrPath, Compare, Json),
    /// One of several values satisfies all of this.
    Has(AttrPath, Box<Filter>),
}

/// What a PATCH changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The attribute, without a part if there is a filter.
    pub at: AttrPath,
    /// Which of its values.
    pub which: Option<Filter>,
    /// The part of each.
    pub sub: Option<String>,
}

impl Filter {
    /// Whether this resource satisfies it.
    pub(super) fn holds(&self, kind: Kind, record: &Record) -> bool {
        self.holds_in(&Scope { kind, inside: None, record: Some(record) }, &record.attributes)
    }

    /// Whether this one of the values of an attribute satisfies it.
    pub(super) fn holds_within(&self, kind: Kind, at: &AttrPath, value: &Map<String, Json>) -> bool {
        self.holds_in(&Scope { kind, inside: Some(at), record: None }, value)
    }

    /// The attribute (`id`, `userName`, `externalId` or `displayName`) and the text it must have for the whole
    /// filter to hold, where the filter says so. An index can find those few; each is to be checked nevertheless.
    #[must_use]
    pub fn pin(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Is(AttrPath { schema, name, sub: None }, Compare::Eq, Json::String(text))
                if !matches!(*schema, Some(ENTERPRISE | LINK)) =>
            {
                let known = ["id", "userName", "externalId", "displayName"];
                let name = known.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
                Some((name, text))
            }
            Self::And(one, other) => one.pin().or_else(|| other.pin()),
            _ => None,
        }
    }

    /// Whether it asks for what is not kept with a record: a user's groups (they are asked for at the groups), and
    /// the accounts that were linked here. To find nobody then would be untrue.
    #[must_use]
    pub(super) fn is_beyond(&self, kind: Kind) -> bool {
        let beyond = |at: &AttrPath| {
            at.schema == Some(LINK)
                || at.name.eq_ignore_ascii_case(LINK)
                || (kind == Kind::User
                    && at.schema != Some(ENTERPRISE)
                    && at.name.eq_ignore_ascii_case("groups"))
        };
        match self {
            Self::And(one, other) | Self::Or(one, other) => one.is_beyond(kind) || other.is_beyond(kind),
            Self::Not(one) => one.is_beyond(kind),
            Self::Present(at) | Self::Is(at, ..) | Self::Has(at, _) => beyond(at),
        }
    }

    fn holds_in(&self, scope: &Scope<'_>, value: &Map<String, Json>) -> bool {
        match self {
            Self::And(one, other) => one.holds_in(scope, value) && other.holds_in(scope, value),
            Self::Or(one, other) => one.holds_in(scope, value) || other.holds_in(scope, value),
            Self::Not(one) => !one.holds_in(scope, value),
            Self::Present(at) => found(scope, at, value).iter().any(|one| is_there(one)),
            Self::Is(at, compare, with) => {
                let exact = scope.case_exact(at);
                let values = found(scope, at, value);
                match compare {
                    // Also true of a resource that has no such value.
                    Compare::Ne => !values.iter().any(|one| is(one, Compare::Eq, with, exact)),
                    Compare::Eq if with.is_null() => !values.iter().any(|one| is_there(one)),
                    _ => values.iter().any(|one| is(one, *compare, with, exact)),
                }
            }
            Self::Has(at, filter) => {
                let inner = Scope { kind: scope.kind, inside: Some(at), record: None };
                found(scope, at, value).iter().any(|one| match one.as_ref() {
                    Json::Object(one) => filter.holds_in(&inner, one),
                    _ => false,
                })
            }
        }
    }
}

/// Within what names are looked up.
struct Scope<'a> {
    kind: Kind,
    inside: Option<&'a AttrPath>,
    /// The resource as a whole, unless it is one of several values that is looked at.
    record: Option<&'a Record>,
}

impl Scope<'_> {
    fn case_exact(&self, at: &AttrPath) -> bool {
        let attribute = match self.inside {
            Some(outer) => {
                self.kind.attribute(outer.schema, &outer.name).and_then(|outer| outer.sub(&at.name))
            }
            None => self.kind.attribute(at.schema, &at.name).and_then(|one| match &at.sub {
                Some(sub) => one.sub(sub),
                None if one.multi => one.sub("value").or(Some(one)),
                None => Some(one),
            }),
        };
        attribute.is_some_and(|one| one.case_exact)
    }
}

/// A value by its name in any case.
pub(super) fn get<'a>(map: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// All values at a place.
fn found<'a>(scope: &Scope<'_>, at: &AttrPath, map: &'a Map<String, Json>) -> Vec<Cow<'a, Json>> {
    if let Some(record) = scope.record.filter(|_| !matches!(at.schema, Some(ENTERPRISE | LINK))) {
        if at.name.eq_ignore_ascii_case("id") {
            return vec![Cow::Owned(Json::String(record.id.clone()))];
        }
        if at.name.eq_ignore_ascii_case("meta") {
            let meta = record.meta(scope.kind);
            let part = match &at.sub {
                None => Some(Json::Object(meta)),
                Some(sub) => get(&meta, sub).cloned(),
            };
            return part.into_iter().map(Cow::Owned).collect();
        }
    }
    let map = match at.schema {
        Some(extension @ (ENTERPRISE | LINK)) => match map.get(extension) {
            Some(Json::Object(inner)) => inner,
            _ => return Vec::new(),
        },
        _ => map,
    };
    let Some(value) = get(map, &at.name) else { return Vec::new() };
    let each: Vec<&Json> = match value {
        Json::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let each = match &at.sub {
        None => each,
        Some(sub) => each.into_iter().filter_map(|one| get(one.as_object()?, sub)).collect(),
    };
    each.into_iter().map(Cow::Borrowed).collect()
}

fn is_there(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
        _ => true,
    }
}

fn is(value: &Json, compare: Compare, with: &Json, exact: bool) -> bool {
    match (value, with) {
        (Json::Object(map), _) => {
            map.get("value").is_some_and(|inner| !inner.is_object() && is(inner, compare, with, exact))
        }
        (Json::String(one), Json::String(other)) => texts(one, compare, other, exact),
        (Json::Bool(one), Json::Bool(other)) => compare == Compare::Eq && one == other,
        // Some senders put booleans in quotes.
        (Json::Bool(one), Json::String(other)) => {
            compare == Compare::Eq && other.eq_ignore_ascii_case(if *one { "true" } else { "false" })
        }
        (Json::Number(one), Json::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => ordered(compare, one.partial_cmp(&other)),
            _ => false,
        },
        _ => false,
    }
}

fn ordered(compare: Compare, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else { return false };
    match compare {
        Compare::Eq => order.is_eq(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Ne | Compare::Co | Compare::Sw | Compare::Ew => false,
    }
}

fn texts(one: &str, compare: Compare, other: &str, exact: bool) -> bool {
    // A time is compared as one: `Z` and `+00:00` are the same.
    if !matches!(compare, Compare::Co | Compare::Sw | Compare::Ew)
        && let (Ok(one), Ok(other)) = (DateTime::parse_from_rfc3339(one), DateTime::parse_from_rfc3339(other))
    {
        return ordered(compare, Some(one.cmp(&other)));
    }
    let (one, other) =
        if exact { (one.to_owned(), other.to_owned()) } else { (one.to_lowercase(), other.to_lowercase()) };
    match compare {
        Compare::Co => one.contains(&other),
        Compare::Sw => one.starts_with(&other),
        Compare::Ew => one.ends_with(&other),
        _ => ordered(compare, Some(one.cmp(&other))),
    }
}
