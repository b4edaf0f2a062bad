//! The sealer over real stores, and what is found when somebody reaches into them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures_util::future::join_all;
use hubcommander_audit::{Head, PublicKeys, Report, Signed, SigningKey, Verifier, heads};
use hubcommander_sdk::clock::{Clock, Instant};
use sqlx::Connection as _;

use super::{Export, Place as Announced, Round, Schedule, Sealer, Settings, Surroundings, exported, verify};
use crate::invocation::State;
use crate::slack::socket::{Alarm, AlarmKind};
use crate::store::tests::places::Place;
use crate::store::tests::samples::{at, change, command, entry};
use crate::store::{Change, Store, StoreError, open_chain};

/// A clock that is set by hand, and the alarms that were raised.
#[derive(Debug)]
struct Hand {
    now: Mutex<Instant>,
    raised: Mutex<Vec<String>>,
}

impl Hand {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(at(0)), raised: Mutex::default() })
    }

    fn forward(&self, by: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn raised(&self) -> Vec<String> {
        std::mem::take(&mut self.raised.lock().unwrap())
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        *self.now.lock().unwrap()
    }
}

#[async_trait]
impl Alarm for Hand {
    async fn raise(&self, alarm: AlarmKind) {
        self.raised.lock().unwrap().push(format!("{alarm:?}"));
    }
}

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(&[9; 32]).unwrap())
}

fn keys() -> PublicKeys {
    [key().public().clone()].into_iter().collect()
}

fn settings() -> Settings {
    Settings { key: Some(key()), ..Settings::default() }
}

fn sealer_with(store: &Arc<dyn Store>, hand: &Arc<Hand>, seed: u8, settings: Settings) -> Sealer {
    let (clock, alarm) = (Arc::clone(hand), Arc::clone(hand));
    let store = Arc::clone(store);
    Sealer::new(settings, Surroundings { store, clock, alarm, slack: None, seed: [seed; 32] })
}

fn sealer(store: &Arc<dyn Store>, hand: &Arc<Hand>, seed: u8) -> Sealer {
    sealer_with(store, hand, seed, settings())
}

async fn read(place: &Place, announced: &[Head]) -> Report {
    let mut reader = open_chain(&place.url()).await.unwrap();
    verify(reader.as_mut(), Verifier::new(keys(), announced)).await.unwrap()
}

