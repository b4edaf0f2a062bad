//! Raw records, read.

use hubcommander_device_sources::jamf::{Attribute, Reading, read};
use hubcommander_posture::{Observation, Platform, Record, Seen};
use hubcommander_sandbox::jamf::{iphone, mac};
use serde_json::{Value, json};

use crate::odd::never_better;
use crate::world::{AMY, at, reported, seen};

fn read_if_any(raw: &Value) -> Option<Record> {
    read(raw, &Reading::default(), None).ok()
}

fn of(raw: &Value) -> Record {
    read_if_any(raw).unwrap()
}

fn observed(record: &Record, practice: &str) -> Observation {
    record.observations[practice].clone()
}

/// A Mac of the Pro API with one place changed.
fn changed(pointer: &str, value: Value) -> Record {
    let mut raw = mac(71, AMY, reported());
    *raw.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    of(&raw)
}

#[test]
fn a_mac_of_the_pro_api() {
    let record =
        read(&mac(71, AMY, reported()), &Reading::default(), Some(at("2026-11-23T08:00:00Z"))).unwrap();
    assert_eq!(record.owners, [AMY]);
    assert_eq!(record.platform, Some(Platform::MacOs));
    assert_eq!((record.last_seen, record.software_at), (Some(reported()), Some(reported())));
    assert_eq!(record.fetched_at, Some(at("2026-11-23T08:00:00Z")));
    let mut lines = vec![format!(
        "{} {} {:?} {:?} {:?} {:?}",
        record.source, record.id, record.name, record.model, record.os, record.os_version
    )];
    lines.push(serde_json::to_string(&record.identifiers).unwrap());
    for (practice, one) in &record.observations {
        assert_eq!(one.at, Some(reported()), "{practice}");
        let details = one.details.clone().unwrap_or_default();
        lines.push(format!("{practice}: {:?} {details}", one.seen).trim_end().to_owned());
    }
    lines.extend(record.software.unwrap().iter().map(|one| format!("{one:?}")));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    jamf 71 Some("mac-amy") Some("MacBook Air (M3)") Some("macOS") Some("15.6.1")
    {"serial":"ZZMAC00071","mac_addresses":["a4:83:e7:00:00:47"],"udid":"1B2C3D4E-0000-4000-8000-000000000071"}
    autoupdate: Good
    encryption: Good Macintosh HD (Boot Partition) is encrypted.
    firewall: Good
    jailed: Good
    remotelogin: Good
    screenlock: Good
    Software { name: "Falcon.app", version: Some("7.1") }
    Software { name: "com.sentinelone.sentineld", version: None }
    "#);
}

#[test]
fn the_volume_it_starts_from_is_judged_and_what_sums_it_up_only_without() {
    let partitions = |list: Value| json!({ "disks": [{ "device": "disk0", "partitions": list }] });
    let boot =
        |state: &str| json!({ "name": "Macintosh HD", "partitionType": "BOOT", "fileVault2State": state });
    let other =
        |name: &str, state: &str| json!({ "name": name, "partitionType": "OTHER", "fileVault2State": state });
    let details = |state: &str| json!({ "partitionName": "Macintosh HD", "partitionFileVault2State": state });
    for (storage, details, summary, expected) in [
        (
            partitions(json!([boot("ENCRYPTED"), other("VM", "UNENCRYPTED")])),
            Value::Null,
            Value::Null,
            Seen::Good,
        ),
        (partitions(json!([boot("UNENCRYPTED")])), details("ENCRYPTED"), json!("ALL_ENCRYPTED"), Seen::Bad),
        (
            partitions(json!([boot("ENCRYPTED"), other("HD - Data", "UNENCRYPTED")])),
            Value::Null,
            Value::Null,
            Seen::Bad,
        ),
        (partitions(json!([boot("UNKNOWN")])), details("ENCRYPTED"), Value::Null, Seen::Good),
        (partitions(json!([other("Backup", "ENCRYPTED")])), Value::Null, Value::Null, Seen::Unknown),
        (json!({ "disks": [] }), details("UNENCRYPTED"), json!("BOOT_ENCRYPTED"), Seen::Bad),
        (json!({ "disks": [] }), Value::Null, json!("BOOT_ENCRYPTED"), Seen::Good),
        (json!({ "disks": [] }), Value::Null, json!("ALL_ENCRYPTED"), Seen::Good),
        (json!({ "disks": [] }), Value::Null, json!("NOT_ENCRYPTED"), Seen::Bad),
        (json!({ "disks": [] }), Value::Null, json!("SOME_ENCRYPTED"), Seen::Unknown),
        (json!({ "disks": [] }), Value::Null, json!("NOT_APPLICABLE"), Seen::Unknown),
        (json!({ "disks": [] }), Value::Null, Value::Null, Seen::Unknown),
        (json!({ "disks": null }), Value::Null, Value::Null, Seen::Unknown),
        (Value::Null, Value::Null, Value::Null, Seen::Unknown),
    ] {
        let mut raw = mac(71, AMY, reported());
        let shown = format!("{storage} {details} {summary}");
        raw["storage"] = storage;
        raw["diskEncryption"]["bootPartitionEncryptionDetails"] = details;
        raw["operatingSystem"]["fileVault2Status"] = summary;
        assert_eq!(seen(&of(&raw), "encryption"), Some(expected), "{shown}");
    }
}

