//! People's devices, and how each practice stands on them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

/// How a practice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// It could be better.
    Improvable,
    /// The device does not say.
    Unknown,
}

impl Standing {
    /// As the page's form writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Improvable => "improvable",
            Self::Unknown => "unknown",
        }
    }

    pub(super) const ALL: [Self; 4] = [Self::Good, Self::Bad, Self::Improvable, Self::Unknown];

    fn raw(self) -> Value {
        match self {
            Self::Good => json!(true),
            Self::Bad => json!(false),
            Self::Improvable => json!("improvable"),
            Self::Unknown => Value::Null,
        }
    }
}

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its serial number; what it is asked for by.
    pub serial: String,
    /// What its owner calls it.
    pub name: String,
    /// Which model it is.
    pub model: String,
    /// `macOS`, `Windows`, `iOS` and so on.
    pub platform: String,
    /// Whose it is, by e-mail.
    pub owner: String,
    /// Versions of its system: an old one, and the current one.
    pub versions: [String; 2],
    /// When it last reported.
    pub last_seen: Instant,
    /// How its practices stand.
    pub practices: BTreeMap<String, Standing>,
}

impl Device {
    /// The version of its system: the old one unless it is up to date.
    #[must_use]
    pub fn os_version(&self) -> &str {
        let [old, current] = &self.versions;
        if self.practices.get("uptodate") == Some(&Standing::Good) { current } else { old }
    }

    /// As it is sent.
    #[must_use]
    pub fn raw(&self) -> Value {
        let practices: BTreeMap<_, _> =
            self.practices.iter().map(|(key, standing)| (key, standing.raw())).collect();
        json!({
            "serial": self.serial, "name": self.name, "model": self.model, "platform": self.platform,
            "os_version": self.os_version(), "owner": self.owner, "last_seen": self.last_seen,
            "practices": practices,
        })
    }
}

/// Everybody's devices.
#[derive(Clone, Debug, Default)]
pub struct World {
    devices: Vec<Device>,
}

impl World {
    /// No devices yet.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The sandbox's: Ana has a MacBook whose disk is not encrypted and whose system is old, a Windows laptop that is
    /// fine, and an iPhone with something to better. Sam has a MacBook that is fine. `now` is when they reported, more
    /// or less.
    #[must_use]
    pub fn acme(now: Instant) -> Self {
        use Standing::{Bad, Good, Improvable};
        let ana = "ana@acme.example";
        let mac = |bad: &[&str]| {
            let keys = ["encryption", "firewall", "screenlock", "uptodate", "autoupdate", "remotelogin"];
            keys.map(|key| (key.to_owned(), if bad.contains(&key) { Bad } else { Good }))
        };
        let windows = ["encryption", "firewall", "screenlock", "uptodate", "autoupdate"];
        let phone = [("encryption", Good), ("screenlock", Good), ("uptodate", Improvable), ("jailed", Good)];
        let device =
            |serial: &str, name: &str, model: &str, platform: &str, owner: &str, versions: [&str; 2]| {
                Device {
                    serial: serial.to_owned(),
                    name: name.to_owned(),
                    model: model.to_owned(),
                    platform: platform.to_owned(),
                    owner: owner.to_owned(),
                    versions: versions.map(str::to_owned),
                    last_seen: now,
                    practices: BTreeMap::new(),
                }
            };
        Self::empty()
            .with(Device {
                practices: mac(&["encryption", "uptodate"]).into(),
                last_seen: now - TimeDelta::minutes(12),
                ..device("SBXMAC00071", "Ana's MacBook", "MacBook Air (M3)", "macOS", ana, ["14.1", "26.1"])
            })
            .with(Device {
                practices: windows.map(|key| (key.to_owned(), Good)).into(),
                last_seen: now - TimeDelta::hours(3),
                ..device(
                    "SBXWIN00072",
                    "ana-laptop",
                    "ThinkPad X1 Carbon",
                    "Windows",
                    ana,
                    ["10.0.22621.1", "10.0.26200.7171"],
                )
            })
            .with(Device {
                practices: phone.map(|(key, standing)| (key.to_owned(), standing)).into(),
                last_seen: now - TimeDelta::days(1),
                ..device("SBXPHN00073", "Ana's iPhone", "iPhone 15", "iOS", ana, ["26.0", "26.1"])
            })
            .with(Device {
                practices: mac(&[]).into(),
                ..device(
                    "SBXMAC00081",
                    "Sam's MacBook",
                    "MacBook Pro (M4)",
                    "macOS",
                    "sam@acme.example",
                    ["15.6", "26.1"],
                )
            })
    }

    /// And this device.
    #[must_use]
    pub fn with(mut self, device: Device) -> Self {
        self.devices.push(device);
        self
    }

    /// All devices.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Those of exactly this person, compared without case.
    pub fn of<'a>(&'a self, email: &'a str) -> impl Iterator<Item = &'a Device> {
        self.devices.iter().filter(move |device| device.owner.eq_ignore_ascii_case(email))
    }

    /// The device with this serial number.
    pub fn device_mut(&mut self, serial: &str) -> Option<&mut Device> {
        self.devices.iter_mut().find(|device| device.serial.eq_ignore_ascii_case(serial))
    }

    /// Sets a practice that the device has; it reports it at once. Whether there is such a one.
    pub fn set(&mut self, serial: &str, practice: &str, standing: Standing, now: Instant) -> bool {
        let Some(device) = self.device_mut(serial) else { return false };
        let Some(kept) = device.practices.get_mut(practice) else { return false };
        *kept = standing;
        device.last_seen = now;
        true
    }
}
