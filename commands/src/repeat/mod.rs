//! `!Repeat`: says again what was said. The example to copy for a new command.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;

/// The command. What it needs from outside would be a field here: a reading client, settings.
pub struct Repeat {
    spec: CommandSpec,
}

impl Repeat {
    /// The command, ready to be registered.
    #[must_use]
    pub fn new() -> Self {
        let spec = CommandSpec::new("Repeat", "Trying it out", "Says again what you say")
            .arg(ArgSpec::rest("words", ArgKind::Text, "what to say again"))
            .example("!Repeat Hello there")
            .audience(Audience::Channel);
        Self { spec }
    }
}

impl Default for Repeat {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Command for Repeat {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let words = request.args.text("words").unwrap_or_default();
        Ok(Prepared::Reply(Message::new(words)))
    }
}
