//! Compares GitHub's own audit log with what is on record here: privileged changes that the bot did not make, and
//! those that were made with its account and that it knows nothing of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use hubcommander_github::{LogEvent, OneOrMore};
use hubcommander_sdk::clock::Instant;
use serde::Serialize;
use serde_json::Value as Json;

use crate::store::StoreError;
use crate::store::chain::ChainReader;

/// How far apart GitHub's clock and ours may be, and how late GitHub may note something.
const WINDOW: TimeDelta = TimeDelta::minutes(2);

/// How long before the time that is compared something may have begun.
const BEFORE: TimeDelta = TimeDelta::hours(1);

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// What is looked at: who may do what with repositories, teams and the organisation, and what protects them.
const PRIVILEGED: &[&str] = &[
    "deploy_key.",
    "hook.",
    "integration_installation.",
    "org.",
    "organization_role.",
    "personal_access_token.",
    "protected_branch.",
    "public_key.",
    "repo.",
    "repository_invitation.",
    "repository_ruleset.",
    "role.",
    "team.",
];

/// What looks like it and changes nothing.
const HARMLESS: &[&str] = &["org.sso_response", "org.sso_status", "repo.download_zip", "repo.staff_unlock"];

/// What GitHub notes for each kind of operation.
const NOTED: &[(&str, &[&str])] = &[
    ("github.create_repository", &["repo.create", "repo.add_member", "repo.access", "team.add_repository"]),
    (
        "github.create_from_template",
        &["repo.create", "repo.add_member", "repo.access", "team.add_repository"],
    ),
    (
        "github.edit_repository",
        &["repo.access", "repo.archived", "repo.unarchived", "repo.update", "repo.change"],
    ),
    ("github.rename_repository", &["repo.rename"]),
    (
        "github.delete_repository",
        &[
            "repo.",
            "team.remove_repository",
            "public_key.delete",
            "deploy_key.",
            "hook.destroy",
            "protected_branch.destroy",
        ],
    ),
    ("github.set_default_branch", &["repo.update_default_branch", "repo.change"]),
    (
        "github.rename_default_branch",
        &["repo.update_default_branch", "repo.rename_branch", "protected_branch."],
    ),
    ("github.grant_team", TEAM_REPOSITORY),
    ("github.set_team_permission", TEAM_REPOSITORY),
    ("github.revoke_team", TEAM_REPOSITORY),
    (
        "github.set_collaborator",
        &["repo.add_member", "repo.update_member", "repo.remove_member", "repository_invitation."],
    ),
    ("github.cancel_invitation", &["org.cancel_invitation", "repository_invitation."]),
    (
        "github.set_team_member",
        &["team.add_member", "team.remove_member", "team.update_member", "org.invite_member"],
    ),
    ("github.invite_member", INVITATION),
    ("github.cancel_org_invitation", INVITATION),
    ("github.resend_org_invitation", INVITATION),
    ("github.set_membership", &["org.update_member"]),
    ("github.remove_member", &["org.remove_member", "team.remove_member"]),
    (
        "github.remove_outside_collaborator",
        &["org.remove_outside_collaborator", "repo.remove_member", "repository_invitation."],
    ),
    ("github.add_outside_collaborator", &["repo.add_member", "repo.update_member", "repository_invitation."]),
    ("github.set_branch_protection", &["protected_branch."]),
    ("github.set_ruleset", &["repository_ruleset."]),
    ("github.add_deploy_key", &["public_key.create", "deploy_key."]),
    ("github.delete_deploy_key", &["public_key.delete", "deploy_key."]),
    ("github.set_actions", &["repo.update_actions", "repo.actions_enabled", "repo.change_actions"]),
    ("github.select_for_actions", &["org.update_actions", "org.set_actions", "repo.update_actions"]),
    ("github.replace_topics", &["repo.add_topic", "repo.remove_topic"]),
];

const INVITATION: &[&str] =
    &["org.invite_member", "org.cancel_invitation", "team.add_member", "team.update_member"];

