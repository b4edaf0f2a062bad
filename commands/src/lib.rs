//! The commands that ship with HubCommander, one folder per plugin. To add one, copy `repeat/` and add a line
//! to [`all`].

mod csv;
pub mod github;
pub mod membership;
pub mod needs;
pub mod repeat;
pub mod stethoscope;
pub mod travis_ci;

use std::collections::BTreeMap;
use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::accounts::{Accounts, Directory, Proves};
use hubcommander_sdk::command::Command;
use hubcommander_sdk::lease::{Grant, Leases};
use hubcommander_sdk::offers::Offers;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::FindPeople;
use hubcommander_sdk::protection::Profiles;
use hubcommander_sdk::setting::Setting;
use serde::de::DeserializeOwned;

use crate::github::people;

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
    /// Which account at GitHub is whose.
    pub accounts: Arc<dyn Accounts>,
    /// Who works here.
    pub directory: Arc<dyn Directory>,
    /// Who people are in Slack.
    pub people: Arc<dyn FindPeople>,
    /// Who was asked to link an account.
    pub offers: Arc<dyn Offers>,
    /// What the nightly look for strangers leaves behind.
    pub nights: Arc<dyn membership::Nights>,
    /// How people show which account is theirs, if it is set up.
    pub proves: Option<Arc<dyn Proves>>,
    /// Reads Travis, if the bot has an account there.
    pub travis: Option<hubcommander_travis::Reader>,
    /// People's devices.
    pub devices: stethoscope::Devices,
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
    ("AddCollab", people::AddCollabSettings::DECLARED),
    ("AddKey", &[]),
    ("AddUserToTeam", people::AddUserToTeamSettings::DECLARED),
    ("ArchiveRepo", &[]),
    ("AuditMembers", &[]),
    ("AuditOrg", github::AuditOrgSettings::DECLARED),
    ("CreateRepo", github::CreateRepoSettings::DECLARED),
    ("DeleteKey", &[]),
    ("DeleteRepo", github::DeleteRepoSettings::DECLARED),
    ("DeviceStatus", &[]),
    ("EnableActions", &[]),
    ("EnableTravis", &[]),
    ("FleetStatus", &[]),
    ("GetKey", &[]),
    ("Invitations", &[]),
    ("InviteMe", membership::InviteMeSettings::DECLARED),
    ("InviteUser", &[]),
    ("LinkGitHub", &[]),
    ("ListCollabs", &[]),
    ("ListKeys", &[]),
    ("ListOrgs", &[]),
    ("ListPRs", &[]),
    ("ListRepos", &[]),
    ("ListRules", &[]),
    ("ListTeams", &[]),
    ("ListTravisOrgs", &[]),
    ("RemoveCollab", &[]),
    ("RemoveUserFromTeam", &[]),
    ("RenameRepo", &[]),
    ("Repeat", &[]),
    ("RepoInfo", &[]),
    ("SetBranchProtection", github::SetBranchProtectionSettings::DECLARED),
    ("SetDefaultBranch", &[]),
    ("SetDescription", &[]),
    ("SetHomepage", &[]),
    ("SetRepoPermissions", people::SetRepoPermissionsSettings::DECLARED),
    ("SetTopics", &[]),
    ("SetVisibility", github::SetVisibilitySettings::DECLARED),
    ("UnarchiveRepo", &[]),
    ("UnlinkGitHub", &[]),
    ("WhoAmI", &[]),
    ("WhoIs", &[]),
];

