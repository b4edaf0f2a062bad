//! The organisations that the bot manages, as config.toml states them.

use serde::{Deserialize, Serialize};

use crate::setting::Length;

/// A team and what it may do on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamGrant {
    /// The team's slug.
    pub name: String,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a custom role.
    pub permission: String,
}

/// What a team is to have on the repositories whose names fit, no more and no less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoTeam {
    /// The team's slug.
    pub name: String,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, the name of a custom role, or `none`.
    pub permission: String,
    /// Which repositories, by name; `*` stands for any letters.
    pub repos: String,
}

/// What config.toml says of one organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrgSettings {
    /// Other names that people may type for it.
    pub aliases: Vec<String>,
    /// Whether all its repositories are public.
    pub public_only: bool,
    /// The teams that get a permission on each new repository.
    pub new_repo_teams: Vec<TeamGrant>,
    /// What teams are to have on all repositories. Of several entries for a team the last that fits counts.
    pub repo_teams: Vec<RepoTeam>,
    /// What every member is to have on every repository: `none`, `read`, `write` or `admin`.
    pub base_permission: Option<String>,
    /// Teams whose members are not made outside collaborators.
    pub collab_validation_teams: Vec<String>,
    /// Teams that everybody who joins by `!InviteMe` lands in, by slug.
    pub member_teams: Vec<String>,
    /// Logins of bots and of other accounts that are no person's: never strangers, never let go.
    pub service_accounts: Vec<String>,
    /// How long a grant lasts there if nobody says, in place of what the command says.
    pub lease_default: Option<Length>,
    /// How long a grant may last there at most, in place of what the command says.
    pub lease_longest: Option<Length>,
    /// One line about it, for `!ListOrgs`.
    pub description: String,
}

/// A managed organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    /// Its login at GitHub, as configured.
    pub name: String,
    /// What config.toml says of it.
    pub settings: OrgSettings,
}

/// All managed organisations, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orgs(Vec<Org>);

impl Orgs {
    /// Made from what config.toml says.
    #[must_use]
    pub fn new(orgs: impl IntoIterator<Item = (String, OrgSettings)>) -> Self {
        let mut all: Vec<Org> = orgs.into_iter().map(|(name, settings)| Org { name, settings }).collect();
        all.sort_by_key(|org| org.name.to_lowercase());
        Self(all)
    }

    /// The organisation that goes by this name or alias, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Org> {
        self.0.iter().find(|org| {
            org.name.eq_ignore_ascii_case(name)
                || org.settings.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Org> {
        self.0.iter()
    }
}
