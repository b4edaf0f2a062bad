//! Whether Slack takes the bot's token, as seen from the answers to all calls.

use tokio::sync::watch;

use super::error::SlackError;
use super::method::Method;

/// What Slack answers to any call with a token that it does not take
/// (<https://docs.slack.dev/reference/methods/auth.test>, "Errors").
const NOT_TAKEN: [&str; 6] = [
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "org_login_required",
    "token_expired",
    "token_revoked",
];
/// The token is taken, and lacks a permission for this call.
const LACKING: &str = "missing_scope";

/// Whether this is Slack's word about the token, and not about what was asked with it.
pub(super) fn is_about_token(code: &str) -> bool {
    NOT_TAKEN.contains(&code) || code == LACKING
}

/// What Slack holds against the bot's token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The method that was refused.
    pub method: &'static str,
    /// Slack's word for it, for example `token_revoked`.
    pub code: String,
}

impl Refused {
    /// Whether the token is good for nothing, and does not only lack a permission for this method.
    #[must_use]
    pub fn altogether(&self) -> bool {
        self.code != LACKING
    }
}

/// How the bot's token stands. It changes when Slack begins to refuse it, and when it takes it again; not
/// with every call.
pub(super) struct Token(watch::Sender<Option<Refused>>);

impl Default for Token {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Token {
    pub(super) fn watch(&self) -> watch::Receiver<Option<Refused>> {
        self.0.subscribe()
    }

    /// Takes note of what came of a call with the bot's token.
    pub(super) fn note<T>(&self, method: Method, answer: &Result<T, SlackError>) {
        let refused = match answer {
            Err(SlackError::Refused { method, code }) if is_about_token(code) => {
                Some(Refused { method, code: code.clone() })
            }
            // Slack has looked at what was asked, so it takes the token. A proxy's page says nothing of it.
            Err(SlackError::Refused { code, .. }) if !code.starts_with("http_") => None,
            Ok(_) => None,
            Err(_) => return,
        };
        self.0.send_if_modified(|known| {
            let changes = match (&*known, &refused) {
                (None, now) => now.is_some(),
                (Some(known), Some(now)) => known.code != now.code,
                (Some(known), None) => known.altogether() || known.method == method.name(),
            };
            if changes {
                *known = refused;
            }
            changes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: Method, code: &str) -> Result<(), SlackError> {
        Err(SlackError::Refused { method: method.name(), code: code.to_owned() })
    }

    #[test]
    fn it_changes_once_for_each_cause() {
        let token = Token::default();
        let mut seen = token.watch();
        let mut note = |method, answer: Result<(), SlackError>| {
            token.note(method, &answer);
            let changed = seen.has_changed().unwrap();
            changed.then(|| seen.borrow_and_update().as_ref().map(|refused| refused.code.clone()))
        };
        let (post, people) = (Method::PostMessage, Method::UsersInfo);
        let is = |code: &str| Some(Some(code.to_owned()));
        assert_eq!(note(post, Ok(())), None);
        assert_eq!(note(post, refused(post, "channel_not_found")), None);
        assert_eq!(note(post, refused(post, "token_revoked")), is("token_revoked"));
        assert_eq!(note(people, refused(people, "token_revoked")), None, "the same cause");
        assert_eq!(note(people, refused(people, "http_502")), None, "a proxy's word");
        assert_eq!(note(people, Err(SlackError::Unavailable { log: "down".into() })), None);
        assert_eq!(note(people, refused(people, "account_inactive")), is("account_inactive"));
        assert_eq!(note(people, refused(people, "user_not_found")), Some(None), "it is taken again");
        // What is lacking for one method is not mended by another.
        assert_eq!(note(people, refused(people, "missing_scope")), is("missing_scope"));
        assert_eq!(note(post, Ok(())), None);
        assert_eq!(note(people, Ok(())), Some(None));
    }
}
