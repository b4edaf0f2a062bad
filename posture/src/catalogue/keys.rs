//! The keys of a practice, and what was probably meant by one that is none.

use crate::record::Platform;

const PLATFORMS: &[&str] = &["macOS", "Windows", "Ubuntu", "iOS", "Android", "ChromeOS"];
const STATUSES: &[&str] = &["ok", "nudge", "warn", "na", "unknown"];
const SOFTWARE: &[&str] = &["names", "required"];
const PRACTICE: &[&str] = &[
    "title",
    "titles",
    "why",
    "link",
    "directions",
    "minutes",
    "not_on",
    "always_on",
    "when_bad",
    "when_missing",
    "required",
    "recommended",
    "grace_days",
    "since",
    "software",
    "order",
    "enabled",
];

/// A key, or a value out of a fixed set, that there is not.
pub(super) struct Unknown {
    /// Where, from the practice on.
    pub(super) path: String,
    /// What was probably meant.
    pub(super) meant: Option<&'static str>,
    /// What there is.
    pub(super) known: &'static [&'static str],
}

/// Whether all names in a practice's section are known.
pub(super) fn check(practice: &str, table: &toml::Table) -> Result<(), Unknown> {
    for (key, value) in table {
        let path = format!("{practice}.{key}");
        known(&path, key, PRACTICE)?;
        let inner = match key.as_str() {
            "titles" => STATUSES,
            "directions" | "required" | "recommended" | "not_on" | "always_on" => PLATFORMS,
            "when_bad" | "when_missing" => STATUSES,
            "software" => SOFTWARE,
            _ => continue,
        };
        each(&path, value, inner)?;
        if let Some(required) = value.get("required").filter(|_| key == "software") {
            each(&format!("{path}.required"), required, PLATFORMS)?;
        }
    }
    Ok(())
}

/// The keys of a table, the members of a list, or the value itself.
fn each(path: &str, value: &toml::Value, names: &'static [&'static str]) -> Result<(), Unknown> {
    match value {
        toml::Value::Table(table) => {
            table.keys().try_for_each(|key| known(&format!("{path}.{key}"), key, names))
        }
        toml::Value::Array(list) => list
            .iter()
            .filter_map(toml::Value::as_str)
            .try_for_each(|name| known(&format!("{path}: {name}"), name, names)),
        toml::Value::String(name) => known(&format!("{path}: {name}"), name, names),
        _ => Ok(()),
    }
}

fn known(path: &str, name: &str, names: &'static [&'static str]) -> Result<(), Unknown> {
    if names.contains(&name) {
        return Ok(());
    }
    let path = crate::text::tidy(path, 200).into_owned();
    Err(Unknown {
        path,
        meant: meant(name).filter(|meant| names.contains(meant)).or_else(|| nearest(name, names)),
        known: names,
    })
}

/// What people call a platform.
fn meant(name: &str) -> Option<&'static str> {
    match name.to_lowercase().replace([' ', '-', '_'], "").as_str() {
        "mac" | "osx" | "macosx" | "darwin" => Some("macOS"),
        "win" | "windows10" | "windows11" => Some("Windows"),
        "linux" | "debian" => Some("Ubuntu"),
        "ipados" | "iphone" | "ipad" => Some("iOS"),
        "chrome" | "chromebook" | "cros" => Some("ChromeOS"),
        _ => None,
    }
}

/// The name that `typed` is nearly, if one is near enough: about one slip in three letters. Case and the difference
/// between `-` and `_` count for nothing.
pub(super) fn nearest(typed: &str, names: &[&'static str]) -> Option<&'static str> {
    if typed.len() > 100 {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let typed = plain(typed);
    let most = (typed.chars().count() / 3).clamp(1, 3);
    let slips = |name: &&'static str| (strsim::damerau_levenshtein(&typed, &plain(name)), *name);
    names
        .iter()
        .map(slips)
        .filter(|(slips, _)| *slips <= most)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// Names in code marks, parted by commas.
pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What a version of that system looks like.
pub(super) fn version_like(platform: Platform) -> &'static str {
    match platform {
        Platform::MacOs => "15.6",
        Platform::Windows => "10.0.26100",
        Platform::Ubuntu => "24.04",
        Platform::Ios => "18.6",
        Platform::Android => "15",
        Platform::ChromeOS => "138",
    }
}
