//! The computer that an agent looks at: tables of texts.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

/// A row: the text in each column.
pub type Row = BTreeMap<String, String>;

/// Tables that every computer has, and their columns.
const EVERYWHERE: [(&str, &str); 5] = [
    ("os_version", "name version major minor patch build revision platform platform_like codename arch"),
    ("osquery_info", "version build_platform"),
    ("system_info", "hostname computer_name uuid hardware_serial hardware_model hardware_vendor"),
    ("interface_details", "interface mac physical_adapter"),
    ("processes", "pid name path"),
];

const MAC: [(&str, &str); 8] = [
    ("mounts", "device path type"),
    ("disk_encryption", "name uuid encrypted type encryption_status uid user_uuid filevault_status"),
    ("alf", "global_state stealth_enabled"),
    ("managed_policies", "domain uuid name value username manual"),
    ("preferences", "domain key subkey value path"),
    ("sharing_preferences", "screen_sharing remote_login"),
    ("apps", "name path bundle_identifier bundle_short_version"),
    ("launchd", "path name label"),
];

const WINDOWS: [(&str, &str); 5] = [
    ("bitlocker_info", "drive_letter protection_status conversion_status percentage_encrypted"),
    ("windows_security_center", "firewall autoupdate antivirus"),
    ("registry", "key path name type data"),
    ("programs", "name version publisher"),
    ("services", "name status"),
];

const LINUX: [(&str, &str); 5] = [
    ("mounts", "device path type"),
    ("disk_encryption", "name uuid encrypted type encryption_status"),
    ("iptables", "filter_name chain policy target"),
    ("deb_packages", "name version"),
    ("rpm_packages", "name version"),
];

/// A computer: which tables it has, and what is in them.
#[derive(Clone, Debug)]
pub struct Host {
    platform_type: &'static str,
    tables: BTreeMap<String, (Vec<String>, Vec<Row>)>,
}

impl Host {
    fn new(platform_type: &'static str, own: &[(&str, &str)], uuid: &str, serial: &str) -> Self {
        let columns = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let tables = EVERYWHERE.iter().chain(own);
        let tables = tables.map(|(name, text)| ((*name).to_owned(), (columns(text), Vec::new()))).collect();
        let mut host = Self { platform_type, tables };
        host.set("osquery_info", &[&[("version", "5.23.1")]]);
        host.set("system_info", &[&[("uuid", uuid), ("hardware_serial", serial), ("computer_name", "desk")]]);
        host
    }

