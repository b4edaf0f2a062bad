//! What holds for every store.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::join_all;
use hubcommander_sdk::lease::{Holding, Lease};
use hubcommander_sdk::plan::Digest;
use serde_json::json;

pub use super::chain::*;
use super::places::Place;
use super::samples::*;
use crate::invocation::{Posted, State, StepError, StepState};
use crate::store::{
    AuditEntry, Booking, Change, Click, Due, HistoryFilter, LeaseRecord, NewInvocation, Receipt, StoreError,
};

pub async fn a_command_is_received_once(place: Place) {
    let store = place.open().await;
    assert_eq!(store.receive(command("1")).await.unwrap(), Receipt::New);
    assert_eq!(store.receive(command("1")).await.unwrap(), Receipt::Duplicate);

    let it = store.invocation("1").await.unwrap().unwrap();
    assert_eq!((it.version, it.state, it.reported), (0, State::Received, false));
    assert_eq!(it.origin, origin("CreateRepo acme widgets"));
    assert_eq!((it.received_at, it.updated_at), (at(0), at(0)));
    assert_eq!(store.invocation("2").await.unwrap(), None);

    let audit = store.audit(Some("1"), 10).await.unwrap();
    assert_eq!(audit.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), ["received"]);
    assert_eq!(audit[0].body["text"], "CreateRepo acme widgets");
    assert!(!audit[0].body.to_string().contains("very-secret"), "the audit holds no secret");
}

pub async fn a_known_key_writes_nothing(place: Place) {
    let store = place.open().await;
    // The same message comes as a message and as a mention: two events, one message.
    let first = with_keys("1", &["event:Ev1", "message:C0DEV:1.1"]);
    let again = with_keys("2", &["event:Ev2", "message:C0DEV:1.1"]);
    assert_eq!(store.receive(first).await.unwrap(), Receipt::New);
    assert_eq!(store.receive(again).await.unwrap(), Receipt::Duplicate);
    assert_eq!(store.invocation("2").await.unwrap(), None);
    assert_eq!(store.audit(None, 10).await.unwrap().len(), 1);
    // Nor did it leave its other key behind.
    assert_eq!(store.receive(with_keys("3", &["event:Ev2"])).await.unwrap(), Receipt::New);
}

pub async fn keys_are_told_apart_within_a_batch(place: Place) {
    let store = place.open().await;
    let receives = [
        with_keys("1", &["a", "b"]),
        with_keys("2", &["b", "c"]),
        with_keys("3", &["c"]),
        with_keys("4", &["d", "d"]),
        with_keys("5", &["e"]),
    ];
    let receipts = join_all(receives.into_iter().map(|new| store.receive(new))).await;
    let receipts: Vec<Receipt> = receipts.into_iter().map(Result::unwrap).collect();
    // The second wrote nothing, so `c` was free for the third.
    use Receipt::{Duplicate, New};
    assert_eq!(receipts, [New, Duplicate, New, New, New]);
}

pub async fn of_a_hundred_at_once_one_is_new(place: Place) {
    let store = place.open().await;
    let tasks = (0..100).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.receive(with_keys(&format!("{n}"), &["event:Ev1"])).await.unwrap() })
    });
    let receipts = join_all(tasks).await;
    let new = receipts.into_iter().filter(|receipt| *receipt.as_ref().unwrap() == Receipt::New).count();
    assert_eq!(new, 1);
    assert_eq!(store.unfinished().await.unwrap().len(), 1);
}

