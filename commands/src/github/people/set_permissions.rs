//! `!SetRepoPermissions`: what a team may do on repositories.

use async_trait::async_trait;
use hubcommander_github::grants::{TEAM_REPOSITORY, TeamRepository, permission_rank};
use hubcommander_github::operations::{RepositoryRef, TeamRef};
use hubcommander_github::{Team, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::add_collab::already;
use super::places::{self, Asked, Place};
use super::{GROUP, People, SetRepoPermissionsSettings, org, reason, repositories, team, whom};
use crate::github::lending::{Lending, Terms, Want};
use crate::github::permission::{let_, may};
use crate::github::{named, suggest};

/// What is typed for no permission at all.
const NONE: &str = "none";

/// The command.
pub struct SetRepoPermissions {
    spec: CommandSpec,
    people: People,
    lending: Lending,
    settings: SetRepoPermissionsSettings,
}

impl SetRepoPermissions {
    /// The command, unless what it grants is not known.
    #[must_use]
    pub fn new(people: &People, settings: SetRepoPermissionsSettings) -> Option<Self> {
        let spec = CommandSpec::new("SetRepoPermissions", GROUP, "Sets what a team may do on repositories")
            .arg(org())
            .arg(repositories())
            .arg(team())
            .arg(ArgSpec::positional("permission", ArgKind::Permission, "what it may do, or `none`"));
        let spec = Terms::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(reason())
            .example("!SetRepoPermissions acme api security pull")
            .example("!SetRepoPermissions acme website bots none")
            .example("!SetRepoPermissions acme website,api security push --for 3d")
            .changes(Risk::Reversible);
        Some(Self { spec, people: people.clone(), lending: people.lending(TEAM_REPOSITORY)?, settings })
    }

    /// What the team's parent has, the team has too; it cannot have less.
    async fn must_not_be_inherited(
        &self,
        org: &Org,
        team: &Team,
        places: &[Place],
        level: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(parent) = &team.parent else { return Ok(()) };
        let wanted = level.map(permission_rank);
        for place in places {
            let name = &place.repository.full_name;
            let inherited = self.people.reader.team_permission(&org.name, &parent.slug, name).await?;
            if inherited.as_deref().map(permission_rank) > wanted {
                return Err(Refusal::new(
                    format!("Team {} has more than that on {name} by its parent {}.", team.slug, parent.slug),
                    Text::new()
                        .plain("Change it there: ")
                        .code(format!("!SetRepoPermissions {} {} {}", org.name, place.name(), parent.slug))
                        .plain("."),
                ));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Command for SetRepoPermissions {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let permission = args.text("permission").unwrap_or_default();
        let level = if permission.eq_ignore_ascii_case(NONE) {
            None
        } else {
            Some(whom::permitted(permission, &self.settings.permitted_permissions)?)
        };
        let want = match level {
            Some(level) => Want::Level(level.to_owned(), self.settings.terms().settle(&org.settings, args)?),
            None if args.number("for").is_some() => {
                return Err(Refusal::new(
                    Text::new()
                        .code("none")
                        .plain(" takes something away, so ")
                        .code("--for")
                        .plain(" has nothing to end."),
                    "Leave one of them out.",
                ));
            }
            None => Want::Nothing,
        };
        let team = whom::team(reader, org, args.text("team").unwrap_or_default()).await?;
        let repositories = places::repositories(reader, org, args.list("repos")).await?;
        let which = named("team", TeamRef::of(&org.name, &team))?;
        let on = |repository: &_| {
            let repo = named("repository", RepositoryRef::of(repository))?;
            Ok(TeamRepository { team: which.clone(), repo }.holding())
        };
        let all = places::names(repositories.iter());
        let places = places::look(&self.lending, repositories, on).await?;
        self.must_not_be_inherited(org, &team, &places, level).await?;
        let asked = Asked { lending: &self.lending, request, want: &want, reason: args.text("reason") };
        let slug = &team.slug;
        let title = |names: &Text| match level {
            Some(level) => Title {
                todo: Text::from(format!("Let team {slug} {} ", let_(level))).then(names.clone()),
                doing: Text::from(format!("Letting team {slug} {} ", let_(level))).then(names.clone()),
                done: Text::from(format!("Team {slug} {} ", may(level))).then(names.clone()),
            },
            None => Title {
                todo: Text::from(format!("Take team {slug} off ")).then(names.clone()),
                doing: Text::from(format!("Taking team {slug} off ")).then(names.clone()),
                done: Text::from(format!("Team {slug} is off ")).then(names.clone()),
            },
        };
        Ok(match (places::plan(&asked, &places, title)?, level) {
            (Ok(plan), _) => Prepared::Plan(plan.precondition(preconditions::same_team(&org.name, &team))),
            (Err(why), Some(level)) => {
                Prepared::Reply(already(Text::from(format!("Team {slug} {} ", may(level))).then(all), why))
            }
            (Err(_), None) => {
                let so = Text::from(format!("Team {slug} has nothing on ")).then(all);
                Prepared::Reply(Message::new(so).state(State::Done))
            }
        })
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}
