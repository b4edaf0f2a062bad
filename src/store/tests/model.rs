//! Random operations against a model that is so simple that it is right.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::places::Place;
use super::samples::*;
use crate::invocation::{State, StepRecord, StepState};
use crate::store::{Change, Receipt, Store, StoreError};

#[derive(Clone, Debug)]
enum Op {
    Receive {
        id: u8,
        keys: Vec<u8>,
    },
    Click {
        key: u8,
    },
    /// `stale` is taken off the version that the model has.
    Change {
        id: u8,
        stale: bool,
        state: Option<State>,
        reported: Option<bool>,
        steps: Vec<(u8, bool)>,
        clicks: Vec<u8>,
    },
    ClickDone {
        key: u8,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Receipt(Receipt),
    Done,
    Conflict,
    Refused,
}

#[derive(Default)]
struct Model {
    seen: BTreeMap<u8, u8>,
    invocations: BTreeMap<u8, (i64, State, bool)>,
    steps: BTreeMap<u8, Vec<StepRecord>>,
    /// Of a click whether it is done.
    clicks: BTreeMap<u8, bool>,
    audit: BTreeMap<u8, Vec<String>>,
}

fn name(id: u8) -> String {
    format!("inv-{id}")
}

fn record(name: u8, done: bool, started: i64) -> StepRecord {
    step(&format!("s{name}"), if done { StepState::Done } else { StepState::Started }, started)
}

impl Model {
    /// Does it, and gives what is to be asked of the store.
    fn apply(&mut self, op: &Op, now: i64) -> (Got, Option<Change>) {
        match op {
            Op::Receive { id, keys } => {
                if keys.iter().any(|key| self.seen.contains_key(key)) {
                    return (Got::Receipt(Receipt::Duplicate), None);
                }
                if self.invocations.contains_key(id) {
                    return (Got::Refused, None);
                }
                self.seen.extend(keys.iter().map(|key| (*key, *id)));
                self.invocations.insert(*id, (0, State::Received, false));
                self.audit.entry(*id).or_default().push("received".into());
                (Got::Receipt(Receipt::New), None)
            }
            Op::Click { key } => {
                let new = !self.clicks.contains_key(key);
                self.clicks.entry(*key).or_insert(false);
                (Got::Receipt(if new { Receipt::New } else { Receipt::Duplicate }), None)
            }
            Op::ClickDone { key } => {
                if let Some(done) = self.clicks.get_mut(key) {
                    *done = true;
                }
                (Got::Done, None)
            }
            Op::Change { id, stale, state, reported, steps, clicks } => {
                let known = self.invocations.get(id).map(|it| it.0);
                let version = known.unwrap_or_default() - i64::from(*stale);
                let steps: Vec<StepRecord> = steps
                    .iter()
                    .zip(0..)
                    .map(|((step, done), n)| record(*step, *done, now * 10 + n))
                    .collect();
                let change = Change {
                    state: *state,
                    reported: *reported,
                    steps: steps.clone(),
                    clicks_done: clicks.iter().map(|key| format!("c{key}")).collect(),
                    audit: vec![entry(&name(*id), &format!("at {now}"))],
                    ..change(&name(*id), version)
                };
                let Some(it) = self.invocations.get_mut(id).filter(|it| it.0 == version) else {
                    return (Got::Conflict, Some(change));
                };
                *it = (version + 1, state.unwrap_or(it.1), reported.unwrap_or(it.2));
                let journal = self.steps.entry(*id).or_default();
                for step in steps {
                    match journal.iter_mut().find(|known| known.step == step.step) {
                        Some(known) => *known = StepRecord { started_at: known.started_at, ..step },
                        None => journal.push(step),
                    }
                }
                for key in clicks {
                    if let Some(done) = self.clicks.get_mut(key) {
                        *done = true;
                    }
                }
                self.audit.entry(*id).or_default().push(format!("at {now}"));
                (Got::Done, Some(change))
            }
        }
    }

