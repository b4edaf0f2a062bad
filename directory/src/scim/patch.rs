//! PATCH (RFC 7644 3.5.2), also as Okta and Entra write it.
//!
//! What they do beyond the RFC, and is taken here: `Add` and `Replace` with capitals; booleans in quotes; objects
//! without a path whose keys are paths; a value that should stand in a list and does not; `remove` with the values
//! to be removed beside the path; `add` where a filter in the path finds nothing, which makes such a value.

use serde_json::{Map, Value as Json, json};

use super::error::ScimError;
use super::filter::{AttrPath, Compare, Filter, Path, get};
use super::resource::{check, extension, is_common, is_kept, value_of};
use super::schema::{Attribute, ENTERPRISE, Kind, LINK, Mutability, is_dropped};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Operations in one request at most.
const MOST: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// What the attributes are after all that was asked, or why nothing is changed.
pub(super) fn apply(
    kind: Kind,
    before: &Map<String, Json>,
    asked: &Json,
) -> Result<Map<String, Json>, ScimError> {
    let asked = asked.as_object().ok_or_else(|| ScimError::syntax("The body is not a JSON object."))?;
    let schemas = get(asked, "schemas").and_then(Json::as_array);
    let named = schemas.is_some_and(|list| {
        list.iter().filter_map(Json::as_str).any(|one| one.eq_ignore_ascii_case(PATCH_OP))
    });
    if !named {
        return Err(ScimError::syntax(format!("schemas does not name {PATCH_OP}.")));
    }
    let operations = get(asked, "Operations").and_then(Json::as_array);
    let operations = operations.ok_or_else(|| ScimError::syntax("Operations is not a list."))?;
    if operations.is_empty() || operations.len() > MOST {
        return Err(ScimError::syntax(format!("Operations has between 1 and {MOST} entries.")));
    }
    let mut after = before.clone();
    for operation in operations {
        let operation =
            operation.as_object().ok_or_else(|| ScimError::syntax("An operation is not an object."))?;
        let op = match get(operation, "op").and_then(Json::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Op::Add,
            Some("replace") => Op::Replace,
            Some("remove") => Op::Remove,
            _ => return Err(ScimError::syntax("op is add, replace or remove.")),
        };
        let value = get(operation, "value");
        match get(operation, "path").filter(|path| !path.is_null()) {
            Some(Json::String(path)) => at_path(kind, &mut after, op, path, value)?,
            Some(_) => return Err(ScimError::path("path is not a text.")),
            None => without_path(kind, &mut after, op, value)?,
        }
    }
    check(kind, &mut after)?;
    Ok(after)
}

fn without_path(
    kind: Kind,
    after: &mut Map<String, Json>,
    op: Op,
    value: Option<&Json>,
) -> Result<(), ScimError> {
    if op == Op::Remove {
        return Err(ScimError::no_target("remove needs a path."));
    }
    let Some(Json::Object(values)) = value else {
        return Err(ScimError::value("Without a path, value is an object of attributes."));
    };
    for (key, value) in values {
        if key.eq_ignore_ascii_case(ENTERPRISE) {
            at_path(kind, after, op, ENTERPRISE, Some(value))?;
            continue;
        }
        // What we say ourselves is repeated by many senders and means nothing; unknown names neither.
        let Ok(path) = Path::parse(key) else { continue };
        let attribute = kind.attribute(path.at.schema, &path.at.name);
        if attribute.is_some_and(is_kept) {
            at_path(kind, after, op, key, Some(value))?;
        }
    }
    Ok(())
}

fn at_path(
    kind: Kind,
    after: &mut Map<String, Json>,
    op: Op,
    path: &str,
    value: Option<&Json>,
) -> Result<(), ScimError> {
    if kind == Kind::User && path.eq_ignore_ascii_case(ENTERPRISE) {
        return whole_extension(after, op, value);
    }
    if kind == Kind::User && path.eq_ignore_ascii_case(LINK) {
        // Nothing in it is theirs to change; to change nothing is allowed.
        return match value {
            Some(Json::Object(map)) if map.is_empty() && op != Op::Remove => Ok(()),
            _ => Err(ScimError::mutability("The linked accounts are not yours to change.")),
        };
    }
    let path = Path::parse(path).map_err(|bad| ScimError::path(format!("path, {bad}.")))?;
    let Some(attribute) = kind.attribute(path.at.schema, &path.at.name) else {
        if path.at.schema.is_none() && is_dropped(&path.at.name) {
            return Ok(());
        }
        return Err(ScimError::path(format!("There is no attribute {}.", path.at.name)));
    };
    if !is_kept(attribute) {
        return Err(ScimError::mutability(format!("{} is not yours to change.", attribute.name)));
    }
    let sub = match &path.sub {
        None => None,
        Some(name) => Some(
            attribute
                .sub(name)
                .ok_or_else(|| ScimError::path(format!("{} has no part {name}.", attribute.name)))?,
        ),
    };
    if sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly) {
        return Err(ScimError::mutability(format!(
            "That part of {} is not yours to change.",
            attribute.name
        )));
    }
    if op != Op::Remove && value.is_none() {
        return Err(ScimError::value("value is missing."));
    }
    let inside = path.at.schema == Some(ENTERPRISE) && !is_common(attribute.name);
    let mut outer = std::mem::take(after);
    let mut inner = match outer.get(ENTERPRISE) {
        Some(Json::Object(map)) if inside => map.clone(),
        _ => Map::new(),
    };
    let place = if inside { &mut inner } else { &mut outer };
    let done = change(kind, place, op, &Target { attribute, path: &path, sub }, value.unwrap_or(&Json::Null));
    if inside {
        if inner.is_empty() {
            outer.remove(ENTERPRISE);
        } else {
            outer.insert(ENTERPRISE.to_owned(), Json::Object(inner));
        }
    }
    *after = outer;
    done
}

