//! `!ListTeams`: the teams of an organisation.

use async_trait::async_trait;
use hubcommander_github::Team;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::text::Text;

use super::{GROUP, People, org};
use crate::github::suggest;

/// The most rows that are shown: Slack's table takes 100 with its header.
const MOST: usize = 90;

/// The command.
pub struct ListTeams {
    spec: CommandSpec,
    people: People,
}

impl ListTeams {
    /// The command.
    #[must_use]
    pub fn new(people: &People) -> Self {
        let spec = CommandSpec::new("ListTeams", GROUP, "Lists the teams of an organisation")
            .arg(org())
            .arg(ArgSpec::option("like", ArgKind::Text, "only those with this in their name"))
            .example("!ListTeams acme")
            .example("!ListTeams acme --like sec");
        Self { spec, people: people.clone() }
    }
}

fn row(team: &Team) -> Vec<Text> {
    let seen_by = match team.privacy.as_deref() {
        Some("secret") => "its members",
        Some(_) => "all members",
        None => "",
    };
    vec![
        Text::new().code(&team.slug),
        team.name.as_str().into(),
        seen_by.into(),
        team.parent.as_ref().map_or("", |parent| &parent.slug).into(),
        team.description.as_deref().unwrap_or_default().into(),
    ]
}

#[async_trait]
impl Command for ListTeams {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.people.orgs, args)?;
        let listing = self.people.reader.teams(&org.name).await?;
        let complete = listing.complete;
        let mut teams = listing.items;
        let like = args.text("like").map(str::to_lowercase);
        if let Some(like) = &like {
            let holds = |word: &str| word.to_lowercase().contains(like.as_str());
            teams.retain(|team| holds(&team.slug) || holds(&team.name));
        }
        teams.sort_by(|one, other| one.slug.cmp(&other.slug));
        let such = if like.is_some() { " of that name" } else { "" };
        let more = if complete { "" } else { "at least " };
        let message = match teams.len() {
            0 => {
                let none = format!("{} has no team{such} that I can see.", org.name);
                return Ok(Prepared::Reply(Message::new(none)));
            }
            1 => Message::new(format!("{} has one team{such}.", org.name)),
            n if n > MOST => {
                Message::new(format!("{} has {more}{n} teams{such}; these are the first {MOST}.", org.name))
                    .line(Text::new().code("--like").plain(" narrows it down."))
            }
            n => Message::new(format!("{} has {more}{n} teams{such}.", org.name)),
        };
        let header = ["Team", "Name", "Seen by", "Belongs to", "About"].map(str::to_owned).to_vec();
        let rows = teams.iter().take(MOST).map(row).collect();
        Ok(Prepared::Reply(message.part(Part::Table { header, rows })))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}
