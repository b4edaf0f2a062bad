//! Which records are of one device.
//!
//! Two records are of one device when they share an identifier and none that a device has only one of contradicts.
//! Grouping is transitive. So that the order of records never matters, identifiers take their turn from the strongest
//! (a serial number) to the weakest (an address), and an identifier whose holders contradict each other, such as the
//! address of a dock that two laptops share, links none of them: which of them a third record belongs to cannot be
//! told. Each refusal is reported.

use std::collections::{BTreeMap, HashMap};

use crate::device::Conflict;
use crate::identifiers::Identifiers;
use crate::record::Record;

/// An identifier as it is compared; the order of the variants is that of their strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key<'a> {
    Serial(&'a str),
    Udid(&'a str),
    Imei(&'a str),
    Meid(&'a str),
    Other(&'a str, &'a str),
    Mac([u8; 6]),
}

impl Key<'_> {
    fn words(self) -> String {
        match self {
            Self::Serial(serial) => format!("serial number {serial}"),
            Self::Udid(udid) => format!("udid {udid}"),
            Self::Imei(imei) => format!("imei {imei}"),
            Self::Meid(meid) => format!("meid {meid}"),
            Self::Other(name, id) => format!("{name} {id}"),
            Self::Mac(mac) => format!("address {}", crate::identifiers::Mac::of(mac)),
        }
    }
}

fn keys(identifiers: &Identifiers) -> impl Iterator<Item = Key<'_>> {
    let Identifiers { serial, mac_addresses, udid, imei, meid, others } = identifiers;
    let serial = serial.iter().map(|serial| Key::Serial(serial.as_str()));
    let singles =
        [udid.as_deref().map(Key::Udid), imei.as_deref().map(Key::Imei), meid.as_deref().map(Key::Meid)];
    let others = others.iter().map(|(name, id)| Key::Other(name, id));
    let macs = mac_addresses.iter().map(|mac| Key::Mac(mac.bytes()));
    serial.chain(singles.into_iter().flatten()).chain(others).chain(macs)
}

/// What a device has only one of, in a group of records.
#[derive(Clone, Default)]
struct Singles<'a> {
    serial: Option<&'a str>,
    udid: Option<&'a str>,
    imei: Option<&'a str>,
    meid: Option<&'a str>,
    others: BTreeMap<&'a str, &'a str>,
}

impl<'a> Singles<'a> {
    fn of(identifiers: &'a Identifiers) -> Self {
        Self {
            serial: identifiers.serial.as_ref().map(|serial| serial.as_str()),
            udid: identifiers.udid.as_deref(),
            imei: identifiers.imei.as_deref(),
            meid: identifiers.meid.as_deref(),
            others: identifiers.others.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect(),
        }
    }

    /// Where the two cannot be of one device.
    fn contradiction(&self, other: &Self) -> Option<String> {
        let pairs = [
            ("serial number", self.serial, other.serial),
            ("udid", self.udid, other.udid),
            ("imei", self.imei, other.imei),
            ("meid", self.meid, other.meid),
        ];
        let others = self.others.iter().map(|(name, id)| (*name, Some(*id), other.others.get(name).copied()));
        let differ = |(name, one, two): (&str, Option<&str>, Option<&str>)| match (one, two) {
            (Some(one), Some(two)) if one != two => Some(format!("{name}: {one} and {two}")),
            _ => None,
        };
        pairs.into_iter().chain(others).find_map(differ)
    }

    fn take(&mut self, other: &Self) {
        self.serial = self.serial.or(other.serial);
        self.udid = self.udid.or(other.udid);
        self.imei = self.imei.or(other.imei);
        self.meid = self.meid.or(other.meid);
        for (name, id) in &other.others {
            self.others.entry(name).or_insert(id);
        }
    }
}

/// Groups of records, as a forest (union by size, path halving).
struct Groups<'a> {
    parent: Vec<usize>,
    size: Vec<usize>,
    singles: Vec<Singles<'a>>,
}

