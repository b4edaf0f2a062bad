//! What the bot may repair, as a plan. Before anything is planned, each repository is looked at once more: the
//! scan may have taken minutes, and it does not tell roles that the organisation made by name.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::grants::TeamRepository;
use hubcommander_github::names::{BadName, Owner};
use hubcommander_github::operations::{CancelInvitation, RepoRef, RepositoryRef, SetTeamPermission, TeamRef};
use hubcommander_github::{Reader, Repository, Team, preconditions};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::{Text, thousands};

use super::judge::{Check, Fix, counted};
use super::rules::NOTHING;

/// No plan has more steps: people are to read what they confirm.
const MOST: usize = 100;
/// Repositories that are looked at at the same time.
const SIDE_BY_SIDE: usize = 8;

/// All that the bot could do about what was found.
pub(super) fn fixes(checks: &[Check]) -> Vec<Fix> {
    let mut fixes: Vec<Fix> =
        checks.iter().flat_map(|check| &check.findings).filter_map(|finding| finding.fix.clone()).collect();
    fixes.sort_by(|one, other| (place(one), one).cmp(&(place(other), other)));
    fixes.dedup();
    fixes
}

/// The repository it is about: they come in the order of their names, and the organisation before them.
fn place(fix: &Fix) -> &str {
    match fix {
        Fix::OrgInvitation { .. } => "",
        Fix::Team { repository, .. } | Fix::RepoInvitation { repository, .. } => &repository.1,
    }
}

/// A step that is still needed.
enum Step {
    Team(SetTeamPermission),
    Cancel(CancelInvitation),
}

/// The plan; `None` if nothing is left to be done.
///
/// # Errors
/// GitHub could not be asked, or calls something by a name that we would not take.
pub(super) async fn plan(reader: &Reader, org: &str, fixes: Vec<Fix>) -> Result<Option<Plan>, Refusal> {
    let total = fixes.len();
    let steps: Vec<Option<Step>> = stream::iter(fixes.into_iter().take(MOST))
        .map(|fix| still_needed(reader, org, fix))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let steps: Vec<Step> = steps.into_iter().flatten().collect();
    if steps.is_empty() {
        return Ok(None);
    }
    let left = total.saturating_sub(MOST);
    Ok(Some(written(org, &steps, left)))
}

fn bad_name(bad: &BadName) -> Refusal {
    Refusal::new("GitHub calls something by a name that I cannot use.", "Tell the people who run this bot.")
        .logged(bad.to_string())
}

async fn still_needed(reader: &Reader, org: &str, fix: Fix) -> Result<Option<Step>, Refusal> {
    let owner = Owner::parse(org).map_err(|bad| bad_name(&bad))?;
    let by_id = async |(id, full_name): &(u64, String)| -> Result<Option<Repository>, Refusal> {
        let found = reader.repository_by_id(org, *id).await?;
        // One that was renamed or archived since is for the next audit.
        Ok(found.filter(|one| one.full_name.eq_ignore_ascii_case(full_name) && !one.archived))
    };
    Ok(match fix {
        Fix::OrgInvitation { id, who } => {
            Some(Step::Cancel(CancelInvitation { org: owner, repo: None, id, who }))
        }
        Fix::RepoInvitation { repository, id, who } => match by_id(&repository).await? {
            None => None,
            Some(found) => {
                let repo = Some(RepoRef::of(&found).map_err(|bad| bad_name(&bad))?);
                Some(Step::Cancel(CancelInvitation { org: owner, repo, id, who }))
            }
        },
        Fix::Team { repository, team, to } => {
            let found = tokio::try_join!(by_id(&repository), async {
                let found: Option<Team> = reader.team(org, &team).await?;
                Ok(found)
            });
            let (Some(repository), Some(team)) = found? else { return Ok(None) };
            let from = reader.team_permission(org, &team.slug, &repository.full_name).await?;
            let to = Some(to).filter(|to| to != NOTHING);
            if from == to {
                return Ok(None);
            }
            let set = TeamRef::of(org, &team).and_then(|team| {
                Ok(SetTeamPermission { team, repo: RepositoryRef::of(&repository)?, from, to })
            });
            Some(Step::Team(set.map_err(|bad| bad_name(&bad))?))
        }
    })
}

/// The plan with these steps. None waits for another, so that one that fails hides nothing.
fn written(org: &str, steps: &[Step], left: usize) -> Plan {
    let count = counted(steps.len(), "thing", "things");
    let title = Title {
        todo: Text::new().plain(format!("Repair {count} in ")).bold(org),
        doing: Text::new().plain(format!("Repairing {count} in ")).bold(org),
        done: Text::new().plain(format!("Repaired {count} in ")).bold(org),
    };
    let mut plan = Plan::new(title);
    for (index, step) in steps.iter().enumerate() {
        let name = format!("fix-{}", index + 1);
        match step {
            Step::Cancel(cancel) => {
                plan = plan.step(&name, cancel.operation(), &[]).lock(format!("github:{org}"));
            }
            Step::Team(set) => {
                let holding = TeamRepository { team: set.team.clone(), repo: set.repo.clone() }.holding();
                plan = plan
                    .step(&name, set.operation(), &[])
                    .precondition(preconditions::same_level(&holding, set.from.as_deref()))
                    .lock(format!("github:{}", set.repo.full_name));
            }
        }
    }
    if left > 0 {
        let words = format!("{} more are left: ask again for them.", thousands(left));
        plan.summary = Some(words.into());
    }
    plan
}
