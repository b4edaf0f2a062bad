//! What tells one device from another. Only what identifies can be made: placeholders and shared addresses cannot.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::shared_macs::is_shared;

/// No identifier is longer, in bytes. What is was not read from a device.
const LONGEST: usize = 256;

/// A serial number: trimmed, in upper case, and no placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Serial(String);

/// What makers and virtual machines write where no serial number is. Compared in upper case.
const PLACEHOLDERS: [&str; 33] = [
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
    "0123456789",
    "1234567890",
    "12345678",
    "SYSTEM SERIAL",
    "SYSTEM SERIALNUMBER",
    "CHASSIS SERIAL",
    "BASE BOARD SERIAL",
    "TO BE FILLED BY OEM",
    "TO BE FILLED",
    "NONE SPECIFIED",
    "NOT PRESENT",
    "EMPTY",
    "TBD",
];

impl Serial {
    /// The serial number in `text`, if it can tell one device from another.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        // Firmware pads with what nobody sees.
        let seen = |char: char| !char.is_whitespace() && !char.is_control() && char != '\u{feff}';
        let text = text.trim_matches(|char| !seen(char)).to_uppercase();
        (tells_apart(&text) && !PLACEHOLDERS.contains(&text.as_str())).then_some(Self(text))
    }

    /// As it is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether there is more to it than one letter or digit over and over.
fn tells_apart(text: &str) -> bool {
    let mut chars = text.chars().filter(|char| char.is_alphanumeric());
    let Some(first) = chars.next() else { return false };
    chars.any(|char| char != first)
}

/// The address of a network interface that belongs to one device alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

impl Mac {
    /// The address in `text`, however it is written (`00-DE-CA-FB-AD-00`, `00:de:ca:fb:ad:00`, `00decafbad00`,
    /// `00de.cafb.ad00`), if it identifies: not all zeros, not broadcast, no group or locally administered one, not
    /// of a virtual adapter, a dock or a USB adapter (the ranges stand in `shared_macs.rs`).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let digits: Vec<u8> = text
            .trim()
            .bytes()
            .filter(|byte| !matches!(byte, b':' | b'-' | b'.'))
            .map(|byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let bytes: [u8; 6] = (digits.len() == 12).then(|| bytes.try_into().ok()).flatten()?;
        (!is_shared(bytes)).then_some(Self(bytes))
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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// What UUIDs read where the maker of a board has written none. In upper case.
const NO_UDIDS: [&str; 3] = [
    "03000200-0400-0500-0006-000700080009",
    "00010203-0405-0607-0809-0A0B0C0D0E0F",
    "12345678-1234-1234-1234-123456789012",
];

/// IMEIs of emulators and of phones whose own got lost.
const NO_IMEIS: [&str; 4] = ["01234567890123", "12345678901234", "00499901064000", "35824005111111"];

/// A UDID as it is compared; `None` if it tells nothing apart.
pub(crate) fn udid(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let clean = text.len() <= LONGEST && tells_apart(text);
    let upper =
        if text.chars().any(char::is_lowercase) { Cow::Owned(text.to_uppercase()) } else { text.into() };
    (clean && !NO_UDIDS.contains(&&*upper)).then_some(upper)
}

/// An IMEI as it is compared: without its check digit or software version, which not every source gives.
pub(crate) fn imei(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let digits = matches!(text.len(), 14..=16) && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = if digits { text.get(..14)? } else { text };
    (text.len() <= LONGEST && tells_apart(known) && !NO_IMEIS.contains(&known)).then_some(known.into())
}

/// A MEID as it is compared: without its check digit.
pub(crate) fn meid(text: &str) -> Option<Cow<'_, str>> {
    let known = udid(text)?;
    let digits = known.len() == 15 && known.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(if digits { known.get(..14)?.to_owned().into() } else { known })
}

/// An id of one source, as it is compared.
pub(crate) fn other(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= 4 * LONGEST).then_some(text.into())
}

impl Identifiers {
    /// Whether both have an identifier in common.
    #[must_use]
    pub fn overlaps(&self, more: &Self) -> bool {
        fn same<'a, T: PartialEq>(one: Option<&'a T>, more: Option<&'a T>) -> bool {
            one.is_some() && one == more
        }
        /// As they are compared.
        fn alike(
            one: Option<&str>,
            more: Option<&str>,
            known: impl Fn(&str) -> Option<Cow<'_, str>>,
        ) -> bool {
            one.and_then(&known).is_some_and(|one| more.and_then(&known).is_some_and(|more| one == more))
        }
        same(self.serial.as_ref(), more.serial.as_ref())
            || alike(self.udid.as_deref(), more.udid.as_deref(), udid)
            || alike(self.imei.as_deref(), more.imei.as_deref(), imei)
            || alike(self.meid.as_deref(), more.meid.as_deref(), meid)
            || !self.mac_addresses.is_disjoint(&more.mac_addresses)
            || self
                .others
                .iter()
                .any(|(name, id)| alike(Some(id), more.others.get(name).map(String::as_str), other))
    }

    /// Adds what `more` has. Both are of one device, so nothing contradicts; of two ways to write the same the longer
    /// stays. What identifies nothing is left out.
    pub(crate) fn unite(&mut self, more: &Self) {
        if self.serial.is_none() {
            self.serial.clone_from(&more.serial);
        }
        self.mac_addresses.extend(&more.mac_addresses);
        longer(&mut self.udid, more.udid.as_deref().and_then(udid));
        let whole = |text: &str| text.trim().to_owned();
        longer(&mut self.imei, more.imei.as_deref().filter(|text| imei(text).is_some()).map(whole));
        let upper = |text: &str| text.trim().to_uppercase();
        longer(&mut self.meid, more.meid.as_deref().filter(|text| meid(text).is_some()).map(upper));
        for (name, value) in &more.others {
            if let Some(value) = other(value) {
                self.others.entry(name.clone()).or_insert_with(|| value.into_owned());
            }
        }
    }
}

/// Keeps the longer of the two, and of two as long the greater, so that the order of records does not matter.
fn longer(kept: &mut Option<String>, new: Option<impl AsRef<str>>) {
    let Some(new) = new else { return };
    let new = new.as_ref();
    if kept.as_ref().is_none_or(|kept| (new.len(), new) > (kept.len(), kept.as_str())) {
        *kept = Some(new.to_owned());
    }
}
