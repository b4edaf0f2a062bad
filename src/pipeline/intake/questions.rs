//! The lane of questions: what a form asks while it is filled in, and whether it is right. Answered in the
//! ack, read-only.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chatline::Problem;
use hubcommander_sdk::command::{ArgKind, CommandSpec};
use hubcommander_sdk::people::PersonId;
use serde_json::{Value as Json, json};

use crate::invocation::{Origin, Via};
use crate::pipeline::ask::{self, Admission};
use crate::pipeline::intake::Intake;
use crate::pipeline::intake::form::{self, Along};
use crate::pipeline::intake::payload::{Interaction, View, ViewState};
use crate::pipeline::parse::{self, Unparsed};
use crate::pipeline::report::words::problem_words;
use crate::slack::people::Freshness;
use crate::slack::socket::Answer;

/// Slack waits three seconds for options; past this it gets none.
const PATIENCE: Duration = Duration::from_millis(2_500);

impl Intake {
    /// What could be meant by what was typed so far.
    pub(super) async fn suggest(&self, interaction: Interaction) -> Answer {
        self.counters.questions.fetch_add(1, Ordering::Relaxed);
        let words = tokio::time::timeout(PATIENCE, self.suggestions(&interaction)).await.unwrap_or_default();
        let options: Vec<Json> = words.iter().take(100).map(|word| form::option(word)).collect();
        Answer::AckWith(json!({ "options": options }))
    }

    async fn suggestions(&self, interaction: &Interaction) -> Vec<String> {
        let Some((view, along)) = form_of(interaction) else { return Vec::new() };
        let Some(registered) = self.engine.registry.find(&along.command) else { return Vec::new() };
        if !self.may(&self.person_of(interaction)).await {
            return Vec::new();
        }
        let (Some(arg), typed) = (&interaction.action_id, interaction.value.as_deref().unwrap_or_default())
        else {
            return Vec::new();
        };
        let mut so_far =
            view.state.as_ref().map(|state| form::so_far(registered.spec(), state)).unwrap_or_default();
        // A form's menu may hold an organisation's alias, as a line may.
        for value in so_far.0.values_mut() {
            if let hubcommander_sdk::command::Value::Text(text) = value
                && let Some(org) = self.engine.orgs.find(text)
            {
                text.clone_from(&org.name);
            }
        }
        registered.command.suggest(arg, typed, &so_far).await
    }

    async fn may(&self, person: &PersonId) -> bool {
        let known = self.engine.people.get(&person.user, Freshness::Cached);
        let known = tokio::time::timeout(PATIENCE, known).await;
        known.is_ok_and(|known| known.is_ok_and(|person| matches!(ask::admit(&person), Admission::Admitted)))
    }

    /// A form was sent: what is wrong is shown in it; what is right is written down as the line it stands
    /// for, and goes the way of all commands.
    pub(super) async fn submitted(&self, interaction: Interaction) -> Answer {
        self.counters.questions.fetch_add(1, Ordering::Relaxed);
        if let Some(answer) = self.gate_form_sent(&interaction).await {
            return answer;
        }
        let Some((view, along)) = form_of(&interaction) else {
            self.unreadable("a form that this program did not open").await;
            return Answer::Ack;
        };
        let Some(registered) = self.engine.registry.find(&along.command) else { return Answer::Ack };
        let spec = registered.spec();
        let person = self.person_of(&interaction);
        if !self.may(&person).await {
            return Answer::AckWith(errors(spec, None, "Only full members of the workspace can run this."));
        }
        let empty = ViewState::default();
        let state = view.state.as_ref().unwrap_or(&empty);
        let line = crate::redact::redact(&form::line(spec, state));
        match parse::parse(&self.engine.registry, &self.engine.orgs, &line) {
            Ok(_) => {}
            Err(Unparsed::Wrong(_, problem)) => {
                let (what, todo) = problem_words(spec, &problem);
                // Under its field it is clear what is wrong; what to do is enough.
                let words = match problem {
                    Problem::Invalid { .. } | Problem::NotAChoice { .. } => todo.words(),
                    _ => format!("{} {}", what.words(), todo.words()),
                };
                return Answer::AckWith(errors(spec, form::field_of(spec, &problem), words.trim()));
            }
            Err(Unparsed::Secret) => {
                let field = form::field_with_secret(spec, state);
                return Answer::AckWith(errors(
                    spec,
                    field,
                    "This looks like it holds a secret. Leave it out.",
                ));
            }
            Err(Unparsed::Usage(_)) => return Answer::AckWith(errors(spec, None, "Fill in what is needed.")),
            Err(Unparsed::NoSuchOrganization { typed, .. }) => {
                let field = spec.args.iter().find(|arg| arg.kind == ArgKind::Organization);
                let words = format!("I do not manage an organisation called {typed}.");
                return Answer::AckWith(errors(spec, field.map(|arg| arg.name.as_str()), &words));
            }
            Err(Unparsed::Empty | Unparsed::NoSuchCommand { .. }) => {
                return Answer::AckWith(errors(spec, None, "This command is not there any more."));
            }
        }
        let origin = Origin {
            person,
            channel: along.channel,
            conversation: along.conversation,
            shared: along.shared,
            ts: None,
            thread_ts: along.thread,
            via: Via::Form,
            text: line,
            response_url: None,
            due: None,
            glass: None,
            replaces: None,
        };
        match self.receive(vec![format!("view:{}", view.id)], origin).await {
            Answer::Withhold => Answer::AckWith(errors(
                spec,
                None,
                "This could not be written down. Send it again in a minute.",
            )),
            _ => Answer::AckWith(json!({ "response_action": "clear" })),
        }
    }
}

fn form_of(interaction: &Interaction) -> Option<(&View, Along)> {
    let view = interaction.view.as_ref().filter(|view| view.callback_id == form::CALLBACK)?;
    let along = serde_json::from_str(&view.private_metadata).ok()?;
    Some((view, along))
}

/// Words under a field of the form; without a field, under the first.
fn errors(spec: &CommandSpec, field: Option<&str>, words: &str) -> Json {
    let field = field.or_else(|| spec.args.first().map(|arg| arg.name.as_str())).unwrap_or_default();
    json!({ "response_action": "errors", "errors": { field: words } })
}
