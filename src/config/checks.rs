//! What must hold of the values, beyond each having its shape. One named function per rule.

mod device_sources;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use hubcommander_audit::PublicKey;
use hubcommander_outbound::leads_here;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::directory::{directories_are_reached, directory_has_time, scim_has_an_address};
use super::farewell::farewells_are_heard;
use super::keys::{GATES, KEYS, Shape};
use super::near::{listed, nearest};
use super::pages::{pages_have_a_host, people_can_sign_in};
use super::problem::Collector;
use super::tree::{Found, Tree};
use super::value::Value;
use crate::audit::Syslog;

/// A rule.
type Check = fn(&Tree, &mut Collector<'_>);

/// All rules, by name.
pub(super) static CHECKS: &[(&str, Check)] = &[
    ("the file is no longer the sandbox's", not_the_sandbox),
    ("plain http is for loopback only", addresses_are_safe),
    ("the store's address is one we can open, without a password", store_is_known),
    ("channels are given by id", channels_are_ids),
    ("no channel is both listened to and ignored", channels_are_clear),
    ("GitHub has one credential", one_credential),
    ("people come back from GitHub to somewhere", linking_leads_back),
    ("we wait until GitHub has given up", unclear_wait_is_long_enough),
    ("a step has time to wait for Travis", sync_wait_is_short_enough),
    ("the audit can be sealed and announced as it says", audit_holds_together),
    ("accounts at Duo are for domains, each once", duo_has_domains),
    ("Duo, Okta and sources of devices have the address of a host", step_ups_have_hosts),
    ("the clock of LANDESK hangs somewhere", device_sources::landesk_has_a_zone),
    ("the password of LANDESK travels in private", device_sources::landesk_is_private),
    ("tokens of Jamf are at a path", device_sources::jamf_has_a_path),
    ("osquery's agents are heard in private", device_sources::osquery_is_private),
    ("osquery's agents have time", device_sources::osquery_has_time),
    ("there is time to look at a phone", duo_waits_long_enough),
    ("passkeys have an address that browsers take", passkeys_have_an_address),
    ("the pages have a host of their own", pages_have_a_host),
    ("people can sign in", people_can_sign_in),
    ("the glass can be broken by two, and loudly", glass_can_be_broken),
    ("SCIM has an address, and tokens with names", scim_has_an_address),
    ("there is time between two readings of a directory", directory_has_time),
    ("directories are named as they are reached", directories_are_reached),
    ("somebody hears what came of notifications", notifications_are_heard),
    ("it is looked for strangers at a time of day", strangers_are_looked_for_at_a_time),
    ("those who are nudged are named by e-mail or group", nudges_are_for_somebody),
    ("somebody hears who is let go", farewells_are_heard),
    ("organisations are named as GitHub allows", organisations_are_logins),
    ("every name and alias means one organisation", organisations_differ),
    ("teams are given by slug", teams_are_slugs),
    ("permissions are GitHub's", permissions_are_known),
    ("each team is granted once", teams_differ),
    ("repositories are named by letters that they can have", repositories_can_fit),
    ("each command has one section", commands_differ),
    ("gates are known", gates_are_known),
    ("the log's filter can be read", filter_is_valid),
    ("profiles have names that people can type", profiles_have_names),
    ("profiles ask for what GitHub can keep", profiles_hold_together),
    ("the profile that `on` means is there", default_profile_is_there),
];

/// Rules that do not hold where the local servers stand in for Slack and GitHub.
pub(super) fn only_outside_the_sandbox(check: &str) -> bool {
    check == "the file is no longer the sandbox's"
}

fn not_the_sandbox(tree: &Tree, problems: &mut Collector<'_>) {
    for found in tree.all("sandbox") {
        if matches!(found.value, Value::Flag(true)) {
            problems.at(
                found.name_at.start..found.at.end,
                "This file is still the one for the sandbox: its organisations and channels are invented.",
                "Put your organisations under `[orgs]` and your channel's id into `alarm_channel`, see that the \
                 tokens' variables are set, then remove this line. To try it without any of that: \
                 `hubcommander sandbox`.",
            );
        }
    }
}

fn addresses_are_safe(tree: &Tree, problems: &mut Collector<'_>) {
    for found in KEYS.iter().filter(|key| key.shape == Shape::Address).flat_map(|key| tree.all(key.path)) {
        let Value::Address(url) = &found.value else { continue };
        let name = found.key.name();
        if !url.username().is_empty() || url.password().is_some() {
            problems.at(
                found.at.clone(),
                format!("`{name}` has a user name or password in it."),
                "Leave them out; secrets have keys of their own.",
            );
        }
        let asks = url.query().is_some() && found.key.path != "directory.http.url";
        if asks || url.fragment().is_some() {
            problems.at(found.at.clone(), format!("`{name}` has a `?` or `#` part."), "Leave that part out.");
        }
        if url.scheme() == "http" && !leads_here(url) {
            problems.at(
                found.at.clone(),
                format!("`{name}` is plain http to another machine, where anybody on the way can read it."),
                "Write `https://`; plain `http://` is for 127.0.0.1, [::1] and localhost only.",
            );
        }
    }
}

fn store_is_known(tree: &Tree, problems: &mut Collector<'_>) {
    let Some((found, url)) = tree.one("store.url", &[]).and_then(|found| Some((found, found.text()?))) else {
        return;
    };
    let path = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
    let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    match path {
        Some(path) if path.is_empty() || path.contains(":memory:") => problems.at(
            found.at.clone(),
            "`url` names no file, so nothing would survive a restart.",
            "Write the file's path, such as `url = \"sqlite://data/hubcommander.db\"`.",
        ),
        Some(path) if path.contains('?') => problems.at(
            found.at.clone(),
            "`url` has settings after a `?`, which a file does not take.",
            "Leave them out.",
        ),
        Some(_) => {}
        None if postgres => match Url::parse(url) {
            Ok(url) if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") => {
                problems.at(
                    found.at.clone(),
                    "`url` holds a password in plain text.",
                    "Give the whole address as a secret, `url = { env = \"DATABASE_URL\" }`, or leave the password \
                     out and set `PGPASSWORD`.",
                );
            }
            Ok(url) if url.has_host() => {}
            _ => problems.at(
                found.at.clone(),
                "`url` is no address of a PostgreSQL database.",
                "Write `url = \"postgres://USER@HOST/DATABASE\"`.",
            ),
        },
        None => problems.at(
            found.at.clone(),
            "`url` names a kind of store that there is not.",
            "Write `url = \"sqlite://data/hubcommander.db\"` or `url = \"postgres://USER@HOST/DATABASE\"`.",
        ),
    }
}

