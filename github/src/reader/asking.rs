//! As whom a reader asks, and how long it waits for its turn.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::command::Headway;

use crate::account::Account;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::graphql::Query;
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

/// How long a reader with patience waits for GitHub, all in all for one request. GitHub's primary limit may want
/// an hour; a person does not.
const LONGEST: Duration = Duration::from_secs(600);

/// How long to wait when GitHub, or our own pace, wants us to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience {
    /// Beyond the few seconds that every read may wait.
    pub(crate) longest: Duration,
    /// Where to say that we wait.
    headway: Headway,
}

impl Patience {
    /// Waits, and says so. Whether that was not too long; `waited` is how long it has been already.
    pub(crate) async fn wait(&self, wait: Duration, waited: &mut Duration) -> bool {
        if wait.is_zero() || *waited + wait > self.longest {
            return false;
        }
        *waited += wait;
        self.headway.say(crate::words::waiting(wait));
        tokio::time::sleep(wait).await;
        self.headway.say("Reading from GitHub.");
        true
    }
}

/// The account, asked with patience or without.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    account: Arc<Account>,
    patience: Patience,
}

impl Asking {
    pub(super) fn new(account: Arc<Account>) -> Self {
        Self { account, patience: Patience::default() }
    }

    pub(super) fn patient(&self, headway: &Headway) -> Self {
        let patience = Patience { longest: LONGEST, headway: headway.clone() };
        Self { account: Arc::clone(&self.account), patience }
    }

    /// Reads about an organisation.
    pub(super) async fn read(
        &self,
        org: &Owner,
        path: Path,
        accept: &'static str,
    ) -> Result<Answer, Failure> {
        self.account.read_as(Some(org), path, accept, &self.patience).await
    }

    /// Asks by GraphQL about an organisation.
    pub(super) async fn query(&self, org: &Owner, query: &Query) -> Result<Answer, Failure> {
        self.account.query(org, query, &self.patience).await
    }

    /// Reads about ourselves.
    pub(super) async fn read_ourselves(&self, path: Path) -> Result<Answer, Failure> {
        self.account.read_as(None, path, JSON, &self.patience).await
    }
}

impl Deref for Asking {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}
