//! `farewell.release` and `farewell.drop`: what becomes of those who are held, or who still have time.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Farewells;
use super::leaver::{self, Leaver, Stand};
use crate::store::{Booking, StoreError};

const RELEASE: &str = "farewell.release";
const DROP: &str = "farewell.drop";

/// Somebody, as a step names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    key: String,
    shown: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    who: Vec<Named>,
}

fn operation(kind: &str, leavers: &[Leaver]) -> Operation {
    let named = |leaver: &Leaver| Named { key: leaver.key.clone(), shown: leaver.shown() };
    Operation::of(kind, &Input { who: leavers.iter().map(named).collect() })
}

/// Lets those go who are held.
pub(super) fn release(leavers: &[Leaver]) -> Operation {
    operation(RELEASE, leavers)
}

/// Forgets that those were to be let go.
pub(super) fn drop(leavers: &[Leaver]) -> Operation {
    operation(DROP, leavers)
}

fn read(input: &Json) -> Result<Input, OperationError> {
    Input::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("farewell: {error}"))
    })
}

fn unkept(error: StoreError) -> OperationError {
    OperationError::Temporary {
        what: "The bot could not write it down.".into(),
        retry_after: Some(Duration::from_secs(1)),
        log: error.to_string(),
    }
}

fn names(who: &[Named]) -> Text {
    who.iter().enumerate().fold(Text::new(), |text, (index, named)| {
        let text = if index == 0 { text } else { text.plain(", ") };
        text.then(named.shown.clone())
    })
}

fn done(count: usize) -> Applied {
    Applied { output: json!({ "count": count }), inverse: None, note: None }
}

impl Farewells {
    async fn named(&self, who: &[Named]) -> Result<Vec<Leaver>, OperationError> {
        let store = self.store().map_err(unkept)?;
        let mut found = Vec::new();
        for named in who {
            found.extend(leaver::one(&**store, &named.key).await.map_err(unkept)?);
        }
        Ok(found)
    }

    async fn is_due(&self, leaver: &Leaver) -> Result<bool, OperationError> {
        let store = self.store().map_err(unkept)?;
        Ok(store.due_under(&leaver.due()).await.map_err(unkept)?.is_some())
    }
}

/// `farewell.release`
pub(super) struct Releases(pub(super) Farewells);

#[async_trait]
impl Handler for Releases {
    fn kind(&self) -> &'static str {
        RELEASE
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let who = read(input)?.who;
        let what = match who.len() {
            1 => names(&who).plain(" is let go"),
            n => Text::new().plain(format!("{n} people are let go: ")).then(names(&who)),
        };
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    fn powers(&self, _: &Json) -> BTreeSet<Power> {
        [Power::LetGo].into()
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let input = read(input)?;
        let held = self.0.named(&input.who).await?.iter().any(|leaver| leaver.stand == Stand::Held);
        Ok(if held { Observed::Absent } else { Observed::Ours(done(input.who.len())) })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let input = read(input)?;
        let farewells = &self.0;
        let Some(settings) = farewells.settings() else {
            let what = "Nobody is let go by the bot itself here: `[farewell]` is not in its configuration.";
            return Err(OperationError::permanent(what, "no [farewell]"));
        };
        let _alone = farewells.0.changing.lock().await;
        let now = farewells.around().clock.now();
        let mut booking = Booking::default();
        for leaver in farewells.named(&input.who).await?.into_iter().filter(|one| one.stand == Stand::Held) {
            // What was looked at has had its time.
            booking.due.extend(farewells.due_of(settings, &leaver, now, None).await.map_err(unkept)?);
            booking.kept.push(Leaver { stand: Stand::Released, ..leaver }.kept());
        }
        let count = booking.kept.len();
        farewells.store().map_err(unkept)?.book(&booking).await.map_err(unkept)?;
        Ok(done(count))
    }
}

/// `farewell.drop`
pub(super) struct Drops(pub(super) Farewells);

#[async_trait]
impl Handler for Drops {
    fn kind(&self) -> &'static str {
        DROP
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let who = read(input)?.who;
        let what = match who.len() {
            1 => names(&who).plain(" stays as they are"),
            n => Text::new().plain(format!("{n} people stay as they are: ")).then(names(&who)),
        };
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let input = read(input)?;
        let there = self.0.named(&input.who).await?;
        let dropped = there.iter().all(|leaver| leaver.stand == Stand::Dropped);
        Ok(if dropped { Observed::Ours(done(input.who.len())) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let input = read(input)?;
        let farewells = &self.0;
        let _alone = farewells.0.changing.lock().await;
        let mut booking = Booking::default();
        for leaver in farewells.named(&input.who).await? {
            // Who has been taken up meanwhile is let go.
            if leaver.stand == Stand::Held || farewells.is_due(&leaver).await? {
                booking.dropped.extend([leaver.due(), leaver.soon()]);
                booking.kept.push(Leaver { stand: Stand::Dropped, ..leaver }.kept());
            }
        }
        let count = booking.kept.len();
        farewells.store().map_err(unkept)?.book(&booking).await.map_err(unkept)?;
        let note = (count < input.who.len()).then(|| "who was being let go already is not stopped".into());
        Ok(Applied { note, ..done(count) })
    }
}
