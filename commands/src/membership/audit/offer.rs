//! `--invite`: those who are known and not linked are asked to link, each by a direct message.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::offers::{DAYS_BETWEEN, OfferLinks, Offered, Offers};
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::people::{Person, Standing};
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::{Text, thousands};

use super::words::counted;
use crate::membership::Members;
use crate::membership::gather::Finding;
use crate::membership::matching::{Group, Known, Match, addresses};

/// No plan asks more people: whoever confirms it is to read whom.
const MOST: usize = 100;
/// Slack is asked about no more people for one plan: it answers about 50 questions of this kind a minute.
const LOOKED_UP: usize = 300;
/// Logins that are named of those who cannot be asked.
const NAMED: usize = 20;

/// What it is made of.
pub(super) struct Asked<'a> {
    pub members: &'a Members,
    pub offers: &'a dyn Offers,
    pub known: &'a Known,
    pub org: &'a Org,
    pub request: &'a Request,
}

/// Whom to ask, and who is left.
#[derive(Default)]
struct Sorted {
    people: Vec<Offered>,
    /// Not in Slack, as far as is known.
    not_found: Vec<String>,
    /// They have linked another account.
    other: Vec<String>,
    /// Asked not long ago.
    lately: usize,
    /// For another time.
    left: usize,
}

impl Asked<'_> {
    pub(super) async fn prepare(&self, found: &[Finding<'_>]) -> Result<Prepared, Refusal> {
        let sorted = self.sort(found).await?;
        let org = &self.org.name;
        let notes = sorted.notes();
        if sorted.people.is_empty() {
            let message =
                Message::new(format!("There is nobody in {org} whom I could ask to link their account."))
                    .state(State::Done);
            return Ok(Prepared::Reply(notes.into_iter().fold(message, Message::line)));
        }
        let who = counted(sorted.people.len(), "member", "members");
        let title = Title {
            todo: format!("Ask {who} of {org} to link their account").into(),
            doing: format!("Asking {who} of {org} to link their account").into(),
            done: format!("Asked {who} of {org} to link their account").into(),
        };
        let mut plan = Plan::new(title).lock(format!("github:{org}/people"));
        let summary = notes.into_iter().reduce(|all, note| all.plain(" ").then(note));
        plan.summary = summary;
        let offer = OfferLinks { org: org.clone(), people: sorted.people };
        Ok(Prepared::Plan(plan.step("offer", offer.operation(), &[])))
    }

    async fn sort(&self, found: &[Finding<'_>]) -> Result<Sorted, Refusal> {
        let made = self.offers.made().await?;
        let linked: BTreeSet<&str> = self.known.links.iter().map(|link| link.person.user.as_str()).collect();
        let mut sorted = Sorted::default();
        let mut asked = BTreeSet::new();
        let mut looked_up = 0;
        for one in found.iter().filter(|one| one.group() == Group::Unlinked) {
            if sorted.people.len() == MOST || looked_up == LOOKED_UP {
                sorted.left += 1;
                continue;
            }
            looked_up += 1;
            if looked_up % 20 == 0 {
                self.request.headway.say(format!("looked up {} people in Slack", thousands(looked_up)));
            }
            let Some(person) = self.person(&one.found).await? else {
                sorted.not_found.push(one.login.to_owned());
                continue;
            };
            let user = person.id.user.as_str();
            if linked.contains(user) || !asked.insert(user.to_owned()) {
                sorted.other.push(one.login.to_owned());
            } else if is_lately(&made, user, self.request.at) {
                sorted.lately += 1;
            } else {
                let (github_id, login) = (one.id, one.login.to_owned());
                sorted.people.push(Offered { person: person.id, github_id, login });
            }
        }
        Ok(sorted)
    }

    /// Who that is in Slack: a full member, or nobody.
    async fn person(&self, found: &Match<'_>) -> Result<Option<Person>, Refusal> {
        let (employee, emails) = match found {
            Match::SignedOn { identity, employee, .. } => (*employee, addresses(identity)),
            Match::Claimed { employee, .. } => (Some(*employee), Vec::new()),
            Match::Service | Match::Linked { .. } | Match::Stranger => return Ok(None),
        };
        let slack = &self.members.slack;
        let is_member = |person: &Person| person.standing == Standing::Member;
        if let Some(user) = employee.and_then(|one| one.slack_user.as_deref()) {
            // An id that Slack does not know is nobody's.
            return Ok(slack.who_is(user).await.ok().filter(is_member));
        }
        let theirs = employee.map(|one| one.emails.clone()).unwrap_or_default();
        for email in emails.iter().chain(&theirs) {
            if let Some(person) = slack.with_email(email).await?.filter(is_member) {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }
}

fn is_lately(made: &BTreeMap<String, Instant>, user: &str, now: Instant) -> bool {
    made.get(user).is_some_and(|at| now < *at + TimeDelta::days(DAYS_BETWEEN))
}

fn listed(logins: &[String]) -> String {
    match logins.len().checked_sub(NAMED) {
        None | Some(0) => logins.join(", "),
        Some(more) => format!("{} and {} more", logins[..NAMED].join(", "), thousands(more)),
    }
}

impl Sorted {
    /// Who is not asked, and why.
    fn notes(&self) -> Vec<Text> {
        let mut notes: Vec<Text> = Vec::new();
        if !self.not_found.is_empty() {
            notes.push(format!("Not found in Slack: {}.", listed(&self.not_found)).into());
        }
        if !self.other.is_empty() {
            notes.push(format!("Of people who have another account: {}.", listed(&self.other)).into());
        }
        if self.lately > 0 {
            let who = counted(self.lately, "person was", "people were");
            notes.push(format!("{who} asked within the last {DAYS_BETWEEN} days.").into());
        }
        if self.left > 0 {
            let left = thousands(self.left);
            notes.push(format!("I ask no more than {MOST} at a time; {left} are left for the next.").into());
        }
        notes
    }
}
