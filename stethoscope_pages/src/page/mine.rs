//! One's own devices, questions and access.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use hubcommander_stethoscope::{Freshness, Look, Outcome};
use serde::Deserialize;

use super::frame::{Frame, html, see};
use super::refusal::Refusal;
use crate::guard::{Posted, Signed, way_on};
use crate::ports::{Action, Given, Notice, View, What};
use crate::show::{Headline, Mark, Shown, When, headline, when};
use crate::site::Pages;

/// What both pages about devices show.
struct Devices {
    /// Whether they are the reader's own.
    own: bool,
    headline: Headline,
    active: Vec<Shown>,
    silent: Vec<Shown>,
    /// Devices that the person says are not theirs, by name.
    disowned: Vec<String>,
    /// What is critical: where it is on the page, and what.
    critical: Vec<(String, String)>,
    /// Each source: its name, whether it answered, and when it was asked.
    sources: Vec<(String, bool, When)>,
    problems: usize,
    silent_after: u32,
}

impl Devices {
    fn of(pages: &Pages, look: &Look, whose: &str) -> Self {
        let catalogue = pages.behind.looks.catalogue();
        let headline = headline(look, catalogue, whose);
        let shown: Vec<Shown> = look.devices.iter().map(|one| Shown::of(one, look, catalogue)).collect();
        let critical = headline
            .critical
            .iter()
            .filter_map(|(place, name, title)| {
                Some((shown.get(*place)?.anchor.clone(), format!("{name}: {title}")))
            })
            .collect();
        let (disowned, own): (Vec<_>, Vec<_>) =
            look.devices.iter().zip(shown).partition(|(device, _)| look.is_disowned(device));
        let disowned = disowned.into_iter().map(|(_, one)| one.name).collect();
        let (silent, mut active): (Vec<_>, Vec<_>) =
            own.into_iter().map(|(_, one)| one).partition(|one| one.silent);
        // The look has them in order already; a device of which nothing is known is not as good as it looks.
        active.sort_by_key(|one| match one.mark {
            Mark::Critical => 0,
            Mark::Suggested => 1,
            Mark::Unknown => 2,
            Mark::Done => 3,
        });
        let sources = look
            .answers
            .iter()
            .map(|one| {
                (one.title.clone(), matches!(one.outcome, Outcome::Answered(_)), when(one.at, look.at))
            })
            .collect();
        Self {
            own: whose == "your",
            headline,
            active,
            silent,
            disowned,
            critical,
            sources,
            problems: look.problems.len(),
            silent_after: catalogue.silent_after_days,
        }
    }
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    devices: Devices,
    waiting: usize,
}

/// The answer, and what is behind it.
pub(crate) async fn overview(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let look = pages.behind.looks.look(&signed.person.email, Freshness::Recent).await;
    let frame = Frame::inside(&pages, &signed, "/", "Overview").await;
    let waiting = frame.inside.iter().flat_map(|inside| &inside.links).map(|link| link.3).sum();
    html(&OverviewPage { devices: Devices::of(&pages, &look, "your"), frame, waiting })
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    frame: Frame,
    devices: Devices,
    /// Whose they are, if they are not the reader's own.
    of: Option<String>,
}

/// All devices with everything that is known.
pub(crate) async fn devices(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let look = pages.behind.looks.look(&signed.person.email, Freshness::Recent).await;
    let frame = Frame::inside(&pages, &signed, "/devices", "Devices").await;
    html(&DevicesPage { devices: Devices::of(&pages, &look, "your"), frame, of: None })
}

/// Asks all sources anew.
pub(crate) async fn check(State(pages): State<Arc<Pages>>, posted: Posted) -> Result<Response, Refusal> {
    pages.behind.looks.look(&posted.signed.person.email, Freshness::Anew).await;
    Ok(see(way_on(posted.fields.get("back").map_or("/", String::as_str))))
}

/// Whose devices.
#[derive(Deserialize)]
pub(crate) struct Whose {
    #[serde(default)]
    email: String,
}

