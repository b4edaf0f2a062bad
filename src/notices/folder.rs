//! A folder that items are taken from: `*.json`, each with one item or a list. What was taken is moved to `done/`, what
//! was refused to `refused/`, with what is wrong in a file beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;

use super::draft::{Draft, Wrong};
use super::sender::{NotTaken, Sender};

/// The largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// How many files are taken at one look.
const AT_ONCE: usize = 50;
/// For how long a file that cannot be read may still be being written.
const WRITING: TimeDelta = TimeDelta::seconds(3);

/// The folder.
pub struct Folder {
    path: PathBuf,
    sender: Sender,
    failing: AtomicBool,
}

/// What became of a file.
enum Fate {
    Done,
    Refused(Vec<Wrong>),
    /// It stays for the next look.
    Stays(String),
}

impl Folder {
    /// Takes what lies there to this sender.
    #[must_use]
    pub fn new(path: PathBuf, sender: Sender) -> Self {
        Self { path, sender, failing: AtomicBool::new(false) }
    }

    /// Takes what lies there now.
    pub async fn look(&self) {
        let trouble = match self.files().await {
            Ok(files) => {
                let mut trouble = None;
                for file in files {
                    if let Err(why) = self.take(&file).await {
                        trouble = Some(why);
                    }
                }
                trouble
            }
            Err(error) => Some(error.to_string()),
        };
        let failed = self.failing.swap(trouble.is_some(), Ordering::Relaxed);
        // Told once, and not at each look.
        if let Some(log) = trouble.filter(|_| !failed) {
            tracing::error!(folder = %self.path.display(), log, "notifications cannot be taken from the folder");
        }
    }

    /// The files there, by name. Links are not followed.
    async fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.path).await?;
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let named = path.extension().is_some_and(|ending| ending == "json")
                && !entry.file_name().as_encoded_bytes().starts_with(b".");
            if named && entry.file_type().await?.is_file() {
                found.push(path);
            }
        }
        found.sort();
        found.truncate(AT_ONCE);
        Ok(found)
    }

    async fn take(&self, file: &Path) -> Result<(), String> {
        match self.fate(file).await.map_err(|error| error.to_string())? {
            Fate::Done => self.put(file, "done", None).await,
            Fate::Refused(wrong) => {
                let line = |wrong: &Wrong| match wrong.place.as_str() {
                    "" => format!("{}\n", wrong.what),
                    place => format!("{place}: {}\n", wrong.what),
                };
                self.put(file, "refused", Some(wrong.iter().map(line).collect())).await
            }
            Fate::Stays(log) => return Err(log),
        }
        .map_err(|error: io::Error| error.to_string())
    }

    async fn fate(&self, file: &Path) -> io::Result<Fate> {
        let about = tokio::fs::metadata(file).await?;
        if about.len() > LARGEST {
            return Ok(Fate::Refused(vec![Wrong::new("", "The file is larger than 1 MiB.")]));
        }
        let drafts = match Draft::read(&tokio::fs::read(file).await?) {
            Ok(drafts) => drafts,
            Err(wrong) => {
                // A time ahead, of a clock that was put back, does not hold it up for ever.
                let age = self.sender.now() - Instant::from(about.modified()?);
                let young = age >= TimeDelta::zero() && age < WRITING;
                return Ok(match young && wrong.iter().any(|wrong| wrong.place.starts_with("line ")) {
                    true => Fate::Stays(format!("{} may still be being written", file.display())),
                    false => Fate::Refused(wrong),
                });
            }
        };
        Ok(match self.sender.send(drafts, None).await {
            Ok(_) => Fate::Done,
            Err(NotTaken::Wrong(wrong) | NotTaken::Conflict(wrong)) => Fate::Refused(wrong),
            Err(NotTaken::Later(log)) => Fate::Stays(log),
        })
    }

    /// Moves a file, and says why.
    async fn put(&self, file: &Path, below: &str, why: Option<String>) -> io::Result<()> {
        let folder = self.path.join(below);
        tokio::fs::create_dir_all(&folder).await?;
        let name = file.file_name().unwrap_or_default();
        let to = folder.join(name);
        if let Some(why) = why {
            let mut told = to.clone().into_os_string();
            told.push(".why");
            tokio::fs::write(told, why).await?;
        }
        tokio::fs::rename(file, to).await
    }
}
