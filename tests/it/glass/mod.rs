//! The day when Slack is down: one command on the host, with the passkeys of two people.

mod falls;
mod no;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander::app::plugins;
use hubcommander::config::Config;
use hubcommander::glass::{self, Ask, Ending, How, Terminal, Trouble};
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::SharedClock;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::passkeys::{Key, free, links, page, start, with_passkeys};
use crate::world::{ANA, DEV, HandClock, KIM, SAM, Servers, World, steady};

pub const SECURITY: &str = "C0SECURITY";
pub const SET: &str = "!SetDescription acme website \"Under repair\"";
pub const WHY: &str = "Slack is down and the page is wrong";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two people with passkeys, and the bot away.
pub struct Host {
    pub servers: Servers,
    pub listen: SocketAddr,
    pub ana: Key,
    pub sam: Key,
    pub clock: Arc<HandClock>,
}

impl std::ops::Deref for Host {
    type Target = Servers;

    fn deref(&self) -> &Servers {
        &self.servers
    }
}

impl Host {
    /// While the bot ran, both have added a passkey, and Slack has said who they are.
    pub async fn new() -> Result<Self> {
        let (servers, listen) = (Servers::start().await?, free()?);
        let config = with_passkeys(&servers, listen, &[ANA, SAM, KIM])?;
        let world = start(servers, config).await?;
        let ana = Key::enrolled(&world, listen, ANA).await?;
        let sam = Key::enrolled(&world, listen, SAM).await?;
        known(&world, &[ANA, SAM, KIM]).await?;
        world.settled().await?;
        world.slack.mark_all_read();
        let servers = world.stop().await?;
        Ok(Self { servers, listen, ana, sam, clock: Arc::default() })
    }

    /// The configuration on the day when Slack does not answer.
    pub fn down(&self) -> Result<Config> {
        let mut config = self.up()?;
        config.slack.api_url = "http://127.0.0.1:1/api".parse()?;
        Ok(config)
    }

    /// The configuration on any other.
    pub fn up(&self) -> Result<Config> {
        with_passkeys(&self.servers, self.listen, &[ANA, SAM, KIM])
    }

    pub fn described(&self) -> bool {
        self.at_github("acme", "website").contains("Under repair")
    }

    pub fn writes(&self) -> usize {
        self.github.faults().writes().len()
    }

    /// Begins to run a command on the host.
    pub fn begin(&self, config: Config, ask: Ask) -> Breaking {
        let clock: SharedClock = Arc::<HandClock>::clone(&self.clock);
        let (tell, heard) = mpsc::unbounded_channel();
        let running = tokio::spawn(async move {
            let plugins = plugins(&config, &clock)?;
            glass::exec(&config, plugins, &clock, &ask, &Ear(tell)).await
        });
        Breaking { heard, running, all: Vec::new() }
    }

    /// The refusal of what is not even begun.
    pub async fn refused(&self, config: Config, ask: Ask) -> Result<String> {
        match self.begin(config, ask).end().await? {
            Err(Trouble::Refused(refusal)) => {
                Ok(format!("{}\n{}", refusal.what.words(), refusal.todo.words()))
            }
            other => anyhow::bail!("not refused: {other:?}"),
        }
    }
}

