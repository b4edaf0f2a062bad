//! A resource as it is shown: with what we say of it ourselves, and without what was not asked for.

use serde_json::{Map, Value as Json, json};

use super::filter::AttrPath;
use super::resource::Record;
use super::schema::{ENTERPRISE, Kind, LINK};
use crate::{Link, Named};

/// What is shown of a resource.
pub(super) struct Shown<'a> {
    pub(super) base: &'a str,
    /// The groups that a user is in.
    pub(super) groups: &'a [Named],
    /// The accounts that were linked to a user.
    pub(super) link: Option<&'a Link>,
}

/// A resource as it is shown, in full.
pub(super) fn show(kind: Kind, record: &Record, shown: &Shown<'_>) -> Map<String, Json> {
    let base = shown.base;
    let mut schemas = vec![kind.schema()];
    if record.attributes.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    if kind == Kind::User && shown.link.is_some() {
        schemas.push(LINK);
    }
    let mut whole = Map::new();
    whole.insert("schemas".to_owned(), json!(schemas));
    whole.insert("id".to_owned(), json!(record.id));
    whole.extend(record.attributes.clone());
    if kind == Kind::User && !shown.groups.is_empty() {
        let list = shown.groups.iter().map(|Named { id, name }| {
            json!({ "value": id, "$ref": format!("{base}/Groups/{id}"), "display": name, "type": "direct" })
        });
        whole.insert("groups".to_owned(), list.collect());
    }
    if let Some(link) = shown.link.filter(|_| kind == Kind::User) {
        whole.insert(LINK.to_owned(), linked(link));
    }
    let mut meta = record.meta(kind);
    meta.insert("location".to_owned(), json!(location(base, kind, &record.id)));
    whole.insert("meta".to_owned(), Json::Object(meta));
    whole
}

/// The address of a resource.
pub(super) fn location(base: &str, kind: Kind, id: &str) -> String {
    format!("{base}/{}/{id}", kind.endpoint())
}

fn linked(link: &Link) -> Json {
    let mut shown = json!({
        "slackUserId": link.slack_user, "githubId": link.github_id.to_string(), "githubLogin": link.github_login,
        "since": link.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "proof": link.proof,
    });
    if let Some(email) = &link.email {
        shown["email"] = json!(email);
    }
    shown
}

/// Which attributes are asked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) only: Vec<AttrPath>,
    pub(super) without: Vec<AttrPath>,
}

impl Wanted {
    /// Leaves away what is not asked for. `schemas` and `id` are always there.
    pub(super) fn of(&self, whole: Map<String, Json>) -> Json {
        if !self.only.is_empty() {
            let mut kept = Map::new();
            for (key, value) in &whole {
                if matches!(key.as_str(), "schemas" | "id") {
                    kept.insert(key.clone(), value.clone());
                }
            }
            for at in &self.only {
                keep(at, &whole, &mut kept);
            }
            return Json::Object(kept);
        }
        let mut whole = whole;
        for at in &self.without {
            if !["id", "schemas"].iter().any(|one| one.eq_ignore_ascii_case(&at.name)) {
                leave_away(at, &mut whole);
            }
        }
        Json::Object(whole)
    }
}

fn keep(at: &AttrPath, from: &Map<String, Json>, to: &mut Map<String, Json>) {
    if let Some(extension @ (ENTERPRISE | LINK)) = at.schema {
        if let Some(Json::Object(inner)) = from.get(extension) {
            let mut part = match to.get(extension) {
                Some(Json::Object(part)) => part.clone(),
                _ => Map::new(),
            };
            keep(&AttrPath { schema: None, ..at.clone() }, inner, &mut part);
            if !part.is_empty() {
                to.insert(extension.to_owned(), Json::Object(part));
            }
        }
        return;
    }
    let Some((key, value)) = from.iter().find(|(key, _)| key.eq_ignore_ascii_case(&at.name)) else { return };
    let Some(sub) = &at.sub else {
        to.insert(key.clone(), value.clone());
        return;
    };
    let add = |one: &Json, to: &mut Map<String, Json>| {
        let found = one.as_object().and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(sub)));
        if let Some((key, value)) = found {
            to.insert(key.clone(), value.clone());
        }
    };
    match value {
        Json::Array(list) => {
            let mut parts = match to.get(key) {
                Some(Json::Array(parts)) if parts.len() == list.len() => parts.clone(),
                _ => vec![json!({}); list.len()],
            };
            for (one, part) in list.iter().zip(&mut parts) {
                if let Json::Object(part) = part {
                    add(one, part);
                }
            }
            to.insert(key.clone(), Json::Array(parts));
        }
        one => {
            let mut part = to.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
            add(one, &mut part);
            if !part.is_empty() {
                to.insert(key.clone(), Json::Object(part));
            }
        }
    }
}

fn leave_away(at: &AttrPath, whole: &mut Map<String, Json>) {
    if let Some(extension @ (ENTERPRISE | LINK)) = at.schema {
        if let Some(Json::Object(inner)) = whole.get_mut(extension) {
            leave_away(&AttrPath { schema: None, ..at.clone() }, inner);
        }
        return;
    }
    let Some(sub) = &at.sub else {
        whole.retain(|key, _| !key.eq_ignore_ascii_case(&at.name));
        return;
    };
    let without = |one: &mut Json| {
        if let Json::Object(map) = one {
            map.retain(|key, _| !key.eq_ignore_ascii_case(sub));
        }
    };
    for (key, value) in whole.iter_mut() {
        if key.eq_ignore_ascii_case(&at.name) {
            match value {
                Json::Array(list) => list.iter_mut().for_each(without),
                one => without(one),
            }
        }
    }
}
