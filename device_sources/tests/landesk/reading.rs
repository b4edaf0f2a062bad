//! Raw records, read.

use hubcommander_device_sources::landesk::{Reading, read};
use hubcommander_posture::{Platform, Record, Seen};
use serde_json::{Value, json};

use crate::odd::never_better;
use crate::world::{at, seen};

fn read_if_any(raw: &Value) -> Option<Record> {
    read(raw, &Reading::default(), None).ok()
}

fn of(raw: &Value) -> Record {
    read_if_any(raw).unwrap()
}

fn computer() -> Value {
    json!({
        "Computer_Idn": 7, "DISPLAYNAME": "pc-amy", "DEVICEID": "{GUID}", "TYPE": "Client",
        "LASTUPDINVSVR": "2026-11-20T08:15:00", "HWLASTSCANDATE": "2026-11-19T08:00:00",
        "SWLASTSCANDATE": "2026-11-18T08:00:00", "EMAILADDR": ["Amy@acme.example"],
        "MODEL": "Latitude 7440", "MANUFACTURER": "Dell Inc.", "SERIALNUM": " zzpc7 ", "SYSTEMVERSION": "1.0",
        "CURRENTBUILD": "19045", "CURRENTVERSION": "6.3", "RELEASEID": "2009",
        "OSTYPE": "Microsoft Windows 10 Professional Edition, 64-bit",
        "BitLocker": [{ "PROTECTIONSTATUS": "1 - on", "CONVERSIONSTATUS": "1 - fully encrypted",
            "GENENCRYPT": "XTS", "ENCRYPTIONPERCENTAGE": 100 }],
        "BoundAdapter": [{ "PhysAddress": "00DECAFBAD00", "FirewallEnabled": "Yes" }],
        "CVDetectedV": [],
        "AppSoftwareSuites": [{ "SuiteName": "Falcon", "Version": "7.1" }],
    })
}

fn with(key: &str, value: Value) -> Record {
    let mut raw = computer();
    raw[key] = value;
    of(&raw)
}

#[test]
fn all_as_it_should_be() {
    let record = of(&computer());
    assert_eq!((record.id.as_str(), record.source.as_str()), ("7", "landesk"));
    assert_eq!(record.model.as_deref(), Some("Latitude 7440"));
    assert_eq!(record.os_version.as_deref(), Some("10.0.19045"));
    assert_eq!(record.identifiers.serial.as_ref().unwrap().as_str(), "ZZPC7");
    assert!(record.observations.values().all(|one| one.seen == Seen::Good));
    assert_eq!(record.observations.len(), 5);
    assert_eq!(record.observations["firewall"].at, Some(at("2026-11-19T08:00:00Z")));
}

#[test]
fn bitlocker() {
    let row = |protection: Value, percent: Value, conversion: &str| json!({ "PROTECTIONSTATUS": protection, "ENCRYPTIONPERCENTAGE": percent, "CONVERSIONSTATUS": conversion });
    let on = || row(json!("1 - on"), json!(100), "1 - fully encrypted");
    let off = || row(json!("0 - off"), json!(100), "1 - fully encrypted");
    for (rows, expected) in [
        (json!([on()]), Seen::Good),
        (json!([on(), on()]), Seen::Good),
        (json!([row(json!("1 - on"), json!("100"), "")]), Seen::Good),
        (json!([off()]), Seen::Bad),
        (json!([on(), off()]), Seen::Bad),
        (json!([off(), on()]), Seen::Bad),
        (json!([row(json!("1 - on"), json!(42), "")]), Seen::Bad),
        (json!([row(json!("0 - off"), json!(42), "2 - encryption in progress")]), Seen::Improvable),
        (json!([row(json!("0 - off"), json!(42), "3 - decryption in progress")]), Seen::Bad),
        (json!([row(json!("2 - unknown"), json!(100), "")]), Seen::Unknown),
        (json!([row(Value::Null, json!(100), "")]), Seen::Unknown),
        (json!([row(json!("1 - on"), Value::Null, "")]), Seen::Unknown),
        (json!([on(), row(Value::Null, Value::Null, "")]), Seen::Unknown),
        (json!([{}]), Seen::Unknown),
        (json!([]), Seen::Unknown),
        (Value::Null, Seen::Unknown),
    ] {
        let shown = rows.to_string();
        assert_eq!(seen(&with("BitLocker", rows), "encryption"), Some(expected), "{shown}");
    }
}

