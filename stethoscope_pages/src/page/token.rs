//! Tokens for the JSON API.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use secrecy::ExposeSecret as _;

use super::frame::{Frame, html, see};
use super::refusal::Refusal;
use crate::guard::{Posted, Signed};
use crate::ports::Token;
use crate::secret::hash;
use crate::show::{When, when};
use crate::site::Pages;

/// More than anybody uses, and few enough to look through.
const MOST: usize = 20;
/// What every token begins with, so that those who look for leaked secrets find ours.
pub(crate) const PREFIX: &str = "hcst_";

struct ShownToken {
    id: String,
    label: String,
    made: When,
    ends: When,
    used: Option<When>,
    ended: bool,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    frame: Frame,
    tokens: Vec<ShownToken>,
    /// The new token, which is never shown again.
    fresh: Option<String>,
    days: i64,
}

/// One's tokens.
pub(crate) async fn tokens(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    page(&pages, &signed, None).await
}

async fn page(pages: &Pages, signed: &Signed, fresh: Option<String>) -> Result<Response, Refusal> {
    let now = pages.now();
    let shown = |one: Token| ShownToken {
        ended: now >= one.ends,
        id: one.id,
        label: one.label,
        made: when(one.made, now),
        ends: when(one.ends, now),
        used: one.used.map(|at| when(at, now)),
    };
    let tokens = pages.behind.tokens.of(&signed.person.email).await?.into_iter().map(shown).collect();
    let frame = Frame::inside(pages, signed, "/tokens", "Tokens for programs").await;
    html(&TokensPage { frame, tokens, fresh, days: pages.settings.token_lives.num_days() })
}

/// Makes a token and shows it this once.
pub(crate) async fn make_token(State(pages): State<Arc<Pages>>, posted: Posted) -> Result<Response, Refusal> {
    let label = posted.fields.get("label").map(|label| label.trim().to_owned()).unwrap_or_default();
    if label.is_empty() || label.chars().count() > 60 {
        return Err(Refusal::Field(
            "Give the token a name of at most 60 letters, so that you know it again.",
        ));
    }
    let person = posted.signed.person.clone();
    if pages.behind.tokens.of(&person.email).await?.len() >= MOST {
        return Err(Refusal::Field(
            "You have 20 tokens, which is the most. Revoke one that you do not need.",
        ));
    }
    let token = format!("{PREFIX}{}", pages.behind.secrets.make().expose_secret());
    let made = pages.now();
    let ends = made + pages.settings.token_lives;
    let id = pages.behind.secrets.id();
    let kept = Token { hash: hash(&token), id, person, label, made, ends, used: None };
    pages.behind.tokens.put(kept).await?;
    page(&pages, &posted.signed, Some(token)).await
}

/// Revokes a token.
pub(crate) async fn revoke_token(
    State(pages): State<Arc<Pages>>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let id = posted.fields.get("id").map(String::as_str).unwrap_or_default();
    pages.behind.tokens.revoke(&posted.signed.person.email, id).await?;
    Ok(see("/tokens"))
}
