//! No secret comes out: the real program runs with secrets that can be told from everything else, with all of
//! its log, through all that it can do and much that goes wrong; then everything that it left is searched.
//!
//! What is searched: its log and what it printed, everything that stands in Slack, what GitHub holds and was
//! sent beside the headers that carry the token, the bytes of the store, and how the settings look in `{:?}`.
//!
//! One secret is kept on purpose: the `response_url` of a slash command stands in the store for as long as the
//! command may need it, half an hour in which it works. It is looked for everywhere but there.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander::app::plugins;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github;
use hubcommander_sandbox::slack::Options;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use serde_json::json;
use tokio::process::Command;

use crate::members::Hand;
use crate::world::{ANA, DEV, GUS, Process, SAM, Servers, shipped_with};

const BOT: &str = "xoxb-11112222-33334444-MARKEDbotMARKEDbot";
const APP: &str = "xapp-1-A0HUB-55556666-MARKEDappMARKEDapp";
/// Of no known look: only that nobody prints it keeps it in.
const GITHUB: &str = "MARKED.github.token.of.an.unknown.look";
const TRAVIS: &str = "travis_sandbox";
/// What a person pastes by mistake. It stands in Slack, where they put it, and may come no further.
const PASTED: &str = "ghp_0123456789abcdefghijABCDEFGHIJ987654";

/// Something of which no piece may be seen.
struct Mark {
    what: &'static str,
    piece: String,
}

fn mark(what: &'static str, piece: impl Into<String>) -> Mark {
    Mark { what, piece: piece.into() }
}

/// Everything that was left, by where it was found.
#[derive(Default)]
struct Found(Vec<(String, Vec<u8>)>);

impl Found {
    fn add(&mut self, place: &str, content: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), content.into()));
    }

    fn must_not_hold(&self, marks: &[Mark], but_in: &[&str]) -> Result<()> {
        for mark in marks {
            ensure!(mark.piece.len() >= 4, "{} is too short to look for", mark.what);
            for (place, content) in &self.0 {
                if but_in.iter().any(|start| place.starts_with(start)) {
                    continue;
                }
                let at = content.windows(mark.piece.len()).position(|part| part == mark.piece.as_bytes());
                if let Some(at) = at {
                    let around =
                        &content[at.saturating_sub(300)..(at + mark.piece.len() + 100).min(content.len())];
                    bail!("{} is in {place}: {}", mark.what, String::from_utf8_lossy(around));
                }
            }
        }
        Ok(())
    }
}

/// One run of the real program.
struct Run {
    servers: Servers,
    config: std::path::PathBuf,
    environment: Vec<(&'static str, String)>,
    found: Found,
    asked: usize,
}

impl Run {
    async fn start(changes: &[(&str, &str)], world: github::World, key: Option<String>) -> Result<Self> {
        let options =
            Options { bot_token: BOT.to_owned(), app_token: APP.to_owned(), ..Options::for_tests() };
        let servers = Servers::start_in(options, world).await?;
        let mut all = vec![("filter = \"info\"", "filter = \"trace\"")];
        all.extend_from_slice(changes);
        let config = servers.write_config(&shipped_with(&all))?;
        let environment = vec![
            ("SLACK_BOT_TOKEN", BOT.to_owned()),
            ("SLACK_APP_TOKEN", APP.to_owned()),
            ("GITHUB_TOKEN", GITHUB.to_owned()),
            ("GITHUB_APP_KEY", key.unwrap_or_default()),
            ("TRAVIS_TOKEN", TRAVIS.to_owned()),
            ("SAMPLE_TOKEN", "devices_sandbox".to_owned()),
        ];
        Ok(Self { servers, config, environment, found: Found::default(), asked: 0 })
    }

    fn bot(&self) -> Result<Process> {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start(&self.config, &environment)
    }

