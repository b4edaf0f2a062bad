//! `!InviteUser`: somebody else is invited to an organisation, by their account or their address.

use async_trait::async_trait;
use hubcommander_github::names::{Email, Owner};
use hubcommander_github::operations::{InTeam, InviteAs, InviteMember, Invitee, Offer, TeamRef, UserRef};
use hubcommander_github::{Membership, Team, User, preconditions};
use hubcommander_sdk::accounts::{Linked, lock};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::invitations::{WAITS, buttons, sent, unread};
use super::matching::{Group, Known, Matcher, Roll};
use super::{GROUP, Members};
use crate::github::people::whom;
use crate::github::{named, suggest};

/// The command.
pub struct InviteUser {
    spec: CommandSpec,
    members: Members,
}

/// Who is meant.
enum Whom {
    /// An account, and its place in the organisation; the address, if it was found by that.
    Account { user: User, place: Option<Membership>, by: Option<Linked> },
    /// An address that is linked to no account.
    Email(Email),
}

/// Where somebody is from, by the directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// They work here, or there is no directory.
    Here,
    /// They did.
    Left,
    /// The directory does not know them.
    Outside,
}

impl From {
    fn words(self) -> &'static str {
        match self {
            Self::Here => "",
            Self::Left => ", who has left the company",
            Self::Outside => ", who is not in the directory and so from outside the company",
        }
    }
}

impl InviteUser {
    /// The command.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let roles = ArgKind::Choice(["member", "owner", "billing"].map(str::to_owned).to_vec());
        let spec = CommandSpec::new("InviteUser", GROUP, "Invites somebody else to an organisation")
            .alias("InviteMember")
            .arg(ArgSpec::positional("user", ArgKind::Text, "their login at GitHub, or their e-mail address"))
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
            .arg(ArgSpec::option("team", ArgKind::Team, "a team that they join with it").repeated())
            .arg(ArgSpec::option("role", roles, "what they become: a member, if left out"))
            .arg(ArgSpec::option("reason", ArgKind::Text, "why, for those who look later"))
            .example("!InviteUser octocat acme")
            .example("!InviteUser mia@acme.example acme --team employees --team platform")
            .changes(Risk::Exposing);
        Self { spec, members: members.clone() }
    }

    async fn whom(&self, org: &Org, typed: &str) -> Result<Whom, Refusal> {
        let reader = &self.members.reader;
        let typed = typed.trim();
        let (user, by) = match typed.trim_start_matches('@') {
            login if !login.contains('@') => (whom::person(reader, org, login).await?, None),
            address => {
                let email = named("address", Email::parse(address))?;
                let Some(link) = self.linked_by(&email).await? else { return Ok(Whom::Email(email)) };
                match reader.account(&org.name, link.github_id).await? {
                    Some(user) => (user, Some(link)),
                    None => return Ok(Whom::Email(email)),
                }
            }
        };
        let place = reader.membership(&org.name, &user.login).await?;
        Ok(Whom::Account { user, place, by })
    }

    /// The account that the owner of an address has linked. Of two neither is meant.
    async fn linked_by(&self, email: &Email) -> Result<Option<Linked>, Refusal> {
        let all = self.members.accounts.all().await?;
        let theirs =
            |link: &Linked| link.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email.as_str()));
        let mut found = all.into_iter().filter(theirs);
        let first = found.next();
        Ok(first.filter(|_| found.next().is_none()))
    }

    async fn from(&self, whom: &Whom) -> Result<From, Refusal> {
        let directory = &self.members.directory;
        if !directory.is_set_up() {
            return Ok(From::Here);
        }
        match whom {
            Whom::Email(email) => {
                let found = directory.with_email(&email.as_str().to_lowercase()).await?;
                Ok(match found.iter().any(|one| one.active) {
                    true => From::Here,
                    false if found.is_empty() => From::Outside,
                    false => From::Left,
                })
            }
            Whom::Account { user, .. } => {
                let (employees, link) =
                    tokio::try_join!(directory.everybody(), self.members.accounts.whose(user.id))?;
                let known = Known {
                    links: link.into_iter().collect(),
                    employees: Some(employees),
                    ..Known::default()
                };
                let roll = Roll::new(&known);
                Ok(match Matcher::new(&roll, &[], None, &[]).of(user.id, &user.login).group() {
                    Group::Linked | Group::Unlinked | Group::Service => From::Here,
                    Group::Leaver | Group::LeaverByClaim => From::Left,
                    Group::Unsure | Group::Stranger => From::Outside,
                })
            }
        }
    }

    async fn teams(&self, org: &Org, args: &Args) -> Result<Vec<Team>, Refusal> {
        let mut teams: Vec<Team> = Vec::new();
        for slug in args.list("team") {
            let team = whom::team(&self.members.reader, org, slug).await?;
            if !teams.iter().any(|known| known.id == team.id) {
                teams.push(team);
            }
        }
        Ok(teams)
    }
}

