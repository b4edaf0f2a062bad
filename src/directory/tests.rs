//! What is kept, over a real store.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hubcommander_directory::scim::{Kind, Record};
use hubcommander_directory::{Ask, Change, Email, Keep as _, KeepTrouble, Person, Roll, keeps};
use hubcommander_sdk::accounts::Directory as _;
use hubcommander_sdk::clock::{Instant, SharedClock, SystemClock};
use serde_json::json;

use super::*;
use crate::store::tests::places::Place;
use crate::store::{Booking, Shelf, Store, StoreError};

/// What was followed: the source, how many work there, and what happened to whom.
#[derive(Default)]
struct Notes {
    all: Mutex<Vec<(String, usize, Vec<String>)>>,
    fails: Mutex<bool>,
}

fn words(change: &Change) -> String {
    match change {
        Change::Joined { person } => format!("joined {}", person.id),
        Change::Changed { after, .. } => format!("changed {}", after.id),
        Change::Left { person, how } => format!("left {} {how:?}", person.id),
        Change::Back { person } => format!("back {}", person.id),
        Change::Group { name, .. } => format!("group {name}"),
    }
}

#[async_trait]
impl Follow for Notes {
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        _: Instant,
    ) -> Result<Booking, StoreError> {
        if *self.fails.lock().unwrap() {
            return Err(StoreError::Unavailable("for the test".to_owned()));
        }
        let mut all = self.all.lock().unwrap();
        all.push((source.to_owned(), working, changes.iter().map(words).collect()));
        let kept = vec![(format!("followed:{}", all.len()), Some(json!(changes.len())))];
        Ok(Booking { kept, ..Booking::default() })
    }
}

impl Notes {
    fn take(&self) -> Vec<(String, usize, Vec<String>)> {
        std::mem::take(&mut *self.all.lock().unwrap())
    }

    fn last(&self) -> Vec<String> {
        self.take().pop().map(|(_, _, changes)| changes).unwrap_or_default()
    }
}

struct Ground {
    place: Place,
    notes: Arc<Notes>,
}

impl Ground {
    fn new() -> Self {
        Self::on(Place::sqlite())
    }

    fn on(place: Place) -> Self {
        Self { place, notes: Arc::default() }
    }

    async fn store(&self) -> Arc<dyn Store> {
        self.place.open().await
    }

    /// As after a start, with these sources.
    async fn start(&self, sources: &[Source]) -> Directories {
        let mut settings = Settings::default();
        for source in sources {
            match source {
                Source::Scim => settings.scim = Some([("test".to_owned(), "t".repeat(32).into())].into()),
                Source::Csv => {
                    settings.csv = Some(hubcommander_directory::readers::CsvSettings::new("unused.csv"));
                }
                Source::Okta => {
                    let url = "https://example.okta.com".parse().unwrap();
                    let okta = hubcommander_directory::readers::OktaSettings::new(url, "token".into());
                    settings.okta = Some(okta);
                }
                _ => unreachable!(),
            }
        }
        let shelf = Shelf::default();
        shelf.put(self.store().await);
        let clock: SharedClock = Arc::new(SystemClock);
        let directories = Directories::new(settings, shelf, clock, Arc::<Notes>::clone(&self.notes));
        directories.begin().await.unwrap();
        directories
    }
}

fn person(id: u32, active: bool) -> Person {
    let mut person = Person::new(format!("p{id}"), format!("p{id}@example.com"));
    person.emails.extend(Email::parse(&person.user_name));
    person.active = active;
    person
}

fn roll(people: &[Person]) -> Roll {
    Roll::new("test", Instant::UNIX_EPOCH, people.to_vec(), vec![]).unwrap()
}

fn people(ids: std::ops::Range<u32>) -> Vec<Person> {
    ids.map(|id| person(id, true)).collect()
}

