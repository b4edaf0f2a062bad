//! `!Invitations`: who is invited to an organisation and has not come yet, and whose invitation came to nothing; each
//! can be sent again or cancelled.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::operations::{CancelOrgInvitation, Offer, ResendOrgInvitation};
use hubcommander_github::{OrgInvitation, ReadError, ReadErrorKind, Reader};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::{Text, thousands};

use super::{GROUP, Members};
use crate::github::day::day;
use crate::github::suggest;

/// How many are shown at a time: each takes two of the 50 blocks that a message in Slack may have.
const SHOWN: usize = 10;
/// Invitations whose teams are asked for side by side.
const SIDE_BY_SIDE: usize = 6;

/// What is said of an invitation that waits
/// (<https://docs.github.com/en/rest/orgs/members#list-failed-organization-invitations>: after seven days it has failed).
pub(super) const WAITS: &str = " It waits for them for seven days.";

/// The command.
pub struct Invitations {
    spec: CommandSpec,
    members: Members,
}

impl Invitations {
    /// The command.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let about = "Lists who is invited to an organisation, sends again and cancels";
        let spec = CommandSpec::new("Invitations", GROUP, about)
            .alias("ListInvitations")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
            .arg(ArgSpec::option(
                "resend",
                ArgKind::Text,
                "whose invitation to send again: a login or an address",
            ))
            .arg(ArgSpec::option(
                "cancel",
                ArgKind::Text,
                "whose invitation to cancel: a login or an address",
            ))
            .arg(ArgSpec::flag("failed", "only those that came to nothing"))
            .arg(ArgSpec::option("page", ArgKind::Number, "which page, the first if left out"))
            .example("!Invitations acme")
            .example("!Invitations acme --resend octocat")
            .example("!Invitations acme --cancel mia@acme.example")
            .changes(Risk::Reversible);
        Self { spec, members: members.clone() }
    }

    async fn list(&self, org: &Org, request: &Request) -> Result<Message, Refusal> {
        let reader = self.members.reader.patient(&request.headway);
        let scan = reader.scan(&org.name)?;
        let only_failed = request.args.flag("failed");
        let (mut open, mut failed) = tokio::try_join!(
            async { if only_failed { Ok(Vec::new()) } else { scan.invitations().await } },
            scan.failed_invitations()
        )
        .map_err(|error| unread(&org.name, &error))?;
        open.sort_by_key(|one| (one.created_at, one.id));
        failed.sort_by_key(|one| (std::cmp::Reverse(one.failed_at), one.id));
        let message = Message::new(headline(&org.name, open.len(), failed.len(), only_failed));
        let all: Vec<OrgInvitation> = open.into_iter().chain(failed).collect();
        let pages = all.len().div_ceil(SHOWN).max(1);
        let page = page(&request.args, pages)?;
        let name = org.name.as_str();
        let shown: Vec<OrgInvitation> = all.into_iter().skip(page * SHOWN).take(SHOWN).collect();
        let with_teams = shown.into_iter().map(|one| {
            let reader = reader.clone();
            async move {
                let teams = teams(&reader, name, &one).await?;
                Ok::<_, Refusal>((one, teams))
            }
        });
        let shown: Vec<_> = stream::iter(with_teams).buffered(SIDE_BY_SIDE).try_collect().await?;
        let message =
            shown.iter().fold(message, |message, (one, teams)| entry(message, name, one, teams, request));
        Ok(match pages {
            1 => message,
            _ => {
                let next = if page + 1 < pages { page + 2 } else { 1 };
                let which = format!("Page {} of {}, ", thousands(page + 1), thousands(pages));
                let words = if next == 1 { " shows the first." } else { " shows the next." };
                let line = format!(
                    "!Invitations {name}{} --page {next}",
                    if only_failed { " --failed" } else { "" }
                );
                message.line(
                    Text::from(which).plain("those that wait the longest first. ").code(line).plain(words),
                )
            }
        })
    }

    /// The plan to send an invitation again, or to cancel it.
    async fn act(&self, org: &Org, who: &str, again: bool) -> Result<Prepared, Refusal> {
        let reader = &self.members.reader;
        let scan = reader.scan(&org.name)?;
        let open = scan.invitations().await.map_err(|error| unread(&org.name, &error))?;
        let Some((found, waits)) = (match open.into_iter().find(|one| is_to(one, who)) {
            Some(found) => Some((found, true)),
            // Of several that came to nothing the last one counts.
            None => {
                let failed = scan.failed_invitations().await?.into_iter().filter(|one| is_to(one, who));
                failed.max_by_key(|one| (one.failed_at, one.id)).map(|found| (found, false))
            }
        }) else {
            return self.is_not_invited(org, who).await;
        };
        if !again && !waits {
            let gone = format!("The invitation of {who} to {} came to nothing already", org.name);
            return Ok(Prepared::Reply(
                Message::new(gone).state(State::Done).line("There is nothing to cancel."),
            ));
        }
        let Some(offer) = reader.offer(&org.name, &found).await? else {
            return Err(Refusal::new(
                format!("The account {who} is gone, or the invitation is of a kind that I cannot send."),
                format!("See it on the page of people of {} at GitHub.", org.name),
            ));
        };
        Ok(Prepared::Plan(plan(org, found.id, offer, again)))
    }

    async fn is_not_invited(&self, org: &Org, who: &str) -> Result<Prepared, Refusal> {
        let name = &org.name;
        if !who.contains('@')
            && let Some(place) = self.members.reader.membership(name, who).await?
            && !place.pending
        {
            let message = Message::new(format!("{who} is a member of {name} by now")).state(State::Done);
            return Ok(Prepared::Reply(message));
        }
        Err(Refusal::new(
            Text::new().code(who).plain(format!(" is not invited to {name}.")),
            Text::new().code(format!("!Invitations {name}")).plain(" lists who is."),
        ))
    }
}

