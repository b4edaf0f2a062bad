//! `!NotMyDevice`: a source takes a device for somebody's that is not. It is set apart in what they see, and the
//! security channel hears of it; where healthy devices are asked for it counts until the source is put right, so
//! that nobody can talk a device away.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::Message;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use hubcommander_stethoscope::words::name_of;
use hubcommander_stethoscope::{Disowned, Freshness, Looks};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::read;
use crate::builtins::unwritten;
use crate::slack::socket::{Alarm, AlarmKind};
use crate::store::{Shelf, StoreError};

const KIND: &str = "devices.disown";

/// The command.
pub struct NotMyDevice {
    spec: CommandSpec,
    looks: Arc<dyn Looks>,
}

impl NotMyDevice {
    /// The command over these devices.
    #[must_use]
    pub fn new(looks: Arc<dyn Looks>) -> Self {
        let about = "Says that a device shown as yours is not";
        let spec = CommandSpec::new("NotMyDevice", "Your devices", about)
            .arg(ArgSpec::positional("source", ArgKind::Text, "who takes it for yours, such as jamf"))
            .arg(ArgSpec::positional("device", ArgKind::Text, "its id there"))
            .example("!NotMyDevice sample mac-1")
            .audience(Audience::Direct)
            .changes(Risk::Reversible);
        Self { spec, looks }
    }
}

/// What the operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disown {
    user: String,
    email: String,
    source: String,
    device: String,
    name: String,
    /// Whether it is not theirs; otherwise it is after all.
    not_theirs: bool,
}

#[async_trait]
impl Command for NotMyDevice {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let list = || Text::new().code("!DeviceStatus").plain(" shows yours, each with a button.");
        let unknown = || Refusal::new("I know of no such device of yours.", list());
        let email = request.person.email.clone().ok_or_else(unknown)?;
        let (source, id) = (
            request.args.text("source").unwrap_or_default(),
            request.args.text("device").unwrap_or_default(),
        );
        let look = self.looks.look(&email, Freshness::Recent).await;
        let is_it = |witness: &hubcommander_posture::Witness| {
            witness.source.eq_ignore_ascii_case(source) && witness.id == id
        };
        let device = look.devices.iter().find(|device| device.witnesses.iter().any(is_it));
        let device = device.ok_or_else(unknown)?;
        if look.is_disowned(device) {
            return Ok(Prepared::Reply(Message::new("You have said so already. It is set apart.")));
        }
        let name = name_of(device);
        let title = Title {
            todo: Text::from(format!("Note that {name} is not your device").as_str()),
            doing: Text::from(format!("Noting that {name} is not your device").as_str()),
            done: Text::from(
                format!("Thank you. {name} is set apart, and the security team hears of it").as_str(),
            ),
        };
        let user = request.person.id.user.clone();
        let lock = format!("devices:{}", user.to_lowercase());
        let source = source.to_lowercase();
        let disown = Disown {
            user,
            email: email.to_lowercase(),
            source,
            device: id.to_owned(),
            name,
            not_theirs: true,
        };
        Ok(Prepared::Plan(Plan::new(title).step("disown", Operation::of(KIND, &disown), &[]).lock(lock)))
    }
}

/// What people have said of devices that are not theirs.
#[derive(Clone)]
pub struct Said(Shelf);

impl Said {
    /// Over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self(shelf)
    }

    async fn by(&self, email: &str) -> Result<BTreeSet<(String, String)>, StoreError> {
        let found = self.0.get()?.remembered(&key(email)).await?;
        // What cannot be read has not been said: then the device is shown.
        Ok(found.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
    }
}

fn key(email: &str) -> String {
    format!("devices:not-of:{email}")
}

#[async_trait]
impl Disowned for Said {
    async fn of(&self, email: &str) -> BTreeSet<(String, String)> {
        self.by(email).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "which devices are not somebody's could not be read");
            BTreeSet::new()
        })
    }
}

/// Notes it, and tells the security channel.
pub struct Disowns {
    said: Said,
    alarm: Arc<OnceLock<Arc<dyn Alarm>>>,
}

impl Disowns {
    /// The handler over what this store holds; who is told is put in once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, alarm: Arc<OnceLock<Arc<dyn Alarm>>>) -> Self {
        Self { said: Said::new(shelf), alarm }
    }
}

fn applied(disown: &Disown) -> Applied {
    let back = Disown { not_theirs: !disown.not_theirs, ..disown.clone() };
    Applied { output: json!({}), inverse: Some(Operation::of(KIND, &back)), note: None }
}

#[async_trait]
impl Handler for Disowns {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let disown: Disown = read(input)?;
        let what = match disown.not_theirs {
            true => format!("{} of {} is set apart", disown.name, disown.source),
            false => format!("{} of {} is shown again", disown.name, disown.source),
        };
        Ok(Described { what: Text::from(what.as_str()), risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let disown: Disown = read(input)?;
        let said = self.said.by(&disown.email).await.map_err(unwritten)?;
        let is_said = said.contains(&(disown.source.clone(), disown.device.clone()));
        Ok(if is_said == disown.not_theirs { Observed::Ours(applied(&disown)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let disown: Disown = read(input)?;
        let mut said = self.said.by(&disown.email).await.map_err(unwritten)?;
        let it = (disown.source.clone(), disown.device.clone());
        if disown.not_theirs {
            said.insert(it);
        } else {
            said.remove(&it);
        }
        let value = (!said.is_empty()).then(|| json!(said));
        let store = self.said.0.get().map_err(unwritten)?;
        store.remember(&key(&disown.email), value).await.map_err(unwritten)?;
        if disown.not_theirs
            && let Some(alarm) = self.alarm.get()
        {
            let Disown { user, source, device, name, .. } = &disown;
            alarm
                .raise(AlarmKind::Unusual {
                    kind: "disowned",
                    person: user.clone(),
                    what: format!("says that {name} ({source} {device}) is not their device"),
                    log: format!("{user} disowns {source} {device}"),
                })
                .await;
        }
        Ok(applied(&disown))
    }
}
