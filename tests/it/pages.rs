//! Devices on the web: from the link in Slack to the page, and who sees what there.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::{Config, Web};
use hubcommander::pipeline::rules::{Admitted, Rules};
use hubcommander_sandbox::duo::Duo;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use crate::passkeys::free;
use crate::world::{ANA, DEV, SAM, Servers, World, shipped_with};

/// A bot with pages, and where they are.
pub async fn start() -> Result<(World, String)> {
    start_at(Servers::start().await?, free()?).await
}

async fn start_at(servers: Servers, listen: SocketAddr) -> Result<(World, String)> {
    let config = servers.config(&shipped_with(&[]))?;
    start_as(servers, config, listen, Some(Arc::new(Admitted))).await
}

async fn start_as(
    servers: Servers,
    mut config: Config,
    listen: SocketAddr,
    rules: Option<Arc<dyn Rules>>,
) -> Result<(World, String)> {
    let home = format!("http://{listen}");
    config.web = Some(Web { listen, public_url: Some(home.parse()?), login: Vec::new() });
    let world = World::start_with_plugins(servers, config, |config, clock| {
        let plugins = plugins(config, clock)?;
        Ok(Plugins { rules: rules.or(plugins.rules), ..plugins })
    });
    Ok((world.await?, home))
}

/// The link to the pages in a message.
pub fn link_in(message: &Message, home: &str) -> Result<String> {
    let blocks = message.blocks.as_ref().map(ToString::to_string).unwrap_or_default();
    let form = regex::Regex::new(&format!("{}/login/link/[A-Za-z0-9_-]+", regex::escape(home)))?;
    let found = form.find(&blocks).with_context(|| format!("no link in {blocks}"))?;
    Ok(found.as_str().to_owned())
}

/// What somebody is answered in their direct messages.
pub async fn answer(world: &World, user: &str, line: &str) -> Result<Message> {
    world.say(user, DEV, line)?;
    let message = world.slack.await_dm(user).await?;
    world.whispered(user).await?;
    Ok(message)
}

/// A browser, as far as it keeps cookies and sends forms.
pub struct Visitor {
    client: Client,
    home: String,
    cookie: Option<String>,
}

impl Visitor {
    fn new(home: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build()?;
        Ok(Self { client, home: home.to_owned(), cookie: None })
    }