#[test]
fn flags_and_words_of_a_mac() {
    for (pointer, value, practice, expected) in [
        ("/security/firewallEnabled", json!(false), "firewall", Some(Seen::Bad)),
        ("/security/firewallEnabled", Value::Null, "firewall", Some(Seen::Unknown)),
        ("/security", Value::Null, "firewall", Some(Seen::Unknown)),
        ("/security/sipStatus", json!("DISABLED"), "jailed", Some(Seen::Bad)),
        ("/security/sipStatus", json!("NOT_COLLECTED"), "jailed", Some(Seen::Unknown)),
        ("/security/sipStatus", json!("NOT_AVAILABLE"), "jailed", Some(Seen::Unknown)),
        ("/security/sipStatus", Value::Null, "jailed", None),
        ("/security/remoteDesktopEnabled", json!(true), "remotelogin", Some(Seen::Improvable)),
        ("/security/autoLoginDisabled", json!(false), "screenlock", Some(Seen::Improvable)),
        ("/extensionAttributes/6/values/0", json!("Disabled"), "screenlock", Some(Seen::Bad)),
        ("/extensionAttributes/6/values/0", json!("ENABLED"), "screenlock", Some(Seen::Good)),
        ("/extensionAttributes/6/values/0", json!("script failed"), "screenlock", Some(Seen::Unknown)),
        ("/extensionAttributes/6/values", json!([]), "screenlock", Some(Seen::Unknown)),
        ("/extensionAttributes/6/values", Value::Null, "screenlock", Some(Seen::Unknown)),
        ("/extensionAttributes/7/values/0", json!("On"), "remotelogin", Some(Seen::Bad)),
        ("/extensionAttributes/3/values/0", json!("False"), "autoupdate", Some(Seen::Bad)),
        ("/extensionAttributes/3/values", json!([]), "autoupdate", Some(Seen::Unknown)),
        ("/extensionAttributes/3/name", json!("another"), "autoupdate", Some(Seen::Unknown)),
        ("/extensionAttributes", json!([]), "autoupdate", None),
        ("/extensionAttributes", Value::Null, "screenlock", None),
        ("/extensionAttributes", Value::Null, "remotelogin", None),
        (
            "/softwareUpdates",
            json!([{ "name": "macOS", "version": "15.7" }]),
            "uptodate",
            Some(Seen::Improvable),
        ),
        ("/softwareUpdates", json!([]), "uptodate", None),
    ] {
        let shown = format!("{pointer} = {value}: {practice}");
        assert_eq!(seen(&changed(pointer, value), practice), expected, "{shown}");
    }
}

