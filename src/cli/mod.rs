//! The command line: one file per subcommand. What each does is elsewhere; here words become calls, and
//! failures become sentences and exit codes.

mod audit;
pub mod check;
mod devices;
mod directory;
#[cfg(feature = "passkey")]
mod exec;
mod init;
mod manifest;
mod notify;
mod plan;
mod policy;
mod run;
mod sandbox;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{COMMAND_LIMIT, Config, Environment, KnownCommand, Problems, Surroundings};
use crate::logging::{self, Redactor};
use crate::policy::Faults;

pub use audit::{AuditCommand, CompareOptions, ExportOptions, KeyOptions, VerifyOptions};
pub use devices::DevicesCommand;
pub use directory::{DirectoryCommand, WhichSource};
#[cfg(feature = "passkey")]
pub use exec::ExecOptions;
pub use init::InitOptions;
pub use notify::NotifyOptions;
pub use plan::PlanOptions;
pub use policy::PolicyOptions;
pub use sandbox::SandboxOptions;

/// The file that is read if nothing else is said.
const USUAL_FILE: &str = "config.toml";
/// The variable that names another.
const FILE_VARIABLE: &str = "HUBCOMMANDER_CONFIG";

/// A Slack bot that does privileged GitHub work safely.
#[derive(Debug, Parser)]
#[command(name = "hubcommander", version, max_term_width = 100)]
struct Line {
    /// The configuration [default: config.toml, or what HUBCOMMANDER_CONFIG says].
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bot. This is what happens without a subcommand.
    Run,
    /// Try it: a local Slack and a local GitHub with the bot between them. Needs no account.
    Sandbox(SandboxOptions),
    /// Ask what only you know, and write the configuration and the policies.
    Init(InitOptions),
    /// Try the configuration and every connection, and say what to do about what fails.
    Check,
    /// Print the manifest to make the Slack app from.
    Manifest,
    /// Ask people a question in the security team's name, such as "was this you?".
    Notify(NotifyOptions),
    /// Show what a command would do, and do nothing.
    Plan(PlanOptions),
    /// Break the glass: run one command without Slack, with the passkeys of two people. Ends with 0 if it was done, 1
    /// if nothing was done, 3 if only a part was.
    #[cfg(feature = "passkey")]
    Exec(ExecOptions),
    /// Try the policies: check them, explain what they say, or see what others would have said.
    Policy(PolicyOptions),
    /// People's devices: judge records of sources, and say whose computers are that run osquery.
    #[command(subcommand)]
    Devices(DevicesCommand),
    /// Who works in the company: how the sources stand, and what is to be believed of them.
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Verify and export the record of what was done.
    #[command(subcommand)]
    Audit(AuditCommand),
}

/// Why a subcommand did not do its work, for the person at the terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// One sentence on what is wrong.
    pub what: String,
    /// One sentence on what to do.
    pub cure: String,
}

impl Failure {
    /// What is wrong, and what to do.
    pub fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        write!(f, "  cure: {}", self.cure)
    }
}

/// How a subcommand ended without doing its work.
#[derive(Debug)]
enum End {
    /// The configuration is wrong.
    Configuration(Problems),
    /// The policies are wrong.
    Policies(Faults),
    /// Something else is.
    Failed(Failure),
    /// What was asked cannot be told.
    CannotTell(Failure),
    /// It has been said already.
    Said,
    /// It has been said already: a part was done, or nobody knows how far it went.
    #[cfg(feature = "passkey")]
    Partly,
}

