//! Who is asked for, and what comes.

use std::sync::Arc;

use hubcommander_device_sources::landesk::{Landesk, Privacy, Settings};
use hubcommander_posture::{Identifiers, Mac, Platform, Seen, Serial};
use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};

use crate::world::{AMY, BEN, OTHER_AMY, PASSWORD, Scene, at, ids, seen};

#[tokio::test]
async fn a_computer_is_read_whole() {
    let scene = Scene::people().await;
    let found = scene.source().of_owner("Amy@acme.example ").await.unwrap();
    assert_eq!((ids(&found), found.problems.len()), (vec!["1"], 0));
    let record = &found.records[0];
    assert_eq!(record.owners, [AMY]);
    assert_eq!(
        (record.platform, record.os_version.as_deref()),
        (Some(Platform::Windows), Some("10.0.22631"))
    );
    assert_eq!(record.last_seen, Some(at("2026-11-20T16:15:00Z")));
    assert_eq!(record.software_at, Some(at("2026-11-18T16:00:00Z")));
    assert!(record.fetched_at.is_some());
    let mut lines = vec![format!("{:?} {:?} {:?}", record.name, record.model, record.os)];
    lines.push(serde_json::to_string(&record.identifiers).unwrap());
    for (practice, one) in &record.observations {
        lines.push(format!("{practice}: {:?} {}", one.seen, one.at.unwrap()));
    }
    lines.extend(record.software.iter().flatten().map(|one| format!("{one:?}")));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Some("pc-1") Some("ThinkPad X1 Carbon") Some("Microsoft Windows 11 Professional Edition, 64-bit")
    {"serial":"ZZPC00001","mac_addresses":["00:de:ca:fb:00:01"]}
    autoupdate: Good 2026-11-18 16:00:00 UTC
    encryption: Good 2026-11-19 16:00:00 UTC
    firewall: Good 2026-11-19 16:00:00 UTC
    screenlock: Good 2026-11-18 16:00:00 UTC
    uptodate: Good 2026-11-18 16:00:00 UTC
    Software { name: "Falcon Sensör", version: Some("7.1") }
    "#);
}

#[tokio::test]
async fn two_people_with_one_local_part_are_two_people() {
    let scene = Scene::people().await;
    let source = scene.source();
    for (email, expected) in [
        (AMY, vec!["1"]),
        (OTHER_AMY, vec!["2"]),
        (BEN, vec!["3"]),
        ("amy", vec![]),
        ("", vec![]),
        (" ", vec![]),
        ("zoe@acme.example", vec![]),
        ("' OR 1=1 --", vec![]),
        ("amy%", vec![]),
    ] {
        assert_eq!(ids(&source.of_owner(email).await.unwrap()), expected, "{email}");
    }
    assert_eq!(ids(&source.all().await.unwrap()), ["1", "2", "3"]);
    assert_eq!(source.probe().await.unwrap(), "3 computers");
}

