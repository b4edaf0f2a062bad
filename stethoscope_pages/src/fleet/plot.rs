//! Plots, drawn here: a line per system, its name at its end, its own dashes and colour; the numbers below.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use hubcommander_posture::{Platform, PracticeKey};

use crate::ports::DayCount;
use crate::show::{day, of_platform};

/// The drawing's measures, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 52.0;
/// Names at the ends of lines keep this far apart.
const APART: f64 = 16.0;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// Which of the classes `l0` to `l6` in the stylesheet: colour, and dashes.
    pub(crate) class: usize,
    pub(crate) points: String,
    /// Where the last point is, and where its name stands.
    pub(crate) end: (String, String),
    pub(crate) label_y: String,
}

/// One plot with its message and its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(crate) id: &'static str,
    pub(crate) message: String,
    /// What the upright axis counts.
    pub(crate) unit: &'static str,
    pub(crate) lines: Vec<Line>,
    /// Where on the upright axis, and what is written there.
    pub(crate) across: Vec<(String, String)>,
    /// The same for the level axis.
    pub(crate) along: Vec<(String, String)>,
    pub(crate) heads: Vec<&'static str>,
    /// Day, and a number for each line.
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

impl Plot {
    pub(crate) fn width(&self) -> f64 {
        WIDTH
    }
    pub(crate) fn height(&self) -> f64 {
        HEIGHT
    }
    pub(crate) fn left(&self) -> f64 {
        LEFT
    }
    pub(crate) fn right(&self) -> f64 {
        WIDTH - RIGHT
    }
    pub(crate) fn bottom(&self) -> f64 {
        HEIGHT - BOTTOM
    }
}

type Series = BTreeMap<Option<Platform>, BTreeMap<NaiveDate, f64>>;

/// Two plots of one practice: the share that is fine, and how many are critical.
pub(crate) fn plots(key: &PracticeKey, title: &str, days: &[DayCount]) -> Vec<Plot> {
    let days: Vec<&DayCount> =
        days.iter().filter(|count| count.practice == *key && count.total() > 0).collect();
    if days.is_empty() {
        return Vec::new();
    }
    let (mut share, mut critical): (Series, Series) = (BTreeMap::new(), BTreeMap::new());
    for count in &days {
        let percent = f64::from(count.ok) * 100.0 / f64::from(count.total());
        share.entry(count.platform).or_default().insert(count.day, percent);
        critical.entry(count.platform).or_default().insert(count.day, f64::from(count.warn));
    }
    let sum = |day: NaiveDate, what: fn(&DayCount) -> u32| -> u32 {
        days.iter().filter(|count| count.day == day).map(|count| what(count)).sum()
    };
    let (first, last) = (days[0].day, days[days.len() - 1].day);
    let (fine, all) = (sum(last, |count| count.ok), sum(last, DayCount::total));
    let now_percent = f64::from(fine) * 100.0 / f64::from(all.max(1));
    let then =
        f64::from(sum(first, |count| count.ok)) * 100.0 / f64::from(sum(first, DayCount::total).max(1));
    let change = (now_percent - then).round();
    let moved = match change {
        change if change > 0.0 => format!("{change:.0} points more than on {}", day(first)),
        change if change < 0.0 => format!("{:.0} points less than on {}", -change, day(first)),
        _ => format!("as on {}", day(first)),
    };
    let (warn, warn_then) = (sum(last, |count| count.warn), sum(first, |count| count.warn));
    let than = match warn.cmp(&warn_then) {
        std::cmp::Ordering::Less => format!("{} fewer than on {}", warn_then - warn, day(first)),
        std::cmp::Ordering::Greater => format!("{} more than on {}", warn - warn_then, day(first)),
        std::cmp::Ordering::Equal => format!("as many as on {}", day(first)),
    };
    let most = critical.values().flat_map(BTreeMap::values).fold(0.0, |most: f64, one| most.max(*one));
    vec![
        draw(
            "share",
            format!("{title}: {fine} of {all} devices are fine ({now_percent:.0} %), {moved}"),
            "Devices that are fine, in %",
            &share,
            100.0,
            (first, last),
        ),
        draw(
            "critical",
            format!("{title}: {warn} devices are critical, {than}"),
            "Critical devices, number",
            &critical,
            nice(most),
            (first, last),
        ),
    ]
}

