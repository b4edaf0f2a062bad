//! Who we are, who people are, and what a conversation is.

use std::collections::HashMap;
use std::sync::PoisonError;

use chrono::TimeDelta;
use hubcommander_sdk::people::{Conversation, Person, PersonId, Standing};
use serde::{Deserialize, Serialize};
use url::Url;

use super::call::{Nature, Who};
use super::error::SlackError;
use super::method::Method;
use super::{Me, TicketUrl, Web};

/// Slack's own bot, which does not say that it is one.
const SLACKBOT: &str = "USLACKBOT";
/// How long a direct conversation is remembered, in hours, and how many of them.
const DIRECT_HOURS: i64 = 12;
const DIRECTS: usize = 10_000;

/// A conversation as Slack describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationInfo {
    /// Its id.
    pub id: String,
    /// What kind it is.
    pub kind: Conversation,
    /// Whether people of other companies read along, or are invited to (Slack Connect).
    pub shared: bool,
    /// Whether the bot is in it.
    pub is_member: bool,
    /// Its name without `#`, where it has one.
    pub name: Option<String>,
    /// Whether it is closed for good.
    pub archived: bool,
    /// Whom it is with, where it is between one person and the bot.
    pub with: Option<String>,
}

/// A user group as Slack lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct UserGroup {
    /// `S…`
    pub id: String,
    /// As in `@handle`, without the mark.
    #[serde(default)]
    pub handle: String,
    /// Who is in it, by the ids that Slack lists; `None` where it does not say.
    pub users: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct GroupsAnswer {
    usergroups: Vec<UserGroup>,
}

#[derive(Deserialize)]
struct Opened {
    url: Url,
}

#[derive(Deserialize)]
struct DirectOpened {
    channel: DirectChannel,
}

#[derive(Deserialize)]
struct DirectChannel {
    id: String,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: RawUser,
}

