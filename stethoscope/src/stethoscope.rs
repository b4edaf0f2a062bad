//! Asks all sources at the same time, twice: by owner, and by what the devices found are known by, so that a device
//! that one source knows by its owner and another by its serial number alone is seen whole.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::future::join_all;
use hubcommander_posture::{Catalogue, Identifiers, Instant, Preview, Problem, Record, evaluate, preview};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found};

use crate::asking::Asked;
use crate::look::{Answer, Disowned, Freshness, Look, Looks, Outcome};
use crate::settings::Settings;

/// Most people whose last look is kept.
const MOST_KEPT: usize = 10_000;

/// Looks at devices by asking sources.
pub struct Stethoscope {
    sources: Vec<Asked>,
    disowned: Arc<dyn Disowned>,
    catalogue: Catalogue,
    clock: SharedClock,
    settings: Settings,
    kept: Mutex<HashMap<String, Kept>>,
    whole: Mutex<Option<Look>>,
    /// What all sources have said, for a while after somebody has asked what would change: it is a lot.
    heap: Arc<Mutex<Option<Heap>>>,
}

/// What all sources have said.
#[derive(Clone)]
struct Heap {
    records: Arc<Vec<Record>>,
    silent: Vec<String>,
    at: Instant,
}

/// What is kept of a person: the last look, and what their devices are known by, so that the next time both
/// questions can be asked at once.
struct Kept {
    look: Look,
    known_by: Vec<Identifiers>,
}

/// What one source has said of one person.
struct Said {
    of_owner: Option<Found>,
    known_as: Option<Found>,
}

impl Stethoscope {
    /// Asks these sources, and judges by this catalogue.
    #[must_use]
    pub fn new(
        mut sources: Vec<Arc<dyn DeviceSource>>,
        disowned: Arc<dyn Disowned>,
        catalogue: Catalogue,
        clock: SharedClock,
        settings: Settings,
    ) -> Self {
        sources.sort_by(|one, other| one.name().cmp(other.name()));
        let sources = sources.into_iter().map(|one| Asked::new(one, Arc::clone(&clock), settings)).collect();
        Self {
            sources,
            disowned,
            catalogue,
            clock,
            settings,
            kept: Mutex::default(),
            whole: Mutex::default(),
            heap: Arc::default(),
        }
    }

    /// Whether any source is set up.
    #[must_use]
    pub fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The sources, for `hubcommander check`.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<dyn DeviceSource>> {
        self.sources.iter().map(|asked| &asked.source)
    }

    fn recent(&self, email: &str, now: Instant) -> Option<Look> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let look = &kept.get(email)?.look;
        // A look in which somebody was silent is not good for long: they are asked again.
        (now - look.at < delta(self.settings.recent) && look.is_whole()).then(|| look.clone())
    }

    async fn ask(&self, email: &str) -> (Look, Vec<Record>) {
        let at = self.clock.now();
        let known_by = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(email).map(|kept| kept.known_by.clone()).unwrap_or_default()
        };
        let first = join_all(self.sources.iter().map(|asked| async {
            let (of_owner, known_as) = tokio::join!(asked.of_owner(email), async {
                if known_by.is_empty() { None } else { asked.known_as(&known_by).await }
            });
            Said { of_owner, known_as }
        }));
        let (mut said, disowned) = tokio::join!(first, self.disowned.of(email));
        let theirs: BTreeSet<(String, String)> = said
            .iter()
            .filter_map(|one| one.of_owner.as_ref())
            .flat_map(|found| &found.records)
            .map(key)
            .collect();
        let now_known_by: Vec<Identifiers> = said
            .iter()
            .filter_map(|one| one.of_owner.as_ref())
            .flat_map(|found| &found.records)
            .map(|record| record.identifiers.clone())
            .filter(identifies)
            .collect();
        let fresh: Vec<Identifiers> =
            now_known_by.iter().filter(|one| !known_by.contains(one)).cloned().collect();
        // A source is asked only for what it has not told already.
        let second = join_all(self.sources.iter().zip(&said).map(|(asked, said)| async {
            let told = said.of_owner.as_ref()?;
            let missing: Vec<Identifiers> = fresh
                .iter()
                .filter(|one| !told.records.iter().any(|record| record.identifiers.overlaps(one)))
                .cloned()
                .collect();
            if missing.is_empty() { None } else { asked.known_as(&missing).await }
        }))
        .await;
        let mut answers = Vec::with_capacity(self.sources.len());
        let mut records: Vec<Record> = Vec::new();
        let mut problems: Vec<Problem> = Vec::new();
        let mut seen = BTreeSet::new();
        for ((asked, said), more) in self.sources.iter().zip(said.drain(..)).zip(second) {
            let silent = said.of_owner.is_none();
            let mut count = 0;
            for found in [said.of_owner, said.known_as, more].into_iter().flatten() {
                problems.extend(found.problems);
                for record in found.records {
                    if seen.insert(key(&record)) {
                        count += 1;
                        records.push(record);
                    }
                }
            }
            answers.push(Answer {
                source: asked.source.name().to_owned(),
                title: asked.source.title().to_owned(),
                outcome: if silent { Outcome::Silent } else { Outcome::Answered(count) },
                at,
            });
        }
        let evaluation = evaluate(records.clone(), problems, &self.catalogue, at);
        // What was asked for by its address may be somebody else's after all: a device counts as theirs if a
        // source says so.
        let mut devices = evaluation.devices;
        devices.retain(|device| {
            device.witnesses.iter().any(|one| theirs.contains(&(one.source.clone(), one.id.clone())))
        });
        let (email, problems) = (email.to_owned(), evaluation.problems);
        let look = Look { email, devices, answers, disowned, problems, at };
        self.keep(&look, now_known_by);
        (look, records)
    }

    fn keep(&self, look: &Look, known_by: Vec<Identifiers>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT && !kept.contains_key(&look.email) {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.look.at).map(|(email, _)| email.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        kept.insert(look.email.clone(), Kept { look: look.clone(), known_by });
    }
}

