//! What the page says. Everything in it is data, and escaped.

use std::fmt::{self, Write as _};

use hubcommander_sdk::auth::Role;

use super::keep::{Link, Purpose, Shown};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

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
                // What turns the direction of writing could make it look like something else.
                '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                    f.write_char('\u{FFFD}')?
                }
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The page to use a link. Its script runs by this nonce alone.
pub(super) fn open(link: &Link, nonce: &str) -> String {
    let body = match &link.purpose {
        Purpose::Prove { digest, shown } => proving(link, digest, shown),
        Purpose::Enrol { .. } => enrolling(link),
    };
    whole(&body, Some(nonce))
}

/// The page of a link that cannot be used any more, or that never was one.
pub(super) fn closed() -> String {
    whole(
        "<h1>This link is no longer good</h1><p>It was used, its time is over, or it was never one. Ask again \
         for a new one.</p>",
        None,
    )
}

/// The page when the store does not work.
pub(super) fn broken() -> String {
    whole("<h1>This does not work just now</h1><p>Nothing was done. Try again in a minute.</p>", None)
}

/// The page after somebody said that it was not they.
pub(super) fn denied() -> String {
    whole(
        "<h1>Nothing will be done</h1><p>The security channel is told that it was not you who asked.</p>",
        None,
    )
}

fn proving(link: &Link, digest: &str, shown: &Shown) -> String {
    let steps: String = shown.steps.iter().map(|step| format!("<li>{}</li>", Text(step))).collect();
    let digest: String = digest.chars().take(12).collect();
    let asked = match shown.role {
        Role::Asks => "You asked for it".to_owned(),
        Role::Approves => format!("Asked by {}", Text(&shown.asked_by)),
    };
    format!(
        "<h1>{}</h1><p class=\"line\"><code>{}</code></p><ol>{steps}</ol>\
         <p>{asked}. Only {} should see this page.</p>\
         <p><button id=\"go\" data-does=\"get\">Approve with your passkey</button></p>\
         <p id=\"said\" role=\"status\"></p>\
         <form method=\"post\" data-deny=\"\"><button class=\"plain\">It was not me</button></form>\
         <footer>{} · plan {digest}</footer>",
        Text(&shown.title),
        Text(&shown.line),
        Text(&link.called),
        Text(&link.invocation),
    )
}

fn enrolling(link: &Link) -> String {
    format!(
        "<h1>Add a passkey</h1><p>With it you prove to the bot that it is you, {}. It stays on your device or key; \
         what is kept here cannot be used by anybody else. Only you should see this page.</p>\
         <p><button id=\"go\" data-does=\"create\">Add a passkey</button></p><p id=\"said\" role=\"status\"></p>\
         <footer>{}</footer>",
        Text(&link.called),
        Text(&link.invocation),
    )
}

fn whole(body: &str, nonce: Option<&str>) -> String {
    let (style, script) = match nonce {
        Some(nonce) => (
            format!("<style nonce=\"{nonce}\">{STYLE}</style>"),
            format!("<script nonce=\"{nonce}\">{SCRIPT}</script>"),
        ),
        None => (String::new(), String::new()),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>HubCommander</title>\n{style}\n</head>\n<body>\n\
         <main>{body}</main>\n{script}\n</body>\n</html>\n"
    )
}
