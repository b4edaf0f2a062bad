//! Everything on one page.

use super::inside::button;
use super::markup::{Page, Text, card, count, person, time};
use super::requests;
use crate::github::Site;
use crate::github::model::{InvitedAs, Organisation, Privacy, Repository, State, Visibility};

pub(super) fn page(site: &Site) -> Page {
    let state = site.state();
    let mut main =
        format!("<h1>What the local GitHub knows</h1>\n<p class=\"lead\">{}</p>\n", summary(&state));
    for organisation in state.organisations.values() {
        main.push_str(&section(&state, organisation, None));
    }
    main.push_str(&others(&state));
    drop(state);
    main.push_str(&requests::section(&site.faults));
    Page { title: "Local GitHub".to_owned(), main }
}

pub(super) fn nothing_here() -> Page {
    let main = "<h1>Nothing has this address</h1>\n<p class=\"lead\">It may have been deleted, or never made. \
                <a href=\"/\">See all there is</a>.</p>";
    Page { title: "Not found · Local GitHub".to_owned(), main: main.to_owned() }
}

fn summary(state: &State) -> String {
    let repositories = count(state.repositories.len(), "repository", "repositories");
    let organisations = count(state.organisations.len(), "organisation", "organisations");
    let newest = state.repositories.values().max_by_key(|one| (one.created_at, one.id));
    let newest = newest.map_or_else(String::new, |one| {
        let name = one.full_name();
        format!(" The newest is <a href=\"/{0}\">{0}</a>, made {1}.", Text(&name), time(one.created_at))
    });
    format!("{repositories} in {organisations}.{newest}")
}

/// Repositories at a glance, and on a page of the organisation's own.
const AT_A_GLANCE: usize = 30;
const ON_A_PAGE: usize = 100;

/// One organisation with its repositories and teams. `page`: which part of its repositories is shown; without
/// it the newest.
pub(super) fn section(state: &State, organisation: &Organisation, page: Option<usize>) -> String {
    let login = Text(&organisation.login);
    let mut repositories: Vec<&Repository> = state.repositories_of(&organisation.login).collect();
    repositories.sort_by_key(|one| std::cmp::Reverse((one.created_at, one.id)));
    let public = repositories.iter().filter(|one| one.visibility == Visibility::Public).count();
    let owners: Vec<String> = organisation
        .members
        .keys()
        .filter(|login| organisation.is_owner(login))
        .map(|login| person(state, login))
        .collect();
    let mut html = format!(
        "<section aria-labelledby=\"org-{login}\">\n<h2 id=\"org-{login}\"><a href=\"/{login}\">{login}</a></h2>\n\
         <p>{description} {counts}, {public} public. {members}, owned by {owners}.</p>\n",
        description =
            organisation.description.as_deref().map(|text| format!("{}.", Text(text))).unwrap_or_default(),
        counts = count(repositories.len(), "repository", "repositories"),
        members =
            count(organisation.members.values().filter(|place| !place.pending).count(), "member", "members"),
        owners = if owners.is_empty() { "nobody".to_owned() } else { owners.join(", ") },
    );
    if repositories.is_empty() {
        html.push_str(
            "<p class=\"empty\">No repositories yet. What a command creates here shows up at once.</p>\n",
        );
    } else {
        let size = if page.is_some() { ON_A_PAGE } else { AT_A_GLANCE };
        let start = page.map_or(0, |page| page.saturating_sub(1).saturating_mul(size));
        let shown = repositories.iter().skip(start).take(size);
        let cards: String = shown.map(|one| card(state, one)).collect();
        html.push_str(&format!("<div class=\"grid\">{cards}</div>\n"));
        html.push_str(&pages(&login, repositories.len(), page, size));
    }
    html.push_str(&invited(state, organisation));
    html.push_str(&teams(state, organisation));
    html.push_str("</section>\n");
    html
}

