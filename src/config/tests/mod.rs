//! Whole files, good and bad.

mod bad;

use hubcommander_sdk::setting::{Setting, SettingKind};
use secrecy::ExposeSecret as _;

use hubcommander_device_sources::{jamf, landesk};

use super::*;

static COMMANDS: &[KnownCommand] = &[
    KnownCommand::new("CreateRepo", hubcommander_commands::github::CreateRepoSettings::DECLARED),
    KnownCommand::new("ListOrgs", &[]),
    KnownCommand::new(
        "SetBranchProtection",
        hubcommander_commands::github::SetBranchProtectionSettings::DECLARED,
    ),
    KnownCommand::new(
        "Repeat",
        &[
            own("greeting", SettingKind::Text, "\"Hi\""),
            own("times", SettingKind::Number(1, 9), "2"),
            own("loud", SettingKind::Flag, "true"),
            own("tone", SettingKind::Choice(&["kind", "stern"]), "\"kind\""),
        ],
    ),
];

const fn own(name: &'static str, kind: SettingKind, example: &'static str) -> Setting {
    Setting { name, kind, default: example, example, about: "For the tests." }
}

/// The variables that the tests' files name.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "SLACK_BOT_TOKEN" => "xoxb-sandbox",
        "SLACK_APP_TOKEN" => "xapp-sandbox",
        "GITHUB_TOKEN" => "ghp_sandbox",
        "HOOK" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "SCIM" => "0123456789abcdef0123456789abcdef",
        "GOOGLE_KEY" => "{ \"private_key\": \"of a service account\" }",
        "EMPTY" => "",
        "QUOTED" => "\"ghp_sandbox with quotes\"",
        "KEY" => "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n",
        "DATABASE_URL" => "postgres://me:hunter22@db.example.com/hub",
        _ => return None,
    };
    Some(value.to_owned())
}

fn nothing_set(_: &str) -> Option<String> {
    None
}

fn read_with(environment: Environment<'_>, text: &str) -> Result<Config, Problems> {
    let surroundings = Surroundings { environment, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    Config::parse(Path::new("config.toml"), text, &surroundings)
}

fn read(text: &str) -> Result<Config, Problems> {
    read_with(&environment, text)
}

fn overlay() -> Overlay {
    Overlay {
        slack_api_url: Url::parse("http://127.0.0.1:4000/api").unwrap(),
        bot_token: "xoxb-sandbox".into(),
        app_token: "xapp-sandbox".into(),
        github_api_url: Url::parse("http://127.0.0.1:4001").unwrap(),
        github_token: "ghp_sandbox".into(),
        github_client_id: "Iv1.sandbox".to_owned(),
        travis: Some((Url::parse("http://127.0.0.1:4002").unwrap(), "travis_sandbox".into())),
        auth_plugins: AuthPlugins::default(),
        device_sources: DeviceSources::default(),
        store_url: "sqlite:///tmp/sandbox.db".into(),
    }
}

/// The least that is a configuration.
const LEAST: &str = r#"
[slack]
bot_token = { env = "SLACK_BOT_TOKEN" }
app_token = { env = "SLACK_APP_TOKEN" }

[github]
token = { env = "GITHUB_TOKEN" }

[orgs.acme]
"#;

#[test]
fn the_least_has_its_defaults() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.slack.api_url.as_str(), "https://slack.com/api");
    assert_eq!(config.github.api_url.as_str(), "https://api.github.com/");
    assert_eq!(config.github.unclear_wait, Duration::from_secs(11));
    assert_eq!(config.store.url.expose_secret(), "sqlite://data/hubcommander.db");
    assert!(config.slack.pacing && config.slack.connections == 2 && config.slack.listen.is_empty());
    assert!(config.web.is_none() && config.slack.alarm_channel.is_none());
    assert_eq!(config.log, Log::default());
    assert_eq!(config.orgs.get("acme"), Some(&OrgSettings::default()));
    assert_eq!(config.command("CreateRepo"), CommandSettings::default());
}

