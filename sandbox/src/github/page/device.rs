//! Where a person types the code that a program shows them.

use super::markup::{Page, Text};
use crate::github::Site;

pub(super) fn page(site: &Site) -> Page {
    let state = site.state();
    let people: String = state
        .users
        .values()
        .take(200)
        .map(|user| format!("<option>{}</option>", Text(&user.login)))
        .collect();
    let main = format!(
        "<p class=\"crumbs\"><a href=\"/\">All</a></p>\n<h1>Connect a program</h1>\n\
         <p class=\"lead\">Type the code that the program shows you. Nobody signs in here, so say who you are.</p>\n\
         <form method=\"post\" action=\"/_page/login/device\">\n\
         <p><label>Code <input name=\"user_code\" autocomplete=\"off\" required></label></p>\n\
         <p><label>You are <input name=\"login\" list=\"people\" required></label>\
         <datalist id=\"people\">{people}</datalist></p>\n\
         <p><button name=\"answer\" value=\"allow\">Allow</button> \
         <button name=\"answer\" value=\"deny\">Deny</button></p>\n</form>"
    );
    Page { title: "Connect a program · Local GitHub".to_owned(), main }
}

/// Whether a program was waiting for that code.
pub(super) fn answered(site: &Site, user_code: &str, login: &str, answer: &str) -> bool {
    let now = site.clock.now();
    match answer {
        "allow" => site.state().answer_device_flow(user_code, Some(login), now),
        "deny" => site.state().answer_device_flow(user_code, None, now),
        _ => false,
    }
}

pub(super) fn thanks() -> Page {
    let main =
        "<h1>That is all</h1>\n<p class=\"lead\">The program knows your answer. You can close this page.</p>";
    Page { title: "Connect a program · Local GitHub".to_owned(), main: main.to_owned() }
}