/// `users.info`. A field that is absent counts as the more careful of its values where it matters.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawUser {
    id: String,
    team_id: Option<String>,
    deleted: bool,
    name: Option<String>,
    real_name: Option<String>,
    tz_offset: Option<i32>,
    is_bot: bool,
    is_workflow_bot: bool,
    is_restricted: bool,
    is_ultra_restricted: bool,
    is_stranger: bool,
    profile: RawProfile,
    enterprise_user: Option<RawEnterpriseUser>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawProfile {
    display_name: Option<String>,
    real_name: Option<String>,
    email: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEnterpriseUser {
    id: Option<String>,
    enterprise_id: Option<String>,
    teams: Vec<String>,
}

#[derive(Deserialize)]
struct ChannelAnswer {
    channel: RawChannel,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawChannel {
    id: String,
    name: Option<String>,
    user: Option<String>,
    is_im: bool,
    is_mpim: bool,
    is_group: bool,
    is_private: bool,
    is_shared: bool,
    is_ext_shared: bool,
    is_org_shared: bool,
    is_pending_ext_shared: bool,
    is_member: Option<bool>,
    is_archived: bool,
}

impl Web {
    /// Asks Slack who we are.
    ///
    /// # Errors
    /// As Slack says: for example `invalid_auth`.
    pub async fn auth_test(&self) -> Result<Me, SlackError> {
        let me = self.ask_who_we_are().await?;
        // The first answer stays; tokens do not change while we run.
        let _ = self.inner.me.set(me.clone());
        Ok(me)
    }

    /// Who we are, asked once.
    ///
    /// # Errors
    /// As [`Web::auth_test`].
    pub async fn me(&self) -> Result<&Me, SlackError> {
        self.inner.me.get_or_try_init(|| self.ask_who_we_are()).await
    }

    async fn ask_who_we_are(&self) -> Result<Me, SlackError> {
        let body = serde_json::json!({});
        let call = || self.send::<_, Me>(Method::AuthTest, Who::Bot, &body);
        self.again(Method::AuthTest, None, Nature::Reads, call).await
    }

    /// Asks for the address of one WebSocket. Tried once: who keeps the connections decides how to go on.
    ///
    /// # Errors
    /// All of [`SlackError`].
    pub async fn open_connection(&self) -> Result<TicketUrl, SlackError> {
        let body = serde_json::json!({});
        let opened: Opened = self.send(Method::ConnectionsOpen, Who::App, &body).await?;
        Ok(TicketUrl(opened.url))
    }

    /// The direct conversation with a person, opened if need be. Remembered for some hours.
    ///
    /// # Errors
    /// As Slack says: for example `user_not_found`.
    pub async fn direct(&self, user: &str) -> Result<String, SlackError> {
        #[derive(Serialize)]
        struct With<'a> {
            users: &'a str,
        }
        let now = self.inner.clock.now();
        {
            let directs = self.inner.directs.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((channel, until)) = directs.get(user)
                && *until > now
            {
                return Ok(channel.clone());
            }
        }
        let body = With { users: user };
        let call = || self.send::<_, DirectOpened>(Method::ConversationsOpen, Who::Bot, &body);
        let opened = self.again(Method::ConversationsOpen, None, Nature::Repeats, call).await?;
        let mut directs = self.inner.directs.lock().unwrap_or_else(PoisonError::into_inner);
        if directs.len() >= DIRECTS {
            directs.retain(|_, (_, until)| *until > now);
        }
        if directs.len() >= DIRECTS {
            *directs = HashMap::new();
        }
        let until = now + TimeDelta::hours(DIRECT_HOURS);
        directs.insert(user.to_owned(), (opened.channel.id.clone(), until));
        Ok(opened.channel.id)
    }

    /// Asks Slack who somebody is.
    ///
    /// # Errors
    /// As Slack says: for example `user_not_found`.
    pub async fn person(&self, user: &str) -> Result<Person, SlackError> {
        let me = self.me().await?;
        let answer: UserAnswer = self.read(Method::UsersInfo, &[("user", Some(user.to_owned()))]).await?;
        if answer.user.id != user {
            return Err(SlackError::Unavailable {
                log: "users.info answered about somebody else".to_owned(),
            });
        }
        Ok(sort_person(answer.user, me))
    }

    /// Asks Slack who has this e-mail address. `None` if nobody has.
    ///
    /// # Errors
    /// As Slack says: for example `missing_scope`.
    pub async fn person_by_email(&self, email: &str) -> Result<Option<Person>, SlackError> {
        let me = self.me().await?;
        let asked = [("email", Some(email.to_owned()))];
        let answer: UserAnswer = match self.read(Method::UsersLookup, &asked).await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("users_not_found") => return Ok(None),
            Err(error) => return Err(error),
        };
        let person = sort_person(answer.user, me);
        // Slack does not look at the case; anything else is somebody else.
        let same = person.email.as_ref().is_some_and(|known| known.to_lowercase() == email.to_lowercase());
        Ok(same.then_some(person))
    }

    /// Asks Slack which user groups there are, and who is in them. Those that are switched off are not among them.
    ///
    /// # Errors
    /// As Slack says: for example `missing_scope`.
    pub async fn user_groups(&self) -> Result<Vec<UserGroup>, SlackError> {
        let me = self.me().await?;
        let mut parameters = vec![("include_users", Some("true".to_owned()))];
        if me.enterprise_id.is_some() {
            parameters.push(("team_id", Some(me.team_id.clone())));
        }
        let answer: GroupsAnswer = self.read(Method::UsergroupsList, &parameters).await?;
        Ok(answer.usergroups)
    }

    /// Asks Slack what a conversation is.
    ///
    /// # Errors
    /// As Slack says: for example `channel_not_found`, also where the bot is no member of a private one.
    pub async fn conversation(&self, channel: &str) -> Result<ConversationInfo, SlackError> {
        let parameters = [("channel", Some(channel.to_owned()))];
        let answer: ChannelAnswer = self.read(Method::ConversationsInfo, &parameters).await?;
        Ok(sort_channel(answer.channel))
    }
}

