//! Whatever is appended and sealed verifies; whatever one thing is bent is found.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    Chain, Entry, Finding, Hash, Head, Link, PublicKeys, Report, Row, Salt, Seal, Signature, Signed,
    SigningKey, UNSIGNED, Verifier,
};

/// What stands in a database.
#[derive(Clone, Debug, Default)]
struct Tables {
    entries: BTreeMap<i64, Entry>,
    links: BTreeMap<i64, Link>,
    seals: BTreeMap<u64, Seal>,
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[42; 32]).unwrap()
}

fn keys() -> PublicKeys {
    [key().public().clone()].into_iter().collect()
}

fn entry(seq: i64, text: &str) -> Entry {
    Entry {
        seq,
        at: 1_760_000_000_000_000 + seq * 7,
        invocation: (seq % 3 != 0).then(|| format!("inv-{}", seq / 4)),
        event: ["received", "planned", "operation.done"][usize::try_from(seq).unwrap() % 3].to_owned(),
        body: Some(format!("{{\"text\":{text:?}}}")),
    }
}

fn salt(seq: i64) -> Salt {
    Salt((seq * 0x0101_0101).to_le_bytes().repeat(2).try_into().unwrap())
}

/// Entries in batches, each batch under a seal; the last may be without one.
fn written(batches: &[Vec<(u8, String)>], tail: usize, key: Option<&SigningKey>) -> (Tables, Chain) {
    let mut tables = Tables::default();
    let mut chain = Chain::new();
    let mut seq = 0;
    for (at, batch) in (1..).zip(batches) {
        for (gap, text) in batch {
            seq += 1 + i64::from(*gap);
            let entry = entry(seq, text);
            tables.links.insert(seq, chain.add(&entry, salt(seq)));
            tables.entries.insert(seq, entry);
        }
        let seal = chain.seal(at * 1_000_000, key);
        tables.seals.insert(seal.number, seal);
    }
    for _ in 0..tail {
        seq += 1;
        tables.entries.insert(seq, entry(seq, "tail"));
    }
    (tables, chain)
}

fn verified(tables: &Tables, keys: PublicKeys, announced: &[Head]) -> Report {
    let mut verifier = Verifier::new(keys, announced);
    let mut seals = tables.seals.values().cloned();
    let mut seqs: Vec<i64> = tables.entries.keys().chain(tables.links.keys()).copied().collect();
    seqs.sort_unstable();
    seqs.dedup();
    for seq in seqs {
        while verifier.wants_seal(seq) {
            match seals.next() {
                Some(seal) => verifier.seal(seal),
                None => verifier.no_more_seals(),
            }
        }
        verifier.row(Row {
            seq,
            entry: tables.entries.get(&seq).cloned().map(Ok),
            link: tables.links.get(&seq).copied().map(Ok),
        });
    }
    seals.for_each(|seal| verifier.seal(seal));
    verifier.finish()
}

fn batches() -> impl Strategy<Value = Vec<Vec<(u8, String)>>> {
    let one = (prop_oneof![4 => Just(0_u8), 1 => 1..4_u8], "[a-z\u{0}é]{0,6}");
    proptest::collection::vec(proptest::collection::vec(one, 0..6), 1..6)
        .prop_filter("something is sealed", |batches| batches.iter().map(Vec::len).sum::<usize>() >= 2)
}

/// One thing that somebody with access to the database could do.
#[derive(Clone, Debug)]
enum Bend {
    Time,
    Invocation,
    Event,
    Body,
    NoBody,
    RemoveEntry,
    RemoveEntryAndLink,
    RemoveLink,
    InsertEntry,
    SwapEntries,
    SwapLeaves,
    EntryAndLeaf,
    Position,
    SealField(u8),
    RemoveSeal,
    SwapSeals,
    Unsign,
    SignAnew,
    OtherKey,
}

fn bends() -> impl Strategy<Value = Bend> {
    use Bend::*;
    prop_oneof![
        Just(Time),
        Just(Invocation),
        Just(Event),
        Just(Body),
        Just(NoBody),
        Just(RemoveEntry),
        Just(RemoveEntryAndLink),
        Just(RemoveLink),
        Just(InsertEntry),
        Just(SwapEntries),
        Just(SwapLeaves),
        Just(EntryAndLeaf),
        Just(Position),
        (0..9_u8).prop_map(SealField),
        Just(RemoveSeal),
        Just(SwapSeals),
        Just(Unsign),
        Just(SignAnew),
        Just(OtherKey),
    ]
}

