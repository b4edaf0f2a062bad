//! People and bots, as `users.info` shows them.

use serde_json::{Value as Json, json};

/// What somebody is to the sandbox's story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Such as `developer`.
    pub name: String,
    /// What to try as this person.
    pub hint: String,
}

/// An account in an enterprise, which has several workspaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `W…` or `U…`.
    pub id: String,
    /// `E…`.
    pub enterprise: String,
    /// The workspaces that it is in.
    pub teams: Vec<String>,
}

/// A person, or a bot's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `U…`, or `W…` in an enterprise.
    pub id: String,
    /// Their own workspace.
    pub team_id: String,
    /// As in `@name`.
    pub name: String,
    /// The full name.
    pub real_name: String,
    /// None for bots, and for people of other companies.
    pub email: Option<String>,
    /// Seconds east of UTC.
    pub tz_offset: i32,
    /// Such as `Europe/Lisbon`.
    pub tz: String,
    /// No longer active.
    pub deleted: bool,
    /// A bot's user.
    pub is_bot: bool,
    /// A guest.
    pub is_restricted: bool,
    /// A guest in one channel only.
    pub is_ultra_restricted: bool,
    /// Of another company, over Slack Connect.
    pub is_stranger: bool,
    /// An administrator of the workspace.
    pub is_admin: bool,
    /// The account, in an enterprise.
    pub account: Option<Account>,
    /// For a bot's user: `B…` and `A…`.
    pub bot: Option<(String, String)>,
    /// Who it is on the sandbox's page; empty for those one cannot be.
    pub role: Role,
}

impl Person {
    /// A full member of the workspace.
    pub fn member(id: &str, team: &str, name: &str, real_name: &str) -> Self {
        Self {
            id: id.to_owned(),
            team_id: team.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: Some(format!("{name}@acme.example")),
            tz_offset: 0,
            tz: "Europe/Lisbon".to_owned(),
            deleted: false,
            is_bot: false,
            is_restricted: false,
            is_ultra_restricted: false,
            is_stranger: false,
            is_admin: false,
            account: None,
            bot: None,
            role: Role::default(),
        }
    }

    /// The user of an app.
    pub fn bot_user(id: &str, team: &str, name: &str, bot_id: &str, app_id: &str) -> Self {
        Self {
            email: None,
            is_bot: true,
            bot: Some((bot_id.to_owned(), app_id.to_owned())),
            ..Self::member(id, team, name, name)
        }
    }

    /// As in the answer of `users.info`. Slack leaves most flags out for deactivated people.
    /// Source: <https://docs.slack.dev/reference/objects/user-object>
    pub fn api(&self) -> Json {
        let mut profile = json!({
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "avatar_hash": "g0000000000",
            "title": "",
            "phone": "",
            "team": self.team_id,
        });
        if let Some(email) = &self.email {
            profile["email"] = json!(email);
        }
        let mut user = json!({
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": false,
            "updated": 1_700_000_000,
        });
        if let Some((bot_id, app_id)) = &self.bot {
            user["profile"]["bot_id"] = json!(bot_id);
            user["profile"]["api_app_id"] = json!(app_id);
        }
        if !self.deleted {
            user["color"] = json!("9f69e7");
            user["real_name"] = json!(self.real_name);
            user["tz"] = json!(self.tz);
            user["tz_label"] = json!(self.tz);
            user["tz_offset"] = json!(self.tz_offset);
            user["is_admin"] = json!(self.is_admin);
            user["is_owner"] = json!(false);
            user["is_primary_owner"] = json!(false);
            user["is_restricted"] = json!(self.is_restricted);
            user["is_ultra_restricted"] = json!(self.is_ultra_restricted);
            user["is_email_confirmed"] = json!(self.email.is_some());
        }
        if self.is_stranger {
            user["is_stranger"] = json!(true);
        }
        if let Some(account) = &self.account {
            user["enterprise_user"] = json!({
                "id": account.id, "enterprise_id": account.enterprise, "enterprise_name": "Enterprise",
                "is_admin": false, "is_owner": false, "is_primary_owner": false, "teams": account.teams,
            });
        }
        user
    }
}
