//! The rate budget of one identity at GitHub: how fast we go by ourselves, and how long we were told to wait.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::answer::Limited;
use crate::settings::BudgetSettings;

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// One point.
    Read,
    /// Five points, and one of the writes.
    Write,
    /// One point, as long as GraphQL has some left: it has an hourly limit of its own.
    Query,
    /// A write that makes something new: GitHub bounds these by the hour too.
    Making,
}

/// There is no turn in time. It certainly was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no turn within the time we wait; the next is in {} ms", .0.as_millis())]
pub(crate) struct NoTurn(pub(crate) Duration);

/// The runtime's monotonic clock, so that tests can stop it.
#[derive(Clone, Debug)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// The rate budget of one identity at GitHub.
#[derive(Debug)]
pub(crate) struct Budget {
    settings: BudgetSettings,
    ticks: Ticks,
    points: Option<Limiter>,
    writes: Option<Limiter>,
    making: Option<Limiter>,
    places: Semaphore,
    told: Mutex<Told>,
    /// What GitHub told us about GraphQL alone.
    told_of_queries: Mutex<Told>,
}

/// What GitHub told us.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    until: Option<Instant>,
    /// How often in a row it did not say for how long.
    strikes: u32,
}

impl Budget {
    pub(crate) fn new(settings: BudgetSettings) -> Self {
        let ticks = Ticks(Instant::now());
        let limiter = |within: Duration, number: u32, burst: u32| {
            let period = within / number.max(1);
            let quota = Quota::with_period(period)?;
            // Less than five points at once would never let a write through.
            let burst = NonZeroU32::new(burst.max(5))?;
            Some(RateLimiter::direct_with_clock(quota.allow_burst(burst), ticks.clone()))
        };
        let minute = Duration::from_secs(60);
        let (points, writes, making) = if settings.pacing {
            (
                limiter(minute, settings.points_per_minute, settings.point_burst),
                limiter(minute, settings.writes_per_minute, settings.write_burst),
                limiter(minute * 60, settings.made_per_hour, settings.made_burst),
            )
        } else {
            (None, None, None)
        };
        Self {
            places: Semaphore::new(settings.at_one_time.max(1)),
            told: Mutex::default(),
            told_of_queries: Mutex::default(),
            settings,
            ticks,
            points,
            writes,
            making,
        }
    }

    /// Waits for a turn, as long as the settings allow. The place is given back when the turn is dropped.
    pub(crate) async fn turn(&self, weight: Weight) -> Result<SemaphorePermit<'_>, NoTurn> {
        let (wait, points) = match weight {
            Weight::Read | Weight::Query => (self.settings.read_wait, NonZeroU32::MIN),
            Weight::Write | Weight::Making => (self.settings.write_wait, NonZeroU32::MIN.saturating_add(4)),
        };
        let deadline = Instant::now() + wait;
        self.until_allowed(&self.told, deadline).await?;
        if weight == Weight::Query {
            self.until_allowed(&self.told_of_queries, deadline).await?;
        }
        if let Some(limiter) = &self.points {
            self.take(limiter, points, deadline).await?;
        }
        if let (Some(limiter), Weight::Write | Weight::Making) = (&self.writes, weight) {
            self.take(limiter, NonZeroU32::MIN, deadline).await?;
        }
        if let (Some(limiter), Weight::Making) = (&self.making, weight) {
            self.take(limiter, NonZeroU32::MIN, deadline).await?;
        }
        match tokio::time::timeout_at(deadline, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(NoTurn(Duration::from_secs(1))),
        }
    }

    async fn until_allowed(&self, told: &Mutex<Told>, deadline: Instant) -> Result<(), NoTurn> {
        // While we wait we may be told to wait longer; the deadline ends that.
        loop {
            let until = lock(told).until;
            let now = Instant::now();
            match until {
                Some(until) if until > deadline => return Err(NoTurn(until - now)),
                Some(until) if until > now => tokio::time::sleep_until(until).await,
                _ => return Ok(()),
            }
        }
    }

    async fn take(&self, limiter: &Limiter, cost: NonZeroU32, deadline: Instant) -> Result<(), NoTurn> {
        loop {
            let wait = match limiter.check_n(cost) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(not_until)) => not_until.wait_time_from(self.ticks.now()),
                // Cannot be: no burst is smaller than the dearest request.
                Err(_) => return Err(NoTurn(Duration::from_secs(60))),
            };
            let next = Instant::now() + wait.max(Duration::from_millis(1));
            if next > deadline {
                return Err(NoTurn(wait));
            }
            tokio::time::sleep_until(next).await;
        }
    }

    /// GitHub told us to wait. Answers for how long.
    pub(crate) fn told(&self, limited: Limited) -> Duration {
        lock(&self.told).wait(limited)
    }

    /// GitHub told us to wait with GraphQL alone. Answers for how long.
    pub(crate) fn told_of_queries(&self, limited: Limited) -> Duration {
        lock(&self.told_of_queries).wait(limited)
    }

    /// GitHub answered as usual.
    pub(crate) fn went_through(&self) {
        lock(&self.told).strikes = 0;
    }
}

