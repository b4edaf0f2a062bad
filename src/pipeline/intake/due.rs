//! The lane of what is due: lines that the bot asks itself when their time has come. They are written down like
//! what people type, and no longer due from then on, in one transaction.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::pipeline::intake::Intake;
use crate::store::{Due, StoreError};

/// How often it is looked whether something is due. It costs one read of an index.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How much is taken up at one look.
const AT_ONCE: u32 = 50;

impl Intake {
    /// Takes up what is due, until `stop` says so.
    pub async fn watch_the_clock(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            match self.take_what_is_due().await {
                Ok(()) => failing = false,
                Err(error) => {
                    // The lanes of people raise the alarm; what is due waits in the store.
                    if !failing {
                        tracing::error!(%error, "what is due cannot be taken up");
                    }
                    failing = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn take_what_is_due(&self) -> Result<(), StoreError> {
        for Due { key, at, origin } in self.engine.store.due(self.clock.now(), AT_ONCE).await? {
            tracing::info!(key, line = origin.text, "due");
            let known_by = format!("due:{key}:{}", at.timestamp_micros());
            self.write_down(vec![known_by], origin, Some(key)).await?;
        }
        Ok(())
    }
}
