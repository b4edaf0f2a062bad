//! Rulesets of repositories and organisations.

use hubcommander_sdk::clock::Instant;
use serde_json::Value;

use super::{Repository, State};

/// Whether a ruleset holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Enforcement {
    /// It does not.
    Disabled,
    /// It does.
    Active,
    /// It is only looked at what it would do.
    Evaluate,
}

impl Enforcement {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Active => "active",
            Self::Evaluate => "evaluate",
        }
    }

    /// The inverse of [`Enforcement::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Disabled, Self::Active, Self::Evaluate].into_iter().find(|one| one.word() == word)
    }
}

/// Which names are meant: those that fit one pattern of `include`, and none of `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Patterns: `~ALL`, `~DEFAULT_BRANCH`, or names with `*` (within a segment) and `**` (across them).
    pub include: Vec<String>,
    /// Patterns that are not meant after all.
    pub exclude: Vec<String>,
}

impl Names {
    /// Whether a name is meant. `is_default`: it is the one that `~DEFAULT_BRANCH` stands for.
    pub fn mean(&self, name: &str, is_default: bool) -> bool {
        let fits = |pattern: &String| match pattern.as_str() {
            "~ALL" => true,
            "~DEFAULT_BRANCH" => is_default,
            pattern => fits(pattern.as_bytes(), name.as_bytes()),
        };
        self.include.iter().any(fits) && !self.exclude.iter().any(fits)
    }
}

/// `*` stands for anything within a segment, `**` also for slashes, `?` for one character.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', b'*', rest @ ..], _) => (0..=name.len()).any(|from| fits(rest, &name[from..])),
        ([b'*', rest @ ..], _) => {
            let within = name.iter().take_while(|byte| **byte != b'/').count();
            (0..=within).any(|from| fits(rest, &name[from..]))
        }
        ([b'?', rest @ ..], [one, more @ ..]) if *one != b'/' => fits(rest, more),
        ([one, rest @ ..], [other, more @ ..]) if one == other => fits(rest, more),
        _ => false,
    }
}

/// One rule: its type and, where that takes any, its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Such as `deletion` or `pull_request`.
    pub kind: String,
    /// As they were given.
    pub parameters: Option<Value>,
}

/// A ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name, unique in its place.
    pub name: String,
    /// `branch`, `tag` or `push`.
    pub target: String,
    /// Whether it holds.
    pub enforcement: Enforcement,
    /// Who may pass, as given.
    pub bypass_actors: Vec<Value>,
    /// Refs that are meant, with `refs/heads/` or `refs/tags/` before names.
    pub refs: Names,
    /// For one of an organisation: the repositories that are meant.
    pub repositories: Names,
    /// What holds.
    pub rules: Vec<Rule>,
    /// Since when it exists.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Ruleset {
    /// Whether it holds for this branch, which need not exist.
    pub fn holds_for(&self, repository: &Repository, branch: &str) -> bool {
        let is_default = repository.default_branch == branch;
        self.enforcement == Enforcement::Active
            && self.target == "branch"
            && self.refs.mean(&format!("refs/heads/{branch}"), is_default)
    }
}

impl State {
    /// The active rulesets that hold for a branch: the repository's own, then those of its organisation
    /// (`true`).
    pub fn rulesets_for<'a>(&'a self, repository: &'a Repository, branch: &str) -> Vec<(&'a Ruleset, bool)> {
        let own = repository.rulesets.values().map(|one| (one, false));
        let above = self.rulesets_above(repository).map(|one| (one, true));
        own.chain(above).filter(|(one, _)| one.holds_for(repository, branch)).collect()
    }

    /// The organisation's rulesets that mean this repository, whether they are active or not.
    pub fn rulesets_above<'a>(&'a self, repository: &'a Repository) -> impl Iterator<Item = &'a Ruleset> {
        let organisation = self.organisation(&repository.owner);
        let all = organisation.into_iter().flat_map(|one| one.rulesets.values());
        all.filter(|one| one.repositories.mean(&repository.name, false))
    }

    /// Whether anything protects a branch.
    pub fn is_protected(&self, repository: &Repository, branch: &str) -> bool {
        repository.protections.contains_key(branch)
            || self.rulesets_for(repository, branch).iter().any(|(one, _)| !one.rules.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_githubs_mean() {
        let names = |include: &[&str], exclude: &[&str]| Names {
            include: include.iter().map(|one| (*one).to_owned()).collect(),
            exclude: exclude.iter().map(|one| (*one).to_owned()).collect(),
        };
        for (names, name, is_default, meant) in [
            (names(&["~ALL"], &[]), "refs/heads/x", false, true),
            (names(&["~DEFAULT_BRANCH"], &[]), "refs/heads/main", true, true),
            (names(&["~DEFAULT_BRANCH"], &[]), "refs/heads/x", false, false),
            (names(&["refs/heads/release/*"], &[]), "refs/heads/release/1", false, true),
            (names(&["refs/heads/release/*"], &[]), "refs/heads/release/1/a", false, false),
            (names(&["refs/heads/release/**"], &[]), "refs/heads/release/1/a", false, true),
            (names(&["refs/heads/v?"], &[]), "refs/heads/v1", false, true),
            (names(&["~ALL"], &["refs/heads/dev*"]), "refs/heads/develop", false, false),
            (names(&[], &[]), "refs/heads/main", true, false),
        ] {
            assert_eq!(names.mean(name, is_default), meant, "{names:?} {name}");
        }
    }
}
