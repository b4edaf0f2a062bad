use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_posture::{PracticeKey, Record, Seen};
use hubcommander_sandbox::osquery::{Agent, Host, Trouble};
use hubcommander_sdk::devices::DeviceSource as _;
use serde_json::json;

use super::{Bench, LINUX, MAC, WINDOWS, bench, bench_with, client, settings};

async fn records(bench: &Bench) -> Vec<Record> {
    bench.osquery.all().await.unwrap().records
}

fn of(record: &Record, practice: &str) -> Option<Seen> {
    record.observations.get(&PracticeKey::from(practice)).map(|observation| observation.seen)
}

/// Polls until there was something to answer.
async fn polls(agent: &mut Agent) -> usize {
    loop {
        match agent.poll().await.unwrap() {
            0 => tokio::task::yield_now().await,
            ran => return ran,
        }
    }
}

#[tokio::test]
async fn check_again_is_answered_within_one_poll() {
    let bench = bench().await;
    let mut agent = bench.mac();
    agent.fetch_config().await.unwrap();
    agent.run_schedule(bench.seconds()).await.unwrap();
    assert_eq!(agent.poll().await.unwrap(), 0, "nothing is asked by itself");
    assert_eq!(agent.accelerate, None);
    agent.host.filevault("off");
    bench.clock.pass(TimeDelta::minutes(5));
    let before = records(&bench).await;
    assert_eq!(of(&before[0], "encryption"), Some(Seen::Good));

    let (reported, ran) = tokio::join!(bench.osquery.refresh(&before), polls(&mut agent));
    assert!(reported.unwrap());
    assert_eq!(ran, 8);
    assert_eq!(agent.accelerate, Some(120));
    let after = records(&bench).await;
    assert_eq!(of(&after[0], "encryption"), Some(Seen::Bad));
    assert_eq!(of(&after[0], "firewall"), Some(Seen::Good));
    assert_eq!(agent.poll().await.unwrap(), 0, "and once only");
}

#[tokio::test]
async fn a_query_that_fails_is_unknown_and_the_others_count() {
    let bench = bench().await;
    let mut agent = bench.mac();
    agent.fetch_config().await.unwrap();
    agent.run_schedule(bench.seconds()).await.unwrap();
    agent.host.without("alf");
    let (reported, _) = tokio::join!(
        async { bench.osquery.refresh(&records(&bench).await).await.unwrap() },
        polls(&mut agent)
    );
    assert!(reported);
    let after = records(&bench).await;
    assert_eq!(of(&after[0], "firewall"), Some(Seen::Unknown));
    assert_eq!(of(&after[0], "encryption"), Some(Seen::Good));
}

#[tokio::test]
async fn discovery_uses_what_is_everywhere() {
    let bench = bench().await;
    for host in [Host::mac(MAC, "ZZA"), Host::windows(WINDOWS, "ZZB"), Host::ubuntu(LINUX, "ZZC")] {
        let id = host.uuid();
        let mut agent = bench.agent(host);
        agent.enroll().await.unwrap();
        let all = records(&bench).await;
        let its: Vec<Record> = all.into_iter().filter(|record| record.id == id).collect();
        let (reported, ran) = tokio::join!(bench.osquery.refresh(&its), polls(&mut agent));
        assert!(reported.unwrap() && ran > 1);
        let after = records(&bench).await;
        let record = after.iter().find(|record| record.id == id).unwrap();
        assert_eq!(of(record, "encryption"), Some(Seen::Good), "{id}");
        assert!(record.software.is_some());
    }
    // The model aborts as agents do.
    let mut agent = bench.mac();
    agent.host = Host::mac(MAC, "ZZA");
    agent.enroll().await.unwrap();
    agent.host.without("os_version");
    let before = records(&bench).await;
    let aborted = async {
        loop {
            match agent.poll().await {
                Ok(0) => tokio::task::yield_now().await,
                other => break other,
            }
        }
    };
    tokio::select! {
        _ = bench.osquery.refresh(&before) => panic!("nobody answers"),
        aborted = aborted => assert!(matches!(aborted, Err(Trouble::Discovery))),
    }
}

#[tokio::test]
async fn whoever_does_not_come_is_not_waited_for_long() {
    let mut short = settings();
    short.refresh_within = Duration::from_millis(5);
    let bench = bench_with(short).await;
    let mut agent = bench.mac();
    agent.enroll().await.unwrap();
    assert!(!bench.osquery.refresh(&records(&bench).await).await.unwrap());
    // What it answers later is kept all the same.
    assert_eq!(agent.poll().await.unwrap(), 8);
    assert_eq!(of(&records(&bench).await[0], "encryption"), Some(Seen::Good));
    // After ten minutes the question is void.
    assert!(!bench.osquery.refresh(&records(&bench).await).await.unwrap());
    bench.clock.pass(TimeDelta::minutes(11));
    assert_eq!(agent.poll().await.unwrap(), 0);
    assert!(
        !bench.osquery.refresh(&[Record::new("osquery", "nobody"), Record::new("jamf", MAC)]).await.unwrap()
    );
}

#[tokio::test]
async fn an_answer_to_another_computers_question_does_not_count() {
    let mut short = settings();
    short.refresh_within = Duration::from_millis(5);
    let bench = bench_with(short).await;
    let (mut mac, mut other) = (bench.mac(), bench.agent(Host::mac(LINUX, "ZZC")));
    mac.enroll().await.unwrap();
    other.enroll().await.unwrap();
    let its: Vec<Record> = records(&bench).await.into_iter().filter(|record| record.id == MAC).collect();
    bench.osquery.refresh(&its).await.unwrap();
    assert_eq!(other.poll().await.unwrap(), 0);
    let post = async |path: &str, body: serde_json::Value| -> serde_json::Value {
        let request =
            client().post(format!("{}/osquery/distributed/{path}", bench.url())).body(body.to_string());
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    };
    let asked = post("read", json!({ "node_key": mac.node_key })).await;
    let name =
        asked["queries"].as_object().unwrap().keys().find(|name| name.starts_with("firewall-")).unwrap();
    let answer = |key: &Option<String>, rows: serde_json::Value| json!({ "node_key": key, "queries": { name: rows }, "statuses": { name: 0 } });
    let on = json!([{ "global_state": "1" }]);
    post("write", answer(&other.node_key, on.clone())).await;
    assert!(records(&bench).await.iter().all(|record| record.observations.is_empty()));
    // Rows of another shape say nothing.
    post("write", answer(&mac.node_key, json!([{ "global_state": 1 }]))).await;
    let record = records(&bench).await.into_iter().find(|record| record.id == MAC).unwrap();
    assert_eq!(of(&record, "firewall"), Some(Seen::Unknown));
    // And a question is answered once.
    post("write", answer(&mac.node_key, on)).await;
    let record = records(&bench).await.into_iter().find(|record| record.id == MAC).unwrap();
    assert_eq!(of(&record, "firewall"), Some(Seen::Unknown));
}
