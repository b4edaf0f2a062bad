//! The weekly word about one's devices: off until it is switched on, only when it matters, and once.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::{Datelike as _, Days, Weekday};
use hubcommander::store::Store;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::{Clock as _, Instant, SystemClock};

use crate::world::{ANA, DEV, KIM, SAM, Servers, World, shipped_with};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

const ENABLED: (&str, &str) = ("\n# [nudges]\n#   enabled = true\n", "\n[nudges]\nenabled = true\n");

/// The key that the store holds Ana's line under.
const DUE: &str = "nudges:due:U0ANA";

impl World {
    /// Puts the clock forward to the next Tuesday, at this time in UTC.
    fn next_tuesday(&self, hour: u32, minute: u32) -> Result<Instant> {
        let now = self.clock.now();
        let mut day = now.date_naive().checked_add_days(Days::new(1)).context("no day")?;
        while day.weekday() != Weekday::Tue {
            day = day.checked_add_days(Days::new(1)).context("no day")?;
        }
        let at = day.and_hms_opt(hour, minute, 0).context("no time")?.and_utc();
        self.clock.forward((at - now).to_std()?);
        Ok(at)
    }

    fn on_the_same_day(&self, morning: Instant, hours: u64) -> Result<()> {
        let at = morning + Duration::from_secs(hours * 3_600);
        self.clock.forward((at - self.clock.now()).to_std()?);
        Ok(())
    }

