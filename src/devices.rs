//! People's devices, as the engine uses them: whether they are healthy, and who somebody is.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_commands::stethoscope::Views;
use hubcommander_posture::{Device, Instant, Rating};
use hubcommander_sdk::auth::{DeviceHealth, Health};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{FindPeople, Person, PersonId, WhoIs};
use hubcommander_sdk::text::Text;
use hubcommander_stethoscope::{Freshness, Looks, Settings, Stethoscope, words};

use crate::builtins::devices::Said;
use crate::config::Config;
use crate::osquery::Agents;
use crate::pipeline::engine::{Engine, readings};
use crate::slack::people::Freshness as HowFresh;
use crate::store::Shelf;

/// A device that has not been seen for so long is not looked at where healthy ones are asked for.
const LATELY: TimeDelta = TimeDelta::days(14);

/// Whether every device that was seen lately has nothing critical.
pub struct SeenLately {
    looks: Arc<dyn Looks>,
    clock: SharedClock,
}

impl SeenLately {
    /// Looks at these devices.
    #[must_use]
    pub fn new(looks: Arc<dyn Looks>, clock: SharedClock) -> Self {
        Self { looks, clock }
    }
}

fn is_lately(device: &Device, now: Instant) -> bool {
    device.last_seen.is_some_and(|at| now - at <= LATELY)
}

#[async_trait]
impl DeviceHealth for SeenLately {
    async fn health(&self, person: &Person) -> Health {
        let Some(email) = &person.email else {
            return Health::Unknown(
                "Slack does not tell me your e-mail, by which your devices are found.".into(),
            );
        };
        let now = self.clock.now();
        // What was seen a minute ago may have been put right since.
        let mut look = self.looks.look(email, Freshness::Now).await;
        look.devices.retain(|device| is_lately(device, now));
        if look.devices.iter().any(|device| device.rating == Rating::Warn) {
            return Health::Unhealthy(words::first_need(&look, self.looks.catalogue()));
        }
        let silent: Vec<&str> = look.silent().collect();
        if !silent.is_empty() {
            let names = silent.join(" and ");
            return Health::Unknown(Text::from(
                format!("{names} did not answer, so nobody can tell whether your devices are in good shape.")
                    .as_str(),
            ));
        }
        // A part of a source that could not be read: what it would have said is missing.
        if let Some(problem) = look.problems.iter().find(|problem| problem.id.is_none()) {
            return Health::Unknown(Text::from(
                format!(
                    "{} could not be read whole, so nobody can tell whether your devices are in good shape.",
                    problem.source
                )
                .as_str(),
            ));
        }
        if look.answers.is_empty() {
            return Health::Unknown(
                "No source of devices is set up, so nobody can tell whether yours are in good shape.".into(),
            );
        }
        if look.devices.is_empty() {
            return Health::Unknown(
                "No device of yours has been seen in the last 14 days, so nobody can tell whether yours are in \
                 good shape."
                    .into(),
            );
        }
        Health::Healthy
    }
}

/// Why people's devices cannot be looked at. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A source of devices.
    #[error(transparent)]
    Source(#[from] hubcommander_device_sources::SetupError),
}

/// The server of osquery's agents, if the configuration asks for one.
///
/// # Errors
/// As [`SetupError`] says.
pub fn agents(config: &Config, shelf: &Shelf, clock: &SharedClock) -> Result<Option<Agents>, SetupError> {
    let setup = config.devices.sources.osquery.as_ref();
    let agents = setup.map(|setup| Agents::new(setup, shelf, clock, rand::random())).transpose();
    Ok(agents.map_err(hubcommander_device_sources::SetupError::from)?)
}

/// Looks at people's devices, in all sources that the configuration names. `agents` is the server of osquery's agents, if
/// there is one.
///
/// # Errors
/// As [`SetupError`] says.
pub fn set_up(
    config: &Config,
    shelf: &Shelf,
    clock: &SharedClock,
    agents: Option<&Agents>,
) -> Result<Arc<Stethoscope>, SetupError> {
    let asked = hubcommander_device_sources::all(&config.devices.sources, clock, agents.map(Agents::source))?;
    let said = Arc::new(Said::new(shelf.clone()));
    let catalogue = config.devices.catalogue.clone();
    let mut settings = Settings::default();
    let sources = &config.devices.sources;
    let waits = [
        sources.fleet.as_ref().map(|fleet| fleet.refresh_within),
        sources.osquery.as_ref().map(|osquery| osquery.settings.refresh_within),
    ];
    for wait in waits.into_iter().flatten() {
        // That a computer is off and does not report is no failure of the source.
        settings.anew_within = settings.anew_within.max(wait + Duration::from_secs(2));
    }
    Ok(Arc::new(Stethoscope::new(asked, said, catalogue, Arc::clone(clock), settings)))
}

/// Who has looked at somebody's devices, as the engine has noted it.
pub struct Readings(pub Shelf);

#[async_trait]
impl Views for Readings {
    async fn of(&self, user: &str) -> Vec<(PersonId, Instant)> {
        let found = async { readings(&**self.0.get()?, user).await }.await;
        let all = found.unwrap_or_else(|error| {
            tracing::warn!(%error, "who has looked at somebody's devices could not be read");
            Vec::new()
        });
        all.into_iter().map(|one| (one.by, one.at)).collect()
    }
}

/// Tells who somebody is, from Slack.
pub struct FromSlack(pub Arc<OnceLock<Weak<Engine>>>);

fn untold(log: String) -> Refusal {
    Refusal::new("Slack did not tell me who that is.", "Try again in a minute.").logged(log)
}

impl FromSlack {
    fn engine(&self) -> Result<Arc<Engine>, Refusal> {
        self.0.get().and_then(Weak::upgrade).ok_or_else(|| untold("no engine".to_owned()))
    }
}

#[async_trait]
impl WhoIs for FromSlack {
    async fn who_is(&self, user: &str) -> Result<Person, Refusal> {
        let person = self.engine()?.people.get(user, HowFresh::Cached).await;
        person.map(|person| (*person).clone()).map_err(|error| untold(error.to_string()))
    }
}

#[async_trait]
impl FindPeople for FromSlack {
    async fn with_email(&self, email: &str) -> Result<Option<Person>, Refusal> {
        let found = self.engine()?.people.by_email(email, HowFresh::Cached).await;
        found.map_err(|error| untold(error.to_string()))
    }
}
