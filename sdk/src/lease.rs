//! Grants that end by themselves.
//!
//! A lease says: this is held until then. What is left when it ends follows from what else is held: the base,
//! which is what was granted for good, and the other leases on the same. So at any time what is held is the
//! greatest of the base and of all leases that run, and every change comes down to that sum, worked out by
//! [`Held`].

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Instant;
use crate::error::{OperationError, Refusal};
use crate::operation::Operation;
use crate::people::PersonId;
use crate::schedule::When;
use crate::text::Text;

/// The kind of the operation that begins a lease.
pub const OPEN: &str = "lease.open";
/// The kind of the operation that ends one.
pub const END: &str = "lease.end";
/// The kind of the operation that moves one's end.
pub const EXTEND: &str = "lease.extend";
/// The kind of the operation that changes what is left when one ends.
pub const REBASE: &str = "lease.rebase";

/// Something that somebody can hold at some level: a person's permission on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The kind of [`Grant`].
    pub grant: String,
    /// What tells it from all others of its kind, whatever it is called by now: made of ids.
    pub key: String,
    /// What the grant needs to look at it and to change it.
    pub subject: Json,
    /// Who and where, in words: "octocat on acme/widgets".
    pub shown: Text,
}

/// A kind of thing that can be held: how to look at it, and how to change it.
#[async_trait]
pub trait Grant: Send + Sync {
    /// Its kind, such as `github.collaborator`.
    fn kind(&self) -> &'static str;

    /// The level that is held now; `None` if nothing is. What was offered and not yet accepted counts as held.
    ///
    /// # Errors
    /// The world could not be read.
    async fn held(&self, subject: &Json) -> Result<Option<String>, OperationError>;

    /// The operation that changes the level. `from` is the level held now.
    ///
    /// # Errors
    /// The subject is not one of this kind.
    fn change(
        &self,
        subject: &Json,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Operation, OperationError>;

    /// Which of two levels counts as more.
    fn rank(&self, level: &str) -> u8;
}

/// Something that is held until some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What people quote, such as `lse-1RT4Q02M9X`.
    pub id: String,
    /// What is held.
    pub holding: Holding,
    /// At which level.
    pub level: String,
    /// What is held for good beside it; `None` if nothing is. The same for all leases on one holding.
    pub base: Option<String>,
    /// Until when.
    pub until: Instant,
    /// The most seconds that its end may lie ahead when it is extended; `None` for any.
    pub longest: Option<i64>,
    /// Why, as the person who asked said.
    pub reason: Option<String>,
    /// Who asked for it.
    pub by: PersonId,
    /// The invocation that made it.
    pub invocation: String,
}

/// Reads leases.
#[async_trait]
pub trait Leases: Send + Sync {
    /// The leases that run on one holding.
    ///
    /// # Errors
    /// They could not be read.
    async fn on(&self, holding: &Holding) -> Result<Vec<Lease>, Refusal>;

    /// All leases that run, those that end first before the others.
    ///
    /// # Errors
    /// They could not be read.
    async fn running(&self) -> Result<Vec<Lease>, Refusal>;
}

/// Begins a lease. Gives `id`, `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLease {
    /// What people will quote: made from the invocation's id.
    pub id: String,
    /// What is held.
    pub holding: Holding,
    /// At which level.
    pub level: String,
    /// What is held for good.
    pub base: Option<String>,
    /// When it ends.
    pub ends: When,
    /// The most seconds that its end may lie ahead when it is extended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<i64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Ends a lease. What is held does not change by that: another step of the same plan does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndLease {
    /// Which.
    pub id: String,
    /// What it was about, in words.
    pub shown: Text,
}

/// Moves a lease's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendLease {
    /// Which.
    pub id: String,
    /// What it is about, in words.
    pub shown: Text,
    /// The new end.
    pub until: Instant,
    /// The end as it was.
    pub before: Instant,
}

/// Changes what is left when a lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebaseLease {
    /// Which.
    pub id: String,
    /// What it is about, in words.
    pub shown: Text,
    /// What is held for good from now on.
    pub base: Option<String>,
    /// What was before.
    pub before: Option<String>,
}

impl OpenLease {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(OPEN, self)
    }
}

impl EndLease {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(END, self)
    }
}

impl ExtendLease {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(EXTEND, self)
    }
}

impl RebaseLease {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(REBASE, self)
    }
}

/// A level by its rank, so that levels can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    rank: u8,
    name: String,
}

/// What is held of one holding, and by what right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What was granted for good.
    base: Option<Level>,
    /// The leases that run, by id.
    leases: Vec<(String, Level)>,
    /// What is held in the world.
    now: Option<Level>,
}

