//! A resource as it is sent and kept.

use hubcommander_sdk::clock::Instant;
use serde_json::{Map, Value as Json, json};

use super::error::ScimError;
use super::filter::{Filter, get};
use super::schema::{Attribute, COMMON, ENTERPRISE, ENTERPRISE_ATTRIBUTES, Kind, Mutability, Type};
use crate::{Email, Person};

/// Bytes of one text at most.
const LONGEST_TEXT: usize = 4_096;

/// A resource as it is kept: attributes under their canonical names, without `id`, `meta`, `schemas`, `groups`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// The id that we gave it.
    pub id: String,
    /// Counts its changes, from one.
    pub version: u64,
    /// When it was made.
    pub created: Instant,
    /// When it changed last.
    pub modified: Instant,
    /// Whether the user works here, as was said last. It stays when `active` is left out or taken away: silence
    /// neither lets anybody go nor brings anybody back.
    pub active: bool,
    /// What is known of it.
    pub attributes: Map<String, Json>,
}

impl Record {
    /// Its version, as `ETag` writes it.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// A text of it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }

    /// The ids of a group's members.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        let list = self.attributes.get("members").and_then(Json::as_array);
        list.into_iter().flatten().filter_map(|one| one.get("value")?.as_str())
    }

    /// What no two records of a kind share: the name of the attribute, and its value to compare by.
    #[must_use]
    pub fn unique_key(&self, kind: Kind) -> Option<(&'static str, String)> {
        let name = kind.unique()?;
        Some((name, self.text(name)?.to_lowercase()))
    }

    /// Whether it is one of those that a filter asks for.
    #[must_use]
    pub fn satisfies(&self, kind: Kind, filter: &Filter) -> bool {
        filter.holds(kind, self)
    }

    /// What we say about it ourselves, without its address.
    pub(super) fn meta(&self, kind: Kind) -> Map<String, Json> {
        let time = |at: Instant| json!(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        Map::from_iter([
            ("resourceType".to_owned(), json!(kind.name())),
            ("created".to_owned(), time(self.created)),
            ("lastModified".to_owned(), time(self.modified)),
            ("version".to_owned(), json!(self.etag())),
        ])
    }

    /// The person that a user stands for, in groups of these names.
    #[must_use]
    pub fn person(&self, groups: impl IntoIterator<Item = String>) -> Person {
        let user_name = self.text("userName").unwrap_or_default();
        let mut person = Person::new(self.id.as_str(), user_name);
        let listed = self.attributes.get("emails").and_then(Json::as_array);
        let mut listed: Vec<&Json> = listed.into_iter().flatten().collect();
        listed.sort_by_key(|one| one.get("primary") != Some(&Json::Bool(true)));
        let written = listed.into_iter().filter_map(|one| one.get("value")?.as_str());
        written.chain(Some(user_name)).filter_map(Email::parse).for_each(|email| person.add_email(email));
        let name = self.attributes.get("name");
        let part = |part: &str| name.and_then(|name| name.get(part)?.as_str()).unwrap_or_default();
        let joined = format!("{} {}", part("givenName"), part("familyName"));
        let names =
            [self.text("displayName").unwrap_or_default(), part("formatted"), joined.trim(), user_name];
        person.name = names.into_iter().find(|one| !one.is_empty()).unwrap_or_default().to_owned();
        person.active = self.active;
        let enterprise = |place: &str| {
            let value = self.attributes.get(ENTERPRISE)?.pointer(place)?.as_str()?;
            Some(value.to_owned())
        };
        person.department = enterprise("/department");
        person.manager = enterprise("/manager/value");
        person.groups = groups.into_iter().collect();
        person.changed = Some(self.modified);
        person
    }
}

