//! The one place where the address of a request is put together. Each part is a fixed word, a number, or a
//! name that has been checked, and names are percent-encoded besides: nothing that people type can reach
//! another address than the one that was meant.

use std::fmt;

use crate::names::{BranchName, FullName, Login, Owner, TeamSlug};

/// The path and query of a request, below the address of the API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    root: Root,
    path: String,
    query: String,
}

/// Below which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Root {
    Rest,
    GraphQl,
}

impl Path {
    fn root() -> Self {
        Self { root: Root::Rest, path: String::new(), query: String::new() }
    }

    /// `/graphql`, which a GitHub Enterprise Server has beside `/api/v3` and not below it.
    pub(crate) fn graphql() -> Self {
        Self { root: Root::GraphQl, ..Self::fixed("graphql") }
    }

    /// Whether it is the one address of GraphQL.
    pub(crate) fn is_graphql(&self) -> bool {
        self.root == Root::GraphQl
    }

    /// `/{word}`: a fixed word, written in this program.
    pub(crate) fn fixed(word: &'static str) -> Self {
        Self::root().then(word)
    }

    /// `/orgs/{org}`
    pub(crate) fn org(org: &Owner) -> Self {
        Self::fixed("orgs").segment(org.as_str())
    }

    /// `/orgs/{org}/teams/{slug}`
    pub(crate) fn team(org: &Owner, slug: &TeamSlug) -> Self {
        Self::org(org).then("teams").segment(slug.as_str())
    }

    /// `/orgs/{org}/teams/{slug}/repos/{owner}/{repo}`
    pub(crate) fn team_repository(org: &Owner, slug: &TeamSlug, repo: &FullName) -> Self {
        Self::team(org, slug).then("repos").segment(repo.owner.as_str()).segment(repo.name.as_str())
    }

    /// `/orgs/{org}/memberships/{login}`
    pub(crate) fn membership(org: &Owner, login: &Login) -> Self {
        Self::org(org).then("memberships").segment(login.as_str())
    }

    /// `/orgs/{org}/members/{login}`
    pub(crate) fn member(org: &Owner, login: &Login) -> Self {
        Self::org(org).then("members").segment(login.as_str())
    }

    /// `/orgs/{org}/outside_collaborators/{login}`
    pub(crate) fn outsider(org: &Owner, login: &Login) -> Self {
        Self::org(org).then("outside_collaborators").segment(login.as_str())
    }

    /// `/orgs/{org}/teams/{slug}/memberships/{login}`
    pub(crate) fn team_membership(org: &Owner, slug: &TeamSlug, login: &Login) -> Self {
        Self::team(org, slug).then("memberships").segment(login.as_str())
    }

    /// `/users/{login}`
    pub(crate) fn user(login: &Login) -> Self {
        Self::fixed("users").segment(login.as_str())
    }

    /// `/user/{id}`: means the same person whatever they are called by now.
    pub(crate) fn user_id(id: u64) -> Self {
        Self::fixed("user").segment(&id.to_string())
    }

    /// `/repos/{owner}/{repo}`
    pub(crate) fn repository(repo: &FullName) -> Self {
        Self::fixed("repos").segment(repo.owner.as_str()).segment(repo.name.as_str())
    }

    /// `/repositories/{id}`: means the same repository whatever it is called by now. What belongs to a
    /// repository is found behind it, as GitHub's own redirects show.
    pub(crate) fn repository_id(id: u64) -> Self {
        Self::fixed("repositories").segment(&id.to_string())
    }

    /// `…/branches/{branch}`, behind a repository.
    pub(crate) fn branch(self, branch: &BranchName) -> Self {
        self.then("branches").segment(branch.as_str())
    }

    /// `…/rules/branches/{branch}`, behind a repository.
    pub(crate) fn rules_for(self, branch: &BranchName) -> Self {
        self.then("rules").branch(branch)
    }

    /// `…/collaborators/{login}`, behind a repository.
    pub(crate) fn collaborator(self, login: &Login) -> Self {
        self.then("collaborators").segment(login.as_str())
    }

    /// `…/invitations/{id}`, behind a repository or an organisation.
    pub(crate) fn invitation(self, id: u64) -> Self {
        self.then("invitations").segment(&id.to_string())
    }

    /// `…/branches/{branch}/protection`, behind a repository.
    pub(crate) fn protection(self, branch: &BranchName) -> Self {
        self.branch(branch).then("protection")
    }

    /// Adds `/{number}`.
    pub(crate) fn number(self, number: u64) -> Self {
        self.segment(&number.to_string())
    }

    /// `/app/installations/{id}/access_tokens`
    pub(crate) fn installation_tokens(id: u64) -> Self {
        Self::fixed("app").then("installations").segment(&id.to_string()).then("access_tokens")
    }

