//! A mobile device, as the Pro API (v2, `detail`) or the Classic API gives it.

use hubcommander_posture::{Instant, Platform, Record, Seen};
use serde_json::Value as Json;

use super::{MOBILE, epoch, id, mac, owners, parts, serial, software, time, told};
use crate::Unreadable;
use crate::jamf::settings::Reading;
use crate::raw::{flag, text};

/// What either API says of a device's security.
struct Security {
    /// What is written is encrypted by a key that hangs on the passcode.
    data_protected: Option<bool>,
    passcode: Option<bool>,
    compliant: Option<bool>,
    jailbroken: Option<bool>,
}

pub(super) fn read_pro(raw: &Json, settings: &Reading) -> Result<Record, Unreadable> {
    let id = id(raw, "/mobileDeviceId")?;
    let objects = ["/general", "/hardware", "/userAndLocation", "/security", "/network"];
    parts(raw, &id, &objects, &["/applications"])?;
    let at = time(raw, "/general/lastInventoryUpdateDate");
    let mut record = Record::new(&settings.source, format!("{MOBILE}{id}"));
    record.identifiers.serial = serial(raw, "/hardware/serialNumber");
    record.identifiers.udid = text(raw, "/general/udid").map(|udid| udid.to_uppercase());
    record.identifiers.mac_addresses = mac(raw, "/hardware/wifiMacAddress").into_iter().collect();
    record.identifiers.imei = text(raw, "/network/imei").and_then(|imei| digits(&imei));
    record.identifiers.meid = text(raw, "/network/meid").map(|meid| meid.to_uppercase());
    record.owners = owners(raw, "/userAndLocation/emailAddress");
    record.name = text(raw, "/general/displayName");
    record.model = text(raw, "/hardware/model").or_else(|| text(raw, "/hardware/modelIdentifier"));
    record.os_version = text(raw, "/general/osVersion");
    system(&mut record, text(raw, "/deviceType"));
    record.last_seen = at;
    if record.platform == Some(Platform::Ios) {
        let security = Security {
            data_protected: flag(raw, "/security/dataProtected"),
            passcode: flag(raw, "/security/passcodePresent"),
            compliant: flag(raw, "/security/passcodeCompliant"),
            jailbroken: flag(raw, "/security/jailBreakDetected"),
        };
        observe(&mut record, &security, at);
    }
    apps(&mut record, raw, at);
    Ok(record)
}

pub(super) fn read_classic(raw: &Json, settings: &Reading) -> Result<Record, Unreadable> {
    let id = id(raw, "/general/id").or_else(|_| id(raw, "/id"))?;
    parts(raw, &id, &["/general", "/location", "/security", "/network"], &["/applications"])?;
    let at = time(raw, "/general/last_inventory_update_utc")
        .or_else(|| epoch(raw, "/general/last_inventory_update_epoch"));
    let mut record = Record::new(&settings.source, format!("{MOBILE}{id}"));
    record.identifiers.serial = serial(raw, "/general/serial_number");
    record.identifiers.udid = text(raw, "/general/udid").map(|udid| udid.to_uppercase());
    record.identifiers.mac_addresses = mac(raw, "/general/wifi_mac_address").into_iter().collect();
    record.identifiers.imei = text(raw, "/network/imei").and_then(|imei| digits(&imei));
    record.identifiers.meid = text(raw, "/network/meid").map(|meid| meid.to_uppercase());
    record.owners = owners(raw, "/location/email_address");
    record.name = text(raw, "/general/display_name").or_else(|| text(raw, "/general/name"));
    record.model = text(raw, "/general/model").or_else(|| text(raw, "/general/model_display"));
    record.os_version = text(raw, "/general/os_version");
    system(&mut record, text(raw, "/general/os_type").or_else(|| Some("iOS".to_owned())));
    record.last_seen = at;
    if record.platform == Some(Platform::Ios) {
        let security = Security {
            data_protected: flag(raw, "/security/data_protection"),
            passcode: flag(raw, "/security/passcode_present"),
            compliant: flag(raw, "/security/passcode_compliant"),
            jailbroken: flag(raw, "/security/jailbreak_detected"),
        };
        observe(&mut record, &security, at);
    }
    apps(&mut record, raw, at);
    Ok(record)
}

/// An Apple TV is named `tvOS`: none of ours, and nothing is judged of it.
fn system(record: &mut Record, kind: Option<String>) {
    let apple = |kind: &str| ["ios", "ipados"].contains(&kind.to_ascii_lowercase().as_str());
    record.platform = kind.as_deref().is_some_and(apple).then_some(Platform::Ios);
    record.os = kind;
}

fn observe(record: &mut Record, security: &Security, at: Option<Instant>) {
    // Without a passcode the key is there for whoever holds the device.
    let (encryption, details) = match (security.data_protected, security.passcode) {
        (_, Some(false)) => (Seen::Bad, Some("Without a passcode the data is not protected.")),
        (Some(false), _) => (Seen::Bad, Some("Data protection is off.")),
        (Some(true), Some(true)) => (Seen::Good, None),
        _ => (Seen::Unknown, None),
    };
    record.saw("encryption", encryption, at, details.map(str::to_owned));
    let (screenlock, details) = match (security.passcode, security.compliant) {
        (Some(false), _) => (Seen::Bad, Some("There is no passcode.")),
        (Some(true), Some(false)) => (Seen::Bad, Some("The passcode is weaker than your company asks for.")),
        (Some(true), _) => (Seen::Good, None),
        (None, _) => (Seen::Unknown, None),
    };
    record.saw("screenlock", screenlock, at, details.map(str::to_owned));
    let jailed = told(security.jailbroken.map(|broken| !broken));
    record.saw("jailed", jailed, at, None);
}

fn apps(record: &mut Record, raw: &Json, at: Option<Instant>) {
    let apps = software(raw, "/applications", "/version").filter(|apps| !apps.is_empty());
    if at.is_some() && apps.is_some() {
        record.software = apps;
        record.software_at = at;
    }
}

/// An IMEI is written with blanks: `35 000000 000000 0`.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
