//! From the keys that were found to the typed sections, with their secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use hubcommander_audit::SigningKey;
use hubcommander_auth_plugins::{Setup as AuthPlugins, approval, duo, okta};
use hubcommander_sdk::orgs::{OrgSettings, RepoTeam, TeamGrant};
use hubcommander_sdk::protection::{Profile, Profiles, ProtectionKind};
use hubcommander_sdk::setting::Length;
use hubcommander_stethoscope_pages::oidc;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::checks::{CHECKS, only_outside_the_sandbox, time_of_day};
use super::devices::{self, Devices};
use super::keys::{self, Presence};
use super::policy::{self, PolicyFiles};
use super::problem::{Collector, Problems};
use super::secret::{self, Secret};
use super::tree::{self, Expected, Tree};
use super::value::{self, Value};
use super::{
    Audit, CommandSettings, Credentials, GitHub, Log, LogFormat, Overlay, PerMinute, Slack, Store,
    Surroundings, Travis, Web,
};
use crate::audit::{Place, Schedule, Settings};
use crate::directory;
use crate::notices;
use crate::nudges;

/// What could be made of the file. A section is missing if it could not be read or one of its secrets is not
/// there, so that `hubcommander check` can still try the others.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    /// `[slack]`.
    pub slack: Option<Slack>,
    /// `[github]`.
    pub github: Option<GitHub>,
    /// `[orgs]`.
    pub orgs: BTreeMap<String, OrgSettings>,
    /// `[commands]`.
    pub commands: BTreeMap<String, CommandSettings>,
    /// `[protection]`.
    pub protection: Profiles,
    /// `[store]`.
    pub store: Option<Store>,
    /// `[audit]`.
    pub audit: Audit,
    /// `[travis]`.
    pub travis: Option<Travis>,
    /// `[policy]`, with what is in the files.
    pub policy: PolicyFiles,
    /// `[auth_plugins.approval]`.
    pub approval: Option<approval::Settings>,
    /// `[device_sources]` and `[practices]`.
    pub devices: Devices,
    /// `[directory]`.
    pub directory: directory::Settings,
    /// `[farewell]`, if it is there.
    pub farewell: Option<crate::farewell::settings::Settings>,
    /// When it is looked for strangers, if it is.
    pub sweep_at: Option<NaiveTime>,
    /// `[nudges]`, if they are enabled.
    pub nudges: Option<nudges::Settings>,
    /// `[limits]`.
    pub limits: PerMinute,
    /// `[auth_plugins]`, as far as people prove there who they are.
    pub auth_plugins: AuthPlugins,
    /// `[auth_plugins.passkey]`: what people's devices call the bot.
    pub passkey: Option<String>,
    /// `[break_glass]`: who may; nobody where it is off.
    pub break_glass: BTreeSet<String>,
    /// `web.history_days`.
    pub history_days: u32,
    /// `[notifications]`.
    pub notifications: Option<notices::Settings>,
    /// `[web]`.
    pub web: Option<Web>,
    /// `[log]`.
    pub log: Log,
}

/// What the local servers stand in for.
const OVERLAID: &[&str] = &["slack.bot_token", "slack.app_token", "github.token", "travis.token"];

/// The secrets of where people sign in.
pub(super) fn login_secrets(web: Option<&Web>) -> impl Iterator<Item = &Secret> {
    web.into_iter().flat_map(|web| &web.login).map(|login| &login.client_secret)
}

