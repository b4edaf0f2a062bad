use std::collections::BTreeMap;

use chrono::TimeDelta;
use hubcommander_device_sources::osquery::read;
use hubcommander_posture::{Identifiers, Mac, Record, Seen, Serial};
use hubcommander_sandbox::osquery::Host;
use hubcommander_sdk::clock::Clock as _;
use hubcommander_sdk::devices::DeviceSource as _;
use serde_json::{Value, json};

use super::{Bench, LINUX, MAC, WINDOWS, bench};

fn seen(record: &Record) -> BTreeMap<String, Seen> {
    record.observations.iter().map(|(key, observation)| (key.0.clone(), observation.seen)).collect()
}

async fn looked_at(bench: &Bench, host: Host) -> Record {
    let id = host.uuid();
    let mut agent = bench.agent(host);
    agent.fetch_config().await.unwrap();
    agent.run_schedule(bench.seconds() - 60).await.unwrap();
    let all = bench.osquery.all().await.unwrap();
    assert!(all.problems.is_empty());
    all.records.into_iter().find(|record| record.id == id).unwrap()
}

#[tokio::test]
async fn each_family_is_asked_its_own_and_what_is_right_is_good() {
    let bench = bench().await;
    let mac = looked_at(&bench, Host::mac(MAC, "ZZA")).await;
    insta::assert_compact_debug_snapshot!(seen(&mac), @r#"{"autoupdate": Good, "encryption": Good, "firewall": Good, "remotelogin": Good, "screenlock": Good}"#);
    assert_eq!(mac.os_version.as_deref(), Some("15.6.1"));
    let macs: Vec<String> = mac.identifiers.mac_addresses.iter().map(Mac::to_string).collect();
    assert_eq!(macs, ["a4:83:e7:00:00:71"], "not the adapter's");
    let software = mac.software.unwrap();
    assert_eq!(software.len(), 1, "nothing that is not looked for: {software:?}");
    let at = mac.observations.values().next().unwrap().at.unwrap();
    assert_eq!(at, bench.clock.now() - TimeDelta::seconds(60), "when the computer looked");

    let windows = looked_at(&bench, Host::windows(WINDOWS, "ZZB")).await;
    insta::assert_compact_debug_snapshot!(seen(&windows), @r#"{"autoupdate": Good, "encryption": Good, "firewall": Good, "screenlock": Good}"#);
    assert_eq!(windows.os_version.as_deref(), Some("10.0.26100.6899"));

    let linux = looked_at(&bench, Host::ubuntu(LINUX, "ZZC")).await;
    insta::assert_compact_debug_snapshot!(seen(&linux), @r#"{"encryption": Good, "firewall": Good}"#);
}

#[tokio::test]
async fn what_is_wrong_is_bad_and_what_cannot_be_told_is_unknown() {
    let bench = bench().await;
    let mut mac = Host::mac(MAC, "ZZA");
    mac.filevault("off");
    mac.set("alf", &[&[("global_state", "")]]);
    mac.set("sharing_preferences", &[&[("remote_login", "1")]]);
    mac.set("preferences", &[]);
    mac.set("managed_policies", &[]);
    let mac = looked_at(&bench, mac).await;
    insta::assert_compact_debug_snapshot!(seen(&mac), @r#"{"autoupdate": Unknown, "encryption": Bad, "firewall": Unknown, "remotelogin": Bad, "screenlock": Unknown}"#);

    let mut windows = Host::windows(WINDOWS, "ZZB");
    windows.set(
        "bitlocker_info",
        &[&[("drive_letter", "E:"), ("protection_status", "1"), ("percentage_encrypted", "100")]],
    );
    windows.set("windows_security_center", &[&[("firewall", "Not Monitored"), ("autoupdate", "Poor")]]);
    windows.set("registry", &[]);
    let windows = looked_at(&bench, windows).await;
    insta::assert_compact_debug_snapshot!(seen(&windows), @r#"{"autoupdate": Bad, "encryption": Unknown, "firewall": Unknown, "screenlock": Unknown}"#);
}

fn raw(platform: &str, query: &str, row: &[Value], status: &Value) -> Value {
    json!({
        "host_identifier": MAC,
        "host_details": { "os_version": { "platform": platform } },
        "results": { query: { "rows": row, "status": status, "unix_time": 1_795_420_800 } },
    })
}

#[test]
fn rows_mean() {
    let path = "/System/Volumes/Data";
    let set =
        |name: &str, value: &str, origin: &str| json!({ "name": name, "value": value, "origin": origin });
    let all = |last: &str| {
        let mut rows: Vec<Value> =
            ["AutomaticCheckEnabled", "AutomaticDownload", "CriticalUpdateInstall", "ConfigDataInstall"]
                .map(|name| set(name, "1", "preferences"))
                .into();
        rows.push(set("AutomaticallyInstallMacOSUpdates", last, "preferences"));
        rows
    };
    let mut managed = all("1");
    managed.push(set("AutomaticDownload", "0", "managed"));
    let bitlocker = |protection: &str, percent: &str, conversion: &str| {
        vec![
            json!({ "drive_letter": "C:", "protection_status": protection, "percentage_encrypted": percent, "conversion_status": conversion }),
        ]
    };
    let cases: Vec<(&str, &str, Vec<Value>, Seen)> = vec![
        ("darwin", "encryption", vec![json!({"path": path, "filevault_status": "on"})], Seen::Good),
        (
            "darwin",
            "encryption",
            vec![json!({"path": path, "filevault_status": "off", "encrypted": "1"})],
            Seen::Bad,
        ),
        (
            "darwin",
            "encryption",
            vec![json!({"path": path, "filevault_status": "unknown", "encrypted": "1"})],
            Seen::Unknown,
        ),
        ("darwin", "encryption", vec![json!({"path": path, "encrypted": "1"})], Seen::Unknown),
        (
            "darwin",
            "encryption",
            vec![json!({"path": "/Volumes/Stick", "filevault_status": "on"})],
            Seen::Unknown,
        ),
        (
            "darwin",
            "encryption",
            vec![
                json!({"path": "/", "filevault_status": "on"}),
                json!({"path": path, "filevault_status": "off"}),
            ],
            Seen::Bad,
        ),
        ("darwin", "encryption", vec![], Seen::Unknown),
        ("darwin", "firewall", vec![json!({"global_state": "2"})], Seen::Good),
        ("darwin", "firewall", vec![json!({"global_state": "0"})], Seen::Bad),
        ("darwin", "firewall", vec![json!({"global_state": "3"})], Seen::Unknown),
        ("darwin", "firewall", vec![], Seen::Unknown),
        ("darwin", "autoupdate", all("1"), Seen::Good),
        ("darwin", "autoupdate", all("0"), Seen::Improvable),
        ("darwin", "autoupdate", managed, Seen::Bad),
        ("darwin", "autoupdate", all("1")[1..].to_vec(), Seen::Unknown),
        ("darwin", "screenlock", vec![json!({"name": "askForPassword", "value": "0"})], Seen::Bad),
        (
            "darwin",
            "screenlock",
            vec![
                json!({"name": "askForPassword", "value": "1"}),
                json!({"name": "askForPasswordDelay", "value": "3600"}),
            ],
            Seen::Improvable,
        ),
        ("darwin", "remotelogin", vec![json!({"remote_login": ""})], Seen::Unknown),
        ("windows", "encryption", bitlocker("1", "100", ""), Seen::Good),
        ("windows", "encryption", bitlocker("1", "", "1"), Seen::Good),
        ("windows", "encryption", bitlocker("1", "40", "2"), Seen::Bad),
        ("windows", "encryption", bitlocker("0", "100", "1"), Seen::Bad),
        ("windows", "encryption", bitlocker("2", "100", "1"), Seen::Unknown),
        ("windows", "firewall", vec![json!({"firewall": "Snoozed"})], Seen::Bad),
        ("windows", "firewall", vec![json!({"firewall": "Error"})], Seen::Unknown),
        ("windows", "screenlock", vec![json!({"data": "0"})], Seen::Unknown),
        ("windows", "screenlock", vec![json!({"data": "3600"})], Seen::Improvable),
        (
            "ubuntu",
            "encryption",
            vec![json!({"path": "/", "encrypted": "0", "encryption_status": "not encrypted"})],
            Seen::Bad,
        ),
        (
            "ubuntu",
            "encryption",
            vec![json!({"path": "/", "encrypted": "1", "encryption_status": "undefined"})],
            Seen::Unknown,
        ),
        ("ubuntu", "firewall", vec![json!({"chain": "INPUT", "policy": "ACCEPT"})], Seen::Unknown),
    ];
    for (platform, query, rows, expected) in cases {
        let record = read(&raw(platform, query, &rows, &json!(0)), "osquery", None).unwrap();
        assert_eq!(seen(&record).get(query), Some(&expected), "{platform} {query} {rows:?}");
        // The same rows of a query that failed say nothing.
        for status in [json!(1), Value::Null, json!("x")] {
            let record = read(&raw(platform, query, &rows, &status), "osquery", None).unwrap();
            assert_eq!(
                seen(&record).get(query),
                Some(&Seen::Unknown),
                "{status} {platform} {query} {rows:?}"
            );
        }
    }
    assert!(read(&json!({}), "osquery", None).is_err());
    let bare = read(&json!({ "host_identifier": MAC, "host_details": null, "results": [] }), "osquery", None)
        .unwrap();
    assert!(bare.observations.is_empty() && bare.platform.is_none() && bare.software.is_none());
}

#[tokio::test]
async fn only_whose_computer_it_was_said_to_be_finds_it() {
    let bench = bench().await;
    looked_at(&bench, Host::mac(MAC, "ZZA")).await;
    let of = async |email: &str| bench.osquery.of_owner(email).await.unwrap().records.len();
    assert_eq!(of("amy@example.com").await, 0);
    assert_eq!(of("").await, 0);
    bench.assign("zza", "Amy@example.com").await;
    assert_eq!(of("AMY@example.com").await, 1);
    assert_eq!(of("amy@example.co").await, 0);
    assert_eq!(of("").await, 0);

    let found = async |known: Identifiers| bench.osquery.known_as(&[known]).await.unwrap().records.len();
    assert_eq!(found(Identifiers { serial: Serial::read("zza"), ..Identifiers::default() }).await, 1);
    assert_eq!(found(Identifiers { udid: Some(MAC.to_owned()), ..Identifiers::default() }).await, 1);
    let mac = Mac::read("A483E7000071").unwrap();
    assert_eq!(found(Identifiers { mac_addresses: [mac].into(), ..Identifiers::default() }).await, 1);
    assert_eq!(found(Identifiers::default()).await, 0);
    assert_eq!(found(Identifiers { serial: Serial::read("zzb"), ..Identifiers::default() }).await, 0);
}
