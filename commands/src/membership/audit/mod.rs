//! `!AuditMembers`: whose accounts the members of an organisation are. Asks those who are known and not linked to link,
//! and removes those whom nobody knows; both only when it is told to, and shown first.

mod csv;
mod offer;
mod remove;
pub(super) mod words;

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::offers::Offers;
use hubcommander_sdk::text::Text;

pub(super) use remove::empty_directory;

use super::gather::{self, findings};
use super::matching::Roll;
use super::{GROUP, Members};
use crate::github::suggest;

/// The command.
pub struct AuditMembers {
    spec: CommandSpec,
    members: Members,
    offers: Arc<dyn Offers>,
}

impl AuditMembers {
    /// The command.
    #[must_use]
    pub fn new(members: &Members, offers: Arc<dyn Offers>) -> Self {
        // It only reads, as far as what is usual goes: so every plan is shown to the person first.
        let about = "Says whose accounts the members of an organisation are, and whom nobody knows";
        let spec = CommandSpec::new("AuditMembers", GROUP, about)
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
            .arg(ArgSpec::flag("invite", "ask those who are known to link their accounts"))
            .arg(ArgSpec::flag("remove", "remove those whom nobody knows"))
            .arg(ArgSpec::option("reason", ArgKind::Text, "why, for whoever approves it"))
            .arg(ArgSpec::flag("dry-run", "with --invite or --remove: show the plan and do nothing"))
            .example("!AuditMembers acme")
            .example("!AuditMembers acme --invite");
        Self { spec, members: members.clone(), offers }
    }
}

#[async_trait]
impl Command for AuditMembers {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, members) = (&request.args, &self.members);
        let org = suggest::org(&members.orgs, args)?;
        let (invite, remove) = (args.flag("invite"), args.flag("remove"));
        if invite && remove {
            return Err(Refusal::new(
                "To ask and to remove are two things.",
                Text::from("First ").code("--invite").plain(", and later ").code("--remove").plain("."),
            ));
        }
        if remove && !members.directory.is_set_up() {
            return Err(remove::no_directory());
        }
        let reader = members.reader.patient(&request.headway);
        let read = gather::read(&reader, org).await?;
        let known = gather::known(members, &[&read]).await?;
        let roll = Roll::new(&known);
        let found = findings(&read, &roll);
        if remove && !roll.knows_anybody() {
            return Err(empty_directory());
        }
        if invite {
            let asked = offer::Asked { members, offers: &*self.offers, known: &known, org, request };
            return asked.prepare(&found).await;
        }
        if remove {
            return remove::prepare(&reader, org, &read, &found).await;
        }
        let surroundings = words::Surroundings { directory: known.employees.is_some(), read: &read };
        Ok(Prepared::Reply(words::answer(&surroundings, &found)))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.members.reader, &self.members.orgs, &self.spec, arg, typed, so_far).await
    }
}
