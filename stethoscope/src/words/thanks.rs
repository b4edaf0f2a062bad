//! What its owner has put right since the last look.

use hubcommander_posture::{Catalogue, Device, Status};

use super::name_of;
use crate::look::Look;

/// What was suggested or critical before and is fine now: the practice's name and the device's.
#[must_use]
pub fn put_right(before: &Look, now: &Look, catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut done = Vec::new();
    for device in &now.devices {
        let Some(earlier) = before.devices.iter().find(|earlier| is_same(earlier, device)) else { continue };
        for (key, found) in &device.practices {
            let was = earlier.practices.get(key).map(|found| found.status);
            if found.status == Status::Ok
                && matches!(was, Some(Status::Warn | Status::Nudge))
                && let Some(practice) = catalogue.practices.get(key)
            {
                done.push((practice.title.clone(), name_of(device)));
            }
        }
    }
    done
}

/// Whether a source knows both by the same id.
fn is_same(one: &Device, other: &Device) -> bool {
    one.witnesses.iter().any(|witness| {
        other.witnesses.iter().any(|known| known.source == witness.source && known.id == witness.id)
    })
}