/// Does it. The numbers that a finding must be about: `None` if any finding will do; an error if there is nothing to
/// bend so.
fn bend(tables: &mut Tables, chain: &Chain, bend: &Bend, at: prop::sample::Index) -> Result<Option<i64>, ()> {
    let sealed: Vec<i64> = tables.links.keys().copied().collect();
    let seq = *at.get(&sealed);
    let next = *sealed.iter().find(|other| **other > seq).unwrap_or(&sealed[0]);
    let number = 1 + u64::try_from(at.index(tables.seals.len())).unwrap();
    let copy = tables.entries[&seq].clone();
    if let Bend::InsertEntry = bend {
        let gap: Vec<i64> =
            (-3..chain.last_seq()).filter(|free| !tables.entries.contains_key(free)).collect();
        let free = *at.get(&gap);
        tables.entries.insert(free, Entry { seq: free, ..copy });
        return Ok(Some(free));
    }
    let entry = tables.entries.get_mut(&seq).unwrap();
    match bend {
        Bend::InsertEntry => {}
        Bend::Time => entry.at += 1,
        Bend::Invocation => entry.invocation = Some("inv-other".into()),
        Bend::Event => entry.event.push('x'),
        Bend::Body => entry.body = Some("{}".into()),
        Bend::NoBody => {
            entry.body = None;
            tables.links.get_mut(&seq).unwrap().salt = None;
        }
        Bend::RemoveEntry => drop(tables.entries.remove(&seq)),
        Bend::RemoveEntryAndLink => {
            tables.entries.remove(&seq);
            tables.links.remove(&seq);
            return Ok(None);
        }
        Bend::RemoveLink => drop(tables.links.remove(&seq)),
        Bend::SwapEntries => {
            let (one, other) = (tables.entries[&seq].clone(), tables.entries[&next].clone());
            if seq == next || one.body == other.body {
                return Err(());
            }
            tables.entries.insert(seq, Entry { seq, ..other });
            tables.entries.insert(next, Entry { seq: next, ..one });
        }
        Bend::SwapLeaves => {
            if seq == next {
                return Err(());
            }
            let (one, other) = (tables.links[&seq].leaf, tables.links[&next].leaf);
            tables.links.get_mut(&seq).unwrap().leaf = other;
            tables.links.get_mut(&next).unwrap().leaf = one;
        }
        // An entry, with its link made to fit: found by the seal.
        Bend::EntryAndLeaf => {
            entry.body = Some("{}".into());
            let leaf = crate::Leaf::of(entry, &salt(seq));
            tables.links.get_mut(&seq).unwrap().leaf = leaf;
            return Ok(None);
        }
        Bend::Position => tables.links.get_mut(&seq).unwrap().position += 1,
        Bend::SealField(field) => {
            let seal = tables.seals.get_mut(&number).unwrap();
            match field {
                0 => seal.first_seq += 1,
                1 => seal.last_seq += 1,
                2 => seal.last += 1,
                3 => seal.count += 1,
                4 => seal.removed_through += 1,
                5 => seal.previous = Hash([1; 32]),
                6 => seal.head = Hash([1; 32]),
                7 => seal.at += 1,
                _ => seal.signature = Some(Signature([1; 64])),
            }
            return Ok(None);
        }
        Bend::RemoveSeal => {
            // The last one alone leaves a chain that merely ends earlier, with links over its end.
            tables.seals.remove(&number);
            if number == chain.last_seal().0
                && !tables.links.keys().any(|seq| tables.seals.values().all(|s| s.last_seq < *seq))
            {
                return Err(());
            }
            return Ok(None);
        }
        Bend::SwapSeals => {
            let other = number % chain.last_seal().0 + 1;
            if other == number {
                return Err(());
            }
            let (one, two) = (tables.seals[&number].clone(), tables.seals[&other].clone());
            tables.seals.insert(number, two);
            tables.seals.insert(other, one);
            return Ok(None);
        }
        Bend::Unsign | Bend::SignAnew | Bend::OtherKey => {
            let seal = tables.seals.get_mut(&number).unwrap();
            match bend {
                Bend::Unsign if chain.last_seal().0 > 1 => {
                    (seal.key, seal.signature) = (UNSIGNED.into(), None)
                }
                Bend::SignAnew => seal.at += 1,
                Bend::OtherKey => {
                    let other = SigningKey::from_seed(&[1; 32]).unwrap();
                    *seal = seal.clone().signed_by(Some(&other));
                }
                _ => return Err(()),
            }
            return Ok(None);
        }
    }
    Ok(Some(seq))
}

