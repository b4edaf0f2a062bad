//! `!History`: what was done, by whom, and how it ended.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;
use std::sync::Arc;

use super::unread;
use crate::invocation::{Invocation, State, Via};
use crate::store::{HistoryFilter, Shelf, person_resource};

/// How many are shown if nobody says, and at most.
const USUALLY: i64 = 20;
const MOST: i64 = 90;

/// The command.
pub struct History {
    spec: CommandSpec,
    shelf: Shelf,
    orgs: Arc<Orgs>,
}

impl History {
    /// The command over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf, orgs: Arc<Orgs>) -> Self {
        let spec =
            CommandSpec::new("History", "What was done", "Lists what was done, by whom, and how it ended")
                .arg(
                    ArgSpec::positional(
                        "about",
                        ArgKind::Text,
                        "an organisation, a repository as owner/repo, or a person by mention",
                    )
                    .optional(),
                )
                .arg(ArgSpec::option("limit", ArgKind::Number, "how many, 20 if left out"))
                .arg(ArgSpec::option("before", ArgKind::Text, "only those before this id"))
                .example("!History")
                .example("!History acme/website --limit 5");
        Self { spec, shelf, orgs }
    }

    /// What is asked for, as the store finds it.
    fn resource(&self, about: &str) -> Result<String, Refusal> {
        if let Some(user) = about.strip_prefix('@') {
            return Ok(person_resource(user));
        }
        let (owner, repository) = match about.split_once('/') {
            Some((owner, repository)) => (owner, Some(repository)),
            None => (about, None),
        };
        let Some(org) = self.orgs.find(owner) else {
            return Err(Refusal::new(
                Text::new()
                    .code(about)
                    .plain(" is neither an organisation that I manage, nor a repository, nor a person."),
                Text::new()
                    .plain("Write ")
                    .code("acme")
                    .plain(", ")
                    .code("acme/website")
                    .plain(", or mention a person."),
            ));
        };
        let org = org.name.to_lowercase();
        Ok(match repository {
            Some(repository) => format!("github:{org}/{}", repository.to_lowercase()),
            None => format!("github:{org}"),
        })
    }
}

fn row(known: &Invocation) -> Vec<Text> {
    let who = match known.origin.via {
        Via::Due => "when it was due".into(),
        _ => Text::new().person(&known.origin.person.user),
    };
    let what = known.plan.as_ref().map(|plan| plan.title.todo.clone()).unwrap_or_default();
    vec![Text::new().time(known.received_at), who, what, how(known.state).into(), Text::new().code(&known.id)]
}

fn how(state: State) -> &'static str {
    match state {
        State::Done => "done",
        State::Partial => "in part",
        State::Failed => "not done",
        State::Cancelled => "cancelled",
        State::Expired => "not confirmed in time",
        State::Denied => "refused",
        State::Waiting | State::Planned => "waiting",
        State::Received | State::Running => "being done",
        State::Answered => "answered",
    }
}

#[async_trait]
impl Command for History {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let limit = args.number("limit").unwrap_or(USUALLY);
        if !(1..=MOST).contains(&limit) {
            return Err(Refusal::new(
                Text::new().code("--limit").plain(format!(" goes from 1 to {MOST}.")),
                "Ask for what comes before with --before and the last id.",
            ));
        }
        let limit = u32::try_from(limit).unwrap_or(1);
        let filter = HistoryFilter {
            resource: args.text("about").map(|about| self.resource(about)).transpose()?,
            before: args.text("before").map(str::to_owned),
        };
        let store = self.shelf.get().map_err(unread)?;
        // One more, to know whether there is more.
        let mut found = store.history(&filter, limit + 1).await.map_err(unread)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let about = args.text("about").map(|about| format!(" about {about}")).unwrap_or_default();
        if found.is_empty() {
            return Ok(Prepared::Reply(Message::new(format!("Nothing was done yet{about}."))));
        }
        let headline = match found.len() {
            1 if more => format!("The last thing that was done{about}."),
            1 => format!("One thing was done{about}."),
            n if more => format!("The last {n} things that were done{about}."),
            n => format!("{n} things were done{about}."),
        };
        let header = ["When", "Who", "What", "How it ended", "Id"].map(str::to_owned).to_vec();
        let rows = found.iter().map(row).collect();
        let message = Message::new(headline).part(Part::Table { header, rows });
        let message = match found.last().filter(|_| more) {
            Some(last) => message
                .line(Text::new().plain("For those before: ").code(format!("!History --before {}", last.id))),
            None => message,
        };
        Ok(Prepared::Reply(message))
    }
}
