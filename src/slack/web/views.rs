//! Forms (modals) and the home tab. The views come ready made.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Web;
use super::call::{Nature, Who};
use super::error::SlackError;
use super::messages::Nothing;
use super::method::Method;

/// A trigger lives three seconds: an answer after that is of no use.
const TRIGGER: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Open<'a> {
    trigger_id: &'a str,
    view: &'a Value,
}

#[derive(Serialize)]
struct Change<'a> {
    view_id: &'a str,
    view: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<&'a str>,
}

#[derive(Serialize)]
struct Publish<'a> {
    user_id: &'a str,
    view: &'a Value,
}

#[derive(Deserialize)]
struct Opened {
    view: OpenedView,
}

#[derive(Deserialize)]
struct OpenedView {
    id: String,
}

impl Web {
    /// Opens a modal and returns its id. At once, past every queue, and only once: the trigger is spent.
    ///
    /// # Errors
    /// As Slack says: for example `expired_trigger_id`.
    pub async fn open_modal(&self, trigger_id: &str, view: &Value) -> Result<String, SlackError> {
        let body = Open { trigger_id, view };
        let opened: Opened = self.send_within(Method::ViewsOpen, Who::Bot, &body, TRIGGER).await?;
        Ok(opened.view.id)
    }

    /// Puts something else into an open modal. For forms whose fields follow from what was chosen in others;
    /// nothing in the program has one yet. With the `hash` of the view that was seen, only if nothing
    /// changed it since.
    ///
    /// # Errors
    /// As Slack says: for example `hash_conflict`, or `not_found` if it was closed.
    pub async fn update_modal(
        &self,
        view_id: &str,
        hash: Option<&str>,
        view: &Value,
    ) -> Result<(), SlackError> {
        let body = Change { view_id, view, hash };
        // With a hash the second try would conflict with the first one's success.
        let nature = if hash.is_some() { Nature::Once } else { Nature::Repeats };
        let call = || self.send::<_, Nothing>(Method::ViewsUpdate, Who::Bot, &body);
        self.again(Method::ViewsUpdate, None, nature, call).await.map(|_| ())
    }

    /// Fills a person's home tab. For Stethoscope, whose page of one's own devices the tab is to be; the
    /// app's manifest has the tab switched on, and nothing in the program fills it yet.
    ///
    /// # Errors
    /// As Slack says: for example `not_enabled`.
    pub async fn publish_home(&self, user: &str, view: &Value) -> Result<(), SlackError> {
        let body = Publish { user_id: user, view };
        let call = || self.send::<_, Nothing>(Method::ViewsPublish, Who::Bot, &body);
        self.again(Method::ViewsPublish, None, Nature::Repeats, call).await.map(|_| ())
    }
}
