//! The answer that a page opens with.

use hubcommander_posture::{Catalogue, Status};
use hubcommander_stethoscope::{Look, Outcome};

use super::device::{capital, name, needs};
use super::words::{Mark, and, count, number};

/// What the page opens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    /// "Two of your three devices are fine."
    pub(crate) answer: String,
    /// "Your MacBook needs one thing."
    pub(crate) more: String,
    /// Which sources did not answer, and what follows; empty if all did.
    pub(crate) missing: String,
    /// The state of the whole.
    pub(crate) mark: Mark,
    /// What is critical: the device's place in the look, its name and what it is about.
    pub(crate) critical: Vec<(usize, String, String)>,
}

/// The answer. `whose` is "your" or "Mia's".
pub(crate) fn headline(look: &Look, catalogue: &Catalogue, whose: &str) -> Headline {
    let silent: Vec<String> = look
        .answers
        .iter()
        .filter(|answer| answer.outcome == Outcome::Silent)
        .map(|answer| answer.title.clone())
        .collect();
    let active: Vec<_> = look.current().collect();
    let all = active.len();
    let is_fine = |device: &&&hubcommander_posture::Device| {
        Mark::from(device.rating) == Mark::Done && !device.practices.is_empty()
    };
    let fine = active.iter().filter(is_fine).count();
    let answer = match (all, fine) {
        (0, _) if !silent.is_empty() => "We cannot tell which devices there are.".to_owned(),
        (0, _) if look.devices.iter().any(|device| !look.is_disowned(device)) => {
            format!("None of {whose} devices has been heard of lately.")
        }
        (0, _) => "No devices yet.".to_owned(),
        (1, 1) => format!("{} device is fine.", capital(whose)),
        (2, 2) => format!("Both of {whose} devices are fine."),
        (all, fine) if all == fine => format!("All {} of {whose} devices are fine.", number(all)),
        (1, 0) => String::new(),
        (all, 0) => format!("None of {whose} {} devices is fine yet.", number(all)),
        (all, fine) => format!(
            "{} of {whose} {} devices {} fine.",
            capital(&number(fine)),
            number(all),
            if fine == 1 { "is" } else { "are" }
        ),
    };
    let wanting: Vec<String> = active
        .iter()
        .filter(|device| !is_fine(device))
        .map(|device| match needs(device) {
            0 => format!("about {} we cannot tell enough", name(device)),
            things => format!("{} needs {}", name(device), count(things, "thing", "things")),
        })
        .collect();
    let more = match wanting.as_slice() {
        [] => String::new(),
        few if few.len() <= 3 => format!("{}.", capital(&and(few))),
        many => format!("{} need a look.", capital(&count(many.len(), "device", "devices"))),
    };
    let (answer, more) = if answer.is_empty() { (more, String::new()) } else { (answer, more) };
    // Whoever did not answer may know better.
    let answer = if all > 0 && all == fine && !silent.is_empty() {
        let mut chars = answer.chars();
        let first = chars.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
        format!("As far as we can see, {first}{}", chars.as_str())
    } else {
        answer
    };
    let critical = look
        .devices
        .iter()
        .enumerate()
        .filter(|(_, device)| !device.silent && !look.is_disowned(device))
        .flat_map(|(place, device)| {
            device.practices.iter().filter(|(_, one)| one.status == Status::Warn).map(move |(key, _)| {
                let practice = catalogue.practices.get(key);
                let title = practice.map_or_else(
                    || key.0.clone(),
                    |known| known.titles.get(&Status::Warn).unwrap_or(&known.title).clone(),
                );
                (place, name(device), title)
            })
        })
        .collect();
    let worst = active.iter().map(|device| device.rating).max();
    Headline {
        answer,
        more,
        missing: missing(&silent),
        mark: match worst {
            None => Mark::Unknown,
            Some(rating) => match Mark::from(rating) {
                Mark::Done if fine < all || !silent.is_empty() => Mark::Unknown,
                mark => mark,
            },
        },
        critical,
    }
}

fn missing(silent: &[String]) -> String {
    match silent {
        [] => String::new(),
        [one] => format!("{one} did not answer, so what it knows is missing here."),
        many => format!("{} did not answer, so what they know is missing here.", and(many)),
    }
}
