//! The rules for names on GitHub, and for those of commands.

use crate::problem::InvalidReason;

/// Permissions that GitHub knows by these names; other names are those of an organisation's own roles
/// (<https://docs.github.com/en/rest/teams/teams>).
const PERMISSIONS: [&str; 5] = ["pull", "triage", "push", "maintain", "admin"];

/// Refuses the first character that has no place in a name, then one that is empty or too long.
fn made_of(name: &str, limit: usize, good: impl Fn(char) -> bool) -> Result<(), InvalidReason> {
    if let Some(c) = name.chars().find(|&c| !good(c)) {
        return Err(InvalidReason::Character(c));
    }
    match name.chars().count() {
        0 => Err(InvalidReason::Empty),
        length if length > limit => Err(InvalidReason::TooLong { limit }),
        _ => Ok(()),
    }
}

/// An organisation, or the alias of one: letters and digits, with single hyphens between them.
pub(crate) fn organization(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 39, |c| c.is_ascii_alphanumeric() || c == '-')?;
    hyphens_between(name)
}

/// An account: like an organisation, and with an enterprise's short code after a `_` where the enterprise
/// manages its users.
pub(crate) fn login(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 39, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_')?;
    match name.split_once('_') {
        None => hyphens_between(name),
        Some((own, code)) => {
            if code.is_empty() || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(InvalidReason::Form);
            }
            hyphens_between(own)
        }
    }
}

fn hyphens_between(name: &str) -> Result<(), InvalidReason> {
    let good = !name.is_empty() && !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
    if good { Ok(()) } else { Err(InvalidReason::Form) }
}

/// A repository, without its owner.
pub(crate) fn repository(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 100, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))?;
    let git = name.len() >= 4 && name.to_ascii_lowercase().ends_with(".git");
    if name == "." || name == ".." || git { Err(InvalidReason::Reserved) } else { Ok(()) }
}

/// The slug of a team, in lower case.
pub(crate) fn team(slug: &str) -> Result<(), InvalidReason> {
    made_of(slug, 255, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// A permission; one of GitHub's own in its spelling.
pub(crate) fn permission(name: &str) -> Result<String, InvalidReason> {
    made_of(name, 100, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))?;
    let own = PERMISSIONS.into_iter().find(|permission| permission.eq_ignore_ascii_case(name));
    Ok(own.unwrap_or(name).to_owned())
}

/// A topic, in lower case: letters, digits and hyphens, no hyphen first.
pub(crate) fn topic(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 50, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')?;
    if name.starts_with('-') { Err(InvalidReason::Form) } else { Ok(()) }
}

/// A command of this bot.
pub(crate) fn command(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 50, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))?;
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { Ok(()) } else { Err(InvalidReason::Form) }
}

/// A branch, by git's rules (<https://git-scm.com/docs/git-check-ref-format>) and GitHub's: not one that
/// reads like a commit, `HEAD` or a whole ref. Stricter than git in one thing: beyond ASCII only letters and
/// digits, and no `%`, so that it is the same in a path, a page and a message.
pub(crate) fn branch(name: &str) -> Result<(), InvalidReason> {
    made_of(name, 244, |c| {
        if c.is_ascii() { c.is_ascii_graphic() && !"~^:?*[\\%".contains(c) } else { c.is_alphanumeric() }
    })?;
    let part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let bad = name.contains("..") || name.contains("@{") || name.starts_with('-') || name.ends_with('.');
    if bad || name.split('/').any(part) {
        return Err(InvalidReason::Form);
    }
    let commit = matches!(name.len(), 40 | 64) && name.bytes().all(|b| b.is_ascii_hexdigit());
    let reserved = commit || name == "@" || name == "HEAD" || name.starts_with("refs/");
    if reserved { Err(InvalidReason::Reserved) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use InvalidReason::{Character, Empty, Form, Reserved, TooLong};

    use super::*;

    #[test]
    fn organisations_have_single_hyphens_between_letters() {
        for good in ["a", "acme", "acme-oss", "A1-b2-C3", &"a".repeat(39)] {
            assert_eq!(organization(good), Ok(()), "{good}");
        }
        for bad in ["-", "-a", "a-", "a--b"] {
            assert_eq!(organization(bad), Err(Form), "{bad}");
        }
        assert_eq!(organization("a_b"), Err(Character('_')));
        assert_eq!(organization(&"a".repeat(40)), Err(TooLong { limit: 39 }));
        assert_eq!(organization(""), Err(Empty));
    }

    #[test]
    fn logins_may_end_with_the_code_of_an_enterprise() {
        assert_eq!(login("ana-lima"), Ok(()));
        assert_eq!(login("ana-lima_acme"), Ok(()));
        for bad in ["_acme", "ana_", "ana_a_b", "ana-_acme", "ana_a-b"] {
            assert_eq!(login(bad), Err(Form), "{bad}");
        }
    }

    #[test]
    fn repositories_are_no_paths() {
        for good in ["widgets", ".github", "_x_", "a.b-c", "git", "...", &"a".repeat(100)] {
            assert_eq!(repository(good), Ok(()), "{good}");
        }
        for bad in [".", "..", ".git", "widgets.GIT"] {
            assert_eq!(repository(bad), Err(Reserved), "{bad}");
        }
        for (bad, c) in [("a/b", '/'), ("a%20b", '%'), ("a\u{301}", '\u{301}'), ("🎉", '🎉'), ("a\0", '\0')]
        {
            assert_eq!(repository(bad), Err(Character(c)), "{bad}");
        }
        assert_eq!(repository(&"a".repeat(101)), Err(TooLong { limit: 100 }));
    }

    #[test]
    fn branches_follow_git() {
        for good in ["main", "feature/new-thing", "v1.2", "größe", "a@b", "dependabot/npm/x-1.0", "#1"] {
            assert_eq!(branch(good), Ok(()), "{good}");
        }
        for bad in ["a..b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "-a", "a.", "a@{b"] {
            assert_eq!(branch(bad), Err(Form), "{bad}");
        }
        for bad in ["@", "HEAD", "refs/heads/main", &"0a".repeat(20)] {
            assert_eq!(branch(bad), Err(Reserved), "{bad}");
        }
        for (bad, c) in
            [("a b", ' '), ("a~1", '~'), ("a:b", ':'), ("a\\b", '\\'), ("a%2F", '%'), ("🎉", '🎉')]
        {
            assert_eq!(branch(bad), Err(Character(c)), "{bad}");
        }
    }
}
