use std::time::Duration;

use hubcommander_device_sources::fleet::{Fleet, Options, Settings, read};
use hubcommander_outbound::Proxies;
use hubcommander_posture::Seen;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::fleet::{Device, Fleet as LocalFleet, State};
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};
use serde_json::{Value as Json, json};

use super::{AMY, Hands, OTHER_AMY, QUICK, ids, problems, seen, shared, time};

const TOKEN: &str = "fleet-sandbox-token";

fn options() -> Options {
    let policies = [("4", "firewall"), ("Screen lock (macOS)", "screenlock")];
    Options {
        policies: policies.map(|(policy, practice)| (policy.to_owned(), practice.to_owned())).into(),
        ..Options::default()
    }
}

fn host(id: u64, email: &str) -> Json {
    json!({ "id": id, "hostname": format!("mac-{id}.local"), "display_name": format!("mac-{id}"),
        "uuid": format!("1B2C3D4E-0000-4000-8000-{id:012}"), "hardware_serial": format!("ZZ{id:05}"), "team_id": 7,
        "platform": "darwin", "os_version": "macOS 15.6.1", "primary_mac": "a4:83:e7:00:00:71",
        "seen_time": "2026-11-23T07:59:00Z", "detail_updated_at": "2026-11-23T07:10:00Z",
        "policy_updated_at": "2026-11-23T07:00:00Z", "refetch_requested": false, "disk_encryption_enabled": true,
        "device_mapping": [{ "email": email, "source": "identity_provider" }],
        "policies": [
            { "id": 4, "name": "Firewall on (macOS)", "resolution": "Turn it on in System Settings.", "response": "fail" },
            { "id": 5, "name": "screen lock (macos)", "response": "" }, { "id": 6, "name": "Other", "response": "pass" }],
        "software": [{ "name": "Falcon.app", "version": "7.1" }] })
}

struct Site {
    local: LocalFleet,
    faults: Faults,
    settings: Settings,
    fleet: Fleet,
}

async fn site() -> Site {
    let (clock, faults) = (Hands::new(), Faults::default());
    let mut state = State::new(TOKEN);
    state.hosts = vec![host(1, AMY), host(2, OTHER_AMY), host(3, "xamy@example.com")]
        .into_iter()
        .map(Device::new)
        .collect();
    let local = LocalFleet::start(state, shared(&clock), faults.clone()).await.unwrap();
    let settings = Settings {
        options: options(),
        proxies: Proxies::none(),
        patience: QUICK,
        within: Duration::from_millis(500),
        pause: Duration::from_millis(5),
        refresh_within: Duration::from_millis(300),
        refresh_pause: Duration::from_millis(5),
        ..Settings::new(local.url().parse().unwrap(), TOKEN.into())
    };
    let fleet = Fleet::new(&settings, shared(&clock)).unwrap();
    Site { local, faults, settings, fleet }
}

#[test]
fn a_host() {
    let record = read(&json!({ "host": host(1, AMY) }), &options(), None).unwrap();
    assert_eq!(seen(&record, "encryption"), Some(Seen::Good));
    assert_eq!(seen(&record, "screenlock"), Some(Seen::Unknown), "a policy that has not run says nothing");
    let firewall = &record.observations["firewall"];
    assert_eq!((firewall.seen, firewall.at), (Seen::Bad, Some(time("2026-11-23T07:00:00Z"))));
    assert_eq!(firewall.directions.as_deref(), Some("Turn it on in System Settings."));
    assert_eq!(record.observations.len(), 3, "a policy that answers no practice is left out");
    assert_eq!(record.software.as_ref().unwrap()[0].name, "Falcon.app");
    assert_eq!(record.identifiers.udid.as_deref(), Some("1B2C3D4E-0000-4000-8000-000000000001"));
}

#[test]
fn what_is_not_said_is_unknown() {
    for (key, value) in
        [("disk_encryption_enabled", json!(null)), ("detail_updated_at", json!("2000-01-01T00:00:00Z"))]
    {
        let mut raw = host(1, AMY);
        raw[key] = value;
        assert_eq!(seen(&read(&raw, &options(), None).unwrap(), "encryption"), Some(Seen::Unknown), "{key}");
    }
    let mut raw = host(1, AMY);
    raw["policies"] = json!([]);
    raw["software"] = json!(null);
    let record = read(&raw, &options(), None).unwrap();
    assert_eq!((seen(&record, "firewall"), record.software), (None, None));
    assert!(read(&json!({ "host": {} }), &options(), None).is_err());
}

#[test]
fn systems_with_their_versions() {
    for (platform, words, os, version) in [
        (
            "windows",
            "Microsoft Windows 11 Pro 23H2 10.0.22631.4317",
            "Windows 11 Pro 23H2",
            Some("10.0.22631.4317"),
        ),
        ("windows", "Windows 11 Pro 23H2", "Windows 11 Pro 23H2", None),
        ("ubuntu", "Ubuntu 24.04.1 LTS", "Ubuntu", Some("24.04.1")),
    ] {
        let record =
            read(&json!({ "id": 1, "platform": platform, "os_version": words }), &options(), None).unwrap();
        assert_eq!((record.os.as_deref(), record.os_version.as_deref()), (Some(os), version), "{words}");
    }
}