#[tokio::test]
async fn many_rows_make_one_computer() {
    let mut scene = Scene::people().await;
    for row in [
        "BitLocker VALUES (1, '0 - off', '0 - fully decrypted', NULL, 0)",
        "BoundAdapter VALUES (1, '00DECAFBAD01', 'No')",
        "BoundAdapter VALUES (1, '00DECAFBAD02', 'Not Installed')",
        "BoundAdapter VALUES (1, NULL, NULL)",
        "LDAPUserAttrV VALUES (1, 'Second@acme.example')",
        "CVDetectedV VALUES (1, 'ST000202', 'Security Threat', 'High', 'Screen', 'It is off.It is long.')",
        "CVDetectedV VALUES (1, 'MS26-001', 'Vulnerability', 'Critical', 'KB1', NULL)",
        "CVDetectedV VALUES (1, 'MS26-002', 'Vulnerability', 'Low', 'KB2', NULL)",
        "AppSoftwareSuites VALUES (1, NULL, NULL, 'Another', NULL)",
    ] {
        scene.run(&format!("INSERT INTO {row}")).await;
    }
    let found = scene.source().of_owner("second@acme.example").await.unwrap();
    assert_eq!(ids(&found), ["1"]);
    let record = &found.records[0];
    assert_eq!(record.owners, [AMY, "second@acme.example"]);
    let macs: Vec<String> = record.identifiers.mac_addresses.iter().map(Mac::to_string).collect();
    assert_eq!(macs, ["00:de:ca:fb:00:01", "00:de:ca:fb:ad:01"]);
    assert_eq!(record.software.as_ref().unwrap().len(), 2);
    let lines: Vec<String> = record
        .observations
        .iter()
        .map(|(practice, one)| {
            format!("{practice}: {:?} {}", one.seen, one.details.clone().unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n").replace(" \n", "\n"), @"
    autoupdate: Good
    encryption: Bad BitLocker has encrypted 0 % of a volume.
    firewall: Bad The firewall is off for one network adapter.
    screenlock: Bad It is off. It is long.
    uptodate: Bad Missing: KB1.
    ");
    // The others are as they were.
    let ben = &scene.source().of_owner(BEN).await.unwrap().records[0];
    assert!(ben.observations.values().all(|one| one.seen == Seen::Good));
}

#[tokio::test]
async fn computers_are_found_by_what_others_know_them_by() {
    let scene = Scene::people().await;
    let by_serial = Identifiers { serial: Serial::read("zzpc00002"), ..Identifiers::default() };
    let by_mac = Identifiers {
        mac_addresses: Mac::read("00:de:ca:fb:00:03").into_iter().collect(),
        ..Identifiers::default()
    };
    let source = scene.source();
    assert_eq!(ids(&source.known_as(&[by_serial.clone(), by_mac]).await.unwrap()), ["2", "3"]);
    assert_eq!(ids(&source.known_as(&[]).await.unwrap()), Vec::<&str>::new());
    assert_eq!(ids(&source.known_as(&[Identifiers::default()]).await.unwrap()), Vec::<&str>::new());
    let mut many: Vec<Identifiers> = (0..1200)
        .map(|number| Identifiers { serial: Serial::read(&format!("ZZ{number}")), ..Identifiers::default() })
        .collect();
    many.push(by_serial);
    assert_eq!(ids(&source.known_as(&many).await.unwrap()), ["2"]);
}

#[tokio::test]
async fn a_computer_that_was_never_scanned_is_unknown() {
    let mut scene = Scene::empty().await;
    scene.run("INSERT INTO Computer VALUES (9, 'new', NULL, NULL, NULL, NULL, NULL)").await;
    scene.run("INSERT INTO LDAPUserAttrV VALUES (9, 'amy@acme.example')").await;
    let found = scene.source().of_owner(AMY).await.unwrap();
    let record = &found.records[0];
    assert_eq!((record.last_seen, &record.software), (None, &None));
    assert_eq!(record.observations.len(), 5);
    assert!(record.observations.values().all(|one| one.seen == Seen::Unknown && one.at.is_none()));
    assert_eq!(seen(record, "screenlock"), Some(Seen::Unknown));
}

#[tokio::test]
async fn a_database_that_is_another_one_is_told() {
    let mut scene = Scene::people().await;
    scene.run("DROP TABLE CVDetectedV").await;
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert!(matches!(error, SourceError::Misconfigured(_)), "{error:?}");
    assert!(!error.to_string().contains("amy"), "{error}");
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_without_its_password() {
    let mut scene = Scene::people().await;
    scene.settings.password = "another-s3cret".into();
    let source = scene.source();
    let error = source.of_owner(AMY).await.unwrap_err();
    let shown = format!("{error} {error:?} {source:?} {:?}", scene.settings);
    assert!(!shown.contains("another-s3cret") && !shown.contains(PASSWORD), "{shown}");
    assert!(matches!(error, SourceError::Misconfigured(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_unavailable() {
    let mut scene = Scene::people().await;
    scene.impatient();
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    scene.settings.port = silent.local_addr().unwrap().port();
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
    drop(silent);
    let error = scene.source().probe().await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
}

#[test]
fn settings_that_cannot_be_used_say_what_to_do() {
    let fine = || Settings::new("sql.acme.example", "ldms", "reader", PASSWORD.into());
    let new = |settings: Settings| Landesk::new(&settings, Arc::new(SystemClock));
    assert!(new(fine()).is_ok());
    assert!(new(Settings { privacy: Privacy::TlsOf("/etc/ca.pem".into()), ..fine() }).is_ok());
    for (settings, part) in [
        (Settings { privacy: Privacy::Plain, ..fine() }, "without TLS"),
        (Settings { host: String::new(), ..fine() }, "host"),
        (Settings { user: " ".to_owned(), ..fine() }, "user"),
        (Settings { password: "".into(), ..fine() }, "password"),
    ] {
        let error = new(settings).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let error = hubcommander_device_sources::landesk::Reading::zone_named("Mars/Base").unwrap_err();
    assert_eq!(
        error.to_string(),
        "landesk, zone: there is no `Mars/Base`; it should read like America/Los_Angeles"
    );
}
