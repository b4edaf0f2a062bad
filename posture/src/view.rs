//! A device as JSON, for the command line, the web and whoever reads them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::device::{Assessment, Conflict, Device, Disagreement, Rating, Status};
use crate::identifiers::Identifiers;
use crate::record::{Instant, Platform};

/// A device as it is shown to programs.
#[derive(Debug, Serialize)]
pub struct DeviceView<'a> {
    sources: Vec<&'a str>,
    identifiers: &'a Identifiers,
    name: Option<&'a str>,
    model: Option<&'a str>,
    platform: Option<Platform>,
    os: Option<&'a str>,
    os_version: Option<&'a str>,
    last_seen: Option<Instant>,
    silent: bool,
    owners: &'a [String],
    rating: Rating,
    practices: BTreeMap<&'a str, PracticeView<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    conflicts: &'a [Conflict],
}

#[derive(Debug, Serialize)]
struct PracticeView<'a> {
    status: Status,
    source: Option<&'a str>,
    last_updated: Option<Instant>,
    details: Option<&'a str>,
    /// Whether a source says otherwise.
    disagreement: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    others: &'a [Disagreement],
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_until: Option<Instant>,
}

impl<'a> DeviceView<'a> {
    /// This device.
    #[must_use]
    pub fn of(device: &'a Device) -> Self {
        let mut sources: Vec<&str> = device.witnesses.iter().map(|one| one.source.as_str()).collect();
        sources.dedup();
        Self {
            sources,
            identifiers: &device.identifiers,
            name: device.name.as_deref(),
            model: device.model.as_deref(),
            platform: device.platform,
            os: device.os.as_deref(),
            os_version: device.os_version.as_deref(),
            last_seen: device.last_seen,
            silent: device.silent,
            owners: &device.owners,
            rating: device.rating,
            practices: device
                .practices
                .iter()
                .map(|(key, found)| (key.0.as_str(), practice(found)))
                .collect(),
            conflicts: &device.conflicts,
        }
    }
}

fn practice(found: &Assessment) -> PracticeView<'_> {
    PracticeView {
        status: found.status,
        source: found.source.as_deref(),
        last_updated: found.last_updated,
        details: found.details.as_deref(),
        disagreement: !found.disagreement.is_empty(),
        others: &found.disagreement,
        grace_until: found.grace_until,
    }
}
