//! Fleet: its hosts, and what its policies say of them (<https://fleetdm.com/docs/rest-api/rest-api>).

mod read;
mod settings;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::HeaderValue;
use hubcommander_posture::{Identifiers, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

pub use read::read;
pub use settings::{Options, Settings, SetupError};

use read::{NAME, is_of};

use crate::fields::email;
use crate::found::{is_one_of, keep};
use crate::raw;
use crate::rest::{Api, MOST_PAGES, Persistence, Refusal, Trouble, bearer};

/// How many hosts are asked for at once.
const SIDE_BY_SIDE: usize = 5;

/// How many hosts stand on a page.
const PAGE: usize = 100;

/// The source.
pub struct Fleet {
    api: Api,
    authorization: HeaderValue,
    clock: SharedClock,
    options: Options,
    refresh_within: Duration,
    refresh_pause: Duration,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("api", &self.api).finish_non_exhaustive()
    }
}

impl Fleet {
    /// The source, by its settings.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let persistence = Persistence { within: settings.within, pause: settings.pause };
        let way = (&settings.proxies, settings.patience);
        Ok(Self {
            api: Api::new("Fleet", &settings.url, way, persistence, refusal)?,
            authorization: bearer(&settings.token).map_err(|()| SetupError::Token)?,
            clock,
            options: settings.options.clone(),
            refresh_within: settings.refresh_within,
            refresh_pause: settings.refresh_pause,
        })
    }

    async fn get(&self, what: &'static str, path: &[&str], query: &[(&str, &str)]) -> Result<Json, Trouble> {
        let path: Vec<&str> = ["api", "v1", "fleet"].iter().chain(path).copied().collect();
        self.api.get(what, &self.api.address(&path, query)?, &self.authorization).await
    }

    /// The same; `None` if it is not there.
    async fn find(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<Json>, Trouble> {
        match self.get(what, path, query).await {
            Ok(body) => Ok(Some(body)),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Hosts that fit a query, page by page; all of them without one.
    async fn hosts(&self, query: &str, whole: bool) -> Result<Vec<Json>, Trouble> {
        let what = "hosts";
        let (mut rows, mut first_of_last) = (Vec::new(), None);
        let fleet = self.options.fleet_id.map(|id| id.to_string());
        let per_page = PAGE.to_string();
        for page in 0..MOST_PAGES {
            let page = page.to_string();
            let mut fields = vec![
                ("device_mapping", "true"),
                ("populate_policies", "true"),
                ("page", page.as_str()),
                ("per_page", per_page.as_str()),
                ("order_key", "id"),
                ("order_direction", "asc"),
            ];
            fields.extend((!query.is_empty()).then_some(("query", query)));
            fields.extend(whole.then_some(("populate_software", "true")));
            // Either name is passed over by servers that do not know it; each host is looked at afterwards.
            fields.extend(fleet.iter().flat_map(|id| [("team_id", id.as_str()), ("fleet_id", id.as_str())]));
            let mut body = self.get(what, &["hosts"], &fields).await?;
            let more = match body.get_mut("hosts").map(Json::take) {
                Some(Json::Array(more)) => more,
                Some(Json::Null) => Vec::new(),
                _ => return Err(self.api.unreadable(what, "`hosts` is no list")),
            };
            let (full, first) = (more.len() >= PAGE, more.first().and_then(|row| raw::text(row, "/id")));
            if first.is_some() && first == first_of_last {
                break;
            }
            first_of_last = first;
            rows.extend(more);
            if !full {
                return Ok(rows);
            }
        }
        Err(self.api.unreadable(what, "its pages have no end"))
    }

    /// One host with all that is known of it. What the list alone had (whose it is) is kept.
    async fn whole(&self, row: Json) -> Result<Json, Trouble> {
        let Some(id) = raw::text(&row, "/id") else { return Ok(row) };
        let Some(mut body) = self.find("a host", &["hosts", &id], &[]).await? else { return Ok(row) };
        let Some(mut host) = body.get_mut("host").map(Json::take).filter(Json::is_object) else {
            return Err(self.api.unreadable("a host", "there is none in it"));
        };
        if host.get("device_mapping").is_none_or(Json::is_null)
            && let Some(mapping) = row.get("device_mapping")
        {
            host["device_mapping"] = mapping.clone();
        }
        Ok(host)
    }

    fn found(&self, rows: Vec<Json>, fits: impl FnMut(&Record) -> bool) -> Found {
        let mut found = Found::default();
        let rows = rows.into_iter().filter(|row| is_of(row, self.options.fleet_id));
        keep(NAME, rows, |raw| read(raw, &self.options, Some(self.clock.now())), fits, &mut found);
        found
    }

    async fn by_identifier(&self, identifier: String) -> Result<Option<Json>, Trouble> {
        let Some(mut body) = self.find("a host", &["hosts", "identifier", &identifier], &[]).await? else {
            return Ok(None);
        };
        let Some(mut host) = body.get_mut("host").map(Json::take) else { return Ok(None) };
        if host.get("device_mapping").is_none_or(Json::is_null)
            && let Some(id) = raw::text(&host, "/id")
            && let Some(mut mapping) =
                self.find("whose a host is", &["hosts", &id, "device_mapping"], &[]).await?
            && let Some(mapping) = mapping.get_mut("device_mapping").map(Json::take)
        {
            host["device_mapping"] = mapping;
        }
        Ok(Some(host))
    }

    /// Whether a host that was asked to report anew has.
    async fn has_reported(&self, id: &str) -> Result<bool, Trouble> {
        let body = self.find("a host", &["hosts", id], &[("exclude_software", "true")]).await?;
        Ok(body.is_some_and(|body| raw::flag(&body, "/host/refetch_requested") == Some(false)))
    }
}

/// Fleet says why in sentences, which are not repeated; the status says enough.
fn refusal(_: &Json) -> Refusal {
    Refusal { code: String::new(), too_often: false }
}

#[async_trait]
impl DeviceSource for Fleet {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "Fleet"
    }

    async fn of_owner(&self, who: &str) -> Result<Found, SourceError> {
        let Some(who) = email(who) else { return Ok(Found::default()) };
        // The query also fits a part of an address, of a name or of a serial number.
        let rows = self.hosts(&who, false).await?;
        let mine = rows.into_iter().filter(|row| match read(row, &self.options, None) {
            Ok(record) => record.owners.contains(&who),
            Err(_) => true,
        });
        let whole = stream::iter(mine).map(|row| self.whole(row)).buffered(SIDE_BY_SIDE);
        let whole: Vec<Result<Json, Trouble>> = whole.collect().await;
        let whole = whole.into_iter().collect::<Result<Vec<Json>, Trouble>>()?;
        Ok(self.found(whole, |record| record.owners.contains(&who)))
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let names: BTreeSet<String> = identifiers
            .iter()
            .flat_map(|one| [one.serial.as_ref().map(|serial| serial.as_str().to_owned()), one.udid.clone()])
            .flatten()
            .collect();
        let rows = stream::iter(names).map(|name| self.by_identifier(name)).buffered(SIDE_BY_SIDE);
        let rows: Vec<Result<Option<Json>, Trouble>> = rows.collect().await;
        let rows = rows.into_iter().filter_map(Result::transpose).collect::<Result<Vec<Json>, Trouble>>()?;
        // A host whose name reads like somebody's serial number is found too.
        Ok(self.found(rows, |record| is_one_of(record, identifiers)))
    }

    async fn all(&self) -> Result<Found, SourceError> {
        Ok(self.found(self.hosts("", true).await?, |_| true))
    }

    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        let until = Instant::now() + self.refresh_within;
        let mut waiting: BTreeSet<&str> =
            records.iter().filter(|record| record.source == NAME).map(|record| record.id.as_str()).collect();
        for id in &waiting {
            let path = ["api", "v1", "fleet", "hosts", id, "refetch"];
            let address = self.api.address(&path, &[])?;
            self.api.post("that a host reports anew", &address, &self.authorization).await?;
        }
        let mut reported = false;
        while !waiting.is_empty() && Instant::now() + self.refresh_pause < until {
            sleep(self.refresh_pause).await;
            for id in waiting.clone() {
                if self.has_reported(id).await? {
                    waiting.remove(id);
                    reported = true;
                }
            }
        }
        Ok(reported)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        self.get("hosts", &["hosts"], &[("page", "0"), ("per_page", "1")]).await?;
        Ok("its hosts can be read".to_owned())
    }
}
