//! `owner/name`, as it becomes a part of an address.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The full name of a repository. It holds nothing that would lead to another address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug {
    owner: String,
    name: String,
}

/// What is no full name of a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no `owner/name` of a repository")]
pub struct BadSlug {
    /// What was given, shortened.
    pub given: String,
}

impl Slug {
    /// Takes `owner/name`, if both are names that GitHub would take.
    ///
    /// # Errors
    /// They are not.
    pub fn parse(full_name: &str) -> Result<Self, BadSlug> {
        let fine = |part: &str, most: usize| {
            let chars = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            chars && !part.is_empty() && part.len() <= most && part != "." && part != ".."
        };
        match full_name.split_once('/') {
            Some((owner, name)) if fine(owner, 39) && fine(name, 100) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(BadSlug { given: full_name.chars().take(60).collect() }),
        }
    }

    /// As one part of a path.
    pub(crate) fn segment(&self) -> String {
        format!("{}%2F{}", self.owner, self.name)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;

    fn try_from(full_name: String) -> Result<Self, BadSlug> {
        Self::parse(&full_name)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_the_path() {
        assert_eq!(Slug::parse("acme/new-name.rs").unwrap().segment(), "acme%2Fnew-name.rs");
        for bad in
            ["", "acme", "acme/", "/x", "acme/a/b", "acme/..", "acme/a?b", "acme/a%2Fb", "äcme/x", "acme/a b"]
        {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
