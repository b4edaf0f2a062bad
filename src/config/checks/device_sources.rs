//! What must hold of `[device_sources]`.

use std::time::Duration;

use hubcommander_device_sources::landesk;

use crate::config::problem::Collector;
use crate::config::tree::Tree;
use crate::config::value::Value;

pub(super) fn landesk_has_a_zone(tree: &Tree, problems: &mut Collector<'_>) {
    for found in tree.all("device_sources.landesk.zone") {
        let known = found.text().is_some_and(|zone| zone.parse::<landesk::Tz>().is_ok());
        if !known {
            problems.at(
                found.at.clone(),
                "There is no such time zone.",
                "Write it as the IANA does, such as `\"America/Los_Angeles\"`.",
            );
        }
    }
}

pub(super) fn landesk_is_private(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(tls) = tree.one("device_sources.landesk.tls", &[]) else { return };
    if !matches!(tls.value, Value::Flag(false)) {
        return;
    }
    if tree.one("device_sources.landesk.ca", &[]).is_some() {
        let what = "`ca` names an authority for TLS, which `tls` switches off.";
        problems.at(tls.at.clone(), what, "Remove one of the two.");
    }
    let host = tree.one("device_sources.landesk.host", &[]).and_then(|found| found.text());
    if host.is_some_and(|host| !landesk::is_loopback(host)) {
        problems.at(
            tls.at.clone(),
            "Without TLS the password would travel to another machine in the clear.",
            "Remove this line, and name in `ca` the authority if this machine does not trust it.",
        );
    }
}

pub(super) fn jamf_has_a_path(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(found) = tree.one("device_sources.jamf.token_path", &[]) else { return };
    let plain = |path: &str| path.starts_with('/') && !path.contains(['?', '#', ' ']);
    if !found.text().is_some_and(plain) {
        problems.at(found.at.clone(), "`token_path` is no path.", "Write it as `\"/api/v1/oauth/token\"`.");
    }
}

pub(super) fn osquery_is_private(tree: &Tree, problems: &mut Collector<'_>) {
    let certificate = tree.one("device_sources.osquery.certificate", &[]);
    let key = tree.one("device_sources.osquery.private_key", &[]);
    match (certificate, key) {
        (Some(_), Some(_)) => {}
        (Some(found), None) | (None, Some(found)) => {
            let other = if found.key.name() == "certificate" { "private_key" } else { "certificate" };
            problems.at(
                found.name_at.clone(),
                format!("`{}` is there without `{other}`.", found.key.name()),
                format!(
                    "Add `{other}`, or remove this line and listen on 127.0.0.1 behind a proxy that has them."
                ),
            );
        }
        (None, None) => {
            let Some(found) = tree.one("device_sources.osquery.listen", &[]) else { return };
            if matches!(found.value, Value::Socket(address) if !address.ip().is_loopback()) {
                problems.at(
                    found.at.clone(),
                    "Without a certificate everybody on the way could read the secret with which computers enrol.",
                    "Add `certificate` and `private_key`, or listen on 127.0.0.1 behind a proxy that has them.",
                );
            }
        }
    }
}

pub(super) fn osquery_has_time(tree: &Tree, problems: &mut Collector<'_>) {
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let rules = [
        ("device_sources.osquery.interval", MINUTE, DAY, "a minute to a day"),
        ("device_sources.osquery.refresh_within", Duration::from_secs(1), MINUTE, "a second to a minute"),
        ("device_sources.osquery.accelerate", Duration::from_secs(1), HOUR, "a second to an hour"),
    ];
    for (path, least, most, words) in rules {
        let Some(found) = tree.one(path, &[]) else { continue };
        if matches!(found.value, Value::Time(time) if time < least || time > most) {
            let name = found.key.name();
            problems.at(
                found.at.clone(),
                format!("`{name}` must be {words}."),
                format!("Write, for example, `{name} = {}`.", found.key.example),
            );
        }
    }
}
