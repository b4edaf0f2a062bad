//! Rulesets (<https://docs.github.com/en/rest/repos/rules>): kept as GitHub writes them, so that one can be
//! written back in full, with rules that this program has never heard of.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::words::{checks, pull_request};
use crate::names::BranchName;

/// Which ruleset of ours it is: one for each branch and profile, known by its name. Neither a profile nor a
/// branch can have a colon in it.
#[must_use]
pub fn ruleset_name(profile: &str, branch: &BranchName) -> String {
    format!("{OURS}{profile}: {branch}")
}

const OURS: &str = "HubCommander ";

/// A ruleset as it stands in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RulesetInBrief {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name, unique in its place.
    pub name: String,
    /// `branch`, `tag` or `push`.
    #[serde(default)]
    pub target: Option<String>,
    /// `active`, `evaluate` or `disabled`.
    pub enforcement: String,
    /// `Repository`, `Organization` or `Enterprise`.
    #[serde(default)]
    pub source_type: Option<String>,
    /// Whose it is: `acme/widgets`, or `acme`.
    #[serde(default)]
    pub source: String,
}

impl RulesetInBrief {
    /// The profile, if it is one that this bot made for the branch.
    #[must_use]
    pub fn ours_for(&self, branch: &BranchName) -> Option<&str> {
        let (profile, of) = self.name.strip_prefix(OURS)?.split_once(": ")?;
        (of == branch.as_str() && self.is_of_repository()).then_some(profile)
    }

    /// Whether it is the repository's own.
    #[must_use]
    pub fn is_of_repository(&self) -> bool {
        self.source_type.as_deref().is_none_or(|kind| kind == "Repository")
    }
}

/// A ruleset in full.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ruleset {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// All else that makes it.
    #[serde(flatten)]
    pub body: RulesetBody,
}

/// What a ruleset is, but for its name: all that a request may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesetBody {
    /// `branch`, `tag` or `push`.
    pub target: String,
    /// `active`, `evaluate` or `disabled`.
    pub enforcement: String,
    /// Who may pass; `None` if we may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypass_actors: Option<Vec<Json>>,
    /// Which branches are meant.
    #[serde(default)]
    pub conditions: Json,
    /// What holds.
    #[serde(default)]
    pub rules: Vec<Json>,
}

impl RulesetBody {
    /// Whether this is what `wanted` asks for. GitHub adds what was left out.
    #[must_use]
    pub fn is(&self, wanted: &Self) -> bool {
        let all = |list: &Option<Vec<Json>>| Json::Array(list.clone().unwrap_or_default());
        self.target == wanted.target
            && self.enforcement == wanted.enforcement
            && covers(&self.conditions, &wanted.conditions)
            && covers(&all(&self.bypass_actors), &all(&wanted.bypass_actors))
            && covers(&Json::Array(self.rules.clone()), &Json::Array(wanted.rules.clone()))
    }

    /// Whether it may ask less than `before`: a rule is gone or another, or more may pass. It errs on the
    /// side of yes.
    #[must_use]
    pub fn may_be_weaker_than(&self, before: &Self) -> bool {
        if before.enforcement != "active" {
            return false;
        }
        let kept = |rule: &Json| self.rules.iter().any(|mine| covers(mine, rule));
        let passing = |one: &Self| one.bypass_actors.clone().unwrap_or_default();
        let known = passing(before);
        self.enforcement != "active"
            || !covers(&self.conditions, &before.conditions)
            || !before.rules.iter().all(kept)
            || !passing(self).iter().all(|actor| known.iter().any(|one| covers(one, actor)))
    }

    /// What it asks, one thing each.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let kind = |rule: &Json| rule["type"].as_str().unwrap_or_default().to_owned();
        let mut words: Vec<String> =
            self.rules.iter().map(|rule| rule_in_words(&kind(rule), &rule["parameters"])).collect();
        match self.bypass_actors.as_deref() {
            Some([]) => words.push("for administrators too".to_owned()),
            Some([one]) if one["actor_id"] == 5 && one["actor_type"] == "RepositoryRole" => {
                words.push("administrators may pass it by".to_owned());
            }
            Some(several) => words.push(format!("{} may pass it by", several.len())),
            None => {}
        }
        words
    }
}

/// A rule that holds for a branch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BranchRule {
    /// Such as `deletion` or `pull_request`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it takes.
    #[serde(default)]
    pub parameters: Json,
    /// The ruleset that it is of.
    #[serde(default)]
    pub ruleset_id: u64,
    /// Whose that ruleset is: `acme/widgets`, or `acme`.
    #[serde(default)]
    pub ruleset_source: String,
}

