use std::sync::Arc;
use std::time::Duration;

use hubcommander_device_sources::intune::{Intune, Options, Settings, read};
use hubcommander_outbound::Proxies;
use hubcommander_posture::Seen;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::intune::{Device, Intune as LocalIntune, State};
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};
use serde_json::{Value as Json, json};

use super::{AMY, Hands, OTHER_AMY, QUICK, ids, problems, seen, shared};

const SECRET: &str = "s3cret-of-the-app";
const QUOTED: &str = "o'neil@example.com";

fn device(id: &str, upn: &str, mail: &str) -> Json {
    json!({ "id": id, "deviceName": id, "operatingSystem": "Windows", "osVersion": "10.0.22631.4317",
        "isEncrypted": true, "jailBroken": "Unknown", "lastSyncDateTime": "2026-11-23T07:00:00Z",
        "serialNumber": format!("ZZ{id}"), "userPrincipalName": upn, "emailAddress": mail,
        "manufacturer": "Dell", "model": "XPS 13", "activationLockBypassCode": "BYPASS-123" })
}

struct Site {
    local: LocalIntune,
    faults: Faults,
    clock: Arc<Hands>,
    settings: Settings,
    intune: Intune,
}

async fn site() -> Site {
    let (clock, faults) = (Hands::new(), Faults::default());
    let mut state = State::new("acme.example", "app-1", SECRET);
    state.devices = vec![
        device("w1", AMY, AMY),
        device("w2", OTHER_AMY, OTHER_AMY),
        device("w3", "a.smith@corp.example", AMY),
        device("w4", QUOTED, ""),
        device("w5", "", ""),
    ]
    .into_iter()
    .map(Device::new)
    .collect();
    state.protection.insert(
        "w1".into(),
        json!({ "malwareProtectionEnabled": true, "realTimeProtectionEnabled": false, "signatureUpdateOverdue": false,
            "lastReportedDateTime": "2026-11-23T06:00:00Z" }),
    );
    state.compliance.insert(
        "w1".into(),
        json!([{ "settingStates": [
            { "setting": "Windows10CompliancePolicy.ActiveFirewallRequired", "state": "nonCompliant" },
            { "setting": "Windows10CompliancePolicy.PasswordRequired", "state": "compliant" }] }]),
    );
    let local = LocalIntune::start(state, shared(&clock), faults.clone()).await.unwrap();
    let settings = Settings {
        graph_url: local.url().parse().unwrap(),
        login_url: local.url().parse().unwrap(),
        proxies: Proxies::none(),
        patience: QUICK,
        within: Duration::from_millis(500),
        pause: Duration::from_millis(5),
        ..Settings::new("acme.example", "app-1", SECRET.into()).unwrap()
    };
    let intune = Intune::new(&settings, shared(&clock)).unwrap();
    Site { local, faults, clock, settings, intune }
}

#[test]
fn states_of_settings_become_practices() {
    for (state, expected) in [
        ("compliant", Some(Seen::Good)),
        ("remediated", Some(Seen::Good)),
        ("nonCompliant", Some(Seen::Bad)),
        ("error", Some(Seen::Unknown)),
        ("conflict", Some(Seen::Unknown)),
        ("unknown", Some(Seen::Unknown)),
        ("notApplicable", None),
        ("notAssigned", None),
    ] {
        let mut raw = device("w1", AMY, AMY);
        raw["deviceCompliancePolicyStates"] = json!([{ "settingStates": [{ "setting": "MacOSCompliancePolicy.FirewallEnabled", "state": state }] }]);
        assert_eq!(seen(&read(&raw, &Options::default(), None).unwrap(), "firewall"), expected, "{state}");
    }
}

#[test]
fn what_is_not_said_is_unknown() {
    let mut raw = device("w1", AMY, AMY);
    raw["deviceCompliancePolicyStates"] = json!([]);
    let record = read(&raw, &Options::default(), None).unwrap();
    assert_eq!((seen(&record, "firewall"), seen(&record, "encryption")), (None, Some(Seen::Good)));
    raw["lastSyncDateTime"] = json!("0001-01-01T00:00:00Z");
    raw["isEncrypted"] = json!(false);
    assert_eq!(seen(&read(&raw, &Options::default(), None).unwrap(), "encryption"), Some(Seen::Unknown));
    for (word, expected) in [("False", Seen::Good), ("True", Seen::Bad), ("Unknown", Seen::Unknown)] {
        let mut raw = device("w1", AMY, AMY);
        raw["operatingSystem"] = json!("iOS");
        raw["jailBroken"] = json!(word);
        assert_eq!(seen(&read(&raw, &Options::default(), None).unwrap(), "jailed"), Some(expected), "{word}");
    }
}

