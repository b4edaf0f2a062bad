//! The page: somebody's devices, with buttons for how each practice stands. Plain HTML from the server.

use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{Method, StatusCode, header};
use hubcommander_sdk::clock::Instant;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Site;
use super::model::{Device, Standing, World};
use crate::duo::page::{Text, from_elsewhere};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors http://127.0.0.1:* http://localhost:*";

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 0 auto; padding: 16px }
article { border: 1px solid; border-radius: 12px; padding: 16px; margin: 16px 0 }
h1 { font-size: 20px } h2 { font-size: 16px; margin: 0 } p { margin: 0 0 12px; opacity: .8; font-size: 14px }
form { display: flex; gap: 4px; flex-wrap: wrap; align-items: center; border-top: 1px solid #8884; padding: 4px 0 }
form span { flex: 1 0 12rem }
button { font: inherit; font-size: 14px; min-height: 44px; padding: 0 12px }
button[aria-pressed=true] { font-weight: bold; border: 2px solid; border-radius: 4px }
footer { opacity: .7; font-size: 14px }";

/// Where somebody's devices are.
pub(super) fn desk_path(email: &str) -> String {
    format!("/desk/{}", utf8_percent_encode(email, NON_ALPHANUMERIC))
}

/// Whether somebody looks at the page, instead of a program that asks.
pub(super) fn is_page(parts: &Parts) -> bool {
    let path = parts.uri.path();
    path == "/" || path.starts_with("/desk/")
}

/// `/`, `/desk/EMAIL`, and `POST /desk/EMAIL/SERIAL` with `practice` and `set`.
pub(super) fn answer(site: &Site, parts: &Parts, path: &[&str], body: &[u8], now: Instant) -> Response {
    match (&parts.method, path) {
        (&Method::GET, []) => html(&overview(&site.world())),
        (&Method::GET, ["desk", email]) => html(&desk(&site.world(), email, now)),
        (&Method::POST, ["desk", email, serial]) => press(site, parts, email, serial, body, now),
        _ => (StatusCode::NOT_FOUND, "There is no such page.\n").into_response(),
    }
}

fn press(site: &Site, parts: &Parts, email: &str, serial: &str, body: &[u8], now: Instant) -> Response {
    if from_elsewhere(parts) {
        return (StatusCode::FORBIDDEN, "This is for the buttons of the page.\n").into_response();
    }
    let given = |key: &str| {
        let mut pairs = url::form_urlencoded::parse(body);
        pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    };
    let word = given("set").unwrap_or_default();
    let Some(standing) = Standing::ALL.into_iter().find(|standing| standing.word() == word) else {
        return (StatusCode::BAD_REQUEST, "good, bad, improvable or unknown\n").into_response();
    };
    let mut world = site.world();
    let theirs = world.of(email).any(|device| device.serial.eq_ignore_ascii_case(serial));
    if theirs && world.set(serial, &given("practice").unwrap_or_default(), standing, now) {
        Redirect::to(&desk_path(email)).into_response()
    } else {
        (StatusCode::NOT_FOUND, "There is no such device, or it has no such practice.\n").into_response()
    }
}

fn html(main: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>The devices on your desk</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{main}\n\
         <footer>A model of devices for trying things out. It runs on this machine only.</footer>\n</body>\n</html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}

fn overview(world: &World) -> String {
    let mut owners: Vec<&str> = world.devices().iter().map(|device| device.owner.as_str()).collect();
    owners.sort_unstable();
    owners.dedup();
    let mut main = "<h1>Desks</h1>\n<ul>".to_owned();
    for owner in owners {
        let count = world.of(owner).count();
        main.push_str(&format!("<li><a href=\"{}\">{}</a> ({count})</li>", desk_path(owner), Text(owner)));
    }
    main.push_str("</ul>");
    main
}

fn desk(world: &World, email: &str, now: Instant) -> String {
    let mut main = format!("<h1>The devices of {}</h1>\n", Text(email));
    let mut none = true;
    for device in world.of(email) {
        none = false;
        main.push_str(&article(device, email, now));
    }
    if none {
        main.push_str("<p>No devices here.</p>");
    }
    main
}

/// What the buttons say, as people would.
fn title(practice: &str) -> &str {
    match practice {
        "encryption" => "Disk is encrypted",
        "firewall" => "Firewall is on",
        "screenlock" => "Screen locks by itself",
        "uptodate" => "System is up to date",
        "autoupdate" => "Updates install by themselves",
        "remotelogin" => "Remote login is off",
        "jailed" => "Not jailbroken",
        other => other,
    }
}

fn article(device: &Device, email: &str, now: Instant) -> String {
    let minutes = (now - device.last_seen).num_minutes().max(0);
    let ago = match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1440 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1440),
    };
    let mut article = format!(
        "<article><h2>{}</h2><p>{} · {} {} · {} · reported {ago}</p>",
        Text(&device.name),
        Text(&device.model),
        Text(&device.platform),
        Text(device.os_version()),
        Text(&device.serial)
    );
    for (practice, standing) in &device.practices {
        article.push_str(&format!(
            "<form method=\"post\" action=\"{}/{}\"><input type=\"hidden\" name=\"practice\" value=\"{}\">\
             <span>{}</span>",
            desk_path(email),
            utf8_percent_encode(&device.serial, NON_ALPHANUMERIC),
            Text(practice),
            Text(title(practice))
        ));
        for (choice, words) in Standing::ALL.into_iter().zip(["Yes", "No", "Could be better", "Cannot tell"])
        {
            article.push_str(&format!(
                "<button name=\"set\" value=\"{}\" aria-pressed=\"{}\">{words}</button>",
                choice.word(),
                choice == *standing
            ));
        }
        article.push_str("</form>");
    }
    article.push_str("</article>");
    article
}
