//! The devices on people's desks: a page with a switch for each practice, and the small API that the source `sample`
//! reads. Not a model of anybody's product.

pub mod model;
mod page;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Path, State as AxumState};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use hubcommander_sdk::clock::SharedClock;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use model::{Device, State};

/// What every request needs.
struct Site {
    clock: SharedClock,
    token: String,
    state: Mutex<State>,
}

impl Site {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        given == Some(&format!("Bearer {}", self.token))
    }
}

/// A running list of devices. Dropping it stops it.
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
    /// Starts it on a free port of loopback. Whoever reads its API has this token.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(
        state: State,
        token: &str,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, ServeError> {
        let site = Arc::new(Site { clock, token: token.to_owned(), state: Mutex::new(state) });
        let router = Router::new()
            .route("/", get(overview))
            .route("/set", post(set))
            .route("/ask", post(ask))
            .route("/api/devices", get(all))
            .route("/api/people/{email}/devices", get(of_person))
            .route("/api/known", post(known))
            .with_state(Arc::clone(&site));
        let running = serve(loopback().await?, router, &faults)?;
        Ok(Self { running, site, faults })
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// What goes wrong, and what was asked.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "the token is not right" }))).into_response()
}

fn listed<'a>(devices: impl Iterator<Item = &'a Device>) -> Response {
    let devices: Vec<Value> = devices.map(model::shown).collect();
    Json(json!({ "devices": devices })).into_response()
}

async fn all(AxumState(site): AxumState<Arc<Site>>, headers: HeaderMap) -> Response {
    if !site.lets_in(&headers) {
        return refused();
    }
    listed(site.state().devices.iter())
}

async fn of_person(
    AxumState(site): AxumState<Arc<Site>>,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !site.lets_in(&headers) {
        return refused();
    }
    listed(site.state().of(&email))
}

#[derive(Deserialize)]
struct Known {
    serials: Vec<String>,
}

async fn known(
    AxumState(site): AxumState<Arc<Site>>,
    headers: HeaderMap,
    Json(known): Json<Known>,
) -> Response {
    if !site.lets_in(&headers) {
        return refused();
    }
    let state = site.state();
    listed(state.devices.iter().filter(|device| known.serials.contains(&device.serial)))
}

async fn overview(AxumState(site): AxumState<Arc<Site>>) -> Response {
    page::overview(&site.state())
}

/// A switch that was pressed.
#[derive(Deserialize)]
struct Switched {
    device: String,
    practice: String,
    good: bool,
}

/// No other page in the browser may press these buttons; programs send no origin.
fn is_from_the_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        _ => true,
    }
}

fn elsewhere() -> Response {
    (StatusCode::FORBIDDEN, "This is for the buttons of the page.\n").into_response()
}

async fn set(
    AxumState(site): AxumState<Arc<Site>>,
    headers: HeaderMap,
    Form(switched): Form<Switched>,
) -> Response {
    if !is_from_the_page(&headers) {
        return elsewhere();
    }
    let now = site.clock.now();
    if !site.state().set(&switched.device, &switched.practice, switched.good, now) {
        return (StatusCode::NOT_FOUND, "There is no such device.\n").into_response();
    }
    Redirect::to("/").into_response()
}

/// Whom to ask.
#[derive(Deserialize)]
struct Whom {
    email: String,
}

/// Sends a question as a system of the security team does, through the bot's folder.
async fn ask(AxumState(site): AxumState<Arc<Site>>, headers: HeaderMap, Form(whom): Form<Whom>) -> Response {
    if !is_from_the_page(&headers) {
        return elsewhere();
    }
    let Some(folder) = site.state().questions.clone() else {
        return (StatusCode::NOT_FOUND, "Nobody takes questions here.\n").into_response();
    };
    let now = site.clock.now();
    let id = format!("signin-{}", now.timestamp_millis());
    let item = json!({
        "id": id,
        "email": whom.email,
        "question": "Did you sign in from a new device?",
        "details": "A Windows computer in Lisbon, with Firefox.",
        "at": now,
        "actions": [
            { "key": "yes", "label": "Yes, it was me" },
            { "key": "no", "label": "No, it was not me", "grave": true },
        ],
    });
    // Under its name only once it is whole.
    let (unfinished, whole) = (folder.join(format!("{id}.part")), folder.join(format!("{id}.json")));
    let written = tokio::fs::write(&unfinished, item.to_string()).await;
    let written = match written {
        Ok(()) => tokio::fs::rename(&unfinished, &whole).await,
        failed => failed,
    };
    match written {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
