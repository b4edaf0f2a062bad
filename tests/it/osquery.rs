//! Computers that run osquery, from their agent to what people read in Slack. The agent is a model of osquery's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, plugins};
use hubcommander::pipeline::rules::Admitted;
use hubcommander_device_sources::osquery::{Settings, Setup};
use hubcommander_sandbox::osquery::{Age, Agent, Host, Trouble};
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::world::{ANA, DEV, Process, Servers, TOKENS, World, shipped_with};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

const SECRET: &str = "a-secret-that-is-long-enough";
const MAC: &str = "1B2C3D4E-0000-4000-8000-000000000071";
const SERIAL: &str = "ZZANA00071";

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The configuration of these servers for a process, with osquery as the only source.
fn written(servers: &Servers, listen: SocketAddr) -> Result<PathBuf> {
    let path = servers.write_config(&shipped_with(&[]))?;
    let text = std::fs::read_to_string(&path)?;
    let (before, after) =
        text.split_once("\n[device_sources.sample]").context("the devices of the sandbox")?;
    let after = &after[after.find("\n[").context("the next section")?..];
    let osquery = format!(
        "[device_sources.osquery]\nlisten = \"{listen}\"\nenroll_secret = {{ env = \"OSQUERY_SECRET\" }}\n\
         refresh_within = \"20s\"\n"
    );
    std::fs::write(&path, format!("{before}\n{osquery}{after}"))?;
    Ok(path)
}

/// What the program says, and whether it ended well.
async fn devices(config: &Path, words: &[&str]) -> Result<(String, bool)> {
    let output = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
        .arg("--config")
        .arg(config)
        .arg("devices")
        .args(words)
        .env_clear()
        .envs(TOKENS)
        .env("OSQUERY_SECRET", SECRET)
        .output()
        .await?;
    let said = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    Ok((said, output.status.success()))
}

fn mac() -> Host {
    let mut host = Host::mac(MAC, SERIAL);
    host.filevault("off");
    host
}

fn agent(listen: SocketAddr) -> Result<Agent> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    Ok(Agent::new(&format!("http://{listen}"), SECRET, Age::New, mac(), client))
}

