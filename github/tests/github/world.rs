//! What the tests share: the local GitHub with the sandbox's world, and the account that works on it.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_github::{BudgetSettings, Credentials, GitHub, Settings, Timeouts};
use hubcommander_outbound::Proxies;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{Description, GitHub as LocalGitHub, World};
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Handler, Observed, Operation};
use hubcommander_sdk::permit::{PermitIssuer, WritePermit};
use url::Url;

/// The local GitHub, the account, and the leave to write.
pub struct Site {
    pub local: LocalGitHub,
    pub faults: Faults,
    pub github: GitHub,
    pub permit: WritePermit,
    pub attempt: Attempt,
    pub _known: Known,
}

/// Each request must be one that GitHub's own description of its API knows, where the environment names it.
pub struct Known(Faults);

impl Known {
    pub fn to_github(local: &LocalGitHub) -> Self {
        if let Some(description) = Description::named().unwrap() {
            local.hold_to(description);
        }
        Self(local.faults().clone())
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.0.odd(),
                Vec::<String>::new(),
                "GitHub's description does not know these requests"
            );
        }
    }
}

/// Quick enough for tests, and still real.
pub fn settings(url: &str) -> Settings {
    Settings {
        timeouts: Timeouts { connect: Duration::from_secs(5), request: Duration::from_secs(2) },
        budget: BudgetSettings::default(),
        proxies: Proxies::none(),
        ..Settings::new(Url::parse(url).unwrap(), Credentials::Token("ghp_sandbox".into()))
    }
}

/// An account at an address where nothing is asked.
pub fn github_at(url: &str) -> GitHub {
    let (_, check) = PermitIssuer::new();
    GitHub::new(settings(url), check, Arc::new(SystemClock)).unwrap()
}

impl Site {
    pub async fn start() -> Self {
        Self::with(World::acme(), |_| {}).await
    }

    pub async fn with(world: World, change: impl FnOnce(&mut Settings)) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let faults = Faults::default();
        let local = LocalGitHub::start(world, Arc::clone(&clock), faults.clone()).await.unwrap();
        let _known = Known::to_github(&local);
        let (issuer, check) = PermitIssuer::new();
        let mut settings = settings(&local.url());
        change(&mut settings);
        let attempt = Attempt { invocation: "inv-1".into(), since: clock.now() };
        let github = GitHub::new(settings, check, clock).unwrap();
        Self { local, faults, github, permit: issuer.permit("inv-1"), attempt, _known }
    }

    pub fn handler(&self, kind: &str) -> Arc<dyn Handler> {
        self.github.handlers().into_iter().find(|handler| handler.kind() == kind).unwrap()
    }

    pub async fn apply(&self, operation: &Operation) -> Result<Applied, OperationError> {
        self.handler(&operation.kind).apply(&operation.input, &self.permit).await
    }

    pub async fn observe(&self, operation: &Operation) -> Result<Observed, OperationError> {
        self.handler(&operation.kind).observe(&operation.input, &self.attempt).await
    }

    /// The writes that reached GitHub, such as `POST /orgs/acme/repos`.
    pub fn writes(&self) -> Vec<String> {
        self.faults.writes().iter().map(|logged| logged.line()).collect()
    }
}

/// The words of a permanent refusal.
pub fn permanent(result: Result<Applied, OperationError>) -> String {
    match result {
        Err(OperationError::Permanent { what, .. }) => what.words(),
        other => panic!("not a permanent refusal: {other:?}"),
    }
}

/// The words of a refusal that somebody can mend.
pub fn blocked(result: Result<Applied, OperationError>) -> String {
    match result {
        Err(OperationError::Blocked { what, .. }) => what.words(),
        other => panic!("not a refusal that somebody can mend: {other:?}"),
    }
}
