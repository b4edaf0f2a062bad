//! The account: reads with repeats and a cache, writes once and only with a permit.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::lease::Grant;
use hubcommander_sdk::operation::{Handler, Probe};
use hubcommander_sdk::permit::{PermitCheck, WritePermit};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value as Json;

use crate::answer::{Answer, Limited};
use crate::budget::Weight;
use crate::cache::{Cache, Key, Room};
use crate::failure::Failure;
use crate::graphql::{self, Query};
use crate::identity::{Identities, Identity, Scope};
use crate::names::Owner;
use crate::path::Path;
use crate::reader::{Lately, Patience, Reader, RepositoryNames};
use crate::settings::{Settings, SetupError, Timeouts};
use crate::transport::{Call, JSON, Transport};
use crate::writer::Writer;

/// A read is tried this often.
const TRIES: u32 = 3;
/// The first pause between tries; each further one is twice as long, and a random part of it is left out.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The privileged account at GitHub.
#[derive(Clone, Debug)]
pub struct GitHub(Arc<Account>);

impl GitHub {
    /// Sets the account up. Asks GitHub nothing yet. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(
        settings: Settings,
        permit_check: PermitCheck,
        clock: SharedClock,
    ) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Account::new(&settings, permit_check, clock)?)))
    }

    /// What plugins get: it can only read.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.0))
    }

    /// What is known of each kind of operation on GitHub.
    #[must_use]
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        crate::operations::handlers(&self.0)
    }

    /// What can be held there, and lent.
    #[must_use]
    pub fn grants(&self) -> Vec<Arc<dyn Grant>> {
        crate::grants::grants(&self.reader())
    }

    /// What looks at GitHub for a plan's preconditions.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        crate::probes::probes(&self.reader())
    }
}

/// What readers and writers share.
pub(crate) struct Account {
    transport: Arc<Transport>,
    pub(crate) identities: Arc<Identities>,
    cache: Cache,
    timeouts: Timeouts,
    pub(crate) clock: SharedClock,
    permit_check: PermitCheck,
    jitter: Mutex<StdRng>,
    pub(crate) repository_names: Arc<Lately<RepositoryNames>>,
    pub(crate) team_slugs: Arc<Lately<Vec<String>>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("identities", &self.identities).finish_non_exhaustive()
    }
}

