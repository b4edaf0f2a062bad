//! What linking takes: that the person shows the account, and that nobody else loses one unseen.

use hubcommander_github::User;
use hubcommander_sdk::accounts::{Linked, SetLinks};
use hubcommander_sdk::command::Request;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::text::Text;

use super::Members;

/// An account that is the person's, and what has to be written down for it.
pub(super) struct Theirs {
    /// The account, as it is called now.
    pub user: User,
    /// What links it, if it is not linked yet.
    pub change: Option<SetLinks>,
}

impl Members {
    /// Lets the person show an account; the change that links it, or `None` if it is linked to them already.
    pub(super) async fn proven(&self, request: &Request) -> Result<(Linked, Option<SetLinks>), Refusal> {
        let proves = self.proves.as_ref().ok_or_else(|| {
            Refusal::new(
                "Accounts at GitHub cannot be linked here yet.",
                "Tell the people who run this bot: client_id under [github] in config.toml is missing.",
            )
        })?;
        let shown = proves.prove(&request.person, &request.headway).await?;
        let link = Linked {
            person: request.person.id.clone(),
            github_id: shown.github_id,
            login: shown.login,
            email: request.person.email.as_deref().map(str::to_lowercase),
            since: request.at,
            proof: shown.proof,
        };
        let instead = self.accounts.of(&request.person.id).await?;
        let held = self.accounts.whose(link.github_id).await?;
        if let Some(known) = instead.as_ref().filter(|known| known.github_id == link.github_id) {
            return Ok((Linked { login: link.login, ..known.clone() }, None));
        }
        let taken = held.filter(|held| held.person.user != link.person.user);
        Ok((link.clone(), Some(SetLinks::link(link, instead, taken))))
    }

    /// The person's account: the one that is linked to them, or else the one that they show now. `org` tells an App as
    /// which installation to ask.
    pub(super) async fn theirs(&self, request: &Request, org: &str) -> Result<Theirs, Refusal> {
        let (link, change) = match self.accounts.of(&request.person.id).await? {
            Some(link) => (link, None),
            None => self.proven(request).await?,
        };
        match self.reader.account(org, link.github_id).await? {
            Some(user) => Ok(Theirs { user, change }),
            None => Err(Refusal::new(
                Text::new()
                    .code(&link.login)
                    .plain(", the account that is linked to you, is gone at GitHub."),
                Text::new().plain("Link another one: ").code("!LinkGitHub").plain("."),
            )),
        }
    }
}