/// A text with its place.
type Placed<'t> = (&'t str, Range<usize>);

/// The texts of a list with this path.
fn texts<'t>(tree: &'t Tree, path: &'t str) -> impl Iterator<Item = (&'t Found, Placed<'t>)> {
    tree.all(path)
        .flat_map(|found| found.texts().iter().map(move |(text, at)| (found, (text.as_str(), at.clone()))))
}

fn channels_are_ids(tree: &Tree, problems: &mut Collector<'_>) {
    let alarm =
        tree.all("slack.alarm_channel").filter_map(|found| Some((found, (found.text()?, found.at.clone()))));
    let announced = tree
        .all("audit.announce.channel")
        .filter_map(|found| Some((found, (found.text()?, found.at.clone()))));
    let notified = tree
        .all("notifications.channel")
        .filter_map(|found| Some((found, (found.text()?, found.at.clone()))));
    let farewells =
        tree.all("farewell.channel").filter_map(|found| Some((found, (found.text()?, found.at.clone()))));
    let all = texts(tree, "slack.listen")
        .chain(texts(tree, "slack.ignore"))
        .chain(alarm)
        .chain(farewells)
        .chain(announced)
        .chain(notified);
    for (found, (id, at)) in all {
        let begins = id.starts_with(['C', 'G', 'D']);
        if !(begins && id.len() > 2 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())) {
            problems.at(
                at,
                format!("`{id}` in `{}` is no channel id.", found.key.name()),
                "Write the id, such as `C0123ABCD`: in Slack, open the channel's details; it stands at the bottom.",
            );
        }
    }
}

