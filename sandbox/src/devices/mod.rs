//! The devices on people's desks: a small inventory to ask over HTTP, and a page where each practice of each device can
//! be set right or wrong by hand.
//!
//! | request | answer |
//! |---|---|
//! | `GET /people/{email}/devices` | `{"devices": [..]}`, those of exactly this person; none is an empty list |
//! | `GET /devices` | the same for everybody |
//! | `POST /devices/{serial}/report` | the device reports anew: it, as above; 404 if there is none |
//! | `GET /`, `GET /desk/{email}` | the page, for people |
//!
//! A device is `{"serial", "name", "model", "platform", "os_version", "owner", "last_seen", "practices"}`. In `practices`
//! `true` is as it should be, whatever the practice; `false` is not; `"improvable"` could be better; `null` is unknown.

pub mod model;
mod page;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{Method, StatusCode};
use hubcommander_sdk::clock::SharedClock;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::net::TcpListener;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use model::{Device, Standing, World};

/// What every request needs.
pub(super) struct Site {
    clock: SharedClock,
    world: Mutex<World>,
}

impl Site {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running inventory. Dropping it stops it.
pub struct Devices {
    running: Running,
    site: Arc<Site>,
    faults: Faults,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Devices").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Devices {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(world: World, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        Self::start_on(loopback().await?, world, clock, faults)
    }

    /// Starts it on a listener that is there already. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(
        listener: TcpListener,
        world: World,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, ServeError> {
        let site = Arc::new(Site { clock, world: Mutex::new(world) });
        faults.exempt(page::is_page);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site, faults })
    }

    /// Its address, `http://127.0.0.1:PORT`. A browser finds the page there.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The page with somebody's devices.
    pub fn desk_url(&self, email: &str) -> String {
        format!("{}{}", self.url(), page::desk_path(email))
    }

    /// The devices, locked: requests wait meanwhile. Never hold it across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.site.world()
    }

    /// What goes wrong here, and what was asked.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body): (_, Body) = request.into_parts();
    let Ok(body) = to_bytes(body, 64 * 1024).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path: Vec<String> = parts
        .uri
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let now = site.clock.now();
    match (&parts.method, path.as_slice()) {
        (&Method::GET, ["people", email, "devices"]) => {
            let world = site.world();
            let theirs: Vec<_> = world.of(email).map(Device::raw).collect();
            Json(json!({ "devices": theirs })).into_response()
        }
        (&Method::GET, ["devices"]) => {
            let world = site.world();
            let all: Vec<_> = world.devices().iter().map(Device::raw).collect();
            Json(json!({ "devices": all })).into_response()
        }
        (&Method::POST, ["devices", serial, "report"]) => match site.world().device_mut(serial) {
            Some(device) => {
                device.last_seen = now;
                Json(device.raw()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => page::answer(&site, &parts, &path, &body, now),
    }
}
