//! Extension attributes: what a company has its Macs report beside what Jamf asks of itself.

use std::collections::BTreeMap;

use hubcommander_posture::{Instant, Mac, Record, Seen};
use serde_json::Value as Json;

use crate::jamf::settings::{Attribute, Attributes};
use crate::raw;

/// Where the Pro API puts them: on top, and in the section that each is shown in.
const PLACES: [&str; 7] =
    ["", "/general", "/hardware", "/userAndLocation", "/operatingSystem", "/purchasing", "/diskEncryption"];

/// Values by name, in lower case.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<String, Vec<String>>);

impl Values {
    pub(super) fn pro(raw: &Json) -> Self {
        let mut values = Self::default();
        for place in PLACES {
            for one in raw::list(raw, &format!("{place}/extensionAttributes")).into_iter().flatten() {
                let said = raw::list(one, "/values").into_iter().flatten();
                values.add(one, said.filter_map(|value| raw::text(value, "")).collect());
            }
        }
        values
    }

    pub(super) fn classic(raw: &Json) -> Self {
        let mut values = Self::default();
        for one in raw::list(raw, "/extension_attributes").into_iter().flatten() {
            values.add(one, raw::text(one, "/value").into_iter().collect());
        }
        values
    }

    fn add(&mut self, one: &Json, said: Vec<String>) {
        if let Some(name) = raw::text(one, "/name") {
            self.0.entry(name.to_lowercase()).or_default().extend(said);
        }
    }

    /// What is said of an attribute; `None` if the Mac has no such attribute.
    pub(super) fn of(&self, name: &str) -> Option<&[String]> {
        self.0.get(&name.trim().to_lowercase()).map(Vec::as_slice)
    }

    /// The network address that an attribute holds.
    pub(super) fn mac(&self, name: Option<&str>) -> Option<Mac> {
        self.of(name?)?.iter().find_map(|value| Mac::read(value))
    }

    /// How an attribute stands; `None` if the Mac has no such attribute.
    fn seen(&self, attribute: &Attribute) -> Option<Seen> {
        let values = self.of(&attribute.name)?;
        let among = |list: &[String], value: &String| list.iter().any(|one| one.eq_ignore_ascii_case(value));
        let bad = |value: &String| {
            among(&attribute.bad, value) || (attribute.bad.is_empty() && !among(&attribute.good, value))
        };
        Some(if values.iter().any(bad) {
            Seen::Bad
        } else if !values.is_empty() && values.iter().all(|value| among(&attribute.good, value)) {
            Seen::Good
        } else {
            Seen::Unknown
        })
    }
}

/// Adds what the attributes say of automatic updates, the screen lock and remote login.
pub(super) fn observe(
    record: &mut Record,
    values: &Values,
    names: &Attributes,
    at: Option<Instant>,
    auto_login: Option<bool>,
    remote_desktop: Option<bool>,
) {
    autoupdate(record, values, &names.autoupdate, at);
    if let Some(seen) = names.screenlock.as_ref().and_then(|attribute| values.seen(attribute)) {
        let (seen, details) = match (seen, auto_login) {
            // A lock that a restart gets round.
            (Seen::Good, Some(true)) => {
                (Seen::Improvable, Some("The Mac logs in by itself when it starts.".to_owned()))
            }
            (Seen::Bad, _) => (seen, Some("The screen saver does not ask for the password.".to_owned())),
            _ => (seen, None),
        };
        record.saw("screenlock", seen, at, details);
    }
    let login = names.remotelogin.as_ref().and_then(|attribute| values.seen(attribute));
    let (seen, details) = match (login, remote_desktop) {
        (Some(Seen::Bad), _) => (Seen::Bad, Some("Remote Login is on.".to_owned())),
        (Some(Seen::Good) | None, Some(true)) => {
            (Seen::Improvable, Some("Remote Management (Remote Desktop) is on.".to_owned()))
        }
        (Some(seen), _) => (seen, None),
        // That nobody can share the screen says nothing of remote login.
        (None, _) => return,
    };
    record.saw("remotelogin", seen, at, details);
}

fn autoupdate(record: &mut Record, values: &Values, attributes: &[Attribute], at: Option<Instant>) {
    let seen: Vec<(&str, Option<Seen>)> =
        attributes.iter().map(|one| (one.name.as_str(), values.seen(one))).collect();
    if seen.iter().all(|(_, seen)| seen.is_none()) {
        return;
    }
    let named = |which: fn(Option<Seen>) -> bool| {
        let names: Vec<&str> = seen.iter().filter(|(_, seen)| which(*seen)).map(|(name, _)| *name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(off) = named(|seen| seen == Some(Seen::Bad)) {
        record.saw("autoupdate", Seen::Bad, at, Some(format!("Off: {off}.")));
    } else if let Some(untold) = named(|seen| seen != Some(Seen::Good)) {
        record.saw("autoupdate", Seen::Unknown, at, Some(format!("Not told: {untold}.")));
    } else {
        record.saw("autoupdate", Seen::Good, at, None);
    }
}

/// Whether the firewall is on by an attribute that holds `globalstate` of macOS's application firewall: 0 is off.
pub(super) fn firewall(values: &Values, name: Option<&str>) -> Option<bool> {
    let [value] = values.of(name?)? else { return None };
    value.trim().parse::<u32>().ok().map(|state| state > 0)
}
