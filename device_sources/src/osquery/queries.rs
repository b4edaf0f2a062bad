//! What computers are asked. This is all that is collected of them; docs/osquery.md says it to those who use them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// The family of systems that a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// macOS.
    Mac,
    /// Windows.
    Windows,
    /// Linux, whichever.
    Linux,
}

/// What osquery calls the Linux systems that we know, in `os_version.platform` or `platform_like`.
const LINUX: [&str; 14] = [
    "ubuntu",
    "debian",
    "rhel",
    "fedora",
    "centos",
    "arch",
    "manjaro",
    "suse",
    "opensuse",
    "sles",
    "linuxmint",
    "pop",
    "gentoo",
    "nixos",
];

impl Family {
    /// The family in a row of `os_version`.
    pub(super) fn of(os_version: &Json) -> Option<Self> {
        let word =
            |key: &str| os_version.get(key).and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
        let (platform, like) = (word("platform"), word("platform_like"));
        match platform.as_str() {
            "darwin" => Some(Self::Mac),
            "windows" => Some(Self::Windows),
            _ => {
                let mut words = like.split_whitespace().chain([platform.as_str()]);
                words.any(|word| LINUX.contains(&word)).then_some(Self::Linux)
            }
        }
    }

    /// A query that gives a row on such a computer. An error in it would abort everything that is asked, so it uses
    /// nothing but `os_version`, which is everywhere.
    pub(super) const fn discovery(self) -> &'static str {
        match self {
            Self::Mac => "SELECT 1 FROM os_version WHERE platform = 'darwin'",
            Self::Windows => "SELECT 1 FROM os_version WHERE platform = 'windows'",
            Self::Linux => "SELECT 1 FROM os_version WHERE platform NOT IN ('darwin', 'windows')",
        }
    }
}

/// A query, by the name that its answers are kept under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// `encryption`, `firewall` and so on; `os`, `interfaces` and `software` are of no practice of their own.
    pub name: &'static str,
    /// In osquery's SQL.
    pub sql: String,
}

/// What every computer is asked.
const ALL: [(&str, &str); 1] = [("os", "SELECT * FROM os_version")];

const MAC: [(&str, &str); 6] = [
    // The built-in interface alone: an adapter belongs to a desk, not to a computer.
    ("interfaces", "SELECT interface, mac FROM interface_details WHERE interface = 'en0'"),
    // The boot and the data volume. `encrypted` alone would be true of every disk behind a T2 or Apple's own chip.
    (
        "encryption",
        "SELECT m.path, d.filevault_status, d.encrypted FROM mounts m JOIN disk_encryption d ON d.name = m.device \
         WHERE m.path IN ('/', '/System/Volumes/Data')",
    ),
    ("firewall", "SELECT global_state FROM alf"),
    (
        "autoupdate",
        "SELECT 'managed' AS origin, name, value FROM managed_policies WHERE domain = 'com.apple.SoftwareUpdate' \
         UNION ALL SELECT 'preferences' AS origin, key AS name, value FROM preferences \
         WHERE path = '/Library/Preferences/com.apple.SoftwareUpdate.plist' AND key IN ('AutomaticCheckEnabled', \
         'AutomaticDownload', 'AutomaticallyInstallMacOSUpdates', 'CriticalUpdateInstall', 'ConfigDataInstall')",
    ),
    // The table `screenlock` gives a daemon nothing: it is of whoever is logged in.
    (
        "screenlock",
        "SELECT name, value FROM managed_policies WHERE domain = 'com.apple.screensaver' \
         AND name IN ('askForPassword', 'askForPasswordDelay')",
    ),
    ("remotelogin", "SELECT remote_login FROM sharing_preferences"),
];

const WINDOWS: [(&str, &str); 5] = [
    ("interfaces", "SELECT interface, mac FROM interface_details WHERE physical_adapter = 1"),
    // The system's drive alone: an encrypted stick says nothing of it.
    (
        "encryption",
        "SELECT drive_letter, protection_status, conversion_status, percentage_encrypted FROM bitlocker_info \
         WHERE drive_letter = 'C:'",
    ),
    ("firewall", "SELECT firewall FROM windows_security_center"),
    ("autoupdate", "SELECT autoupdate FROM windows_security_center"),
    (
        "screenlock",
        "SELECT name, data FROM registry WHERE path = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\\
         CurrentVersion\\Policies\\System\\InactivityTimeoutSecs'",
    ),
];

const LINUX_QUERIES: [(&str, &str); 3] = [
    // What is plugged in by USB has a `u` in its name.
    (
        "interfaces",
        "SELECT interface, mac FROM interface_details WHERE (interface LIKE 'enp%' OR interface LIKE 'eno%' \
         OR interface LIKE 'wlp%') AND interface NOT LIKE '%u%'",
    ),
    (
        "encryption",
        "SELECT m.path, d.encrypted, d.encryption_status FROM mounts m JOIN disk_encryption d ON d.name = m.device \
         WHERE m.path = '/'",
    ),
    ("firewall", "SELECT chain, policy FROM iptables WHERE filter_name = 'filter' AND chain = 'INPUT'"),
];

/// What a computer of this family is asked; of an unknown one only which it is.
pub(super) fn queries(family: Option<Family>, software: &BTreeSet<String>) -> Vec<Query> {
    let own: &[(&'static str, &'static str)] = match family {
        Some(Family::Mac) => &MAC,
        Some(Family::Windows) => &WINDOWS,
        Some(Family::Linux) => &LINUX_QUERIES,
        None => &[],
    };
    let fixed = ALL.iter().chain(own).map(|&(name, sql)| Query { name, sql: sql.to_owned() });
    fixed.chain(family.and_then(|family| installed(family, software))).collect()
}

/// Looks for these products, and for nothing else.
fn installed(family: Family, software: &BTreeSet<String>) -> Option<Query> {
    if software.is_empty() {
        return None;
    }
    let names: Vec<String> =
        software.iter().map(|name| format!("'{}'", name.trim().to_lowercase().replace('\'', "''"))).collect();
    let names = names.join(", ");
    let sql = match family {
        Family::Mac => format!(
            "SELECT name, bundle_short_version AS version FROM apps WHERE lower(name) IN ({names}) \
             UNION SELECT bundle_identifier AS name, bundle_short_version AS version FROM apps \
             WHERE lower(bundle_identifier) IN ({names}) \
             UNION SELECT label AS name, '' AS version FROM launchd WHERE lower(label) IN ({names})"
        ),
        Family::Windows => format!(
            "SELECT name, version FROM programs WHERE lower(name) IN ({names}) \
             UNION SELECT name, '' AS version FROM services WHERE lower(name) IN ({names}) AND status = 'RUNNING'"
        ),
        Family::Linux => format!(
            "SELECT name, version FROM deb_packages WHERE lower(name) IN ({names}) \
             UNION SELECT name, version FROM rpm_packages WHERE lower(name) IN ({names}) \
             UNION SELECT name, '' AS version FROM processes WHERE lower(name) IN ({names})"
        ),
    };
    Some(Query { name: "software", sql })
}
