//! How to put one thing right, on that very system.

use hubcommander_posture::{Catalogue, Platform, Practice, PracticeKey};
use hubcommander_sdk::message::{Button, Message};
use hubcommander_sdk::text::Text;

use super::in_minutes;

/// Most characters of what a source itself says to do, in a button.
const OWN_WORDS: usize = 1_200;

/// What a button "How to fix" is about. It stands in the button, so that the directions can be shown at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    practice: PracticeKey,
    platform: Option<Platform>,
    /// What the source itself says to do.
    own: Option<String>,
}

impl Topic {
    /// About this practice on such a system.
    #[must_use]
    pub fn new(practice: &PracticeKey, platform: Option<Platform>, own: Option<&str>) -> Self {
        let own = own.map(|words| words.chars().take(OWN_WORDS).collect());
        Self { practice: practice.clone(), platform, own }
    }

    /// As it stands in the button.
    #[must_use]
    pub fn written(&self) -> String {
        let platform = self.platform.map_or("-", Platform::as_str);
        let own = self.own.as_deref().unwrap_or_default();
        format!("{} {platform} {own}", self.practice).trim_end().to_owned()
    }

    /// From what stands in the button.
    #[must_use]
    pub fn read(written: &str) -> Option<Self> {
        let mut words = written.splitn(3, ' ');
        let practice = PracticeKey(words.next().filter(|word| !word.is_empty())?.to_owned());
        let platform = words.next().and_then(Platform::parse);
        let own = words.next().map(str::trim).filter(|own| !own.is_empty()).map(str::to_owned);
        Some(Self { practice, platform, own })
    }
}

/// What to do, step by step. `None` if nobody knows such a practice.
#[must_use]
pub fn directions(catalogue: &Catalogue, topic: &Topic) -> Option<Message> {
    let practice = catalogue.practices.get(&topic.practice)?;
    let mut message = Message::new(Text::new().bold(practice.title.clone())).line(practice.why.as_str());
    let steps = topic.platform.and_then(|platform| practice.directions.get(&platform));
    message = match (steps, &topic.own) {
        (_, Some(own)) => message.line(own.as_str()),
        (Some(steps), None) => numbered(message, steps),
        (None, None) => message.line(
            "There are no directions for this system yet. Whoever looks after devices in your company knows more.",
        ),
    };
    message = message.line(took(practice));
    if let Some(link) = &practice.link {
        message = message.button(Button::Link { label: "Read more".to_owned(), url: link.clone() });
    }
    Some(message)
}

fn numbered(mut message: Message, steps: &[String]) -> Message {
    for (number, step) in steps.iter().enumerate() {
        message = message.line(format!("{}. {step}", number + 1));
    }
    message
}

fn took(practice: &Practice) -> Text {
    let minutes = in_minutes(practice.minutes.max(1));
    Text::from(format!("This takes about {minutes}. Then press Check again.").as_str())
}