fn findings(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

/// Two commands under a seal, then a third under another: the entries 1 to 3, 4 to 5.
async fn written(place: &Place) -> (Arc<dyn Store>, Arc<Hand>, Sealer) {
    let store = place.open().await;
    let hand = Hand::new();
    let mut sealer = sealer(&store, &hand, 1);
    store.receive(command("1")).await.unwrap();
    store.receive(command("2")).await.unwrap();
    store.change(&Change { audit: vec![entry("1", "done")], ..change("1", 0) }).await.unwrap();
    assert_eq!(sealer.round().await.unwrap(), Round::Sealed(3));
    store.receive(command("3")).await.unwrap();
    store.change(&Change { audit: vec![entry("3", "done")], ..change("3", 0) }).await.unwrap();
    assert_eq!(sealer.round().await.unwrap(), Round::Sealed(2));
    (store, hand, sealer)
}

mod stories {
    use super::*;

    pub async fn what_is_written_is_sealed_and_verifies(place: Place) {
        let (store, hand, mut sealer) = written(&place).await;
        assert_eq!(sealer.round().await.unwrap(), Round::Idle);
        let report = read(&place, &[]).await;
        assert_eq!(findings(&report), [] as [&str; 0]);
        assert_eq!((report.entries, report.seals, report.head.position, report.tail), (5, 2, 5, 0));
        assert_eq!(report.signed, Signed::Everywhere);
        let head = report.head;

        hand.forward(TimeDelta::seconds(90));
        store.receive(command("4")).await.unwrap();
        let report = read(&place, &[head]).await;
        assert_eq!((report.found, report.tail, report.head), (0, 1, head));
        assert_eq!(report.tail_since, Some(at(0).timestamp_micros()), "when it was received");
        sealer.round().await.unwrap();
        let report = read(&place, &[head]).await;
        assert_eq!((report.found, report.tail, report.head.position), (0, 0, 6));
        assert_eq!(hand.raised(), [] as [&str; 0]);
    }

    pub async fn one_seals_and_another_takes_over(place: Place) {
        let (store, hand, mut first) = written(&place).await;
        let mut second = sealer(&store, &hand, 2);
        store.receive(command("4")).await.unwrap();
        assert_eq!(second.round().await.unwrap(), Round::NotOurs);
        assert_eq!(first.round().await.unwrap(), Round::Sealed(1));
        // The first dies.
        store.receive(command("5")).await.unwrap();
        assert_eq!(second.round().await.unwrap(), Round::NotOurs);
        hand.forward(TimeDelta::milliseconds(5_001));
        assert_eq!(second.round().await.unwrap(), Round::Sealed(1));
        // It was only slow: it does not seal while the second does, and takes over when that is gone.
        store.receive(command("6")).await.unwrap();
        assert_eq!(first.round().await.unwrap(), Round::NotOurs);
        hand.forward(TimeDelta::milliseconds(5_001));
        assert_eq!(first.round().await.unwrap(), Round::Sealed(1));
        let report = read(&place, &[]).await;
        assert_eq!((findings(&report), report.head.position, report.seals), (vec![], 8, 5));
        assert_eq!(hand.raised(), [] as [&str; 0]);
    }

    pub async fn many_entries_are_sealed_in_several_seals(place: Place) {
        let store = place.open().await;
        let hand = Hand::new();
        let receipts = (0..700).map(|n| store.receive(command(&format!("{n}"))));
        for receipt in join_all(receipts.collect::<Vec<_>>()).await {
            receipt.unwrap();
        }
        assert_eq!(sealer(&store, &hand, 1).round().await.unwrap(), Round::Sealed(700));
        let report = read(&place, &[]).await;
        assert_eq!((findings(&report), report.head.position, report.seals), (vec![], 700, 3));
    }

    pub async fn the_chain_is_append_only(place: Place) {
        let (_store, _, _) = written(&place).await;
        let mut attempts = vec![
            "UPDATE audit SET event = 'nothing' WHERE seq = 1",
            "DELETE FROM audit WHERE seq = 1",
            "UPDATE audit_chain SET position = 7 WHERE seq = 1",
            "UPDATE audit_chain SET salt = NULL WHERE seq = 1",
            "DELETE FROM audit_chain WHERE seq = 5",
            "UPDATE audit_seals SET at = 1 WHERE number = 1",
            "DELETE FROM audit_seals WHERE number = 2",
        ];
        if place.is_postgres() {
            attempts.extend(["UPDATE audit SET body = NULL WHERE seq = 1", "TRUNCATE audit_chain"]);
        } else {
            attempts.push("UPDATE audit SET body = '' WHERE seq = 1");
        }
        for attempt in attempts {
            let refused = place.execute(attempt).await.expect_err(attempt).to_string();
            assert!(refused.contains("append-only"), "{attempt}: {refused}");
        }
    }

    /// Whoever may do anything with the database, and has not the key.
    pub async fn whatever_is_bent_by_sql_is_found(mut place: Place) {
        let attacks: [(&[&str], &[&str]); 11] = [
            (
                &["UPDATE audit SET at = at + 1 WHERE seq = 2"],
                &[
                    "entry 2 was changed: its time, its invocation, its event or its hash is not what was sealed",
                ],
            ),
            (
                &["UPDATE audit SET body = '{\"who\":\"U0EVE\"}' WHERE seq = 3"],
                &["entry 3 was changed: what it says is not what was sealed"],
            ),
            (&["DELETE FROM audit WHERE seq = 4"], &["entry 4 was removed"]),
            (
                &["DELETE FROM audit WHERE seq = 2", "DELETE FROM audit_chain WHERE seq = 2"],
                &[
                    "the chain is not whole before entry 3: position 2 should come, and position 3 does",
                    "the entries 1 to 3 are not those that seal 1 was put over",
                ],
            ),
            (
                &[
                    "UPDATE audit SET seq = 100 WHERE seq = 3",
                    "UPDATE audit SET seq = 3 WHERE seq = 2",
                    "UPDATE audit SET seq = 2 WHERE seq = 100",
                ],
                &[
                    "entry 2 was changed: what it says is not what was sealed",
                    "entry 2 was changed: its time, its invocation, its event or its hash is not what was sealed",
                    "entry 3 was changed: what it says is not what was sealed",
                    "entry 3 was changed: its time, its invocation, its event or its hash is not what was sealed",
                ],
            ),
            (
                &["UPDATE audit SET seq = 0 WHERE seq = 5"],
                &[
                    "entry 0 was inserted among sealed ones, or its link was taken out of the chain",
                    "entry 5 was removed",
                ],
            ),
            (
                &["UPDATE audit_chain SET position = position + 1 WHERE seq = 5"],
                &[
                    "the chain is not whole before entry 5: position 5 should come, and position 6 does",
                    "the entries 4 to 5 are not those that seal 2 was put over",
                ],
            ),
            (
                &["DELETE FROM audit_seals WHERE number = 1"],
                &["seal 1 is missing", "the entries 4 to 5 are not those that seal 2 was put over"],
            ),
            (
                &["UPDATE audit_seals SET at = at - 3600000000 WHERE number = 2"],
                &["seal 2 is forged or was changed: key KEY did not sign it"],
            ),
            (
                &["UPDATE audit_seals SET key = 'none', signature = NULL WHERE number = 2"],
                &["1 seals from 2 on are not signed, though those before are"],
            ),
            (
                &["DELETE FROM audit_seals WHERE number = 2"],
                &[
                    "the chain holds entry 4 without a seal over it",
                    "the chain holds entry 5 without a seal over it",
                ],
            ),
        ];
        for (attack, expected) in attacks {
            let (store, _, _) = written(&place).await;
            drop(store);
            unguard(&place).await;
            for sql in attack {
                // The samples are fixed texts; those of PostgreSQL give their numbers themselves.
                place.execute_text((*sql).to_owned()).await.unwrap();
            }
            let found = findings(&read(&place, &[]).await);
            let key = key().id().to_string();
            let found: Vec<String> = found.into_iter().map(|found| found.replace(&key, "KEY")).collect();
            assert_eq!(found, expected, "{attack:?}");
            if place.is_postgres() {
                place.empty_database().await;
            } else {
                place = Place::sqlite();
            }
        }
    }

    pub async fn an_end_that_was_cut_is_found_by_what_was_announced(place: Place) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("heads");
        let store = place.open().await;
        let hand = Hand::new();
        let settings = Settings {
            schedule: Some(Schedule { at: 0, every: 3600 }),
            places: vec![Announced::File(file.clone())],
            ..settings()
        };
        let mut sealer = sealer_with(&store, &hand, 1, settings);
        assert_eq!(sealer.round().await.unwrap(), Round::Idle, "there is nothing to announce yet");
        store.receive(command("1")).await.unwrap();
        announced(&mut sealer, &file, 1).await;
        store.receive(command("2")).await.unwrap();
        for _ in 0..3 {
            sealer.round().await.unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1, "once for each time");
        hand.forward(TimeDelta::hours(1));
        announced(&mut sealer, &file, 2).await;
        assert_eq!(hand.raised(), [] as [&str; 0]);
        drop((sealer, store));
        let told = heads(&std::fs::read_to_string(&file).unwrap());
        assert_eq!(told.iter().map(|head| head.position).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(findings(&read(&place, &told).await), [] as [&str; 0]);

        unguard(&place).await;
        for sql in [
            "DELETE FROM audit WHERE seq > 1",
            "DELETE FROM audit_chain WHERE seq > 1",
            "DELETE FROM audit_seals WHERE last > 1",
        ] {
            place.execute(sql).await.unwrap();
        }
        assert_eq!(findings(&read(&place, &[]).await), [] as [&str; 0], "nothing inside tells of it");
        assert_eq!(
            findings(&read(&place, &told).await),
            ["the chain ends at 1, but a head was announced for position 2: its end was cut"]
        );
    }

    pub async fn what_is_old_is_forgotten_and_the_chain_still_verifies(place: Place) {
        let store = place.open().await;
        let hand = Hand::new();
        let keep = Some(Duration::from_secs(10 * 24 * 3600));
        let mut sealer = sealer_with(&store, &hand, 1, Settings { keep, ..settings() });
        for id in ["1", "2"] {
            store.receive(command(id)).await.unwrap();
        }
        // The first is over; the second is not.
        let over = Change { state: Some(State::Done), reported: Some(true), ..change("1", 0) };
        store.change(&Change { audit: vec![entry("1", "done")], ..over }).await.unwrap();
        sealer.round().await.unwrap();
        hand.forward(TimeDelta::days(11));
        let late = crate::store::AuditEntry { at: hand.now(), ..entry("2", "late") };
        store.change(&Change { audit: vec![late], ..change("2", 0) }).await.unwrap();
        sealer.round().await.unwrap();

        let report = read(&place, &[]).await;
        assert_eq!(findings(&report), [] as [&str; 0]);
        assert_eq!((report.entries, report.bodiless, report.tail), (4, 3, 0));
        assert_eq!(store.invocation("1").await.unwrap(), None);
        assert!(store.invocation("2").await.unwrap().is_some());
        let audit = store.audit(None, 10).await.unwrap();
        let said: Vec<(&str, bool)> = audit.iter().map(|it| (it.event.as_str(), it.body.is_null())).collect();
        assert_eq!(said, [("received", true), ("received", true), ("done", true), ("late", false)]);

        // Nobody else can do the same.
        unguard(&place).await;
        let no_body = if place.is_postgres() {
            "UPDATE audit SET body = NULL WHERE seq = 4"
        } else {
            "UPDATE audit SET body = '' WHERE seq = 4"
        };
        place.execute(no_body).await.unwrap();
        place.execute("UPDATE audit_chain SET salt = NULL WHERE seq = 4").await.unwrap();
        let found = findings(&read(&place, &[]).await);
        assert_eq!(found, ["what entry 4 says was removed, and not because of its age"]);
        drop(store);
    }

    pub async fn a_hand_in_the_database_is_noticed_while_the_bot_runs(place: Place) {
        let (store, hand, mut sealer) = written(&place).await;
        unguard(&place).await;
        place.execute("DELETE FROM audit_seals WHERE number = 2").await.unwrap();
        // The links are still there, so nothing can be sealed over them; that is told after a minute.
        assert!(matches!(sealer.round().await, Err(StoreError::Unavailable(_))));
        let raised = hand.raised();
        assert!(raised.len() == 1 && raised[0].starts_with("AuditAltered"), "{raised:?}");
        drop(store);
    }

    pub async fn an_export_is_whole_and_says_how_it_is_sealed(place: Place) {
        let (store, _, _) = written(&place).await;
        store.receive(command("4")).await.unwrap();
        let lines = async |wanted: Export| {
            let mut lines: Vec<serde_json::Value> = Vec::new();
            let mut reader = open_chain(&place.url()).await.unwrap();
            let given = exported(reader.as_mut(), &wanted, |line| {
                lines.push(serde_json::from_str(&line).unwrap());
                Ok::<(), StoreError>(())
            });
            (given.await.unwrap(), lines)
        };
        let (given, all) = lines(Export::default()).await;
        assert_eq!((given, all.len()), (6, 8));
        assert_eq!(all[3]["seal"]["number"], 1);
        assert_eq!(all[3]["seal"]["head"], all[2]["head"]);
        assert_eq!(all[0]["body"]["text"], "CreateRepo acme widgets");
        assert_eq!((&all[7]["position"], &all[7]["seq"]), (&serde_json::Value::Null, &6.into()));
        let (given, some) = lines(Export { invocation: Some("3".into()), ..Export::default() }).await;
        assert_eq!((given, some.len()), (2, 2));
        assert_eq!((&some[1]["event"], &some[1]["position"]), (&"done".into(), &5.into()));
        let (given, _) = lines(Export { since: Some(at(1)), until: Some(at(6)), ..Export::default() }).await;
        assert_eq!(given, 2);
    }
}

/// Takes away what guards the tables, as whoever owns them can.
async fn unguard(place: &Place) {
    let guards: &[&'static str] = if place.is_postgres() {
        &[
            "ALTER TABLE audit DISABLE TRIGGER USER",
            "ALTER TABLE audit ALTER COLUMN seq SET GENERATED BY DEFAULT",
            "ALTER TABLE audit_chain DISABLE TRIGGER USER",
            "ALTER TABLE audit_seals DISABLE TRIGGER USER",
        ]
    } else {
        &[
            "DROP TRIGGER audit_is_not_changed",
            "DROP TRIGGER audit_is_not_deleted",
            "DROP TRIGGER audit_chain_is_not_changed",
            "DROP TRIGGER audit_chain_is_not_deleted",
            "DROP TRIGGER audit_seals_are_not_changed",
            "DROP TRIGGER audit_seals_are_not_deleted",
        ]
    };
    for guard in guards {
        place.execute(guard).await.unwrap();
    }
}

/// Goes round until so many lines stand in the file, and it is noted that they do.
async fn announced(sealer: &mut Sealer, file: &std::path::Path, lines: usize) {
    for _ in 0..200 {
        sealer.round().await.unwrap();
        if std::fs::read_to_string(file).is_ok_and(|text| text.lines().count() >= lines) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        sealer.round().await.unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), lines);
}