/// Ours is who belongs to our workspace: by `team_id`, or, in an enterprise, where one account has several
/// workspaces, by the list of them. So is who belongs to another workspace of our enterprise, whom Slack calls
/// a stranger where they share no channel with us. Who says nothing is a stranger.
fn sort_person(user: RawUser, me: &Me) -> Person {
    let account = user.enterprise_user.as_ref();
    let in_enterprise = |id: &str| {
        let theirs = account.and_then(|account| account.enterprise_id.as_deref());
        !id.is_empty() && theirs == Some(id)
    };
    let in_workspace = user.team_id.as_deref() == Some(&me.team_id)
        || account.is_some_and(|account| account.teams.contains(&me.team_id));
    let ours = me.enterprise_id.as_deref().is_some_and(in_enterprise) || (!user.is_stranger && in_workspace);
    let standing = if user.deleted {
        Standing::Deactivated
    } else if user.is_bot || user.is_workflow_bot || user.id == SLACKBOT {
        Standing::Bot
    } else if !ours {
        Standing::Stranger
    } else if user.is_ultra_restricted {
        Standing::SingleChannelGuest
    } else if user.is_restricted {
        Standing::Guest
    } else {
        Standing::Member
    };
    let team = if ours { me.team_id.clone() } else { user.team_id.unwrap_or_default() };
    // In an enterprise the account's id stays when the person moves between workspaces.
    let account = user.enterprise_user.and_then(|account| account.id).filter(|id| !id.is_empty());
    let said = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
    let name = said(user.profile.display_name)
        .or_else(|| said(user.profile.real_name))
        .or_else(|| said(user.real_name))
        .or_else(|| said(user.name))
        .unwrap_or_else(|| user.id.clone());
    Person {
        id: PersonId { team, user: account.unwrap_or(user.id) },
        standing,
        name,
        email: said(user.profile.email),
        tz_offset: user.tz_offset,
    }
}

