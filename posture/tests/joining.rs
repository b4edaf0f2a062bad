//! Which records are joined, and what is made of hostile ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hubcommander_posture::{
    Catalogue, Device, Instant, Mac, Platform, Record, Seen, Serial, Software, Status, evaluate, preview,
};
use proptest::prelude::*;

fn now() -> Instant {
    "2026-11-28T10:00:00Z".parse().unwrap()
}

fn ago(hours: i64) -> Instant {
    now() - TimeDelta::hours(hours)
}

/// A record known by these words: `s:` a serial number, `m:` an address, `u:`, `i:`, `e:` UDID, IMEI, MEID, `o:` an id of
/// one source.
fn record(source: &str, id: &str, known: &[&str]) -> Record {
    let mut record = Record::new(source, id);
    record.platform = Some(Platform::MacOs);
    record.last_seen = Some(ago(1));
    for word in known {
        let (kind, value) = word.split_once(':').unwrap();
        let it = &mut record.identifiers;
        match kind {
            "s" => it.serial = Serial::read(value),
            "m" => it.mac_addresses.extend(Mac::read(value)),
            "u" => it.udid = Some(value.to_owned()),
            "i" => it.imei = Some(value.to_owned()),
            "e" => it.meid = Some(value.to_owned()),
            _ => drop(it.others.insert("google_device_id".to_owned(), value.to_owned())),
        }
    }
    record
}

fn devices(records: &[Record]) -> Vec<Device> {
    evaluate(records.to_vec(), Vec::new(), &Catalogue::shipped(), now()).devices
}

/// Each device as the ids of its records.
fn parts(records: &[Record]) -> BTreeSet<BTreeSet<String>> {
    let ids = |device: &Device| device.witnesses.iter().map(|one| one.id.clone()).collect();
    devices(records).iter().map(ids).collect()
}

fn sets(parts: &[&str]) -> BTreeSet<BTreeSet<String>> {
    parts.iter().map(|part| part.split(' ').map(str::to_owned).collect()).collect()
}

