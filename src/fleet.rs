//! How all devices stood on days gone by, for the plots: counts only, one a day, kept for a set time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{Days, NaiveDate, TimeDelta};
use hubcommander_posture::{Platform, PracticeKey, Status, tally};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_stethoscope::{Look, Looks, Outcome};
use hubcommander_stethoscope_pages::ports::{DayCount, History, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use crate::store::{Shelf, Store, StoreError};

/// How often it is looked whether a day is to be counted. It costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often a day is counted again for which not every source has answered.
const AGAIN_EVERY: TimeDelta = TimeDelta::hours(1);

/// Days stand under this, each by its date.
const KEY: &str = "fleet:day:";

/// One day as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Day {
    /// How many sources have answered.
    answered: usize,
    /// Whether all have.
    whole: bool,
    counts: Vec<Count>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Count {
    practice: PracticeKey,
    platform: Option<Platform>,
    ok: u32,
    nudge: u32,
    warn: u32,
    unknown: u32,
}

impl Day {
    /// What this look comes to; none if nobody has answered.
    fn of(look: &Look) -> Option<Self> {
        let is_answer = |outcome: &Outcome| matches!(outcome, Outcome::Answered(_));
        let answered = look.answers.iter().filter(|answer| is_answer(&answer.outcome)).count();
        let mut counts: Vec<Count> = Vec::new();
        for one in tally(&look.devices) {
            let is_next = |last: &Count| last.practice == one.practice && last.platform == one.platform;
            if !counts.last().is_some_and(is_next) {
                let (practice, platform) = (one.practice, one.platform);
                counts.push(Count { practice, platform, ok: 0, nudge: 0, warn: 0, unknown: 0 });
            }
            let Some(count) = counts.last_mut() else { continue };
            let devices = u32::try_from(one.devices).unwrap_or(u32::MAX);
            match one.status {
                Status::Ok => count.ok = devices,
                Status::Nudge => count.nudge = devices,
                Status::Warn => count.warn = devices,
                Status::Unknown => count.unknown = devices,
                Status::Na => {}
            }
        }
        counts.retain(|count| count.ok + count.nudge + count.warn + count.unknown > 0);
        (answered > 0).then_some(Self { answered, whole: look.is_whole(), counts })
    }
}

/// The days that are kept.
#[derive(Clone)]
pub struct Counted(Shelf);

impl Counted {
    /// Over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self(shelf)
    }
}

