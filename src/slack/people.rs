//! Remembers for minutes who somebody is, what a conversation is, and which user groups there are. However many ask at the same time,
//! Slack is asked once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::Person;
use tokio::sync::watch;

use super::web::{ConversationInfo, SlackError, UserGroup, Web};

/// How long an answer is good for, in minutes.
const MINUTES: i64 = 5;
/// How many answers are kept.
const ENTRIES: usize = 10_000;

/// What the list of all user groups is remembered under.
const ALL: &str = "all";

/// How new an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Minutes old will do.
    Cached,
    /// Slack is asked after this call began: before a privileged act.
    Fresh,
}

/// Who people are and what conversations are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct People {
    web: Web,
    persons: Arc<Memory<Person>>,
    emails: Arc<Memory<Option<Person>>>,
    conversations: Arc<Memory<ConversationInfo>>,
    groups: Arc<Memory<Vec<UserGroup>>>,
}

impl People {
    /// Remembers what `web` says.
    #[must_use]
    pub fn new(web: Web, clock: SharedClock) -> Self {
        Self {
            web,
            persons: Arc::new(Memory::new(Arc::clone(&clock), ENTRIES)),
            emails: Arc::new(Memory::new(Arc::clone(&clock), ENTRIES)),
            conversations: Arc::new(Memory::new(Arc::clone(&clock), ENTRIES)),
            groups: Arc::new(Memory::new(clock, 1)),
        }
    }

    /// Who somebody is.
    ///
    /// # Errors
    /// As [`Web::person`]. Errors are not remembered.
    pub async fn get(&self, user: &str, freshness: Freshness) -> Result<Arc<Person>, SlackError> {
        let (web, id) = (&self.web, user);
        self.persons
            .get(user, freshness, || {
                let (web, id) = (web.clone(), id.to_owned());
                async move { web.person(&id).await }
            })
            .await
    }

    /// Who has this e-mail address, if anybody has.
    ///
    /// # Errors
    /// As [`Web::person_by_email`]. Errors are not remembered.
    pub async fn by_email(&self, email: &str, freshness: Freshness) -> Result<Option<Person>, SlackError> {
        let email = email.trim().to_lowercase();
        let found = self
            .emails
            .get(&email, freshness, || {
                let (web, email) = (self.web.clone(), email.clone());
                async move { web.person_by_email(&email).await }
            })
            .await?;
        Ok((*found).clone())
    }

    /// What a conversation is.
    ///
    /// # Errors
    /// As [`Web::conversation`]. Errors are not remembered.
    pub async fn conversation(
        &self,
        channel: &str,
        freshness: Freshness,
    ) -> Result<Arc<ConversationInfo>, SlackError> {
        let (web, id) = (&self.web, channel);
        self.conversations
            .get(channel, freshness, || {
                let (web, id) = (web.clone(), id.to_owned());
                async move { web.conversation(&id).await }
            })
            .await
    }

    /// The user groups, and who is in them.
    ///
    /// # Errors
    /// As [`Web::user_groups`]. Errors are not remembered.
    pub async fn groups(&self, freshness: Freshness) -> Result<Arc<Vec<UserGroup>>, SlackError> {
        self.groups
            .get(ALL, freshness, || {
                let web = self.web.clone();
                async move { web.user_groups().await }
            })
            .await
    }

    /// What was known of a person or of a conversation no longer holds: Slack said that it changed.
    pub fn forget(&self, id: &str) {
        self.persons.forget(id);
        self.emails.forget_all(|known| known.as_ref().is_some_and(|person| person.id.user == id));
        self.conversations.forget(id);
    }
}

type Outcome<T> = Option<Result<Arc<T>, SlackError>>;

#[derive(Debug)]
struct Known<T> {
    value: Arc<T>,
    until: Instant,
}

#[derive(Debug)]
struct Shelves<T> {
    known: HashMap<String, Known<T>>,
    /// Questions under way, each with its number.
    asked: HashMap<String, (u64, watch::Receiver<Outcome<T>>)>,
    questions: u64,
}

