//! What a repository has inside: protection, invitations, keys, pull requests.

use super::markup::{Text, list_card, may, person, time};
use crate::github::model::{Enforcement, Protection, PullRequest, PullState, Repository, Ruleset, State};

/// Pull requests on the page; more are counted.
const SHOWN: usize = 30;

pub(super) fn cards(state: &State, one: &Repository) -> String {
    let mut html = protection(state, one);
    html.push_str(&invitations(state, one));
    html.push_str(&keys(one));
    html.push_str(&pulls(state, one));
    html
}

fn protection(state: &State, one: &Repository) -> String {
    let mut rows: Vec<String> = one
        .protections
        .iter()
        .map(|(branch, protection)| format!("<code>{}</code>: {}", Text(branch), words(protection)))
        .collect();
    rows.extend(one.rulesets.values().map(|ruleset| ruleset_row(ruleset, "ruleset")));
    rows.extend(state.rulesets_above(one).map(|ruleset| ruleset_row(ruleset, "the organisation's ruleset")));
    list_card("Protection", &rows, "Nothing protects any branch: who can push can also rewrite and delete.")
}

/// What a protection takes, in a line.
fn words(one: &Protection) -> String {
    let mut words = Vec::new();
    if let Some(reviews) = &one.reviews {
        let code_owners = if reviews.code_owners { ", by code owners" } else { "" };
        words.push(match reviews.approvals {
            1 => format!("1 approval{code_owners}"),
            number => format!("{number} approvals{code_owners}"),
        });
    }
    if let Some(checks) = &one.checks {
        let names: Vec<String> =
            checks.checks.iter().map(|check| format!("<code>{}</code>", Text(&check.context))).collect();
        words.push(format!(
            "green checks: {}",
            if names.is_empty() { "none named".to_owned() } else { names.join(", ") }
        ));
    }
    for (holds, what) in [
        (one.restrictions.is_some(), "only some may push"),
        (one.signatures, "signed commits"),
        (one.linear_history, "linear history"),
        (one.conversations, "conversations resolved"),
        (one.locked, "locked"),
        (one.enforce_admins, "for administrators too"),
        (one.force_pushes, "history may be rewritten"),
        (one.deletions, "may be deleted"),
    ] {
        if holds {
            words.push(what.to_owned());
        }
    }
    if words.is_empty() { "cannot be rewritten or deleted".to_owned() } else { words.join(" · ") }
}

fn ruleset_row(one: &Ruleset, what: &str) -> String {
    let state = match one.enforcement {
        Enforcement::Active => "active",
        Enforcement::Disabled => "disabled",
        Enforcement::Evaluate => "only evaluated",
    };
    let rules: Vec<String> = one.rules.iter().map(|rule| rule.kind.replace('_', " ")).collect();
    let (rules, refs) = (rules.join(", "), one.refs.include.join(", "));
    format!("{what} {}, {state}: {} for <code>{}</code>", Text(&one.name), Text(&rules), Text(&refs))
}

/// A button that does something to an invitation.
pub(super) fn button(address: &str, word: &str) -> String {
    format!("<form method=\"post\" action=\"{address}\"><button>{word}</button></form>")
}

fn invitations(state: &State, one: &Repository) -> String {
    let rows: Vec<String> = one
        .invitations
        .values()
        .map(|invitation| {
            let address = format!("/_page/invitations/{}", invitation.id);
            format!(
                "{} {} once accepted <span class=\"quiet\">invited {}</span> {}{}",
                person(state, &invitation.invitee),
                may(invitation.level),
                time(invitation.created_at),
                button(&format!("{address}/accept"), "Accept"),
                button(&format!("{address}/decline"), "Decline"),
            )
        })
        .collect();
    list_card("Invitations", &rows, "Nobody is invited. People outside the organisation must accept first.")
}

fn keys(one: &Repository) -> String {
    let rows: Vec<String> = one
        .deploy_keys
        .values()
        .map(|key| {
            let writes = if key.read_only { "can read" } else { "can push" };
            let kind = key.key.split(' ').next().unwrap_or_default();
            format!(
                "{} {writes} <span class=\"quiet\"><code>{}</code>, added {}</span>",
                Text(&key.title),
                Text(kind),
                time(key.created_at)
            )
        })
        .collect();
    list_card("Deploy keys", &rows, "No machine has a key of its own.")
}

fn pulls(state: &State, one: &Repository) -> String {
    let mut rows: Vec<String> =
        one.pulls.values().rev().take(SHOWN).map(|pull| pull_row(state, one, pull)).collect();
    if one.pulls.len() > SHOWN {
        rows.push(format!("and {} more", one.pulls.len() - SHOWN));
    }
    list_card("Pull requests", &rows, "None so far.")
}

fn pull_row(state: &State, repository: &Repository, one: &PullRequest) -> String {
    let how = match one.state {
        PullState::Open if one.draft => "draft",
        PullState::Open => "open",
        PullState::Closed(_) => "closed",
        PullState::Merged(_) => "merged",
    };
    let labels = one.labels.iter().filter_map(|name| repository.labels.get(name));
    let labels: String =
        labels.map(|label| format!(" <span class=\"badge\">{}</span>", Text(&label.name))).collect();
    format!(
        "#{} {} <span class=\"quiet\">{how}, by</span> {}{labels}",
        one.number,
        Text(&one.title),
        person(state, &one.author)
    )
}
