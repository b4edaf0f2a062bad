//! Passkeys from the line in Slack to the touch on the page, with soft tokens in people's hands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::{Config, Web};
use hubcommander::pipeline::rules::Admitted;
use hubcommander_sandbox::slack::Message;
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softtoken::SoftToken;

use crate::world::{ANA, APPROVALS, DEV, KIM, SAM, Servers, World, shipped_with};

/// How people's browsers reach the bot's pages.
pub const ORIGIN: &str = "https://hub.acme.example";

/// Where something can listen: below the ports that the system hands out, so that no other test is given it meanwhile.
pub fn free() -> Result<SocketAddr> {
    let first = 20_000 + u16::try_from(std::process::id() % 1_200)? * 10;
    let mut ports = (first..first + 100).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    ports.find(|at| std::net::TcpListener::bind(at).is_ok()).context("no port is free")
}

/// The configuration with passkeys, and with these people who may break the glass.
pub fn with_passkeys(servers: &Servers, listen: SocketAddr, people: &[&str]) -> Result<Config> {
    let mut config = servers.config(&shipped_with(&[]))?;
    config.web = Some(Web { listen, public_url: Some(ORIGIN.parse()?), login: Vec::new() });
    config.passkey = Some("HubCommander".to_owned());
    config.break_glass = people.iter().map(|user| (*user).to_owned()).collect();
    config.slack.pacing = false;
    Ok(config)
}

/// A bot with this configuration, for which every full member may do everything.
pub async fn start(servers: Servers, config: Config) -> Result<World> {
    World::start_with_plugins(servers, config, |config, clock| {
        Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins(config, clock)? })
    })
    .await
}

