//! How all devices stand, in one message.

use std::collections::BTreeMap;

use hubcommander_posture::{Catalogue, PracticeKey, Status, tally};
use hubcommander_sdk::message::{Button, Message, Part};
use hubcommander_sdk::text::Text;

use super::listed;
use crate::look::Look;

/// How many devices stand how in each practice, the worst first. `pages` says whether the web shows more.
#[must_use]
pub fn fleet(look: &Look, catalogue: &Catalogue, pages: bool) -> Message {
    let lately = look.devices.iter().filter(|device| !device.silent).count();
    let silent = look.devices.len() - lately;
    let mut message = Message::new(match lately {
        0 => "No device has been heard of lately.".to_owned(),
        1 => "One device has been heard of lately.".to_owned(),
        n => format!("{n} devices have been heard of lately."),
    });
    if silent > 0 {
        let days = catalogue.silent_after_days;
        message = message.line(format!("Not counted: {silent} not heard of for {days} days or more."));
    }
    let mut counts: BTreeMap<PracticeKey, BTreeMap<Status, u64>> = BTreeMap::new();
    for one in tally(&look.devices) {
        *counts.entry(one.practice).or_default().entry(one.status).or_default() += one.devices;
    }
    let mut rows: Vec<_> = counts
        .into_iter()
        .filter_map(|(key, counts)| {
            let practice = catalogue.practices.get(&key)?;
            let of = |status| counts.get(&status).copied().unwrap_or_default();
            let numbers = [of(Status::Warn), of(Status::Nudge), of(Status::Unknown), of(Status::Ok)];
            // What is there for no device tells nothing.
            (numbers.iter().sum::<u64>() > 0).then_some((practice, numbers))
        })
        .collect();
    rows.sort_by_key(|(practice, [warn, nudge, ..])| {
        (std::cmp::Reverse(*warn), std::cmp::Reverse(*nudge), practice.order)
    });
    if !rows.is_empty() {
        let header = ["Practice", "Critical", "Suggested", "Unknown", "Fine"].map(str::to_owned).to_vec();
        let row = |(practice, numbers): (&hubcommander_posture::Practice, [u64; 4])| {
            let mut row = vec![Text::from(practice.title.as_str())];
            row.extend(numbers.iter().map(|number| Text::from(number.to_string().as_str())));
            row
        };
        message = message.part(Part::Table { header, rows: rows.into_iter().map(row).collect() });
    }
    let missing: Vec<&str> = look.silent().collect();
    if !missing.is_empty() {
        message = message.line(format!("Not in this: {}, which did not answer.", listed(&missing)));
    }
    if pages {
        message = message.button(Button::Pages { label: "Open the page".to_owned() });
    }
    message
}
