use hubcommander_device_sources::osquery::Nodes;
use hubcommander_sandbox::osquery::{Host, gzip};
use serde_json::{Value, json};

use super::{Bench, LINUX, MAC, bench, client};

async fn status(bench: &Bench, path: &str, encoding: Option<&str>, body: Vec<u8>) -> u16 {
    let mut request = client().post(format!("{}{path}", bench.url())).body(body);
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn bodies_that_cannot_be_used_are_refused_and_cost_little() {
    let bench = bench().await;
    let paths = [
        "/osquery/enroll",
        "/osquery/config",
        "/osquery/log",
        "/osquery/distributed/read",
        "/osquery/distributed/write",
    ];
    let bomb = gzip(&vec![b' '; 8 * 1024 * 1024]);
    assert!(bomb.len() < 64 * 1024);
    for path in paths {
        for bad in ["", "{", "[]", "7", "{\"a\":}", "\u{0}"] {
            assert_eq!(status(&bench, path, None, bad.into()).await, 400, "{path} {bad}");
        }
        assert_eq!(status(&bench, path, Some("gzip"), b"not packed".to_vec()).await, 400, "{path}");
        assert_eq!(status(&bench, path, Some("gzip"), bomb.clone()).await, 413, "{path}");
        assert_eq!(status(&bench, path, Some("br"), b"{}".to_vec()).await, 415, "{path}");
        assert_eq!(status(&bench, path, None, vec![b' '; 300 * 1024]).await, 413, "{path}");
        let get = client().get(format!("{}{path}", bench.url())).send().await.unwrap();
        assert_eq!(get.status(), 405);
    }
    let deep = "[".repeat(50_000);
    assert_eq!(status(&bench, paths[2], None, deep.into_bytes()).await, 400);
}

async fn sent(bench: &Bench, events: Value) -> Vec<(String, i64)> {
    let mut agent = bench.mac();
    agent.enroll().await.unwrap();
    agent.send_log("result", events).await.unwrap();
    let node = bench.nodes.by_host(MAC).await.unwrap().unwrap();
    node.results.into_iter().map(|(name, answer)| (name, answer.unix_time)).collect()
}

fn event(changes: &Value) -> Value {
    let mut event = json!({
        "action": "snapshot", "name": "firewall", "hostIdentifier": MAC, "unixTime": "1795420700",
        "snapshot": [{ "global_state": "1" }],
    });
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

#[tokio::test]
async fn of_what_is_sent_only_what_was_asked_of_this_computer_is_kept() {
    let now = 1_795_420_800;
    let cases = [
        ("as it should be", json!({}), Some(1_795_420_700)),
        ("a number", json!({ "unixTime": 1_795_420_700 }), Some(1_795_420_700)),
        ("as older descriptions have it", json!({ "hostIdentifier": null, "hostname": MAC }), None),
        ("in lower case", json!({ "hostIdentifier": MAC.to_lowercase() }), Some(1_795_420_700)),
        ("from the future", json!({ "unixTime": "4102444800" }), Some(now)),
        ("another computer", json!({ "hostIdentifier": LINUX }), None),
        ("never asked", json!({ "name": "browser_history" }), None),
        ("a difference", json!({ "action": "added" }), None),
        ("no time", json!({ "unixTime": "soon" }), None),
    ];
    for (what, changes, kept) in cases {
        let bench = bench().await;
        assert_eq!(bench.seconds(), now);
        let results = sent(&bench, json!([event(&changes), 7, null])).await;
        let expected: Vec<_> = kept.map(|at| ("firewall".to_owned(), at)).into_iter().collect();
        assert_eq!(results, expected, "{what}");
    }
    let bench = bench().await;
    let mut hostname = event(&json!({ "hostname": MAC }));
    hostname.as_object_mut().unwrap().remove("hostIdentifier");
    assert_eq!(sent(&bench, json!([hostname])).await.len(), 1);
}

#[tokio::test]
async fn an_older_answer_does_not_replace_a_newer_one() {
    let bench = bench().await;
    let newer = event(&json!({}));
    let older = event(&json!({ "unixTime": "1795420000", "snapshot": [{ "global_state": "0" }] }));
    sent(&bench, json!([newer, older.clone()])).await;
    let kept = sent(&bench, json!([older])).await;
    assert_eq!(kept, [("firewall".to_owned(), 1_795_420_700)]);
}

#[tokio::test]
async fn a_key_of_another_computer_does_not_speak_for_this_one() {
    let bench = bench().await;
    let (mut mac, mut other) = (bench.mac(), bench.agent(Host::ubuntu(LINUX, "ZZC")));
    mac.enroll().await.unwrap();
    other.enroll().await.unwrap();
    mac.node_key = other.node_key.clone();
    mac.send_log("result", json!([event(&json!({}))])).await.unwrap();
    assert!(bench.nodes.all().await.unwrap().iter().all(|node| node.results.is_empty()));
}

#[tokio::test]
async fn what_agents_say_of_themselves_is_not_kept() {
    let bench = bench().await;
    let mut agent = bench.mac();
    agent.enroll().await.unwrap();
    agent.send_log("status", json!([event(&json!({}))])).await.unwrap();
    assert!(bench.nodes.by_host(MAC).await.unwrap().unwrap().results.is_empty());
}