/// A change from one level to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The level now.
    pub from: Option<String>,
    /// The level wanted.
    pub to: Option<String>,
}

/// What ending a lease comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The level changes.
    Turn(Turn),
    /// Something else keeps what is held: a longer lease, or what was granted for good.
    Kept,
    /// The level is not what the bot knows of: somebody changed it, and that is respected.
    ChangedElsewhere,
}

impl Held {
    /// What `now` says is held in the world, beside the leases that run.
    #[must_use]
    pub fn new(grant: &dyn Grant, now: Option<&str>, leases: &[Lease]) -> Self {
        let level = |name: &str| Level { rank: grant.rank(name), name: name.to_owned() };
        let now = now.map(level);
        let base = match leases.first() {
            Some(lease) => lease.base.as_deref().map(level),
            None => now.clone(),
        };
        let leases = leases.iter().map(|lease| (lease.id.clone(), level(&lease.level))).collect();
        Self { base, leases, now }
    }

    /// What was granted for good.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.base.as_ref().map(|level| level.name.as_str())
    }

    /// What is held in the world.
    #[must_use]
    pub fn now(&self) -> Option<&str> {
        self.now.as_ref().map(|level| level.name.as_str())
    }

    /// What is held by what the bot knows.
    fn known(&self) -> Option<&Level> {
        greatest(self.base.as_ref(), self.leases.iter().map(|(_, level)| level))
    }

    fn turn(&self, to: Option<&Level>) -> Option<Turn> {
        let (from, to) = (self.now.as_ref(), to);
        let name = |level: Option<&Level>| level.map(|level| level.name.clone());
        (name(from) != name(to)).then(|| Turn { from: name(from), to: name(to) })
    }

    /// What a lease at this level changes in the world, if anything: a greater level that is held stays.
    #[must_use]
    pub fn lend(&self, grant: &dyn Grant, level: &str) -> Option<Turn> {
        let new = Level { rank: grant.rank(level), name: level.to_owned() };
        let levels = self.leases.iter().map(|(_, level)| level).chain([&new]);
        self.turn(greatest(self.base.as_ref(), levels))
    }

    /// Whether a lease at this level would give nothing that is not held for good.
    #[must_use]
    pub fn is_in_vain(&self, grant: &dyn Grant, level: &str) -> bool {
        self.base.as_ref().is_some_and(|base| base.rank >= grant.rank(level))
    }

    /// What granting this level for good, or taking it away for good, changes in the world. Leases that run
    /// go on.
    #[must_use]
    pub fn settle(&self, grant: &dyn Grant, level: Option<&str>) -> Option<Turn> {
        let base = level.map(|name| Level { rank: grant.rank(name), name: name.to_owned() });
        self.turn(greatest(base.as_ref(), self.leases.iter().map(|(_, level)| level)))
    }

    /// What ending one of the leases changes in the world.
    #[must_use]
    pub fn end(&self, id: &str) -> Ending {
        if self.now.as_ref().map(|level| &level.name) != self.known().map(|level| &level.name) {
            return Ending::ChangedElsewhere;
        }
        let left = self.leases.iter().filter(|(known, _)| known != id).map(|(_, level)| level);
        match self.turn(greatest(self.base.as_ref(), left)) {
            Some(turn) => Ending::Turn(turn),
            None => Ending::Kept,
        }
    }
}

