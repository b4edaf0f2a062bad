//! The workspace as a state model: who is there, which conversations there are, what was said.

mod acme;
mod channel;
mod message;
mod person;
mod ts;

use std::collections::BTreeMap;

pub use channel::{Channel, ChannelKind};
pub use message::{Edited, Message, Reaction};
pub use person::{Account, Person, Role};
pub use ts::Ts;

/// The company's workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// `T…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The part of its address before `.slack.com`.
    pub domain: String,
    /// The enterprise that it belongs to (`E…`), if to one.
    pub enterprise: Option<String>,
}

/// The app that is under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// Its user, `U…`.
    pub user_id: String,
    /// `B…`.
    pub bot_id: String,
    /// `A…`.
    pub app_id: String,
    /// Its name, as in `@name`.
    pub name: String,
    /// The slash command it registered, with the slash.
    pub command: String,
}

/// A group of people that can be mentioned together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    /// `S…`.
    pub id: String,
    /// As in `@handle`.
    pub handle: String,
    /// Its name.
    pub name: String,
    /// Its people, by id.
    pub users: Vec<String>,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct World {
    /// The company.
    pub team: Team,
    /// The app under test.
    pub bot: Bot,
    /// Everybody, by id, bots too.
    pub people: BTreeMap<String, Person>,
    /// Every conversation, by id.
    pub channels: BTreeMap<String, Channel>,
    /// The groups.
    pub usergroups: Vec<UserGroup>,
}

impl World {
    /// The person who is called `name`.
    pub fn person_named(&self, name: &str) -> Option<&Person> {
        self.people.values().find(|person| person.name.eq_ignore_ascii_case(name))
    }

    /// The channel that is called `name`, without `#`.
    pub fn channel_named(&self, name: &str) -> Option<&Channel> {
        self.channels.values().find(|channel| !channel.is_im() && channel.name == name)
    }

    /// What to call `user`: the name, or the id if there is nobody like that.
    pub fn name_of<'a>(&'a self, user: &'a str) -> &'a str {
        self.people.get(user).map_or(user, |person| person.name.as_str())
    }

    /// The direct conversation between the bot and `user`.
    pub fn im_with(&self, user: &str) -> Option<&Channel> {
        self.channels.values().find(|channel| channel.im_with.as_deref() == Some(user))
    }

    /// The direct conversation between the bot and `user`, opened if there is none yet.
    pub fn open_im(&mut self, user: &str) -> String {
        if let Some(channel) = self.im_with(user) {
            return channel.id.clone();
        }
        let id = format!("D0{}", user.trim_start_matches("U0"));
        let channel = Channel::im(&id, user, &self.bot.user_id);
        self.channels.insert(id.clone(), channel);
        id
    }

    /// Whether the bot is in `channel`.
    pub fn bot_is_in(&self, channel: &Channel) -> bool {
        channel.members.contains(&self.bot.user_id)
    }
}
