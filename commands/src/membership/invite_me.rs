//! `!InviteMe`: somebody joins an organisation by themselves.

use async_trait::async_trait;
use hubcommander_github::names::Owner;
use hubcommander_github::operations::{InTeam, InviteAs, InviteMember, Invitee, Offer, TeamRef, UserRef};
use hubcommander_github::{Membership, Team, User, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::setting::{Setting, SettingKind};
use hubcommander_sdk::text::Text;
use serde::Deserialize;

use super::linking::Theirs;
use super::{GROUP, Members};
use crate::github::{named, suggest};

/// What config.toml may say under `[commands.InviteMe]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InviteMeSettings {
    /// The teams that people may name with `--team`, besides those that everybody lands in.
    pub permitted_teams: Vec<String>,
}

impl InviteMeSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[Setting {
        name: "permitted_teams",
        kind: SettingKind::Texts,
        default: "[]",
        example: r#"["docs", "design"]"#,
        about: "Slugs of the teams that people may choose for themselves with `--team`, besides the `member_teams` of the \
                organisation; `*` for any. Policies can say more, by `context.args.team`.",
    }];

    fn permits(&self, org: &Org, slug: &str) -> bool {
        let named = |known: &String| known.eq_ignore_ascii_case(slug) || known == "*";
        self.permitted_teams.iter().any(named) || org.settings.member_teams.iter().any(named)
    }
}

/// The command.
pub struct InviteMe {
    spec: CommandSpec,
    members: Members,
    settings: InviteMeSettings,
}

impl InviteMe {
    /// The command over these.
    #[must_use]
    pub fn new(members: &Members, settings: InviteMeSettings) -> Self {
        let spec = CommandSpec::new("InviteMe", GROUP, "Invites you to an organisation at GitHub")
            .alias("InviteMeTo")
            .alias("JoinOrg")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
            .arg(ArgSpec::option("team", ArgKind::Team, "a team to join with it").repeated())
            .example("!InviteMe acme-oss")
            .example("!InviteMe acme --team docs")
            .audience(Audience::Direct)
            // Whoever joins sees what members see. That is what is asked for here, and policy says who may.
            .changes(Risk::Exposing);
        Self { spec, members: members.clone(), settings }
    }

    /// The teams that they land in: those of the organisation, and those that they chose.
    async fn teams(&self, org: &Org, args: &Args) -> Result<Vec<Team>, Refusal> {
        let mut teams: Vec<Team> = Vec::new();
        for slug in &org.settings.member_teams {
            let team = self.members.reader.team(&org.name, slug).await?;
            let team = team.ok_or_else(|| {
                Refusal::new(
                    Text::new()
                        .code(&org.name)
                        .plain(" has no team ")
                        .code(slug)
                        .plain(", where everybody is to land."),
                    "Whoever runs this bot must correct member_teams in config.toml.",
                )
            })?;
            teams.push(team);
        }
        for slug in args.list("team") {
            if !self.settings.permits(org, slug) {
                return Err(Refusal::new(
                    Text::new().plain("Team ").code(slug).plain(" cannot be chosen when joining."),
                    "Join without it, and ask one of its maintainers to add you.",
                ));
            }
            let team = self.members.reader.team(&org.name, slug).await?.ok_or_else(|| {
                Refusal::new(
                    Text::new().code(&org.name).plain(" has no team ").code(slug).plain(" that I can see."),
                    Text::new().code(format!("!ListTeams {}", org.name)).plain(" lists them."),
                )
            })?;
            if !teams.iter().any(|known| known.id == team.id) {
                teams.push(team);
            }
        }
        Ok(teams)
    }
}

/// Invitations come to their end after 7 days
/// (<https://docs.github.com/en/organizations/managing-membership-in-your-organization/inviting-users-to-join-your-organization>).
const HOW_TO_ACCEPT: &str = "Accept it at GitHub within 7 days, signed in with that account.";

/// Where an invitation is accepted.
fn acceptance(org: &Org, user: &User) -> Option<Button> {
    let site = user.html_url.strip_suffix(user.login.as_str())?;
    Some(Button::Link {
        label: "See the invitation".to_owned(),
        url: format!("{site}orgs/{}/invitation", org.name),
    })
}

/// What somebody is there who need not be invited.
fn in_already(org: &Org, user: &User, place: Membership) -> Text {
    let what = match place {
        Membership { pending: true, .. } => "has been invited to",
        Membership { owner: true, .. } => "is an owner of",
        Membership { .. } => "is a member of",
    };
    Text::new().link(&user.login, &user.html_url).plain(format!(" {what} {} already", org.name))
}

fn nothing_to_do(org: &Org, user: &User, place: Membership) -> Message {
    let message = Message::new(in_already(org, user, place));
    if !place.pending {
        return message.state(State::Done);
    }
    let invited = message.state(State::NeedsYou).line(HOW_TO_ACCEPT);
    acceptance(org, user).into_iter().fold(invited, Message::button)
}

fn offer(org: &Org, user: &User, teams: &[Team]) -> Result<Offer, Refusal> {
    let owner = named("organisation", Owner::parse(&org.name))?;
    let teams = teams
        .iter()
        .map(|team| Ok(InTeam { team: named("team", TeamRef::of(&org.name, team))?, maintainer: false }));
    Ok(Offer {
        org: owner,
        who: Invitee::Account(named("account", UserRef::of(user))?),
        role: InviteAs::DirectMember,
        teams: teams.collect::<Result<_, Refusal>>()?,
    })
}

#[async_trait]
impl Command for InviteMe {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let org = suggest::org(&self.members.orgs, &request.args)?;
        // What cannot be is told before anybody goes to GitHub and types a code.
        let teams = self.teams(org, &request.args).await?;
        let Theirs { user, change } = self.members.theirs(request, &org.name).await?;
        let place = self.members.reader.membership(&org.name, &user.login).await?;
        if let (Some(place), None) = (place, &change) {
            return Ok(Prepared::Reply(nothing_to_do(org, &user, place)));
        }
        let shown = Text::new().link(&user.login, &user.html_url);
        let title = if place.is_some() {
            Title {
                todo: Text::from("Link ").then(shown.clone()).plain(" to you"),
                doing: Text::from("Linking ").then(shown.clone()).plain(" to you"),
                done: shown.clone().plain(" is linked to you"),
            }
        } else {
            let to = |after: &str| shown.clone().plain(format!(" {after} {}", org.name));
            Title {
                todo: Text::from("Invite ").then(to("to")),
                doing: Text::from("Inviting ").then(to("to")),
                done: to("is invited to"),
            }
        };
        let mut plan = Plan::new(title).precondition(preconditions::same_membership(&org.name, &user, place));
        let mut after: &[&str] = &[];
        if let Some(change) = &change {
            plan = plan.step("link", change.operation(), &[]).precondition(change.unchanged());
            plan.locks.extend(change.locks());
            after = &["link"];
        }
        match place {
            Some(place) => plan.summary = Some(in_already(org, &user, place).plain(".")),
            None => {
                let invite = InviteMember { offer: offer(org, &user, &teams)? };
                plan = plan.step("invite", invite.operation(), after);
                for team in &teams {
                    plan = plan.precondition(preconditions::same_team(&org.name, team));
                }
                plan.summary = Some(HOW_TO_ACCEPT.into());
                plan.links = acceptance(org, &user).into_iter().collect();
            }
        }
        Ok(Prepared::Plan(plan.lock(format!("github:{}/members/{}", org.name, user.id))))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.members.reader, &self.members.orgs, &self.spec, arg, typed, so_far).await
    }
}
