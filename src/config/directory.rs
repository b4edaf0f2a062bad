//! `[directory]`: where it is known who works in the company, and who is told what was linked.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use hubcommander_directory::readers::{CsvSettings, GoogleSettings, HttpSettings, OktaSettings};
use hubcommander_directory::{Field, Mapping};
use serde::de::DeserializeOwned;

use super::near::{listed, nearest};
use super::problem::Collector;
use super::secret::Secret;
use super::sections::{Reading, signing_secret, token};
use super::tree::Tree;
use super::value::Value;
use crate::directory::{Settings, WebhookSettings};

impl Reading<'_, '_, '_> {
    /// The sources whose sections could be read. Without `outside` only what stays on this machine: the CSV file,
    /// which is seen from this folder.
    pub(super) fn directory(&mut self, plain: &toml::Table, folder: &Path, outside: bool) -> Settings {
        let mut settings = Settings::default();
        if let Some(Value::Time(every)) = self.value("directory.every", &[]) {
            settings.every = every;
        }
        settings.csv = self.csv(plain, folder);
        if !outside {
            return settings;
        }
        settings.scim = self.scim();
        // Each secret is fetched, so that what is wrong with any of them is said.
        settings.okta =
            self.secret("directory.okta.token", token).and_then(|token| self.okta_directory(token));
        settings.google =
            self.secret("directory.google.key", google_key).and_then(|key| self.google_directory(key));
        settings.http = self.http_directory(plain);
        let secrets = self.secrets("directory.webhook.secrets", signing_secret);
        settings.webhook = self
            .address("directory.webhook.url")
            .filter(|_| !secrets.is_empty())
            .map(|url| WebhookSettings { url, secrets });
        settings
    }

    fn scim(&mut self) -> Option<BTreeMap<String, Secret>> {
        self.tree.one("directory.scim", &[])?;
        let names: Vec<String> =
            self.tree.all("directory.scim.tokens.*").map(|found| found.owner().to_owned()).collect();
        let mut tokens = BTreeMap::new();
        for name in names {
            let token = self.secret_of("directory.scim.tokens.*", &[name.as_str()], scim_token);
            tokens.extend(token.map(|token| (name, token)));
        }
        // A server that nobody can open is none.
        (!tokens.is_empty()).then_some(tokens)
    }

    fn okta_directory(&self, token: Secret) -> Option<OktaSettings> {
        let mut settings = OktaSettings::new(self.address("directory.okta.url")?, token);
        settings.scheme = self.text("directory.okta.scheme", &[])?;
        settings.github_login = self.text("directory.okta.github_login", &[]);
        settings.slack_user = self.text("directory.okta.slack_user", &[]);
        Some(settings)
    }

    fn google_directory(&self, key: Secret) -> Option<GoogleSettings> {
        let mut settings = GoogleSettings::new(key, self.text("directory.google.subject", &[])?).ok()?;
        settings.customer = self.text("directory.google.customer", &[])?;
        settings.github_login = self.text("directory.google.github_login", &[]);
        settings.slack_user = self.text("directory.google.slack_user", &[]);
        Some(settings)
    }

    fn http_directory(&mut self, plain: &toml::Table) -> Option<HttpSettings> {
        self.tree.one("directory.http", &[])?;
        let token = match self.tree.one("directory.http.token", &[]) {
            Some(_) => Some(self.secret("directory.http.token", token)?),
            None => None,
        };
        let mut settings = HttpSettings::new(self.address("directory.http.url")?, None);
        settings.name = self.text("directory.http.name", &[])?;
        let scheme = self.text("directory.http.scheme", &[])?;
        settings.token = token.map(|token| (AUTHORIZATION, scheme, token));
        if let Some(format) = self.written(plain, "directory.http.format", "{ json = \"/data\" }") {
            settings.format = format;
        }
        let paging = "{ cursor = { at = \"/next\", parameter = \"cursor\" } }";
        if let Some(paging) = self.written(plain, "directory.http.paging", paging) {
            settings.paging = paging;
        }
        settings.fields = self.mapping(plain, "directory.http.fields", "a JSON pointer", "/mail/work");
        Some(settings)
    }

    fn csv(&mut self, plain: &toml::Table, folder: &Path) -> Option<CsvSettings> {
        let path = self.text("directory.csv.path", &[])?;
        let mut settings = CsvSettings::new(folder.join(path));
        settings.separator = self.text("directory.csv.separator", &[])?.bytes().next()?;
        settings.headers = self.mapping(plain, "directory.csv.headers", "the name of a column", "E-Mail");
        Some(settings)
    }

    /// What stands under a key that is read as it is written.
    fn written<T: DeserializeOwned>(&mut self, plain: &toml::Table, path: &str, example: &str) -> Option<T> {
        let found = self.tree.one(path, &[])?;
        match at(plain, path)?.clone().try_into() {
            Ok(read) => Some(read),
            Err(_) => {
                let name = found.key.name();
                let what = format!("`{name}` must be {}.", found.key.shape.words());
                self.problems.at(
                    found.at.clone(),
                    what,
                    format!("Write, for example, `{name} = {example}`."),
                );
                None
            }
        }
    }

    /// Which field stands where.
    fn mapping(&mut self, plain: &toml::Table, path: &str, place: &str, example: &str) -> Mapping {
        let mut mapping = Mapping::new();
        let Some(found) = self.tree.one(path, &[]) else { return mapping };
        let names = || Field::ALL.into_iter().map(Field::name);
        for (name, value) in at(plain, path).and_then(toml::Value::as_table).into_iter().flatten() {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let text = value.as_str().filter(|text| !text.trim().is_empty());
            let is_place = text.is_some_and(|text| !path.ends_with(".fields") || text.starts_with('/'));
            let (what, cure) = match (field, text) {
                (Some(field), Some(text)) if is_place => {
                    mapping.insert(field, text.to_owned());
                    continue;
                }
                (Some(_), _) => (
                    format!("The field `{name}` must have {place} in quotes."),
                    format!("Write, for example, `{name} = \"{example}\"`."),
                ),
                (None, _) => (
                    format!("There is no field `{name}`."),
                    match nearest(name, names()) {
                        Some(near) => format!("Write `{near}`."),
                        None => format!("Remove it. The fields are {}.", listed(names())),
                    },
                ),
            };
            self.problems.at(found.name_at.clone(), what, cure);
        }
        mapping
    }
}