/// Comes until the server is there.
async fn enrolled(agent: &mut Agent) -> Result<()> {
    let tries = async {
        while let Err(trouble) = agent.enroll().await {
            ensure!(matches!(trouble, Trouble::Unreachable(_)), "{trouble}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    tokio::time::timeout(WITHIN, tries).await??;
    agent.fetch_config().await?;
    agent.run_schedule(SystemClock.now().timestamp()).await?;
    Ok(())
}

/// Asks again and again what it is to answer, as agents do.
fn polling(agent: &Arc<Mutex<Agent>>) -> JoinHandle<()> {
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        loop {
            // The server may be gone for a while.
            let _ = agent.lock().await.poll().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

async fn status(servers: &Servers) -> Result<Message> {
    servers.say(ANA, DEV, "!DeviceStatus")?;
    let message = servers.slack.await_dm(ANA).await?;
    servers.whispered(ANA).await?;
    Ok(message)
}

/// Presses "Check again" and reads the message when it is brought up to date with these words.
async fn again(servers: &Servers, message: &Message, words: &str) -> Result<Message> {
    let channel = servers.slack.arrange(|world| world.im_with(ANA).map(|room| room.id.clone())).unwrap();
    servers.slack.click(ANA, &channel, message.ts, "renew", None).await?;
    let found = servers.slack.wait_for(WITHIN, "the message brought up to date", |slack| {
        slack.dms(ANA).into_iter().rev().find(|message| slack.render(message).contains(words))
    });
    found.await.with_context(|| format!("{:?}", servers.slack.dms(ANA)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_word_of_an_agent_to_a_green_line() -> Result<()> {
    let servers = Servers::start().await?;
    let listen = free();
    let on_host = written(&servers, listen)?;
    let mut config = servers.config(&shipped_with(&[]))?;
    config.devices.sources = hubcommander_device_sources::Setup {
        osquery: Some(Setup { settings: Settings::new(SECRET.into()), listen, identity: None }),
        ..Default::default()
    };
    let world = World::start_with_plugins(servers, config, |config, clock| {
        Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins(config, clock)? })
    })
    .await?;

    let (said, well) = devices(&on_host, &["nodes"]).await?;
    assert!(well && said == "No computer has enrolled.\n", "{said}");
    let mut agent = agent(listen)?;
    enrolled(&mut agent).await?;
    let (said, _) = devices(&on_host, &["nodes", "--json"]).await?;
    let nodes: Value = serde_json::from_str(&said)?;
    assert_eq!(nodes[0]["host_identifier"], MAC);
    assert_eq!((&nodes[0]["serial"], &nodes[0]["owners"]), (&SERIAL.into(), &Value::Array(vec![])));

    // Nobody's, so nobody sees it: a computer does not say itself whose it is.
    let message = status(&world).await?;
    assert!(world.shown(&message).contains("no device is known"), "{}", world.shown(&message));
    let (said, well) = devices(&on_host, &["assign", "zzana00072", "ana@acme.example"]).await?;
    insta::assert_snapshot!(said, @r"
    hubcommander: No computer `zzana00072` has enrolled.
      cure: `hubcommander devices nodes` lists those that have; give the host identifier or the serial number.
    ");
    assert!(!well);
    let (said, well) = devices(&on_host, &["assign", "zzana00071", "Ana@acme.example"]).await?;
    insta::assert_snapshot!(said, @"1B2C3D4E-0000-4000-8000-000000000071 belongs to ana@acme.example now.");
    assert!(well);
    let audit = world.audit().await?.join("\n");
    assert!(audit.contains("devices.assigned"), "{audit}");
    let agent = Arc::new(Mutex::new(agent));
    let polls = polling(&agent);
    // The bot has read all of it before; that it was assigned is noticed all the same.
    let message = again(&world, &message, "Turn on disk encryption").await?;
    insta::assert_snapshot!(world.shown(&message), @r"
    ⚠️ Your devices: desk needs 5 minutes.
    desk, last seen WHEN [Not my device]
    ⚠️ Turn on disk encryption (critical). If the device is lost or stolen, nobody can read what is on it. Seen: FileVault is off. [How to fix]
    [Check again] [Remind me tomorrow]
    From osquery, asked WHEN
    ");

    agent.lock().await.host.filevault("on");
    let message = again(&world, &message, "Thank you").await?;
    insta::assert_snapshot!(world.shown(&message), @r"
    ✅ Your devices: desk is in good shape.
    Thank you. Disk encryption on desk is fine now.
    ✅ In good shape: desk
    [Check again]
    From osquery, asked WHEN
    ");

    // Forgotten: its key counts for nothing, and it enrols as what it is.
    polls.abort();
    assert!(polls.await.is_err_and(|error| error.is_cancelled()));
    let (said, well) = devices(&on_host, &["forget", MAC]).await?;
    insta::assert_snapshot!(said, @"1B2C3D4E-0000-4000-8000-000000000071 is forgotten. What enrols with the serial number ZZANA00071 still belongs to ana@acme.example.");
    assert!(well);
    let message = again(&world, &message, "no device is known").await?;
    assert!(world.shown(&message).contains("osquery"), "{}", world.shown(&message));
    let mut agent = Arc::into_inner(agent).unwrap().into_inner();
    assert!(matches!(agent.poll().await, Err(Trouble::NodeInvalid)));
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_no_computer_enrols_anew() -> Result<()> {
    let servers = Servers::start().await?;
    let listen = free();
    let config = written(&servers, listen)?;
    let secret = [("OSQUERY_SECRET", SECRET)];
    let bot = Process::start(&config, &secret)?;
    let mut agent = agent(listen)?;
    enrolled(&mut agent).await?;
    let key = agent.node_key.clone();
    let (said, well) = devices(&config, &["assign", MAC, "ana@acme.example"]).await?;
    assert!(well, "{said}");
    bot.stop().await?;
    assert!(matches!(agent.poll().await, Err(Trouble::Unreachable(_))), "nobody listens any more");

    let bot = Process::start(&config, &secret)?;
    servers.slack.connected(2).await?;
    // What it told before the restart is still known.
    let message = status(&servers).await?;
    assert!(servers.shown(&message).contains("Turn on disk encryption"), "{}", servers.shown(&message));
    let agent = Arc::new(Mutex::new(agent));
    let polls = polling(&agent);
    agent.lock().await.host.filevault("on");
    let message = again(&servers, &message, "Thank you").await?;
    assert!(servers.shown(&message).contains("From osquery"), "{}", servers.shown(&message));
    assert_eq!(agent.lock().await.node_key, key);
    polls.abort();
    servers.slack.mark_all_read();
    servers.slack.all_acked().await?;
    servers.settled().await?;
    bot.stop().await
}
