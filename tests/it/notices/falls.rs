//! The bot dies on the way: nothing is lost, and nothing stands twice.

use std::path::Path;

use anyhow::{Result, ensure};
use hubcommander::notices::{Answer, Desk, Settings, Way, Webhook, Who};
use hubcommander::store::Shelf;
use hubcommander_sandbox::slack::Options;
use hubcommander_sdk::clock::SystemClock;
use serde_json::json;
use std::sync::Arc;

use super::receiver::Receiver;
use super::{ANA_EMAIL, HOOK_SECRET, WITHIN, item};
use crate::world::{ANA, Process, Servers, shipped_with};

const HOOK: (&str, &str) = ("HOOK_SECRET", HOOK_SECRET);

/// The configuration with a webhook and a folder.
fn configured(servers: &Servers, receiver: &Receiver, folder: &Path) -> Result<std::path::PathBuf> {
    let path = servers.write_config(&shipped_with(&[]))?;
    let text = std::fs::read_to_string(&path)?;
    let more = format!(
        "\n[notifications]\nfolder = {folder:?}\n[notifications.webhook]\nurl = {:?}\nsecret = {{ env = \"HOOK_SECRET\" }}\n",
        receiver.url()
    );
    std::fs::write(&path, text + &more)?;
    Ok(path)
}

/// Plays a question and the answer "no", the bot dying at the first point of this name.
async fn dies_at(point: &str) -> Result<()> {
    let servers = Servers::start_with(Options { patience: WITHIN, ..Options::for_tests() }).await?;
    let receiver = Receiver::start().await?;
    let folder = servers.folder.path().join("notices");
    std::fs::create_dir(&folder)?;
    let config = configured(&servers, &receiver, &folder)?;
    let mut named = item();
    named["id"] = json!("signin-7");
    std::fs::write(folder.join("writing"), named.to_string())?;
    std::fs::rename(folder.join("writing"), folder.join("a.json"))?;
    let mut doomed = Process::start(&config, &[HOOK, ("HUBCOMMANDER_CRASH_NAMED", point)])?;
    let asked_of = |servers: &Servers| servers.slack.dms(ANA).len();
    // It dies over the question, or over what follows from the answer.
    let early = tokio::select! {
        gone = doomed.ended() => { ensure!(!gone?.success()); true }
        asked = servers.slack.wait_until(WITHIN, |slack| !slack.dms(ANA).is_empty()) => { asked?; false }
    };
    let mut next = None;
    if early {
        next = Some(Process::start(&config, &[HOOK])?);
        servers.slack.wait_until(WITHIN, |slack| !slack.dms(ANA).is_empty()).await?;
    }
    // Answered on the web, as the pages do.
    let shelf = Shelf::default();
    shelf.put(hubcommander::store::open(&servers.store_url()).await?);
    let webhook = Webhook { url: receiver.url().parse()?, secret: HOOK_SECRET.into() };
    let settings =
        Settings { channel: Some("C0SECURITY".to_owned()), webhook: Some(webhook), ..Settings::default() };
    let desk = Desk::new(shelf, Arc::new(SystemClock), settings);
    let posted = async {
        // Until it is noted where the question stands: desks of two processes do not take turns.
        while desk.item_of("signin-7").await?.is_some_and(|item| item.posted.is_none()) {
            if !early && doomed.has_ended()? {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok::<_, anyhow::Error>(())
    };
    posted.await?;
    let answer: Answer = desk.given("no", Way::Web);
    desk.answer(Who::Email(ANA_EMAIL), "signin-7", &answer, None, false).await?;
    let last = match next {
        Some(process) => process,
        None => {
            doomed.gone().await?;
            Process::start(&config, &[HOOK])?
        }
    };
    receiver.await_calls(1).await?;
    servers.slack.wait_until(WITHIN, |slack| !slack.messages("C0SECURITY").is_empty()).await?;
    let shown = servers.slack.wait_until(WITHIN, |slack| {
        slack.dms(ANA).last().is_some_and(|message| slack.render(message).contains("You answered"))
    });
    shown.await?;
    let store = hubcommander::store::open(&servers.store_url()).await?;
    let sent = async {
        while !store.remembered_under("notice:out:", 10).await?.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(WITHIN, sent).await??;
    last.stop().await?;
    assert_eq!(asked_of(&servers), 1, "{point}: asked once");
    assert_eq!(servers.slack.messages("C0SECURITY").len(), 1, "{point}: told once");
    let calls = receiver.calls();
    // A call that was under way at the fall is made again, known by the same id.
    ensure!(calls.len() <= 2, "{point}: {} calls", calls.len());
    ensure!(calls.len() == 2 || point != "notices.after-hook", "{point}: it did not fall there");
    assert!(calls.iter().all(|call| call.id == "signin-7-answered" && call.body == calls[0].body), "{point}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_question_is_posted() -> Result<()> {
    dies_at("notices.before-post:question").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_question_is_posted() -> Result<()> {
    dies_at("notices.after-post:question").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_webhook_is_told() -> Result<()> {
    dies_at("notices.before-hook").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_webhook_was_told() -> Result<()> {
    dies_at("notices.after-hook").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_channel_is_told() -> Result<()> {
    dies_at("notices.before-post:grave").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_channel_was_told() -> Result<()> {
    dies_at("notices.after-post:grave").await
}