pub async fn a_conflict_writes_nothing(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    store.receive_click(click("k", 1)).await.unwrap();
    store.change(&Change { state: Some(State::Planned), ..change("1", 0) }).await.unwrap();

    for (id, version) in [("1", 0), ("1", 2), ("unknown", 0)] {
        let stale = Change {
            state: Some(State::Cancelled),
            steps: vec![step("repo", StepState::Started, 3)],
            audit: vec![entry("1", "cancelled")],
            clicks_done: vec!["k".into()],
            ..change(id, version)
        };
        let refused = store.change(&stale).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Conflict { id: i, version: v } if i == id && *v == version),
            "{refused:?}"
        );
    }
    let it = store.invocation("1").await.unwrap().unwrap();
    assert_eq!((it.version, it.state), (1, State::Planned));
    assert_eq!(store.steps("1").await.unwrap(), []);
    assert_eq!(store.audit(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.unfinished_clicks().await.unwrap().len(), 1);
}

pub async fn of_many_changes_at_once_one_wins(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let tasks = (0..50).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.change(&Change { audit: vec![entry("1", "won")], ..change("1", 0) }).await
        })
    });
    let results: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = results.iter().filter(|result| matches!(result, Err(StoreError::Conflict { .. }))).count();
    assert_eq!(lost, 49);
    assert_eq!(store.audit(Some("1"), 100).await.unwrap().len(), 2);
    assert_eq!(store.invocation("1").await.unwrap().unwrap().version, 1);
}

pub async fn what_is_not_named_stays(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let digest = plan().digest(&[]).unwrap();
    let all = Change {
        state: Some(State::Waiting),
        command: Some("CreateRepo".into()),
        args: Some(args()),
        plan: Some(plan()),
        digest: Some(digest.clone()),
        gate: Some(json!({ "approvals": ["U0SAM"] })),
        posted: Some(Posted { channel: "C0DEV".into(), ts: "1.2".into() }),
        outcome: Some(outcome()),
        reported: Some(true),
        ..change("1", 0)
    };
    store.change(&all).await.unwrap();
    let before = store.invocation("1").await.unwrap().unwrap();
    assert_eq!(before.command.as_deref(), Some("CreateRepo"));
    assert_eq!(before.args, Some(args()));
    assert_eq!(before.plan, Some(plan()));
    assert_eq!(before.digest, Some(digest));
    assert_eq!(before.gate, Some(json!({ "approvals": ["U0SAM"] })));
    assert_eq!(before.posted.as_ref().unwrap().ts, "1.2");
    assert_eq!(before.outcome, Some(outcome()));
    assert!(before.reported);
    assert_eq!(before.updated_at, at(10));

    store.change(&Change { at: None, ..change("1", 1) }).await.unwrap();
    let after = store.invocation("1").await.unwrap().unwrap();
    assert_eq!(after.version, 2);
    assert_eq!(crate::invocation::Invocation { version: 1, ..after }, before);

    // Null is a value of the gate's own, not the lack of one.
    store.change(&Change { gate: Some(json!(null)), reported: Some(false), ..change("1", 2) }).await.unwrap();
    let after = store.invocation("1").await.unwrap().unwrap();
    assert_eq!((after.gate, after.reported), (Some(json!(null)), false));
}

pub async fn unfinished_is_what_goes_on_or_was_not_said(place: Place) {
    let store = place.open().await;
    let mut expected = Vec::new();
    for (n, state) in State::ALL.into_iter().enumerate() {
        for reported in [false, true] {
            // Ids that do not sort as they came.
            let id = format!("{}-{reported}", 99 - n);
            store.receive(command(&id)).await.unwrap();
            let to = Change { state: Some(state), reported: Some(reported), ..change(&id, 0) };
            store.change(&to).await.unwrap();
            if !state.is_final() || !reported {
                expected.push(id);
            }
        }
    }
    let unfinished = store.unfinished().await.unwrap();
    assert_eq!(unfinished.into_iter().map(|it| it.id).collect::<Vec<_>>(), expected);
}

