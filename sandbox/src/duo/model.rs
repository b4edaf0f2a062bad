//! What the local Duo knows: people, their phones, and what was shown there. No HTTP here.

use std::collections::BTreeMap;
use std::time::Duration;

use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

/// Duo gives up on a push after this time.
const PUSH_LASTS: Duration = Duration::from_secs(60);

/// How somebody stands at Duo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are asked.
    Active,
    /// They are let through without being asked.
    Bypass,
    /// They may not in.
    Disabled,
    /// They were locked out after too many wrong tries.
    LockedOut,
    /// They have not enrolled.
    NotEnrolled,
}

/// What somebody says on their phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes; with the code for a verified push.
    Approve(Option<String>),
    /// No.
    Deny,
    /// No, and it was not they who asked.
    Fraud,
}

/// What a phone does with a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phone {
    /// Waits for somebody to press a button.
    ByHand,
    /// Answers at once. A verified push is answered with its code.
    Answers(Answer),
    /// Cannot be reached.
    Unreachable,
    /// The account is locked while the push is shown.
    LocksOut,
    /// Shows no push: an old phone that gives passcodes.
    NoPush,
}

/// Somebody whom Duo knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The username, an e-mail address here.
    pub name: String,
    /// How they stand.
    pub standing: Standing,
    /// Their phone; none if they have no device.
    pub phone: Option<Phone>,
    /// Passcodes that are good, each once.
    pub passcodes: Vec<String>,
    /// Whether their policy asks for a verified push.
    pub verified: bool,
}

/// How a push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushState {
    /// Nobody answered yet.
    Waiting,
    /// The phone cannot be reached.
    Failed,
    /// Somebody said yes.
    Approved,
    /// Somebody said no.
    Denied,
    /// Somebody said that it was not they.
    Fraud,
    /// Nobody answered in time.
    TimedOut,
    /// The account was locked meanwhile.
    LockedOut,
}

impl PushState {
    /// Duo's `result`, `status` and `status_msg`.
    pub(super) fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Waiting => ("waiting", "pushed", "Pushed a login request to your device..."),
            Self::Failed => ("waiting", "push_failed", "Could not reach your device."),
            Self::Approved => ("allow", "allow", "Success. Logging you in..."),
            Self::Denied => ("deny", "deny", "Login request denied."),
            Self::Fraud => ("deny", "fraud", "Login request reported as fraudulent."),
            Self::TimedOut => ("deny", "timeout", "Login timed out."),
            Self::LockedOut => ("deny", "locked_out", "Your account is disabled."),
        }
    }
}

/// A push, and what the phone shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What it goes by.
    pub txid: String,
    /// On whose phone.
    pub user: String,
    /// What is shown above: the parameter `type`.
    pub kind: String,
    /// What is shown below: the parameter `pushinfo`, read.
    pub info: Vec<(String, String)>,
    /// What must be typed to approve it.
    pub code: Option<String>,
    /// When it was sent.
    pub at: Instant,
    /// How it stands.
    pub state: PushState,
    /// Whether it was told since it last changed: there is news else.
    pub(super) told: bool,
}

/// A verified push that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Promised {
    user: String,
    code: String,
    until: Instant,
}

/// All there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The people by their username in lower case.
    pub users: BTreeMap<String, User>,
    /// What was shown on phones, in its order.
    pub pushes: Vec<Push>,
    /// The integration key that is known.
    pub integration_key: String,
    /// Its secret key.
    pub secret_key: String,
    /// How far a request's date may be off.
    pub skew: Duration,
    promised: BTreeMap<String, Promised>,
    last_id: u64,
}