/// Operations about one person: an entry about another is not theirs.
const ABOUT_SOMEBODY: &[&str] = &[
    "github.set_collaborator",
    "github.set_team_member",
    "github.invite_member",
    "github.cancel_org_invitation",
    "github.resend_org_invitation",
    "github.set_membership",
    "github.remove_member",
    "github.remove_outside_collaborator",
    "github.add_outside_collaborator",
];

const TEAM_REPOSITORY: &[&str] =
    &["team.add_repository", "team.update_repository_permission", "team.remove_repository"];

/// Why a change stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was made with the bot's account, and is not on record: somebody uses its token.
    NotOnRecord,
    /// It was made by somebody else.
    BySomebodyElse,
}

/// A change that stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Why.
    pub why: Why,
    /// When, by GitHub's clock.
    pub at: Instant,
    /// What, in GitHub's words.
    pub action: String,
    /// By whom; none if GitHub names nobody.
    pub actor: Option<String>,
    /// About which repositories, team and person.
    pub about: Vec<String>,
    /// What GitHub's log knows it by.
    pub id: String,
}

/// What came of comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// How many privileged changes there were.
    pub changes: usize,
    /// How many of them are on record.
    pub on_record: usize,
    /// The others, the oldest first.
    pub findings: Vec<Finding>,
}

/// One operation that is on record.
#[derive(Clone, Debug, Default)]
struct Recorded {
    kind: String,
    from: i64,
    /// None while its end is not on record.
    to: Option<i64>,
    /// Whether it certainly changed nothing.
    without_effect: bool,
    /// All that it names, in lower case.
    names: BTreeSet<String>,
    requests: Vec<String>,
}

/// What is on record.
#[derive(Clone, Debug, Default)]
pub struct OnRecord {
    operations: Vec<Recorded>,
    /// How many entries of the time say nothing any more, because of their age.
    pub forgotten: usize,
}

impl OnRecord {
    /// Reads it from some time on.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn read(reader: &mut dyn ChainReader, since: Instant) -> Result<Self, StoreError> {
        let since = (since - BEFORE).timestamp_micros();
        let mut reading = Reading::default();
        let mut after = i64::MIN;
        loop {
            let rows = reader.rows(after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for entry in rows.into_iter().filter_map(|row| row.entry?.ok()).filter(|entry| entry.at >= since)
            {
                let Some(body) = entry.body else {
                    reading.forgotten += 1;
                    continue;
                };
                let body: Json = serde_json::from_str(&body).unwrap_or_default();
                reading.entry(entry.at, entry.invocation.unwrap_or_default(), &entry.event, &body);
            }
        }
        let operations = reading.operations.into_values().flatten().collect();
        Ok(Self { operations, forgotten: reading.forgotten })
    }

    /// Compares GitHub's log with it. `own` is what GitHub calls the bot's account.
    #[must_use]
    pub fn compare(&self, events: &[LogEvent], own: &str) -> Compared {
        let mut compared = Compared::default();
        for event in events.iter().filter(|event| is_privileged(&event.action)) {
            compared.changes += 1;
            let ours = event.actor.as_deref().is_some_and(|actor| actor.eq_ignore_ascii_case(own));
            if ours && self.operations.iter().any(|known| known.explains(event)) {
                compared.on_record += 1;
                continue;
            }
            let repos = event.repo.iter().flat_map(OneOrMore::all);
            compared.findings.push(Finding {
                why: if ours { Why::NotOnRecord } else { Why::BySomebodyElse },
                at: Instant::from_timestamp_millis(event.at_ms).unwrap_or_default(),
                action: event.action.clone(),
                actor: event.actor.clone(),
                about: repos.chain(&event.team).chain(&event.user).cloned().collect(),
                id: event.id.clone(),
            });
        }
        compared
    }
}

fn is_privileged(action: &str) -> bool {
    PRIVILEGED.iter().any(|family| action.starts_with(family)) && !HARMLESS.contains(&action)
}

