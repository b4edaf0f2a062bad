//! How a call to Slack can end badly, told apart by what may be done next.

use std::time::Duration;

use slack_morphism::errors::SlackClientError;

use super::token::is_about_token;

/// Why a call did not bring what was asked. Holds no token, and nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack said no. It had no effect, and will not go through by trying again.
    #[error("Slack refuses {method}: {code}")]
    Refused {
        /// The method, for example `chat.postMessage`.
        method: &'static str,
        /// Slack's word for it, for example `channel_not_found`; `http_404` for an answer that is none.
        code: String,
    },
    /// Slack asked us to wait longer than a call may wait. It had no effect.
    #[error("Slack rations {method}: {after:?} to wait")]
    RateLimited {
        /// The method.
        method: &'static str,
        /// How long Slack asks to wait.
        after: Duration,
    },
    /// It was sent, and nobody knows whether it had an effect.
    #[error("unclear: {log}")]
    Unclear {
        /// For the log.
        log: String,
    },
    /// It was certainly not sent, or it was a reading call that brought nothing.
    #[error("unavailable: {log}")]
    Unavailable {
        /// For the log.
        log: String,
    },
}

impl SlackError {
    /// Slack's word for a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether Slack refuses us altogether, and not this one message or question: somebody mends the token,
    /// the app's permissions or the proxy one day, and then the same goes through.
    #[must_use]
    pub fn is_about_us(&self) -> bool {
        self.code().is_some_and(|code| is_about_token(code) || code.starts_with("http_"))
    }
}

/// Errors with `ok: false` after which an effect cannot be ruled out
/// (<https://docs.slack.dev/reference/methods/chat.postMessage>, "Errors").
const UNCLEAR_CODES: [&str; 5] =
    ["fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"];

/// How long to wait if Slack does not say.
const UNSAID: Duration = Duration::from_secs(30);
/// No single wait is longer than this, whatever the header says.
const LONGEST: Duration = Duration::from_secs(3600);

/// Sorts what the client reports. Bodies are left out: they can repeat what was sent.
pub(super) fn sort(method: &'static str, error: SlackClientError) -> SlackError {
    match error {
        SlackClientError::ApiError(error) => match error.code.as_str() {
            "ratelimited" | "rate_limited" => SlackError::RateLimited { method, after: UNSAID },
            code if UNCLEAR_CODES.contains(&code) => SlackError::Unclear { log: format!("{method}: {code}") },
            code => SlackError::Refused { method, code: code.to_owned() },
        },
        SlackClientError::RateLimitError(error) => {
            let after = error.retry_after.unwrap_or(UNSAID).clamp(Duration::from_secs(1), LONGEST);
            SlackError::RateLimited { method, after }
        }
        SlackClientError::HttpError(error) if error.status_code.is_server_error() => {
            SlackError::Unclear { log: format!("{method}: {}", error.status_code) }
        }
        SlackClientError::HttpError(error) => {
            SlackError::Refused { method, code: format!("http_{}", error.status_code.as_u16()) }
        }
        SlackClientError::HttpProtocolError(error) => {
            let Some(cause) = error.cause else {
                return SlackError::Unclear { log: format!("{method}: protocol error") };
            };
            let log = format!("{method}: {}", chain(&*cause));
            match cause.downcast_ref::<hyper_util::client::legacy::Error>() {
                // The connection was never opened.
                Some(cause) if cause.is_connect() => SlackError::Unavailable { log },
                Some(_) => SlackError::Unclear { log },
                // An address that does not parse: nothing was sent.
                None => SlackError::Unavailable { log },
            }
        }
        SlackClientError::ProtocolError(error) => {
            let problem = error.json_error.classify();
            SlackError::Unclear { log: format!("{method}: the answer does not parse ({problem:?})") }
        }
        SlackClientError::SystemError(error) => {
            let cause = error.cause.map(|cause| chain(&*cause)).unwrap_or_default();
            SlackError::Unclear { log: format!("{method}: {cause}") }
        }
        SlackClientError::EndOfStream(_) | SlackClientError::SocketModeProtocolError(_) => {
            SlackError::Unclear { log: format!("{method}: the answer broke off") }
        }
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        out.push_str(": ");
        out.push_str(&cause.to_string());
        source = cause.source();
    }
    out
}
