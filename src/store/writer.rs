//! Group commit: what was asked for while the last transaction was on its way to the disk shares the next.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::rows::{ChangeRow, Write};
use super::{Receipt, StoreError};
use crate::crash;

/// How many writes share one transaction at most.
const BATCH: usize = 512;

/// How many writes may wait before those who ask have to wait to ask.
const QUEUE: usize = 4096;

/// How many turns the others get to hand in more before a transaction begins.
const TURNS: usize = 16;

/// How long what nobody waits for may wait for company, before it makes a transaction of its own: a commit
/// costs the same for one row as for a hundred.
const PATIENCE: Duration = Duration::from_millis(20);

/// After so many writes in a row that failed when tried alone, the rest of the batch is not tried.
const ALONE_FAILURES: usize = 3;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written.
    Written,
    /// Its key is known. Nothing was written.
    Duplicate,
    /// The invocation is at another version, or is not there. Nothing was written.
    Conflict,
    /// Written: so many rows were forgotten.
    Forgotten(u64),
}

/// Why a batch was not written. Nothing of it was.
#[derive(Debug)]
pub(super) struct Failure {
    /// For the log and the caller. Holds no secret.
    pub reason: String,
    /// Whether one write may be to blame, so that the others could pass without it.
    pub one_to_blame: bool,
}

/// Writes batches into a database.
#[async_trait]
pub(super) trait Backend: Send + 'static {
    /// Writes all in one transaction and returns once it is durable: one verdict for each, in order. No
    /// two writes of a batch have a key or an invocation in common.
    async fn write(&mut self, batch: &Arc<Vec<Write>>) -> Result<Vec<Verdict>, Failure>;

    /// Lets go of the database.
    async fn close(self: Box<Self>);
}

struct Job {
    write: Write,
    answer: oneshot::Sender<Result<Verdict, String>>,
}

/// Where writes are handed in. The writer ends when the last handle is gone and all is written.
#[derive(Clone)]
pub(super) struct WriterHandle {
    jobs: mpsc::Sender<Job>,
}

impl WriterHandle {
    /// Starts a writer on the runtime that this is called on.
    pub fn start(backend: Box<dyn Backend>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(run(backend, queue));
        Self { jobs }
    }