impl Account {
    pub(crate) fn new(
        settings: &Settings,
        permit_check: PermitCheck,
        clock: SharedClock,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            transport: Arc::new(Transport::new(settings)?),
            identities: Arc::new(Identities::new(
                &settings.credentials,
                settings.budget,
                Arc::clone(&clock),
            )?),
            cache: Cache::new(Room { entries: settings.cache_entries, bytes: settings.cache_bytes }),
            timeouts: settings.timeouts,
            repository_names: Lately::new(Arc::clone(&clock)),
            team_slugs: Lately::new(Arc::clone(&clock)),
            clock,
            permit_check,
            jitter: Mutex::new(StdRng::seed_from_u64(settings.seed)),
        })
    }

    /// Lends the writing client against a permit.
    pub(crate) fn writer<'a>(&'a self, permit: &'a WritePermit) -> Result<Writer<'a>, OperationError> {
        if self.permit_check.is_genuine(permit) {
            if self.identities.has_tokens_of_its_own() {
                let (identities, transport) = (Arc::clone(&self.identities), Arc::clone(&self.transport));
                let invocation = permit.invocation().to_owned();
                permit.when_over("github", move || {
                    // Without a runtime the program is at its end, and the tokens run out by themselves.
                    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                        runtime.spawn(async move { identities.revoke(&transport, &invocation).await });
                    }
                });
            }
            return Ok(Writer::new(self, permit));
        }
        let log = format!("the permit for {} was not made by this engine", permit.invocation());
        Err(OperationError::permanent("This was not approved, so it was not done.", log))
    }

    /// Asks by GraphQL. What is asked must be a query, which changes nothing: it is repeated as reads are.
    pub(crate) async fn query(
        &self,
        org: &Owner,
        query: &Query,
        patience: &Patience,
    ) -> Result<Answer, Failure> {
        let body = Some(query.body());
        let call =
            Call { method: Method::POST, path: Path::graphql(), body, accept: JSON, if_none_match: None };
        self.look(Some(org), call, patience).await
    }

    /// Reads about an organisation, or about ourselves.
    pub(crate) async fn read_as(
        &self,
        org: Option<&Owner>,
        path: Path,
        accept: &'static str,
        patience: &Patience,
    ) -> Result<Answer, Failure> {
        let call = Call { method: Method::GET, path, body: None, accept, if_none_match: None };
        self.look(org, call, patience).await
    }

    async fn look(&self, org: Option<&Owner>, call: Call, patience: &Patience) -> Result<Answer, Failure> {
        let all = self.timeouts.request * 2 + patience.longest;
        match tokio::time::timeout(all, self.read_with_repeats(org, call, patience)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Unclear(format!("no answer within {} ms", all.as_millis()))),
        }
    }

    async fn read_with_repeats(
        &self,
        org: Option<&Owner>,
        call: Call,
        patience: &Patience,
    ) -> Result<Answer, Failure> {
        let mut renewed = false;
        let mut tries = 0;
        let mut waited = Duration::ZERO;
        loop {
            tries += 1;
            let result = match self.reading_as(org).await {
                Ok(identity) => match self.read_once(&identity, &call).await {
                    Ok(answer) if answer.status.as_u16() == 401 && !renewed => {
                        renewed = true;
                        match org {
                            Some(org) if self.identities.forget(org, &identity).await => continue,
                            _ => Ok(answer),
                        }
                    }
                    result => result,
                },
                Err(failure) => Err(failure),
            };
            match result {
                Ok(answer) if answer.status.is_server_error() && tries < TRIES => self.pause(tries).await,
                Err(Failure::NotSent(_) | Failure::Unclear(_)) if tries < TRIES => self.pause(tries).await,
                // To wait is not to fail.
                Err(Failure::Limited { wait, .. }) if patience.wait(wait, &mut waited).await => tries -= 1,
                // The budget knows now: the next turn waits, or says that it would be too long.
                Err(Failure::Limited { .. }) if tries < TRIES => {}
                other => return other,
            }
        }
    }

    async fn reading_as(&self, org: Option<&Owner>) -> Result<Identity, Failure> {
        match org {
            Some(org) => self.identities.of(&self.transport, org, &Scope::Reading).await,
            None => self.identities.ourselves(),
        }
    }

    async fn read_once(&self, identity: &Identity, call: &Call) -> Result<Answer, Failure> {
        if call.path.is_graphql() {
            let _turn = identity.budget.turn(Weight::Query).await.map_err(|no| self.limited(no.0))?;
            let answer = self.transport.send(call, &identity.authorization).await?;
            return self.heed_query(identity, answer);
        }
        let _turn = identity.budget.turn(Weight::Read).await.map_err(|no| self.limited(no.0))?;
        let key =
            Key { identity: identity.name.clone(), address: call.path.to_string(), accept: call.accept };
        let mut call = call.clone();
        call.if_none_match = self.cache.etag(&key);
        let answer = self.transport.send(&call, &identity.authorization).await?;
        self.heed(identity, &answer)?;
        match self.cache.settle(key, answer) {
            Some(answer) => Ok(answer),
            None => Err(Failure::Unclear("unchanged, but what it was is not kept any more".into())),
        }
    }

    /// Writes, once.
    pub(crate) async fn write(
        &self,
        org: &Owner,
        invocation: &str,
        method: Method,
        path: Path,
        body: Option<Json>,
    ) -> Result<Answer, Failure> {
        let scope = Scope::to_write(&path, invocation);
        let call = Call { method, path, body, accept: JSON, if_none_match: None };
        let answer = self.write_once(org, &scope, &call).await?;
        if answer.0.status.as_u16() == 401 && self.identities.forget(org, &answer.1).await {
            // A request that was not let in had no effect, so it may go out again with a new token.
            return Ok(self.write_once(org, &scope, &call).await?.0);
        }
        Ok(answer.0)
    }

    async fn write_once(
        &self,
        org: &Owner,
        scope: &Scope,
        call: &Call,
    ) -> Result<(Answer, Identity), Failure> {
        let identity = self.identities.of(&self.transport, org, scope).await?;
        let weight = if call.method == Method::POST { Weight::Making } else { Weight::Write };
        let turn = identity.budget.turn(weight).await.map_err(|no| self.limited(no.0))?;
        let answer = self.transport.send(call, &identity.authorization).await?;
        self.heed(&identity, &answer)?;
        drop(turn);
        Ok((answer, identity))
    }

    /// Takes note of how GitHub asks us to slow down.
    fn heed(&self, identity: &Identity, answer: &Answer) -> Result<(), Failure> {
        let now = self.clock.now();
        if let Some(told) = answer.limited(now) {
            let wait = identity.budget.told(told);
            tracing::warn!(
                identity = identity.name,
                wait_s = wait.as_secs(),
                request_id = answer.request_id(),
                "GitHub asks us to slow down"
            );
            return Err(self.limited(wait));
        }
        if let Some(told) = answer.used_up(now).filter(|_| answer.is_of_core()) {
            // It still answered; the next would be refused, and going on could get us banned.
            identity.budget.told(told);
        } else if answer.status.is_success() {
            identity.budget.went_through();
        }
        Ok(())
    }

    /// The same for GraphQL, whose hourly limit is its own and may be told in an answer with status 200.
    fn heed_query(&self, identity: &Identity, answer: Answer) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let sent = answer.status;
        let answer = graphql::with_its_status(answer);
        // Told in an answer that was no refusal by itself: by GraphQL alone, and not always with a time.
        let in_words = answer.status != sent && answer.status == StatusCode::TOO_MANY_REQUESTS;
        if let Some(told) = answer.used_up(now).or(in_words.then_some(Limited::Unsaid)) {
            let wait = identity.budget.told_of_queries(told);
            // What it still answered is good.
            return if answer.status.is_success() { Ok(answer) } else { Err(self.limited(wait)) };
        }
        self.heed(identity, &answer)?;
        Ok(answer)
    }

    fn limited(&self, wait: Duration) -> Failure {
        Failure::Limited { wait, until: self.clock.now() + wait }
    }

    async fn pause(&self, tries: u32) {
        let most = FIRST_PAUSE * 2_u32.pow(tries.min(6).saturating_sub(1));
        let part = self.jitter.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.5..=1.0);
        tokio::time::sleep(most.mul_f64(part)).await;
    }
}
