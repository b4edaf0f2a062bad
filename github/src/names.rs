//! Names as GitHub allows them. Whatever becomes a part of an address goes through one of these types.
//!
//! The patterns are on the strict side: what GitHub would take and we refuse is an odd name, what we would
//! take and GitHub reads as something else is a hole.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that GitHub would not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} name {given:?} {why}")]
pub struct BadName {
    /// What it should have been: `organisation`, `repository`, `team`, `branch`.
    pub what: &'static str,
    /// What was given, shortened.
    pub given: String,
    /// What is allowed, to follow the name: `may only have letters, digits, …`.
    pub why: &'static str,
}

fn bad(what: &'static str, given: &str, why: &'static str) -> BadName {
    BadName { what, given: given.chars().take(60).collect(), why }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $written:expr, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a name if GitHub would.
            ///
            /// # Errors
            /// It would not, and why.
            pub fn parse(name: &str) -> Result<Self, BadName> {
                let check: fn(&str) -> Result<(), BadName> = $check;
                let name = $written(name);
                check(&name)?;
                Ok(Self(name))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(name: String) -> Result<Self, BadName> {
                Self::parse(&name)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The login of an organisation or user: letters, digits and single dashes inside, at most 39.
    Owner,
    str::to_owned,
    |name| {
        let inside = name.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if inside && name.len() <= 39 {
            Ok(())
        } else {
            Err(bad("organisation", name, "may only have letters, digits and single dashes, and at most 39 of them"))
        }
    }
);

name!(
    /// The login of a person: letters, digits and dashes, an underscore before an enterprise's code, at most 39.
    /// Old accounts may have dashes where new ones may not.
    Login,
    str::to_owned,
    |login| {
        let chars = login.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if login.is_empty() || login.len() > 39 || !chars {
            return Err(bad("account", login, "may only have letters, digits and dashes, and at most 39 of them"));
        }
        Ok(())
    }
);

name!(
    /// An e-mail address: something on either side of one `@`, without blanks, at most 254 bytes. It only ever
    /// stands in the body of a request.
    Email,
    str::to_owned,
    |email| {
        let sides = email.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
        let one = sides.is_some_and(|(_, host)| !host.contains('@'));
        if one && email.len() <= 254 && !email.contains(odd) {
            Ok(())
        } else {
            Err(bad("e-mail", email, "should read like mia@example.com"))
        }
    }
);

name!(
    /// The name of a repository: letters, digits, dots, dashes and underscores, at most 100.
    RepoName,
    str::to_owned,
    |name| {
        let chars = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if name.is_empty() || name.len() > 100 || !chars {
            return Err(bad(
                "repository",
                name,
                "may only have letters, digits, dots, dashes and underscores, and at most 100 of them",
            ));
        }
        let lower = name.to_ascii_lowercase();
        if name == "." || name == ".." || lower.ends_with(".git") || lower.ends_with(".wiki") {
            return Err(bad("repository", name, "cannot be `.` or `..`, or end in .git or .wiki"));
        }
        Ok(())
    }
);

name!(
    /// A team's slug: lower-case letters, digits, dashes and underscores.
    TeamSlug,
    str::to_owned,
    |slug| {
        let chars = slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
        if slug.is_empty() || slug.len() > 255 || !chars {
            return Err(bad("team", slug, "may only have lower-case letters, digits, dashes and underscores"));
        }
        Ok(())
    }
);

name!(
    /// The name of a branch, as git allows it (<https://git-scm.com/docs/git-check-ref-format>), at most 244
    /// bytes.
    BranchName,
    str::to_owned,
    |name| {
        let parts = name.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock")
        });
        let chars = !name.chars().any(|c| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c));
        let whole = name != "@"
            && !name.starts_with('-')
            && !name.ends_with('.')
            && !name.contains("..")
            && !name.contains("@{");
        if parts && chars && whole && name.len() <= 244 {
            Ok(())
        } else {
            Err(bad("branch", name, "is not one that git allows"))
        }
    }
);

name!(
    /// A topic: lower-case letters, digits and dashes, beginning with a letter or digit, at most 50. As at
    /// GitHub, upper case becomes lower case.
    Topic,
    str::to_lowercase,
    |topic| {
        let chars = topic
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if topic.is_empty() || topic.len() > 50 || topic.starts_with('-') || !chars {
            return Err(bad("topic", topic, "may only have lower-case letters, digits and dashes, and at most 50 of them"));
        }
        Ok(())
    }
);