#[derive(Debug)]
struct Memory<T> {
    shelves: Mutex<Shelves<T>>,
    clock: SharedClock,
    entries: usize,
}

impl<T: Send + Sync + 'static> Memory<T> {
    fn new(clock: SharedClock, entries: usize) -> Self {
        let shelves = Shelves { known: HashMap::new(), asked: HashMap::new(), questions: 0 };
        Self { shelves: Mutex::new(shelves), clock, entries }
    }

    fn lock(&self) -> MutexGuard<'_, Shelves<T>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what is known, and what an answer under way will say: it may be older than the change.
    fn forget(&self, key: &str) {
        let mut shelves = self.lock();
        shelves.known.remove(key);
        shelves.asked.remove(key);
    }

    /// The same for all that are like this, and for every answer under way.
    fn forget_all(&self, like: impl Fn(&T) -> bool) {
        let mut shelves = self.lock();
        shelves.known.retain(|_, known| !like(&known.value));
        shelves.asked.clear();
    }

    async fn get<F>(
        self: &Arc<Self>,
        key: &str,
        freshness: Freshness,
        ask: impl Fn() -> F,
    ) -> Result<Arc<T>, SlackError>
    where
        F: Future<Output = Result<T, SlackError>> + Send + 'static,
    {
        let mut answer = {
            let mut shelves = self.lock();
            if freshness == Freshness::Cached {
                let now = self.clock.now();
                if let Some(known) = shelves.known.get(key).filter(|known| known.until > now) {
                    return Ok(Arc::clone(&known.value));
                }
            }
            match shelves.asked.get(key) {
                // One that was asked before this call began is not fresh.
                Some((_, answer)) if freshness == Freshness::Cached => answer.clone(),
                _ => self.start(&mut shelves, key, ask()),
            }
        };
        let outcome = answer.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(SlackError::Unavailable { log: "the question broke off".to_owned() }))
    }

    /// Asks in a task of its own, so that who stops waiting does not stop the others.
    fn start(
        self: &Arc<Self>,
        shelves: &mut Shelves<T>,
        key: &str,
        asking: impl Future<Output = Result<T, SlackError>> + Send + 'static,
    ) -> watch::Receiver<Outcome<T>> {
        let (sender, receiver) = watch::channel(None);
        shelves.questions += 1;
        let number = shelves.questions;
        shelves.asked.insert(key.to_owned(), (number, receiver.clone()));
        let (memory, key) = (Arc::clone(self), key.to_owned());
        tokio::spawn(async move {
            let outcome = asking.await.map(Arc::new);
            memory.learn(&key, number, &outcome);
            // Nobody may be waiting any more.
            let _ = sender.send(Some(outcome));
        });
        receiver
    }

    fn learn(&self, key: &str, number: u64, outcome: &Result<Arc<T>, SlackError>) {
        let mut shelves = self.lock();
        // A newer question, or a change, made this answer old.
        if shelves.asked.get(key).is_none_or(|(newest, _)| *newest != number) {
            return;
        }
        shelves.asked.remove(key);
        let Ok(value) = outcome else {
            // What was known before may no longer hold.
            shelves.known.remove(key);
            return;
        };
        let now = self.clock.now();
        if shelves.known.len() >= self.entries {
            shelves.known.retain(|_, known| known.until > now);
        }
        if shelves.known.len() >= self.entries {
            make_room(&mut shelves.known);
        }
        let until = now + TimeDelta::minutes(MINUTES);
        shelves.known.insert(key.to_owned(), Known { value: Arc::clone(value), until });
    }
}

