//! A look at the devices of the person who asked. Unknown is a no, unless the policy lets a step-up stand in.

use hubcommander_sdk::auth::{Health, Requirement};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Style};
use hubcommander_sdk::text::Text;
use serde_json::json;

use super::{Follows, Waiting};
use crate::invocation::State;
use crate::pipeline::engine::Stopped;
use crate::pipeline::record::Record;
use crate::pipeline::report::words;
use crate::slack::people::Freshness;

impl Waiting<'_> {
    pub(super) async fn look(
        &mut self,
        record: &mut Record,
        or_step_up: Option<&str>,
    ) -> Result<Follows, Stopped> {
        let asked = Self::asked(record).clone();
        let health = match self.engine.people.get(&asked.user, Freshness::Cached).await {
            Ok(person) => self.engine.health.health(&person).await,
            Err(_) => Health::Unknown("Slack did not tell me who you are.".into()),
        };
        let requirement = Requirement::HealthyDevice { or_step_up: or_step_up.map(str::to_owned) };
        let (why, todo): (Text, Text) = match (health, or_step_up) {
            (Health::Healthy, _) => {
                return self.device_counts(record, requirement, "healthy".to_owned()).await;
            }
            (Health::Unknown(why), Some(by)) => {
                let instead = Requirement::StepUp { by: by.to_owned() };
                self.progress = self.progress.with(&[instead]);
                return self.device_counts(record, requirement, format!("unknown: {}", why.words())).await;
            }
            (Health::Unknown(why), None) => (why, "It is not done as long as nobody can tell.".into()),
            (Health::Unhealthy(why), _) => {
                (why, Text::new().plain("See how with ").code("!DeviceStatus").plain(", then try again."))
            }
        };
        let refusal = Refusal::new(why, todo);
        let line = record.invocation().origin.text.clone();
        let again = Button::Press {
            label: "Try again".to_owned(),
            action: "ask".to_owned(),
            value: line,
            style: Style::Plain,
        };
        let outcome = words::refusal(&refusal, &record.invocation().id).button(again);
        Ok(Follows::Over { state: State::Denied, event: "device.refused", outcome, clicks: Vec::new() })
    }

    async fn device_counts(
        &mut self,
        record: &mut Record,
        requirement: Requirement,
        seen: String,
    ) -> Result<Follows, Stopped> {
        let asked = Self::asked(record).clone();
        let entry = record.entry("device.looked", json!({ "person": asked, "seen": seen }));
        self.progress.give(requirement, &asked, self.engine.clock.now()).words = Some(seen);
        self.save(record, vec![entry], Vec::new()).await?;
        Ok(Follows::On)
    }
}
