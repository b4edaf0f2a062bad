//! The phones: what was shown there, and the buttons to answer. Plain HTML from the server.

use std::fmt::{self, Write as _};

use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;

use super::Site;
use super::model::{Answer, Push, PushState, State};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors http://127.0.0.1:* http://localhost:*";

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 0 auto; padding: 16px }
article { border: 1px solid; border-radius: 12px; padding: 16px; margin: 16px 0 }
h1 { font-size: 20px } h2 { font-size: 16px; margin: 0 }
dl { margin: 12px 0 } dt { opacity: .7; font-size: 14px } dd { margin: 0 0 8px; overflow-wrap: anywhere }
form { display: flex; gap: 8px; flex-wrap: wrap; align-items: center }
button, input { font: inherit; min-height: 44px; padding: 0 16px }
input { width: 6rem }
footer { opacity: .7; font-size: 14px }";

/// A text that is escaped when it is written into HTML.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A text that can be written into HTML, in an attribute too.
pub(crate) fn escaped(text: &str) -> String {
    Text(text).to_string()
}

/// Where somebody's phone is.
pub(super) fn phone_path(username: &str) -> String {
    format!("/phone/{}", utf8_percent_encode(username, NON_ALPHANUMERIC))
}

/// Whether somebody looks at a phone, instead of a program that uses the API.
pub(super) fn is_page(parts: &Parts) -> bool {
    let path = parts.uri.path();
    path == "/" || path.starts_with("/phone/")
}

/// `/`, `/phone/NAME`, and `POST /phone/NAME/TXID` with `answer` and perhaps `code`.
pub(super) fn answer(site: &Site, parts: &Parts, body: &[u8]) -> Response {
    let path: Vec<String> = parts
        .uri
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (&parts.method, path.as_slice()) {
        (&Method::GET, []) => html(&overview(&site.state()), true),
        (&Method::GET, ["phone", name]) => {
            let state = site.state();
            let Some(user) = state.user(name) else { return nothing_here() };
            let mut shown: Vec<&Push> = state.pushes.iter().filter(|push| push.user == user.name).collect();
            shown.reverse();
            if wants(parts, "application/json") && !wants(parts, "text/html") {
                return as_json(&shown);
            }
            // Not while somebody types a code.
            let typing = shown.iter().any(|push| push.code.is_some() && push.state == PushState::Waiting);
            html(&phone(&user.name, &shown), !typing)
        }
        (&Method::POST, ["phone", name, txid]) => press(site, parts, name, txid, body),
        _ => nothing_here(),
    }
}

fn wants(parts: &Parts, kind: &str) -> bool {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains(kind))
}

/// No other page in the browser may press these buttons; programs send no origin.
fn from_elsewhere(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") != Some(host),
        _ => false,
    }
}

fn press(site: &Site, parts: &Parts, name: &str, txid: &str, body: &[u8]) -> Response {
    if from_elsewhere(parts) {
        return (StatusCode::FORBIDDEN, "This is for the buttons of the page.\n").into_response();
    }
    let given = |key: &str| {
        let mut pairs = url::form_urlencoded::parse(body);
        pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    };
    let answer = match given("answer").as_deref() {
        Some("approve") => Answer::Approve(given("code").map(|code| code.trim().to_owned())),
        Some("deny") => Answer::Deny,
        Some("fraud") => Answer::Fraud,
        _ => return (StatusCode::BAD_REQUEST, "approve, deny or fraud\n").into_response(),
    };
    let theirs =
        site.state().pushes.iter().any(|push| push.txid == txid && push.user.eq_ignore_ascii_case(name));
    if theirs && site.answer(txid, answer) {
        Redirect::to(&phone_path(name)).into_response()
    } else {
        (StatusCode::CONFLICT, "There is nothing to answer, or the code is wrong. Go back and look.\n")
            .into_response()
    }
}

fn as_json(pushes: &[&Push]) -> Response {
    let pushes: Vec<_> = pushes
        .iter()
        .map(|push| {
            json!({
                "txid": push.txid, "type": push.kind, "info": push.info,
                "asks_code": push.code.is_some(), "status": push.state.words().1,
            })
        })
        .collect();
    axum::Json(pushes).into_response()
}

fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, "There is no such phone.\n").into_response()
}

fn html(main: &str, fresh: bool) -> Response {
    let again = if fresh { "<meta http-equiv=\"refresh\" content=\"2\">" } else { "" };
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{again}\n\
         <title>Local Duo</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{main}\n\
         <footer>A model of Duo for trying things out. It runs on this machine only.</footer>\n</body>\n</html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}

fn overview(state: &State) -> String {
    let mut main = "<h1>Phones</h1>\n<ul>".to_owned();
    for user in state.users.values() {
        let waiting = state
            .pushes
            .iter()
            .filter(|push| push.user == user.name && push.state == PushState::Waiting)
            .count();
        let waits = if waiting > 0 { format!(" ({waiting} to answer)") } else { String::new() };
        main.push_str(&format!(
            "<li><a href=\"{}\">{}</a>{waits}</li>",
            phone_path(&user.name),
            Text(&user.name)
        ));
    }
    main.push_str("</ul>");
    main
}

fn phone(name: &str, pushes: &[&Push]) -> String {
    let mut main = format!("<h1>The phone of {}</h1>\n", Text(name));
    if pushes.is_empty() {
        main.push_str("<p>Nothing to approve. What asks for it shows up here.</p>");
    }
    for push in pushes {
        main.push_str(&format!("<article><h2>{}</h2><dl>", Text(&push.kind)));
        for (key, value) in &push.info {
            main.push_str(&format!("<dt>{}</dt><dd>{}</dd>", Text(key), Text(value)));
        }
        main.push_str("</dl>");
        if push.state == PushState::Waiting {
            let code = match push.code {
                Some(_) => {
                    "<label>The code that you were told <input name=\"code\" inputmode=\"numeric\" \
                     autocomplete=\"off\"></label>"
                }
                None => "",
            };
            main.push_str(&format!(
                "<form method=\"post\" action=\"{}/{}\">{code}\
                 <button name=\"answer\" value=\"approve\">Approve</button>\
                 <button name=\"answer\" value=\"deny\">Deny</button>\
                 <button name=\"answer\" value=\"fraud\">It was not me</button></form>",
                phone_path(name),
                Text(&push.txid)
            ));
        } else {
            let (_, _, words) = push.state.words();
            main.push_str(&format!("<p>{}</p>", Text(words)));
        }
        main.push_str("</article>");
    }
    main
}
