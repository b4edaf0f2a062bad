//! A computer as the Pro API gives it: inventory v4, v3 and v1, which agree in all that is read here.

use hubcommander_posture::{Instant, Record, Seen};
use serde_json::Value as Json;

use super::attributes::{self, Values};
use super::disk::{self, Volume};
use super::{id, mac, owners, parts, platform, serial, software, time, told};
use crate::Unreadable;
use crate::jamf::settings::Reading;
use crate::raw::{flag, list, text};

const OBJECTS: [&str; 7] = [
    "/general",
    "/userAndLocation",
    "/hardware",
    "/operatingSystem",
    "/diskEncryption",
    "/storage",
    "/security",
];
const LISTS: [&str; 5] =
    ["/storage/disks", "/softwareUpdates", "/applications", "/services", "/extensionAttributes"];

pub(super) fn read(raw: &Json, settings: &Reading) -> Result<Record, Unreadable> {
    let id = id(raw, "/id")?;
    parts(raw, &id, &OBJECTS, &LISTS)?;
    let values = Values::pro(raw);
    let names = &settings.attributes;
    let at = time(raw, "/general/reportDate");
    let mut record = Record::new(&settings.source, id);
    record.identifiers.serial = serial(raw, "/hardware/serialNumber");
    record.identifiers.udid = text(raw, "/udid").map(|udid| udid.to_uppercase());
    record.identifiers.mac_addresses = ["/hardware/macAddress", "/hardware/altMacAddress"]
        .iter()
        .filter_map(|pointer| mac(raw, pointer))
        .chain(values.mac(names.wireless_mac.as_deref()))
        .collect();
    record.owners = owners(raw, "/userAndLocation/email");
    record.name = text(raw, "/general/name");
    record.model = text(raw, "/hardware/model").or_else(|| text(raw, "/hardware/modelIdentifier"));
    record.os = text(raw, "/operatingSystem/name");
    record.os_version = text(raw, "/operatingSystem/version");
    record.platform = platform(text(raw, "/general/platform").as_deref(), record.os.as_deref());
    record.last_seen = at.max(time(raw, "/general/lastContactTime"));

    let (seen, details) = encryption(raw);
    record.saw("encryption", seen, at, details);
    let firewall = flag(raw, "/security/firewallEnabled");
    let firewall = firewall.or_else(|| attributes::firewall(&values, names.firewall.as_deref()));
    record.saw("firewall", told(firewall), at, None);
    integrity(&mut record, text(raw, "/security/sipStatus").as_deref(), at);
    pending(&mut record, updates(raw), at);
    let auto_login = flag(raw, "/security/autoLoginDisabled").map(|disabled| !disabled);
    let remote_desktop = flag(raw, "/security/remoteDesktopEnabled");
    attributes::observe(&mut record, &values, names, at, auto_login, remote_desktop);
    installed(
        &mut record,
        software(raw, "/applications", "/version"),
        software(raw, "/services", "/version"),
        at,
    );
    Ok(record)
}

/// The volumes first, then what Jamf sums up of them, in the order of how exactly each says what it is about.
fn encryption(raw: &Json) -> (Seen, Option<String>) {
    let volumes = list(raw, "/storage/disks").into_iter().flatten();
    let volumes: Vec<Volume> =
        volumes.flat_map(|disk| list(disk, "/partitions").into_iter().flatten()).map(volume).collect();
    let (seen, details) = disk::judge(&volumes);
    if seen != Seen::Unknown {
        return (seen, details);
    }
    let boot = Volume {
        name: text(raw, "/diskEncryption/bootPartitionEncryptionDetails/partitionName"),
        boot: true,
        state: disk::state(
            text(raw, "/diskEncryption/bootPartitionEncryptionDetails/partitionFileVault2State").as_deref(),
        ),
        percent: raw
            .pointer("/diskEncryption/bootPartitionEncryptionDetails/partitionFileVault2Percent")
            .and_then(Json::as_i64),
    };
    let (seen, details) = disk::judge(&[boot]);
    if seen != Seen::Unknown {
        return (seen, details);
    }
    match text(raw, "/operatingSystem/fileVault2Status").as_deref() {
        Some("ALL_ENCRYPTED" | "BOOT_ENCRYPTED") => (Seen::Good, None),
        Some("NOT_ENCRYPTED") => (Seen::Bad, Some("FileVault is off.".to_owned())),
        // `SOME_ENCRYPTED` does not say which.
        _ => (Seen::Unknown, None),
    }
}

fn volume(raw: &Json) -> Volume {
    Volume {
        name: text(raw, "/name"),
        boot: text(raw, "/partitionType").is_some_and(|kind| kind.eq_ignore_ascii_case("BOOT")),
        state: disk::state(text(raw, "/fileVault2State").as_deref()),
        percent: raw.pointer("/fileVault2ProgressPercent").and_then(Json::as_i64),
    }
}

fn updates(raw: &Json) -> Vec<String> {
    let line = |one: &Json| {
        let name = text(one, "/name").or_else(|| text(one, "/packageName"))?;
        Some(text(one, "/version").map_or_else(|| name.clone(), |version| format!("{name} {version}")))
    };
    list(raw, "/softwareUpdates").into_iter().flatten().filter_map(line).collect()
}

/// Updates that wait. That none waits says nothing: the list is as old as the report, and the version is judged anyway.
pub(super) fn pending(record: &mut Record, updates: Vec<String>, at: Option<Instant>) {
    if !updates.is_empty() {
        record.saw("uptodate", Seen::Improvable, at, Some(format!("Waiting: {}.", updates.join(", "))));
    }
}

/// System Integrity Protection: what is nearest, on a Mac, to not being jailbroken.
pub(super) fn integrity(record: &mut Record, sip: Option<&str>, at: Option<Instant>) {
    let word = sip.map(str::to_ascii_uppercase);
    let seen = match word.as_deref() {
        Some("ENABLED") => Seen::Good,
        Some("DISABLED") => Seen::Bad,
        Some(_) => Seen::Unknown,
        None => return,
    };
    let details = (seen == Seen::Bad).then(|| "System Integrity Protection is off.".to_owned());
    record.saw("jailed", seen, at, details);
}

/// What is installed and what runs. A Mac without any program is one of which Jamf was not told, or that never
/// reported: nothing is said of it then.
pub(super) fn installed(
    record: &mut Record,
    applications: Option<Vec<hubcommander_posture::Software>>,
    services: Option<Vec<hubcommander_posture::Software>>,
    at: Option<Instant>,
) {
    let mut all: Vec<_> = applications.into_iter().chain(services).flatten().collect();
    all.sort();
    all.dedup();
    if at.is_some() && !all.is_empty() {
        record.software = Some(all);
        record.software_at = at;
    }
}