/// Puts the entries of each operation together.
#[derive(Default)]
struct Reading {
    /// By invocation and step; a step that is done again after an undo or a retry is one more.
    operations: BTreeMap<(String, String), Vec<Recorded>>,
    /// What each invocation's plan locks.
    locks: BTreeMap<String, BTreeSet<String>>,
    forgotten: usize,
}

impl Reading {
    fn entry(&mut self, at: i64, invocation: String, event: &str, body: &Json) {
        let step = body["step"].as_str().unwrap_or_default().to_owned();
        match event {
            "planned" => {
                let mut locks = BTreeSet::new();
                names_in(&body["plan"]["locks"], &mut locks);
                self.locks.insert(invocation, locks);
            }
            "operation.started" | "operation.resumed" => {
                let mut names = self.locks.get(&invocation).cloned().unwrap_or_default();
                names_in(&body["operation"]["input"], &mut names);
                let kind = body["operation"]["kind"].as_str().unwrap_or_default().to_owned();
                let known = Recorded { kind, from: at, names, ..Recorded::default() };
                self.operations.entry((invocation, step)).or_default().push(known);
            }
            "operation.done" | "operation.unclear" | "operation.failed" | "operation.refused" => {
                let Some(known) = self.operations.get_mut(&(invocation, step)).and_then(|all| all.last_mut())
                else {
                    return;
                };
                known.to = Some(at);
                known.without_effect = matches!(event, "operation.failed" | "operation.refused");
                names_in(&body["applied"]["output"], &mut known.names);
                let requests = body["requests"].as_array().into_iter().flatten();
                known.requests.extend(requests.filter_map(|id| id.as_str().map(str::to_owned)));
            }
            _ => {}
        }
    }
}

/// All words in a value, in lower case: names of repositories, teams and people, however they are nested.
fn names_in(value: &Json, names: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            let text = text.to_lowercase();
            names.insert(text.strip_prefix("github:").unwrap_or(&text).to_owned());
        }
        Json::Array(all) => all.iter().for_each(|value| names_in(value, names)),
        Json::Object(fields) => fields.values().for_each(|value| names_in(value, names)),
        _ => {}
    }
}

impl Recorded {
    /// Whether this is what GitHub noted: by the request, or else by what was done to what, and when.
    fn explains(&self, event: &LogEvent) -> bool {
        if event.request_id.as_ref().is_some_and(|id| self.requests.contains(id)) {
            return true;
        }
        let at = Instant::from_timestamp_millis(event.at_ms).unwrap_or_default().timestamp_micros();
        let window = WINDOW.num_microseconds().unwrap_or(i64::MAX);
        let in_time = at >= self.from.saturating_sub(window)
            && self.to.is_none_or(|to| at <= to.saturating_add(window));
        let noted = NOTED.iter().find(|(kind, _)| *kind == self.kind).map_or(&[][..], |(_, noted)| noted);
        !self.without_effect
            && in_time
            && noted.iter().any(|action| event.action.starts_with(action))
            && self.is_about(event)
    }