    /// Writes, and waits until it is durable. If the caller stops waiting, it may still be written.
    pub async fn write(&self, write: Write) -> Result<Verdict, StoreError> {
        let (answer, answered) = oneshot::channel();
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        self.jobs.send(Job { write, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?.map_err(StoreError::Unavailable)
    }

    /// Writes something that may be known already.
    pub async fn receipt(&self, write: Write) -> Result<Receipt, StoreError> {
        Ok(match self.write(write).await? {
            Verdict::Written | Verdict::Forgotten(_) => Receipt::New,
            Verdict::Duplicate | Verdict::Conflict => Receipt::Duplicate,
        })
    }

    /// Writes a change.
    pub async fn change(&self, change: ChangeRow) -> Result<(), StoreError> {
        let (id, version) = (change.id.clone(), change.version);
        match self.write(Write::Change(Box::new(change))).await? {
            Verdict::Written | Verdict::Forgotten(_) => Ok(()),
            Verdict::Conflict | Verdict::Duplicate => Err(StoreError::Conflict { id, version }),
        }
    }
}

async fn run(mut backend: Box<dyn Backend>, mut queue: mpsc::Receiver<Job>) {
    let mut waiting: VecDeque<Job> = VecDeque::new();
    let mut taken = Vec::with_capacity(BATCH);
    let mut failing = false;
    loop {
        if waiting.is_empty() {
            let Some(first) = queue.recv().await else { break };
            waiting.push_back(first);
        }
        gather(&mut waiting, &mut queue).await;
        let (writes, answers) = take_batch(&mut waiting);
        taken.extend(answers);
        failing = write_batch(backend.as_mut(), writes, &mut taken, failing).await;
    }
    backend.close().await;
}

/// Takes in what else is to be written. Where nobody is in a hurry, that may take until [`PATIENCE`] is over.
async fn gather(waiting: &mut VecDeque<Job>, queue: &mut mpsc::Receiver<Job>) {
    let until = Instant::now() + PATIENCE;
    while waiting.len() < BATCH && waiting.iter().all(|job| job.write.can_wait()) {
        match timeout_at(until, queue.recv()).await {
            Ok(Some(job)) => waiting.push_back(job),
            // The time is over, or nobody can come any more.
            Ok(None) | Err(_) => break,
        }
    }
    // Whoever is ready to ask does so first, as long as more come: one larger transaction costs less than
    // two small ones. Where nobody is ready this is one turn, and nothing waits.
    for _ in 0..TURNS {
        let known = waiting.len();
        tokio::task::yield_now().await;
        while waiting.len() < BATCH
            && let Ok(job) = queue.try_recv()
        {
            waiting.push_back(job);
        }
        if waiting.len() == known {
            break;
        }
    }
}

type Answer = oneshot::Sender<Result<Verdict, String>>;

/// Takes what can share a transaction. What has a key or an invocation in common with an earlier one waits
/// for the next, and everything after it that touches the same, so that order is kept.
fn take_batch(waiting: &mut VecDeque<Job>) -> (Vec<Write>, Vec<Answer>) {
    let mut writes = Vec::with_capacity(waiting.len());
    let mut answers = Vec::with_capacity(waiting.len());
    let mut touched: HashSet<String> = HashSet::with_capacity(waiting.len() * 2);
    let mut later = VecDeque::new();
    for job in waiting.drain(..) {
        let mut apart = true;
        for name in touches(&job.write) {
            apart &= touched.insert(name);
        }
        if apart && writes.len() < BATCH {
            writes.push(job.write);
            answers.push(job.answer);
        } else {
            later.push_back(job);
        }
    }
    *waiting = later;
    (writes, answers)
}

/// The keys and invocations that a write touches. Each kind has a sign of its own before it.
fn touches(write: &Write) -> Vec<String> {
    let click = |key: &String| format!("c{key}");
    match write {
        Write::Receive(new) => {
            let keys = new.keys.iter().map(|key| format!("k{key}"));
            let due = new.due.iter().map(|key| format!("d{key}"));
            keys.chain(due).chain([format!("i{}", new.id)]).collect()
        }
        Write::Click(new) => vec![click(&new.key)],
        Write::Change(change) => {
            let clicks: HashSet<&String> = change.clicks_done.iter().collect();
            let all = clicks.into_iter().map(click).chain(change.book.touches());
            all.chain([format!("i{}", change.id)]).collect()
        }
        Write::Book(book) => book.touches().collect(),
        Write::ClickDone { key, .. } => vec![click(key)],
        Write::Sealing(_) => vec!["s".to_owned()],
        Write::Forget(_) => vec!["f".to_owned()],
        Write::Remember { key, .. } => vec![format!("r{key}")],
        Write::Probe => vec!["p".to_owned()],
    }
}

/// Writes a batch and answers. Returns whether writing fails at present.
async fn write_batch(
    backend: &mut dyn Backend,
    writes: Vec<Write>,
    answers: &mut Vec<Answer>,
    failing: bool,
) -> bool {
    let writes = Arc::new(writes);
    let failure = match backend.write(&writes).await {
        Ok(verdicts) => {
            if failing {
                tracing::info!("the store can write again");
            }
            for (answer, verdict) in answers.drain(..).zip(verdicts) {
                // Whoever no longer waits does not want to know.
                let _ = answer.send(Ok(verdict));
            }
            return false;
        }
        Err(failure) => failure,
    };
    if !failing {
        tracing::error!(reason = %failure.reason, writes = writes.len(), "the store could not write");
    }
    if !failure.one_to_blame || writes.len() == 1 {
        for answer in answers.drain(..) {
            let _ = answer.send(Err(failure.reason.clone()));
        }
        return !failure.one_to_blame;
    }
    // One of them may be bad: each has its own chance, until it is plain that none gets through.
    let mut failed = 0;
    let mut reason = failure.reason;
    for (answer, write) in answers.drain(..).zip(writes.iter()) {
        if failed >= ALONE_FAILURES {
            let _ = answer.send(Err(reason.clone()));
            continue;
        }
        let verdict = backend.write(&Arc::new(vec![write.clone()])).await;
        let verdict = verdict.and_then(|verdicts| {
            verdicts
                .first()
                .copied()
                .ok_or_else(|| Failure { reason: "no verdict on a write".to_owned(), one_to_blame: false })
        });
        match verdict {
            Ok(verdict) => {
                failed = 0;
                let _ = answer.send(Ok(verdict));
            }
            Err(failure) => {
                // A write that is bad by itself says nothing of the others.
                failed = if failure.one_to_blame { 0 } else { failed + 1 };
                reason = failure.reason;
                let _ = answer.send(Err(reason.clone()));
            }
        }
    }
    failed > 0
}

/// A fault point before or after a commit, named after what is in it.
pub(super) fn fault_point(when: &str, batch: &[Write]) {
    if crash::ENABLED {
        // Sealing goes on beside the commands, whenever it is time: it is no point on the way of one.
        let on_the_way = batch.iter().filter(|write| !matches!(write, Write::Sealing(_) | Write::Forget(_)));
        let mut whats: Vec<String> = on_the_way.map(Write::what).collect();
        if whats.is_empty() {
            return;
        }
        whats.sort_unstable();
        whats.dedup();
        crash::point(&format!("store.{when}-commit:{}", whats.join("+")));
    }
}

/// When it is time to forget the keys of what was received long ago, and the clicks that were dealt with then. Time is that of what is received.
#[derive(Debug, Default)]
pub(super) struct Pruning {
    looked_at: i64,
}

impl Pruning {
    /// How many are forgotten at once: a bounded part of a transaction's work.
    pub const AT_ONCE: i64 = 256;

    /// Far longer than Slack sends anything again.
    const KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

    /// How much time passes between two looks, if the last one found the end of what is old.
    const EVERY_MICROS: i64 = 60 * 1_000_000;

    /// Keys from before this time may go, if it is time to look for them.
    pub fn before(&self, batch: &[Write]) -> Option<i64> {
        let received = batch.iter().filter_map(|write| match write {
            Write::Receive(new) => Some(new.at),
            _ => None,
        });
        let now = received.max()?;
        let due = now.saturating_sub(self.looked_at) >= Self::EVERY_MICROS;
        due.then(|| now.saturating_sub(Self::KEPT_MICROS))
    }

    /// So many from before `before` were forgotten. If there may be more, the next look comes soon.
    pub fn done(&mut self, before: Option<i64>, forgotten: u64) {
        if let Some(before) = before {
            let more = i64::try_from(forgotten).is_ok_and(|forgotten| forgotten >= Self::AT_ONCE);
            self.looked_at = if more { 0 } else { before.saturating_add(Self::KEPT_MICROS) };
        }
    }
}
