//! Whether the file under the path is still the one that was opened.
//!
//! SQLite goes on writing into a file that was deleted or replaced, and all of it would be gone with the
//! process. So the path is looked at before each transaction.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What tells a file from all others on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    /// The file under this path now.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(path).ok().map(|file| Self(file.dev(), file.ino()))
    }

    /// The file under this path now. Where files have no number, only whether there is one.
    #[cfg(not(unix))]
    pub fn of(path: &Path) -> Option<Self> {
        path.exists().then_some(Self(0, 0))
    }
}

/// When the file was last opened anew. Connections older than that read from a file that is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Reopened(Arc<Mutex<Option<Instant>>>);

impl Reopened {
    /// It was opened anew just now.
    pub fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age reads from the file that is there.
    pub fn since(&self, age: Duration) -> bool {
        let reopened = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reopened.is_none_or(|at| age < at.elapsed())
    }
}
