//! Which records are of one device.
//!
//! Records that share an identifier are of one device, and so on along the chain, unless two of them have different
//! values of an identifier of which a device has one (serial number, UDID, IMEI, MEID, the ids of one source). What
//! comes out must not depend on the order of records, nor join strangers. So:
//!
//! 1. Records are sorted, and equal ones count once.
//! 2. Identifiers are taken from the strongest to the weakest: a source's own id, the serial number, UDID, IMEI, MEID,
//!    the other ids, and last MAC addresses. What the stronger have joined, the weaker do not part.
//! 3. A value whose carriers contradict each other joins nobody, also not those of them that contradict nobody: a
//!    dock's address joins no two laptops, and no third record to one of them. Nor does a MAC address join anybody
//!    that one source gives to more than [`MANY`] of its devices.
//! 4. A device that would join two others which contradict each other joins neither by identifiers of that strength:
//!    it cannot be told which it is.
//! 5. What is left is joined value after value, in the order in which the sorted records have them. Where a longer
//!    chain would still join two that contradict each other, the later link is refused.
//!
//! A refused link changes nothing, and is told as a [`Conflict`] on both. A phone with two SIM cards has two IMEIs; a
//! device that has one of them in one source and the other in another stays apart, and the conflict says why.
//!
//! Every step looks at each identifier of each record a fixed number of times, or sorts: the time grows a little more
//! than linearly.

mod level;
mod names;

use std::collections::HashMap;

use crate::device::Conflict;
use crate::record::Record;

use level::{Groups, Refusal};
use names::{MACS, Names};

/// To how many of its devices a source may give one MAC address before it counts as shared.
const MANY: usize = 8;

/// How many conflicts are told of one device.
const TOLD: usize = 20;

/// A device's records, and what was held apart from it.
pub(crate) struct Group {
    /// Indices of records, sorted; at least one.
    pub(crate) records: Vec<usize>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// The groups of these records, which must be sorted, so that the result does not depend on their order.
pub(crate) fn group(records: &[Record]) -> Vec<Group> {
    let mut names = Names::of(records);
    let mut groups = Groups::new(std::mem::take(&mut names.singles));
    let mut refusals = Vec::new();
    for (strength, mut carriers) in std::mem::take(&mut names.levels).into_iter().enumerate() {
        groups.level(strength, &mut carriers, (strength == MACS).then_some(records), &mut refusals);
    }
    let told = conflicts(refusals, &mut groups, &names, records);
    let mut found: Vec<Group> =
        groups.members().into_iter().map(|records| Group { records, conflicts: Vec::new() }).collect();
    for group in found.iter_mut().filter(|_| !told.is_empty()) {
        let Some(first) = group.records.first() else { continue };
        let Some(mut own) = told.get(&groups.root(*first)).cloned() else { continue };
        own.sort_unstable();
        own.dedup();
        own.truncate(TOLD);
        group.conflicts = own;
    }
    found
}

/// What is told of each group, by its root.
fn conflicts(
    refusals: Vec<Refusal>,
    groups: &mut Groups,
    names: &Names,
    records: &[Record],
) -> HashMap<usize, Vec<Conflict>> {
    let mut told: HashMap<usize, Vec<Conflict>> = HashMap::new();
    for Refusal { one, other, strength, value, field } in refusals {
        let roots = (groups.root(one), groups.root(other));
        // By something else they may have come together after all: then there was nothing to refuse.
        if roots.0 == roots.1 {
            continue;
        }
        let (shared, contradiction) = (names.shared(strength, value, &records[one]), names.field(field));
        for (root, with) in [(roots.0, &records[other]), (roots.1, &records[one])] {
            told.entry(root).or_default().push(Conflict {
                with: (with.source.clone(), with.id.clone()),
                shared: shared.clone(),
                contradiction: contradiction.clone(),
            });
        }
    }
    told
}