/// GitHub says no more than "not found" where a company makes its people's accounts itself.
pub(super) fn unread(org: &str, error: &ReadError) -> Refusal {
    if error.kind != ReadErrorKind::Absent {
        return error.refusal();
    }
    Refusal::new(
        format!(
            "GitHub has no invitations to {org} for me: the company makes its accounts itself and adds people in its \
             identity provider, or my account is no owner of {org}."
        ),
        "Ask those who manage the company's accounts at GitHub.",
    )
    .logged(error.to_string())
}

/// The teams that an invitation leads to.
async fn teams(reader: &Reader, org: &str, one: &OrgInvitation) -> Result<Vec<String>, Refusal> {
    // One that came to nothing is not asked for them: GitHub may have forgotten it.
    if one.team_count == 0 || one.failed_at.is_some() {
        return Ok(Vec::new());
    }
    let teams = reader.invitation_teams(org, one.id).await?;
    Ok(teams.into_iter().map(|team| team.slug).collect())
}

/// Whether an invitation is to this login or address.
pub(super) fn is_to(one: &OrgInvitation, who: &str) -> bool {
    let who = who.trim().trim_start_matches('@');
    one.login.as_deref().or(one.email.as_deref()).is_some_and(|to| to.eq_ignore_ascii_case(who))
}

/// Who it is to; of one whose account is gone nothing is known.
fn name(one: &OrgInvitation) -> &str {
    one.login.as_deref().or(one.email.as_deref()).unwrap_or("an account that is gone")
}

fn role(one: &OrgInvitation) -> &str {
    match one.role.as_str() {
        "admin" => "owner",
        "direct_member" => "member",
        "billing_manager" => "billing manager",
        "reinstate" => "as before",
        other => other,
    }
}

/// "Sent yesterday by ana-lima."
pub(super) fn sent(one: &OrgInvitation, request: &Request) -> Text {
    let by = match &one.inviter {
        Some(inviter) => format!(" by {}", inviter.login),
        None => String::new(),
    };
    Text::from(format!("Sent {}{by}.", on(day(one.created_at, request))))
}

fn on(day: String) -> String {
    if day.starts_with(|first: char| first.is_ascii_digit()) { format!("on {day}") } else { day }
}

fn press(label: &str, line: String, style: Style) -> Button {
    Button::Press { label: label.to_owned(), action: "ask".to_owned(), value: line, style }
}

