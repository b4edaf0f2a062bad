//! Fleet's raw record of a host (<https://fleetdm.com/docs/rest-api/rest-api#hosts>).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hubcommander_posture::{Identifiers, Mac, Observation, Platform, Record, Seen, Serial, Software};
use serde_json::Value as Json;

use super::settings::Options;
use crate::fields::{as_it_should, email, happened, imei, platform, system, udid};
use crate::raw::{self, Unreadable};

/// The name of the source.
pub(super) const NAME: &str = "fleet";

/// Reads a host as Fleet gives it, with or without `{"host": ...}` around it. It may hold `device_mapping`.
///
/// # Errors
/// It is no host, or has no id.
pub fn read(raw: &Json, options: &Options, fetched_at: Option<DateTime<Utc>>) -> Result<Record, Unreadable> {
    let raw = raw.get("host").unwrap_or(raw);
    let id = raw::text(raw, "/id")
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Unreadable { id: None, what: "A host that Fleet lists has no id.".to_owned() })?;
    let mut record = Record::new(NAME, id);
    let udid = udid(raw::text(raw, "/uuid"));
    record.identifiers = Identifiers {
        serial: raw::text(raw, "/hardware_serial").and_then(|text| Serial::read(&text)),
        mac_addresses: raw::text(raw, "/primary_mac").and_then(|text| Mac::read(&text)).into_iter().collect(),
        udid,
        imei: imei(raw::text(raw, "/imei")),
        ..Identifiers::default()
    };
    record.owners = owners(raw, options);
    record.name = ["/display_name", "/computer_name", "/hostname"].iter().find_map(|at| raw::text(raw, at));
    record.model = raw::text(raw, "/hardware_model");
    let words = raw::text(raw, "/os_version").unwrap_or_default();
    record.platform = raw::text(raw, "/platform").as_deref().and_then(platform).or_else(|| platform(&words));
    (record.os, record.os_version) = os(record.platform, &words);
    record.fetched_at = fetched_at;
    let looked = happened(raw, "/detail_updated_at");
    record.last_seen = happened(raw, "/seen_time").max(looked);

    let encrypted = match looked {
        Some(_) => as_it_should(raw::flag(raw, "/disk_encryption_enabled"), true),
        // What was never looked at is not off.
        None => Seen::Unknown,
    };
    record.saw("encryption", encrypted, looked, None);
    // What somebody decided that a policy answers counts more than what Fleet says by itself.
    for (practice, observation) in by_policies(raw, options) {
        record.observations.insert(practice.as_str().into(), observation);
    }
    record.software = raw::list(raw, "/software").map(|all| all.iter().filter_map(program).collect());
    record.software_at =
        happened(raw, "/software_updated_at").or(looked).filter(|_| record.software.is_some());
    Ok(record)
}

/// Whether a host is of the fleet that is meant. Servers before 2026 call it a team.
pub(super) fn is_of(raw: &Json, fleet: Option<u64>) -> bool {
    let raw = raw.get("host").unwrap_or(raw);
    let of = raw.get("fleet_id").or_else(|| raw.get("team_id")).and_then(Json::as_u64);
    fleet.is_none() || of == fleet
}

/// Whose it is, by those who may say so.
fn owners(raw: &Json, options: &Options) -> Vec<String> {
    let may = |source: &str| options.owner_sources.is_empty() || options.owner_sources.contains(source);
    let mapped = raw::list(raw, "/device_mapping").into_iter().flatten();
    let users: Vec<&Json> = raw::list(raw, "/end_users").into_iter().flatten().collect();
    let others = users.iter().filter_map(|user| raw::list(user, "/other_emails")).flatten();
    let mut owners: Vec<String> = mapped
        .chain(others)
        .filter(|one| may(&raw::text(one, "/source").unwrap_or_default()))
        .filter_map(|one| email(&raw::text(one, "/email")?))
        .collect();
    if may("identity_provider") {
        owners.extend(users.iter().filter_map(|user| email(&raw::text(user, "/idp_username")?)));
    }
    owners.sort();
    owners.dedup();
    owners
}

/// The system and its version. Windows has both a name with a number and a version: `Windows 11 Pro 23H2 10.0.22631.1`.
fn os(platform: Option<Platform>, words: &str) -> (Option<String>, Option<String>) {
    if platform != Some(Platform::Windows) {
        return system(words);
    }
    let words = words.strip_prefix("Microsoft ").unwrap_or(words);
    let is_version = |word: &str| {
        word.matches('.').count() >= 2 && word.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
    };
    let version = words.split_whitespace().find(|word| is_version(word)).map(str::to_owned);
    let name: Vec<&str> = words.split_whitespace().filter(|word| !is_version(word)).collect();
    ((!name.is_empty()).then(|| name.join(" ")), version)
}

/// What policies say of practices. Of several for one practice the worst counts; one that has not run says nothing.
fn by_policies(raw: &Json, options: &Options) -> BTreeMap<String, Observation> {
    let at = happened(raw, "/policy_updated_at");
    let mut all = BTreeMap::<String, Observation>::new();
    for policy in raw::list(raw, "/policies").into_iter().flatten() {
        let (id, name) = (raw::text(policy, "/id"), raw::text(policy, "/name"));
        let Some(practice) = practice(options, id.as_deref(), name.as_deref()) else { continue };
        let seen = match raw::text(policy, "/response").as_deref() {
            Some("pass") => Seen::Good,
            Some("fail") => Seen::Bad,
            _ => Seen::Unknown,
        };
        let fresh = Observation { seen: Seen::Good, at, details: None, directions: None };
        let known = all.entry(practice.clone()).or_insert(fresh);
        known.seen = match (known.seen, seen) {
            (Seen::Bad, _) | (_, Seen::Bad) => Seen::Bad,
            (Seen::Unknown, _) | (_, Seen::Unknown) => Seen::Unknown,
            _ => Seen::Good,
        };
        if seen == Seen::Bad {
            let failed = name.map(|name| format!("Fleet's policy \"{name}\" is not met."));
            append(&mut known.details, failed);
            append(&mut known.directions, raw::text(policy, "/resolution"));
        }
    }
    all
}

fn append(to: &mut Option<String>, more: Option<String>) {
    if let Some(more) = more {
        *to = Some(match to.take() {
            Some(before) => format!("{before}\n{more}"),
            None => more,
        });
    }
}

fn practice<'a>(options: &'a Options, id: Option<&str>, name: Option<&str>) -> Option<&'a String> {
    let named = |key: &str| {
        let same = |text: &str| text.trim().to_lowercase() == key.trim().to_lowercase();
        id.is_some_and(same) || name.is_some_and(same)
    };
    options.policies.iter().find(|(key, _)| named(key)).map(|(_, practice)| practice)
}

fn program(raw: &Json) -> Option<Software> {
    Some(Software { name: raw::text(raw, "/name")?, version: raw::text(raw, "/version") })
}
