//! What is around every page.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Refusal;
use crate::guard::Signed;
use crate::ports::What;
use crate::site::Pages;

/// What is around every page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) title: String,
    /// Who can see this page, in a sentence.
    pub(crate) seen_by: String,
    /// `None` if nobody is signed in.
    pub(crate) inside: Option<Inside>,
}

/// What is there for whoever is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Inside {
    pub(crate) name: String,
    pub(crate) csrf: String,
    /// Address, label, whether it is this page, and how many wait there.
    pub(crate) links: Vec<(&'static str, &'static str, bool, usize)>,
}

impl Frame {
    /// For whoever is not signed in.
    pub(crate) fn outside(title: &str) -> Self {
        let seen_by = "Everybody who can reach this address can see this page. It shows nothing of anybody.";
        Self { title: title.to_owned(), seen_by: seen_by.to_owned(), inside: None }
    }

    /// For whoever is signed in. `here` is the address of the page.
    pub(crate) async fn inside(pages: &Pages, signed: &Signed, here: &str, title: &str) -> Self {
        // A number that cannot be told is left out; the page behind it says why.
        let notices = pages.behind.notices.of(&signed.person.email).await.unwrap_or_default();
        let waiting = notices.iter().filter(|one| one.answer.is_none() && !one.actions.is_empty()).count();
        let mut links = vec![
            ("/", "Overview", 0),
            ("/devices", "Devices", 0),
            ("/notifications", "Notifications", waiting),
            ("/access", "My access", 0),
            ("/faq", "Questions", 0),
        ];
        if pages.behind.rules.may(&signed.person, &What::Fleet).await {
            links.push(("/fleet", "Fleet", 0));
        }
        let links = links
            .into_iter()
            .map(|(address, label, waits)| (address, label, address == here, waits))
            .collect();
        Self {
            title: title.to_owned(),
            seen_by:
                "You alone see this page. Administrators can look at your devices only where your company's policy lets \
                 them, and you read under My access who did."
                    .to_owned(),
            inside: Some(Inside { name: signed.person.name.clone(), csrf: signed.form_token(), links }),
        }
    }

    /// The same, seen by others than the person alone.
    pub(crate) fn seen_by(mut self, words: &str) -> Self {
        words.clone_into(&mut self.seen_by);
        self
    }

    /// What every form holds; empty where nobody is signed in.
    pub(crate) fn csrf(&self) -> &str {
        self.inside.as_ref().map_or("", |inside| inside.csrf.as_str())
    }
}

/// A template as a page.
pub(crate) fn html(template: &impl Template) -> Result<Response, Refusal> {
    template.render().map(|page| Html(page).into_response()).map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Refusal::Broken
    })
}

/// Go and see another page.
pub(crate) fn see(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}

/// What is said where something behind the pages did not answer.
pub(crate) fn problem_words() -> &'static str {
    "It did not work this time, and nothing was changed. Try again in a minute."
}
