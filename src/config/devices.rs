//! `[device_sources]` and `[practices]`: where people's devices are known, and what is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hubcommander_device_sources::Setup;
use hubcommander_posture::{Catalogue, Serial};

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
    let policies = fleet_policies(tree, plain, problems);
    if let Some(fleet) = &mut sources.fleet {
        fleet.options.policies = policies;
    }
    let catalogue = catalogue(tree, plain, problems);
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

/// Which practice a policy of Fleet answers.
fn fleet_policies(
    tree: &Tree,
    plain: &toml::Table,
    problems: &mut Collector<'_>,
) -> BTreeMap<String, String> {
    const PATH: &str = "device_sources.fleet.policies";
    let mut policies = BTreeMap::new();
    for (policy, practice) in section(plain, PATH) {
        match practice.as_str() {
            Some(practice) => {
                policies.insert(policy.clone(), practice.to_owned());
            }
            None => {
                let what = format!("The policy `{policy}` of Fleet names no practice.");
                wrong_in(tree, PATH, problems, what, "Write `\"Firewall on (macOS)\" = \"firewall\"`.");
            }
        }
    }
    policies
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
