//! What config.toml may say of these commands.

use hubcommander_sdk::setting::{Length, Setting, SettingKind};
use serde::Deserialize;

use crate::github::lending::Terms;

const PERMITTED: Setting = Setting {
    name: "permitted_permissions",
    kind: SettingKind::Texts,
    default: r#"["pull", "push"]"#,
    example: r#"["pull", "triage", "push"]"#,
    about: "What may be granted: `pull`, `triage`, `push`, `maintain`, `admin`, or names of custom roles.",
};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What config.toml may say under `[commands.AddCollab]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddCollabSettings {
    /// What may be granted.
    pub permitted_permissions: Vec<String>,
    /// How long, if nobody says.
    pub lease_default: Option<Length>,
    /// How long at most.
    pub lease_longest: Option<Length>,
}

impl AddCollabSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[PERMITTED, Terms::DEFAULT, Terms::LONGEST];

    pub(super) fn terms(&self) -> Terms {
        Terms { default: self.lease_default, longest: self.lease_longest }
    }
}

impl Default for AddCollabSettings {
    fn default() -> Self {
        Self { permitted_permissions: words(&["pull", "push"]), lease_default: None, lease_longest: None }
    }
}

/// What config.toml may say under `[commands.AddUserToTeam]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddUserToTeamSettings {
    /// What people may become.
    pub permitted_roles: Vec<String>,
    /// Whether people who are not in the organisation may be invited to it.
    pub may_invite: bool,
    /// How long, if nobody says.
    pub lease_default: Option<Length>,
    /// How long at most.
    pub lease_longest: Option<Length>,
}

impl AddUserToTeamSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[
        Setting {
            name: "permitted_roles",
            kind: SettingKind::Choices(&["member", "maintainer"]),
            default: r#"["member", "maintainer"]"#,
            example: r#"["member"]"#,
            about: "What people may become in a team. A maintainer adds and removes members.",
        },
        Setting {
            name: "may_invite",
            kind: SettingKind::Flag,
            default: "false",
            example: "true",
            about: "Whether somebody who is not in the organisation may be added: they are invited to it then.",
        },
        Terms::DEFAULT,
        Terms::LONGEST,
    ];

    pub(super) fn terms(&self) -> Terms {
        Terms { default: self.lease_default, longest: self.lease_longest }
    }
}

impl Default for AddUserToTeamSettings {
    fn default() -> Self {
        Self {
            permitted_roles: words(&["member", "maintainer"]),
            may_invite: false,
            lease_default: None,
            lease_longest: None,
        }
    }
}

/// What config.toml may say under `[commands.SetRepoPermissions]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetRepoPermissionsSettings {
    /// What may be granted.
    pub permitted_permissions: Vec<String>,
    /// How long, if nobody says.
    pub lease_default: Option<Length>,
    /// How long at most.
    pub lease_longest: Option<Length>,
}

impl SetRepoPermissionsSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[
        Setting {
            default: r#"["pull", "triage", "push", "maintain"]"#,
            example: r#"["pull", "push"]"#,
            ..PERMITTED
        },
        Terms::DEFAULT,
        Terms::LONGEST,
    ];

    pub(super) fn terms(&self) -> Terms {
        Terms { default: self.lease_default, longest: self.lease_longest }
    }
}

impl Default for SetRepoPermissionsSettings {
    fn default() -> Self {
        Self {
            permitted_permissions: words(&["pull", "triage", "push", "maintain"]),
            lease_default: None,
            lease_longest: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn read<T: DeserializeOwned>(declared: &[Setting], value: fn(&Setting) -> &'static str) -> T {
        let lines = declared.iter().map(|key| format!("{} = {}\n", key.name, value(key)));
        toml::from_str(&lines.collect::<String>()).unwrap()
    }

    /// A length has no default that could be written.
    fn without_lengths(declared: &[Setting]) -> Vec<Setting> {
        declared.iter().copied().filter(|key| key.kind != SettingKind::Length).collect()
    }

    #[test]
    fn the_settings_are_read_as_they_are_declared() {
        let usual: AddCollabSettings = read(&without_lengths(AddCollabSettings::DECLARED), |key| key.default);
        assert_eq!(usual, AddCollabSettings::default());
        let usual: AddUserToTeamSettings =
            read(&without_lengths(AddUserToTeamSettings::DECLARED), |key| key.default);
        assert_eq!(usual, AddUserToTeamSettings::default());
        let usual: SetRepoPermissionsSettings =
            read(&without_lengths(SetRepoPermissionsSettings::DECLARED), |key| key.default);
        assert_eq!(usual, SetRepoPermissionsSettings::default());
        let other: AddUserToTeamSettings = read(AddUserToTeamSettings::DECLARED, |key| key.example);
        assert!(other.may_invite && other.permitted_roles == ["member"]);
        assert_eq!(other.terms().default, Some(Length { seconds: 30 * 86_400 }));
        assert_eq!(other.terms().longest, Some(Length { seconds: 90 * 86_400 }));
    }
}
