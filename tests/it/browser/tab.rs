//! A real browser without a window, and one tab of it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use chromiumoxide::Element;
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::SetDeviceMetricsOverrideParams;
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EvaluateParams, EventConsoleApiCalled, EventExceptionThrown, ExecutionContextId,
};
use chromiumoxide::error::CdpError;
use chromiumoxide::handler::viewport::Viewport;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

const CHROMIUM: &str = "/usr/bin/chromium";
/// How long a page may take to show something. Never waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const WIDE: Viewport = Viewport {
    width: 1440,
    height: 900,
    device_scale_factor: None,
    emulating_mobile: false,
    is_landscape: false,
    has_touch: false,
};

/// A browser with one tab. What its pages complain about is kept.
pub struct Tab {
    page: Page,
    browser: Browser,
    pump: JoinHandle<()>,
    listeners: Vec<JoinHandle<()>>,
    complaints: Arc<Mutex<Vec<String>>>,
    _profile: tempfile::TempDir,
}

impl Tab {
    /// Opens the browser at an address.
    pub async fn open(address: &str) -> Result<Self> {
        ensure!(
            Path::new(CHROMIUM).exists(),
            "{CHROMIUM} is not there; scripts/test installs it (the Debian package chromium)"
        );
        let profile = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(CHROMIUM)
            // Chromium's own sandbox does not start as root, which is who runs tests in a container.
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(WIDE.width, WIDE.height)
            .viewport(WIDE)
            .args([
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ])
            .build()
            .map_err(|problem| anyhow!(problem))?;
        let (browser, mut events) = Browser::launch(config).await?;
        let pump = tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await?;
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let listeners = listen(&page, &complaints).await?;
        page.goto(address).await?;
        Ok(Self { page, browser, pump, listeners, complaints, _profile: profile })
    }

    /// Waits until a JavaScript expression is true: the page looks again at every frame it draws.
    pub async fn sees(&self, condition: &str) -> Result<()> {
        self.look(condition, None).await
    }

    /// The same in a page that is shown within this one, by how its address begins.
    pub async fn sees_within(&self, address: &str, condition: &str) -> Result<()> {
        let context = self.frame(address).await?;
        self.look(condition, Some(context)).await
    }

    async fn look(&self, condition: &str, context: Option<ExecutionContextId>) -> Result<()> {
        let script = format!(
            "new Promise(done => {{ const look = () => ({condition}) ? done(true) : requestAnimationFrame(look); look(); }})"
        );
        let mut params = EvaluateParams::builder().expression(script).await_promise(true);
        if let Some(context) = context {
            params = params.context_id(context);
        }
        let params = params.build().map_err(|problem| anyhow!(problem))?;
        let look = async {
            loop {
                match self.page.evaluate_expression(params.clone()).await {
                    // A page that gives way to another has nothing to look at; the other has.
                    Err(error) if context.is_none() && is_leaving(&error) => tokio::task::yield_now().await,
                    looked => return looked,
                }
            }
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(looked) => looked.map(drop).with_context(|| format!("looking for {condition}")),
            Err(_) => {
                let shown: String = self.value("document.body.innerText").await.unwrap_or_default();
                Err(anyhow!(
                    "the page never showed {condition}. It shows:\n{shown}\n{:#?}",
                    self.complaints()
                ))
            }
        }
    }

