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
use crate::path::Path;
use crate::settings::{BudgetSettings, Credentials, SetupError};
use crate::transport::{Call, JSON, Transport};

/// A token is renewed this long before it ends, so that it outlasts the request it is used for.
const EARLY: Duration = Duration::from_secs(120);

/// What a token is for. An App's token is scoped down to it: a leaked reading token cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// To look at repositories and teams.
    Reading,
    /// To change repositories, and which teams may do what on them.
    Repositories,
}

impl Scope {
    /// The App permissions it needs (<https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>).
    pub(crate) const fn permissions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Reading => {
                &[("metadata", "read"), ("members", "read"), ("administration", "read"), ("contents", "read")]
            }
            Self::Repositories => &[
                ("metadata", "read"),
                ("members", "read"),
                ("administration", "write"),
                ("contents", "write"),
            ],
        }
    }
}

/// What single commands need besides. It is asked for where the installation has it.
const FURTHER: &[(Scope, &str, &str)] = &[
    (Scope::Reading, "pull_requests", "read"),
    (Scope::Reading, "organization_administration", "read"),
    (Scope::Repositories, "organization_administration", "write"),
];

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
        scope: Scope,
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

    async fn of(&self, transport: &Transport, org: &Owner, scope: Scope) -> Result<Identity, Failure> {
        let installation = self.installation(org).await;
        let mut state = installation.state.lock().await;
        let now = self.clock.now();
        let valid = state.tokens.get(&scope).filter(|token| token.expires_at > now + EARLY);
        let authorization = match valid {
            Some(token) => token.authorization.clone(),
            None => {
                let token = self.fetch(transport, org, scope, &mut state).await?;
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
        scope: Scope,
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
        let further = FURTHER.iter().filter(|(of, ..)| *of == scope).map(|(_, name, level)| (*name, *level));
        let all: Vec<(&str, &str)> = scope.permissions().iter().copied().chain(further).collect();
        let permissions: BTreeMap<_, _> = all
            .iter()
            .filter(|(name, level)| match found.permissions.get(*name).map(String::as_str) {
                Some("write" | "admin") => true,
                Some(have) => have == *level,
                None => false,
            })
            .copied()
            .collect();
        let body = if permissions.is_empty() { json!({}) } else { json!({ "permissions": permissions }) };
        let answer =
            self.ask(transport, Method::POST, Path::installation_tokens(found.id), Some(body)).await?;
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
