//! The state of all devices, for those whom a policy lets see it. Counts only; a single device is looked at under
//! its owner's name, which is written down.

mod count;
mod export;
mod plot;
mod preview;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::TimeDelta;
use hubcommander_posture::{Catalogue, Platform, PracticeKey};
use hubcommander_stethoscope::{Look, Outcome};
use serde::Deserialize;

use crate::guard::Signed;
use crate::page::{Frame, Refusal, html};
use crate::ports::{View, What};
use crate::show::of_platform;
use crate::site::Pages;
use count::Row;
use plot::Plot;
use preview::Rule;

pub(crate) use export::{csv, json};

/// For how many days back plots reach.
const DAYS: i64 = 90;

/// Which practice is plotted.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    practice: String,
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage {
    frame: Frame,
    total: usize,
    silent: usize,
    missing: Vec<String>,
    rows: Vec<(String, Row)>,
    /// Key, title, whether it is the chosen one.
    choices: Vec<(String, String, bool)>,
    plots: Vec<Plot>,
}

/// How all devices stand now, and how it came to be.
pub(crate) async fn fleet(
    State(pages): State<Arc<Pages>>,
    signed: Signed,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Refusal> {
    enter(&pages, &signed, &What::Fleet, "the state of all devices").await?;
    let look = pages.behind.looks.everything().await;
    let catalogue = pages.behind.looks.catalogue();
    let today = pages.now().date_naive();
    let days = pages.behind.history.daily(today - TimeDelta::days(DAYS), today).await?;
    let mut order: Vec<(&PracticeKey, u32, &str)> =
        catalogue.practices.iter().map(|(key, one)| (key, one.order, one.title.as_str())).collect();
    order.sort_by_key(|(key, order, _)| (*order, *key));
    let key = order.iter().find(|(key, ..)| key.0 == chosen.practice).or_else(|| order.first());
    let plots = key.map(|(key, _, title)| plot::plots(key, title, &days)).unwrap_or_default();
    let chosen = key.map(|(key, ..)| key.0.clone()).unwrap_or_default();
    let mut by_practice: BTreeMap<PracticeKey, Row> = count::by_practice(&look.devices);
    let rows = order
        .iter()
        .map(|(key, _, title)| ((*title).to_owned(), by_practice.remove(*key).unwrap_or_default()))
        .collect();
    let frame = frame(&pages, &signed, "Fleet").await;
    html(&FleetPage {
        frame,
        total: look.devices.len(),
        silent: look.devices.iter().filter(|device| device.silent).count(),
        missing: missing(&look),
        rows,
        choices: order
            .iter()
            .map(|(key, _, title)| (key.0.clone(), (*title).to_owned(), key.0 == chosen))
            .collect(),
        plots,
    })
}

/// Which rule is tried.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    practice: String,
    #[serde(default)]
    platform: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    version: String,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    /// Key, title, whether it is the chosen one.
    practices: Vec<(String, String, bool)>,
    platforms: Vec<(&'static str, bool)>,
    critical: bool,
    version: String,
    /// What is tried, in words: "Firewall critical on macOS".
    tried: String,
    /// Why there is no answer, if there is none and one was asked for.
    wrong: Option<&'static str>,
    answer: Option<preview::Answer>,
    missing: Vec<String>,
}

/// What would change if this version were required, or that practice critical. Changes nothing.
pub(crate) async fn preview(
    State(pages): State<Arc<Pages>>,
    signed: Signed,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    enter(&pages, &signed, &What::Fleet, "what a new requirement would change").await?;
    let version = asked.version.trim().to_owned();
    let critical = asked.rule == "critical";
    let rule = if critical { Rule::Critical } else { Rule::Version(version.clone()) };
    let platform = Platform::ALL.into_iter().find(|one| of_platform(Some(*one)) == asked.platform);
    let today = pages.behind.looks.catalogue();
    let key = PracticeKey(if asked.practice.is_empty() { "uptodate".to_owned() } else { asked.practice });
    let then = platform.and_then(|platform| Some((platform, preview::then(today, &key, platform, &rule)?)));
    let title = today.practices.get(&key).map(|one| one.title.clone()).unwrap_or_default();
    let (mut answer, mut missing, mut tried) = (None, Vec::new(), String::new());
    if let Some((platform, then)) = then {
        let (found, silent) = pages.behind.looks.preview(&then).await;
        let required = today.practices.get(&key).and_then(|one| one.required.get(&platform)).cloned();
        answer = Some(preview::sums(&found, &key, platform, required.filter(|_| !critical)));
        missing = silent;
        let system = of_platform(Some(platform));
        tried = match critical {
            true => format!("{title} critical on {system}"),
            false => format!("{title} with {version} or newer on {system}"),
        };
    }
    let wrong = (!asked.platform.is_empty() && answer.is_none()).then_some(
        "A version is numbers with points, such as 14.6.1. Choose a practice and a system beside it.",
    );
    html(&PreviewPage {
        frame: frame(&pages, &signed, "What a new requirement would change").await,
        practices: choices(today, &key),
        platforms: Platform::ALL
            .iter()
            .map(|one| (of_platform(Some(*one)), Some(*one) == platform))
            .collect(),
        critical,
        version,
        tried,
        wrong,
        answer,
        missing,
    })
}

/// The practices in their order, one of which is chosen.
fn choices(catalogue: &Catalogue, chosen: &PracticeKey) -> Vec<(String, String, bool)> {
    let mut all: Vec<_> = catalogue.practices.iter().collect();
    all.sort_by_key(|(key, one)| (one.order, *key));
    all.into_iter().map(|(key, one)| (key.0.clone(), one.title.clone(), key == chosen)).collect()
}

/// Lets in whom a policy lets, and writes it down first.
async fn enter(pages: &Pages, signed: &Signed, what: &What, words: &str) -> Result<(), Refusal> {
    if !pages.behind.rules.may(&signed.person, what).await {
        return Err(Refusal::NotAllowed);
    }
    let view = View { by: signed.person.clone(), of: None, what: words.to_owned(), at: pages.now() };
    Ok(pages.behind.views.looked(view).await?)
}

async fn frame(pages: &Pages, signed: &Signed, title: &str) -> Frame {
    Frame::inside(pages, signed, "/fleet", title)
        .await
        .seen_by("Administrators can see this page, by policy. That you looked is written down.")
}

fn missing(look: &Look) -> Vec<String> {
    let silent = look.answers.iter().filter(|one| one.outcome == Outcome::Silent);
    silent.map(|one| one.title.clone()).collect()
}
