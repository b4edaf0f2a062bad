//! Sources that are read: a CSV file, Okta, Google, and anything that gives JSON over HTTP.
//!
//! What is common to those on the network stands in `web`: each request is made again where that may help and never
//! for long, no redirect is followed, tokens go to one host alone, and answers, pages and people have bounds.

mod csv;
mod google;
mod http;
mod okta;
mod web;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Roll, Trouble};

pub use self::csv::{CsvFile, CsvSettings};
pub use self::google::{GoogleDirectory, GoogleSettings};
pub use self::http::{Format, HttpSettings, HttpSource, Paging};
pub use self::okta::{OktaDirectory, OktaSettings};
pub(crate) use self::web::Web;
pub use self::web::{Reach, Waits};

/// Sentences about what could not be read, at most; the rest is counted.
const SENTENCES: usize = 50;

/// How many worked here at the last reading. A source that has lost more than half of them is not believed.
#[derive(Debug)]
struct LastCount(AtomicUsize);

impl LastCount {
    /// So many were known when the program started; none, and the first reading is believed.
    fn new(known: usize) -> Self {
        Self(AtomicUsize::new(known))
    }

    fn check(&self, roll: Roll) -> Result<Roll, Trouble> {
        let roll = roll.not_halved(self.0.load(Ordering::Relaxed))?;
        // Half a roll is no measure for the next.
        if roll.is_whole() {
            self.0.store(roll.active(), Ordering::Relaxed);
        }
        Ok(roll)
    }
}

/// What could not be read, as sentences.
#[derive(Debug, Default)]
struct Unread {
    sentences: Vec<String>,
    more: usize,
}

impl Unread {
    fn add(&mut self, sentence: String) {
        if self.sentences.len() < SENTENCES {
            self.sentences.push(sentence);
        } else {
            self.more += 1;
        }
    }

    fn all(mut self) -> Vec<String> {
        if self.more > 0 {
            self.sentences.push(format!("and {} more", self.more));
        }
        self.sentences
    }
}