pub async fn a_row_that_cannot_be_read_does_not_hold_up_the_others(place: Place) {
    let store = place.open().await;
    for id in ["1", "2", "3"] {
        store.receive(command(id)).await.unwrap();
        store.receive_click(click(id, 0)).await.unwrap();
    }
    place.execute(r#"UPDATE invocations SET origin = '{"via":"telegraph"}' WHERE id = '2'"#).await.unwrap();
    let changed = place.execute("UPDATE clicks SET at = 9223372036854775807 WHERE key = '2'").await;
    assert_eq!(changed.unwrap(), 1);
    let ids: Vec<String> = store.unfinished().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["1", "3"]);
    let keys: Vec<String> = store.unfinished_clicks().await.unwrap().into_iter().map(|it| it.key).collect();
    assert_eq!(keys, ["1", "3"]);
    let unreadable = store.invocation("2").await.unwrap_err();
    assert!(matches!(&unreadable, StoreError::Unreadable { id, .. } if id == "2"), "{unreadable:?}");
}

pub async fn steps_keep_their_first_start_and_their_order(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    store.receive(command("2")).await.unwrap();
    use StepState::{Done, Failed, Skipped, Started};
    let write = async |version, steps| store.change(&Change { steps, ..change("1", version) }).await.unwrap();
    // Side by side: `b` and `a` start in one microsecond.
    write(0, vec![step("z", Started, 1), step("b", Started, 2), step("a", Started, 2)]).await;
    store.change(&Change { steps: vec![step("z", Failed, 9)], ..change("2", 0) }).await.unwrap();
    let mut done = step("z", Done, 7);
    (done.tries, done.applied) = (3, Some(applied()));
    let mut failed = step("b", Failed, 8);
    failed.error = Some(StepError { what: "GitHub said no".into(), lasting: true });
    write(1, vec![done.clone(), failed.clone()]).await;
    // Named twice in one change: the first start, the last word.
    write(2, vec![step("c", Started, 5), step("c", Skipped, 6)]).await;

    done.started_at = at(1);
    failed.started_at = at(2);
    let steps = store.steps("1").await.unwrap();
    assert_eq!(steps, [done, failed, step("a", Started, 2), step("c", Skipped, 5)]);
    assert_eq!(store.steps("2").await.unwrap(), [step("z", Failed, 9)]);
    assert_eq!(store.steps("3").await.unwrap(), []);
}

pub async fn the_audit_is_append_only(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let mut attempts = vec![
        "UPDATE audit SET event = 'nothing'",
        "DELETE FROM audit",
        "UPDATE audit SET invocation = NULL WHERE seq = 1",
    ];
    if place.is_postgres() {
        attempts.push("TRUNCATE audit");
    }
    for attempt in attempts {
        let refused = place.execute(attempt).await.expect_err(attempt).to_string();
        assert!(refused.contains("append-only"), "{attempt}: {refused}");
    }
    let audit = store.audit(None, 10).await.unwrap();
    assert_eq!(audit.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), ["received"]);
}

pub async fn the_audit_gives_the_newest(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    store.receive(command("2")).await.unwrap();
    let audit = vec![entry("1", "a"), entry("1", "b"), AuditEntry { invocation: None, ..entry("", "c") }];
    store.change(&Change { audit, ..change("1", 0) }).await.unwrap();
    store.click_done("no such click", vec![entry("2", "d")]).await.unwrap();
    let events = async |id, limit| -> Vec<String> {
        store.audit(id, limit).await.unwrap().into_iter().map(|entry| entry.event).collect()
    };
    assert_eq!(events(None, 3).await, ["b", "c", "d"]);
    assert_eq!(events(Some("1"), 10).await, ["received", "a", "b"]);
    assert_eq!(events(Some("1"), 2).await, ["a", "b"]);
    assert_eq!(events(Some("2"), 10).await, ["received", "d"]);
    assert_eq!(events(None, 0).await, Vec::<String>::new());
    assert_eq!(store.audit(Some("1"), 1).await.unwrap(), [entry("1", "b")]);
}

