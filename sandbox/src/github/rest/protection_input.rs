//! What a protection is asked to be.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::github::front::answer::Refused;
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{Actors, Check, Permission, Protection, Repository, Reviews, StatusChecks};

/// The keys that must be there, even if they are null.
const REQUIRED: [&str; 4] =
    ["required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"];
/// People, teams and Apps together.
const MOST_ACTORS: usize = 100;

/// The protection of the body; what has an address of its own stays as it was.
pub(super) fn protection(
    call: &Call<'_>,
    repository: &Repository,
    before: Option<&Protection>,
) -> Result<Protection, Refused> {
    let input = call.input()?;
    let absent: Vec<String> =
        REQUIRED.iter().filter(|name| !input.has(name)).map(|name| format!("\"{name}\"")).collect();
    match absent.len() {
        0 => {}
        1 => return Err(Refused::unfit(&format!("{} wasn't supplied.", absent[0]))),
        _ => return Err(Refused::unfit(&format!("{} weren't supplied.", absent.join(", ")))),
    }
    let flag = |name: &str| Ok(input.flag(name)?.unwrap_or(false));
    let restrictions = match input.object("restrictions")? {
        Some(_) if call.state.organisation(&repository.owner).is_none() => {
            let words = "Only organization repositories can have users and team restrictions";
            return Err(Refused::sentence(words));
        }
        Some(asked) => {
            for name in ["users", "teams"] {
                if !asked.has(name) {
                    let what = format!("No subschema in \"anyOf\" matched.\n\"{name}\" wasn't supplied.");
                    return Err(Refused::unfit(&what));
                }
            }
            Some(actors(call, repository, &asked)?)
        }
        None => None,
    };
    Ok(Protection {
        checks: checks(&input)?,
        enforce_admins: flag("enforce_admins")?,
        reviews: reviews(call, repository, &input)?,
        restrictions,
        signatures: before.is_some_and(|one| one.signatures),
        linear_history: flag("required_linear_history")?,
        force_pushes: flag("allow_force_pushes")?,
        deletions: flag("allow_deletions")?,
        block_creations: flag("block_creations")?,
        conversations: flag("required_conversation_resolution")?,
        locked: flag("lock_branch")?,
        fork_syncing: flag("allow_fork_syncing")?,
    })
}

/// By name in `contexts`, or with the App that must say so in `checks`; not both.
fn checks(input: &Input) -> Result<Option<StatusChecks>, Refused> {
    let Some(asked) = input.object("required_status_checks")? else { return Ok(None) };
    let Some(strict) = asked.flag("strict")? else {
        return Err(Refused::unfit("No subschema in \"anyOf\" matched.\n\"strict\" wasn't supplied."));
    };
    let contexts = asked.texts("contexts")?;
    let listed = asked.objects("checks")?;
    let both = contexts.is_some() && listed.is_some();
    if both || (contexts.is_none() && listed.is_none()) {
        let what = "No subschema in \"anyOf\" matched.\nMore than one subschema in \"oneOf\" matched.\n\
                    Not all subschemas of \"allOf\" matched.";
        return Err(Refused::unfit(what));
    }
    let mut checks: Vec<Check> = Vec::new();
    for one in listed.unwrap_or_default() {
        let context = one.required_text("context")?;
        // -1 says in so many words that any App will do.
        let app = one.raw("app_id").and_then(Value::as_i64).and_then(|id| u64::try_from(id).ok());
        checks.push(Check { context, app });
    }
    checks.extend(contexts.unwrap_or_default().into_iter().map(|context| Check { context, app: None }));
    Ok(Some(StatusChecks { strict, checks }))
}

fn reviews(call: &Call<'_>, repository: &Repository, input: &Input) -> Result<Option<Reviews>, Refused> {
    let Some(asked) = input.object("required_pull_request_reviews")? else { return Ok(None) };
    let approvals = asked.number("required_approving_review_count")?.unwrap_or(1);
    if approvals > 6 {
        let what = format!("{approvals} must be less than or equal to 6.");
        return Err(Refused::unfit(&what));
    }
    // An empty object says that everyone who may push may dismiss.
    let limited = |name: &str| match asked.object(name)? {
        Some(one) if !one.is_empty() => Ok(Some(actors(call, repository, &one)?)),
        _ => Ok(None),
    };
    Ok(Some(Reviews {
        dismissal: limited("dismissal_restrictions")?,
        bypass: limited("bypass_pull_request_allowances")?,
        dismiss_stale: asked.flag("dismiss_stale_reviews")?.unwrap_or(false),
        code_owners: asked.flag("require_code_owner_reviews")?.unwrap_or(false),
        approvals,
        last_push: asked.flag("require_last_push_approval")?.unwrap_or(false),
    }))
}

/// Who may not push here anyway is left out without a word, as GitHub does.
fn actors(call: &Call<'_>, repository: &Repository, asked: &Input) -> Result<Actors, Refused> {
    let list = |name: &str| Ok::<_, Refused>(asked.texts(name)?.unwrap_or_default());
    let (users, teams, apps) = (list("users")?, list("teams")?, list("apps")?);
    let total = users.len() + teams.len() + apps.len();
    if total > MOST_ACTORS {
        let words = format!("Only {MOST_ACTORS} users, teams and apps can be specified, not {total}");
        return Err(Refused::sentence(&words));
    }
    let may_push = |level: Option<Permission>| level >= Some(Permission::Push);
    let users: BTreeSet<String> = users
        .into_iter()
        .filter(|login| call.state.user(login).is_some() && may_push(call.state.level_of(repository, login)))
        .map(|login| login.to_lowercase())
        .collect();
    let teams = teams.into_iter().filter_map(|slug| {
        let team = call.state.team(&repository.owner, &slug)?.id;
        may_push(call.state.team_level(repository, &repository.owner, team)).then_some(team)
    });
    let installed = |app: u64| {
        let mut all = call.state.credentials.installations.values();
        all.any(|one| one.app == app && one.organisation.eq_ignore_ascii_case(&repository.owner))
    };
    let apps = apps.into_iter().filter_map(|slug| {
        let app = call.state.credentials.apps.values().find(|one| one.slug == slug)?;
        installed(app.id).then_some(app.id)
    });
    Ok(Actors { users, teams: teams.collect(), apps: apps.collect() })
}
