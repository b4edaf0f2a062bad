//! Who we are at GitHub, per organisation: one token for all, or an App with a token for each installation.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use hubcommander_sdk::clock::{Instant, SharedClock};
use octocrab::auth::{EncodingKey, create_jwt};
use octocrab::models::AppId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::budget::{Budget, Weight};
use crate::failure::Failure;
use crate::names::Owner;
use crate::needs::{self, Permissions};
use crate::path::Path;
use crate::settings::{BudgetSettings, Credentials, SetupError};
use crate::transport::{Call, JSON, Transport};

/// A token is renewed this long before it ends, so that it outlasts the request it is used for.
const EARLY: Duration = Duration::from_secs(120);

/// An invocation gets no more tokens than this that are good for one repository alone. Beyond that one serves all
/// its repositories: GitHub counts the tokens that we ask for.
const NARROW: usize = 10;

/// What a token is for. An App's token is scoped down to it: a leaked reading token cannot write, and one that was
/// made for one command can do no other's work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// To look at things. Kept as long as it lasts.
    Reading,
    /// To do one command's work. Revoked when that is over.
    Writing {
        /// The command.
        invocation: String,
        /// What it takes.
        permissions: Permissions,
        /// The one repository that it is good for.
        repository: Option<u64>,
    },
}

impl Scope {
    /// What it takes to write there.
    pub(crate) fn to_write(path: &Path, invocation: &str) -> Self {
        let (permissions, repository) = needs::to_write(path);
        Self::Writing { invocation: invocation.to_owned(), permissions, repository }
    }

    fn permissions(&self) -> Permissions {
        match self {
            Self::Reading => needs::READING,
            Self::Writing { permissions, .. } => permissions,
        }
    }

    fn repository(&self) -> Option<u64> {
        match self {
            Self::Reading => None,
            Self::Writing { repository, .. } => *repository,
        }
    }

    fn is_for(&self, invocation: &str) -> bool {
        matches!(self, Self::Writing { invocation: own, .. } if own == invocation)
    }

    /// The same for all repositories of the organisation.
    fn widened(&self) -> Self {
        match self {
            Self::Reading => Self::Reading,
            Self::Writing { invocation, permissions, .. } => {
                Self::Writing { invocation: invocation.clone(), permissions, repository: None }
            }
        }
    }
}

/// As whom one request goes out.
#[derive(Clone)]
pub(crate) struct Identity {
    /// Tells identities apart; holds no secret.
    pub(crate) name: String,
    pub(crate) authorization: HeaderValue,
    pub(crate) budget: Arc<Budget>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, [REDACTED])", self.name)
    }
}

/// Who we are at GitHub.
pub(crate) enum Identities {
    /// One token for all.
    Token(Identity),
    /// A token for each installation of the App.
    App(Box<App>),
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(identity) => identity.fmt(f),
            Self::App(app) => write!(f, "App({}, [REDACTED])", app.id),
        }
    }
}

/// An App and its installations.
pub(crate) struct App {
    id: u64,
    key: EncodingKey,
    clock: SharedClock,
    budget_settings: BudgetSettings,
    /// For what the App asks as itself.
    budget: Arc<Budget>,
    installations: Mutex<HashMap<String, Arc<Installation>>>,
}

/// One organisation that the App is installed in.
struct Installation {
    budget: Arc<Budget>,
    /// Held while a token is fetched, so that only one is.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    found: Option<Found>,
    tokens: HashMap<Scope, Token>,
}

#[derive(Clone, Deserialize)]
struct Found {
    id: u64,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct NewToken {
    token: SecretString,
    expires_at: Instant,
}

struct Token {
    authorization: HeaderValue,
    expires_at: Instant,
}

impl Identities {
    pub(crate) fn new(
        credentials: &Credentials,
        budget: BudgetSettings,
        clock: SharedClock,
    ) -> Result<Self, SetupError> {
        match credentials {
            Credentials::Token(token) => {
                let authorization = bearer(token.expose_secret()).ok_or(SetupError::Token)?;
                let budget = Arc::new(Budget::new(budget));
                Ok(Self::Token(Identity { name: "token".into(), authorization, budget }))
            }
            Credentials::App { id, private_key } => {
                let key = EncodingKey::from_rsa_pem(private_key.expose_secret().as_bytes())
                    .map_err(|error| SetupError::PrivateKey(error.to_string()))?;
                Ok(Self::App(Box::new(App {
                    id: *id,
                    key,
                    clock,
                    budget: Arc::new(Budget::new(budget)),
                    budget_settings: budget,
                    installations: Mutex::default(),
                })))
            }
        }
    }