fn whole_extension(after: &mut Map<String, Json>, op: Op, value: Option<&Json>) -> Result<(), ScimError> {
    if op == Op::Remove {
        after.remove(ENTERPRISE);
        return Ok(());
    }
    let given =
        value.and_then(Json::as_object).ok_or_else(|| ScimError::value("The extension is an object."))?;
    let mut kept = match after.get(ENTERPRISE) {
        Some(Json::Object(map)) => map.clone(),
        _ => Map::new(),
    };
    for (key, one) in given {
        let Some(attribute) = Kind::User.attribute(Some(ENTERPRISE), key) else { continue };
        kept.remove(attribute.name);
        if let Some(mut read) = extension(&json!({ key.as_str(): one }))? {
            kept.append(&mut read);
        }
    }
    if kept.is_empty() {
        after.remove(ENTERPRISE);
    } else {
        after.insert(ENTERPRISE.to_owned(), Json::Object(kept));
    }
    Ok(())
}

struct Target<'a> {
    attribute: &'static Attribute,
    path: &'a Path,
    sub: Option<&'static Attribute>,
}

fn change(
    kind: Kind,
    place: &mut Map<String, Json>,
    op: Op,
    target: &Target<'_>,
    value: &Json,
) -> Result<(), ScimError> {
    let name = target.attribute.name;
    if target.attribute.multi {
        let mut list = match place.remove(name) {
            Some(Json::Array(list)) => list,
            _ => Vec::new(),
        };
        in_list(kind, &mut list, op, target, value)?;
        list.retain(|one| one.as_object().is_none_or(|map| !map.is_empty()));
        if !list.is_empty() {
            place.insert(name.to_owned(), Json::Array(list));
        }
        return Ok(());
    }
    if target.path.which.is_some() {
        return Err(ScimError::path(format!("{name} has one value; a filter has no place there.")));
    }
    match (op, target.sub) {
        (Op::Remove, None) => {
            place.remove(name);
        }
        (Op::Remove, Some(sub)) => {
            if let Some(Json::Object(map)) = place.get_mut(name) {
                map.remove(sub.name);
            }
        }
        (_, Some(sub)) => {
            let mut map = place.get(name).and_then(Json::as_object).cloned().unwrap_or_default();
            set(&mut map, sub, value)?;
            place.insert(name.to_owned(), Json::Object(map));
        }
        (_, None) => match (value_of(target.attribute, value)?, place.get_mut(name)) {
            // A complex value is merged: what is not named stays (3.5.2.1, 3.5.2.3).
            (Some(Json::Object(given)), Some(Json::Object(there))) => there.extend(given),
            (Some(given), _) => {
                place.insert(name.to_owned(), given);
            }
            (None, _) => {
                place.remove(name);
            }
        },
    }
    if place.get(name).and_then(Json::as_object).is_some_and(Map::is_empty) {
        place.remove(name);
    }
    Ok(())
}

fn set(map: &mut Map<String, Json>, sub: &'static Attribute, value: &Json) -> Result<(), ScimError> {
    match value_of(sub, value)? {
        Some(value) => map.insert(sub.name.to_owned(), value),
        None => map.remove(sub.name),
    };
    Ok(())
}

