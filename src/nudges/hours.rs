//! When somebody is nudged, where they are.

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Weekday};
use hubcommander_sdk::clock::Instant;

/// From and until which hour people work, Monday to Friday.
const WORK: std::ops::Range<u32> = 9..17;

/// Over how long those of one hour are spread, in seconds, so that thousands do not come at once.
const SPREAD: u64 = 3_600;

/// How far east and west of UTC people are.
const EASTMOST: TimeDelta = TimeDelta::hours(14);
const WESTMOST: TimeDelta = TimeDelta::hours(12);

/// How far into the hour this person comes. Always the same for one person.
#[must_use]
pub fn share(user: &str) -> TimeDelta {
    // FNV-1a: the same in each version of the program.
    let hash = user.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    TimeDelta::seconds(i64::try_from(hash % SPREAD).unwrap_or_default())
}

/// The day of that name that is now somewhere on Earth, until work is over everywhere.
#[must_use]
pub fn open_day(now: Instant, day: Weekday) -> Option<NaiveDate> {
    let today = now.date_naive();
    let near = [today.checked_sub_days(Days::new(1)), Some(today), today.checked_add_days(Days::new(1))];
    near.into_iter().flatten().filter(|date| date.weekday() == day).find(|date| {
        let (begin, end) = (at_hour(*date, 0) - EASTMOST, at_hour(*date, WORK.end) + WESTMOST);
        begin <= now && now < end
    })
}

/// When somebody `offset` seconds east of UTC is nudged on that day; `None` if their work is over by then.
#[must_use]
pub fn slot(date: NaiveDate, hour: u32, offset: i32, user: &str, now: Instant) -> Option<Instant> {
    let usual = at_hour(date, hour) - TimeDelta::seconds(offset.into()) + share(user);
    // Who is late, because the program did not run, comes within the next hour.
    let at = if usual >= now { usual } else { now + share(user) };
    let local = local(at, offset);
    (local.date() == date && WORK.contains(&local.hour())).then_some(at)
}

/// Whether somebody `offset` seconds east of UTC is at work.
#[must_use]
pub fn is_working(now: Instant, offset: i32) -> bool {
    let local = local(now, offset);
    is_workday(local.date()) && WORK.contains(&local.hour())
}

/// When they are at work again, and have had time to arrive.
#[must_use]
pub fn next_working(now: Instant, offset: i32, hour: u32, user: &str) -> Instant {
    let mut date = local(now, offset).date();
    loop {
        let at = at_hour(date, hour) - TimeDelta::seconds(offset.into()) + share(user);
        if at > now && is_workday(date) {
            return at;
        }
        match date.checked_add_days(Days::new(1)) {
            Some(next) => date = next,
            None => return at,
        }
    }
}

fn is_workday(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn local(at: Instant, offset: i32) -> chrono::NaiveDateTime {
    at.naive_utc().checked_add_signed(TimeDelta::seconds(offset.into())).unwrap_or(at.naive_utc())
}

fn at_hour(date: NaiveDate, hour: u32) -> Instant {
    date.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// 1 December 2026 is a Tuesday.
    const TUESDAY: &str = "2026-12-01";

    #[test]
    fn a_day_is_open_as_long_as_it_is_that_day_somewhere() {
        for (now, open) in [
            ("2026-11-30T09:59:59Z", false),
            ("2026-11-30T10:00:00Z", true),
            ("2026-12-01T12:00:00Z", true),
            ("2026-12-02T04:59:59Z", true),
            ("2026-12-02T05:00:00Z", false),
        ] {
            let expected = open.then(|| date(TUESDAY));
            assert_eq!(open_day(at(now), Weekday::Tue), expected, "{now}");
        }
    }

    #[test]
    fn everyone_is_nudged_in_their_own_morning() {
        let now = at("2026-11-30T10:00:00Z");
        for offset in [-12 * 3_600, -8 * 3_600, 0, 5 * 3_600 + 1_800, 14 * 3_600] {
            let slot = slot(date(TUESDAY), 10, offset, "U0ANA", now).unwrap();
            let local = local(slot, offset);
            assert_eq!((local.date(), local.hour()), (date(TUESDAY), 10), "{offset}");
            assert!(is_working(slot, offset));
        }
    }

    #[test]
    fn who_is_late_comes_within_an_hour_or_not_at_all() {
        let user = "U0ANA";
        let late = slot(date(TUESDAY), 10, 0, user, at("2026-12-01T13:00:00Z")).unwrap();
        assert_eq!(late, at("2026-12-01T13:00:00Z") + share(user));
        assert_eq!(slot(date(TUESDAY), 10, 0, user, at("2026-12-01T17:00:00Z")), None);
        assert_eq!(slot(date(TUESDAY), 10, 0, user, at("2026-12-02T01:00:00Z")), None);
    }

    #[test]
    fn thousands_are_spread_over_the_hour() {
        let mut minutes = [0; 60];
        for number in 0..10_000 {
            let share = share(&format!("U{number:08}"));
            minutes[usize::try_from(share.num_minutes()).unwrap()] += 1;
        }
        assert!(minutes.iter().all(|count| (100..250).contains(count)), "{minutes:?}");
    }

    #[test]
    fn nobody_is_nudged_at_night_or_on_a_weekend() {
        let berlin = 3_600;
        for (now, working) in [
            ("2026-12-01T07:59:59Z", false),
            ("2026-12-01T08:00:00Z", true),
            ("2026-12-01T15:59:59Z", true),
            ("2026-12-01T16:00:00Z", false),
            ("2026-12-05T10:00:00Z", false),
        ] {
            assert_eq!(is_working(at(now), berlin), working, "{now}");
        }
        let next = next_working(at("2026-12-04T20:00:00Z"), berlin, 10, "U0ANA");
        assert_eq!(next, at("2026-12-07T09:00:00Z") + share("U0ANA"), "after the weekend");
        let next = next_working(at("2026-12-01T03:00:00Z"), berlin, 10, "U0ANA");
        assert_eq!(next, at("2026-12-01T09:00:00Z") + share("U0ANA"), "the same morning");
    }
}