pub async fn clicks_are_received_once_and_dealt_with(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    for key in ["c", "a", "b", "d"] {
        assert_eq!(store.receive_click(click(key, 3)).await.unwrap(), Receipt::New);
        assert_eq!(store.receive_click(click(key, 4)).await.unwrap(), Receipt::Duplicate);
    }
    let waiting = async || store.unfinished_clicks().await.unwrap();
    assert_eq!(waiting().await, ["c", "a", "b", "d"].map(|key| click(key, 3)));

    store.change(&Change { clicks_done: vec!["a".into(), "c".into()], ..change("1", 0) }).await.unwrap();
    store.click_done("b", vec![entry("1", "clicked")]).await.unwrap();
    assert_eq!(waiting().await, [click("d", 3)]);
    assert_eq!(store.audit(Some("1"), 1).await.unwrap(), [entry("1", "clicked")]);
    // A click that was dealt with does not come back.
    assert_eq!(store.receive_click(click("a", 9)).await.unwrap(), Receipt::Duplicate);
    assert_eq!(waiting().await, [click("d", 3)]);
}

pub async fn all_is_there_after_a_restart(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    store.receive_click(click("k", 1)).await.unwrap();
    let steps = vec![step("repo", StepState::Started, 1)];
    store.change(&Change { state: Some(State::Running), steps, ..change("1", 0) }).await.unwrap();
    let before = store.unfinished().await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(store.unfinished().await.unwrap(), before);
    assert_eq!(store.unfinished_clicks().await.unwrap(), [click("k", 1)]);
    assert_eq!(store.steps("1").await.unwrap(), [step("repo", StepState::Started, 1)]);
    assert_eq!(store.receive(command("1")).await.unwrap(), Receipt::Duplicate);
    store.change(&Change { state: Some(State::Done), ..change("1", 1) }).await.unwrap();
}

pub async fn one_bad_write_does_not_fail_the_others(place: Place) {
    let store = place.open().await;
    store.receive(command("taken")).await.unwrap();
    // In the midst of good ones: an id that is taken, under new keys, breaks the whole statement.
    let receives = (0..40).map(|n| match n {
        17 => with_keys("taken", &["event:other"]),
        n => command(&format!("{n}")),
    });
    let receipts = join_all(receives.map(|new| store.receive(new))).await;
    for (n, receipt) in receipts.iter().enumerate() {
        match n {
            17 => assert!(matches!(receipt, Err(StoreError::Unavailable(_))), "{receipt:?}"),
            _ => assert_eq!(receipt.as_ref().unwrap(), &Receipt::New, "{n}"),
        }
    }
    assert_eq!(store.unfinished().await.unwrap().len(), 40);
    assert_eq!(store.audit(None, 100).await.unwrap().len(), 40);
    // The bad one left no key behind.
    assert_eq!(store.receive(with_keys("free", &["event:other"])).await.unwrap(), Receipt::New);
    store.probe().await.unwrap();
}

