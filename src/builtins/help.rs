//! `!Help`: what this person may run here, and how each command is used.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::Place;
use hubcommander_sdk::text::Text;

use crate::pipeline::report::words;
use crate::registry::{Recognised, Registry};

/// The command. It lists the registry that it is itself in, so that is put in once it is complete.
pub struct Help {
    spec: CommandSpec,
    registry: Arc<OnceLock<Arc<Registry>>>,
    orgs: Arc<Orgs>,
}

impl Help {
    /// The command; `registry` is filled before the first request.
    #[must_use]
    pub fn new(registry: Arc<OnceLock<Arc<Registry>>>, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new(
            "Help",
            "Finding your way",
            "Shows what you can do here, or how one command is used",
        )
        .arg(ArgSpec::positional("command", ArgKind::CommandName, "a command to explain").optional())
        .example("!Help")
        .example("!Help CreateRepo")
        .audience(Audience::Person);
        Self { spec, registry, orgs }
    }

    fn overview(registry: &Registry, place: &Place) -> Message {
        let mut message = Message::new("Here is what you can do.");
        let mut group = None;
        let mut example = None;
        for registered in registry.iter().filter(|registered| registered.is_shown()) {
            let spec = registered.spec();
            if place.shared && spec.audience == Audience::Internal {
                continue;
            }
            if group != Some(&spec.group) {
                message = message.part(Part::Heading(spec.group.clone()));
                group = Some(&spec.group);
            }
            if spec.args.iter().any(|arg| arg.required) {
                example.get_or_insert(&spec.name);
            }
            message =
                message.item(Text::new().code(format!("!{}", spec.name)).plain(format!(" {}", spec.about)));
        }
        if place.shared {
            message =
                message.line("People of another company read along here; in a direct message there is more.");
        }
        message.footnote(
            Text::new()
                .plain("How one is used: ")
                .code(format!("!Help {}", example.map_or("Help", String::as_str)))
                .plain(". Type a command alone to fill in a form."),
        )
    }
}

#[async_trait]
impl Command for Help {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let Some(registry) = self.registry.get() else {
            return Err(Refusal::new("I am still starting.", "Try again in a moment."));
        };
        let Some(name) = request.args.text("command") else {
            return Ok(Prepared::Reply(Self::overview(registry, &request.place)));
        };
        let name = name.trim_start_matches('!');
        match registry.recognise(name, 3) {
            Recognised::Known(registered) if !registered.spec().only_when_due => {
                let mut message = words::usage(registered.spec(), &self.orgs, &request.place, usize::MAX);
                if !registered.spec().aliases.is_empty() {
                    message = message.footnote(format!("Also: {}", registered.spec().aliases.join(", ")));
                }
                Ok(Prepared::Reply(message))
            }
            Recognised::Near(near) => Err(Refusal::new(
                Text::new().plain("There is no command ").code(format!("!{name}")).plain("."),
                Text::new().plain("Did you mean ").code(format!("!{}", near.spec().name)).plain("?"),
            )),
            Recognised::Known(_) | Recognised::Unknown => Err(Refusal::new(
                Text::new().plain("There is no command ").code(format!("!{name}")).plain("."),
                Text::new().plain("See what there is with ").code("!Help").plain("."),
            )),
        }
    }

    async fn suggest(&self, _: &str, typed: &str, _: &Args) -> Vec<String> {
        let Some(registry) = self.registry.get() else { return Vec::new() };
        let typed = typed.to_lowercase();
        let names = registry.iter().filter(|registered| registered.is_shown()).map(|r| r.spec().name.clone());
        names.filter(|name| name.to_lowercase().contains(&typed)).collect()
    }
}
