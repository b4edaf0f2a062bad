//! The one way both local servers run: an accept loop over axum that can really cut a connection.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::connection::{Connection, Registry};
use crate::faults::Faults;

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the local server could not listen: {0}")]
pub struct ServeError(#[from] std::io::Error);

/// A running server. Dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    open: Registry,
    accepting: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every open connection without a word. New ones are still accepted.
    pub fn cut_all(&self) {
        for connection in self.connections() {
            connection.cut();
        }
    }

    /// The open connections, also those upgraded to a WebSocket.
    pub fn connections(&self) -> Vec<Connection> {
        self.open.all()
    }

    /// Stops accepting and closes every connection.
    pub fn stop(&self) {
        self.accepting.abort();
        self.cut_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A listener on a free port of loopback.
///
/// # Errors
/// When the machine gives none.
pub async fn loopback() -> Result<TcpListener, ServeError> {
    Ok(TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?)
}

/// Serves `router` on `listener` until the answer is dropped; every request passes through `faults`, and
/// carries the [`Connection`] it came over as an extension.
///
/// # Errors
/// When the listener has no address.
pub fn serve(listener: TcpListener, router: Router, faults: &Faults) -> Result<Running, ServeError> {
    serve_bare(listener, faults.layer(router))
}

/// The same without faults: less work for each request.
///
/// # Errors
/// When the listener has no address.
pub fn serve_bare(listener: TcpListener, router: Router) -> Result<Running, ServeError> {
    let address = listener.local_addr()?;
    let open = Registry::default();
    let accepting = tokio::spawn(accept(listener, router, open.clone()));
    Ok(Running { address, open, accepting })
}

async fn accept(listener: TcpListener, router: Router, open: Registry) {
    let mut number = 0_u64;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                number += 1;
                tokio::spawn(converse(number, stream, router.clone(), open.clone()));
            }
            Err(problem) => {
                // Out of file descriptors, most likely: let some close instead of spinning.
                tracing::warn!(%problem, "the local server cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn converse(number: u64, stream: TcpStream, router: Router, open: Registry) {
    if let Err(problem) = stream.set_nodelay(true) {
        tracing::debug!(%problem, "no TCP_NODELAY");
    }
    let (connection, stream) = open.enter(number, stream);
    let router = TowerToHyperService::new(router);
    let over = connection.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(over.clone());
        router.call(request)
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        ended = served => if let Err(problem) = ended {
            tracing::debug!(%problem, "a connection to the local server ended early");
        },
        () = connection.cut_happened() => {}
    }
}