impl State {
    /// Somebody by their username, in any case.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&name.to_lowercase())
    }

    /// As [`State::user`], to change them.
    pub fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        self.users.get_mut(&name.to_lowercase())
    }

    pub(super) fn push_mut(&mut self, txid: &str) -> Option<&mut Push> {
        self.pushes.iter_mut().find(|push| push.txid == txid)
    }

    fn next_txid(&mut self) -> String {
        self.last_id += 1;
        format!("00000000-0000-4000-8000-{:012}", self.last_id)
    }

    pub(super) fn let_time_pass(&mut self, now: Instant) {
        for push in &mut self.pushes {
            if push.state == PushState::Waiting && push.at + PUSH_LASTS <= now {
                (push.state, push.told) = (PushState::TimedOut, false);
            }
        }
        self.promised.retain(|_, promised| promised.until > now);
    }

    /// Promises a verified push: its transaction, and the code to type.
    pub(super) fn promise(&mut self, user: &str, now: Instant) -> (String, String, Instant) {
        let txid = self.next_txid();
        // Not random: nobody guesses here, and tests read it.
        let code = format!("{:03}", 100 + self.last_id * 37 % 900);
        let until = now + PUSH_LASTS;
        let promised = Promised { user: user.to_lowercase(), code: code.clone(), until };
        self.promised.insert(txid.clone(), promised);
        (txid, code, until)
    }

    /// Shows something on a phone. None if the promised transaction is not one of theirs.
    pub(super) fn push(
        &mut self,
        user: &User,
        kind: String,
        info: Vec<(String, String)>,
        promised: Option<&str>,
        now: Instant,
    ) -> Option<String> {
        let (txid, code) = match promised {
            Some(txid) => {
                let promised = self.promised.remove(txid)?;
                if promised.user != user.name.to_lowercase() {
                    return None;
                }
                (txid.to_owned(), Some(promised.code))
            }
            None => (self.next_txid(), None),
        };
        let state = match &user.phone {
            Some(Phone::Unreachable) => PushState::Failed,
            Some(Phone::LocksOut) => PushState::LockedOut,
            _ => PushState::Waiting,
        };
        let (name, push_code) = (user.name.clone(), code.clone());
        self.pushes.push(Push {
            txid: txid.clone(),
            user: name,
            kind,
            info,
            code: push_code,
            at: now,
            state,
            told: false,
        });
        if let Some(Phone::Answers(answer)) = &user.phone {
            let answer = match answer {
                Answer::Approve(None) => Answer::Approve(code),
                other => other.clone(),
            };
            self.answer(&txid, answer);
        }
        Some(txid)
    }

    /// Somebody answers on their phone. Whether there was something to answer, with the right code.
    pub fn answer(&mut self, txid: &str, answer: Answer) -> bool {
        let Some(push) = self.push_mut(txid).filter(|push| push.state == PushState::Waiting) else {
            return false;
        };
        let state = match answer {
            Answer::Approve(code) if push.code.is_none() || push.code == code => PushState::Approved,
            Answer::Approve(_) => return false,
            Answer::Deny => PushState::Denied,
            Answer::Fraud => PushState::Fraud,
        };
        (push.state, push.told) = (state, false);
        true
    }

    /// Everything a person could tell apart, without ids and times.
    pub fn snapshot(&self) -> Value {
        let pushes: Vec<Value> = self
            .pushes
            .iter()
            .map(|push| {
                let (_, status, _) = push.state.words();
                json!({ "user": push.user, "type": push.kind, "info": push.info, "status": status })
            })
            .collect();
        json!({ "pushes": pushes })
    }
}

/// What is there at the beginning.
#[derive(Clone, Debug)]
pub struct World {
    integration_key: String,
    secret_key: String,
    users: Vec<User>,
    pub(super) holds: Duration,
}

impl World {
    /// A Duo with these keys, and nobody yet.
    pub fn new(integration_key: &str, secret_key: &str) -> Self {
        Self {
            integration_key: integration_key.to_owned(),
            secret_key: secret_key.to_owned(),
            users: Vec::new(),
            holds: Duration::from_secs(20),
        }
    }

    /// The sandbox's: the keys `DIDUOSANDBOX` and `duo_sandbox_secret`, and the people of the local Slack who have an
    /// address at `acme.example`, each with a phone that is answered by hand.
    pub fn acme() -> Self {
        ["ana@acme.example", "sam@acme.example", "kim@acme.example"]
            .into_iter()
            .fold(Self::new("DIDUOSANDBOX", "duo_sandbox_secret"), |world, name| {
                world.user(name, Phone::ByHand)
            })
    }

    /// Somebody who is asked, with this phone.
    #[must_use]
    pub fn user(mut self, name: &str, phone: Phone) -> Self {
        self.users.push(User {
            name: name.to_owned(),
            standing: Standing::Active,
            phone: Some(phone),
            passcodes: Vec::new(),
            verified: false,
        });
        self
    }

    /// How long a question about a push is held while there is no news.
    #[must_use]
    pub fn holds(self, holds: Duration) -> Self {
        Self { holds, ..self }
    }

    pub(super) fn begin(self) -> State {
        State {
            users: self.users.into_iter().map(|user| (user.name.to_lowercase(), user)).collect(),
            pushes: Vec::new(),
            integration_key: self.integration_key,
            secret_key: self.secret_key,
            skew: Duration::from_secs(300),
            promised: BTreeMap::new(),
            last_id: 0,
        }
    }
}
