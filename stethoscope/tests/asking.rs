//! Asking sources: at the same time, twice, with an end to every wait, and never about somebody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may stop at what should not be"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_posture::{Catalogue, Identifiers, Instant, Record, Seen, Serial};
use hubcommander_sdk::clock::Clock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use hubcommander_stethoscope::{Disowned, Freshness, Looks, Outcome, Settings, Stethoscope};

/// A clock that is put forward by hand.
#[derive(Debug)]
struct Hand(Mutex<Instant>);

impl Hand {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-11-28T10:00:00Z".parse().unwrap())))
    }

    fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += chrono::TimeDelta::seconds(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

/// How a source behaves.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    Down,
    Slow,
    TooMuch,
}

struct Source {
    name: &'static str,
    records: Mutex<Vec<Record>>,
    mood: Mutex<Mood>,
    takes: Duration,
    asked: AtomicUsize,
    refreshed: AtomicUsize,
}

impl Source {
    fn new(name: &'static str, records: Vec<Record>) -> Arc<Self> {
        Arc::new(Self {
            name,
            records: Mutex::new(records),
            mood: Mutex::new(Mood::Fine),
            takes: Duration::from_millis(100),
            asked: AtomicUsize::new(0),
            refreshed: AtomicUsize::new(0),
        })
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(&self, fits: impl Fn(&Record) -> bool) -> Result<Found, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Down => {
                return Err(SourceError::Unavailable { why: "no connection".into(), retry_after: None });
            }
            Mood::Slow => tokio::time::sleep(Duration::from_secs(3_600)).await,
            Mood::Fine | Mood::TooMuch => {}
        }
        let records = self.records.lock().unwrap();
        let fits = |record: &&Record| mood == Mood::TooMuch || fits(record);
        Ok(Found { records: records.iter().filter(fits).cloned().collect(), problems: Vec::new() })
    }
}

#[async_trait]
impl DeviceSource for Source {
    fn name(&self) -> &str {
        self.name
    }

    fn title(&self) -> &str {
        self.name
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        let exactly = |record: &Record| record.owners.iter().any(|owner| owner == email);
        let mood = *self.mood.lock().unwrap();
        // What a source finds by owner is exact; it answers too much only where it is asked by identifiers.
        if mood == Mood::TooMuch {
            self.is(Mood::Fine);
            let found = self.answer(exactly).await;
            self.is(Mood::TooMuch);
            return found;
        }
        self.answer(exactly).await
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let serials: BTreeSet<&Serial> = identifiers.iter().filter_map(|one| one.serial.as_ref()).collect();
        self.answer(|record| record.identifiers.serial.as_ref().is_some_and(|it| serials.contains(it))).await
    }

    async fn all(&self) -> Result<Found, SourceError> {
        self.answer(|_| true).await
    }

    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        self.refreshed.fetch_add(records.len(), Ordering::SeqCst);
        for record in self.records.lock().unwrap().iter_mut() {
            record.saw("encryption", Seen::Good, Some("2026-11-28T10:00:30Z".parse().unwrap()), None);
        }
        Ok(true)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        Ok("a test".to_owned())
    }
}

struct Nothing;

#[async_trait]
impl Disowned for Nothing {
    async fn of(&self, _: &str) -> BTreeSet<(String, String)> {
        BTreeSet::new()
    }
}

fn record(source: &str, id: &str, serial: &str, owner: Option<&str>) -> Record {
    let mut record = Record::new(source, id);
    record.identifiers.serial = Serial::read(serial);
    record.owners = owner.into_iter().map(str::to_owned).collect();
    record.last_seen = Some("2026-11-28T09:00:00Z".parse().unwrap());
    record.platform = Some(hubcommander_posture::Platform::MacOs);
    record.saw("encryption", Seen::Bad, record.last_seen, None);
    record
}

fn over(sources: &[&Arc<Source>], clock: &Arc<Hand>) -> Stethoscope {
    let sources = sources.iter().map(|one| Arc::clone(*one) as Arc<dyn DeviceSource>).collect();
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Stethoscope::new(sources, Arc::new(Nothing), Catalogue::shipped(), clock, Settings::default())
}

const ANA: &str = "ana@example.com";

