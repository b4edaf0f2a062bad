//! `SweepMembers`: every night it is looked whether there are strangers in any organisation, or members who have left.
//! Nobody is removed by it: it says what has changed since the night before, and hands those who have left to the
//! farewell.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::text::thousands;

use super::Members;
use super::audit::words::{account, verdict};
use super::gather::{self, findings};
use super::matching::{Group, Match, Roll};

/// The command that is asked at night.
pub const LINE: &str = "SweepMembers";

/// Accounts that are named of each organisation.
const NAMED: usize = 10;

/// What is left from one night for the next, and for those who see to what was found.
#[async_trait]
pub trait Nights: Send + Sync {
    /// Whether this is something else than what the night before found. `invocation` may ask again after a crash, and
    /// then hears the same.
    ///
    /// # Errors
    /// It could not be looked up, or not be kept.
    async fn is_news(&self, invocation: &str, found: &str) -> Result<bool, Refusal>;

    /// These people are linked to members, and work here no more.
    ///
    /// # Errors
    /// They could not be handed over.
    async fn hand_over(&self, invocation: &str, leavers: &[PersonId]) -> Result<(), Refusal>;
}

/// The command.
pub struct SweepMembers {
    spec: CommandSpec,
    members: Members,
    nights: Arc<dyn Nights>,
}

impl SweepMembers {
    /// The command.
    #[must_use]
    pub fn new(members: &Members, nights: Arc<dyn Nights>) -> Self {
        let spec = CommandSpec::new(LINE, "What is due", "Looks for strangers in all organisations")
            .example("!SweepMembers")
            .audience(Audience::Internal)
            .only_when_due();
        Self { spec, members: members.clone(), nights }
    }
}

#[async_trait]
impl Command for SweepMembers {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let members = &self.members;
        if !members.directory.is_set_up() {
            return Ok(Prepared::Reply(Message::default()));
        }
        let reader = members.reader.patient(&request.headway);
        let mut all = Vec::new();
        for org in members.orgs.iter() {
            all.push(gather::read(&reader, org).await?);
        }
        let known = gather::known(members, &all.iter().collect::<Vec<_>>()).await?;
        let roll = Roll::new(&known);
        if !roll.knows_anybody() {
            return Err(super::audit::empty_directory());
        }
        let (mut key, mut leavers) = (String::new(), BTreeMap::new());
        let (mut strangers, mut left, mut message) = (0, 0, Message::default());
        for read in &all {
            let found = findings(read, &roll);
            let needs: Vec<_> = found
                .iter()
                .filter(|one| matches!(one.group(), Group::Leaver | Group::Stranger | Group::LeaverByClaim))
                .collect();
            for one in &needs {
                let _ = write!(key, "{} {} {:?};", read.org, one.id, one.group());
                if let (Group::Leaver, Match::Linked { link, .. }) = (one.group(), &one.found) {
                    leavers.insert(link.person.user.clone(), link.person.clone());
                }
            }
            let of_them = needs.iter().filter(|one| one.group() == Group::Stranger).count();
            strangers += of_them;
            left += needs.len() - of_them;
            if let Some(verdict) = verdict(of_them, needs.len() - of_them) {
                message = message.part(Part::Heading(format!("{}: {verdict}", read.org)));
                message = needs.iter().take(NAMED).fold(message, |message, one| {
                    let what = if one.group() == Group::Stranger { " is a stranger" } else { " has left" };
                    message.item(account(one).plain(what))
                });
                if needs.len() > NAMED {
                    message = message.line(format!("and {} more.", thousands(needs.len() - NAMED)));
                }
                message = message.button(Button::Press {
                    label: format!("Look at {}", read.org),
                    action: "ask".to_owned(),
                    value: format!("AuditMembers {}", read.org),
                    style: Style::Plain,
                });
            }
        }
        // First those who have left: if the bot dies in between, they are found again tomorrow.
        let leavers: Vec<PersonId> = leavers.into_values().collect();
        if !leavers.is_empty() {
            self.nights.hand_over(&request.invocation, &leavers).await?;
        }
        if !self.nights.is_news(&request.invocation, &key).await? {
            return Ok(Prepared::Reply(Message::default()));
        }
        message.headline = match verdict(strangers, left) {
            Some(found) => format!("Tonight I found {found} in our organisations.").into(),
            None => {
                "Tonight there is no stranger in our organisations any more, and nobody who has left.".into()
            }
        };
        message.state = Some(if strangers + left > 0 { State::NeedsYou } else { State::Done });
        let note = "Nobody was removed. I say this again when something has changed.";
        Ok(Prepared::Reply(message.footnote(note)))
    }
}
