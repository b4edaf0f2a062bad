//! What the local Okta knows: people, and what was asked on their phones. No HTTP here.

use std::time::Duration;

use hubcommander_sdk::clock::Instant;

/// How long a push lasts, as the usual `tokenLifetimeSeconds` says.
const PUSH_LASTS: Duration = Duration::from_secs(300);

/// What somebody does in Okta Verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Approves, and chooses this number if numbers are shown.
    Approve(Option<u32>),
    /// Says that it was not they.
    Deny,
}

/// The push of Okta Verify that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Its id.
    pub id: String,
    /// `ACTIVE`, `PENDING_ACTIVATION`, ...
    pub status: String,
    /// Whether the answer is given at once; with the right number.
    pub at_once: Option<Answer>,
}

/// Somebody whom Okta knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their login, an e-mail address.
    pub login: String,
    /// Their e-mail address.
    pub email: String,
    /// `ACTIVE`, `SUSPENDED`, ...
    pub status: String,
    /// Their push.
    pub factor: Option<Factor>,
}

/// How a push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody answered yet.
    Waiting,
    /// Somebody said yes.
    Success,
    /// Somebody said no, or chose a wrong number.
    Rejected,
    /// Nobody answered in time.
    Timeout,
}

impl Outcome {
    /// Okta's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Success => "SUCCESS",
            Self::Rejected => "REJECTED",
            Self::Timeout => "TIMEOUT",
        }
    }
}

/// A push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What it goes by.
    pub transaction: String,
    /// On whose phone.
    pub user: String,
    /// The right number, with number matching.
    pub number: Option<u32>,
    /// When it was sent.
    pub at: Instant,
    /// How it stands.
    pub outcome: Outcome,
}

/// All there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The people.
    pub users: Vec<User>,
    /// What was asked, in its order.
    pub pushes: Vec<Push>,
    /// The API token that is known.
    pub api_token: String,
    /// Whether the number is told at once, or only to who asks how the push stands.
    pub tells_number: bool,
}

impl State {
    /// Somebody by their id or login.
    pub fn user(&self, which: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == which || user.login.eq_ignore_ascii_case(which))
    }

    /// As [`State::user`], to change them.
    pub fn user_mut(&mut self, which: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == which || user.login.eq_ignore_ascii_case(which))
    }

    pub(super) fn let_time_pass(&mut self, now: Instant) {
        for push in &mut self.pushes {
            if push.outcome == Outcome::Waiting && push.at + PUSH_LASTS <= now {
                push.outcome = Outcome::Timeout;
            }
        }
    }

    /// Shows a push. Gives what it goes by.
    pub(super) fn push(&mut self, user: &User, numbers: bool, now: Instant) -> Push {
        let count = u32::try_from(self.pushes.len()).unwrap_or(0);
        let push = Push {
            transaction: format!("v2mst-sandbox{count:06}"),
            user: user.id.clone(),
            number: numbers.then_some(10 + count * 37 % 90),
            at: now,
            outcome: Outcome::Waiting,
        };
        self.pushes.push(push.clone());
        if let Some(answer) = user.factor.as_ref().and_then(|factor| factor.at_once) {
            let answer = match answer {
                Answer::Approve(None) => Answer::Approve(push.number),
                other => other,
            };
            self.answer(&push.transaction, answer);
        }
        push
    }

    /// Somebody answers on their phone. Whether there was something to answer.
    pub fn answer(&mut self, transaction: &str, answer: Answer) -> bool {
        let found = self.pushes.iter_mut().find(|push| push.transaction == transaction);
        let Some(push) = found.filter(|push| push.outcome == Outcome::Waiting) else { return false };
        push.outcome = match answer {
            Answer::Approve(number) if number == push.number => Outcome::Success,
            _ => Outcome::Rejected,
        };
        true
    }
}

/// What is there at the beginning.
#[derive(Clone, Debug)]
pub struct World {
    api_token: String,
    users: Vec<User>,
}

impl World {
    /// An Okta with this token, and nobody yet.
    pub fn new(api_token: &str) -> Self {
        Self { api_token: api_token.to_owned(), users: Vec::new() }
    }

    /// Somebody who has Okta Verify, and answers at once like this if at all.
    #[must_use]
    pub fn user(mut self, login: &str, at_once: Option<Answer>) -> Self {
        let number = self.users.len();
        self.users.push(User {
            id: format!("00uSANDBOX{number:04}"),
            login: login.to_owned(),
            email: login.to_owned(),
            status: "ACTIVE".to_owned(),
            factor: Some(Factor {
                id: format!("opfSANDBOX{number:04}"),
                status: "ACTIVE".to_owned(),
                at_once,
            }),
        });
        self
    }

    pub(super) fn begin(self) -> State {
        State { users: self.users, pushes: Vec::new(), api_token: self.api_token, tells_number: true }
    }
}
