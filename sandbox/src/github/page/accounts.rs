//! The pages of organisations, people and teams.

use super::markup::{Page, Text, card, count, may, person};
use super::overview;
use crate::github::Site;
use crate::github::model::{Repository, State, User};

/// More repositories than this are not shown.
const SHOWN: usize = 200;

pub(super) fn page(site: &Site, login: &str, page: usize) -> Option<Page> {
    let state = site.state();
    if let Some(organisation) = state.organisation(login) {
        let main = format!(
            "<p class=\"crumbs\"><a href=\"/\">All</a></p>\n<h1>{}</h1>\n{}",
            Text(organisation.name.as_deref().unwrap_or(&organisation.login)),
            overview::section(&state, organisation, Some(page))
        );
        return Some(Page { title: format!("{} · Local GitHub", organisation.login), main });
    }
    state.user(login).map(|user| person_page(&state, user))
}

fn person_page(state: &State, user: &User) -> Page {
    let name = user.name.as_deref().unwrap_or(&user.login);
    let mut main = format!(
        "<p class=\"crumbs\"><a href=\"/\">All</a></p>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n",
        Text(name),
        Text(&user.login)
    );
    let places: String = state
        .organisations
        .values()
        .filter_map(|organisation| {
            let role = organisation.role_of(&user.login)?;
            let word = if role == crate::github::model::OrgRole::Admin { "owner" } else { "member" };
            let login = Text(&organisation.login);
            Some(format!("<li data-key=\"org {login}\">{word} of <a href=\"/{login}\">{login}</a></li>"))
        })
        .collect();
    if places.is_empty() {
        main.push_str("<p class=\"empty\">In no organisation.</p>\n");
    } else {
        main.push_str(&format!("<ul class=\"plain\">{places}</ul>\n"));
    }
    let waiting: String =
        state.organisations.values().flat_map(|one| overview::waiting_for(one, &user.login)).collect();
    if !waiting.is_empty() {
        main.push_str(&format!("<h2>Invitations</h2>\n<ul class=\"plain\">{waiting}</ul>\n"));
    }
    let reach: String = state
        .repositories
        .values()
        .filter_map(|one| Some((one, state.level_of(one, &user.login)?)))
        .take(SHOWN)
        .map(|(one, level)| {
            let name = one.full_name();
            format!(
                "<li data-key=\"repository {2}\">{1} <a href=\"/{0}\">{0}</a></li>",
                Text(&name),
                may(level),
                one.id
            )
        })
        .collect();
    if reach.is_empty() {
        main.push_str("<p class=\"empty\">Has access to no repository but the public ones.</p>\n");
    } else {
        main.push_str(&format!("<h2>Repositories</h2>\n<ul class=\"plain\">{reach}</ul>\n"));
        if reach.matches("<li").count() == SHOWN {
            main.push_str(&format!("<p class=\"quiet\">No more than {SHOWN} are shown.</p>\n"));
        }
    }
    Page { title: format!("{} · Local GitHub", user.login), main }
}

pub(super) fn team_page(site: &Site, login: &str, slug: &str) -> Option<Page> {
    let state = site.state();
    let organisation = state.organisation(login)?;
    let team = organisation.team(slug)?;
    let people: String = team
        .members
        .keys()
        .map(|login| format!("<li data-key=\"member {0}\">{0}</li>", person(&state, login)))
        .collect();
    let people = if people.is_empty() {
        "<p class=\"empty\">Nobody yet.</p>".to_owned()
    } else {
        format!("<ul class=\"plain\">{people}</ul>")
    };
    let repositories: Vec<&Repository> =
        state.repositories_of(&organisation.login).filter(|one| one.teams.contains_key(&team.id)).collect();
    let cards: String = repositories.iter().take(SHOWN).map(|one| card(&state, one)).collect();
    let main = format!(
        "<p class=\"crumbs\"><a href=\"/\">All</a> / <a href=\"/{org}\">{org}</a> / teams</p>\n<h1>{name}</h1>\n\
         <p class=\"lead\">A {privacy} team of {members}, with access to {repositories}.</p>\n<h2>People</h2>\n{people}\n\
         <h2>Repositories</h2>\n<div class=\"grid\">{cards}</div>",
        org = Text(&organisation.login),
        name = Text(&team.name),
        privacy = team.privacy.word(),
        members = count(team.members.len(), "person", "people"),
        repositories = count(repositories.len(), "repository", "repositories"),
    );
    Some(Page { title: format!("{slug} · Local GitHub"), main })
}

/// A picture for everyone: the first letter on a colour of its own.
pub(super) fn avatar(login: &str) -> String {
    let letter: String = login
        .chars()
        .find(char::is_ascii_alphanumeric)
        .map(|one| one.to_uppercase().to_string())
        .unwrap_or_default();
    let hue = login.bytes().fold(0_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"12\" \
         fill=\"hsl({hue},45%,35%)\"/><text x=\"32\" y=\"43\" font-family=\"sans-serif\" font-size=\"32\" fill=\"#fff\" \
         text-anchor=\"middle\">{letter}</text></svg>"
    )
}