/// The greatest of all; of equals the first.
fn greatest<'a>(base: Option<&'a Level>, levels: impl Iterator<Item = &'a Level>) -> Option<&'a Level> {
    base.into_iter().chain(levels).reduce(|most, level| if level.rank > most.rank { level } else { most })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Ladder;

    #[async_trait]
    impl Grant for Ladder {
        fn kind(&self) -> &'static str {
            "test"
        }
        async fn held(&self, _: &Json) -> Result<Option<String>, OperationError> {
            Ok(None)
        }
        fn change(&self, _: &Json, _: Option<&str>, _: Option<&str>) -> Result<Operation, OperationError> {
            Ok(Operation { kind: "test".into(), version: 1, input: Json::Null })
        }
        fn rank(&self, level: &str) -> u8 {
            level.parse().unwrap_or(0)
        }
    }

    fn lease(id: &str, level: &str, base: Option<&str>) -> Lease {
        Lease {
            id: id.into(),
            holding: Holding {
                grant: "test".into(),
                key: "k".into(),
                subject: Json::Null,
                shown: Text::new(),
            },
            level: level.into(),
            base: base.map(str::to_owned),
            until: Instant::UNIX_EPOCH,
            longest: None,
            reason: None,
            by: PersonId { team: "T".into(), user: "U".into() },
            invocation: "inv-1".into(),
        }
    }

    fn turn(from: Option<&str>, to: Option<&str>) -> Turn {
        Turn { from: from.map(str::to_owned), to: to.map(str::to_owned) }
    }

    #[test]
    fn what_is_lent_ends_with_what_was_before() {
        let none = Held::new(&Ladder, None, &[]);
        assert_eq!(none.lend(&Ladder, "3"), Some(turn(None, Some("3"))));
        let lent = Held::new(&Ladder, Some("3"), &[lease("a", "3", None)]);
        assert_eq!(lent.end("a"), Ending::Turn(turn(Some("3"), None)));
        let had = Held::new(&Ladder, Some("3"), &[lease("a", "3", Some("1"))]);
        assert_eq!(had.end("a"), Ending::Turn(turn(Some("3"), Some("1"))));
    }

    #[test]
    fn leases_that_overlap_and_what_is_granted_for_good_are_respected() {
        let both = [lease("a", "2", None), lease("b", "4", None)];
        let held = Held::new(&Ladder, Some("4"), &both);
        assert_eq!(held.end("a"), Ending::Kept);
        assert_eq!(held.end("b"), Ending::Turn(turn(Some("4"), Some("2"))));
        assert_eq!(held.lend(&Ladder, "3"), None, "the longer and greater lease runs on");
        assert_eq!(held.settle(&Ladder, Some("3")), None);
        let settled = [lease("a", "2", Some("3")), lease("b", "4", Some("3"))];
        assert_eq!(
            Held::new(&Ladder, Some("4"), &settled).end("b"),
            Ending::Turn(turn(Some("4"), Some("3")))
        );
        assert!(Held::new(&Ladder, Some("4"), &settled).is_in_vain(&Ladder, "3"));
    }

    #[test]
    fn what_somebody_changed_elsewhere_is_left_alone() {
        for now in [None, Some("1"), Some("4")] {
            let held = Held::new(&Ladder, now, &[lease("a", "3", None)]);
            assert_eq!(held.end("a"), Ending::ChangedElsewhere, "{now:?}");
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Lend(u8),
        Settle(Option<u8>),
        End(usize),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            (1_u8..6).prop_map(Act::Lend),
            proptest::option::of(1_u8..6).prop_map(Act::Settle),
            (0_usize..4).prop_map(Act::End),
        ];
        proptest::collection::vec(act, 0..24)
    }

    proptest! {
        /// Whatever is lent, granted for good, taken away and ended, in any order: what is held is the greatest of
        /// what was granted for good and of what still runs; and once all leases are over it is the former.
        #[test]
        fn what_is_held_is_the_greatest_of_what_is_granted(acts in acts(), first in proptest::option::of(1_u8..6)) {
            let name = |level: Option<u8>| level.map(|level| level.to_string());
            let (mut base, mut now) = (name(first), name(first));
            let mut running: Vec<Lease> = Vec::new();
            let mut made = 0;
            for act in acts {
                let held = Held::new(&Ladder, now.as_deref(), &running);
                prop_assert_eq!(held.base(), base.as_deref());
                let done = match act {
                    Act::Lend(level) => {
                        let turn = held.lend(&Ladder, &level.to_string());
                        made += 1;
                        running.push(lease(&made.to_string(), &level.to_string(), base.as_deref()));
                        turn
                    }
                    Act::Settle(level) => {
                        let turn = held.settle(&Ladder, name(level).as_deref());
                        base = name(level);
                        for lease in &mut running { lease.base.clone_from(&base); }
                        turn
                    }
                    Act::End(which) => match running.get(which).map(|lease| lease.id.clone()) {
                        Some(id) => {
                            let ending = held.end(&id);
                            running.retain(|lease| lease.id != id);
                            match ending {
                                Ending::Turn(turn) => Some(turn),
                                Ending::Kept => None,
                                Ending::ChangedElsewhere => { prop_assert!(false, "nobody changed it"); None }
                            }
                        }
                        None => None,
                    },
                };
                if let Some(turn) = done {
                    prop_assert_eq!(&turn.from, &now);
                    now = turn.to;
                }
                let rank = |level: &Option<String>| level.as_deref().map_or(0, |level| Ladder.rank(level));
                let most = running.iter().map(|lease| Ladder.rank(&lease.level)).max().unwrap_or(0).max(rank(&base));
                prop_assert_eq!(rank(&now), most);
            }
            for id in running.iter().map(|lease| lease.id.clone()).collect::<Vec<_>>() {
                let held = Held::new(&Ladder, now.as_deref(), &running);
                if let Ending::Turn(turn) = held.end(&id) { now = turn.to; }
                running.retain(|lease| lease.id != id);
            }
            prop_assert_eq!(now, base);
        }
    }
}
