//! What the bot asks itself when something is due. People cannot ask these.

use async_trait::async_trait;
use hubcommander_sdk::chatline::written_duration;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State, Style};
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;

use super::leases::Desk;
use super::{invocation, unread};
use crate::later::{lines, put_off};
use crate::store::Shelf;

/// By how much a press on Extend moves the end.
const USUAL_EXTENSION: i64 = 7 * 86_400;

const GROUP: &str = "What is due";

/// A lease is over.
pub struct LeaseEnds {
    spec: CommandSpec,
    desk: Desk,
}

impl LeaseEnds {
    /// The command over these leases.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let spec = CommandSpec::new(lines::LEASE_ENDS, GROUP, "Ends a lease whose time is over")
            .arg(ArgSpec::positional("lease", ArgKind::Text, "its id"))
            .example("!LeaseEnds lse-1RT4Q02M9X")
            .changes(Risk::Irreversible)
            .only_when_due();
        Self { spec, desk }
    }
}

#[async_trait]
impl Command for LeaseEnds {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let lease = self.desk.lease(request.args.text("lease"), &request.person.id).await?;
        Ok(Prepared::Plan(self.desk.ending(&lease, "the time is over").await?))
    }
}

/// A lease will soon be over.
pub struct LeaseEndsSoon {
    spec: CommandSpec,
    desk: Desk,
}

impl LeaseEndsSoon {
    /// The command over these leases.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let spec = CommandSpec::new(lines::LEASE_ENDS_SOON, GROUP, "Says that a lease will soon be over")
            .arg(ArgSpec::positional("lease", ArgKind::Text, "its id"))
            .example("!LeaseEndsSoon lse-1RT4Q02M9X")
            .audience(Audience::Person)
            .only_when_due();
        Self { spec, desk }
    }
}

#[async_trait]
impl Command for LeaseEndsSoon {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let lease = self.desk.lease(request.args.text("lease"), &request.person.id).await?;
        // The bot was not there when it was time to say so.
        if lease.until <= request.at {
            return Ok(Prepared::Reply(Message::default()));
        }
        let longer = lease.longest.unwrap_or(USUAL_EXTENSION).min(USUAL_EXTENSION);
        let press = |label: &str, line: String| Button::Press {
            label: label.to_owned(),
            action: "ask".to_owned(),
            value: line,
            style: Style::Plain,
        };
        let headline = lease.holding.shown.plain(": this ends ").time(lease.until).plain(".");
        let extend = written_duration(longer);
        let message = Message::new(headline)
            .state(State::NeedsYou)
            .line(Text::new().plain(
                "It is taken back then. If it is still needed, extend it; if it is not, give it back now.",
            ))
            .button(press(&format!("Extend by {extend}"), format!("Extend {} {extend}", lease.id)))
            .button(press("Return", format!("Return {}", lease.id)))
            .footnote(lease.id);
        Ok(Prepared::Reply(message))
    }
}

/// What was put off is due.
pub struct PlanIsDue {
    spec: CommandSpec,
    shelf: Shelf,
}

impl PlanIsDue {
    /// The command over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        let spec = CommandSpec::new(lines::PLAN_IS_DUE, GROUP, "Does what was approved and put off")
            .arg(ArgSpec::positional("invocation", ArgKind::Text, "by what it was put off"))
            .arg(ArgSpec::positional("id", ArgKind::Text, "under which id"))
            .example("!PlanIsDue inv-1RT4Q02M9X sch-1RT4Q02M9X")
            .changes(Risk::Irreversible)
            .only_when_due();
        Self { spec, shelf }
    }
}

#[async_trait]
impl Command for PlanIsDue {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let known = invocation(&self.shelf, request.args.text("invocation").unwrap_or_default()).await?;
        let steps = self.shelf.get().map_err(unread)?.steps(&known.id).await.map_err(unread)?;
        let id = request.args.text("id").unwrap_or_default();
        put_off(&known, &steps, id).map(Prepared::Plan).ok_or_else(|| {
            Refusal::new("What was put off cannot be found any more.", "Ask for it anew.")
                .logged(format!("{}: no plan {id}", known.id))
        })
    }
}
