//! Who is asked for, and what comes.

use std::time::Duration;

use hubcommander_device_sources::jamf::{Api, Inventory, Jamf};
use hubcommander_posture::{Identifiers, Seen, Serial};
use hubcommander_sandbox::jamf::{World, mac};
use hubcommander_sdk::devices::DeviceSource as _;

use crate::world::{AMY, BEN, OTHER_AMY, SECRET, Scene, ids, reported, seen};

#[tokio::test]
async fn two_people_with_one_local_part_are_two_people() {
    let mut scene = Scene::people().await;
    for api in [Api::Pro, Api::Classic] {
        scene.settings.api = api;
        let source = scene.source();
        assert_eq!(ids(&source.of_owner(AMY).await.unwrap()), ["71", "mobile-11"], "{api:?}");
        assert_eq!(
            ids(&source.of_owner(" Amy@Acme.Example ").await.unwrap()),
            ["71", "mobile-11"],
            "{api:?}"
        );
        assert_eq!(ids(&source.of_owner(BEN).await.unwrap()), ["73"], "{api:?}");
        for nobody in
            ["", "  ", "amy", "zoe@acme.example", "*", "amy@*", r#"x" or userAndLocation.email=="*"#]
        {
            let found = source.of_owner(nobody).await.unwrap();
            assert_eq!((ids(&found), found.problems.len()), (vec![], 0), "{api:?} {nobody:?}");
        }
    }
    scene.settings.api = Api::Pro;
    assert_eq!(ids(&scene.source().of_owner(OTHER_AMY).await.unwrap()), ["72", "mobile-12"]);
}

#[tokio::test]
async fn an_empty_address_asks_nothing() {
    let scene = Scene::people().await;
    scene.source().of_owner(" ").await.unwrap();
    assert_eq!(scene.faults.arrived(), 0);
}

#[tokio::test]
async fn a_server_that_answers_too_much_shows_nobody_elses_device() {
    let scene = Scene::people().await;
    {
        let mut state = scene.server.state();
        state.ignores_filters = true;
        // One of somebody else that cannot be read: not even that is told.
        state.computer_mut("73").unwrap()["security"] = "broken".into();
    }
    let source = scene.source();
    let found = source.of_owner(AMY).await.unwrap();
    assert_eq!((ids(&found), found.problems.len()), (vec!["71", "mobile-11"], 0));
    let asked = Identifiers { serial: Serial::read("zzmac00072"), ..Identifiers::default() };
    assert_eq!(ids(&source.known_as(&[asked]).await.unwrap()), ["72"]);
    assert_eq!(ids(&source.known_as(&[]).await.unwrap()), Vec::<&str>::new());
}

#[tokio::test]
async fn devices_are_found_by_what_others_know_them_by() {
    let mut scene = Scene::people().await;
    let by_serial = Identifiers { serial: Serial::read("zzmac00071"), ..Identifiers::default() };
    let by_mac = Identifiers {
        mac_addresses: hubcommander_posture::Mac::read("a483e7000048").into_iter().collect(),
        ..Identifiers::default()
    };
    let by_udid =
        Identifiers { udid: Some("00008120-0000000000000012".to_owned()), ..Identifiers::default() };
    for api in [Api::Pro, Api::Classic] {
        scene.settings.api = api;
        let found =
            scene.source().known_as(&[by_serial.clone(), by_mac.clone(), by_udid.clone()]).await.unwrap();
        let mut ids = ids(&found);
        ids.sort_unstable();
        assert_eq!(ids, ["71", "72", "mobile-12"], "{api:?}");
        assert!(
            scene.source().known_as(&[Identifiers::default()]).await.unwrap().records.is_empty(),
            "{api:?}"
        );
    }
}

#[tokio::test]
async fn many_identifiers_go_in_batches() {
    let scene = Scene::people().await;
    let many: Vec<Identifiers> = (1..=100)
        .map(|number| Identifiers {
            serial: Serial::read(&format!("ZZMAC{number:05}")),
            ..Identifiers::default()
        })
        .collect();
    let found = scene.source().known_as(&many).await.unwrap();
    assert_eq!(ids(&found), ["71", "72", "73"]);
    assert_eq!((scene.asked("computers-inventory"), scene.asked("mobile-devices")), (3, 3));
    assert!(scene.faults.log().iter().all(|one| one.query.len() < 2500));
}

#[tokio::test]
async fn all_pages_are_read_and_few_at_once() {
    let mut world = World::new("client-1", SECRET);
    for id in 1..=23 {
        world = world.computer(mac(id, BEN, reported()));
    }
    let mut scene = Scene::new(world).await;
    scene.settings.page_size = 5;
    let most = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (faults, highest) = (scene.faults.clone(), most.clone());
    scene.faults.on_request(move |_| {
        highest.fetch_max(faults.in_flight(), std::sync::atomic::Ordering::SeqCst);
    });
    scene.faults.set_latency(Duration::from_millis(5));
    let source = scene.source();
    let (found, other) = tokio::join!(source.all(), source.of_owner(BEN));
    let expected: Vec<String> = (1..=23).map(|id: u32| id.to_string()).collect();
    assert_eq!(ids(&found.unwrap()), expected);
    assert_eq!(ids(&other.unwrap()), expected);
    assert_eq!(scene.asked("computers-inventory"), 10);
    let most = most.load(std::sync::atomic::Ordering::SeqCst);
    assert!((2..=5).contains(&most), "{most}");
}

#[tokio::test]
async fn the_newest_inventory_that_is_there_is_asked_and_remembered() {
    let scene = Scene::people().await;
    let source = scene.source();
    scene.server.state().versions = [1, 3].into();
    source.of_owner(AMY).await.unwrap();
    source.of_owner(AMY).await.unwrap();
    let asked =
        |scene: &Scene| ["v4", "v3", "v1"].map(|version| scene.asked(&format!("/{version}/computers")));
    assert_eq!(asked(&scene), [1, 2, 0]);
    // The server was brought up to date, and dropped what it had.
    scene.server.state().versions = [4].into();
    assert_eq!(ids(&source.of_owner(AMY).await.unwrap()), ["71", "mobile-11"]);
    assert_eq!(asked(&scene)[0], 2);
    scene.server.state().versions = [1].into();
    assert_eq!(ids(&source.of_owner(AMY).await.unwrap()), ["71", "mobile-11"]);
    assert_eq!(source.probe().await.unwrap(), "3 computers by inventory v1, 2 mobile devices");
}

#[tokio::test]
async fn a_version_that_is_set_is_the_only_one_asked() {
    let mut scene = Scene::people().await;
    scene.settings.inventory = Some(Inventory::V3);
    let source = scene.source();
    assert_eq!(source.probe().await.unwrap(), "3 computers by inventory v3, 2 mobile devices");
    scene.server.state().versions = [4].into();
    assert!(source.of_owner(AMY).await.is_err());
    assert_eq!(scene.asked("/v4/"), 0);
}

#[tokio::test]
async fn a_token_is_used_until_it_is_about_to_end() {
    let scene = Scene::people().await;
    let source = scene.source();
    let given = || scene.server.state().tokens_given();
    for _ in 0..3 {
        source.of_owner(AMY).await.unwrap();
    }
    assert_eq!(given(), 1);
    // It lasts for 59 seconds, and is not used in the last 5.
    scene.clock.forward(53);
    source.of_owner(AMY).await.unwrap();
    assert_eq!(given(), 1);
    scene.clock.forward(1);
    source.of_owner(AMY).await.unwrap();
    assert_eq!(given(), 2);
    // One that ended before its time is asked for anew, once.
    scene.server.state().end_tokens();
    assert_eq!(ids(&source.of_owner(AMY).await.unwrap()), ["71", "mobile-11"]);
    assert_eq!(given(), 3);
}

#[tokio::test]
async fn a_token_that_lasts_seconds_will_do() {
    let scene = Scene::people().await;
    scene.server.state().token_lasts = Duration::from_secs(3);
    assert_eq!(ids(&scene.source().of_owner(AMY).await.unwrap()), ["71", "mobile-11"]);
    assert_eq!(scene.server.state().tokens_given(), 2);
}

#[tokio::test]
async fn an_older_server_gives_tokens_elsewhere() {
    let mut scene = Scene::people().await;
    scene.server.state().versioned_tokens = false;
    assert_eq!(ids(&scene.source().of_owner(AMY).await.unwrap()), ["71", "mobile-11"]);
    scene.settings.token_path = Some("/api/oauth/token".to_owned());
    scene.faults.clear_log();
    scene.source().of_owner(AMY).await.unwrap();
    assert_eq!(scene.asked("/api/v1/oauth"), 0);
}

#[tokio::test]
async fn mobile_devices_can_be_left_out() {
    let mut scene = Scene::people().await;
    scene.settings.mobile = false;
    for api in [Api::Pro, Api::Classic] {
        scene.settings.api = api;
        assert_eq!(ids(&scene.source().of_owner(AMY).await.unwrap()), ["71"]);
        assert_eq!(scene.source().all().await.unwrap().records.len(), 3);
    }
    assert_eq!(scene.asked("mobile"), 0);
}

#[tokio::test]
async fn what_changes_at_jamf_is_seen() {
    let mut scene = Scene::people().await;
    for api in [Api::Pro, Api::Classic] {
        scene.settings.api = api;
        for one_partition in [false, true] {
            scene.server.state().one_partition = one_partition;
            let source = scene.source();
            let encryption = async || seen(&source.of_owner(BEN).await.unwrap().records[0], "encryption");
            assert_eq!(encryption().await, Some(Seen::Good), "{api:?}");
            scene.server.state().set_encryption("73", false);
            assert_eq!(encryption().await, Some(Seen::Bad), "{api:?}");
            scene.server.state().set_encryption("73", true);
        }
    }
}

#[tokio::test]
async fn the_classic_api_finds_all_too() {
    let mut scene = Scene::people().await;
    scene.settings.api = Api::Classic;
    let source = scene.source();
    assert_eq!(ids(&source.all().await.unwrap()), ["71", "72", "73", "mobile-11", "mobile-12"]);
    assert_eq!(source.probe().await.unwrap(), "Classic API");
    let pro = Scene { settings: scene.settings.clone(), ..scene };
    let mut settings = pro.settings.clone();
    settings.api = Api::Pro;
    let by_pro = Jamf::new(&settings, pro.clock.clone()).unwrap().of_owner(AMY).await.unwrap();
    let by_classic = source.of_owner(AMY).await.unwrap();
    // Both APIs tell of the same Mac the same.
    assert_eq!(by_pro.records[0], by_classic.records[0]);
}