fn about(finding: &Finding, wanted: i64) -> bool {
    match finding {
        Finding::Changed { seq, .. }
        | Finding::Removed { seq }
        | Finding::Inserted { seq }
        | Finding::LinksMissing { seq, .. } => *seq == wanted,
        Finding::BodyMissing { first_seq, last_seq, .. } => (*first_seq..=*last_seq).contains(&wanted),
        _ => false,
    }
}

proptest! {
    #[test]
    fn whatever_is_appended_and_sealed_verifies(batches in batches(), tail in 0..4_usize, signed: bool) {
        let key = key();
        let (tables, chain) = written(&batches, tail, signed.then_some(&key));
        let heads = [chain.head()];
        let report = verified(&tables, if signed { keys() } else { PublicKeys::default() }, &heads);
        prop_assert_eq!(&report.findings, &[]);
        prop_assert_eq!(report.head, chain.head());
        prop_assert_eq!(report.tail, u64::try_from(tail).unwrap());
        prop_assert_eq!(report.entries, u64::try_from(tables.entries.len()).unwrap());
        prop_assert_eq!(report.signed, if signed { Signed::Everywhere } else { Signed::Nowhere });
        // Going on from the last seal is going on.
        let again = Chain::after(tables.seals.values().last().unwrap());
        prop_assert_eq!(again, chain);
    }

    #[test]
    fn whatever_one_thing_is_bent_is_found(batches in batches(), tail in 0..3_usize, how in bends(), at: prop::sample::Index) {
        let key = key();
        let (mut tables, chain) = written(&batches, tail, Some(&key));
        let Ok(wanted) = bend(&mut tables, &chain, &how, at) else { return Ok(()) };
        let report = verified(&tables, keys(), &[]);
        prop_assert!(!report.is_fine(), "{how:?}");
        if let Some(wanted) = wanted {
            prop_assert!(report.findings.iter().any(|found| about(found, wanted)), "{how:?} of {wanted}: {:?}", report.findings);
        }
    }

    /// Whoever has the database and the key can cut the end off and seal anew. A head that was announced shows it.
    #[test]
    fn an_end_that_was_cut_is_found_by_what_was_announced(batches in batches(), at: prop::sample::Index) {
        let key = key();
        let (tables, chain) = written(&batches, 0, Some(&key));
        let keep = at.index(batches.len());
        let (cut, shorter) = written(&batches[..keep], 0, Some(&key));
        prop_assume!(shorter.head() != chain.head());
        prop_assert!(verified(&cut, keys(), &[]).is_fine());
        let report = verified(&cut, keys(), &[shorter.head(), chain.head()]);
        prop_assert_eq!(report.findings, [Finding::Truncated { position: chain.head().position, ends: shorter.head().position }]);
        // Made longer again with something else, it is another chain.
        let mut other = batches.clone();
        other.truncate(keep);
        other.push((0..chain.head().position).map(|_| (0, "other".to_owned())).collect());
        let (forged, _) = written(&other, 0, Some(&key));
        prop_assert!(verified(&forged, keys(), &[]).is_fine());
        prop_assert!(!verified(&forged, keys(), &[chain.head()]).is_fine());
        drop(tables);
    }

    #[test]
    fn bodies_that_went_with_their_age_are_fine(batches in batches(), at: prop::sample::Index) {
        let key = key();
        let (mut tables, mut chain) = written(&batches, 0, Some(&key));
        let sealed: Vec<i64> = tables.links.keys().copied().collect();
        let through = *at.get(&sealed);
        for (seq, entry) in tables.entries.range_mut(..=through) {
            entry.body = None;
            tables.links.get_mut(seq).unwrap().salt = None;
        }
        prop_assert!(!verified(&tables, keys(), &[]).is_fine(), "nobody said so yet");
        chain.remove_through(through);
        let seal = chain.seal(9_000_000, Some(&key));
        let mut unsigned = tables.clone();
        unsigned.seals.insert(seal.number, seal.clone().signed_by(None));
        prop_assert!(!verified(&unsigned, keys(), &[]).is_fine(), "nobody who may say so said so");
        tables.seals.insert(seal.number, seal);
        let report = verified(&tables, keys(), &[]);
        prop_assert_eq!(report.findings, []);
        prop_assert_eq!(report.bodiless, u64::try_from(tables.entries.range(..=through).count()).unwrap());
        // What is left of such an entry is still what was sealed.
        tables.entries.get_mut(&through).unwrap().event.push('x');
        prop_assert!(!verified(&tables, keys(), &[]).is_fine());
    }
}

