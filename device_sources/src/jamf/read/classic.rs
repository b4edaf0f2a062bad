//! A computer as the Classic API gives it: each disk with one `partition`, as it was, or a list `partitions`, as it is.

use hubcommander_posture::Record;
use serde_json::Value as Json;

use super::attributes::{self, Values};
use super::disk::{self, Volume};
use super::pro::{installed, integrity, pending};
use super::{epoch, id, mac, owners, parts, platform, serial, software, time, told};
use crate::Unreadable;
use crate::jamf::settings::Reading;
use crate::raw::{flag, list, text};

const OBJECTS: [&str; 5] = ["/general", "/location", "/hardware", "/software", "/security"];
const LISTS: [&str; 5] = [
    "/hardware/storage",
    "/software/available_software_updates",
    "/software/applications",
    "/software/running_services",
    "/extension_attributes",
];

pub(super) fn read(raw: &Json, settings: &Reading) -> Result<Record, Unreadable> {
    let id = id(raw, "/general/id").or_else(|_| id(raw, "/id"))?;
    parts(raw, &id, &OBJECTS, &LISTS)?;
    let values = Values::classic(raw);
    let names = &settings.attributes;
    let at = time(raw, "/general/report_date_utc").or_else(|| epoch(raw, "/general/report_date_epoch"));
    let contact = time(raw, "/general/last_contact_time_utc")
        .or_else(|| epoch(raw, "/general/last_contact_time_epoch"));
    let mut record = Record::new(&settings.source, id);
    record.identifiers.serial = serial(raw, "/general/serial_number");
    record.identifiers.udid = text(raw, "/general/udid").map(|udid| udid.to_uppercase());
    record.identifiers.mac_addresses = ["/general/mac_address", "/general/alt_mac_address"]
        .iter()
        .filter_map(|pointer| mac(raw, pointer))
        .chain(values.mac(names.wireless_mac.as_deref()))
        .collect();
    record.owners = owners(raw, "/location/email_address");
    record.name = text(raw, "/general/name");
    record.model = text(raw, "/hardware/model").or_else(|| text(raw, "/hardware/model_identifier"));
    record.os = text(raw, "/hardware/os_name");
    record.os_version = text(raw, "/hardware/os_version");
    record.platform = platform(text(raw, "/general/platform").as_deref(), record.os.as_deref());
    record.last_seen = at.max(contact);

    let (seen, details) = disk::judge(&volumes(raw));
    record.saw("encryption", seen, at, details);
    let firewall = flag(raw, "/security/firewall_enabled");
    let firewall = firewall.or_else(|| attributes::firewall(&values, names.firewall.as_deref()));
    record.saw("firewall", told(firewall), at, None);
    integrity(&mut record, text(raw, "/hardware/sip_status").as_deref(), at);
    let waiting = list(raw, "/software/available_software_updates").into_iter().flatten();
    pending(&mut record, waiting.filter_map(|one| text(one, "")).collect(), at);
    attributes::observe(&mut record, &values, names, at, None, None);
    let applications = software(raw, "/software/applications", "/version");
    installed(&mut record, applications, software(raw, "/software/running_services", "/version"), at);
    Ok(record)
}

fn volumes(raw: &Json) -> Vec<Volume> {
    let mut volumes = Vec::new();
    for disk in list(raw, "/hardware/storage").into_iter().flatten() {
        volumes.extend(list(disk, "/partitions").into_iter().flatten().map(volume));
        volumes.extend(disk.get("partition").filter(|one| one.is_object()).map(volume));
    }
    volumes
}

fn volume(raw: &Json) -> Volume {
    let name = text(raw, "/name");
    let named = name.as_deref().is_some_and(|name| name.ends_with("(Boot Partition)"));
    let kind = text(raw, "/type");
    let status = text(raw, "/filevault2_status").or_else(|| text(raw, "/filevault_status"));
    Volume {
        boot: kind.map_or(named, |kind| kind.eq_ignore_ascii_case("boot")),
        name,
        state: disk::state(status.as_deref()),
        percent: text(raw, "/filevault2_percent").and_then(|percent| percent.parse().ok()),
    }
}
