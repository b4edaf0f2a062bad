//! What people read about their devices in Slack: what happened, then what to do, the worst first, and only what
//! is not fine.

mod fixing;
mod fleet;
mod nudge;
mod status;
mod thanks;

pub use fixing::{Topic, directions};
pub use fleet::fleet;
pub use nudge::nudge;
pub use status::{Asked, Standing, first_need, needs, status};
pub use thanks::put_right;

use hubcommander_posture::{Assessment, Catalogue, Device, Practice, PracticeKey, Status};

/// What a device is called: by its owner, else by its model, else by its system.
#[must_use]
pub fn name_of(device: &Device) -> String {
    let named =
        [&device.name, &device.model, &device.os].into_iter().flatten().find(|name| !name.trim().is_empty());
    named.map_or_else(|| "A device without a name".to_owned(), |name| name.trim().to_owned())
}

/// What a practice is called where it stands like this.
pub(crate) fn title(practice: &Practice, status: Status) -> &str {
    practice.titles.get(&status).unwrap_or(&practice.title)
}

/// What needs its owner, in the order in which to do it: the critical first, then what is quickest.
#[must_use]
pub fn to_do<'a>(
    device: &'a Device,
    catalogue: &'a Catalogue,
) -> Vec<(&'a PracticeKey, &'a Practice, &'a Assessment)> {
    let mut list: Vec<_> = device
        .practices
        .iter()
        .filter(|(_, found)| matches!(found.status, Status::Warn | Status::Nudge))
        .filter_map(|(key, found)| Some((key, catalogue.practices.get(key)?, found)))
        .collect();
    list.sort_by_key(|(key, practice, found)| {
        (std::cmp::Reverse(found.status), practice.minutes, practice.order, (*key).clone())
    });
    list
}

/// The names of practices of which nobody can tell.
#[must_use]
pub fn untold<'a>(device: &'a Device, catalogue: &'a Catalogue) -> Vec<&'a str> {
    let unknown = device.practices.iter().filter(|(_, found)| found.status == Status::Unknown);
    unknown
        .filter_map(|(key, _)| catalogue.practices.get(key))
        .map(|practice| practice.title.as_str())
        .collect()
}

/// About how many minutes all of it takes.
pub(crate) fn minutes(device: &Device, catalogue: &Catalogue) -> u32 {
    to_do(device, catalogue).iter().map(|(_, practice, _)| practice.minutes).sum()
}

/// "1 minute", "7 minutes".
pub(crate) fn in_minutes(minutes: u32) -> String {
    if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") }
}

/// "a, b and c".
pub(crate) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
