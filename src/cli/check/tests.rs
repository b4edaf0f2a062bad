//! `check` against the local Slack and the local GitHub, and against nobody.

use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::{devices, duo, github, slack as local_slack, travis};
use hubcommander_sdk::clock::{Clock, Instant};

use super::*;
use crate::config::{COMMAND_LIMIT, KnownCommand, SHIPPED};

/// A clock that is off by so many seconds.
#[derive(Debug)]
struct Off(i64);

impl Clock for Off {
    fn now(&self) -> Instant {
        SystemClock.now() + chrono::TimeDelta::seconds(self.0)
    }
}

/// What a check runs against, before it does.
struct World {
    slack: local_slack::Options,
    github: github::World,
    /// With it there is a local Travis, and an account at it.
    travis: Option<travis::World>,
    /// With it there is a local Duo, and an account at it.
    duo: bool,
    /// What stands at the end of the file.
    more: String,
    /// Changes to the shipped file.
    changes: Vec<(&'static str, String)>,
    /// Variables that are not as usual.
    variables: Vec<(&'static str, &'static str)>,
    clock: i64,
}

impl World {
    fn new() -> Self {
        Self {
            slack: local_slack::Options::for_tests(),
            github: github::World::acme(),
            travis: None,
            duo: false,
            more: String::new(),
            changes: Vec::new(),
            variables: Vec::new(),
            clock: 0,
        }
    }

