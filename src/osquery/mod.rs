//! The server of osquery's agents, beside the bot: the library's, over what the store remembers of the computers.

mod nodes;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;

use hubcommander_device_sources::osquery::{self, Identity, ListenError, Osquery, SetupError};
use hubcommander_sdk::clock::SharedClock;
use tokio::sync::watch;

use crate::store::Shelf;

pub use nodes::{Remembered, Writer};

/// The server, before it listens.
#[derive(Clone, Debug)]
pub struct Agents {
    server: Osquery,
    listen: SocketAddr,
    identity: Option<Identity>,
}

impl Agents {
    /// The server that the configuration asks for. What it must remember stands in the store of `shelf`, which is opened
    /// later. `seed` is what the computers' keys are made of.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(
        setup: &osquery::Setup,
        shelf: &Shelf,
        clock: &SharedClock,
        seed: [u8; 32],
    ) -> Result<Self, SetupError> {
        let nodes = Arc::new(Remembered::new(shelf.clone(), Arc::clone(clock), Writer::Bot));
        Ok(Self {
            server: Osquery::new(setup.settings.clone(), nodes, Arc::clone(clock), seed)?,
            listen: setup.listen,
            identity: setup.identity.clone(),
        })
    }

    /// The source of what the computers told.
    #[must_use]
    pub fn source(&self) -> &Osquery {
        &self.server
    }

    /// Listens until `stop` says so; then all connections end.
    ///
    /// # Errors
    /// Nothing can listen there, or the certificate cannot be used.
    pub async fn listen(self, mut stop: watch::Receiver<bool>) -> Result<(), ListenError> {
        let serving = osquery::serve(self.listen, self.server.router(), self.identity).await?;
        tracing::info!(address = %serving.address(), "listening to osquery's agents");
        tokio::spawn(async move {
            // Who would say so is gone too.
            let _ = stop.wait_for(|stop| *stop).await;
            drop(serving);
        });
        Ok(())
    }
}
