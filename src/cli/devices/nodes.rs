//! `hubcommander devices nodes`, `assign` and `forget`: the computers that have enrolled with osquery. They stand in the
//! store; a bot that runs on the same store notices within seconds.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use hubcommander_device_sources::osquery::{Node, Nodes, NodesError};
use hubcommander_posture::{Instant, Serial};
use hubcommander_sdk::clock::{Clock as _, SharedClock, SystemClock};
use secrecy::ExposeSecret as _;
use serde_json::{Value as Json, json};

use super::{DevicesCommand, print};
use crate::cli::{End, Failure, counted, runtime};
use crate::config::{Sections, Surroundings, read_file};
use crate::osquery::{Remembered, Writer};
use crate::store::{AuditEntry, Shelf, Store};

/// Does what was asked.
pub(super) fn run(command: &DevicesCommand, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    // What else is wrong with the file does not matter here.
    let sections = Sections::read(file, &read_file(file)?, surroundings, None).0;
    runtime()?.block_on(async {
        let (nodes, store) = open(&sections).await?;
        match command {
            DevicesCommand::Evaluate { .. } => Ok(()),
            DevicesCommand::Nodes { json } => list(&nodes, &sections, *json).await,
            DevicesCommand::Assign { node, emails, .. } => {
                assign(&nodes, &*store, node, emails.iter().cloned().collect()).await
            }
            DevicesCommand::Forget { node } => forget(&nodes, &*store, node).await,
        }
    })
}

async fn open(sections: &Sections) -> Result<(Remembered, Arc<dyn Store>), Failure> {
    let store = sections.store.as_ref().ok_or_else(|| {
        Failure::new(
            "The configuration does not say where the store is.",
            "`hubcommander check` says what is wrong.",
        )
    })?;
    let opened = crate::store::open(store.url.expose_secret()).await;
    let opened = opened.map_err(|error| {
        let cure = "`hubcommander check` tries it and says what to do.";
        Failure::new(format!("The store cannot be opened: {error}."), cure)
    })?;
    let shelf = Shelf::default();
    shelf.put(Arc::clone(&opened));
    let clock: SharedClock = Arc::new(SystemClock);
    Ok((Remembered::new(shelf, clock, Writer::Host), opened))
}

fn failed(error: &NodesError) -> Failure {
    let cure = "See that this user may read and write the store, then run it again.";
    Failure::new(format!("It was not done: {error}."), cure)
}

/// With those whom the configuration names besides.
async fn all(nodes: &Remembered, sections: &Sections) -> Result<Vec<Node>, Failure> {
    let mut all = nodes.all().await.map_err(|error| failed(&error))?;
    if let Some(osquery) = &sections.devices.sources.osquery {
        for node in &mut all {
            let named = node.serial().and_then(|serial| osquery.settings.owners.get(&serial));
            node.owners.extend(named.into_iter().flatten().cloned());
        }
    }
    Ok(all)
}

async fn list(nodes: &Remembered, sections: &Sections, json: bool) -> Result<(), End> {
    let all = all(nodes, sections).await?;
    if json {
        let all: Vec<Json> = all.iter().map(|node| {
            json!({
                "host_identifier": node.host,
                "serial": node.serial(),
                "name": said(node, "/system_info/computer_name").or_else(|| said(node, "/system_info/hostname")),
                "os": said(node, "/os_version/name"),
                "owners": node.owners,
                "enrolled_at": node.enrolled_at,
                "last_seen": node.heard_at,
            })
        }).collect();
        return print(&format!("{:#}\n", Json::Array(all)));
    }
    if all.is_empty() {
        let hint = match sections.devices.sources.osquery {
            Some(_) => "",
            None => " `[device_sources.osquery]` is not set up; docs/osquery.md leads through it.",
        };
        return print(&format!("No computer has enrolled.{hint}\n"));
    }
    print(&table(&all, SystemClock.now()))
}

