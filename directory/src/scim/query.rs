//! What a list is asked for, in the address or in the body of a search (RFC 7644, 3.4.2 and 3.4.3).

use serde_json::{Map, Value as Json};

use super::error::ScimError;
use super::filter::{AttrPath, Filter, attribute, get};

use super::schema::Kind;
use super::shown::Wanted;

/// Resources on one page at most.
pub(super) const MOST: usize = 200;
/// Attributes that can be named in one request.
const MOST_ATTRIBUTES: usize = 200;

/// The wishes of one request.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) filter: Option<String>,
    /// From one.
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) wanted: Wanted,
}

impl Query {
    /// From the part of the address after `?`. Names in any case; of several the last.
    pub(super) fn of_address(query: Option<&str>) -> Result<Self, ScimError> {
        let mut given = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            given.insert(name.to_ascii_lowercase(), Json::String(value.into_owned()));
        }
        Self::of(&given)
    }

    /// From the body of a search.
    pub(super) fn of_body(body: &Json) -> Result<Self, ScimError> {
        Self::of(body.as_object().ok_or_else(|| ScimError::syntax("The body is not a JSON object."))?)
    }

    fn of(given: &Map<String, Json>) -> Result<Self, ScimError> {
        let filter = match get(given, "filter") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Some(_) => return Err(ScimError::filter("filter is not a text.")),
        };
        // Less than one is one, less than none is none (table 6).
        let start = number(given, "startIndex")?.unwrap_or(1).max(1);
        let count =
            number(given, "count")?.map_or(MOST, |count| usize::try_from(count.max(0)).unwrap_or(MOST));
        let wanted =
            Wanted { only: names(given, "attributes")?, without: names(given, "excludedAttributes")? };
        Ok(Self {
            filter,
            start: usize::try_from(start).unwrap_or(usize::MAX),
            count: count.min(MOST),
            wanted,
        })
    }

    /// The filter, if there is one.
    pub(super) fn filter(&self, kind: Kind) -> Result<Option<Filter>, ScimError> {
        let Some(text) = &self.filter else { return Ok(None) };
        let filter = Filter::parse(text).map_err(|bad| ScimError::filter(format!("filter, {bad}.")))?;
        if filter.is_beyond(kind) {
            return Err(ScimError::filter(
                "Users cannot be found by their groups or links; ask /Groups by members.",
            ));
        }
        Ok(Some(filter))
    }
}

fn number(given: &Map<String, Json>, name: &str) -> Result<Option<i64>, ScimError> {
    let number = match get(given, name) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::String(text)) => text.trim().parse().ok(),
        Some(other) => other.as_i64(),
    };
    number.map(Some).ok_or_else(|| ScimError::value(format!("{name} is not a whole number.")))
}

fn names(given: &Map<String, Json>, name: &str) -> Result<Vec<AttrPath>, ScimError> {
    let names: Vec<&str> = match get(given, name) {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::String(text)) => text.split(',').collect(),
        Some(Json::Array(list)) => list.iter().map(|one| one.as_str().unwrap_or("?")).collect(),
        Some(_) => return Err(ScimError::value(format!("{name} is not a list of names."))),
    };
    if names.len() > MOST_ATTRIBUTES {
        return Err(ScimError::value(format!("{name} has more than {MOST_ATTRIBUTES} names.")));
    }
    let names = names.into_iter().map(str::trim).filter(|one| !one.is_empty());
    names.map(|one| attribute(one).map_err(|bad| ScimError::value(format!("{name}, {bad}.")))).collect()
}
