//! Questions to the Pro API: lists with filters and pages.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_posture::Identifiers;
use serde_json::Value as Json;

use super::client::Client;
use super::rsql;
use super::settings::{Inventory, Settings};
use super::trouble::Trouble;
use crate::raw;

const COMPUTERS: &str = "computers";
const MOBILE_DEVICES: &str = "mobile devices";
/// What is asked of a computer. What is not asked for comes as null.
const COMPUTER_SECTIONS: [&str; 11] = [
    "GENERAL",
    "USER_AND_LOCATION",
    "HARDWARE",
    "OPERATING_SYSTEM",
    "DISK_ENCRYPTION",
    "STORAGE",
    "SECURITY",
    "SOFTWARE_UPDATES",
    "APPLICATIONS",
    "SERVICES",
    "EXTENSION_ATTRIBUTES",
];
const MOBILE_SECTIONS: [&str; 5] = ["GENERAL", "HARDWARE", "USER_AND_LOCATION", "SECURITY", "NETWORK"];
/// How many values stand in one filter: an address has a length that servers take.
const BATCH: usize = 40;
/// How many pages are asked for at the same time. The client lets fewer through if others ask too.
const PAGES_AT_ONCE: usize = 4;
/// More pages than this are not asked for, whatever the count says.
const MOST_PAGES: u64 = 10_000;

/// A list at Jamf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Computers,
    MobileDevices,
}

/// What a list holds.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Each record once.
    pub(super) records: Vec<Json>,
    /// How many there should be, if there are fewer.
    pub(super) of: Option<u64>,
}

/// The Pro API.
#[derive(Debug)]
pub(super) struct Pro {
    page_size: usize,
    /// The version that is set, if one is.
    fixed: Option<Inventory>,
    /// The version that last answered.
    works: Mutex<Option<Inventory>>,
}

impl Pro {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { page_size: settings.page_size, fixed: settings.inventory, works: Mutex::default() }
    }

    /// All records of a list that the filter lets through.
    pub(super) async fn list(
        &self,
        client: &Client,
        list: List,
        filter: Option<&str>,
    ) -> Result<Listed, Trouble> {
        let first = self.page(client, list, filter, 0, self.page_size).await?;
        let (mut records, count) = first;
        let size = u64::try_from(self.page_size).unwrap_or(u64::MAX);
        let pages = count.div_ceil(size.max(1)).min(MOST_PAGES);
        let others: Vec<Vec<Json>> = stream::iter(1..pages)
            .map(|page| async move {
                self.page(client, list, filter, page, self.page_size).await.map(|(records, _)| records)
            })
            .buffered(PAGES_AT_ONCE)
            .try_collect()
            .await?;
        records.extend(others.into_iter().flatten());
        // A record moves to another page when one before it comes or goes.
        let mut known = BTreeSet::new();
        records.retain(|record| id(record).is_none_or(|id| known.insert(id)));
        let got = u64::try_from(records.len()).unwrap_or(u64::MAX);
        Ok(Listed { records, of: (got < count).then_some(count) })
    }

    /// How many records a list holds, and the version that said so.
    pub(super) async fn count(
        &self,
        client: &Client,
        list: List,
    ) -> Result<(u64, Option<Inventory>), Trouble> {
        let (_, count) = self.page(client, list, None, 0, 1).await?;
        let works = *self.works.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((count, self.fixed.or(works)))
    }

    async fn page(
        &self,
        client: &Client,
        list: List,
        filter: Option<&str>,
        page: u64,
        size: usize,
    ) -> Result<(Vec<Json>, u64), Trouble> {
        let (sections, order): (&[&str], &str) = match list {
            List::Computers => (&COMPUTER_SECTIONS, "id:asc"),
            List::MobileDevices => (&MOBILE_SECTIONS, "mobileDeviceId:asc"),
        };
        let mut query: Vec<(&str, String)> =
            sections.iter().map(|section| ("section", (*section).to_owned())).collect();
        query.push(("page", page.to_string()));
        query.push(("page-size", size.to_string()));
        query.push(("sort", order.to_owned()));
        query.extend(filter.map(|filter| ("filter", filter.to_owned())));
        let (what, answer) = match list {
            List::Computers => (COMPUTERS, self.computers(client, &query).await?),
            List::MobileDevices => {
                let path = ["api", "v2", "mobile-devices", "detail"];
                (MOBILE_DEVICES, client.get(MOBILE_DEVICES, &path, &query).await?)
            }
        };
        let unreadable = || Trouble::Unreadable { what, why: "it is no page of a list".to_owned() };
        let count = answer.get("totalCount").and_then(Json::as_u64).ok_or_else(unreadable)?;
        let results = raw::list(&answer, "/results").cloned().ok_or_else(unreadable)?;
        Ok((results, count))
    }

    /// Asks in the version that is set or has answered before; else in all, from the newest. A server that is newer
    /// now may have dropped what it had, so what has answered before is not taken for granted.
    async fn computers(&self, client: &Client, query: &[(&str, String)]) -> Result<Json, Trouble> {
        let known = self.fixed.or(*self.works.lock().unwrap_or_else(PoisonError::into_inner));
        let mut last = None;
        for version in known.into_iter().chain(Inventory::ALL) {
            let path = ["api", version.word(), "computers-inventory"];
            match client.get(COMPUTERS, &path, query).await {
                Err(trouble) if trouble.status() == Some(404) && self.fixed.is_none() => last = Some(trouble),
                Err(trouble) => return Err(trouble),
                Ok(answer) => {
                    *self.works.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
                    return Ok(answer);
                }
            }
        }
        Err(last.unwrap_or(Trouble::Unreadable { what: COMPUTERS, why: "no version was asked".to_owned() }))
    }
}

fn id(record: &Json) -> Option<String> {
    raw::text(record, "/mobileDeviceId").or_else(|| raw::text(record, "/id"))
}

/// The filter for the records of whoever has this e-mail address.
pub(super) fn of_owner(list: List, email: &str) -> String {
    match list {
        List::Computers => rsql::is("userAndLocation.email", email),
        List::MobileDevices => rsql::is("emailAddress", email),
    }
}

/// The filters for the records that have one of these identifiers.
pub(super) fn known_as(list: List, identifiers: &[Identifiers]) -> Vec<String> {
    let [serial, udid, mac] = match list {
        List::Computers => ["hardware.serialNumber", "udid", "hardware.macAddress"],
        List::MobileDevices => ["serialNumber", "udid", "wifiMacAddress"],
    };
    let serials: BTreeSet<String> =
        identifiers.iter().filter_map(|one| Some(one.serial.as_ref()?.as_str().to_owned())).collect();
    let udids: BTreeSet<String> = identifiers.iter().filter_map(|one| one.udid.clone()).collect();
    let macs: BTreeSet<String> = identifiers
        .iter()
        .flat_map(|one| one.mac_addresses.iter())
        .map(|mac| mac.to_string().to_uppercase())
        .collect();
    let mut filters = Vec::new();
    for (field, values) in [(serial, serials), (udid, udids), (mac, macs)] {
        let values: Vec<String> = values.into_iter().collect();
        filters.extend(values.chunks(BATCH).map(|batch| rsql::among(field, batch)));
    }
    filters
}