#[test]
fn it_says_what_exactly() {
    let details =
        |pointer: &str, value: Value, practice: &str| observed(&changed(pointer, value), practice).details;
    assert_eq!(
        details("/extensionAttributes/3/values/0", json!("False"), "autoupdate").unwrap(),
        "Off: 4 Install OS X Updates Enabled."
    );
    assert_eq!(
        details("/softwareUpdates", json!([{ "name": "macOS", "version": "15.7" }]), "uptodate").unwrap(),
        "Waiting: macOS 15.7."
    );
    assert_eq!(
        details("/storage/disks/0/partitions/0/fileVault2State", json!("UNENCRYPTED"), "encryption").unwrap(),
        "Macintosh HD (Boot Partition) is not encrypted."
    );
}

#[test]
fn an_attribute_may_stand_in_its_section_and_be_named_otherwise() {
    let mut raw = mac(71, AMY, reported());
    raw["extensionAttributes"] = json!([]);
    raw["general"]["extensionAttributes"] = json!([{ "name": "Lock", "values": ["an"] }]);
    raw["hardware"]["extensionAttributes"] = json!([
        { "name": "Firewall Status", "values": ["2"] },
        { "name": "Wireless Mac Address", "values": ["a4-83-e7-00-00-99"] },
    ]);
    raw["security"]["firewallEnabled"] = Value::Null;
    let mut settings = Reading { source: "jamf-eu".to_owned(), ..Reading::default() };
    settings.attributes.screenlock =
        Some(Attribute { name: "lock".to_owned(), good: vec!["AN".to_owned()], bad: vec![] });
    let record = read(&raw, &settings, None).unwrap();
    assert_eq!(record.source, "jamf-eu");
    assert_eq!(seen(&record, "screenlock"), Some(Seen::Good));
    assert_eq!(seen(&record, "firewall"), Some(Seen::Good));
    assert!(record.identifiers.mac_addresses.iter().any(|mac| mac.to_string() == "a4:83:e7:00:00:99"));
    raw["general"]["extensionAttributes"][0]["values"] = json!(["aus"]);
    assert_eq!(seen(&read(&raw, &settings, None).unwrap(), "screenlock"), Some(Seen::Bad));
    raw["general"]["extensionAttributes"][0]["values"] = json!([""]);
    assert_eq!(seen(&read(&raw, &settings, None).unwrap(), "screenlock"), Some(Seen::Unknown));
    raw["hardware"]["extensionAttributes"][0]["values"] = json!(["0"]);
    assert_eq!(seen(&of(&raw), "firewall"), Some(Seen::Bad));
    raw["hardware"]["extensionAttributes"][0]["values"] = json!(["could not be read"]);
    assert_eq!(seen(&of(&raw), "firewall"), Some(Seen::Unknown));
}

#[test]
fn a_mac_that_never_reported_is_unknown() {
    let raw = json!({
        "id": "80", "udid": "", "general": { "name": "new", "platform": "Mac", "reportDate": null },
        "userAndLocation": { "email": AMY }, "hardware": { "serialNumber": "ZZNEW00080" },
        "operatingSystem": null, "diskEncryption": null, "storage": { "disks": [] }, "security": null,
        "softwareUpdates": [], "applications": [], "services": [], "extensionAttributes": [],
    });
    let record = of(&raw);
    assert_eq!((record.last_seen, &record.software, record.software_at), (None, &None, None));
    assert!(record.observations.values().all(|one| one.seen == Seen::Unknown && one.at.is_none()));
    assert_eq!(record.observations.len(), 2);
    let classic = json!({ "computer": {
        "general": { "id": 80, "serial_number": "ZZNEW00080", "report_date_utc": "", "report_date_epoch": 0 },
        "hardware": { "storage": [] }, "software": {}, "extension_attributes": [],
    } });
    let record = of(&classic);
    assert_eq!((record.last_seen, &record.software), (None, &None));
    assert!(record.observations.values().all(|one| one.seen == Seen::Unknown));
}

fn classic(storage: Value) -> Value {
    json!({ "computer": {
        "general": {
            "id": 71, "name": "mac-amy", "platform": "Mac", "serial_number": "ZZMAC00071",
            "udid": "1b2c3d4e-0000-4000-8000-000000000071", "mac_address": "A4:83:E7:00:00:71",
            "alt_mac_address": "", "report_date_utc": "2026-11-20T08:15:00.000+0000",
        },
        "location": { "email_address": "Amy@Acme.Example" },
        "hardware": { "model": "MacBook Air", "os_name": "Mac OS X", "os_version": "10.12.6", "storage": storage },
        "software": {
            "available_software_updates": ["Safari"],
            "applications": [{ "name": "Falcon.app", "version": "7.1" }],
            "running_services": ["com.sentinelone.sentineld"],
        },
        "extension_attributes": [
            { "id": 1, "name": "Firewall Status", "type": "String", "value": "1" },
            { "id": 2, "name": "Screen Saver Lock Enabled", "type": "String", "value": "Disabled" },
        ],
    } })
}