/// Drops the older half, so that a full memory is not searched for each newcomer.
fn make_room<T>(known: &mut HashMap<String, Known<T>>) {
    let mut ends: Vec<Instant> = known.values().map(|known| known.until).collect();
    let middle = ends.len() / 2;
    let (_, middle, _) = ends.select_nth_unstable(middle);
    let middle = *middle;
    known.retain(|_, known| known.until > middle);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hubcommander_sdk::clock::Clock;
    use tokio::sync::Notify;

    use super::*;

    #[derive(Debug)]
    struct HandClock(Mutex<Instant>);

    impl Clock for HandClock {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    fn memory(entries: usize) -> (Arc<HandClock>, Arc<Memory<usize>>) {
        let clock = Arc::new(HandClock(Mutex::new(Instant::UNIX_EPOCH)));
        (Arc::clone(&clock), Arc::new(Memory::new(clock, entries)))
    }

    struct Source(Arc<AtomicUsize>);

    impl Source {
        fn new() -> Self {
            Self(Arc::default())
        }

        fn ask(&self) -> impl Future<Output = Result<usize, SlackError>> + Send + use<> {
            let asked = Arc::clone(&self.0);
            async move { Ok(asked.fetch_add(1, Ordering::SeqCst)) }
        }
    }

    #[tokio::test]
    async fn an_answer_is_good_for_five_minutes_unless_it_must_be_fresh() {
        let (clock, memory) = memory(10);
        let source = Source::new();
        let get = async |freshness| *memory.get("U1", freshness, || source.ask()).await.unwrap();
        assert_eq!(get(Freshness::Cached).await, 0);
        assert_eq!(get(Freshness::Cached).await, 0);
        assert_eq!(get(Freshness::Fresh).await, 1);
        assert_eq!(get(Freshness::Cached).await, 1);
        *clock.0.lock().unwrap() += TimeDelta::minutes(5);
        assert_eq!(get(Freshness::Cached).await, 2);
        memory.forget("U1");
        assert_eq!(get(Freshness::Cached).await, 3);
    }

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_question() {
        let (_, memory) = memory(10);
        let source = Source::new();
        let open = Arc::new(Notify::new());
        let mut waiting = Vec::new();
        for _ in 0..50 {
            let (memory, open) = (Arc::clone(&memory), Arc::clone(&open));
            let asked = Arc::clone(&source.0);
            waiting.push(tokio::spawn(async move {
                memory
                    .get("U1", Freshness::Cached, || {
                        let (open, asked) = (Arc::clone(&open), Arc::clone(&asked));
                        async move {
                            open.notified().await;
                            Ok(asked.fetch_add(1, Ordering::SeqCst))
                        }
                    })
                    .await
            }));
        }
        tokio::task::yield_now().await;
        open.notify_one();
        for one in waiting {
            assert_eq!(*one.await.unwrap().unwrap(), 0);
        }
        assert_eq!(source.0.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_that_a_change_overtook_is_not_remembered() {
        let (_, memory) = memory(10);
        let open = Arc::new(Notify::new());
        let slow = {
            let (memory, open) = (Arc::clone(&memory), Arc::clone(&open));
            tokio::spawn(async move {
                memory
                    .get("U1", Freshness::Cached, || {
                        let open = Arc::clone(&open);
                        async move {
                            open.notified().await;
                            Ok(1)
                        }
                    })
                    .await
            })
        };
        tokio::task::yield_now().await;
        memory.forget("U1");
        open.notify_one();
        assert_eq!(*slow.await.unwrap().unwrap(), 1);
        assert_eq!(*memory.get("U1", Freshness::Cached, || async { Ok(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_remembered() {
        let (_, memory) = memory(10);
        let failure = || async { Err(SlackError::Unavailable { log: "down".into() }) };
        assert!(memory.get("U1", Freshness::Cached, failure).await.is_err());
        assert_eq!(*memory.get("U1", Freshness::Cached, || async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn it_does_not_grow_beyond_its_bound() {
        let (clock, memory) = memory(100);
        for number in 0..1000 {
            *clock.0.lock().unwrap() += TimeDelta::milliseconds(1);
            memory.get(&format!("U{number}"), Freshness::Cached, || async move { Ok(number) }).await.unwrap();
            assert!(memory.lock().known.len() <= 100);
        }
        assert!(memory.lock().known.contains_key("U999"));
    }
}
