//! Keeps to Slack's pace: about one message a second in each channel, tiers for the other methods, and a
//! pause wherever Slack asked for one. Nothing is dropped here; who calls waits for their turn.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, sleep_until};

use super::method::Method;

/// Messages that may go into one channel at once after a quiet while.
const CHANNEL_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
/// Channels remembered before those at rest are forgotten.
const REMEMBERED: usize = 1024;

/// Governor's time, taken from the runtime, so that tests with a paused clock are exact.
#[derive(Clone, Debug)]
struct RuntimeClock(Instant);

impl GovernorClock for RuntimeClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type PerChannel = RateLimiter<String, DefaultKeyedStateStore<String>, RuntimeClock, NoOpMiddleware<Duration>>;
type PerMethod = RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Duration>>;

/// What Slack asked to leave alone for a while.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Paused {
    Method(Method),
    Channel(String),
}

/// The pace of one app in one workspace.
pub(super) struct Pacer {
    on: bool,
    clock: RuntimeClock,
    channels: PerChannel,
    methods: HashMap<Method, PerMethod>,
    lanes: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    pauses: Mutex<HashMap<Paused, Instant>>,
}

/// One's turn in a channel. Who holds it posts; the next one waits until it is dropped.
pub(super) struct Turn {
    _lane: Option<OwnedMutexGuard<()>>,
}

impl Pacer {
    pub(super) fn new(on: bool) -> Self {
        let clock = RuntimeClock(Instant::now());
        let methods = Method::ALL
            .into_iter()
            .filter_map(|method| {
                let (minute, burst) = method.quota()?;
                let quota = Quota::per_minute(NonZeroU32::new(minute)?).allow_burst(NonZeroU32::new(burst)?);
                Some((method, RateLimiter::direct_with_clock(quota, clock.clone())))
            })
            .collect();
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(CHANNEL_BURST);
        Self {
            on,
            channels: RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock.clone()),
            clock,
            methods,
            lanes: Mutex::default(),
            pauses: Mutex::default(),
        }
    }

    /// Whether a pace is kept at all.
    pub(super) fn on(&self) -> bool {
        self.on
    }

    /// Waits for one's turn to post into a channel. Messages to one channel go out in the order in which
    /// their turns were asked for.
    pub(super) async fn turn(&self, channel: &str) -> Turn {
        if !self.on {
            return Turn { _lane: None };
        }
        let lane = {
            let mut lanes = lock(&self.lanes);
            if lanes.len() > REMEMBERED {
                // Only ours refers to it: nobody waits there.
                lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
            }
            Arc::clone(lanes.entry(channel.to_owned()).or_default())
        };
        let turn = lane.lock_owned().await;
        if self.channels.len() > REMEMBERED {
            self.channels.retain_recent();
        }
        let key = channel.to_owned();
        while let Err(early) = self.channels.check_key(&key) {
            sleep(early.wait_time_from(self.clock.now())).await;
        }
        Turn { _lane: Some(turn) }
    }

    /// Waits until the method may be called, and, for a post, until the channel's pause is over.
    pub(super) async fn ready(&self, method: Method, channel: Option<&str>) {
        if self.on
            && let Some(limiter) = self.methods.get(&method)
        {
            while let Err(early) = limiter.check() {
                sleep(early.wait_time_from(self.clock.now())).await;
            }
        }
        // Pauses hold even without a pace: Slack asked for them.
        while let Some(until) = self.paused_until(method, channel) {
            sleep_until(until).await;
        }
    }

    /// Slack asked to wait: with posts the channel rests, otherwise the method.
    pub(super) fn pause(&self, method: Method, channel: Option<&str>, wait: Duration) {
        let until = Instant::now() + wait;
        let mut pauses = lock(&self.pauses);
        pauses.retain(|_, end| *end > Instant::now());
        let end = pauses.entry(key(method, channel)).or_insert(until);
        *end = until.max(*end);
    }

    fn paused_until(&self, method: Method, channel: Option<&str>) -> Option<Instant> {
        let pauses = lock(&self.pauses);
        if pauses.is_empty() {
            return None;
        }
        pauses.get(&key(method, channel)).copied().filter(|until| *until > Instant::now())
    }
}

fn key(method: Method, channel: Option<&str>) -> Paused {
    match (method, channel) {
        (Method::PostMessage, Some(channel)) => Paused::Channel(channel.to_owned()),
        _ => Paused::Method(method),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_channel_gets_about_one_message_a_second_and_others_do_not_wait() {
        let pacer = Pacer::new(true);
        let began = Instant::now();
        for _ in 0..10 {
            drop(pacer.turn("C1").await);
        }
        let took = began.elapsed();
        assert!((6.9..7.5).contains(&took.as_secs_f64()), "{took:?}");
        let began = Instant::now();
        drop(pacer.turn("C2").await);
        assert!(began.elapsed() < Duration::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_the_order_they_were_asked_for() {
        let pacer = Arc::new(Pacer::new(true));
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..20u64 {
            let (pacer, sender) = (Arc::clone(&pacer), sender.clone());
            tokio::spawn(async move {
                let turn = pacer.turn("C1").await;
                // Each post takes longer than the one after it: only the lane keeps them in order.
                sleep(Duration::from_millis(4_000 - 150 * number)).await;
                sender.send(number).unwrap();
                drop(turn);
            });
            tokio::task::yield_now().await;
        }
        drop(sender);
        let mut seen = Vec::new();
        while let Some(number) = receiver.recv().await {
            seen.push(number);
        }
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_tier_is_kept() {
        let pacer = Pacer::new(true);
        let began = Instant::now();
        for _ in 0..75 {
            pacer.ready(Method::Update, None).await;
        }
        let took = began.elapsed();
        assert!((59.0..61.0).contains(&took.as_secs_f64()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_what_was_asked_even_without_a_pace() {
        let pacer = Pacer::new(false);
        pacer.pause(Method::PostMessage, Some("C1"), Duration::from_secs(7));
        pacer.pause(Method::PostMessage, Some("C1"), Duration::from_secs(2));
        let began = Instant::now();
        pacer.ready(Method::PostMessage, Some("C2")).await;
        pacer.ready(Method::UsersInfo, None).await;
        assert!(began.elapsed() < Duration::from_millis(10));
        pacer.ready(Method::PostMessage, Some("C1")).await;
        assert!((6.9..7.1).contains(&began.elapsed().as_secs_f64()));
    }
}
