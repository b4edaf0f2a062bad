//! `hubcommander sandbox`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{End, Failure};
use crate::config::{Config, Overlay, Problems, SHIPPED, Surroundings, read_file};

/// How the sandbox is started.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct SandboxOptions {
    /// The port of the page; any free one if it is not given.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Do not open the page in the browser.
    #[arg(long)]
    pub no_open: bool,
}

/// Starts the local Slack, the local GitHub and the bot.
pub(super) fn run(
    _options: &SandboxOptions,
    file: Option<&Path>,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let _configuration = Configuration::new(file)?;
    let _ = surroundings;
    Err(Failure::new("This build has no sandbox.", "Use a newer one.").into())
}

/// The sandbox's configuration before its servers are up: their addresses are not known until then.
#[derive(Debug)]
struct Configuration {
    file: PathBuf,
    text: String,
}

impl Configuration {
    /// The file, or the one that ships. `HUBCOMMANDER_CONFIG` counts for nothing here: it names the
    /// configuration of the real bot.
    fn new(file: Option<&Path>) -> Result<Self, Problems> {
        Ok(match file {
            Some(file) => Self { file: file.to_owned(), text: read_file(file)? },
            None => Self { file: PathBuf::from("config.toml (as shipped)"), text: SHIPPED.to_owned() },
        })
    }

    /// The configuration with the local servers in it.
    fn with(&self, overlay: &Overlay, surroundings: &Surroundings<'_>) -> Result<Config, Problems> {
        Config::for_sandbox(&self.file, &self.text, overlay, surroundings)
    }
}
