//! What an organisation is held against: its section of config.toml, and the command's own settings.

use hubcommander_sdk::orgs::OrgSettings;
use hubcommander_sdk::setting::{Length, Setting, SettingKind};
use serde::Deserialize;

/// What config.toml may say under `[commands.AuditOrg]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditOrgSettings {
    /// Fewer owners are too few.
    pub fewest_owners: usize,
    /// More owners are too many.
    pub most_owners: usize,
    /// An invitation that is older is stale.
    pub stale_after: Length,
    /// The Apps that may be installed, by the name in their address.
    pub known_apps: Vec<String>,
}

impl AuditOrgSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[
        Setting {
            name: "fewest_owners",
            kind: SettingKind::Number(1, 100),
            default: "2",
            example: "2",
            about: "Fewer owners are too few: with one alone, nobody can help when that person is away.",
        },
        Setting {
            name: "most_owners",
            kind: SettingKind::Number(1, 1_000),
            default: "3",
            example: "3",
            about: "More owners are too many.",
        },
        Setting {
            name: "stale_after",
            kind: SettingKind::Length,
            default: "\"7d\"",
            example: "\"3d\"",
            about: "Invitations that nobody took up are stale when they are older. github.com itself ends them \
                    after 7 days.",
        },
        Setting {
            name: "known_apps",
            kind: SettingKind::Texts,
            default: "[]",
            example: "[\"dependabot\", \"hubcommander\"]",
            about: "The GitHub Apps that may be installed, by the name in their address. Empty: they are only \
                    listed.",
        },
    ];
}

impl Default for AuditOrgSettings {
    fn default() -> Self {
        Self {
            fewest_owners: 2,
            most_owners: 3,
            stale_after: Length { seconds: 7 * 86_400 },
            known_apps: Vec::new(),
        }
    }
}

/// What a team is to have on the repositories whose names fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) team: String,
    /// In GitHub's words for teams; `none` for nothing.
    pub(super) permission: String,
    /// Which repositories, by name.
    pub(super) repos: String,
    /// Whether more than that is wrong, too.
    pub(super) exactly: bool,
}

/// What an organisation is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) settings: AuditOrgSettings,
    pub(super) base_permission: Option<String>,
    /// In the order of config.toml: of several for a team the last that fits counts.
    pub(super) expected: Vec<Expected>,
}

impl Rules {
    pub(super) fn of(org: &OrgSettings, settings: &AuditOrgSettings) -> Self {
        let new = org.new_repo_teams.iter().map(|grant| Expected {
            team: grant.name.to_lowercase(),
            permission: level(&grant.permission).to_owned(),
            repos: "*".to_owned(),
            exactly: false,
        });
        let stated = org.repo_teams.iter().map(|grant| Expected {
            team: grant.name.to_lowercase(),
            permission: level(&grant.permission).to_owned(),
            repos: grant.repos.clone(),
            exactly: true,
        });
        Self {
            settings: settings.clone(),
            base_permission: org.base_permission.clone(),
            expected: new.chain(stated).collect(),
        }
    }

    /// The teams of which something is expected, in order.
    pub(super) fn teams(&self) -> Vec<String> {
        let mut teams: Vec<String> = self.expected.iter().map(|expected| expected.team.clone()).collect();
        teams.sort();
        teams.dedup();
        teams
    }

    /// Whether a role that the organisation made is expected of a team: GraphQL does not know those by name.
    pub(super) fn wants_custom_role(&self, team: &str) -> bool {
        self.expected.iter().any(|expected| expected.team == team && !is_githubs_own(&expected.permission))
    }

    /// What is expected of a team on a repository of this name.
    pub(super) fn of_team(&self, team: &str, repository: &str) -> Option<&Expected> {
        self.expected.iter().rev().find(|expected| expected.team == team && fits(&expected.repos, repository))
    }
}

/// What a team has that has nothing.
pub(super) const NOTHING: &str = "none";

fn is_githubs_own(permission: &str) -> bool {
    matches!(permission, "pull" | "triage" | "push" | "maintain" | "admin" | NOTHING)
}

/// One word for each level: GitHub says `pull` or `read`, and `push` or `write`, for the same thing.
fn level(permission: &str) -> &str {
    match permission {
        "read" => "pull",
        "write" => "push",
        other => other,
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters. Case does not count.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::orgs::{RepoTeam, TeamGrant};

    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, fitting, others) in [
            ("*", &["a", "Website"][..], &[][..]),
            ("website", &["website", "WebSite"], &["website-2", "my-website"]),
            ("service-*", &["service-", "service-7"], &["a-service-7", "servic"]),
            ("*-api", &["x-api", "-api"], &["api", "x-api-2"]),
            ("a*b*c", &["abc", "a-b-c", "abbc"], &["acb", "ab"]),
            ("a*a", &["aa", "aba"], &["a"]),
        ] {
            for name in fitting {
                assert!(fits(pattern, name), "{name} fits {pattern}");
            }
            for name in others {
                assert!(!fits(pattern, name), "{name} does not fit {pattern}");
            }
        }
    }

    #[test]
    fn the_last_entry_that_fits_counts() {
        let team = |name: &str, permission: &str, repos: &str| RepoTeam {
            name: name.into(),
            permission: permission.into(),
            repos: repos.into(),
        };
        let org = OrgSettings {
            new_repo_teams: vec![TeamGrant { name: "employees".into(), permission: "write".into() }],
            repo_teams: vec![
                team("Security", "pull", "*"),
                team("security", "Auditor", "vault*"),
                team("employees", "none", "vault"),
            ],
            ..OrgSettings::default()
        };
        let rules = Rules::of(&org, &AuditOrgSettings::default());
        assert_eq!(rules.teams(), ["employees", "security"]);
        let on = |team, name| rules.of_team(team, name).map(|one| (one.permission.as_str(), one.exactly));
        assert_eq!(on("employees", "website"), Some(("push", false)));
        assert_eq!(on("employees", "vault"), Some(("none", true)));
        assert_eq!(on("security", "website"), Some(("pull", true)));
        assert_eq!(on("security", "vault-2"), Some(("Auditor", true)));
        assert_eq!(on("bots", "website"), None);
        assert!(rules.wants_custom_role("security") && !rules.wants_custom_role("employees"));
    }

    #[test]
    fn the_settings_are_read_as_they_are_declared() {
        let read = |value: fn(&Setting) -> &'static str| -> AuditOrgSettings {
            let lines =
                AuditOrgSettings::DECLARED.iter().map(|key| format!("{} = {}\n", key.name, value(key)));
            toml::from_str(&lines.collect::<String>()).unwrap()
        };
        assert_eq!(read(|key| key.default), AuditOrgSettings::default());
        assert_eq!(read(|key| key.example).stale_after.seconds, 3 * 86_400);
    }
}