fn user(id: &str, active: bool, version: u64) -> Record {
    let at = Instant::UNIX_EPOCH;
    let attributes = json!({ "userName": format!("{id}@example.com"), "active": active });
    let attributes = attributes.as_object().cloned().unwrap();
    Record { id: id.to_owned(), version, created: at, modified: at, active, attributes }
}

#[tokio::test]
async fn it_keeps_as_every_keeper_must() {
    keeps_as_it_must(Ground::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_as_every_keeper_must_on_postgres() {
    keeps_as_it_must(Ground::on(Place::postgres())).await;
}

async fn keeps_as_it_must(ground: Ground) {
    let directories = ground.start(&[Source::Scim]).await;
    keeps(&directories).await.unwrap();
    // And what it left behind is there after a restart, found by the same questions.
    let all = directories.list(Kind::User, &Ask { take: usize::MAX, ..Ask::default() }).await.unwrap();
    let again = ground.start(&[Source::Scim]).await;
    let kept = again.list(Kind::User, &Ask { take: usize::MAX, ..Ask::default() }).await.unwrap();
    assert_eq!((kept.total, &kept), (4, &all));
    let groups =
        |directories: Directories| async move { directories.groups_of(&["u3", "u4"]).await.unwrap() };
    assert_eq!(groups(again).await, groups(directories).await);
}

#[tokio::test]
async fn what_scim_tells_is_kept_with_what_follows_or_not_at_all() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Scim]).await;
    let (ana, bob) = (user("ana", true, 1), user("bob", true, 1));
    for record in [&ana, &bob] {
        let news = Change::Joined { person: record.person([]) };
        directories.put(Kind::User, record, None, Some(&news)).await.unwrap();
    }
    assert_eq!(ground.notes.take()[1], ("SCIM".to_owned(), 2, vec!["joined bob".to_owned()]));
    let left = user("ana", false, 2);
    let news = Change::Left { person: left.person([]), how: hubcommander_directory::Departure::Deactivated };
    // What follows is not known: then nothing has happened.
    *ground.notes.fails.lock().unwrap() = true;
    let refused = directories.put(Kind::User, &left, Some(1), Some(&news)).await;
    assert!(matches!(refused, Err(KeepTrouble::Broken(_))), "{refused:?}");
    assert_eq!(directories.get(Kind::User, "ana").await.unwrap().unwrap().version, 1);
    assert_eq!(ground.store().await.remembered("scim:user:ana").await.unwrap().unwrap()["version"], 1);
    *ground.notes.fails.lock().unwrap() = false;
    directories.put(Kind::User, &left, Some(1), Some(&news)).await.unwrap();
    assert_eq!(ground.notes.take(), [("SCIM".to_owned(), 1, vec!["left ana Deactivated".to_owned()])]);
    let store = ground.store().await;
    assert_eq!(store.remembered("followed:1").await.unwrap(), Some(json!(1)));
    let audit = store.audit(None, 10).await.unwrap();
    assert_eq!(audit.last().unwrap().body["left"], json!(["ana"]));
    let again = ground.start(&[Source::Scim]).await;
    assert!(!again.get(Kind::User, "ana").await.unwrap().unwrap().active);
    assert!(ground.notes.take().is_empty(), "a restart is no news");
    let known = again.everybody().await.unwrap();
    assert_eq!(
        known.iter().map(|one| (one.id.as_str(), one.active)).collect::<Vec<_>>(),
        [("bob", true), ("ana", false)]
    );
}

#[tokio::test]
async fn of_two_that_change_a_record_at_once_one_is_told_to_look_again() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Scim]).await;
    directories.put(Kind::User, &user("ana", true, 1), None, None).await.unwrap();
    let (one, other) = (user("ana", false, 2), user("ana", true, 2));
    let (one, other) = tokio::join!(
        directories.put(Kind::User, &one, Some(1), None),
        directories.put(Kind::User, &other, Some(1), None)
    );
    assert_eq!([one, other].iter().filter(|put| **put == Err(KeepTrouble::Newer)).count(), 1);
}

