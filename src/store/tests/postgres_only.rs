//! What only concerns a server and several replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::places::{Place, Server};
use super::samples::*;
use crate::invocation::State;
use crate::store::{Change, Receipt, StoreError};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_and_found_again() {
    let mut place = Place::postgres();
    let store = place.open().await;
    store.receive(command("1")).await.unwrap();
    let Place::Postgres(server, _) = &mut place else { unreachable!() };
    server.kill();
    for answer in [
        store.receive(command("2")).await.map(|_| ()),
        store.probe().await,
        store.change(&change("1", 0)).await,
    ] {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    server.resume();
    assert_eq!(store.receive(command("2")).await.unwrap(), Receipt::New);
    store.change(&change("1", 0)).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_agree_on_who_was_first() {
    let place = Place::postgres();
    // They also bring the tables up to date at the same time.
    let replicas = join_all((0..4).map(|_| place.open())).await;
    let mut tasks = Vec::new();
    for (r, store) in replicas.iter().enumerate() {
        for n in 0..60 {
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                // Keys that overlap crosswise, in different order in each replica.
                let n = if r % 2 == 0 { n } else { 59 - n };
                let new = with_keys(&format!("{r}-{n}"), &[&format!("k{n}"), &format!("z{}", 59 - n)]);
                let receipt = store.receive(new).await.unwrap();
                let changed = store
                    .change(&Change { state: Some(State::Done), ..change(&format!("{r}-{n}"), 0) })
                    .await;
                assert_eq!(changed.is_ok(), receipt == Receipt::New);
                (receipt == Receipt::New).then_some(n)
            }));
        }
    }
    let mut new: Vec<i32> = join_all(tasks).await.into_iter().filter_map(Result::unwrap).collect();
    new.sort_unstable();
    assert_eq!(new, (0..60).collect::<Vec<_>>());

    // One change of four wins, for each of the invocations.
    replicas[0].receive(command("shared")).await.unwrap();
    for version in 0..20 {
        let to = || Change { audit: vec![entry("shared", "won")], ..change("shared", version) };
        let won = join_all(replicas.iter().map(async |store| store.change(&to()).await)).await;
        assert_eq!(won.iter().filter(|result| result.is_ok()).count(), 1, "{won:?}");
    }
    assert_eq!(replicas[1].audit(Some("shared"), 100).await.unwrap().len(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_cannot_hold_fails_alone() {
    let place = Place::postgres();
    let store = place.open().await;
    // PostgreSQL's text has no U+0000. No key of Slack's has one either.
    let receives = (0..20).map(|n| match n {
        7 => with_keys("7", &["event:\0"]),
        n => command(&format!("{n}")),
    });
    let receipts = join_all(receives.map(|new| store.receive(new))).await;
    let refused: Vec<usize> = (0..20).filter(|n| receipts[*n].is_err()).collect();
    assert_eq!(refused, [7]);
}

#[tokio::test]
async fn a_wrong_password_is_not_told() {
    let url = "postgres://hub:s3cr%40t@127.0.0.1:1/hub";
    let Err(error) = crate::store::open(url).await else { panic!("it was opened") };
    let told = format!("{error} {error:?}");
    assert!(told.contains("127.0.0.1:1") && !told.contains("s3cr"), "{told}");
}

/// Stands between the store and the server, and can lose the answer to a commit, or the commit itself.
struct Wire {
    port: u16,
    lose_answer: Arc<AtomicBool>,
    lose_commit: Arc<AtomicBool>,
}

impl Wire {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (lose_answer, lose_commit) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let socket = server.socket();
        let (answer, commit) = (Arc::clone(&lose_answer), Arc::clone(&lose_commit));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, answer, commit) = (socket.clone(), Arc::clone(&answer), Arc::clone(&commit));
                tokio::spawn(async move {
                    let server = UnixStream::connect(socket).await.unwrap();
                    relay(client, server, &answer, &commit).await;
                });
            }
        });
        Self { port, lose_answer, lose_commit }
    }

    fn url(&self) -> String {
        format!("postgres://hub@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }
}

async fn relay(client: TcpStream, server: UnixStream, lose_answer: &AtomicBool, lose_commit: &AtomicBool) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
        let commits = bytes[..read].windows(6).any(|window| window == b"COMMIT");
        if commits && lose_commit.swap(false, Ordering::SeqCst) {
            break;
        }
        if commits && lose_answer.swap(false, Ordering::SeqCst) {
            // The server hears it; nobody hears the server.
            back.abort();
            let _ = to_server.write_all(&bytes[..read]).await;
            let _ = to_server.shutdown().await;
            break;
        }
        if to_server.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_looked_up() {
    let place = Place::postgres();
    let Place::Postgres(server, _) = &place else { unreachable!() };
    let wire = Wire::to(server).await;
    let store = crate::store::open(&wire.url()).await.unwrap();

    wire.lose_answer.store(true, Ordering::SeqCst);
    assert_eq!(store.receive(command("1")).await.unwrap(), Receipt::New);
    assert!(!wire.lose_answer.load(Ordering::SeqCst), "the answer was lost");
    wire.lose_answer.store(true, Ordering::SeqCst);
    store.change(&Change { audit: vec![entry("1", "once")], ..change("1", 0) }).await.unwrap();
    assert_eq!(store.audit(Some("1"), 10).await.unwrap().len(), 2);

    wire.lose_commit.store(true, Ordering::SeqCst);
    let refused = tokio::time::timeout(Duration::from_secs(30), store.receive(command("2"))).await.unwrap();
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.receive(command("2")).await.unwrap(), Receipt::New);
}
