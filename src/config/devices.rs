//! `[device_sources]` and `[practices]`: where people's devices are known, and what is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hubcommander_device_sources::{Setup, jamf};
use hubcommander_posture::{Catalogue, Serial};

use serde::Deserialize;

use super::near::nearest;
use super::problem::{Collector, Problems};
use super::tree::Tree;
use super::{Surroundings, sections};

/// What the file says about people's devices.
#[derive(Clone, Debug)]
pub struct Devices {
    /// Where they are known.
    pub sources: Setup,
    /// What is looked at, and what is said about it.
    pub catalogue: Catalogue,
}

impl Default for Devices {
    fn default() -> Self {
        Self { sources: Setup::default(), catalogue: Catalogue::shipped() }
    }
}

impl Devices {
    /// What a file says about people's devices, without what the rest of it needs: no secret is fetched, and what is
    /// wrong elsewhere does not matter.
    ///
    /// # Errors
    /// The practices cannot be read.
    pub fn alone(path: &Path, text: &str, surroundings: &Surroundings<'_>) -> Result<Self, Problems> {
        let (devices, problems) = sections::devices_alone(path, text, surroundings);
        if problems.list.is_empty() { Ok(devices) } else { Err(problems) }
    }

    /// Whether any source is set up.
    #[must_use]
    pub fn any(&self) -> bool {
        self.sources.any()
    }
}

/// What the file says about people's devices, given the sources that it names.
pub(super) fn read(
    tree: &Tree,
    plain: &toml::Table,
    mut sources: Setup,
    problems: &mut Collector<'_>,
) -> Devices {
    let catalogue = catalogue(tree, plain, problems);
    let known = Practices::new(&catalogue, plain);
    known.are_named(tree, problems);
    let policies = known.by_name(tree, plain, FLEET_POLICIES, problems);
    if let Some(fleet) = &mut sources.fleet {
        fleet.options.policies = policies;
    }
    let compliance = known.by_name(tree, plain, INTUNE_COMPLIANCE, problems);
    if let Some(intune) = &mut sources.intune {
        intune.options.compliance.extend(compliance);
    }
    let attributes = jamf_attributes(tree, plain, problems);
    if let (Some(jamf), Some(attributes)) = (&mut sources.jamf, attributes) {
        jamf.reading.attributes = attributes;
    }
    let owners = osquery_owners(tree, plain, problems);
    if let Some(osquery) = &mut sources.osquery {
        osquery.settings.owners = owners;
        let products = catalogue.practices.values().filter_map(|practice| practice.software.as_ref());
        osquery.settings.software = products.flat_map(|product| product.names.iter().cloned()).collect();
    }
    Devices { sources, catalogue }
}

/// What is looked at: what ships, with what the file says instead.
fn catalogue(tree: &Tree, plain: &toml::Table, problems: &mut Collector<'_>) -> Catalogue {
    let empty = toml::Table::new();
    let table = plain.get("practices").and_then(toml::Value::as_table).unwrap_or(&empty);
    match Catalogue::read(table) {
        Ok(catalogue) => catalogue,
        Err(wrong) => {
            let at = tree.one("practices", &[]).map(|found| found.name_at.clone());
            match at {
                Some(at) => problems.at(at, wrong.what, wrong.cure),
                None => problems.anywhere(wrong.what, wrong.cure),
            }
            Catalogue::shipped()
        }
    }
}

/// A section that has names of its own, if it is there.
fn section<'p>(plain: &'p toml::Table, path: &str) -> impl Iterator<Item = (&'p String, &'p toml::Value)> {
    let found = path.split('.').try_fold(plain, |table, key| table.get(key).and_then(toml::Value::as_table));
    found.into_iter().flatten()
}

/// Says what is wrong in such a section.
fn wrong_in(tree: &Tree, path: &str, problems: &mut Collector<'_>, what: String, cure: &str) {
    match tree.one(path, &[]) {
        Some(found) => problems.at(found.name_at.clone(), what, cure),
        None => problems.anywhere(what, cure),
    }
}

