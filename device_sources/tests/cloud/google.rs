use std::sync::Arc;
use std::time::Duration;

use hubcommander_device_sources::google::{Google, Settings, SetupError};
use hubcommander_outbound::Proxies;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::google::{Device, Google as LocalGoogle, State};
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{AMY, Hands, OTHER_AMY, QUICK, ids, problems, shared};

const ADMIN: &str = "admin@example.com";

struct Site {
    local: LocalGoogle,
    faults: Faults,
    clock: Arc<Hands>,
    settings: Settings,
    google: Google,
}

fn phone(id: &str, email: &str) -> Device {
    Device::new(
        json!({ "kind": "admin#directory#mobiledevice", "resourceId": id, "serialNumber": format!("S{id}"),
        "os": "Android 15", "email": [email], "lastSync": "2026-11-22T08:00:00Z" }),
    )
}

async fn site() -> Site {
    let (clock, faults) = (Hands::new(), Faults::default());
    let mut state = State::new(ADMIN).unwrap();
    state.mobile = vec![phone("p1", AMY), phone("p2", OTHER_AMY), phone("p3", "amy@example.com.evil.test")];
    state.chromeos =
        vec![Device::new(json!({ "deviceId": "c1", "serialNumber": "CB1", "bootMode": "Verified",
        "recentUsers": [{ "email": "eve@example.com" }, { "email": AMY }] }))];
    state.devices = vec![
        Device::new(json!({ "name": "devices/m1", "deviceType": "MAC_OS", "serialNumber": "ZZAMY00071" })),
        Device::new(json!({ "name": "devices/m2", "deviceType": "WINDOWS", "serialNumber": "ZZEVE00072" })),
    ];
    state.device_users = vec![
        Device::new(
            json!({ "name": "devices/m1/deviceUsers/1", "userEmail": AMY, "passwordState": "PASSWORD_SET" }),
        ),
        Device::new(json!({ "name": "devices/m2/deviceUsers/2", "userEmail": OTHER_AMY })),
    ];
    let local = LocalGoogle::start(state, shared(&clock), faults.clone()).await.unwrap();
    let settings = Settings {
        directory_url: local.url().parse().unwrap(),
        identity_url: local.url().parse().unwrap(),
        proxies: Proxies::none(),
        patience: QUICK,
        within: Duration::from_millis(500),
        pause: Duration::from_millis(5),
        ..Settings::new(local.key_file().into(), ADMIN).unwrap()
    };
    let google = Google::new(&settings, shared(&clock)).unwrap();
    Site { local, faults, clock, settings, google }
}

#[tokio::test]
async fn somebody_gets_their_own_devices_and_nobody_elses() {
    let site = site().await;
    for careless in [false, true] {
        site.local.state().careless = careless;
        assert_eq!(ids(&site.google.of_owner("AMY@example.com").await.unwrap()), ["devices/m1", "p1"]);
        assert_eq!(ids(&site.google.of_owner(OTHER_AMY).await.unwrap()), ["devices/m2", "p2"]);
        assert!(site.google.of_owner("a*@example.com").await.unwrap().records.is_empty());
    }
    let asked = site.faults.arrived();
    assert!(site.google.of_owner("").await.unwrap().records.is_empty());
    assert_eq!(site.faults.arrived(), asked, "an empty address is not asked for");
}

#[tokio::test]
async fn a_bad_record_is_reported_and_the_others_stay() {
    let site = site().await;
    {
        let mut state = site.local.state();
        let mut bare = phone("p4", AMY);
        bare.unset("lastSync");
        bare.set("os", json!("Android"));
        state.mobile.push(bare);
        let mut broken = phone("", AMY);
        broken.unset("resourceId");
        state.mobile.insert(0, broken);
    }
    let found = site.google.of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["devices/m1", "p1", "p4"]);
    assert_eq!(problems(&found), ["A device that Google lists has no id."]);
}

