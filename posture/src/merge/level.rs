//! Joining what shares an identifier, one strength after another.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::MANY;
use super::names::Single;
use crate::record::Record;

/// A link between two records that was refused.
pub(super) struct Refusal {
    pub(super) one: usize,
    pub(super) other: usize,
    /// What they share.
    pub(super) strength: usize,
    pub(super) value: u32,
    /// Of which identifier there would be two.
    pub(super) field: usize,
}

/// A value that several groups carry.
struct Shared {
    value: u32,
    /// Each group once, with the first of its records that carries it; sorted by record.
    carriers: Vec<(usize, usize)>,
    /// What its carriers are known by, together.
    singles: Vec<Single>,
}

/// Groups of records, as a forest (union by size, path halving).
pub(super) struct Groups {
    parent: Vec<usize>,
    size: Vec<usize>,
    /// By root: what the group is known by.
    singles: Vec<Vec<Single>>,
}

impl Groups {
    pub(super) fn new(singles: Vec<Vec<Single>>) -> Self {
        Self { parent: (0..singles.len()).collect(), size: vec![1; singles.len()], singles }
    }

    pub(super) fn root(&mut self, mut it: usize) -> usize {
        while self.parent[it] != it {
            self.parent[it] = self.parent[self.parent[it]];
            it = self.parent[it];
        }
        it
    }