#[tokio::test]
async fn somebody_gets_their_own_devices_and_nobody_elses() {
    let site = site().await;
    // Graph passes over a filter on what it cannot filter by, and gives everything.
    for filters in [vec!["userPrincipalName", "emailAddress"], vec!["userPrincipalName"], vec![]] {
        site.local.state().filters = filters.iter().map(|&filter| filter.to_owned()).collect();
        assert_eq!(ids(&site.intune.of_owner("Amy@Example.com").await.unwrap()), ["w1", "w3"], "{filters:?}");
        assert_eq!(ids(&site.intune.of_owner(OTHER_AMY).await.unwrap()), ["w2"]);
        assert_eq!(ids(&site.intune.of_owner(QUOTED).await.unwrap()), ["w4"]);
    }
    let asked = site.faults.arrived();
    assert!(site.intune.of_owner(" ").await.unwrap().records.is_empty());
    assert_eq!(site.faults.arrived(), asked, "an empty address would be answered with all devices");
}

#[tokio::test]
async fn defender_and_compliance_are_asked_for() {
    let site = site().await;
    let found = site.intune.of_owner(AMY).await.unwrap();
    let record = found.records.iter().find(|record| record.id == "w1").unwrap();
    for (practice, expected) in [("defender", Seen::Bad), ("firewall", Seen::Bad), ("screenlock", Seen::Good)]
    {
        assert_eq!(seen(record, practice), Some(expected), "{practice}");
    }
    assert!(!format!("{found:?}").contains("BYPASS"));
    assert!(site.faults.log().iter().all(|one| !one.query.contains("activationLock")));
}

#[tokio::test]
async fn a_part_that_is_not_given_is_said_and_the_device_stays() {
    let site = site().await;
    site.faults
        .add(When::get("*/w1/deviceCompliancePolicyStates").always(), Fault::Status(403, String::new()));
    let found = site.intune.of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["w1", "w3"]);
    assert_eq!(problems(&found), ["Intune did not say everything about this device."]);
    site.local.state().devices[0].unset("id");
    let found = site.intune.of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["w3"]);
    assert_eq!(problems(&found), ["A device that Intune lists has no id."; 2]);
}

#[tokio::test]
async fn pages_are_followed_at_graph_alone() {
    let site = site().await;
    site.local.state().page = 2;
    assert_eq!(site.intune.all().await.unwrap().records.len(), 5);
    site.local.state().elsewhere = Some("https://evil.test".to_owned());
    let error = site.intune.all().await.unwrap_err();
    assert_eq!(
        error,
        SourceError::Unreadable(
            "Intune, managed devices: an answer that cannot be read: the next page is at another host".into()
        )
    );
}

#[tokio::test]
async fn tokens_end_and_patience_is_kept() {
    let site = site().await;
    site.intune.of_owner(AMY).await.unwrap();
    site.clock.forward(3599);
    site.intune.of_owner(AMY).await.unwrap();
    site.local.state().revoke_tokens();
    site.intune.of_owner(AMY).await.unwrap();
    assert_eq!(site.local.state().tokens_given, 3);
    site.faults.add(
        When::get("/managedDevices").always(),
        Fault::RateLimited { retry_after: Duration::from_secs(7) },
    );
    let error = site.intune.of_owner(AMY).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Unavailable { retry_after: Some(wait), .. } if wait.as_secs() == 7),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_wrong_secret_is_a_matter_of_settings_and_is_not_shown() {
    let site = site().await;
    site.local.state().client_secret = "another".to_owned();
    let error = site.intune.probe().await.unwrap_err();
    assert_eq!(error, SourceError::Misconfigured("Intune, a token: 401 \"invalid_client\"".into()));
    assert!(!format!("{:?}{:?}", site.settings, site.intune).contains(SECRET));
}

#[tokio::test]
async fn what_others_found_is_known_by_its_serial_number() {
    let site = site().await;
    let known = read(&device("w2", "", ""), &Options::default(), None).unwrap().identifiers;
    assert_eq!(ids(&site.intune.known_as(&[known]).await.unwrap()), ["w2"]);
}