    /// As whom to ask about an organisation.
    pub(crate) async fn of(
        &self,
        transport: &Transport,
        org: &Owner,
        scope: &Scope,
    ) -> Result<Identity, Failure> {
        match self {
            Self::Token(identity) => Ok(identity.clone()),
            Self::App(app) => app.of(transport, org, scope).await,
        }
    }

    /// As whom to ask about ourselves.
    pub(crate) fn ourselves(&self) -> Result<Identity, Failure> {
        match self {
            Self::Token(identity) => Ok(identity.clone()),
            Self::App(app) => app.itself(),
        }
    }

    /// GitHub did not take it any more (401). Whether there can be another.
    pub(crate) async fn forget(&self, org: &Owner, used: &Identity) -> bool {
        let Self::App(app) = self else { return false };
        let installation = app.installation(org).await;
        let mut state = installation.state.lock().await;
        // Somebody else may have fetched another meanwhile; that one is kept.
        state.tokens.retain(|_, token| token.authorization != used.authorization);
        state.found = None;
        true
    }

    /// A command's work is over: its tokens are revoked. Where that does not work they run out by themselves.
    pub(crate) async fn revoke(&self, transport: &Transport, invocation: &str) {
        let Self::App(app) = self else { return };
        let installations: Vec<_> = app.installations.lock().await.values().cloned().collect();
        for installation in installations {
            let mut ended = Vec::new();
            // Taken out first: whoever goes on with the same command gets new ones.
            installation.state.lock().await.tokens.retain(|scope, token| {
                let over = scope.is_for(invocation);
                if over {
                    ended.push(token.authorization.clone());
                }
                !over
            });
            for authorization in ended {
                let path = Path::fixed("installation").then("token");
                let call =
                    Call { method: Method::DELETE, path, body: None, accept: JSON, if_none_match: None };
                let Ok(_turn) = installation.budget.turn(Weight::Read).await else { continue };
                if let Err(error) = transport.send(&call, &authorization).await {
                    tracing::info!(%error, invocation, "a token was not revoked; it runs out within the hour");
                }
            }
        }
    }

    /// Whether tokens are made for each command.
    pub(crate) fn has_tokens_of_its_own(&self) -> bool {
        matches!(self, Self::App(_))
    }
}

impl App {
    fn itself(&self) -> Result<Identity, Failure> {
        let token = create_jwt(AppId(self.id), &self.key)
            .map_err(|error| Failure::NotSent(format!("the App's key does not sign: {error}")))?;
        let authorization =
            bearer(&token).ok_or_else(|| Failure::NotSent("the App's own token is malformed".into()))?;
        Ok(Identity { name: format!("app-{}", self.id), authorization, budget: Arc::clone(&self.budget) })
    }

    async fn installation(&self, org: &Owner) -> Arc<Installation> {
        let mut installations = self.installations.lock().await;
        // As many as there are managed organisations, plus what people mistype: start over when absurd.
        if installations.len() > 1_000 {
            installations.clear();
        }
        let installation = installations.entry(org.as_str().to_ascii_lowercase()).or_insert_with(|| {
            Arc::new(Installation {
                budget: Arc::new(Budget::new(self.budget_settings)),
                state: Mutex::default(),
            })
        });
        Arc::clone(installation)
    }

    async fn of(&self, transport: &Transport, org: &Owner, scope: &Scope) -> Result<Identity, Failure> {
        let installation = self.installation(org).await;
        let mut state = installation.state.lock().await;
        let now = self.clock.now();
        let narrow = |known: &&Scope| {
            known.repository().is_some()
                && known.permissions() == scope.permissions()
                && known.widened() == scope.widened()
        };
        let scope = if state.tokens.contains_key(scope) || state.tokens.keys().filter(narrow).count() < NARROW
        {
            scope.clone()
        } else {
            scope.widened()
        };
        let valid = state.tokens.get(&scope).filter(|token| token.expires_at > now + EARLY);
        let authorization = match valid {
            Some(token) => token.authorization.clone(),
            None => {
                let token = self.fetch(transport, org, &scope, &mut state).await?;
                let authorization = token.authorization.clone();
                state.tokens.insert(scope, token);
                authorization
            }
        };
        let name = format!("installation-{}", org.as_str().to_ascii_lowercase());
        Ok(Identity { name, authorization, budget: Arc::clone(&installation.budget) })
    }

