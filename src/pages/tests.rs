//! What the pages keep, over a real store.

use std::sync::Arc;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_stethoscope_pages::ports::{
    Attempt, Hash, Person, Session, Sessions as _, Ticket, Token, Tokens as _,
};

use super::{sessions, sweep, tokens};
use crate::store::{Shelf, Store, open};

async fn shelf() -> (Shelf, Arc<dyn Store>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&format!("sqlite://{}", folder.path().join("pages.db").display())).await.unwrap();
    let shelf = Shelf::default();
    shelf.put(Arc::clone(&store));
    (shelf, store, folder)
}

fn now() -> Instant {
    "2026-03-03T12:00:00Z".parse().unwrap()
}

fn mia() -> Person {
    Person { email: "mia@example.com".into(), name: "Mia".into() }
}

fn ticket(id: u8) -> Ticket {
    Ticket { id: Hash([id; 32]), person: mia(), ends: now() + TimeDelta::minutes(10) }
}

fn session(id: u8) -> Session {
    Session { id: Hash([id; 32]), person: mia(), begun: now(), seen: now() }
}

#[tokio::test]
async fn of_two_who_use_one_link_one_comes_in() {
    let (shelf, _store, _folder) = shelf().await;
    let kept = sessions::Shelved::new(shelf);
    kept.put_ticket(ticket(1)).await.unwrap();
    assert_eq!(kept.look_at_ticket(&Hash([1; 32])).await.unwrap(), Some(ticket(1)));
    let (one, other) = tokio::join!(kept.take_ticket(&Hash([1; 32])), kept.take_ticket(&Hash([1; 32])));
    let came = [one.unwrap(), other.unwrap()];
    assert_eq!(came.iter().flatten().count(), 1);
    let attempt = Attempt {
        id: Hash([2; 32]),
        provider: "google".into(),
        nonce: "n".into(),
        verifier: "v".into(),
        next: "/".into(),
        ends: now(),
    };
    kept.put_attempt(attempt.clone()).await.unwrap();
    assert_eq!(kept.take_attempt(&attempt.id).await.unwrap(), Some(attempt.clone()));
    assert_eq!(kept.take_attempt(&attempt.id).await.unwrap(), None);
}

#[tokio::test]
async fn out_everywhere_is_out_and_in_again_is_in() {
    let (shelf, _store, _folder) = shelf().await;
    let kept = sessions::Shelved::new(shelf);
    kept.begin(session(1)).await.unwrap();
    kept.put_ticket(ticket(2)).await.unwrap();
    let later = now() + TimeDelta::minutes(5);
    kept.seen(&Hash([1; 32]), later).await.unwrap();
    assert_eq!(kept.find(&Hash([1; 32])).await.unwrap().unwrap().seen, later);
    kept.end_all("mia@example.com").await.unwrap();
    assert_eq!(kept.find(&Hash([1; 32])).await.unwrap(), None);
    assert_eq!(kept.take_ticket(&Hash([2; 32])).await.unwrap(), None);
    kept.begin(session(3)).await.unwrap();
    assert_eq!(kept.find(&Hash([3; 32])).await.unwrap(), Some(session(3)));
    kept.end(&Hash([3; 32])).await.unwrap();
    kept.seen(&Hash([3; 32]), later).await.unwrap();
    assert_eq!(kept.find(&Hash([3; 32])).await.unwrap(), None, "being seen does not bring it back");
}

#[tokio::test]
async fn what_began_before_somebody_signed_out_everywhere_is_no_way_in() {
    let (shelf, _store, _folder) = shelf().await;
    let kept = sessions::Shelved::new(shelf);
    let of = |emails: &[&str]| emails.iter().map(|&email| email.to_owned()).collect::<Vec<_>>();
    let any = async |emails: &[&str]| kept.any_of(&of(emails)).await.unwrap();
    assert!(!any(&["mia@example.com"]).await);
    kept.begin(session(1)).await.unwrap();
    assert!(any(&["ana@example.com", "Mia@Example.com"]).await);
    assert!(!any(&["ana@example.com"]).await);
    kept.end_all("mia@example.com").await.unwrap();
    // Ana has never signed out: that is no word about Mia's session.
    assert!(!any(&["ana@example.com", "mia@example.com"]).await);
    kept.put_ticket(ticket(2)).await.unwrap();
    assert!(any(&["mia@example.com"]).await);
}

#[tokio::test]
async fn a_revoked_token_is_gone_for_good() {
    let (shelf, _store, _folder) = shelf().await;
    let kept = tokens::Shelved::new(shelf);
    let token = |id: &str, hash: u8, made: i64| Token {
        hash: Hash([hash; 32]),
        id: id.into(),
        person: mia(),
        label: "script".into(),
        made: now() + TimeDelta::minutes(made),
        ends: now() + TimeDelta::days(90),
        used: None,
    };
    kept.put(token("a", 1, 0)).await.unwrap();
    kept.put(token("b", 2, 1)).await.unwrap();
    let ids = async |email: &str| -> Vec<String> {
        kept.of(email).await.unwrap().into_iter().map(|token| token.id).collect()
    };
    assert_eq!(ids("mia@example.com").await, ["b", "a"]);
    assert_eq!(ids("mia@example.co").await, [""; 0]);
    kept.revoke("ana@example.com", "a").await.unwrap();
    kept.used(&Hash([1; 32]), now()).await.unwrap();
    assert_eq!(kept.find(&Hash([1; 32])).await.unwrap().unwrap().used, Some(now()));
    kept.revoke("mia@example.com", "a").await.unwrap();
    kept.used(&Hash([1; 32]), now()).await.unwrap();
    assert_eq!(kept.find(&Hash([1; 32])).await.unwrap(), None);
    assert_eq!(ids("mia@example.com").await, ["b"]);
}

#[tokio::test]
async fn what_has_ended_is_thrown_away_and_nothing_else() {
    let (shelf, store, _folder) = shelf().await;
    let kept = sessions::Shelved::new(shelf);
    kept.put_ticket(ticket(1)).await.unwrap();
    kept.begin(session(2)).await.unwrap();
    assert_eq!(sweep::throw_away(&*store, now()).await.unwrap(), 0);
    assert_eq!(sweep::throw_away(&*store, now() + TimeDelta::minutes(10)).await.unwrap(), 1);
    assert!(kept.find(&Hash([2; 32])).await.unwrap().is_some());
    assert_eq!(sweep::throw_away(&*store, now() + TimeDelta::days(32)).await.unwrap(), 1);
}
