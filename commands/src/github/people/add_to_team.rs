//! `!AddUserToTeam`: somebody joins a team, or becomes its maintainer.

use async_trait::async_trait;
use hubcommander_github::grants::{TEAM_MEMBER, TeamMember};
use hubcommander_github::operations::{TeamRef, UserRef};
use hubcommander_github::{Membership, Team, User, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{AddUserToTeamSettings, GROUP, People, org, reason, team, user, whom};
use crate::github::lending::{Added, Lending, Terms, Want};
use crate::github::{named, suggest};

/// The command.
pub struct AddUserToTeam {
    spec: CommandSpec,
    people: People,
    lending: Lending,
    settings: AddUserToTeamSettings,
}

impl AddUserToTeam {
    /// The command, unless what it grants is not known.
    #[must_use]
    pub fn new(people: &People, settings: AddUserToTeamSettings) -> Option<Self> {
        let roles = ArgKind::Choice(settings.permitted_roles.clone());
        let spec = CommandSpec::new("AddUserToTeam", GROUP, "Adds somebody to a team")
            .arg(user())
            .arg(org())
            .arg(team())
            .arg(ArgSpec::option("role", roles, "what they are in it"));
        let spec = Terms::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(reason())
            .example("!AddUserToTeam ana-lima acme security")
            .example("!AddUserToTeam sam-okafor acme platform --role maintainer --for 7d")
            .changes(Risk::Reversible);
        Some(Self { spec, people: people.clone(), lending: people.lending(TEAM_MEMBER)?, settings })
    }

    /// Whether the person must be invited to the organisation first.
    fn must_be_invited(&self, org: &Org, user: &User, place: Option<Membership>) -> Result<bool, Refusal> {
        if place.is_some() || self.settings.may_invite {
            return Ok(place.is_none());
        }
        Err(Refusal::new(
            Text::new().link(&user.login, &user.html_url).plain(format!(
                " is not in {}. To be added to a team they would be invited to it.",
                org.name
            )),
            format!(
                "Ask an owner of {} to invite them; or whoever runs this bot sets may_invite for this command.",
                org.name
            ),
        ))
    }

    /// The role asked for. Owners of the organisation are maintainers of all teams they are in.
    fn role(&self, args: &Args, place: Option<Membership>) -> Result<String, Refusal> {
        let owner = place.is_some_and(|place| place.owner && !place.pending);
        let permitted = &self.settings.permitted_roles;
        let usual = permitted.iter().find(|role| *role == "member").or(permitted.first());
        let usual = usual.map_or("member", String::as_str);
        let asked = args.text("role").unwrap_or(usual);
        Ok(if owner { "maintainer" } else { asked }.to_owned())
    }
}

#[async_trait]
impl Command for AddUserToTeam {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let term = self.settings.terms().settle(&org.settings, args)?;
        let user = whom::person(reader, org, args.text("user").unwrap_or_default());
        let team = whom::team(reader, org, args.text("team").unwrap_or_default());
        let (user, team) = tokio::try_join!(user, team)?;
        let place = reader.membership(&org.name, &user.login).await?;
        let invites = self.must_be_invited(org, &user, place)?;
        let role = self.role(args, place)?;
        let member = TeamMember {
            user: named("account", UserRef::of(&user))?,
            team: named("team", TeamRef::of(&org.name, &team))?,
            invites,
        };
        let looked = self.lending.look(member.holding()).await?;
        let shown = Text::new().link(&user.login, &user.html_url);
        let what = format!("a {role} of team {} of {}", team.slug, org.name);
        let mut plan = Plan::new(Title {
            todo: Text::from("Make ").then(shown.clone()).plain(format!(" {what}")),
            doing: Text::from("Making ").then(shown.clone()).plain(format!(" {what}")),
            done: shown.clone().plain(format!(" is {what}")),
        });
        let want = Want::Level(role.clone(), term);
        let added = self.lending.steps(&mut plan, request, "place", &looked, &want, args.text("reason"))?;
        if added != Added::Steps {
            let so = shown.plain(format!(" is {what} already"));
            let message = match added {
                Added::ForGoodAlready => {
                    Message::new(so.plain(", and for good")).line("There is nothing to grant for a time.")
                }
                _ => Message::new(so),
            };
            return Ok(Prepared::Reply(message.state(State::Done)));
        }
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

/// What nobody else may change meanwhile.
pub(super) fn lock(org: &Org, team: &Team) -> String {
    format!("github:{}/teams/{}", org.name, team.slug)
}
