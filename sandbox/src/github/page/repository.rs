//! The page of one repository: where "Open on GitHub" leads.

use super::inside;
use super::markup::{
    Page, Text, badges, collaborator_levels, list_card, may, person, team_levels, time, topics,
};
use crate::github::Site;
use crate::github::model::{Repository, State, Visibility};

pub(super) fn page(site: &Site, owner: &str, name: &str) -> Option<Page> {
    let state = site.state();
    let one = state.repository(owner, name)?;
    let full_name = one.full_name();
    let main = format!(
        "<p class=\"crumbs\"><a href=\"/\">All</a> / <a href=\"/{owner}\">{owner}</a></p>\n\
         <h1 data-key=\"name\">{name} {badges}</h1>\n<p class=\"lead\" data-key=\"summary\">{summary}</p>\n{description}{topics}\n\
         <div class=\"grid\">{teams}{people}{branches}{inside}{facts}</div>",
        owner = Text(&one.owner),
        name = Text(&one.name),
        badges = badges(one),
        summary = summary(&state, one),
        description = description(one),
        topics = topics(one),
        teams = list_card("Teams", &team_levels(&state, one), "No team has access."),
        people = people(&state, one),
        branches = branches(&state, one),
        inside = inside::cards(&state, one),
        facts = facts(&state, one),
    );
    Some(Page { title: format!("{full_name} · Local GitHub"), main })
}

/// The answer in a sentence: who sees it, and what the teams may do.
fn summary(state: &State, one: &Repository) -> String {
    let what = match one.visibility {
        Visibility::Public => "Everyone can read this repository.",
        Visibility::Private => "Only people who were given access can read this repository.",
        Visibility::Internal => "Everyone in the enterprise can read this repository.",
    };
    let what = if one.archived {
        format!("It is archived: nothing in it can be changed. {what}")
    } else {
        what.to_owned()
    };
    let teams = team_levels(state, one);
    if teams.is_empty() { what } else { format!("{what} {}.", teams.join(", ")) }
}

fn description(one: &Repository) -> String {
    let text = match &one.description {
        Some(text) => format!("<p data-key=\"description\">{}</p>\n", Text(text)),
        None => "<p data-key=\"description\" class=\"quiet\">No description</p>\n".to_owned(),
    };
    // Only an address that a browser opens as a page becomes a link.
    let page = one.homepage.as_deref().map(|page| {
        let text = Text(page);
        let is_web = page.starts_with("https://") || page.starts_with("http://");
        if is_web {
            format!(
                "<p data-key=\"homepage\"><a href=\"{text}\" rel=\"noreferrer noopener\">{text}</a></p>\n"
            )
        } else {
            format!("<p data-key=\"homepage\">{text}</p>\n")
        }
    });
    text + &page.unwrap_or_default()
}

/// Those who were given access directly, then what the others reach by teams and membership.
fn people(state: &State, one: &Repository) -> String {
    let mut rows = collaborator_levels(state, one);
    let others = state.people_with_access(one).into_iter();
    for (login, level) in others.filter(|(login, _)| !one.collaborators.contains_key(*login)) {
        rows.push(format!(
            "{} {} <span class=\"quiet\">by team or role</span>",
            person(state, login),
            may(level)
        ));
    }
    list_card("People", &rows, "Nobody has access.")
}

fn branches(state: &State, one: &Repository) -> String {
    let rows: Vec<String> = one
        .branches
        .keys()
        .map(|name| {
            let mut row = format!("<code>{}</code>", Text(name));
            if *name == one.default_branch {
                row.push_str(" default");
            }
            if state.is_protected(one, name) {
                row.push_str(" <span class=\"badge\">protected</span>");
            }
            row
        })
        .collect();
    list_card("Branches", &rows, "Empty: nothing was pushed yet.")
}

fn facts(state: &State, one: &Repository) -> String {
    let mut rows = vec![
        format!("made {}", time(one.created_at)),
        format!("changed {}", time(one.updated_at)),
        format!("id <code>{}</code>", one.id),
        format!("read by a program at <code>/repos/{}</code>", Text(&one.full_name())),
    ];
    if let Some(template) = one.template.and_then(|id| state.repositories.get(&id)) {
        let name = template.full_name();
        rows.push(format!("made from <a href=\"/{0}\">{0}</a>", Text(&name)));
    }
    for (former, _) in state.redirects.iter().filter(|(_, id)| **id == one.id) {
        rows.push(format!("formerly <code>{}</code>", Text(former)));
    }
    list_card("Facts", &rows, "")
}