pub async fn any_text_comes_back_as_it_was(place: Place) {
    let store = place.open().await;
    let texts = [
        "Größe 大きさ 👩🏽‍🚀 \u{202e}olleh\u{fffd}".to_owned(),
        "NUL \0 and \u{1} and \u{7f} and \\u0000 and \"quotes\" and 'these' and $1 ?1 :a".to_owned(),
        "ä".repeat(40_000),
        String::new(),
    ];
    for (n, text) in texts.iter().enumerate() {
        let id = format!("inv-{n}-ü");
        let mut new = command(&id);
        new.origin.text.clone_from(text);
        store.receive(new).await.unwrap();
        let body = json!({ text.as_str(): text });
        let said = AuditEntry { body: body.clone(), ..entry(&id, "said") };
        let mut args = args();
        args.set("text", hubcommander_sdk::command::Value::Text(text.clone()));
        let mut failed = step("s", StepState::Failed, 1);
        failed.error = Some(StepError { what: text.as_str().into(), lasting: false });
        let all = Change {
            args: Some(args.clone()),
            outcome: Some(hubcommander_sdk::message::Message::new(text.as_str())),
            gate: Some(body.clone()),
            steps: vec![failed.clone()],
            audit: vec![said.clone()],
            ..change(&id, 0)
        };
        store.change(&all).await.unwrap();
        let sent = Click { key: format!("k{n}"), body: body.clone(), at: at(1) };
        store.receive_click(sent.clone()).await.unwrap();

        let it = store.invocation(&id).await.unwrap().unwrap();
        assert_eq!(&it.origin.text, text);
        assert_eq!((it.args, it.gate), (Some(args), Some(body)));
        assert_eq!(&it.outcome.unwrap().headline.words(), text);
        assert_eq!(store.steps(&id).await.unwrap(), [failed]);
        assert_eq!(store.audit(Some(&id), 1).await.unwrap(), [said]);
        assert_eq!(store.unfinished_clicks().await.unwrap().last(), Some(&sent));
    }
    // Asked for by people, who can type anything.
    assert_eq!(store.invocation("\0").await.unwrap(), None);
    assert_eq!(store.steps("a\0b").await.unwrap(), []);
    assert_eq!(store.audit(Some("\0"), 5).await.unwrap(), []);
}

pub async fn old_keys_are_forgotten_after_a_week(place: Place) {
    let store = place.open().await;
    let on_day = |day: i64, id: &str, key: &str| {
        let mut new = with_keys(id, &[key]);
        new.at += TimeDelta::days(day);
        new
    };
    for n in 0..300 {
        let (id, key) = (format!("{n}"), format!("event:{n}"));
        assert_eq!(store.receive(on_day(0, &id, &key)).await.unwrap(), Receipt::New);
    }
    assert_eq!(store.receive(on_day(6, "six", "event:six")).await.unwrap(), Receipt::New);
    assert_eq!(store.receive(on_day(6, "again", "event:7")).await.unwrap(), Receipt::Duplicate);
    assert_eq!(place.count("SELECT count(*) FROM seen").await, 301);
    // After a week they go, so many at a time.
    store.receive(on_day(8, "eight", "event:eight")).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM seen").await, 302 - 256);
    store.receive(on_day(8, "more", "event:more")).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM seen").await, 3);
    assert_eq!(store.receive(on_day(8, "again", "event:six")).await.unwrap(), Receipt::Duplicate);
    assert!(store.invocation("7").await.unwrap().is_some(), "only the keys are forgotten");
}

pub async fn a_state_that_is_none_is_refused(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    place.execute("UPDATE invocations SET state = 'dreaming'").await.expect_err("no such state");
    // The states of the program and of the tables are the same.
    for (version, state) in (0..).zip(State::ALL) {
        store.change(&Change { state: Some(state), ..change("1", version) }).await.unwrap();
        assert_eq!(store.invocation("1").await.unwrap().unwrap().state, state);
    }
}

pub async fn probing_writes(place: Place) {
    let store = place.open().await;
    store.probe().await.unwrap();
    join_all((0..10).map(|_| store.probe())).await.into_iter().for_each(Result::unwrap);
    assert_eq!(place.count("SELECT CAST(count AS BIGINT) FROM probe").await, 11);
}

fn due(key: &str, micros: i64) -> Due {
    Due { key: key.into(), at: at(micros), origin: origin(&format!("LeaseEnds {key}")) }
}

fn asked_itself(id: &str, due: &str) -> NewInvocation {
    NewInvocation { due: Some(due.into()), ..with_keys(id, &[&format!("due:{due}:{id}")]) }
}

