//! The source of the sandbox's devices against the sandbox's devices.

use std::sync::Arc;

use hubcommander_device_sources::sample::{Sample, read};
use hubcommander_posture::{Identifiers, PracticeKey, Seen, Serial};
use hubcommander_sandbox::devices::{Devices, Standing, World};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sdk::clock::{Clock, Instant};
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};
use serde_json::json;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }
}

async fn start() -> (Devices, Sample) {
    let devices = Devices::start(World::acme(Fixed.now()), Arc::new(Fixed), Faults::default()).await.unwrap();
    let sample = Sample::new(&devices.url().parse().unwrap(), Arc::new(Fixed)).unwrap();
    (devices, sample)
}

#[tokio::test]
async fn a_persons_devices_are_found_by_their_exact_address() {
    let (_devices, sample) = start().await;
    let of = async |email: &str| sample.of_owner(email).await.unwrap().records.len();
    assert_eq!(of("Ana@acme.example").await, 3);
    assert_eq!(of("ana@acme.exampl").await, 0);
    assert_eq!(of("*@acme.example").await, 0);
    assert_eq!(of("../devices").await, 0);
    assert_eq!(of("").await, 0);
    assert_eq!(sample.all().await.unwrap().records.len(), 4);
    let known = Identifiers { serial: Serial::read("sbxwin00072"), ..Identifiers::default() };
    assert_eq!(sample.known_as(&[known]).await.unwrap().records[0].name.as_deref(), Some("ana-laptop"));
    assert_eq!(sample.known_as(&[Identifiers::default()]).await.unwrap().records.len(), 0);
    assert_eq!(sample.probe().await.unwrap(), "4 devices of the sandbox");
}

#[tokio::test]
async fn a_button_on_the_page_changes_what_is_found() {
    let (devices, sample) = start().await;
    let encryption = async || {
        let found = sample.of_owner("ana@acme.example").await.unwrap();
        let mac = found.records.into_iter().find(|record| record.id == "SBXMAC00071").unwrap();
        (mac.observations[&PracticeKey::from("encryption")].seen, mac.last_seen)
    };
    let (seen, before) = encryption().await;
    assert_eq!(seen, Seen::Bad);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client.get(devices.desk_url("ana@acme.example")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Ana&#39;s MacBook") && page.contains("Disk is encrypted"), "{page}");
    let button = |origin: &str, body: &str| {
        client
            .post(format!("{}/SBXMAC00071", devices.desk_url("ana@acme.example")))
            .header("origin", origin.to_owned())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned())
    };
    let evil = button("http://evil.example", "practice=encryption&set=good").send().await.unwrap();
    assert_eq!(evil.status(), 403);
    let none = button(&devices.url(), "practice=magic&set=good").send().await.unwrap();
    assert_eq!(none.status(), 404);
    assert_eq!(encryption().await.0, Seen::Bad);
    let pressed = button(&devices.url(), "practice=encryption&set=good").send().await.unwrap();
    assert!(pressed.status().is_success(), "followed to the page");
    let (seen, after) = encryption().await;
    assert_eq!(seen, Seen::Good);
    assert!(after > before);
    assert!(devices.world().set("SBXMAC00071", "encryption", Standing::Unknown, Fixed.now()));
    assert_eq!(encryption().await.0, Seen::Unknown);
}

#[tokio::test]
async fn devices_report_anew_when_asked() {
    let (_devices, sample) = start().await;
    let found = sample.of_owner("ana@acme.example").await.unwrap();
    assert!(sample.refresh(&found.records).await.unwrap());
    let after = sample.of_owner("ana@acme.example").await.unwrap();
    assert!(after.records.iter().all(|record| record.last_seen == Some(Fixed.now())));
    assert!(!sample.refresh(&[]).await.unwrap());
}

#[tokio::test]
async fn a_source_that_is_gone_is_unavailable() {
    let (devices, sample) = start().await;
    drop(devices);
    assert!(matches!(sample.of_owner("ana@acme.example").await, Err(SourceError::Unavailable { .. })));
    let far = Sample::new(&"http://devices.example".parse().unwrap(), Arc::new(Fixed));
    assert!(far.is_err());
}

#[test]
fn what_is_absent_is_not_said() {
    let bare = read(&json!({ "serial": "S1" }), None).unwrap();
    assert!(bare.observations.is_empty() && bare.platform.is_none() && bare.owners.is_empty());
    assert!(read(&json!({ "name": "x" }), None).is_err());
    let odd = read(
        &json!({ "serial": "S1", "practices": { "firewall": null, "encryption": "yes", "jailed": 1 } }),
        None,
    );
    assert!(odd.unwrap().observations.values().all(|observation| observation.seen == Seen::Unknown));
}