/// A rule in plain words. One that this program does not know goes by GitHub's name for it.
#[must_use]
pub fn rule_in_words(kind: &str, parameters: &Json) -> String {
    let number = |name: &str| parameters[name].as_u64().unwrap_or_default();
    let is = |name: &str| parameters[name] == true;
    match kind {
        "pull_request" => {
            let mut words = pull_request(number("required_approving_review_count"));
            for (name, what) in [
                ("dismiss_stale_reviews_on_push", "new commits make approvals void"),
                ("require_code_owner_review", "code owners approve what is theirs"),
                ("require_last_push_approval", "someone other than the last to push approves"),
                ("required_review_thread_resolution", "conversations must be resolved"),
            ] {
                if is(name) {
                    words.push_str(", ");
                    words.push_str(what);
                }
            }
            words
        }
        "required_status_checks" => {
            let names = parameters["required_status_checks"].as_array();
            let names = names.into_iter().flatten().filter_map(|one| one["context"].as_str());
            let names: Vec<String> = names.map(str::to_owned).collect();
            checks(&names, is("strict_required_status_checks_policy"))
                .unwrap_or_else(|| "no check in particular".to_owned())
        }
        "creation" => "made only by who may pass".to_owned(),
        "update" => "changed only by who may pass".to_owned(),
        "deletion" => "no deletion".to_owned(),
        "non_fast_forward" => "no force pushes".to_owned(),
        "required_linear_history" => "no merge commits".to_owned(),
        "required_signatures" => "signed commits only".to_owned(),
        "merge_queue" => "merges wait in a queue".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Whether `found` holds all that `wanted` says. Lists hold the same, in any order.
fn covers(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| found.get(key).map_or(wanted.is_null(), |found| covers(found, wanted))),
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len()
                && wanted.iter().all(|one| found.iter().any(|other| covers(other, one)))
        }
        (found, wanted) => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::protection::Profile;
    use serde_json::json;

    use super::*;

    fn main() -> BranchName {
        BranchName::parse("main").unwrap()
    }

    fn in_brief(name: &str, source_type: &str) -> RulesetInBrief {
        RulesetInBrief {
            id: 1,
            name: name.into(),
            target: Some("branch".into()),
            enforcement: "active".into(),
            source_type: Some(source_type.into()),
            source: "acme".into(),
        }
    }

    #[test]
    fn ours_are_known_by_their_names() {
        let name = ruleset_name("strict", &main());
        assert_eq!(name, "HubCommander strict: main");
        assert_eq!(in_brief(&name, "Repository").ours_for(&main()), Some("strict"));
        assert_eq!(in_brief(&name, "Organization").ours_for(&main()), None, "not the repository's");
        for other in ["HubCommander strict: mainly", "strict: main", "HubCommander main"] {
            assert_eq!(in_brief(other, "Repository").ours_for(&main()), None, "{other}");
        }
    }

    #[test]
    fn what_github_adds_makes_no_difference_and_what_people_change_does() {
        let profile =
            Profile { reviews: Some(1), checks: vec!["a".into(), "b".into()], ..Profile::default() };
        let wanted = RulesetBody::by(&profile, &main());
        let mut found = wanted.clone();
        found.rules.reverse();
        for rule in &mut found.rules {
            if rule["type"] == "pull_request" {
                rule["parameters"]["allowed_merge_methods"] = json!(["merge", "squash"]);
            }
            if rule["type"] == "required_status_checks" {
                let list = rule["parameters"]["required_status_checks"].as_array_mut().unwrap();
                list.reverse();
                rule["parameters"]["do_not_enforce_on_create"] = json!(false);
            }
        }
        assert!(found.is(&wanted) && !found.may_be_weaker_than(&wanted));
        let mut fewer = found.clone();
        fewer.rules.pop();
        assert!(!fewer.is(&wanted) && fewer.may_be_weaker_than(&wanted));
        let mut passing = wanted.clone();
        passing.bypass_actors = Some(vec![json!({ "actor_id": 9, "actor_type": "Team" })]);
        assert!(!passing.is(&wanted) && passing.may_be_weaker_than(&wanted));
        assert!(!wanted.may_be_weaker_than(&passing));
        let off = RulesetBody { enforcement: "disabled".into(), ..wanted.clone() };
        assert!(off.may_be_weaker_than(&wanted) && !wanted.may_be_weaker_than(&off));
    }

    #[test]
    fn rules_read_as_people_would_say_them() {
        let profile = Profile {
            reviews: Some(2),
            dismiss_stale: true,
            code_owners: true,
            checks: vec!["ci/build".into(), "ci/test".into()],
            up_to_date: true,
            admins: false,
            linear_history: true,
            signatures: true,
            conversation_resolution: true,
            ..Profile::default()
        };
        let mut words = RulesetBody::by(&profile, &main()).in_words();
        words.extend(
            ["creation", "update", "merge_queue", "max_file_size"]
                .map(|kind| rule_in_words(kind, &json!(null))),
        );
        insta::assert_snapshot!(words.join("\n"), @r"
        a pull request with 2 approvals, new commits make approvals void, code owners approve what is theirs, conversations must be resolved
        checks ci/build, ci/test must pass, on a branch that is up to date
        signed commits only
        no merge commits
        no force pushes
        no deletion
        administrators may pass it by
        made only by who may pass
        changed only by who may pass
        merges wait in a queue
        max file size
        ");
    }
}
