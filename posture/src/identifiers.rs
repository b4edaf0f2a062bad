//! What tells one device from another. Only what identifies can be made: placeholders and shared addresses cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

/// A serial number: trimmed, in upper case, and no placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Serial(String);

/// What makers and virtual machines write where no serial number is. Compared in upper case.
const PLACEHOLDERS: [&str; 20] = [
    "TO BE FILLED BY O.E.M.",
    "TO BE FILLED BY O.E.M",
    "SYSTEM SERIAL NUMBER",
    "SYSTEM PRODUCT NAME",
    "CHASSIS SERIAL NUMBER",
    "BASE BOARD SERIAL NUMBER",
    "DEFAULT STRING",
    "NOT SPECIFIED",
    "NOT APPLICABLE",
    "NOT AVAILABLE",
    "SERIAL NUMBER",
    "NONE",
    "NULL",
    "N/A",
    "NA",
    "INVALID",
    "UNKNOWN",
    "O.E.M.",
    "OEM",
    "123456789",
];

impl Serial {
    /// The serial number in `text`, if it can tell one device from another.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_uppercase();
        let first = text.chars().next()?;
        let all_one = text.chars().all(|char| char == first);
        (!all_one && !PLACEHOLDERS.contains(&text.as_str())).then_some(Self(text))
    }

    /// As it is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What virtual machines give their adapters, by the registry of the IEEE
/// (<https://standards-oui.ieee.org/oui/oui.txt>): VMware, VirtualBox, Hyper-V, Parallels, Xen.
const VIRTUAL: [[u8; 3]; 8] = [
    [0x00, 0x05, 0x69],
    [0x00, 0x0c, 0x29],
    [0x00, 0x1c, 0x14],
    [0x00, 0x50, 0x56],
    [0x08, 0x00, 0x27],
    [0x00, 0x15, 0x5d],
    [0x00, 0x1c, 0x42],
    [0x00, 0x16, 0x3e],
];

/// What every Windows computer shows for adapters that it makes up.
const SHARED: [[u8; 6]; 2] = [[0x00, 0x53, 0x45, 0x00, 0x00, 0x00], [0x50, 0x50, 0x54, 0x50, 0x30, 0x30]];

/// The address of a network interface that belongs to one device alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

impl Mac {
    /// The address in `text`, however it is written (`00-DE-CA-FB-AD-00`, `00:de:ca:fb:ad:00`, `00decafbad00`,
    /// `00de.cafb.ad00`), if it identifies: not all zeros, not broadcast, no group or locally administered one, not
    /// of a maker's shared range.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .trim()
            .bytes()
            .filter(|byte| !matches!(byte, b':' | b'-' | b'.'))
            .map(|byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let bytes: [u8; 6] = (digits.len() == 12).then(|| bytes.try_into().ok()).flatten()?;
        // The lowest two bits of the first byte: group, and locally administered (IEEE 802-2014, 8.2).
        let shared = bytes[0] & 0b11 != 0
            || bytes[..3] == [0, 0, 0]
            || VIRTUAL.iter().any(|range| bytes[..3] == *range)
            || SHARED.contains(&bytes);
        (!shared).then_some(Self(bytes))
    }

    /// The address with these bytes, which has been read before.
    pub(crate) fn of(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a device is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Identifiers {
    /// The serial number that the maker gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    /// The addresses of its network interfaces.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub mac_addresses: BTreeSet<Mac>,
    /// The id that management or the hardware gives it (Apple's UDID, the UUID of SMBIOS), in upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udid: Option<String>,
    /// The id of its radio, digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imei: Option<String>,
    /// The same for CDMA, in upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meid: Option<String>,
    /// Ids that one source alone gives, by their name: `google_device_id`. Single-valued, compared as they are.
    #[serde(flatten)]
    pub others: BTreeMap<String, String>,
}

impl Identifiers {
    /// Whether both have an identifier in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_some() && one == other
        }
        same(self.serial.as_ref(), other.serial.as_ref())
            || same(self.udid.as_ref(), other.udid.as_ref())
            || same(self.imei.as_ref(), other.imei.as_ref())
            || same(self.meid.as_ref(), other.meid.as_ref())
            || !self.mac_addresses.is_disjoint(&other.mac_addresses)
            || self.others.iter().any(|(name, id)| other.others.get(name) == Some(id))
    }
}
