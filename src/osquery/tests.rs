use std::collections::BTreeMap;

use chrono::TimeDelta;
use hubcommander_device_sources::osquery::{Answered, KeyHash, Node, Nodes as _};
use hubcommander_posture::{Instant, Serial};
use hubcommander_sdk::clock::SystemClock;
use serde_json::json;

use super::*;

const HOST: &str = "1B2C3D4E-0000-4000-8000-000000000071";

struct Bench {
    _folder: tempfile::TempDir,
    shelf: Shelf,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bot.db").display());
        let shelf = Shelf::default();
        shelf.put(crate::store::open(&url).await.unwrap());
        Self { _folder: folder, shelf }
    }

    /// As a process sees it that has just started.
    fn started(&self, writer: Writer) -> Remembered {
        Remembered::new(self.shelf.clone(), Arc::new(SystemClock), writer)
    }

    async fn stored(&self) -> Vec<(String, serde_json::Value)> {
        self.shelf.get().unwrap().remembered_under("osquery:", 100).await.unwrap()
    }
}

fn now() -> Instant {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn node(key: &str, serial: &str) -> Node {
    Node {
        host: HOST.to_owned(),
        key: KeyHash::of(key),
        details: json!({ "system_info": { "hardware_serial": serial, "computer_name": "desk" } }),
        enrolled_at: now(),
        heard_at: now(),
        results: BTreeMap::new(),
        owners: Default::default(),
    }
}

fn answer(rows: serde_json::Value) -> Answered {
    let rows = rows.as_array().cloned().unwrap();
    Answered { rows, status: Some(0), unix_time: now().timestamp() }
}

fn serial() -> Serial {
    Serial::read("ZZAMY00071").unwrap()
}

#[tokio::test]
async fn all_of_it_outlives_the_process() {
    let bench = Bench::new().await;
    let nodes = bench.started(Writer::Bot);
    nodes.enrol(node("the key", "zzamy00071")).await.unwrap();
    nodes.keep(HOST, [("firewall".to_owned(), answer(json!([{ "state": "1" }])))].into()).await.unwrap();
    nodes.assign(&serial(), ["Ana@Acme.example".to_owned()].into()).await.unwrap();
    nodes.heard(HOST, now() + TimeDelta::minutes(11)).await.unwrap();
    let before = nodes.by_key(&KeyHash::of("the key")).await.unwrap().unwrap();

    let after = bench.started(Writer::Bot).by_key(&KeyHash::of("the key")).await.unwrap().unwrap();
    assert_eq!(after, before);
    assert_eq!(after.owners, ["ana@acme.example".to_owned()].into());
    assert_eq!(after.heard_at, now() + TimeDelta::minutes(11));
    assert_eq!(after.results["firewall"].rows, [json!({ "state": "1" })]);
    let stored = bench.stored().await;
    assert!(!format!("{stored:?}").contains("the key"), "only its hash is kept: {stored:?}");
}

#[tokio::test]
async fn another_enrolment_takes_the_place_of_the_former() {
    let bench = Bench::new().await;
    let nodes = bench.started(Writer::Bot);
    nodes.enrol(node("first", "zzamy00071")).await.unwrap();
    nodes.keep(HOST, [("firewall".to_owned(), answer(json!([])))].into()).await.unwrap();
    nodes.enrol(node("second", "zzamy00071")).await.unwrap();
    for nodes in [nodes, bench.started(Writer::Bot)] {
        assert_eq!(nodes.by_key(&KeyHash::of("first")).await.unwrap(), None);
        let kept = nodes.by_key(&KeyHash::of("second")).await.unwrap().unwrap();
        assert!(kept.results.contains_key("firewall"), "what it told stays");
    }
}

#[tokio::test]
async fn what_the_command_line_changes_is_noticed() {
    let bench = Bench::new().await;
    let (bot, host) = (bench.started(Writer::Bot), bench.started(Writer::Host));
    bot.enrol(node("the key", "zzamy00071")).await.unwrap();
    assert_eq!(host.all().await.unwrap().len(), 1);
    host.assign(&serial(), ["ana@acme.example".to_owned()].into()).await.unwrap();
    let seen = bot.all().await.unwrap().remove(0);
    assert_eq!(seen.owners, ["ana@acme.example".to_owned()].into());

    // What the bot has heard and not written down yet is not lost by reading anew.
    let later = now() + TimeDelta::minutes(2);
    bot.heard(HOST, now() + TimeDelta::minutes(1)).await.unwrap();
    bot.heard(HOST, later).await.unwrap();
    host.assign(&serial(), Default::default()).await.unwrap();
    let seen = bot.all().await.unwrap().remove(0);
    assert_eq!((seen.owners.len(), seen.heard_at), (0, later));

    assert!(host.forget(HOST).await.unwrap());
    assert!(!host.forget(HOST).await.unwrap());
    assert!(bot.all().await.unwrap().is_empty());
    assert_eq!(bot.by_key(&KeyHash::of("the key")).await.unwrap(), None);
}

#[tokio::test]
async fn two_bots_on_one_store_know_the_same_computers() {
    let bench = Bench::new().await;
    let (one, other) = (bench.started(Writer::Bot), bench.started(Writer::Bot));
    assert!(other.all().await.unwrap().is_empty());
    one.enrol(node("the key", "zzamy00071")).await.unwrap();
    // Its key is new to this one, which looks once more before it says so.
    assert!(other.by_key(&KeyHash::of("the key")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_computer_without_a_serial_number_is_assigned_by_its_uuid() {
    let bench = Bench::new().await;
    let nodes = bench.started(Writer::Bot);
    nodes.enrol(node("the key", "To be filled by O.E.M.")).await.unwrap();
    nodes.assign_host(HOST, ["ana@acme.example".to_owned()].into()).await.unwrap();
    let nodes = bench.started(Writer::Bot);
    assert_eq!(nodes.all().await.unwrap()[0].owners, ["ana@acme.example".to_owned()].into());

    // What comes back under the same UUID is nobody's, and knows nothing of the former.
    nodes.keep(HOST, [("firewall".to_owned(), answer(json!([])))].into()).await.unwrap();
    let other = bench.started(Writer::Bot);
    assert_eq!(other.all().await.unwrap().len(), 1);
    nodes.forget(HOST).await.unwrap();
    // Said by a process that has not noticed yet.
    bench.shelf.get().unwrap().remember(&format!("osquery:results:{HOST}"), Some(json!({}))).await.unwrap();
    nodes.enrol(node("another", "To be filled by O.E.M.")).await.unwrap();
    let kept = bench.started(Writer::Bot).all().await.unwrap().remove(0);
    assert!(kept.owners.is_empty() && kept.results.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn what_cannot_be_read_enrols_anew_and_hides_nobody_else() {
    let bench = Bench::new().await;
    let store = bench.shelf.get().unwrap();
    bench.started(Writer::Bot).enrol(node("the key", "zzamy00071")).await.unwrap();
    for odd in [json!(7), json!({ "key": "zz", "details": {}, "enrolled_at": now() })] {
        store.remember("osquery:node:ODD", Some(odd)).await.unwrap();
        assert_eq!(bench.started(Writer::Bot).all().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn without_a_store_nobody_is_known_and_nobody_is_unknown() {
    let nodes = Remembered::new(Shelf::default(), Arc::new(SystemClock), Writer::Bot);
    assert!(nodes.by_key(&KeyHash::of("the key")).await.is_err());
    assert!(nodes.enrol(node("the key", "zzamy00071")).await.is_err());
}
