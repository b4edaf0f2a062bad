//! What the store keeps of the audit's chain, and what it forgets because of its age.

use chrono::TimeDelta;
use hubcommander_audit::{Chain, Link, Salt, Seal};

use super::places::Place;
use super::samples::*;
use super::stories::lent;
use crate::invocation::State;
use crate::store::chain::{Forgotten, Sealed};
use crate::store::{Booking, Change, Store, open_chain};

/// What somebody seals: `fence` is what they last saw.
fn by(holder: &str, fence: i64, micros: i64, seal: Option<(Seal, Vec<Link>)>) -> Sealed {
    let now = at(micros);
    Sealed {
        holder: holder.into(),
        fence,
        now,
        until: now + TimeDelta::microseconds(100),
        announced: None,
        seal,
    }
}

/// The chain with all that is not in it, under a seal.
async fn next(store: &dyn Store, chain: &mut Chain) -> (Seal, Vec<Link>) {
    let entries = store.entries(chain.last_seq(), i64::MAX, 1_000).await.unwrap();
    let links = entries.iter().map(|entry| chain.add(entry, Salt([7; 16]))).collect();
    (chain.seal(1, None), links)
}

pub async fn whoever_was_replaced_cannot_seal(place: Place) {
    let store = place.open().await;
    let mut chain = Chain::new();
    store.receive(command("1")).await.unwrap();
    let first = next(&*store, &mut chain).await;
    assert!(store.seal(&by("a", 0, 0, Some(first.clone()))).await.unwrap());
    let state = store.sealing().await.unwrap();
    assert_eq!((state.holder.as_str(), state.fence, state.newest), ("a", 1, 1));
    assert_eq!(state.last, Some(first.0));

    store.receive(command("2")).await.unwrap();
    let second = next(&*store, &mut chain).await;
    assert!(!store.seal(&by("b", 1, 100, Some(second.clone()))).await.unwrap(), "its time is not over");
    assert!(store.seal(&by("b", 1, 101, Some(second.clone()))).await.unwrap());
    // The first comes back from a long pause, and believes that it still seals.
    assert!(!store.seal(&by("a", 1, 102, Some(second.clone()))).await.unwrap(), "the fence is another");
    assert!(!store.seal(&by("b", 2, 103, Some(second))).await.unwrap(), "it is there already");
    assert!(!store.seal(&by("a", 1, 300, None)).await.unwrap(), "also once the other's time is over");
    let state = store.sealing().await.unwrap();
    assert_eq!((state.holder.as_str(), state.fence), ("b", 2));
    assert_eq!(place.count("SELECT count(*) FROM audit_chain").await, 2);
    assert_eq!(place.count("SELECT count(*) FROM audit_seals").await, 2);
    // Noting what was announced takes no seal.
    let announced = Sealed { announced: Some(at(5)), ..by("b", 2, 104, None) };
    assert!(store.seal(&announced).await.unwrap());
    assert_eq!(store.sealing().await.unwrap().announced, at(5).timestamp_micros());
}

pub async fn bodies_go_only_where_a_seal_says_so(place: Place) {
    let store = place.open().await;
    let mut chain = Chain::new();
    for id in ["1", "2", "3"] {
        store.receive(command(id)).await.unwrap();
    }
    let sealed = next(&*store, &mut chain).await;
    assert!(store.seal(&by("a", 0, 0, Some(sealed))).await.unwrap());
    assert_eq!(store.first_with_body().await.unwrap(), Some(1));
    let old = Forgotten { after: 0, through: 2, before: at(-1), limit: 10 };
    store.forget(old).await.expect_err("no seal says so");
    chain.remove_through(2);
    let allowed = next(&*store, &mut chain).await;
    assert!(store.seal(&by("a", 1, 1, Some(allowed))).await.unwrap());
    store.forget(Forgotten { through: 3, ..old }).await.expect_err("not so far");
    assert_eq!(store.first_with_body().await.unwrap(), Some(1), "all or nothing");
    assert_eq!(store.forget(old).await.unwrap(), 0);
    assert_eq!(store.first_with_body().await.unwrap(), Some(3));
    let mut reader = open_chain(&place.url()).await.unwrap();
    let rows = reader.rows(0, 10).await.unwrap();
    let bodies: Vec<bool> =
        rows.iter().map(|row| row.entry.clone().unwrap().unwrap().body.is_some()).collect();
    assert_eq!(bodies, [false, false, true]);
    // Page by page it is the same.
    let mut paged = Vec::new();
    while let page =
        reader.rows(paged.last().map_or(0, |row: &hubcommander_audit::Row| row.seq), 2).await.unwrap()
        && !page.is_empty()
    {
        paged.extend(page);
    }
    assert_eq!(paged, rows);
}

pub async fn what_a_lease_refers_to_is_not_forgotten(place: Place) {
    let store = place.open().await;
    for id in ["inv-1", "inv-2", "inv-3"] {
        store.receive(command(id)).await.unwrap();
    }
    for id in ["inv-1", "inv-2"] {
        let touched = vec!["github:acme/widgets".to_owned()];
        let over = Change { state: Some(State::Done), reported: Some(true), touched, ..change(id, 0) };
        store.change(&over).await.unwrap();
    }
    let mut running = lent("lse-1", "k", 1_000, None);
    running.lease.invocation = "inv-1".into();
    let mut ended = lent("lse-2", "k", 1_000, Some(20));
    ended.lease.invocation = "inv-2".into();
    store.book(&Booking { leases: vec![running, ended], ..Booking::default() }).await.unwrap();
    let forgotten = Forgotten { after: 0, through: 0, before: at(1_000), limit: 10 };
    assert_eq!(
        store.forget(Forgotten { before: at(5), ..forgotten }).await.unwrap(),
        0,
        "they were changed since"
    );
    assert_eq!(store.forget(forgotten).await.unwrap(), 1);
    assert!(store.invocation("inv-1").await.unwrap().is_some(), "a lease refers to it");
    assert!(store.invocation("inv-2").await.unwrap().is_none());
    assert!(store.invocation("inv-3").await.unwrap().is_some(), "it is not over");
    assert_eq!(place.count("SELECT count(*) FROM touched").await, 1);
    assert_eq!(place.count("SELECT count(*) FROM audit").await, 3);
}

pub async fn clicks_that_are_done_are_forgotten_after_a_week(place: Place) {
    let store = place.open().await;
    for key in ["done", "open"] {
        store.receive_click(click(key, 0)).await.unwrap();
    }
    store.click_done("done", Vec::new()).await.unwrap();
    let on_day = |day: i64, id: &str| {
        let mut new = command(id);
        new.at += TimeDelta::days(day);
        new
    };
    store.receive(on_day(6, "six")).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM clicks").await, 2);
    store.receive(on_day(8, "eight")).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM clicks").await, 1);
    assert_eq!(store.unfinished_clicks().await.unwrap(), [click("open", 0)]);
}

pub async fn one_open_click_is_found_by_its_key(place: Place) {
    let store = place.open().await;
    for key in ["a", "b"] {
        store.receive_click(click(key, 3)).await.unwrap();
    }
    store.click_done("a", Vec::new()).await.unwrap();
    assert_eq!(store.open_click("a").await.unwrap(), None);
    assert_eq!(store.open_click("b").await.unwrap(), Some(click("b", 3)));
    assert_eq!(store.open_click("c").await.unwrap(), None);
    assert_eq!(store.open_click("\0").await.unwrap(), None);
}