/// Waits until Slack has said who these are.
async fn known(servers: &Servers, people: &[&str]) -> Result<()> {
    let store = hubcommander::store::open(&servers.store_url()).await?;
    let look = async {
        for user in people {
            while hubcommander::pipeline::glass::known(&*store, user).await?.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, look).await.context("nobody asked Slack who they are")?
}

pub fn ask(line: &str) -> Ask {
    Ask { line: line.into(), by: ANA.into(), with: SAM.into(), reason: WHY.into() }
}

/// What the terminal shows.
struct Ear(mpsc::UnboundedSender<String>);

impl Terminal for Ear {
    fn say(&self, words: &str) {
        let _ = self.0.send(words.to_owned());
    }
}

/// A command on the host, under way.
pub struct Breaking {
    heard: mpsc::UnboundedReceiver<String>,
    running: JoinHandle<Result<Ending, Trouble>>,
    pub all: Vec<String>,
}

impl Breaking {
    /// What is said next that holds this.
    pub async fn says(&mut self, what: &str) -> Result<String> {
        loop {
            let said = tokio::time::timeout(PATIENCE, self.heard.recv()).await?;
            let said = said.with_context(|| format!("{what:?} was not said: {:#?}", self.all))?;
            self.all.push(said.clone());
            if said.contains(what) {
                return Ok(said);
            }
        }
    }

    /// The links for who asks and for who agrees.
    pub async fn links(&mut self) -> Result<(String, String)> {
        let said = self.says("Two people prove").await?;
        let mut links = links(&said);
        let (second, first) = (links.pop().context("no link")?, links.pop().context("one link")?);
        Ok((first, second))
    }

    /// How it ended.
    pub async fn end(self) -> Result<Result<Ending, Trouble>> {
        Ok(tokio::time::timeout(PATIENCE, self.running).await.context("it does not end")??)
    }

    /// How it ended, and in words.
    pub async fn ended(self) -> Result<(How, String)> {
        let ending = self.end().await?.map_err(|trouble| anyhow::anyhow!("{trouble:?}"))?;
        Ok((ending.how, steady(&ending.message.words())))
    }
}

/// What the alarm channel was told of the glass.
pub fn told(servers: &Servers) -> Vec<Message> {
    let mut told = servers.slack.messages(SECURITY);
    told.retain(|message| servers.slack.render(message).contains("broke the glass"));
    told
}

fn without_links(text: &str) -> String {
    let mut text = steady(text);
    for link in links(&text) {
        text = text.replace(&link, "LINK");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_passkeys_run_it_and_everybody_hears_of_it() -> Result<()> {
    let mut host = Host::new().await?;
    let mut breaking = host.begin(host.down()?, ask(SET));
    let (first, second) = breaking.links().await?;
    insta::assert_snapshot!(without_links(&breaking.all.join("\n---\n")), @r#"
    Slack cannot be asked who ana (U0ANA) is; it said so last on WHEN.
    ---
    Slack cannot be asked who sam (U0SAM) is; it said so last on WHEN.
    ---
    ⚠️ Set the description of acme/website
    • description "Under repair"
    It can be taken back.

    Two people prove within 15 minutes, each with a passkey on a page of their own, that they want exactly this:
      ana (U0ANA), who asks:
        LINK
      sam (U0SAM), who agrees:
        LINK
    Give each link to that person alone. Nothing is done before both; Ctrl-C ends it.
    plan DIGEST · inv-ID
    "#);
    let shown = page(host.listen, &second).await?;
    assert!(shown.contains("Break the glass: Set the description of acme/website"), "{shown}");
    assert!(shown.contains(WHY) && shown.contains("Asked by ana (U0ANA)"), "{shown}");
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    breaking.says("Waiting for sam").await?;
    assert!(!host.described(), "one is not two");
    assert_eq!(host.sam.touch(host.listen, &second).await?.0, 200);
    breaking.says("The glass is broken").await?;
    breaking.says("as soon as it can").await?;
    let (how, said) = breaking.ended().await?;
    assert_eq!(how, How::Done);
    insta::assert_snapshot!(said, @r#"
    ✅ The description of acme/website is set
    ✅ description "Under repair"
    To take it back, in Slack: !Undo inv-ID
    TIME · inv-ID
    "#);
    assert!(host.described());
    host.assert_finished().await?;
    let audit = host.audit().await?;
    let since = audit.iter().rposition(|event| event == "received").unwrap();
    insta::assert_debug_snapshot!(&audit[since..], @r#"
    [
        "received",
        "planned",
        "step_up.begun",
        "step_up.begun",
        "step_up.passed",
        "approved",
        "glass.broken",
        "operation.started",
        "operation.done",
        "done",
    ]
    "#);

    // Slack is there again: the bot tells it, and what was done can be taken back.
    host.clock.forward(Duration::from_secs(31));
    let config = host.up()?;
    let world = start(host.servers, config).await?;
    world.clock.forward(Duration::from_secs(31));
    let told = world.slack.await_message(SECURITY).await?;
    insta::assert_snapshot!(world.shown(&told), @r#"
    ⚠️ @ana and @sam broke the glass.
    On the host, past Slack, they ran `!SetDescription acme website "Under repair"`; why:
    > Slack is down and the page is wrong
    • description "Under repair"
    It was done. Both proved with their passkeys that they want exactly this. If you do not know why, ask them in person.
    [Undo]
    WHEN · plan DIGEST · inv-ID
    "#);
    let id = regex::Regex::new(r"inv-[0-9A-Z]{10}")?;
    let blocks = told.blocks.context("no blocks")?.to_string();
    let id = id.find(&blocks).context("no id")?.as_str().to_owned();
    let why = world.ask(&format!("!Why {id}")).await?;
    assert!(why.contains("past Slack, together with @sam") && why.contains(WHY), "{why}");
    let undone = world.say(ANA, DEV, &format!("!Undo {id}"))?;
    let undone = world.end_of(DEV, undone).await?;
    assert!(undone.starts_with("↩️"), "{undone}");
    assert!(!world.at_github("acme", "website").contains("Under repair"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_the_bot_its_page_serves_and_the_channel_is_told_at_once() -> Result<()> {
    let host = Host::new().await?;
    let config = host.up()?;
    let Host { servers, listen, mut ana, mut sam, clock } = host;
    let world = start(servers, config.clone()).await?;
    let beside = |ask: Ask| {
        let (clock, config): (SharedClock, _) = (Arc::<HandClock>::clone(&clock), config.clone());
        let (tell, heard) = mpsc::unbounded_channel();
        let running = tokio::spawn(async move {
            let plugins = plugins(&config, &clock)?;
            glass::exec(&config, plugins, &clock, &ask, &Ear(tell)).await
        });
        Breaking { heard, running, all: Vec::new() }
    };
    let mut breaking = beside(ask(SET));
    let (first, second) = breaking.links().await?;
    // Who agrees may be first.
    assert_eq!(sam.touch(listen, &second).await?.0, 200);
    breaking.says("Waiting for ana").await?;
    assert_eq!(ana.touch(listen, &first).await?.0, 200);
    breaking.says("The alarm channel has been told").await?;
    assert_eq!(breaking.ended().await?.0, How::Done);
    world.clock.forward(Duration::from_secs(120));
    // Whoever reads what is due has had its turn by then.
    assert!(world.ask("!RepoInfo acme website").await?.contains("Under repair"));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(told(&world).len(), 1, "once");
    // What is done to the lockdown on the host is followed by the bot.
    let mut breaking = beside(ask("!Lockdown on --reason \"nobody knows\""));
    let (first, second) = breaking.links().await?;
    ana.touch(listen, &first).await?;
    sam.touch(listen, &second).await?;
    assert_eq!(breaking.ended().await?.0, How::Done);
    let held = async {
        let said = |world: &World| {
            let alone = world.slack.ephemerals(ANA);
            alone.iter().any(|said| world.shown(said).contains("Everything but reading is held"))
        };
        for number in 0.. {
            world.say(ANA, DEV, &format!("!SetHomepage acme website https://acme.example/{number}"))?;
            tokio::time::sleep(Duration::from_millis(300)).await;
            if said(&world) {
                break;
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, held).await.context("the bot does not follow")??;
    // Held for the host too, but for lifting it.
    let refused = match beside(ask("!SetDescription acme website Later")).end().await? {
        Err(Trouble::Refused(refusal)) => refusal.what.words(),
        other => anyhow::bail!("{other:?}"),
    };
    assert!(refused.contains("Everything but reading is held"), "{refused}");
    let mut breaking = beside(ask("!Lockdown off"));
    let (first, second) = breaking.links().await?;
    ana.touch(listen, &first).await?;
    sam.touch(listen, &second).await?;
    assert_eq!(breaking.ended().await?.0, How::Done);
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}