    /// Opens a link from Slack and presses the button there.
    pub async fn come_in(home: &str, link: &str) -> Result<Self> {
        let mut visitor = Self::new(home)?;
        let path = link.strip_prefix(home).context("a link elsewhere")?.to_owned();
        // A preview of the link looks first.
        for _ in 0..2 {
            let page = visitor.get(&path).await?;
            ensure!(page.status() == StatusCode::OK, "{}", page.status());
        }
        let answer = visitor.post(&path, &[]).await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "{}", answer.status());
        let cookie = answer.headers().get("set-cookie").context("no cookie")?.to_str()?;
        visitor.cookie = cookie.split(';').next().map(str::to_owned);
        Ok(visitor)
    }

    async fn get(&self, path: &str) -> Result<Response> {
        let request = self.client.get(format!("{}{path}", self.home));
        Ok(self.with_cookie(request).send().await?)
    }

    /// The words of a page.
    pub async fn page(&self, path: &str) -> Result<String> {
        let answer = self.get(path).await?;
        ensure!(answer.status() == StatusCode::OK, "{path}: {}", answer.status());
        Ok(answer.text().await?)
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(format!("{}{path}", self.home)).header("origin", &self.home);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        Ok(self.with_cookie(request).send().await?)
    }

    /// Sends a form of the page at this path.
    pub async fn send(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let page = self.page(page).await?;
        let secret = regex::Regex::new(r#"name="csrf" value="([^"]+)""#)?;
        let secret = secret.captures(&page).context("a page without a form")?[1].to_owned();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", secret.as_str())]).collect();
        self.post(path, &fields).await
    }

    fn with_cookie(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_in_slack_leads_to_one_s_own_devices() -> Result<()> {
    let (world, home) = start().await?;
    let status = answer(&world, ANA, "!DeviceStatus").await?;
    assert!(world.shown(&status).contains("[Open the page]"), "{}", world.shown(&status));
    let link = link_in(&status, &home)?;
    let ana = Visitor::come_in(&home, &link).await?;
    let page = ana.page("/").await?;
    assert!(page.contains("Ana&#39;s MacBook") && page.contains("Turn on disk encryption"), "{page}");

    assert!(world.devices.state().set("mac-1", "encryption", true, SystemClock.now()));
    assert!(ana.page("/").await?.contains("Turn on disk encryption"), "what was seen lately is shown again");
    let checked = ana.send("/", "/check", &[("back", "/")]).await?;
    assert_eq!(checked.status(), StatusCode::SEE_OTHER);
    assert!(!ana.page("/").await?.contains("Turn on disk encryption"));
    for path in ["/devices", "/notifications", "/access", "/faq", "/tokens"] {
        assert!(ana.page(path).await?.contains("</html>"), "{path}");
    }

    // The link is used up for everybody else, and leads on for whoever is in.
    let path = link.strip_prefix(&home).context("a link")?;
    let other = Visitor::new(&home)?;
    assert_eq!(other.get(path).await?.status(), StatusCode::GONE);
    assert_eq!(other.post(path, &[]).await?.status(), StatusCode::GONE);
    assert_eq!(ana.get(path).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        other.get("/devices").await?.status(),
        StatusCode::SEE_OTHER,
        "to the page where one signs in"
    );

    assert_eq!(ana.send("/", "/logout", &[]).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(ana.get("/devices").await?.headers()["location"], "/login?next=%2Fdevices");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_has_a_link_of_its_own_and_none_is_stored() -> Result<()> {
    let (world, home) = start().await?;
    let first = link_in(&answer(&world, ANA, "!DeviceStatus").await?, &home)?;
    let second = link_in(&answer(&world, ANA, "!DeviceStatus").await?, &home)?;
    assert_ne!(first, second);
    for link in [&first, &second] {
        let secret = link.rsplit('/').next().context("a secret")?;
        for entry in std::fs::read_dir(world.store_path().parent().context("a folder")?)? {
            let bytes = std::fs::read(entry?.path())?;
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    let ana = Visitor::come_in(&home, &first).await?;
    assert_eq!(ana.send("/access", "/logout/everywhere", &[]).await?.status(), StatusCode::SEE_OTHER);
    let path = second.strip_prefix(&home).context("a link")?;
    assert_eq!(Visitor::new(&home)?.get(path).await?.status(), StatusCode::GONE, "links end with it");
    let third = link_in(&answer(&world, ANA, "!DeviceStatus").await?, &home)?;
    Visitor::come_in(&home, &third).await?.page("/").await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_stays_so_when_the_bot_starts_anew() -> Result<()> {
    let listen = free()?;
    let (world, home) = start_at(Servers::start().await?, listen).await?;
    let ana = Visitor::come_in(&home, &link_in(&answer(&world, ANA, "!DeviceStatus").await?, &home)?).await?;
    let made = ana.send("/tokens", "/tokens", &[("label", "Backup script")]).await?.text().await?;
    let token = regex::Regex::new("<code[^>]*>([A-Za-z0-9_-]{20,})</code>")?;
    let token = token.captures(&made).with_context(|| format!("no token in {made}"))?[1].to_owned();
    let (world, _) = start_at(world.stop().await?, listen).await?;
    assert!(ana.page("/").await?.contains("Ana&#39;s MacBook"));
    let api = Client::builder().no_proxy().build()?;
    let ask = || api.get(format!("{home}/api/v1/devices")).bearer_auth(&token).send();
    assert_eq!(ask().await?.status(), StatusCode::OK);
    let page = ana.page("/tokens").await?;
    let id = regex::Regex::new(r#"name="id" value="([^"]+)""#)?;
    let id = id.captures(&page).context("no token listed")?[1].to_owned();
    ana.send("/tokens", "/tokens/revoke", &[("id", &id)]).await?;
    assert_eq!(ask().await?.status(), StatusCode::UNAUTHORIZED);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_oneself_takes_a_policy_and_is_seen() -> Result<()> {
    let servers = Servers::start().await?;
    let clock = Arc::new(SystemClock);
    let duo = Duo::start(hubcommander_sandbox::duo::World::acme(), clock, Faults::default()).await?;
    let config = servers.config_with_duo(&duo)?;
    let (world, home) = start_as(servers, config, free()?, None).await?;
    let ana = Visitor::come_in(&home, &link_in(&answer(&world, ANA, "!DeviceStatus").await?, &home)?).await?;
    assert!(!ana.page("/").await?.contains("href=\"/fleet\""));
    for path in ["/fleet", "/fleet/export.csv", "/person?email=sam%40acme.example"] {
        assert_eq!(ana.get(path).await?.status(), StatusCode::FORBIDDEN, "{path}");
    }
    world.say(ANA, DEV, "!FleetStatus")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ How all devices stand is seen by the security team.
    Ask @security-team.
    inv-ID
    (only ana sees this)
    ");

    let sam = Visitor::come_in(&home, &link_in(&answer(&world, SAM, "!FleetStatus").await?, &home)?).await?;
    assert!(sam.page("/").await?.contains("href=\"/fleet\""));
    assert!(sam.page("/fleet").await?.contains("Disk encryption"));
    assert!(sam.page("/person?email=ana%40acme.example").await?.contains("Ana&#39;s MacBook"));
    let access = ana.page("/access").await?;
    assert!(access.contains("<strong>sam</strong> looked at your devices"), "{access}");
    let status = answer(&world, ANA, "!DeviceStatus").await?;
    assert!(world.shown(&status).contains("Looked at by @sam"), "{}", world.shown(&status));
    let audit = world.audit().await?.join("\n");
    assert_eq!(audit.matches("devices.seen").count(), 2, "{audit}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_all_devices_in_slack() -> Result<()> {
    let (world, _) = start().await?;
    let fleet = answer(&world, SAM, "!FleetStatus").await?;
    insta::assert_snapshot!(world.shown(&fleet), @r"
    4 devices have been heard of lately.
    Practice | Critical | Suggested | Unknown | Fine
    Up-to-date system | 1 | 1 | 0 | 2
    Disk encryption | 1 | 0 | 0 | 3
    Firewall | 0 | 0 | 0 | 3
    Screen lock | 0 | 0 | 0 | 4
    Automatic updates | 0 | 0 | 0 | 3
    Not jailbroken or rooted | 0 | 0 | 0 | 1
    Remote login disabled | 0 | 0 | 0 | 2
    [Open the page]
    ");
    world.end().await
}
