//! The ways in, and who is not let in.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander::notices::sign::Signer;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::clock::Clock as _;
use serde_json::{Value as Json, json};

use super::{ANA_EMAIL, HOOK_SECRET, Noticing, SECRET, WITHIN, item};
use crate::world::{ANA, Servers, TOKENS, shipped_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_signed_call_is_heard() -> Result<()> {
    let world = Noticing::start().await?;
    let body = item().to_string();
    let now = world.clock.now().timestamp();
    let sign = |secret: &str, id: &str, at: i64, body: &str| {
        Signer::new(&[secret.into()]).unwrap().sign(id, at, body.as_bytes())
    };
    let good = sign(SECRET, "call-1", now, &body);
    let other = sign(HOOK_SECRET, "call-1", now, &body);
    let old = sign(SECRET, "call-1", now - 301, &body);
    let stamp = now.to_string();
    for (call, at, signature, body) in [
        ("call-1", &stamp, &other, &body),
        ("call-2", &stamp, &good, &body),
        ("call-1", &(now + 1).to_string(), &good, &body),
        ("call-1", &(now - 301).to_string(), &old, &body),
        ("call-1", &stamp, &good, &body.replace("Lisbon", "London")),
        ("call-1", &stamp, &String::new(), &body),
        ("call-1", &String::new(), &good, &body),
    ] {
        let (status, said) = world.knock(call, at, signature, body.clone()).await?;
        assert_eq!(status, 401, "{said}");
        assert!(!said.to_string().contains("ana"), "{said}");
    }
    let nothing = reqwest::Client::new()
        .post(format!("http://{}/api/notifications", world.door))
        .body(body.clone())
        .send()
        .await?;
    assert_eq!(nothing.status(), 401);
    let large = "x".repeat(70_000);
    let signature = sign(SECRET, "call-1", now, &large);
    assert_eq!(world.knock("call-1", &stamp, &signature, large).await?.0, 413);
    // Several signatures, as while a secret is changed.
    let both = format!("{other} {good}");
    assert_eq!(world.knock("call-1", &stamp, &both, body).await?.0, 202);
    world.asked(ANA).await?;
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_call_twice_counts_once() -> Result<()> {
    let world = Noticing::start().await?;
    let mut named = item();
    named["id"] = json!("signin-7");
    assert_eq!(world.send("call-1", &named).await?, (202, json!({ "id": "signin-7" })));
    assert_eq!(world.send("call-1", &named).await?, (202, json!({ "id": "signin-7" })));
    // Even if something else is in it, and even by another call if the same is in it.
    assert_eq!(world.send("call-1", &item()).await?, (202, json!({ "id": "signin-7" })));
    assert_eq!(world.send("call-2", &named).await?, (202, json!({ "id": "signin-7" })));
    let mut changed = named.clone();
    changed["question"] = json!("Something else?");
    let (status, said) = world.send("call-3", &changed).await?;
    assert_eq!((status, &said["problems"][0]["where"]), (409, &json!("id")));
    world.asked(ANA).await?;
    world.clock.forward(Duration::from_secs(60));
    world.send("call-4", &item()).await?;
    world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).len() >= 2).await?;
    assert_eq!(world.slack.dms(ANA).len(), 2);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_at_once() -> Result<()> {
    let world = Noticing::start().await?;
    let mut without = item();
    without["actions"] = json!([]);
    let (status, said) = world.send("call-1", &without).await?;
    assert_eq!(status, 400);
    let sentence = "An item without an action is refused: give at least one.";
    assert_eq!(said["problems"], json!([{ "where": "actions", "what": sentence }]));
    for (email, words) in
        [("mallory@acme.example", "Nobody in Slack has this address."), ("gus@vega.example", "full member")]
    {
        let mut to = item();
        to["email"] = json!(email);
        let (status, said) = world.send("call-1", &to).await?;
        assert_eq!((status, &said["problems"][0]["where"]), (400, &json!("email")), "{said}");
        assert!(said.to_string().contains(words) && !said.to_string().contains(email), "{said}");
    }
    // Slack does not answer: the sender is told to come again, and nothing is kept.
    let down = When::path("users.lookupByEmail").always();
    let fault = world.slack_faults().add(down, Fault::Status(503, String::new()));
    let (status, said) = world.send("call-1", &item()).await?;
    assert_eq!(status, 503, "{said}");
    world.slack_faults().remove(fault);
    assert!(world.desk.items_of(ANA_EMAIL).await?.is_empty());
    assert_eq!(world.send("call-1", &item()).await?.0, 202);
    world.asked(ANA).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_written_to_is_escalated() -> Result<()> {
    let world = Noticing::start().await?;
    let refused = r#"{"ok":false,"error":"messages_tab_disabled"}"#;
    let post = When::post("chat.postMessage").body_contains("new device");
    world.slack_faults().add(post, Fault::Status(200, refused.to_owned()));
    world.send("call-1", &item()).await?;
    insta::assert_snapshot!(world.heard("could not be asked").await?, @r"
    ⚠️ @ana could not be asked: Slack does not take the message.
    Did you sign in from a new device?
    > A Mac in Lisbon, with Safari <1.2.3.4>
    About WHEN · `call-1`
    ");
    let call = world.receiver.await_calls(1).await?.remove(0).json();
    assert_eq!(
        (&call["type"], &call["data"]["delivered"]),
        (&json!("notification.unanswered"), &json!(false))
    );
    // It can still be answered on the web.
    assert_eq!(world.desk.items_of(ANA_EMAIL).await?.len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_whose_answer_from_slack_was_lost_stands_once() -> Result<()> {
    let world = Noticing::start().await?;
    world.slack_faults().add(When::post("chat.postMessage"), Fault::LostAnswer);
    world.send("call-1", &item()).await?;
    world.asked(ANA).await?;
    for _ in 0..100 {
        if world.desk.item_of("call-1").await?.context("no item")?.posted.is_some() {
            break;
        }
        // The bot waits for a while by its own clock before it looks.
        world.clock.forward(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(world.desk.item_of("call-1").await?.context("no item")?.posted.is_some());
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_taken_from_a_folder() -> Result<()> {
    let servers = Servers::start().await?;
    let folder = servers.folder.path().join("notices");
    std::fs::create_dir(&folder)?;
    let world = Noticing::start_with(servers, |settings| settings.folder = Some(folder.clone())).await?;
    let mut without = item();
    without.as_object_mut().context("an object")?.remove("actions");
    let (good, bad) = (item().to_string(), json!([item(), without]).to_string());
    // First under a name that is not taken, as a careful writer does.
    for (name, text) in [("a.json", &good), ("b.json", &bad), ("again.json", &good)] {
        std::fs::write(folder.join("writing"), text)?;
        std::fs::rename(folder.join("writing"), folder.join(name))?;
    }
    std::fs::write(folder.join("notes.txt"), "not an item")?;
    std::fs::write(folder.join("broken.json"), "{")?;
    // Nobody is still writing it then.
    world.clock.forward(Duration::from_secs(10));
    let taken = async {
        while !folder.join("refused/broken.json").exists() || !folder.join("done/again.json").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WITHIN, taken).await?;
    world.asked(ANA).await?;
    assert_eq!(world.desk.items_of(ANA_EMAIL).await?.len(), 1, "all of a file or none; the same counts once");
    assert!(folder.join("done/a.json").exists() && folder.join("notes.txt").exists());
    let why = std::fs::read_to_string(folder.join("refused/b.json.why"))?;
    assert_eq!(why, "[1].actions: An item without an action is refused: give at least one.\n");
    assert!(std::fs::read_to_string(folder.join("refused/broken.json.why"))?.contains("This is not JSON."));
    world.end().await
}

/// Runs `hubcommander notify` beside the bot.
async fn notify(servers: &Servers, words: &[&str], input: &Json) -> Result<(Option<i32>, String, String)> {
    let config = servers.write_config(&shipped_with(&[]))?;
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, format!("{text}\n[notifications]\n"))?;
    let file = servers.folder.path().join("items.json");
    std::fs::write(&file, input.to_string())?;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hubcommander"));
    command.arg("--config").arg(&config).arg("notify").arg(&file).args(words);
    let out = command.env_clear().envs(TOKENS).stdin(Stdio::null()).output().await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((out.status.code(), text(out.stdout), text(out.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_sent_from_the_command_line() -> Result<()> {
    let world = Noticing::start().await?;
    let mut named = item();
    named["id"] = json!("signin-7");
    let mut without = named.clone();
    without["actions"] = json!([]);
    let (code, out, err) = notify(&world, &[], &json!([named, without])).await?;
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("[1].actions: An item without an action is refused"), "{err}");
    assert!(world.desk.items_of(ANA_EMAIL).await?.is_empty(), "all or none");
    let mut nobody = named.clone();
    nobody["email"] = json!("mallory@acme.example");
    let (code, _, err) = notify(&world, &[], &nobody).await?;
    assert_eq!(code, Some(1));
    assert!(err.contains("email: Nobody in Slack has this address."), "{err}");
    let (code, out, err) = notify(&world, &[], &named).await?;
    assert_eq!((code, out.as_str()), (Some(0), "signin-7\n"), "{err}");
    world.asked(ANA).await?;
    let (code, out, err) = notify(&world, &["--json"], &json!([named])).await?;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(serde_json::from_str::<Json>(&out)?, json!([{ "id": "signin-7", "new": false }]));
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.end().await
}
