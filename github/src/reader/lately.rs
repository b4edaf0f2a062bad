//! Lists that were read lately, for completion while a person types: a keystroke asks GitHub nothing as long
//! as they are known, and however many ask at one time, GitHub is asked once.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use hubcommander_sdk::clock::{Instant, SharedClock};

use super::ReadError;

/// How long a list is taken as known.
const KNOWN: TimeDelta = TimeDelta::seconds(60);
/// How long it is taken as known that a list cannot be read, so that not each keystroke tries.
const FAILED: TimeDelta = TimeDelta::seconds(10);
/// The most lists that are kept.
const MOST: usize = 200;

type Answer<T> = Result<Arc<T>, ReadError>;
type Question<T> = Shared<BoxFuture<'static, Answer<T>>>;

/// Lists by organisation.
pub(crate) struct Lately<T> {
    lists: Mutex<HashMap<String, Entry<T>>>,
    clock: SharedClock,
}

enum Entry<T> {
    /// Under way, in a task of its own: who stops waiting does not stop it for the others.
    Asked(Question<T>),
    Known {
        answer: Answer<T>,
        until: Instant,
    },
}

impl<T> fmt::Debug for Lately<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lately").finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Lately<T> {
    pub(crate) fn new(clock: SharedClock) -> Arc<Self> {
        Arc::new(Self { lists: Mutex::default(), clock })
    }

    /// The list under this key: the known one, or what `ask` brings.
    pub(crate) async fn get<F>(self: &Arc<Self>, key: &str, ask: impl FnOnce() -> F) -> Answer<T>
    where
        F: Future<Output = Result<T, ReadError>> + Send + 'static,
    {
        let question = {
            let mut lists = self.lock();
            match lists.get(key) {
                Some(Entry::Known { answer, until }) if *until > self.clock.now() => return answer.clone(),
                Some(Entry::Asked(question)) => question.clone(),
                _ => {
                    let question = ask().map(|answer| answer.map(Arc::new)).boxed().shared();
                    lists.insert(key.to_owned(), Entry::Asked(question.clone()));
                    let (lately, key, asked) = (Arc::clone(self), key.to_owned(), question.clone());
                    tokio::spawn(async move {
                        let answer = asked.clone().await;
                        lately.learn(&key, &asked, &answer);
                    });
                    question
                }
            }
        };
        let answer = question.clone().await;
        self.learn(key, &question, &answer);
        answer
    }

    /// Notes the answer to a question, once: whoever hears it first does.
    fn learn(&self, key: &str, question: &Question<T>, answer: &Answer<T>) {
        let now = self.clock.now();
        let until = now + if answer.is_ok() { KNOWN } else { FAILED };
        let mut lists = self.lock();
        if !matches!(lists.get(key), Some(Entry::Asked(asked)) if asked.ptr_eq(question)) {
            return;
        }
        lists.insert(key.to_owned(), Entry::Known { answer: answer.clone(), until });
        if lists.len() > MOST {
            lists.retain(|_, entry| !matches!(entry, Entry::Known { until, .. } if *until <= now));
        }
        if lists.len() > MOST {
            lists.retain(|_, entry| matches!(entry, Entry::Asked(_)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry<T>>> {
        // What was left half done is at worst a list less.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hubcommander_sdk::clock::Clock;
    use tokio::sync::Notify;

    use super::*;

    #[derive(Debug)]
    struct HandClock(Mutex<Instant>);

    impl HandClock {
        fn forward(&self, by: TimeDelta) {
            *self.0.lock().unwrap() += by;
        }
    }

    impl Clock for HandClock {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    fn lately() -> (Arc<HandClock>, Arc<Lately<usize>>) {
        let clock = Arc::new(HandClock(Mutex::new(Instant::UNIX_EPOCH)));
        (Arc::clone(&clock), Lately::new(clock))
    }

    #[tokio::test]
    async fn a_list_is_known_for_a_minute_and_a_failure_for_a_moment() {
        let (clock, lately) = lately();
        let asked = AtomicUsize::new(0);
        let get = async |fails: bool| {
            let ask = || {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                async move { if fails { Err(ReadError::unexpected("x", "down")) } else { Ok(number) } }
            };
            lately.get("acme", ask).await.ok().map(|list| *list)
        };
        assert_eq!((get(false).await, get(false).await), (Some(0), Some(0)));
        clock.forward(KNOWN);
        assert_eq!((get(true).await, get(true).await), (None, None));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        clock.forward(FAILED);
        assert_eq!(get(false).await, Some(2));
    }

    #[tokio::test]
    async fn who_stops_waiting_does_not_stop_the_others() {
        let (_, lately) = lately();
        let (open, asked) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let get = || {
            let (lately, open, asked) = (Arc::clone(&lately), Arc::clone(&open), Arc::clone(&asked));
            async move {
                let ask = || async move {
                    let number = asked.fetch_add(1, Ordering::SeqCst);
                    open.notified().await;
                    Ok(number)
                };
                lately.get("acme", ask).await.map(|list| *list)
            }
        };
        assert!(tokio::time::timeout(std::time::Duration::ZERO, get()).await.is_err(), "nobody answered yet");
        let others: Vec<_> = (0..20).map(|_| tokio::spawn(get())).collect();
        tokio::task::yield_now().await;
        open.notify_one();
        for other in others {
            assert_eq!(other.await.unwrap().unwrap(), 0);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn it_does_not_grow_beyond_its_bound() {
        let (_, lately) = lately();
        for number in 0..3 * MOST {
            lately.get(&format!("org-{number}"), || async move { Ok(number) }).await.unwrap();
            tokio::task::yield_now().await;
            assert!(lately.lock().len() <= MOST + 1);
        }
    }
}