#[test]
fn firewalls_of_adapters() {
    let rows = |words: &[Value]| {
        Value::Array(
            words.iter().map(|word| json!({ "FirewallEnabled": word, "PhysAddress": "x" })).collect(),
        )
    };
    for (words, expected) in [
        (vec![json!("Yes")], Seen::Good),
        (vec![json!("yes"), json!("Not Installed")], Seen::Good),
        (vec![json!("Yes"), Value::Null], Seen::Good),
        (vec![json!("Yes"), json!("No")], Seen::Bad),
        (vec![json!("Not Installed")], Seen::Unknown),
        (vec![Value::Null], Seen::Unknown),
        (vec![], Seen::Unknown),
    ] {
        assert_eq!(seen(&with("BoundAdapter", rows(&words)), "firewall"), Some(expected), "{words:?}");
    }
}

#[test]
fn what_was_detected() {
    let row = |id: &str, kind: &str, severity: &str| json!([{ "Vul_ID": id, "VulType": kind, "VulSeverity": severity, "Title": "a title", "Reason": "It is.So." }]);
    for (rows, practice, expected) in [
        (row("ST000202", "Security Threat", "High"), "screenlock", Seen::Bad),
        (row("ST000202", "Security Threat", "High"), "uptodate", Seen::Good),
        (row("ST000003v2", "Security Threat", "High"), "autoupdate", Seen::Bad),
        (row("ST000003", "Security Threat", "High"), "autoupdate", Seen::Good),
        (row("MS26", "Vulnerability", "Critical"), "uptodate", Seen::Bad),
        (row("MS26", "Vulnerability", "High"), "uptodate", Seen::Bad),
        (row("MS26", "Vulnerability", "Medium"), "uptodate", Seen::Good),
        (row("MS26", "0", "1"), "uptodate", Seen::Bad),
        (row("MS26", "Vulnerability", "Critical"), "screenlock", Seen::Good),
        (Value::Null, "screenlock", Seen::Unknown),
        (Value::Null, "uptodate", Seen::Unknown),
    ] {
        let shown = format!("{rows} {practice}");
        assert_eq!(seen(&with("CVDetectedV", rows), practice), Some(expected), "{shown}");
    }
    let many: Vec<Value> = (0..8)
        .map(|number| json!({ "VulType": "Vulnerability", "VulSeverity": "High", "Title": format!("KB{number}") }))
        .collect();
    let record = with("CVDetectedV", many.into());
    let details = record.observations["uptodate"].details.clone().unwrap();
    assert_eq!(details, "Missing: KB0, KB1, KB2, KB3, KB4, and 3 more.");
    let settings = Reading { screenlock: "OWN-1".to_owned(), ..Reading::default() };
    let mut raw = computer();
    raw["CVDetectedV"] = row("own-1", "Custom", "NA");
    let record = read(&raw, &settings, None).unwrap();
    assert_eq!(record.observations["screenlock"].details.as_deref(), Some("It is. So."));
}

#[test]
fn what_nobody_scanned_is_unknown() {
    let record = with("HWLASTSCANDATE", Value::Null);
    for (practice, expected) in [
        ("encryption", Seen::Unknown),
        ("firewall", Seen::Unknown),
        ("screenlock", Seen::Good),
        ("uptodate", Seen::Good),
    ] {
        assert_eq!(seen(&record, practice), Some(expected), "{practice}");
    }
    let record = with("SWLASTSCANDATE", json!("not a time"));
    for (practice, expected) in [
        ("encryption", Seen::Good),
        ("screenlock", Seen::Unknown),
        ("autoupdate", Seen::Unknown),
        ("uptodate", Seen::Unknown),
    ] {
        assert_eq!(seen(&record, practice), Some(expected), "{practice}");
    }
    assert_eq!((record.software, record.software_at), (None, None));
    assert_eq!(with("AppSoftwareSuites", json!([])).software, None);
}

