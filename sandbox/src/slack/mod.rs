//! A local Slack: a workspace as a state model, its Web API, Socket Mode, and a page to look at it.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use hubcommander_sandbox::faults::Faults;
//! # use hubcommander_sandbox::slack::{Options, Slack, World};
//! # use hubcommander_sdk::clock::SystemClock;
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(SystemClock);
//! let slack = Slack::start(World::acme(), clock, Faults::default(), Options::for_tests()).await?;
//! // Start the bot with slack.api_url(), then:
//! slack.connected(1).await?;
//! let asked = slack.say("U0ANA", "C0DEV", "!Help")?;
//! let reply = slack.await_reply("C0DEV", asked).await?;
//! println!("{}", slack.render(&reply));
//! slack.assert_nothing_unread();
//! # Ok(()) }
//! ```

mod api;
mod blocks;
mod core;
mod events;
mod files;
mod hands;
mod options;
mod page;
mod post;
mod socket;
mod state;
mod typed;
mod world;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post as on_post};
use hubcommander_sdk::clock::SharedClock;
use tokio::net::TcpListener;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve, serve_bare};

use self::core::Core;

pub use files::Upload;
pub use hands::{Choice, HandError, Late, Submitted};
pub use options::Options;
pub use socket::{Counters, EnvelopeKind, Leave, LinkId, Unacked, Which};
pub use state::{Notice, View};
pub use world::{
    Account, Bot, Channel, ChannelKind, Edited, Message, Person, Reaction, Role, Team, Ts, UserGroup, World,
};

/// Uploads may be this large.
const LARGEST_UPLOAD: usize = 32 * 1024 * 1024;

/// A running local Slack. A clone is the same one; when the last is dropped it stops.
#[derive(Clone)]
pub struct Slack {
    core: Arc<Core>,
    /// None within the server itself, which must not keep itself alive.
    running: Option<Arc<Running>>,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack").field("base", &self.core.base).finish_non_exhaustive()
    }
}

impl Slack {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// The machine gives no port.
    pub async fn start(
        world: World,
        clock: SharedClock,
        faults: Faults,
        options: Options,
    ) -> Result<Self, ServeError> {
        Self::start_on(loopback().await?, world, clock, faults, options)
    }

    /// Starts on a listener that is there already. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn start_on(
        listener: TcpListener,
        world: World,
        clock: SharedClock,
        faults: Faults,
        options: Options,
    ) -> Result<Self, ServeError> {
        let base = format!("http://{}", listener.local_addr()?);
        let with_faults = options.with_faults;
        let core = Arc::new(Core::new(world, clock, options, base));
        let router = router(&core);
        faults.word_refusals(api::worded);
        let running =
            if with_faults { serve(listener, router, &faults)? } else { serve_bare(listener, router)? };
        tokio::spawn(socket::sweep(Arc::downgrade(&core)));
        Ok(Self { core, running: Some(Arc::new(running)) })
    }

    /// Where the Web API is: `http://127.0.0.1:PORT/api`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.core.base)
    }

    /// Where the page is.
    pub fn page_url(&self) -> String {
        format!("{}/", self.core.base)
    }

    /// The server, to cut its connections.
    pub fn server(&self) -> Option<&Running> {
        self.running.as_deref()
    }

    /// The handle as the server's own parts use it.
    fn inside(core: &Arc<Core>) -> Self {
        Self { core: Arc::clone(core), running: None }
    }
}

fn router(core: &Arc<Core>) -> Router {
    Router::new()
        .route("/api/{method}", any(api::call))
        .route("/link/", get(socket::open_link))
        .route("/hook/{id}", on_post(api::respond))
        .route("/upload/{id}", on_post(files::upload).put(files::upload))
        .route("/file/{id}", get(files::download))
        .with_state(Arc::clone(core))
        .merge(page::router(core))
        .layer(DefaultBodyLimit::max(LARGEST_UPLOAD))
}
