//! The bot dies on the way: whoever has left has left once.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hubcommander_sandbox::slack::Options;
use serde_json::{Value as Json, json};

use super::WITHIN;
use crate::world::{Process, Servers, shipped_with};

/// The configuration with a file, and the file with these people.
fn configured(servers: &Servers) -> Result<std::path::PathBuf> {
    let path = servers.write_config(&shipped_with(&[]))?;
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(&path, text + "\n[directory]\nevery = \"10s\"\n[directory.csv]\npath = \"people.csv\"\n")?;
    Ok(path)
}

fn people(folder: &Path, ids: &[u32]) -> Result<()> {
    let lines = ids.iter().map(|id| format!("{id},p{id}@acme.example\n"));
    std::fs::write(folder.join("people.new"), format!("id,email\n{}", lines.collect::<String>()))?;
    Ok(std::fs::rename(folder.join("people.new"), folder.join("people.csv"))?)
}

/// Waits until so many people are kept.
async fn kept(servers: &Servers, count: usize) -> Result<()> {
    let store = hubcommander::store::open(&servers.store_url()).await?;
    let there = async {
        loop {
            let status: Option<Json> = store.remembered("directory:source:csv").await?;
            if status.is_some_and(|status| status["people"] == json!(count)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WITHIN, there).await.with_context(|| format!("not {count}: {}", log(servers)))?
}

fn log(servers: &Servers) -> String {
    std::fs::read_to_string(servers.folder.path().join("bot.log")).unwrap_or_default()
}

async fn dies_at(point: &str) -> Result<()> {
    let servers = Servers::start_with(Options { patience: WITHIN, ..Options::for_tests() }).await?;
    people(servers.folder.path(), &[1, 2, 3, 4])?;
    let config = configured(&servers)?;
    let mut first = Process::start(&config, &[])?;
    // Once it listens, the store is made.
    servers.slack.connected(2).await?;
    kept(&servers, 4).await?;
    first.kill().await?;
    people(servers.folder.path(), &[1, 2, 3])?;
    let mut doomed = Process::start(&config, &[("HUBCOMMANDER_CRASH_NAMED", point)])?;
    ensure!(!doomed.gone().await?.success(), "{point}: it did not fall");
    let store = hubcommander::store::open(&servers.store_url()).await?;
    let left = store.remembered("directory:person:csv:4").await?.is_none();
    assert_eq!(left, point == "directory.after-write", "{point}");
    let last = Process::start(&config, &[])?;
    kept(&servers, 3).await?;
    // One more reading: nothing is left to follow.
    people(servers.folder.path(), &[1, 2, 3, 5])?;
    kept(&servers, 4).await?;
    last.stop().await?;
    let audit = store.audit(None, 1_000).await?;
    let changed: Vec<&Json> =
        audit.iter().filter(|entry| entry.event == "directory.changed").map(|entry| &entry.body).collect();
    assert_eq!(changed, [&json!({ "source": "csv", "left": ["4"], "back": [], "working": 3 })], "{point}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_a_leave_is_written_down() -> Result<()> {
    dies_at("directory.before-write").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_leave_is_written_down() -> Result<()> {
    dies_at("directory.after-write").await
}