/// Reads what was sent as a whole resource: canonical names, right types, nothing that only we may say.
pub(super) fn read(kind: Kind, sent: &Json) -> Result<Map<String, Json>, ScimError> {
    let sent = sent.as_object().ok_or_else(|| ScimError::syntax("The body is not a JSON object."))?;
    let schemas = get(sent, "schemas").and_then(Json::as_array);
    let named = |schemas: &Vec<Json>| {
        schemas.iter().filter_map(Json::as_str).any(|one| one.eq_ignore_ascii_case(kind.schema()))
    };
    if schemas.is_none_or(|schemas| !named(schemas)) {
        return Err(ScimError::syntax(format!("schemas does not name {}.", kind.schema())));
    }
    let mut kept = Map::new();
    for (key, value) in sent {
        if kind == Kind::User && key.eq_ignore_ascii_case(ENTERPRISE) {
            if let Some(inner) = extension(value)? {
                kept.insert(ENTERPRISE.to_owned(), Json::Object(inner));
            }
            continue;
        }
        let Some(attribute) = kind.attribute(None, key).filter(|one| is_kept(one)) else { continue };
        if let Some(value) = value_of(attribute, value)? {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    check(kind, &mut kept)?;
    Ok(kept)
}

/// Whether an attribute is what the sender says, and not what we do.
pub(super) fn is_kept(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::ReadOnly && attribute.name != "meta"
}

/// The enterprise extension.
pub(super) fn extension(value: &Json) -> Result<Option<Map<String, Json>>, ScimError> {
    let map = match value {
        Json::Null => return Ok(None),
        Json::Object(map) => map,
        _ => return Err(ScimError::value(format!("{ENTERPRISE} is not an object."))),
    };
    let mut kept = Map::new();
    for (key, value) in map {
        let Some(attribute) = ENTERPRISE_ATTRIBUTES.iter().find(|one| one.name.eq_ignore_ascii_case(key))
        else {
            continue;
        };
        if let Some(value) = value_of(attribute, value)? {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    Ok((!kept.is_empty()).then_some(kept))
}

/// A value of the right type, or none.
pub(super) fn value_of(attribute: &Attribute, value: &Json) -> Result<Option<Json>, ScimError> {
    if !attribute.multi {
        return single(attribute, value);
    }
    let list: Vec<&Json> = match value {
        Json::Null => return Ok(None),
        Json::Array(list) => list.iter().collect(),
        // Okta and Entra leave the brackets away at times.
        one => vec![one],
    };
    let mut kept: Vec<Json> = Vec::new();
    for one in list {
        match single(attribute, one)? {
            Some(one) if !kept.contains(&one) => kept.push(one),
            _ => {}
        }
    }
    Ok((!kept.is_empty()).then_some(Json::Array(kept)))
}

fn single(attribute: &Attribute, value: &Json) -> Result<Option<Json>, ScimError> {
    let wrong = |what: &str| ScimError::value(format!("{} is not {what}.", attribute.name));
    Ok(match (attribute.kind, value) {
        (_, Json::Null) => None,
        (Type::Boolean, Json::Bool(flag)) => Some(json!(flag)),
        // Entra sends "False".
        (Type::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("true") => Some(json!(true)),
        (Type::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("false") => Some(json!(false)),
        (Type::Boolean, _) => return Err(wrong("true or false")),
        (Type::Text | Type::Time | Type::Reference(_), Json::String(text)) => {
            if text.len() > LONGEST_TEXT {
                return Err(wrong("short enough to keep"));
            }
            (!text.is_empty()).then(|| json!(text))
        }
        // A number for an employee number.
        (Type::Text, Json::Number(number)) => Some(json!(number.to_string())),
        (Type::Text | Type::Time | Type::Reference(_), _) => return Err(wrong("a text")),
        // Entra sends a manager, and some a role, as its value alone.
        (Type::Complex(subs), Json::String(text)) if subs.iter().any(|one| one.name == "value") => {
            (!text.is_empty()).then(|| json!({ "value": text }))
        }
        (Type::Complex(_), Json::Object(map)) => {
            let mut kept = Map::new();
            for (key, value) in map {
                let Some(sub) = attribute.sub(key) else { continue };
                if sub.mutability == Mutability::ReadOnly {
                    continue;
                }
                if let Some(value) = single(sub, value)? {
                    kept.insert(sub.name.to_owned(), value);
                }
            }
            (!kept.is_empty()).then_some(Json::Object(kept))
        }
        (Type::Complex(_), _) => return Err(wrong("an object")),
    })
}

/// What must hold of a resource as a whole.
pub(super) fn check(kind: Kind, kept: &mut Map<String, Json>) -> Result<(), ScimError> {
    for attribute in kind.attributes() {
        let value = kept.get(attribute.name);
        let blank = value.and_then(Json::as_str).is_some_and(|text| text.trim().is_empty());
        if attribute.required && (value.is_none() || blank) {
            return Err(ScimError::value(format!("{} is required.", attribute.name)));
        }
        let Some(list) = value.and_then(Json::as_array).filter(|_| attribute.multi) else { continue };
        let primary = list.iter().filter(|one| one.get("primary") == Some(&Json::Bool(true))).count();
        if primary > 1 {
            return Err(ScimError::value(format!("{} has more than one primary value.", attribute.name)));
        }
    }
    if let Some(Json::Array(members)) = kept.get_mut("members") {
        if members.iter().any(|one| one.get("value").is_none_or(|value| !value.is_string())) {
            return Err(ScimError::value("A member has no value."));
        }
        let mut seen = std::collections::HashSet::new();
        members.retain(|one| {
            one.get("value").and_then(Json::as_str).is_some_and(|id| seen.insert(id.to_owned()))
        });
    }
    Ok(())
}

/// Whether such an attribute is one that every resource has.
pub(super) fn is_common(name: &str) -> bool {
    COMMON.iter().any(|one| one.name.eq_ignore_ascii_case(name))
}
