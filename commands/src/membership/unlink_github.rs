//! `!UnlinkGitHub`: an account is not linked any more.

use async_trait::async_trait;
use hubcommander_sdk::accounts::SetLinks;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{GROUP, Members};

/// The command.
pub struct UnlinkGitHub {
    spec: CommandSpec,
    members: Members,
}

impl UnlinkGitHub {
    /// The command over these.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let spec = CommandSpec::new("UnlinkGitHub", GROUP, "Takes the link to an account at GitHub away")
            .alias("UnlinkAccount")
            .arg(ArgSpec::positional("person", ArgKind::Person, "whose, if not your own").optional())
            .example("!UnlinkGitHub")
            .audience(Audience::Direct)
            .changes(Risk::Reversible);
        Self { spec, members: members.clone() }
    }
}

#[async_trait]
impl Command for UnlinkGitHub {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let own = &request.person.id;
        let person = match request.args.text("person") {
            Some(user) => PersonId { team: own.team.clone(), user: user.to_owned() },
            None => own.clone(),
        };
        let Some(link) = self.members.accounts.of(&person).await? else {
            let nobody = if person.user == own.user {
                Text::from("No account at GitHub is linked to you.")
            } else {
                Text::new().plain("No account at GitHub is linked to ").person(&person.user).plain(".")
            };
            return Ok(Prepared::Reply(Message::new(nobody).state(State::Done)));
        };
        let of = |before: &str, after: &str| {
            Text::from(before).code(&link.login).plain(after).person(&link.person.user)
        };
        let change = SetLinks::unlink(link.clone());
        let mut plan = Plan::new(Title {
            todo: of("Unlink ", " from "),
            doing: of("Unlinking ", " from "),
            done: of("", " is no longer linked to "),
        })
        .step("unlink", change.operation(), &[])
        .precondition(change.unchanged());
        plan.locks.extend(change.locks());
        plan.summary = Some("Nothing changes at GitHub by this.".into());
        Ok(Prepared::Plan(plan))
    }
}
