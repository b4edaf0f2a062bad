//! The webhook that answers are forwarded to. A call may come twice when its answer was lost; both have the same
//! `webhook-id`.

use std::time::Duration;

use hubcommander_outbound::{
    Failure, Patience, Proxies, WayOutError, exchange, http_client, must_be_private,
};
use hubcommander_sdk::clock::Instant;
use serde_json::{Value as Json, json};
use url::Url;

use super::Webhook;
use super::item::Item;
use super::letters::Event;
use super::sign::{NotASecret, Signer};

/// How long one call may take.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), request: Duration::from_secs(15) };
/// Nobody reads what it answers.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The webhook could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Its address is not safe, or TLS cannot be set up.
    #[error("the webhook of notifications: {0}")]
    WayOut(#[from] WayOutError),
    /// Its secret is none.
    #[error("the webhook of notifications: {0}")]
    Secret(#[from] NotASecret),
}

/// Why a call did not come through. For the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotTold {
    /// There is no answer.
    #[error("{0}")]
    NoAnswer(#[from] Failure),
    /// It answered something else than that it has taken it.
    #[error("it answered {0}")]
    Refused(u16),
}

/// The webhook.
#[derive(Clone)]
pub struct Hook {
    client: reqwest::Client,
    url: Url,
    signer: Signer,
}

impl Hook {
    /// A webhook with its signature.
    ///
    /// # Errors
    /// As [`HookError`] says.
    pub fn new(webhook: &Webhook, proxies: Proxies) -> Result<Self, HookError> {
        must_be_private(&webhook.url)?;
        let client = http_client(proxies, PATIENCE, webhook.url.scheme() == "https")?;
        let signer = Signer::new(std::slice::from_ref(&webhook.secret))?;
        Ok(Self { client, url: webhook.url.clone(), signer })
    }

    pub(super) async fn tell(&self, item: &Item, event: Event, now: Instant) -> Result<(), NotTold> {
        let body = said(item, event).to_string();
        // One for each event, whatever became of earlier calls.
        let id = format!("{}-{}", item.id, event.as_str());
        let timestamp = now.timestamp();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.signer.sign(&id, timestamp, body.as_bytes()))
            .body(body);
        crate::crash::point("notices.before-hook");
        let answer = exchange(request, LONGEST_ANSWER).await;
        crate::crash::point("notices.after-hook");
        let status = answer?.status;
        if status.is_success() { Ok(()) } else { Err(NotTold::Refused(status.as_u16())) }
    }
}

/// What is said: the same whenever it is said.
fn said(item: &Item, event: Event) -> Json {
    let mut data = json!({
        "id": item.id, "email": item.email, "slack_user": item.person.user, "question": item.question,
    });
    let at = match (event, &item.answer, item.taken()) {
        (Event::Answered, Some(answer), Some(action)) => {
            data["action"] = json!(action.key);
            data["label"] = json!(action.label);
            data["grave"] = json!(action.grave);
            data["via"] = json!(answer.way);
            answer.at
        }
        _ => item.escalated.unwrap_or(item.escalate_at),
    };
    if event == Event::Unanswered {
        data["delivered"] = json!(item.posted.is_some());
    }
    json!({ "type": format!("notification.{}", event.as_str()), "timestamp": at, "data": data })
}