fn channels_are_clear(tree: &Tree, problems: &mut Collector<'_>) {
    for (_, (id, at)) in texts(tree, "slack.ignore") {
        if texts(tree, "slack.listen").any(|(_, (listened, _))| listened == id) {
            problems.at(
                at,
                format!("`{id}` is in `listen` and in `ignore`."),
                "Remove it from one of the two.",
            );
        }
    }
}

fn one_credential(tree: &Tree, problems: &mut Collector<'_>) {
    let (token, app) = (tree.one("github.token", &[]), tree.one("github.app", &[]));
    if let (Some(_), Some(app)) = (token, app) {
        problems.at(
            app.name_at.clone(),
            "`[github]` has a `token` and an `app`.",
            "Keep one of the two; an App can do less harm.",
        );
    }
}

fn linking_leads_back(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(secret) = tree.one("github.client_secret", &[]) else { return };
    if tree.lacks("github.client_id") {
        let cure = "Add `client_id`, or remove `client_secret`.";
        problems.at(secret.name_at.clone(), "`client_secret` stands there without a `client_id`.", cure);
    }
    if tree.lacks("web.public_url") {
        problems.at(
            secret.name_at.clone(),
            "With `client_secret` people come back from GitHub to `web.public_url`, and that is not given.",
            "Add `public_url = \"https://hubcommander.example.com\"` to `[web]`; or remove `client_secret`, so that they type a code.",
        );
    }
}

fn unclear_wait_is_long_enough(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(found) = tree.one("github.unclear_wait", &[]) else { return };
    let local = matches!(
        tree.one("github.api_url", &[]).map(|found| &found.value),
        Some(Value::Address(url)) if leads_here(url)
    );
    let Value::Time(wait) = found.value else { return };
    if !local && wait < Duration::from_secs(10) {
        problems.at(
            found.at.clone(),
            "`unclear_wait` is shorter than the 10 s that GitHub may take, so a write could happen after we looked.",
            "Write `unclear_wait = \"11s\"`, or leave it out.",
        );
    }
}

fn sync_wait_is_short_enough(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(found) = tree.one("travis.sync_wait", &[]) else { return };
    let Value::Time(wait) = found.value else { return };
    if wait > Duration::from_secs(50) {
        problems.at(
            found.at.clone(),
            "`sync_wait` is longer than the 50 s that one try of a step has.",
            "Write `sync_wait = \"45s\"`, or leave it out: there are five tries.",
        );
    }
}

fn audit_holds_together(tree: &Tree, problems: &mut Collector<'_>) {
    for (_, (key, at)) in texts(tree, "audit.public_keys") {
        if let Err(error) = key.parse::<PublicKey>() {
            let cure = "Write what `hubcommander audit key` prints where the private key is.";
            problems.at(at, format!("`{key}` in `public_keys` is {error}."), cure);
        }
    }
    if let Some(found) = tree.one("audit.keep", &[])
        && matches!(found.value, Value::Time(keep) if keep < Duration::from_secs(30 * 24 * 3600))
    {
        let what = "`keep` is shorter than 30 days, so what people want to undo could be gone.";
        problems.at(
            found.at.clone(),
            what,
            "Write `keep = \"30d\"` or more, or leave it out to keep everything.",
        );
    }
    let Some(announce) = tree.one("audit.announce", &[]) else { return };
    let places = ["audit.announce.channel", "audit.announce.file", "audit.announce.syslog"];
    if places.iter().all(|place| tree.lacks(place)) {
        let what = "`[audit.announce]` names no place.";
        problems.at(announce.name_at.clone(), what, "Add `channel`, `file` or `syslog`.");
    }
    if let Some((found, at)) =
        tree.one("audit.announce.at", &[]).and_then(|found| Some((found, found.text()?)))
        && time_of_day(at).is_none()
    {
        let what = format!("`{at}` is no time of day.");
        problems.at(found.at.clone(), what, "Write it as `at = \"09:00\"`.");
    }
    if let Some(found) = tree.one("audit.announce.every", &[])
        && matches!(found.value, Value::Time(every) if !(60..=24 * 3600).contains(&every.as_secs()))
    {
        problems.at(
            found.at.clone(),
            "`every` is not from a minute to a day.",
            "Write, for example, `every = \"24h\"`.",
        );
    }
    if let Some((found, log)) =
        tree.one("audit.announce.syslog", &[]).and_then(|found| Some((found, found.text()?)))
        && let Err(error) = log.parse::<Syslog>()
    {
        problems.at(
            found.at.clone(),
            format!("`{log}` is {error}."),
            "Write, for example, `syslog = \"tcp://logs.example.com:601\"`.",
        );
    }
}

