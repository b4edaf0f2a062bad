//! What came of a question: rows read one by one, so that a bad one takes no other with it.

use hubcommander_posture::{Identifiers, Problem, Record};
use hubcommander_sdk::devices::Found;
use serde_json::Value as Json;

use crate::raw::Unreadable;

/// Reads the rows, and keeps those that fit, each id once. What a row says that does not fit is not repeated anywhere.
pub(crate) fn keep(
    source: &str,
    rows: impl IntoIterator<Item = Json>,
    read: impl Fn(&Json) -> Result<Record, Unreadable>,
    mut fits: impl FnMut(&Record) -> bool,
    found: &mut Found,
) {
    for row in rows {
        match read(&row) {
            Ok(record) if !fits(&record) => {}
            Ok(record) if found.records.iter().any(|other| other.id == record.id) => {}
            Ok(record) => found.records.push(record),
            Err(Unreadable { id, what }) => {
                found.problems.push(Problem { source: source.to_owned(), id, what });
            }
        }
    }
}

/// Whether a record has an identifier of one of these.
pub(crate) fn is_one_of(record: &Record, identifiers: &[Identifiers]) -> bool {
    fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_some() && one == other
    }
    let known = &record.identifiers;
    identifiers.iter().any(|other| {
        same(known.serial.as_ref(), other.serial.as_ref())
            || same(known.udid.as_ref(), other.udid.as_ref())
            || same(known.imei.as_ref(), other.imei.as_ref())
            || same(known.meid.as_ref(), other.meid.as_ref())
            || !known.mac_addresses.is_disjoint(&other.mac_addresses)
            || known.others.iter().any(|(key, value)| other.others.get(key) == Some(value))
    })
}