/// The way to the repositories that are not shown.
fn pages(login: &Text<'_>, total: usize, page: Option<usize>, size: usize) -> String {
    match page {
        None if total > size => {
            format!("<p><a href=\"/{login}\">All {total} repositories of {login}</a></p>\n")
        }
        Some(page) if total > size => {
            let link = |to: usize, word: &str| format!("<a href=\"/{login}?page={to}\">{word}</a> ");
            let last = total.div_ceil(size);
            let before = if page > 1 { link(page - 1, "Newer") } else { String::new() };
            let after = if page < last { link(page + 1, "Older") } else { String::new() };
            format!("<p>{before}{after}<span class=\"quiet\">Page {page} of {last}</span></p>\n")
        }
        _ => String::new(),
    }
}

/// Who was asked to join and has not answered, or never did.
fn invited(state: &State, organisation: &Organisation) -> String {
    let rows: String = organisation
        .invitations
        .values()
        .map(|one| {
            let who = match (&one.login, &one.email) {
                (Some(login), _) => person(state, login),
                (None, Some(email)) => Text(email).to_string(),
                (None, None) => "somebody".to_owned(),
            };
            let address = format!("/_page/orgs/{}/invitations/{}", Text(&organisation.login), one.id);
            let rest = match (&one.failed, &one.login) {
                (Some((_, why)), _) => format!("<span class=\"quiet\">{}</span>", Text(why)),
                (None, Some(_)) => {
                    button(&format!("{address}/accept"), "Accept")
                        + &button(&format!("{address}/decline"), "Decline")
                }
                (None, None) => format!(
                    "<form method=\"post\" action=\"{address}/accept\"><input name=\"login\" aria-label=\"Who \
                     takes it up\" required> <button>Accept</button></form>{}",
                    button(&format!("{address}/decline"), "Decline")
                ),
            };
            let role = if one.role == InvitedAs::Admin { "owner" } else { "member" };
            format!(
                "<li data-key=\"invitation {}\">{who} as {role}, {} {rest}</li>",
                one.id,
                time(one.created_at)
            )
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!("<h3>Invited</h3>\n<ul class=\"plain\">{rows}</ul>\n")
}

/// The invitations of an organisation that wait for this person, for their own page.
pub(super) fn waiting_for<'a>(
    organisation: &'a Organisation,
    login: &'a str,
) -> impl Iterator<Item = String> + 'a {
    organisation.invitations.values().filter(move |one| one.waits_for(login)).map(|one| {
        let org = Text(&organisation.login);
        let address = format!("/_page/orgs/{org}/invitations/{}", one.id);
        let role = if one.role == InvitedAs::Admin { "owner" } else { "member" };
        format!(
            "<li data-key=\"invitation {}\">{org} asks you to join as {role} {}{}</li>",
            one.id,
            button(&format!("{address}/accept"), "Accept"),
            button(&format!("{address}/decline"), "Decline")
        )
    })
}

fn teams(state: &State, organisation: &Organisation) -> String {
    let mut teams: Vec<_> = organisation.teams.values().collect();
    teams.sort_by(|one, other| one.slug.cmp(&other.slug));
    let rows: String = teams
        .into_iter()
        .map(|team| {
            let people: Vec<String> = team.members.keys().map(|login| person(state, login)).collect();
            let secret = if team.privacy == Privacy::Secret { " <span class=\"badge\">secret</span>" } else { "" };
            format!(
                "<li data-key=\"team {id}\"><a href=\"/orgs/{login}/teams/{slug}\">{slug}</a>{secret}: {people}</li>",
                id = team.id,
                login = Text(&organisation.login),
                slug = Text(&team.slug),
                people = if people.is_empty() { "nobody".to_owned() } else { people.join(", ") },
            )
        })
        .collect();
    if rows.is_empty() {
        return "<p class=\"empty\">No teams.</p>\n".to_owned();
    }
    format!("<h3>Teams</h3>\n<ul class=\"plain\">{rows}</ul>\n")
}

/// Repositories of people.
fn others(state: &State) -> String {
    let own: String = state
        .repositories
        .values()
        .filter(|one| state.organisation(&one.owner).is_none())
        .map(|one| card(state, one))
        .collect();
    if own.is_empty() {
        return own;
    }
    format!("<section><h2>People's own repositories</h2>\n<div class=\"grid\">{own}</div></section>\n")
}
