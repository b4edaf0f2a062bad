//! The audit log: what each write did, by whom, and the list of it for owners.

use chrono::DateTime;
use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

use super::At;
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::AuditEvent;

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "audit-log"]) => Some(list(call, login)),
        _ => None,
    }
}

fn list(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs(&[("organization_administration", "read")])?;
    call.needs_scope("read:audit_log")?;
    let organisation = call.owned(login)?.login.clone();
    if !call.state.audit_log.shown {
        return Err(Refused::not_found());
    }
    let since = since(call.query.get("phrase").map_or("", String::as_str))?;
    let mut events: Vec<(usize, &AuditEvent)> = call.state.audit_log.events.iter().enumerate().collect();
    events.retain(|(_, event)| {
        event.org.eq_ignore_ascii_case(&organisation) && since.is_none_or(|since| event.at >= since)
    });
    let ascending = call.query.get("order").is_some_and(|order| order == "asc");
    if !ascending {
        events.reverse();
    }
    if let Some(after) = call.query.get("after").and_then(|cursor| cursor.parse::<usize>().ok()) {
        events.retain(|(index, _)| if ascending { *index > after } else { *index < after });
    }
    let per_page = call.query.get("per_page").and_then(|text| text.parse().ok()).unwrap_or(30).clamp(1, 100);
    let page = &events[..events.len().min(per_page)];
    let answer = Answer::ok(page.iter().map(|(index, event)| shown(*index, event)).collect());
    let Some((last, _)) = page.last().filter(|_| events.len() > per_page) else { return Ok(answer) };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in call.query.iter().filter(|(key, _)| *key != "after") {
        query.append_pair(key, value);
    }
    query.append_pair("after", &last.to_string());
    let address = format!("{}{}?{}", call.api(), call.canonical, query.finish());
    Ok(answer.header("link", format!("<{address}>; rel=\"next\"")))
}

/// What `created:>=TIME` in the phrase says; nothing else is known here.
fn since(phrase: &str) -> Result<Option<Instant>, Refused> {
    let Some(time) = phrase.strip_prefix("created:>=") else {
        return if phrase.is_empty() { Ok(None) } else { Err(Refused::new(422, "Validation Failed")) };
    };
    let time = DateTime::parse_from_rfc3339(time).map_err(|_| Refused::new(422, "Validation Failed"))?;
    Ok(Some(time.to_utc()))
}

fn shown(index: usize, event: &AuditEvent) -> Value {
    let kind = match event.action.rsplit_once('.').map_or("", |(_, verb)| verb) {
        verb if ["add", "create", "invite"].iter().any(|word| verb.starts_with(word)) => "create",
        verb if ["remove", "destroy", "delete", "cancel"].iter().any(|word| verb.starts_with(word)) => {
            "remove"
        }
        _ => "modify",
    };
    let mut shown = json!({
        "@timestamp": event.at.timestamp_millis(),
        "_document_id": format!("doc-{index}"),
        "action": event.action,
        "actor": event.actor,
        "created_at": event.at.timestamp_millis(),
        "operation_type": kind,
        "org": event.org,
    });
    for (key, value) in [
        ("repo", &event.repo),
        ("team", &event.team),
        ("user", &event.user),
        ("request_id", &event.request_id),
    ] {
        if let Some(value) = value {
            shown[key] = json!(value);
        }
    }
    shown
}

/// Notes what a write did, if it is one that GitHub notes.
pub(in crate::github) fn note(call: &mut Call<'_>, at: At<'_>, answer: &Answer) {
    let Some(actor) = call.own_name() else { return };
    let asked: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let made = |field: &str| answer.body.as_ref().and_then(|body| body[field].as_str()).map(str::to_owned);
    let named = |owner: &str, name: &str| Some(format!("{owner}/{name}"));
    let [mut repo, mut team, mut user] = [None, None, None];
    let (action, org) = match at {
        ("POST", ["orgs", org, "repos"]) | ("POST", ["repos", org, _, "generate"]) => {
            repo = made("full_name");
            ("repo.create", *org)
        }
        ("PATCH", ["repos", org, name]) => {
            repo = made("full_name").or_else(|| named(org, name));
            let has = |key: &str| !asked[key].is_null();
            let action = match () {
                () if has("visibility") || has("private") => "repo.access",
                () if asked["archived"] == true => "repo.archived",
                () if asked["archived"] == false => "repo.unarchived",
                () if has("default_branch") => "repo.update_default_branch",
                () if has("name") && asked["name"] != **name => "repo.rename",
                // Descriptions and the like are not noted.
                () => return,
            };
            (action, *org)
        }
        (method, ["orgs", org, "teams", slug, "repos", owner, name]) => {
            (team, repo) = (named(org, slug), named(owner, name));
            (if method == "DELETE" { "team.remove_repository" } else { "team.add_repository" }, *org)
        }
        (method, ["orgs", org, "teams", slug, "memberships", person]) => {
            (team, user) = (named(org, slug), Some((*person).to_owned()));
            (if method == "DELETE" { "team.remove_member" } else { "team.add_member" }, *org)
        }
        (method, ["repos", org, name, "collaborators", person]) => {
            (repo, user) = (named(org, name), Some((*person).to_owned()));
            (if method == "DELETE" { "repo.remove_member" } else { "repo.add_member" }, *org)
        }
        ("POST", ["orgs", org, "invitations"]) => ("org.invite_member", *org),
        ("DELETE", ["orgs", org, "invitations", _]) => ("org.cancel_invitation", *org),
        (method, ["orgs", org, "memberships" | "members", person]) => {
            user = Some((*person).to_owned());
            (if method == "DELETE" { "org.remove_member" } else { "org.update_member" }, *org)
        }
        (method, ["orgs", org, "outside_collaborators", person]) => {
            user = Some((*person).to_owned());
            (if method == "DELETE" { "org.remove_outside_collaborator" } else { "org.remove_member" }, *org)
        }
        (method, ["orgs", org, "rulesets", ..]) => (ruleset(method), *org),
        ("DELETE", ["repos", org, name]) => {
            repo = named(org, name);
            ("repo.destroy", *org)
        }
        (method, ["repos", org, name, rest @ ..]) => {
            repo = named(org, name);
            let action = match (method, rest) {
                (method, ["rulesets", ..]) => ruleset(method),
                ("POST", ["keys"]) => "public_key.create",
                ("DELETE", ["keys", _]) => "public_key.delete",
                ("PUT", ["branches", .., "protection"]) => "protected_branch.create",
                ("DELETE", ["branches", .., "protection"]) => "protected_branch.destroy",
                ("PUT", ["actions", ..]) => "repo.update_actions_settings",
                _ => return,
            };
            (action, *org)
        }
        _ => return,
    };
    let event = AuditEvent {
        at: call.now,
        action: action.to_owned(),
        actor,
        org: org.to_owned(),
        repo,
        team,
        user,
        request_id: Some(call.request_id.clone()),
    };
    call.state.audit_log.events.push(event);
}

fn ruleset(method: &str) -> &'static str {
    match method {
        "POST" => "repository_ruleset.create",
        "DELETE" => "repository_ruleset.destroy",
        _ => "repository_ruleset.update",
    }
}