/// All commands.
///
/// # Errors
/// A command's own settings are wrong.
pub fn all(setup: &Setup) -> Result<Vec<Arc<dyn Command>>, WrongSettings> {
    let (github, orgs) = (&setup.github, &setup.orgs);
    let set = |field| github::SetText::new(field, github.clone(), Arc::clone(orgs));
    let mut all: Vec<Arc<dyn Command>> = vec![
        Arc::new(github::ArchiveRepo::archive(github.clone(), Arc::clone(orgs))),
        Arc::new(github::AuditOrg::new(
            github.clone(),
            Arc::clone(&setup.leases),
            Arc::clone(orgs),
            settings(setup, "AuditOrg")?,
        )),
        Arc::new(github::CreateRepo::new(github.clone(), Arc::clone(orgs), settings(setup, "CreateRepo")?)),
        Arc::new(github::DeleteRepo::new(github.clone(), Arc::clone(orgs), settings(setup, "DeleteRepo")?)),
        Arc::new(github::ListOrgs::new(Arc::clone(orgs))),
        Arc::new(github::ListRepos::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::RenameRepo::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::RepoInfo::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::SetDefaultBranch::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::AddKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::DeleteKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::EnableActions::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::GetKey::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::ListKeys::new(github.clone(), Arc::clone(orgs))),
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
        Arc::new(github::SetTopics::new(github.clone(), Arc::clone(orgs))),
        Arc::new(github::SetVisibility::new(
            github.clone(),
            Arc::clone(orgs),
            settings(setup, "SetVisibility")?,
        )),
        Arc::new(github::ArchiveRepo::unarchive(github.clone(), Arc::clone(orgs))),
        Arc::new(repeat::Repeat::new()),
        Arc::new(stethoscope::DeviceStatus::new(setup.devices.clone())),
        Arc::new(stethoscope::FleetStatus::new(setup.devices.clone())),
    ];
    all.extend(about_people(setup)?);
    let members = membership::Members {
        reader: github.clone(),
        orgs: Arc::clone(orgs),
        accounts: Arc::clone(&setup.accounts),
        directory: Arc::clone(&setup.directory),
        proves: setup.proves.clone(),
        slack: Arc::clone(&setup.people),
    };
    all.push(Arc::new(membership::InviteMe::new(&members, settings(setup, "InviteMe")?)));
    all.push(Arc::new(membership::LinkGitHub::new(&members)));
    all.push(Arc::new(membership::UnlinkGitHub::new(&members)));
    all.push(Arc::new(membership::WhoAmI::new(&members)));
    all.push(Arc::new(membership::WhoIs::new(&members)));
    all.push(Arc::new(membership::AuditMembers::new(&members, Arc::clone(&setup.offers))));
    all.push(Arc::new(membership::Invitations::new(&members)));
    all.push(Arc::new(membership::InviteUser::new(&members)));
    all.push(Arc::new(membership::SweepMembers::new(&members, Arc::clone(&setup.nights))));
    // Without an account at Travis there is nothing that these could do.
    if let Some(travis) = &setup.travis {
        let enable = travis_ci::EnableTravis::new(github.clone(), travis.clone(), Arc::clone(orgs));
        all.push(Arc::new(enable));
        all.push(Arc::new(travis_ci::ListTravisOrgs::new(travis.clone(), Arc::clone(orgs))));
    }
    Ok(all)
}

fn about_people(setup: &Setup) -> Result<Vec<Arc<dyn Command>>, WrongSettings> {
    let people = people::People::new(
        setup.github.clone(),
        Arc::clone(&setup.orgs),
        setup.grants.clone(),
        Arc::clone(&setup.leases),
    );
    let unknown = |command: &str| WrongSettings {
        command: command.to_owned(),
        reason: "this program does not know what it grants".to_owned(),
    };
    Ok(vec![
        Arc::new(
            people::AddCollab::new(&people, settings(setup, "AddCollab")?)
                .ok_or_else(|| unknown("AddCollab"))?,
        ),
        Arc::new(
            people::AddUserToTeam::new(&people, settings(setup, "AddUserToTeam")?)
                .ok_or_else(|| unknown("AddUserToTeam"))?,
        ),
        Arc::new(people::ListCollabs::new(&people)),
        Arc::new(people::ListTeams::new(&people)),
        Arc::new(people::RemoveCollab::new(&people).ok_or_else(|| unknown("RemoveCollab"))?),
        Arc::new(people::RemoveUserFromTeam::new(&people).ok_or_else(|| unknown("RemoveUserFromTeam"))?),
        Arc::new(
            people::SetRepoPermissions::new(&people, settings(setup, "SetRepoPermissions")?)
                .ok_or_else(|| unknown("SetRepoPermissions"))?,
        ),
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