#[tokio::test]
async fn all_pages_are_read() {
    let site = site().await;
    site.local.state().mobile.extend((0..250).map(|number| phone(&format!("more{number}"), AMY)));
    assert_eq!(site.google.of_owner(AMY).await.unwrap().records.len(), 252);
    let all = site.google.all().await.unwrap();
    assert_eq!(all.records.len(), 256);
    assert!(all.records.iter().any(|record| record.id == "devices/m2" && record.owners == [OTHER_AMY]));
}

#[tokio::test]
async fn a_token_is_used_while_it_lasts_and_asked_for_again_when_refused() {
    let site = site().await;
    site.google.of_owner(AMY).await.unwrap();
    site.google.of_owner(AMY).await.unwrap();
    assert_eq!(site.local.state().tokens_given, 1);
    site.clock.forward(3600);
    site.google.of_owner(AMY).await.unwrap();
    assert_eq!(site.local.state().tokens_given, 2);
    site.local.state().revoke_tokens();
    assert_eq!(ids(&site.google.of_owner(AMY).await.unwrap()), ["devices/m1", "p1"]);
}

#[tokio::test]
async fn one_list_that_fails_leaves_the_others() {
    let site = site().await;
    site.faults.add(When::get("/devices/chromeos").always(), Fault::Status(200, "{ broken".to_owned()));
    let found = site.google.of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["devices/m1", "p1"]);
    assert_eq!(problems(&found), ["Google did not give its list of Chromebooks. Devices may be missing."]);
    assert!(matches!(site.google.probe().await, Err(SourceError::Unreadable(_))));
}

#[tokio::test]
async fn too_often_is_tried_again_and_not_allowed_is_not() {
    let site = site().await;
    site.faults.add(When::get("/devices/mobile"), Fault::SecondaryLimit);
    assert_eq!(ids(&site.google.of_owner(AMY).await.unwrap()), ["devices/m1", "p1"]);
    site.faults.add(When::get("/").always(), Fault::RateLimited { retry_after: Duration::from_secs(9) });
    let error = site.google.of_owner(AMY).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Unavailable { retry_after: Some(wait), .. } if wait.as_secs() == 9),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_scope_or_an_administrator_that_is_not_allowed_is_a_matter_of_settings() {
    let site = site().await;
    site.local.state().scopes.pop();
    let error = site.google.of_owner(AMY).await.unwrap_err();
    assert_eq!(error, SourceError::Misconfigured("Google, a token: 400 \"unauthorized_client\"".into()));
}

#[tokio::test]
async fn another_key_gives_no_token() {
    let (site, other) = (site().await, State::new(ADMIN).unwrap());
    let other = LocalGoogle::start(other, shared(&site.clock), Faults::default()).await.unwrap();
    let key = other.key_file().replace(&other.url(), &site.local.url());
    let settings = Settings { key: key.into(), ..site.settings.clone() };
    let error = Google::new(&settings, shared(&site.clock)).unwrap().probe().await.unwrap_err();
    assert_eq!(error, SourceError::Misconfigured("Google, a token: 400 \"invalid_grant\"".into()));
}

#[tokio::test]
async fn what_others_found_is_known_by_its_serial_number() {
    let site = site().await;
    let all = site.google.all().await.unwrap();
    let known = |id: &str| all.records.iter().find(|record| record.id == id).unwrap().identifiers.clone();
    let found = site.google.known_as(&[known("devices/m1"), known("p2"), known("c1")]).await.unwrap();
    assert_eq!(ids(&found), ["c1", "devices/m1", "p2"]);
    assert!(found.records.iter().any(|record| record.owners == [AMY]));
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let site = site().await;
    let key = site.settings.key.expose_secret().to_owned();
    let shown = format!("{:?} {:?}", site.settings, site.google);
    assert!(!shown.contains("PRIVATE") && !shown.contains(&key[60..100]), "{shown}");
    let broken = Settings { key: key.replace("BEGIN", "BEGUN").into(), ..site.settings.clone() };
    let error = Google::new(&broken, shared(&site.clock)).unwrap_err();
    assert!(matches!(error, SetupError::Key(_)) && !error.to_string().contains("MII"), "{error}");
}
