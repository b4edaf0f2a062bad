//! What one searches for: words and `name:value` pairs, quoted where there are spaces.

use crate::github::model::{PullRequest, Repository};

/// A search, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    words: Vec<String>,
    /// Name, value, and whether it must not be so.
    pairs: Vec<(String, String, bool)>,
}

impl Query {
    pub(super) fn read(text: &str) -> Self {
        let mut query = Self::default();
        for term in terms(text) {
            let (term, not) = match term.strip_prefix('-') {
                Some(rest) => (rest.to_owned(), true),
                None => (term, false),
            };
            match term.split_once(':') {
                Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                    query.pairs.push((name.to_lowercase(), value.to_owned(), not));
                }
                _ => query.words.push(term.to_lowercase()),
            }
        }
        query
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _, not)| key == name && !not).map(|(_, value, _)| value.as_str())
    }

    /// Repositories that are named, as `owner/name`.
    pub(super) fn repositories(&self) -> Vec<&str> {
        self.values("repo").collect()
    }

    /// Accounts whose repositories are meant.
    pub(super) fn owners(&self) -> Vec<&str> {
        self.values("org").chain(self.values("user")).collect()
    }

    /// Whether pull requests can be among what is found; issues this GitHub has none.
    pub(super) fn means_pulls(&self) -> bool {
        let issues = |value: &str| matches!(value, "issue");
        !self.values("is").chain(self.values("type")).any(issues)
    }

    /// Whether it says of which kind it is, as Apps must.
    pub(super) fn says_kind(&self) -> bool {
        let kinds = ["pr", "pull-request", "issue"];
        self.values("is").chain(self.values("type")).any(|value| kinds.contains(&value))
    }

    /// The order that the words ask for, as `name-direction`.
    pub(super) fn sort(&self) -> Option<&str> {
        self.values("sort").next()
    }

    /// Whether a pull request is meant. Of several labels all must be there, of several authors one.
    pub(super) fn means(&self, repository: &Repository, one: &PullRequest) -> bool {
        let text = format!("{} {}", one.title, one.body.as_deref().unwrap_or_default()).to_lowercase();
        let by_words = self.words.iter().all(|word| text.contains(word.as_str()));
        let mut authors = self.values("author").peekable();
        let by_author =
            authors.peek().is_none() || authors.any(|login| one.author.eq_ignore_ascii_case(login));
        by_words
            && by_author
            && self
                .pairs
                .iter()
                .filter(|(name, _, not)| name != "author" || *not)
                .all(|(name, value, not)| fits(repository, one, name, value).is_none_or(|fits| fits != *not))
    }
}

/// `None` for a name that says nothing about a single pull request.
fn fits(repository: &Repository, one: &PullRequest, name: &str, value: &str) -> Option<bool> {
    Some(match (name, value) {
        ("is" | "state", "open") => one.is_open(),
        ("is" | "state", "closed") => !one.is_open(),
        ("is", "merged") => one.merged_at().is_some(),
        ("is", "unmerged") => one.merged_at().is_none(),
        ("is", "draft") | ("draft", "true") => one.draft,
        ("draft", "false") => !one.draft,
        ("author", login) => one.author.eq_ignore_ascii_case(login),
        ("label", names) => names.split(',').any(|label| {
            let label = label.trim_matches('"').to_lowercase();
            one.labels.contains(&label) && repository.labels.contains_key(&label)
        }),
        ("no", "label") => one.labels.is_empty(),
        ("base", branch) => one.base == branch,
        ("head", branch) => one.head == branch,
        ("created", range) => in_range(one.created_at, range),
        ("updated", range) => in_range(one.updated_at, range),
        ("review-requested", login) => one.reviewers.iter().any(|own| own.eq_ignore_ascii_case(login)),
        _ => return None,
    })
}

/// `>2026-01-31`, `>=`, `<`, `<=`, `from..to`, or a day.
fn in_range(at: hubcommander_sdk::clock::Instant, range: &str) -> bool {
    let at = at.format("%Y-%m-%dT%H:%M:%S").to_string();
    // As texts, times sort as they should; a day stands for all of it.
    let up_to = |text: &str| at.get(..text.len()).unwrap_or(&at).to_owned();
    if let Some((from, to)) = range.split_once("..") {
        return (from == "*" || up_to(from).as_str() >= from) && (to == "*" || up_to(to).as_str() <= to);
    }
    if let Some(day) = range.strip_prefix(">=") {
        up_to(day).as_str() >= day
    } else if let Some(day) = range.strip_prefix("<=") {
        up_to(day).as_str() <= day
    } else if let Some(day) = range.strip_prefix('>') {
        up_to(day).as_str() > day
    } else if let Some(day) = range.strip_prefix('<') {
        up_to(day).as_str() < day
    } else {
        up_to(range) == range
    }
}

/// Words between spaces; quotes hold words together and are left out.
fn terms(text: &str) -> Vec<String> {
    let (mut terms, mut term, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            one if one.is_whitespace() && !quoted => {
                if !term.is_empty() {
                    terms.push(std::mem::take(&mut term));
                }
            }
            one => term.push(one),
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        let query =
            Query::read("repo:acme/website is:pr label:\"good first issue\" -author:bob  \"two words\" tax");
        assert_eq!(query.words, ["two words", "tax"]);
        assert_eq!(query.repositories(), ["acme/website"]);
        assert_eq!(query.values("label").collect::<Vec<_>>(), ["good first issue"]);
        assert_eq!(query.pairs.last(), Some(&("author".to_owned(), "bob".to_owned(), true)));
        assert!(query.says_kind() && query.means_pulls());
    }

    #[test]
    fn ranges_of_time() {
        let at = "2026-03-05T10:00:00Z".parse().unwrap();
        for (range, inside) in [
            ("2026-03-05", true),
            (">2026-03-05", false),
            (">=2026-03-05", true),
            ("<2026-03-06", true),
            ("<=2026-03-04", false),
            ("2026-03-01..2026-03-05", true),
            ("2026-03-06..*", false),
        ] {
            assert_eq!(in_range(at, range), inside, "{range}");
        }
    }
}
