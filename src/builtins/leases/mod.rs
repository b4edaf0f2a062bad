//! `!Leases`, `!Extend` and `!Return`: what is held for a time, and what the person who asked for it can do
//! about its end.

mod extend;
mod give_back;

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::{EndLease, Ending, Grant, Held, Holding, Lease};
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::Text;

pub use extend::Extend;
pub use give_back::Return;

use super::{is_same, unread};
use crate::store::{LeaseRecord, Shelf};

/// How many leases one answer lists.
const MOST: usize = 90;

/// What these commands work with.
#[derive(Clone)]
pub struct Desk {
    /// Where leases are.
    pub shelf: Shelf,
    /// What can be held.
    pub grants: Vec<Arc<dyn Grant>>,
}

impl Desk {
    /// The lease of this id, if it runs; without an id the only one of this person.
    pub(super) async fn lease(&self, id: Option<&str>, person: &PersonId) -> Result<Lease, Refusal> {
        let store = self.shelf.get().map_err(unread)?;
        let list = || Text::new().code("!Leases").plain(" lists those that run.");
        let Some(id) = id else {
            let mut mine = store.leases(None).await.map_err(unread)?;
            mine.retain(|lease| is_same(&lease.by, person));
            return match mine.len() {
                0 => Err(Refusal::new("You hold no lease that runs.", list())),
                1 => Ok(mine.remove(0)),
                n => Err(Refusal::new(
                    format!("You hold {n} leases."),
                    Text::new().plain("Say which; ").then(list()),
                )),
            };
        };
        let written = match id.trim().get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("lse-") => {
                format!("lse-{}", id.trim()[4..].to_uppercase())
            }
            _ => format!("lse-{}", id.trim().to_uppercase()),
        };
        match store.lease(&written).await.map_err(unread)? {
            Some(LeaseRecord { lease, ended: None }) => Ok(lease),
            Some(LeaseRecord { lease, ended: Some(at) }) => Err(Refusal::new(
                Text::new().code(lease.id).plain(" is over since ").time(at).plain("."),
                "Ask for it anew if it is still needed.",
            )),
            None => Err(Refusal::new(Text::new().plain("I know of no lease ").code(id).plain("."), list())),
        }
    }

    /// The same, if it is this person's to decide about.
    pub(super) async fn lease_of(&self, id: Option<&str>, person: &PersonId) -> Result<Lease, Refusal> {
        let lease = self.lease(id, person).await?;
        if is_same(&lease.by, person) {
            return Ok(lease);
        }
        Err(Refusal::new(
            Text::new().code(&lease.id).plain(" was asked for by ").person(&lease.by.user).plain("."),
            "Only they can extend it or give it back.",
        ))
    }

    /// What ending all of these leases on one holding comes to: the change of what is held, if there is one, and the
    /// ends of the leases.
    pub(crate) async fn ending_all(
        &self,
        leases: &[Lease],
    ) -> Result<(Option<Operation>, Vec<EndLease>), Refusal> {
        let Some(first) = leases.first() else { return Ok((None, Vec::new())) };
        let (holding, ends) = (&first.holding, leases.iter().map(end_of).collect());
        let grant = self.grant(holding)?;
        let store = self.shelf.get().map_err(unread)?;
        let (running, now) = tokio::join!(store.leases(Some(&holding.key)), grant.held(&holding.subject));
        let (mut running, now) = (running.map_err(unread)?, now.map_err(Refusal::from)?);
        let mut level = now.clone();
        for lease in leases {
            if let Ending::Turn(turn) = Held::new(grant.as_ref(), level.as_deref(), &running).end(&lease.id) {
                level = turn.to;
            }
            running.retain(|other| other.id != lease.id);
        }
        if level == now {
            return Ok((None, ends));
        }
        let change = grant.change(&holding.subject, now.as_deref(), level.as_deref());
        Ok((Some(change.map_err(Refusal::from)?), ends))
    }

    fn grant(&self, holding: &Holding) -> Result<&Arc<dyn Grant>, Refusal> {
        self.grants.iter().find(|grant| grant.kind() == holding.grant).ok_or_else(|| {
            Refusal::new("This program does not know what was lent.", "Tell the people who run this bot.")
        })
    }

    /// What ending the lease comes to, as a plan. `why` is said in its title: "is over", "is given back".
    pub(super) async fn ending(&self, lease: &Lease, why: &str) -> Result<Plan, Refusal> {
        let grant = self.grant(&lease.holding)?;
        let store = self.shelf.get().map_err(unread)?;
        let (running, now) =
            tokio::join!(store.leases(Some(&lease.holding.key)), grant.held(&lease.holding.subject));
        let (running, now) = (running.map_err(unread)?, now.map_err(Refusal::from)?);
        let held = Held::new(grant.as_ref(), now.as_deref(), &running);
        let shown = lease.holding.shown.clone();
        let title = Title {
            todo: Text::from("End the lease of ").then(shown.clone()),
            doing: Text::from("Ending the lease of ").then(shown.clone()),
            done: shown.clone().plain(format!(": {why}")),
        };
        let mut plan = Plan::new(title).lock(lease.holding.key.clone());
        let mut after: Vec<&str> = Vec::new();
        match held.end(&lease.id) {
            Ending::Turn(turn) => {
                let change = grant
                    .change(&lease.holding.subject, turn.from.as_deref(), turn.to.as_deref())
                    .map_err(Refusal::from)?;
                plan = plan.step("change", change, &[]);
                after.push("change");
                plan.summary = Some(match &turn.to {
                    Some(level) => format!("{level} stays, which was granted besides.").into(),
                    None => "What was lent is taken back.".into(),
                });
            }
            Ending::Kept => plan.summary = Some("It stays, since it was granted besides.".into()),
            Ending::ChangedElsewhere => {
                plan.summary =
                    Some("Somebody has changed it at GitHub meanwhile, so it is left as it is.".into());
            }
        }
        Ok(plan.step("lease", end_of(lease).operation(), &after))
    }
}

