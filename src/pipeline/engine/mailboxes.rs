//! Where clicks reach those who wait for them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use tokio::sync::mpsc;

/// A person's word on a plan: a button that was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The click's key in the store.
    pub key: String,
    /// Which button.
    pub action: Action,
    /// Who pressed it.
    pub by: PersonId,
    /// For which plan.
    pub digest: Option<String>,
    /// When.
    pub at: Instant,
}

/// What a button under a plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run it.
    Run,
    /// Do not run it.
    Cancel,
    /// Do what is missing.
    Retry,
}

/// The clicks for one invocation. It keeps a sender of its own, by which it is known, and which keeps it open.
pub(super) struct Mail {
    pub(super) receive: mpsc::UnboundedReceiver<Press>,
    own: mpsc::UnboundedSender<Press>,
}

impl Mail {
    fn new() -> Self {
        let (own, receive) = mpsc::unbounded_channel();
        Self { receive, own }
    }
}

/// Where clicks reach those who wait for them.
#[derive(Default)]
pub struct Mailboxes(Mutex<HashMap<String, mpsc::UnboundedSender<Press>>>);

impl Mailboxes {
    pub(super) fn open(&self, id: &str) -> Mail {
        let mail = Mail::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), mail.own.clone());
        mail
    }

    /// Opens one unless somebody has: two must not carry one invocation.
    pub(super) fn claim(&self, id: &str) -> Option<Mail> {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.contains_key(id) {
            return None;
        }
        let mail = Mail::new();
        boxes.insert(id.to_owned(), mail.own.clone());
        Some(mail)
    }

    /// Closes this one, and not the one that somebody else has opened since.
    pub(super) fn close(&self, id: &str, mail: &Mail) {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.get(id).is_some_and(|open| open.same_channel(&mail.own)) {
            boxes.remove(id);
        }
    }

    /// Gives it back if nobody is there to take it.
    pub(super) fn deliver(&self, id: &str, press: Press) -> Option<Press> {
        let boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match boxes.get(id) {
            Some(open) => open.send(press).err().map(|back| back.0),
            None => Some(press),
        }
    }
}