    /// The parts of the path, still encoded.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.split('/').skip(1).collect()
    }

    /// Adds `/{word}`: a fixed word, written in this program.
    pub(crate) fn then(mut self, word: &'static str) -> Self {
        self.path.push('/');
        self.path.push_str(word);
        self
    }

    /// Adds `?{key}={value}` or `&{key}={value}`.
    pub(crate) fn query(self, key: &'static str, value: u64) -> Self {
        self.with(key, &value.to_string())
    }

    /// Adds `?{key}={text}` or `&{key}={text}`, percent-encoded.
    pub(crate) fn text(self, key: &'static str, text: &str) -> Self {
        let mut value = String::new();
        encode_into(&mut value, text);
        self.with(key, &value)
    }

    /// Adds `?{key}={word}` or `&{key}={word}`: fixed words, written in this program.
    pub(crate) fn with_word(self, key: &'static str, word: &'static str) -> Self {
        self.with(key, word)
    }

    fn with(mut self, key: &'static str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(key);
        self.query.push('=');
        self.query.push_str(value);
        self
    }

    /// Adds `?{key}={word}` or `&{key}={word}`: a fixed word, written in this program.
    pub(crate) fn query_word(mut self, key: &'static str, word: &'static str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(key);
        self.query.push('=');
        self.query.push_str(word);
        self
    }

    fn segment(mut self, name: &str) -> Self {
        self.path.push('/');
        encode_into(&mut self.path, name);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, self.query)
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode_into(out: &mut String, name: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::names::RepoName;

    #[test]
    fn paths_read_as_github_documents_them() {
        let acme = Owner::parse("acme").unwrap();
        let repo = FullName::parse("acme/widgets").unwrap();
        let team = TeamSlug::parse("employees").unwrap();
        assert_eq!(Path::org(&acme).then("repos").to_string(), "/orgs/acme/repos");
        assert_eq!(
            Path::team_repository(&acme, &team, &repo).to_string(),
            "/orgs/acme/teams/employees/repos/acme/widgets"
        );
        assert_eq!(
            Path::org(&acme).then("teams").query("per_page", 100).query("page", 2).to_string(),
            "/orgs/acme/teams?per_page=100&page=2"
        );
        let ana = Login::parse("ana-lima").unwrap();
        assert_eq!(
            Path::team_membership(&acme, &team, &ana).to_string(),
            "/orgs/acme/teams/employees/memberships/ana-lima"
        );
        assert_eq!(
            Path::repository_id(7).then("collaborators").with_word("affiliation", "direct").to_string(),
            "/repositories/7/collaborators?affiliation=direct"
        );
        let branch = BranchName::parse("feature/ä&b%2F").unwrap();
        assert_eq!(
            Path::repository(&repo).branch(&branch).to_string(),
            "/repos/acme/widgets/branches/feature%2F%C3%A4%26b%252F"
        );
        let rules = Path::repository_id(7).rules_for(&branch).with_word("state", "open").query("page", 2);
        assert_eq!(
            rules.to_string(),
            "/repositories/7/rules/branches/feature%2F%C3%A4%26b%252F?state=open&page=2"
        );
    }

    proptest! {
        /// However a branch is called, the path keeps its five parts and holds nothing that starts a query,
        /// a fragment or another part.
        #[test]
        fn a_name_stays_one_segment(name in ".{1,40}") {
            if let Ok(branch) = BranchName::parse(&name) {
                let path = Path::repository(&FullName::parse("acme/widgets").unwrap()).branch(&branch).to_string();
                prop_assert_eq!(path.matches('/').count(), 5);
                prop_assert!(!path.contains(['?', '#', ' ', '\\', '<']));
                prop_assert!(path.is_ascii());
                prop_assert!(path.parse::<http::Uri>().is_ok());
            }
            if let Ok(repo) = RepoName::parse(&name) {
                let full = FullName { owner: Owner::parse("acme").unwrap(), name: repo };
                let path = Path::repository(&full).then("topics").to_string();
                // A repository's name needs no encoding at all: it can hold nothing that would.
                let expected = format!("/repos/acme/{}/topics", name);
                prop_assert_eq!(path, expected);
            }
        }

        #[test]
        fn encoding_is_undone_by_decoding(name in any::<String>()) {
            let mut out = String::new();
            encode_into(&mut out, &name);
            prop_assert!(out.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let mut bytes = Vec::new();
            let mut rest = out.as_bytes();
            while let [first, tail @ ..] = rest {
                if *first == b'%' {
                    bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
                    rest = &tail[2..];
                } else {
                    bytes.push(*first);
                    rest = tail;
                }
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), name);
        }
    }
}