/// Seconds after midnight of a time such as `09:00`.
pub(super) fn time_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str, below: u32| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|number: &u32| two && *number < below)
    };
    Some(number(hours, 24)? * 3600 + number(minutes, 60)? * 60)
}

fn notifications_are_heard(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(section) = tree.one("notifications", &[]) else { return };
    let there = |key: &str| tree.one(key, &[]).is_some();
    if !["notifications.channel", "slack.alarm_channel", "notifications.webhook"].into_iter().any(there) {
        problems.at(
            section.name_at.clone(),
            "Nobody would hear what people answer.",
            "Add `channel = \"C0SECURITY\"`, or a `[notifications.webhook]`.",
        );
    }
    if let Some(secret) = tree.one("notifications.secret", &[])
        && !there("web")
    {
        problems.at(
            secret.name_at.clone(),
            "`secret` lets items in by HTTP, and there is no web server.",
            "Add `[web]`, or take `secret` out.",
        );
    }
    let bounds = [
        ("notifications.escalate_after", 60, 14 * 86_400, "It is from `\"1m\"` to `\"14d\"`."),
        ("notifications.keep", 15 * 86_400, u64::MAX, "It is `\"15d\"` or more."),
    ];
    for (key, least, most, cure) in bounds {
        if let Some(found) = tree.one(key, &[])
            && let Value::Time(time) = &found.value
            && !(least..=most).contains(&time.as_secs())
        {
            let what = format!("`{}` is too short or too long.", found.key.name());
            problems.at(found.at.clone(), what, cure);
        }
    }
}

fn duo_has_domains(tree: &Tree, problems: &mut Collector<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for found in tree.all("auth_plugins.duo.*") {
        let domain = found.owner();
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if !domain.contains('.') || domain.starts_with('.') || !domain.chars().all(fine) {
            problems.at(
                found.name_at.clone(),
                format!("`{domain}` is no domain of e-mail addresses."),
                "Write what stands after the @, in quotes: `[auth_plugins.duo.\"example.com\"]`.",
            );
        } else if let Some(other) = seen.insert(domain.to_lowercase(), domain) {
            problems.at(
                found.name_at.clone(),
                format!("`{domain}` and `{other}` are one domain: case does not count."),
                "Keep one section.",
            );
        }
    }
}

fn step_ups_have_hosts(tree: &Tree, problems: &mut Collector<'_>) {
    for found in [
        "auth_plugins.duo.*.api_url",
        "auth_plugins.okta.url",
        "device_sources.fleet.url",
        "device_sources.jamf.url",
        "device_sources.sample.url",
        "directory.okta.url",
    ]
    .iter()
    .flat_map(|path| tree.all(path))
    {
        let Value::Address(url) = &found.value else { continue };
        if !url.path().trim_end_matches('/').is_empty() {
            problems.at(
                found.at.clone(),
                format!("`{}` has more in it than a host.", found.key.name()),
                format!("Write the host alone, such as `{}`.", found.key.example),
            );
        }
    }
}

