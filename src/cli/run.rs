//! `hubcommander run`

use std::path::Path;
use std::sync::Arc;

use hubcommander_sdk::clock::{SharedClock, SystemClock};
use tokio::sync::watch;

use super::{End, Failure, configured, runtime};
use crate::app::{App, AppError};
use crate::config::{Config, Surroundings};
use crate::slack::socket::Board;

/// Reads the configuration and runs the bot until it is told to stop.
pub(super) fn run(file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    runtime()?.block_on(until_stopped(&config))
}

async fn until_stopped(config: &Config) -> Result<(), End> {
    let clock: SharedClock = Arc::new(SystemClock);
    let (tell, stop) = watch::channel(false);
    let signals = signals()?;
    let board = Board::new(Arc::clone(&clock));
    tokio::spawn(say_ready(board.clone(), Arc::clone(&clock)));
    let app = App::new(config, clock, board).await.map_err(|error| failed(&error))?;
    tokio::spawn(async move {
        signals.await;
        tracing::info!("told to stop");
        tell.send_replace(true);
    });
    app.run(stop).await.map_err(|error| failed(&error))
}

/// Why the bot does not start; what is wrong with the policies is shown as what is wrong with the configuration is.
pub(super) fn failed(error: &AppError) -> End {
    if let AppError::Policy(faults) = error {
        return faults.clone().into();
    }
    let failure = Failure::new(
        format!("The bot cannot start: {error}."),
        "`hubcommander check` tries each part and says what to do.",
    );
    failure.into()
}

/// Logs the moment from which the bot hears.
async fn say_ready(board: Board, clock: SharedClock) {
    let began = clock.now();
    let mut status = board.watcher().status;
    if status.wait_for(|status| status.ready_since.is_some()).await.is_ok() {
        let took = (clock.now() - began).num_milliseconds();
        tracing::info!(took_ms = took, "connected to Slack: ready");
    }
}

/// Ends when the program is told to stop: by Ctrl-C or by whoever supervises it.
pub(super) fn signals() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let refused = |error: std::io::Error| {
        Failure::new(
            format!("The system does not let us listen for signals: {error}."),
            "Start the program again.",
        )
    };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