    /// Joins two groups, unless there would be two of what there is one of: then says of which.
    fn join(&mut self, one: usize, other: usize) -> Result<(), usize> {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return Ok(());
        }
        let united = united(&self.singles[one], &self.singles[other])?;
        let (large, small) = if self.size[one] >= self.size[other] { (one, other) } else { (other, one) };
        self.parent[small] = large;
        self.size[large] += self.size[small];
        self.singles[small] = Vec::new();
        self.singles[large] = united;
        Ok(())
    }

    /// Joins by all identifiers of one strength. `records` are given where a value that many of them have counts as
    /// shared.
    pub(super) fn level(
        &mut self,
        strength: usize,
        carriers: &mut [(u32, u32)],
        records: Option<&[Record]>,
        refusals: &mut Vec<Refusal>,
    ) {
        carriers.sort_unstable();
        let mut shared: Vec<Shared> = Vec::new();
        for of_one in carriers.chunk_by(|one, other| one.0 == other.0) {
            let Some(found) = self.carried(of_one) else { continue };
            if records.is_some_and(|records| is_everywhere(of_one, records)) {
                continue;
            }
            match self.together(strength, found) {
                Ok(found) => shared.push(found),
                Err(between) => refusals.extend(between),
            }
        }
        let torn = self.torn(strength, &shared, refusals);
        for Shared { value, carriers, .. } in &shared {
            let mut whole =
                carriers.iter().filter(|(root, _)| !torn.contains(root)).map(|(_, record)| *record);
            let Some(first) = whole.next() else { continue };
            for record in whole {
                if let Err(field) = self.join(first, record) {
                    refusals.push(Refusal { one: first, other: record, strength, value: *value, field });
                }
            }
        }
    }

    /// The groups that carry one value, if there are several.
    fn carried(&mut self, of_one: &[(u32, u32)]) -> Option<Shared> {
        let value = of_one.first().filter(|_| of_one.len() > 1)?.0;
        let mut carriers: Vec<(usize, usize)> =
            of_one.iter().map(|(_, record)| (self.root(*record as usize), *record as usize)).collect();
        carriers.sort_unstable();
        carriers.dedup_by_key(|(root, _)| *root);
        carriers.sort_unstable_by_key(|(_, record)| *record);
        (carriers.len() > 1).then_some(Shared { value, carriers, singles: Vec::new() })
    }

    /// What the carriers are known by, together; or, if they contradict each other, that nobody is joined. Each is
    /// then told of at most one other on either side, so that a thousand of them make no million.
    fn together(&self, strength: usize, mut found: Shared) -> Result<Shared, Vec<Refusal>> {
        let mut last: HashMap<usize, (u32, usize)> = HashMap::new();
        let mut between = Vec::new();
        let mut named = BTreeSet::new();
        for &(root, record) in &found.carriers {
            for &(field, value) in &self.singles[root] {
                if let Some((other, before)) = last.insert(field, (value, record))
                    && other != value
                {
                    named.extend([before, record]);
                    between.push(Refusal { one: before, other: record, strength, value: found.value, field });
                }
            }
        }
        if let Some(Refusal { one, field, .. }) = between.first() {
            let (one, field) = (*one, *field);
            let aside = found.carriers.iter().filter(|(_, record)| !named.contains(record));
            between.extend(aside.map(|(_, other)| Refusal {
                one,
                other: *other,
                strength,
                value: found.value,
                field,
            }));
            return Err(between);
        }
        found.singles = last.into_iter().map(|(field, (value, _))| (field, value)).collect();
        found.singles.sort_unstable();
        Ok(found)
    }

    /// The groups that would join two others which contradict each other.
    fn torn(&self, strength: usize, shared: &[Shared], refusals: &mut Vec<Refusal>) -> HashSet<usize> {
        let mut links: Vec<(usize, usize)> = shared
            .iter()
            .enumerate()
            .flat_map(|(index, found)| found.carriers.iter().map(move |(root, _)| (*root, index)))
            .collect();
        links.sort_unstable();
        let mut torn = HashSet::new();
        for of_one in links.chunk_by(|one, other| one.0 == other.0).filter(|of_one| of_one.len() > 1) {
            let mut singles: Vec<Single> = Vec::new();
            let mut field = None;
            for (_, index) in of_one {
                match united(&singles, &shared[*index].singles) {
                    Ok(all) => singles = all,
                    Err(twice) => field = field.or(Some(twice)),
                }
            }
            let (Some(field), root) = (field, of_one[0].0) else { continue };
            torn.insert(root);
            for (_, index) in of_one {
                let Shared { value, carriers, .. } = &shared[*index];
                let own = carriers.iter().find(|(carrier, _)| *carrier == root);
                let other = carriers.iter().find(|(carrier, _)| *carrier != root);
                if let (Some((_, one)), Some((_, other))) = (own, other) {
                    refusals.push(Refusal { one: *one, other: *other, strength, value: *value, field });
                }
            }
        }
        torn
    }

    /// The groups as indices of records, sorted.
    pub(super) fn members(&mut self) -> Vec<Vec<usize>> {
        let mut places: HashMap<usize, usize> = HashMap::with_capacity(self.parent.len());
        let mut members: Vec<Vec<usize>> = Vec::new();
        for record in 0..self.parent.len() {
            let root = self.root(record);
            let place = *places.entry(root).or_insert(members.len());
            if place == members.len() {
                members.push(Vec::new());
            }
            members[place].push(record);
        }
        members
    }
}

/// Both, sorted; or of what there would be two.
fn united(one: &[Single], other: &[Single]) -> Result<Vec<Single>, usize> {
    let mut all = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        match left.0.cmp(&right.0) {
            std::cmp::Ordering::Less => all.extend(one.next()),
            std::cmp::Ordering::Greater => all.extend(other.next()),
            std::cmp::Ordering::Equal if left.1 == right.1 => {
                all.extend(one.next());
                other.next();
            }
            std::cmp::Ordering::Equal => return Err(left.0),
        }
    }
    all.extend(one);
    all.extend(other);
    Ok(all)
}

/// Whether one source gives the value to more than [`MANY`] of its devices. Records are sorted by source.
fn is_everywhere(of_one: &[(u32, u32)], records: &[Record]) -> bool {
    if of_one.len() <= MANY {
        return false;
    }
    let known = |(_, record): &(u32, u32)| records.get(*record as usize).map(|one| (&one.source, &one.id));
    let mut ids: Vec<_> = of_one.iter().filter_map(known).collect();
    ids.dedup();
    ids.chunk_by(|one, other| one.0 == other.0).any(|of_source| of_source.len() > MANY)
}
