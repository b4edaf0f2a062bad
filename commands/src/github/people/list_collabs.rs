//! `!ListCollabs`: who was given access to a repository directly, who was invited, and until when.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_github::grants::Collaborator as OnRepository;
use hubcommander_github::{Collaborator, Invitation};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::Lease;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::text::Text;

use super::{GROUP, People, org};
use crate::github::suggest;

/// The most rows that are shown: Slack's table takes 100 with its header.
const MOST: usize = 90;

/// The command.
pub struct ListCollabs {
    spec: CommandSpec,
    people: People,
}

impl ListCollabs {
    /// The command.
    #[must_use]
    pub fn new(people: &People) -> Self {
        let spec =
            CommandSpec::new("ListCollabs", GROUP, "Lists who was given access to a repository directly")
                .alias("ListCollaborators")
                .arg(org())
                .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
                .example("!ListCollabs acme website");
        Self { spec, people: people.clone() }
    }
}

/// How long ago, in words: "today", "3 days ago".
fn ago(then: Instant, now: Instant) -> String {
    match (now - then).num_days() {
        i64::MIN..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// Until when, by the leases that run: the last to end, and whether something stays then.
fn until(leases: &[&Lease]) -> Text {
    let Some(last) = leases.iter().max_by_key(|lease| lease.until) else { return Text::new() };
    let ends = Text::new().time(last.until);
    match &last.base {
        Some(base) => ends.plain(format!(", then {base}")),
        None => ends,
    }
}

fn reason(leases: &[&Lease]) -> Text {
    let said = leases.iter().filter_map(|lease| lease.reason.as_deref());
    said.collect::<Vec<_>>().join("; ").into()
}

struct Rows<'a> {
    leases: &'a [Lease],
    outside: BTreeSet<u64>,
    now: Instant,
}

impl Rows<'_> {
    fn leases_of(&self, user: u64) -> Vec<&Lease> {
        let theirs = |lease: &&Lease| OnRepository::holder(&lease.holding) == Some(user);
        self.leases.iter().filter(theirs).collect()
    }

    fn given(&self, one: &Collaborator) -> Vec<Text> {
        let leases = self.leases_of(one.user.id);
        let outside = self.outside.contains(&one.user.id);
        let level = one.level().unwrap_or_default();
        // GitHub tells the greatest of what a member has by all ways.
        let level = if outside { level } else { format!("at most {level}") };
        let who = if outside { "from outside" } else { "member" };
        let login = Text::new().link(&one.user.login, &one.user.html_url);
        vec![login, level.into(), who.into(), until(&leases), reason(&leases)]
    }

    fn offered(&self, one: &Invitation) -> Vec<Text> {
        let leases = one.invitee.as_ref().map(|invitee| self.leases_of(invitee.id)).unwrap_or_default();
        let login = match &one.invitee {
            Some(invitee) => Text::new().link(&invitee.login, &invitee.html_url),
            None => "an account that is gone".into(),
        };
        let ago = ago(one.created_at, self.now);
        let how =
            if one.expired { format!("invited {ago}, too late to accept") } else { format!("invited {ago}") };
        vec![login, one.level().into(), how.into(), until(&leases), reason(&leases)]
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("one {one}"),
        n => format!("{n} {many}"),
    }
}

#[async_trait]
impl Command for ListCollabs {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let repository =
            suggest::repository(reader, &org.name, args.text("repo").unwrap_or_default()).await?;
        let direct = async { Ok(reader.collaborators(&org.name, repository.id, false).await?) };
        let outside = async { Ok(reader.collaborators(&org.name, repository.id, true).await?) };
        let invitations = async { Ok(reader.invitations(&org.name, repository.id).await?) };
        let (direct, outside, invitations, mut leases) =
            tokio::try_join!(direct, outside, invitations, self.people.leases.running())?;
        leases.retain(|lease| OnRepository::is_on(&lease.holding, repository.id));
        let complete = direct.complete && invitations.complete;
        let rows = Rows {
            leases: &leases,
            outside: outside.into_iter().map(|one| one.user.id).collect(),
            now: request.at,
        };
        let (people, invited) = (direct.items.len(), invitations.items.len());
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        let message = Message::new(shown.plain(format!(
            ": {} given to people directly, {}.",
            count(people, "permission", "permissions"),
            count(invited, "invitation", "invitations"),
        )));
        let all: Vec<Vec<Text>> = direct
            .items
            .iter()
            .map(|one| rows.given(one))
            .chain(invitations.items.iter().map(|one| rows.offered(one)))
            .collect();
        if all.is_empty() {
            return Ok(Prepared::Reply(message.line("Teams and the organisation may give access besides.")));
        }
        let message = if all.len() > MOST || !complete {
            message.line(format!("These are the first {}.", all.len().min(MOST)))
        } else {
            message
        };
        let header = ["Who", "May", "How", "Until", "Why"].map(str::to_owned).to_vec();
        let rows = all.into_iter().take(MOST).collect();
        Ok(Prepared::Reply(message.part(Part::Table { header, rows })))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn ages_as_people_say_them() {
        let now = Instant::from_timestamp(1_765_461_600, 0).unwrap();
        let said = [0, 23, 24, 47, 24 * 9].map(|hours| ago(now - TimeDelta::hours(hours), now));
        assert_eq!(said, ["today", "today", "yesterday", "yesterday", "9 days ago"]);
        assert_eq!(ago(now + TimeDelta::hours(1), now), "today");
    }
}
