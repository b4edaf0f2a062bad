//! What is pressed on a plan that waits.

use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::message::Message;
use serde_json::json;

use super::{Follows, Waiting};
use crate::invocation::State;
use crate::pipeline::engine::{Action, Press, Stopped};
use crate::pipeline::record::Record;
use crate::pipeline::report::words;

impl Waiting<'_> {
    pub(super) async fn press(&mut self, record: &mut Record, press: Press) -> Result<Follows, Stopped> {
        let for_this = press.digest.as_deref() == Some(self.examined.digest().0.as_str());
        if !for_this {
            let words = Message::new("That was an older plan; the newest is in the thread.");
            return self.aside(record, &press, words, "an older plan").await;
        }
        if matches!(press.action, Action::Approve | Action::Deny) {
            return match press.action {
                Action::Approve => self.approve(record, press).await,
                _ => self.deny(record, press).await,
            };
        }
        let asked = Self::asked(record).clone();
        // Known to the gate by the ids under which they asked, whatever the click called them.
        if !self.engine.is_same(&press.by, &asked).await {
            let words = Message::new("Only the person who asked can decide this.");
            return self.aside(record, &press, words, "not the person who asked").await;
        }
        match press.action {
            Action::Cancel => {
                let outcome = words::cancelled(&self.examined, record.invocation(), &press.by.user);
                let clicks = press.stored_key().into_iter().collect();
                Ok(Follows::Over { state: State::Cancelled, event: "cancelled", outcome, clicks })
            }
            Action::Again => {
                self.problem = None;
                self.engine.settle_press(&press, "again").await;
                Ok(Follows::On)
            }
            Action::Code => self.code(record, press).await,
            Action::Run | Action::Retry => self.word(record, press).await,
            Action::Approve | Action::Deny => Ok(Follows::On),
        }
    }

    /// The person who asked says: run it.
    async fn word(&mut self, record: &mut Record, press: Press) -> Result<Follows, Stopped> {
        if let Err(refusal) = self.engine.may_still(record.invocation(), &self.examined).await {
            let message = words::refusal(&refusal, &record.invocation().id);
            return self.aside(record, &press, message, "may not use the bot now").await;
        }
        let asked = Self::asked(record).clone();
        let missing = self.progress.missing(&asked);
        let has = |requirement: &Requirement| missing.contains(requirement);
        let reason = press.words.clone().filter(|words| !words.trim().is_empty());
        if has(&Requirement::Reason) && reason.is_none() {
            let words = Message::new("Say why, in the form that the button opens.");
            return self.aside(record, &press, words, "no reason given").await;
        }
        if has(&Requirement::Confirm) && !self.examined.is_named_by(press.typed.as_deref()) {
            let words = Message::new(
                "Type the name of what cannot be brought back, in the form that the button opens.",
            );
            return self.aside(record, &press, words, "the name was not typed").await;
        }
        let body = json!({ "by": press.by, "digest": self.examined.digest(), "reason": reason });
        for requirement in [Requirement::Confirm, Requirement::Reason] {
            if has(&requirement) {
                let words = reason.clone().filter(|_| requirement == Requirement::Reason);
                self.progress.give(requirement, &asked, press.at).words = words;
            }
        }
        let entry = record.entry("confirmed", body);
        let clicks = press.stored_key().into_iter().collect();
        self.save(record, vec![entry], clicks).await?;
        Ok(Follows::On)
    }
}