pub async fn what_is_due_is_received_once_and_then_not_due(place: Place) {
    let store = place.open().await;
    let booking = Booking { due: vec![due("b", 20), due("a", 10), due("c", 30)], ..Booking::default() };
    store.book(&booking).await.unwrap();
    let keys = |due: Vec<Due>| due.into_iter().map(|due| due.key).collect::<Vec<_>>();
    assert_eq!(keys(store.due(at(20), 10).await.unwrap()), ["a", "b"]);
    assert_eq!(keys(store.due(at(90), 1).await.unwrap()), ["a"]);
    assert_eq!(store.due_under("c").await.unwrap(), Some(due("c", 30)));

    assert_eq!(store.receive(asked_itself("1", "a")).await.unwrap(), Receipt::New);
    assert_eq!(store.receive(asked_itself("2", "a")).await.unwrap(), Receipt::Duplicate);
    assert_eq!(store.invocation("2").await.unwrap(), None);
    let at_once = ["3", "4", "5"].map(|id| store.receive(asked_itself(id, "b")));
    let new = join_all(at_once).await.into_iter().filter(|got| matches!(got, Ok(Receipt::New))).count();
    assert_eq!(new, 1);
    assert_eq!(keys(store.due(at(90), 10).await.unwrap()), ["c"]);
    store.book(&Booking { dropped: vec!["c".into(), "unknown".into()], ..Booking::default() }).await.unwrap();
    assert_eq!(store.receive(asked_itself("6", "c")).await.unwrap(), Receipt::Duplicate);
    assert_eq!(store.due(at(90), 10).await.unwrap(), []);
}

pub async fn what_is_kept_with_a_booking_is_one_with_it(place: Place) {
    let store = place.open().await;
    store.remember("k:gone", Some(json!("old"))).await.unwrap();
    let entry = |event: &str| AuditEntry {
        at: at(7),
        invocation: None,
        event: event.to_owned(),
        body: json!({ "n": 1 }),
    };
    let booking = Booking {
        due: vec![due("a", 10)],
        kept: vec![
            ("k:gone".into(), None),
            ("k:new".into(), Some(json!("first"))),
            ("k:new".into(), Some(json!("last"))),
        ],
        audit: vec![entry("one"), entry("two")],
        ..Booking::default()
    };
    store.book(&booking).await.unwrap();
    assert_eq!(store.remembered("k:gone").await.unwrap(), None);
    assert_eq!(store.remembered("k:new").await.unwrap(), Some(json!("last")));
    assert_eq!(store.due_under("a").await.unwrap(), Some(due("a", 10)));
    assert_eq!(store.audit(None, 9).await.unwrap(), [entry("one"), entry("two")]);
    // Many at once on the same key: each is whole, and the last one stands.
    let at_once = (0..20).map(|n| {
        let kept = vec![("k:new".to_owned(), Some(json!(n))), (format!("k:{n}"), Some(json!(n)))];
        let store = &store;
        async move { store.book(&Booking { kept, ..Booking::default() }).await }
    });
    assert!(join_all(at_once).await.into_iter().all(|booked| booked.is_ok()));
    assert_eq!(store.remembered_under("k:", 99).await.unwrap().len(), 21);
}

pub async fn what_is_put_down_again_replaces_what_was_there(place: Place) {
    let store = place.open().await;
    store.book(&Booking { due: vec![due("a", 10)], ..Booking::default() }).await.unwrap();
    let later = Booking { due: vec![due("a", 50)], dropped: vec!["a".into()], ..Booking::default() };
    store.book(&later).await.unwrap();
    assert_eq!(store.due(at(90), 10).await.unwrap(), [due("a", 50)]);
}

pub fn lent(id: &str, key: &str, micros: i64, ended: Option<i64>) -> LeaseRecord {
    let lease = Lease {
        id: id.into(),
        holding: Holding {
            grant: "github.collaborator".into(),
            key: key.into(),
            subject: json!({ "login": "octocat" }),
            shown: "octocat on acme/widgets".into(),
        },
        level: "push".into(),
        base: None,
        until: at(micros),
        longest: Some(60),
        reason: Some("an incident".into()),
        by: origin("x").person,
        invocation: "inv-1".into(),
    };
    LeaseRecord { lease, ended: ended.map(at) }
}

