//! What a person can do on the page: take up an invitation or not, and let a program in or not.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{StatusCode, header};

use super::{Site, device};

/// Does what a button asks for, and leads back to the page it is on.
pub(super) fn act(site: &Site, parts: &Parts, body: &[u8], segments: &[&str]) -> Response {
    if !from_the_page(parts) {
        return (StatusCode::FORBIDDEN, "This is for the buttons of the page.\n").into_response();
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let text = |name: &str| form.get(name).map_or("", |text| text.trim());
    let back = match segments {
        ["_page", "login", "device"] => {
            let answered = device::answered(site, text("user_code"), text("login"), text("answer"));
            answered.then(|| "/login/device/thanks".to_owned())
        }
        ["_page", "invitations", id, word] => repository_invitation(site, id, word),
        ["_page", "orgs", login, "invitations", id, word] => {
            membership(site, login, id, word, Some(text("login")).filter(|login| !login.is_empty()))
        }
        _ => None,
    };
    match back {
        Some(back) => Redirect::to(&back).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such invitation or code any more.\n").into_response(),
    }
}

/// No other page in the browser may press these buttons.
fn from_the_page(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        _ => false,
    }
}

fn repository_invitation(site: &Site, id: &str, word: &str) -> Option<String> {
    let (id, now) = (id.parse::<u64>().ok()?, site.clock.now());
    let mut state = site.state();
    let back = state.repositories.values().find(|one| one.invitations.contains_key(&id))?.full_name();
    let done = match word {
        "accept" => state.accept_invitation(id, now),
        "decline" => state.end_invitation(id),
        _ => false,
    };
    done.then(|| format!("/{back}"))
}

/// `by`: who takes up an invitation that was sent to an address.
fn membership(site: &Site, login: &str, id: &str, word: &str, by: Option<&str>) -> Option<String> {
    let id = id.parse::<u64>().ok()?;
    let mut state = site.state();
    let organisation = state.organisation(login)?;
    let (back, person) = (organisation.login.clone(), organisation.invitations.get(&id)?.login.clone());
    let done = match (word, person) {
        ("accept", Some(person)) => state.accept_membership(login, &person),
        ("accept", None) => by.is_some_and(|by| state.accept_by_address(login, id, by)),
        ("decline", _) => state.cancel_membership(login, id),
        _ => false,
    };
    done.then(|| format!("/{back}"))
}