impl<'a> Groups<'a> {
    fn of(records: &'a [Record]) -> Self {
        Self {
            parent: (0..records.len()).collect(),
            size: vec![1; records.len()],
            singles: records.iter().map(|record| Singles::of(&record.identifiers)).collect(),
        }
    }

    fn root(&mut self, mut it: usize) -> usize {
        while self.parent[it] != it {
            self.parent[it] = self.parent[self.parent[it]];
            it = self.parent[it];
        }
        it
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        let (large, small) = if self.size[one] >= self.size[other] { (one, other) } else { (other, one) };
        self.parent[small] = large;
        self.size[large] += self.size[small];
        let taken = std::mem::take(&mut self.singles[small]);
        self.singles[large].take(&taken);
    }
}

/// A device's records, and what was held apart from it.
pub(crate) struct Group {
    pub(crate) records: Vec<usize>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Most conflicts that are told of one device.
const TOLD: usize = 8;

/// The groups of these records, which must be sorted, so that the result does not depend on their order.
pub(crate) fn group(records: &[Record]) -> Vec<Group> {
    let mut holders: HashMap<Key<'_>, Vec<usize>> = HashMap::with_capacity(records.len() * 2);
    for (index, record) in records.iter().enumerate() {
        for key in keys(&record.identifiers) {
            holders.entry(key).or_default().push(index);
        }
    }
    let mut turns: Vec<(Key<'_>, Vec<usize>)> =
        holders.into_iter().filter(|(_, holders)| holders.len() > 1).collect();
    turns.sort_unstable_by_key(|(key, _)| *key);
    let mut groups = Groups::of(records);
    let mut refused: Vec<(usize, usize, Conflict)> = Vec::new();
    for (key, holders) in turns {
        if let Some((one, other, contradiction)) = apart(&mut groups, &holders) {
            let conflict = |with: usize| Conflict {
                with: (records[with].source.clone(), records[with].id.clone()),
                shared: key.words(),
                contradiction: contradiction.clone(),
            };
            refused.push((one, other, conflict(other)));
            refused.push((other, one, conflict(one)));
            continue;
        }
        for pair in holders.windows(2) {
            groups.join(pair[0], pair[1]);
        }
    }
    let mut by_root: BTreeMap<usize, Group> = BTreeMap::new();
    let mut first: HashMap<usize, usize> = HashMap::new();
    for index in 0..records.len() {
        let root = groups.root(index);
        let first = *first.entry(root).or_insert(index);
        let group =
            by_root.entry(first).or_insert_with(|| Group { records: Vec::new(), conflicts: Vec::new() });
        group.records.push(index);
    }
    for (one, other, conflict) in refused {
        // A stronger identifier may have joined them after all: then there was nothing to refuse.
        if groups.root(one) == groups.root(other) {
            continue;
        }
        let root = groups.root(one);
        if let Some(group) = first.get(&root).and_then(|first| by_root.get_mut(first))
            && group.conflicts.len() < TOLD
            && !group.conflicts.contains(&conflict)
        {
            group.conflicts.push(conflict);
        }
    }
    by_root.into_values().collect()
}

/// Two of these holders that cannot be of one device, if there are any, and why.
fn apart(groups: &mut Groups<'_>, holders: &[usize]) -> Option<(usize, usize, String)> {
    let first = groups.root(holders[0]);
    let mut all = groups.singles[first].clone();
    let mut seen = vec![(first, holders[0])];
    for holder in &holders[1..] {
        let root = groups.root(*holder);
        if root == first || seen.iter().rev().take(4).any(|(known, _)| *known == root) {
            continue;
        }
        if let Some(contradiction) = all.contradiction(&groups.singles[root]) {
            // Which of those before it is contradicted: the one that is told.
            let with = seen
                .iter()
                .find(|(known, _)| groups.singles[*known].contradiction(&groups.singles[root]).is_some());
            return Some((with.map_or(holders[0], |(_, holder)| *holder), *holder, contradiction));
        }
        all.take(&groups.singles[root]);
        seen.push((root, *holder));
    }
    None
}