impl Sections {
    /// Reads a text, and what is wrong with it. `path` is what problems call it.
    #[must_use]
    pub fn read(
        path: &Path,
        text: &str,
        surroundings: &Surroundings<'_>,
        overlay: Option<&Overlay>,
    ) -> (Self, Problems) {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut problems = Collector::new(text);
        let given = if overlay.is_some() { OVERLAID } else { &[] };
        let tree = tree::read(text, &Expected { commands: surroundings.commands, given }, &mut problems);
        for (name, check) in CHECKS {
            if overlay.is_none() || !only_outside_the_sandbox(name) {
                check(&tree, &mut problems);
            }
        }
        let plain: toml::Table = toml::from_str(text).unwrap_or_default();
        let mut reading = Reading { tree: &tree, surroundings, fetches: true, problems: &mut problems };
        let (sections, sources) = match overlay {
            None => (reading.sections(&plain), reading.device_sources()),
            Some(overlay) => (reading.sandbox(&plain, overlay), overlay.device_sources.clone()),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        // Nothing of the sandbox leaves the machine.
        let directory = reading.directory(&plain, folder, overlay.is_none());
        let devices = devices::read(&tree, &plain, sources, &mut problems);
        let policy = policy::read(&tree, folder, &mut problems);
        (Self { policy, devices, directory, ..sections }, problems.finish(path))
    }

    /// Every secret that is there, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (slack, github) = (self.slack.as_ref(), self.github.as_ref());
        secrets(slack, github, self.travis.as_ref(), self.store.as_ref(), &self.audit)
            .chain(self.auth_plugins.secrets())
            .chain(self.devices.sources.secrets())
            .chain(self.directory.secrets())
            .chain(self.notifications.iter().flat_map(notices::Settings::secrets))
            .chain(login_secrets(self.web.as_ref()))
    }
}

/// The secrets of these sections.
pub(super) fn secrets<'s>(
    slack: Option<&'s Slack>,
    github: Option<&'s GitHub>,
    travis: Option<&'s Travis>,
    store: Option<&'s Store>,
    audit: &'s Audit,
) -> impl Iterator<Item = &'s Secret> {
    let slack = slack.into_iter().flat_map(|slack| [&slack.bot_token, &slack.app_token]);
    let client = github.and_then(|github| github.client_secret.as_ref());
    let github = github.map(|github| match &github.credentials {
        Credentials::Token(token) => token,
        Credentials::App { private_key, .. } => private_key,
    });
    let travis = travis.map(|travis| &travis.token);
    // The store's address is a secret where it holds a password. A plain path is none, and would blot out the
    // very words that say what is wrong with it.
    let store = store.map(|store| &store.url).filter(|url| secret::has_password(url));
    slack.chain(github).chain(client).chain(travis).chain(store).chain(&audit.key)
}

/// What a file says about people's devices, and nothing else of it: no secret is fetched.
pub(super) fn devices_alone(path: &Path, text: &str, surroundings: &Surroundings<'_>) -> (Devices, Problems) {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut elsewhere = Collector::new(text);
    let expected = Expected { commands: surroundings.commands, given: &[] };
    let tree = tree::read(text, &expected, &mut elsewhere);
    if tree.is_unreadable("practices") {
        return (Devices::default(), elsewhere.finish(path));
    }
    let plain: toml::Table = toml::from_str(text).unwrap_or_default();
    let sources =
        Reading { tree: &tree, surroundings, fetches: false, problems: &mut elsewhere }.device_sources();
    let mut problems = Collector::new(text);
    let devices = devices::read(&tree, &plain, sources, &mut problems);
    (devices, problems.finish(path))
}

/// Makes the typed sections.
pub(super) struct Reading<'a, 'p, 't> {
    pub(super) tree: &'a Tree,
    surroundings: &'a Surroundings<'a>,
    /// Whether secrets are fetched; else empty ones stand for those that are named.
    fetches: bool,
    pub(super) problems: &'p mut Collector<'t>,
}

