//! The plan of a farewell: one step for each thing that somebody has, side by side, and their link last.

mod keys;
mod organisation;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use hubcommander_github::grants;
use hubcommander_sdk::accounts::SetLinks;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::Lease;
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::Text;
use serde_json::Value as Json;

use super::end_sessions::EndSessions;
use super::who::Who;
use super::{Farewells, unread};

/// What became of looking at everything that somebody has.
pub(super) struct Drawn {
    /// The plan; without a step if there is nothing to do.
    pub plan: Plan,
    /// What is left where it is, and why; and how they are known.
    pub left: Vec<Text>,
}

impl Farewells {
    /// What letting somebody go comes to.
    pub(super) async fn draw(&self, who: &Who) -> Result<Drawn, Refusal> {
        let around = self.around();
        let mut left: Vec<Text> = Vec::new();
        let mut account = who.account.as_ref();
        if let Some(known) = account {
            let service = |org: &hubcommander_sdk::orgs::Org| {
                org.settings.service_accounts.iter().any(|name| name.eq_ignore_ascii_case(&known.login))
            };
            if around.orgs.iter().any(service) {
                let text = Text::new().code(&known.login);
                left.push(
                    text.plain(" is a service account by the configuration, and is left alone at GitHub."),
                );
                account = None;
            } else if around.github.is_ourselves(known.id).await? {
                let text = Text::new().code(&known.login);
                left.push(text.plain(" is this bot's own account, and is left alone at GitHub."));
                account = None;
            } else if let Some(how) = who.how {
                left.push(
                    Text::new().plain("Their account is ").code(&known.login).plain(format!(", {how}.")),
                );
            }
        }
        if let Some(login) = &who.vanished {
            left.push(Text::new().plain("The account ").code(login).plain(" is gone from GitHub."));
        }
        let mut plan = Plan::new(title(who));
        plan = self.leases(who, account.map(|account| account.id), plan).await?;
        let ended: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
        let ended: Vec<&str> = ended.iter().map(String::as_str).collect();
        let looks =
            around.orgs.iter().map(|org| organisation::look(&around.github, org, account, &who.emails));
        for there in join_all(looks).await {
            left.extend(there.left);
            for (id, operation) in there.operations {
                // What was lent is given back before everything is taken: else that would be found changed.
                plan = plan.step(&id, operation, &after(&ended, &id));
            }
        }
        if let Some(person) = &who.person {
            for key in self.keys_of(&person.user).await? {
                plan = plan.step(&format!("key-{}", key.id), key.operation(), &[]);
            }
        }
        if around.doors.any(who.person.as_ref(), &who.emails).await.map_err(unread)? {
            let end = EndSessions {
                person: who.person.clone(),
                emails: who.emails.clone(),
                shown: who.shown.clone(),
            };
            plan = plan.step("sessions", end.operation(), &[]);
        }
        if let Some(link) = &who.link {
            let change = SetLinks::let_go(link.clone());
            let all: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            plan = plan.step("link", change.operation(), &all).precondition(change.unchanged());
            plan.locks.extend(change.locks());
        }
        if let Some(person) = &who.person {
            plan = plan.lock(format!("person:{}", person.user.to_lowercase()));
        }
        if let Some(account) = account {
            plan = plan.lock(hubcommander_sdk::accounts::lock(account.id));
        }
        let no_account = who.account.is_none() && who.vanished.is_none();
        if no_account {
            left.push("No account at GitHub is known of them.".into());
        }
        plan.notes.clone_from(&left);
        Ok(Drawn { plan, left })
    }

    /// Their leases, and those that they asked for, end now.
    async fn leases(&self, who: &Who, account: Option<u64>, mut plan: Plan) -> Result<Plan, Refusal> {
        let store = self.store().map_err(unread)?;
        let mut ending: BTreeMap<String, Vec<Lease>> = BTreeMap::new();
        for lease in store.leases(None).await.map_err(unread)? {
            let asked = who.person.as_ref().is_some_and(|person| person.user == lease.by.user);
            if asked || (account.is_some() && holder(&lease) == account) {
                ending.entry(lease.holding.key.clone()).or_default().push(lease);
            }
        }
        for (key, leases) in ending {
            let (change, ends) = self.around().desk.ending_all(&leases).await?;
            let first = ends.first().map(|end| format!("{}-change", end.id)).unwrap_or_default();
            let mut after: Vec<&str> = Vec::new();
            if let Some(change) = change {
                plan = plan.step(&first, change, &[]);
                after.push(&first);
            }
            for end in ends {
                plan = plan.step(&end.id, end.operation(), &after);
            }
            plan = plan.lock(key);
        }
        Ok(plan)
    }
}

/// The account that holds what was lent; none for what a team holds.
fn holder(lease: &Lease) -> Option<u64> {
    grants::Collaborator::holder(&lease.holding)
        .or_else(|| lease.holding.subject.get("user")?.get("id").and_then(Json::as_u64))
}

/// An invitation, and a key, hang on no lease.
fn after<'a>(ended: &[&'a str], id: &str) -> Vec<&'a str> {
    if id.ends_with("-member") || id.ends_with("-outside") { ended.to_vec() } else { Vec::new() }
}

fn title(who: &Who) -> Title {
    let named = |before: &str, after: &str| {
        let text = Text::new().plain(before).then(who.shown.clone());
        let text = match &who.account {
            Some(account) => text.plain(" (").code(&account.login).plain(")"),
            None => text,
        };
        text.plain(after)
    };
    Title {
        todo: named("Farewell of ", ""),
        doing: named("Letting ", " go"),
        done: named("", " has been let go"),
    }
}

/// What steps would do, in words: for the word before.
pub(super) fn in_words(operations: &crate::registry::Operations, plan: &Plan) -> Vec<Text> {
    let words = |operation: &Operation| operations.handler(operation)?.describe(&operation.input).ok();
    plan.steps.iter().filter_map(|step| Some(words(&step.operation)?.what)).collect()
}
