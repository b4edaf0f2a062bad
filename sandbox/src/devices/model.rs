//! Whose devices they are, and how they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use serde::Serialize;
use serde_json::{Value, json};

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its id here.
    pub id: String,
    /// The e-mail address of whoever uses it.
    pub owner: String,
    /// What they call it.
    pub name: String,
    /// Which model it is.
    pub model: String,
    /// `macOS`, `Windows`, `Ubuntu`, `iOS`, `Android` or `ChromeOS`.
    pub platform: String,
    /// The version of its system.
    pub os_version: String,
    /// Its serial number.
    pub serial: String,
    /// When it was last heard of.
    pub last_seen: Instant,
    /// How each practice stands: true if it is as it should be.
    pub practices: BTreeMap<String, bool>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The devices.
    pub devices: Vec<Device>,
    /// The folder from which the bot takes questions, if the page may put some there.
    pub questions: Option<PathBuf>,
    /// The versions that a device has after an update, by platform.
    pub newest: BTreeMap<String, String>,
}

/// Which practice is the system's version, and so is changed by an update.
const UPTODATE: &str = "uptodate";

impl State {
    /// What the sandbox begins with: ana has three devices in several states, sam one that is fine.
    #[must_use]
    pub fn acme(now: Instant) -> Self {
        let device = |id: &str, owner: &str, name: &str, model: &str, system: (&str, &str), minutes| Device {
            id: id.to_owned(),
            owner: format!("{owner}@acme.example"),
            name: name.to_owned(),
            model: model.to_owned(),
            platform: system.0.to_owned(),
            os_version: system.1.to_owned(),
            serial: format!("SBX{}", id.to_uppercase()),
            last_seen: now - TimeDelta::minutes(minutes),
            practices: BTreeMap::new(),
        };
        let computer = ["encryption", "firewall", "screenlock", "autoupdate"];
        let with = |mut device: Device, good: &[&str], bad: &[&str]| {
            device.practices.extend(good.iter().map(|key| ((*key).to_owned(), true)));
            device.practices.extend(bad.iter().map(|key| ((*key).to_owned(), false)));
            device
        };
        let mac = device("mac-1", "ana", "Ana's MacBook", "MacBook Air (M3)", ("macOS", "13.6.9"), 12);
        let pc = device("pc-1", "ana", "ANA-THINKPAD", "ThinkPad X1 Carbon", ("Windows", "10.0.26100"), 95);
        let phone = device("phone-1", "ana", "Ana's iPhone", "iPhone 16", ("iOS", "17.7"), 3);
        let other = device("mac-2", "sam", "Sam's MacBook", "MacBook Pro", ("macOS", "26.1"), 30);
        let devices = vec![
            with(mac, &["firewall", "screenlock", "autoupdate", "remotelogin"], &["encryption"]),
            with(pc, &computer, &[]),
            with(phone, &["encryption", "screenlock", "jailed"], &[]),
            with(other, &["encryption", "firewall", "screenlock", "autoupdate", "remotelogin"], &[]),
        ];
        let newest = [("macOS", "26.1"), ("Windows", "10.0.26200"), ("iOS", "26.1"), ("Android", "16")];
        let newest = newest.map(|(platform, version)| (platform.to_owned(), version.to_owned())).into();
        Self { devices, newest, questions: None }
    }

    /// The devices of whoever has exactly this address, whatever its case.
    pub fn of<'a>(&'a self, email: &'a str) -> impl Iterator<Item = &'a Device> {
        self.devices.iter().filter(move |device| device.owner.eq_ignore_ascii_case(email))
    }

    /// Puts a practice right, or breaks it. Whether there is such a device.
    pub fn set(&mut self, id: &str, practice: &str, good: bool, now: Instant) -> bool {
        let newest = self.newest.clone();
        let Some(device) = self.devices.iter_mut().find(|device| device.id == id) else { return false };
        device.last_seen = now;
        match (practice, good) {
            (UPTODATE, true) => {
                if let Some(version) = newest.get(&device.platform) {
                    device.os_version.clone_from(version);
                }
            }
            (UPTODATE, false) => "1.0".clone_into(&mut device.os_version),
            _ => {
                device.practices.insert(practice.to_owned(), good);
            }
        }
        true
    }
}

/// A device as the API shows it.
#[must_use]
pub fn shown(device: &Device) -> Value {
    json!(device)
}
