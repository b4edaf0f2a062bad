//! Whether each source of devices lets us in, and whether osquery's agents could be heard. Nothing is said where there is
//! none.

use std::io::ErrorKind;
use std::time::Duration;

use axum::Router;
use hubcommander_device_sources::each;
use hubcommander_device_sources::osquery::{self, ListenError};
use hubcommander_sdk::devices::{DeviceSource, SourceError};
use secrecy::ExposeSecret as _;

use super::{Finding, Ground};
use crate::osquery::Agents;
use crate::store::Shelf;

/// How long one source may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Each source signs us in and answers one harmless question; all are asked at the same time.
pub(super) async fn sources(ground: &Ground) -> Vec<Finding> {
    let setup = &ground.sections.devices.sources;
    let agents = match agents(ground).await {
        Ok(agents) => agents,
        Err(finding) => return vec![finding],
    };
    let asked = each(setup, &ground.clock, agents.as_ref().map(Agents::source)).into_iter().map(
        |(name, made)| async move {
            match made {
                Ok(source) => tried(&*source).await,
                Err(error) => {
                    Finding::wrong(format!("{error}."), format!("Mend it in `[device_sources.{name}]`."))
                }
            }
        },
    );
    let mut found = futures_util::future::join_all(asked).await;
    if let Some(setup) = &setup.osquery {
        found.extend(heard(setup).await);
    }
    found
}

async fn tried(source: &dyn DeviceSource) -> Finding {
    let title = source.title();
    match tokio::time::timeout(LIMIT, source.probe()).await {
        Ok(Ok(words)) => Finding::Fine(format!("{title}: {words}")),
        Ok(Err(error)) => refused(source, &error),
        Err(_) => Finding::wrong(
            format!("{title} did not answer within {} s.", LIMIT.as_secs()),
            "See that this machine can reach it, and whether it needs a proxy (`HTTPS_PROXY`).",
        ),
    }
}

/// What a failed question means. Some words bring their cure, after a full stop.
fn refused(source: &dyn DeviceSource, error: &SourceError) -> Finding {
    let words = error.to_string();
    let usual = match error {
        SourceError::Misconfigured(_) => credentials(source.name()),
        SourceError::Unavailable { .. } => {
            "See that this machine can reach it, and whether it needs a proxy (`HTTPS_PROXY`); if it is busy, try again \
             in a few minutes."
        }
        SourceError::Unreadable(_) => {
            "See that the address in its section is its own, and not that of a page to log in."
        }
    };
    let (what, cure) = words.split_once(". ").unwrap_or((words.as_str(), usual));
    let what = what.trim_end_matches('.');
    let cure = format!("{}.", cure.trim_end_matches('.'));
    // Most words begin with whose they are.
    let who = if what.starts_with(source.title()) { String::new() } else { format!("{}: ", source.title()) };
    Finding::wrong(format!("{who}{what}."), cure)
}

/// Where the mistake most likely is when a source refuses us.
fn credentials(source: &str) -> &'static str {
    match source {
        "fleet" => {
            "See that `url` is your Fleet server, and copy the token of the API-only user again; its role must let it \
             observe."
        }
        "google" => {
            "See that the service account has domain-wide delegation for the scopes in docs/devices.md, that its APIs \
             are switched on, and that `subject` may see devices."
        }
        "intune" => {
            "See `tenant`, `client_id` and `client_secret`, whether the secret has expired, and that an administrator \
             has consented to `DeviceManagementManagedDevices.Read.All`."
        }
        "landesk" => {
            "See `host`, `database`, `user` and `password`, and that the login may read (`db_datareader`)."
        }
        "jamf" => {
            "See that `client_id` and `client_secret` are those of an API client that is enabled at Jamf."
        }
        _ => "See the address and the secret in its section.",
    }
}

/// The server of osquery's agents over the store, if it is set up.
async fn agents(ground: &Ground) -> Result<Option<Agents>, Finding> {
    let Some(setup) = &ground.sections.devices.sources.osquery else { return Ok(None) };
    let shelf = Shelf::default();
    if let Some(store) = &ground.sections.store
        && let Ok(Ok(store)) =
            tokio::time::timeout(LIMIT, crate::store::open(store.url.expose_secret())).await
    {
        shelf.put(store);
    }
    let made = Agents::new(setup, &shelf, &ground.clock, rand::random());
    made.map(Some)
        .map_err(|error| Finding::wrong(format!("{error}."), "Mend it in `[device_sources.osquery]`."))
}

/// The port can be had, and the certificate be shown.
async fn heard(setup: &osquery::Setup) -> Option<Finding> {
    let listening = osquery::serve(setup.listen, Router::new(), setup.identity.clone()).await;
    Some(match listening {
        Ok(_closed_at_once) => {
            let how = if setup.identity.is_some() { "with its certificate" } else { "behind a proxy" };
            Finding::Fine(format!("osquery's agents can be heard on {}, {how}", setup.listen))
        }
        Err(ListenError::Port { address, why }) if why.kind() == ErrorKind::AddrInUse => Finding::attention(
            format!("Something listens on {address} already, where osquery's agents are to be heard."),
            "If that is the bot, which runs, let it be; else choose another port in `listen`.",
        ),
        Err(error @ ListenError::Port { .. }) => Finding::wrong(
            format!("osquery's agents cannot be heard: {error}."),
            "See that the address in `listen` is this machine's, and that this user may listen on that port.",
        ),
        Err(error @ ListenError::Identity { .. }) => Finding::wrong(
            format!("osquery's agents cannot be heard: {error}."),
            "See that `certificate` and `private_key` name files in PEM that this user may read, and that one belongs to \
             the other.",
        ),
        Err(error @ ListenError::Open(_)) => Finding::wrong(
            format!("osquery's agents cannot be heard: {error}."),
            "Add `certificate` and `private_key` to `[device_sources.osquery]`.",
        ),
    })
}
