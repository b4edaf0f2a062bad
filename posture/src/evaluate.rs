//! From records to devices: grouped, united, judged, in the order in which people should act.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::device::{Device, Evaluation, Status, Witness};
use crate::identifiers::Identifiers;
use crate::judge::{judge, rate};
use crate::merge::group;
use crate::record::{Instant, Platform, PracticeKey, Problem, Record};

/// The devices that these records are of. `problems` are passed on.
#[must_use]
pub fn evaluate(
    mut records: Vec<Record>,
    problems: Vec<Problem>,
    catalogue: &Catalogue,
    now: Instant,
) -> Evaluation {
    // Sorted, so that nothing depends on the order in which they came; the same twice is once.
    records.sort_by(canonical);
    records.dedup();
    let mut devices: Vec<Device> = group(&records)
        .into_iter()
        .map(|group| {
            let own: Vec<&Record> = group.records.iter().map(|index| &records[*index]).collect();
            Device { conflicts: group.conflicts, ..unite(own, catalogue, now) }
        })
        .collect();
    devices.sort_by_cached_key(|device| {
        let critical = device.practices.values().filter(|found| found.status == Status::Warn).count();
        let name = device.name.clone().unwrap_or_default();
        (device.silent, Reverse(device.rating), Reverse(critical), name, device.witnesses.clone())
    });
    Evaluation { devices, problems }
}

/// An order of records that says of two that they are equal only if they are.
fn canonical(one: &Record, other: &Record) -> std::cmp::Ordering {
    // Nearly always source and id tell; what is left is told by all of it.
    (&one.source, &one.id, one.last_seen).cmp(&(&other.source, &other.id, other.last_seen)).then_with(|| {
        if one == other { std::cmp::Ordering::Equal } else { format!("{one:?}").cmp(&format!("{other:?}")) }
    })
}

fn unite(mut own: Vec<&Record>, catalogue: &Catalogue, now: Instant) -> Device {
    // The newest first: of each field the newest record that has it tells.
    own.sort_by_key(|record| Reverse(record.last_seen));
    let first = |field: fn(&Record) -> Option<&String>| own.iter().find_map(|record| field(record)).cloned();
    let platform = own.iter().find_map(|record| record.platform);
    let last_seen = own.iter().filter_map(|record| record.last_seen).max();
    let practices: BTreeMap<_, _> = catalogue
        .practices
        .iter()
        .map(|(key, practice)| (key.clone(), judge(&key.0, practice, &own, platform, catalogue, now)))
        .collect();
    let witnesses: BTreeSet<Witness> = own
        .iter()
        .map(|record| Witness {
            source: record.source.clone(),
            id: record.id.clone(),
            last_seen: record.last_seen,
        })
        .collect();
    let owners: BTreeSet<String> = own.iter().flat_map(|record| record.owners.clone()).collect();
    let silence = TimeDelta::days(catalogue.silent_after_days.into());
    Device {
        witnesses: witnesses.into_iter().collect(),
        identifiers: united(&own),
        owners: owners.into_iter().collect(),
        name: first(|record| record.name.as_ref()),
        model: first(|record| record.model.as_ref()),
        platform,
        os: first(|record| record.os.as_ref()),
        os_version: first(|record| record.os_version.as_ref()),
        last_seen,
        silent: last_seen.is_some_and(|at| now - at >= silence),
        rating: rate(&practices),
        practices,
        conflicts: Vec::new(),
    }
}

fn united(own: &[&Record]) -> Identifiers {
    let mut all = Identifiers::default();
    for one in own.iter().map(|record| &record.identifiers) {
        all.serial = all.serial.or_else(|| one.serial.clone());
        all.udid = all.udid.or_else(|| one.udid.clone());
        all.imei = all.imei.or_else(|| one.imei.clone());
        all.meid = all.meid.or_else(|| one.meid.clone());
        all.mac_addresses.extend(&one.mac_addresses);
        for (name, id) in &one.others {
            all.others.entry(name.clone()).or_insert_with(|| id.clone());
        }
    }
    all
}

/// How many devices of one kind stand how, for one practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Which practice.
    pub practice: PracticeKey,
    /// Which family of systems; none where no source says.
    pub platform: Option<Platform>,
    /// How they stand.
    pub status: Status,
    /// How many.
    pub devices: u64,
}

/// How many devices stand how, by practice and system. Those not heard of for long do not count.
#[must_use]
pub fn tally(devices: &[Device]) -> Vec<Tally> {
    let mut counts: BTreeMap<(PracticeKey, Option<Platform>, Status), u64> = BTreeMap::new();
    for device in devices.iter().filter(|device| !device.silent) {
        for (key, found) in &device.practices {
            *counts.entry((key.clone(), device.platform, found.status)).or_default() += 1;
        }
    }
    let read = |((practice, platform, status), devices)| Tally { practice, platform, status, devices };
    counts.into_iter().map(read).collect()
}