    fn is_about(&self, event: &LogEvent) -> bool {
        let named = |name: &String| {
            let name = name.to_lowercase();
            let parts = name.split_once('/');
            self.names.contains(&name)
                || parts
                    .is_some_and(|(owner, short)| self.names.contains(owner) && self.names.contains(short))
        };
        let repos = event.repo.as_ref().map_or(&[][..], OneOrMore::all);
        repos.iter().chain(&event.team).all(named)
            // A person is named where the operation is about one.
            && (event.user.iter().all(named) || !ABOUT_SOMEBODY.contains(&self.kind.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(action: &str, actor: &str, repo: &str, second: i64) -> LogEvent {
        serde_json::from_value(json!({
            "@timestamp": (1_800_000_000 + second) * 1_000, "_document_id": "d", "action": action, "actor": actor,
            "repo": repo,
        }))
        .unwrap()
    }

    /// One operation, begun at second 0 and done at second 1.
    fn on_record(kind: &str, input: Json, end: &str) -> OnRecord {
        let mut reading = Reading::default();
        let at = 1_800_000_000_000_000;
        let operation = json!({ "kind": kind, "version": 1, "input": input });
        reading.entry(
            at,
            "inv-1".into(),
            "operation.started",
            &json!({ "step": "a", "operation": operation }),
        );
        let done = json!({ "step": "a", "applied": null, "requests": ["ABCD:1"] });
        reading.entry(at + 1_000_000, "inv-1".into(), end, &done);
        OnRecord { operations: reading.operations.into_values().flatten().collect(), forgotten: 0 }
    }

    fn archived() -> OnRecord {
        on_record(
            "github.edit_repository",
            json!({ "repo": { "full_name": "acme/Website" } }),
            "operation.done",
        )
    }

    #[test]
    fn what_is_on_record_is_known_by_what_to_what_and_when() {
        let known = |event: LogEvent| archived().compare(&[event], "hub-bot").findings.is_empty();
        assert!(known(event("repo.archived", "Hub-Bot", "acme/website", 2)));
        assert!(known(event("repo.archived", "hub-bot", "acme/website", -100)));
        assert!(!known(event("repo.archived", "hub-bot", "acme/website", 200)), "later");
        assert!(!known(event("repo.archived", "hub-bot", "acme/website", -200)), "before");
        assert!(!known(event("repo.archived", "hub-bot", "acme/api", 2)), "another repository");
        assert!(!known(event("repo.destroy", "hub-bot", "acme/website", 2)), "something else");
        assert!(!known(event("repo.archived", "eve", "acme/website", 2)), "somebody else");
        assert!(known(event("git.clone", "eve", "acme/website", 2)), "nothing was changed");
        assert!(known(event("repo.download_zip", "eve", "acme/website", 2)));
    }

    #[test]
    fn a_request_is_known_whatever_the_clock_says() {
        let by = |id: &str| LogEvent {
            request_id: Some(id.to_owned()),
            ..event("repo.update_something", "hub-bot", "acme/website", 10_000)
        };
        assert_eq!(archived().compare(&[by("ABCD:1")], "hub-bot").on_record, 1);
        assert_eq!(archived().compare(&[by("ABCD:2")], "hub-bot").findings[0].why, Why::NotOnRecord);
    }

    #[test]
    fn what_failed_explains_nothing() {
        let failed =
            on_record("github.rename_repository", json!({ "full_name": "acme/website" }), "operation.failed");
        assert_eq!(
            failed.compare(&[event("repo.rename", "hub-bot", "acme/website", 1)], "hub-bot").findings.len(),
            1
        );
    }

    #[test]
    fn a_person_who_is_not_named_is_another() {
        let input = json!({ "repo": { "full_name": "acme/website" }, "login": "Mia" });
        let known = on_record("github.set_collaborator", input, "operation.done");
        let with = |user: &str| LogEvent {
            user: Some(user.to_owned()),
            ..event("repo.add_member", "hub-bot", "acme/website", 1)
        };
        assert_eq!(known.compare(&[with("mia")], "hub-bot").on_record, 1);
        assert_eq!(known.compare(&[with("eve")], "hub-bot").on_record, 0);
    }

    #[test]
    fn every_kind_of_operation_at_github_is_listed_with_what_github_notes() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("github/src/operations");
        let mut missing = Vec::new();
        let within = |folder: std::path::PathBuf| {
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
        };
        let (files, members): (Vec<_>, Vec<_>) = within(folder).partition(|path| path.is_file());
        for file in files.into_iter().chain(members.into_iter().flat_map(within)) {
            let text = std::fs::read_to_string(file).unwrap();
            for (_, rest) in
                text.match_indices("const KIND: &str = \"").map(|(at, found)| (at, &text[at + found.len()..]))
            {
                let kind = rest.split('"').next().unwrap();
                if !NOTED.iter().any(|(known, _)| *known == kind) {
                    missing.push(kind.to_owned());
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
