//! In a real browser: what it looks like, and whether it can be used with a keyboard and read by a screen reader.
//!
//! Pictures of every page are left in `target/pages/`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
};
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::world::{ANA, MIA, World};

const CHROMIUM: &str = "/usr/bin/chromium";

/// The pages on a real port, and a browser before them.
struct Stage {
    world: World,
    home: String,
    browser: Browser,
    page: Page,
    tasks: Vec<JoinHandle<()>>,
    complaints: Arc<std::sync::Mutex<Vec<String>>>,
    _profile: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Result<Self> {
        ensure!(Path::new(CHROMIUM).exists(), "{CHROMIUM} is not there; scripts/test installs it");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let home = format!("http://{}", listener.local_addr()?);
        let world = World::at(&home);
        world.fill();
        let router = world.router.clone();
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        let profile = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(CHROMIUM)
            // Chromium's own sandbox does not start as root, which is who runs tests in a container.
            .no_sandbox()
            .viewport(None)
            .user_data_dir(profile.path())
            .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
            .build()
            .map_err(|problem| anyhow!(problem))?;
        let (browser, mut events) = Browser::launch(config).await?;
        let pump = tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await?;
        page.enable_log().await?;
        let mut entries = page.event_listener::<EventEntryAdded>().await?;
        let complaints = Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = Arc::clone(&complaints);
        let listening = tokio::spawn(async move {
            while let Some(event) = entries.next().await {
                heard.lock().unwrap().push(format!("{} {:?}", event.entry.text, event.entry.url));
            }
        });
        let tasks = vec![serving, pump, listening];
        Ok(Self { world, home, browser, page, tasks, complaints, _profile: profile })
    }

    async fn go(&self, path: &str) -> Result<()> {
        self.page.goto(format!("{}{path}", self.home)).await?;
        Ok(())
    }

    /// Does something in the page that gives nothing back.
    async fn run(&self, script: &str) -> Result<()> {
        self.value::<bool>(&format!("({script}, true)")).await.map(drop)
    }

    async fn value<T: serde::de::DeserializeOwned>(&self, expression: &str) -> Result<T> {
        Ok(self.page.evaluate(expression).await?.into_value()?)
    }

    /// Waits until an expression is true; the page looks again at every frame it draws.
    async fn sees(&self, condition: &str) -> Result<()> {
        let look = async {
            loop {
                // A page that is on its way out has nothing to evaluate in.
                match self.value::<bool>(&format!("Boolean({condition})")).await {
                    Ok(true) => return,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        let patience = std::time::Duration::from_secs(30);
        tokio::time::timeout(patience, look).await.with_context(|| format!("never saw {condition}"))
    }

    /// Signs in as a person would: opens the link, presses the button.
    async fn sign_in(&self, email: &str) -> Result<()> {
        self.go(&self.world.link(email).await).await?;
        self.page.find_element("main button").await?.click().await?;
        self.sees("location.pathname === '/' && document.readyState === 'complete'").await
    }

    async fn look_like(&self, width: i64, height: i64, scheme: &str) -> Result<()> {
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, false);
        self.page.execute(metrics).await?;
        let media = SetEmulatedMediaParams::builder()
            .feature(MediaFeature::new("prefers-color-scheme", scheme))
            .feature(MediaFeature::new("prefers-reduced-motion", "reduce"));
        self.page.execute(media.build()).await?;
        Ok(())
    }

    /// A picture of the whole page. `full_page` of the library would forget the width that we look at.
    async fn picture(&self, name: &str, width: i64, scheme: &str) -> Result<()> {
        let folder = artefacts();
        std::fs::create_dir_all(&folder)?;
        let height: i64 = self.value("document.documentElement.scrollHeight").await?;
        self.look_like(width, height, scheme).await?;
        let params = ScreenshotParams::builder().build();
        self.page.save_screenshot(params, folder.join(format!("{name}.png"))).await?;
        Ok(())
    }

    /// What axe-core has to say against the page.
    async fn axe(&self, axe: &str) -> Result<Vec<String>> {
        if axe.is_empty() {
            return Ok(Vec::new());
        }
        self.page.evaluate(format!("{axe}\n;true")).await?;
        self.value(
            "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.flatMap(one => \
             one.nodes.map(node => `${one.id}: ${node.html} ${node.failureSummary}`)))",
        )
        .await
    }

    async fn end(mut self) -> Result<()> {
        self.browser.close().await?;
        self.browser.wait().await?;
        for task in self.tasks {
            task.abort();
        }
        let complaints = self.complaints.lock().unwrap().clone();
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    }
}

fn artefacts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pages")
}

/// axe-core, which is not ours and not in the repository: `scripts/test` fetches it.
fn axe() -> Result<String> {
    let place = std::env::var("HUBCOMMANDER_AXE").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/axe-core/axe-4.14.1.min.js"),
        PathBuf::from,
    );
    if !place.exists() {
        // Where it cannot be fetched, scripts/test says so aloud.
        eprintln!("{} is not there: the pages are NOT looked over with axe-core", place.display());
        return Ok(String::new());
    }
    Ok(std::fs::read_to_string(&place)?)
}

