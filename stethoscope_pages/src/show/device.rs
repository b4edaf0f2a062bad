//! One device as it is shown: what to do first, what nobody can tell, what is fine.

use std::collections::BTreeMap;

use hubcommander_posture::{Assessment, Catalogue, Device, Instant, Platform, Practice, PracticeKey, Status};
use hubcommander_stethoscope::Look;

use super::words::{Mark, When, and, count, minutes, of_platform, when};
use crate::secret;

/// One practice of one device.
#[derive(Clone, Debug)]
pub(crate) struct ShownPractice {
    pub(crate) anchor: String,
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) why: String,
    /// What was seen; empty if nobody says.
    pub(crate) saw: String,
    pub(crate) source: Option<String>,
    pub(crate) at: Option<When>,
    /// Who says otherwise, each in a sentence.
    pub(crate) disagreement: Vec<String>,
    pub(crate) steps: Vec<String>,
    pub(crate) link: Option<String>,
    pub(crate) effort: String,
    pub(crate) grace: Option<When>,
}

/// One device.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) anchor: String,
    pub(crate) name: String,
    /// "MacBook Pro · macOS 14.2".
    pub(crate) kind: String,
    pub(crate) seen: Option<When>,
    pub(crate) silent: bool,
    pub(crate) mark: Mark,
    /// "One thing to fix, about 2 minutes".
    pub(crate) summary: String,
    pub(crate) to_do: Vec<ShownPractice>,
    pub(crate) unclear: Vec<ShownPractice>,
    pub(crate) fine: Vec<ShownPractice>,
    pub(crate) sources: String,
    pub(crate) conflicts: Vec<String>,
}

/// What a device goes by within a page: it follows from the sources' ids, so it stays as it is, and tells nothing.
pub(crate) fn anchor(device: &Device) -> String {
    let mut text = String::new();
    for witness in &device.witnesses {
        text.push_str(&format!("{}\n{}\n", witness.source, witness.id));
    }
    let hash = secret::hash(&text).0;
    hash[..6].iter().map(|byte| format!("{byte:02x}")).fold("device-".to_owned(), |all, next| all + &next)
}

/// How many things its owner should do.
pub(crate) fn needs(device: &Device) -> usize {
    device.practices.values().filter(|one| matches!(one.status, Status::Warn | Status::Nudge)).count()
}

impl Shown {
    /// The device as its owner reads it.
    pub(crate) fn of(device: &Device, look: &Look, catalogue: &Catalogue) -> Self {
        let titles = titles(look);
        let anchor = anchor(device);
        let mut all: Vec<(u32, ShownPractice)> = device
            .practices
            .iter()
            .filter_map(|(key, one)| {
                let practice = catalogue.practices.get(key);
                let mark = Mark::of(one.status)?;
                let shown = shown(&anchor, key, one, mark, practice, device.platform, &titles, look.at);
                Some((practice.map_or(u32::MAX, |known| known.order), shown))
            })
            .collect();
        all.sort_by(|(a_order, a), (b_order, b)| {
            (b.mark == Mark::Critical, *a_order, &a.title).cmp(&(
                a.mark == Mark::Critical,
                *b_order,
                &b.title,
            ))
        });
        let of = |wanted: &[Mark]| -> Vec<ShownPractice> {
            all.iter().filter(|(_, one)| wanted.contains(&one.mark)).map(|(_, one)| one.clone()).collect()
        };
        let (to_do, unclear) = (of(&[Mark::Critical, Mark::Suggested]), of(&[Mark::Unknown]));
        // A device of which nothing at all is known is not a fine one.
        let mark = match Mark::from(device.rating) {
            Mark::Done if all.is_empty() => Mark::Unknown,
            mark => mark,
        };
        Self {
            name: name(device),
            kind: kind(device),
            seen: device.last_seen.map(|at| when(at, look.at)),
            silent: device.silent,
            mark,
            summary: summary(device, &to_do, unclear.len(), mark, catalogue),
            to_do,
            unclear,
            fine: of(&[Mark::Done]),
            sources: and(&device
                .witnesses
                .iter()
                .map(|one| titled(&one.source, &titles))
                .collect::<Vec<_>>()),
            conflicts: device.conflicts.iter().map(|one| conflict(one, &titles)).collect(),
            anchor,
        }
    }
}

/// What its owner calls it, or what it is.
pub(crate) fn name(device: &Device) -> String {
    let named = device.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    named.or(device.model.as_deref()).map_or_else(
        || match device.platform {
            Some(Platform::MacOs) => "Your Mac".to_owned(),
            Some(Platform::Ios) => "Your iPhone or iPad".to_owned(),
            None => "A device without a name".to_owned(),
            platform => format!("Your {} device", of_platform(platform)),
        },
        str::to_owned,
    )
}