#[async_trait]
impl Looks for Stethoscope {
    async fn look(&self, email: &str, freshness: Freshness) -> Look {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            return Look { email, at: self.clock.now(), ..Look::default() };
        }
        if freshness == Freshness::Recent
            && let Some(look) = self.recent(&email, self.clock.now())
        {
            return look;
        }
        let (look, records) = self.ask(&email).await;
        if freshness != Freshness::Anew || records.is_empty() {
            return look;
        }
        let theirs: BTreeSet<(&str, &str)> = look
            .devices
            .iter()
            .flat_map(|device| &device.witnesses)
            .map(|one| (one.source.as_str(), one.id.as_str()))
            .collect();
        let reported = join_all(self.sources.iter().map(|asked| async {
            let own: Vec<Record> = records
                .iter()
                .filter(|one| {
                    one.source == asked.source.name()
                        && theirs.contains(&(one.source.as_str(), one.id.as_str()))
                })
                .cloned()
                .collect();
            !own.is_empty() && asked.refresh(&own).await
        }))
        .await;
        if reported.contains(&true) { self.ask(&email).await.0 } else { look }
    }

    fn last(&self, email: &str) -> Option<Look> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&email.trim().to_lowercase()).map(|kept| kept.look.clone())
    }

    async fn everything(&self) -> Look {
        let at = self.clock.now();
        {
            let whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(look) = &*whole
                && at - look.at < delta(self.settings.all_recent)
                && look.is_whole()
            {
                return look.clone();
            }
        }
        let found = join_all(self.sources.iter().map(Asked::all)).await;
        let (mut records, mut problems, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (asked, found) in self.sources.iter().zip(found) {
            let outcome =
                found.as_ref().map_or(Outcome::Silent, |found| Outcome::Answered(found.records.len()));
            if let Some(found) = found {
                records.extend(found.records);
                problems.extend(found.problems);
            }
            let (source, title) = (asked.source.name().to_owned(), asked.source.title().to_owned());
            answers.push(Answer { source, title, outcome, at });
        }
        let evaluation = evaluate(records, problems, &self.catalogue, at);
        let look = Look {
            email: String::new(),
            devices: evaluation.devices,
            answers,
            disowned: BTreeSet::new(),
            problems: evaluation.problems,
            at,
        };
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner) = Some(look.clone());
        look
    }

    async fn preview(&self, then: &Catalogue) -> (Preview, Vec<String>) {
        let Heap { records, silent, at } = self.heap().await;
        let (today, then) = (self.catalogue.clone(), then.clone());
        // It takes a processor for a second or two.
        let judged = tokio::task::spawn_blocking(move || preview(records.to_vec(), &today, &then, at)).await;
        match judged {
            Ok(preview) => (preview, silent),
            Err(error) => {
                tracing::error!(%error, "what would change could not be worked out");
                (Preview::default(), self.sources.iter().map(|one| one.source.title().to_owned()).collect())
            }
        }
    }

    fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}

impl Stethoscope {
    /// What all sources say, asked now or a short while ago.
    async fn heap(&self) -> Heap {
        let at = self.clock.now();
        {
            let heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(heap) = &*heap
                && at - heap.at < delta(self.settings.all_recent)
                && heap.silent.is_empty()
            {
                return heap.clone();
            }
        }
        let found = join_all(self.sources.iter().map(Asked::all)).await;
        let (mut records, mut silent) = (Vec::new(), Vec::new());
        for (asked, found) in self.sources.iter().zip(found) {
            match found {
                Some(found) => records.extend(found.records),
                None => silent.push(asked.source.title().to_owned()),
            }
        }
        let heap = Heap { records: Arc::new(records), silent, at };
        *self.heap.lock().unwrap_or_else(PoisonError::into_inner) = Some(heap.clone());
        let (place, span) = (Arc::clone(&self.heap), self.settings.all_recent);
        tokio::spawn(async move {
            tokio::time::sleep(span).await;
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.take_if(|heap| heap.at <= at);
        });
        heap
    }
}

fn key(record: &Record) -> (String, String) {
    (record.source.clone(), record.id.clone())
}

fn delta(span: std::time::Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(span).unwrap_or(chrono::TimeDelta::MAX)
}

/// Whether there is anything to ask for.
fn identifies(one: &Identifiers) -> bool {
    *one != Identifiers::default()
}
