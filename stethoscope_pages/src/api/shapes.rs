//! The shapes of the API's answers. `description.rs` says the same in OpenAPI; a test holds the two together.

use std::collections::BTreeMap;

use hubcommander_posture::{Assessment, Catalogue, Device, Instant, Platform, Rating, Status};
use hubcommander_stethoscope::{Look, Outcome};
use serde::Serialize;

use crate::ports::Notice;
use crate::show::anchor;

#[derive(Serialize)]
pub(super) struct Me {
    pub(super) email: String,
    pub(super) name: String,
}

#[derive(Serialize)]
pub(super) struct Devices {
    at: Instant,
    sources: Vec<Source>,
    devices: Vec<DeviceShape>,
    /// How many records could not be read.
    unreadable: usize,
}

#[derive(Serialize)]
struct Source {
    name: String,
    title: String,
    answered: bool,
    at: Instant,
}

#[derive(Serialize)]
struct DeviceShape {
    id: String,
    name: Option<String>,
    model: Option<String>,
    platform: Option<Platform>,
    os: Option<String>,
    os_version: Option<String>,
    last_seen: Option<Instant>,
    silent: bool,
    /// Whether the person says that it is not theirs.
    disowned: bool,
    rating: Rating,
    practices: BTreeMap<String, Standing>,
}

#[derive(Serialize)]
struct Standing {
    status: Status,
    source: Option<String>,
    last_updated: Option<Instant>,
    details: Option<String>,
    grace_until: Option<Instant>,
    disagreement: Vec<Otherwise>,
}

#[derive(Serialize)]
struct Otherwise {
    source: String,
    status: Status,
    last_updated: Option<Instant>,
}

impl Devices {
    pub(super) fn of(look: &Look) -> Self {
        Self {
            at: look.at,
            sources: look
                .answers
                .iter()
                .map(|one| Source {
                    name: one.source.clone(),
                    title: one.title.clone(),
                    answered: matches!(one.outcome, Outcome::Answered(_)),
                    at: one.at,
                })
                .collect(),
            devices: look
                .devices
                .iter()
                .map(|device| DeviceShape::of(device, look.is_disowned(device)))
                .collect(),
            unreadable: look.problems.len(),
        }
    }
}

impl DeviceShape {
    fn of(device: &Device, disowned: bool) -> Self {
        Self {
            id: anchor(device),
            name: device.name.clone(),
            model: device.model.clone(),
            platform: device.platform,
            os: device.os.clone(),
            os_version: device.os_version.clone(),
            last_seen: device.last_seen,
            silent: device.silent,
            disowned,
            rating: device.rating,
            practices: device.practices.iter().map(|(key, one)| (key.0.clone(), Standing::of(one))).collect(),
        }
    }
}

impl Standing {
    fn of(one: &Assessment) -> Self {
        Self {
            status: one.status,
            source: one.source.clone(),
            last_updated: one.last_updated,
            details: one.details.clone(),
            grace_until: one.grace_until,
            disagreement: one
                .disagreement
                .iter()
                .map(|other| Otherwise {
                    source: other.source.clone(),
                    status: other.status,
                    last_updated: other.last_updated,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct PracticeShape {
    key: String,
    title: String,
    why: String,
    link: Option<String>,
    minutes: u32,
    /// Steps by platform.
    directions: BTreeMap<Platform, Vec<String>>,
    required: BTreeMap<Platform, String>,
    recommended: BTreeMap<Platform, String>,
}

impl PracticeShape {
    pub(super) fn all(catalogue: &Catalogue) -> Vec<Self> {
        let mut practices: Vec<_> = catalogue.practices.iter().collect();
        practices.sort_by_key(|(key, one)| (one.order, *key));
        let shape =
            |(key, one): (&hubcommander_posture::PracticeKey, &hubcommander_posture::Practice)| Self {
                key: key.0.clone(),
                title: one.title.clone(),
                why: one.why.clone(),
                link: one.link.clone(),
                minutes: one.minutes,
                directions: one.directions.clone(),
                required: one.required.clone(),
                recommended: one.recommended.clone(),
            };
        practices.into_iter().map(shape).collect()
    }
}

#[derive(Serialize)]
pub(super) struct Notification {
    id: String,
    question: String,
    details: String,
    at: Instant,
    actions: Vec<ActionShape>,
    answer: Option<GivenShape>,
}

#[derive(Serialize)]
struct ActionShape {
    key: String,
    label: String,
}

#[derive(Serialize)]
struct GivenShape {
    action: String,
    at: Instant,
}

impl From<Notice> for Notification {
    fn from(one: Notice) -> Self {
        Self {
            id: one.id,
            question: one.question,
            details: one.details,
            at: one.at,
            actions: one
                .actions
                .into_iter()
                .map(|action| ActionShape { key: action.key, label: action.label })
                .collect(),
            answer: one.answer.map(|given| GivenShape { action: given.action, at: given.at }),
        }
    }
}
