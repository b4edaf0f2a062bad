//! Everybody in one directory, read to the end.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::{Cursor, Directory, DirectoryPerson, Page, Trouble};

/// Bounds of one whole reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pages at most; one more and the reading fails.
    pub pages: usize,
    /// People at most; one more and the reading fails.
    pub people: usize,
    /// How often one page is asked for, the first time included.
    pub tries: u32,
    /// The longest wait between two tries. A directory that asks for a longer one fails the reading.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pages: 20_000, people: 1_000_000, tries: 4, longest_wait: Duration::from_secs(120) }
    }
}

/// Everybody in one directory. It exists only if every page was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    people: Vec<DirectoryPerson>,
    unreadable: Vec<String>,
}

impl Roll {
    /// A roll of people who were all read, with what could not be read beside them.
    ///
    /// # Errors
    /// `why` as a text if nobody is on it: an empty list is a broken source, not a company that everybody left.
    pub fn whole(people: Vec<DirectoryPerson>, unreadable: Vec<String>) -> Result<Self, &'static str> {
        if people.is_empty() {
            return Err("nobody is in it");
        }
        let mut ids = BTreeMap::new();
        for (place, one) in people.iter().enumerate() {
            if ids.insert((one.source.clone(), one.id.clone()), place).is_some() {
                return Err("two records have one id");
            }
        }
        Ok(Self { people, unreadable })
    }

    /// Everybody.
    #[must_use]
    pub fn people(&self) -> &[DirectoryPerson] {
        &self.people
    }

    /// Records that could not be read. While there are any, absence proves nothing.
    #[must_use]
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// Whether somebody who is not on it is known not to work here.
    #[must_use]
    pub fn absence_counts(&self) -> bool {
        self.unreadable.is_empty()
    }
}

/// Reads everybody. A page that fails for a while is asked for again.
///
/// # Errors
/// [`Trouble::Partial`] when pages go in a circle, repeat somebody, are too many, or give fewer people than the
/// source counts; and the last [`Trouble`] of a page.
pub async fn read_all(directory: &dyn Directory, limits: Limits) -> Result<Roll, Trouble> {
    let partial = |why: String| Trouble::Partial { directory: directory.name().to_owned(), why };
    let (mut people, mut unreadable) = (Vec::new(), Vec::new());
    let (mut seen, mut ids) = (HashSet::new(), HashSet::new());
    let mut cursor: Option<Cursor> = None;
    let mut total = None;
    for _ in 0..limits.pages {
        let page = one_page(directory, cursor.as_ref(), limits).await?;
        if page.next.is_some() && page.people.is_empty() && page.unreadable.is_empty() {
            return Err(partial("a page in the middle is empty".to_owned()));
        }
        for person in page.people {
            if !ids.insert(person.id.clone()) {
                return Err(partial("somebody came twice; the list changed meanwhile or goes in a circle".to_owned()));
            }
            people.push(person);
        }
        unreadable.extend(page.unreadable);
        if people.len() > limits.people {
            return Err(partial(format!("there are more than {} people", limits.people)));
        }
        total = page.total.or(total);
        match page.next {
            None => {
                let read = (people.len() + unreadable.len()) as u64;
                if let Some(total) = total.filter(|total| *total > read) {
                    return Err(partial(format!("it counts {total} people and gave {read}")));
                }
                return Roll::whole(people, unreadable).map_err(|why| partial(why.to_owned()));
            }
            Some(next) if !seen.insert(next.clone()) => {
                return Err(partial("its pages go in a circle".to_owned()));
            }
            Some(next) => cursor = Some(next),
        }
    }
    Err(partial(format!("there are more than {} pages", limits.pages)))
}

async fn one_page(directory: &dyn Directory, from: Option<&Cursor>, limits: Limits) -> Result<Page, Trouble> {
    let mut tried = 1;
    loop {
        let trouble = match directory.everyone(from).await {
            Ok(page) => return Ok(page),
            Err(trouble) => trouble,
        };
        let wait = match &trouble {
            Trouble::Busy { wait: Some(wait), .. } => *wait,
            _ => Duration::from_secs(1 << tried.min(6)),
        };
        if !trouble.may_pass() || tried >= limits.tries || wait > limits.longest_wait {
            return Err(trouble);
        }
        tracing::info!(directory = directory.name(), tried, "a page is asked for again: {trouble}");
        tokio::time::sleep(wait).await;
        tried += 1;
    }
}
