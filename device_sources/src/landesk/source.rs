//! The source: which computers, and all that is held of each, put together.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use hubcommander_posture::{Identifiers, Problem};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use serde_json::{Map, Value as Json, json};

use crate::found::is_one_of;

use super::database::{Connection, Database, Trouble};
use super::read::{owners, read};
use super::settings::{Reading, Settings, SetupError};
use super::statements::{ALL, BESIDE, BY_MAC, BY_OWNER, BY_SERIAL, COMPUTERS, COUNT, LISTS, OWNERS};

/// The key of a computer in all tables.
const KEY: &str = "Computer_Idn";

/// How many times as long as a question it may take to read all computers.
const WHOLE: u32 = 10;

/// The source.
#[derive(Debug)]
pub struct Landesk {
    database: Database,
    reading: Reading,
    clock: SharedClock,
}

impl Landesk {
    /// Sets it up. Asks the database nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        Ok(Self { database: Database::new(settings)?, reading: settings.reading.clone(), clock })
    }

    /// Reads what came. A record that cannot be read is told of; the others stay.
    fn read_all(&self, raw: &[Json]) -> Found {
        let now = self.clock.now();
        let mut found = Found::default();
        for one in raw {
            match read(one, &self.reading, Some(now)) {
                Ok(record) => found.records.push(record),
                Err(unreadable) => found.problems.push(Problem {
                    source: self.reading.source.clone(),
                    id: unreadable.id,
                    what: unreadable.what,
                }),
            }
        }
        found
    }
}

/// Whether a computer is of whoever has exactly this address. The database compares as its collation does, which may
/// pass over accents, and a computer may change hands between two statements.
fn is_of(raw: &Json, email: &str) -> bool {
    owners(raw).iter().any(|owner| owner == email)
}

/// The key of a row.
fn key(row: &Map<String, Json>) -> Option<i64> {
    row.get(KEY)?.as_i64()
}

fn keys(rows: &[Map<String, Json>]) -> impl Iterator<Item = i64> {
    rows.iter().filter_map(key)
}

/// All that is held of these computers, one object for each.
async fn computers(connection: &mut Connection, keys: &BTreeSet<i64>) -> Result<Vec<Json>, Trouble> {
    let keys: Vec<i64> = keys.iter().copied().collect();
    let mut all: BTreeMap<i64, Map<String, Json>> = BTreeMap::new();
    for row in connection.rows_of(COMPUTERS, &keys).await? {
        if let Some(key) = key(&row) {
            all.insert(key, row);
        }
    }
    for statement in BESIDE {
        for mut row in connection.rows_of(statement, &keys).await? {
            let Some(computer) = key(&row).and_then(|key| all.get_mut(&key)) else { continue };
            row.remove(KEY);
            // Of a second row only what the first did not say.
            for (column, value) in row {
                let held = computer.entry(column).or_insert(Json::Null);
                if held.is_null() {
                    *held = value;
                }
            }
        }
    }
    let mut lists: BTreeMap<(i64, &str), Vec<Json>> = BTreeMap::new();
    for row in connection.rows_of(OWNERS, &keys).await? {
        if let (Some(key), Some(email)) = (key(&row), row.get("EMAILADDR")) {
            lists.entry((key, "EMAILADDR")).or_default().push(email.clone());
        }
    }
    for (name, statement) in LISTS {
        for mut row in connection.rows_of(statement, &keys).await? {
            if let Some(key) = key(&row) {
                row.remove(KEY);
                lists.entry((key, name)).or_default().push(Json::Object(row));
            }
        }
    }
    for (key, computer) in &mut all {
        for name in LISTS.iter().map(|(name, _)| *name).chain(["EMAILADDR"]) {
            let list = lists.remove(&(*key, name)).unwrap_or_default();
            computer.insert(name.to_owned(), json!(list));
        }
    }
    Ok(all.into_values().map(Json::Object).collect())
}

#[async_trait]
impl DeviceSource for Landesk {
    fn name(&self) -> &str {
        &self.reading.source
    }

    fn title(&self) -> &'static str {
        "LANDESK"
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            return Ok(Found::default());
        }
        let asking = async {
            let mut connection = self.database.connect().await?;
            let rows = connection.rows_of(BY_OWNER, std::slice::from_ref(&email)).await?;
            computers(&mut connection, &keys(&rows).collect()).await
        };
        let mut raw = self.database.within(1, asking).await?;
        raw.retain(|one| is_of(one, &email));
        Ok(self.read_all(&raw))
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let serials: BTreeSet<String> =
            identifiers.iter().filter_map(|one| Some(one.serial.as_ref()?.as_str().to_owned())).collect();
        let macs: BTreeSet<String> = identifiers
            .iter()
            .flat_map(|one| one.mac_addresses.iter())
            .map(|mac| mac.to_string().replace(':', "").to_uppercase())
            .collect();
        if serials.is_empty() && macs.is_empty() {
            return Ok(Found::default());
        }
        let (serials, macs) = (Vec::from_iter(serials), Vec::from_iter(macs));
        let asking = async {
            let mut connection = self.database.connect().await?;
            let by_serial = connection.rows_of(BY_SERIAL, &serials).await?;
            let by_mac = connection.rows_of(BY_MAC, &macs).await?;
            computers(&mut connection, &keys(&by_serial).chain(keys(&by_mac)).collect()).await
        };
        let raw = self.database.within(1, asking).await?;
        let mut found = self.read_all(&raw);
        found.records.retain(|record| is_one_of(record, identifiers));
        Ok(found)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        let asking = async {
            let mut connection = self.database.connect().await?;
            let rows = connection.rows(ALL).await?;
            computers(&mut connection, &keys(&rows).collect()).await
        };
        let raw = self.database.within(WHOLE, asking).await?;
        Ok(self.read_all(&raw))
    }

    async fn probe(&self) -> Result<String, SourceError> {
        let asking = async {
            let mut connection = self.database.connect().await?;
            connection.rows(COUNT).await
        };
        let rows = self.database.within(1, asking).await?;
        let count = rows.first().and_then(|row| row.values().next()?.as_i64());
        let count = count.ok_or_else(|| SourceError::from(Trouble::Unreadable))?;
        Ok(format!("{count} computers"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_is_only_of_whose_address_it_holds() {
        let email = "amy@acme.example";
        for (held, of) in [
            (json!("amy@acme.example"), true),
            (json!(" Amy@ACME.example "), true),
            (json!(["ben@acme.example", "amy@acme.example"]), true),
            (json!("ämy@acme.example"), false),
            (json!("amy@acme.example.org"), false),
            (json!([]), false),
            (json!(""), false),
            (Json::Null, false),
        ] {
            assert_eq!(is_of(&json!({ "Computer_Idn": 1, "EMAILADDR": held }), email), of, "{held}");
        }
        assert!(!is_of(&json!({ "Computer_Idn": 1 }), email));
    }
}
