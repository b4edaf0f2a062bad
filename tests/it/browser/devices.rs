//! Devices on the web, as a person comes to them: from Slack, on a desk and on a phone.

use anyhow::Result;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use super::tab::Tab;
use crate::pages;
use crate::world::ANA;

#[tokio::test(flavor = "multi_thread")]
async fn from_slack_to_the_page_and_green_after_a_switch() -> Result<()> {
    let (world, home) = pages::start().await?;
    let link = pages::link_in(&pages::answer(&world, ANA, "!DeviceStatus").await?, &home)?;
    let tab = Tab::open(&link).await?;
    tab.click("button.primary").await?;
    tab.sees("document.querySelector('h1')?.innerText.includes('device')").await?;
    tab.sees("document.body.innerText.includes('Turn on disk encryption')").await?;
    tab.picture("overview-before").await?;
    // The way to the directions, and back with the keyboard's target in sight.
    tab.click("a[href*='encryption']").await?;
    tab.sees("location.pathname === '/devices' && document.body.innerText.includes('FileVault')").await?;
    tab.picture("directions").await?;
    for (device, practice) in [("mac-1", "encryption"), ("mac-1", "uptodate"), ("phone-1", "uptodate")] {
        assert!(world.devices.state().set(device, practice, true, SystemClock.now()));
    }
    tab.go(&home).await?;
    tab.click("form[action='/check'] button").await?;
    tab.sees("!document.body.innerText.includes('Turn on disk encryption')").await?;
    tab.picture("overview-after").await?;
    tab.narrow().await?;
    for page in ["/", "/devices", "/notifications", "/access", "/faq", "/tokens"] {
        tab.go(&format!("{home}{page}")).await?;
        tab.sees("document.querySelector('h1')").await?;
        let fits: bool = tab.value("document.documentElement.scrollWidth <= 360").await?;
        assert!(fits, "{page} is wider than a phone");
        tab.picture(&format!("phone{}", page.replace('/', "-"))).await?;
    }
    tab.close().await?;
    world.slack.mark_all_read();
    world.end().await
}
