//! What there is to know of one repository beside what it says itself. Each part is read for itself: what
//! cannot be read is told as such, and does not hide the rest.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::lists::items;
use super::{Listing, ReadError, Reader, Repository, found};
use crate::names::{BranchName, FullName, Owner};
use crate::path::Path;
use crate::transport::JSON;

/// The most branches that are read to find one that is spelled alike.
const MOST_BRANCH_PAGES: u64 = 3;
const PER_PAGE: u64 = 100;

/// What there is to know of a repository beside what it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The teams that have access, sorted, each with what it may do.
    pub teams: Result<Listing<TeamAccess>, ReadError>,
    /// How many people from outside the organisation have access.
    pub outside_collaborators: Result<u64, ReadError>,
    /// How many pull requests are open.
    pub open_pull_requests: Result<u64, ReadError>,
    /// What holds for the default branch.
    pub default_branch: Result<Guarded, ReadError>,
}

/// A team and what it may do on a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TeamAccess {
    /// The team's name in addresses.
    pub slug: String,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a role that the organisation made.
    pub permission: String,
}

/// What holds for a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Its classic protection, if it has one.
    pub classic: Option<ClassicProtection>,
    /// The kinds of the rules that rulesets put on it, such as `pull_request`, sorted, each once.
    pub rules: Vec<String>,
}

/// The classic protection of a branch, in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassicProtection {
    /// How many must approve a pull request; `None` if none is needed.
    pub approvals: Option<u64>,
    /// The checks that must pass.
    pub checks: Vec<String>,
    /// Whether it holds for administrators too.
    pub holds_for_administrators: bool,
}

#[derive(Deserialize)]
struct RawTeam {
    slug: String,
    #[serde(default)]
    permission: String,
}

#[derive(Deserialize)]
struct RawBranch {
    name: String,
}

#[derive(Deserialize)]
struct RawRule {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct RawProtection {
    required_pull_request_reviews: Option<RawReviews>,
    required_status_checks: Option<RawChecks>,
    enforce_admins: Option<RawSwitch>,
}

#[derive(Deserialize)]
struct RawReviews {
    #[serde(default)]
    required_approving_review_count: u64,
}

#[derive(Deserialize)]
struct RawChecks {
    #[serde(default)]
    contexts: Vec<String>,
}

#[derive(Deserialize)]
struct RawSwitch {
    enabled: bool,
}

impl From<RawProtection> for ClassicProtection {
    fn from(raw: RawProtection) -> Self {
        Self {
            approvals: raw.required_pull_request_reviews.map(|one| one.required_approving_review_count),
            checks: raw.required_status_checks.map(|one| one.contexts).unwrap_or_default(),
            holds_for_administrators: raw.enforce_admins.is_some_and(|one| one.enabled),
        }
    }
}

impl Reader {
    /// What there is to know of a repository beside what it says itself, all parts read at the same time.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub async fn about(&self, repository: &Repository) -> Result<About, ReadError> {
        let place = Place { id: repository.id, name: FullName::parse(&repository.full_name)? };
        let (teams, outside_collaborators, open_pull_requests, default_branch) = tokio::join!(
            self.teams_on(&place),
            self.outsiders_on(&place),
            self.open_pulls_of(&place),
            self.guards_of(&place, &repository.default_branch),
        );
        Ok(About { teams, outside_collaborators, open_pull_requests, default_branch })
    }

    /// The names of a repository's first 300 branches, in GitHub's order.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn branch_names(&self, repository: &Repository) -> Result<Listing<String>, ReadError> {
        let place = Place { id: repository.id, name: FullName::parse(&repository.full_name)? };
        let subject = format!("the branches of {}", place.name);
        let mut names = Vec::new();
        for page in 1..=MOST_BRANCH_PAGES {
            let path = place.path().then("branches").query("per_page", PER_PAGE).query("page", page);
            let answer = self.0.read(place.owner(), path, JSON).await?;
            let branches: Vec<RawBranch> = items(&answer, &subject)?;
            names.extend(branches.into_iter().map(|branch| branch.name));
            if answer.last_page().is_none_or(|last| last <= page) {
                return Ok(Listing { items: names, complete: true });
            }
        }
        Ok(Listing { items: names, complete: false })
    }

    async fn teams_on(&self, place: &Place) -> Result<Listing<TeamAccess>, ReadError> {
        let subject = format!("the teams of {}", place.name);
        let teams: Listing<RawTeam> =
            self.pages(place.owner(), &place.path().then("teams"), &subject).await?;
        let mut access: Vec<TeamAccess> = teams
            .items
            .into_iter()
            .map(|team| TeamAccess {
                slug: team.slug,
                permission: crate::words::level(&team.permission).to_owned(),
            })
            .collect();
        access.sort();
        Ok(Listing { items: access, complete: teams.complete })
    }

    async fn outsiders_on(&self, place: &Place) -> Result<u64, ReadError> {
        let path = place.path().then("collaborators").with_word("affiliation", "outside");
        self.count(place, path, &format!("who from outside has access to {}", place.name)).await
    }

    async fn open_pulls_of(&self, place: &Place) -> Result<u64, ReadError> {
        let path = place.path().then("pulls").with_word("state", "open");
        self.count(place, path, &format!("the pull requests of {}", place.name)).await
    }

    /// How many there are of what stands under a path: the number of the last page, when each holds one.
    async fn count(&self, place: &Place, path: Path, subject: &str) -> Result<u64, ReadError> {
        let answer = self.0.read(place.owner(), path.query("per_page", 1), JSON).await?;
        let here: Vec<IgnoredAny> = items(&answer, subject)?;
        answer.count_by_one(here.len()).ok_or_else(|| ReadError::unexpected(subject, "no last page is named"))
    }

    async fn guards_of(&self, place: &Place, branch: &str) -> Result<Guarded, ReadError> {
        let branch = BranchName::parse(branch)?;
        let subject = format!("what holds for branch {branch} of {}", place.name);
        let rules = place.path().rules_for(&branch);
        let (classic, rules) = tokio::join!(
            self.classic_protection(place, &branch),
            self.pages(place.owner(), &rules, &subject)
        );
        let rules: Listing<RawRule> = rules?;
        let mut rules: Vec<String> = rules.items.into_iter().map(|rule| rule.kind).collect();
        rules.sort();
        rules.dedup();
        Ok(Guarded { classic: classic?, rules })
    }

    /// GitHub says the same 404 for a branch without protection and for one that may not be looked at; only
    /// its words tell them apart.
    async fn classic_protection(
        &self,
        place: &Place,
        branch: &BranchName,
    ) -> Result<Option<ClassicProtection>, ReadError> {
        let path = place.path().branch(branch).then("protection");
        let subject = format!("the protection of branch {branch} of {}", place.name);
        let answer = self.0.read(place.owner(), path, JSON).await?;
        let none = matches!(answer.message().as_str(), "Branch not protected" | "Branch not found");
        if answer.status.as_u16() == 404 && !none {
            return Err(ReadError::unexpected_answer(&answer, &subject));
        }
        Ok(found::<RawProtection>(&answer, &subject)?.map(ClassicProtection::from))
    }
}

/// A repository to ask about, by its id.
struct Place {
    id: u64,
    name: FullName,
}

impl Place {
    fn path(&self) -> Path {
        Path::repository_id(self.id)
    }

    fn owner(&self) -> &Owner {
        &self.name.owner
    }
}
