//! From a profile of config.toml to what GitHub is asked for.

use hubcommander_sdk::protection::Profile;
use serde_json::{Value as Json, json};

use super::classic::{Check, Protection, Reviews, StatusChecks};
use super::ruleset::RulesetBody;
use crate::names::BranchName;

/// GitHub's number for the role of a repository's administrators, as bypass actors are given
/// (<https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset>; the number is GitHub's).
const ADMINISTRATORS: u64 = 5;

impl Protection {
    /// What a profile makes of a branch. What a profile does not speak of, such as who alone may push, stays
    /// as it was.
    #[must_use]
    pub fn by(profile: &Profile, before: Option<&Self>) -> Self {
        let was = before.cloned().unwrap_or_default();
        let (then, known) = (was.reviews.unwrap_or_default(), was.checks.unwrap_or_default().checks);
        let reviews = profile.reviews.map(|approvals| Reviews {
            approvals: approvals.into(),
            dismiss_stale: profile.dismiss_stale,
            code_owners: profile.code_owners,
            ..then
        });
        let app = |name: &String| known.iter().find(|check| check.context == *name)?.app;
        let checks = profile.checks.iter();
        let checks = checks.map(|name| Check { context: name.clone(), app: app(name) }).collect();
        let checks = StatusChecks { strict: profile.up_to_date, checks };
        Self {
            checks: (!profile.checks.is_empty()).then_some(checks),
            reviews,
            restrictions: was.restrictions,
            admins: profile.admins,
            signatures: profile.signatures,
            linear_history: profile.linear_history,
            force_pushes: profile.allow_force_pushes,
            deletions: profile.allow_deletions,
            block_creations: was.block_creations,
            conversations: profile.conversation_resolution,
            locked: was.locked,
            fork_syncing: was.fork_syncing,
            others: was.others,
        }
    }
}

impl RulesetBody {
    /// What a profile makes of a branch.
    #[must_use]
    pub fn by(profile: &Profile, branch: &BranchName) -> Self {
        let mut rules: Vec<Json> = Vec::new();
        if let Some(approvals) = profile.reviews {
            rules.push(json!({ "type": "pull_request", "parameters": {
                "dismiss_stale_reviews_on_push": profile.dismiss_stale,
                "require_code_owner_review": profile.code_owners,
                "require_last_push_approval": false,
                "required_approving_review_count": approvals,
                "required_review_thread_resolution": profile.conversation_resolution,
            } }));
        }
        if !profile.checks.is_empty() {
            let checks: Vec<Json> = profile.checks.iter().map(|name| json!({ "context": name })).collect();
            rules.push(json!({ "type": "required_status_checks", "parameters": {
                "required_status_checks": checks,
                "strict_required_status_checks_policy": profile.up_to_date,
            } }));
        }
        for (on, kind) in [
            (profile.signatures, "required_signatures"),
            (profile.linear_history, "required_linear_history"),
            (!profile.allow_force_pushes, "non_fast_forward"),
            (!profile.allow_deletions, "deletion"),
        ] {
            if on {
                rules.push(json!({ "type": kind }));
            }
        }
        let administrators = json!({
            "actor_id": ADMINISTRATORS, "actor_type": "RepositoryRole", "bypass_mode": "always",
        });
        Self {
            target: "branch".to_owned(),
            enforcement: "active".to_owned(),
            bypass_actors: Some(if profile.admins { Vec::new() } else { vec![administrators] }),
            conditions: json!({
                "ref_name": { "include": [format!("refs/heads/{branch}")], "exclude": [] },
            }),
            rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Actors;
    use super::*;

    #[test]
    fn what_a_profile_does_not_speak_of_stays() {
        let profile = Profile {
            reviews: Some(2),
            checks: vec!["ci".into(), "lint".into()],
            up_to_date: true,
            ..Profile::default()
        };
        let only = Some(Actors { teams: ["core".to_owned()].into(), ..Actors::default() });
        let checks = StatusChecks {
            strict: false,
            checks: [
                Check { context: "ci".into(), app: Some(7) },
                Check { context: "old".into(), app: None },
            ]
            .into(),
        };
        let before = Protection {
            checks: Some(checks),
            reviews: Some(Reviews { dismissal: only.clone(), dismiss_stale: true, ..Reviews::default() }),
            restrictions: only.clone(),
            locked: true,
            ..Protection::default()
        };
        let now = Protection::by(&profile, Some(&before));
        assert_eq!((&now.restrictions, now.locked, now.admins), (&only, true, true));
        let reviews = now.reviews.as_ref().unwrap();
        assert_eq!((reviews.approvals, reviews.dismiss_stale, &reviews.dismissal), (2, false, &only));
        let checks = now.checks.as_ref().unwrap();
        let expected =
            [Check { context: "ci".into(), app: Some(7) }, Check { context: "lint".into(), app: None }];
        assert_eq!((checks.strict, &checks.checks), (true, &expected.into()));
        assert_eq!(Protection::by(&profile, None).restrictions, None);
    }

    #[test]
    fn a_ruleset_holds_for_the_branch_alone() {
        let profile = Profile {
            reviews: Some(0),
            checks: vec!["ci".into()],
            admins: false,
            allow_deletions: true,
            conversation_resolution: true,
            ..Profile::default()
        };
        let body = RulesetBody::by(&profile, &BranchName::parse("release/1").unwrap());
        assert_eq!(body.conditions["ref_name"]["include"], json!(["refs/heads/release/1"]));
        let kinds: Vec<&str> = body.rules.iter().filter_map(|rule| rule["type"].as_str()).collect();
        assert_eq!(kinds, ["pull_request", "required_status_checks", "non_fast_forward"]);
        assert_eq!(body.rules[0]["parameters"]["required_review_thread_resolution"], true);
        assert_eq!(body.bypass_actors.unwrap()[0]["actor_id"], 5);
    }
}
