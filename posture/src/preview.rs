//! What would change if other rules held.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::device::{Device, Status, Witness};
use crate::evaluate::evaluate;
use crate::record::{Instant, Platform, PracticeKey, Record};

/// A device that would stand otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who knows the device, sorted.
    pub witnesses: Vec<Witness>,
    /// Whose it is.
    pub owners: Vec<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The family of its system.
    pub platform: Option<Platform>,
    /// The version of its system.
    pub os_version: Option<String>,
    /// Which practice.
    pub practice: PracticeKey,
    /// How it stands; `None` if the practice is not looked at today.
    pub now: Option<Status>,
    /// How it would stand; `None` if the practice would not be looked at.
    pub then: Option<Status>,
}

/// How many devices of one platform would go from one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Which practice.
    pub practice: PracticeKey,
    /// Which family of systems; none where no source says.
    pub platform: Option<Platform>,
    /// How they stand.
    pub now: Option<Status>,
    /// How they would stand.
    pub then: Option<Status>,
    /// How many.
    pub devices: u64,
}

/// What would change. Devices not heard of for long are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many devices were looked at.
    pub devices: u64,
    /// The sums, by practice and platform.
    pub shifts: Vec<Shift>,
    /// Which devices, by platform, then in the order in which they would be shown.
    pub changes: Vec<Change>,
}

/// What would change if `then` held in place of `today`: each record is judged twice, so that the answer is what people
/// would see.
#[must_use]
pub fn preview(records: Vec<Record>, today: &Catalogue, then: &Catalogue, now: Instant) -> Preview {
    let before = evaluate(records.clone(), Vec::new(), today, now).devices;
    let before: BTreeMap<&[Witness], &Device> =
        before.iter().map(|device| (device.witnesses.as_slice(), device)).collect();
    let mut found = Preview::default();
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for device in evaluate(records, Vec::new(), then, now).devices.into_iter().filter(|device| !device.silent)
    {
        found.devices += 1;
        let was = before.get(device.witnesses.as_slice()).map(|device| &device.practices);
        let mut keys: Vec<&PracticeKey> =
            device.practices.keys().chain(was.into_iter().flat_map(BTreeMap::keys)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let status = |practices: &BTreeMap<PracticeKey, crate::Assessment>| {
                practices.get(key).map(|one| one.status)
            };
            let (was, is) = (was.and_then(status), status(&device.practices));
            if was == is {
                continue;
            }
            *sums.entry((key.clone(), device.platform, was, is)).or_default() += 1;
            found.changes.push(Change {
                witnesses: device.witnesses.clone(),
                owners: device.owners.clone(),
                name: device.name.clone(),
                platform: device.platform,
                os_version: device.os_version.clone(),
                practice: key.clone(),
                now: was,
                then: is,
            });
        }
    }
    let shift = |((practice, platform, now, then), devices)| Shift { practice, platform, now, then, devices };
    found.shifts = sums.into_iter().map(shift).collect();
    found.changes.sort_by_key(|change| change.platform);
    found
}