/// A word that the computer has said of itself, if it is not empty.
fn said<'n>(node: &'n Node, pointer: &str) -> Option<&'n str> {
    node.details.pointer(pointer).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn table(nodes: &[Node], now: Instant) -> String {
    let head = ["HOST IDENTIFIER", "SERIAL", "NAME", "WHOSE", "LAST SEEN"].map(str::to_owned);
    let rows = nodes.iter().map(|node| {
        let name = said(node, "/system_info/computer_name").or_else(|| said(node, "/system_info/hostname"));
        let owners: Vec<&str> = node.owners.iter().map(String::as_str).collect();
        let cells = [
            node.host.clone(),
            node.serial().map(|serial| serial.as_str().to_owned()).unwrap_or_default(),
            name.unwrap_or_default().to_owned(),
            owners.join(", "),
            ago(node.heard_at, now),
        ];
        // Computers say what they like, and a terminal obeys some of it.
        cells.map(|cell| {
            let plain: String = cell.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
            if plain.is_empty() { "-".to_owned() } else { plain }
        })
    });
    let lines: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    let widths: Vec<usize> = (0..5)
        .map(|column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    let nobodys = nodes.iter().filter(|node| node.owners.is_empty()).count();
    let _ = writeln!(text, "\n{}.", counted(nodes.len(), "computer", "in all"));
    if nobodys > 0 {
        let _ = writeln!(
            text,
            "{} assigned to nobody: shown to somebody only if another source knows it. \
             `hubcommander devices assign NODE EMAIL` says whose one is.",
            if nobodys == 1 { "1 is".to_owned() } else { format!("{nobodys} are") },
        );
    }
    text
}

/// How long ago, to ten minutes, as that is how it is written down.
fn ago(at: Instant, now: Instant) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        ..=10 => "within 10 minutes".to_owned(),
        11..=119 => format!("{minutes} minutes ago"),
        120..=2879 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// The computer that goes by this UUID or serial number.
async fn find(nodes: &Remembered, name: &str) -> Result<Node, Failure> {
    let by_host = nodes.by_host(&name.trim().to_uppercase()).await.map_err(|error| failed(&error))?;
    let found = match (by_host, Serial::read(name)) {
        (Some(node), _) => Some(node),
        (None, Some(serial)) => nodes.by_serial(&serial).await.map_err(|error| failed(&error))?,
        (None, None) => None,
    };
    found.ok_or_else(|| {
        Failure::new(
            format!("No computer `{name}` has enrolled."),
            "`hubcommander devices nodes` lists those that have; give the host identifier or the serial number.",
        )
    })
}

/// Who decided is whoever may run this program here; before it is done, so that nothing is done unseen.
async fn note(store: &dyn Store, event: &str, body: Json) -> Result<(), Failure> {
    let (at, event) = (SystemClock.now(), event.to_owned());
    let noted = store.note(vec![AuditEntry { at, invocation: None, event, body }]).await;
    noted.map_err(|error| {
        let cure = "See that this user may write the store, then run it again.";
        Failure::new(format!("The audit could not be written, so nothing was done: {error}."), cure)
    })
}

async fn assign(
    nodes: &Remembered,
    store: &dyn Store,
    name: &str,
    owners: BTreeSet<String>,
) -> Result<(), End> {
    let node = find(nodes, name).await?;
    let body = json!({
        "host_identifier": node.host, "serial": node.serial(), "owners": owners, "before": node.owners, "via": "host",
    });
    note(store, "devices.assigned", body).await?;
    let assigned = match node.serial() {
        Some(serial) => nodes.assign(&serial, owners.clone()).await,
        None => nodes.assign_host(&node.host, owners.clone()).await,
    };
    assigned.map_err(|error| failed(&error))?;
    let whose = if owners.is_empty() { "nobody".to_owned() } else { listed(&owners) };
    print(&format!("{} belongs to {whose} now.\n", node.host))
}

fn listed(owners: &BTreeSet<String>) -> String {
    owners.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

async fn forget(nodes: &Remembered, store: &dyn Store, name: &str) -> Result<(), End> {
    let node = find(nodes, name).await?;
    let body = json!({ "host_identifier": node.host, "serial": node.serial(), "via": "host" });
    note(store, "devices.forgotten", body).await?;
    nodes.forget(&node.host).await.map_err(|error| failed(&error))?;
    let stays = match node.serial() {
        Some(serial) if !node.owners.is_empty() => {
            let (serial, whose) = (serial.as_str(), listed(&node.owners));
            format!(" What enrols with the serial number {serial} still belongs to {whose}.")
        }
        _ => String::new(),
    };
    print(&format!("{} is forgotten.{stays}\n", node.host))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use hubcommander_device_sources::osquery::KeyHash;

    use super::*;

    fn node(host: &str, serial: &str, name: &str, heard_at: Instant) -> Node {
        Node {
            host: host.to_owned(),
            key: KeyHash::of(host),
            details: json!({ "system_info": { "hardware_serial": serial, "computer_name": name } }),
            enrolled_at: heard_at,
            heard_at,
            results: BTreeMap::new(),
            owners: BTreeSet::new(),
        }
    }

    #[test]
    fn a_table_that_no_computer_can_bend() {
        let now: Instant = "2026-11-23T08:00:00Z".parse().unwrap();
        let mut nodes = vec![
            node("1B2C3D4E-0000-4000-8000-000000000071", "ZZANA00071", "Ana's desk", now),
            node(
                "1B2C3D4E-0000-4000-8000-000000000072",
                "None",
                "\u{1b}[2J\nworm",
                now - TimeDelta::hours(5),
            ),
            node("1B2C3D4E-0000-4000-8000-000000000073", "ZZ73", " ", now - TimeDelta::days(40)),
        ];
        nodes[0].owners = ["ana@acme.example".to_owned()].into();
        insta::assert_snapshot!(table(&nodes, now), @r"
    HOST IDENTIFIER                       SERIAL      NAME        WHOSE             LAST SEEN
    1B2C3D4E-0000-4000-8000-000000000071  ZZANA00071  Ana's desk  ana@acme.example  within 10 minutes
    1B2C3D4E-0000-4000-8000-000000000072  -           �[2J�worm   -                 5 hours ago
    1B2C3D4E-0000-4000-8000-000000000073  ZZ73        -           -                 40 days ago

    3 computers in all.
    2 are assigned to nobody: shown to somebody only if another source knows it. `hubcommander devices assign NODE EMAIL` says whose one is.
    ");
    }
}