    fn change(mut self, from: &'static str, to: impl Into<String>) -> Self {
        self.changes.push((from, to.into()));
        self
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// What is printed, and how much of it is wrong.
    async fn checked(self) -> (String, usize) {
        let clock: SharedClock = Arc::new(SystemClock);
        let slack_world = local_slack::World::acme();
        let slack = local_slack::Slack::start(slack_world, Arc::clone(&clock), Faults::default(), self.slack)
            .await
            .unwrap();
        let github = github::GitHub::start(self.github, Arc::clone(&clock), Faults::default()).await.unwrap();
        if let Some(description) = github::Description::named().unwrap() {
            github.hold_to(description);
        }
        let folder = tempfile::tempdir().unwrap();
        let mut text = SHIPPED
            .replace("sandbox = true", "")
            .replace("sqlite://data", &format!("sqlite://{}", folder.path().display()))
            .replace("# api_url = \"https://slack.com/api\"", &format!("api_url = \"{}\"", slack.api_url()))
            .replace("# api_url = \"https://api.github.com\" ", &format!("api_url = \"{}\"", github.url()));
        // What asks for no proof of who one is: there is no way to give one here.
        let obligations = "@id(\"deleting\") @approvals(\"1\") @approvers(\"slack:security-team\")\n\
                           permit (principal, action, resource)\n\
                           when { context.plan.powers.contains(Power::\"delete\") };\n";
        let file = folder.path().join("obligations.cedar");
        std::fs::write(&file, obligations).unwrap();
        text.push_str(&format!("[policy]\nobligations = {:?}\n", file.display().to_string()));
        let mut local_travis = None;
        if let Some(world) = self.travis {
            let travis = travis::Travis::start(world, &github, clock, Faults::default()).await.unwrap();
            let section =
                format!("[travis]\napi_url = {:?}\ntoken = {{ env = \"TRAVIS_TOKEN\" }}\n", travis.url());
            text = text.replace("# [travis]\n", &section);
            local_travis = Some(travis);
        }
        let local_duo = duo::Duo::start(duo::World::acme(), Arc::new(SystemClock), Faults::default()).await;
        let local_duo = local_duo.unwrap();
        if self.duo {
            text.push_str(&format!(
                "\n[auth_plugins.duo.\"acme.example\"]\napi_url = {:?}\nintegration_key = {{ env = \"DUO_IKEY\" }}\n\
                 secret_key = {{ env = \"DUO_SKEY\" }}\n",
                local_duo.url()
            ));
        }
        text.push_str(&self.more);
        for (from, to) in &self.changes {
            assert!(text.contains(*from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let environment = |name: &str| {
            let own = self.variables.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
            let usual = match name {
                "SLACK_BOT_TOKEN" => Some("xoxb-sandbox"),
                "SLACK_APP_TOKEN" => Some("xapp-sandbox"),
                "GITHUB_TOKEN" => Some("ghp_sandbox"),
                "TRAVIS_TOKEN" => Some("travis_sandbox"),
                "SAMPLE_TOKEN" => Some("devices_sandbox"),
                "OSQUERY_SECRET" => Some("osquery_secret_that_is_long"),
                "DUO_IKEY" => Some("DIDUOSANDBOX"),
                "DUO_SKEY" => Some("duo_sandbox_secret"),
                _ => None,
            };
            own.or(usual).filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let commands = [KnownCommand::new("CreateRepo", &[])];
        let surroundings =
            Surroundings { environment: &environment, commands: &commands, command_limit: COMMAND_LIMIT };
        let (sections, problems) = Sections::read(Path::new("config.toml"), &text, &surroundings, None);
        let redactor = Redactor::new(sections.secrets()).unwrap();
        let ground = Ground {
            file: "config.toml".into(),
            asker: Asker::new(&sections),
            sections,
            problems,
            clock: Arc::new(Off(self.clock)),
        };
        let mut out = Vec::new();
        let wrong = try_all(&ground, &redactor, &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        drop(local_travis);
        for secret in [
            "xoxb-",
            "xapp-",
            "ghp_",
            "travis_",
            "duo_sandbox",
            "devices_sandbox",
            "osquery_secret",
            "ticket=",
        ] {
            assert!(!out.replace("xoxb-…", "").replace("xapp-…", "").contains(secret), "{secret} in {out}");
        }
        assert_eq!(
            github.faults().odd(),
            Vec::<String>::new(),
            "GitHub's description does not know these requests"
        );
        (out.replace(&folder.path().display().to_string(), "FOLDER"), wrong)
    }
}

#[tokio::test]
async fn when_all_is_well() {
    let (said, wrong) = World::new().checked().await;
    insta::assert_snapshot!(said);
    assert_eq!(wrong, 0);
}

/// What is said of the directory.
async fn of_the_directory(more: &str) -> (String, usize) {
    let world = World { more: more.to_owned(), ..World::new() };
    let (said, wrong) = world.checked().await;
    let lines = said.split("\n").skip_while(|line| !line.contains(" Directory: "));
    let lines = lines.take_while(|line| line.contains(" Directory: ") || line.starts_with("  "));
    (lines.collect::<Vec<_>>().join("\n"), wrong)
}

#[tokio::test]
async fn a_directory_is_read_once_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("[directory.csv]\npath = {:?}\n", path.display().to_string())
    };
    let good = file("good.csv", "id,email,active\n1,ana@example.com,yes\n2,bob@example.com,no\n");
    let (said, wrong) = of_the_directory(&good).await;
    insta::assert_snapshot!(said, @"✅ Directory: the CSV file: 2 people, 1 of them working here");
    assert_eq!(wrong, 0);
    let half = file("half.csv", "id,email\n1,ana@example.com\n,bob@example.com\n3,c\n");
    let (said, wrong) = of_the_directory(&half).await;
    insta::assert_snapshot!(said, @r"
    ⚠️ Directory: the CSV file: 1 person, 1 of them working here, and what follows could not be read:
       line 3: there is no id
       line 4: the email cannot be read
       cure: Correct it there. While it is so, nobody counts as gone who is not on it.
    ");
    assert_eq!(wrong, 0);
    let names = file("names.csv", "name\nAna\n");
    let (said, wrong) = of_the_directory(&names).await;
    insta::assert_snapshot!(said, @r#"
    ⛔ Directory: the CSV file: it has neither a column "id" nor a column "email".
       cure: Mend it, or what `[directory.csv]` says of it.
    "#);
    assert_eq!(wrong, 1);
    let (said, wrong) = of_the_directory(
        "[directory.okta]\nurl = \"http://127.0.0.1:1\"\ntoken = { env = \"GITHUB_TOKEN\" }\n",
    )
    .await;
    insta::assert_snapshot!(said, @r"
    ⛔ Directory: Okta did not answer: not sent: no connection: client error (Connect): tcp connect error: Connection refused (os error 111).
       cure: See that this machine can reach it, and whether it needs a proxy (`HTTPS_PROXY`).
    ");
    assert_eq!(wrong, 1);
}

#[tokio::test]
async fn wrong_tokens() {
    let world = World::new()
        .variable("SLACK_BOT_TOKEN", "xoxb-of-another")
        .variable("SLACK_APP_TOKEN", "xapp-of-another")
        .variable("GITHUB_TOKEN", "ghp_of_another");
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(said);
    assert_eq!(wrong, 3);
}

#[tokio::test]
async fn what_is_not_set_is_not_tried_and_the_rest_is() {
    let (said, wrong) = World::new().variable("GITHUB_TOKEN", "").checked().await;
    insta::assert_snapshot!(said);
    assert_eq!(wrong, 1);
}

#[tokio::test]
async fn missing_scopes() {
    let mut world = World::new();
    world.slack.scopes = world.slack.scopes.replace("commands,", "").replace("im:write,", "");
    world.github = world.github.token("ghp_sandbox", "hub-bot", &["public_repo"]);
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(said);
    assert!(wrong >= 2);
}

#[tokio::test]
async fn wrong_channels() {
    let (said, wrong) = World::new()
        .change("\"C0SECURITY\"", "\"C0NOBOT\"")
        .change("listen = []", "listen = [\"C0NOTHERE\", \"C0PRIV\"]")
        .checked()
        .await;
    insta::assert_snapshot!(lines_about(&said, "Slack, channels"));
    assert_eq!(wrong, 2);
    let (said, wrong) = World::new().change("\"C0SECURITY\"", "\"C0SHARED\"").checked().await;
    insta::assert_snapshot!(lines_about(&said, "Slack, channels"));
    assert_eq!(wrong, 0);
    let (said, _) = World::new().change("alarm_channel =", "# alarm_channel =").checked().await;
    insta::assert_snapshot!(lines_about(&said, "Slack, channels"));
}

#[tokio::test]
async fn organisations_and_teams_that_are_not_there() {
    let mut world = World::new()
        .change("[orgs.acme]", "[orgs.nobody]\n[orgs.elsewhere]\n[orgs.acme]")
        .change("name = \"employees\"", "name = \"employes\"")
        .change("name = \"bots\"", "name = \"robots-of-mars\"");
    world.github = world.github.organisation("elsewhere", "Elsewhere", "").owner("elsewhere", "ana-lima");
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "GitHub, organisations"));
    assert_eq!(wrong, 4);
}

#[tokio::test]
async fn an_account_that_is_no_owner() {
    let mut world = World::new();
    world.github = world.github.token("ghp_sandbox", "ana-lima", &["repo", "admin:org", "delete_repo"]);
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "GitHub, organisations"));
    assert_eq!(wrong, 2);
}

#[tokio::test]
async fn an_account_at_duo() {
    let mut world = World::new();
    world.duo = true;
    let (said, _) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "Duo"), @"✅ Duo: takes the keys for acme.example");
    let mut world = World::new().variable("DUO_SKEY", "of_another_application");
    world.duo = true;
    let (said, _) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "Duo"), @r#"
    ⛔ Duo: For acme.example: Duo, /auth/v2/check: 401 40103 "Invalid signature in request credentials".
       cure: Copy `secret_key` again from the application at Duo.
    "#);
    let (said, _) = World::new().checked().await;
    assert_eq!(lines_about(&said, "Duo"), "");
}

#[tokio::test]
async fn an_account_at_travis() {
    let mut world = World::new();
    world.travis = Some(travis::World::acme());
    let (said, wrong) = world.change("[orgs.acme]", "[orgs.elsewhere]\n[orgs.acme]").checked().await;
    insta::assert_snapshot!(lines_about(&said, "Travis"), @r"
    ✅ Travis: known as hub-bot
    ✅ Travis: acme can be seen
    ✅ Travis: acme-oss can be seen
    ⚠️ Travis: Travis does not show hub-bot the organisation `elsewhere`.
       cure: Log in at Travis as that account, let Travis see the organisation, and press Sync account. Where nothing is built there, let it be.
    ");
    assert_eq!(wrong, 1, "GitHub does not know it either: {said}");
    let mut world = World::new().variable("TRAVIS_TOKEN", "of-somebody-else");
    world.travis = Some(travis::World::acme());
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "Travis"), @r"
    ⛔ Travis: Travis does not accept this bot's token.
       cure: Copy the token again, from the account's settings at Travis, under API authentication.
    ");
    assert_eq!(wrong, 1);
}

/// A port that was free a moment ago.
fn free() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn osquery(port: u16) -> String {
    format!(
        "\n[device_sources.osquery]\nlisten = \"127.0.0.1:{port}\"\n\
         enroll_secret = {{ env = \"OSQUERY_SECRET\" }}\n"
    )
}

#[tokio::test]
async fn sources_of_devices() {
    let desks = devices::State::acme(SystemClock.now());
    let desks = devices::Devices::start(desks, "devices_sandbox", Arc::new(SystemClock), Faults::default())
        .await
        .unwrap();
    let sample =
        format!("\n[device_sources.sample]\nurl = {:?}\ntoken = {{ env = \"SAMPLE_TOKEN\" }}\n", desks.url());
    let port = free();
    let world = |port| World { more: format!("{sample}{}", osquery(port)), ..World::new() };
    let (said, wrong) = world(port).checked().await;
    insta::assert_snapshot!(lines_about(&said, "Devices").replace(&port.to_string(), "PORT"), @r"
    ✅ Devices: osquery: no computer has enrolled, 0 heard within a day
    ✅ Devices: Sample: 4 devices
    ✅ Devices: osquery's agents can be heard on 127.0.0.1:PORT, behind a proxy
    ");
    assert_eq!(wrong, 0, "{said}");

    // The bot itself may be what listens there.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let (said, wrong) = world(port).variable("SAMPLE_TOKEN", "another_token").checked().await;
    insta::assert_snapshot!(lines_about(&said, "Devices").replace(&port.to_string(), "PORT"), @r"
    ✅ Devices: osquery: no computer has enrolled, 0 heard within a day
    ⛔ Devices: Sample: it refuses the token: 401 Unauthorized.
       cure: See the address and the secret in its section.
    ⚠️ Devices: Something listens on 127.0.0.1:PORT already, where osquery's agents are to be heard.
       cure: If that is the bot, which runs, let it be; else choose another port in `listen`.
    ");
    assert_eq!(wrong, 1, "{said}");
    drop(held);

    let nowhere =
        format!("{}certificate = \"/nowhere.crt\"\nprivate_key = \"/nowhere.key\"\n", osquery(port));
    let fleet = format!(
        "\n[device_sources.fleet]\nurl = \"http://127.0.0.1:{}\"\ntoken = {{ env = \"SAMPLE_TOKEN\" }}\n",
        free()
    );
    let world = World { more: format!("{nowhere}{fleet}"), ..World::new() };
    let (said, wrong) = world.checked().await;
    insta::assert_snapshot!(lines_about(&said, "Devices").replace(&port.to_string(), "PORT"), @r"
    ⛔ Devices: Fleet, hosts: not sent: no connection: client error (Connect): tcp connect error: Connection refused (os error 111).
       cure: See that this machine can reach it, and whether it needs a proxy (`HTTPS_PROXY`); if it is busy, try again in a few minutes.
    ✅ Devices: osquery: no computer has enrolled, 0 heard within a day
    ⛔ Devices: osquery's agents cannot be heard: /nowhere.crt: I/O error: No such file or directory (os error 2).
       cure: See that `certificate` and `private_key` name files in PEM that this user may read, and that one belongs to the other.
    ");
    assert_eq!(wrong, 2, "{said}");
}

#[tokio::test]
async fn a_clock_that_is_off() {
    let mut world = World::new();
    world.clock = -300;
    let (said, wrong) = world.checked().await;
    let clock = lines_about(&said, "Clock");
    assert_eq!(clock.matches("behind").count(), 2, "{clock}");
    assert!(wrong >= 2);
}

#[tokio::test]
async fn a_store_that_cannot_be_made() {
    let (said, wrong) = World::new().change("sqlite://", "sqlite:///dev/null").checked().await;
    insta::assert_snapshot!(lines_about(&said, "Store"));
    assert_eq!(wrong, 1);
}

#[tokio::test]
async fn nobody_answers() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("# pacing = true\napi_url = \"http://127.0.0.1:{port}\"\n#");
    let (said, _) = World::new().change("api_url = ", "# ").change("# pacing = true", nobody).checked().await;
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn a_file_that_cannot_be_read() {
    let (said, wrong) = World::new().change("[slack]", "[slack\n").checked().await;
    assert!(said.starts_with("⛔ Configuration: ") && wrong == 1, "{said}");
    assert!(
        said.contains("   config.toml:")
            && said.contains("[slack` is not complete") | said.contains("`[slack]`")
    );
}

/// The lines about one check, with what stands below them.
fn lines_about(said: &str, name: &str) -> String {
    let mut within = false;
    said.lines()
        .filter(|line| {
            if !line.starts_with(' ') {
                within = line.contains(&format!(" {name}: "));
            }
            within
        })
        .collect::<Vec<_>>()
        .join("\n")
}
