//! One person's devices, in one message.

use hubcommander_posture::{Assessment, Catalogue, Device, Practice, PracticeKey, Rating, Status};
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::text::Text;

use super::{Topic, in_minutes, listed, minutes, name_of, put_right, title, to_do, untold};
use crate::look::{Look, Outcome};

/// Who reads it, and what they may press.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Whose devices they are, if they are somebody else's.
    pub of: Option<Text>,
    /// What the last look showed, to say thank you.
    pub before: Option<&'a Look>,
    /// Whether the same is shown on the web.
    pub pages: bool,
}

/// How a person's devices stand, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody knows a device of theirs.
    None,
    /// Nobody knows a device of theirs, but not everyone answered.
    Untold,
    /// All are fine.
    Fine,
    /// Nothing is wrong that is known.
    Unsure,
    /// Something is suggested.
    Suggested,
    /// Something is critical.
    Critical,
}

impl Standing {
    /// Of the devices in this look. Those not heard of for long do not count.
    #[must_use]
    pub fn of(look: &Look) -> Self {
        match look.current().map(|device| device.rating).max() {
            None if look.is_whole() => Self::None,
            None => Self::Untold,
            Some(Rating::Ok) if look.is_whole() => Self::Fine,
            Some(Rating::Ok | Rating::Unknown) => Self::Unsure,
            Some(Rating::Nudge) => Self::Suggested,
            Some(Rating::Warn) => Self::Critical,
        }
    }
}

/// The whole message.
#[must_use]
pub fn status(look: &Look, catalogue: &Catalogue, asked: &Asked<'_>) -> Message {
    let own = asked.of.is_none();
    let mut message = Message::new(headline(look, catalogue, asked.of.as_ref()));
    message.state = match Standing::of(look) {
        Standing::None => None,
        Standing::Fine => Some(State::Done),
        _ => Some(State::NeedsYou),
    };
    if let Some(before) = asked.before.filter(|_| own) {
        for (practice, device) in put_right(before, look, catalogue) {
            message = message.line(
                Text::new().plain("Thank you. ").bold(practice).plain(format!(" on {device} is fine now.")),
            );
        }
    }
    if look.devices.is_empty() {
        message = nothing(message, look);
    }
    let lately = look.current();
    let (fine, needing): (Vec<&Device>, Vec<&Device>) =
        lately.partition(|device| device.rating == Rating::Ok);
    for device in needing {
        message = section(message, device, catalogue, own);
    }
    if !fine.is_empty() {
        let names: Vec<String> = fine.iter().map(|device| name_of(device)).collect();
        message = message.part(Part::Step(
            State::Done,
            Text::from(format!("In good shape: {}", names.join(", ")).as_str()),
        ));
    }
    for device in look.devices.iter().filter(|device| device.silent && !look.is_disowned(device)) {
        message = message.line(silent(device));
    }
    for device in look.devices.iter().filter(|device| own && look.is_disowned(device)) {
        message = message.line(format!("Not yours, as you said: {}", name_of(device)));
    }
    if own {
        message = message.button(press("Check again", "renew", "DeviceStatus --again".to_owned()));
        if matches!(Standing::of(look), Standing::Suggested | Standing::Critical) {
            message = message.button(press("Remind me tomorrow", "ask", "RemindMe".to_owned()));
        }
        if asked.pages {
            message = message.button(Button::Pages { label: "Open the page".to_owned() });
        }
    }
    sources(message, look)
}

/// What must be done first, where healthy devices are asked for.
#[must_use]
pub fn first_need(look: &Look, catalogue: &Catalogue) -> Text {
    let worst = look.devices.iter().filter(|device| device.rating == Rating::Warn);
    let first =
        worst.flat_map(|device| to_do(device, catalogue).into_iter().map(move |it| (device, it))).next();
    match first {
        Some((device, (_, practice, found))) => Text::new()
            .plain(format!("This needs devices in good shape, and {} needs you first: ", name_of(device)))
            .bold(title(practice, found.status))
            .plain(format!(". That takes about {}.", in_minutes(practice.minutes.max(1)))),
        None => Text::from("This needs devices in good shape, and one of yours is not."),
    }
}

/// In one sentence what is needed: "2 of 3 devices are in good shape; your MacBook needs 1 minute."
#[must_use]
pub fn needs(look: &Look, catalogue: &Catalogue) -> Text {
    headline(look, catalogue, None)
}

