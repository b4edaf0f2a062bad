//! From records to devices: grouped, united, judged, in the order in which people should act.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::device::{Device, Evaluation, Status, Witness};
use crate::identifiers::Identifiers;
use crate::judge::{before, judge, passed, rate};
use crate::merge::group;
use crate::record::{Instant, Platform, PracticeKey, Problem, Record};
use crate::text::tidy;

/// How much of a name or a version is shown, in characters.
const SHOWN: usize = 200;

/// The devices that these records are of. `problems` are passed on.
#[must_use]
pub fn evaluate(
    records: Vec<Record>,
    problems: Vec<Problem>,
    catalogue: &Catalogue,
    now: Instant,
) -> Evaluation {
    let records = sorted(records);
    let groups = group(&records);
    // Each record is let go once it has been judged: of a hundred thousand devices that is half of the memory.
    let mut records: Vec<Option<Record>> = records.into_iter().map(Some).collect();
    let mut devices: Vec<_> = groups
        .into_iter()
        .map(|group| {
            let taken = group.records.iter().filter_map(|index| records.get_mut(*index)?.take());
            let own: Vec<Record> = taken.collect();
            let device = Device { conflicts: group.conflicts, ..unite(own.iter().collect(), catalogue, now) };
            let critical = device.practices.values().filter(|found| found.status == Status::Warn).count();
            let name = device.name.as_deref().map(beginning);
            ((device.silent, Reverse(device.rating), Reverse(critical), name), device)
        })
        .collect();
    devices.sort_unstable_by(|(key, one), (other_key, other)| {
        key.cmp(other_key).then_with(|| (&one.name, &one.witnesses).cmp(&(&other.name, &other.witnesses)))
    });
    Evaluation { devices: devices.into_iter().map(|(_, device)| device).collect(), problems }
}

/// The records, sorted, so that nothing depends on the order in which they came; the same twice is once.
fn sorted(records: Vec<Record>) -> Vec<Record> {
    // What is compared stands side by side: to look each record up took most of the time.
    let sources: BTreeSet<&str> = records.iter().map(|record| record.source.as_str()).collect();
    let ranks: HashMap<&str, usize> = sources.into_iter().zip(0..).collect();
    let rank = |record: &Record| ranks.get(record.source.as_str()).copied();
    let mut order: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(index, record)| (rank(record), beginning(&record.id), index))
        .collect();
    order.sort_unstable_by(|one, other| {
        (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| records[one.2].cmp(&records[other.2]))
    });
    let mut places: Vec<Option<Record>> = records.into_iter().map(Some).collect();
    let mut records: Vec<Record> =
        order.into_iter().filter_map(|(_, _, index)| places[index].take()).collect();
    records.dedup();
    records
}

/// The first bytes of a text as a number: texts that differ in it are ordered as it is.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from_be_bytes(bytes)
}

fn unite(mut own: Vec<&Record>, catalogue: &Catalogue, now: Instant) -> Device {
    // The newest first: of each field the newest record that has it tells.
    own.sort_by_key(|record| Reverse(passed(record.last_seen, now)));
    let first = |field: fn(&Record) -> Option<&String>| {
        let texts = own.iter().filter_map(|record| field(record)).map(|text| tidy(text, SHOWN));
        texts.filter(|text| !text.is_empty()).map(std::borrow::Cow::into_owned).next()
    };
    let platform = own.iter().find_map(|record| record.platform);
    let last_seen = own.iter().filter_map(|record| passed(record.last_seen, now)).max();
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
            last_seen: passed(record.last_seen, now),
        })
        .collect();
    let owners = own.iter().flat_map(|record| &record.owners).map(|owner| owner.trim().to_lowercase());
    let owners: BTreeSet<String> = owners.filter(|owner| !owner.is_empty()).collect();
    let silence = before(now, catalogue.silent_after_days);
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
        silent: last_seen.zip(silence).is_some_and(|(at, silence)| at <= silence),
        rating: rate(&practices),
        practices,
        conflicts: Vec::new(),
    }
}

fn united(own: &[&Record]) -> Identifiers {
    let mut all = Identifiers::default();
    for record in own {
        all.unite(&record.identifiers);
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