impl From<Problems> for End {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

impl From<Faults> for End {
    fn from(faults: Faults) -> Self {
        Self::Policies(faults)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Does what the command line says. Ends with 0 if it went well, 1 if not, 3 if in part, 2 if the line itself is wrong, or what was
/// asked cannot be told.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment<'_>,
    commands: &[KnownCommand],
) -> ExitCode {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Help and version are "errors" of clap with the exit code 0.
            let _unprintable = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let surroundings = Surroundings { environment, commands, command_limit: COMMAND_LIMIT };
    let end = match &line.command {
        None | Some(Command::Run) => run::run(&line.file(environment), &surroundings),
        Some(Command::Sandbox(options)) => sandbox::run(options, line.config.as_deref(), &surroundings),
        Some(Command::Check) => check::run(&line.file(environment), &surroundings),
        Some(Command::Init(options)) => init::run(options, &surroundings),
        Some(Command::Manifest) => manifest::run(),
        Some(Command::Audit(command)) => audit::run(command, &line.file(environment), &surroundings),
        Some(Command::Devices(command)) => {
            let named =
                line.config.is_some() || environment(FILE_VARIABLE).is_some_and(|path| !path.is_empty());
            devices::run(command, &line.file(environment), named, &surroundings)
        }
        Some(Command::Directory(command)) => directory::run(command, &line.file(environment), &surroundings),
        Some(Command::Notify(options)) => notify::run(options, &line.file(environment), &surroundings),
        Some(Command::Plan(options)) => plan::run(options, &line.file(environment), &surroundings),
        #[cfg(feature = "passkey")]
        Some(Command::Exec(options)) => exec::run(options, &line.file(environment), &surroundings),
        Some(Command::Policy(options)) => policy::run(options, &line.file(environment), &surroundings),
    };
    match end {
        Ok(()) => return ExitCode::SUCCESS,
        Err(End::Said) => {}
        #[cfg(feature = "passkey")]
        Err(End::Partly) => return ExitCode::from(3),
        Err(End::Configuration(problems)) => {
            eprintln!("{problems}");
            eprintln!("hubcommander: {}.", counted(problems.list.len(), "problem", "in the configuration"));
        }
        Err(End::Policies(faults)) => {
            eprintln!("{faults}\n");
            eprintln!("hubcommander: {}.", counted(faults.0.len(), "problem", "in the policies"));
        }
        Err(End::Failed(failure)) => eprintln!("hubcommander: {failure}"),
        Err(End::CannotTell(failure)) => {
            eprintln!("hubcommander: {failure}");
            return ExitCode::from(2);
        }
    }
    ExitCode::FAILURE
}

impl Line {
    /// Where the configuration is.
    fn file(&self, environment: Environment<'_>) -> PathBuf {
        let named = || environment(FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        self.config.clone().or_else(named).unwrap_or_else(|| PathBuf::from(USUAL_FILE))
    }
}

/// `1 problem here`, `2 problems here`.
fn counted(number: usize, what: &str, place: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s} {place}")
}

/// Reads the configuration and begins to log.
fn configured(file: &Path, surroundings: &Surroundings<'_>) -> Result<Config, End> {
    let config = Config::load(file, surroundings)?;
    begin_log(&config)?;
    Ok(config)
}

/// Begins to log as the configuration says, without its secrets.
fn begin_log(config: &Config) -> Result<(), Failure> {
    let redactor = Redactor::new(config.secrets())
        .map_err(|error| Failure::new(format!("The log cannot begin: {error}."), "Give shorter secrets."))?;
    logging::start(&config.log, redactor).map_err(|error| {
        Failure::new(format!("The log cannot begin: {error}."), "Start the program only once in a process.")
    })
}

/// What everything that waits runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(
            format!("The system gives no threads: {error}."),
            "Raise the limit of processes for the user that runs HubCommander.",
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn line(words: &[&str]) -> Result<Line, String> {
        let words = std::iter::once("hubcommander").chain(words.iter().copied());
        Line::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_runs() {
        assert!(line(&[]).unwrap().command.is_none());
        assert!(matches!(line(&["--config", "x.toml", "run"]).unwrap().command, Some(Command::Run)));
        assert!(matches!(line(&["check", "--config", "x.toml"]).unwrap().command, Some(Command::Check)));
    }

    #[test]
    fn the_file_is_named_by_the_line_then_by_the_environment() {
        let environment = |name: &str| (name == FILE_VARIABLE).then(|| "/etc/hub.toml".to_owned());
        let empty = |_: &str| Some(String::new());
        let nothing = |_: &str| None;
        assert_eq!(line(&["--config", "x"]).unwrap().file(&environment), Path::new("x"));
        assert_eq!(line(&[]).unwrap().file(&environment), Path::new("/etc/hub.toml"));
        assert_eq!(line(&[]).unwrap().file(&empty), Path::new(USUAL_FILE));
        assert_eq!(line(&[]).unwrap().file(&nothing), Path::new(USUAL_FILE));
    }

    #[test]
    fn a_wrong_word_is_told_with_what_was_meant() {
        insta::assert_snapshot!(line(&["chek"]).unwrap_err());
        insta::assert_snapshot!(line(&["plan", "!ListOrgs", "--as", "ana"]).unwrap_err());
        insta::assert_snapshot!(line(&["plan", "!ListOrgs"]).unwrap_err());
    }

    #[test]
    fn the_help() {
        insta::assert_snapshot!(Line::command().render_long_help());
    }
}