impl Reading<'_, '_, '_> {
    fn sections(&mut self, plain: &toml::Table) -> Sections {
        let bot_token = self.secret("slack.bot_token", bot_token);
        let app_token = self.secret("slack.app_token", app_token);
        let credentials = self.credentials();
        let store = self.store();
        let travis = self.secret("travis.token", travis_token);
        let key = self.secret("audit.key", audit_key);
        let login = self.login();
        let client_secret = self.secret("github.client_secret", token);
        let github = self.github(self.address("github.api_url"), credentials);
        Sections {
            slack: self.slack(self.address("slack.api_url"), bot_token, app_token),
            github: github.map(|github| GitHub { client_secret, ..github }),
            store: store.map(|url| Store { url }),
            audit: self.audit(key),
            travis: travis.and_then(|token| self.travis(self.address("travis.api_url")?, token)),
            auth_plugins: self.auth_plugins(),
            notifications: self.notifications(true),
            web: self.web().map(|web| Web { login, ..web }),
            ..self.rest(plain)
        }
    }

    fn sandbox(&mut self, plain: &toml::Table, overlay: &Overlay) -> Sections {
        let (bot_token, app_token) = (overlay.bot_token.clone(), overlay.app_token.clone());
        let credentials = Credentials::Token(overlay.github_token.clone());
        Sections {
            slack: self.slack(Some(overlay.slack_api_url.clone()), Some(bot_token), Some(app_token)),
            github: self
                .github(Some(overlay.github_api_url.clone()), Some(credentials))
                .map(|github| GitHub { client_id: Some(overlay.github_client_id.clone()), ..github }),
            store: Some(Store { url: overlay.store_url.clone() }),
            audit: self.audit(None),
            travis: overlay.travis.clone().and_then(|(api_url, token)| self.travis(api_url, token)),
            auth_plugins: overlay.auth_plugins.clone(),
            // Nothing of the sandbox leaves the machine.
            notifications: self.notifications(false),
            ..self.rest(plain)
        }
    }

    fn slack(
        &self,
        api_url: Option<Url>,
        bot_token: Option<Secret>,
        app_token: Option<Secret>,
    ) -> Option<Slack> {
        Some(Slack {
            api_url: api_url?,
            bot_token: bot_token?,
            app_token: app_token?,
            listen: self.texts("slack.listen", &[]),
            ignore: self.texts("slack.ignore", &[]),
            alarm_channel: self.text("slack.alarm_channel", &[]),
            pacing: self.flag("slack.pacing", &[]),
            connections: self.number("slack.connections")?.try_into().ok()?,
        })
    }

    fn github(&self, api_url: Option<Url>, credentials: Option<Credentials>) -> Option<GitHub> {
        let unclear_wait = match self.value("github.unclear_wait", &[])? {
            Value::Time(wait) => wait,
            _ => Duration::from_secs(11),
        };
        let client_id = self.text("github.client_id", &[]);
        Some(GitHub {
            api_url: api_url?,
            credentials: credentials?,
            client_id,
            client_secret: None,
            unclear_wait,
        })
    }

    fn travis(&self, api_url: Url, token: Secret) -> Option<Travis> {
        match self.value("travis.sync_wait", &[])? {
            Value::Time(sync_wait) => Some(Travis { api_url, token, sync_wait }),
            _ => None,
        }
    }

    fn audit(&self, key: Option<Secret>) -> Audit {
        let announce = self.tree.one("audit.announce", &[]).is_some();
        let schedule = || {
            let at = time_of_day(&self.text("audit.announce.at", &[])?)?;
            match self.value("audit.announce.every", &[])? {
                Value::Time(every) => Some(Schedule { at, every: every.as_secs().try_into().ok()? }),
                _ => None,
            }
        };
        let file = self.text("audit.announce.file", &[]).map(|path| Place::File(path.into()));
        let syslog =
            self.text("audit.announce.syslog", &[]).and_then(|log| log.parse().ok()).map(Place::Syslog);
        let keep = match self.value("audit.keep", &[]) {
            Some(Value::Time(keep)) => Some(keep),
            _ => None,
        };
        let settings = Settings {
            key: key.as_ref().and_then(|key| SigningKey::from_pem(key.expose_secret()).ok()).map(Arc::new),
            public_keys: self
                .texts("audit.public_keys", &[])
                .iter()
                .filter_map(|key| key.parse().ok())
                .collect(),
            keep,
            schedule: announce.then(schedule).flatten(),
            channel: self.text("audit.announce.channel", &[]),
            places: file.into_iter().chain(syslog).collect(),
        };
        Audit { settings, key }
    }

    /// The sections that look the same in the sandbox.
    fn rest(&self, plain: &toml::Table) -> Sections {
        let format = match self.text("log.format", &[]).as_deref() {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        };
        let filter = self.text("log.filter", &[]).unwrap_or_else(|| "info".to_owned());
        Sections {
            orgs: self
                .tree
                .all("orgs.*")
                .map(|org| (org.owner().to_owned(), self.org(org.owner())))
                .collect(),
            commands: self
                .tree
                .all("commands.*")
                .map(|command| (command.owner().to_owned(), self.command(command.owner(), plain)))
                .collect(),
            protection: self
                .tree
                .all("protection.*")
                .map(|profile| (profile.owner().to_owned(), self.profile(profile.owner())))
                .collect(),
            approval: self.approval(),
            passkey: self
                .tree
                .one("auth_plugins.passkey", &[])
                .and_then(|_| self.text("auth_plugins.passkey.name", &[])),
            break_glass: self.texts("break_glass.people", &[]).into_iter().collect(),
            sweep_at: self
                .text("members.sweep_at", &[])
                .and_then(|at| NaiveTime::from_num_seconds_from_midnight_opt(time_of_day(&at)?, 0)),
            nudges: self.nudges(),
            farewell: self.farewell(),
            limits: self.limits(),
            history_days: self
                .number("web.history_days")
                .and_then(|days| days.try_into().ok())
                .unwrap_or(400),
            web: self.web(),
            log: Log { format, filter },
            ..Sections::default()
        }
    }

    fn org(&self, name: &str) -> OrgSettings {
        // What the organisation does not say is as for all of them.
        let of = |key: &str| match self.tree.one(&format!("orgs.*.{key}"), &[name]) {
            Some(_) => ("orgs.*", vec![name]),
            None => ("org_defaults", vec![]),
        };
        let (section, owner) = of("new_repo_teams");
        let new_repo_teams = self.entries(&format!("{section}.new_repo_teams"), &owner, |path, names| {
            Some(TeamGrant {
                name: self.text(&format!("{path}.name"), names)?,
                permission: self.text(&format!("{path}.permission"), names)?,
            })
        });
        let (section, owner) = of("repo_teams");
        let repo_teams = self.entries(&format!("{section}.repo_teams"), &owner, |path, names| {
            Some(RepoTeam {
                name: self.text(&format!("{path}.name"), names)?,
                permission: self.text(&format!("{path}.permission"), names)?,
                repos: self.text(&format!("{path}.repos"), names)?,
            })
        });
        let (section, owner) = of("base_permission");
        OrgSettings {
            base_permission: self.text(&format!("{section}.base_permission"), &owner),
            repo_teams,
            aliases: self.texts("orgs.*.aliases", &[name]),
            public_only: self.flag("orgs.*.public_only", &[name]),
            new_repo_teams,
            collab_validation_teams: self.texts("orgs.*.collab_validation_teams", &[name]),
            member_teams: self.texts("orgs.*.member_teams", &[name]),
            service_accounts: self.texts("orgs.*.service_accounts", &[name]),
            lease_default: self.length("orgs.*.lease_default", name),
            lease_longest: self.length("orgs.*.lease_longest", name),
            description: self.text("orgs.*.description", &[name]).unwrap_or_default(),
        }
    }

    /// The entries of a list of sections, which all have a `name`, in the order of the file.
    fn entries<T>(&self, list: &str, owner: &[&str], read: impl Fn(&str, &[&str]) -> Option<T>) -> Vec<T> {
        self.entries_of(list, "name", owner, read)
    }

    /// The same where another key than `name` is in each of them.
    fn entries_of<T>(
        &self,
        list: &str,
        known_by: &str,
        owner: &[&str],
        read: impl Fn(&str, &[&str]) -> Option<T>,
    ) -> Vec<T> {
        let (path, key) = (format!("{list}.*"), format!("{list}.*.{known_by}"));
        let found = self.tree.all(&key).filter_map(|found| {
            let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
            names.starts_with(owner).then(|| read(&path, &names)).flatten()
        });
        found.collect()
    }

    fn profile(&self, name: &str) -> Profile {
        let flag = |path: &'static str| self.flag(path, &[name]);
        let kind = match self.text("protection.*.kind", &[name]).as_deref() {
            Some("ruleset") => ProtectionKind::Ruleset,
            _ => ProtectionKind::Classic,
        };
        let reviews = match self.value("protection.*.reviews", &[name]) {
            Some(Value::Number(reviews)) => reviews.try_into().ok(),
            _ => None,
        };
        Profile {
            kind,
            reviews,
            dismiss_stale: flag("protection.*.dismiss_stale"),
            code_owners: flag("protection.*.code_owners"),
            checks: self.texts("protection.*.checks", &[name]),
            up_to_date: flag("protection.*.up_to_date"),
            admins: flag("protection.*.admins"),
            linear_history: flag("protection.*.linear_history"),
            signatures: flag("protection.*.signatures"),
            allow_force_pushes: flag("protection.*.allow_force_pushes"),
            allow_deletions: flag("protection.*.allow_deletions"),
            conversation_resolution: flag("protection.*.conversation_resolution"),
        }
    }

    fn length(&self, key: &'static str, name: &str) -> Option<Length> {
        match self.value(key, &[name])? {
            Value::Time(time) => Some(Length { seconds: time.as_secs().try_into().ok()? }),
            _ => None,
        }
    }

    fn command(&self, name: &str, plain: &toml::Table) -> CommandSettings {
        let own = plain
            .get("commands")
            .and_then(toml::Value::as_table)
            .and_then(|all| all.iter().find(|(typed, _)| typed.eq_ignore_ascii_case(name)))
            .and_then(|(_, section)| section.as_table());
        let common = |key: &str| keys::keys_in("commands.*").any(|known| known.name() == key);
        CommandSettings {
            enabled: self.flag("commands.*.enabled", &[name]),
            hidden: self.flag("commands.*.hidden", &[name]),
            auth: self.texts("commands.*.auth", &[name]),
            settings: own
                .into_iter()
                .flatten()
                .filter(|(key, _)| !common(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        }
    }

    fn nudges(&self) -> Option<nudges::Settings> {
        if !self.flag("nudges.enabled", &[]) {
            return None;
        }
        Some(nudges::Settings {
            day: self.text("nudges.day", &[])?.parse().ok()?,
            hour: self.number("nudges.hour")?.try_into().ok()?,
            every: TimeDelta::try_days(self.number("nudges.every_days")?)?,
            only: self.texts("nudges.only", &[]).iter().map(|name| name.trim().to_lowercase()).collect(),
        })
    }

    fn limits(&self) -> PerMinute {
        let number = |key: &str| self.number(key).and_then(|number| u32::try_from(number).ok());
        PerMinute {
            commands: number("limits.commands_per_minute").and_then(NonZeroU32::new),
            changes: number("limits.changes_per_minute").and_then(NonZeroU32::new),
        }
    }

    fn approval(&self) -> Option<approval::Settings> {
        self.tree.one("auth_plugins.approval", &[])?;
        let span = |key: &str| match self.value(key, &[]) {
            Some(Value::Time(time)) => TimeDelta::from_std(time).ok(),
            _ => None,
        };
        let deputies = self.entries_of("auth_plugins.approval.deputies", "of", &[], |path, names| {
            Some((self.text(&format!("{path}.of"), names)?, self.text(&format!("{path}.by"), names)?))
        });
        Some(approval::Settings {
            channel: self.text("auth_plugins.approval.channel", &[])?,
            approvers: self.texts("auth_plugins.approval.approvers", &[]),
            valid: span("auth_plugins.approval.valid")?,
            remind_every: span("auth_plugins.approval.remind_every")?,
            deputies: deputies.into_iter().collect(),
            deputies_after: span("auth_plugins.approval.deputies_after")?,
        })
    }

    fn auth_plugins(&mut self) -> AuthPlugins {
        let okta_token = self.secret("auth_plugins.okta.api_token", token);
        let okta = okta_token.and_then(|token| Some((self.address("auth_plugins.okta.url")?, token)));
        AuthPlugins { duo: self.duo(), okta: okta.map(|(url, token)| okta::Settings::new(url, token)) }
    }

    /// Questions of the security team. Without `outside` neither the door nor the webhook is there.
    fn notifications(&mut self, outside: bool) -> Option<notices::Settings> {
        self.tree.one("notifications", &[])?;
        let length = |key: &str| match self.value(key, &[]) {
            Some(Value::Time(time)) => TimeDelta::from_std(time).ok(),
            _ => None,
        };
        let (escalate_after, keep) = (length("notifications.escalate_after")?, length("notifications.keep")?);
        let mut settings = notices::Settings {
            channel: self
                .text("notifications.channel", &[])
                .or_else(|| self.text("slack.alarm_channel", &[])),
            escalate_after,
            keep,
            folder: self.text("notifications.folder", &[]).map(Into::into),
            ..notices::Settings::default()
        };
        if outside {
            let (now, before) = (
                self.secret("notifications.secret", signing_secret),
                self.secret("notifications.previous_secret", signing_secret),
            );
            settings.secrets = now.into_iter().chain(before).collect();
            let secret = self.secret("notifications.webhook.secret", signing_secret);
            settings.webhook = secret.and_then(|secret| {
                Some(notices::Webhook { url: self.address("notifications.webhook.url")?, secret })
            });
        }
        Some(settings)
    }

    /// The accounts at Duo that could be read.
    fn duo(&mut self) -> Option<duo::Settings> {
        let domains: Vec<String> =
            self.tree.all("auth_plugins.duo.*").map(|account| account.owner().to_owned()).collect();
        let accounts: BTreeMap<String, duo::Account> = domains
            .into_iter()
            .filter_map(|domain| {
                let of = [domain.as_str()];
                // Each is fetched, so that what is wrong with any of them is said.
                let integration_key = self.secret_of("auth_plugins.duo.*.integration_key", &of, duo_key);
                let secret_key = self.secret_of("auth_plugins.duo.*.secret_key", &of, duo_key);
                let Some(Value::Time(deadline)) = self.value("auth_plugins.duo.*.deadline", &of) else {
                    return None;
                };
                let account = duo::Account {
                    api_url: self.address_of("auth_plugins.duo.*.api_url", &of)?,
                    integration_key: integration_key?,
                    secret_key: secret_key?,
                    deadline,
                };
                Some((domain.to_lowercase(), account))
            })
            .collect();
        (!accounts.is_empty()).then(|| duo::Settings::new(accounts))
    }

    fn web(&self) -> Option<Web> {
        self.tree.one("web", &[])?;
        let Value::Socket(listen) = self.value("web.listen", &[])? else { return None };
        let public_url = match self.value("web.public_url", &[]) {
            Some(Value::Address(url)) => Some(url),
            _ => None,
        };
        Some(Web { listen, public_url, login: Vec::new() })
    }

    /// Where people can sign in, as far as it could be read.
    fn login(&mut self) -> Vec<oidc::Settings> {
        let names: Vec<String> = self.tree.all("web.login.*").map(|found| found.owner().to_owned()).collect();
        let mut read = |name: String| {
            let of = [name.as_str()];
            // Fetched first, so that what is wrong with it is said in any case.
            let client_secret = self.secret_of("web.login.*.client_secret", &of, token)?;
            Some(oidc::Settings {
                title: self.text("web.login.*.title", &of).unwrap_or_else(|| name.clone()),
                issuer: self.address_of("web.login.*.issuer", &of)?,
                client_id: self.text("web.login.*.client_id", &of)?,
                client_secret,
                domains: self.texts("web.login.*.domains", &of).into_iter().collect(),
                entra: self.flag("web.login.*.entra", &of),
                name,
            })
        };
        names.into_iter().filter_map(&mut read).collect()
    }

    fn credentials(&mut self) -> Option<Credentials> {
        let github = self.tree.one("github", &[])?;
        if self.tree.one("github.app", &[]).is_some() {
            let private_key = self.secret("github.app.private_key", private_key)?;
            let Some(Value::Number(id)) = self.value("github.app.id", &[]) else { return None };
            return Some(Credentials::App { id: id.try_into().ok()?, private_key });
        }
        if self.tree.lacks("github.token") && self.tree.lacks("github.app") {
            self.problems.at(
                github.at.clone(),
                "`[github]` has neither `token` nor `app`.",
                "Add `token = { env = \"GITHUB_TOKEN\" }`.",
            );
        }
        self.secret("github.token", github_token).map(Credentials::Token)
    }

    /// The store's address.
    fn store(&mut self) -> Option<Secret> {
        match self.value("store.url", &[])? {
            Value::Text(url) => Some(SecretString::from(url)),
            _ => self.secret("store.url", store_url),
        }
    }

    /// Fetches each secret of a list.
    pub(super) fn secrets(&mut self, path: &str, wrong: Wrong) -> Vec<Secret> {
        let Some(found) = self.tree.one(path, &[]) else { return Vec::new() };
        let Value::Secrets(sources) = &found.value else { return Vec::new() };
        let fetched = sources.iter().map(|(source, at)| self.fetch(source, found.key.name(), at, wrong));
        fetched.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// Fetches a secret and looks whether it can be what it is meant to be.
    pub(super) fn secret(&mut self, path: &str, wrong: Wrong) -> Option<Secret> {
        self.secret_of(path, &[], wrong)
    }

    /// The same of a section that has one of these names.
    pub(super) fn secret_of(&mut self, path: &str, names: &[&str], wrong: Wrong) -> Option<Secret> {
        let found = self.tree.one(path, names)?;
        let Value::Secret(source) = &found.value else { return None };
        let key = found.key.name();
        let name = names.last().copied().filter(|_| key == "*").unwrap_or(key);
        self.fetch(source, name, &found.at, wrong)
    }

    fn fetch(
        &mut self,
        source: &secret::Source,
        name: &str,
        at: &Range<usize>,
        wrong: Wrong,
    ) -> Option<Secret> {
        if !self.fetches {
            return Some(SecretString::default());
        }
        match source.fetch(self.surroundings.environment, self.surroundings.command_limit) {
            Ok(secret) => match wrong(secret.expose_secret()) {
                None => return Some(secret),
                Some((what, cure)) => self.problems.at(at.clone(), format!("`{name}` {what}"), cure),
            },
            Err(missing) => self.problems.at(at.clone(), missing.what, missing.cure),
        }
        None
    }

    /// The value of a key, or its default. The defaults are written in the table of keys as in the file, and
    /// are read as the file is.
    pub(super) fn value(&self, path: &str, names: &[&str]) -> Option<Value> {
        if let Some(found) = self.tree.one(path, names) {
            return Some(found.value.clone());
        }
        let key = keys::find(path)?;
        let Presence::Default(default) = key.presence else { return None };
        value::default(key, default)
    }

    pub(super) fn text(&self, path: &str, names: &[&str]) -> Option<String> {
        match self.value(path, names)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn texts(&self, path: &str, names: &[&str]) -> Vec<String> {
        match self.value(path, names) {
            Some(Value::Texts(texts)) => texts.into_iter().map(|(text, _)| text).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn flag(&self, path: &str, names: &[&str]) -> bool {
        matches!(self.value(path, names), Some(Value::Flag(true)))
    }

    pub(super) fn number(&self, path: &str) -> Option<i64> {
        match self.value(path, &[])? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// An address without a slash at the end of its path.
    pub(super) fn address(&self, path: &str) -> Option<Url> {
        self.address_of(path, &[])
    }

    /// The same of a section that has one of these names.
    fn address_of(&self, path: &str, names: &[&str]) -> Option<Url> {
        let Some(Value::Address(mut url)) = self.value(path, names) else { return None };
        let trimmed = url.path().trim_end_matches('/').to_owned();
        url.set_path(&trimmed);
        Some(url)
    }
}

/// Says what is wrong with a secret and what to do, if something is. The words hold none of it.
pub(super) type Wrong = fn(&str) -> Option<(&'static str, &'static str)>;

pub(super) fn token(secret: &str) -> Option<(&'static str, &'static str)> {
    (!secret.bytes().all(|byte| byte.is_ascii_graphic())).then_some((
        "has white space or other characters in it that no token has.",
        "See that the variable or file holds the token alone, without quotes.",
    ))
}

fn bot_token(secret: &str) -> Option<(&'static str, &'static str)> {
    if secret.starts_with("xapp-") {
        return Some((
            "is the app-level token, which belongs into `app_token`.",
            "Give the bot's token here: it begins with `xoxb-` and stands under OAuth & Permissions.",
        ));
    }
    if !secret.starts_with("xoxb-") {
        return Some((
            "is no bot's token.",
            "Give the one that begins with `xoxb-`: in the app's settings under OAuth & Permissions.",
        ));
    }
    token(secret)
}

fn app_token(secret: &str) -> Option<(&'static str, &'static str)> {
    if secret.starts_with("xoxb-") {
        return Some((
            "is the bot's token, which belongs into `bot_token`.",
            "Give the app-level token here: it begins with `xapp-` and stands under Basic Information.",
        ));
    }
    if !secret.starts_with("xapp-") {
        return Some((
            "is no app-level token.",
            "Give the one that begins with `xapp-`: in the app's settings under Basic Information.",
        ));
    }
    token(secret)
}

fn github_token(secret: &str) -> Option<(&'static str, &'static str)> {
    if secret.starts_with("xox") || secret.starts_with("xapp-") {
        return Some(("is a token of Slack.", "Give GitHub's: it begins with `ghp_` or `github_pat_`."));
    }
    token(secret)
}

fn travis_token(secret: &str) -> Option<(&'static str, &'static str)> {
    if ["xox", "xapp-", "ghp_", "github_pat_"].iter().any(|other| secret.starts_with(other)) {
        return Some((
            "is a token of Slack or GitHub.",
            "Give Travis' own: it stands in the account's settings at Travis, under API authentication.",
        ));
    }
    token(secret)
}

pub(super) fn signing_secret(secret: &str) -> Option<(&'static str, &'static str)> {
    (!notices::sign::is_secret(secret)).then_some((
        "is no secret to sign with.",
        "It is `whsec_` and 24 to 64 bytes in base64: `echo \"whsec_$(openssl rand -base64 32)\"` makes one.",
    ))
}

fn duo_key(secret: &str) -> Option<(&'static str, &'static str)> {
    let fine = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!fine).then_some((
        "holds characters that no key of Duo has.",
        "Copy it again from the application at Duo: letters and digits alone.",
    ))
}

fn private_key(secret: &str) -> Option<(&'static str, &'static str)> {
    let pem =
        secret.contains("-----BEGIN ") && secret.contains("PRIVATE KEY-----") && secret.contains("-----END ");
    (!pem).then_some((
        "is no private key in PEM.",
        "Give the whole .pem file that GitHub made for the App, with its first and last line.",
    ))
}

fn audit_key(secret: &str) -> Option<(&'static str, &'static str)> {
    SigningKey::from_pem(secret).err().map(|_| {
        (
            "is no private key for Ed25519 in PEM.",
            "Make one with `hubcommander audit key --new PATH`, and name that file.",
        )
    })
}

fn store_url(secret: &str) -> Option<(&'static str, &'static str)> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| secret.starts_with(scheme));
    (!known).then_some((
        "is no address of a store.",
        "Give `postgres://USER:PASSWORD@HOST/DATABASE` or `sqlite://PATH`.",
    ))
}
