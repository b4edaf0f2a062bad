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
    tab.picture("story-overview-before", 1280).await?;
    // The way to the directions, and back with the keyboard's target in sight.
    tab.click("a[href*='encryption']").await?;
    tab.sees("location.pathname === '/devices' && document.body.innerText.includes('FileVault')").await?;
    tab.picture("story-directions", 1280).await?;
    for (device, practice) in [("mac-1", "encryption"), ("mac-1", "uptodate"), ("phone-1", "uptodate")] {
        assert!(world.devices.state().set(device, practice, true, SystemClock.now()));
    }
    tab.go(&home).await?;
    tab.click("form[action='/check'] button").await?;
    tab.sees("!document.body.innerText.includes('Turn on disk encryption')").await?;
    tab.picture("story-overview-after", 1280).await?;
    tab.wide(360, 780).await?;
    for page in ["/", "/devices", "/notifications", "/access", "/faq", "/tokens"] {
        tab.go(&format!("{home}{page}")).await?;
        tab.sees("document.querySelector('h1')").await?;
        tab.picture(&format!("story-phone{}", page.replace('/', "-")), 360).await?;
        let wide: Vec<String> = tab
            .value(
                "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > 361)\
                 .map(one => one.tagName + ' ' + one.className + ' ' + one.textContent.trim().slice(0, 60))",
            )
            .await?;
        assert_eq!(wide, [""; 0], "{page} is wider than a phone");
    }
    tab.close().await?;
    world.slack.mark_all_read();
    world.end().await
}