#[test]
fn both_shapes_of_the_classic_api() {
    let then = |status: &str| {
        json!([{ "drive_capacity_mb": 1, "partition": {
            "name": "Macintosh HD (Boot Partition)", "filevault2_status": status, "filevault2_percent": 100 } }])
    };
    let now = |status: &str| {
        json!([{ "partitions": [
            { "name": "Preboot", "type": "other", "filevault2_status": "Not Encrypted" },
            { "name": "Macintosh HD", "type": "boot", "filevault2_status": status },
        ] }])
    };
    for (storage, expected) in [
        (then("Encrypted"), Seen::Good),
        (then("Not Encrypted"), Seen::Bad),
        (then("Not Supported"), Seen::Bad),
        (now("Encrypted"), Seen::Good),
        (now("Not Encrypted"), Seen::Bad),
        (now("Encrypting"), Seen::Improvable),
        (json!([{ "partitions": [] }]), Seen::Unknown),
        (json!([{ "drive_capacity_mb": 5 }]), Seen::Unknown),
        (json!([]), Seen::Unknown),
        (Value::Null, Seen::Unknown),
    ] {
        let shown = storage.to_string();
        let record = of(&classic(storage));
        assert_eq!(seen(&record, "encryption"), Some(expected), "{shown}");
        assert_eq!(observed(&record, "encryption").at, Some(reported()));
    }
    let raw = classic(now("Encrypted"));
    let record = of(&raw);
    // The record itself, without what it is wrapped in.
    assert_eq!(record, of(&raw["computer"]));
    assert_eq!((record.id.as_str(), record.owners.as_slice()), ("71", [AMY.to_owned()].as_slice()));
    assert_eq!(record.platform, Some(Platform::MacOs));
    assert_eq!(record.software.as_ref().unwrap().len(), 2);
    assert_eq!(seen(&record, "firewall"), Some(Seen::Good));
    assert_eq!(seen(&record, "screenlock"), Some(Seen::Bad));
    assert_eq!(seen(&record, "autoupdate"), None);
    assert_eq!(observed(&record, "uptodate").details.unwrap(), "Waiting: Safari.");
}

#[test]
fn a_phone_of_either_api() {
    let raw = iphone(11, AMY, reported());
    let record = of(&raw);
    assert_eq!((record.id.as_str(), record.platform), ("mobile-11", Some(Platform::Ios)));
    assert_eq!(record.identifiers.imei.as_deref(), Some("350000000000110"));
    for practice in ["encryption", "screenlock", "jailed"] {
        assert_eq!(seen(&record, practice), Some(Seen::Good), "{practice}");
    }
    for (place, value, practice, expected) in [
        ("dataProtected", json!(false), "encryption", Seen::Bad),
        ("dataProtected", Value::Null, "encryption", Seen::Unknown),
        ("passcodePresent", json!(false), "encryption", Seen::Bad),
        ("passcodePresent", json!(false), "screenlock", Seen::Bad),
        ("passcodePresent", Value::Null, "screenlock", Seen::Unknown),
        ("passcodePresent", Value::Null, "encryption", Seen::Unknown),
        ("passcodeCompliant", json!(false), "screenlock", Seen::Bad),
        ("passcodeCompliant", Value::Null, "screenlock", Seen::Good),
        ("jailBreakDetected", json!(true), "jailed", Seen::Bad),
        ("jailBreakDetected", Value::Null, "jailed", Seen::Unknown),
    ] {
        let mut raw = raw.clone();
        raw["security"][place] = value;
        assert_eq!(seen(&of(&raw), practice), Some(expected), "{place} {practice}");
    }
    let mut silent = raw.clone();
    silent["security"] = Value::Null;
    assert!(of(&silent).observations.values().all(|one| one.seen == Seen::Unknown));
    let mut television = raw;
    television["deviceType"] = "tvOS".into();
    let record = of(&television);
    assert_eq!((record.platform, record.observations.len()), (None, 0));
    let classic = json!({ "mobile_device": {
        "general": {
            "id": 11, "display_name": "iphone-amy", "os_type": "iOS", "os_version": "18.6", "udid": "x",
            "serial_number": "ZZPHONE00011", "wifi_mac_address": "A4:83:E7:01:00:0B",
            "last_inventory_update_utc": "2026-11-20T08:15:00.000+0000",
        },
        "location": { "email_address": AMY },
        "security": { "data_protection": true, "passcode_present": true, "passcode_compliant": true },
    } });
    let record = of(&classic);
    assert_eq!((record.id.as_str(), record.last_seen), ("mobile-11", Some(reported())));
    assert_eq!(seen(&record, "encryption"), Some(Seen::Good));
    assert_eq!(seen(&record, "jailed"), Some(Seen::Unknown));
    assert_eq!(record, of(&classic["mobile_device"]));
}

