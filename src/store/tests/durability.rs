//! What was answered is there, however the program or the server ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::places::Place;
use super::samples::*;
use crate::invocation::State;
use crate::store::{Change, Receipt};

/// Where the child finds its store.
const URL: &str = "HUBCOMMANDER_TEST_STORE_URL";

/// How many answers the parent waits for before it kills the child.
const ANSWERS: usize = 300;

/// Not a test: the child that [`killed`] starts and kills. Says on stdout what it was answered.
#[test]
#[ignore = "run by other tests as a process of its own"]
fn child_writes_until_it_is_killed() {
    let Ok(url) = std::env::var(URL) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = crate::store::open(&url).await.unwrap();
        let workers: Vec<_> = (0..20)
            .map(|worker| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for n in 0..100_000 {
                        let id = format!("{worker}-{n}");
                        assert_eq!(store.receive(command(&id)).await.unwrap(), Receipt::New);
                        println!("\nanswered {id} 0");
                        let to = Change {
                            state: Some(State::Answered),
                            audit: vec![entry(&id, "answered")],
                            ..change(&id, 0)
                        };
                        store.change(&to).await.unwrap();
                        println!("\nanswered {id} 1");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
    });
}

/// Runs the child until it was answered so often, kills it, and returns what it was answered.
fn killed(url: &str) -> Vec<(String, i64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "store::tests::durability::child_writes_until_it_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answered = Vec::new();
    let mut alive = true;
    // After the kill, what it had said before is still to be read.
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some(answer) = line.strip_prefix("answered ")
            && let Some((id, version)) = answer.split_once(' ')
            && let Ok(version) = version.parse()
        {
            answered.push((id.to_owned(), version));
        }
        if alive && answered.len() >= ANSWERS {
            child.kill().unwrap();
            alive = false;
        }
    }
    child.wait().unwrap();
    answered
}

async fn all_is_there(place: &Place, answered: &[(String, i64)]) {
    assert!(answered.len() >= ANSWERS, "only {} answers", answered.len());
    let store = place.open().await;
    for (id, version) in answered {
        let it = store.invocation(id).await.unwrap().unwrap_or_else(|| panic!("{id} is lost"));
        assert!(it.version >= *version, "{id} was at {version} and is at {}", it.version);
        // All of a change or nothing of it.
        let expected: &[&str] = if it.version == 0 { &["received"] } else { &["received", "answered"] };
        let audit = store.audit(Some(id), 10).await.unwrap();
        assert_eq!(audit.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(it.state == State::Answered, it.version == 1);
        assert_eq!(store.receive(command(id)).await.unwrap(), Receipt::Duplicate);
    }
    assert_eq!(store.receive(command("new")).await.unwrap(), Receipt::New);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9_on_sqlite() {
    let place = Place::sqlite();
    let answered = killed(&place.url());
    all_is_there(&place, &answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9_on_postgres() {
    let place = Place::postgres();
    let answered = killed(&place.url());
    all_is_there(&place, &answered).await;
}

/// The server goes too: what it has answered is in its log.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_the_end_of_the_server() {
    let mut place = Place::postgres();
    let answered = killed(&place.url());
    if let Place::Postgres(server, _) = &mut place {
        server.kill();
        server.resume();
    }
    all_is_there(&place, &answered).await;
}

/// Every commit has a fault point before and after it, and what is answered by then is there.
#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn it_dies_where_it_is_told() {
    for (point, name, expected) in [
        (1, "1 store.before-commit:receive", None),
        (2, "2 store.after-commit:receive", Some((0, State::Received, 0))),
        (3, "3 store.before-commit:change:running(repo=started)", Some((0, State::Received, 0))),
        (4, "4 store.after-commit:change:running(repo=started)", Some((1, State::Running, 1))),
    ] {
        let place = Place::sqlite();
        let Place::Sqlite(folder) = &place else { unreachable!() };
        let log = folder.path().join("points");
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "store::tests::durability::child_receives_and_changes",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(URL, place.url())
            .env("HUBCOMMANDER_CRASH_AT", point.to_string())
            .env("HUBCOMMANDER_CRASH_LOG", &log)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), None, "ended by a signal");
        let log = std::fs::read_to_string(log).unwrap();
        assert_eq!(log.lines().last(), Some(name));

        let store = place.open().await;
        let it = store.invocation("1").await.unwrap();
        let steps = store.steps("1").await.unwrap().len();
        assert_eq!(it.map(|it| (it.version, it.state, steps)), expected, "{name}");
    }
}

/// Not a test: the child of [`it_dies_where_it_is_told`].
#[cfg(feature = "crash-points")]
#[tokio::test]
#[ignore = "run by another test as a process of its own"]
async fn child_receives_and_changes() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = crate::store::open(&url).await.unwrap();
    store.receive(command("1")).await.unwrap();
    let steps = vec![step("repo", crate::invocation::StepState::Started, 1)];
    store.change(&Change { state: Some(State::Running), steps, ..change("1", 0) }).await.unwrap();
}