/// Somebody else's devices, for those whom a policy lets. Written down first, shown then.
pub(crate) async fn person(
    State(pages): State<Arc<Pages>>,
    signed: Signed,
    Query(whose): Query<Whose>,
) -> Result<Response, Refusal> {
    let email = whose.email.trim().to_lowercase();
    if email == signed.person.email {
        return Ok(see("/devices"));
    }
    if email.is_empty() || !pages.behind.rules.may(&signed.person, &What::DevicesOf(email.clone())).await {
        return Err(Refusal::NotAllowed);
    }
    let (by, what) = (signed.person.clone(), "your devices".to_owned());
    pages.behind.views.looked(View { by, of: Some(email.clone()), what, at: pages.now() }).await?;
    let look = pages.behind.looks.look(&email, Freshness::Recent).await;
    let frame = Frame::inside(&pages, &signed, "/person", &format!("Devices of {email}"))
        .await
        .seen_by("You see this by policy. That you looked is written down, and the person can see it.");
    html(&DevicesPage { devices: Devices::of(&pages, &look, "their"), frame, of: Some(email) })
}

/// A question as it is shown.
struct ShownNotice {
    id: String,
    question: String,
    details: String,
    at: When,
    actions: Vec<Action>,
    /// What was answered, and when.
    answered: Option<(String, When)>,
}

#[derive(Template)]
#[template(path = "notifications.html")]
struct NotificationsPage {
    frame: Frame,
    open: Vec<ShownNotice>,
    quiet: Vec<ShownNotice>,
}

/// Questions to the person.
pub(crate) async fn notifications(
    State(pages): State<Arc<Pages>>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let now = pages.now();
    let shown = |one: Notice| ShownNotice {
        answered: one.answer.as_ref().map(|given| {
            let label = one.actions.iter().find(|action| action.key == given.action);
            (label.map_or_else(|| given.action.clone(), |action| action.label.clone()), when(given.at, now))
        }),
        id: one.id,
        question: one.question,
        details: one.details,
        at: when(one.at, now),
        actions: one.actions,
    };
    let all = pages.behind.notices.of(&signed.person.email).await?;
    let (open, quiet) =
        all.into_iter().map(shown).partition(|one| one.answered.is_none() && !one.actions.is_empty());
    let frame = Frame::inside(&pages, &signed, "/notifications", "Notifications").await;
    html(&NotificationsPage { frame, open, quiet })
}

/// Answers a question.
pub(crate) async fn answer(
    State(pages): State<Arc<Pages>>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let action = posted.fields.get("action").cloned().unwrap_or_default();
    let given = Given { action, at: pages.now() };
    // An answer that comes too late changes nothing; the page shows the one that stands.
    if !pages.behind.notices.answer(&posted.signed.person.email, &id, given).await? {
        let all = pages.behind.notices.of(&posted.signed.person.email).await?;
        if !all.iter().any(|one| one.id == id) {
            return Err(Refusal::NotFound);
        }
    }
    Ok(see("/notifications"))
}

#[derive(Template)]
#[template(path = "access.html")]
struct AccessPage {
    frame: Frame,
    /// What for, which right, until when, and how to give it back.
    leases: Vec<(String, String, When, Option<String>)>,
    github: Option<(String, Option<When>)>,
    /// Who looked, at what, and when.
    views: Vec<(String, String, When)>,
}

/// What the person may do elsewhere, and who looked at them.
pub(crate) async fn access(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let now = pages.now();
    let access = pages.behind.access.of(&signed.person.email).await?;
    let views = pages.behind.views.at(&signed.person.email).await?;
    let frame = Frame::inside(&pages, &signed, "/access", "My access").await;
    html(&AccessPage {
        frame,
        leases: access
            .leases
            .into_iter()
            .map(|one| (one.resource, one.right, when(one.ends, now), one.give_back))
            .collect(),
        github: access.github.map(|one| (one.login, one.linked.map(|at| when(at, now)))),
        views: views.into_iter().map(|one| (one.by.name, one.what, when(one.at, now))).collect(),
    })
}

#[derive(Template)]
#[template(path = "faq.html")]
struct FaqPage {
    frame: Frame,
    sources: String,
    silent_after: u32,
    stale_after: u32,
    idle: String,
}

/// Who can see what, where it comes from, how long it is kept.
pub(crate) async fn faq(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let look = pages.behind.looks.look(&signed.person.email, Freshness::Recent).await;
    let catalogue = pages.behind.looks.catalogue();
    let titles: Vec<String> = look.answers.into_iter().map(|one| one.title).collect();
    let frame = Frame::inside(&pages, &signed, "/faq", "Questions and answers")
        .await
        .seen_by("Everybody who can sign in can read this page.");
    html(&FaqPage {
        frame,
        sources: crate::show::and(&titles),
        silent_after: catalogue.silent_after_days,
        stale_after: catalogue.stale_after_days,
        idle: crate::show::count(
            usize::try_from(pages.settings.idle.num_hours()).unwrap_or_default(),
            "hour",
            "hours",
        ),
    })
}
