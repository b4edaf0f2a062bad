//! `!Return`: a lease ends now.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::plan::Risk;

use super::Desk;

/// The command.
pub struct Return {
    spec: CommandSpec,
    desk: Desk,
}

impl Return {
    /// The command over these leases.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let spec = CommandSpec::new("Return", "What is lent", "Gives back what was lent, before its end")
            .arg(
                ArgSpec::positional("lease", ArgKind::Text, "its id; without one, your only lease")
                    .optional(),
            )
            .example("!Return lse-1RT4Q02M9X")
            .changes(Risk::Reversible);
        Self { spec, desk }
    }
}

#[async_trait]
impl Command for Return {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let lease = self.desk.lease_of(request.args.text("lease"), &request.person.id).await?;
        Ok(Prepared::Plan(self.desk.ending(&lease, "given back").await?))
    }
}
