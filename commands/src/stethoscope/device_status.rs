//! `!DeviceStatus`: what somebody's devices need, and how to do it.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;
use hubcommander_stethoscope::{Freshness, words};

use super::Devices;

/// How many who looked are named.
const SHOWN: usize = 3;

/// The command.
pub struct DeviceStatus {
    spec: CommandSpec,
    devices: Devices,
}

impl DeviceStatus {
    /// The command over these devices.
    #[must_use]
    pub fn new(devices: Devices) -> Self {
        let spec = CommandSpec::new(
            "DeviceStatus",
            "Your devices",
            "Shows what your devices need, and how to do it",
        )
        .alias("MyDevices")
        .arg(ArgSpec::positional("person", ArgKind::Person, "whose devices; yours, if left out").optional())
        .arg(ArgSpec::flag("again", "have the devices report anew first"))
        .example("!DeviceStatus")
        .example("!DeviceStatus --again")
        .audience(Audience::Direct);
        Self { spec, devices }
    }

    async fn own(&self, person: &Person, freshness: Freshness) -> Result<Message, Refusal> {
        let Some(email) = &person.email else {
            return Err(Refusal::new(
                "Your devices are found by your e-mail, and Slack does not tell me yours.",
                "Add it to your profile in Slack, or ask whoever runs this workspace.",
            ));
        };
        let before = self.devices.looks.last(email);
        let look = self.devices.looks.look(email, freshness).await;
        let asked = words::Asked { of: None, before: before.as_ref(), pages: self.devices.pages };
        let mut message = words::status(&look, self.devices.looks.catalogue(), &asked);
        for (who, at) in self.devices.views.of(&person.id.user).await.iter().rev().take(SHOWN) {
            message = message.footnote(Text::from("Looked at by ").person(&who.user).plain(" ").time(*at));
        }
        Ok(message)
    }

    async fn of(&self, user: &str) -> Result<Message, Refusal> {
        let person = self.devices.who_is.who_is(user).await?;
        let mention = Text::new().person(&person.id.user);
        let Some(email) = &person.email else {
            return Err(Refusal::new(
                Text::new().plain("Slack does not tell me the e-mail of ").then(mention).plain("."),
                "Without it their devices cannot be found.",
            ));
        };
        let look = self.devices.looks.look(email, Freshness::Recent).await;
        let asked = words::Asked { of: Some(mention), ..words::Asked::default() };
        let message = words::status(&look, self.devices.looks.catalogue(), &asked);
        Ok(message.footnote("They can see that you looked."))
    }
}

#[async_trait]
impl Command for DeviceStatus {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let freshness = if request.args.flag("again") { Freshness::Anew } else { Freshness::Recent };
        let message = match request.args.text("person") {
            Some(user) if user != request.person.id.user => self.of(user).await?,
            _ => self.own(&request.person, freshness).await?,
        };
        Ok(Prepared::Reply(message))
    }

    fn page(&self, topic: &str) -> Option<Message> {
        words::directions(self.devices.looks.catalogue(), &words::Topic::read(topic)?)
    }

    async fn home(&self, person: &Person, again: bool) -> Option<Message> {
        let freshness = if again { Freshness::Anew } else { Freshness::Recent };
        Some(
            self.own(person, freshness)
                .await
                .unwrap_or_else(|refusal| Message::new(refusal.what).line(refusal.todo)),
        )
    }
}
