//! `!LinkGitHub`: somebody shows which account at GitHub is theirs.

use async_trait::async_trait;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{GROUP, Members};

/// The command.
pub struct LinkGitHub {
    spec: CommandSpec,
    members: Members,
}

impl LinkGitHub {
    /// The command over these.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let about = "Links your account at GitHub to you, once you have shown at GitHub that it is yours";
        let spec = CommandSpec::new("LinkGitHub", GROUP, about)
            .alias("LinkAccount")
            .example("!LinkGitHub")
            .audience(Audience::Direct)
            .changes(Risk::Reversible);
        Self { spec, members: members.clone() }
    }
}

#[async_trait]
impl Command for LinkGitHub {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (link, change) = self.members.proven(request).await?;
        let Some(change) = change else {
            let known = Text::new().code(link.login).plain(" is linked to you already.");
            return Ok(Prepared::Reply(Message::new(known).state(State::Done)));
        };
        let of = |before: &str, after: &str| Text::from(before).code(&link.login).plain(after);
        let mut plan = Plan::new(Title {
            todo: of("Link ", " to you"),
            doing: of("Linking ", " to you"),
            done: Text::new().code(&link.login).plain(" is linked to you"),
        })
        .step("link", change.operation(), &[])
        .precondition(change.unchanged());
        plan.locks.extend(change.locks());
        let taken = change.from.iter().find(|old| old.person.user != request.person.id.user);
        plan.summary = taken.map(|old| {
            Text::new()
                .plain("It was linked to ")
                .person(&old.person.user)
                .plain(" before, and is not any more.")
        });
        Ok(Prepared::Plan(plan))
    }
}