#[test]
fn damage_in_one_batch_does_not_hide_what_comes_after() {
    let batch = || vec![(0, "a".to_owned()), (0, "b".to_owned())];
    let key = key();
    let (mut tables, _) = written(&[batch(), batch(), batch()], 1, Some(&key));
    tables.links.get_mut(&1).unwrap().leaf.leaf = Hash([0; 32]);
    tables.entries.remove(&5);
    let found: Vec<String> =
        verified(&tables, keys(), &[]).findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "entry 1 was changed: its time, its invocation, its event or its hash is not what was sealed",
            "the entries 1 to 2 are not those that seal 1 was put over",
            "entry 5 was removed",
        ]
    );
}

#[test]
fn keys_change_and_those_before_are_still_known() {
    let batch = || vec![(0, "a".to_owned())];
    let (old, new) = (SigningKey::from_seed(&[1; 32]).unwrap(), key());
    let (mut tables, mut chain) = written(&[batch(), batch()], 0, Some(&old));
    let third = entry(3, "c");
    tables.links.insert(3, chain.add(&third, salt(3)));
    tables.entries.insert(3, third);
    let seal = chain.seal(3_000_000, Some(&new));
    tables.seals.insert(3, seal);
    let both: PublicKeys = [old.public().clone(), new.public().clone()].into_iter().collect();
    assert_eq!(verified(&tables, both, &[]).findings, []);
    let unknown = Finding::UnknownKey { key: old.id().to_string(), first: 1, count: 2 };
    assert_eq!(verified(&tables, keys(), &[]).findings, [unknown]);
    let report = verified(&tables, PublicKeys::default(), &[]);
    assert_eq!((report.findings.len(), report.signed), (0, Signed::Unchecked));
}

#[test]
fn what_was_sealed_before_there_was_a_key_is_held_by_the_first_signed_seal() {
    let batch = || vec![(0, "a".to_owned())];
    let key = key();
    let (mut tables, mut chain) = written(&[batch(), batch()], 0, None);
    let report = verified(&tables, keys(), &[]);
    assert_eq!((report.findings.len(), report.signed), (0, Signed::Nowhere));
    let seal = chain.seal(3_000_000, Some(&key));
    tables.seals.insert(3, seal);
    let report = verified(&tables, keys(), &[]);
    assert_eq!((report.findings.len(), report.signed), (0, Signed::Everywhere));
    // Made anew without a key, the beginning no longer fits.
    let (other, _) = written(&[vec![(0, "b".to_owned())], batch()], 0, None);
    let third = tables.seals.remove(&3).unwrap();
    let mut other = other;
    other.seals.insert(3, third);
    assert_eq!(verified(&other, keys(), &[]).findings.first(), Some(&Finding::SealOutOfPlace { number: 3 }));
}

/// The bytes are a promise to whoever verifies with a program of their own.
#[test]
fn the_bytes_are_those_that_are_documented() {
    let entry = Entry {
        seq: 7,
        at: 1_760_000_000_000_001,
        invocation: None,
        event: "re\"ceived".into(),
        body: Some("{\"a\":1}".into()),
    };
    let leaf = crate::Leaf::of(&entry, &Salt([3; 16]));
    assert_eq!(leaf.content.to_string(), "55b9c481741f23113529f1d9f706f02d04b49598f75870d54f2c88a2bda91cc3");
    assert_eq!(leaf.leaf.to_string(), "07d9716cd22ccf4e0812caedd8f9df4f3a5d32604c5e0ff75689edb57578db5e");
}
