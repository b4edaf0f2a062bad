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
    identifiers.iter().any(|other| record.identifiers.overlaps(other))
}
