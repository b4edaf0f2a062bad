//! Who may change what, one at a time: a lock per resource, first come first served.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

/// The locks that somebody holds or waits for.
#[derive(Default)]
pub struct Locks(Mutex<HashMap<String, Weak<Lock<()>>>>);

/// Held until dropped.
pub struct Held {
    _guards: Vec<OwnedMutexGuard<()>>,
    /// Whether somebody else held one of them first, and may have changed the world.
    pub waited: bool,
}

impl Locks {
    /// Takes all of them, waiting as long as it needs. Everybody takes them in the same order, so nobody
    /// waits in a circle. `wait` is called once if it comes to waiting.
    pub async fn hold(&self, resources: &BTreeSet<String>, wait: impl Fn()) -> Held {
        // GitHub does not tell upper from lower case, and the order must be that of the names as locked.
        let resources: BTreeSet<String> = resources.iter().map(|resource| resource.to_lowercase()).collect();
        let mut guards = Vec::with_capacity(resources.len());
        let mut waited = false;
        for resource in &resources {
            let lock = self.of(resource);
            let guard = match Arc::clone(&lock).try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => {
                    if !waited {
                        wait();
                    }
                    waited = true;
                    lock.lock_owned().await
                }
            };
            guards.push(guard);
        }
        Held { _guards: guards, waited }
    }

    fn of(&self, resource: &str) -> Arc<Lock<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(resource).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(Lock::new(()));
        locks.insert(resource.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[tokio::test]
    async fn one_at_a_time_for_one_resource_and_side_by_side_for_others() {
        let locks = Arc::new(Locks::default());
        let first = locks.hold(&names(&["github:acme/widgets"]), || ()).await;
        assert!(!first.waited);
        assert!(!locks.hold(&names(&["github:acme/gadgets"]), || ()).await.waited);

        let second = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move { locks.hold(&names(&["github:Acme/Widgets", "github:acme/gadgets"]), || ()).await.waited }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap());
        drop(locks.hold(&names(&["x"]), || ()).await);
        locks.of("y");
        assert_eq!(locks.0.lock().unwrap().len(), 1, "locks that nobody holds are forgotten");
    }
}
