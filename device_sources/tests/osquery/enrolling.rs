use hubcommander_device_sources::osquery::{KeyHash, Nodes, Osquery, Settings, SetupError};
use hubcommander_sandbox::osquery::{Age, Agent, Host, Trouble};
use hubcommander_sdk::devices::DeviceSource as _;

use super::{LINUX, MAC, SECRET, WINDOWS, bench, client, settings};

#[tokio::test]
async fn an_agent_enrols_and_only_the_hash_of_its_key_is_kept() {
    let bench = bench().await;
    let mut agent = bench.mac();
    agent.enroll().await.unwrap();
    let key = agent.node_key.clone().unwrap();
    assert_eq!(key.len(), 64, "256 bits");
    let node = bench.nodes.by_key(&KeyHash::of(&key)).await.unwrap().unwrap();
    assert_eq!(node.host, MAC);
    assert!(!format!("{:?}{}", node, node.raw()).contains(&key));
    assert_eq!(bench.osquery.probe().await.unwrap(), "1 computer has enrolled, 1 heard within a day");
}

#[tokio::test]
async fn whoever_has_another_secret_is_not_let_in() {
    let bench = bench().await;
    for wrong in ["", "a", "a-secret-that-is-long-enougH", "a-secret-that-is-long-enough-and-more"] {
        let mut agent = Agent::new(&bench.url(), wrong, Age::New, Host::mac(MAC, "ZZAMY00071"), client());
        let trouble = agent.enroll().await.unwrap_err();
        assert!(
            matches!(&trouble, Trouble::NotEnrolled(why) if why == "the enroll secret is another"),
            "{trouble}"
        );
    }
    assert!(bench.nodes.all().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_agent_whose_key_is_unknown_enrols_again_and_the_former_key_is_void() {
    let bench = bench().await;
    let mut agent = bench.mac();
    agent.fetch_config().await.unwrap();
    let former = agent.node_key.clone();
    agent.node_key = Some("nobody's".to_owned());
    assert!(matches!(agent.fetch_config().await, Err(Trouble::NodeInvalid)));
    assert_eq!(agent.node_key, None);
    agent.fetch_config().await.unwrap();
    assert_ne!(agent.node_key, former);
    agent.node_key = former;
    assert!(matches!(agent.fetch_config().await, Err(Trouble::NodeInvalid)), "the former key");
    assert_eq!(bench.nodes.all().await.unwrap().len(), 1);
    bench.nodes.forget(MAC).await.unwrap();
    agent.fetch_config().await.unwrap();
    assert_eq!(bench.nodes.all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_computer_that_claims_to_be_another_is_not_let_in() {
    let bench = bench().await;
    bench.mac().enroll().await.unwrap();
    let refused = [
        ("another's UUID", Host::mac(MAC, "ZZOTHER")),
        ("another's UUID in lower case", Host::mac(&MAC.to_lowercase(), "ZZOTHER")),
        ("another's serial number", Host::windows(WINDOWS, "zzamy00071 ")),
        ("no UUID", Host::mac("desk", "ZZOTHER")),
        ("zeros", Host::mac("00000000-0000-0000-0000-000000000000", "ZZOTHER")),
        ("a maker's placeholder", Host::mac("03000200-0400-0500-0006-000700080009", "ZZOTHER")),
    ];
    for (what, host) in refused {
        assert!(matches!(bench.agent(host).enroll().await, Err(Trouble::NotEnrolled(_))), "{what}");
    }
    let all = bench.nodes.all().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].serial().unwrap().as_str(), "ZZAMY00071");
    // A placeholder is nobody's.
    bench.agent(Host::windows(WINDOWS, "System Serial Number")).enroll().await.unwrap();
    bench.agent(Host::ubuntu(LINUX, "System Serial Number")).enroll().await.unwrap();
}

#[tokio::test]
async fn agents_old_and_new_are_let_in_and_two_keys_at_once_are_not() {
    let bench = bench().await;
    for (age, host) in [(Age::Old, Host::mac(MAC, "ZZA")), (Age::New, Host::windows(WINDOWS, "ZZB"))] {
        let mut agent = Agent::new(&bench.url(), SECRET, age, host, client());
        agent.fetch_config().await.unwrap();
        assert!(!agent.schedule.is_empty(), "{age:?}");
    }
    let mut agent = bench.agent(Host::ubuntu(LINUX, "ZZC"));
    agent.enroll().await.unwrap();
    let key = agent.node_key.unwrap();
    let asked = async |header: Option<&str>, body: String| {
        let request = client().post(format!("{}/osquery/config", bench.url())).body(body);
        let request = match header {
            Some(header) => request.header("authorization", header),
            None => request,
        };
        let answer: serde_json::Value =
            serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        answer["node_invalid"].as_bool().unwrap()
    };
    let right = format!("NodeKey {key}");
    assert!(!asked(Some(&right), "{}".to_owned()).await, "the header alone");
    assert!(!asked(Some(&format!("nodekey {key}")), "{}".to_owned()).await);
    assert!(asked(Some(&right), r#"{"node_key":"another"}"#.to_owned()).await);
    assert!(asked(Some("NodeKey another"), format!(r#"{{"node_key":"{key}"}}"#)).await);
    assert!(asked(Some(&format!("Bearer {key}")), format!(r#"{{"node_key":"{key}"}}"#)).await);
    assert!(asked(None, "{}".to_owned()).await);
    assert!(asked(None, r#"{"node_key":7}"#.to_owned()).await);
    assert!(asked(None, r#"{"node_key":""}"#.to_owned()).await);
}

#[tokio::test]
async fn settings_that_cannot_be_used_say_so() {
    let bench = bench().await;
    let tried = |settings: Settings| {
        Osquery::new(settings, bench.nodes.clone(), bench.clock.clone(), [1; 32]).map(|_| ()).unwrap_err()
    };
    assert_eq!(tried(Settings::new("short".into())), SetupError::Secret);
    let mut same = settings();
    same.paths.log = same.paths.enroll.clone();
    assert!(matches!(tried(same), SetupError::Path(_)));
    let mut wild = settings();
    wild.paths.log = "/{x}".to_owned();
    assert!(matches!(tried(wild), SetupError::Path(_)));
    let mut unnamed = settings();
    unnamed.software.insert(" ".to_owned());
    assert_eq!(tried(unnamed), SetupError::Software);
}
