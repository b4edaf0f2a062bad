//! How much one person may ask within a minute, so that neither a slip nor a stolen account floods the bot.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hubcommander_sdk::command::CommandSpec;
use hubcommander_sdk::people::PersonId;

/// How many people are remembered before those who have been quiet are forgotten.
const PEOPLE: usize = 10_000;

/// How much within a minute; none for as much as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerMinute {
    /// Commands in all.
    pub commands: Option<NonZeroU32>,
    /// Commands that change something.
    pub changes: Option<NonZeroU32>,
}

impl PerMinute {
    /// What people who work by hand do not reach.
    pub const USUAL: Self = Self { commands: NonZeroU32::new(60), changes: NonZeroU32::new(20) };
}

impl Default for PerMinute {
    fn default() -> Self {
        Self::USUAL
    }
}

/// What is over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// How long until the next is taken.
    pub wait: Duration,
    /// Whether the person is told: once within a minute.
    pub to_be_said: bool,
}

type Keyed = DefaultKeyedRateLimiter<PersonId>;

/// Counts what people ask.
pub struct Limits {
    commands: Option<Keyed>,
    changes: Option<Keyed>,
    told: Keyed,
}

impl Limits {
    /// These limits.
    #[must_use]
    pub fn new(limits: PerMinute) -> Self {
        let keyed = |most: NonZeroU32| RateLimiter::keyed(Quota::per_minute(most));
        Self {
            commands: limits.commands.map(keyed),
            changes: limits.changes.map(keyed),
            told: keyed(NonZeroU32::MIN),
        }
    }

    /// Counts one more command of this person.
    ///
    /// # Errors
    /// That is more than one person may.
    pub fn take(&self, person: &PersonId, spec: &CommandSpec) -> Result<(), Over> {
        let changes = self.changes.as_ref().filter(|_| spec.risk.is_some());
        for limiter in self.commands.iter().chain(changes) {
            if limiter.len() > PEOPLE {
                limiter.retain_recent();
            }
            if let Err(not_until) = limiter.check_key(person) {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                return Err(Over { wait, to_be_said: self.told.check_key(person).is_ok() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::plan::Risk;

    use super::*;

    #[test]
    fn each_person_has_their_own_and_is_told_once() {
        let limits = Limits::new(PerMinute { commands: NonZeroU32::new(3), changes: NonZeroU32::new(2) });
        let person = |user: &str| PersonId { team: "T".into(), user: user.into() };
        let reads = CommandSpec::new("Read", "", "");
        let changes = CommandSpec::new("Change", "", "").changes(Risk::Reversible);
        assert_eq!(limits.take(&person("U1"), &changes), Ok(()));
        assert_eq!(limits.take(&person("U1"), &changes), Ok(()));
        let over = limits.take(&person("U1"), &changes).unwrap_err();
        assert!(over.to_be_said && over.wait > Duration::ZERO && over.wait <= Duration::from_secs(60));
        assert!(!limits.take(&person("U1"), &reads).unwrap_err().to_be_said, "told already");
        assert_eq!(limits.take(&person("U2"), &reads), Ok(()));
        let none = Limits::new(PerMinute { commands: None, changes: None });
        assert!((0..1_000).all(|_| none.take(&person("U1"), &changes).is_ok()));
    }
}
