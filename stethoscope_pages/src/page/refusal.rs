//! Why a page is not shown, in words for people.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, html, problem_words, see};
use crate::guard::way_on;
use crate::oidc::NotIn;
use crate::ports::Trouble;

/// Why a page is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody is signed in.
    SignIn {
        /// Which page was wanted.
        next: String,
    },
    /// A one-time link that is used, too old, or was never one. Which of the three is nobody's business.
    LinkUsed,
    /// A provider did not say who it is, or not so that it counts.
    SignInFailed,
    /// The provider's account may not come in, and its owner can do something about it.
    NotWelcome(&'static str),
    /// A form that is not from our pages, or from a session that has ended.
    NotOurForm,
    /// No policy lets them.
    NotAllowed,
    /// There is no such page.
    NotFound,
    /// A field of a form does not do; the words say which and why.
    Field(&'static str),
    /// Something behind the pages did not answer.
    Broken,
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        tracing::error!(%trouble, "what is behind the pages did not answer");
        Self::Broken
    }
}

impl From<NotIn> for Refusal {
    fn from(why: NotIn) -> Self {
        tracing::warn!(%why, "nobody was signed in");
        match why {
            NotIn::Unverified => Self::NotWelcome(
                "Your provider does not vouch for your e-mail address. Confirm the address there, then try again.",
            ),
            NotIn::OtherDomain => Self::NotWelcome(
                "That account is not one of your company. Sign in with your work account, or ask the bot for a link.",
            ),
            NotIn::Unavailable(_) | NotIn::Refused(_) => Self::SignInFailed,
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    words: &'static str,
    sign_in: bool,
}

impl Refusal {
    fn words(&self) -> (StatusCode, &'static str, &'static str, bool) {
        match self {
            Self::SignIn { .. } => {
                (StatusCode::UNAUTHORIZED, "Sign in first", "Sign in to see this page.", true)
            }
            Self::LinkUsed => (
                StatusCode::GONE,
                "This link does not work any more",
                "Each link works once, within ten minutes. Write !DeviceStatus to the bot in Slack for a new one.",
                true,
            ),
            Self::SignInFailed => (
                StatusCode::FORBIDDEN,
                "You are not signed in",
                "Your provider did not confirm who you are. Try again; if that does not help, ask the bot for a link.",
                true,
            ),
            Self::NotWelcome(words) => (StatusCode::FORBIDDEN, "You are not signed in", words, true),
            Self::NotOurForm => (
                StatusCode::FORBIDDEN,
                "Nothing was changed",
                "This form was too old, or not from this page. Go back, load the page again and repeat it.",
                false,
            ),
            Self::NotAllowed => (
                StatusCode::FORBIDDEN,
                "This is not yours to see",
                "You see your own devices. To see more takes a policy; ask whoever runs the bot.",
                false,
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The overview leads to everything there is.",
                false,
            ),
            Self::Field(words) => (StatusCode::UNPROCESSABLE_ENTITY, "Something is missing", words, false),
            Self::Broken => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This page cannot be shown right now",
                problem_words(),
                false,
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::SignIn { next } = &self {
            let next: String = url::form_urlencoded::byte_serialize(way_on(next).as_bytes()).collect();
            return see(&format!("/login?next={next}"));
        }
        let (status, title, words, sign_in) = self.words();
        match html(&MessagePage { frame: Frame::outside(title), words, sign_in }) {
            Ok(mut response) => {
                *response.status_mut() = status;
                response
            }
            Err(_) => (status, words).into_response(),
        }
    }
}
