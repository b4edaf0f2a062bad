//! `!RemindMe`: a word about one's devices tomorrow, at nine in the morning where the person is.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Days, NaiveTime, TimeDelta};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::Message;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use hubcommander_stethoscope::words::{self, Standing};
use hubcommander_stethoscope::{Freshness, Looks};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::read;
use crate::builtins::unwritten;
use crate::store::{Booking, Due, Shelf};

const KIND: &str = "devices.remind";

/// The hidden command that is asked when it is time.
const LINE: &str = "DevicesReminder";

/// When people are reminded, in their own time.
const HOUR: u32 = 9;

/// The command.
pub struct RemindMe {
    spec: CommandSpec,
    clock: SharedClock,
}

impl RemindMe {
    /// The command by this clock.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        let about = "Reminds you tomorrow morning of what your devices need";
        let spec = CommandSpec::new("RemindMe", "Your devices", about)
            .example("!RemindMe")
            .audience(Audience::Direct)
            .changes(Risk::Reversible);
        Self { spec, clock }
    }
}

/// What the operation takes. Without a time nobody is reminded any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remind {
    user: String,
    at: Option<Instant>,
}

/// Tomorrow at nine, so many seconds east of UTC.
fn tomorrow(now: Instant, offset: i32) -> Instant {
    let offset = TimeDelta::seconds(offset.into());
    let day = (now + offset).date_naive();
    let day = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let nine = NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or_default();
    day.and_time(nine).and_utc() - offset
}

#[async_trait]
impl Command for RemindMe {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let at = tomorrow(self.clock.now(), request.person.tz_offset.unwrap_or_default());
        let user = request.person.id.user.clone();
        let of = |words: &str| Text::from(words).plain(" of your devices ").time(at);
        let title =
            Title { todo: of("Remind you"), doing: of("Noting to remind you"), done: of("I remind you") };
        let lock = format!("devices:{}", user.to_lowercase());
        let remind = Operation::of(KIND, &Remind { user, at: Some(at) });
        Ok(Prepared::Plan(Plan::new(title).step("remind", remind, &[]).lock(lock)))
    }
}

/// Puts reminders down.
pub struct Reminds {
    shelf: Shelf,
}

impl Reminds {
    /// The handler over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self { shelf }
    }
}

fn key(user: &str) -> String {
    format!("devices:remind:{user}")
}

fn applied(remind: &Remind) -> Applied {
    let inverse = remind.at.map(|_| Operation::of(KIND, &Remind { user: remind.user.clone(), at: None }));
    Applied { output: json!({ "at": remind.at }), inverse, note: None }
}

#[async_trait]
impl Handler for Reminds {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let remind: Remind = read(input)?;
        let what = match remind.at {
            Some(at) => Text::from("a direct message ").time(at),
            None => Text::from("no reminder"),
        };
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let remind: Remind = read(input)?;
        let due =
            self.shelf.get().map_err(unwritten)?.due_under(&key(&remind.user)).await.map_err(unwritten)?;
        let same = due.map(|due| due.at.timestamp()) == remind.at.map(|at| at.timestamp());
        Ok(if same { Observed::Ours(applied(&remind)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let remind: Remind = read(input)?;
        let store = self.shelf.get().map_err(unwritten)?;
        let key = key(&remind.user);
        let booking = match remind.at {
            None => Booking { dropped: vec![key], ..Booking::default() },
            Some(at) => {
                let asked =
                    store.invocation(permit.invocation()).await.map_err(unwritten)?.ok_or_else(|| {
                        let log = format!("{} is not in the store", permit.invocation());
                        OperationError::permanent("Nothing is known of this command any more.", log)
                    })?;
                let origin = asked.origin.later(&key, 0, LINE.to_owned());
                Booking { due: vec![Due { key, at, origin }], ..Booking::default() }
            }
        };
        store.book(&booking).await.map_err(unwritten)?;
        Ok(applied(&remind))
    }
}

/// It is time to remind somebody. Where all is well by now, nothing is said.
pub struct DevicesReminder {
    spec: CommandSpec,
    looks: Arc<dyn Looks>,
    pages: bool,
}

impl DevicesReminder {
    /// The command over these devices.
    #[must_use]
    pub fn new(looks: Arc<dyn Looks>, pages: bool) -> Self {
        let spec = CommandSpec::new(LINE, "What is due", "Says what your devices still need")
            .example("!DevicesReminder")
            .audience(Audience::Direct)
            .only_when_due();
        Self { spec, looks, pages }
    }
}

#[async_trait]
impl Command for DevicesReminder {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let Some(email) = &request.person.email else { return Ok(Prepared::Reply(Message::default())) };
        let look = self.looks.look(email, Freshness::Now).await;
        if !matches!(Standing::of(&look), Standing::Suggested | Standing::Critical) {
            return Ok(Prepared::Reply(Message::default()));
        }
        let asked = words::Asked { pages: self.pages, ..words::Asked::default() };
        Ok(Prepared::Reply(words::status(&look, self.looks.catalogue(), &asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tomorrow_is_where_the_person_is() {
        let now: Instant = "2026-11-27T23:30:00Z".parse().unwrap();
        let at = |offset| tomorrow(now, offset).to_rfc3339();
        assert_eq!(at(0), "2026-11-28T09:00:00+00:00");
        // In Berlin it is the 28th already.
        assert_eq!(at(3_600), "2026-11-29T08:00:00+00:00");
        assert_eq!(at(-8 * 3_600), "2026-11-28T17:00:00+00:00");
    }
}