/// What our own eyes would see: nothing sticks out, nothing is too small to touch.
const MEASURES: &str = "(() => {
  const wrong = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) wrong.push(`the page is ${wide} px too wide`);
  for (const one of document.querySelectorAll('main button, main .button, main summary, nav a, main input:not([type=hidden]), main select')) {
    const box = one.getBoundingClientRect();
    if (box.height && box.height < 44) wrong.push(`${one.outerHTML.slice(0, 80)} is ${box.height} px high`);
  }
  return wrong;
})()";

async fn walk(stage: &Stage, axe: &str, pages: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (width, device) in [(1280, "desktop"), (360, "phone")] {
        for scheme in ["light", "dark"] {
            for (path, name) in pages {
                stage.look_like(width, 900, scheme).await?;
                stage.go(path).await?;
                let view = format!("{name}-{device}-{scheme}");
                let width_now: i64 = stage.value("innerWidth").await?;
                ensure!(width_now == width, "{view} is looked at {width_now} px wide");
                stage.picture(&view, width, scheme).await?;
                // What is folded away is to be looked at too.
                stage.run("document.querySelectorAll('details').forEach(one => one.open = true)").await?;
                if stage.value("document.querySelector('details') !== null").await? {
                    stage.picture(&format!("{view}-unfolded"), width, scheme).await?;
                }
                let found = stage.axe(axe).await?;
                let measured: Vec<String> = stage.value(MEASURES).await?;
                wrong.extend(found.into_iter().chain(measured).map(|one| format!("{view}: {one}")));
            }
        }
    }
    Ok(wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_on_desktop_and_phone_in_light_and_dark() -> Result<()> {
    let (stage, axe) = (Stage::set().await?, axe()?);
    let mut wrong = walk(&stage, &axe, &[("/login", "login"), ("/login/link/none", "message")]).await?;
    stage.complaints.lock().unwrap().retain(|one| !one.contains("410"));
    stage.sign_in(MIA).await?;
    let pages = [
        ("/", "overview"),
        ("/devices", "devices"),
        ("/notifications", "notifications"),
        ("/access", "access"),
        ("/faq", "faq"),
        ("/tokens", "tokens"),
    ];
    wrong.extend(walk(&stage, &axe, &pages).await?);
    stage.sign_in(ANA).await?;
    let pages = [
        ("/", "empty"),
        ("/fleet?practice=encryption", "fleet"),
        ("/fleet/preview?platform=macOS&version=14.6", "preview"),
        ("/person?email=mia@example.com", "person"),
    ];
    wrong.extend(walk(&stage, &axe, &pages).await?);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_reached_and_done_with_the_keyboard() -> Result<()> {
    let stage = Stage::set().await?;
    stage.sign_in(MIA).await?;
    stage.go("/devices").await?;
    let press = async |key: &str| stage.page.find_element("body").await?.press_key(key).await.map(drop);
    // The first stop leads past the navigation.
    press("Tab").await?;
    let first: String = stage.value("document.activeElement.textContent").await?;
    assert_eq!(first, "Skip to the content");
    press("Enter").await?;
    stage.sees("document.activeElement.id === 'main'").await?;
    // From stop to stop: each is seen, and none is a trap.
    let mut stops: Vec<String> = Vec::new();
    for _ in 0..60 {
        press("Tab").await?;
        let seen: bool = stage
            .value("(() => { const at = document.activeElement; if (at === document.body) return true; const style = getComputedStyle(at); return at.getClientRects().length > 0 && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; })()")
            .await?;
        let stop: String = stage.value("document.activeElement.innerText || ''").await?;
        ensure!(seen, "the focus cannot be seen on {stop}");
        if stage.value("document.activeElement === document.body").await? {
            break;
        }
        stops.push(stop);
    }
    let first_practice = stops.iter().position(|stop| stop.starts_with("Turn on disk encryption"));
    let check = stops.iter().position(|stop| stop == "Check again").context("no Check again")?;
    ensure!(first_practice.is_some_and(|place| place > check), "{stops:#?}");
    // A practice unfolds by Enter.
    stage.go("/devices").await?;
    stage.run("document.querySelector('.practice summary').focus()").await?;
    press("Enter").await?;
    stage.sees("document.querySelector('.practice').open").await?;
    // A link to a practice unfolds it.
    stage.go("/").await?;
    stage.run("document.querySelector('.todo a').focus()").await?;
    press("Enter").await?;
    stage.sees("location.pathname === '/devices' && document.querySelector(location.hash)?.open").await?;
    // And a question is answered.
    stage.go("/notifications").await?;
    stage.run("document.querySelector('.actions button').focus()").await?;
    press("Enter").await?;
    stage.sees("document.querySelector('h1')?.innerText === 'Nothing waits for you'").await?;
    stage.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_pass_the_checks_of_a_real_browser() -> Result<()> {
    let stage = Stage::set().await?;
    stage.sign_in(MIA).await?;
    // `Origin` and `Sec-Fetch-Site` are what the browser makes of them.
    stage.page.find_element(".check button").await?.click().await?;
    stage.sees("document.readyState === 'complete' && document.querySelector('.check button').textContent === 'Check again'").await?;
    let anew = hubcommander_stethoscope::Freshness::Anew;
    stage.sees("document.querySelector('.answer')").await?;
    assert!(stage.world.looks.asked.lock().unwrap().iter().any(|(_, freshness)| *freshness == anew));
    stage.page.find_element(".who button").await?.click().await?;
    stage.sees("location.pathname === '/login'").await?;
    stage.go("/").await?;
    stage.sees("location.pathname === '/login'").await?;
    stage.end().await
}
