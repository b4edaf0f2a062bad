//! Intune's raw record of a managed device
//! (<https://learn.microsoft.com/en-us/graph/api/resources/intune-devices-manageddevice>).

use chrono::{DateTime, Utc};
use hubcommander_posture::{Identifiers, Mac, Platform, Record, Seen, Serial};
use serde_json::Value as Json;

use super::settings::Options;
use crate::fields::{as_it_should, email, happened, imei, meid, old_patch, patch_day, platform, udid};
use crate::raw::{self, Unreadable};

/// The name of the source.
pub(super) const NAME: &str = "intune";

/// Reads a managed device as Graph gives it. It may hold what `$expand` would put there: `windowsProtectionState`
/// and `deviceCompliancePolicyStates`. What unlocks a device (`activationLockBypassCode`) is not looked at.
///
/// # Errors
/// It has no id.
pub fn read(raw: &Json, options: &Options, fetched_at: Option<DateTime<Utc>>) -> Result<Record, Unreadable> {
    let id = raw::text(raw, "/id")
        .ok_or_else(|| Unreadable { id: None, what: "A device that Intune lists has no id.".to_owned() })?;
    let mut record = Record::new(NAME, id);
    record.identifiers = Identifiers {
        serial: raw::text(raw, "/serialNumber").and_then(|text| Serial::read(&text)),
        mac_addresses: ["/wiFiMacAddress", "/ethernetMacAddress"]
            .iter()
            .filter_map(|at| Mac::read(&raw::text(raw, at)?))
            .collect(),
        udid: udid(raw::text(raw, "/udid")),
        imei: imei(raw::text(raw, "/imei")),
        meid: meid(raw::text(raw, "/meid")),
        ..Identifiers::default()
    };
    record.owners = owners(raw);
    record.name = raw::text(raw, "/deviceName");
    record.model = model(raw);
    record.os = raw::text(raw, "/operatingSystem");
    record.platform = record.os.as_deref().and_then(platform);
    record.os_version = raw::text(raw, "/osVersion");
    record.last_seen = happened(raw, "/lastSyncDateTime");
    record.fetched_at = fetched_at;
    let at = record.last_seen;

    // A device that has never reported has the values of an empty row.
    let encrypted = raw::flag(raw, "/isEncrypted").filter(|_| at.is_some());
    record.saw("encryption", as_it_should(encrypted, true), at, None);
    if matches!(record.platform, Some(Platform::Ios | Platform::Android)) {
        let jailbroken = raw::flag(raw, "/jailBroken").filter(|_| at.is_some());
        record.saw("jailed", as_it_should(jailbroken, false), at, None);
    }
    if record.platform == Some(Platform::Android) {
        let patch = patch_day(raw, "/androidSecurityPatchLevel");
        if let Some(details) = patch.and_then(|day| old_patch(day, options.oldest_patch_days, fetched_at)) {
            record.saw("uptodate", Seen::Bad, at, Some(details));
        }
    }
    compliance(raw, options, &mut record);
    if let Some(practice) = &options.defender
        && let Some(state) = raw.get("windowsProtectionState").filter(|state| state.is_object())
    {
        let (seen, details) = defender(state);
        let looked = happened(state, "/lastReportedDateTime");
        record.saw(
            practice,
            if looked.is_some() { seen } else { Seen::Unknown },
            looked,
            details.map(str::to_owned),
        );
    }
    Ok(record)
}

/// Whose it is: by the name to sign in with, and by the address of their mail; the two may differ.
fn owners(raw: &Json) -> Vec<String> {
    let at = ["/userPrincipalName", "/emailAddress"];
    let mut owners: Vec<String> = at.iter().filter_map(|at| email(&raw::text(raw, at)?)).collect();
    owners.sort();
    owners.dedup();
    owners
}

fn model(raw: &Json) -> Option<String> {
    match (raw::text(raw, "/manufacturer"), raw::text(raw, "/model")) {
        (Some(maker), Some(model)) if !model.to_lowercase().contains(&maker.to_lowercase()) => {
            Some(format!("{maker} {model}"))
        }
        (maker, model) => model.or(maker),
    }
}

/// What the settings of compliance policies say. Of several for one practice the worst counts. A setting that
/// does not apply, or is not assigned, says nothing.
fn compliance(raw: &Json, options: &Options, record: &mut Record) {
    let policies = raw::list(raw, "/deviceCompliancePolicyStates").into_iter().flatten();
    let settings = policies.filter_map(|policy| raw::list(policy, "/settingStates")).flatten();
    let at = record.last_seen;
    let mut all = std::collections::BTreeMap::<&String, Seen>::new();
    for setting in settings {
        let Some(practice) = raw::text(setting, "/setting").and_then(|name| practice(options, &name)) else {
            continue;
        };
        let seen = match raw::text(setting, "/state").as_deref() {
            Some("compliant" | "remediated") => Seen::Good,
            Some("nonCompliant") => Seen::Bad,
            Some("notApplicable" | "notAssigned") => continue,
            _ => Seen::Unknown,
        };
        let known = all.entry(practice).or_insert(Seen::Good);
        *known = match (*known, seen) {
            (Seen::Bad, _) | (_, Seen::Bad) => Seen::Bad,
            (Seen::Unknown, _) | (_, Seen::Unknown) => Seen::Unknown,
            _ => Seen::Good,
        };
    }
    for (practice, seen) in all {
        let details = (seen == Seen::Bad).then(|| "It does not comply with a policy of Intune.".to_owned());
        record.saw(practice, if at.is_some() { seen } else { Seen::Unknown }, at, details);
    }
}

fn practice<'a>(options: &'a Options, name: &str) -> Option<&'a String> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let same = |key: &str| key.eq_ignore_ascii_case(name) || key.eq_ignore_ascii_case(last);
    options.compliance.iter().find(|(key, _)| same(key)).map(|(_, practice)| practice)
}

fn defender(state: &Json) -> (Seen, Option<&'static str>) {
    let flag = |key: &str| raw::flag(state, &format!("/{key}"));
    match (
        flag("malwareProtectionEnabled"),
        flag("realTimeProtectionEnabled"),
        flag("signatureUpdateOverdue"),
    ) {
        (Some(false), ..) => (Seen::Bad, Some("Microsoft Defender is switched off.")),
        (_, Some(false), _) => {
            (Seen::Bad, Some("The real-time protection of Microsoft Defender is switched off."))
        }
        (Some(true), Some(true), Some(true)) => {
            (Seen::Improvable, Some("What Microsoft Defender knows of viruses is out of date."))
        }
        (Some(true), Some(true), Some(false)) => (Seen::Good, None),
        _ => (Seen::Unknown, None),
    }
}
