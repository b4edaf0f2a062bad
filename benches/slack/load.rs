//! Somebody who types a lot: as fast as answers come back, or at a steady pace.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hubcommander_sandbox::slack::Slack;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, timeout};

const PERSON: &str = "U0ANA";
const CHANNEL: &str = "C0DEV";

/// How long everything that was asked in one go may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Types `!Repeat hello NUMBER` and waits for the answer with the same number.
pub struct Load {
    slack: Slack,
    answers: mpsc::UnboundedReceiver<(usize, Instant)>,
    acks: Arc<Mutex<Vec<Duration>>>,
    /// When each was typed, as long as it is not answered.
    typed: Vec<Option<Instant>>,
}

/// How long answers took.
#[derive(Default)]
pub struct Times {
    pub acks: Vec<Duration>,
    pub replies: Vec<Duration>,
}

impl Load {
    pub fn new(slack: &Slack) -> Self {
        let (tell, answers) = mpsc::unbounded_channel();
        slack.on_posted(move |_, message| {
            let number = message.text.rsplit(' ').next().and_then(|word| word.parse().ok());
            // After the last measurement nobody listens any more.
            let _ = number.map(|number: usize| tell.send((number, Instant::now())));
        });
        let acks: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let noted = Arc::clone(&acks);
        slack.on_acked(move |took| noted.lock().unwrap_or_else(PoisonError::into_inner).push(took));
        Self { slack: slack.clone(), answers, acks, typed: Vec::new() }
    }

    fn say(&mut self) -> Result<()> {
        let number = self.typed.len();
        self.typed.push(Some(Instant::now()));
        self.slack.say_raw(PERSON, CHANNEL, &format!("!Repeat hello {number}"))?;
        Ok(())
    }

    /// Each answer exactly once.
    fn answered(&mut self, (number, at): (usize, Instant)) -> Result<Duration> {
        let typed = self.typed.get_mut(number).and_then(Option::take);
        Ok(at - typed.with_context(|| format!("{number} was answered twice, or never asked"))?)
    }

    /// Types `count` messages with `window` of them unanswered at any time. How long that took.
    pub async fn rush(&mut self, count: usize, window: usize) -> Result<Duration> {
        let begun = Instant::now();
        let rushing = async {
            for _ in 0..window.min(count) {
                self.say()?;
            }
            for answered in 0..count {
                let answer = self.answers.recv().await.context("no more answers")?;
                self.answered(answer)?;
                if answered + window < count {
                    self.say()?;
                }
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, rushing).await.context("answers are missing")??;
        let took = begun.elapsed();
        self.settle().await?;
        Ok(took)
    }

    /// Types `count` messages, `each_second` of them in a second, however long answers take.
    pub async fn walk(&mut self, count: usize, each_second: u32) -> Result<Times> {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / each_second);
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut times = Times::default();
        let mut said = 0;
        let walking = async {
            while times.replies.len() < count {
                tokio::select! {
                    _ = beat.tick(), if said < count => {
                        said += 1;
                        self.say()?;
                    }
                    answer = self.answers.recv() => {
                        let took = self.answered(answer.context("no more answers")?)?;
                        times.replies.push(took);
                    }
                }
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, walking).await.context("answers are missing")??;
        times.acks = self.settle().await?;
        Ok(times)
    }

    /// Waits for the last ack. How long each took; a missing or a repeated one is a malfunction.
    async fn settle(&self) -> Result<Vec<Duration>> {
        self.slack.all_acked().await?;
        let counters = self.slack.counters();
        ensure!(counters.redelivered == 0 && counters.lost == 0, "acks were late: {counters:?}");
        Ok(std::mem::take(&mut *self.acks.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
