//! HubCommander.

use std::process::ExitCode;

use hubcommander::config::KnownCommand;

/// Tasks are allocated on cache lines of their own, which the system's allocator is slow at: measured, a
/// quarter of all processor time (`docs/benchmarks.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let commands: Vec<KnownCommand> = hubcommander::app::command_names()
        .into_iter()
        .map(|(name, keys)| KnownCommand::new(name, keys))
        .collect();
    hubcommander::cli::main(std::env::args_os(), &environment, &commands)
}
