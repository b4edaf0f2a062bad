//! Granting for a time, or for good: what the options of a command, its settings and those of the organisation
//! come to, and the steps of the plan.

use std::sync::Arc;

use hubcommander_sdk::chatline::written_duration;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::{
    EndLease, Grant, Held, Holding, Lease, Leases, OPEN, OpenLease, RebaseLease, Turn,
};
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::orgs::OrgSettings;
use hubcommander_sdk::plan::{Plan, Step};
use hubcommander_sdk::schedule::When;
use hubcommander_sdk::setting::{Length, Setting, SettingKind};
use hubcommander_sdk::text::Text;

/// How long a command's grants last, from its section of config.toml.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// If nobody says.
    pub default: Option<Length>,
    /// At most.
    pub longest: Option<Length>,
}

impl Terms {
    /// The keys `lease_default` and `lease_longest`, to be declared by each command that grants.
    pub const DEFAULT: Setting = Setting {
        name: "lease_default",
        kind: SettingKind::Length,
        default: "for good",
        example: "\"30d\"",
        about: "How long a grant lasts if `--for` is left out. Without it, and without `lease_longest`, it is \
                for good.",
    };
    /// See [`Terms::DEFAULT`].
    pub const LONGEST: Setting = Setting {
        name: "lease_longest",
        kind: SettingKind::Length,
        default: "any",
        example: "\"90d\"",
        about: "How long a grant may last at most. With it, none is for good.",
    };

    /// The options `--for` and `--for-good`, to be added to each command that grants.
    #[must_use]
    pub fn args() -> [ArgSpec; 2] {
        [
            ArgSpec::option("for", ArgKind::Duration, "how long, after which it is taken back"),
            ArgSpec::flag("for-good", "without an end, where a time is usual"),
        ]
    }

    /// How long this grant is to last; `None` for good.
    ///
    /// # Errors
    /// It may not last so long.
    pub fn settle(self, org: &OrgSettings, args: &Args) -> Result<Term, Refusal> {
        let longest = org.lease_longest.or(self.longest).map(|length| length.seconds);
        let default = org.lease_default.or(self.default).map(|length| length.seconds);
        let asked = args.number("for");
        if args.flag("for-good") && asked.is_some() {
            return Err(Refusal::new(
                Text::new().code("--for").plain(" and ").code("--for-good").plain(" contradict each other."),
                "Leave one of them out.",
            ));
        }
        let Some(longest) = longest else {
            let seconds = if args.flag("for-good") { None } else { asked.or(default) };
            return Ok(Term { seconds, longest: None });
        };
        // Nobody asked for what is usual, so it gives way to what is allowed.
        let usual = default.map_or(longest, |default| default.min(longest));
        let seconds = asked.unwrap_or(usual);
        if args.flag("for-good") || seconds > longest {
            return Err(Refusal::new(
                format!("This can be granted for {} at most.", written_duration(longest)),
                Text::new()
                    .plain("Ask for ")
                    .code(format!("--for {}", written_duration(longest)))
                    .plain(" or less; it can be extended before it ends."),
            ));
        }
        Ok(Term { seconds: Some(seconds), longest: Some(longest) })
    }
}

/// How long a grant is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// In seconds; `None` for good.
    pub seconds: Option<i64>,
    /// The most seconds that its end may lie ahead when it is extended.
    pub longest: Option<i64>,
}

/// Grants and takes away, with an eye on what is lent.
#[derive(Clone)]
pub struct Lending {
    /// What is granted.
    pub grant: Arc<dyn Grant>,
    /// What is lent.
    pub leases: Arc<dyn Leases>,
}

/// What is known of one holding when a command looks at it.
pub struct Looked {
    holding: Holding,
    held: Held,
    running: Vec<Lease>,
}

impl Looked {
    /// What it is about.
    #[must_use]
    pub fn holding(&self) -> &Holding {
        &self.holding
    }

    /// What is held in the world now.
    #[must_use]
    pub fn now(&self) -> Option<&str> {
        self.held.now()
    }

    /// What was granted for good.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.held.base()
    }

    /// The leases that run on it.
    #[must_use]
    pub fn running(&self) -> &[Lease] {
        &self.running
    }
}

/// What a command wants for one holding.
#[derive(Clone, Debug)]
pub enum Want {
    /// This level, for so long.
    Level(String, Term),
    /// Nothing any more: what was granted for good is taken away, and leases are ended.
    Nothing,
}

/// What was added to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Steps, named after the holding.
    Steps,
    /// Nothing: it is so already.
    SoAlready,
    /// Nothing: it was to be granted for a time, and is held for good.
    ForGoodAlready,
}