fn end_of(lease: &Lease) -> EndLease {
    EndLease { id: lease.id.clone(), shown: lease.holding.shown.clone() }
}

/// The command `!Leases`.
pub struct Leases {
    spec: CommandSpec,
    desk: Desk,
}

impl Leases {
    /// The command over these leases.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let spec =
            CommandSpec::new("Leases", "What is lent", "Lists what is held for a time, and until when")
                .arg(
                    ArgSpec::positional(
                        "about",
                        ArgKind::Text,
                        "only those that are about this: a name, a repository",
                    )
                    .optional(),
                )
                .arg(ArgSpec::flag("mine", "only those that you asked for"))
                .example("!Leases")
                .example("!Leases acme/website");
        Self { spec, desk }
    }
}

fn row(lease: &Lease) -> Vec<Text> {
    vec![
        lease.holding.shown.clone(),
        lease.level.as_str().into(),
        Text::new().time(lease.until),
        Text::new().person(&lease.by.user),
        lease.reason.as_deref().unwrap_or_default().into(),
        Text::new().code(&lease.id),
    ]
}

#[async_trait]
impl Command for Leases {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let mut leases = self.desk.shelf.get().map_err(unread)?.leases(None).await.map_err(unread)?;
        if request.args.flag("mine") {
            leases.retain(|lease| is_same(&lease.by, &request.person.id));
        }
        if let Some(about) = request.args.text("about") {
            let about = about.to_lowercase();
            leases.retain(|lease| lease.holding.shown.words().to_lowercase().contains(&about));
        }
        let message = match leases.len() {
            0 => return Ok(Prepared::Reply(Message::new("Nothing is lent."))),
            1 => Message::new("One lease runs."),
            n if n > MOST => Message::new(format!("{n} leases run; these {MOST} end first.")),
            n => Message::new(format!("{n} leases run.")),
        };
        let header = ["Who and where", "May", "Until", "Asked by", "Why", "Id"].map(str::to_owned).to_vec();
        let rows = leases.iter().take(MOST).map(row).collect();
        Ok(Prepared::Reply(message.part(Part::Table { header, rows })))
    }
}