/// The links to the page in a text.
pub fn links(text: &str) -> Vec<String> {
    let form = regex::Regex::new(r"https://hub\.acme\.example/passkey/[A-Za-z0-9_-]+").unwrap();
    form.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// The link on a button of a message.
fn link_of(message: &Message) -> Result<String> {
    let blocks = message.blocks.as_ref().map(ToString::to_string).unwrap_or_default();
    links(&blocks).pop().with_context(|| format!("no link in {blocks}"))
}

/// Somebody's passkey.
pub struct Key(SoftToken);

impl Key {
    pub fn new() -> Self {
        Self(SoftToken::new(true).unwrap().0)
    }

    /// Somebody asks for a passkey in Slack, opens the link, and adds it.
    pub async fn enrolled(servers: &Servers, listen: SocketAddr, user: &str) -> Result<Self> {
        let asked = servers.say(user, DEV, "!EnrollPasskey")?;
        let link = link_of(&servers.slack.await_dm(user).await?)?;
        servers.end_of(DEV, asked).await?;
        let mut key = Self::new();
        let (status, said) = key.create(listen, &link).await?;
        ensure!(status == 200, "{status} {said}");
        Ok(key)
    }

    /// Adds it on a page.
    pub async fn create(&mut self, listen: SocketAddr, link: &str) -> Result<(u16, String)> {
        let (status, options) = post(listen, link, "begin", "{}").await?;
        if status != 200 {
            return Ok((status, options));
        }
        let made = self.0.do_registration(ORIGIN.parse()?, serde_json::from_str(&options)?);
        let made = made.map_err(|error| anyhow::anyhow!("{error:?}"))?;
        post(listen, link, "finish", &serde_json::to_string(&made)?).await
    }

    /// Uses it on a page.
    pub async fn touch(&mut self, listen: SocketAddr, link: &str) -> Result<(u16, String)> {
        let (status, options) = post(listen, link, "begin", "{}").await?;
        if status != 200 {
            return Ok((status, options));
        }
        match self.0.do_authentication(ORIGIN.parse()?, serde_json::from_str(&options)?) {
            Ok(got) => post(listen, link, "finish", &serde_json::to_string(&got)?).await,
            // The browser offers no passkey of this person.
            Err(error) => Ok((0, format!("{error:?}"))),
        }
    }
}

/// Presses a button of a page.
pub async fn post(listen: SocketAddr, link: &str, does: &str, body: &str) -> Result<(u16, String)> {
    let path = link.strip_prefix(ORIGIN).context("a link elsewhere")?;
    let answer = reqwest::Client::new()
        .post(format!("http://{listen}{path}/{does}"))
        .header("origin", ORIGIN)
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

/// A page as a browser shows it.
pub async fn page(listen: SocketAddr, link: &str) -> Result<String> {
    let path = link.strip_prefix(ORIGIN).context("a link elsewhere")?;
    Ok(reqwest::get(format!("http://{listen}{path}")).await?.text().await?)
}

/// A bot with passkeys and the policies that ship.
async fn shipped(servers: Servers, listen: SocketAddr) -> Result<World> {
    let config = with_passkeys(&servers, listen, &[])?;
    World::start_with_plugins(servers, config, |config, clock| Ok(plugins(config, clock)?)).await
}

/// Presses Approve on the card that waits.
async fn approve(world: &World, user: &str) -> Result<()> {
    let has = |message: &&Message| {
        message.blocks.as_ref().is_some_and(|blocks| blocks.to_string().contains("\"approve\""))
    };
    let look = async {
        loop {
            if let Some(card) = world.slack.messages(APPROVALS).iter().rev().find(has) {
                return card.ts;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let card = tokio::time::timeout(Duration::from_secs(60), look).await.context("no card waits")?;
    Ok(world.slack.click(user, APPROVALS, card, "approve", None).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_after_a_second_person_agreed_and_proves_who_one_is() -> Result<()> {
    let listen = free()?;
    let world = shipped(Servers::start().await?, listen).await?;
    let asked = world.say(ANA, DEV, "!EnrollPasskey")?;
    let plan = world.slack.await_reply(DEV, asked).await?;
    insta::assert_snapshot!(world.shown(&plan), @r"
    ⚠️ Add a passkey for @ana
    • @ana gets a link, in a direct message and good for 15 minutes, to add a passkey
    ⏳ 1 of @security-team
    [Cancel]
    Asked by @ana · valid for 8 hours · inv-ID
    ");
    assert!(world.slack.dms(ANA).is_empty(), "no link before somebody agreed");
    approve(&world, SAM).await?;
    let told = world.slack.await_dm(ANA).await?;
    insta::assert_snapshot!(world.shown(&told), @r"
    ⚠️ Here you add your passkey. The link is for you alone, works once, and is good for 15 minutes.
    [Add a passkey]
    ");
    let link = link_of(&told)?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ The link to add a passkey is with @ana
    ✅ @ana gets a link, in a direct message and good for 15 minutes, to add a passkey
    TIME · inv-ID
    ");
    let mut key = Key::new();
    assert_eq!(key.create(listen, &link).await?.0, 200);
    assert_ne!(Key::new().create(listen, &link).await?.0, 200, "once");

    // Now what everybody would see takes it, and a second person.
    let asked = world.say(ANA, DEV, "!SetVisibility acme website public --reason \"it is ready\"")?;
    let plan = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("your passkey")).await?;
    world.slack.click(ANA, DEV, plan.ts, "run", None).await?;
    let proof = world.slack.await_ephemeral(ANA).await?;
    assert_eq!(key.touch(listen, &link_of(&proof)?).await?.0, 200);
    approve(&world, KIM).await?;
    let over = |shown: &str| !["[Cancel]", "⏳", "sees this"].iter().any(|mark| shown.contains(mark));
    let end = world.slack.await_reply_that(DEV, asked, over).await?;
    assert!(world.shown(&end).starts_with('✅'), "{}", world.shown(&end));
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_listed_and_one_that_was_lost_is_taken_away_by_two() -> Result<()> {
    let (servers, listen) = (Servers::start().await?, free()?);
    let config = with_passkeys(&servers, listen, &[])?;
    let world = start(servers, config).await?;
    Key::enrolled(&world, listen, ANA).await?;
    world.say(ANA, DEV, "!Passkeys")?;
    let listed = world.slack.await_ephemeral(ANA).await?;
    let name = regex::Regex::new("pk-[0-9a-f]{12}")?;
    let name = name.find(&world.slack.render(&listed)).context("no name")?.as_str().to_owned();
    insta::assert_snapshot!(world.shown(&listed), @r"
    You have 1 passkey here.
    Passkey | Added | Last used
    pk-DIGEST | WHEN | never
    One that was lost is taken away with `!RemovePasskey` and its name.
    (only ana sees this)
    ");
    world.say(SAM, DEV, "!Passkeys")?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    You have no passkey here.
    `!EnrollPasskey` adds one.
    (only sam sees this)
    ");
    world.settled().await?;
    world.slack.mark_all_read();
    let servers = world.stop().await?;

    // By the policies that ship somebody else agrees first.
    let world = shipped(servers, listen).await?;
    world.say(SAM, DEV, &format!("!RemovePasskey {name}"))?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ @sam has no passkey `pk-DIGEST` here.
    `!Passkeys` lists them; `--of` names somebody else.
    inv-ID
    (only sam sees this)
    ");
    let asked = world.say(SAM, DEV, &format!("!RemovePasskey {name} --of @ana"))?;
    let plan = world.slack.await_reply(DEV, asked).await?;
    insta::assert_snapshot!(world.shown(&plan), @r"
    ⚠️ Take away a passkey of @ana
    • ⚠️ the passkey `pk-DIGEST` of @ana proves nothing any more: It can only be added anew.
    It takes your word that this is what you want, and 1 of @security-team.
    [Run] [Cancel]
    Asked by @sam · valid for 8 hours · inv-ID
    ");
    world.slack.click(SAM, DEV, plan.ts, "run", None).await?;
    approve(&world, KIM).await?;
    let over = |shown: &str| !["[Cancel]", "⏳", "sees this"].iter().any(|mark| shown.contains(mark));
    let end = world.slack.await_reply_that(DEV, asked, over).await?;
    insta::assert_snapshot!(world.shown(&end), @r"
    ✅ A passkey of @ana is taken away
    ✅ the passkey `pk-DIGEST` of @ana proves nothing any more
    TIME · inv-ID
    ");
    world.settled().await?;
    world.slack.mark_all_read();
    // It proves nothing any more.
    let asked = world.say(ANA, DEV, "!SetVisibility acme website public --reason \"it is ready\"")?;
    let plan = world.slack.await_reply(DEV, asked).await?;
    world.slack.click(ANA, DEV, plan.ts, "run", None).await?;
    let end = world.slack.await_reply_that(DEV, asked, over).await?;
    insta::assert_snapshot!(world.shown(&end), @r"
    ⛔ Make acme/website public: not done
    There is no way set up for you to prove that it is you. Ask the people who run this bot to set one up for you.
    Nothing was changed.
    inv-ID
    ");
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}
