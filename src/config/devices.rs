//! `[device_sources]` and `[practices]`: where people's devices are known, and what is looked at.

use std::collections::BTreeMap;
use std::path::Path;

use hubcommander_device_sources::Setup;
use hubcommander_posture::Catalogue;

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
    Devices { sources, catalogue: catalogue(tree, plain, problems) }
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

/// Which practice a policy of Fleet answers.
fn fleet_policies(
    tree: &Tree,
    plain: &toml::Table,
    problems: &mut Collector<'_>,
) -> BTreeMap<String, String> {
    let written = ["device_sources", "fleet", "policies"]
        .iter()
        .try_fold(plain, |table, key| table.get(*key).and_then(toml::Value::as_table));
    let mut policies = BTreeMap::new();
    for (policy, practice) in written.into_iter().flatten() {
        match practice.as_str() {
            Some(practice) => {
                policies.insert(policy.clone(), practice.to_owned());
            }
            None => {
                let what = format!("The policy `{policy}` of Fleet names no practice.");
                let cure = "Write `\"Firewall on (macOS)\" = \"firewall\"`.";
                match tree.one("device_sources.fleet.policies", &[]) {
                    Some(found) => problems.at(found.name_at.clone(), what, cure),
                    None => problems.anywhere(what, cure),
                }
            }
        }
    }
    policies
}
