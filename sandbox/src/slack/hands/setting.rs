//! The world is changed by a test's own hand, and connections are disturbed.

use std::time::Duration;

use serde_json::Value as Json;

use super::super::Slack;
use super::super::core::Core;
use super::super::events;
use super::super::socket::{EnvelopeKind, Leave, Outgoing, Which, goodbye};
use super::super::world::{Message, World};

impl Slack {
    /// Changes the workspace: deactivates a person, archives a channel, takes the bot out of one, and so on.
    /// The app hears nothing of it.
    pub fn arrange<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.core.lock().world);
        self.core.wake();
        result
    }

    /// From now on `method` answers with this error, `times` times (`u64::MAX`: always). For example
    /// `apps.connections.open` with `invalid_auth`.
    pub fn refuse(&self, method: &str, code: &str, times: u64) {
        let mut state = self.core.lock();
        if times == 0 {
            state.refusals.remove(method);
        } else {
            state.refusals.insert(method.to_owned(), (code.to_owned(), times));
        }
    }

    /// From now on the bot's token is refused with this error, whatever is asked with it: for example
    /// `token_revoked`. `None`: it is taken again.
    pub fn refuse_bot(&self, code: Option<&str>) {
        self.core.lock().bot_refused = code.map(str::to_owned);
    }

    /// Asks the app to leave connections. After `warning` the socket stays open for
    /// [`super::super::Options::warning_lead`], after anything else for
    /// [`super::super::Options::refresh_grace`]. After `link_disabled` no new connection can be opened until
    /// [`Slack::refuse`] says otherwise.
    pub fn disconnect(&self, which: Which, why: Leave) {
        let options = &self.core.options;
        let after = if why == Leave::Warning { options.warning_lead } else { options.refresh_grace };
        if why == Leave::LinkDisabled {
            // The code that Slack uses is not documented.
            self.refuse("apps.connections.open", "not_allowed", u64::MAX);
        }
        self.core.socket.say_goodbye(which, &goodbye(why), after);
    }

    /// Closes connections in order, without a word before.
    pub fn close(&self, which: Which) {
        self.core.socket.close(which, Duration::ZERO);
    }

    /// Cuts connections: no goodbye, no close frame.
    pub fn cut(&self, which: Which) {
        for connection in self.core.socket.connections(which) {
            connection.cut();
        }
    }

    /// Makes connections half-open: the server neither reads nor writes nor closes, and the app is not told.
    /// Envelopes may still be given to them.
    pub fn freeze(&self, which: Which) {
        for connection in self.core.socket.connections(which) {
            connection.freeze();
        }
    }

    /// Ends [`Slack::freeze`].
    pub fn thaw(&self, which: Which) {
        for connection in self.core.socket.connections(which) {
            connection.thaw();
        }
    }

    /// Sends a whole envelope of a test's own making over one of the connections, as it is. Whether there
    /// was one. Its ack is known to [`Slack::injected_is_acked`].
    pub fn inject_envelope(&self, envelope: &Json) -> bool {
        self.core.socket.inject(envelope["envelope_id"].as_str(), &envelope.to_string())
    }

    /// The same for text that need not be JSON.
    pub fn inject_text(&self, text: &str) -> bool {
        self.core.socket.inject(None, text)
    }

    /// Whether the app acked an injected envelope.
    pub fn injected_is_acked(&self, envelope_id: &str) -> bool {
        self.core.socket.injected_is_acked(envelope_id)
    }

    /// Delivers an event of any shape, with all that surrounds an event.
    pub fn inject_event(&self, event: &Json) {
        let now = self.core.clock.now();
        let payload = events::callback(&mut self.core.lock(), now, event);
        self.core.socket.deliver(&payload, Outgoing::event());
        self.core.wake();
    }

    /// Delivers a payload of any shape, with nothing around it but the envelope. Events are redelivered as
    /// others are.
    pub fn inject_payload(&self, kind: EnvelopeKind, payload: &Json) {
        let takes_answer = kind == EnvelopeKind::SlashCommands;
        self.core.socket.deliver(&payload.to_string(), Outgoing { kind, takes_answer, answer: None });
        self.core.wake();
    }

    /// Calls `watcher` with the channel and each message that the app posts, changes included, before the
    /// app gets its answer. For benches; it must not block.
    pub fn on_posted(&self, watcher: impl Fn(&str, &Message) + Send + Sync + 'static) {
        Core::on_posted(&self.core, std::sync::Arc::new(watcher));
    }

    /// Calls `watcher` with each ack: how long it took since the envelope was sent. For benches; it must not
    /// block, and only the first that is set is called.
    pub fn on_acked(&self, watcher: impl Fn(Duration) + Send + Sync + 'static) {
        self.core.socket.on_acked(Box::new(watcher));
    }
}
