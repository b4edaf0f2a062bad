//! The page on which the two use their passkeys: served from here, or by the bot if that runs beside.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hubcommander_auth_plugins::passkey::{Passkeys, router};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::text::Text;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

/// How long whoever listens there may take to show a page.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// Who serves the page. Dropped, it is gone.
pub(super) enum Page {
    /// We do.
    Ours(JoinHandle<()>),
    /// Somebody listens there already: the bot, if it shows our links.
    Others(SocketAddr),
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Self::Ours(serving) = self {
            serving.abort();
        }
    }
}

impl Page {
    /// Begins to serve it, unless somebody else listens there.
    ///
    /// # Errors
    /// Nothing can listen there.
    pub(super) async fn begin(address: SocketAddr, passkeys: &Arc<Passkeys>) -> Result<Self, Refusal> {
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Ok(Self::Others(address)),
            Err(error) => {
                return Err(Refusal::new(
                    Text::new()
                        .plain("The page for the passkeys cannot be served at ")
                        .code(address.to_string())
                        .plain("."),
                    Text::new()
                        .plain("Run it where the bot runs, or mend ")
                        .code("listen")
                        .plain(" under ")
                        .code("[web]")
                        .plain("."),
                )
                .logged(error.to_string()));
            }
        };
        let pages = router(Arc::clone(passkeys));
        Ok(Self::Ours(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, pages).await {
                tracing::error!(%error, "the page for the passkeys ended");
            }
        })))
    }

    /// Whether this link is shown. What listens there may be anything.
    ///
    /// # Errors
    /// It is not.
    pub(super) async fn shows(&self, link: &str) -> Result<(), Refusal> {
        let Self::Others(address) = self else { return Ok(()) };
        match timeout(SHOWN_WITHIN, status_of(*address, link)).await {
            Ok(Ok(200)) => Ok(()),
            other => Err(Refusal::new(
                Text::new()
                    .plain("Something else listens at ")
                    .code(address.to_string())
                    .plain(" and does not show the page for the passkeys."),
                "If it is the bot, see that it runs with this configuration and this store, or stop it and try again; \
                 if it is something else, stop that.",
            )
            .logged(format!("the page at {address}: {other:?}"))),
        }
    }
}

/// The status with which somebody answers for this link.
async fn status_of(address: SocketAddr, link: &str) -> std::io::Result<u16> {
    let odd = |what: &str| std::io::Error::other(what.to_owned());
    let url: Url = link.parse().map_err(|_| odd("the link is no address"))?;
    let mut stream = TcpStream::connect(address).await?;
    let host = url.host_str().unwrap_or("localhost");
    let question = format!("GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", url.path());
    stream.write_all(question.as_bytes()).await?;
    let mut first = [0_u8; 12];
    stream.read_exact(&mut first).await?;
    let line = String::from_utf8_lossy(&first).into_owned();
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| odd("no HTTP"))
}
