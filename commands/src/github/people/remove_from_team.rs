//! `!RemoveUserFromTeam`: somebody leaves a team, and stays in the organisation.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::grants::{TEAM_MEMBER, TeamMember};
use hubcommander_github::operations::{TeamRef, UserRef};
use hubcommander_github::{Team, User, preconditions};
use hubcommander_sdk::command::{Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::add_to_team::lock;
use super::{GROUP, People, org, reason, team, user, whom};
use crate::github::lending::{Added, Lending, Want};
use crate::github::{named, suggest};

/// How many teams are asked side by side.
const AT_ONCE: usize = 8;

/// The command.
pub struct RemoveUserFromTeam {
    spec: CommandSpec,
    people: People,
    lending: Lending,
}

impl RemoveUserFromTeam {
    /// The command, unless what it takes away is not known.
    #[must_use]
    pub fn new(people: &People) -> Option<Self> {
        let spec = CommandSpec::new("RemoveUserFromTeam", GROUP, "Takes somebody out of a team")
            .arg(user())
            .arg(org())
            .arg(team())
            .arg(reason())
            .example("!RemoveUserFromTeam sam-okafor acme security")
            .changes(Risk::Reversible);
        Some(Self { spec, people: people.clone(), lending: people.lending(TEAM_MEMBER)? })
    }

    /// GitHub shows who is in a team within the team as its member too; they can only be taken out there.
    async fn must_not_be_further_in(&self, org: &Org, team: &Team, user: &User) -> Result<(), Refusal> {
        let reader = &self.people.reader;
        let within = reader.child_teams(&org.name, &team.slug).await?.into_iter();
        let asked = within.map(|child| async move {
            let place = reader.team_membership(&org.name, &child.slug, &user.login).await?;
            Ok::<_, Refusal>(place.map(|_| child.slug))
        });
        let found: Vec<Option<String>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        match found.into_iter().flatten().next() {
            None => Ok(()),
            Some(child) => Err(Refusal::new(
                Text::new()
                    .link(&user.login, &user.html_url)
                    .plain(format!(" is in team {} by team {child}, which belongs to it.", team.slug)),
                Text::new()
                    .plain("Take them out there: ")
                    .code(format!("!RemoveUserFromTeam {} {} {child}", user.login, org.name))
                    .plain("."),
            )),
        }
    }
}

#[async_trait]
impl Command for RemoveUserFromTeam {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let user = whom::person(reader, org, args.text("user").unwrap_or_default());
        let team = whom::team(reader, org, args.text("team").unwrap_or_default());
        let (user, team) = tokio::try_join!(user, team)?;
        let member = TeamMember {
            user: named("account", UserRef::of(&user))?,
            team: named("team", TeamRef::of(&org.name, &team))?,
            invites: false,
        };
        let looked = self.lending.look(member.holding()).await?;
        let shown = Text::new().link(&user.login, &user.html_url);
        let which = format!("team {} of {}", team.slug, org.name);
        let mut plan = Plan::new(Title {
            todo: Text::from("Take ").then(shown.clone()).plain(format!(" out of {which}")),
            doing: Text::from("Taking ").then(shown.clone()).plain(format!(" out of {which}")),
            done: shown.clone().plain(format!(" is out of {which}")),
        });
        let (want, reason) = (Want::Nothing, args.text("reason"));
        if self.lending.steps(&mut plan, request, "place", &looked, &want, reason)? != Added::Steps {
            let so = shown.plain(format!(" is not in {which}"));
            return Ok(Prepared::Reply(Message::new(so).state(State::Done)));
        }
        self.must_not_be_further_in(org, &team, &user).await?;
        let locked = lock(org, &team);
        let plan = plan
            .lock(locked)
            .precondition(preconditions::same_team(&org.name, &team))
            .precondition(preconditions::same_level(looked.holding(), looked.now()));
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}