impl Told {
    fn wait(&mut self, limited: Limited) -> Duration {
        let wait = match limited {
            Limited::For(wait) => wait.min(Duration::from_secs(3600)),
            Limited::Unsaid => {
                let wait = Duration::from_secs(60) * 2_u32.pow(self.strikes.min(4));
                self.strikes += 1;
                wait
            }
        };
        let until = Instant::now() + wait;
        self.until = Some(self.until.map_or(until, |before| before.max(until)));
        wait
    }
}

fn lock(told: &Mutex<Told>) -> std::sync::MutexGuard<'_, Told> {
    // Nothing in here can be left half done.
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_burst_goes_out_at_once_and_the_rest_is_paced() {
        let budget = Budget::new(BudgetSettings::default());
        let start = Instant::now();
        for _ in 0..20 {
            drop(budget.turn(Weight::Write).await.unwrap());
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..5 {
            drop(budget.turn(Weight::Write).await.unwrap());
        }
        let took = start.elapsed();
        assert!(took > Duration::from_millis(4900) && took < Duration::from_millis(5100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn in_any_minute_we_stay_below_the_secondary_limits() {
        let patient =
            BudgetSettings { write_wait: secs(600), read_wait: secs(600), ..BudgetSettings::default() };
        let budget = Budget::new(patient);
        let start = Instant::now();
        let mut writes = 0;
        while start.elapsed() < secs(60) {
            drop(budget.turn(Weight::Write).await.unwrap());
            writes += 1;
        }
        assert!((70..=81).contains(&writes), "{writes} writes in a minute");

        let budget = Budget::new(patient);
        let start = Instant::now();
        let mut reads = 0;
        while start.elapsed() < secs(60) {
            drop(budget.turn(Weight::Read).await.unwrap());
            reads += 1;
        }
        assert!((800..=901).contains(&reads), "{reads} reads in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn in_any_hour_we_make_less_than_github_allows() {
        let patient = BudgetSettings { write_wait: secs(600), ..BudgetSettings::default() };
        let budget = Budget::new(patient);
        let start = Instant::now();
        let mut made = 0;
        while start.elapsed() < secs(3600) {
            drop(budget.turn(Weight::Making).await.unwrap());
            made += 1;
        }
        assert!((450..500).contains(&made), "{made} made in an hour");
        let start = Instant::now();
        drop(budget.turn(Weight::Write).await.unwrap());
        assert!(start.elapsed() < secs(2), "other writes are not held up");
    }

    #[tokio::test(start_paused = true)]
    async fn what_github_tells_is_waited_for_if_it_is_short() {
        let budget = Budget::new(BudgetSettings::default());
        assert_eq!(budget.told(Limited::For(secs(3))), secs(3));
        let start = Instant::now();
        assert_eq!(budget.turn(Weight::Write).await.err(), Some(NoTurn(secs(3))));
        assert_eq!(start.elapsed(), Duration::ZERO, "a write is put off at once");
        drop(budget.turn(Weight::Read).await.unwrap());
        assert!(start.elapsed() >= secs(3), "a read waits");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_of_graphql_holds_nothing_else_up() {
        let budget = Budget::new(BudgetSettings::default());
        budget.told_of_queries(Limited::For(secs(600)));
        assert_eq!(budget.turn(Weight::Query).await.err(), Some(NoTurn(secs(600))));
        assert!(budget.turn(Weight::Read).await.is_ok() && budget.turn(Weight::Write).await.is_ok());
        budget.told(Limited::For(secs(700)));
        assert!(budget.turn(Weight::Read).await.is_err(), "and the other way round it does");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_without_a_time_grows_until_something_goes_through() {
        let budget = Budget::new(BudgetSettings { pacing: false, ..BudgetSettings::default() });
        assert_eq!(budget.told(Limited::Unsaid), secs(60));
        assert_eq!(budget.told(Limited::Unsaid), secs(120));
        budget.went_through();
        assert_eq!(budget.told(Limited::Unsaid), secs(60));
        assert!(budget.turn(Weight::Read).await.is_err(), "obeyed without pacing too");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_go_out_at_one_time_than_allowed() {
        let budget = Budget::new(BudgetSettings { at_one_time: 2, ..BudgetSettings::default() });
        let first = budget.turn(Weight::Read).await.unwrap();
        let second = budget.turn(Weight::Read).await.unwrap();
        assert!(budget.turn(Weight::Read).await.is_err());
        drop(first);
        assert!(budget.turn(Weight::Read).await.is_ok());
        drop(second);
    }
}
