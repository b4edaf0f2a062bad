//! Who joined, left, changed and came back between two times.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Person, Roll};

/// How somebody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// The directory keeps them and says that they are not active any more.
    Deactivated,
    /// The directory does not know them any more.
    Gone,
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Change {
    /// Somebody new.
    Joined {
        /// Who.
        person: Person,
    },
    /// Something is known otherwise of somebody who works here, before and after.
    Changed {
        /// As it was.
        before: Box<Person>,
        /// As it is.
        after: Box<Person>,
    },
    /// Somebody works here no more.
    Left {
        /// Who, as they were known last.
        person: Person,
        /// How.
        how: Departure,
    },
    /// Somebody who had left works here again.
    Back {
        /// Who.
        person: Person,
    },
    /// A group has other members, or another name.
    Group {
        /// The directory's id of the group.
        id: String,
        /// Its name now, or its last one.
        name: String,
        /// Ids of those who came in.
        came: BTreeSet<String>,
        /// Ids of those who are out.
        went: BTreeSet<String>,
    },
}

/// What it means that somebody is known like this after having been known like that. `None` if nothing: also when
/// somebody who had left is known otherwise, or is gone.
#[must_use]
pub fn between(before: Option<&Person>, after: Option<&Person>) -> Option<Change> {
    match (before, after) {
        (None, Some(after)) if after.active => Some(Change::Joined { person: after.clone() }),
        (Some(before), None) if before.active => {
            Some(Change::Left { person: before.clone(), how: Departure::Gone })
        }
        (Some(before), Some(after)) => match (before.active, after.active) {
            (true, false) => Some(Change::Left { person: after.clone(), how: Departure::Deactivated }),
            (false, true) => Some(Change::Back { person: after.clone() }),
            (true, true) if !before.same_as(after) => {
                Some(Change::Changed { before: Box::new(before.clone()), after: Box::new(after.clone()) })
            }
            _ => None,
        },
        _ => None,
    }
}

/// All that happened between two rolls of one source, by the people's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    all: Vec<Change>,
    unknown: Vec<String>,
}

impl Changes {
    /// Both are in the order of ids, so one walk along them is enough.
    pub(crate) fn of(before: &Roll, after: &Roll) -> Self {
        let mut changes = Self::default();
        let (mut old, mut new) = (before.people().iter().peekable(), after.people().iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return changes,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.id.cmp(&new.id),
            };
            let one = if order.is_le() { old.next() } else { None };
            let other = if order.is_ge() { new.next() } else { None };
            match (one, other) {
                // Whoever may stand among what could not be read has not left.
                (Some(one), None) if !after.is_whole() => {
                    if one.active {
                        changes.unknown.push(one.id.clone());
                    }
                }
                (one, other) => changes.all.extend(between(one, other)),
            }
        }
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> &[Change] {
        &self.all
    }

    /// Ids of those who are missing from a roll that is not whole: nobody knows whether they have left.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Who is new.
    pub fn joined(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().filter_map(|one| match one {
            Change::Joined { person } => Some(person),
            _ => None,
        })
    }

    /// Who left.
    pub fn left(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().filter_map(|one| match one {
            Change::Left { person, .. } => Some(person),
            _ => None,
        })
    }

    /// Who came back.
    pub fn back(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().filter_map(|one| match one {
            Change::Back { person } => Some(person),
            _ => None,
        })
    }

    /// Of whom something is known otherwise: before and after.
    pub fn changed(&self) -> impl Iterator<Item = (&Person, &Person)> {
        self.all.iter().filter_map(|one| match one {
            Change::Changed { before, after } => Some((before.as_ref(), after.as_ref())),
            _ => None,
        })
    }
}

/// Who wants to know what has happened.
#[async_trait]
pub trait Told: Send + Sync {
    /// This has happened, and is kept: [`crate::Keep::put`] was given the same change to write down with it. So
    /// this is the word to go and look, and nothing is lost when the program ends before it is said.
    async fn told(&self, change: &Change);
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::clock::Instant;
    use proptest::prelude::*;

    use super::*;
    use crate::{Email, Trouble};

    fn at(second: i64) -> Instant {
        Instant::from_timestamp(second, 0).unwrap()
    }