    /// A Mac that has all as it should be.
    #[must_use]
    pub fn mac(uuid: &str, serial: &str) -> Self {
        let mut host = Self::new("21", &MAC, uuid, serial);
        host.set(
            "os_version",
            &[&[("name", "macOS"), ("version", "15.6.1"), ("build", "24G90"), ("platform", "darwin")]],
        );
        host.set(
            "interface_details",
            &[
                &[("interface", "en0"), ("mac", "a4:83:e7:00:00:71")],
                &[("interface", "en7"), ("mac", "00:50:b6:12:34:56")],
            ],
        );
        host.set(
            "mounts",
            &[
                &[("device", "/dev/disk3s1s1"), ("path", "/")],
                &[("device", "/dev/disk3s5"), ("path", "/System/Volumes/Data")],
                &[("device", "/dev/disk4s1"), ("path", "/Volumes/Stick")],
            ],
        );
        host.filevault("on");
        host.set("alf", &[&[("global_state", "1")]]);
        let on = |name: &'static str| {
            let path = "/Library/Preferences/com.apple.SoftwareUpdate.plist";
            [("path", path), ("key", name), ("value", "1")]
        };
        let keys = [
            "AutomaticCheckEnabled",
            "AutomaticDownload",
            "AutomaticallyInstallMacOSUpdates",
            "CriticalUpdateInstall",
            "ConfigDataInstall",
        ];
        let rows = keys.map(on);
        host.set("preferences", &rows.each_ref().map(|row| row.as_slice()));
        host.set(
            "managed_policies",
            &[
                &[("domain", "com.apple.screensaver"), ("name", "askForPassword"), ("value", "1")],
                &[("domain", "com.apple.screensaver"), ("name", "askForPasswordDelay"), ("value", "5")],
            ],
        );
        host.set("sharing_preferences", &[&[("remote_login", "0"), ("screen_sharing", "0")]]);
        host.set(
            "apps",
            &[
                &[
                    ("name", "Falcon.app"),
                    ("bundle_identifier", "com.example.falcon"),
                    ("bundle_short_version", "7.1"),
                ],
                &[("name", "Diary.app"), ("bundle_identifier", "com.example.diary")],
            ],
        );
        host
    }

    /// FileVault of its own volumes is `on`, `off` or `unknown`. The stick that is plugged in is not encrypted.
    pub fn filevault(&mut self, status: &str) {
        self.set(
            "disk_encryption",
            &[
                &[("name", "/dev/disk3s1s1"), ("encrypted", "1"), ("filevault_status", status)],
                &[("name", "/dev/disk3s5"), ("encrypted", "1"), ("filevault_status", status)],
                &[("name", "/dev/disk4s1"), ("encrypted", "0"), ("filevault_status", "off")],
            ],
        );
    }

    /// A Windows computer that has all as it should be.
    #[must_use]
    pub fn windows(uuid: &str, serial: &str) -> Self {
        let mut host = Self::new("2", &WINDOWS, uuid, serial);
        host.set(
            "os_version",
            &[&[
                ("name", "Microsoft Windows 11 Pro"),
                ("version", "10.0.26100"),
                ("build", "26100"),
                ("revision", "6899"),
                ("platform", "windows"),
            ]],
        );
        host.set(
            "interface_details",
            &[&[("interface", "7"), ("mac", "3c:52:82:00:00:07"), ("physical_adapter", "1")]],
        );
        host.set(
            "bitlocker_info",
            &[&[
                ("drive_letter", "C:"),
                ("protection_status", "1"),
                ("conversion_status", "1"),
                ("percentage_encrypted", "100"),
            ]],
        );
        host.set("windows_security_center", &[&[("firewall", "Good"), ("autoupdate", "Good")]]);
        let path = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\\
                    InactivityTimeoutSecs";
        host.set("registry", &[&[("path", path), ("name", "InactivityTimeoutSecs"), ("data", "600")]]);
        host
    }

    /// A computer with Ubuntu that has all as it should be.
    #[must_use]
    pub fn ubuntu(uuid: &str, serial: &str) -> Self {
        let mut host = Self::new("9", &LINUX, uuid, serial);
        host.set(
            "os_version",
            &[&[
                ("name", "Ubuntu"),
                ("version", "24.04.3 LTS (Noble Numbat)"),
                ("platform", "ubuntu"),
                ("platform_like", "debian"),
            ]],
        );
        host.set("mounts", &[&[("device", "/dev/mapper/root"), ("path", "/")]]);
        host.set(
            "disk_encryption",
            &[&[("name", "/dev/mapper/root"), ("encrypted", "1"), ("encryption_status", "encrypted")]],
        );
        host.set("iptables", &[&[("filter_name", "filter"), ("chain", "INPUT"), ("policy", "DROP")]]);
        host
    }

    /// Puts these rows in place of those of a table; columns that are not given are empty.
    pub fn set(&mut self, table: &str, rows: &[&[(&str, &str)]]) {
        if let Some((_, kept)) = self.tables.get_mut(table) {
            let row = |row: &&[(&str, &str)]| {
                row.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect()
            };
            *kept = rows.iter().map(row).collect();
        }
    }

    /// Takes a table away: whatever asks for it fails.
    pub fn without(&mut self, table: &str) {
        self.tables.remove(table);
    }

    /// The first row of a table, as an agent sends it.
    #[must_use]
    pub fn first(&self, table: &str) -> Value {
        self.tables.get(table).and_then(|(_, rows)| rows.first()).map_or_else(|| json!({}), |row| json!(row))
    }

    /// Its UUID.
    #[must_use]
    pub fn uuid(&self) -> String {
        self.first("system_info")["uuid"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn platform_type(&self) -> &'static str {
        self.platform_type
    }

    /// Runs a query. Each value is a text, as osquery sends them.
    ///
    /// # Errors
    /// SQLite's words.
    pub fn run(&self, query: &str) -> Result<Vec<Value>, String> {
        self.run_in_sqlite(query).map_err(|error| error.to_string())
    }

    fn run_in_sqlite(&self, query: &str) -> rusqlite::Result<Vec<Value>> {
        let base = Connection::open_in_memory()?;
        for (table, (columns, rows)) in &self.tables {
            let typed: Vec<String> = columns.iter().map(|column| format!("\"{column}\" TEXT")).collect();
            base.execute(&format!("CREATE TABLE {table} ({})", typed.join(", ")), [])?;
            let places = vec!["?"; columns.len()].join(", ");
            let mut insert = base.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
            for row in rows {
                let texts = columns.iter().map(|column| row.get(column).map_or("", String::as_str));
                insert.execute(rusqlite::params_from_iter(texts))?;
            }
        }
        let mut statement = base.prepare(query)?;
        let names: Vec<String> = statement.column_names().iter().map(|name| (*name).to_owned()).collect();
        let mut found = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut columns = Map::new();
            for (place, name) in names.iter().enumerate() {
                let text = match row.get_ref(place)? {
                    ValueRef::Null | ValueRef::Blob(_) => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                };
                columns.insert(name.clone(), json!(text));
            }
            found.push(Value::Object(columns));
        }
        Ok(found)
    }
}
