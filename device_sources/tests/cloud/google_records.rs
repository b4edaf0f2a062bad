//! What Google's records mean.

use hubcommander_device_sources::google::{Options, read};
use hubcommander_posture::{Platform, Record, Seen};
use serde_json::{Value as Json, json};

use super::{seen, time};

fn reads(raw: &Json) -> Record {
    let options = Options { antivirus: Some("antivirus".into()), oldest_patch_days: Some(90) };
    read(raw, &options, Some(time("2026-11-23T10:00:00Z"))).unwrap()
}

#[test]
fn a_phone() {
    let record = reads(&json!({
        "kind": "admin#directory#mobiledevice", "resourceId": "r1", "deviceId": "d1", "serialNumber": " zz-p1 ",
        "imei": "35 209900 1761481", "wifiMacAddress": "a4:83:e7:00:00:72", "manufacturer": "Google", "model": "Pixel 9",
        "os": "Android 15", "lastSync": "2026-11-22T08:00:00.000Z", "email": ["Amy@Example.com"], "type": "ANDROID",
        "encryptionStatus": "Encrypted", "devicePasswordStatus": "On", "deviceCompromisedStatus": "No compromise detected",
        "adbStatus": true, "unknownSourcesStatus": true, "securityPatchLevel": "1767225600000",
        "applications": [{ "displayName": "Chrome", "packageName": "com.android.chrome", "versionName": "143" }],
    }));
    assert_eq!(record.owners, ["amy@example.com"]);
    assert_eq!(record.platform, Some(Platform::Android));
    assert_eq!((record.os.as_deref(), record.os_version.as_deref()), (Some("Android"), Some("15")));
    assert_eq!(record.model.as_deref(), Some("Google Pixel 9"));
    assert_eq!(record.identifiers.serial.as_ref().map(|s| s.as_str()), Some("ZZ-P1"));
    assert!(record.identifiers.others.is_empty(), "the hardware is known");
    assert_eq!(record.last_seen, Some(time("2026-11-22T08:00:00Z")));
    let expected = [
        ("encryption", Seen::Good),
        ("screenlock", Seen::Good),
        ("jailed", Seen::Good),
        ("adbstatus", Seen::Bad),
        ("unknownsources", Seen::NotApplicable),
        ("uptodate", Seen::Bad),
    ];
    for (practice, expected) in expected {
        assert_eq!(seen(&record, practice), Some(expected), "{practice}");
    }
    assert_eq!(record.software.unwrap()[0].name, "Chrome");
}

#[test]
fn words_that_say_nothing_are_unknown() {
    for (key, word, practice, expected) in [
        ("deviceCompromisedStatus", "Undetected", "jailed", Seen::Unknown),
        ("deviceCompromisedStatus", "Compromise detected", "jailed", Seen::Bad),
        ("deviceCompromisedStatus", "", "jailed", Seen::Unknown),
        ("encryptionStatus", "", "encryption", Seen::Unknown),
        ("encryptionStatus", "Something new", "encryption", Seen::Unknown),
        ("devicePasswordStatus", "Unknown", "screenlock", Seen::Unknown),
        ("devicePasswordStatus", "Off", "screenlock", Seen::Bad),
    ] {
        let record = reads(&json!({ "resourceId": "r1", "os": "Android 7.1", key: word }));
        assert_eq!(seen(&record, practice), Some(expected), "{key} {word}");
    }
}

#[test]
fn unknown_sources_mean_something_up_to_android_7() {
    for (os, allowed, expected) in [
        ("Android 7.1.2", json!(true), Seen::Bad),
        ("Android 7.1.2", json!(false), Seen::Good),
        ("Android 7.1.2", json!(null), Seen::Unknown),
        ("Android 8.0", json!(true), Seen::NotApplicable),
        ("Android", json!(true), Seen::Unknown),
    ] {
        let record = reads(&json!({ "resourceId": "r1", "os": os, "unknownSourcesStatus": allowed }));
        assert_eq!(seen(&record, "unknownsources"), Some(expected), "{os} {allowed}");
    }
}