/// An owner and a repository: `acme/widgets`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FullName {
    /// Whose it is.
    pub owner: Owner,
    /// What it is called.
    pub name: RepoName,
}

impl FullName {
    /// Takes an owner and a name if GitHub would.
    ///
    /// # Errors
    /// It would not, and why.
    pub fn new(owner: &str, name: &str) -> Result<Self, BadName> {
        Ok(Self { owner: Owner::parse(owner)?, name: RepoName::parse(name)? })
    }

    /// Takes `owner/name` if GitHub would.
    ///
    /// # Errors
    /// It would not, and why.
    pub fn parse(full_name: &str) -> Result<Self, BadName> {
        let Some((owner, name)) = full_name.split_once('/') else {
            return Err(bad("repository", full_name, "should read like owner/name"));
        };
        Self::new(owner, name)
    }

    /// Whether both mean one repository: GitHub does not tell upper from lower case.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.to_string().eq_ignore_ascii_case(other)
    }
}

impl TryFrom<String> for FullName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        Self::parse(&name)
    }
}

impl From<FullName> for String {
    fn from(name: FullName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_github_takes() {
        for owner in ["acme", "Acme-OSS", "a", "0x1"] {
            assert!(Owner::parse(owner).is_ok(), "{owner}");
        }
        for repo in ["widgets", ".github", "a.b_c-D", "...", "-"] {
            assert!(RepoName::parse(repo).is_ok(), "{repo}");
        }
        for branch in ["main", "feature/x", "release-1.0", "größe", "@x"] {
            assert!(BranchName::parse(branch).is_ok(), "{branch}");
        }
        assert!(TeamSlug::parse("a-team_1").is_ok());
        for login in ["octocat", "ana-lima_acme", "old--name-", "0"] {
            assert!(Login::parse(login).is_ok(), "{login}");
        }
        assert!(Email::parse("mia.lund+x@acme.example").is_ok());
        assert_eq!(FullName::parse("acme/widgets").unwrap().to_string(), "acme/widgets");
        assert!(FullName::parse("acme/widgets").unwrap().is("ACME/Widgets"));
    }

    #[test]
    fn names_that_would_reach_elsewhere() {
        let long = "a".repeat(101);
        for owner in ["", "-a", "a-", "a--b", "a/b", "a.b", "a_b", "ä", "a%2fb", &long[..40]] {
            assert!(Owner::parse(owner).is_err(), "{owner}");
        }
        for repo in [
            "",
            ".",
            "..",
            "a/b",
            "x/collaborators/bob",
            "x?y",
            "x#y",
            "a%2Fb",
            "a b",
            "🙂",
            "x.git",
            "X.Wiki",
            &long,
        ] {
            assert!(RepoName::parse(repo).is_err(), "{repo}");
        }
        for login in ["", "a b", "a/b", "a.b", "..", "a%2f", "a?b", "ä", "dependabot[bot]", &long[..40]] {
            assert!(Login::parse(login).is_err(), "{login}");
        }
        for email in ["", "@", "a@", "@b", "a@b@c", "a b@c", "<a@b>", "a@b,c@d", "a@b\n"] {
            assert!(Email::parse(email).is_err(), "{email}");
        }
        for slug in ["", "A", "a b", "a/b", "..", "a%2f", "a?b"] {
            assert!(TeamSlug::parse(slug).is_err(), "{slug}");
        }
        for branch in [
            "", "/", "a//b", "/a", "a/", "a..b", "a b", "-x", "a~1", "x.lock", "x.lock/y", "@", "a@{1}",
            "a\\b", "a.", ".a", "a/.b", "a\u{7f}",
        ] {
            assert!(BranchName::parse(branch).is_err(), "{branch}");
        }
        assert_eq!(Topic::parse("Web-2").unwrap().as_str(), "web-2");
        for topic in ["", "-a", "a_b", "a b"] {
            assert!(Topic::parse(topic).is_err(), "{topic}");
        }
        for full in ["acme", "acme/", "/x", "acme/x/y", "acme/.."] {
            assert!(FullName::parse(full).is_err(), "{full}");
        }
    }

    #[test]
    fn a_bad_name_is_refused_when_read_from_json() {
        assert!(serde_json::from_str::<RepoName>("\"../x\"").is_err());
        assert!(serde_json::from_str::<FullName>("\"acme/widgets\"").is_ok());
    }
}
