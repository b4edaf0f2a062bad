//! `[policy]`: the files that say who may do what. Their text is read with the configuration; what is wrong in them is
//! found once the commands are known.

use std::path::Path;

use hubcommander_policy::{Source, Sources};

use super::problem::Collector;
use super::tree::{Found, Tree};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Who may do what, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFiles {
    /// What is in the files.
    pub sources: Sources,
    /// Whom to ask, said with a refusal.
    pub contact: Option<String>,
}

impl Default for PolicyFiles {
    fn default() -> Self {
        Self { sources: Sources::shipped(), contact: None }
    }
}

/// Reads the section, and the files that it names, which are seen from this folder.
pub(super) fn read(tree: &Tree, folder: &Path, problems: &mut Collector<'_>) -> PolicyFiles {
    let mut source = |key: &str, shipped: Source| match tree.one(key, &[]) {
        Some(found) => file(found, folder, problems).unwrap_or(shipped),
        None => shipped,
    };
    let sources = Sources {
        policy: source("policy.file", Source::shipped_policy()),
        obligations: source("policy.obligations", Source::shipped_obligations()),
    };
    let contact = tree.one("policy.contact", &[]);
    let words = contact.and_then(Found::text).map(str::trim);
    if let Some(found) = contact
        && words.is_none_or(|words| words.is_empty() || words.chars().any(char::is_control))
    {
        problems.at(
            found.at.clone(),
            "`contact` names nobody.",
            "Write whom to ask, such as `\"@it-help\"`, or leave it out.",
        );
    }
    PolicyFiles { sources, contact: words.map(str::to_owned) }
}

/// What is in the file that a key names.
fn file(found: &Found, folder: &Path, problems: &mut Collector<'_>) -> Option<Source> {
    let path = folder.join(found.text()?);
    match text(&path) {
        Ok(text) => Some(Source::new(path.display().to_string(), text)),
        Err(why) => {
            problems.at(
                found.at.clone(),
                format!("`{}` cannot be read: {why}.", path.display()),
                "See that the file is there, seen from the folder that this file is in; `hubcommander init` writes one.",
            );
            None
        }
    }
}

/// The text of a file with policies.
///
/// # Errors
/// It cannot be read, is too large, or is not text.
fn text(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > LARGEST {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    std::fs::read_to_string(path)
}
