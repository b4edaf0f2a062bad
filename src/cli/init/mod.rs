//! `hubcommander init`: asks what only its owner knows, writes the three files, and checks them before that.

mod answers;
mod files;
#[cfg(test)]
mod tests;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use hubcommander_policy::{Source, Sources};
use hubcommander_sdk::clock::{SharedClock, SystemClock};

use super::run::failed;
use super::{End, Failure, runtime};
use crate::app;
use crate::config::{Config, Overlay, Surroundings};
use answers::Answers;
use files::Files;

/// Where to write.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct InitOptions {
    /// The folder to write into.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
}

/// Asks at the terminal, or whatever stands in for it.
pub(super) fn run(options: &InitOptions, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
    begin(options, surroundings, input, output)
}

fn begin(
    options: &InitOptions,
    surroundings: &Surroundings<'_>,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<(), End> {
    must_be_free(options)?;
    let answers = Answers::ask(input, &mut output)?;
    let files = Files::new(&answers);
    // What is not right is not written.
    check(&files, &answers, &options.folder, surroundings)?;
    for (name, text) in files.named() {
        write(&options.folder.join(name), text, options.force)?;
    }
    let _unprintable = write!(output, "{}", next(&answers, &options.folder));
    Ok(())
}

fn must_be_free(options: &InitOptions) -> Result<(), Failure> {
    if options.force {
        return Ok(());
    }
    let there: Vec<String> = files::NAMES
        .iter()
        .map(|name| options.folder.join(name))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("{} is there already, and is not written over.", there.join(" and ")),
        "Name another folder with `--folder`, or write over it with `--force`.",
    ))
}

/// What would be read of the files, without their secrets, which are not there yet.
fn check(
    files: &Files,
    answers: &Answers,
    folder: &Path,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let wrong = |what: String| Failure::new(what, "Report this as a mistake.");
    let address = |text: &str| {
        text.parse::<url::Url>().map_err(|error| wrong(format!("{text} is no address: {error}.")))
    };
    let overlay = Overlay {
        slack_api_url: address("https://slack.com/api")?,
        bot_token: STANDS_IN.to_owned().into(),
        app_token: STANDS_IN.to_owned().into(),
        github_api_url: address("https://api.github.com")?,
        github_token: STANDS_IN.to_owned().into(),
        github_client_id: "Iv1.sandbox".to_owned(),
        travis: None,
        auth_plugins: hubcommander_auth_plugins::Setup::default(),
        device_sources: hubcommander_device_sources::Setup::default(),
        store_url: "sqlite://unused.db".to_owned().into(),
    };
    let environment = |name: &str| (surroundings.environment)(name).or_else(|| Some(STANDS_IN.to_owned()));
    let around = Surroundings {
        environment: &environment,
        commands: surroundings.commands,
        command_limit: surroundings.command_limit,
    };
    // The policies are not on the disk yet, so they are put in by hand.
    let text = files.config_without_policies();
    let mut config = Config::for_sandbox(&folder.join("config.toml"), &text, &overlay, &around)?;
    config.policy.sources = Sources {
        policy: Source::new("policy.cedar", &files.policy),
        obligations: Source::new("obligations.cedar", &files.obligations),
    };
    // GitHub's client is made on it; nobody is asked anything.
    let runtime = runtime()?;
    let _entered = runtime.enter();
    let clock: SharedClock = Arc::new(SystemClock);
    let plugins = app::plugins(&config, &clock).map_err(|error| failed(&error))?;
    let mut means = app::means(&config, &plugins.step_ups);
    if answers.duo.is_some() {
        means.step_ups.insert("duo".to_owned());
    }
    let contact = config.policy.contact.as_deref();
    crate::policy::read(&config.policy.sources, contact, &plugins.registry, &plugins.operations, &means)?;
    Ok(())
}

/// Stands in for every secret while nothing is asked of anybody.
const STANDS_IN: &str = "0123456789012345678901234567890123456789";

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        // Somebody may have written it while we asked.
        options.create_new(true);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Failure::new(
            format!("{} cannot be written: {error}.", path.display()),
            "See that the folder is there and that you may write in it.",
        )
    })
}

/// What is to be done next.
fn next(answers: &Answers, folder: &Path) -> String {
    let duo = answers.duo.as_ref().map_or("", |_| ", DUO_IKEY and DUO_SKEY");
    let proof = if answers.duo.is_some() {
        ""
    } else {
        "\nThere is no way yet for people to prove that it is they, so a second person alone stands before what is\n\
         privileged. Set up Duo, Okta or passkeys (docs/configuration.md, [auth_plugins]), and take the two slashes\n\
         off the line with @step_up in obligations.cedar.\n"
    };
    let place = folder.join("config.toml");
    let config = if place == Path::new("./config.toml") {
        String::new()
    } else {
        format!(" --config {}", place.display())
    };
    format!(
        "\nWritten and read: config.toml, policy.cedar, obligations.cedar in {}.\n{proof}\nNext:\n\
         1. hubcommander manifest             prints what to make the Slack app from; docs/slack-setup.md leads\n\
         \x20                                    through it. Invite the bot into both channels.\n\
         2. Set SLACK_BOT_TOKEN, SLACK_APP_TOKEN and GITHUB_TOKEN{duo} in the environment.\n\
         3. hubcommander{config} policy check     asks Slack whether the group has enough people\n\
         4. hubcommander{config} check            tries every connection\n\
         5. hubcommander{config} run\n",
        folder.display(),
    )
}