    async fn fetch(
        &self,
        transport: &Transport,
        org: &Owner,
        scope: &Scope,
        state: &mut State,
    ) -> Result<Token, Failure> {
        let found = match &state.found {
            Some(found) => found.clone(),
            None => {
                let found = self.find(transport, org).await?;
                state.found.insert(found).clone()
            }
        };
        // Only what the installation has can be asked for; the rest is missing then, and GitHub says so.
        let permissions: BTreeMap<_, _> = scope
            .permissions()
            .iter()
            .filter(|(name, level)| match found.permissions.get(*name).map(String::as_str) {
                Some("write" | "admin") => true,
                Some(have) => have == *level,
                None => false,
            })
            .copied()
            .collect();
        let mut body = if permissions.is_empty() { json!({}) } else { json!({ "permissions": permissions }) };
        if let Some(repository) = scope.repository() {
            body["repository_ids"] = json!([repository]);
        }
        let tokens = || Path::installation_tokens(found.id);
        let mut answer = self.ask(transport, Method::POST, tokens(), Some(body.clone())).await?;
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY && scope.repository().is_some() {
            // The repository is gone, or so new that not all of GitHub knows it: let the write itself say which.
            body = json!({ "permissions": permissions });
            answer = self.ask(transport, Method::POST, tokens(), Some(body)).await?;
        }
        match answer.status {
            StatusCode::CREATED => {
                let new: NewToken =
                    answer.json().map_err(|error| Failure::NotSent(format!("token answer: {error}")))?;
                let authorization = bearer(new.token.expose_secret())
                    .ok_or_else(|| Failure::NotSent("GitHub gave a malformed token".into()))?;
                Ok(Token { authorization, expires_at: new.expires_at })
            }
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => {
                state.found = None;
                Err(Failure::NotInstalled(org.to_string()))
            }
            StatusCode::UNAUTHORIZED => {
                Err(Failure::Unauthorized(answer.request_id().unwrap_or_default().to_owned()))
            }
            status => Err(Failure::NotSent(format!("no installation token: {status} {}", answer.message()))),
        }
    }

    async fn find(&self, transport: &Transport, org: &Owner) -> Result<Found, Failure> {
        let answer = self.ask(transport, Method::GET, Path::org(org).then("installation"), None).await?;
        match answer.status {
            StatusCode::OK => {
                answer.json().map_err(|error| Failure::NotSent(format!("installation: {error}")))
            }
            StatusCode::NOT_FOUND => Err(Failure::NotInstalled(org.to_string())),
            StatusCode::UNAUTHORIZED => {
                Err(Failure::Unauthorized(answer.request_id().unwrap_or_default().to_owned()))
            }
            status => Err(Failure::NotSent(format!("no installation: {status} {}", answer.message()))),
        }
    }

    /// Asks as the App itself. Whatever fails here, the request that needed the token was not sent.
    async fn ask(
        &self,
        transport: &Transport,
        method: Method,
        path: Path,
        body: Option<serde_json::Value>,
    ) -> Result<crate::answer::Answer, Failure> {
        let identity = self.itself()?;
        let call = Call { method, path, body, accept: JSON, if_none_match: None };
        let limited = |wait: Duration| Failure::Limited { wait, until: self.clock.now() + wait };
        let _turn = identity.budget.turn(Weight::Read).await.map_err(|no| limited(no.0))?;
        let answer = transport
            .send(&call, &identity.authorization)
            .await
            .map_err(|error| Failure::NotSent(format!("no installation token: {error}")))?;
        if let Some(told) = answer.limited(self.clock.now()) {
            return Err(limited(identity.budget.told(told)));
        }
        Ok(answer)
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    if token.is_empty() || token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::clock::SystemClock;

    use super::*;

    fn identities(credentials: Credentials) -> Result<Identities, SetupError> {
        Identities::new(&credentials, BudgetSettings::default(), Arc::new(SystemClock))
    }

    #[tokio::test]
    async fn a_token_is_never_shown() {
        let identities = identities(Credentials::Token("ghp_secret".into())).unwrap();
        let Identities::Token(identity) = &identities else { unreachable!() };
        let shown = format!("{identities:?} {identity:?} {:?}", identity.authorization);
        assert!(!shown.contains("ghp_secret"), "{shown}");
    }

    #[test]
    fn what_cannot_be_a_credential_is_refused() {
        for token in ["", "with space", "with\nbreak"] {
            assert!(
                matches!(identities(Credentials::Token(token.into())), Err(SetupError::Token)),
                "{token:?}"
            );
        }
        let app = Credentials::App { id: 1, private_key: "no key".into() };
        let refused = identities(app).err().map(|error| error.to_string()).unwrap();
        assert!(refused.contains("private_key") && !refused.contains("no key"), "{refused}");
    }
}
