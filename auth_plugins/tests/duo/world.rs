//! What the tests share: the local Duo with its people, and the plugin that asks it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_auth_plugins::duo::{Account, Duo, Settings};
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sandbox::duo::{Answer, Duo as LocalDuo, Phone, State, User, World};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sdk::auth::{Begun, Challenge, Proof, Role, StepUp as _, Unproven};
use hubcommander_sdk::clock::{Clock, Instant, SharedClock, SystemClock};
use hubcommander_sdk::people::{Person, PersonId, Standing};
use hubcommander_sdk::plan::Digest;
use hubcommander_sdk::text::Text;

/// How long somebody has to answer here.
pub const DEADLINE: Duration = Duration::from_millis(400);
pub const PAUSE: Duration = Duration::from_millis(20);
pub const ANA: &str = "ana@acme.example";
pub const SECRET: &str = "duo_sandbox_secret";

/// A clock that is off.
#[derive(Debug)]
pub struct Off(pub TimeDelta);

impl Clock for Off {
    fn now(&self) -> Instant {
        SystemClock.now() + self.0
    }
}

pub struct Site {
    pub local: LocalDuo,
    pub faults: Faults,
    pub settings: Settings,
    pub duo: Duo,
}

impl Site {
    /// A Duo where Ana has this phone.
    pub async fn with(phone: Phone) -> Self {
        Self::changed(phone, |_| {}).await
    }

    pub async fn changed(phone: Phone, change: impl FnOnce(&mut Settings)) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let world = World::new("DIDUOSANDBOX", SECRET).user(ANA, phone).holds(Duration::from_millis(60));
        let faults = Faults::default();
        let local = LocalDuo::start(world, Arc::clone(&clock), faults.clone()).await.unwrap();
        let account = Account {
            api_url: local.url().parse().unwrap(),
            integration_key: "DIDUOSANDBOX".into(),
            secret_key: SECRET.into(),
            deadline: DEADLINE,
        };
        let mut settings = Settings {
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) },
            begin_within: Duration::from_millis(600),
            pause: PAUSE,
            proxies: Proxies::none(),
            ..Settings::new([("Acme.Example".to_owned(), account)].into())
        };
        change(&mut settings);
        let duo = Duo::new(&settings, clock).unwrap();
        Self { local, faults, settings, duo }
    }

    /// The same plugin, as another process makes it.
    pub fn restarted(&self) -> Duo {
        Duo::new(&self.settings, Arc::new(SystemClock)).unwrap()
    }

    pub async fn begin(&self) -> Begun {
        self.duo.begin(&challenge()).await.unwrap()
    }

    /// Begins and waits for what comes of it.
    pub async fn asked(&self) -> Result<Proof, Unproven> {
        self.asked_for(&challenge()).await
    }

    pub async fn asked_for(&self, challenge: &Challenge) -> Result<Proof, Unproven> {
        let begun = self.duo.begin(challenge).await?;
        self.duo.outcome(challenge, &begun.ticket).await
    }

    pub fn change_ana(&self, change: impl FnOnce(&mut User)) {
        change(self.local.state().user_mut(ANA).unwrap());
    }

    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.local.state());
    }

    /// Presses a button on the phone for what was shown last.
    pub fn press(&self, answer: Answer) -> bool {
        let txid = self.local.state().pushes.last().unwrap().txid.clone();
        self.local.answer(&txid, answer)
    }

    pub fn pushes(&self) -> usize {
        self.local.state().pushes.len()
    }
}

/// Ana asks to delete a repository.
pub fn challenge() -> Challenge {
    let ana = PersonId { team: "T0ACME".into(), user: "U0ANA".into() };
    Challenge {
        invocation: "inv-7Q4K2".into(),
        person: Person {
            id: ana.clone(),
            standing: Standing::Member,
            name: "Ana".into(),
            email: Some(ANA.into()),
            tz_offset: None,
        },
        role: Role::Asks,
        asked_by: ana,
        asked_by_name: "ana".to_owned(),
        digest: Digest("0123456789abcdef".repeat(4)),
        line: "!DeleteRepo acme widgets".into(),
        title: Text::new().plain("Delete ").code("acme/widgets"),
        steps: vec!["acme/widgets is deleted".into()],
        expires: SystemClock.now() + TimeDelta::minutes(10),
    }
}

/// Ana, with another address.
pub fn known_by(email: Option<&str>) -> Challenge {
    let mut challenge = challenge();
    challenge.person.email = email.map(str::to_owned);
    challenge
}

/// A no, in all its words.
pub fn no<T: std::fmt::Debug>(result: Result<T, Unproven>) -> String {
    let no = result.unwrap_err();
    let fraud = match (no.fraud, no.again) {
        (true, _) => "\nfraud",
        (_, true) => "\nagain",
        _ => "",
    };
    let open = no.open.map(|open| format!("\n[{}]({})", open.0, open.1)).unwrap_or_default();
    format!("{}\n{}\nlog: {}{fraud}{open}", no.what.words(), no.todo.words(), no.log)
}
