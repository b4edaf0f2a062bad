//! What can be tried without the others: the file, the proxy, the store.

use std::time::Duration;

use http::Uri;
use hubcommander_outbound::leads_here;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::ExposeSecret as _;

use super::{Finding, Ground};
use crate::cli::counted;

/// How long the store may take to open and to write.
const STORE_LIMIT: Duration = Duration::from_secs(15);

/// The file could be read, and all of it makes sense.
pub(super) async fn configuration(ground: &Ground) -> Vec<Finding> {
    let problems = &ground.problems.list;
    if problems.is_empty() {
        let orgs = counted(ground.sections.orgs.len(), "organisation", "managed");
        return vec![Finding::Fine(format!("{} is complete, {orgs}", ground.file.display()))];
    }
    let what = format!("{}\n\n{}", counted(problems.len(), "problem", "in the file:"), ground.problems);
    vec![Finding::wrong(what, "Do what stands below each problem.")]
}

/// Which proxy stands between us and the others, so that a wrong one is seen for what it is.
pub(super) async fn proxy(ground: &Ground) -> Vec<Finding> {
    let sections = &ground.sections;
    let duo = sections.auth_plugins.duo.iter().flat_map(|duo| duo.accounts.values());
    let places = [
        ("Slack", sections.slack.as_ref().map(|slack| &slack.api_url)),
        ("GitHub", sections.github.as_ref().map(|github| &github.api_url)),
        ("Travis", sections.travis.as_ref().map(|travis| &travis.api_url)),
    ];
    let matcher = Matcher::from_env();
    let found: Vec<Finding> = places
        .into_iter()
        .chain(sections.auth_plugins.okta.iter().map(|okta| ("Okta", Some(&okta.url))))
        .chain(duo.take(1).map(|account| ("Duo", Some(&account.api_url))))
        .filter_map(|(name, url)| {
            let url = url.filter(|url| !leads_here(url))?;
            let proxy = matcher.intercept(&url.as_str().parse::<Uri>().ok()?)?;
            // The host alone: the address may hold a password.
            let host = proxy.uri().authority().map_or("", |authority| authority.host());
            let port = proxy.uri().port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            Some(Finding::Fine(format!("{name} is reached through {host}{port}, as the environment says")))
        })
        .collect();
    if found.is_empty() { vec![Finding::Fine("none is used".to_owned())] } else { found }
}

/// The store opens and writes.
pub(super) async fn store(ground: &Ground) -> Vec<Finding> {
    let Some(store) = &ground.sections.store else { return vec![Finding::without("store")] };
    let url = store.url.expose_secret();
    let sqlite = url.starts_with("sqlite:");
    let trying = async {
        let store = crate::store::open(url).await?;
        store.probe().await
    };
    let cure = if sqlite {
        "See that the folder exists or can be made, that this user may write there, and that the disk has room."
    } else {
        "See that the address in `store.url` is right, that the server can be reached from here, and that the \
         user may make tables in the database."
    };
    let place = if sqlite { url.to_owned() } else { "PostgreSQL".to_owned() };
    vec![match tokio::time::timeout(STORE_LIMIT, trying).await {
        Ok(Ok(())) => Finding::Fine(format!("{place} opens and writes")),
        Ok(Err(error)) => Finding::wrong(format!("{place}: {error}."), cure),
        Err(_) => Finding::wrong(format!("{place} did not answer within {} s.", STORE_LIMIT.as_secs()), cure),
    }]
}
