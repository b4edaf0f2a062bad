//! The answer: how many of each kind, who needs somebody, and the whole as a file where it is long.

use hubcommander_sdk::message::{Button, File, Message, Part, State, Style};
use hubcommander_sdk::text::{Text, thousands};

use super::csv;
use crate::membership::gather::{Finding, OrgRead};
use crate::membership::matching::{Group, Match};

/// Accounts of one kind that are named in the message; the file has all.
const NAMED: usize = 10;

/// What the answer is about.
pub(super) struct Surroundings<'a> {
    /// Whether there is a directory.
    pub directory: bool,
    /// What was read.
    pub read: &'a OrgRead,
}

/// What a kind is called in the table.
pub(in crate::membership) fn words(group: Group) -> &'static str {
    match group {
        Group::Leaver => "linked to somebody who has left",
        Group::Stranger => "known to nobody",
        Group::LeaverByClaim => "not linked, and said to be of somebody who has left",
        Group::Unlinked => "known, and not linked yet",
        Group::Unsure => "linked to somebody of whom nobody can tell whether they work here",
        Group::Linked => "linked to somebody who works here",
        Group::Service => "bots and service accounts, left alone",
    }
}

fn state(group: Group) -> &'static str {
    match group {
        Group::Leaver | Group::Stranger | Group::LeaverByClaim => State::NeedsYou.emoji(),
        Group::Unlinked => State::Pending.emoji(),
        Group::Unsure => "?",
        Group::Linked | Group::Service => State::Done.emoji(),
    }
}

/// Who it is, as far as that is known.
pub(in crate::membership) fn account(one: &Finding<'_>) -> Text {
    let mut text = Text::new().bold(one.login);
    let mut notes = Vec::new();
    if one.owner {
        notes.push("an owner");
    }
    if one.outside {
        notes.push("from outside");
    }
    if !notes.is_empty() {
        text = text.plain(format!(" ({})", notes.join(", ")));
    }
    match &one.found {
        Match::Linked { link, .. } => text.plain(": ").person(&link.person.user),
        Match::SignedOn { identity, employee, .. } => {
            let who = employee.map(|one| named(&one.name, &one.emails)).unwrap_or_default();
            let address = identity.name_id.as_deref().or(identity.scim_username.as_deref());
            let who = if who.is_empty() { address.unwrap_or("somebody").to_owned() } else { who };
            text.plain(format!(": {who}, by the single sign-on"))
        }
        Match::Claimed { employee, .. } => {
            text.plain(format!(": {}, by the directory", named(&employee.name, &employee.emails)))
        }
        Match::Stranger | Match::Service => text,
    }
}

/// What to call somebody of the directory.
pub(super) fn named(name: &str, emails: &[String]) -> String {
    if name.is_empty() { emails.first().cloned().unwrap_or_default() } else { name.to_owned() }
}

/// "1 member", "20,000 members"
pub(in crate::membership) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// "2 strangers and 1 who has left"; nothing if all is well.
pub(in crate::membership) fn verdict(strangers: usize, leavers: usize) -> Option<String> {
    let strangers = (strangers > 0).then(|| counted(strangers, "stranger", "strangers"));
    let leavers = (leavers > 0).then(|| counted(leavers, "who has left", "who have left"));
    let parts: Vec<String> = strangers.into_iter().chain(leavers).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

fn press(label: &str, value: String, style: Style) -> Button {
    Button::Press { label: label.to_owned(), action: "ask".to_owned(), value, style }
}

/// The answer to `!AuditMembers`.
pub(super) fn answer(around: &Surroundings<'_>, all: &[Finding<'_>]) -> Message {
    let org = &around.read.org;
    let of = |group: Group| all.iter().filter(move |one| one.group() == group);
    let count = |group: Group| of(group).count();
    let (strangers, leavers) = (count(Group::Stranger), count(Group::Leaver) + count(Group::LeaverByClaim));
    let members = counted(around.read.members.len(), "member", "members");
    let verdict = match verdict(strangers, leavers) {
        Some(found) => format!("{org} has {members}: {found}."),
        None => format!("{org} has {members}, and no strangers among them."),
    };
    let needs = strangers + leavers > 0;
    let rows = Group::ALL
        .into_iter()
        .filter(|group| count(*group) > 0)
        .map(|group| vec![Text::from(state(group)), words(group).into(), thousands(count(group)).into()]);
    let header = ["State", "Accounts", "Count"].map(str::to_owned).to_vec();
    let mut message = Message::new(verdict)
        .state(if needs { State::NeedsYou } else { State::Done })
        .part(Part::Table { header, rows: rows.collect() });
    if !around.directory {
        message = message.line(
            "There is no directory of who works here: links and Slack alone tell, so whoever has not linked their \
             account yet looks like a stranger.",
        );
    }
    let told = [Group::Leaver, Group::Stranger, Group::LeaverByClaim, Group::Unlinked, Group::Unsure];
    for group in told.into_iter().filter(|group| count(*group) > 0) {
        message = message.part(Part::Heading(heading(group).to_owned()));
        message = of(group).take(NAMED).fold(message, |message, one| message.item(account(one)));
        if count(group) > NAMED {
            message = message.line(format!("and {} more, in the file.", thousands(count(group) - NAMED)));
        }
    }
    if count(Group::Unlinked) > 0 {
        message = message.button(press("Ask to link", format!("AuditMembers {org} --invite"), Style::Plain));
    }
    if strangers > 0 && around.directory {
        let label = "Remove strangers";
        message = message.button(press(label, format!("AuditMembers {org} --remove"), Style::Danger));
    }
    if around.read.untold {
        message =
            message.footnote("I may not see whether there is a single sign-on, so it tells nothing here");
    }
    let outside = around.read.outside.len();
    if outside > 0 {
        let outside = counted(outside, "person works", "people work");
        message = message.footnote(format!("{outside} for {org} from outside; named only if they have left"));
    }
    if told.into_iter().any(|group| count(group) > NAMED) {
        message = message.file(File {
            name: format!("{org}-members.csv"),
            title: format!("The members of {org}"),
            content: csv::table(org, all),
        });
    }
    message
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Leaver => "Have left",
        Group::Stranger => "Strangers",
        Group::LeaverByClaim => "Have left, by what is said of them",
        Group::Unlinked => "Not linked yet",
        Group::Unsure => "Cannot be told",
        Group::Linked => "Linked",
        Group::Service => "Service accounts",
    }
}
