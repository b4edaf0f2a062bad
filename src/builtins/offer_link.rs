//! `OfferLink`: somebody whose account is known is asked to link it. Only the bot asks this itself, after
//! `!AuditMembers --invite`.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::accounts::Accounts;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State, Style};
use hubcommander_sdk::people::Standing;
use hubcommander_sdk::text::Text;

use crate::members::OFFER_LINE;

/// Asks somebody to link an account.
pub struct OfferLink {
    spec: CommandSpec,
    accounts: Arc<dyn Accounts>,
}

impl OfferLink {
    /// The command over these links.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        let spec = CommandSpec::new(OFFER_LINE, "What is due", "Asks you to link your account at GitHub")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "whose member it is"))
            .arg(ArgSpec::positional("login", ArgKind::Login, "the account"))
            .example("!OfferLink acme octocat")
            .audience(Audience::Direct)
            .only_when_due();
        Self { spec, accounts }
    }
}

#[async_trait]
impl Command for OfferLink {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        // Between the question and now they may have left, or have linked it.
        let person = &request.person;
        if person.standing != Standing::Member || self.accounts.of(&person.id).await?.is_some() {
            return Ok(Prepared::Reply(Message::default()));
        }
        let (org, login) =
            (request.args.text("org").unwrap_or_default(), request.args.text("login").unwrap_or_default());
        let message = Message::new(
            Text::from("Is ").bold(login).plain(" your account at GitHub? Then link it to you here."),
        )
        .state(State::NeedsYou)
        .line(format!(
            "It is a member of {org}, and what the company knows says that it is yours; but only you can show it. It \
             takes a minute, at GitHub itself. From then on nobody takes you for a stranger there."
        ))
        .button(Button::Press {
            label: "Link my account".to_owned(),
            action: "ask".to_owned(),
            value: "LinkGitHub".to_owned(),
            style: Style::Primary,
        })
        .footnote("If it is not yours, do nothing: nothing is linked without you");
        Ok(Prepared::Reply(message))
    }
}
