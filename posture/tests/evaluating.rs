//! From records to devices: a table of examples, and what always holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use chrono::TimeDelta;
use hubcommander_posture::{
    Catalogue, Device, DeviceView, Evaluation, Instant, Mac, Platform, Rating, Record, Seen, Serial,
    Software, Status, evaluate, tally,
};
use proptest::prelude::*;

fn now() -> Instant {
    "2026-11-28T10:00:00Z".parse().unwrap()
}

fn ago(hours: i64) -> Instant {
    now() - TimeDelta::hours(hours)
}

fn mac(source: &str, id: &str, serial: &str) -> Record {
    let mut record = Record::new(source, id);
    record.identifiers.serial = Serial::read(serial);
    record.platform = Some(Platform::MacOs);
    record.last_seen = Some(ago(1));
    record.name = Some(format!("mac-{id}"));
    record
}

fn judged(records: Vec<Record>) -> Evaluation {
    evaluate(records, Vec::new(), &Catalogue::shipped(), now())
}

fn status(device: &Device, practice: &str) -> Status {
    device.practices[practice].status
}

fn with(toml: &str) -> Catalogue {
    Catalogue::read(&toml.parse().unwrap()).unwrap()
}

#[test]
fn one_device_is_seen_whole() {
    let mut one = mac("jamf", "71", "C02ANA");
    one.saw("encryption", Seen::Good, Some(ago(2)), None);
    let mut two = mac("edr", "x", " c02ana ");
    two.saw("firewall", Seen::Bad, Some(ago(3)), Some("off".into()));
    let devices = judged(vec![one, two]).devices;
    assert_eq!(devices.len(), 1);
    assert_eq!(
        (status(&devices[0], "encryption"), status(&devices[0], "firewall")),
        (Status::Ok, Status::Warn)
    );
    assert_eq!(devices[0].rating, Rating::Warn);
    assert_eq!(status(&devices[0], "adbstatus"), Status::Na);
    assert_eq!(status(&devices[0], "screenlock"), Status::Unknown, "nobody has looked");
    insta::assert_snapshot!(serde_json::to_string(&DeviceView::of(&devices[0])).unwrap(), @r#"
    {"sources":["edr","jamf"],"identifiers":{"serial":"C02ANA"},"name":"mac-x","model":null,"platform":"macOS","os":null,"os_version":null,"last_seen":"2026-11-28T09:00:00Z","silent":false,"owners":[],"rating":"warn","practices":{"adbstatus":{"status":"na","source":null,"last_updated":null,"details":null,"disagreement":false},"autoupdate":{"status":"unknown","source":null,"last_updated":null,"details":null,"disagreement":false},"encryption":{"status":"ok","source":"jamf","last_updated":"2026-11-28T08:00:00Z","details":null,"disagreement":false},"firewall":{"status":"warn","source":"edr","last_updated":"2026-11-28T07:00:00Z","details":"off","disagreement":false},"jailed":{"status":"na","source":null,"last_updated":null,"details":null,"disagreement":false},"remotelogin":{"status":"unknown","source":null,"last_updated":null,"details":null,"disagreement":false},"screenlock":{"status":"unknown","source":null,"last_updated":null,"details":null,"disagreement":false},"unknownsources":{"status":"na","source":null,"last_updated":null,"details":null,"disagreement":false},"uptodate":{"status":"unknown","source":"edr","last_updated":"2026-11-28T09:00:00Z","details":null,"disagreement":false}}}
    "#);
}

#[test]
fn placeholders_and_shared_addresses_identify_nothing() {
    for placeholder in
        ["To be filled by O.E.M.", "System Serial Number", "Default string", "0", "None", "xxxx", ""]
    {
        assert_eq!(Serial::read(placeholder), None, "{placeholder}");
        assert_eq!(judged(vec![mac("a", "1", placeholder), mac("a", "2", placeholder)]).devices.len(), 2);
    }
    for shared in [
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "01:00:5e:00:00:01",
        "02:42:ac:11:00:02",
        "00:50:56:c0:00:08",
        "00:15:5d:01:02:03",
        "not one",
        "",
    ] {
        assert_eq!(Mac::read(shared), None, "{shared}");
    }
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    let one = Mac::read("00-DE-CA-FB-AD-00");
    for written in ["00:de:ca:fb:ad:00", "00decafbad00", "00de.cafb.ad00", " 00DECAFBAD00 "] {
        assert_eq!(Mac::read(written), one, "{written}");
    }
    assert_eq!(one.map(|mac| mac.to_string()).as_deref(), Some("00:de:ca:fb:ad:00"));
}

#[test]
fn a_dock_that_two_laptops_share_joins_nobody() {
    let dock = || Mac::read("a4:ae:12:00:00:01").into_iter().collect();
    let mut records = vec![mac("jamf", "1", "C02ANA"), mac("jamf", "2", "C02BEN"), mac("edr", "3", "")];
    for record in &mut records {
        record.identifiers.mac_addresses = dock();
    }
    let devices = judged(records).devices;
    assert_eq!(devices.len(), 3);
    // Each is told of it, the third too: it might be either.
    for device in &devices {
        assert!(device.conflicts.iter().all(|one| one.contradiction == "serial number"), "{device:?}");
        assert!(!device.conflicts.is_empty(), "{device:?}");
    }
}

#[test]
fn a_value_beats_no_value_and_the_newest_wins() {
    let mut old = mac("jamf", "1", "C02ANA");
    old.saw("encryption", Seen::Good, Some(ago(48)), None);
    let mut newer = mac("edr", "2", "C02ANA");
    newer.saw("encryption", Seen::Unknown, Some(ago(1)), None);
    let device = &judged(vec![old.clone(), newer.clone()]).devices[0];
    assert_eq!(
        (status(device, "encryption"), device.practices["encryption"].last_updated),
        (Status::Ok, Some(ago(48)))
    );

    newer.saw("encryption", Seen::Bad, Some(ago(1)), None);
    let device = &judged(vec![old.clone(), newer]).devices[0];
    let found = &device.practices["encryption"];
    assert_eq!((found.status, found.source.as_deref()), (Status::Warn, Some("edr")));
    assert_eq!(found.disagreement[0].source, "jamf");

    // What nobody has looked at for a month nobody can tell.
    old.saw("encryption", Seen::Good, Some(ago(31 * 24)), None);
    assert_eq!(status(&judged(vec![old]).devices[0], "encryption"), Status::Unknown);
}

#[test]
fn versions_that_cannot_be_read_are_unknown() {
    for (version, expected) in [
        (Some("26.1"), Status::Ok),
        (Some("15.1"), Status::Nudge),
        (Some("13.6.9"), Status::Warn),
        (Some("10.12.1 (16B2555)"), Status::Warn),
        (Some(""), Status::Unknown),
        (Some("sonoma"), Status::Unknown),
        (None, Status::Unknown),
    ] {
        let mut record = mac("jamf", "1", "C02ANA");
        record.os_version = version.map(str::to_owned);
        assert_eq!(status(&judged(vec![record]).devices[0], "uptodate"), expected, "{version:?}");
    }
    // A system that stands in one table alone is fine.
    let catalogue = with("[uptodate]\nrequired = { ChromeOS = \"120\" }");
    let mut record = mac("google", "1", "C02ANA");
    (record.platform, record.os_version) = (Some(Platform::ChromeOS), Some("131.0.6778.3".into()));
    let device = &evaluate(vec![record], Vec::new(), &catalogue, now()).devices[0];
    assert_eq!(status(device, "uptodate"), Status::Ok);
}

#[test]
fn a_product_is_there_or_not_or_nobody_can_tell() {
    let catalogue = with(
        "[falcon]\ntitle = \"Falcon\"\nwhy = \"It looks for attacks.\"\n\
         software = { names = [\"Falcon.app\"], required = { Windows = \"7.10\" } }",
    );
    let falcon = |platform, software: Option<Vec<(&str, Option<&str>)>>| {
        let mut record = mac("jamf", "1", "C02ANA");
        record.platform = Some(platform);
        record.software = software.map(|list| {
            list.into_iter()
                .map(|(name, version)| Software { name: name.into(), version: version.map(str::to_owned) })
                .collect()
        });
        status(&evaluate(vec![record], Vec::new(), &catalogue, now()).devices[0], "falcon")
    };
    assert_eq!(
        falcon(Platform::MacOs, Some(vec![("falcon.app", None)])),
        Status::Ok,
        "no rule for its version"
    );
    assert_eq!(falcon(Platform::Windows, Some(vec![("Falcon.app", Some("7.9"))])), Status::Nudge);
    assert_eq!(falcon(Platform::Windows, Some(vec![("Falcon.app", Some("7.10"))])), Status::Ok);
    assert_eq!(falcon(Platform::Windows, Some(vec![("Falcon.app", None)])), Status::Unknown);
    assert_eq!(falcon(Platform::MacOs, Some(vec![])), Status::Nudge);
    assert_eq!(falcon(Platform::MacOs, None), Status::Unknown);
    assert_eq!(falcon(Platform::Ios, None), Status::Na);
}

#[test]
fn a_grace_period_makes_it_suggested_for_a_while() {
    let catalogue = with("[encryption]\nsince = \"2026-11-20\"\ngrace_days = 14");
    let mut record = mac("jamf", "1", "C02ANA");
    record.saw("encryption", Seen::Bad, Some(ago(1)), None);
    let found = |at: Instant| {
        let device = evaluate(vec![record.clone()], Vec::new(), &catalogue, at).devices.remove(0);
        device.practices["encryption"].clone()
    };
    assert_eq!(found(now()).status, Status::Nudge);
    assert_eq!(found(now()).grace_until, Some("2026-12-04T00:00:00Z".parse().unwrap()));
    assert_eq!(found("2026-12-04T00:00:00Z".parse().unwrap()).status, Status::Warn);
}

#[test]
fn devices_are_in_the_order_in_which_to_act() {
    let mut bad = mac("jamf", "1", "S1X");
    bad.saw("encryption", Seen::Bad, Some(ago(1)), None);
    let mut nudged = mac("jamf", "2", "S2X");
    nudged.saw("remotelogin", Seen::Bad, Some(ago(1)), None);
    let mut silent = bad.clone();
    (silent.id, silent.identifiers.serial) = ("3".into(), Serial::read("S3X"));
    silent.last_seen = Some(ago(30 * 24));
    let names = |records| {
        let devices = judged(records).devices;
        devices.iter().map(|device| (device.witnesses[0].id.clone(), device.silent)).collect::<Vec<_>>()
    };
    let expected = [("1".to_owned(), false), ("2".to_owned(), false), ("3".to_owned(), true)];
    assert_eq!(names(vec![silent.clone(), nudged.clone(), bad.clone()]), expected);
    let counted = tally(&judged(vec![silent, nudged, bad]).devices);
    let warned = counted.iter().find(|one| one.practice.0 == "encryption" && one.status == Status::Warn);
    assert_eq!(warned.map(|one| one.devices), Some(1), "the silent one does not count");
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_its_cure() {
    let told = |toml: &str| Catalogue::read(&toml.parse().unwrap()).unwrap_err().to_string();
    insta::assert_snapshot!(told("[encryption]\ntitel = \"x\""), @"`practices.encryption.titel` is not known. Did you mean `title`?");
    insta::assert_snapshot!(told("[encrytion]\nminutes = 3"), @"`practices.encrytion` is new and not whole. Did you mean `encryption`? If not: give it a `title`, a `why`, and `software = { names = [...] }`; or see docs/devices.md for the names of those that ship.");
    insta::assert_snapshot!(told("[edr]\ntitle = \"x\""), @"`practices.edr` is new and not whole. Give it a `title`, a `why`, and `software = { names = [...] }`; or see docs/devices.md for the names of those that ship.");
    insta::assert_snapshot!(told("[uptodate]\nrequired = { macOS = \"new\" }"), @r#"`practices.uptodate.required` names `new`, which is no version of that system. Write it like `"15.6"`."#);
    insta::assert_snapshot!(told("[uptodate]\nrequired = { Windows = \"11\" }"), @r#"`practices.uptodate.required` names `11`, which is no version of that system. Write it like `"10.0.26100"`."#);
    insta::assert_snapshot!(told("[uptodate]\nrequired = { Mac = \"14\" }"), @"`practices.uptodate.required.Mac` is not known. Did you mean `macOS`?");
    insta::assert_snapshot!(told("[firewall]\nnot_on = [\"Plan 9\"]"), @"`practices.firewall.not_on: Plan 9` is not known. There are `macOS`, `Windows`, `Ubuntu`, `iOS`, `Android`, `ChromeOS`.");
    insta::assert_snapshot!(told("[firewall]\nwhen_missing = \"ok\""), @r#"`practices.firewall.when_missing` must be `unknown`, `nudge` or `warn`. Write `"unknown"`, `"nudge"` or `"warn"`."#);
    insta::assert_snapshot!(told("[firewall]\nminutes = \"x\""), @r#"`practices.firewall` cannot be read: invalid type: string "x", expected u32. docs/devices.md lists what can be set."#);
    insta::assert_snapshot!(told("silent_after_days = \"x\""), @"`practices.silent_after_days` must be a number of days. Write `30`.");
    assert!(!with("[jailed]\nenabled = false").practices.contains_key("jailed"));
}

#[test]
fn every_practice_that_ships_has_directions_where_it_can_be_mended() {
    for (key, practice) in &Catalogue::shipped().practices {
        assert!(practice.why.ends_with('.'), "{key}");
        for platform in Platform::ALL {
            let needed = !practice.not_on.contains(&platform) && !practice.always_on.contains(&platform);
            assert_eq!(needed, practice.directions.contains_key(&platform), "{key} on {platform:?}");
        }
    }
}

prop_compose! {
    fn any_record()(
        source in prop::sample::select(vec!["jamf", "edr", "google"]),
        id in 0u8..6,
        serial in prop::option::of(prop::sample::select(vec!["S1X", "S2X", "None"])),
        udid in prop::option::of(prop::sample::select(vec!["U1", "U2"])),
        macs in prop::collection::btree_set(prop::sample::select(vec!["a4ae12000001", "a4ae12000002"]), 0..2),
        seen in prop::option::of(prop::sample::select(vec![Seen::Good, Seen::Bad, Seen::Unknown, Seen::Improvable])),
        at in prop::option::of(0i64..2_000),
        last in prop::option::of(0i64..2_000),
        platform in prop::option::of(Just(Platform::MacOs)),
    ) -> Record {
        let mut record = Record::new(source, id.to_string());
        record.identifiers.serial = serial.and_then(Serial::read);
        record.identifiers.udid = udid.map(str::to_owned);
        record.identifiers.mac_addresses = macs.into_iter().filter_map(Mac::read).collect();
        record.platform = platform;
        record.last_seen = last.map(ago);
        if let Some(seen) = seen {
            record.saw("encryption", seen, at.map(ago), None);
        }
        record
    }
}

/// Each device as the records that it is made of.
fn parts(evaluation: &Evaluation) -> Vec<Vec<(String, String)>> {
    let of = |device: &Device| {
        let witnesses = device.witnesses.iter();
        witnesses.map(|one| (one.source.clone(), one.id.clone())).collect::<Vec<_>>()
    };
    let mut parts: Vec<_> = evaluation.devices.iter().map(of).collect();
    parts.sort();
    parts
}

proptest! {
    #[test]
    fn the_order_of_records_never_matters(
        (records, shuffled) in prop::collection::vec(any_record(), 0..12)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle()))
    ) {
        prop_assert_eq!(judged(records), judged(shuffled));
    }

    #[test]
    fn saying_it_twice_changes_nothing(records in prop::collection::vec(any_record(), 0..10)) {
        let twice = records.iter().chain(&records).cloned().collect();
        prop_assert_eq!(judged(records), judged(twice));
    }

    #[test]
    fn a_device_has_one_of_what_there_is_one_of(records in prop::collection::vec(any_record(), 0..12)) {
        for device in judged(records.clone()).devices {
            let own: Vec<&Record> = records
                .iter()
                .filter(|record| {
                    device.witnesses.iter().any(|one| {
                        one.source == record.source && one.id == record.id && one.last_seen == record.last_seen
                    })
                })
                .collect();
            // The same source and id may stand for two records here; those of one device agree.
            let serials: std::collections::BTreeSet<_> =
                own.iter().filter_map(|record| record.identifiers.serial.clone()).collect();
            if let Some(serial) = &device.identifiers.serial {
                prop_assert!(serials.contains(serial));
            }
        }
    }

    #[test]
    fn a_refused_merge_changes_nothing(mut one in any_record(), mut other in any_record()) {
        (one.id, other.id) = ("a".into(), "b".into());
        (one.identifiers.serial, other.identifiers.serial) = (Serial::read("S1X"), Serial::read("S2X"));
        let both = judged(vec![one.clone(), other.clone()]);
        prop_assert_eq!(both.devices.len(), 2);
        for alone in [one, other] {
            let device = judged(vec![alone.clone()]).devices.remove(0);
            let with = both.devices.iter().find(|device| device.witnesses[0].id == alone.id).unwrap();
            prop_assert_eq!(&device.identifiers, &with.identifiers);
            prop_assert_eq!(&device.practices, &with.practices);
        }
    }

    #[test]
    fn unknown_is_never_fine(records in prop::collection::vec(any_record(), 0..8)) {
        let blind = records.into_iter().map(|mut record| {
            record.platform = Some(Platform::MacOs);
            record.saw("encryption", Seen::Unknown, record.last_seen, None);
            record
        });
        for device in judged(blind.collect()).devices {
            prop_assert_eq!(device.practices["encryption"].status, Status::Unknown);
            prop_assert_ne!(device.rating, Rating::Ok);
        }
    }

    #[test]
    fn a_group_of_one_serial_is_one_device(count in 1usize..9) {
        let records: Vec<Record> = (0..count).map(|id| mac("jamf", &id.to_string(), "S1X")).collect();
        prop_assert_eq!(parts(&judged(records)).len(), 1);
    }
}
