//! HubCommander.

use std::process::ExitCode;

use hubcommander::config::KnownCommand;

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let commands: Vec<KnownCommand> = hubcommander::app::command_names()
        .into_iter()
        .map(|(name, keys)| KnownCommand::new(name, keys))
        .collect();
    hubcommander::cli::main(std::env::args_os(), &environment, &commands)
}