#[test]
fn the_shipped_file_is_ready_for_the_sandbox() {
    let surroundings =
        Surroundings { environment: &nothing_set, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    let config = Config::for_sandbox(Path::new("config.toml"), SHIPPED, &overlay(), &surroundings).unwrap();
    assert_eq!(config.slack.api_url.as_str(), "http://127.0.0.1:4000/api");
    assert_eq!(config.slack.alarm_channel.as_deref(), Some("C0SECURITY"));
    assert_eq!(config.orgs.keys().map(String::as_str).collect::<Vec<_>>(), ["acme", "acme-oss"]);
    let acme = &config.orgs["acme"];
    assert_eq!(acme.new_repo_teams.len(), 2);
    assert_eq!(
        (acme.new_repo_teams[1].name.as_str(), acme.new_repo_teams[1].permission.as_str()),
        ("bots", "pull")
    );
    assert!(config.orgs["acme-oss"].public_only && !acme.public_only);
    assert_eq!(config.web.unwrap().listen.port(), 8080);
}

#[test]
fn sources_of_devices_are_told_what_the_file_says() {
    let sources = r#"
[device_sources.fleet]
url = "https://fleet.acme.example"
token = { env = "SLACK_BOT_TOKEN" }
owner_sources = ["identity_provider"]
fleet_id = 3
[device_sources.google]
key = { env = "SLACK_BOT_TOKEN" }
subject = "admin@acme.example"
lists = ["chromeos"]
antivirus = "falcon"
oldest_patch_days = 90
[device_sources.intune]
tenant = "acme"
client_id = "1"
client_secret = { env = "SLACK_BOT_TOKEN" }
compliance = { osMinimumVersion = "uptodate" }
[device_sources.jamf]
url = "https://acme.jamfcloud.com"
client_id = "1"
client_secret = { env = "SLACK_BOT_TOKEN" }
inventory = "v3"
[device_sources.jamf.attributes]
screenlock = { name = "Lock", good = ["On"] }
[device_sources.landesk]
host = "127.0.0.1"
database = "LDMS"
user = "reader"
password = { env = "SLACK_BOT_TOKEN" }
tls = false
screenlock = "ST1"
[practices.falcon]
title = "Falcon"
why = "It tells of attacks."
software = { names = ["Falcon.app"] }
"#;
    let config = read(&format!("{LEAST}{sources}")).unwrap_or_else(|problems| panic!("{problems}"));
    let sources = config.devices.sources;
    let fleet = sources.fleet.unwrap().options;
    assert_eq!((fleet.owner_sources.len(), fleet.fleet_id), (1, Some(3)));
    let google = sources.google.unwrap();
    assert!(google.lists.chromeos && !google.lists.mobile && !google.lists.identity);
    assert_eq!(google.customer, "my_customer");
    assert_eq!(google.options.antivirus.as_deref(), Some("falcon"));
    assert_eq!(google.options.oldest_patch_days, Some(90));
    let intune = sources.intune.unwrap().options;
    assert_eq!((intune.compliance["osMinimumVersion"].as_str(), intune.defender), ("uptodate", None));
    assert_eq!(intune.compliance["firewallEnabled"], "firewall", "the usual ones stay");
    let jamf = sources.jamf.unwrap();
    assert_eq!(jamf.inventory, Some(jamf::Inventory::V3));
    let usual = jamf::Attributes::default();
    let lock = jamf.reading.attributes.screenlock.unwrap();
    assert_eq!((lock.name.as_str(), lock.bad.len()), ("Lock", 0));
    assert_eq!(jamf.reading.attributes.autoupdate, usual.autoupdate);
    let landesk = sources.landesk.unwrap();
    assert_eq!(landesk.privacy, landesk::Privacy::Plain);
    assert_eq!(
        (landesk.reading.screenlock.as_str(), landesk.reading.autoupdate.as_str()),
        ("ST1", "ST000003v2")
    );
}

#[test]
fn osquery_looks_for_the_products_that_practices_name() {
    let osquery = r#"
[device_sources.osquery]
listen = "127.0.0.1:8443"
enroll_secret = { env = "LONG_SECRET" }
refresh_within = "10s"
[device_sources.osquery.owners]
zz73 = "Ana@acme.example"
[practices.falcon]
title = "Falcon"
why = "It tells of attacks."
software = { names = ["Falcon.app"] }
"#;
    let environment = |name: &str| match name {
        "LONG_SECRET" => Some("a-secret-that-is-long-enough".to_owned()),
        other => environment(other),
    };
    let config = read_with(&environment, &format!("{LEAST}{osquery}")).unwrap();
    let setup = config.devices.sources.osquery.unwrap();
    assert_eq!(setup.settings.software, ["Falcon.app".to_owned()].into());
    assert_eq!(setup.settings.refresh_within, Duration::from_secs(10));
    assert_eq!(setup.settings.interval, Duration::from_secs(3600));
    let owners: Vec<_> = setup.settings.owners.into_iter().collect();
    assert_eq!(owners[0].0.as_str(), "ZZ73");
    assert_eq!(owners[0].1, ["ana@acme.example".to_owned()].into());
}

#[test]
fn the_shipped_file_does_not_run_and_says_what_to_set() {
    insta::assert_snapshot!(read_with(&nothing_set, SHIPPED).unwrap_err());
    // Tokens alone are not enough: its organisations are invented.
    let problems = read(SHIPPED).unwrap_err();
    assert_eq!(problems.list.len(), 1, "{problems}");
    // Once the line is gone and the tokens are there, it runs.
    read(&SHIPPED.replace("sandbox = true", "")).unwrap();
}

#[test]
fn every_key_is_in_the_shipped_file() {
    for key in keys::KEYS.iter().filter(|key| key.name() != "*" && key.path != "sandbox") {
        let name = key.name();
        let named = SHIPPED.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ', '[']);
            line.starts_with(name)
                || (key.example.is_empty() && line.starts_with(key.path))
                || line.contains(&format!("{{ {name} ="))
                || line.contains(&format!(", {name} ="))
        });
        assert!(named, "{} is not explained in config.toml", key.path);
    }
}

