use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::{Digest, Risk};
use hubcommander_sdk::text::Text;

/// What others are asked. All of it comes from the plan that would be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The invocation.
    pub invocation: String,
    /// The plan.
    pub digest: Digest,
    /// Who asks.
    pub by: PersonId,
    /// What they typed.
    pub line: String,
    /// What it is about: "Delete acme/widgets".
    pub title: Text,
    /// What its steps do, each with what cannot be taken back.
    pub steps: Vec<(Text, Option<Text>)>,
    /// How risky it is.
    pub risk: Risk,
    /// The powers that it uses.
    pub powers: Vec<Power>,
    /// Why they ask.
    pub reason: Option<String>,
    /// What it needs.
    pub needs: Vec<Need>,
    /// Until when.
    pub expires: Instant,
}

/// So many of these people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// How many in all.
    pub count: u32,
    /// How they are called on.
    pub called: Text,
    /// Who has agreed already.
    pub agreed: Vec<PersonId>,
}

/// The card.
#[must_use]
pub fn card(asked: &Asked) -> Message {
    let title = Text::new().person(&asked.by.user).plain(" asks: ").then(asked.title.clone());
    let mut message = body(Message::new(title).state(State::NeedsYou), asked);
    for need in &asked.needs {
        message = message.part(Part::Step(state_of(need), in_words(need)));
    }
    let value = format!("{} {}", asked.invocation, asked.digest.0);
    let style = if asked.risk == Risk::Irreversible { Style::Danger } else { Style::Primary };
    message
        .button(Button::Press {
            label: "Approve".into(),
            action: "approve".into(),
            value: value.clone(),
            style,
        })
        .button(Button::Press { label: "Deny…".into(), action: "deny".into(), value, style: Style::Plain })
        .footnote(Text::new().plain("Until ").time(asked.expires).plain(format!(
            " · plan {} · {}",
            short(&asked.digest),
            asked.invocation
        )))
}

/// The card when there is nothing more to decide: who did what, and how it ended.
#[must_use]
pub fn closed(asked: &Asked, state: State, how: Text) -> Message {
    let title = Text::new().person(&asked.by.user).plain(" asked: ").then(asked.title.clone());
    let mut message = body(Message::new(title).state(state), asked);
    for need in asked.needs.iter().filter(|need| !need.agreed.is_empty()) {
        message = message.line(Text::new().plain("Approved by ").then(people(&need.agreed)).plain("."));
    }
    message.line(how).footnote(format!("plan {} · {}", short(&asked.digest), asked.invocation))
}

/// What is said under a card that nobody has answered.
#[must_use]
pub fn reminder(asked: &Asked) -> Message {
    let waiting = asked.needs.iter().filter(|need| state_of(need) != State::Done);
    let mut text = Text::new();
    for need in waiting {
        text = text.then(need.called.clone()).plain(" ");
    }
    Message::new(text.plain("this still waits for you, until ").time(asked.expires).plain("."))
}

fn body(mut message: Message, asked: &Asked) -> Message {
    if let Some(reason) = &asked.reason {
        message = message.part(Part::Quote(reason.clone()));
    }
    for (what, irreversible) in &asked.steps {
        message = message.item(match irreversible {
            Some(note) => Text::new().plain("⚠️ ").then(what.clone()).plain(": ").then(note.clone()),
            None => what.clone(),
        });
    }
    let typed = Text::new().plain("They typed ").code(&asked.line).plain(".");
    message.line(risk(asked.risk, &asked.powers)).line(typed)
}

/// The risk in one line.
fn risk(risk: Risk, powers: &[Power]) -> Text {
    let mut words = match risk {
        Risk::Irreversible => "This cannot be taken back".to_owned(),
        Risk::Exposing => "What it shows or hands out cannot be unseen".to_owned(),
        Risk::Reversible => "This can be taken back".to_owned(),
    };
    let named: Vec<&str> = powers.iter().map(|power| in_short(*power)).collect();
    if !named.is_empty() {
        words.push_str(": it ");
        words.push_str(&named.join(", and "));
    }
    words.push('.');
    words.into()
}

fn in_short(power: Power) -> &'static str {
    match power {
        Power::Delete => "deletes a repository for good",
        Power::MakePublic => "shows a repository to everyone",
        Power::GrantAdmin => "makes somebody an administrator",
        Power::Unprotect => "weakens the protection of a branch",
        Power::WritingKey => "lets a machine write",
        Power::GrantOwner => "makes somebody an owner",
        Power::Enrol => "changes how somebody proves who they are",
        Power::Unlock => "lifts the lockdown",
        Power::LetGo => "lets many people go at once",
    }
}

fn state_of(need: &Need) -> State {
    let enough = u32::try_from(need.agreed.len()).is_ok_and(|agreed| agreed >= need.count);
    if enough { State::Done } else { State::Pending }
}

fn in_words(need: &Need) -> Text {
    let mut text = Text::new().plain(format!("It takes {} of ", need.count)).then(need.called.clone());
    if !need.agreed.is_empty() {
        text = text.plain("; approved by ").then(people(&need.agreed));
    }
    text
}

fn people(ids: &[PersonId]) -> Text {
    let mut text = Text::new();
    for (index, id) in ids.iter().enumerate() {
        text = if index == 0 { text } else { text.plain(", ") }.person(&id.user);
    }
    text
}

fn short(digest: &Digest) -> String {
    digest.0.chars().take(12).collect()
}
