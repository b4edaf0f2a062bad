//! How what the pages keep stands in the store.

use hubcommander_sdk::clock::Instant;
use hubcommander_stethoscope_pages::ports::{Hash, Person, Trouble};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::store::{Shelf, StoreError};

pub(super) fn trouble(error: StoreError) -> Trouble {
    Trouble(error.to_string())
}

/// A hash as it stands in a key.
pub(super) fn hex(hash: &Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same read back.
pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(Hash(bytes))
}

/// An e-mail address as it stands in a key, after which others can be looked for.
pub(super) fn of_email(email: &str) -> String {
    email.trim().to_lowercase().bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Whoever the pages are for.
#[derive(Serialize, Deserialize)]
pub(super) struct Whose {
    email: String,
    name: String,
}

impl Whose {
    pub(super) fn of(person: &Person) -> Self {
        Self { email: person.email.clone(), name: person.name.clone() }
    }

    pub(super) fn person(self) -> Person {
        Person { email: self.email, name: self.name }
    }
}

/// What ends of itself.
#[derive(Deserialize)]
pub(super) struct Ending {
    pub(super) ends: Instant,
}

/// What stands under a key, if it can be read: what cannot counts for nothing.
pub(super) async fn read<T: DeserializeOwned>(shelf: &Shelf, key: &str) -> Result<Option<T>, Trouble> {
    let found = shelf.get().map_err(trouble)?.remembered(key).await.map_err(trouble)?;
    Ok(found.and_then(|value| serde_json::from_value(value).ok()))
}

pub(super) async fn write(shelf: &Shelf, key: &str, value: Option<Json>) -> Result<(), Trouble> {
    shelf.get().map_err(trouble)?.remember(key, value).await.map_err(trouble)
}
