//! What people see.

use std::fmt::Write;

use serde_json::Value as Json;

use super::super::Slack;
use super::super::blocks::{render_blocks, words};
use super::super::files::Upload;
use super::super::socket::{Counters, LinkId, Unacked};
use super::super::state::View;
use super::super::world::{Message, Ts, World};

impl Slack {
    /// Everything that was said in `channel`, replies too, the oldest first. Messages that one person sees
    /// are not among them.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let state = self.core.lock();
        state.world.channels.get(channel).map(|room| room.messages().cloned().collect()).unwrap_or_default()
    }

    /// One message.
    pub fn message(&self, channel: &str, ts: Ts) -> Option<Message> {
        self.core.lock().world.channels.get(channel).and_then(|room| room.message(ts)).cloned()
    }

    /// The first message of a thread and its replies, the oldest first.
    pub fn thread(&self, channel: &str, ts: Ts) -> Vec<Message> {
        let state = self.core.lock();
        state.world.channels.get(channel).map(|room| room.thread(ts).cloned().collect()).unwrap_or_default()
    }

    /// What only `user` sees, wherever it stands, the oldest first.
    pub fn ephemerals(&self, user: &str) -> Vec<Message> {
        let state = self.core.lock();
        let theirs = state.ephemerals.iter().filter(|one| one.message.only_for.as_deref() == Some(user));
        theirs.map(|one| one.message.clone()).collect()
    }

    /// What was said between `user` and the app.
    pub fn dms(&self, user: &str) -> Vec<Message> {
        let state = self.core.lock();
        state.world.im_with(user).map(|room| room.messages().cloned().collect()).unwrap_or_default()
    }

    /// The forms before `user`, the topmost last.
    pub fn views(&self, user: &str) -> Vec<View> {
        self.core.lock().views.get(user).cloned().unwrap_or_default()
    }

    /// The app's home as `user` sees it.
    pub fn home(&self, user: &str) -> Option<Json> {
        self.core.lock().homes.get(user).cloned()
    }

    /// The files that the app sent.
    pub fn files(&self) -> Vec<Upload> {
        self.core.lock().uploads.values().cloned().collect()
    }

    /// What Slack itself told `user` since this was asked last.
    pub fn take_notices(&self, user: &str) -> Vec<String> {
        let mut state = self.core.lock();
        let unread = state.notices.iter_mut().filter(|notice| notice.user == user && !notice.read);
        unread
            .map(|notice| {
                notice.read = true;
                notice.text.clone()
            })
            .collect()
    }

    /// What became of the envelopes so far.
    pub fn counters(&self) -> Counters {
        self.core.socket.counters()
    }

    /// The envelopes that are not acked, or wait for a connection.
    pub fn unacked(&self) -> Vec<Unacked> {
        self.core.socket.unacked()
    }

    /// The open connections.
    pub fn links(&self) -> Vec<LinkId> {
        self.core.socket.links()
    }

    /// A message as plain text, for snapshots: blocks line by line, buttons in brackets, and who alone sees
    /// it. Without blocks: its text.
    pub fn render(&self, message: &Message) -> String {
        render(&self.core.lock().world, message)
    }

    /// A form as plain text.
    pub fn render_view(&self, view: &View) -> String {
        let world = &self.core.lock().world;
        let label = |key: &str| view.body[key]["text"].as_str().unwrap_or_default();
        let mut out = format!("# {}\n{}\n", label("title"), render_blocks(world, view.blocks()));
        for (block, words) in &view.errors {
            let _ = writeln!(out, "! {block}: {words}");
        }
        let _ = write!(out, "[{}]", if label("close").is_empty() { "Cancel" } else { label("close") });
        if !label("submit").is_empty() {
            let _ = write!(out, " [{}]", label("submit"));
        }
        out
    }

    /// All that was said in `channel`, as plain text: threads indented below their first message.
    pub fn transcript(&self, channel: &str) -> String {
        let state = self.core.lock();
        let world = &state.world;
        let Some(room) = world.channels.get(channel) else { return String::new() };
        let ephemerals = state.ephemerals.iter().filter(|one| one.channel == channel).map(|one| &one.message);
        let mut all: Vec<&Message> = room.messages().chain(ephemerals).collect();
        all.sort_by_key(|message| (message.thread_ts.unwrap_or(message.ts), message.ts));
        let mut out = String::new();
        for message in all {
            let indent = if message.thread_ts.is_some() { "    " } else { "" };
            let author = world.name_of(&message.user);
            for (place, line) in render(world, message).lines().enumerate() {
                let lead = if place == 0 { format!("{author}: ") } else { "  ".to_owned() };
                let _ = writeln!(out, "{indent}{lead}{line}");
            }
        }
        out
    }
}

fn render(world: &World, message: &Message) -> String {
    let mut out = match message.blocks.as_ref().and_then(Json::as_array) {
        // What people type has blocks that say the same as its text.
        Some(blocks) if message.bot.is_some() => render_blocks(world, blocks),
        _ => words(world, &message.text),
    };
    for file in &message.files {
        let _ = write!(out, "\n(file: {})", file["name"].as_str().unwrap_or_default());
    }
    for reaction in &message.reactions {
        let _ = write!(out, "\n:{}: {}", reaction.name, reaction.users.len());
    }
    if let Some(user) = &message.only_for {
        let _ = write!(out, "\n(only {} sees this)", world.name_of(user));
    }
    out
}
