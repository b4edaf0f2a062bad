//! Questions to the Classic API, which has no filters and no pages: one request for each device.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_posture::Identifiers;
use serde_json::Value as Json;

use super::client::Client;
use super::trouble::Trouble;
use crate::raw;

const USER: &str = "a user";
const DEVICE: &str = "a device";
const DEVICES: &str = "the list of devices";
/// How many devices are asked for at the same time. The client lets fewer through if others ask too.
const AT_ONCE: usize = 4;

/// The kinds of devices: in the path, in the list, and in what a user is linked to.
const KINDS: [(&str, &str); 2] = [("computers", "computers"), ("mobiledevices", "mobile_devices")];

fn kinds(mobile: bool) -> &'static [(&'static str, &'static str)] {
    if mobile { &KINDS } else { &KINDS[..1] }
}

/// What stands at a path, or nothing where Jamf knows of none.
async fn find(client: &Client, what: &'static str, path: &[&str]) -> Result<Option<Json>, Trouble> {
    match client.get(what, &[&["JSSResource"], path].concat(), &[]).await {
        Ok(found) => Ok(Some(found)),
        Err(trouble) if trouble.status() == Some(404) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// Whether the account may ask at all.
pub(super) async fn probe(client: &Client) -> Result<(), Trouble> {
    client.get("who we are", &["JSSResource", "jssuser"], &[]).await.map(|_| ())
}

/// The devices that are linked to whoever has exactly this e-mail address. A user is found by the address; by a name
/// that is the address; or by a name that is its part before the `@`, and counts only if the whole address is theirs.
pub(super) async fn of_owner(client: &Client, email: &str, mobile: bool) -> Result<Vec<Json>, Trouble> {
    let local = email.split('@').next().unwrap_or_default();
    let mut paths = BTreeSet::new();
    for path in [["users", "email", email], ["users", "name", email], ["users", "name", local]] {
        let Some(answer) = find(client, USER, &path).await? else { continue };
        let many = raw::list(&answer, "/users").into_iter().flatten();
        for user in many.chain(answer.get("user")) {
            let theirs = raw::text(user, "/email").is_some_and(|known| known.eq_ignore_ascii_case(email));
            if theirs {
                paths.extend(linked(user, mobile));
            }
        }
        if !paths.is_empty() {
            break;
        }
    }
    devices(client, paths.into_iter().collect()).await
}

fn linked(user: &Json, mobile: bool) -> Vec<[String; 3]> {
    let mut paths = Vec::new();
    for (path, list) in kinds(mobile) {
        let links = raw::list(user, &format!("/links/{list}")).into_iter().flatten();
        paths.extend(links.filter_map(|link| raw::text(link, "/id")).map(|id| by(path, "id", id)));
    }
    paths
}

fn by(kind: &str, key: &str, value: String) -> [String; 3] {
    [kind.to_owned(), key.to_owned(), value]
}

/// The devices that have one of these identifiers.
pub(super) async fn known_as(
    client: &Client,
    identifiers: &[Identifiers],
    mobile: bool,
) -> Result<Vec<Json>, Trouble> {
    let mut paths = BTreeSet::new();
    for one in identifiers {
        for (kind, _) in kinds(mobile) {
            paths
                .extend(one.serial.iter().map(|serial| by(kind, "serialnumber", serial.as_str().to_owned())));
            paths.extend(one.udid.iter().map(|udid| by(kind, "udid", udid.clone())));
            let macs = one.mac_addresses.iter();
            paths.extend(macs.map(|mac| by(kind, "macaddress", mac.to_string().to_uppercase())));
        }
    }
    devices(client, paths.into_iter().collect()).await
}

/// All devices.
pub(super) async fn all(client: &Client, mobile: bool) -> Result<Vec<Json>, Trouble> {
    let mut paths = Vec::new();
    for (path, list) in kinds(mobile) {
        let answer = client.get(DEVICES, &["JSSResource", path], &[]).await?;
        let entries = raw::list(&answer, &format!("/{list}"))
            .ok_or_else(|| Trouble::Unreadable { what: DEVICES, why: "it is no list".to_owned() })?;
        paths.extend(entries.iter().filter_map(|one| raw::text(one, "/id")).map(|id| by(path, "id", id)));
    }
    devices(client, paths).await
}

/// What stands at each path. A device that went meanwhile is none.
async fn devices(client: &Client, paths: Vec<[String; 3]>) -> Result<Vec<Json>, Trouble> {
    let found: Vec<Option<Json>> = stream::iter(paths)
        .map(|path| async move {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            find(client, DEVICE, &path).await
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}