macro_rules! both {
    ($($story:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::stories::$story(super::Place::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::stories::$story(super::Place::postgres()).await;
            })*
        }
    };
}

both! {
    what_is_written_is_sealed_and_verifies
    one_seals_and_another_takes_over
    many_entries_are_sealed_in_several_seals
    the_chain_is_append_only
    whatever_is_bent_by_sql_is_found
    an_end_that_was_cut_is_found_by_what_was_announced
    what_is_old_is_forgotten_and_the_chain_still_verifies
    a_hand_in_the_database_is_noticed_while_the_bot_runs
    an_export_is_whole_and_says_how_it_is_sealed
}

/// PostgreSQL gives numbers before a transaction ends. What has a lower number and is committed later is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_late_is_waited_for() {
    let place = Place::postgres();
    let (store, hand, mut sealer) = written(&place).await;
    for (nth, end) in ["COMMIT", "ROLLBACK"].into_iter().enumerate() {
        let mut slow = sqlx::PgConnection::connect(&place.url()).await.unwrap();
        for sql in ["BEGIN", "INSERT INTO audit (at, event, body) VALUES (1, 'slow', '{}')"] {
            sqlx::query(sql).execute(&mut slow).await.unwrap();
        }
        store.receive(command(&format!("quick {nth}"))).await.unwrap();
        hand.forward(TimeDelta::seconds(1));
        for _ in 0..3 {
            assert_eq!(sealer.round().await.unwrap(), Round::Idle, "a lower number may still appear");
        }
        // Somebody who begins later does not hold up what was before.
        let mut later = sqlx::PgConnection::connect(&place.url()).await.unwrap();
        for sql in ["BEGIN", "INSERT INTO audit (at, event, body) VALUES (1, 'later', '{}')"] {
            sqlx::query(sql).execute(&mut later).await.unwrap();
        }
        sqlx::query(end).execute(&mut slow).await.unwrap();
        let expected = if end == "COMMIT" { 2 } else { 1 };
        assert_eq!(sealer.round().await.unwrap(), Round::Sealed(expected));
        sqlx::query("ROLLBACK").execute(&mut later).await.unwrap();
        assert_eq!(sealer.round().await.unwrap(), Round::Idle);
        assert_eq!(findings(&read(&place, &[]).await), [] as [&str; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_write_and_seal_at_once_make_one_chain() {
    let place = Place::postgres();
    let replicas = join_all((0..3).map(|_| place.open())).await;
    let hand = Hand::new();
    let writing: Vec<_> = (0..360)
        .map(|n| {
            let store = Arc::clone(&replicas[n % 3]);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis((n as u64 * 7) % 400)).await;
                let id = format!("{n}");
                store.receive(command(&id)).await.unwrap();
                store.change(&Change { audit: vec![entry(&id, "done")], ..change(&id, 0) }).await.unwrap();
            })
        })
        .collect();
    let sealing: Vec<_> = (0..3_u8)
        .map(|n| {
            let mut sealer = sealer(&replicas[usize::from(n)], &hand, n);
            let hand = Arc::clone(&hand);
            tokio::spawn(async move {
                let mut sealed = 0;
                for _ in 0..120 {
                    if let Round::Sealed(count) = sealer.round().await.unwrap() {
                        sealed += count;
                        // Whoever sealed is taken for dead now and then.
                        hand.forward(TimeDelta::milliseconds(1_500));
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                sealed
            })
        })
        .collect();
    for task in writing {
        task.await.unwrap();
    }
    let mut sealed = 0;
    for task in sealing {
        sealed += task.await.unwrap();
    }
    hand.forward(TimeDelta::seconds(6));
    if let Round::Sealed(count) = sealer(&replicas[0], &hand, 7).round().await.unwrap() {
        sealed += count;
    }
    let report = read(&place, &[]).await;
    assert_eq!((findings(&report), report.entries, report.tail), (vec![], 720, 0));
    assert_eq!((sealed, report.head.position), (720, 720));
}

#[tokio::test]
async fn a_place_that_cannot_be_told_is_told_of_and_tried_again() {
    let place = Place::sqlite();
    let store = place.open().await;
    let hand = Hand::new();
    let folder = tempfile::tempdir().unwrap();
    let (works, not_yet) = (folder.path().join("heads"), folder.path().join("later/heads"));
    let settings = Settings {
        schedule: Some(Schedule { at: 0, every: 3600 }),
        places: vec![Announced::File(works.clone()), Announced::File(not_yet.clone())],
        ..settings()
    };
    let mut sealer = sealer_with(&store, &hand, 1, settings);
    store.receive(command("1")).await.unwrap();
    announced(&mut sealer, &works, 1).await;
    let raised = hand.raised();
    assert!(raised.len() == 1 && raised[0].starts_with("AuditNotAnnounced"), "{raised:?}");
    std::fs::create_dir(folder.path().join("later")).unwrap();
    hand.forward(TimeDelta::minutes(2));
    announced(&mut sealer, &not_yet, 1).await;
    assert_eq!(std::fs::read_to_string(&works).unwrap().lines().count(), 1, "who was told is not told again");
    assert_eq!(hand.raised(), [] as [&str; 0]);
}