#[test]
fn what_is_commented_out_in_the_shipped_file_is_right_too() {
    // Each commented-out setting, put in by itself in place of what it is an alternative to.
    let mut tried = 0;
    for (index, line) in SHIPPED.lines().enumerate() {
        let Some(setting) = line.strip_prefix("# ").filter(|rest| is_setting(rest)) else { continue };
        let name = setting.split(' ').next().unwrap();
        // A credential of GitHub is one or the other.
        let instead = if name == "app" { "token" } else { name };
        let text: Vec<String> = SHIPPED
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with("sandbox"))
            .filter(|(at, line)| at.abs_diff(index) > 6 || !line.starts_with(&format!("{instead} =")))
            .map(|(at, line)| if at == index { setting.to_owned() } else { line.to_owned() })
            .collect();
        let text = text
            .join("\n")
            .replace("/run/secrets/slack_bot_token", "Cargo.toml")
            .replace(r#"["vault", "read", "-field=token", "secret/slack"]"#, r#"["echo", "xoxb-sandbox"]"#)
            .replace(r#"{ file = "/run/secrets/github-app.pem" }"#, r#"{ env = "KEY" }"#);
        match read(&text) {
            Ok(_) => tried += 1,
            // The one thing that is not there: a file with a token in it.
            Err(problems) => {
                assert!(problems.list.iter().all(|problem| problem.what.contains("token")), "{problems}");
                assert!(setting.contains("file ="), "{problems}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 9, "only {tried} settings found");
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn everything_can_be_said() {
    let config = read(
        r#"
        [store]
        url = { env = "DATABASE_URL" }
        [slack]
        api_url = "https://slack.com/api/"
        bot_token = { command = ["echo", "xoxb-from-a-command"] }
        app_token = { env = "SLACK_APP_TOKEN" }
        listen = ["C0DEV", "G0OLD"]
        ignore = ["D0ANA"]
        alarm_channel = "C0SECURITY"
        pacing = false
        connections = 10
        [github]
        api_url = "https://github.example.com/api/v3"
        app = { id = 7, private_key = { env = "KEY" } }
        unclear_wait = "1m"
        [orgs]
        acme.aliases = ["a"]
        acme.new_repo_teams = [{ name = "ops", permission = "Release manager" }]
        [commands.createrepo]
        hidden = true
        auth = ["confirm"]
        [commands.Repeat]
        enabled = false
        greeting = "Hi"
        [web]
        listen = "[::1]:80"
        public_url = "https://hub.example.com"
        [log]
        format = "json"
        filter = "warn,hubcommander=trace"
        "#,
    )
    .unwrap();
    assert_eq!(config.slack.api_url.as_str(), "https://slack.com/api");
    assert_eq!(config.slack.bot_token.expose_secret(), "xoxb-from-a-command");
    assert_eq!((config.slack.connections, config.slack.pacing), (10, false));
    assert_eq!(config.slack.listen, ["C0DEV", "G0OLD"]);
    assert!(matches!(&config.github.credentials, Credentials::App { id: 7, private_key }
        if private_key.expose_secret().ends_with("KEY-----")));
    assert_eq!(config.github.unclear_wait, Duration::from_secs(60));
    assert_eq!(config.orgs["acme"].new_repo_teams[0].permission, "Release manager");
    assert!(config.command("CreateRepo").hidden && config.command("CreateRepo").auth == ["confirm"]);
    let repeat = config.command("Repeat");
    assert!(!repeat.enabled);
    assert_eq!(repeat.settings.get("greeting").and_then(toml::Value::as_str), Some("Hi"));
    assert_eq!(repeat.settings.len(), 1);
    assert_eq!((config.log.format, config.log.filter.as_str()), (LogFormat::Json, "warn,hubcommander=trace"));
    assert_eq!(config.secrets().count(), 4, "the store's address holds a password");
}

#[test]
fn debug_shows_no_secret() {
    let config =
        read(&LEAST.replace("[slack]", "[store]\nurl = { env = \"DATABASE_URL\" }\n[slack]")).unwrap();
    let shown = format!("{config:?} {:?}", overlay());
    for secret in ["xoxb-sandbox", "xapp-sandbox", "ghp_sandbox", "hunter22"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn what_can_be_read_is_there_even_if_something_is_missing() {
    let slack_only = |name: &str| environment(name).filter(|_| name.starts_with("SLACK"));
    let surroundings =
        Surroundings { environment: &slack_only, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    let (sections, problems) = Sections::read(Path::new("config.toml"), LEAST, &surroundings, None);
    assert!(sections.slack.is_some() && sections.github.is_none() && sections.store.is_some());
    assert_eq!(problems.list.len(), 1, "{problems}");
}

#[test]
fn a_file_that_is_not_there_or_not_text_says_so() {
    let missing = read_file(Path::new("no/such.toml")).unwrap_err();
    assert!(missing.to_string().contains("`hubcommander sandbox`"), "{missing}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"a = 1\nb = \"\xFF\"").unwrap();
    let binary = read_file(file.path()).unwrap_err();
    assert_eq!(binary.list[0].what, "Line 2 is not UTF-8 text.");
    std::fs::write(file.path(), vec![b'#'; LARGEST + 1]).unwrap();
    assert!(read_file(file.path()).unwrap_err().to_string().contains("larger than 1 MiB"));
}

proptest::proptest! {
    /// Whatever is in the file, it ends with a configuration or with problems that have their cure.
    #[test]
    fn any_text_ends_in_an_answer(lines in proptest::collection::vec(
        proptest::prop_oneof![
            proptest::sample::select(LEAST.lines().map(str::to_owned).collect::<Vec<_>>()),
            proptest::sample::select(SHIPPED.lines().map(str::to_owned).collect::<Vec<_>>()),
            ".{0,30}",
        ],
        0..20,
    )) {
        let text = lines.join("\n").replace("vault", "echo");
        match read(&text) {
            Ok(_) => {}
            Err(problems) => {
                proptest::prop_assert!(!problems.list.is_empty());
                for problem in &problems.list {
                    proptest::prop_assert!(!problem.what.is_empty() && !problem.cure.is_empty());
                }
                proptest::prop_assert!(!problems.to_string().is_empty());
            }
        }
    }
}

#[test]
fn policies_are_read_from_beside_the_file_or_are_those_that_ship() {
    use hubcommander_policy::Sources;
    assert_eq!(read(LEAST).unwrap().policy, PolicyFiles::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.cedar"), "// mine\n").unwrap();
    let path = folder.path().join("config.toml");
    let read = |section: &str| {
        let surroundings =
            Surroundings { environment: &environment, commands: COMMANDS, command_limit: COMMAND_LIMIT };
        Config::parse(&path, &format!("{LEAST}[policy]\n{section}"), &surroundings)
    };
    let policy = read("file = \"mine.cedar\"\ncontact = \" @it-help \"").unwrap().policy;
    assert_eq!(policy.sources.policy.text, "// mine\n");
    assert!(policy.sources.policy.name.ends_with("mine.cedar"));
    assert_eq!(policy.sources.obligations, Sources::shipped().obligations);
    assert_eq!(policy.contact.as_deref(), Some("@it-help"));
    for (wrong, says) in [
        ("obligations = \"gone.cedar\"", "gone.cedar` cannot be read"),
        ("file = \".\"", "cannot be read"),
        ("contact = \" \"", "names nobody"),
    ] {
        let problems = read(wrong).unwrap_err();
        assert_eq!(problems.list.len(), 1, "{problems}");
        assert!(problems.to_string().contains(says), "{problems}");
        assert!(problems.list[0].place.is_some());
    }
}

#[test]
fn notifications_are_read_with_their_defaults() {
    assert!(read(LEAST).unwrap().notifications.is_none());
    let more = "[web]\n[notifications]\nsecret = { env = \"HOOK\" }\n[notifications.webhook]\n\
                url = \"https://siem.example.com/hooks/hub/\"\nsecret = { env = \"HOOK\" }\n";
    let text = format!("{LEAST}\n{more}");
    let found = read(&text).unwrap().notifications.unwrap();
    assert_eq!((found.escalate_after.num_hours(), found.keep.num_days()), (24, 90));
    assert_eq!((found.secrets.len(), found.channel, found.folder), (1, None, None));
    assert_eq!(found.webhook.unwrap().url.as_str(), "https://siem.example.com/hooks/hub");
    let secrets: Vec<String> =
        read(&text).unwrap().secrets().map(|secret| secret.expose_secret().to_owned()).collect();
    assert!(secrets.contains(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()), "kept out of the log");
    // In the sandbox nothing leaves the machine.
    let surroundings =
        Surroundings { environment: &nothing_set, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    let inside = Config::for_sandbox(Path::new("config.toml"), &text, &overlay(), &surroundings).unwrap();
    let inside = inside.notifications.unwrap();
    assert!(inside.webhook.is_none() && inside.secrets.is_empty());
}

/// All that `[directory]` can say.
const DIRECTORY: &str = r#"
[web]
public_url = "https://hub.example.com"
[directory]
every = "5m"
[directory.scim]
tokens = { okta = { env = "SCIM" }, next = { env = "SCIM" } }
[directory.okta]
url = "https://example.okta.com/"
token = { env = "GITHUB_TOKEN" }
scheme = "Bearer"
github_login = "githubUsername"
[directory.google]
key = { env = "GOOGLE_KEY" }
subject = "admin@example.com"
slack_user = "/customSchemas/Accounts/slack"
[directory.http]
name = "Workday"
url = "https://people.example.com/v1/employees?size=500"
token = { env = "GITHUB_TOKEN" }
format = { json = "/data" }
paging = { cursor = { at = "/next", parameter = "cursor" } }
[directory.http.fields]
id = "/number"
email = "/mail/work"
[directory.csv]
path = "people.csv"
separator = ";"
headers = { email = "E-Mail" }
[directory.webhook]
url = "https://people.example.com/hooks/links"
secrets = [{ env = "HOOK" }, { env = "HOOK" }]
"#;

#[test]
fn the_directory_is_read_with_all_it_can_say() {
    use hubcommander_directory::Field;
    use hubcommander_directory::readers::{Format, Paging};

    assert_eq!(read(LEAST).unwrap().directory.sources().count(), 0);
    let text = format!("{LEAST}{DIRECTORY}");
    let surroundings =
        Surroundings { environment: &environment, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    let path = Path::new("/etc/hub/config.toml");
    let config = Config::parse(path, &text, &surroundings).unwrap();
    let found = &config.directory;
    assert_eq!(found.every, Duration::from_secs(300));
    assert_eq!(found.sources().count(), 5);
    assert_eq!(found.scim.as_ref().unwrap().keys().collect::<Vec<_>>(), ["next", "okta"]);
    let okta = found.okta.as_ref().unwrap();
    assert_eq!((okta.url.as_str(), okta.scheme.as_str()), ("https://example.okta.com/", "Bearer"));
    assert_eq!(okta.github_login.as_deref(), Some("githubUsername"));
    let google = found.google.as_ref().unwrap();
    assert_eq!((google.subject.as_str(), google.customer.as_str()), ("admin@example.com", "my_customer"));
    let http = found.http.as_ref().unwrap();
    assert_eq!((http.name.as_str(), &http.format), ("Workday", &Format::Json("/data".to_owned())));
    assert_eq!(http.url.query(), Some("size=500"));
    assert!(matches!(&http.paging, Paging::Cursor { at, .. } if at == "/next"));
    assert_eq!(http.fields.get(&Field::Email).unwrap(), "/mail/work");
    let csv = found.csv.as_ref().unwrap();
    assert_eq!((csv.path.as_path(), csv.separator), (Path::new("/etc/hub/people.csv"), b';'));
    assert_eq!(csv.headers.get(&Field::Email).unwrap(), "E-Mail");
    assert_eq!(found.webhook.as_ref().unwrap().secrets.len(), 2);
    let secrets: Vec<String> = config.secrets().map(|secret| secret.expose_secret().to_owned()).collect();
    for name in ["SCIM", "GOOGLE_KEY", "HOOK"] {
        assert!(secrets.contains(&environment(name).unwrap()), "{name} is kept out of the log");
    }
    assert!(!format!("{found:?}").contains(&environment("SCIM").unwrap()));
    // In the sandbox nothing leaves the machine.
    let surroundings =
        Surroundings { environment: &nothing_set, commands: COMMANDS, command_limit: COMMAND_LIMIT };
    let inside = Config::for_sandbox(path, &text, &overlay(), &surroundings).unwrap().directory;
    assert!(inside.webhook.is_none());
    assert_eq!(inside.sources().collect::<Vec<_>>(), [crate::directory::Source::Csv]);
}

#[test]
fn what_a_directory_does_not_say_is_as_usual() {
    use hubcommander_directory::readers::{Format, Paging};

    let text = format!(
        "{LEAST}[directory.http]\nurl = \"https://people.example.com\"\n[directory.csv]\npath = \"p\"\n"
    );
    let found = read(&text).unwrap().directory;
    assert_eq!(found.every, Duration::from_secs(900));
    let http = found.http.as_ref().unwrap();
    assert_eq!((&http.format, &http.paging), (&Format::Json(String::new()), &Paging::Link));
    assert!(http.token.is_none() && http.fields.is_empty() && http.name == "the directory");
    assert_eq!(found.csv.as_ref().unwrap().separator, b',');
    let lines = text.replace("[directory.csv]", "format = \"lines\"\npaging = \"none\"\n[directory.csv]");
    let http = read(&lines).unwrap().directory.http.unwrap();
    assert_eq!((http.format, http.paging), (Format::Lines, Paging::None));
}
