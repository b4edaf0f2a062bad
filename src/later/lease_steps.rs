//! The operations on leases: `lease.open`, `lease.end`, `lease.extend`, `lease.rebase`.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::lease::{
    END, EXTEND, EndLease, ExtendLease, Lease, OPEN, OpenLease, REBASE, RebaseLease,
};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::schedule::When;
use hubcommander_sdk::text::{Text, length};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::booked::{Book, end_key, notice_key};
use crate::store::{Booking, LeaseRecord};

pub(super) fn read<T: DeserializeOwned>(input: &Json) -> Result<T, OperationError> {
    T::deserialize(input).map_err(|error| {
        OperationError::permanent(
            "This step of the plan cannot be read. Tell the people who run this bot.",
            format!("input of an operation: {error}"),
        )
    })
}

pub(super) fn described(what: Text) -> Described {
    Described { what, risk: Risk::Reversible, irreversible: None }
}

fn gone(id: &str) -> OperationError {
    OperationError::permanent(
        Text::new().plain("There is no lease ").code(id).plain("."),
        format!("{id}: no such lease"),
    )
}

fn over(id: &str) -> OperationError {
    OperationError::permanent(
        Text::new().plain("The lease ").code(id).plain(" is over."),
        format!("{id}: over"),
    )
}

/// `lease.open`
pub(super) struct Opens(pub(super) Book);

impl Opens {
    fn applied(lease: &Lease) -> Applied {
        let end = EndLease { id: lease.id.clone(), shown: lease.holding.shown.clone() };
        Applied {
            output: json!({ "id": lease.id, "until": lease.until }),
            inverse: Some(end.operation()),
            note: Some(Text::new().plain("until ").time(lease.until).plain(", ").code(&lease.id)),
        }
    }
}