#[test]
fn a_phone_of_which_hardly_anything_is_known() {
    let record = reads(&json!({ "resourceId": "r1", "deviceId": "d1", "os": "Android" }));
    assert_eq!((record.last_seen, record.os_version.as_deref()), (None, None));
    assert_eq!(record.software, None);
    assert_eq!(record.identifiers.others["google_device_id"], "d1");
    assert!(record.observations.values().all(|one| one.seen == Seen::Unknown));
}

#[test]
fn a_chromebook() {
    let raw = json!({
        "deviceId": "c1", "serialNumber": "CB1", "macAddress": "a483e7000073", "osVersion": "16093.68.0",
        "osVersionCompliance": "pending", "bootMode": "Dev", "lastSync": "2026-11-20T08:00:00Z",
        "autoUpdateThrough": "2025-06-01", "recentUsers": [{ "type": "USER_TYPE_MANAGED", "email": "amy@example.com" },
        { "email": "eve@example.com" }],
    });
    let record = reads(&raw);
    assert_eq!(record.owners, ["amy@example.com"], "who used it before need not have it");
    assert_eq!(record.platform, Some(Platform::ChromeOS));
    for (practice, expected) in [
        ("jailed", Some(Seen::Bad)),
        ("uptodate", Some(Seen::Improvable)),
        ("autoupdate", Some(Seen::Bad)),
        ("encryption", None),
    ] {
        assert_eq!(seen(&record, practice), expected, "{practice}");
    }
    for (mode, expected) in [("Verified", Seen::Good), ("validated", Seen::Good), ("", Seen::Unknown)] {
        let mut raw = raw.clone();
        raw["bootMode"] = json!(mode);
        assert_eq!(seen(&reads(&raw), "jailed"), Some(expected), "{mode}");
    }
}

#[test]
fn a_computer_of_cloud_identity() {
    let mut raw = json!({
        "name": "devices/11aa", "deviceType": "MAC_OS", "serialNumber": "ZZAMY00071", "hostname": "mac-amy",
        "osVersion": "MacOS 15.6.1", "lastSyncTime": "2026-11-23T06:00:00Z", "encryptionState": "ENCRYPTED",
        "compromisedState": "UNCOMPROMISED", "wifiMacAddresses": ["a483e7000071"],
        "endpointVerificationSpecificAttributes": { "additionalSignals": {
            "is_os_native_firewall_enabled": "true", "av_installed": true, "av_enabled": false } },
        "deviceUsers": [{ "name": "devices/11aa/deviceUsers/9f", "userEmail": "amy@example.com",
            "passwordState": "PASSWORD_SET", "compromisedState": "NOT_COMPROMISED" }],
    });
    let record = reads(&raw);
    assert_eq!((record.os.as_deref(), record.os_version.as_deref()), (Some("macOS"), Some("15.6.1")));
    assert_eq!(record.owners, ["amy@example.com"]);
    for (practice, expected) in [
        ("encryption", Seen::Good),
        ("screenlock", Seen::Good),
        ("jailed", Seen::Good),
        ("firewall", Seen::Good),
        ("antivirus", Seen::Bad),
    ] {
        assert_eq!(seen(&record, practice), Some(expected), "{practice}");
    }
    raw["deviceUsers"][0]["compromisedState"] = json!("COMPROMISED");
    assert_eq!(seen(&reads(&raw), "jailed"), Some(Seen::Bad), "one compromise is enough");
    raw["encryptionState"] = json!("ENCRYPTION_STATE_UNSPECIFIED");
    assert_eq!(seen(&reads(&raw), "encryption"), Some(Seen::Unknown));
    raw.as_object_mut().unwrap().remove("deviceUsers");
    assert_eq!(seen(&reads(&raw), "screenlock"), Some(Seen::Unknown), "no users are no password");
}

#[test]
fn what_is_no_device_is_said_to_be_none() {
    for raw in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "kind": "admin#directory#mobiledevice" }),
        json!({ "name": "devices/" }),
    ] {
        assert!(read(&raw, &Options::default(), None).is_err(), "{raw}");
    }
}