fn passkeys_have_an_address(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(passkey) = tree.one("auth_plugins.passkey", &[]) else { return };
    if cfg!(not(feature = "passkey")) {
        problems.at(
            passkey.name_at.clone(),
            "This program was built without passkeys.",
            "Build it with the feature `passkey`, or remove the section.",
        );
    }
    let Some(found) = tree.one("web.public_url", &[]) else {
        problems.at(
            passkey.name_at.clone(),
            "Passkeys need the page that people reach, and `web.public_url` does not say where it is.",
            "Add `public_url = \"https://hubcommander.example.com\"` to `[web]`, or remove this section.",
        );
        return;
    };
    let Value::Address(url) = &found.value else { return };
    let named = url.domain().is_some_and(|host| url.scheme() == "https" || host == "localhost");
    if !named || !url.path().trim_end_matches('/').is_empty() {
        problems.at(
            found.at.clone(),
            "Browsers offer no passkeys at this `public_url`.",
            "Write `https://` and the name of a host, without a path.",
        );
    }
}

fn glass_can_be_broken(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(section) = tree.one("break_glass", &[]) else { return };
    if tree.one("auth_plugins.passkey", &[]).is_none() {
        problems.at(
            section.name_at.clone(),
            "It takes the passkeys of two people to break the glass, and there are none here.",
            "Add `[auth_plugins.passkey]`, or remove this section.",
        );
    }
    if tree.one("slack.alarm_channel", &[]).is_none() {
        problems.at(
            section.name_at.clone(),
            "Nobody would hear that the glass was broken: there is no `slack.alarm_channel`.",
            "Add `alarm_channel = \"C0123ABCD\"` to `[slack]`, or remove this section.",
        );
    }
    let mut known: BTreeMap<&str, ()> = BTreeMap::new();
    for (_, (id, at)) in texts(tree, "break_glass.people") {
        let rest = id.strip_prefix(['U', 'W']).unwrap_or_default();
        if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            problems.at(
                at,
                format!("`{id}` in `people` is no person's id."),
                "Write the id, such as `U0123ABCD`: in Slack, open the person's profile, then the three dots, then Copy \
                 member ID.",
            );
        }
        known.insert(id, ());
    }
    if let Some(people) = tree.one("break_glass.people", &[])
        && known.len() < 2
    {
        problems.at(
            people.at.clone(),
            "It takes two different people to break the glass.",
            "Name two or more; three, so that one may be away.",
        );
    }
}

fn duo_waits_long_enough(tree: &Tree, problems: &mut Collector<'_>) {
    for found in tree.all("auth_plugins.duo.*.deadline") {
        let Value::Time(wait) = found.value else { continue };
        if !(Duration::from_secs(10)..=Duration::from_secs(600)).contains(&wait) {
            problems.at(
                found.at.clone(),
                "`deadline` is too short to look at a phone, or longer than anybody looks at one.",
                "Write `deadline = \"70s\"`, or leave it out: Duo itself gives up after 60 s.",
            );
        }
    }
}

fn strangers_are_looked_for_at_a_time(tree: &Tree, problems: &mut Collector<'_>) {
    if let Some((found, at)) =
        tree.one("members.sweep_at", &[]).and_then(|found| Some((found, found.text()?)))
        && at != "off"
        && time_of_day(at).is_none()
    {
        let what = format!("`{at}` is no time of day.");
        problems.at(found.at.clone(), what, "Write `sweep_at = \"02:30\"`, in UTC, or `\"off\"`.");
    }
}

fn nudges_are_for_somebody(tree: &Tree, problems: &mut Collector<'_>) {
    for (_, (name, at)) in texts(tree, "nudges.only") {
        if !name.contains('@') && name.strip_prefix("slack:").is_none_or(str::is_empty) {
            problems.at(
                at.clone(),
                format!("`{name}` is neither an e-mail address nor a user group, so nobody is meant."),
                "Write `\"ana@example.com\"`, or `\"slack:pilot\"` for the group `@pilot`.",
            );
        }
    }
}