/// The next number that four equal steps lead to in whole numbers.
fn nice(most: f64) -> f64 {
    let mut step = 1.0;
    while step * 4.0 < most {
        step = if step < 2.0 {
            2.0
        } else if step < 5.0 {
            5.0
        } else {
            step * 2.0
        };
    }
    step * 4.0
}

fn draw(
    id: &'static str,
    message: String,
    unit: &'static str,
    series: &Series,
    most: f64,
    (first, last): (NaiveDate, NaiveDate),
) -> Plot {
    let span = f64::from(i32::try_from((last - first).num_days()).unwrap_or(i32::MAX)).max(1.0);
    let x = |day: NaiveDate| {
        let since = f64::from(i32::try_from((day - first).num_days()).unwrap_or_default());
        LEFT + (WIDTH - LEFT - RIGHT) * since / span
    };
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most;
    let mut lines: Vec<(f64, Line)> = series
        .iter()
        .map(|(platform, values)| {
            let points: Vec<String> =
                values.iter().map(|(day, value)| format!("{:.1},{:.1}", x(*day), y(*value))).collect();
            let (day, value) = values.iter().next_back().map_or((first, 0.0), |(day, value)| (*day, *value));
            let line = Line {
                name: of_platform(*platform),
                class: class(*platform),
                points: points.join(" "),
                end: (format!("{:.1}", x(day)), format!("{:.1}", y(value))),
                label_y: String::new(),
            };
            (y(value), line)
        })
        .collect();
    // Names must not lie upon each other: from the lowest up, each is moved up as far as it needs.
    lines.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut free = HEIGHT - BOTTOM + 4.0;
    for (at, _) in &mut lines {
        *at = at.min(free);
        free = *at - APART;
    }
    // And none above the drawing: then from the highest down.
    let mut free = TOP;
    for (at, line) in lines.iter_mut().rev() {
        *at = at.max(free);
        line.label_y = format!("{:.1}", *at + 4.0);
        free = *at + APART;
    }
    let all: BTreeSet<NaiveDate> = series.values().flat_map(|values| values.keys().copied()).collect();
    let along = [0.0, 0.25, 0.5, 0.75, 1.0]
        .into_iter()
        .map(|part| first + chrono::TimeDelta::days((span * part) as i64))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|day| (format!("{:.1}", x(day)), day.format("%-d %b").to_string()))
        .collect();
    Plot {
        id,
        message,
        unit,
        lines: lines.into_iter().map(|(_, line)| line).collect(),
        across: (0..=4)
            .map(|step| most * f64::from(step) / 4.0)
            .map(|value| (format!("{:.1}", y(value)), format!("{value:.0}")))
            .collect(),
        along,
        heads: series.keys().map(|platform| of_platform(*platform)).collect(),
        rows: all
            .iter()
            .rev()
            .map(|on| {
                let numbers = series.values().map(|values| {
                    values.get(on).map_or_else(|| "–".to_owned(), |value| format!("{value:.0}"))
                });
                (day(*on), numbers.collect())
            })
            .collect(),
    }
}

fn class(platform: Option<Platform>) -> usize {
    match platform {
        Some(Platform::MacOs) => 0,
        Some(Platform::Windows) => 1,
        Some(Platform::Ubuntu) => 2,
        Some(Platform::Ios) => 3,
        Some(Platform::Android) => 4,
        Some(Platform::ChromeOS) => 5,
        None => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_above_what_it_shows() {
        for (most, end) in [(0.0, 4.0), (4.0, 4.0), (5.0, 8.0), (9.0, 20.0), (33.0, 40.0)] {
            assert!((nice(most) - end).abs() < 1e-9, "{most}: {}", nice(most));
        }
    }
}