/// A section with names of its own, each with a practice: its path, what a name is, and an example.
type Answers = (&'static str, &'static str, &'static str);

const FLEET_POLICIES: Answers =
    ("device_sources.fleet.policies", "policy of Fleet", "\"Firewall on (macOS)\" = \"firewall\"");
const INTUNE_COMPLIANCE: Answers =
    ("device_sources.intune.compliance", "setting of Intune", "\"activeFirewallRequired\" = \"firewall\"");

/// The names of the practices that there are, those that are switched off too.
struct Practices(BTreeSet<String>);

impl Practices {
    fn new(catalogue: &Catalogue, plain: &toml::Table) -> Self {
        let shipped = Catalogue::shipped();
        let all = shipped.practices.keys().chain(catalogue.practices.keys()).map(|key| key.0.clone());
        Self(all.chain(section(plain, "practices").map(|(name, _)| name.clone())).collect())
    }

    /// What to do about a name that no practice has.
    fn cure(&self, name: &str) -> String {
        match nearest(name, self.0.iter().map(String::as_str)) {
            Some(near) => format!("Write `\"{near}\"`."),
            None => format!("Name one that docs/devices.md lists, or add `[practices.{name}]`."),
        }
    }

    /// The practices that single keys name.
    fn are_named(&self, tree: &Tree, problems: &mut Collector<'_>) {
        for path in ["device_sources.google.antivirus", "device_sources.intune.defender"] {
            let Some(found) = tree.one(path, &[]) else { continue };
            if let Some(name) = found.text().filter(|name| !self.0.contains(*name)) {
                problems.at(found.at.clone(), format!("There is no practice `{name}`."), self.cure(name));
            }
        }
    }

    /// Which practice each name in such a section answers.
    fn by_name(
        &self,
        tree: &Tree,
        plain: &toml::Table,
        (path, whats, example): Answers,
        problems: &mut Collector<'_>,
    ) -> BTreeMap<String, String> {
        let mut answers = BTreeMap::new();
        for (name, practice) in section(plain, path) {
            match practice.as_str() {
                Some(practice) if self.0.contains(practice) => {
                    answers.insert(name.clone(), practice.to_owned());
                }
                Some(practice) => {
                    let what = format!("The {whats} `{name}` names `{practice}`, which is no practice.");
                    wrong_in(tree, path, problems, what, &self.cure(practice));
                }
                None => {
                    let what = format!("The {whats} `{name}` names no practice.");
                    wrong_in(tree, path, problems, what, &format!("Write `{example}`."));
                }
            }
        }
        answers
    }
}

/// `[device_sources.jamf.attributes]`; what is not there is as usual.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAttributes {
    autoupdate: Option<Vec<WrittenAttribute>>,
    screenlock: Option<WrittenAttribute>,
    remotelogin: Option<WrittenAttribute>,
    firewall: Option<String>,
    wireless_mac: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAttribute {
    name: String,
    good: Vec<String>,
    #[serde(default)]
    bad: Vec<String>,
}

impl From<WrittenAttribute> for jamf::Attribute {
    fn from(WrittenAttribute { name, good, bad }: WrittenAttribute) -> Self {
        Self { name, good, bad }
    }
}

/// Which extension attributes of Jamf answer what, if the file says so.
fn jamf_attributes(
    tree: &Tree,
    plain: &toml::Table,
    problems: &mut Collector<'_>,
) -> Option<jamf::Attributes> {
    const PATH: &str = "device_sources.jamf.attributes";
    let table: toml::Table = section(plain, PATH).map(|(key, value)| (key.clone(), value.clone())).collect();
    let usual = jamf::Attributes::default();
    match table.try_into::<WrittenAttributes>() {
        Ok(written) => Some(jamf::Attributes {
            autoupdate: written
                .autoupdate
                .map_or(usual.autoupdate, |all| all.into_iter().map(Into::into).collect()),
            screenlock: written.screenlock.map(Into::into).or(usual.screenlock),
            remotelogin: written.remotelogin.map(Into::into).or(usual.remotelogin),
            firewall: written.firewall.or(usual.firewall),
            wireless_mac: written.wireless_mac.or(usual.wireless_mac),
        }),
        Err(error) => {
            let what = format!(
                "The extension attributes cannot be read: {}.",
                error.message().trim_end_matches('.')
            );
            let cure = "Write, for example, `screenlock = { name = \"Screen Saver Lock Enabled\", good = [\"Enabled\"] }`; \
                        docs/devices.md lists what can be set.";
            wrong_in(tree, PATH, problems, what, cure);
            None
        }
    }
}

/// Whose computers are that run osquery, by serial number.
fn osquery_owners(
    tree: &Tree,
    plain: &toml::Table,
    problems: &mut Collector<'_>,
) -> BTreeMap<Serial, BTreeSet<String>> {
    const PATH: &str = "device_sources.osquery.owners";
    let cure = "Write `\"SERIAL\" = \"ana@example.com\"`, or a list of such addresses.";
    let mut owners: BTreeMap<Serial, BTreeSet<String>> = BTreeMap::new();
    for (written, value) in section(plain, PATH) {
        let Some(serial) = Serial::read(written) else {
            let what = format!("`{written}` is no serial number that tells one computer from another.");
            wrong_in(tree, PATH, problems, what, cure);
            continue;
        };
        let one = value.as_str().map(|email| vec![email]);
        let list = || value.as_array()?.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>();
        match one.or_else(list).filter(|emails| emails.iter().all(|email| is_email(email))) {
            Some(emails) => {
                owners.entry(serial).or_default().extend(emails.into_iter().map(str::to_lowercase))
            }
            None => {
                let what = format!("The computer `{written}` has an owner that is no e-mail address.");
                wrong_in(tree, PATH, problems, what, cure);
            }
        }
    }
    owners
}

/// Whether this can be somebody's e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let plain = text.chars().all(|char| !char.is_whitespace() && !char.is_control());
    plain
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}
