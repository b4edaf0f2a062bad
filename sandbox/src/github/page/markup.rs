//! Escaping, the frame around every page, and small pieces they share.

use std::fmt;

use hubcommander_sdk::clock::Instant;

use crate::github::model::{Block, Grantee, Permission, Repository, State, Visibility};

/// A text that is escaped when it is written into HTML, in elements and in quoted attributes.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// One page: its title as text, the rest as HTML.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) main: String,
}

impl Page {
    pub(super) fn whole(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n\
             <link rel=\"icon\" href=\"/_page/avatar/gh\">\n\
             <link rel=\"stylesheet\" href=\"/_page/style.css\">\n\
             <script src=\"/_page/script.js\" defer></script>\n</head>\n<body>\n\
             <header class=\"top\"><a class=\"home\" href=\"/\">Local GitHub</a>\
             <span class=\"live\" id=\"live\" role=\"status\"></span></header>\n\
             <main id=\"main\">\n{main}\n</main>\n\
             <footer>A model of GitHub for trying things out. It runs on this machine only, so only people on this \
             machine can see it. Nothing here is real, and all of it is gone when the sandbox stops.</footer>\n\
             </body>\n</html>\n",
            title = Text(&self.title),
            main = self.main,
        )
    }
}

/// `24 Nov 2026, 10:00 UTC`; the second too for machines.
pub(super) fn time(at: Instant) -> String {
    format!(
        "<time datetime=\"{}\">{}</time>",
        at.format("%Y-%m-%dT%H:%M:%SZ"),
        at.format("%-d %b %Y, %H:%M UTC")
    )
}

/// A number with its noun: `1 team`, `2 teams`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What one may do, as people say it.
pub(super) fn may(level: Permission) -> &'static str {
    match level {
        Permission::Pull => "can read",
        Permission::Triage => "can triage",
        Permission::Push => "can push",
        Permission::Maintain => "can maintain",
        Permission::Admin => "can administer",
    }
}

/// private, archived, template: each a word in a frame.
pub(super) fn badges(one: &Repository) -> String {
    let visibility = one.visibility.word();
    let open = if one.visibility == Visibility::Public { " open" } else { "" };
    let mut html = format!("<span class=\"badge{open}\">{visibility}</span>");
    if one.is_template {
        html.push_str(" <span class=\"badge\">template</span>");
    }
    if one.archived {
        html.push_str(" <span class=\"badge warn\">archived, read-only</span>");
    }
    match &one.blocked {
        Some(Block::Legal(_)) => html.push_str(" <span class=\"badge warn\">blocked by law</span>"),
        Some(Block::Disabled) => html.push_str(" <span class=\"badge warn\">disabled</span>"),
        Some(Block::Migrating) => html.push_str(" <span class=\"badge warn\">locked, being moved</span>"),
        None => {}
    }
    html
}

/// `employees can push`, each team with a link.
pub(super) fn team_levels(state: &State, one: &Repository) -> Vec<String> {
    let Some(organisation) = state.organisation(&one.owner) else { return Vec::new() };
    let mut teams: Vec<_> =
        one.teams.iter().filter_map(|(id, level)| Some((organisation.teams.get(id)?, *level))).collect();
    teams
        .sort_by(|(one, level), (other, other_level)| other_level.cmp(level).then(one.slug.cmp(&other.slug)));
    teams
        .into_iter()
        .map(|(team, level)| {
            let (login, slug) = (Text(&organisation.login), Text(&team.slug));
            format!("<a href=\"/orgs/{login}/teams/{slug}\">{slug}</a> {}", may(level))
        })
        .collect()
}

/// A person with a link.
pub(super) fn person(state: &State, login: &str) -> String {
    let written = state.user(login).map_or(login, |user| user.login.as_str());
    format!("<a href=\"/{0}\">{0}</a>", Text(written))
}

/// `ana-lima can push`, for whom it was given directly.
pub(super) fn collaborator_levels(state: &State, one: &Repository) -> Vec<String> {
    one.collaborators
        .iter()
        .map(|(login, level)| {
            let role = one.custom_roles.get(&Grantee::Person(login.clone()));
            let role = role.map(|name| format!(" as {}", Text(name))).unwrap_or_default();
            format!("{} {}{role}", person(state, login), may(*level))
        })
        .collect()
}

/// Topics in a row; nothing without any.
pub(super) fn topics(one: &Repository) -> String {
    if one.topics.is_empty() {
        return String::new();
    }
    let topics: String = one.topics.iter().map(|topic| format!("<li>{}</li>", Text(topic))).collect();
    format!("<ul class=\"topics\" aria-label=\"Topics\">{topics}</ul>")
}

/// A card with a list, or with a sentence when there is nothing.
pub(super) fn list_card(title: &str, rows: &[String], empty: &str) -> String {
    let body = if rows.is_empty() {
        format!("<p class=\"quiet\">{empty}</p>")
    } else {
        format!(
            "<ul class=\"plain\">{}</ul>",
            rows.iter().map(|row| format!("<li>{row}</li>")).collect::<String>()
        )
    };
    format!("<section class=\"card\" data-key=\"{title}\"><h2>{title}</h2>{body}</section>")
}

/// A card in the grid for one repository.
pub(super) fn card(state: &State, one: &Repository) -> String {
    let full_name = one.full_name();
    let mut html = format!(
        "<article class=\"card\" data-key=\"repository {id}\"><h3><a href=\"/{full}\">{name}</a> {badges}</h3>",
        id = one.id,
        full = Text(&full_name),
        name = Text(&one.name),
        badges = badges(one),
    );
    match &one.description {
        Some(text) => html.push_str(&format!("<p>{}</p>", Text(text))),
        None => html.push_str("<p class=\"quiet\">No description</p>"),
    }
    let mut access = team_levels(state, one);
    access.extend(collaborator_levels(state, one));
    if access.is_empty() {
        html.push_str("<p class=\"quiet\">No team and nobody has direct access</p>");
    } else {
        html.push_str(&format!("<p>{}</p>", access.join(" · ")));
    }
    let open = one.pulls.values().filter(|pull| pull.is_open()).count();
    let invited = one.invitations.len();
    let counts = [
        (open, count(open, "open pull request", "open pull requests")),
        (invited, format!("{} invited", count(invited, "person", "people"))),
        (one.deploy_keys.len(), count(one.deploy_keys.len(), "deploy key", "deploy keys")),
    ];
    let counts: Vec<String> =
        counts.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words).collect();
    if !counts.is_empty() {
        html.push_str(&format!("<p>{}</p>", counts.join(" · ")));
    }
    html.push_str(&topics(one));
    let branch = if one.branches.is_empty() {
        "empty, no branch yet".to_owned()
    } else {
        format!("default branch {}", Text(&one.default_branch))
    };
    html.push_str(&format!("<p class=\"quiet\">{branch} · made {}</p></article>", time(one.created_at)));
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        let text = Text("<script a=\"b\" c='d'>&amp;").to_string();
        assert_eq!(text, "&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;");
    }
}