/// Letters, digits and single hyphens inside, at most 39.
fn is_login(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= 39
        && edge(name.chars().next())
        && edge(name.chars().last())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn organisations_are_logins(tree: &Tree, problems: &mut Collector<'_>) {
    for found in tree.all("orgs.*") {
        if !is_login(found.owner()) {
            problems.at(
                found.name_at.clone(),
                format!("`{}` cannot be an organisation at GitHub.", found.owner()),
                "Write its login, as in the address of its page: letters, digits and hyphens.",
            );
        }
    }
    if let Some(orgs) = tree.one("orgs", &[]).filter(|_| tree.lacks("orgs.*")) {
        problems.at(
            orgs.name_at.clone(),
            "There is no organisation.",
            "Add a section `[orgs.NAME]` with the login of one that the bot is to manage.",
        );
    }
    for (_, (alias, at)) in texts(tree, "orgs.*.aliases") {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if alias.is_empty() || alias.starts_with('-') || !alias.chars().all(fine) {
            problems.at(
                at,
                format!("`{alias}` cannot be typed as an alias."),
                "Use letters, digits, `-`, `_` and `.` only, and do not begin with `-`.",
            );
        }
    }
}

fn organisations_differ(tree: &Tree, problems: &mut Collector<'_>) {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for found in tree.all("orgs.*") {
        if let Some(other) = owners.insert(found.owner().to_lowercase(), found.owner()) {
            problems.at(
                found.name_at.clone(),
                format!("`{}` and `{other}` are one organisation: case does not count.", found.owner()),
                "Keep one section.",
            );
        }
    }
    let mut aliases: BTreeMap<String, &str> = BTreeMap::new();
    for (found, (alias, at)) in texts(tree, "orgs.*.aliases") {
        let low = alias.to_lowercase();
        if let Some(name) = owners.get(&low) {
            let whose = if *name == found.owner() {
                "its own organisation's name"
            } else {
                "the name of an organisation"
            };
            problems.at(at, format!("The alias `{alias}` is {whose}."), "Remove it.");
        } else if let Some(other) = aliases.insert(low, found.owner()) {
            problems.at(
                at,
                format!("The alias `{alias}` is given twice: to `{other}` and to `{}`.", found.owner()),
                "Keep it at one of them.",
            );
        }
    }
}

/// The lists of teams with permissions: where the names stand, and where the permissions.
const TEAM_LISTS: [(&str, &str); 4] = [
    ("org_defaults.new_repo_teams.*.name", "org_defaults.new_repo_teams.*.permission"),
    ("org_defaults.repo_teams.*.name", "org_defaults.repo_teams.*.permission"),
    ("orgs.*.new_repo_teams.*.name", "orgs.*.new_repo_teams.*.permission"),
    ("orgs.*.repo_teams.*.name", "orgs.*.repo_teams.*.permission"),
];

/// What GitHub makes of a team's name.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn teams_are_slugs(tree: &Tree, problems: &mut Collector<'_>) {
    let names = TEAM_LISTS
        .iter()
        .flat_map(|(list, _)| tree.all(list))
        .filter_map(|found| Some((found.text()?, found.at.clone())))
        .chain(texts(tree, "orgs.*.collab_validation_teams").map(|(_, text)| text))
        .chain(texts(tree, "orgs.*.member_teams").map(|(_, text)| text));
    for (name, at) in names {
        let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(fine) {
            let slug = slug(name.rsplit_once('/').map_or(name, |(_, last)| last));
            let cure = if slug.is_empty() {
                "Write the last part of the address of the team's page.".to_owned()
            } else {
                format!("Write `\"{slug}\"`, if that is the last part of the address of the team's page.")
            };
            problems.at(at, format!("`{name}` is no team's slug."), cure);
        }
    }
}

/// GitHub's own permissions, from the least to the most.
const PERMISSIONS: [&str; 5] = ["pull", "triage", "push", "maintain", "admin"];