    /// Where the script of a page within this one can run, once that page is there.
    async fn frame(&self, address: &str) -> Result<ExecutionContextId> {
        self.sees(&format!(
            "[...document.querySelectorAll('iframe')].some(one => !one.hidden && one.src.startsWith('{address}'))"
        ))
        .await?;
        let look = async {
            loop {
                for frame in self.page.frames().await? {
                    let shown = self.page.frame_url(frame.clone()).await?;
                    if shown.is_some_and(|shown| shown.starts_with(address))
                        && let Some(context) = self.page.frame_execution_context(frame).await?
                    {
                        return anyhow::Ok(context);
                    }
                }
                // Nothing tells when a context is there; a drawn frame is a good time to look again.
                self.page.evaluate("new Promise(requestAnimationFrame)").await?;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.context("the page within the page never came")?
    }

    /// What a JavaScript expression gives now.
    pub async fn value<T: serde::de::DeserializeOwned>(&self, expression: &str) -> Result<T> {
        Ok(self.page.evaluate(expression).await?.into_value()?)
    }

    /// Waits for something and clicks on its middle.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.on(selector, async |element| element.click().await.map(drop)).await
    }

    /// Clicks into something and types.
    pub async fn type_into(&self, selector: &str, words: &str) -> Result<()> {
        self.click(selector).await?;
        self.on(selector, async |element| element.type_str(words).await.map(drop)).await
    }

    /// Types into a field over what stands in it.
    pub async fn type_anew(&self, selector: &str, words: &str) -> Result<()> {
        self.click(selector).await?;
        self.on(selector, async |field| {
            field.call_js_fn("function() { this.select(); }", false).await.map(drop)
        })
        .await?;
        self.on(selector, async |field| field.type_str(words).await.map(drop)).await
    }

    /// Types a line into the message box of the channel and sends it.
    pub async fn say(&self, line: &str) -> Result<()> {
        self.type_into("#room-foot textarea", line).await?;
        self.on("#room-foot textarea", async |field| field.press_key("Enter").await.map(drop)).await
    }

    /// Waits for something and does this with it. A page that is drawn anew meanwhile has another one in its
    /// place; the browser says so before it has done anything, and it is looked for again.
    async fn on(&self, selector: &str, act: impl AsyncFn(&Element) -> Result<(), CdpError>) -> Result<()> {
        let patient = async {
            loop {
                self.is_there(selector).await?;
                let done = match self.page.find_element(selector).await {
                    Ok(element) => act(&element).await,
                    Err(error) => Err(error),
                };
                match done {
                    Ok(()) => return anyhow::Ok(()),
                    Err(error) if is_gone(&error) => {}
                    Err(error) => return Err(error).with_context(|| format!("with {selector}")),
                }
            }
        };
        tokio::time::timeout(PATIENCE, patient)
            .await
            .with_context(|| format!("{selector} never stood still"))?
    }

    /// Opens another address in the same tab.
    pub async fn go(&self, address: &str) -> Result<()> {
        self.page.goto(address).await?;
        Ok(())
    }

    /// Waits until something is there and has a size.
    pub async fn is_there(&self, selector: &str) -> Result<()> {
        let quoted = serde_json::to_string(selector)?;
        self.sees(&format!("document.querySelector({quoted})?.getClientRects().length > 0")).await
    }

    /// Makes the tab as wide as this, and as high as a phone or a screen is.
    pub async fn wide(&self, width: i64, height: i64) -> Result<()> {
        self.page.execute(SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600)).await?;
        Ok(())
    }

    /// Leaves a picture of the whole page in `target/pages/`, for people to look at.
    pub async fn picture(&self, name: &str, width: i64) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
        std::fs::create_dir_all(&folder)?;
        // `full_page` of the library would forget the width that we look at.
        let height: i64 = self.value("document.documentElement.scrollHeight").await?;
        self.wide(width, height).await?;
        let picture = ScreenshotParams::builder().build();
        self.page.save_screenshot(picture, folder.join(format!("{name}.png"))).await?;
        Ok(())
    }

    fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }

    /// Closes the browser. Its pages must not have complained.
    pub async fn close(self) -> Result<()> {
        let Self { mut browser, pump, listeners, complaints, .. } = self;
        browser.close().await?;
        browser.wait().await?;
        pump.await?;
        for listener in listeners {
            listener.abort();
        }
        let complaints = complaints.lock().unwrap().clone();
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    }
}

/// Whether an element is not there any more: it was found, and then the page was drawn anew.
fn is_gone(error: &CdpError) -> bool {
    let words = error.to_string();
    ["Could not find node", "No node with given id", "Node is detached", "not have a layout object"]
        .iter()
        .any(|gone| words.contains(gone))
}

/// Whether a page was on its way out when it was looked at.
fn is_leaving(error: &CdpError) -> bool {
    let words = error.to_string();
    ["Inspected target navigated", "Execution context was destroyed", "Cannot find context"]
        .iter()
        .any(|leaving| words.contains(leaving))
}

/// Collects errors and warnings of the console, and exceptions that nobody caught.
async fn listen(page: &Page, complaints: &Arc<Mutex<Vec<String>>>) -> Result<Vec<JoinHandle<()>>> {
    page.enable_log().await?;
    page.enable_runtime().await?;
    let mut entries = page.event_listener::<EventEntryAdded>().await?;
    let mut calls = page.event_listener::<EventConsoleApiCalled>().await?;
    let mut exceptions = page.event_listener::<EventExceptionThrown>().await?;
    let (first, second, third) = (Arc::clone(complaints), Arc::clone(complaints), Arc::clone(complaints));
    Ok(vec![
        tokio::spawn(async move {
            while let Some(event) = entries.next().await {
                if matches!(event.entry.level, LogEntryLevel::Error | LogEntryLevel::Warning) {
                    first.lock().unwrap().push(format!("{} ({:?})", event.entry.text, event.entry.url));
                }
            }
        }),
        tokio::spawn(async move {
            while let Some(event) = calls.next().await {
                if matches!(event.r#type, ConsoleApiCalledType::Error | ConsoleApiCalledType::Warning) {
                    second.lock().unwrap().push(format!("{:?}", event.args));
                }
            }
        }),
        tokio::spawn(async move {
            while let Some(event) = exceptions.next().await {
                third.lock().unwrap().push(format!("{:?}", event.exception_details));
            }
        }),
    ])
}