#[tokio::test]
async fn nothing_follows_from_the_first_reading_and_each_change_follows_once() {
    follows_once(Ground::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_follows_once_on_postgres() {
    follows_once(Ground::on(Place::postgres())).await;
}

async fn follows_once(ground: Ground) {
    let directories = ground.start(&[Source::Csv]).await;
    let refusal = directories.everybody().await.unwrap_err();
    assert_eq!(refusal.what.words(), "Who works here is not known yet: the CSV file has not been read.");
    assert!(directories.with_email("p1@example.com").await.is_err());
    let mut all = people(0..10);
    all[9].active = false;
    let taken = directories.take(Source::Csv, roll(&all), None).await.unwrap();
    assert_eq!(taken, Taken { first: true, working: 9, changes: 0 });
    assert!(ground.notes.take().is_empty());
    // Somebody left, somebody is gone, somebody is back, somebody is new.
    (all[1].active, all[9].active) = (false, true);
    all.remove(2);
    all.push(person(10, true));
    all[0].name = "Zoe".to_owned();
    directories.take(Source::Csv, roll(&all), None).await.unwrap();
    let mut changes = ground.notes.last();
    changes.sort();
    assert_eq!(changes, ["back p9", "changed p0", "joined p10", "left p1 Deactivated", "left p2 Gone"]);
    // The same again, and again after a restart.
    directories.take(Source::Csv, roll(&all), None).await.unwrap();
    let again = ground.start(&[Source::Csv]).await;
    assert_eq!(again.everybody().await.unwrap(), directories.everybody().await.unwrap());
    assert_eq!(again.take(Source::Csv, roll(&all), None).await.unwrap().changes, 0);
    assert!(ground.notes.take().is_empty());
    assert_eq!(again.everybody().await.unwrap().len(), 10);
    assert_eq!(again.with_email("P0@example.com").await.unwrap()[0].name, "Zoe");
}

#[tokio::test]
async fn a_change_whose_consequences_are_not_known_is_not_kept() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap();
    *ground.notes.fails.lock().unwrap() = true;
    let refused = directories.take(Source::Csv, roll(&people(0..3)), None).await;
    assert!(matches!(refused, Err(NotTaken::Store(_))), "{refused:?}");
    assert_eq!(directories.everybody().await.unwrap().len(), 4);
    *ground.notes.fails.lock().unwrap() = false;
    // After a restart too it is not lost.
    let again = ground.start(&[Source::Csv]).await;
    again.take(Source::Csv, roll(&people(0..3)), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["left p3 Gone"]);
}

#[tokio::test]
async fn whoever_works_here_by_another_source_has_not_left() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Okta, Source::Csv]).await;
    directories.take(Source::Okta, roll(&people(0..8)), None).await.unwrap();
    assert!(directories.everybody().await.is_err(), "one source is not read yet");
    directories.take(Source::Csv, roll(&people(0..2)), None).await.unwrap();
    // One leaves both, one after the other; one leaves a single source.
    directories.take(Source::Okta, roll(&people(1..7)), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["left p7 Gone"]);
    directories.take(Source::Csv, roll(&people(1..2)), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["left p0 Gone"]);
    // Somebody gets another id: they have joined, and have not left.
    let mut all = people(1..7);
    all[0].id = "other".to_owned();
    directories.take(Source::Okta, roll(&all), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["joined other"]);
}

