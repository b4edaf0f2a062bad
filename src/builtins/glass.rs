//! What the alarm channel hears when somebody broke the glass: at once, or as soon as Slack is there again. People
//! cannot ask this.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State as Mark, Style};
use hubcommander_sdk::text::Text;

use super::invocation;
use crate::invocation::{BreakGlass, Invocation, Origin, State};
use crate::later::lines;
use crate::pipeline::gate::Progress;
use crate::pipeline::report::words;
use crate::store::{Due, Shelf};

/// Says that the glass was broken.
pub struct GlassBroken {
    spec: CommandSpec,
    shelf: Shelf,
}

impl GlassBroken {
    /// The command over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        let spec = CommandSpec::new(lines::GLASS_BROKEN, "What is due", "Says that the glass was broken")
            .arg(ArgSpec::positional("invocation", ArgKind::Text, "for what"))
            .example("!GlassBroken inv-1RT4Q02M9X")
            .audience(Audience::Internal)
            .only_when_due();
        Self { spec, shelf }
    }
}

#[async_trait]
impl Command for GlassBroken {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let known = invocation(&self.shelf, request.args.text("invocation").unwrap_or_default()).await?;
        Ok(Prepared::Reply(told(&known).unwrap_or_default()))
    }
}

/// What is known of it under, once it is due to be told.
#[must_use]
pub fn key(id: &str) -> String {
    format!("glass:{id}")
}

/// That it is to be told, from then on.
#[must_use]
pub fn due(id: &str, origin: &Origin, at: hubcommander_sdk::clock::Instant) -> Due {
    let key = key(id);
    let origin = origin.later(&key, 0, format!("{} {id}", lines::GLASS_BROKEN));
    Due { key, at, origin }
}

/// What is told of it: who, what, why, and how it stands. Nothing of what was not asked past Slack.
#[must_use]
pub fn told(known: &Invocation) -> Option<Message> {
    let BreakGlass { with, reason } = known.origin.glass.as_ref()?;
    let progress: Option<Progress> = known.gate.clone().and_then(|value| serde_json::from_value(value).ok());
    if progress.is_none_or(|progress| !progress.missing(&known.origin.person).is_empty()) {
        // It was not broken: what is to be heard is why.
        return known.outcome.clone();
    }
    let by = &known.origin.person.user;
    let mut message = Message::new(
        Text::new().person(by).plain(" and ").person(with.user.as_str()).plain(" broke the glass."),
    )
    .state(Mark::NeedsYou)
    .line(Text::new().plain("On the host, past Slack, they ran ").code(words::typed(known)).plain("; why:"))
    .part(Part::Quote(reason.clone()));
    for step in steps(known) {
        message = message.item(step);
    }
    message = message.line(Text::new().plain(how(known.state)).plain(
        " Both proved with their passkeys that they want exactly this. If you do not know why, ask them in person.",
    ));
    if matches!(known.state, State::Done | State::Partial) {
        message = message.button(Button::Press {
            label: "Undo".into(),
            action: "ask".into(),
            value: format!("Undo {}", known.id),
            style: Style::Plain,
        });
    }
    let digest: String = known.digest.iter().flat_map(|digest| digest.0.chars()).take(12).collect();
    Some(
        message
            .footnote(Text::new().time(known.received_at).plain(format!(" · plan {digest} · {}", known.id))),
    )
}

/// What its steps do, in the words that both were shown.
fn steps(known: &Invocation) -> Vec<Text> {
    let progress: Option<Progress> = known.gate.clone().and_then(|value| serde_json::from_value(value).ok());
    progress.map(|progress| progress.words.into_iter().map(|step| step.what).collect()).unwrap_or_default()
}

fn how(state: State) -> &'static str {
    match state {
        State::Done => "It was done.",
        State::Partial => "Only a part of it could be done, or it is not clear how far it went.",
        State::Running => "It is being done.",
        State::Failed | State::Denied => "It could not be done.",
        _ => "Nothing was done.",
    }
}