#[test]
fn one_flat_row_will_do() {
    let record = of(&json!({
        "computer_idn": "7", "displayname": "pc", "emailaddr": "Amy@acme.example", "HWLASTSCANDATE": "2026-11-19 08:00:00",
        "SWLASTSCANDATE": "2026-11-18 08:00:00", "PROTECTIONSTATUS": "1 - on", "ENCRYPTIONPERCENTAGE": 100,
        "PhysAddress": "00DECAFBAD00", "FirewallEnabled": "No", "SuiteName": "Falcon", "Version": "7.1",
    }));
    assert_eq!(
        (record.owners, record.identifiers.mac_addresses.len()),
        (vec!["amy@acme.example".to_owned()], 1)
    );
    let seen = |practice: &str| record.observations[practice].seen;
    assert_eq!((seen("encryption"), seen("firewall")), (Seen::Good, Seen::Bad));
    // Nothing was said of what is detected.
    assert_eq!((seen("screenlock"), seen("uptodate")), (Seen::Unknown, Seen::Unknown));
    assert_eq!(record.software.unwrap()[0].name, "Falcon");
}

#[test]
fn systems_and_models() {
    for (os, platform) in [
        ("Microsoft Windows 10 Professional Edition, 64-bit", Some(Platform::Windows)),
        ("Mac OS X", Some(Platform::MacOs)),
        ("Ubuntu Linux", Some(Platform::Ubuntu)),
        ("AIX", None),
    ] {
        assert_eq!(with("OSTYPE", os.into()).platform, platform, "{os}");
    }
    for (build, version, expected) in [
        (json!("7601"), json!("6.1"), Some("6.1.7601")),
        (json!(26100), json!("6.3"), Some("10.0.26100")),
        (Value::Null, json!("6.1"), Some("6.1")),
        (json!("x"), json!("6.1"), Some("6.1")),
        (json!("7601"), Value::Null, None),
    ] {
        let mut raw = computer();
        raw["CURRENTBUILD"] = build;
        raw["CURRENTVERSION"] = version;
        assert_eq!(of(&raw).os_version.as_deref(), expected);
    }
    let mut raw = computer();
    raw["MANUFACTURER"] = "Lenovo".into();
    raw["SYSTEMVERSION"] = "ThinkPad X1".into();
    assert_eq!(of(&raw).model.as_deref(), Some("ThinkPad X1"));
    raw["SYSTEMVERSION"] = Value::Null;
    assert_eq!(of(&raw).model.as_deref(), Some("Latitude 7440"));
}

#[test]
fn what_is_no_record_says_so() {
    for raw in
        [json!(null), json!([]), json!({}), json!({ "Computer_Idn": null }), json!({ "Computer_Idn": "" })]
    {
        assert!(read(&raw, &Reading::default(), None).is_err(), "{raw}");
    }
    let mut raw = computer();
    raw["BoundAdapter"] = "x".into();
    let error = read(&raw, &Reading::default(), None).unwrap_err();
    assert_eq!((error.id.as_deref(), error.what.as_str()), (Some("7"), "Its `BoundAdapter` is no list."));
}

#[test]
fn what_is_missing_makes_nothing_good() {
    let mut raw = computer();
    raw["BitLocker"] = json!([
        { "PROTECTIONSTATUS": "0 - off", "CONVERSIONSTATUS": "0", "ENCRYPTIONPERCENTAGE": 0 },
    ]);
    raw["BoundAdapter"] = json!([{ "PhysAddress": "00DECAFBAD00", "FirewallEnabled": "No" }]);
    never_better(&raw, read_if_any, &["encryption", "firewall"]);
}