#[tokio::test]
async fn half_a_company_does_not_leave_unless_somebody_says_so() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    directories.take(Source::Csv, roll(&people(0..10)), None).await.unwrap();
    // All have other ids: as many as before, and nobody of those who were there.
    let shrunk = directories.take(Source::Csv, roll(&people(10..20)), None).await.unwrap_err();
    assert!(matches!(shrunk, NotTaken::Shrunk { before: 10, gone: 10 }), "{shrunk:?}");
    let shrunk = directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap_err();
    assert!(matches!(shrunk, NotTaken::Shrunk { before: 10, gone: 6 }), "{shrunk:?}");
    assert_eq!(directories.everybody().await.unwrap().len(), 10);
    assert!(ground.notes.take().is_empty());
    directories.say(Source::Csv, Said::Believe).await.unwrap();
    assert_eq!(directories.said(Source::Csv).await.unwrap(), Some(Said::Believe));
    directories.take(Source::Csv, roll(&people(0..4)), Some(Said::Believe)).await.unwrap();
    assert_eq!(ground.notes.last().len(), 6);
    assert_eq!(directories.said(Source::Csv).await.unwrap(), None, "it counts once");
    // Or it is read as if it had never been.
    directories.say(Source::Csv, Said::Forget).await.unwrap();
    let taken = directories.take(Source::Csv, roll(&people(30..33)), Some(Said::Forget)).await.unwrap();
    assert!(taken.first && ground.notes.take().is_empty());
    let again = ground.start(&[Source::Csv]).await;
    assert_eq!(again.everybody().await.unwrap().len(), 3);
}

#[tokio::test]
async fn whoever_may_stand_on_a_line_that_cannot_be_read_is_kept() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap();
    let half = Roll::new("test", Instant::UNIX_EPOCH, people(0..3), vec!["line 5: no id".to_owned()]);
    directories.take(Source::Csv, half.unwrap(), None).await.unwrap();
    assert!(ground.notes.take().is_empty());
    let again = ground.start(&[Source::Csv]).await;
    assert_eq!(again.everybody().await.unwrap().len(), 4);
    let (_, status) = again.statuses().await.unwrap().remove(0);
    assert_eq!((status.people, status.unread), (4, vec!["line 5: no id".to_owned()]));
    again.take(Source::Csv, roll(&people(0..3)), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["left p3 Gone"]);
}

#[tokio::test]
async fn a_source_that_is_away_for_a_while_is_not_known_until_it_is_read_again() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap();
    let without = ground.start(&[]).await;
    assert!(!without.is_set_up() && without.everybody().await.unwrap().is_empty());
    let again = ground.start(&[Source::Csv]).await;
    assert!(again.everybody().await.is_err());
    again.take(Source::Csv, roll(&people(0..3)), None).await.unwrap();
    assert_eq!(ground.notes.last(), ["left p3 Gone"], "what happened meanwhile follows");
    assert_eq!(again.everybody().await.unwrap().len(), 3);
    let without = ground.start(&[]).await;
    assert_eq!(without.drop_source(Source::Csv).await.unwrap(), 3);
    assert!(ground.store().await.remembered_under("directory:", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn why_a_source_is_not_read_is_known_and_what_was_known_stays() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap();
    directories.not_read(Source::Csv, "it is gone").await.unwrap();
    let status = ground.start(&[Source::Csv]).await.statuses().await.unwrap().remove(0).1;
    assert_eq!(status.trouble.map(|(why, _)| why), Some("it is gone".to_owned()));
    assert_eq!((status.people, directories.everybody().await.unwrap().len()), (4, 4));
    directories.take(Source::Csv, roll(&people(0..4)), None).await.unwrap();
    assert!(directories.statuses().await.unwrap()[0].1.trouble.is_none());
}

#[tokio::test]
async fn an_id_that_no_key_holds_is_kept_all_the_same() {
    let ground = Ground::new();
    let directories = ground.start(&[Source::Csv]).await;
    let mut all = people(0..3);
    all[0].id = "ä%_'\"\\ :x".repeat(100);
    directories.take(Source::Csv, roll(&all), None).await.unwrap();
    let again = ground.start(&[Source::Csv]).await;
    assert_eq!(again.take(Source::Csv, roll(&all), None).await.unwrap().changes, 0);
    all.remove(0);
    again.take(Source::Csv, roll(&all), None).await.unwrap();
    assert_eq!(ground.start(&[Source::Csv]).await.everybody().await.unwrap().len(), 2);
}
