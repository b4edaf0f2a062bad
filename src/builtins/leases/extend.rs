//! `!Extend`: a lease ends later.

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::ExtendLease;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::{Text, length};

use super::Desk;

/// The command.
pub struct Extend {
    spec: CommandSpec,
    desk: Desk,
    clock: SharedClock,
}

impl Extend {
    /// The command over these leases.
    #[must_use]
    pub fn new(desk: Desk, clock: SharedClock) -> Self {
        let spec = CommandSpec::new("Extend", "What is lent", "Moves the end of a lease")
            .arg(ArgSpec::positional("lease", ArgKind::Text, "its id"))
            .arg(ArgSpec::positional("by", ArgKind::Duration, "how much longer"))
            .example("!Extend lse-1RT4Q02M9X 7d")
            .changes(Risk::Reversible);
        Self { spec, desk, clock }
    }
}

#[async_trait]
impl Command for Extend {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let lease = self.desk.lease_of(request.args.text("lease"), &request.person.id).await?;
        let by = request.args.number("by").unwrap_or_default();
        let until = lease.until + TimeDelta::seconds(by);
        let ahead = until - self.clock.now();
        if let Some(longest) = lease.longest.filter(|longest| ahead.num_seconds() > *longest) {
            return Err(Refusal::new(
                format!("Its end may lie {} ahead at most.", length(longest)),
                "Ask for less, or again when the end is nearer.",
            ));
        }
        let shown = lease.holding.shown.clone();
        let title = Title {
            todo: Text::from("Extend the lease of ").then(shown.clone()),
            doing: Text::from("Extending the lease of ").then(shown.clone()),
            done: shown.clone().plain(": extended until ").time(until),
        };
        let extend = ExtendLease { id: lease.id, shown, until, before: lease.until };
        let plan = Plan::new(title).step("lease", extend.operation(), &[]).lock(lease.holding.key);
        Ok(Prepared::Plan(plan))
    }
}
