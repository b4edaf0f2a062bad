//! What people ask about their devices, and what they do then.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::duo::Duo;
use hubcommander_sandbox::faults::{Fault, Faults, When};
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use crate::world::{ANA, DEV, SAM, Servers, World};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

impl World {
    /// The message in somebody's direct messages, once it is there and holds these words.
    async fn dm_with(&self, user: &str, words: &str) -> Result<Message> {
        let found = self.slack.wait_for(WITHIN, "a direct message", |slack| {
            slack.dms(user).into_iter().rev().find(|message| slack.render(message).contains(words))
        });
        let message = found.await.with_context(|| format!("{:?}", self.slack.dms(user)))?;
        Ok(message)
    }

    async fn status_of_ana(&self) -> Result<Message> {
        self.say(ANA, DEV, "!DeviceStatus")?;
        let message = self.slack.await_dm(ANA).await?;
        self.whispered(ANA).await?;
        Ok(message)
    }

    fn dm_channel(&self) -> String {
        self.slack.arrange(|world| world.im_with(ANA).map(|room| room.id.clone())).unwrap()
    }

    fn switch(&self, device: &str, practice: &str, good: bool) {
        assert!(self.devices.state().set(device, practice, good, SystemClock.now()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fixing_one_thing_turns_it_green() -> Result<()> {
    let world = World::start().await?;
    let message = world.status_of_ana().await?;
    insta::assert_snapshot!(world.shown(&message), @r"
    ⚠️ Your devices: 1 of 3 is in good shape; 2 need about 65 minutes in all.
    Ana's MacBook, MacBook Air (M3), last seen WHEN [Not my device]
    ⚠️ Turn on disk encryption (critical). If the device is lost or stolen, nobody can read what is on it. [How to fix]
    ⚠️ Update the system now (critical). Updates close holes that are already being used against older systems. Seen: version 13.6.9, 14.0 or newer is needed. [How to fix]
    Ana's iPhone, iPhone 16, last seen WHEN [Not my device]
    · Update the system (suggested). Updates close holes that are already being used against older systems. Seen: version 17.7, 18.6 or newer is better. [How to fix]
    ✅ In good shape: ANA-THINKPAD
    [Check again] [Remind me tomorrow]
    From Sample, asked WHEN
    ");

    // How to, at once, for that very system.
    let channel = world.dm_channel();
    world.slack.click(ANA, &channel, message.ts, "read", None).await?;
    let view = world.slack.await_view(ANA).await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r"
    # How to fix it
    Disk encryption
    If the device is lost or stolen, nobody can read what is on it.
    1. Open the Apple menu and choose System Settings.
    2. Choose Privacy & Security, and scroll down to FileVault.
    3. Choose Turn On, and let your company or iCloud keep the recovery key.
    4. Leave the Mac plugged in. It encrypts while you work.
    This takes about 5 minutes. Then press Check again.
    [Close]
    ");
    world.slack.close_view(ANA, &view.id).await?;

    world.switch("mac-1", "encryption", true);
    world.slack.click(ANA, &channel, message.ts, "renew", None).await?;
    let renewed = world.dm_with(ANA, "Thank you").await?;
    assert_eq!(renewed.ts, message.ts, "the same message is brought up to date");
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.switch("mac-1", "uptodate", true);
    world.switch("phone-1", "uptodate", true);
    world.slack.click(ANA, &channel, message.ts, "renew", None).await?;
    let fine = world.dm_with(ANA, "✅ Your devices").await?;
    insta::assert_snapshot!(world.shown(&fine), @r"
    ✅ Your devices: all 3 are in good shape.
    Thank you. Up-to-date system on Ana's MacBook is fine now.
    Thank you. Up-to-date system on Ana's iPhone is fine now.
    ✅ In good shape: ANA-THINKPAD, Ana's MacBook, Ana's iPhone
    [Check again]
    From Sample, asked WHEN
    ");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_does_not_answer_is_named() -> Result<()> {
    let world = World::start().await?;
    world.devices.faults().add(When::any().always(), Fault::Status(503, String::new()));
    let message = world.status_of_ana().await?;
    insta::assert_snapshot!(world.shown(&message), @r"
    ⚠️ Your devices: nobody can tell right now.
    ⚠️ Sample did not answer. What it knows is missing here.
    [Check again]
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_device_is_told_what_would_show_up() -> Result<()> {
    let world = World::start().await?;
    world.devices.state().devices.clear();
    let message = world.status_of_ana().await?;
    insta::assert_snapshot!(world.shown(&message), @r"
    Your devices: no device is known.
    A device shows up here as soon as Sample knows that it is yours. If one is missing, tell whoever looks after devices in your company.
    [Check again]
    From Sample, asked WHEN
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_theirs_is_set_apart_and_told() -> Result<()> {
    let world = World::start().await?;
    let message = world.status_of_ana().await?;
    let channel = world.dm_channel();
    world.slack.click(ANA, &channel, message.ts, "ask#2", None).await?;
    let said = world.dm_with(ANA, "✅ Thank you").await?;
    insta::assert_snapshot!(world.shown(&said), @r"
    ✅ Thank you. Ana's MacBook is set apart, and the security team hears of it
    ✅ Ana's MacBook of sample is set apart
    [Undo]
    TIME · inv-ID
    ");
    let alarm = world.slack.await_message("C0SECURITY").await?;
    insta::assert_snapshot!(world.shown(&alarm), @r"
    ⚠️ @ana says that Ana's MacBook (sample mac-1) is not their device.
    If you do not know why, ask them.
    ");
    world.slack.click(ANA, &channel, message.ts, "renew", None).await?;
    let renewed = world.dm_with(ANA, "Not yours, as you said").await?;
    insta::assert_snapshot!(world.shown(&renewed), @r"
    ⚠️ Your devices: 1 of 2 is in good shape; Ana's iPhone needs 30 minutes.
    Ana's iPhone, iPhone 16, last seen WHEN [Not my device]
    · Update the system (suggested). Updates close holes that are already being used against older systems. Seen: version 17.7, 18.6 or newer is better. [How to fix]
    ✅ In good shape: ANA-THINKPAD
    Not yours, as you said: Ana's MacBook
    [Check again] [Remind me tomorrow]
    From Sample, asked WHEN
    ");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tomorrow_is_soon_enough() -> Result<()> {
    let world = World::start().await?;
    let message = world.status_of_ana().await?;
    let channel = world.dm_channel();
    world.slack.click(ANA, &channel, message.ts, "ask", None).await?;
    let said = world.dm_with(ANA, "I remind you").await?;
    insta::assert_snapshot!(world.shown(&said), @r"
    ✅ I remind you of your devices WHEN
    ✅ a direct message WHEN
    [Undo]
    TIME · inv-ID
    ");
    world.slack.mark_all_read();
    world.clock.forward(Duration::from_secs(40 * 3_600));
    let reminders = world.slack.wait_for(WITHIN, "a reminder", |slack| {
        let all = slack.dms(ANA);
        (all.len() == 3).then_some(all)
    });
    let last = reminders.await?.pop().unwrap();
    assert!(world.shown(&last).contains("Ana's MacBook"), "{}", world.shown(&last));
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_s_own_page_shows_the_same() -> Result<()> {
    let world = World::start().await?;
    world.slack.open_home(ANA);
    let home = world.slack.wait_for(WITHIN, "the home tab", |slack| slack.home(ANA)).await?;
    let shown = home.to_string();
    assert!(shown.contains("Turn on disk encryption") && shown.contains("How to fix"), "{shown}");
    assert!(!shown.contains("Remind me"), "there is no conversation to answer in: {shown}");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_security_looks_at_the_devices_of_others_and_they_see_who_did() -> Result<()> {
    let servers = Servers::start().await?;
    let clock = Arc::new(SystemClock);
    let duo = Duo::start(hubcommander_sandbox::duo::World::acme(), clock, Faults::default()).await?;
    let world = World::start_as_shipped(servers, &duo).await?;
    world.say(ANA, DEV, "!DeviceStatus @sam")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ You can see your own devices. Those of others are looked at by the security team.
    Ask @security-team.
    inv-ID
    (only ana sees this)
    ");
    world.say(SAM, DEV, "!DeviceStatus @ana")?;
    let seen = world.slack.await_dm(SAM).await?;
    world.whispered(SAM).await?;
    insta::assert_snapshot!(world.shown(&seen), @r"
    ⚠️ Devices of @ana: 1 of 3 is in good shape; 2 need about 65 minutes in all.
    Ana's MacBook, MacBook Air (M3), last seen WHEN
    ⚠️ Turn on disk encryption (critical). If the device is lost or stolen, nobody can read what is on it. [How to fix]
    ⚠️ Update the system now (critical). Updates close holes that are already being used against older systems. Seen: version 13.6.9, 14.0 or newer is needed. [How to fix]
    Ana's iPhone, iPhone 16, last seen WHEN
    · Update the system (suggested). Updates close holes that are already being used against older systems. Seen: version 17.7, 18.6 or newer is better. [How to fix]
    ✅ In good shape: ANA-THINKPAD
    From Sample, asked WHEN · They can see that you looked.
    ");
    let message = world.status_of_ana().await?;
    assert!(world.shown(&message).contains("Looked at by @sam"), "{}", world.shown(&message));
    world.end().await
}