pub async fn leases_run_until_they_are_ended(place: Place) {
    let store = place.open().await;
    let leases = vec![lent("b", "k1", 20, None), lent("a", "k1", 30, None), lent("c", "k2", 10, None)];
    store.book(&Booking { leases: leases.clone(), ..Booking::default() }).await.unwrap();
    let ids = |leases: Vec<Lease>| leases.into_iter().map(|lease| lease.id).collect::<Vec<_>>();
    assert_eq!(ids(store.leases(None).await.unwrap()), ["c", "b", "a"]);
    assert_eq!(ids(store.leases(Some("k1")).await.unwrap()), ["b", "a"]);
    assert_eq!(store.lease("a").await.unwrap(), Some(lent("a", "k1", 30, None)));

    let ended = Booking { leases: vec![lent("b", "k1", 20, Some(15))], ..Booking::default() };
    store.book(&ended).await.unwrap();
    assert_eq!(ids(store.leases(Some("k1")).await.unwrap()), ["a"]);
    assert_eq!(store.lease("b").await.unwrap(), Some(lent("b", "k1", 20, Some(15))));
    assert_eq!(store.lease("unknown").await.unwrap(), None);
}

pub async fn what_is_kept_is_found_by_how_its_key_begins(place: Place) {
    let store = place.open().await;
    for (key, value) in [("b:2", 2), ("a:1", 0), ("b:1", 1), ("b:é", 3), ("b", 9), ("ba", 9), ("B:1", 9)] {
        store.remember(key, Some(json!(value))).await.unwrap();
    }
    let found = store.remembered_under("b:", 9).await.unwrap();
    assert_eq!(found, [("1".to_owned(), json!(1)), ("2".to_owned(), json!(2)), ("é".to_owned(), json!(3))]);
    assert_eq!(store.remembered_under("b:", 1).await.unwrap().len(), 1);
    assert!(store.remembered_under("c:", 9).await.unwrap().is_empty());
}

pub async fn history_finds_plans_by_what_they_are_about(place: Place) {
    let store = place.open().await;
    for (id, about) in [("inv-1", "github:acme/widgets"), ("inv-2", "github:acme/gadgets"), ("inv-3", "")] {
        store.receive(command(id)).await.unwrap();
        if !about.is_empty() {
            let touched = vec!["github:acme".to_owned(), about.to_owned()];
            let planned = Change { plan: Some(plan()), digest: Some(Digest("d".into())), ..change(id, 0) };
            store.change(&Change { touched, ..planned }).await.unwrap();
        }
    }
    let ask = async |resource: Option<&str>, before: Option<&str>, limit| {
        let filter =
            HistoryFilter { resource: resource.map(str::to_owned), before: before.map(str::to_owned) };
        let found = store.history(&filter, limit).await.unwrap();
        found.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(ask(None, None, 9).await, ["inv-2", "inv-1"], "what has no plan is not told");
    assert_eq!(ask(Some("github:acme"), None, 9).await, ["inv-2", "inv-1"]);
    assert_eq!(ask(Some("github:acme/widgets"), None, 9).await, ["inv-1"]);
    assert_eq!(ask(Some("github:acme"), Some("inv-2"), 9).await, ["inv-1"]);
    assert_eq!(ask(None, None, 1).await, ["inv-2"]);
    assert_eq!(ask(Some("nobody"), None, 9).await, Vec::<String>::new());
}

pub async fn a_change_and_what_it_books_are_one(place: Place) {
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let book = Booking { due: vec![due("a", 10)], ..Booking::default() };
    let stale = Change { book: book.clone(), touched: vec!["x".into()], ..change("1", 7) };
    assert!(store.change(&stale).await.is_err());
    assert_eq!(store.due(at(90), 10).await.unwrap(), []);
    store.change(&Change { book, ..change("1", 0) }).await.unwrap();
    assert_eq!(store.due(at(90), 10).await.unwrap(), [due("a", 10)]);
}