fn permissions_are_known(tree: &Tree, problems: &mut Collector<'_>) {
    for found in TEAM_LISTS.iter().flat_map(|(_, list)| tree.all(list)) {
        let Some(permission) = found.text().filter(|permission| !PERMISSIONS.contains(permission)) else {
            continue;
        };
        let lower = permission.to_lowercase();
        // The words on GitHub's pages are not those of its API. Anything else may be a custom role, unless it
        // is one slip away from a permission.
        let meant = match lower.as_str() {
            "read" => Some("pull"),
            "write" => Some("push"),
            "owner" | "administrator" => Some("admin"),
            _ => PERMISSIONS.into_iter().find(|known| strsim::damerau_levenshtein(&lower, known) <= 1),
        };
        let cure = match meant {
            Some(meant) => format!("Write `permission = \"{meant}\"`."),
            None if permission.trim().is_empty() || permission.chars().any(char::is_control) => {
                format!("Write one of {}, or the name of a custom role.", listed(PERMISSIONS))
            }
            None => continue,
        };
        let what = match permission.trim() {
            "" => "The permission is empty.".to_owned(),
            permission => format!("`{permission}` is no permission at GitHub."),
        };
        problems.at(found.at.clone(), what, cure);
    }
}

fn teams_differ(tree: &Tree, problems: &mut Collector<'_>) {
    let mut seen: BTreeMap<(&str, &str), ()> = BTreeMap::new();
    for found in tree.all("orgs.*.new_repo_teams.*.name") {
        let Some(team) = found.text() else { continue };
        if seen.insert((found.owner(), team), ()).is_some() {
            problems.at(
                found.at.clone(),
                format!("The team `{team}` is in `new_repo_teams` of `{}` twice.", found.owner()),
                "Keep the entry with the permission that is meant.",
            );
        }
    }
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    for found in tree.all("org_defaults.new_repo_teams.*.name") {
        if found.text().is_some_and(|team| seen.insert(team, ()).is_some()) {
            problems.at(
                found.at.clone(),
                format!("The team `{}` is in `new_repo_teams` twice.", found.text().unwrap_or_default()),
                "Keep the entry with the permission that is meant.",
            );
        }
    }
}

fn repositories_can_fit(tree: &Tree, problems: &mut Collector<'_>) {
    for found in ["org_defaults.repo_teams.*.repos", "orgs.*.repo_teams.*.repos"]
        .iter()
        .flat_map(|path| tree.all(path))
    {
        let Some(pattern) = found.text() else { continue };
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
        if pattern.is_empty() || !pattern.chars().all(fine) {
            problems.at(
                found.at.clone(),
                format!("No repository's name fits `{pattern}`."),
                "Write a name without its organisation, or a part of it with `*` for the rest: `\"service-*\"`.",
            );
        }
    }
}

fn commands_differ(tree: &Tree, problems: &mut Collector<'_>) {
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    for found in tree.all("commands.*") {
        if seen.insert(found.owner(), ()).is_some() {
            problems.at(
                found.name_at.clone(),
                format!("The command `{}` has two sections: case does not count.", found.owner()),
                "Put them together into one.",
            );
        }
    }
}

fn gates_are_known(tree: &Tree, problems: &mut Collector<'_>) {
    for (found, (gate, at)) in texts(tree, "commands.*.auth") {
        if !GATES.contains(&gate) {
            let cure = match nearest(gate, GATES.iter().copied()) {
                Some(near) => format!("Write `\"{near}\"`."),
                None => format!("Remove it. This version knows {}.", listed(GATES.iter().copied())),
            };
            let what = format!(
                "`{gate}` in `auth` of `{}` is nothing that this version can ask for.",
                found.owner()
            );
            problems.at(at, what, cure);
        }
    }
}

fn filter_is_valid(tree: &Tree, problems: &mut Collector<'_>) {
    for found in tree.all("log.filter") {
        if let Some(Err(error)) = found.text().map(EnvFilter::try_new) {
            problems.at(
                found.at.clone(),
                format!("`filter` cannot be read: {error}."),
                "Write a level (`error`, `warn`, `info`, `debug`, `trace`), or `MODULE=LEVEL` parted by commas.",
            );
        }
    }
}

