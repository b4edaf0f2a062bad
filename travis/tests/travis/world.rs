//! What the tests share: the local GitHub and Travis with the sandbox's worlds, and the account that works
//! there.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_outbound::Proxies;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::travis::{Travis as LocalTravis, World};
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Handler, Observed, Operation};
use hubcommander_sdk::permit::{PermitIssuer, WritePermit};
use hubcommander_travis::{Settings, Target, Travis};

/// How long an account waits for a sync here.
pub const SYNC_WAIT: Duration = Duration::from_millis(300);

/// The local servers, the account, and the leave to write.
pub struct Site {
    pub github: GitHub,
    pub local: LocalTravis,
    pub faults: Faults,
    pub travis: Travis,
    pub issuer: PermitIssuer,
    pub permit: WritePermit,
    pub attempt: Attempt,
}

impl Site {
    pub async fn start() -> Self {
        Self::with(World::acme(), |_| {}).await
    }

    pub async fn with(world: World, change: impl FnOnce(&mut Settings)) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let github =
            GitHub::start(github::World::acme(), Arc::clone(&clock), Faults::default()).await.unwrap();
        let faults = Faults::default();
        let local = LocalTravis::start(world, &github, Arc::clone(&clock), faults.clone()).await.unwrap();
        let (issuer, check) = PermitIssuer::new();
        let mut settings = Settings {
            sync_wait: SYNC_WAIT,
            proxies: Proxies::none(),
            ..Settings::new(local.url().parse().unwrap(), "travis_sandbox".into())
        };
        change(&mut settings);
        let attempt = Attempt { invocation: "inv-1".into(), since: clock.now() };
        let travis = Travis::new(&settings, check, clock).unwrap();
        let permit = issuer.permit("inv-1");
        Self { github, local, faults, travis, issuer, permit, attempt }
    }

    /// A repository as it is at GitHub.
    pub fn target(&self, name: &str) -> Target {
        let id = self.github.state().repository("acme", name).unwrap().id;
        Target::new(id, &format!("acme/{name}")).unwrap()
    }

    fn handler(&self, kind: &str) -> Arc<dyn Handler> {
        self.travis.handlers().into_iter().find(|handler| handler.kind() == kind).unwrap()
    }

    pub async fn apply(&self, operation: &Operation) -> Result<Applied, OperationError> {
        self.handler(&operation.kind).apply(&operation.input, &self.permit).await
    }

    pub async fn observe(&self, operation: &Operation) -> Result<Observed, OperationError> {
        self.handler(&operation.kind).observe(&operation.input, &self.attempt).await
    }

    pub fn words(&self, operation: &Operation) -> String {
        self.handler(&operation.kind).describe(&operation.input).unwrap().what.words()
    }

    /// The writes that reached Travis, without numbers, which mean nothing.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.faults.writes();
        writes.iter().map(|write| write.line().replace(|c: char| c.is_ascii_digit(), "")).collect()
    }

    pub fn is_active(&self, name: &str) -> Option<bool> {
        self.local.state().repository(&format!("acme/{name}")).map(|one| one.active)
    }
}

/// The words of a refusal that somebody can mend.
pub fn blocked(result: Result<Applied, OperationError>) -> String {
    match result {
        Err(OperationError::Blocked { what, .. }) => what.words(),
        other => panic!("not a refusal that somebody can mend: {other:?}"),
    }
}

/// The words of a "not now", and how long to wait.
pub fn temporary(result: Result<Applied, OperationError>) -> (String, Option<Duration>) {
    match result {
        Err(OperationError::Temporary { what, retry_after, .. }) => (what.words(), retry_after),
        Err(OperationError::Limited { what, wait, .. }) => (what.words(), Some(wait)),
        other => panic!("not a refusal for now: {other:?}"),
    }
}