#[test]
fn a_page_of_one_is_that_one() {
    let raw = mac(71, AMY, reported());
    assert_eq!(of(&json!({ "totalCount": 1, "results": [raw] })), of(&raw));
}

#[test]
fn what_is_no_record_says_so() {
    let why = |raw: Value| read(&raw, &Reading::default(), None).unwrap_err();
    for raw in [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({ "id": "7" }),
        json!({ "results": [] }),
        json!({ "computer": {} }),
        json!({ "computer": null }),
        json!({ "id": "../x", "general": {} }),
        json!({ "id": null, "general": {} }),
        json!({ "mobileDeviceId": 0.5 }),
    ] {
        assert!(read(&raw, &Reading::default(), None).is_err(), "{raw}");
    }
    let bad = why(json!({ "id": "7", "general": {}, "applications": {} }));
    assert_eq!(
        (bad.id.as_deref(), bad.what.as_str()),
        (Some("7"), "Its part `applications` is of another type than Jamf's.")
    );
}

#[test]
fn what_does_not_identify_is_no_identifier() {
    let mut raw = mac(71, AMY, reported());
    raw["hardware"]["serialNumber"] = " Default string ".into();
    raw["hardware"]["macAddress"] = "02:00:00:00:00:01".into();
    raw["hardware"]["altMacAddress"] = "00:00:00:00:00:00".into();
    raw["udid"] = " ".into();
    assert_eq!(of(&raw).identifiers, hubcommander_posture::Identifiers::default());
}

#[test]
fn what_is_missing_makes_nothing_good() {
    let mut raw = mac(71, AMY, reported());
    raw["security"]["firewallEnabled"] = false.into();
    raw["operatingSystem"]["fileVault2Status"] = "NOT_ENCRYPTED".into();
    let details = &mut raw["diskEncryption"]["bootPartitionEncryptionDetails"];
    details["partitionFileVault2State"] = "UNENCRYPTED".into();
    raw["storage"]["disks"][0]["partitions"][0]["fileVault2State"] = "UNENCRYPTED".into();
    raw["extensionAttributes"][0]["values"] = json!(["False"]);
    raw["extensionAttributes"][6]["values"] = json!(["Disabled"]);
    raw["extensionAttributes"][7]["values"] = json!(["On"]);
    never_better(&raw, read_if_any, &["encryption", "firewall", "autoupdate", "screenlock", "remotelogin"]);
    let storage = json!([{ "partitions": [
        { "name": "Preboot", "type": "other", "filevault2_status": "Encrypted" },
        { "name": "HD", "type": "boot", "filevault2_status": "Not Encrypted" },
    ] }]);
    never_better(&classic(storage), read_if_any, &["encryption", "screenlock"]);
    let mut phone = iphone(11, AMY, reported());
    phone["security"]["passcodePresent"] = false.into();
    phone["security"]["jailBreakDetected"] = true.into();
    never_better(&phone, read_if_any, &["encryption", "screenlock", "jailed"]);
}
