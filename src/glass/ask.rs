//! From the line to the plan: parse, ask, prepare, and what it takes.

use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::{Args, Headway};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place};

use super::host::Host;
use crate::pipeline::prepare::{self, Examined, Outcome};
use crate::pipeline::report::words;
use crate::pipeline::rules::{Leave, Planned as Judged, Question, Rules as _};
use crate::pipeline::{ask, gate, glass, parse};

/// What a line leads to.
pub(super) enum Considered {
    /// It is no command, as this says.
    Unparsed(Message),
    /// It only reads.
    Answer(Answered),
    /// It would do this.
    Plan(Box<Planned>),
}

/// An answer that changes nothing.
pub(super) struct Answered {
    pub(super) command: String,
    pub(super) args: Args,
    pub(super) message: Message,
}

/// A plan, with what it takes.
pub(super) struct Planned {
    pub(super) command: String,
    pub(super) args: Args,
    pub(super) examined: Examined,
    pub(super) leave: Leave,
    pub(super) requirements: Vec<Requirement>,
}

impl Host<'_> {
    /// Where it is asked: where everything that was done past Slack is told.
    pub(super) fn place(&self) -> Place {
        Place {
            channel: self.alarm_channel.clone(),
            conversation: Conversation::Private,
            shared: false,
            thread: None,
        }
    }

    /// Goes the way of a command as far as its plan.
    ///
    /// # Errors
    /// It may not be asked or done, or cannot be planned.
    pub(super) async fn consider(
        &self,
        id: &str,
        line: &str,
        by: &Person,
        with: Option<&PersonId>,
    ) -> Result<Considered, Refusal> {
        let place = self.place();
        let parsed = match parse::parse(&self.registry, &self.orgs, line) {
            Ok(parsed) => parsed,
            Err(unparsed) => {
                return Ok(Considered::Unparsed(words::unparsed(&unparsed, &self.orgs, &place, true)));
            }
        };
        let rules = glass::Glass { people: self.people.clone(), with: with.cloned() };
        let now = self.clock.now();
        let asked = ask::ask(&rules, by, &place, parsed, now).await?;
        let headway = Headway::default();
        let prepared = prepare::prepare(&self.operations, &asked, id, by, &place, now, headway).await?;
        let (spec, args) = (asked.parsed().spec(), asked.parsed().args());
        let (command, given) = (spec.name.clone(), args.clone());
        let examined = match prepared {
            Outcome::Reply(message) => {
                return Ok(Considered::Answer(Answered { command, args: given, message }));
            }
            Outcome::Plan(examined) => *examined,
        };
        let powers = self.operations.powers(examined.plan());
        let judged = Judged { plan: examined.plan(), risk: examined.risk(), powers: &powers };
        let question = Question { person: by, place: &place, spec, args, at: now };
        let leave = rules.may_be_done(&question, &judged).await?;
        if self.lockdown.holds(&examined) {
            // To lift it is the one thing that is not held by it.
            return Err(words::held(self.lockdown.locked().as_ref()));
        }
        let takes = rules.takes(&question, &judged).await?;
        let requirements = gate::obligations(&examined, spec.risk, &takes);
        Ok(Considered::Plan(Box::new(Planned { command, args: given, examined, leave, requirements })))
    }
}
