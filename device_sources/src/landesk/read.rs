//! A computer as LANDESK's database holds it, read.

mod practices;
mod when;

use chrono::{DateTime, Utc};
use hubcommander_posture::{Mac, Platform, Record, Serial, Software};
use serde_json::Value as Json;

use super::settings::Reading;
use crate::Unreadable;
use crate::raw::text;

/// Reads one computer: an object with the columns of `Computer` (`Computer_Idn`, `DISPLAYNAME`, `DEVICEID`, `TYPE`,
/// `LASTUPDINVSVR`, `HWLASTSCANDATE`, `SWLASTSCANDATE`), `LDAPUserAttrV` (`EMAILADDR`, a text or a list of them),
/// `CompSystem` (`MODEL`, `MANUFACTURER`, `SERIALNUM`, `SYSTEMVERSION`), `OSNT` (`CURRENTBUILD`, `CURRENTVERSION`,
/// `RELEASEID`) and `Operating_System` (`OSTYPE`), and the lists `BitLocker` (`PROTECTIONSTATUS`, `CONVERSIONSTATUS`,
/// `GENENCRYPT`, `ENCRYPTIONPERCENTAGE`), `BoundAdapter` (`PhysAddress`, `FirewallEnabled`), `CVDetectedV` (`Vul_ID`,
/// `VulType`, `VulSeverity`, `Title`, `Reason`) and `AppSoftwareSuites` (`SuiteName`, `Version`). The columns of a
/// list may also stand flat beside the others, as one joined row has them; then the list has that one row. Names are
/// compared without case. Times are local ones of the zone in the settings.
///
/// # Errors
/// It is no object, or has no `Computer_Idn`.
pub fn read(raw: &Json, settings: &Reading, fetched_at: Option<DateTime<Utc>>) -> Result<Record, Unreadable> {
    let row = Row(raw);
    let id = row
        .text("Computer_Idn")
        .ok_or_else(|| Unreadable { id: None, what: "It has no `Computer_Idn`.".to_owned() })?;
    for list in ["BitLocker", "BoundAdapter", "CVDetectedV", "AppSoftwareSuites"] {
        if row.get(list).is_some_and(|list| !list.is_array() && !list.is_null()) {
            return Err(Unreadable { id: Some(id), what: format!("Its `{list}` is no list.") });
        }
    }
    let mut record = Record::new(&settings.source, id);
    record.fetched_at = fetched_at;
    record.identifiers.serial = row.text("SERIALNUM").and_then(|serial| Serial::read(&serial));
    let adapters = row.list("BoundAdapter", &["PhysAddress", "FirewallEnabled"]);
    record.identifiers.mac_addresses = adapters
        .iter()
        .flatten()
        // Not a card, but what a program put there.
        .filter(|adapter| !adapter.is("FirewallEnabled", "Not Installed"))
        .filter_map(|adapter| Mac::read(&adapter.text("PhysAddress")?))
        .collect();
    record.owners = row.owners();
    record.name = row.text("DISPLAYNAME");
    record.model = model(row);
    record.os = row.text("OSTYPE");
    record.platform = platform(record.os.as_deref()).or_else(|| platform(row.text("TYPE").as_deref()));
    record.os_version = version(row);
    record.last_seen = when::at(row, "LASTUPDINVSVR", settings.zone);
    let hardware_at = when::at(row, "HWLASTSCANDATE", settings.zone);
    let software_at = when::at(row, "SWLASTSCANDATE", settings.zone);
    practices::observe(&mut record, row, settings, hardware_at, software_at);
    if software_at.is_some() {
        record.software = software(row);
        record.software_at = record.software.as_ref().and(software_at);
    }
    Ok(record)
}

#[cfg(feature = "landesk")]
/// Whose computer a raw record is, in lower case.
pub(super) fn owners(raw: &Json) -> Vec<String> {
    Row(raw).owners()
}

/// A row, whose columns are found without regard to case.
#[derive(Clone, Copy)]
struct Row<'a>(&'a Json);

impl<'a> Row<'a> {
    fn get(self, column: &str) -> Option<&'a Json> {
        let columns = self.0.as_object()?;
        columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, value)| value)
    }

    fn text(self, column: &str) -> Option<String> {
        text(self.get(column)?, "")
    }

    fn is(self, column: &str, value: &str) -> bool {
        self.text(column).is_some_and(|held| held.eq_ignore_ascii_case(value))
    }

    /// The rows of a list; `None` if nothing is said of it. One flat row is a list of one.
    fn list(self, name: &str, columns: &[&str]) -> Option<Vec<Row<'a>>> {
        if let Some(list) = self.get(name) {
            return Some(list.as_array()?.iter().map(Row).collect());
        }
        columns
            .iter()
            .any(|column| self.get(column).is_some_and(|value| !value.is_null()))
            .then(|| vec![self])
    }

    fn owners(self) -> Vec<String> {
        let mut owners: Vec<String> = match self.get("EMAILADDR") {
            Some(Json::Array(many)) => many.iter().filter_map(|one| text(one, "")).collect(),
            Some(one) => text(one, "").into_iter().collect(),
            None => Vec::new(),
        };
        for owner in &mut owners {
            *owner = owner.to_lowercase();
        }
        owners.sort();
        owners.dedup();
        owners
    }
}

/// Lenovo writes a number as the model, and the name that people know as the version.
fn model(row: Row<'_>) -> Option<String> {
    let lenovo = row.is("MANUFACTURER", "LENOVO");
    row.text("SYSTEMVERSION").filter(|_| lenovo).or_else(|| row.text("MODEL"))
}

fn platform(words: Option<&str>) -> Option<Platform> {
    let words = words?.to_ascii_lowercase();
    let has = |word: &str| words.contains(word);
    if has("windows") {
        Some(Platform::Windows)
    } else if has("mac os") || has("macos") || has("os x") {
        Some(Platform::MacOs)
    } else if has("ubuntu") || has("linux") {
        Some(Platform::Ubuntu)
    } else {
        None
    }
}

/// Windows 10 and 11 still call themselves 6.3 where this is read; the build tells.
fn version(row: Row<'_>) -> Option<String> {
    let build = row.text("CURRENTBUILD").filter(|build| build.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(build) = build else { return row.text("CURRENTVERSION") };
    match build.parse::<u32>() {
        Ok(10_240..) => Some(format!("10.0.{build}")),
        _ => row.text("CURRENTVERSION").map(|version| format!("{version}.{build}")),
    }
}

/// A computer without any program is one of which nothing was told.
fn software(row: Row<'_>) -> Option<Vec<Software>> {
    let rows = row.list("AppSoftwareSuites", &["SuiteName"])?;
    let mut all: Vec<Software> = rows
        .iter()
        .filter_map(|one| Some(Software { name: one.text("SuiteName")?, version: one.text("Version") }))
        .collect();
    all.sort();
    all.dedup();
    (!all.is_empty()).then_some(all)
}
