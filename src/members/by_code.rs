//! People show which account is theirs by a code that they type at GitHub.

use async_trait::async_trait;
use hubcommander_github::DeviceFlow;
use hubcommander_sdk::accounts::{Proof, Proves, Shown};
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;

/// GitHub's device flow.
pub struct ByCode(pub DeviceFlow);

#[async_trait]
impl Proves for ByCode {
    async fn prove(&self, _: &Person, headway: &Headway) -> Result<Shown, Refusal> {
        let begun = self.0.begin().await?;
        let words = Text::new()
            .plain("Which account at GitHub is yours? Open ")
            .link("this page of GitHub", &begun.verification_uri)
            .plain(", signed in with that account, and type ")
            .code(&begun.user_code)
            .plain(". The code is for you alone and good until ")
            .time(begun.expires_at)
            .plain("; type none there that somebody else gave you.");
        // It ends by itself: the code does.
        let proven = super::said_while(headway, &words, || true, self.0.wait(begun)).await;
        let proven = proven
            .ok_or_else(|| Refusal::new("Nobody typed the code in time.", "Ask for another code."))??;
        Ok(Shown { github_id: proven.id, login: proven.login, proof: Proof::DeviceFlow })
    }
}