fn in_list(
    kind: Kind,
    list: &mut Vec<Json>,
    op: Op,
    target: &Target<'_>,
    value: &Json,
) -> Result<(), ScimError> {
    let (attribute, path) = (target.attribute, target.path);
    let fits = |one: &Json| match (&path.which, one) {
        (None, _) => true,
        (Some(filter), Json::Object(map)) => filter.holds_within(kind, &path.at, map),
        (Some(_), _) => false,
    };
    let hits: Vec<usize> = (0..list.len()).filter(|place| list.get(*place).is_some_and(fits)).collect();
    let mut touched: Vec<usize> = Vec::new();
    match (op, target.sub) {
        (Op::Remove, None) => {
            let given: Vec<Json> = match value_of(attribute, value)? {
                Some(Json::Array(given)) if path.which.is_none() => given,
                _ => {
                    let mut place = 0;
                    list.retain(|_| {
                        place += 1;
                        hits.binary_search(&(place - 1)).is_err()
                    });
                    return Ok(());
                }
            };
            list.retain(|one| !given.iter().any(|gone| same(gone, one)));
            return Ok(());
        }
        (Op::Remove, Some(sub)) => {
            for place in hits {
                if let Some(Json::Object(map)) = list.get_mut(place) {
                    map.remove(sub.name);
                }
            }
            return Ok(());
        }
        (Op::Add, None) if path.which.is_none() => {
            let Some(Json::Array(given)) = value_of(attribute, value)? else { return Ok(()) };
            // By their keys, so that a thousand members are not compared with ten thousand one by one.
            let mut there: std::collections::HashSet<String> = list.iter().map(key_of).collect();
            for one in given {
                if there.insert(key_of(&one)) {
                    touched.push(list.len());
                    list.push(one);
                }
            }
        }
        (Op::Replace, None) if path.which.is_none() => {
            let Some(Json::Array(given)) = value_of(attribute, value)? else {
                list.clear();
                return Ok(());
            };
            *list = given;
            // Two primaries in what was given are refused by the check at the end.
            return Ok(());
        }
        (_, sub) => {
            let mut hits = hits;
            if hits.is_empty() {
                let made = match (op, &path.which) {
                    (Op::Add, Some(filter)) => named_by(filter, attribute),
                    (Op::Add, None) => Some(Map::new()),
                    _ => None,
                };
                let made = made
                    .ok_or_else(|| ScimError::no_target(format!("No value of {} fits.", attribute.name)))?;
                hits.push(list.len());
                list.push(Json::Object(made));
            }
            for place in hits {
                let Some(Json::Object(map)) = list.get_mut(place) else { continue };
                match sub {
                    Some(sub) => set(map, sub, value)?,
                    None => match value_of(attribute, value)? {
                        Some(Json::Array(mut given)) if given.len() == 1 => match given.pop() {
                            Some(Json::Object(given)) if op == Op::Add => map.extend(given),
                            Some(Json::Object(given)) => *map = given,
                            _ => {
                                return Err(ScimError::value(format!("{} needs an object.", attribute.name)));
                            }
                        },
                        _ => {
                            return Err(ScimError::value(format!(
                                "{} needs one value here.",
                                attribute.name
                            )));
                        }
                    },
                }
                touched.push(place);
            }
        }
    }
    one_primary(list, &touched);
    Ok(())
}

/// A value that becomes the primary one takes that from the others (3.5.2).
fn one_primary(list: &mut [Json], touched: &[usize]) {
    let is_primary = |one: &Json| one.get("primary") == Some(&Json::Bool(true));
    let Some(newest) = touched.iter().rev().copied().find(|place| list.get(*place).is_some_and(is_primary))
    else {
        return;
    };
    for (place, one) in list.iter_mut().enumerate() {
        if place != newest
            && is_primary(one)
            && let Json::Object(map) = one
        {
            map.insert("primary".to_owned(), json!(false));
        }
    }
}

/// Whether what is to be removed means this value: all that it says is so.
fn same(gone: &Json, one: &Json) -> bool {
    match (gone, one) {
        (Json::Object(gone), Json::Object(one)) => match (gone.get("value"), one.get("value")) {
            (Some(gone), Some(one)) => gone == one,
            _ => gone.iter().all(|(key, value)| one.get(key) == Some(value)),
        },
        _ => gone == one,
    }
}

/// What tells two values of a list apart: value and type.
fn key_of(one: &Json) -> String {
    let part = |name: &str| one.get(name).map(Json::to_string).unwrap_or_default();
    if one.get("value").is_some() { format!("{}\n{}", part("value"), part("type")) } else { one.to_string() }
}

/// The value that a filter of equalities describes.
fn named_by(filter: &Filter, attribute: &Attribute) -> Option<Map<String, Json>> {
    match filter {
        Filter::Is(AttrPath { schema: None, name, sub: None }, Compare::Eq, value) => {
            let sub = attribute.sub(name)?;
            let value = value_of(sub, value).ok()??;
            Some(Map::from_iter([(sub.name.to_owned(), value)]))
        }
        Filter::And(one, other) => {
            let mut both = named_by(one, attribute)?;
            both.extend(named_by(other, attribute)?);
            Some(both)
        }
        _ => None,
    }
}