    async fn compare(&self, store: &dyn Store) {
        let mut unfinished: Vec<String> =
            store.unfinished().await.unwrap().into_iter().map(|it| it.id).collect();
        unfinished.sort();
        let expected = self.invocations.iter().filter(|(_, it)| !it.1.is_final() || !it.2);
        let mut expected: Vec<String> = expected.map(|(id, _)| name(*id)).collect();
        expected.sort();
        assert_eq!(unfinished, expected);
        for id in 0..IDS {
            let it = store.invocation(&name(id)).await.unwrap();
            let it = it.map(|it| (it.version, it.state, it.reported));
            assert_eq!(it, self.invocations.get(&id).copied(), "{id}");
            assert_eq!(
                store.steps(&name(id)).await.unwrap(),
                self.steps.get(&id).cloned().unwrap_or_default()
            );
            let audit = store.audit(Some(&name(id)), 1000).await.unwrap();
            let audit: Vec<String> = audit.into_iter().map(|entry| entry.event).collect();
            assert_eq!(audit, self.audit.get(&id).cloned().unwrap_or_default(), "{id}");
        }
        let mut clicks: Vec<String> =
            store.unfinished_clicks().await.unwrap().into_iter().map(|click| click.key).collect();
        clicks.sort();
        let expected = self.clicks.iter().filter(|(_, done)| !**done);
        assert_eq!(clicks, expected.map(|(key, _)| format!("c{key}")).collect::<Vec<_>>());
    }
}

/// Few of each, so that they meet.
const IDS: u8 = 6;

fn op() -> impl Strategy<Value = Op> {
    let keys = || proptest::collection::vec(0..9_u8, 0..3);
    let state = proptest::option::of(proptest::sample::select(State::ALL.to_vec()));
    let steps = proptest::collection::vec((0..4_u8, any::<bool>()), 0..4);
    let stale = proptest::bool::weighted(0.2);
    prop_oneof![
        3 => (0..IDS, keys()).prop_map(|(id, keys)| Op::Receive { id, keys }),
        5 => (0..IDS, stale, state, any::<Option<bool>>(), steps, keys()).prop_map(
            |(id, stale, state, reported, steps, clicks)| Op::Change { id, stale, state, reported, steps, clicks }
        ),
        2 => (0..9_u8).prop_map(|key| Op::Click { key }),
        1 => (0..9_u8).prop_map(|key| Op::ClickDone { key }),
    ]
}

/// Operations in groups: those of a group are asked at once, in their order, and act as if one by one.
fn groups() -> impl Strategy<Value = Vec<Vec<Op>>> {
    proptest::collection::vec(proptest::collection::vec(op(), 1..12), 1..8)
}

async fn ask(store: &dyn Store, op: &Op, change: Option<Change>) -> Got {
    let receipt = |got: Result<Receipt, StoreError>| match got {
        Ok(receipt) => Got::Receipt(receipt),
        Err(_) => Got::Refused,
    };
    match op {
        Op::Receive { id, keys } => {
            let keys: Vec<String> = keys.iter().map(|key| format!("k{key}")).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            receipt(store.receive(with_keys(&name(*id), &keys)).await)
        }
        Op::Click { key } => receipt(store.receive_click(click(&format!("c{key}"), 0)).await),
        Op::ClickDone { key } => {
            store.click_done(&format!("c{key}"), Vec::new()).await.map_or(Got::Refused, |()| Got::Done)
        }
        Op::Change { .. } => match store.change(&change.unwrap()).await {
            Ok(()) => Got::Done,
            Err(StoreError::Conflict { .. }) => Got::Conflict,
            Err(_) => Got::Refused,
        },
    }
}

async fn play(place: &Place, groups: Vec<Vec<Op>>) {
    let mut model = Model::default();
    let mut store = place.open().await;
    let mut now = 0;
    for (n, group) in groups.iter().enumerate() {
        let expected: Vec<(Got, Option<Change>)> = group
            .iter()
            .map(|op| {
                now += 1;
                model.apply(op, now)
            })
            .collect();
        let asked =
            group.iter().zip(&expected).map(|(op, (_, change))| ask(store.as_ref(), op, change.clone()));
        let got = join_all(asked.collect::<Vec<_>>()).await;
        assert_eq!(got, expected.iter().map(|(got, _)| *got).collect::<Vec<_>>(), "group {n}: {group:?}");
        if n % 3 == 2 {
            drop(store);
            store = place.open().await;
        }
    }
    model.compare(store.as_ref()).await;
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn sqlite_does_as_the_model() {
    let runtime = runtime();
    let played = runner(64).run(&groups(), |groups| {
        runtime.block_on(play(&Place::sqlite(), groups));
        Ok(())
    });
    played.unwrap();
}

#[test]
fn postgres_does_as_the_model() {
    let runtime = runtime();
    let place = Mutex::new(Place::postgres());
    let played = runner(16).run(&groups(), |groups| {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(async {
            place.empty_database().await;
            play(&place, groups).await;
        });
        Ok(())
    });
    played.unwrap();
}
