//! Everybody of one source at one time.

use std::collections::HashMap;

use hubcommander_sdk::clock::Instant;

use crate::{Changes, Email, Person, Trouble};

/// Everybody of one source at one time, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    source: String,
    at: Instant,
    people: Vec<Person>,
    unread: Vec<String>,
}

impl Roll {
    /// A roll of these people, with a sentence (without personal data) for each record that could not be read.
    ///
    /// # Errors
    /// [`Trouble::Partial`] if nobody is on it, as an empty list is a broken source and not a company that
    /// everybody left; or if one id stands there twice, as then it is not known who is meant.
    pub fn new(
        source: impl Into<String>,
        at: Instant,
        mut people: Vec<Person>,
        unread: Vec<String>,
    ) -> Result<Self, Trouble> {
        let source = source.into();
        let partial = |why: &str| Trouble::Partial { directory: source.clone(), why: why.to_owned() };
        if people.is_empty() {
            return Err(partial("nobody is in it"));
        }
        people.sort_by(|one, other| one.id.cmp(&other.id));
        if people.windows(2).any(|two| matches!(two, [one, other] if one.id == other.id)) {
            return Err(partial("two records have one id"));
        }
        Ok(Self { source, at, people, unread })
    }

    /// Which source it is of.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// When reading it began.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Everybody, by id.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// What could not be read, a sentence each.
    #[must_use]
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Whether everything was read. Only then whoever is not on it is known not to be in the source.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// Somebody by the source's id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Person> {
        let place = self.people.binary_search_by(|one| one.id.as_str().cmp(id)).ok()?;
        self.people.get(place)
    }

    /// Who has which address. Of an address that several have it is not known whose it is.
    #[must_use]
    pub fn by_email(&self) -> HashMap<&Email, Vec<&Person>> {
        let mut found: HashMap<&Email, Vec<&Person>> = HashMap::with_capacity(self.people.len());
        for person in &self.people {
            for email in &person.emails {
                found.entry(email).or_default().push(person);
            }
        }
        found
    }

    /// How many work here.
    #[must_use]
    pub fn active(&self) -> usize {
        self.people.iter().filter(|one| one.active).count()
    }

    /// What has happened since an earlier roll of the same source.
    #[must_use]
    pub fn since(&self, before: &Self) -> Changes {
        Changes::of(before, self)
    }

    /// The roll, unless more than half of those who worked here at the last reading (`before`) are gone: that is
    /// a broken source, and not a company that was left by half.
    ///
    /// # Errors
    /// [`Trouble::Shrunk`].
    pub fn not_halved(self, before: usize) -> Result<Self, Trouble> {
        let now = self.active();
        if now.saturating_mul(2) < before {
            return Err(Trouble::Shrunk { directory: self.source, before, now });
        }
        Ok(self)
    }
}
