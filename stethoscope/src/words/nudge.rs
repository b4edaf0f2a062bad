//! A nudge: a word that nobody asked for, so only about what is critical or newly broken, and short.

use hubcommander_posture::{Assessment, Catalogue, Device, Practice, PracticeKey, Status};
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::text::Text;

use super::status::{head, need, press, sources};
use super::{in_minutes, name_of, to_do};
use crate::fine::Fine;
use crate::look::Look;

type Need<'a> = (&'a PracticeKey, &'a Practice, &'a Assessment);

/// What is worth a word that nobody asked for, given what was fine the last time. `None` if nothing is. `pages` says
/// whether the same stands on the web.
#[must_use]
pub fn nudge(look: &Look, catalogue: &Catalogue, before: &Fine, pages: bool) -> Option<Message> {
    let asks = |device: &Device, (key, _, found): &Need<'_>| before.asks_for(device, key, found.status);
    let needing: Vec<(&Device, Vec<Need<'_>>)> = look
        .current()
        .map(|device| {
            let list = to_do(device, catalogue).into_iter().filter(|need| asks(device, need)).collect();
            (device, list)
        })
        .filter(|(_, list): &(&Device, Vec<Need<'_>>)| !list.is_empty())
        .collect();
    if needing.is_empty() {
        return None;
    }
    let mut message = Message::new(headline(&needing)).state(State::NeedsYou);
    for (device, list) in &needing {
        message = message.line(head(device));
        for (key, practice, found) in list {
            let newly = found.status != Status::Warn || before.was(device, key);
            let remark = if newly { " It was fine the last time." } else { "" };
            message = message.part(need(device, key, practice, found, remark));
        }
    }
    message = message
        .button(press("Check again", "renew", "DeviceStatus --again".to_owned()))
        .button(press("Not this month", "ask", "Nudges later".to_owned()))
        .button(press("Do not nudge me", "ask", "Nudges off".to_owned()));
    if pages {
        message = message.button(Button::Pages { label: "Open the page".to_owned() });
    }
    let why = "Only you see this. It comes once a week at most, and only while something is critical or newly broken.";
    Some(sources(message, look).footnote(Text::from(why)))
}

/// "Ana's MacBook needs 2 things, about 35 minutes."
fn headline(needing: &[(&Device, Vec<Need<'_>>)]) -> Text {
    let things = needing.iter().map(|(_, list)| list.len()).sum::<usize>();
    let minutes: u32 =
        needing.iter().flat_map(|(_, list)| list).map(|(_, practice, _)| practice.minutes).sum();
    let things = if things == 1 { "one thing".to_owned() } else { format!("{things} things") };
    let who = match needing {
        [(device, _)] => format!("{} needs", name_of(device)),
        several => format!("{} of your devices need", several.len()),
    };
    Text::from(format!("{who} {things}, about {}.", in_minutes(minutes.max(1))).as_str())
}
