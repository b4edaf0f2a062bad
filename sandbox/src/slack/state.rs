//! What the local Slack knows at one moment.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hubcommander_sdk::clock::Instant;
use serde_json::{Value as Json, json};

use super::api::Rates;
use super::files::Upload;
use super::world::{Message, Ts, World};

/// A form that is open before somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// `V…`.
    pub id: String,
    /// Changes with each update.
    pub hash: String,
    /// Who sees it.
    pub user: String,
    /// As the app gave it, with block ids filled in.
    pub body: Json,
    /// The first view of its stack.
    pub root_id: String,
    /// The view below it.
    pub previous_id: Option<String>,
    /// What the app found wrong with what was filled in, by block.
    pub errors: BTreeMap<String, String>,
    /// Grows with each change, as a message's.
    pub revision: u64,
    /// The revision up to which a test has read it.
    pub read: u64,
}

impl View {
    /// A field of the app's own, or nothing.
    pub fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Json::as_str).unwrap_or_default()
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Json] {
        self.body.get("blocks").and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    /// As in answers and payloads, with what was filled in.
    /// Source: <https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload>
    pub(super) fn api(&self, world: &World, state: &Json) -> Json {
        let mut out = self.body.clone();
        let fill = |out: &mut Json, key: &str, value: Json| {
            if out.get(key).is_none() {
                out[key] = value;
            }
        };
        for (key, value) in [
            ("private_metadata", json!("")),
            ("callback_id", json!("")),
            ("clear_on_close", json!(false)),
            ("notify_on_close", json!(false)),
            ("close", Json::Null),
            ("submit", Json::Null),
            ("external_id", json!("")),
        ] {
            fill(&mut out, key, value);
        }
        out["id"] = json!(self.id);
        out["team_id"] = json!(world.team.id);
        out["state"] = json!({ "values": state });
        out["hash"] = json!(self.hash);
        out["previous_view_id"] = json!(self.previous_id);
        out["root_view_id"] = json!(self.root_id);
        out["app_id"] = json!(world.bot.app_id);
        out["app_installed_team_id"] = json!(world.team.id);
        out["bot_id"] = json!(world.bot.bot_id);
        out
    }
}

/// What Slack itself tells a person, for example that the app did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whom.
    pub user: String,
    /// The words.
    pub text: String,
    pub(super) read: bool,
}

/// Opens a view, once, soon after somebody did something.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub user: String,
    pub until: Instant,
    /// The view it was done in.
    pub view: Option<String>,
}

/// What a `response_url` leads to.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub user: String,
    pub channel: String,
    /// The message with the button, and whether only `user` sees it.
    pub message: Option<(Ts, bool)>,
    pub thread: Option<Ts>,
    pub uses: u8,
    pub until: Instant,
}

/// A message that one person sees.
#[derive(Clone, Debug)]
pub(super) struct Ephemeral {
    pub channel: String,
    pub message: Message,
}

/// What the local Slack knows.
pub(super) struct State {
    pub world: World,
    pub ephemerals: VecDeque<Ephemeral>,
    /// By person; the topmost last.
    pub views: BTreeMap<String, Vec<View>>,
    pub homes: BTreeMap<String, Json>,
    pub triggers: HashMap<String, Trigger>,
    pub hooks: HashMap<String, Hook>,
    pub uploads: BTreeMap<String, Upload>,
    pub notices: Vec<Notice>,
    pub rates: Rates,
    /// Methods that answer with this error: for all, or for so many calls.
    pub refusals: HashMap<String, (String, u64)>,
    /// What everything is answered with that is asked with the bot's token.
    pub bot_refused: Option<String>,
    last_ts: Ts,
    last_id: u64,
    revision: u64,
}

impl State {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            ephemerals: VecDeque::new(),
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            triggers: HashMap::new(),
            hooks: HashMap::new(),
            uploads: BTreeMap::new(),
            notices: Vec::new(),
            rates: Rates::default(),
            refusals: HashMap::new(),
            bot_refused: None,
            last_ts: Ts::default(),
            last_id: 0,
            revision: 0,
        }
    }

    /// The time now, or as little later as makes it the only one.
    pub(super) fn next_ts(&mut self, now: Instant) -> Ts {
        let now = Ts::from_micros(u64::try_from(now.timestamp_micros()).unwrap_or_default());
        self.last_ts = now.max(Ts::from_micros(self.last_ts.micros() + 1));
        self.last_ts
    }

    /// An id that nothing else has.
    pub(super) fn next_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{:09}", self.next_number())
    }

    /// A number that nothing else has.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The revision of the change that is being made.
    pub(super) fn touch(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// Everything up to now.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Adds a message that only `message.only_for` sees.
    pub(super) fn add_ephemeral(&mut self, channel: &str, message: Message, keep: usize) {
        self.ephemerals.push_back(Ephemeral { channel: channel.to_owned(), message });
        while self.ephemerals.len() > keep {
            self.ephemerals.pop_front();
        }
    }

    pub(super) fn ephemeral_mut(&mut self, user: &str, channel: &str, ts: Ts) -> Option<&mut Message> {
        let is_it = |one: &&mut Ephemeral| {
            one.channel == channel && one.message.ts == ts && one.message.only_for.as_deref() == Some(user)
        };
        self.ephemerals.iter_mut().find(is_it).map(|one| &mut one.message)
    }

    pub(super) fn remove_ephemeral(&mut self, user: &str, channel: &str, ts: Ts) -> bool {
        let before = self.ephemerals.len();
        self.ephemerals.retain(|one| {
            one.channel != channel || one.message.ts != ts || one.message.only_for.as_deref() != Some(user)
        });
        self.ephemerals.len() < before
    }

    /// The message with this id, if `user` sees it; their own ephemeral ones too.
    pub(super) fn visible(&self, user: &str, channel: &str, ts: Ts) -> Option<&Message> {
        let room = self.world.channels.get(channel)?;
        if !room.members.contains(user) {
            return None;
        }
        room.message(ts).or_else(|| {
            self.ephemerals
                .iter()
                .find(|one| {
                    one.channel == channel
                        && one.message.ts == ts
                        && one.message.only_for.as_deref() == Some(user)
                })
                .map(|one| &one.message)
        })
    }

    pub(super) fn view(&self, id: &str) -> Option<&View> {
        self.views.values().flatten().find(|view| view.id == id)
    }

    pub(super) fn view_mut(&mut self, id: &str) -> Option<&mut View> {
        self.views.values_mut().flatten().find(|view| view.id == id)
    }

    /// A new trigger for `user`. Old ones are forgotten on the way.
    pub(super) fn trigger(&mut self, user: &str, now: Instant, until: Instant, view: Option<&str>) -> String {
        self.triggers.retain(|_, trigger| trigger.until > now - chrono::TimeDelta::minutes(1));
        let id = format!("{}.{}", self.next_ts(now).micros(), self.next_id("trigger-"));
        let trigger = Trigger { user: user.to_owned(), until, view: view.map(str::to_owned) };
        self.triggers.insert(id.clone(), trigger);
        id
    }
}