/// In doubt a conversation is private, and is read by others.
fn sort_channel(channel: RawChannel) -> ConversationInfo {
    let kind = if channel.is_im {
        Conversation::Direct
    } else if channel.is_mpim {
        Conversation::Group
    } else if channel.is_private || channel.is_group {
        Conversation::Private
    } else {
        Conversation::Public
    };
    let shared = channel.is_ext_shared
        || channel.is_pending_ext_shared
        || (channel.is_shared && !channel.is_org_shared);
    ConversationInfo {
        id: channel.id,
        kind,
        shared,
        // Direct conversations do not say it: one is in what one can see of them.
        is_member: channel.is_member.unwrap_or(channel.is_im || channel.is_mpim),
        name: channel.name,
        archived: channel.is_archived,
        with: channel.user.filter(|_| channel.is_im),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn me() -> Me {
        Me {
            team_id: "T0ACME".into(),
            user_id: "U0HUB".into(),
            bot_id: Some("B0HUB".into()),
            enterprise_id: None,
            url: "https://acme.slack.com/".into(),
        }
    }

    fn standing(user: serde_json::Value) -> Standing {
        sort_person(serde_json::from_value(user).unwrap(), &me()).standing
    }

    #[test]
    fn people_of_the_same_enterprise_are_ours_whatever_their_workspace() {
        let standing = |enterprise: Option<&str>, flags: serde_json::Value| {
            let mut user = json!({
                "id": "W1", "team_id": "T0WEST",
                "enterprise_user": {"id": "W1", "enterprise_id": "E0ACME", "teams": ["T0WEST"]},
            });
            user.as_object_mut().unwrap().extend(flags.as_object().unwrap().clone());
            let me = Me { enterprise_id: enterprise.map(str::to_owned), ..me() };
            sort_person(serde_json::from_value(user).unwrap(), &me).standing
        };
        for (flags, expected) in [
            (json!({}), Standing::Member),
            (json!({"is_stranger": true}), Standing::Member),
            (json!({"is_restricted": true}), Standing::Guest),
            (json!({"is_restricted": true, "is_ultra_restricted": true}), Standing::SingleChannelGuest),
            (json!({"deleted": true}), Standing::Deactivated),
            (json!({"is_bot": true}), Standing::Bot),
        ] {
            assert_eq!(standing(Some("E0ACME"), flags.clone()), expected, "{flags}");
        }
        // Another enterprise, one that nobody names, and a workspace that is in none.
        for other in [Some("E0OTHER"), Some(""), None] {
            assert_eq!(standing(other, json!({})), Standing::Stranger, "{other:?}");
        }
        let nameless = json!({"enterprise_user": {"id": "W1", "enterprise_id": "", "teams": []}});
        assert_eq!(standing(Some(""), nameless), Standing::Stranger);
    }

    #[test]
    fn what_people_are_to_the_workspace() {
        for (flags, expected) in [
            (json!({"id": "U1", "team_id": "T0ACME"}), Standing::Member),
            (json!({"id": "U1", "team_id": "T0ACME", "is_restricted": true}), Standing::Guest),
            (
                json!({"id": "U1", "team_id": "T0ACME", "is_restricted": true, "is_ultra_restricted": true}),
                Standing::SingleChannelGuest,
            ),
            (json!({"id": "U1", "team_id": "T0ACME", "deleted": true}), Standing::Deactivated),
            (json!({"id": "U1", "team_id": "T0ACME", "is_bot": true}), Standing::Bot),
            (json!({"id": "USLACKBOT", "team_id": "T0ACME", "is_bot": false}), Standing::Bot),
            (json!({"id": "U1", "team_id": "T0OTHER"}), Standing::Stranger),
            (json!({"id": "U1", "team_id": "T0ACME", "is_stranger": true}), Standing::Stranger),
            (json!({"id": "U1"}), Standing::Stranger),
            (
                json!({"id": "U1", "team_id": "T0OTHER", "enterprise_user": {"id": "W1", "teams": ["T0ACME"]}}),
                Standing::Member,
            ),
            (
                json!({"id": "U1", "team_id": "T0OTHER", "enterprise_user": {"id": "W1", "teams": ["T0X"]}}),
                Standing::Stranger,
            ),
        ] {
            assert_eq!(standing(flags.clone()), expected, "{flags}");
        }
    }

    #[test]
    fn people_are_known_by_team_and_account_and_called_what_they_like() {
        let user = json!({
            "id": "U1", "team_id": "T0OTHER", "name": "ana", "tz_offset": -3600,
            "profile": {"display_name": " ", "real_name": "Ana Lima", "email": "ana@acme.example"},
            "enterprise_user": {"id": "W1", "teams": ["T0ACME"]},
        });
        let person = sort_person(serde_json::from_value(user).unwrap(), &me());
        assert_eq!(person.id, PersonId { team: "T0ACME".into(), user: "W1".into() });
        assert_eq!((person.name.as_str(), person.tz_offset), ("Ana Lima", Some(-3600)));
        let stranger =
            sort_person(serde_json::from_value(json!({"id": "U0STR", "team_id": "T0OTHER"})).unwrap(), &me());
        assert_eq!(stranger.id.team, "T0OTHER");
        assert_eq!(stranger.name, "U0STR");
    }

    #[test]
    fn what_a_conversation_is() {
        for (flags, kind, shared, member) in [
            (json!({"is_channel": true, "is_member": true}), Conversation::Public, false, true),
            (json!({"is_channel": true, "is_private": true}), Conversation::Private, false, false),
            (json!({"is_group": true, "is_member": true}), Conversation::Private, false, true),
            (json!({"is_im": true, "user": "U0ANA"}), Conversation::Direct, false, true),
            (json!({"is_mpim": true, "is_private": true}), Conversation::Group, false, true),
            (json!({"is_ext_shared": true, "is_shared": true}), Conversation::Public, true, false),
            (json!({"is_shared": true, "is_org_shared": true}), Conversation::Public, false, false),
            (json!({"is_shared": true}), Conversation::Public, true, false),
            (json!({"is_pending_ext_shared": true}), Conversation::Public, true, false),
        ] {
            let info = sort_channel(serde_json::from_value(flags.clone()).unwrap());
            assert_eq!((info.kind, info.shared, info.is_member), (kind, shared, member), "{flags}");
        }
    }
}
