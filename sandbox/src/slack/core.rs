//! What all parts of the local Slack share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hubcommander_sdk::clock::SharedClock;
use tokio::sync::{broadcast, watch};

use super::options::Options;
use super::socket::Socket;
use super::state::{Notice, State};
use super::world::{Message, Ts, World};

/// How many changes a page may lag behind before it has to read everything again.
const PAGE_LAG: usize = 1_000;

/// What changed, for the page.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Message { channel: String, ts: Ts },
    Deleted { channel: String, ts: Ts },
    EphemeralDeleted { user: String, channel: String, ts: Ts },
    Modals { user: String },
    Notice { user: String, text: String },
}

type Watcher = Arc<dyn Fn(&str, &Message) + Send + Sync>;

/// What all parts share.
pub(super) struct Core {
    pub clock: SharedClock,
    pub options: Options,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    pub app_id: String,
    pub socket: Socket,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    page: broadcast::Sender<Change>,
    posted: RwLock<Vec<Watcher>>,
}

impl Core {
    pub(super) fn new(world: World, clock: SharedClock, options: Options, base: String) -> Self {
        Self {
            clock,
            base,
            app_id: world.bot.app_id.clone(),
            socket: Socket::new(&options),
            options,
            state: Mutex::new(State::new(world)),
            changed: watch::Sender::new(0),
            page: broadcast::Sender::new(PAGE_LAG),
            posted: RwLock::default(),
        }
    }

    /// The state. Never held over an await.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something changed: those who wait look again.
    pub(super) fn wake(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// The same, for the page too. `change` is only made if a page is open.
    pub(super) fn announce(&self, change: impl FnOnce() -> Change) {
        if self.page.receiver_count() > 0 {
            // The last page may be closing just now.
            let _ = self.page.send(change());
        }
        self.wake();
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn page_changes(&self) -> broadcast::Receiver<Change> {
        self.page.subscribe()
    }

    /// Slack itself tells `user` something.
    pub(super) fn notice(&self, user: &str, text: String) {
        let notice = Notice { user: user.to_owned(), text: text.clone(), read: false };
        self.lock().notices.push(notice);
        self.announce(|| Change::Notice { user: user.to_owned(), text });
    }

    /// Calls `watcher` with each message that the app posts.
    pub(super) fn on_posted(&self, watcher: Watcher) {
        self.posted.write().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    /// Whether anybody wants to be called with each message that the app posts.
    pub(super) fn is_watched(&self) -> bool {
        !self.posted.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn tell_posted(&self, channel: &str, message: &Message) {
        for watcher in self.posted.read().unwrap_or_else(PoisonError::into_inner).iter() {
            watcher(channel, message);
        }
    }
}
