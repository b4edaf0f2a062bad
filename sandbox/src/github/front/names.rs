//! Paths: taking them apart, numbers in place of names, and names that were left.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::answer::Refused;
use super::call::Call;

/// Everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The decoded segments; `None` for a path with an empty segment (so also one with a slash at its end).
pub(in crate::github) fn segments(path: &str) -> Option<Vec<String>> {
    let Some(path) = path.strip_prefix('/') else { return path.is_empty().then(Vec::new) };
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/')
        .map(|segment| {
            let text = percent_decode_str(segment).decode_utf8().ok()?;
            (!text.is_empty()).then(|| text.into_owned())
        })
        .collect()
}

/// `/repositories/{id}/…`, `/organizations/{id}/…` and `…/team/{id}/…` by name.
pub(super) fn by_name(call: &Call<'_>, segments: Vec<String>) -> Result<Vec<String>, Refused> {
    let id = segments.get(1).and_then(|id| id.parse::<u64>().ok());
    match (segments.first().map(String::as_str), id) {
        (Some("repositories"), Some(id)) => {
            let found = call.state.repositories.get(&id).ok_or_else(Refused::not_found)?;
            let named = ["repos".to_owned(), found.owner.clone(), found.name.clone()];
            Ok(named.into_iter().chain(segments.into_iter().skip(2)).collect())
        }
        (Some("organizations"), Some(id)) => {
            let mut all = call.state.organisations.values();
            let found = all.find(|one| one.id == id).ok_or_else(Refused::not_found)?;
            let mut named = vec!["orgs".to_owned(), found.login.clone()];
            let mut rest = segments.into_iter().skip(2).peekable();
            if rest.peek().map(String::as_str) == Some("team") {
                let team = rest.nth(1).and_then(|id| found.teams.get(&id.parse().ok()?));
                let slug = team.map(|team| team.slug.clone()).ok_or_else(Refused::not_found)?;
                named.extend(["teams".to_owned(), slug]);
            }
            named.extend(rest);
            Ok(named)
        }
        _ => Ok(segments),
    }
}

/// Where a repository went that had this name once, if the caller may see it.
pub(super) fn moved(call: &Call<'_>, segments: &[String]) -> Option<Refused> {
    let ["repos", owner, name, ..] = segments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return None;
    };
    let repository = call.state.moved(owner, name)?;
    call.level(repository)?;
    let address = format!("{}/repositories/{}{}", call.api(), repository.id, encoded(&segments[3..]));
    Some(Refused::moved(call.method.is_safe(), address))
}

/// The path as GitHub writes it into links to other pages of a list.
pub(super) fn canonical(call: &Call<'_>, segments: &[String]) -> String {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    match words[..] {
        ["repos", owner, name, ..] => match call.state.repository(owner, name) {
            Some(repository) => format!("/repositories/{}{}", repository.id, encoded(&segments[3..])),
            None => encoded(segments),
        },
        ["orgs", login, ref rest @ ..] => {
            let Some(organisation) = call.state.organisation(login) else { return encoded(segments) };
            let start = format!("/organizations/{}", organisation.id);
            let team = match rest {
                ["teams", slug, _, ..] => organisation.team(slug),
                _ => None,
            };
            match team {
                Some(team) => format!("{start}/team/{}{}", team.id, encoded(&segments[4..])),
                None => format!("{start}{}", encoded(&segments[2..])),
            }
        }
        _ => encoded(segments),
    }
}

fn encoded(segments: &[String]) -> String {
    segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, SEGMENT))).collect()
}