/// Words that `!SetBranchProtection` takes in place of a profile.
const NO_PROFILES: [&str; 2] = ["on", "off"];

fn profiles_have_names(tree: &Tree, problems: &mut Collector<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for found in tree.all("protection.*") {
        let name = found.owner();
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let at = found.name_at.clone();
        if name.is_empty() || name.starts_with('-') || !name.chars().all(fine) {
            problems.at(
                at,
                format!("`{name}` cannot be typed as the name of a profile."),
                "Use letters, digits, `-` and `_` only, and do not begin with `-`.",
            );
        } else if NO_PROFILES.iter().any(|word| word.eq_ignore_ascii_case(name)) {
            problems.at(
                at,
                format!("`{name}` cannot be the name of a profile: people type it to switch protection {name}."),
                "Give it another name. Which one `on` means, `default_profile` of `[commands.SetBranchProtection]` says.",
            );
        } else if let Some(other) = seen.insert(name.to_lowercase(), name) {
            problems.at(
                at,
                format!("`{name}` and `{other}` are one profile: case does not count."),
                "Give one of them another name.",
            );
        }
    }
}

fn profiles_hold_together(tree: &Tree, problems: &mut Collector<'_>) {
    for profile in tree.all("protection.*") {
        let names = [profile.owner()];
        let has = |path: &str| tree.one(path, &names);
        let on = |path: &str| has(path).filter(|found| matches!(found.value, Value::Flag(true)));
        let ruleset = has("protection.*.kind").and_then(Found::text) == Some("ruleset");
        if has("protection.*.reviews").is_none() {
            let conversations = on("protection.*.conversation_resolution").filter(|_| ruleset);
            let alone = on("protection.*.dismiss_stale").into_iter();
            for found in alone.chain(on("protection.*.code_owners")).chain(conversations) {
                problems.at(
                    found.name_at.start..found.at.end,
                    format!("`{}` does nothing without `reviews`.", found.key.name()),
                    "Add `reviews = 1`, or remove this line.",
                );
            }
        }
        let checks = has("protection.*.checks");
        if checks.is_none_or(|checks| checks.texts().is_empty())
            && let Some(found) = on("protection.*.up_to_date")
        {
            problems.at(
                found.name_at.start..found.at.end,
                "`up_to_date` does nothing without `checks`.",
                "Add `checks = [\"NAME\"]` with the name of a check, or remove this line.",
            );
        }
        let mut seen = Vec::new();
        for (name, at) in checks.map(Found::texts).unwrap_or_default() {
            if name.trim().is_empty() {
                problems.at(at.clone(), "A check has no name.", "Write its name, or remove it.");
            } else if seen.contains(&name) {
                problems.at(at.clone(), format!("The check `{name}` is there twice."), "Remove one.");
            }
            seen.push(name);
        }
    }
}

fn default_profile_is_there(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(own) = tree.own("SetBranchProtection", "default_profile") else { return };
    let names = || tree.all("protection.*").map(Found::owner);
    if names().any(|name| name.eq_ignore_ascii_case(&own.text)) {
        return;
    }
    let cure = match nearest(&own.text, names()) {
        Some(near) => format!("Write `\"{near}\"`."),
        None if names().next().is_none() => format!("Add a section `[protection.{}]`.", own.text),
        None => format!("Write one of {}, or add a section `[protection.NAME]`.", listed(names())),
    };
    problems.at(own.at.clone(), format!("There is no profile `{}`.", own.text), cure);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_names_of_their_own() {
        let mut names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CHECKS.len());
        assert_eq!(names.iter().filter(|name| only_outside_the_sandbox(name)).count(), 1);
    }

    #[test]
    fn a_team_s_name_becomes_its_slug() {
        assert_eq!(slug("The A-Team (EU)"), "the-a-team-eu");
        assert_eq!(slug("§"), "");
    }
}
