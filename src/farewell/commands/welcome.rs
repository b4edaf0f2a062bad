//! Offers somebody who is back their account again, and what they were let go from. By direct message, once.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::Standing;
use hubcommander_sdk::text::Text;
use serde_json::Value as Json;

use super::farewells::press;
use super::{DUE, FAREWELL, WELCOME};
use crate::farewell::{Farewells, unread};
use crate::invocation::StepState;
use crate::store::{HistoryFilter, person_resource};

/// How far back the farewell is looked for.
const LOOK_BACK: u32 = 50;

/// How many organisations are offered at most: a message takes so many buttons.
const MOST: usize = 20;

pub(super) struct Welcome {
    spec: CommandSpec,
    farewells: Farewells,
}

impl Welcome {
    pub fn new(farewells: Farewells) -> Self {
        let spec = CommandSpec::new(WELCOME, DUE, "Offers somebody who is back their account again")
            .example("!WelcomeBack")
            .audience(Audience::Person)
            .only_when_due();
        Self { spec, farewells }
    }

    /// The organisations that somebody was taken out of when they were let go last.
    async fn let_go_from(&self, user: &str) -> Result<BTreeSet<String>, Refusal> {
        let store = self.farewells.store().map_err(unread)?;
        let filter = HistoryFilter { resource: Some(person_resource(user)), before: None };
        let mut orgs = BTreeSet::new();
        for known in store.history(&filter, LOOK_BACK).await.map_err(unread)? {
            if known.command.as_deref() != Some(FAREWELL) {
                continue;
            }
            for step in store.steps(&known.id).await.map_err(unread)? {
                let plan = known.plan.iter().flat_map(|plan| &plan.steps).find(|one| one.id == step.step);
                let removed = plan.is_some_and(|one| one.operation.kind == "github.remove_member");
                let applied = step.applied.as_ref().filter(|_| removed && step.state == StepState::Done);
                let org = applied.and_then(|applied| applied.output.get("org")).and_then(Json::as_str);
                orgs.extend(org.map(str::to_owned));
            }
        }
        let managed = |org: &String| self.farewells.around().orgs.find(org).is_some();
        Ok(orgs.into_iter().filter(managed).collect())
    }
}

#[async_trait]
impl Command for Welcome {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let nothing = Ok(Prepared::Reply(Message::default()));
        let user = &request.person.id.user;
        let links = &self.farewells.around().links;
        let Some(former) = links.former_of(user).await.map_err(unread)? else { return nothing };
        if request.person.standing == Standing::Deactivated {
            return nothing;
        }
        let mut message = Message::new("Welcome back.").line(
            Text::new()
                .plain("When you left, your account at GitHub was ")
                .code(&former.login)
                .plain(". If it still is, link it again; then you can invite yourself to where you were."),
        );
        let orgs = self.let_go_from(user).await?;
        if !orgs.is_empty() {
            let orgs: Vec<&str> = orgs.iter().map(String::as_str).collect();
            message = message.line(format!("You were let go from {}.", orgs.join(", ")));
        }
        message = message.button(press("Link my account", "LinkGitHub".to_owned()));
        for org in orgs.iter().take(MOST) {
            message = message.button(press(&format!("Join {org}"), format!("InviteMe {org}")));
        }
        Ok(Prepared::Reply(message))
    }
}
