//! What local servers have in common whose answers follow from one state: they take requests, hold the state, and
//! show it to whoever started them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use http::Uri;
use hubcommander_sdk::clock::SharedClock;
use percent_encoding::percent_decode_str;

use crate::faults::{Faults, RefusalAnswer};
use crate::server::{Running, ServeError, loopback, serve};

/// The parts of an address's path, decoded one by one.
pub(crate) fn path_of(uri: &Uri) -> Vec<String> {
    uri.path()
        .split('/')
        .skip(1)
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}

/// What every request needs.
pub(crate) struct Site<S> {
    pub(crate) clock: SharedClock,
    state: Mutex<S>,
    /// Where it is, for the addresses in its answers.
    pub(crate) address: String,
}

impl<S> Site<S> {
    pub(crate) fn state(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running local server. Dropping it stops it.
pub struct Local<S> {
    running: Running,
    pub(crate) site: Arc<Site<S>>,
}

impl<S> std::fmt::Debug for Local<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl<S> Local<S> {
    /// Begins on a free port of loopback. What the faults refuse is answered by `refusal`.
    pub(crate) async fn begin(
        state: S,
        clock: SharedClock,
        faults: Faults,
        refusal: RefusalAnswer,
        pages: impl FnOnce(Arc<Site<S>>) -> Router,
    ) -> Result<Self, ServeError> {
        let listener = loopback().await?;
        let address = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site { clock, state: Mutex::new(state), address });
        faults.word_refusals(refusal);
        let running = serve(listener, pages(Arc::clone(&site)), &faults)?;
        Ok(Self { running, site })
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.site.state()
    }
}