/// Its name, records with what each is known by, and the devices that follow.
type Example = (&'static str, &'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

#[test]
fn records_are_joined_by_what_they_share() {
    const M1: &str = "m:a4ae12000001";
    const M2: &str = "m:a4ae12000002";
    const M3: &str = "m:a4ae12000003";
    const ZEROS: &str = "u:00000000-0000-0000-0000-000000000000";
    const BOARD: &str = "u:03000200-0400-0500-0006-000700080009";
    let table: [Example; 19] = [
        ("a serial number in any case", &[("a", &["s:c02ana"]), ("b", &["s: C02ANA\0"])], &["a b"]),
        ("a chain", &[("a", &["s:S1X", M1]), ("b", &[M1, M2]), ("c", &[M2, "u:U1"])], &["a b c"]),
        ("an id of one source", &[("a", &["o:g1"]), ("b", &["o:g1"])], &["a b"]),
        ("nothing", &[("a", &[]), ("b", &[])], &["a", "b"]),
        ("an empty UDID", &[("a", &["u:"]), ("b", &["u: "])], &["a", "b"]),
        ("a UDID of zeros", &[("a", &[ZEROS]), ("b", &[ZEROS])], &["a", "b"]),
        ("a maker's UDID", &[("a", &[BOARD]), ("b", &[BOARD])], &["a", "b"]),
        ("a UDID in any case", &[("a", &["u:ab-1"]), ("b", &["u:AB-1"])], &["a b"]),
        (
            "an IMEI with and without its last digit",
            &[("a", &["i:352099001761481"]), ("b", &["i:35209900176148"])],
            &["a b"],
        ),
        ("an emulator's IMEI", &[("a", &["i:000000000000000"]), ("b", &["i:000000000000000"])], &["a", "b"]),
        (
            "two SIM cards",
            &[("a", &["s:S1X", "i:352099001761481"]), ("b", &["s:S1X", "i:352099001761555"])],
            &["a", "b"],
        ),
        (
            "the same place, another serial number",
            &[("a", &["s:S1X", M1]), ("b", &["s:S2X", M1])],
            &["a", "b"],
        ),
        (
            "a dock, and a record that has only the dock's address",
            &[("a", &["s:S1X", M1]), ("b", &["s:S2X", M1]), ("c", &[M1])],
            &["a", "b", "c"],
        ),
        (
            "a dock, and a record that is known besides",
            &[("a", &["s:S1X", M1, M2]), ("b", &["s:S2X", M1]), ("c", &[M1, M2])],
            &["a c", "b"],
        ),
        (
            "what would join two that contradict each other joins neither",
            &[("a", &["s:S1X", M1]), ("b", &[M1, M2]), ("c", &["s:S2X", M2])],
            &["a", "b", "c"],
        ),
        (
            "what is stronger comes first",
            &[("a", &["s:S1X", "u:U1"]), ("b", &["u:U1", M2]), ("c", &["s:S2X", M2])],
            &["a b", "c"],
        ),
        (
            "a long chain breaks at its later link",
            &[("a", &["s:S1X", M1]), ("b", &[M1, M2]), ("c", &[M2, M3]), ("d", &["s:S2X", M3])],
            &["a b c", "d"],
        ),
        ("a USB adapter", &[("a", &["m:00e04c680001"]), ("b", &["m:00e04c680001"])], &["a", "b"]),
        ("a VPN's adapter", &[("a", &["m:00:05:9a:3c:7a:00"]), ("b", &["m:00:05:9a:3c:7a:00"])], &["a", "b"]),
    ];
    for (name, records, expected) in table {
        let records: Vec<Record> =
            records.iter().map(|(id, known)| record(&format!("of-{id}"), id, known)).collect();
        assert_eq!(parts(&records), sets(expected), "{name}");
    }
}

#[test]
fn the_same_record_asked_for_twice_is_one_device() {
    let one = record("jamf", "71", &[]);
    let mut later = one.clone();
    (later.fetched_at, later.last_seen) = (Some(now()), Some(now()));
    assert_eq!(devices(&[one, later]).len(), 1);
}

#[test]
fn an_address_that_is_everywhere_joins_nobody() {
    let ids: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    let records: Vec<Record> = ids.iter().map(|id| record("jamf", id, &["m:a4ae12000001"])).collect();
    assert_eq!(devices(&records).len(), 20);
    assert_eq!(devices(&records[..3]).len(), 1);
}

#[test]
fn a_conflict_is_told_on_both_and_tells_nothing_of_the_other() {
    let m1 = "m:a4ae12000001";
    let found = devices(&[record("jamf", "1", &["s:C02ANA", m1]), record("edr", "2", &["s:C02BEN", m1])]);
    for (device, other) in [(&found[0], &found[1]), (&found[1], &found[0])] {
        let told = &device.conflicts[0];
        assert_eq!(told.with, (other.witnesses[0].source.clone(), other.witnesses[0].id.clone()));
        assert_eq!(
            (told.shared.as_str(), told.contradiction.as_str()),
            ("address a4:ae:12:00:00:01", "serial number")
        );
    }
}

#[test]
fn a_version_that_says_too_little_is_neither_fine_nor_critical() {
    for (platform, os, version, expected) in [
        (Platform::Windows, "Windows 11 Pro", "11", Status::Unknown),
        (Platform::Windows, "Windows 11 Pro", "10.0.26200", Status::Ok),
        (Platform::Windows, "Windows 10 Pro", "10.0.19045", Status::Warn),
        (Platform::Ubuntu, "Fedora Linux", "41", Status::Unknown),
        (Platform::Ubuntu, "Linux", "6.8.0-45-generic", Status::Unknown),
        (Platform::Ubuntu, "Ubuntu", "20.04.6 LTS", Status::Warn),
        (Platform::Ios, "iOS", "26.1", Status::Ok),
    ] {
        let mut one = record("edr", "1", &["s:S1X"]);
        (one.platform, one.os, one.os_version) = (Some(platform), Some(os.into()), Some(version.into()));
        assert_eq!(devices(&[one])[0].practices["uptodate"].status, expected, "{os} {version}");
    }
}

#[test]
fn what_a_source_saw_of_updates_counts_beside_the_version() {
    let mut jamf = record("jamf", "1", &["s:S1X"]);
    jamf.saw("uptodate", Seen::Bad, Some(ago(5)), Some("1 critical update waits".into()));
    let mut edr = record("edr", "2", &["s:S1X"]);
    (edr.os, edr.os_version) = (Some("macOS".into()), Some("26.1".into()));
    let found = &devices(&[jamf.clone(), edr.clone()])[0].practices["uptodate"];
    assert_eq!((found.status, found.source.as_deref()), (Status::Warn, Some("jamf")));
    jamf.saw("uptodate", Seen::Good, Some(ago(5)), None);
    edr.os_version = Some("a new one".into());
    assert_eq!(devices(&[jamf.clone(), edr.clone()])[0].practices["uptodate"].status, Status::Ok);
    edr.os_version = Some("26.1".into());
    jamf.saw("uptodate", Seen::Unknown, Some(ago(5)), None);
    assert_eq!(devices(&[jamf, edr])[0].practices["uptodate"].status, Status::Ok);
}

#[test]
fn a_clock_that_runs_ahead_does_not_win() {
    let mut ahead = record("edr", "1", &["s:S1X"]);
    ahead.last_seen = Some(now() + TimeDelta::days(4_000));
    ahead.saw("encryption", Seen::Good, ahead.last_seen, None);
    let mut right = record("jamf", "2", &["s:S1X"]);
    right.saw("encryption", Seen::Bad, Some(ago(3)), None);
    let device = &devices(&[ahead, right])[0];
    assert_eq!(device.practices["encryption"].status, Status::Warn);
    assert_eq!(device.last_seen, Some(ago(1)));
}

#[test]
fn what_is_always_fine_is_not_where_a_source_saw_otherwise() {
    let mut book = record("google", "1", &["s:S1X"]);
    book.platform = Some(Platform::ChromeOS);
    assert_eq!(devices(std::slice::from_ref(&book))[0].practices["encryption"].status, Status::Ok);
    book.saw("encryption", Seen::Bad, Some(ago(1)), None);
    assert_eq!(devices(&[book])[0].practices["encryption"].status, Status::Warn);
}

#[test]
fn numbers_without_measure_and_texts_without_end_do_no_harm() {
    let huge = "🦀\u{202e}\0".repeat(200_000);
    let mut one = record("jamf", &huge, &[]);
    (one.name, one.os, one.os_version) = (Some(huge.clone()), Some(huge.clone()), Some(huge.clone()));
    one.identifiers.serial = Serial::read(&huge);
    one.identifiers.udid = Some(huge.clone());
    one.identifiers.others.insert(huge.clone(), huge.clone());
    one.saw("encryption", Seen::Bad, Some(Instant::MIN_UTC), Some(huge.clone()));
    one.saw("firewall", Seen::Bad, Some(Instant::MAX_UTC), Some(huge.clone()));
    one.software = Some(vec![Software { name: huge.clone(), version: Some(huge) }]);
    let catalogue = "silent_after_days = 4294967295\nstale_after_days = 4294967295";
    let catalogue = Catalogue::read(&catalogue.parse().unwrap()).unwrap();
    let device = evaluate(vec![one.clone(), one], Vec::new(), &catalogue, now()).devices.remove(0);
    let name = device.name.unwrap();
    assert!(name.chars().count() <= 201 && !name.contains(['\u{202e}', '\0']), "{name}");
    assert!(device.practices["firewall"].details.as_ref().unwrap().chars().count() <= 501);
    assert_eq!(device.identifiers.serial, None);
}

#[test]
fn what_would_change_is_told_by_platform() {
    let on = |id: &str, platform, version: &str| {
        let mut one = record("jamf", id, &[]);
        (one.platform, one.os_version) = (Some(platform), Some(version.into()));
        one
    };
    let records = vec![
        on("1", Platform::MacOs, "15.6"),
        on("2", Platform::MacOs, "26.1"),
        on("3", Platform::MacOs, "13.1"),
        on("4", Platform::Ios, "18.6"),
    ];
    let then = Catalogue::read(&"[uptodate]\nrequired = { macOS = \"26.0\" }".parse().unwrap()).unwrap();
    let found = preview(records, &Catalogue::shipped(), &then, now());
    assert_eq!((found.devices, found.changes.len(), found.shifts.len()), (4, 1, 1));
    let shift = &found.shifts[0];
    assert_eq!((shift.platform, shift.devices), (Some(Platform::MacOs), 1));
    assert_eq!((shift.now, shift.then), (Some(Status::Ok), Some(Status::Warn)));
    assert_eq!(found.changes[0].witnesses[0].id, "1");
}

prop_compose! {
    fn any_record()(
        source in prop::sample::select(vec!["jamf", "edr", "google"]),
        id in 0u8..9,
        known in prop::collection::vec(prop::sample::select(vec![
            "s:S1X", "s:S2X", "u:U1", "u:U2", "i:352099001761481", "i:352099001761555", "o:g1", "o:g2", "m:a4ae12000001",
            "m:a4ae12000002", "m:a4ae12000003", "m:a4ae12000004",
        ]), 0..4),
        seen in prop::collection::vec((prop::sample::select(vec!["encryption", "uptodate"]),
            prop::sample::select(vec![Seen::Good, Seen::Bad, Seen::Unknown, Seen::NotApplicable]),
            prop::option::of(-100i64..1_000)), 0..3),
        last in prop::option::of(-100i64..1_000),
        version in prop::option::of(prop::sample::select(vec!["26.1", "15", "13.1", "?"])),
    ) -> Record {
        let mut record = record(source, &id.to_string(), &known);
        record.last_seen = last.map(ago);
        record.os_version = version.map(str::to_owned);
        for (practice, seen, at) in seen {
            record.saw(practice, seen, at.map(ago), None);
        }
        record
    }
}

proptest! {
    #[test]
    fn the_order_of_records_never_matters(
        (records, shuffled) in prop::collection::vec(any_record(), 0..14)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle()))
    ) {
        prop_assert_eq!(devices(&records), devices(&shuffled));
    }

    #[test]
    fn merging_twice_changes_nothing(records in prop::collection::vec(any_record(), 0..10)) {
        let twice: Vec<Record> = records.iter().chain(&records).cloned().collect();
        prop_assert_eq!(devices(&records), devices(&twice));
    }

    #[test]
    fn no_device_has_two_of_what_there_is_one_of(records in prop::collection::vec(any_record(), 0..14)) {
        // Of each record a copy with an id of its own, so that a device's witnesses say which records are its.
        let records: Vec<Record> = records.into_iter().enumerate().map(|(index, mut record)| {
            record.id = index.to_string();
            record
        }).collect();
        for device in devices(&records) {
            let own: Vec<&Record> = device.witnesses.iter().map(|one| &records[one.id.parse::<usize>().unwrap()]).collect();
            let serials: BTreeSet<_> = own.iter().filter_map(|one| one.identifiers.serial.as_ref()).collect();
            let udids: BTreeSet<_> = own.iter().filter_map(|one| one.identifiers.udid.as_ref()).collect();
            let imeis: BTreeSet<_> = own.iter().filter_map(|one| one.identifiers.imei.as_ref()).collect();
            let others: BTreeSet<_> = own.iter().flat_map(|one| one.identifiers.others.values()).collect();
            prop_assert!([serials.len(), udids.len(), imeis.len(), others.len()].iter().all(|count| *count <= 1));
            let macs: BTreeSet<_> = own.iter().flat_map(|one| one.identifiers.mac_addresses.iter().copied()).collect();
            prop_assert_eq!(&macs, &device.identifiers.mac_addresses);
        }
    }

    #[test]
    fn a_conflict_is_always_told_on_both(records in prop::collection::vec(any_record(), 0..10)) {
        let found = devices(&records);
        for device in &found {
            for told in &device.conflicts {
                let other = |one: &&Device| one.witnesses.iter().any(|it| (&it.source, &it.id) == (&told.with.0, &told.with.1));
                let back = |one: &Device| one.conflicts.iter().any(|back| {
                    back.shared == told.shared
                        && device.witnesses.iter().any(|it| (&it.source, &it.id) == (&back.with.0, &back.with.1))
                });
                prop_assert!(found.iter().filter(other).any(back), "{told:?}");
            }
        }
    }

    #[test]
    fn one_more_record_never_unsets_what_is_known(
        mut records in prop::collection::vec(any_record(), 1..6),
        more in any_record(),
    ) {
        records.push(more);
        for (index, record) in records.iter_mut().enumerate() {
            record.identifiers = Default::default();
            record.identifiers.serial = Serial::read("C02ANA");
            record.id = index.to_string();
        }
        let known = |records: &[Record]| -> BTreeSet<String> {
            let practices = &devices(records)[0].practices;
            practices.iter().filter(|(_, one)| one.status != Status::Unknown).map(|(key, _)| key.0.clone()).collect()
        };
        let before = known(&records[..records.len() - 1]);
        prop_assert!(known(&records).is_superset(&before));
    }

    #[test]
    fn whatever_is_written_is_read_without_harm(text in any::<String>(), other in any::<String>()) {
        let mut one = record("jamf", &text, &[]);
        one.identifiers.serial = Serial::read(&text);
        one.identifiers.mac_addresses.extend(Mac::read(&other));
        (one.identifiers.udid, one.identifiers.imei, one.identifiers.meid) = (Some(text.clone()), Some(other.clone()), Some(text.clone()));
        (one.os, one.os_version, one.name) = (Some(other.clone()), Some(text.clone()), Some(other));
        for platform in [Platform::MacOs, Platform::Windows, Platform::Ubuntu, Platform::ChromeOS] {
            one.platform = Some(platform);
            prop_assert_eq!(devices(std::slice::from_ref(&one)).len(), 1);
        }
        let _ = Catalogue::read(&toml::Table::from_iter([(text.clone(), toml::Value::String(text))]));
    }
}