fn headline(look: &Look, catalogue: &Catalogue, of: Option<&Text>) -> Text {
    let lately: Vec<&Device> = look.current().collect();
    let all = lately.len();
    let fine = lately.iter().filter(|device| device.rating == Rating::Ok).count();
    let needing: Vec<&Device> = lately
        .iter()
        .copied()
        .filter(|device| matches!(device.rating, Rating::Warn | Rating::Nudge))
        .collect();
    let whose =
        of.map_or_else(|| Text::from("Your devices"), |of| Text::new().plain("Devices of ").then(of.clone()));
    let sentence = match (all, fine, needing.as_slice()) {
        (0, _, _) if look.devices.is_empty() && look.is_whole() => "no device is known".to_owned(),
        (0, _, _) if look.devices.is_empty() => "nobody can tell right now".to_owned(),
        (0, _, _) => "none has been heard of lately".to_owned(),
        (1, 1, _) => format!("{} is in good shape", name_of(lately[0])),
        (_, _, _) if fine == all => format!("all {all} are in good shape"),
        (1, _, []) => format!("nobody can tell everything about {}", name_of(lately[0])),
        (_, 0, []) => "nothing is wrong that is known, but nobody can tell everything".to_owned(),
        (_, _, []) => format!("{}; nobody can tell everything about the others", in_shape(fine, all)),
        (1, _, [one]) => format!("{} needs {}", name_of(one), effort(one, catalogue)),
        (_, _, [one]) => {
            format!("{}; {} needs {}", in_shape(fine, all), name_of(one), effort(one, catalogue))
        }
        (_, _, several) => {
            let total = several.iter().map(|device| minutes(device, catalogue)).sum::<u32>().max(1);
            format!("{}; {} need about {} in all", in_shape(fine, all), several.len(), in_minutes(total))
        }
    };
    whose.plain(format!(": {sentence}."))
}

fn in_shape(fine: usize, all: usize) -> String {
    match fine {
        0 => format!("none of {all} is in good shape"),
        1 => format!("1 of {all} is in good shape"),
        _ => format!("{fine} of {all} are in good shape"),
    }
}

fn effort(device: &Device, catalogue: &Catalogue) -> String {
    in_minutes(minutes(device, catalogue).max(1))
}

/// What a device is called, which model it is, and when it was last heard of.
pub(super) fn head(device: &Device) -> Text {
    let mut head = Text::new().bold(name_of(device));
    if let Some(model) = device.model.as_ref().filter(|model| **model != name_of(device)) {
        head = head.plain(format!(", {model}"));
    }
    match device.last_seen {
        Some(at) => head.plain(", last seen ").time(at),
        None => head,
    }
}

/// One thing that is not fine, and how to fix it. `remark` stands behind it.
pub(super) fn need(
    device: &Device,
    key: &PracticeKey,
    practice: &Practice,
    found: &Assessment,
    remark: &str,
) -> Part {
    let mut line = Text::new().plain(match found.status {
        Status::Warn => "⚠️ ",
        _ => "· ",
    });
    line = line.bold(title(practice, found.status)).plain(match found.status {
        Status::Warn => " (critical)",
        _ => " (suggested)",
    });
    if let Some(until) = found.grace_until {
        line = line.plain(", critical from ").time(until);
    }
    line = line.plain(format!(". {}", practice.why));
    if let Some(details) = &found.details {
        line = line.plain(format!(" Seen: {details}."));
    }
    if let Some(other) = found.disagreement.first() {
        line = line.plain(format!(" {} says otherwise.", other.source));
    }
    let topic = Topic::new(key, device.platform, found.directions.as_deref());
    let button = press("How to fix", "read", format!("DeviceStatus {}", topic.written()));
    Part::Offer(line.plain(remark), button)
}

/// A device that is not fine: its name, and only what is not fine.
fn section(mut message: Message, device: &Device, catalogue: &Catalogue, own: bool) -> Message {
    message = match (own, device.witnesses.first()) {
        (true, Some(witness)) => {
            let line = format!("NotMyDevice {} {}", witness.source, witness.id);
            message.part(Part::Offer(head(device), press("Not my device", "ask", line)))
        }
        _ => message.line(head(device)),
    };
    for (key, practice, found) in to_do(device, catalogue) {
        message = message.part(need(device, key, practice, found, ""));
    }
    let unknown = untold(device, catalogue);
    if !unknown.is_empty() {
        message = message.line(format!("Nobody can tell: {}.", listed(&unknown)));
    }
    message
}

fn silent(device: &Device) -> Text {
    let text = Text::from(format!("Not heard of for long: {}", name_of(device)).as_str());
    match device.last_seen {
        Some(at) => text.plain(", last seen ").time(at).plain("."),
        None => text.plain("."),
    }
}

fn nothing(message: Message, look: &Look) -> Message {
    if !look.is_whole() {
        return message;
    }
    let titles: Vec<&str> = look.answers.iter().map(|answer| answer.title.as_str()).collect();
    if titles.is_empty() {
        return message.line("No source of devices is set up yet. Whoever runs this bot can add one.");
    }
    message.line(format!(
        "A device shows up here as soon as {} knows that it is yours. If one is missing, tell whoever looks after \
         devices in your company.",
        listed(&titles)
    ))
}

pub(super) fn sources(mut message: Message, look: &Look) -> Message {
    let silent: Vec<&str> = look.silent().collect();
    if !silent.is_empty() {
        let line = format!("{} did not answer. What it knows is missing here.", listed(&silent));
        message = message.part(Part::Step(State::NeedsYou, Text::from(line.as_str())));
    }
    let answered = look.answers.iter().filter(|answer| matches!(answer.outcome, Outcome::Answered(_)));
    let titles: Vec<&str> = answered.map(|answer| answer.title.as_str()).collect();
    if titles.is_empty() {
        return message;
    }
    message.footnote(Text::new().plain(format!("From {}, asked ", listed(&titles))).time(look.at))
}

pub(super) fn press(label: &str, action: &str, value: String) -> Button {
    Button::Press { label: label.to_owned(), action: action.to_owned(), value, style: Style::Plain }
}
