//! What was fine when it was last judged, so that what is newly broken can be told from what has been so for long.

use std::collections::{BTreeMap, BTreeSet};

use hubcommander_posture::{Device, PracticeKey, Status};
use serde::{Deserialize, Serialize};

/// What was fine: by device, as its first witness knows it, the keys of practices. What nobody could tell was not
/// fine, and neither was what is on a device that was not there yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fine(BTreeMap<String, BTreeSet<String>>);

impl Fine {
    /// Whether this practice of the device was fine.
    #[must_use]
    pub fn was(&self, device: &Device, practice: &PracticeKey) -> bool {
        names(device).any(|name| self.0.get(&name).is_some_and(|fine| fine.contains(&practice.0)))
    }

    /// Whether something about this device is worth a word: it is critical, or was fine and is not any more.
    #[must_use]
    pub fn asks(&self, device: &Device) -> bool {
        device.practices.iter().any(|(key, found)| self.asks_for(device, key, found.status))
    }

    /// The same of one practice that stands so.
    #[must_use]
    pub fn asks_for(&self, device: &Device, practice: &PracticeKey, status: Status) -> bool {
        match status {
            Status::Warn => true,
            Status::Nudge => self.was(device, practice),
            Status::Ok | Status::Na | Status::Unknown => false,
        }
    }

    /// What is fine now. What nobody can tell now stays as it was known; devices that are gone are forgotten if
    /// every source has answered.
    #[must_use]
    pub fn learned(&self, devices: &[&Device], is_whole: bool) -> Self {
        let mut next = if is_whole { Self::default() } else { self.clone() };
        for device in devices {
            let mut fine = BTreeSet::new();
            for name in names(device) {
                fine.extend(self.0.get(&name).into_iter().flatten().cloned());
                next.0.remove(&name);
            }
            for (key, found) in &device.practices {
                match found.status {
                    Status::Ok => fine.insert(key.0.clone()),
                    Status::Nudge | Status::Warn => fine.remove(&key.0),
                    Status::Na | Status::Unknown => continue,
                };
            }
            if let Some(name) = names(device).next() {
                next.0.insert(name, fine);
            }
        }
        next
    }
}

/// What those who know a device call it.
fn names(device: &Device) -> impl Iterator<Item = String> {
    device.witnesses.iter().map(|one| format!("{}/{}", one.source, one.id))
}

#[cfg(test)]
mod tests {
    use hubcommander_posture::{Catalogue, Record, Seen, evaluate};

    use super::*;

    fn device(id: &str, seen: &[(&str, Seen)]) -> Device {
        let now = "2026-11-28T10:00:00Z".parse().unwrap();
        let mut record = Record::new("sample", id);
        record.last_seen = Some(now);
        for (practice, seen) in seen {
            record.saw(practice, *seen, Some(now), None);
        }
        evaluate(vec![record], Vec::new(), &Catalogue::shipped(), now).devices.remove(0)
    }

    #[test]
    fn only_what_was_fine_is_newly_broken() {
        let before = device("mac-1", &[("firewall", Seen::Good), ("screenlock", Seen::Improvable)]);
        let fine = Fine::default().learned(&[&before], true);
        assert!(fine.asks(&device("mac-1", &[("firewall", Seen::Improvable)])));
        assert!(!fine.asks(&device("mac-1", &[("screenlock", Seen::Improvable)])), "it was not fine");
        assert!(!fine.asks(&device("mac-1", &[("autoupdate", Seen::Improvable)])), "nobody had told of it");
        assert!(!fine.asks(&device("mac-2", &[("firewall", Seen::Improvable)])), "a device that is new");
        assert!(!fine.asks(&before));
        assert!(fine.asks(&device("mac-2", &[("encryption", Seen::Bad)])), "critical is critical");
    }

    #[test]
    fn what_nobody_can_tell_stays_as_it_was() {
        let fine = Fine::default().learned(&[&device("mac-1", &[("firewall", Seen::Good)])], true);
        let untold = fine.learned(&[&device("mac-1", &[("firewall", Seen::Unknown)])], true);
        assert!(untold.asks(&device("mac-1", &[("firewall", Seen::Improvable)])));
        let broken = fine.learned(&[&device("mac-1", &[("firewall", Seen::Improvable)])], true);
        assert!(!broken.asks(&device("mac-1", &[("firewall", Seen::Improvable)])), "it is known already");
    }

    #[test]
    fn a_device_that_is_gone_is_forgotten_unless_somebody_was_silent() {
        let good = device("mac-1", &[("firewall", Seen::Good)]);
        let fine = Fine::default().learned(&[&good], true);
        assert_eq!(fine.learned(&[], false), fine);
        assert_eq!(fine.learned(&[], true), Fine::default());
    }

    #[test]
    fn it_is_kept_as_json() {
        let good = device("mac-1", &[("firewall", Seen::Good)]);
        let fine = Fine::default().learned(&[&good], true);
        let written = serde_json::to_value(&fine).unwrap();
        assert_eq!(serde_json::from_value::<Fine>(written).unwrap(), fine);
    }
}
