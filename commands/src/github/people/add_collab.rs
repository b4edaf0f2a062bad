//! `!AddCollab`: somebody from outside may do something on repositories.

use async_trait::async_trait;
use hubcommander_github::grants::{COLLABORATOR, Collaborator};
use hubcommander_github::operations::{RepositoryRef, Role, UserRef};
use hubcommander_github::{Membership, Reader, User};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::places::{self, Asked};
use super::{AddCollabSettings, GROUP, People, org, reason, repositories, user, whom};
use crate::github::lending::{Added, Lending, Terms, Want};
use crate::github::permission::{let_, may};
use crate::github::{named, suggest};

/// The command.
pub struct AddCollab {
    spec: CommandSpec,
    people: People,
    lending: Lending,
    settings: AddCollabSettings,
}

impl AddCollab {
    /// The command, unless what it grants is not known.
    #[must_use]
    pub fn new(people: &People, settings: AddCollabSettings) -> Option<Self> {
        let spec =
            CommandSpec::new("AddCollab", GROUP, "Gives somebody from outside a permission on repositories")
                .alias("AddCollaborator")
                .arg(user())
                .arg(org())
                .arg(repositories())
                .arg(ArgSpec::positional("permission", ArgKind::Permission, "what they may do"));
        let spec = Terms::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(reason())
            .example("!AddCollab octocat acme website push --for 14d")
            .example("!AddCollab octocat acme website,api pull --reason \"The spring audit\"")
            .changes(Risk::Reversible);
        Some(Self { spec, people: people.clone(), lending: people.lending(COLLABORATOR)?, settings })
    }

    /// A role that the organisation made, with what it is built upon; `None` for GitHub's own permissions, and
    /// where the account may not look.
    async fn role(&self, org: &Org, permission: &str) -> Result<Option<Role>, Refusal> {
        if matches!(permission, "pull" | "triage" | "push" | "maintain" | "admin") {
            return Ok(None);
        }
        match self.people.reader.role_base(&org.name, permission).await? {
            Some(None) => Err(Refusal::new(
                Text::new().code(&org.name).plain(" has no role ").code(permission).plain("."),
                "Check the spelling.",
            )),
            found => Ok(found.flatten().map(|base| Role { name: permission.to_owned(), base })),
        }
    }
}

/// Whoever works here gets access by a team. The teams are asked too: they hold even where the organisation
/// does not say who its members are.
async fn must_be_from_outside(reader: &Reader, org: &Org, user: &User) -> Result<(), Refusal> {
    let (login, name) = (user.login.as_str(), org.name.as_str());
    let shown = || Text::new().link(login, &user.html_url);
    let by_a_team = || {
        Text::new()
            .plain("People who work here get access by a team: ")
            .code(format!("!AddUserToTeam {login} {name} TEAM"))
            .plain(".")
    };
    match reader.membership(name, login).await? {
        Some(Membership { pending: true, .. }) => {
            return Err(Refusal::new(
                shown().plain(format!(" has been invited to {name} as a member, and will be one.")),
                by_a_team(),
            ));
        }
        Some(_) => {
            return Err(Refusal::new(shown().plain(format!(" is a member of {name}.")), by_a_team()));
        }
        None => {}
    }
    for slug in &org.settings.collab_validation_teams {
        if reader.team(name, slug).await?.is_none() {
            let what = Text::new().code(name).plain(" has no team ").code(slug);
            return Err(Refusal::new(
                what.plain(", so I cannot tell who works here."),
                "Whoever runs this bot must correct collab_validation_teams in config.toml.",
            ));
        }
        if reader.team_membership(name, slug, login).await?.is_some() {
            return Err(Refusal::new(shown().plain(format!(" is in team {slug} of {name}.")), by_a_team()));
        }
    }
    Ok(())
}

#[async_trait]
impl Command for AddCollab {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let asked = args.text("permission").unwrap_or_default();
        let permission = whom::permitted(asked, &self.settings.permitted_permissions)?.to_owned();
        let term = self.settings.terms().settle(&org.settings, args)?;
        let user = whom::person(reader, org, args.text("user").unwrap_or_default()).await?;
        must_be_from_outside(reader, org, &user).await?;
        let role = self.role(org, &permission).await?;
        let repositories = places::repositories(reader, org, args.list("repos")).await?;
        let who = named("account", UserRef::of(&user))?;
        let on = |repository: &_| {
            let repo = named("repository", RepositoryRef::of(repository))?;
            Ok(Collaborator { user: who.clone(), repo, role: role.clone() }.holding())
        };
        let all = places::names(repositories.iter());
        let places = places::look(&self.lending, repositories, on).await?;
        let want = Want::Level(permission.clone(), term);
        let asked = Asked { lending: &self.lending, request, want: &want, reason: args.text("reason") };
        let shown = Text::new().link(&user.login, &user.html_url);
        let (let_, may) = (let_(&permission), may(&permission));
        let title = |names: &Text| Title {
            todo: Text::from("Let ").then(shown.clone()).plain(format!(" {let_} ")).then(names.clone()),
            doing: Text::from("Letting ").then(shown.clone()).plain(format!(" {let_} ")).then(names.clone()),
            done: shown.clone().plain(format!(" {may} ")).then(names.clone()),
        };
        Ok(match places::plan(&asked, &places, title)? {
            Ok(plan) => Prepared::Plan(plan),
            Err(why) => {
                let so = shown.plain(format!(" {may} ")).then(all);
                Prepared::Reply(already(so, why))
            }
        })
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}

/// Nothing is to be done.
pub(super) fn already(so: Text, why: Added) -> Message {
    match why {
        Added::ForGoodAlready => Message::new(so.plain(" already, and for good"))
            .state(State::Done)
            .line("There is nothing to grant for a time."),
        _ => Message::new(so.plain(" already")).state(State::Done),
    }
}
