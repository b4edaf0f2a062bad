//! Who may change what, one at a time: a lock per resource, first come first served.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use hubcommander_sdk::clock::Instant;
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use super::gate::FRESH;

/// The locks that somebody holds, waits for, or has held a moment ago.
#[derive(Default)]
pub struct Locks(Mutex<HashMap<String, Arc<Lock<Last>>>>);

/// How it stands with what a lock guards.
#[derive(Clone, Copy, Default)]
enum Last {
    /// Nobody has changed it.
    #[default]
    Never,
    /// Somebody is at it, or has left it without a word.
    Now,
    /// Somebody let go of it then.
    At(Instant),
}

impl Last {
    /// Whether a plan that was made a moment ago may have seen it as it was before.
    fn may_have_changed(self, now: Instant) -> bool {
        match self {
            Self::Never => false,
            Self::Now => true,
            Self::At(then) => now < then + FRESH,
        }
    }
}

/// Held until released or dropped.
pub struct Held {
    guards: Vec<OwnedMutexGuard<Last>>,
    /// Whether somebody else held one of them first or a moment ago, and may have changed the world since
    /// the plan was made.
    pub after_others: bool,
}

impl Held {
    /// Lets go of them.
    pub fn release(mut self, now: Instant) {
        for guard in &mut self.guards {
            **guard = Last::At(now);
        }
    }
}

impl Locks {
    /// Takes all of them, waiting as long as it needs. Everybody takes them in the same order, so nobody
    /// waits in a circle. `wait` is called once if it comes to waiting.
    pub async fn hold(&self, resources: &BTreeSet<String>, now: Instant, wait: impl Fn()) -> Held {
        // GitHub does not tell upper from lower case, and the order must be that of the names as locked.
        let resources: BTreeSet<String> = resources.iter().map(|resource| resource.to_lowercase()).collect();
        let mut guards = Vec::with_capacity(resources.len());
        let (mut waited, mut after_others) = (false, false);
        for resource in &resources {
            let lock = self.of(resource, now);
            let mut guard = match Arc::clone(&lock).try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => {
                    if !waited {
                        wait();
                    }
                    waited = true;
                    lock.lock_owned().await
                }
            };
            after_others |= waited || guard.may_have_changed(now);
            *guard = Last::Now;
            guards.push(guard);
        }
        Held { guards, after_others }
    }

    fn of(&self, resource: &str, now: Instant) -> Arc<Lock<Last>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(resource) {
            return Arc::clone(lock);
        }
        locks.retain(|_, lock| match lock.try_lock() {
            Ok(last) => {
                Arc::strong_count(lock) > 1 || matches!(*last, Last::At(_)) && last.may_have_changed(now)
            }
            Err(_) => true,
        });
        Arc::clone(locks.entry(resource.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn at(seconds: i64) -> Instant {
        Instant::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
    }

    #[tokio::test]
    async fn one_at_a_time_for_one_resource_and_side_by_side_for_others() {
        let locks = Arc::new(Locks::default());
        let first = locks.hold(&names(&["github:acme/widgets"]), at(0), || ()).await;
        assert!(!first.after_others);
        assert!(!locks.hold(&names(&["github:acme/gadgets"]), at(0), || ()).await.after_others);

        let second = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move {
                let both = names(&["github:Acme/Widgets", "github:acme/gizmos"]);
                locks.hold(&both, at(0), || ()).await.after_others
            }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        first.release(at(0));
        assert!(second.await.unwrap());
    }

    /// Who has planned while another was at it, and comes when it is free again, did not wait and is late all
    /// the same.
    #[tokio::test]
    async fn what_was_held_a_moment_ago_is_looked_at_again() {
        let (locks, widgets) = (Locks::default(), names(&["github:acme/widgets"]));
        locks.hold(&widgets, at(0), || ()).await.release(at(10));
        let held = locks.hold(&widgets, at(12), || ()).await;
        assert!(held.after_others);
        held.release(at(13));
        let held = locks.hold(&widgets, at(60), || ()).await;
        assert!(!held.after_others);
        drop(held);
        assert!(locks.hold(&widgets, at(600), || ()).await.after_others, "it was left without a word");
    }

    #[tokio::test]
    async fn locks_that_nobody_holds_are_forgotten() {
        let locks = Locks::default();
        locks.hold(&names(&["x", "y"]), at(0), || ()).await.release(at(0));
        drop(locks.hold(&names(&["z"]), at(0), || ()).await);
        locks.of("w", at(100));
        assert_eq!(locks.0.lock().unwrap().len(), 1);
    }
}
