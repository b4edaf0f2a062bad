//! What only concerns a file.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use sqlx::Connection as _;

use super::places::Place;
use super::samples::*;
use crate::store::sqlite::{self, PageLimit};
use crate::store::{Change, NewInvocation, Receipt, Store as _, StoreError};

/// A command with much to write.
fn large(id: &str) -> NewInvocation {
    let mut new = command(id);
    new.origin.text = "x".repeat(40_000);
    new
}

#[tokio::test]
async fn a_full_disk_is_told_and_got_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let limit = PageLimit::default();
    let store = sqlite::open_limited(&path, limit.clone()).await.unwrap();
    store.receive(command("before")).await.unwrap();

    // So many pages are left, and no more.
    limit.0.store(150, Ordering::Relaxed);
    let receipts =
        join_all((0..100).map(|n| store.receive(large(&format!("{n}")))).collect::<Vec<_>>()).await;
    for receipt in &receipts {
        assert!(
            matches!(receipt, Err(StoreError::Unavailable(_))),
            "one transaction, too large: {receipt:?}"
        );
    }
    let mut written = Vec::new();
    let mut refused = Vec::new();
    for n in 100..130 {
        match store.receive(large(&format!("{n}"))).await {
            Ok(receipt) => {
                assert_eq!(receipt, Receipt::New);
                written.push(n);
            }
            Err(StoreError::Unavailable(why)) => {
                assert!(why.contains("full"), "{why}");
                refused.push(n);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(!written.is_empty() && !refused.is_empty(), "{written:?} {refused:?}");
    let much = Change { gate: Some("y".repeat(500_000).into()), ..change("before", 0) };
    assert!(matches!(store.change(&much.clone()).await, Err(StoreError::Unavailable(_))));
    // Reading goes on, and shows nothing of what was refused.
    let ids: Vec<String> = store.unfinished().await.unwrap().into_iter().map(|it| it.id).collect();
    let expected: Vec<String> =
        ["before".to_owned()].into_iter().chain(written.iter().map(ToString::to_string)).collect();
    assert_eq!(ids, expected);

    // The disk has room again.
    limit.0.store(0, Ordering::Relaxed);
    store.probe().await.unwrap();
    store.change(&much).await.unwrap();
    for n in &refused {
        assert_eq!(
            store.receive(large(&format!("{n}"))).await.unwrap(),
            Receipt::New,
            "no key was left behind"
        );
    }
    drop(store);
    let mut connection =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let sound: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_and_not_made_anew() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let path = sqlite::path_of(&place.url()).unwrap();
    let aside = path.with_extension("aside");
    // Closed and complete: what was in the log beside it is in the file.
    place.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    std::fs::rename(&path, &aside).unwrap();

    let refused = store.receive(command("2")).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("hub.db")), "{refused:?}");
    assert!(store.probe().await.is_err());
    assert!(!path.exists());

    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(store.receive(command("2")).await.unwrap(), Receipt::New);
    assert_eq!(store.receive(command("1")).await.unwrap(), Receipt::Duplicate);
    assert_eq!(store.unfinished().await.unwrap().len(), 2);
    drop(store);
    assert_eq!(place.open().await.unfinished().await.unwrap().len(), 2);
}

/// Whoever opens it may do so from any task.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_opened_from_any_task() {
    let place = Place::sqlite();
    let url = place.url();
    let store = tokio::spawn(async move { crate::store::open(&url).await }).await.unwrap().unwrap();
    store.probe().await.unwrap();
}

#[tokio::test]
async fn urls_that_name_no_store_are_refused() {
    for url in
        ["", "hub.db", "mysql://x", "sqlite:", "sqlite::memory:", "sqlite://x?mode=ro", "sqlite:///proc/no/x"]
    {
        let Err(error) = crate::store::open(url).await else { panic!("{url} was opened") };
        assert!(matches!(error, StoreError::Unavailable(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_not_touched() {
    let place = Place::sqlite();
    drop(place.open().await);
    place
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', 1, x'00', 0)",
        )
        .await
        .unwrap();
    let Err(error) = crate::store::open(&place.url()).await else { panic!("it was opened") };
    assert!(matches!(&error, StoreError::Unreadable { reason, .. } if reason.contains("9999")), "{error:?}");
}

/// Another process that writes for a moment, such as a backup, is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn another_writer_is_waited_for() {
    let place = Place::sqlite();
    let store = place.open().await;
    let mut other = sqlx::SqliteConnection::connect(&place.url()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let writing = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { store.receive(command("1")).await }
    });
    // Reading does not wait for either of them.
    for _ in 0..20 {
        assert_eq!(store.unfinished().await.unwrap(), []);
    }
    assert!(!writing.is_finished());
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(writing.await.unwrap().unwrap(), Receipt::New);
}
