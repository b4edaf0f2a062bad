//! The arrows between the engine's rooms, read from the `use` lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms, from those that everybody may use to those that use everybody. A room may use those before it
/// and itself. The order inside `pipeline` is the way of a command.
const ORDER: &[&str] = &[
    "crash",
    "redact",
    "ids",
    "logging",
    "invocation",
    "store",
    "slack",
    "audit",
    "notices",
    "registry",
    "later",
    "pipeline::record",
    "pipeline::parse",
    "pipeline::rules",
    "pipeline::limits",
    "pipeline::ask",
    "pipeline::prepare",
    "pipeline::gate",
    "pipeline::glass",
    "pipeline::lockdown",
    "pipeline::locks",
    "pipeline::waits",
    "pipeline::execute",
    "pipeline::report",
    "pipeline::engine",
    "pipeline::intake",
    "policy",
    "members",
    "directory",
    "nudges",
    "builtins",
    "farewell::settings",
    "alarm",
    "config",
    "osquery",
    "devices",
    "farewell",
    "pages",
    "fleet",
    "passkeys",
    "pages",
    "web",
    "reference",
    "app",
    "glass",
    "cli",
];

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The place in the order of the room that a path such as `pipeline::gate::GatedPlan` lies in.
fn place(path: &str) -> Option<usize> {
    ORDER.iter().position(|room| path == *room || path.starts_with(&format!("{room}::")))
}

/// Every `crate::…` path in a source text, `use crate::{a, b}` taken apart.
fn mentioned(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split('}').next().unwrap();
            found.extend(list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect());
        }
    }
    found
}

#[test]
fn no_room_uses_one_that_comes_after_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(&src).unwrap().with_extension("");
        let room = relative.to_str().unwrap().replace('/', "::");
        let room = room.trim_end_matches("::mod");
        if matches!(room, "lib" | "main" | "pipeline") {
            continue;
        }
        let here =
            place(room).unwrap_or_else(|| panic!("src/{room} is not in the order of rooms: put it there"));
        *seen.entry(here).or_default() += 1;
        // What stands under `cfg(test)` may look where it likes.
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for path in mentioned(text) {
            if let Some(there) = place(&path)
                && there > here
            {
                wrong.push(format!("{room} uses {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these arrows run backwards:\n{}", wrong.join("\n"));
    assert!(seen.len() > 15, "only {} rooms were found", seen.len());
}

#[test]
fn plugins_do_not_know_the_engine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (package, forbidden) in [
        ("chatline", &["hubcommander"][..]),
        ("sdk", &["hubcommander.", "hubcommander-github", "hubcommander-commands", "tokio", "reqwest"]),
        ("commands", &["hubcommander.", "hubcommander-sandbox", "octocrab", "reqwest", "sqlx"]),
        ("github", &["hubcommander.", "hubcommander-commands", "sqlx", "slack-morphism"]),
    ] {
        let manifest = std::fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap();
        let dependencies =
            manifest.split("[dependencies]").nth(1).unwrap().split("[dev-dependencies]").next().unwrap();
        for name in forbidden {
            let found = dependencies.lines().any(|line| line.starts_with(name));
            assert!(!found, "{package} depends on {name}");
        }
    }
}
