//! The commands that ship with HubCommander, one folder per plugin. To add one, copy `repeat/` and add a line
//! to [`all`].

pub mod github;
pub mod repeat;

use std::collections::BTreeMap;
use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::command::Command;
use hubcommander_sdk::lease::{Grant, Leases};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::protection::Profiles;
use hubcommander_sdk::setting::Setting;
use serde::de::DeserializeOwned;

/// What the commands are made from.
pub struct Setup {
    /// Reads GitHub.
    pub github: Reader,
    /// The managed organisations.
    pub orgs: Arc<Orgs>,
    /// What can be held at GitHub, and lent.
    pub grants: Vec<Arc<dyn Grant>>,
    /// What is lent.
    pub leases: Arc<dyn Leases>,
    /// How branches are protected, by the names that people type.
    pub protection: Profiles,
    /// What config.toml says under `[commands.NAME]` besides what all commands share.
    pub settings: BTreeMap<String, toml::Table>,
}

/// A command cannot read its own settings, though they are as it declares them: a fault of the plugin.
#[derive(Debug, thiserror::Error)]
#[error("[commands.{command}]: {reason}")]
pub struct WrongSettings {
    /// The command.
    pub command: String,
    /// What is wrong.
    pub reason: String,
}

/// The names of all commands, each with the settings that it takes of its own.
pub const NAMES: &[(&str, &[Setting])] = &[
    ("AddKey", &[]),
    ("CreateRepo", github::CreateRepoSettings::DECLARED),
    ("DeleteKey", &[]),
    ("EnableActions", &[]),
    ("GetKey", &[]),
    ("ListKeys", &[]),
    ("ListOrgs", &[]),
    ("ListPRs", &[]),
    ("ListRules", &[]),
    ("Repeat", &[]),
    ("SetBranchProtection", github::SetBranchProtectionSettings::DECLARED),
    ("SetDescription", &[]),
    ("SetHomepage", &[]),
];

/// All commands.
///
/// # Errors
/// A command's own settings are wrong.
pub fn all(setup: &Setup) -> Result<Vec<Arc<dyn Command>>, WrongSettings> {
    let (github, orgs) = (&setup.github, &setup.orgs);
    let set = |field| github::SetText::new(field, github.clone(), Arc::clone(orgs));
    Ok(vec![
        Arc::new(github::AddKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::CreateRepo::new(github.clone(), Arc::clone(orgs), settings(setup, "CreateRepo")?)),
        Arc::new(github::DeleteKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::EnableActions::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::GetKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::ListKeys::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::ListOrgs::new(Arc::clone(orgs))),
        Arc::new(github::ListPRs::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::ListRules::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::SetBranchProtection::new(
            github.clone(),
            Arc::clone(orgs),
            setup.protection.clone(),
            settings(setup, "SetBranchProtection")?,
        )),
        Arc::new(set(github::Field::Description)),
        Arc::new(set(github::Field::Homepage)),
        Arc::new(repeat::Repeat::new()),
    ])
}

fn settings<T: DeserializeOwned + Default>(setup: &Setup, command: &str) -> Result<T, WrongSettings> {
    let found = setup.settings.iter().find(|(name, _)| name.eq_ignore_ascii_case(command));
    let Some((_, table)) = found else { return Ok(T::default()) };
    table
        .clone()
        .try_into()
        .map_err(|error| WrongSettings { command: command.to_owned(), reason: error.to_string() })
}
