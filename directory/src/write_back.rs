//! Telling the company's directory which accounts were linked here.
//!
//! There are two ways. Whoever reads our SCIM server finds a link in the extension [`crate::scim::LINK`] of the user.
//! Whoever wants to be told gets a [`Webhook`].

use async_trait::async_trait;
use chrono::SecondsFormat;
use http::{HeaderName, HeaderValue};
use hubcommander_outbound::signature::{NotASecret, Signer};
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use url::Url;

use crate::readers::{Reach, Web};
use crate::{Link, Trouble};

/// What became of somebody's accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkNews {
    /// They were linked, or linked otherwise.
    Linked(Link),
    /// They are linked no more; this was the link.
    Unlinked(Link),
}

/// A directory that takes back what was linked here.
#[async_trait]
pub trait WriteBack: Send + Sync + std::fmt::Debug {
    /// Says it. `id` is of this piece of news and the same when it is said again, so that whoever hears it twice can
    /// tell.
    ///
    /// # Errors
    /// As [`Trouble`] says. It may have been heard.
    async fn say(&self, id: &str, news: &LinkNews) -> Result<(), Trouble>;
}

const NAME: &str = "the webhook";

/// Says what was linked to an address, signed as Standard Webhooks have it
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
pub struct Webhook {
    web: Web,
    url: Url,
    signer: Signer,
    clock: SharedClock,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Webhook {
    /// To this address, signed with each of these secrets (`whsec_` and then base64): two while one takes the other's
    /// place.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn new(
        url: Url,
        secrets: &[SecretString],
        reach: &Reach,
        clock: SharedClock,
    ) -> Result<Self, Trouble> {
        let setup = |why: &str| Trouble::Setup { directory: NAME.to_owned(), why: why.to_owned() };
        if secrets.is_empty() {
            return Err(setup("it has no secret to sign with"));
        }
        let signer = Signer::new(secrets).map_err(|NotASecret| {
            setup("its secret is not `whsec_` and base64 of 24 to 64 bytes; `openssl rand -base64 32` makes the base64")
        })?;
        let web = Web::new(NAME, &url, reach, clock.clone(), |_| false)?;
        Ok(Self { web, url, signer, clock })
    }
}

fn body(news: &LinkNews, now: String) -> Json {
    let (kind, link) = match news {
        LinkNews::Linked(link) => ("link.created", link),
        LinkNews::Unlinked(link) => ("link.removed", link),
    };
    json!({
        "type": kind, "timestamp": now,
        "data": {
            "person": link.person, "slack_user_id": link.slack_user, "github_id": link.github_id,
            "github_login": link.github_login, "email": link.email, "proof": link.proof,
            "since": link.since.to_rfc3339_opts(SecondsFormat::Secs, true),
        },
    })
}

#[async_trait]
impl WriteBack for Webhook {
    async fn say(&self, id: &str, news: &LinkNews) -> Result<(), Trouble> {
        // A dot separates what is signed, so an id with one could stand for another message.
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || !id.bytes().all(fine) {
            return Err(self.web.unreadable("an id of news has letters, digits, - and _ only"));
        }
        let now = self.clock.now();
        let body = body(news, now.to_rfc3339_opts(SecondsFormat::Secs, true)).to_string();
        let seconds = now.timestamp();
        let odd = |_| self.web.unreadable("a header cannot be written");
        let headers = [
            ("webhook-id", HeaderValue::from_str(id).map_err(odd)?),
            ("webhook-timestamp", HeaderValue::from(seconds)),
            (
                "webhook-signature",
                HeaderValue::from_str(&self.signer.sign(id, seconds, body.as_bytes())).map_err(odd)?,
            ),
            ("content-type", HeaderValue::from_static("application/json")),
        ]
        .map(|(name, value)| (HeaderName::from_static(name), value));
        self.web.post(&self.url, &headers, &body).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::clock::SystemClock;

    use super::*;

    fn webhook(secrets: &[&str]) -> Result<Webhook, Trouble> {
        let secrets: Vec<SecretString> = secrets.iter().map(|one| SecretString::from(*one)).collect();
        let url = "http://127.0.0.1:9/hook".parse().unwrap();
        Webhook::new(url, &secrets, &Reach::default(), std::sync::Arc::new(SystemClock))
    }

    #[test]
    fn a_secret_that_is_none_is_refused_and_not_shown() {
        assert!(webhook(&[]).is_err());
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "hunter2hunter2hunter2hunter2!!!!"] {
            let said = webhook(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", bad]).unwrap_err().to_string();
            assert!(bad.len() < 10 || !said.contains(bad), "{said}");
        }
    }
}
