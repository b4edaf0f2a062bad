//! The one place where the address of a request is put together: of fixed words, numbers and checked names.

use std::fmt;

use crate::slug::Slug;

/// The path and query of a request, below the address of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    /// The account itself.
    pub(crate) fn current_user() -> Self {
        Self("/user".to_owned())
    }

    pub(crate) fn user(id: u64) -> Self {
        Self(format!("/user/{id}"))
    }

    pub(crate) fn sync(user: u64) -> Self {
        Self(format!("/user/{user}/sync"))
    }

    pub(crate) fn organisations(limit: u64, offset: u64) -> Self {
        Self(format!("/orgs?limit={limit}&offset={offset}"))
    }

    /// By its name, whose slash is encoded.
    pub(crate) fn repository(slug: &Slug) -> Self {
        Self(format!("/repo/{}", slug.segment()))
    }

    /// By Travis' own number, which means the same repository whatever it is called by now.
    pub(crate) fn switch(id: u64, on: bool) -> Self {
        Self(format!("/repo/{id}/{}", if on { "activate" } else { "deactivate" }))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
