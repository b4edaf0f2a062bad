//! Who looked at somebody else's devices: the same list that Slack's answers are noted in, and the audit.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_commands::stethoscope::Views as Readings;
use hubcommander_stethoscope_pages::ports::{Person, Trouble, View, Views};
use serde_json::json;

use super::kept::trouble;
use crate::devices;
use crate::pipeline::engine::{Engine, Reading, note_reading};
use crate::slack::people::Freshness;
use crate::store::{AuditEntry, Shelf};

/// Keeps them in the store.
pub(super) struct Noted {
    shelf: Shelf,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl Noted {
    pub(super) fn new(shelf: Shelf, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        Self { shelf, engine }
    }

    fn engine(&self) -> Result<Arc<Engine>, Trouble> {
        self.engine.get().and_then(Weak::upgrade).ok_or_else(|| Trouble("there is no engine".to_owned()))
    }

    /// The Slack account of whoever has this e-mail address.
    async fn account(&self, email: &str) -> Result<Option<hubcommander_sdk::people::Person>, Trouble> {
        let found = self.engine()?.people.by_email(email, Freshness::Cached).await;
        found.map_err(|error| Trouble(error.to_string()))
    }
}

#[async_trait]
impl Views for Noted {
    async fn looked(&self, view: View) -> Result<(), Trouble> {
        let by = self.account(&view.by.email).await?;
        let by = by.ok_or_else(|| Trouble("Slack does not know who looks".to_owned()))?;
        let of = match &view.of {
            Some(email) => Some(self.account(email).await?.map_or_else(|| email.clone(), |of| of.id.user)),
            None => None,
        };
        let body = json!({
            "person": by.id, "email": view.by.email, "of": of, "of_email": view.of, "what": view.what, "via": "web",
        });
        let entry = AuditEntry { at: view.at, invocation: None, event: "devices.seen".to_owned(), body };
        self.shelf.get().map_err(trouble)?.note(vec![entry]).await.map_err(trouble)?;
        if let Some(of) = of {
            let id = format!("web-{}-{}", view.at.timestamp_millis(), by.id.user);
            let reading = Reading { by: by.id, command: "web".to_owned(), at: view.at };
            note_reading(&**self.shelf.get().map_err(trouble)?, &of, &id, &reading).await.map_err(trouble)?;
        }
        Ok(())
    }

    async fn at(&self, email: &str) -> Result<Vec<View>, Trouble> {
        let Some(person) = self.account(email).await? else { return Ok(Vec::new()) };
        let engine = self.engine()?;
        let mut views = Vec::new();
        for (by, at) in devices::Readings(self.shelf.clone()).of(&person.id.user).await.into_iter().rev() {
            let known = engine.people.get(&by.user, Freshness::Cached).await;
            let by = known.map_or_else(
                |_| Person { email: String::new(), name: by.user.clone() },
                |known| Person { email: known.email.clone().unwrap_or_default(), name: known.name.clone() },
            );
            views.push(View { by, of: Some(email.to_owned()), what: "your devices".to_owned(), at });
        }
        Ok(views)
    }
}
