//! What the tests share: the local Okta with its people, and the plugin that asks it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_auth_plugins::okta::{Okta, Settings};
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::okta::{Answer, Okta as LocalOkta, User, World};
use hubcommander_sdk::auth::{Begun, Challenge, Proof, Role, StepUp as _, Unproven};
use hubcommander_sdk::clock::{Clock as _, SharedClock, SystemClock};
use hubcommander_sdk::people::{Person, PersonId, Standing};
use hubcommander_sdk::plan::Digest;
use hubcommander_sdk::text::Text;

pub const ANA: &str = "ana@acme.example";
pub const TOKEN: &str = "00okta_sandbox_token";

pub struct Site {
    pub local: LocalOkta,
    pub faults: Faults,
    pub settings: Settings,
    pub okta: Okta,
}

impl Site {
    /// An Okta where Ana answers at once like this, if at all.
    pub async fn with(at_once: Option<Answer>) -> Self {
        Self::changed(at_once, |_| {}).await
    }

    pub async fn changed(at_once: Option<Answer>, change: impl FnOnce(&mut Settings)) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let faults = Faults::default();
        let world = World::new(TOKEN).user(ANA, at_once).user("eve@acme.example", None);
        let local = LocalOkta::start(world, Arc::clone(&clock), faults.clone()).await.unwrap();
        let mut settings = Settings {
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) },
            begin_within: Duration::from_millis(600),
            deadline: Duration::from_millis(300),
            pause: Duration::from_millis(20),
            proxies: Proxies::none(),
            ..Settings::new(local.url().parse().unwrap(), TOKEN.into())
        };
        change(&mut settings);
        let okta = Okta::new(&settings, clock).unwrap();
        Self { local, faults, settings, okta }
    }

    pub async fn begin(&self) -> Begun {
        self.okta.begin(&challenge()).await.unwrap()
    }

    pub async fn asked(&self) -> Result<Proof, Unproven> {
        let begun = self.okta.begin(&challenge()).await?;
        self.okta.outcome(&challenge(), &begun.ticket).await
    }

    pub fn change_ana(&self, change: impl FnOnce(&mut User)) {
        change(self.local.state().user_mut(ANA).unwrap());
    }

    /// Answers what was shown last.
    pub fn answer(&self, answer: Answer) -> bool {
        let mut state = self.local.state();
        let transaction = state.pushes.last().unwrap().transaction.clone();
        state.answer(&transaction, answer)
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

/// A no, in all its words.
pub fn no<T: std::fmt::Debug>(result: Result<T, Unproven>) -> String {
    let no = result.unwrap_err();
    let again = match (no.fraud, no.again) {
        (true, _) => "\nfraud",
        (_, true) => "\nagain",
        _ => "",
    };
    format!("{}\n{}\nlog: {}{again}", no.what.words(), no.todo.words(), no.log)
}