    fn person(id: u32, active: bool) -> Person {
        let mut person = Person::new(format!("p{id}"), format!("p{id}@example.com"));
        person.active = active;
        person
    }

    fn roll(people: &[Person]) -> Roll {
        Roll::new("test", at(0), people.to_vec(), vec![]).unwrap()
    }

    fn ids<'a>(people: impl Iterator<Item = &'a Person>) -> Vec<&'a str> {
        people.map(|one| one.id.as_str()).collect()
    }

    #[test]
    fn who_joined_left_changed_and_came_back() {
        let before =
            roll(&[person(1, true), person(2, true), person(3, false), person(4, true), person(5, false)]);
        let mut renamed = person(4, true);
        renamed.name = "Ana".to_owned();
        let after = roll(&[person(6, true), person(7, false), renamed, person(3, true), person(2, false)]);
        let changes = after.since(&before);
        assert_eq!(ids(changes.joined()), ["p6"]);
        assert_eq!(ids(changes.left()), ["p1", "p2"]);
        assert_eq!(ids(changes.back()), ["p3"]);
        assert_eq!(ids(changes.changed().map(|(_, after)| after)), ["p4"]);
        assert_eq!(changes.all().len(), 5);
        let how = changes.all().iter().filter_map(|one| match one {
            Change::Left { how, .. } => Some(*how),
            _ => None,
        });
        assert_eq!(how.collect::<Vec<_>>(), [Departure::Gone, Departure::Deactivated]);
    }

    #[test]
    fn whoever_is_missing_from_half_a_roll_has_not_left() {
        let before = roll(&[person(1, true), person(2, true), person(3, false)]);
        let after =
            Roll::new("test", at(1), vec![person(2, false)], vec!["line 3: no id".to_owned()]).unwrap();
        let changes = after.since(&before);
        assert_eq!(ids(changes.left()), ["p2"]);
        assert_eq!(changes.unknown(), ["p1"]);
    }

    #[test]
    fn when_something_was_written_down_is_no_change() {
        let mut later = person(1, true);
        later.changed = Some(at(9));
        assert_eq!(roll(&[later]).since(&roll(&[person(1, true)])), Changes::default());
    }

    #[test]
    fn an_empty_roll_a_doubled_id_and_a_halved_roll_are_no_rolls() {
        let partial = |people: Vec<Person>| match Roll::new("test", at(0), people, vec![]) {
            Err(Trouble::Partial { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(partial(vec![]), "nobody is in it");
        assert_eq!(
            partial(vec![person(1, true), person(2, true), person(1, false)]),
            "two records have one id"
        );
        let left = roll(&[person(1, true), person(2, false), person(3, false)]);
        assert!(left.clone().not_halved(2).is_ok());
        let shrunk = Trouble::Shrunk { directory: "test".to_owned(), before: 3, now: 1 };
        assert_eq!(left.not_halved(3), Err(shrunk));
    }

    #[test]
    fn a_change_survives_being_written_down() {
        let mut one = person(1, true);
        one.add_email(Email::parse("Ana@Example.com").unwrap());
        let change = Change::Left { person: one, how: Departure::Gone };
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
    }

    proptest! {
        /// Whoever applies the changes to who worked here before gets who works here after.
        #[test]
        fn changes_lead_from_one_roll_to_the_other(
            old in prop::collection::btree_map(0_u32..60, any::<bool>(), 1..40),
            new in prop::collection::btree_map(0_u32..60, any::<bool>(), 1..40),
        ) {
            let people = |map: &std::collections::BTreeMap<u32, bool>| {
                roll(&map.iter().map(|(id, active)| person(*id, *active)).collect::<Vec<_>>())
            };
            let (before, after) = (people(&old), people(&new));
            let changes = after.since(&before);
            let active = |roll: &Roll| -> BTreeSet<String> {
                roll.people().iter().filter(|one| one.active).map(|one| one.id.clone()).collect()
            };
            let mut reached = active(&before);
            for one in changes.left() {
                prop_assert!(reached.remove(&one.id));
            }
            for one in changes.joined().chain(changes.back()) {
                prop_assert!(reached.insert(one.id.clone()));
            }
            prop_assert_eq!(reached, active(&after));
        }
    }
}
