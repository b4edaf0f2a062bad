//! Jamf: Macs, iPhones and iPads. The Pro API (`GET /api/v4/computers-inventory` and its older versions,
//! `GET /api/v2/mobile-devices/detail`) or, if told so, the Classic API; both with the tokens of an API client.
//!
//! Whatever Jamf answers, a device counts as somebody's only if its record holds exactly their e-mail address.

mod classic;
mod client;
mod pro;
mod read;
mod rsql;
mod settings;
mod trouble;

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_posture::{Identifiers, Problem};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use serde_json::Value as Json;

use crate::found::is_one_of;

use client::Client;
use pro::{List, Listed, Pro};
pub use read::read;
pub use settings::{Api, Attribute, Attributes, Inventory, Reading, Settings, SetupError};
use trouble::Trouble;

/// The source.
#[derive(Debug)]
pub struct Jamf {
    client: Client,
    pro: Pro,
    api: Api,
    mobile: bool,
    reading: Reading,
    clock: SharedClock,
}

impl Jamf {
    /// Sets it up. Asks Jamf nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        if !(1..=2000).contains(&settings.page_size) {
            return Err(SetupError::PageSize);
        }
        Ok(Self {
            client: Client::new(settings, clock.clone())?,
            pro: Pro::new(settings),
            api: settings.api,
            mobile: settings.mobile,
            reading: settings.reading.clone(),
            clock,
        })
    }

    /// Asks the lists of the Pro API with these filters: computers, and mobile devices if they are asked for. That
    /// mobile devices are refused hides no computer; it is a problem that is told.
    async fn ask_pro(
        &self,
        filters: impl Fn(List) -> Vec<Option<String>>,
    ) -> Result<(Vec<Json>, Vec<Problem>), SourceError> {
        let mut all = self.ask_list(List::Computers, &filters(List::Computers)).await?;
        if self.mobile {
            match self.ask_list(List::MobileDevices, &filters(List::MobileDevices)).await {
                Ok((raw, problems)) => {
                    all.0.extend(raw);
                    all.1.extend(problems);
                }
                Err(trouble) => {
                    let trouble = SourceError::from(trouble);
                    tracing::warn!(source = self.name(), %trouble, "mobile devices are missing");
                    all.1.push(self.problem(None, "Its mobile devices could not be read.".to_owned()));
                }
            }
        }
        Ok(all)
    }

    async fn ask_list(
        &self,
        list: List,
        filters: &[Option<String>],
    ) -> Result<(Vec<Json>, Vec<Problem>), Trouble> {
        let (mut raw, mut problems) = (Vec::new(), Vec::new());
        for filter in filters {
            let Listed { records, of } = self.pro.list(&self.client, list, filter.as_deref()).await?;
            if let Some(count) = of {
                let what = format!("It counted {count} records and sent {}.", records.len());
                problems.push(self.problem(None, what));
            }
            raw.extend(records);
        }
        Ok((raw, problems))
    }

    fn problem(&self, id: Option<String>, what: String) -> Problem {
        Problem { source: self.name().to_owned(), id, what }
    }

    /// Reads what came. A record that cannot be read is told of; the others stay.
    fn read_all(&self, raw: &[Json], problems: Vec<Problem>) -> Found {
        let now = self.clock.now();
        let mut found = Found { records: Vec::new(), problems };
        let mut known = BTreeSet::new();
        for one in raw {
            match read(one, &self.reading, Some(now)) {
                Ok(record) => {
                    if known.insert(record.id.clone()) {
                        found.records.push(record);
                    }
                }
                Err(unreadable) => {
                    let problem = self.problem(unreadable.id, unreadable.what);
                    found.problems.push(problem);
                }
            }
        }
        found
    }
}

#[async_trait]
impl DeviceSource for Jamf {
    fn name(&self) -> &str {
        &self.reading.source
    }

    fn title(&self) -> &'static str {
        "Jamf"
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            return Ok(Found::default());
        }
        let (mut raw, problems) = match self.api {
            Api::Pro => self.ask_pro(|list| vec![Some(pro::of_owner(list, &email))]).await?,
            Api::Classic => (classic::of_owner(&self.client, &email, self.mobile).await?, Vec::new()),
        };
        // Nothing of somebody else's, not even that it could not be read.
        let all = raw.len();
        raw.retain(|one| read::owner(one).as_deref() == Some(email.as_str()));
        if raw.len() < all {
            tracing::debug!(dropped = all - raw.len(), "Jamf sent devices of others");
        }
        let mut found = self.read_all(&raw, problems);
        found.records.retain(|record| record.owners.contains(&email));
        Ok(found)
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let (raw, problems) = match self.api {
            Api::Pro => {
                let filters = |list| pro::known_as(list, identifiers).into_iter().map(Some).collect();
                self.ask_pro(filters).await?
            }
            Api::Classic => (classic::known_as(&self.client, identifiers, self.mobile).await?, Vec::new()),
        };
        let mut found = self.read_all(&raw, problems);
        found.records.retain(|record| is_one_of(record, identifiers));
        Ok(found)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        let (raw, problems) = match self.api {
            Api::Pro => self.ask_pro(|_| vec![None]).await?,
            Api::Classic => (classic::all(&self.client, self.mobile).await?, Vec::new()),
        };
        Ok(self.read_all(&raw, problems))
    }

    async fn probe(&self) -> Result<String, SourceError> {
        if self.api == Api::Classic {
            classic::probe(&self.client).await?;
            return Ok("Classic API".to_owned());
        }
        let (computers, version) = self.pro.count(&self.client, List::Computers).await?;
        let mut words = format!("{computers} computers");
        if let Some(version) = version {
            words.push_str(&format!(" by inventory {}", version.word()));
        }
        if self.mobile {
            let (mobile, _) = self.pro.count(&self.client, List::MobileDevices).await?;
            words.push_str(&format!(", {mobile} mobile devices"));
        }
        Ok(words)
    }
}