impl Lending {
    /// The grant of this kind among all.
    #[must_use]
    pub fn find(grants: &[Arc<dyn Grant>], kind: &str, leases: &Arc<dyn Leases>) -> Option<Self> {
        let grant = grants.iter().find(|grant| grant.kind() == kind)?;
        Some(Self { grant: Arc::clone(grant), leases: Arc::clone(leases) })
    }

    /// Looks at what is held and lent.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn look(&self, holding: Holding) -> Result<Looked, Refusal> {
        let (now, running) = tokio::join!(self.grant.held(&holding.subject), self.leases.on(&holding));
        let running = running?;
        let now = now.map_err(Refusal::from)?;
        let held = Held::new(self.grant.as_ref(), now.as_deref(), &running);
        Ok(Looked { holding, held, running })
    }

    /// Adds the steps that bring about what is wanted, named after `name`, and the lock that the ends of leases
    /// take. Leaves the plan as it is where nothing is to be done.
    ///
    /// # Errors
    /// The program is at fault.
    pub fn steps(
        &self,
        plan: &mut Plan,
        request: &Request,
        name: &str,
        looked: &Looked,
        want: &Want,
        reason: Option<&str>,
    ) -> Result<Added, Refusal> {
        let (grant, held) = (self.grant.as_ref(), &looked.held);
        let lent = match want {
            Want::Level(level, Term { seconds: Some(seconds), longest }) => {
                if held.is_in_vain(grant, level) {
                    return Ok(Added::ForGoodAlready);
                }
                Some((level, *seconds, *longest))
            }
            _ => None,
        };
        let turn = match want {
            // A grant for a time takes nothing away, whoever gave it.
            Want::Level(level, Term { seconds: Some(_), .. }) => held
                .lend(grant, level)
                .filter(|turn| rank(grant, turn.from.as_deref()) < rank(grant, turn.to.as_deref())),
            Want::Level(level, _) => held.settle(grant, Some(level)),
            // What is lent is taken back with it.
            Want::Nothing => held.now().map(|now| Turn { from: Some(now.to_owned()), to: None }),
        };
        let mut steps: Vec<Step> = Vec::new();
        let mut after: Vec<String> = Vec::new();
        if let Some(turn) = &turn {
            let operation = grant
                .change(&looked.holding.subject, turn.from.as_deref(), turn.to.as_deref())
                .map_err(Refusal::from)?;
            steps.push(Step { id: name.to_owned(), operation, after: Vec::new() });
            after.push(name.to_owned());
        }
        if let Some((level, seconds, longest)) = lent {
            let open = OpenLease {
                id: lease_id(&request.invocation, plan),
                holding: looked.holding.clone(),
                level: level.clone(),
                base: held.base().map(str::to_owned),
                ends: When::In(seconds),
                longest,
                reason: reason.map(str::to_owned),
            };
            steps.push(Step { id: format!("{name}-until"), operation: open.operation(), after });
        } else {
            for (index, operation) in settled(looked, want).into_iter().enumerate() {
                steps.push(Step { id: format!("{name}-lease-{index}"), operation, after: after.clone() });
            }
        }
        if steps.is_empty() {
            return Ok(Added::SoAlready);
        }
        plan.steps.extend(steps);
        plan.locks.insert(looked.holding.key.clone());
        Ok(Added::Steps)
    }
}

fn rank(grant: &dyn Grant, level: Option<&str>) -> Option<u8> {
    level.map(|level| grant.rank(level))
}

/// What follows for the leases that run: they go on beside what is granted for good, or end with all of it.
fn settled(looked: &Looked, want: &Want) -> Vec<Operation> {
    let follows = |lease: &Lease| {
        let (id, shown) = (lease.id.clone(), looked.holding.shown.clone());
        match want {
            Want::Nothing => Some(EndLease { id, shown }.operation()),
            Want::Level(level, _) if lease.base.as_deref() == Some(level) => None,
            Want::Level(level, _) => {
                let (base, before) = (Some(level.clone()), lease.base.clone());
                Some(RebaseLease { id, shown, base, before }.operation())
            }
        }
    };
    looked.running.iter().filter_map(follows).collect()
}

/// An id made from the invocation's: the first lease of one is called like it, the others are numbered.
fn lease_id(invocation: &str, plan: &Plan) -> String {
    let digits = invocation.strip_prefix("inv-").unwrap_or(invocation);
    match plan.steps.iter().filter(|step| step.operation.kind == OPEN).count() {
        0 => format!("lse-{digits}"),
        made => format!("lse-{digits}-{}", made + 1),
    }
}

#[cfg(test)]
mod tests;