    /// Runs another subcommand of the program and keeps what it printed.
    async fn subcommand(&mut self, config: &Path, words: &[&str]) -> Result<String> {
        let output = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
            .arg("--config")
            .arg(config)
            .args(words)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .output()
            .await?;
        let printed = [output.stdout, output.stderr].concat();
        self.found.add(&format!("what {words:?} printed"), printed.clone());
        Ok(String::from_utf8_lossy(&printed).into_owned())
    }

    fn say(&mut self, line: &str) -> Result<hubcommander_sandbox::slack::Ts> {
        self.asked += 1;
        self.servers.say(ANA, DEV, line)
    }

    /// Waits until everything that was asked so far has come to its end.
    async fn settled(&self) -> Result<()> {
        let store = hubcommander::store::open(&self.servers.store_url()).await?;
        for _ in 0..1_200 {
            let audit = store.audit(None, 10_000).await?;
            let known = audit.iter().filter(|entry| entry.event == "received").count();
            if known >= self.asked
                && store.unfinished().await?.is_empty()
                && store.unfinished_clicks().await?.is_empty()
            {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        bail!("{} were asked; still unfinished: {:#?}", self.asked, store.unfinished().await?)
    }

    /// Asks all that can be asked: each example of each command, a form, a slash command, and what is refused.
    async fn ask_everything(&mut self) -> Result<()> {
        let clock: SharedClock = Arc::new(SystemClock);
        let _hand = Hand::of(&self.servers.github, "octocat");
        let registry = plugins(&self.servers.config(&shipped_with(&[]))?, &clock)?.registry;
        let mut examples = 0;
        for registered in registry.iter().filter(|registered| registered.is_shown()) {
            for example in &registered.spec().examples {
                let asked = self.say(example)?;
                if self.servers.end_of(DEV, asked).await?.contains("[Run") {
                    self.servers.press(ANA, DEV, asked, "run").await?;
                }
                self.settled().await?;
                examples += 1;
            }
        }
        ensure!(examples > 4, "there are {examples} examples only");
        // What was undone last may have been that it was lifted.
        self.say("!Lockdown off")?;
        self.settled().await?;
        self.servers.slack.mark_all_read();
        self.say("!CreateRepo")?;
        let usage = self.servers.slack.await_ephemeral(ANA).await?;
        self.servers.slack.click(ANA, DEV, usage.ts, "form", None).await?;
        let form = self.servers.slack.await_view(ANA).await?;
        self.servers.slack.submit(ANA, &form.id, &json!({ "org": "acme", "repo": "by-form" })).await?;
        self.asked += 1;
        self.settled().await?;
        ensure!(
            self.servers.github.state().repository("acme", "by-form").is_some(),
            "the form did nothing:\n{}",
            self.servers.slack.transcript(DEV)
        );
        self.servers.slack.slash(SAM, DEV, "/hubcommander CreateRepo acme by-slash").await?;
        self.asked += 1;
        self.settled().await?;
        ensure!(
            self.servers.github.state().repository("acme", "by-slash").is_some(),
            "the slash did nothing"
        );
        self.servers.say(GUS, DEV, "!CreateRepo acme refused")?;
        self.asked += 1;
        self.say("!CreateRepo acme --visibility sideways")?;
        self.say(&format!("!SetDescription acme website \"ours: {PASTED}\""))?;
        self.settled().await
    }

    /// Things go wrong at GitHub: errors, refusals, lost answers.
    async fn break_github(&mut self) -> Result<()> {
        let refused = || json!({ "message": "Bad credentials", "status": "401" }).to_string();
        let faults = [
            (When::any().times(2), Fault::Status(500, "{\"message\":\"oops\"}".to_owned())),
            (When::any().times(2), Fault::Status(502, "<html>Bad Gateway</html>".to_owned())),
            (When::any().times(2), Fault::Status(401, refused())),
            (When::any_write(), Fault::LostAnswer),
            (When::any_write(), Fault::Dropped),
        ];
        for (number, (when, fault)) in faults.into_iter().enumerate() {
            self.servers.github.faults().add(when, fault);
            self.say(&format!("!CreateRepo acme broken-{number}"))?;
            self.settled().await?;
        }
        self.servers.github.faults().clear();
        Ok(())
    }

    /// Gathers what is left.
    fn gather(&mut self) -> Result<()> {
        let folder = self.servers.folder.path();
        self.found.add("the log", std::fs::read(folder.join("bot.log"))?);
        for entry in std::fs::read_dir(folder.join("store"))? {
            let path = entry?.path();
            self.found.add(&format!("the store, {}", path.display()), std::fs::read(&path)?);
        }
        let slack = &self.servers.slack;
        let mut said = slack.arrange(|world| world.channels.keys().cloned().collect::<Vec<_>>());
        said.sort();
        for channel in said {
            self.found.add(&format!("Slack, {channel}"), format!("{:#?}", slack.messages(&channel)));
        }
        for user in [ANA, SAM, GUS] {
            let shown = format!("{:?} {:?} {:?}", slack.ephemerals(user), slack.dms(user), slack.views(user));
            self.found.add(&format!("Slack, {user} alone"), shown);
        }
        self.found.add("GitHub", self.servers.github.snapshot().to_string());
        let asked: Vec<String> =
            self.servers.github.faults().log().iter().map(|one| format!("{one:?}")).collect();
        self.found.add("what GitHub was asked", asked.join("\n"));
        let config = self.servers.config(&shipped_with(&[]))?;
        self.found
            .add("the settings as {:?}", format!("{config:?} {config:#?} {:?}", config.github.settings()));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_a_run_with_a_token() -> Result<()> {
    let world =
        github::World::acme().token(GITHUB, "hub-bot", &["repo", "admin:org", "delete_repo", "workflow"]);
    let mut run = Run::start(&[], world, None).await?;
    let config = run.config.clone();
    let checked = run.subcommand(&config, &["check"]).await?;
    ensure!(checked.contains("GitHub"), "{checked}");
    let planned = run.subcommand(&config, &["plan", "!CreateRepo acme planned", "--as", ANA]).await?;
    ensure!(planned.contains("acme/planned"), "{planned}");
    run.subcommand(&config, &["plan", "!CreateRepo acme planned", "--as", ANA, "--json"]).await?;

    let mut bot = run.bot()?;
    run.servers.slack.connected(2).await?;
    run.ask_everything().await?;
    run.break_github().await?;
    // Slack takes the token no more, for a moment; and the program is killed while it works.
    run.servers.slack.refuse("chat.postMessage", "invalid_auth", 1);
    run.say("!CreateRepo acme unsaid")?;
    run.settled().await?;
    run.say("!CreateRepo acme killed")?;
    bot.kill().await?;
    let bot = run.bot()?;
    run.servers.slack.connected(2).await?;
    run.settled().await?;
    bot.stop().await?;

    // Configurations that are wrong, each with a secret where it should not be.
    let text = std::fs::read_to_string(&config)?;
    let wrong = config.with_file_name("wrong.toml");
    for (from, to) in [
        ("{ env = \"SLACK_BOT_TOKEN\" }", format!("{BOT:?}")),
        ("{ env = \"GITHUB_TOKEN\" }", format!("{GITHUB:?}")),
        ("{ env = \"GITHUB_TOKEN\" }", GITHUB.to_owned()),
        ("{ env = \"SLACK_BOT_TOKEN\" }", "{ env = \"SLACK_APP_TOKEN\" }".to_owned()),
        ("{ env = \"SLACK_BOT_TOKEN\" }", format!("{{ env = {BOT:?} }}")),
        ("{ env = \"GITHUB_TOKEN\" }", format!("{{ file = {PASTED:?} }}")),
        ("{ env = \"GITHUB_TOKEN\" }", "{ env = \"SLACK_BOT_TOKEN\" }".to_owned()),
    ] {
        ensure!(text.contains(from), "the configuration holds no {from}");
        std::fs::write(&wrong, text.replace(from, &to))?;
        for words in [&["check"][..], &["plan", "!ListOrgs", "--as", ANA]] {
            run.subcommand(&wrong, words).await?;
        }
    }
    run.gather()?;
    let marks = [
        mark("the bot's token", "MARKEDbot"),
        mark("the app's token", "MARKEDapp"),
        mark("the token at GitHub", "MARKED.github"),
        mark("the token at Travis", TRAVIS),
        mark("a token of somebody who showed which account is theirs", "gho_"),
    ];
    run.found.must_not_hold(&marks, &[])?;
    run.found.must_not_hold(&[mark("what was pasted", PASTED)], &["Slack"])?;
    // The log takes out what it knows for a secret. Nothing even tried.
    run.found.must_not_hold(&[mark("a secret that the log took out", "[secret-removed]")], &[])?;
    run.found.must_not_hold(&[mark("a response_url", "/hook/")], &["the store"])?;
    run.found.must_not_hold(&[mark("a connection's ticket", "ticket=")], &[])
}

/// A new key as GitHub gives it (PEM), and its public half.
fn key() -> Result<(String, Vec<u8>)> {
    let key = KeyPair::generate(KeySize::Rsa2048)?;
    let private: Pkcs8V1Der<'_> = key.as_der()?;
    let encoded = STANDARD.encode(private.as_ref());
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in encoded.as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line)?);
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok((pem, key.public_key().as_ref().to_vec()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_a_run_with_an_app() -> Result<()> {
    let (pem, public) = key()?;
    let permissions =
        [("administration", "write"), ("contents", "write"), ("members", "read"), ("metadata", "read")];
    let world = github::World::acme()
        .app(7, &permissions, Some(public))
        .installed(7, "acme", 71)
        .installed(7, "acme-oss", 72);
    let app = (
        "token = { env = \"GITHUB_TOKEN\" }",
        "app = { id = 7, private_key = { env = \"GITHUB_APP_KEY\" } }",
    );
    let mut run = Run::start(&[app], world, Some(pem.clone())).await?;
    let config = run.config.clone();
    run.subcommand(&config, &["check"]).await?;
    let mut bot = run.bot()?;
    run.servers.slack.connected(2).await?;
    run.ask_everything().await?;
    run.servers.github.faults().add(When::post("access_tokens"), Fault::LostAnswer);
    run.break_github().await?;
    run.say("!CreateRepo acme killed")?;
    bot.kill().await?;
    let bot = run.bot()?;
    run.servers.slack.connected(2).await?;
    run.settled().await?;
    bot.stop().await?;
    // A key that is none.
    let broken = pem.replacen("\n", "\nAAAA", 1);
    for (name, value) in &mut run.environment {
        if *name == "GITHUB_APP_KEY" {
            value.clone_from(&broken);
        }
    }
    run.subcommand(&config, &["check"]).await?;
    run.gather()?;
    let mut marks: Vec<Mark> = pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .map(|line| mark("the key", line.chars().take(24).collect::<String>()))
        .filter(|mark| mark.piece.len() == 24)
        .collect();
    ensure!(marks.len() > 20, "the key has {} lines", marks.len());
    marks.push(mark("a signed token of the App", "eyJ0"));
    marks.push(mark("the bot's token", "MARKEDbot"));
    marks.push(mark("the app's token", "MARKEDapp"));
    let lent: Vec<String> = run.servers.github.state().credentials.tokens.keys().cloned().collect();
    let lent: Vec<String> = lent.into_iter().filter(|token| token.starts_with("ghs_")).collect();
    ensure!(!lent.is_empty(), "no token was lent to the App");
    marks.extend(lent.into_iter().map(|token| mark("a token lent to the App", token)));
    marks.push(mark("a secret that the log took out", "[secret-removed]"));
    run.found.must_not_hold(&marks, &[]).context("with a GitHub App")
}
