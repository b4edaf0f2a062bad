//! The rail: when so many leave at once that it is more likely a mistake.

use chrono::TimeDelta;

use super::Settings;

/// Within how long those who leave are counted together.
pub const WITHIN: TimeDelta = TimeDelta::hours(24);

/// How many may leave within a day without anybody being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rail {
    /// So many people.
    pub most: u32,
    /// And so many percent of those who work here; one may always leave.
    pub most_percent: u32,
}

impl Settings {
    pub(super) fn rail(&self) -> Rail {
        Rail { most: self.most, most_percent: self.most_percent }
    }
}

impl Rail {
    /// How many of `working` people may leave.
    #[must_use]
    pub fn limit(self, working: usize) -> usize {
        let of = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let share = working.saturating_mul(of(self.most_percent)) / 100;
        of(self.most).min(share.max(1))
    }

    /// Whether so many are too many.
    #[must_use]
    pub fn holds(self, leaving: usize, working: usize) -> bool {
        leaving > self.limit(working)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_count_and_by_percent() {
        let rail = Rail { most: 10, most_percent: 5 };
        assert!(!rail.holds(10, 10_000));
        assert!(rail.holds(11, 10_000));
        assert!(!rail.holds(5, 100));
        assert!(rail.holds(6, 100));
        // 5 % of 39 is not yet two.
        assert!(!rail.holds(1, 39));
        assert!(rail.holds(2, 39));
        assert!(!rail.holds(2, 40));
    }

    proptest! {
        #[test]
        fn the_rail_is_both_limits_and_one_may_always_leave(
            most in 1u32..1_000, most_percent in 1u32..=100, working in 0usize..100_000, leaving in 0usize..2_000,
        ) {
            let rail = Rail { most, most_percent };
            let by_count = leaving > most as usize;
            let by_percent = leaving > 1 && leaving * 100 > working * most_percent as usize;
            prop_assert_eq!(rail.holds(leaving, working), by_count || by_percent);
            prop_assert!(!rail.holds(1, working));
        }

        #[test]
        fn who_holds_few_holds_more_and_a_larger_house_holds_fewer(
            most in 1u32..1_000, most_percent in 1u32..=100, working in 0usize..100_000, leaving in 0usize..2_000,
            more in 0usize..100,
        ) {
            let rail = Rail { most, most_percent };
            prop_assert!(!rail.holds(leaving, working) || rail.holds(leaving + more, working));
            prop_assert!(rail.holds(leaving, working) || !rail.holds(leaving, working + more));
        }
    }
}