#[async_trait]
impl Handler for Opens {
    fn kind(&self) -> &'static str {
        OPEN
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let open: OpenLease = read(input)?;
        let what = match open.ends {
            When::In(seconds) => Text::new()
                .then(open.holding.shown)
                .plain(format!(": for {}, then taken back", length(seconds))),
            When::At(at) => {
                Text::new().then(open.holding.shown).plain(": until ").time(at).plain(", then taken back")
            }
        };
        Ok(described(what))
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let open: OpenLease = read(input)?;
        Ok(match self.0.lease(&open.id).await? {
            None => Observed::Absent,
            Some(LeaseRecord { lease, ended: None }) => Observed::Ours(Self::applied(&lease)),
            // One that is opened again has been over.
            Some(_) if matches!(open.ends, When::At(_)) => Observed::Absent,
            Some(_) => Observed::Different(Text::new().plain("The lease ").code(open.id).plain(" is over.")),
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let open: OpenLease = read(input)?;
        let origin = self.0.origin(permit).await?;
        let (now, until) = (self.0.now(), self.0.at(open.ends));
        if until <= now {
            return Err(over(&open.id));
        }
        let lease = Lease {
            id: open.id,
            holding: open.holding,
            level: open.level,
            base: open.base,
            until,
            longest: open.longest,
            reason: open.reason,
            by: origin.person.clone(),
            invocation: permit.invocation().to_owned(),
        };
        let due = self.0.due_of(&lease, now, &origin);
        let leases = vec![LeaseRecord { lease: lease.clone(), ended: None }];
        self.0.put_down(&Booking { leases, due, ..Booking::default() }).await?;
        Ok(Self::applied(&lease))
    }
}

/// `lease.end`
pub(super) struct Ends(pub(super) Book);

impl Ends {
    fn applied(&self, lease: Lease, note: Option<&str>) -> Applied {
        let open = (lease.until > self.0.now()).then(|| {
            OpenLease {
                id: lease.id.clone(),
                holding: lease.holding,
                level: lease.level,
                base: lease.base,
                ends: When::At(lease.until),
                longest: lease.longest,
                reason: lease.reason,
            }
            .operation()
        });
        Applied { output: json!({ "id": lease.id }), inverse: open, note: note.map(Into::into) }
    }
}

#[async_trait]
impl Handler for Ends {
    fn kind(&self) -> &'static str {
        END
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let end: EndLease = read(input)?;
        Ok(described(end.shown.plain(": the lease ends")))
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let end: EndLease = read(input)?;
        let LeaseRecord { lease, ended } = self.0.lease(&end.id).await?.ok_or_else(|| gone(&end.id))?;
        Ok(if ended.is_some() { Observed::Ours(self.applied(lease, None)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let end: EndLease = read(input)?;
        let LeaseRecord { lease, ended } = self.0.lease(&end.id).await?.ok_or_else(|| gone(&end.id))?;
        if ended.is_some() {
            return Ok(Applied { inverse: None, ..self.applied(lease, Some("already so")) });
        }
        let leases = vec![LeaseRecord { lease: lease.clone(), ended: Some(self.0.now()) }];
        let dropped = vec![end_key(&end.id), notice_key(&end.id)];
        self.0.put_down(&Booking { leases, dropped, ..Booking::default() }).await?;
        Ok(self.applied(lease, None))
    }
}

/// `lease.extend`
pub(super) struct Extends(pub(super) Book);

impl Extends {
    fn applied(extend: &ExtendLease, before: Option<Instant>, note: Option<&str>) -> Applied {
        let back = before.map(|before| ExtendLease { until: before, before: extend.until, ..extend.clone() });
        Applied {
            output: json!({ "id": extend.id, "until": extend.until }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

#[async_trait]
impl Handler for Extends {
    fn kind(&self) -> &'static str {
        EXTEND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let extend: ExtendLease = read(input)?;
        Ok(described(
            extend.shown.plain(": until ").time(extend.until).plain(" instead of ").time(extend.before),
        ))
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let extend: ExtendLease = read(input)?;
        let known = self.0.lease(&extend.id).await?.ok_or_else(|| gone(&extend.id))?;
        Ok(match known {
            LeaseRecord { ended: Some(_), .. } => Observed::Different("The lease is over.".into()),
            LeaseRecord { lease, .. } if lease.until == extend.until => {
                Observed::Ours(Self::applied(&extend, Some(extend.before), None))
            }
            LeaseRecord { lease, .. } if lease.until == extend.before => Observed::Absent,
            LeaseRecord { lease, .. } => Observed::Different(
                Text::new().plain("The lease runs until ").time(lease.until).plain(" by now."),
            ),
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let extend: ExtendLease = read(input)?;
        let known = self.0.lease(&extend.id).await?.ok_or_else(|| gone(&extend.id))?;
        let LeaseRecord { lease, ended: None } = known else { return Err(over(&extend.id)) };
        let before = lease.until;
        if before == extend.until {
            return Ok(Self::applied(&extend, None, Some("already so")));
        }
        if extend.until <= self.0.now() {
            return Err(OperationError::permanent("That end lies in the past.", "an end in the past"));
        }
        // The word before the end goes to whoever asked last, and stands where they asked.
        let origin = self.0.origin(permit).await?;
        let lease = Lease { until: extend.until, ..lease };
        let due = self.0.due_of(&lease, self.0.now(), &origin);
        let dropped = vec![notice_key(&lease.id)];
        let leases = vec![LeaseRecord { lease, ended: None }];
        self.0.put_down(&Booking { leases, due, dropped, ..Booking::default() }).await?;
        Ok(Self::applied(&extend, Some(before), None))
    }
}

/// `lease.rebase`
pub(super) struct Rebases(pub(super) Book);

impl Rebases {
    fn applied(rebase: &RebaseLease, changed: bool, note: Option<&str>) -> Applied {
        let back = changed.then(|| {
            let (base, before) = (rebase.before.clone(), rebase.base.clone());
            RebaseLease { base, before, ..rebase.clone() }.operation()
        });
        Applied { output: json!({ "id": rebase.id }), inverse: back, note: note.map(Into::into) }
    }
}

#[async_trait]
impl Handler for Rebases {
    fn kind(&self) -> &'static str {
        REBASE
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let rebase: RebaseLease = read(input)?;
        let left = match &rebase.base {
            Some(level) => format!(": {level} stays when the lease ends"),
            None => ": nothing stays when the lease ends".to_owned(),
        };
        Ok(described(rebase.shown.plain(left)))
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let rebase: RebaseLease = read(input)?;
        let LeaseRecord { lease, .. } = self.0.lease(&rebase.id).await?.ok_or_else(|| gone(&rebase.id))?;
        Ok(if lease.base == rebase.base {
            Observed::Ours(Self::applied(&rebase, true, None))
        } else if lease.base == rebase.before {
            Observed::Absent
        } else {
            Observed::Different("Something else was granted for good by now.".into())
        })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let rebase: RebaseLease = read(input)?;
        let LeaseRecord { lease, ended } = self.0.lease(&rebase.id).await?.ok_or_else(|| gone(&rebase.id))?;
        if ended.is_some() || lease.base == rebase.base {
            return Ok(Self::applied(&rebase, false, Some("already so")));
        }
        let lease = Lease { base: rebase.base.clone(), ..lease };
        let leases = vec![LeaseRecord { lease, ended }];
        self.0.put_down(&Booking { leases, ..Booking::default() }).await?;
        Ok(Self::applied(&rebase, true, None))
    }
}
