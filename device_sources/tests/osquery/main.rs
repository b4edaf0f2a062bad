//! The server of osquery's agents against a model of the agent. What real agents do was not tried.

#![allow(clippy::unwrap_used, reason = "what is set up here must work, or the test says so")]

mod asking;
mod enrolling;
mod looking;
mod sending;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hubcommander_device_sources::osquery::{InMemory, Nodes, Osquery, Serving, Settings, serve};
use hubcommander_posture::Serial;
use hubcommander_sandbox::osquery::{Age, Agent, Host};
use hubcommander_sdk::clock::Clock;

pub(crate) const SECRET: &str = "a-secret-that-is-long-enough";
pub(crate) const MAC: &str = "1B2C3D4E-0000-4000-8000-000000000071";
pub(crate) const WINDOWS: &str = "4C4C4544-0042-3510-8052-B4C04F4E3732";
pub(crate) const LINUX: &str = "9A8B7C6D-1111-4222-8333-444455556666";

#[derive(Debug)]
pub(crate) struct ByHand(Mutex<DateTime<Utc>>);

impl ByHand {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Clock for ByHand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Bench {
    pub(crate) nodes: Arc<InMemory>,
    pub(crate) clock: Arc<ByHand>,
    pub(crate) osquery: Osquery,
    pub(crate) serving: Serving,
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(SECRET.into());
    settings.software = ["Falcon.app".to_owned()].into();
    settings.refresh_within = Duration::from_secs(20);
    settings.longest_body = 64 * 1024;
    settings
}

pub(crate) async fn bench_with(settings: Settings) -> Bench {
    let nodes = Arc::new(InMemory::default());
    let clock = Arc::new(ByHand(Mutex::new("2026-11-23T08:00:00Z".parse().unwrap())));
    let osquery = Osquery::new(settings, nodes.clone(), clock.clone(), [7; 32]).unwrap();
    let serving = serve(([127, 0, 0, 1], 0).into(), osquery.router(), None).await.unwrap();
    Bench { nodes, clock, osquery, serving }
}

pub(crate) async fn bench() -> Bench {
    bench_with(settings()).await
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Bench {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    pub(crate) fn agent(&self, host: Host) -> Agent {
        Agent::new(&self.url(), SECRET, Age::New, host, client())
    }

    pub(crate) fn mac(&self) -> Agent {
        self.agent(Host::mac(MAC, "ZZAMY00071"))
    }

    pub(crate) async fn assign(&self, serial: &str, email: &str) {
        self.nodes.assign(&Serial::read(serial).unwrap(), [email.to_owned()].into()).await.unwrap();
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().timestamp()
    }
}
