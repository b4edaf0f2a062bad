//! Identifiers as numbers, so that they are compared once and then no more.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::identifiers::{Mac, imei, meid, other, udid};
use crate::record::Record;
use crate::text::tidy;

/// An identifier of which a device has one, and its value.
pub(super) type Single = (usize, u32);

/// The strength at which MAC addresses join.
pub(super) const MACS: usize = 6;
const IDS: usize = 0;
const SERIALS: usize = 1;
const UDIDS: usize = 2;
const IMEIS: usize = 3;
const MEIDS: usize = 4;
const OTHERS: usize = 5;

/// All identifiers of all records.
pub(super) struct Names {
    /// By record: its identifiers of which there is one, sorted. An id among the others counts from `OTHERS`.
    pub(super) singles: Vec<Vec<Single>>,
    /// By strength: each value with each record that carries it.
    pub(super) levels: [Vec<(u32, u32)>; MACS + 1],
    macs: Vec<Mac>,
    others: Vec<String>,
    /// Which of the others each value is of.
    other_values: Vec<usize>,
}

/// Numbers for what can be compared.
struct Numbers<K>(HashMap<K, u32>);

impl<K: std::hash::Hash + Eq> Numbers<K> {
    fn of(&mut self, key: K) -> (u32, bool) {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let number = *self.0.entry(key).or_insert(next);
        (number, number == next)
    }
}

impl Names {
    /// `records` are sorted.
    pub(super) fn of(records: &[Record]) -> Self {
        let mut this = Self {
            singles: Vec::with_capacity(records.len()),
            levels: Default::default(),
            macs: vec![],
            others: vec![],
            other_values: vec![],
        };
        let mut values: Numbers<(usize, Cow<'_, str>)> = Numbers(HashMap::with_capacity(records.len()));
        let mut ids: Numbers<(usize, Cow<'_, str>)> = Numbers(HashMap::new());
        let mut macs: Numbers<Mac> = Numbers(HashMap::with_capacity(records.len()));
        let mut kinds: Numbers<&str> = Numbers(HashMap::new());
        let mut same = 0_u32;
        for (index, record) in records.iter().enumerate() {
            let Ok(number) = u32::try_from(index) else { break };
            let known = &record.identifiers;
            let before = index.checked_sub(1).and_then(|before| records.get(before));
            if before.is_none_or(|before| (&before.source, &before.id) != (&record.source, &record.id)) {
                same = number;
            }
            if !record.id.trim().is_empty() {
                this.levels[IDS].push((same, number));
            }
            let mut singles = Vec::new();
            let plain = [
                (SERIALS, known.serial.as_ref().map(|serial| serial.as_str().into())),
                (UDIDS, known.udid.as_deref().and_then(udid)),
                (IMEIS, known.imei.as_deref().and_then(imei)),
                (MEIDS, known.meid.as_deref().and_then(meid)),
            ];
            for (kind, value) in plain.into_iter().filter_map(|(kind, value)| Some((kind, value?))) {
                let (value, _) = values.of((kind, value));
                singles.push((kind, value));
                this.levels[kind].push((value, number));
            }
            for (name, value) in &known.others {
                let Some(value) = other(value) else { continue };
                let (kind, new) = kinds.of(name);
                if new {
                    this.others.push(name.clone());
                }
                let kind = kind as usize;
                let (value, new) = ids.of((kind, value));
                if new {
                    this.other_values.push(kind);
                }
                singles.push((OTHERS + kind, value));
                this.levels[OTHERS].push((value, number));
            }
            singles.sort_unstable();
            this.singles.push(singles);
            for &mac in &known.mac_addresses {
                let (value, new) = macs.of(mac);
                if new {
                    this.macs.push(mac);
                }
                this.levels[MACS].push((value, number));
            }
        }
        this
    }

    /// What the identifier of which there is one is called.
    pub(super) fn field(&self, field: usize) -> String {
        match field {
            IDS => "id",
            SERIALS => "serial number",
            UDIDS => "UDID",
            IMEIS => "IMEI",
            MEIDS => "MEID",
            other => self.others.get(other - OTHERS).map_or("id", String::as_str),
        }
        .to_owned()
    }

    /// What records share, in words. `carrier` is one of those that have it.
    pub(super) fn shared(&self, strength: usize, value: u32, carrier: &Record) -> String {
        let known = &carrier.identifiers;
        let plain =
            |text: Option<&str>| format!("{} {}", self.field(strength), tidy(text.unwrap_or_default(), 100));
        match strength {
            IDS => plain(Some(&carrier.id)),
            SERIALS => plain(known.serial.as_ref().map(|serial| serial.as_str())),
            UDIDS => plain(known.udid.as_deref()),
            IMEIS => plain(known.imei.as_deref()),
            MEIDS => plain(known.meid.as_deref()),
            OTHERS => {
                let name = self.other_values.get(value as usize).and_then(|kind| self.others.get(*kind));
                let id = name.and_then(|name| Some((name, known.others.get(name)?)));
                id.map_or_else(String::new, |(name, id)| format!("{} {}", tidy(name, 50), tidy(id, 100)))
            }
            _ => self.macs.get(value as usize).map_or_else(String::new, |mac| format!("address {mac}")),
        }
    }
}
