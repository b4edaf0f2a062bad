//! The Classic API, made from what the Pro API would say.

use serde_json::{Value, json};

use super::front::{NOT_FOUND, Refused};
use super::model::State;

fn same(held: &Value, asked: &str) -> bool {
    held.as_str().is_some_and(|held| held.eq_ignore_ascii_case(asked))
}

fn number(id: &Value) -> Value {
    id.as_str().and_then(|id| id.parse::<u64>().ok()).map_or_else(|| id.clone(), Value::from)
}

pub(super) fn asked(state: &State, path: &[&str]) -> Result<Value, Refused> {
    let forbidden = Refused(403, "INVALID_PRIVILEGE", "Forbidden");
    match path {
        ["jssuser"] => Ok(json!({ "user": { "name": state.client.0 } })),
        ["users", "email", email] => {
            let users = users(state, |computer| same(&computer["userAndLocation"]["email"], email));
            Ok(json!({ "users": users }))
        }
        ["users", "name", name] => {
            let users = users(state, |computer| same(&computer["userAndLocation"]["username"], name));
            users.into_iter().next().map(|user| json!({ "user": user })).ok_or(NOT_FOUND)
        }
        ["computers", ..] if !state.may_read_computers => Err(forbidden),
        ["computers"] => {
            let entry = |one: &Value| json!({ "id": number(&one["id"]), "name": one["general"]["name"] });
            Ok(json!({ "computers": state.computers.iter().map(entry).collect::<Vec<_>>() }))
        }
        ["computers", key, value] => {
            let held = |one: &Value| match *key {
                "id" => same(&one["id"], value),
                "serialnumber" => same(&one["hardware"]["serialNumber"], value),
                "macaddress" => same(&one["hardware"]["macAddress"], value),
                "udid" => same(&one["udid"], value),
                _ => false,
            };
            let found = state.computers.iter().find(|one| held(one)).ok_or(NOT_FOUND)?;
            Ok(json!({ "computer": computer(found, state.one_partition) }))
        }
        ["mobiledevices", ..] if !state.may_read_mobile_devices => Err(forbidden),
        ["mobiledevices"] => {
            let entry = |one: &Value| json!({ "id": number(&one["mobileDeviceId"]) });
            Ok(json!({ "mobile_devices": state.mobile_devices.iter().map(entry).collect::<Vec<_>>() }))
        }
        ["mobiledevices", key, value] => {
            let held = |one: &Value| match *key {
                "id" => same(&one["mobileDeviceId"], value),
                "serialnumber" => same(&one["hardware"]["serialNumber"], value),
                "macaddress" => same(&one["hardware"]["wifiMacAddress"], value),
                "udid" => same(&one["general"]["udid"], value),
                _ => false,
            };
            let found = state.mobile_devices.iter().find(|one| held(one)).ok_or(NOT_FOUND)?;
            Ok(json!({ "mobile_device": mobile(found) }))
        }
        _ => Err(NOT_FOUND),
    }
}

/// The users whose computers these are. A user is a name: whoever shares it is the same to the Classic API.
fn users(state: &State, of: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut users: Vec<Value> = Vec::new();
    for one in state.computers.iter().filter(|one| of(one)) {
        let person = &one["userAndLocation"];
        let link = json!({ "id": number(&one["id"]), "name": one["general"]["name"] });
        let known = users
            .iter_mut()
            .find(|user| user["name"] == person["username"])
            .and_then(|user| user["links"]["computers"].as_array_mut());
        match known {
            Some(links) => links.push(link),
            None => {
                let phones: Vec<Value> = state
                    .mobile_devices
                    .iter()
                    .filter(|phone| phone["userAndLocation"]["username"] == person["username"])
                    .map(|phone| json!({ "id": number(&phone["mobileDeviceId"]) }))
                    .collect();
                users.push(json!({
                    "id": users.len() + 1, "name": person["username"], "email": person["email"],
                    "links": { "computers": [link], "mobile_devices": phones },
                }));
            }
        }
    }
    users
}

fn computer(pro: &Value, one_partition: bool) -> Value {
    let words = |state: &Value| match state.as_str() {
        Some("ENCRYPTED") => "Encrypted",
        Some("ENCRYPTING") => "Encrypting",
        Some(_) => "Not Encrypted",
        None => "",
    };
    let disks = pro["storage"]["disks"].as_array().cloned().unwrap_or_default();
    let storage: Vec<Value> = disks
        .iter()
        .map(|disk| {
            let partitions: Vec<Value> = disk["partitions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| {
                    json!({
                        "name": one["name"],
                        "type": one["partitionType"].as_str().unwrap_or_default().to_lowercase(),
                        "filevault2_status": words(&one["fileVault2State"]),
                        "filevault2_percent": one["fileVault2ProgressPercent"],
                    })
                })
                .collect();
            let mut disk = json!({ "disk": disk["device"], "drive_capacity_mb": 500_000 });
            if one_partition {
                disk["partition"] = partitions.first().cloned().unwrap_or_default();
            } else {
                disk["partitions"] = partitions.into();
            }
            disk
        })
        .collect();
    let time = |at: &Value| at.as_str().map_or(json!(""), |at| json!(at.replace("+00:00", ".000+0000")));
    let names = |list: &Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|one| one["name"].clone()).collect()
    };
    let attributes: Vec<Value> = pro["extensionAttributes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| json!({ "id": 1, "name": one["name"], "type": "String", "value": one["values"][0] }))
        .collect();
    json!({
        "general": {
            "id": number(&pro["id"]), "name": pro["general"]["name"], "platform": pro["general"]["platform"],
            "serial_number": pro["hardware"]["serialNumber"], "udid": pro["udid"],
            "mac_address": pro["hardware"]["macAddress"], "alt_mac_address": "",
            "report_date_utc": time(&pro["general"]["reportDate"]),
        },
        "location": {
            "username": pro["userAndLocation"]["username"], "email_address": pro["userAndLocation"]["email"],
        },
        "hardware": {
            "model": pro["hardware"]["model"], "os_name": pro["operatingSystem"]["name"],
            "os_version": pro["operatingSystem"]["version"], "storage": storage,
            "sip_status": match pro["security"]["sipStatus"].as_str() {
                Some("ENABLED") => "Enabled",
                Some("DISABLED") => "Disabled",
                _ => "Not Collected",
            },
        },
        "security": { "firewall_enabled": pro["security"]["firewallEnabled"] },
        "software": {
            "available_software_updates": names(&pro["softwareUpdates"]),
            "applications": pro["applications"], "running_services": names(&pro["services"]),
        },
        "extension_attributes": attributes,
    })
}

fn mobile(pro: &Value) -> Value {
    json!({
        "general": {
            "id": number(&pro["mobileDeviceId"]), "display_name": pro["general"]["displayName"],
            "os_type": pro["deviceType"], "os_version": pro["general"]["osVersion"],
            "serial_number": pro["hardware"]["serialNumber"], "udid": pro["general"]["udid"],
            "wifi_mac_address": pro["hardware"]["wifiMacAddress"], "model": pro["hardware"]["model"],
            "last_inventory_update_utc": pro["general"]["lastInventoryUpdateDate"],
        },
        "location": { "email_address": pro["userAndLocation"]["emailAddress"] },
        "security": {
            "data_protection": pro["security"]["dataProtected"],
            "passcode_present": pro["security"]["passcodePresent"],
            "passcode_compliant": pro["security"]["passcodeCompliant"],
        },
        "applications": [],
    })
}
