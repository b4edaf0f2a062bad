//! What a ruleset is asked to be.

use serde_json::Value;

use crate::github::front::answer::Refused;
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{Enforcement, Names, Rule, Ruleset};

/// The rules there are, and the parameters that each must have.
const RULES: &[(&str, &[&str])] = &[
    ("creation", &[]),
    ("update", &[]),
    ("deletion", &[]),
    ("required_linear_history", &[]),
    (
        "merge_queue",
        &[
            "check_response_timeout_minutes",
            "grouping_strategy",
            "max_entries_to_build",
            "max_entries_to_merge",
            "merge_method",
            "min_entries_to_merge",
            "min_entries_to_merge_wait_minutes",
        ],
    ),
    ("required_deployments", &["required_deployment_environments"]),
    ("required_signatures", &[]),
    (
        "pull_request",
        &[
            "dismiss_stale_reviews_on_push",
            "require_code_owner_review",
            "require_last_push_approval",
            "required_approving_review_count",
            "required_review_thread_resolution",
        ],
    ),
    ("required_status_checks", &["required_status_checks", "strict_required_status_checks_policy"]),
    ("non_fast_forward", &[]),
    ("commit_message_pattern", &["operator", "pattern"]),
    ("commit_author_email_pattern", &["operator", "pattern"]),
    ("committer_email_pattern", &["operator", "pattern"]),
    ("branch_name_pattern", &["operator", "pattern"]),
    ("tag_name_pattern", &["operator", "pattern"]),
    ("workflows", &["workflows"]),
    ("code_scanning", &["code_scanning_tools"]),
    ("copilot_code_review", &[]),
    ("license_compliance_scanning", &[]),
    ("file_path_restriction", &["restricted_file_paths"]),
    ("max_file_path_length", &["max_file_path_length"]),
    ("file_extension_restriction", &["restricted_file_extensions"]),
    ("max_file_size", &["max_file_size"]),
];

const ACTORS: [&str; 8] = [
    "Integration",
    "OrganizationAdmin",
    "RepositoryRole",
    "Team",
    "DeployKey",
    "EnterpriseOwner",
    "EnterpriseRole",
    "User",
];

/// The ruleset of the body. `before`: the one that is changed, of which stays what is not said. `siblings`:
/// the names that are taken.
pub(super) fn ruleset(
    call: &Call<'_>,
    enterprise: bool,
    before: Option<&Ruleset>,
    siblings: &[&str],
) -> Result<Ruleset, Refused> {
    let input = call.input()?;
    let name = match (input.text("name")?, before) {
        (Some(name), _) => name,
        (None, Some(before)) => before.name.clone(),
        (None, None) => return Err(Refused::unfit("\"name\" wasn't supplied.")),
    };
    if name.trim().is_empty() {
        return Err(Refused::sentence("Name can't be blank"));
    }
    if siblings.contains(&name.as_str()) {
        return Err(Refused::sentence("Name must be unique"));
    }
    let target = choice(&input, "target", &["branch", "tag", "push"])?;
    Ok(Ruleset {
        id: before.map_or(0, |one| one.id),
        name,
        target: target.or(before.map(|one| one.target.clone())).unwrap_or_else(|| "branch".to_owned()),
        enforcement: enforcement(&input, enterprise, before)?,
        bypass_actors: match input.objects("bypass_actors")? {
            Some(actors) => actors.iter().map(bypass_actor).collect::<Result<_, _>>()?,
            None => before.map(|one| one.bypass_actors.clone()).unwrap_or_default(),
        },
        refs: names(&input, "ref_name")?.or(before.map(|one| one.refs.clone())).unwrap_or_default(),
        repositories: names(&input, "repository_name")?
            .or(before.map(|one| one.repositories.clone()))
            .unwrap_or_default(),
        rules: match input.objects("rules")? {
            Some(rules) => rules.iter().enumerate().map(rule).collect::<Result<_, _>>()?,
            None => before.map(|one| one.rules.clone()).unwrap_or_default(),
        },
        created_at: before.map_or(call.now, |one| one.created_at),
        updated_at: call.now,
    })
}

fn choice(input: &Input, field: &str, words: &[&str]) -> Result<Option<String>, Refused> {
    match input.text(field)? {
        Some(word) if !words.contains(&word.as_str()) => {
            Err(Refused::unfit(&format!("For 'properties/{field}', {word:?} is not a member of {words:?}.")))
        }
        other => Ok(other),
    }
}

fn enforcement(input: &Input, enterprise: bool, before: Option<&Ruleset>) -> Result<Enforcement, Refused> {
    let asked = choice(input, "enforcement", &["disabled", "active", "evaluate"])?;
    match (asked.as_deref().and_then(Enforcement::from_word), before) {
        (Some(Enforcement::Evaluate), _) if !enterprise => {
            Err(Refused::sentence("Enforcement evaluate is only available with GitHub Enterprise"))
        }
        (Some(asked), _) => Ok(asked),
        (None, Some(before)) => Ok(before.enforcement),
        (None, None) => Err(Refused::unfit("\"enforcement\" wasn't supplied.")),
    }
}

fn names(input: &Input, kind: &str) -> Result<Option<Names>, Refused> {
    let Some(conditions) = input.object("conditions")? else { return Ok(None) };
    let Some(asked) = conditions.object(kind)? else { return Ok(Some(Names::default())) };
    let list = |field: &str| Ok::<_, Refused>(asked.texts(field)?.unwrap_or_default());
    let names = Names { include: list("include")?, exclude: list("exclude")? };
    let bad = |one: &&String| kind == "ref_name" && !one.starts_with("refs/") && !one.starts_with('~');
    match names.include.iter().chain(&names.exclude).find(bad) {
        Some(one) => {
            let words =
                format!("Invalid target patterns: '{one}' must start with 'refs/heads/' or 'refs/tags/'");
            Err(Refused::sentence(&words))
        }
        None => Ok(Some(names)),
    }
}

fn bypass_actor(asked: &Input) -> Result<Value, Refused> {
    let kind = asked.required_text("actor_type")?;
    let mode = choice(asked, "bypass_mode", &["always", "pull_request", "exempt"])?;
    if !ACTORS.contains(&kind.as_str()) {
        return Err(Refused::unfit("Invalid property /bypass_actors/0: data matches no possible input."));
    }
    Ok(serde_json::json!({
        "actor_id": asked.raw("actor_id"),
        "actor_type": kind,
        "bypass_mode": mode.as_deref().unwrap_or("always"),
    }))
}

fn rule((number, asked): (usize, &Input)) -> Result<Rule, Refused> {
    let no_match = || {
        let what = format!(
            "Invalid property /rules/{number}: data matches no possible input. See `documentation_url`."
        );
        Refused::unfit(&what)
    };
    let kind = asked.required_text("type")?;
    let (_, required) = RULES.iter().find(|(name, _)| *name == kind).ok_or_else(no_match)?;
    let parameters = asked.object("parameters")?;
    let complete = required.iter().all(|name| parameters.as_ref().is_some_and(|given| given.has(name)));
    if !complete {
        return Err(no_match());
    }
    let reviews = parameters.as_ref().and_then(|given| given.raw("required_approving_review_count"));
    if reviews.is_some_and(|count| count.as_u64().is_none_or(|count| count > 10)) {
        return Err(no_match());
    }
    Ok(Rule { kind, parameters: asked.raw("parameters").filter(|given| !given.is_null()).cloned() })
}
