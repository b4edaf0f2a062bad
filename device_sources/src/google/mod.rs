//! Google: phones and Chromebooks of the Directory API, and all devices of Cloud Identity.

mod chromeos;
mod client;
mod identity;
mod key;
mod mobile;
mod read;
mod settings;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use hubcommander_posture::{Identifiers, Problem, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use serde_json::Value as Json;

pub use read::read;
pub use settings::{Lists, Options, Settings, SetupError};

use client::Client;
use read::NAME;

use crate::fields::email;
use crate::found::{is_one_of, keep};
use crate::raw;
use crate::rest::Trouble;

/// How many devices are asked for at once.
const SIDE_BY_SIDE: usize = 5;

/// What one list gave; `None` if it is switched off.
type Listed = Option<Result<Vec<Json>, Trouble>>;

/// The source.
pub struct Google {
    client: Client,
    clock: SharedClock,
    lists: Lists,
    options: Options,
}

impl std::fmt::Debug for Google {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Google").field("lists", &self.lists).finish_non_exhaustive()
    }
}

impl Google {
    /// The source, by its settings.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let Lists { mobile, chromeos, identity } = settings.lists;
        if !(mobile || chromeos || identity) {
            return Err(SetupError::Lists);
        }
        if email(&settings.subject).is_none() {
            return Err(SetupError::Subject(settings.subject.clone()));
        }
        let client = Client::new(settings, clock.clone())?;
        Ok(Self { client, clock, lists: settings.lists, options: settings.options.clone() })
    }

    /// Devices of Cloud Identity whose users fit the filter and are `who`.
    async fn identity_of(&self, who: &str) -> Result<Vec<Json>, Trouble> {
        let users = self.client.device_users(None, &format!("email:{who}")).await?;
        let mine = users.into_iter().filter(|user| identity::user_email(user).as_deref() == Some(who));
        let by_device = grouped(mine);
        let devices = stream::iter(by_device).map(async |(device, users)| {
            Ok(self.client.device(&device).await?.map(|raw| with_users(raw, users)))
        });
        let devices: Vec<Result<Option<Json>, Trouble>> = devices.buffered(SIDE_BY_SIDE).collect().await;
        devices.into_iter().filter_map(Result::transpose).collect()
    }

    /// All devices of Cloud Identity, or those that fit, with all who use them.
    async fn identity_by(&self, filter: &str) -> Result<Vec<Json>, Trouble> {
        if filter.is_empty() {
            let (devices, users) =
                tokio::try_join!(self.client.devices(""), self.client.device_users(None, ""))?;
            let mut by_device = grouped(users.into_iter());
            let users = |raw: &Json| raw::text(raw, "/name").and_then(|name| by_device.remove(&name));
            let mut users = users;
            return Ok(devices
                .into_iter()
                .map(|raw| {
                    let users = users(&raw).unwrap_or_default();
                    with_users(raw, users)
                })
                .collect());
        }
        let mut whole = Vec::new();
        for raw in self.client.devices(filter).await? {
            let users = match raw::text(&raw, "/name") {
                Some(name) => self.client.device_users(Some(&name), "").await?,
                None => Vec::new(),
            };
            whole.push(with_users(raw, users));
        }
        Ok(whole)
    }

    /// What the lists gave, those that are switched off left out. A list that fails leaves the others standing;
    /// if all fail, so does the source.
    fn together(
        &self,
        lists: [(&'static str, Listed); 3],
        mut fits: impl FnMut(&Record) -> bool,
    ) -> Result<Found, SourceError> {
        let (mut found, mut answered, mut worst) = (Found::default(), false, None);
        for (list, answer) in lists {
            match answer {
                None => {}
                Some(Ok(rows)) => {
                    answered = true;
                    let read = |raw: &Json| read(raw, &self.options, Some(self.clock.now()));
                    keep(NAME, rows, read, &mut fits, &mut found);
                }
                Some(Err(trouble)) => {
                    tracing::warn!(%trouble, list, "a list of devices at Google could not be read");
                    let what = format!("Google did not give its list of {list}. Devices may be missing.");
                    found.problems.push(Problem { source: NAME.to_owned(), id: None, what });
                    worst = Some(trouble);
                }
            }
        }
        match worst {
            Some(trouble) if !answered => Err(trouble.into()),
            _ => Ok(found),
        }
    }
}

const MOBILE: &str = "phones and tablets";
const CHROMEOS: &str = "Chromebooks";
const IDENTITY: &str = "devices of Cloud Identity";

/// Asks only if it is to be asked.
async fn if_on<T>(on: bool, ask: impl Future<Output = T>) -> Option<T> {
    if on { Some(ask.await) } else { None }
}

/// Users by their device (`devices/1` of `devices/1/deviceUsers/2`).
fn grouped(users: impl Iterator<Item = Json>) -> BTreeMap<String, Vec<Json>> {
    let mut by_device = BTreeMap::<String, Vec<Json>>::new();
    for user in users {
        let name = raw::text(&user, "/name").unwrap_or_default();
        if let Some((device, _)) = name.split_once("/deviceUsers/") {
            by_device.entry(device.to_owned()).or_default().push(user);
        }
    }
    by_device
}

fn with_users(mut raw: Json, users: Vec<Json>) -> Json {
    if let Some(raw) = raw.as_object_mut() {
        raw.insert("deviceUsers".to_owned(), Json::Array(users));
    }
    raw
}

#[async_trait]
impl DeviceSource for Google {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "Google"
    }

    async fn of_owner(&self, who: &str) -> Result<Found, SourceError> {
        let Some(who) = email(who) else { return Ok(Found::default()) };
        let (mobile_query, chromeos_query) = (format!("email:{who}"), format!("recent_user:{who}"));
        let (mobile, chromeos, identity) = tokio::join!(
            if_on(self.lists.mobile, self.client.mobile(&mobile_query)),
            if_on(self.lists.chromeos, self.client.chromeos(&chromeos_query)),
            if_on(self.lists.identity, self.identity_of(&who)),
        );
        // Each of the three is a match and not an equality at Google.
        let lists = [(MOBILE, mobile), (CHROMEOS, chromeos), (IDENTITY, identity)];
        self.together(lists, |record| record.owners.contains(&who))
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let mut all = Found::default();
        let mut serials: Vec<&str> =
            identifiers.iter().filter_map(|one| one.serial.as_ref()).map(|s| s.as_str()).collect();
        serials.sort_unstable();
        serials.dedup();
        // A serial number that would mean something in a question is not asked for.
        let plain = |serial: &&&str| {
            serial.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        for serial in serials.iter().filter(plain) {
            let (by_serial, by_id) = (format!("serial:{serial}"), format!("id:{serial}"));
            let (mobile, chromeos, identity) = tokio::join!(
                if_on(self.lists.mobile, self.client.mobile(&by_serial)),
                if_on(self.lists.chromeos, self.client.chromeos(&by_id)),
                if_on(self.lists.identity, self.identity_by(&by_serial)),
            );
            let lists = [(MOBILE, mobile), (CHROMEOS, chromeos), (IDENTITY, identity)];
            let found = self.together(lists, |record| is_one_of(record, identifiers))?;
            all.records.extend(found.records);
            all.problems.extend(found.problems);
        }
        Ok(all)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        let (mobile, chromeos, identity) = tokio::join!(
            if_on(self.lists.mobile, self.client.mobile("")),
            if_on(self.lists.chromeos, self.client.chromeos("")),
            if_on(self.lists.identity, self.identity_by("")),
        );
        self.together([(MOBILE, mobile), (CHROMEOS, chromeos), (IDENTITY, identity)], |_| true)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        // Nobody has this address, so the answer is short; whether it is given is what counts.
        let nobody = "nobody@invalid";
        let (mobile_query, chromeos_query) = (format!("email:{nobody}"), format!("recent_user:{nobody}"));
        let filter = format!("email:{nobody}");
        let (mobile, chromeos, identity) = tokio::join!(
            if_on(self.lists.mobile, self.client.mobile(&mobile_query)),
            if_on(self.lists.chromeos, self.client.chromeos(&chromeos_query)),
            if_on(self.lists.identity, self.client.device_users(None, &filter)),
        );
        let mut lists = Vec::new();
        for (list, answer) in [(MOBILE, mobile), (CHROMEOS, chromeos), (IDENTITY, identity)] {
            if let Some(answer) = answer {
                answer?;
                lists.push(list);
            }
        }
        Ok(format!("{} can be read", lists.join(", ")))
    }
}
