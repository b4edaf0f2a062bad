//! Lengths of time as people type them: a number and a unit.

use crate::problem::InvalidReason;

const UNITS: [(&str, i64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// No length of time that anybody means is longer: ten years.
const LONGEST: i64 = 3_660 * 86_400;

/// The seconds of `14d`, `12h`, `2 weeks`, `90min`.
///
/// # Errors
/// It is empty, not of that form, or longer than ten years.
pub fn seconds(word: &str) -> Result<i64, InvalidReason> {
    if word.is_empty() {
        return Err(InvalidReason::Empty);
    }
    let split = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(split);
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit = match unit.as_str() {
        "w" | "week" | "weeks" => 604_800,
        "d" | "day" | "days" => 86_400,
        "h" | "hour" | "hours" => 3_600,
        "m" | "min" | "minute" | "minutes" => 60,
        "s" | "second" | "seconds" => 1,
        _ => return Err(InvalidReason::NotADuration),
    };
    let seconds = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit));
    seconds.filter(|seconds| (1..=LONGEST).contains(seconds)).ok_or(InvalidReason::NotADuration)
}

/// As it is typed: in the largest unit that divides it.
#[must_use]
pub fn written(seconds: i64) -> String {
    // `14d` reads better than `2w` where a person thought in days; a week is only used from two months on.
    let fits = |size: i64| seconds % size == 0 && (size < 604_800 || seconds >= 60 * 86_400);
    let (unit, size) = UNITS.into_iter().find(|&(_, size)| fits(size)).unwrap_or(("s", 1));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_as_people_type_them() {
        for (typed, long) in [
            ("14d", 14 * 86_400),
            ("2W", 14 * 86_400),
            ("12h", 43_200),
            ("90min", 5_400),
            ("1 day", 86_400),
            ("30s", 30),
        ] {
            assert_eq!(seconds(typed), Ok(long), "{typed}");
        }
        for typed in ["14", "d", "-1d", "0d", "1y", "1.5d", "99999999999999999999d", "9999999d", "1d2h", "²d"]
        {
            assert_eq!(seconds(typed), Err(InvalidReason::NotADuration), "{typed}");
        }
        assert_eq!(seconds(""), Err(InvalidReason::Empty));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for long in [1, 60, 61, 3_600, 86_400, 14 * 86_400, 70 * 86_400, 604_800, 90] {
            assert_eq!(seconds(&written(long)), Ok(long), "{}", written(long));
        }
        assert_eq!(written(14 * 86_400), "14d");
        assert_eq!(written(3_660 * 86_400), "3660d");
    }
}
