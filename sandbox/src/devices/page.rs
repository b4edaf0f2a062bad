//! The page with the switches. Plain HTML from the server.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::response::{Html, IntoResponse, Response};
use http::header;

use super::model::{Device, State};
use crate::duo::escaped;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors http://127.0.0.1:* http://localhost:*";

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 0 auto; padding: 16px }
article { border: 1px solid; border-radius: 12px; padding: 16px; margin: 16px 0 }
h1 { font-size: 20px } h2 { font-size: 16px; margin: 0 }
p { margin: 0 0 8px; opacity: .7; font-size: 14px }
form { display: flex; justify-content: space-between; align-items: center; gap: 8px }
button { font: inherit; min-height: 44px; padding: 0 16px; min-width: 8rem }";

pub(super) fn overview(state: &State) -> Response {
    let mut body = String::new();
    for device in &state.devices {
        article(&mut body, device);
    }
    if state.questions.is_some() {
        questions(&mut body, state);
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Devices</title>\
         <style>{STYLE}</style></head><body><h1>The devices on people's desks</h1>\
         <p>Put something right here, then press Check again in Slack.</p>{body}</body></html>"
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

/// A question of the security team to each who has a device.
fn questions(out: &mut String, state: &State) {
    out.push_str("<article><h2>Was this you?</h2><p>The security team asks somebody. They are asked in Slack, and on the web.</p>");
    let owners: BTreeSet<&str> = state.devices.iter().map(|device| device.owner.as_str()).collect();
    for owner in owners {
        let owner = escaped(owner);
        let _ = write!(
            out,
            "<form method=\"post\" action=\"/ask\"><input type=\"hidden\" name=\"email\" value=\"{owner}\">\
             <span>Did {owner} sign in from a new device?</span><button aria-label=\"Ask {owner}\">Ask</button></form>"
        );
    }
    out.push_str("</article>");
}

fn article(out: &mut String, device: &Device) {
    let Device { name, model, platform, os_version, owner, .. } = device;
    let _ = write!(
        out,
        "<article><h2>{}</h2><p>{}, {} {}, used by {}</p>",
        escaped(name),
        escaped(model),
        escaped(platform),
        escaped(os_version),
        escaped(owner)
    );
    for (practice, good) in &device.practices {
        let (is, label) = if *good { ("✅ fine", "Break") } else { ("⚠️ not fine", "Put right") };
        switch(out, device, practice, is, label, !good);
    }
    switch(out, device, "uptodate", &format!("version {}", escaped(os_version)), "Update", true);
    out.push_str("</article>");
}

fn switch(out: &mut String, device: &Device, practice: &str, is: &str, label: &str, good: bool) {
    let (id, practice) = (escaped(&device.id), escaped(practice));
    let _ = write!(
        out,
        "<form method=\"post\" action=\"/set\"><input type=\"hidden\" name=\"device\" value=\"{id}\">\
         <input type=\"hidden\" name=\"practice\" value=\"{practice}\">\
         <input type=\"hidden\" name=\"good\" value=\"{good}\"><span>{practice}: {is}</span>\
         <button aria-label=\"{label} {practice} of {}\">{label}</button></form>",
        escaped(&device.name)
    );
}