fn kind(device: &Device) -> String {
    let os = device.os.clone().or_else(|| device.platform.map(|one| of_platform(Some(one)).to_owned()));
    let os = match (os, &device.os_version) {
        // Windows 11 still calls itself 10.0; its builds begin at 22000.
        (Some(os), Some(version)) if os == "Windows" && is_windows_11(version) => {
            Some(format!("Windows 11 ({version})"))
        }
        (Some(os), Some(version)) => Some(format!("{os} {version}")),
        (os, version) => os.or_else(|| version.clone()),
    };
    [device.model.clone(), os].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn is_windows_11(version: &str) -> bool {
    let build = version.strip_prefix("10.0.").and_then(|rest| rest.split('.').next());
    build.and_then(|build| build.parse::<u32>().ok()).is_some_and(|build| build >= 22_000)
}

fn summary(
    device: &Device,
    to_do: &[ShownPractice],
    unclear: usize,
    mark: Mark,
    catalogue: &Catalogue,
) -> String {
    let effort = device
        .practices
        .iter()
        .filter(|(_, one)| matches!(one.status, Status::Warn | Status::Nudge))
        .filter_map(|(key, _)| catalogue.practices.get(key))
        .fold(0u32, |sum, one| sum.saturating_add(one.minutes));
    let words = match (to_do.len(), mark) {
        (0, Mark::Done) => "Everything we look at is fine".to_owned(),
        (0, _) if unclear == 0 => "We know of it, and nobody tells how it stands".to_owned(),
        (0, _) => format!(
            "Nothing to fix that we know of; we cannot tell about {}",
            count(unclear, "thing", "things")
        ),
        (things, _) => format!("{} to fix, {}", count(things, "thing", "things"), minutes(effort)),
    };
    capital(&words)
}

pub(crate) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[allow(clippy::too_many_arguments, reason = "all of them are plain facts about one line")]
fn shown(
    device: &str,
    key: &PracticeKey,
    one: &Assessment,
    mark: Mark,
    practice: Option<&Practice>,
    platform: Option<Platform>,
    titles: &BTreeMap<String, String>,
    now: Instant,
) -> ShownPractice {
    let title = practice
        .map_or_else(|| key.0.clone(), |known| known.titles.get(&one.status).unwrap_or(&known.title).clone());
    // What the source itself says about this very device is closer than our general steps.
    let steps = one.directions.as_ref().map(|own| vec![own.clone()]).or_else(|| {
        let by_platform =
            |known: &Practice| platform.and_then(|platform| known.directions.get(&platform)).cloned();
        practice.and_then(by_platform)
    });
    let key_part: String = key.0.chars().filter(char::is_ascii_alphanumeric).collect();
    ShownPractice {
        anchor: format!("{device}-{key_part}"),
        mark,
        title,
        why: practice.map(|known| known.why.clone()).unwrap_or_default(),
        saw: one.details.clone().unwrap_or_default(),
        source: one.source.as_ref().map(|source| titled(source, titles)),
        at: one.last_updated.map(|at| when(at, now)),
        disagreement: one
            .disagreement
            .iter()
            .filter_map(|other| {
                let word = Mark::of(other.status)?.word().to_lowercase();
                let at =
                    other.last_updated.map(|at| format!(", {}", when(at, now).words)).unwrap_or_default();
                Some(format!("{} says otherwise: {word}{at}.", titled(&other.source, titles)))
            })
            .collect(),
        steps: if mark == Mark::Done { Vec::new() } else { steps.unwrap_or_default() },
        link: practice.and_then(|known| known.link.clone()).filter(|link| safe_link(link)),
        effort: practice.map(|known| minutes(known.minutes)).unwrap_or_default(),
        grace: one.grace_until.map(|at| when(at, now)),
    }
}

/// Whether an address leads to a page: nothing else becomes a link.
fn safe_link(link: &str) -> bool {
    url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn conflict(one: &hubcommander_posture::Conflict, titles: &BTreeMap<String, String>) -> String {
    format!(
        "{} knows a device with the same {}, but its {} differs. It may be another one, so it is shown apart; there is nothing for you to do.",
        titled(&one.with.0, titles),
        one.shared,
        one.contradiction
    )
}

/// What people call the sources, by name.
fn titles(look: &Look) -> BTreeMap<String, String> {
    look.answers.iter().map(|answer| (answer.source.clone(), answer.title.clone())).collect()
}

fn titled(source: &str, titles: &BTreeMap<String, String>) -> String {
    titles.get(source).cloned().unwrap_or_else(|| source.to_owned())
}
