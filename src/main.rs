//! HubCommander.

use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
}
