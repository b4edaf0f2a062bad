//! Passkeys from the line in Slack to the touch on the page, with soft tokens in people's hands.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::{Config, Web};
use hubcommander::pipeline::rules::Admitted;
use hubcommander_sandbox::slack::Message;
use std::sync::Arc;
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softtoken::SoftToken;

use crate::world::{DEV, Servers, World, shipped_with};

/// How people's browsers reach the bot's pages.
pub const ORIGIN: &str = "https://hub.acme.example";

/// Where something can listen: nobody did a moment ago.
pub fn free() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The configuration with passkeys, and with these people who may break the glass.
pub fn with_passkeys(servers: &Servers, listen: SocketAddr, people: &[&str]) -> Result<Config> {
    let mut config = servers.config(&shipped_with(&[]))?;
    config.web = Some(Web { listen, public_url: Some(ORIGIN.parse()?) });
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