fn resend(org: &str, who: &str) -> Button {
    press("Resend", format!("Invitations {org} --resend {who}"), Style::Plain)
}

fn cancel(org: &str, who: &str) -> Button {
    press("Cancel", format!("Invitations {org} --cancel {who}"), Style::Plain)
}

/// What can be done about somebody's invitation.
pub(super) fn buttons(message: Message, org: &str, who: &str) -> Message {
    message.button(resend(org, who)).button(cancel(org, who))
}

fn entry(message: Message, org: &str, one: &OrgInvitation, teams: &[String], request: &Request) -> Message {
    let who = name(one);
    let known = one.login.is_some() || one.email.is_some();
    let what = match teams {
        [] => role(one).to_owned(),
        [team] => format!("{}, team {team}", role(one)),
        teams => format!("{}, teams {}", role(one), teams.join(", ")),
    };
    let first = Text::new().bold(who).plain(format!(" · {what}"));
    let first = if known { Part::Offer(first, resend(org, who)) } else { Part::Line(first) };
    let sent = sent(one, request);
    let second = match (one.failed_at, &one.failed_reason) {
        (Some(at), why) => {
            let why = why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            Part::Line(sent.plain(format!(" It came to nothing {}{why}", on(day(at, request)))))
        }
        (None, _) if known => Part::Offer(sent, cancel(org, who)),
        (None, _) => Part::Line(sent),
    };
    message.part(first).part(second)
}

fn headline(org: &str, open: usize, failed: usize, only_failed: bool) -> String {
    let waits = match open {
        0 => "Nobody is invited".to_owned(),
        1 => "One person is invited".to_owned(),
        many => format!("{} people are invited", thousands(many)),
    };
    let nothing = match failed {
        0 => "no invitation came to nothing".to_owned(),
        1 => "one invitation came to nothing".to_owned(),
        many => format!("{} invitations came to nothing", thousands(many)),
    };
    if only_failed {
        return format!("{org}: {nothing} lately.");
    }
    if failed == 0 {
        format!("{waits} to {org}.")
    } else {
        format!("{waits} to {org}, and {nothing} lately.")
    }
}

fn page(args: &Args, pages: usize) -> Result<usize, Refusal> {
    let Some(asked) = args.number("page") else { return Ok(0) };
    let page = usize::try_from(asked).ok().filter(|page| (1..=pages).contains(page));
    page.map(|page| page - 1).ok_or_else(|| {
        let what = if pages == 1 { "There is one page.".into() } else { format!("There are {pages} pages.") };
        Refusal::new(what, Text::from("Leave out ").code("--page").plain(" for the first."))
    })
}

fn plan(org: &Org, id: u64, offer: Offer, again: bool) -> Plan {
    let (who, name) = (offer.who.name().to_owned(), &org.name);
    let lock = format!("github:{name}/people/{}", who.to_lowercase());
    let (title, operation) = if again {
        let title = Title {
            todo: format!("Invite {who} to {name} again").into(),
            doing: format!("Inviting {who} to {name} again").into(),
            done: format!("{who} is invited to {name} again").into(),
        };
        (title, ResendOrgInvitation { id, offer }.operation())
    } else {
        let title = Title {
            todo: format!("Cancel the invitation of {who} to {name}").into(),
            doing: format!("Cancelling the invitation of {who} to {name}").into(),
            done: format!("The invitation of {who} to {name} is cancelled").into(),
        };
        (title, CancelOrgInvitation { id, offer }.operation())
    };
    Plan::new(title).lock(lock).step("invitation", operation, &[])
}

#[async_trait]
impl Command for Invitations {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.members.orgs, args)?;
        match (args.text("resend"), args.text("cancel")) {
            (Some(_), Some(_)) => Err(Refusal::new(
                "An invitation is either sent again or cancelled.",
                Text::from("Leave out ").code("--resend").plain(" or ").code("--cancel").plain("."),
            )),
            (Some(who), None) => self.act(org, who, true).await,
            (None, Some(who)) => self.act(org, who, false).await,
            (None, None) => Ok(Prepared::Reply(self.list(org, request).await?)),
        }
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.members.reader, &self.members.orgs, &self.spec, arg, typed, so_far).await
    }
}