#[async_trait]
impl History for Counted {
    async fn daily(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<DayCount>, Trouble> {
        let trouble = |error: StoreError| Trouble(error.to_string());
        let kept = self.0.get().map_err(trouble)?.remembered_under(KEY, u32::MAX).await.map_err(trouble)?;
        let mut counts = Vec::new();
        for (day, value) in kept {
            let Ok(day) = day.parse::<NaiveDate>() else { continue };
            if day < from || day > to {
                continue;
            }
            let kept: Day =
                serde_json::from_value(value).map_err(|error| Trouble(format!("{KEY}{day}: {error}")))?;
            counts.extend(kept.counts.into_iter().map(|count| DayCount {
                day,
                practice: count.practice,
                platform: count.platform,
                ok: count.ok,
                nudge: count.nudge,
                warn: count.warn,
                unknown: count.unknown,
                is_whole: kept.whole,
            }));
        }
        Ok(counts)
    }
}

/// Counts the days.
pub struct Counter {
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Where days are kept.
    pub store: Arc<dyn Store>,
    /// Tells which day it is, in UTC.
    pub clock: SharedClock,
    /// For how many days counts are kept.
    pub keep_days: u32,
}

impl Counter {
    /// Counts each day once, until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut next = Instant::MIN_UTC;
        loop {
            if self.clock.now() >= next {
                tokio::select! {
                    counted = self.count() => match counted {
                        Ok(again) => next = again,
                        Err(error) => {
                            next = self.clock.now() + AGAIN_EVERY;
                            tracing::warn!(%error, "how all devices stand could not be noted");
                        }
                    },
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Counts this day, unless it has been, and says when to look again. What not every source has answered for is
    /// kept until something as good or better comes.
    async fn count(&self) -> Result<Instant, StoreError> {
        let now = self.clock.now();
        let today = now.date_naive();
        let tomorrow = today
            .checked_add_days(Days::new(1))
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map_or(Instant::MAX_UTC, |at| at.and_utc());
        let key = format!("{KEY}{today}");
        // What cannot be read is counted again.
        let kept = self.store.remembered(&key).await?;
        let kept: Option<Day> = kept.and_then(|value| serde_json::from_value(value).ok());
        if kept.as_ref().is_some_and(|day| day.whole) {
            return Ok(tomorrow);
        }
        self.forget_old(today).await?;
        let look = self.looks.everything().await;
        // It may have taken past midnight: then it says nothing of either day for sure.
        let day = Day::of(&look).filter(|_| self.clock.now() < tomorrow);
        let whole = day.as_ref().is_some_and(|day| day.whole);
        if let Some(day) = day
            && kept.is_none_or(|kept| day.answered >= kept.answered)
        {
            self.store.remember(&key, Some(json!(day))).await?;
        }
        Ok(if whole { tomorrow } else { tomorrow.min(now + AGAIN_EVERY) })
    }

    async fn forget_old(&self, today: NaiveDate) -> Result<(), StoreError> {
        let Some(first) = today.checked_sub_days(Days::new(self.keep_days.into())) else { return Ok(()) };
        // They come in the order of their dates.
        for (day, _) in self.store.remembered_under(KEY, 1_000).await? {
            if day.parse::<NaiveDate>().is_ok_and(|day| day >= first) {
                break;
            }
            self.store.remember(&format!("{KEY}{day}"), None).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hubcommander_posture::{Catalogue, Preview, Record, Seen, evaluate};
    use hubcommander_sdk::clock::Clock;
    use hubcommander_stethoscope::{Answer, Freshness};

    use super::*;
    use crate::store::open;

    #[derive(Debug)]
    struct Hand(Mutex<Instant>);

    impl Clock for Hand {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    struct Desks {
        clock: Arc<Hand>,
        /// How many Macs are encrypted and are not, and whether all sources answer.
        stand: Mutex<(usize, usize, bool)>,
        asked: Mutex<usize>,
        catalogue: Catalogue,
    }

    #[async_trait]
    impl Looks for Desks {
        async fn look(&self, _: &str, _: Freshness) -> Look {
            Look::default()
        }

        fn last(&self, _: &str) -> Option<Look> {
            None
        }

        async fn everything(&self) -> Look {
            let (good, bad, whole) = *self.stand.lock().unwrap();
            *self.asked.lock().unwrap() += 1;
            let at = self.clock.now();
            let record = |number: usize| {
                let mut record = Record::new("sample", format!("mac-{number}"));
                record.platform = Some(Platform::MacOs);
                record.last_seen = Some(at);
                let seen = if number < good { Seen::Good } else { Seen::Bad };
                record.saw("encryption", seen, Some(at), None);
                record
            };
            let records = (0..good + bad).map(record).collect();
            let answer = |source: &str, outcome| Answer {
                source: source.to_owned(),
                title: source.to_owned(),
                outcome,
                at,
            };
            let other = if whole { Outcome::Answered(0) } else { Outcome::Silent };
            Look {
                devices: evaluate(records, Vec::new(), &self.catalogue, at).devices,
                answers: vec![answer("sample", Outcome::Answered(good + bad)), answer("jamf", other)],
                at,
                ..Look::default()
            }
        }

        async fn preview(&self, _: &Catalogue) -> (Preview, Vec<String>) {
            (Preview::default(), Vec::new())
        }

        fn catalogue(&self) -> &Catalogue {
            &self.catalogue
        }
    }

    struct World {
        clock: Arc<Hand>,
        desks: Arc<Desks>,
        counter: Counter,
        history: Counted,
        _folder: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = open(&format!("sqlite://{}", folder.path().join("days.db").display())).await.unwrap();
            let shelf = Shelf::default();
            shelf.put(Arc::clone(&store));
            let clock = Arc::new(Hand(Mutex::new("2026-11-28T10:00:00Z".parse().unwrap())));
            let desks = Arc::new(Desks {
                clock: Arc::clone(&clock),
                stand: Mutex::new((3, 1, true)),
                asked: Mutex::new(0),
                catalogue: Catalogue::shipped(),
            });
            let counter = Counter {
                looks: Arc::<Desks>::clone(&desks),
                store,
                clock: Arc::<Hand>::clone(&clock),
                keep_days: 2,
            };
            Self { clock, desks, counter, history: Counted::new(shelf), _folder: folder }
        }

        fn stand(&self, good: usize, bad: usize, whole: bool) {
            *self.desks.stand.lock().unwrap() = (good, bad, whole);
        }

        fn at(&self, text: &str) {
            *self.clock.0.lock().unwrap() = text.parse().unwrap();
        }

        /// Each day's fine and critical Macs, and whether it is whole.
        async fn encrypted(&self) -> Vec<(String, u32, u32, bool)> {
            let (from, to) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
            let all = self.history.daily(from, to).await.unwrap();
            all.into_iter()
                .filter(|count| count.practice.0 == "encryption")
                .map(|count| (count.day.to_string(), count.ok, count.warn, count.is_whole))
                .collect()
        }
    }

    #[tokio::test]
    async fn a_day_is_counted_once_and_kept_for_its_time() {
        let world = World::new().await;
        let again = world.counter.count().await.unwrap();
        assert_eq!(again.to_rfc3339(), "2026-11-29T00:00:00+00:00");
        world.stand(0, 4, true);
        world.at("2026-11-28T23:59:59Z");
        world.counter.count().await.unwrap();
        assert_eq!(world.encrypted().await, [("2026-11-28".to_owned(), 3, 1, true)]);
        assert_eq!(*world.desks.asked.lock().unwrap(), 1);
        for day in ["2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"] {
            world.at(day);
            world.counter.count().await.unwrap();
        }
        let days: Vec<String> = world.encrypted().await.into_iter().map(|(day, ..)| day).collect();
        assert_eq!(days, ["2026-11-29", "2026-11-30", "2026-12-01"]);
    }

    #[tokio::test]
    async fn what_is_not_whole_gives_way_to_what_is() {
        let world = World::new().await;
        world.stand(1, 0, false);
        let again = world.counter.count().await.unwrap();
        assert_eq!(again.to_rfc3339(), "2026-11-28T11:00:00+00:00", "in an hour");
        assert_eq!(world.encrypted().await, [("2026-11-28".to_owned(), 1, 0, false)], "better than nothing");
        world.at("2026-11-28T23:30:00Z");
        world.stand(3, 1, true);
        world.counter.count().await.unwrap();
        world.stand(1, 0, false);
        world.counter.count().await.unwrap();
        assert_eq!(world.encrypted().await, [("2026-11-28".to_owned(), 3, 1, true)]);
    }

    #[tokio::test]
    async fn it_goes_on_by_itself_from_day_to_day() {
        let world = World::new().await;
        let (stop, stopped) = watch::channel(false);
        let World { clock, counter, history, .. } = world;
        let running = tokio::spawn(counter.run(stopped));
        for (now, count) in [("2026-11-28T10:00:00Z", 1), ("2026-11-29T00:00:01Z", 2)] {
            *clock.0.lock().unwrap() = now.parse().unwrap();
            let (from, to) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
            loop {
                let all = history.daily(from, to).await.unwrap();
                if all.iter().filter(|count| count.practice.0 == "encryption").count() == count {
                    break;
                }
                // The store tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        stop.send_replace(true);
        running.await.unwrap();
    }
}