#[tokio::test(start_paused = true)]
async fn a_device_known_to_one_by_owner_and_to_another_by_serial_is_seen_whole() {
    let (jamf, edr) = (
        Source::new("jamf", vec![record("jamf", "71", "C02ANA", Some(ANA))]),
        Source::new("edr", vec![record("edr", "x1", " c02ana ", None), record("edr", "x2", "C02BEN", None)]),
    );
    let clock = Hand::new();
    let stethoscope = over(&[&jamf, &edr], &clock);
    let look = stethoscope.look("Ana@Example.com", Freshness::Recent).await;
    assert_eq!(look.devices.len(), 1);
    let sources: Vec<&str> = look.devices[0].witnesses.iter().map(|one| one.source.as_str()).collect();
    assert_eq!(sources, ["edr", "jamf"]);
    // The source that told everything by owner is not asked again.
    assert_eq!((jamf.asked(), edr.asked()), (1, 2));

    // What was seen a moment ago is still good; then all is asked in one round.
    stethoscope.look(ANA, Freshness::Recent).await;
    assert_eq!((jamf.asked(), edr.asked()), (1, 2));
    clock.forward(120);
    let before = tokio::time::Instant::now();
    let again = stethoscope.look(ANA, Freshness::Recent).await;
    assert_eq!(again.devices[0].witnesses.len(), 2);
    assert_eq!(before.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn five_sources_take_as_long_as_one() {
    let names = ["a", "b", "c", "d", "e"];
    let sources: Vec<_> =
        names.iter().map(|name| Source::new(name, vec![record(name, "1", "C02ANA", Some(ANA))])).collect();
    let stethoscope = over(&sources.iter().collect::<Vec<_>>(), &Hand::new());
    let before = tokio::time::Instant::now();
    let look = stethoscope.look(ANA, Freshness::Now).await;
    assert_eq!(before.elapsed(), Duration::from_millis(100));
    assert_eq!((look.devices.len(), look.answers.len()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_named_and_hides_nothing() {
    let (fine, down) =
        (Source::new("jamf", vec![record("jamf", "71", "C02ANA", Some(ANA))]), Source::new("edr", vec![]));
    let slow = Source::new("slow", vec![]);
    down.is(Mood::Down);
    slow.is(Mood::Slow);
    let clock = Hand::new();
    let stethoscope = over(&[&fine, &down, &slow], &clock);
    let before = tokio::time::Instant::now();
    let look = stethoscope.look(ANA, Freshness::Recent).await;
    assert_eq!(look.devices.len(), 1);
    assert_eq!(look.silent().collect::<Vec<_>>(), ["edr", "slow"]);
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());

    // A look with somebody silent is not kept; after three failures they are left alone for a while.
    for _ in 0..4 {
        stethoscope.look(ANA, Freshness::Recent).await;
    }
    let asked = down.asked();
    assert_eq!(asked, 3);
    clock.forward(31);
    down.is(Mood::Fine);
    let look = stethoscope.look(ANA, Freshness::Recent).await;
    assert_eq!(look.answers[0].outcome, Outcome::Answered(0));
}

#[tokio::test(start_paused = true)]
async fn nobody_sees_somebody_else_s_device() {
    let jamf = Source::new("jamf", vec![record("jamf", "71", "C02ANA", Some(ANA))]);
    let edr = Source::new("edr", vec![record("edr", "x2", "C02BEN", Some("ben@example.com"))]);
    edr.is(Mood::TooMuch);
    let stethoscope = over(&[&jamf, &edr], &Hand::new());
    let look = stethoscope.look(ANA, Freshness::Now).await;
    assert_eq!(look.devices.len(), 1);
    assert_eq!(look.devices[0].witnesses[0].id, "71");
    // Two people with the same first part are two people.
    assert!(stethoscope.look("ana@other.example", Freshness::Now).await.devices.is_empty());
    assert!(stethoscope.look("  ", Freshness::Now).await.answers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn devices_report_anew_when_that_is_asked_for() {
    let jamf = Source::new("jamf", vec![record("jamf", "71", "C02ANA", Some(ANA))]);
    let stethoscope = over(&[&jamf], &Hand::new());
    let before = stethoscope.look(ANA, Freshness::Recent).await;
    let after = stethoscope.look(ANA, Freshness::Anew).await;
    assert_eq!(jamf.refreshed.load(Ordering::SeqCst), 1);
    let catalogue = stethoscope.catalogue();
    let done = hubcommander_stethoscope::words::put_right(&before, &after, catalogue);
    assert_eq!(done.len(), 1, "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn what_would_change_is_judged_over_all_records() {
    let (jamf, edr) = (
        Source::new("jamf", vec![record("jamf", "71", "C02ANA", Some(ANA))]),
        Source::new("edr", vec![record("edr", "x1", "C02ANA", None)]),
    );
    let clock = Hand::new();
    let stethoscope = over(&[&jamf, &edr], &clock);
    let mut then = Catalogue::shipped();
    then.practices.get_mut("encryption").unwrap().when_bad = hubcommander_posture::Status::Nudge;
    let (found, silent) = stethoscope.preview(&then).await;
    assert!(silent.is_empty());
    assert_eq!(found.devices, 1, "two records of one device");
    let change = &found.changes[0];
    assert_eq!((change.practice.0.as_str(), change.owners.as_slice()), ("encryption", &[ANA.to_owned()][..]));
    assert_eq!(stethoscope.catalogue(), &Catalogue::shipped(), "nothing was changed");

    // What a source that is silent knows is missing, and it is named and asked again.
    clock.forward(3_600);
    edr.is(Mood::Down);
    assert_eq!(stethoscope.preview(&then).await.1, ["edr"]);
    edr.is(Mood::Fine);
    assert!(stethoscope.preview(&then).await.1.is_empty());
}
