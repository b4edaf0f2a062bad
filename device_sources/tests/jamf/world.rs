//! A local Jamf with people and their devices, and the source that asks it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hubcommander_device_sources::jamf::{Jamf, Settings};
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_posture::{Record, Seen};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::jamf::{self as server, World, iphone, mac};
use hubcommander_sdk::clock::Clock;
use hubcommander_sdk::devices::Found;

pub const SECRET: &str = "s3cret-of-the-client";
pub const AMY: &str = "amy@acme.example";
pub const OTHER_AMY: &str = "amy@other.example";
pub const BEN: &str = "ben@acme.example";

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn reported() -> DateTime<Utc> {
    at("2026-11-20T08:15:00Z")
}

/// A clock that a test moves.
#[derive(Debug)]
pub struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += chrono::Duration::seconds(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub struct Scene {
    pub server: server::Jamf,
    pub faults: Faults,
    pub clock: Arc<Hands>,
    pub settings: Settings,
}

impl Scene {
    pub async fn new(world: World) -> Self {
        let clock = Arc::new(Hands(Mutex::new(at("2026-11-23T08:00:00Z"))));
        let faults = Faults::new(clock.clone());
        let server = server::Jamf::start(world, clock.clone(), faults.clone()).await.unwrap();
        let settings = Settings {
            proxies: Proxies::none(),
            pause: Duration::from_millis(1),
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(5) },
            ..Settings::new(server.url().parse().unwrap(), "client-1", SECRET.into())
        };
        Self { server, faults, clock, settings }
    }

    /// Two Amys, each with a Mac and a phone, and Ben with a Mac.
    pub async fn people() -> Self {
        Self::new(
            World::new("client-1", SECRET)
                .computer(mac(71, AMY, reported()))
                .computer(mac(72, OTHER_AMY, reported()))
                .computer(mac(73, BEN, reported()))
                .mobile_device(iphone(11, AMY, reported()))
                .mobile_device(iphone(12, OTHER_AMY, reported())),
        )
        .await
    }

    pub fn source(&self) -> Jamf {
        Jamf::new(&self.settings, self.clock.clone()).unwrap()
    }

    /// The lines of the log whose path holds this.
    pub fn asked(&self, part: &str) -> usize {
        self.faults.log().iter().filter(|one| one.path.contains(part)).count()
    }
}

pub fn ids(found: &Found) -> Vec<&str> {
    found.records.iter().map(|record| record.id.as_str()).collect()
}

pub fn seen(record: &Record, practice: &str) -> Option<Seen> {
    record.observations.get(practice).map(|one| one.seen)
}