fn role(args: &Args) -> InviteAs {
    match args.text("role") {
        Some("owner") => InviteAs::Admin,
        Some("billing") => InviteAs::BillingManager,
        _ => InviteAs::DirectMember,
    }
}

/// They are in it: that is no error.
fn is_in_it(org: &Org, user: &User, place: Membership, role: InviteAs) -> Message {
    let who = Text::new().link(&user.login, &user.html_url);
    let org = &org.name;
    match (place.owner, role) {
        (false, InviteAs::Admin) => {
            Message::new(who.plain(format!(" is a member of {org} already, and no owner")))
                .state(State::NeedsYou)
                .line(format!("An owner of {org} can change that on its page of people at GitHub."))
        }
        (owner, _) => {
            let what = if owner { "an owner" } else { "a member" };
            let team = Text::from("To add them to a team there is ")
                .code(format!("!AddUserToTeam {} {org} TEAM", user.login))
                .plain(".");
            Message::new(who.plain(format!(" is {what} of {org} already"))).state(State::Done).line(team)
        }
    }
}

fn todo(org: &Org, who: &Text, role: InviteAs, from: From) -> Title {
    let what = match role {
        InviteAs::Admin => " as an owner",
        InviteAs::BillingManager => " as a billing manager",
        InviteAs::DirectMember | InviteAs::Reinstate => "",
    };
    let (to, from) = (format!(" to {}{what}", org.name), from.words());
    Title {
        todo: Text::from("Invite ").then(who.clone()).plain(&to).plain(from),
        doing: Text::from("Inviting ").then(who.clone()).plain(&to),
        done: who.clone().plain(format!(" is invited{to}")),
    }
}

#[async_trait]
impl Command for InviteUser {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.members.reader);
        let org = suggest::org(&self.members.orgs, args)?;
        let role = role(args);
        if role == InviteAs::BillingManager && !args.list("team").is_empty() {
            return Err(Refusal::new(
                "Who sees to the bills is no member, and in no team.",
                Text::from("Leave out ").code("--team").plain(", or invite them as a member."),
            ));
        }
        let whom = self.whom(org, args.text("user").unwrap_or_default()).await?;
        if let Whom::Account { user, place: Some(place), .. } = &whom
            && !place.pending
        {
            return Ok(Prepared::Reply(is_in_it(org, user, *place, role)));
        }
        let name = match &whom {
            Whom::Account { user, .. } => user.login.as_str(),
            Whom::Email(email) => email.as_str(),
        };
        let open = reader.scan(&org.name)?.invitations().await;
        let open = open.map_err(|error| unread(&org.name, &error))?;
        if let Some(found) = open.iter().find(|one| super::invitations::is_to(one, name)) {
            let message =
                Message::new(Text::new().plain(name).plain(format!(" is invited to {} already", org.name)))
                    .state(State::Done)
                    .line(sent(found, request).plain(WAITS));
            return Ok(Prepared::Reply(buttons(message, &org.name, name)));
        }
        let (teams, from) = tokio::try_join!(self.teams(org, args), self.from(&whom))?;
        let (who, shown) = match &whom {
            Whom::Account { user, by, .. } => {
                let shown = Text::new().link(&user.login, &user.html_url);
                let shown = match by {
                    Some(link) => shown.plain(", the account of ").person(&link.person.user).plain(","),
                    None => shown,
                };
                (Invitee::Account(named("account", UserRef::of(user))?), shown)
            }
            Whom::Email(email) => (Invitee::Email(email.clone()), Text::from(email.as_str())),
        };
        let mut plan = Plan::new(todo(org, &shown, role, from));
        let mut places = Vec::new();
        for team in &teams {
            places.push(InTeam { team: named("team", TeamRef::of(&org.name, team))?, maintainer: false });
            plan = plan.precondition(preconditions::same_team(&org.name, team));
        }
        if let Whom::Account { user, place, .. } = &whom {
            plan = plan
                .precondition(preconditions::same_membership(&org.name, user, *place))
                .lock(lock(user.id));
        }
        let offer = Offer { org: named("organisation", Owner::parse(&org.name))?, who, role, teams: places };
        let plan = plan.lock(format!("github:{}/people/{}", org.name, name.to_lowercase())).step(
            "invite",
            InviteMember { offer }.operation(),
            &[],
        );
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.members.reader, &self.members.orgs, &self.spec, arg, typed, so_far).await
    }
}