    /// Waits until the store says so.
    async fn kept<T>(&self, what: &str, look: impl AsyncFn(&dyn Store) -> Option<T>) -> Result<T> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        let looked = async {
            loop {
                if let Some(found) = look(&*store).await {
                    return found;
                }
                // The store tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WITHIN, looked).await.with_context(|| format!("waiting for {what}"))
    }

    async fn booked(&self) -> Result<Instant> {
        self.kept("Ana's line", async |store| store.due_under(DUE).await.unwrap().map(|due| due.at)).await
    }

    /// What is kept of the devices of this person holds this key.
    async fn noted(&self, name: &str, key: &str) -> Result<serde_json::Value> {
        let of = format!("nudges:of:{name}@acme.example");
        let noted = async |store: &dyn Store| store.remembered(&of).await.unwrap()?.get(key).cloned();
        self.kept(key, noted).await
    }

    /// The line has been taken up and is over.
    async fn asked(&self) -> Result<()> {
        self.kept("the line to be taken up", async |store| {
            store.due_under(DUE).await.unwrap().is_none().then_some(())
        })
        .await?;
        self.settled().await
    }

    async fn dms_of(&self, user: &str, count: usize) -> Result<Vec<Message>> {
        let found = self.slack.wait_for(WITHIN, "direct messages", |slack| {
            Some(slack.dms(user)).filter(|all| all.len() >= count)
        });
        let all = found.await.with_context(|| format!("{:?}", self.slack.dms(user)))?;
        if all.len() > count {
            bail!("more than {count}: {all:?}");
        }
        Ok(all)
    }

    fn set(&self, device: &str, practice: &str, good: bool) {
        assert!(self.devices.state().set(device, practice, good, SystemClock.now()));
    }
}

async fn nudged() -> Result<(World, Instant)> {
    let world = World::start_with(&[ENABLED]).await?;
    let morning = world.next_tuesday(9, 30)?;
    Ok((world, morning))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_critical_is_told_once_a_week_and_in_the_morning() -> Result<()> {
    let (world, morning) = nudged().await?;
    let at = world.booked().await?;
    let (from, until) = (morning + Duration::from_secs(1_800), morning + Duration::from_secs(5_400));
    assert!(from <= at && at < until, "Ana is in UTC: between 10 and 11, not {at}");
    world.noted("sam", "fine").await?;
    world.on_the_same_day(morning, 2)?;
    let said = world.dms_of(ANA, 1).await?;
    insta::assert_snapshot!(world.shown(&said[0]), @r"
    ⚠️ Ana's MacBook needs 2 things, about 35 minutes.
    Ana's MacBook, MacBook Air (M3), last seen WHEN
    ⚠️ Turn on disk encryption (critical). If the device is lost or stolen, nobody can read what is on it. [How to fix]
    ⚠️ Update the system now (critical). Updates close holes that are already being used against older systems. Seen: version 13.6.9, 14.0 or newer is needed. [How to fix]
    [Check again] [Not this month] [Do not nudge me]
    From Sample, asked WHEN · Only you see this. It comes once a week at most, and only while something is critical or newly broken.
    ");
    world.settled().await?;
    assert!(world.slack.dms(SAM).is_empty(), "all is well there");

    // Another round on the same day, and one that the store has forgotten to be settled: nothing more.
    world.on_the_same_day(morning, 4)?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    let mut kept = store.remembered("nudges:of:ana@acme.example").await?.context("nothing is kept of Ana")?;
    kept.as_object_mut().context("no object")?.remove("settled");
    store.remember("nudges:of:ana@acme.example", Some(kept)).await?;
    world.on_the_same_day(morning, 5)?;
    world.booked().await?;
    world.on_the_same_day(morning, 7)?;
    world.asked().await?;
    assert_eq!(world.slack.dms(ANA).len(), 1);

    // How to, and the same message turns green.
    world.set("mac-1", "encryption", true);
    world.set("mac-1", "uptodate", true);
    world.set("phone-1", "uptodate", true);
    let channel =
        world.slack.arrange(|slack| slack.im_with(ANA).map(|room| room.id.clone())).context("no DM")?;
    world.slack.click(ANA, &channel, said[0].ts, "read", None).await?;
    let view = world.slack.await_view(ANA).await?;
    assert!(world.slack.render_view(&view).contains("FileVault"));
    world.slack.close_view(ANA, &view.id).await?;
    world.slack.click(ANA, &channel, said[0].ts, "renew", None).await?;
    let green = world.slack.wait_for(WITHIN, "green", |slack| {
        let all = slack.dms(ANA);
        let green = all.iter().any(|message| slack.render(message).contains("all 3 are in good shape"));
        (all.len() == 1 && green).then_some(())
    });
    green.await?;

    // A week later all is well, so nothing is said; the week after that something is newly broken.
    let morning = world.next_tuesday(9, 30)?;
    world
        .kept("that all is fine to be noted", async |store| {
            let kept = store.remembered("nudges:of:ana@acme.example").await.unwrap()?;
            kept["fine"]["sample/mac-1"].as_array()?.iter().any(|key| key == "encryption").then_some(())
        })
        .await?;
    world.on_the_same_day(morning, 2)?;
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 1);

    world.set("mac-1", "autoupdate", false);
    let morning = world.next_tuesday(9, 30)?;
    world.booked().await?;
    world.on_the_same_day(morning, 2)?;
    let said = world.dms_of(ANA, 2).await?;
    insta::assert_snapshot!(world.shown(&said[1]), @r"
    ⚠️ Ana's MacBook needs one thing, about 1 minute.
    Ana's MacBook, MacBook Air (M3), last seen WHEN
    · Let updates come by themselves (suggested). Then you need not think of them, and they are there early. It was fine the last time. [How to fix]
    [Check again] [Not this month] [Do not nudge me]
    From Sample, asked WHEN · Only you see this. It comes once a week at most, and only while something is critical or newly broken.
    ");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_nudged_until_it_is_switched_on() -> Result<()> {
    let world = World::start().await?;
    let morning = world.next_tuesday(9, 30)?;
    world.on_the_same_day(morning, 2)?;
    world.say(ANA, DEV, "!Nudges")?;
    let said = world.slack.await_dm(ANA).await?;
    world.whispered(ANA).await?;
    assert!(world.shown(&said).contains("Nobody is nudged here"), "{}", world.shown(&said));
    let store = hubcommander::store::open(&world.store_url()).await?;
    assert!(store.remembered_under("nudges:", 10).await?.is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_or_switched_off_is_not_said() -> Result<()> {
    let (world, morning) = nudged().await?;
    world.booked().await?;
    world.on_the_same_day(morning, 2)?;
    let said = world.dms_of(ANA, 1).await?.remove(0);
    let channel =
        world.slack.arrange(|slack| slack.im_with(ANA).map(|room| room.id.clone())).context("no DM")?;
    world.slack.click(ANA, &channel, said.ts, "ask", None).await?;
    let answer = world.slack.wait_for(WITHIN, "the answer", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains("✅ You are not nudged"))
    });
    insta::assert_snapshot!(world.shown(&answer.await?), @r"
    ✅ You are not nudged until WHEN
    ✅ the weekly word about your devices waits until WHEN
    [Undo]
    TIME · inv-ID
    ");
    world.slack.mark_all_read();
    let count = world.slack.dms(ANA).len();

    // For 30 days: four Tuesdays without a word.
    let next = world.next_tuesday(9, 30)?;
    let day = next.date_naive().to_string();
    world
        .kept("that it is settled", async |store| {
            let kept = store.remembered("nudges:of:ana@acme.example").await.unwrap()?;
            (kept["settled"] == day.as_str()).then_some(())
        })
        .await?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    assert!(store.due_under(DUE).await?.is_none(), "she has put it off");
    world.say(ANA, DEV, "!Nudges on")?;
    world.whispered(ANA).await?;
    let answer = world.slack.wait_for(WITHIN, "the answer", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains("✅ You are nudged again"))
    });
    answer.await?;
    world.settled().await?;

    // What is switched off after it was booked is not said either.
    let next = world.next_tuesday(9, 30)?;
    world.booked().await?;
    world.say(ANA, DEV, "!Nudges off")?;
    let answer = world.slack.wait_for(WITHIN, "the answer", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains("✅ You are nudged no more"))
    });
    answer.await?;
    world.slack.mark_all_read();
    let before = world.slack.dms(ANA).len();
    assert!(before > count);
    world.on_the_same_day(next, 2)?;
    world.asked().await?;
    assert_eq!(world.slack.dms(ANA).len(), before);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_changes_nothing_and_nobody_is_woken() -> Result<()> {
    let config = shipped_with(&[ENABLED]);
    let world = World::start_on(Servers::start().await?, &config).await?;
    world.next_tuesday(9, 30)?;
    let at = world.booked().await?;
    let servers = world.stop().await?;
    // It comes back at night.
    let world = World::start_on(servers, &config).await?;
    let tuesday = world.next_tuesday(2, 0)? + Duration::from_secs(24 * 3_600);
    world.clock.forward(Duration::from_secs(24 * 3_600));
    let later = world
        .kept("Ana's line for the morning", async |store| {
            let due = store.due_under(DUE).await.unwrap()?;
            (due.at > at).then_some(due.at)
        })
        .await?;
    assert_eq!(later.date_naive(), tuesday.date_naive(), "in the morning: {later}");
    assert!(world.slack.dms(ANA).is_empty(), "nobody is woken");
    let servers = world.stop().await?;
    let world = World::start_on(servers, &config).await?;
    world.clock.forward((later - world.clock.now() + chrono::TimeDelta::seconds(1)).to_std()?);
    world.dms_of(ANA, 1).await?;
    world.settled().await?;
    let servers = world.stop().await?;
    let world = World::start_on(servers, &config).await?;
    world.clock.forward((later - world.clock.now() + chrono::TimeDelta::hours(2)).to_std()?);
    world.settled().await?;
    world.dms_of(ANA, 1).await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_members_who_are_named_are_nudged() -> Result<()> {
    let only = ("#   only = [\"ana@example.com\", \"slack:pilot\"]", "only = [\"slack:security-team\"]");
    let world = World::start_with(&[ENABLED, only]).await?;
    // Ana is not named; Gus is a guest, Dee has left; Sam and Kim are of the group.
    {
        let mut state = world.devices.state();
        let broken = state.devices[0].clone();
        for (id, owner) in [("g", "gus@vega.example"), ("d", "dee@acme.example"), ("k", "kim@acme.example")] {
            let mut device = broken.clone();
            (device.id, device.serial, device.owner) = (id.to_owned(), format!("SBX-{id}"), owner.to_owned());
            state.devices.push(device);
        }
    }
    let morning = world.next_tuesday(9, 30)?;
    for name in ["ana", "dee", "kim"] {
        world.noted(name, "settled").await?;
    }
    world.on_the_same_day(morning, 2)?;
    world.dms_of(KIM, 1).await?;
    world.settled().await?;
    for user in [ANA, SAM, "U0GUS", "U0DEE"] {
        assert!(world.slack.dms(user).is_empty(), "{user}");
    }
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_at_is_not_said() -> Result<()> {
    let (world, morning) = nudged().await?;
    world.booked().await?;
    world.devices.faults().add(When::any().always(), Fault::Status(503, String::new()));
    world.on_the_same_day(morning, 2)?;
    world.asked().await?;
    assert!(world.slack.dms(ANA).is_empty());
    world.end().await
}
