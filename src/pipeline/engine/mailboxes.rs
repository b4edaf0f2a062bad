//! Where clicks reach those who wait for them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use secrecy::SecretString;
use tokio::sync::mpsc;

/// A person's word on a plan: a button that was pressed, or a form that was sent.
#[derive(Clone, Debug)]
pub struct Press {
    /// The click's key in the store; empty for what must not be written down.
    pub key: String,
    /// Which button.
    pub action: Action,
    /// Who pressed it.
    pub by: PersonId,
    /// For which plan.
    pub digest: Option<String>,
    /// When.
    pub at: Instant,
    /// In which conversation.
    pub channel: String,
    /// What they say with it: why they ask, or why they deny.
    pub words: Option<String>,
    /// The name that they typed, of what cannot be brought back.
    pub typed: Option<String>,
    /// A code by which they prove that it is they.
    pub code: Option<SecretString>,
}

impl Press {
    /// A press on a button that says nothing besides.
    #[must_use]
    pub fn plain(key: String, action: Action, by: PersonId, digest: Option<String>, at: Instant) -> Self {
        Self { key, action, by, digest, at, channel: String::new(), words: None, typed: None, code: None }
    }

    /// The key under which it stands in the store, if it does.
    #[must_use]
    pub fn stored_key(&self) -> Option<String> {
        (!self.key.is_empty()).then(|| self.key.clone())
    }
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
    /// Ask me again to prove that it is I.
    Again,
    /// Here is a code that proves it.
    Code,
    /// I agree.
    Approve,
    /// I do not agree.
    Deny,
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

enum Mailbox {
    Open(mpsc::UnboundedSender<Press>),
    /// It was left for the next start.
    Halted,
}

/// A press that reached nobody.
pub(super) enum Undelivered {
    /// Nobody works on it.
    Nobody(Press),
    /// It was left for the next start.
    Halted(Press),
}

/// Where clicks reach those who wait for them.
#[derive(Default)]
pub struct Mailboxes(Mutex<HashMap<String, Mailbox>>);

impl Mailboxes {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Mailbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, id: &str) -> Mail {
        let mail = Mail::new();
        self.lock().insert(id.to_owned(), Mailbox::Open(mail.own.clone()));
        mail
    }

    /// Opens one unless somebody has: two must not carry one invocation.
    pub(super) fn claim(&self, id: &str) -> Option<Mail> {
        let mut boxes = self.lock();
        if matches!(boxes.get(id), Some(Mailbox::Open(_))) {
            return None;
        }
        let mail = Mail::new();
        boxes.insert(id.to_owned(), Mailbox::Open(mail.own.clone()));
        Some(mail)
    }

    /// Closes this one, and not the one that somebody else has opened since.
    pub(super) fn close(&self, id: &str, mail: &Mail) {
        let mut boxes = self.lock();
        if is_this(&boxes, id, mail) {
            boxes.remove(id);
        }
    }

    /// Closes this one and remembers that nobody goes on with it before the next start.
    pub(super) fn halt(&self, id: &str, mail: &Mail) {
        let mut boxes = self.lock();
        if is_this(&boxes, id, mail) {
            boxes.insert(id.to_owned(), Mailbox::Halted);
        }
    }

    /// Gives it back if nobody is there to take it.
    pub(super) fn deliver(&self, id: &str, press: Press) -> Result<(), Undelivered> {
        match self.lock().get(id) {
            Some(Mailbox::Open(open)) => open.send(press).map_err(|back| Undelivered::Nobody(back.0)),
            Some(Mailbox::Halted) => Err(Undelivered::Halted(press)),
            None => Err(Undelivered::Nobody(press)),
        }
    }
}

fn is_this(boxes: &HashMap<String, Mailbox>, id: &str, mail: &Mail) -> bool {
    matches!(boxes.get(id), Some(Mailbox::Open(open)) if open.same_channel(&mail.own))
}