/// What stands at this path.
fn at<'p>(plain: &'p toml::Table, path: &str) -> Option<&'p toml::Value> {
    let (section, key) = path.rsplit_once('.')?;
    section.split('.').try_fold(plain, |table, key| table.get(key)?.as_table())?.get(key)
}

/// SCIM answers with its own address; and a token without a name is none.
pub(super) fn scim_has_an_address(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(scim) = tree.one("directory.scim", &[]) else { return };
    if tree.lacks("web") || tree.lacks("web.public_url") {
        problems.at(
            scim.name_at.clone(),
            "SCIM is heard below `web.public_url`, and that is not given.",
            "Add `public_url = \"https://hubcommander.example.com\"` to `[web]`, or remove this section.",
        );
    }
    let Some(tokens) = tree.one("directory.scim.tokens", &[]) else { return };
    if tree.lacks("directory.scim.tokens.*") {
        problems.at(
            tokens.at.clone(),
            "Without a token nobody can tell anything by SCIM.",
            "Write, for example, `tokens = { okta = { env = \"SCIM_TOKEN\" } }`.",
        );
    }
}

pub(super) fn directory_has_time(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(found) = tree.one("directory.every", &[]) else { return };
    if matches!(found.value, Value::Time(every) if every < Duration::from_secs(10)) {
        problems.at(
            found.at.clone(),
            "A directory would be read all the time.",
            "`every` is from `\"10s\"` to `\"24h\"`; `\"15m\"` is usual.",
        );
    }
}

/// What is given as text has the form that it needs.
pub(super) fn directories_are_reached(tree: &Tree, problems: &mut Collector<'_>) {
    let mut each = |path: &str, fine: fn(&str) -> bool, what: &str, cure: &str| {
        let found = tree.one(path, &[]);
        if let Some(found) = found.filter(|found| found.text().is_some_and(|text| !fine(text))) {
            problems.at(found.at.clone(), what, cure);
        }
    };
    let is_pointer: fn(&str) -> bool = |text| text.starts_with('/');
    for path in ["directory.google.github_login", "directory.google.slack_user"] {
        each(
            path,
            is_pointer,
            "This is no JSON pointer; it begins with a slash.",
            "Write, for example, `\"/customSchemas/Accounts/github\"`.",
        );
    }
    each(
        "directory.google.subject",
        super::is_email,
        "`subject` is no e-mail address.",
        "Write that of the administrator whom the service account stands in for.",
    );
    each(
        "directory.csv.separator",
        |text| matches!(text.as_bytes(), [one] if one.is_ascii() && !matches!(one, b'"' | b'\n' | b'\r')),
        "`separator` is not one character that can part columns.",
        "Write, for example, `separator = \";\"`, or `\"\\t\"` for a tab.",
    );
    each(
        "directory.csv.path",
        |text| !text.trim().is_empty(),
        "`path` names no file.",
        "Write where the file is, such as `path = \"/srv/people/people.csv\"`.",
    );
    each(
        "directory.http.scheme",
        |text| !text.is_empty() && !text.contains(' ') && HeaderValue::from_str(text).is_ok(),
        "`scheme` cannot stand in a header before a token.",
        "Write one word, such as `scheme = \"Bearer\"`.",
    );
    each(
        "directory.http.name",
        |text| !text.trim().is_empty() && !text.chars().any(char::is_control),
        "`name` is none.",
        "Write what it is called, such as `name = \"Workday\"`.",
    );
}

fn scim_token(secret: &str) -> Option<(&'static str, &'static str)> {
    let make = "Make one with `openssl rand -hex 32`.";
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if secret.len() < 32 {
        return Some(("has fewer than 32 characters, so it could be guessed.", make));
    }
    (!secret.bytes().all(fine)).then_some(("has characters other than letters, digits and `-._~+/=`.", make))
}

fn google_key(secret: &str) -> Option<(&'static str, &'static str)> {
    let is_key = serde_json::from_str::<serde_json::Value>(secret).is_ok_and(|key| key.is_object());
    (!is_key).then_some((
        "is not the key file of a service account.",
        "Give the whole JSON file that the Google Cloud console made for the service account.",
    ))
}