#[test]
fn only_who_may_say_so_says_whose_it_is() {
    let mut raw = host(1, AMY);
    raw["device_mapping"] = json!([{ "email": "eve@example.com", "source": "google_chrome_profiles" }]);
    raw["end_users"] = json!([{ "idp_username": "Amy@example.com" }]);
    let only = Options { owner_sources: ["identity_provider".to_owned()].into(), ..options() };
    assert_eq!(read(&raw, &only, None).unwrap().owners, [AMY]);
    assert_eq!(read(&raw, &options(), None).unwrap().owners, [AMY, "eve@example.com"]);
}

#[tokio::test]
async fn somebody_gets_their_own_devices_and_nobody_elses() {
    let site = site().await;
    for careless in [false, true] {
        site.local.state().careless = careless;
        let found = site.fleet.of_owner(AMY).await.unwrap();
        assert_eq!(ids(&found), ["1"]);
        assert_eq!(found.records[0].owners, [AMY]);
        assert!(found.records[0].software.is_some());
        assert_eq!(ids(&site.fleet.of_owner(OTHER_AMY).await.unwrap()), ["2"]);
        assert!(site.fleet.of_owner("").await.unwrap().records.is_empty());
    }
}

#[tokio::test]
async fn all_pages_are_read_and_a_bad_host_takes_no_other_with_it() {
    let site = site().await;
    site.local.state().hosts.extend((10..250).map(|id| Device::new(host(id, AMY))));
    site.local.state().hosts[2].unset("id");
    let all = site.fleet.all().await.unwrap();
    assert_eq!(all.records.len(), 242);
    assert_eq!(problems(&all), ["A host that Fleet lists has no id."]);
}

#[tokio::test]
async fn a_fleet_is_told_from_others_by_its_old_and_its_new_name() {
    let mut site = site().await;
    {
        let mut state = site.local.state();
        let host = state.host_mut(2).unwrap();
        host.unset("team_id");
        host.set("fleet_id", json!(7));
        state.host_mut(3).unwrap().set("team_id", json!(8));
    }
    site.settings.options.fleet_id = Some(7);
    let fleet = Fleet::new(&site.settings, shared(&Hands::new())).unwrap();
    assert_eq!(ids(&fleet.all().await.unwrap()), ["1", "2"]);
}

#[tokio::test]
async fn what_others_found_is_known_by_its_ids_and_not_by_a_name() {
    let site = site().await;
    let mut known = read(&host(1, AMY), &options(), None).unwrap().identifiers;
    known.mac_addresses.clear();
    let found = site.fleet.known_as(&[known.clone()]).await.unwrap();
    assert_eq!(ids(&found), ["1"]);
    assert_eq!(found.records[0].owners, [AMY]);
    // Another host takes the serial number for its name.
    site.local.state().host_mut(1).unwrap().set("hardware_serial", json!("X"));
    site.local.state().host_mut(3).unwrap().set("hostname", json!("ZZ00001"));
    known.udid = None;
    assert!(ids(&site.fleet.known_as(&[known]).await.unwrap()).is_empty());
}

#[tokio::test]
async fn a_device_reports_anew_or_does_not() {
    let site = site().await;
    let found = site.fleet.of_owner(AMY).await.unwrap();
    assert!(site.fleet.refresh(&found.records).await.unwrap());
    let again = site.fleet.of_owner(AMY).await.unwrap();
    assert_eq!(again.records[0].last_seen, Some(time("2026-11-23T10:00:00Z")));
    site.local.state().reports_after = None;
    assert!(!site.fleet.refresh(&found.records).await.unwrap());
}

#[tokio::test]
async fn trouble_is_told_apart_and_names_no_secret() {
    let site = site().await;
    site.faults.add(
        When::get("/hosts").always(),
        Fault::Status(403, "{\"message\":\"no amy@example.com\"}".to_owned()),
    );
    let error = site.fleet.of_owner(AMY).await.unwrap_err();
    assert_eq!(error, SourceError::Misconfigured("Fleet, hosts: 403 \"\"".into()));
    site.faults.clear();
    site.faults.add(When::get("/hosts").always(), Fault::Status(502, String::new()));
    assert!(matches!(site.fleet.all().await, Err(SourceError::Unavailable { .. })));
    site.faults.clear();
    site.faults.add(When::get("/hosts"), Fault::Status(502, String::new()));
    assert!(site.fleet.probe().await.is_ok(), "once is tried again");
    assert!(!format!("{:?}{:?}", site.fleet, site.settings).contains(TOKEN));
}
