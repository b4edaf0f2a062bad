//! Counts over many devices.

use std::collections::BTreeMap;

use hubcommander_posture::{Device, PracticeKey, Status};

/// How many devices stand how in one practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) ok: u32,
    pub(crate) nudge: u32,
    pub(crate) warn: u32,
    pub(crate) unknown: u32,
}

impl Row {
    pub(crate) fn total(&self) -> u32 {
        self.ok + self.nudge + self.warn + self.unknown
    }

    /// "84 %", or "–" where there is nothing to count.
    pub(crate) fn percent(&self) -> String {
        match self.total() {
            0 => "–".to_owned(),
            total => format!("{:.0} %", f64::from(self.ok) * 100.0 / f64::from(total)),
        }
    }
}

/// By practice, over devices that were heard of lately.
pub(crate) fn by_practice(devices: &[Device]) -> BTreeMap<PracticeKey, Row> {
    let mut rows: BTreeMap<PracticeKey, Row> = BTreeMap::new();
    for device in devices.iter().filter(|device| !device.silent) {
        for (key, one) in &device.practices {
            let row = rows.entry(key.clone()).or_default();
            match one.status {
                Status::Ok => row.ok += 1,
                Status::Nudge => row.nudge += 1,
                Status::Warn => row.warn += 1,
                Status::Unknown => row.unknown += 1,
                Status::Na => {}
            }
        }
    }
    rows
}
