//! A port of its own for the agents, with TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long a client has for the handshake, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How many are connected at once; more wait.
const MOST_CONNECTIONS: usize = 2048;
/// How often the files of the certificate are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The files that prove who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate and those between it and the root, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Why agents cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Without TLS everybody on the way could read the enroll secret.
    #[error(
        "{0} is open to others and there is no certificate; give one, or listen on 127.0.0.1 behind a proxy that has one"
    )]
    Open(SocketAddr),
    /// The port cannot be had.
    #[error("cannot listen on {address}: {why}")]
    Port {
        /// Where.
        address: SocketAddr,
        /// Why not.
        why: std::io::Error,
    },
    /// The files cannot be used.
    #[error("{file}: {why}")]
    Identity {
        /// Which.
        file: String,
        /// What is wrong with it. Nothing of what is in it.
        why: String,
    },
}

/// A port that is listened on. Dropping it closes it and all its connections.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    looking: Option<(JoinHandle<()>, Arc<Current>)>,
}

impl Serving {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads the files of the certificate now, as happens by itself within a minute after they have changed. New
    /// connections are shown the new one.
    ///
    /// # Errors
    /// [`ListenError::Identity`]; the former certificate stays.
    pub fn reload(&self) -> Result<(), ListenError> {
        self.looking.as_ref().map_or(Ok(()), |(_, current)| current.reload())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
        if let Some((looking, _)) = &self.looking {
            looking.abort();
        }
    }
}

/// Serves the agents on `address` until the answer is dropped: by TLS 1.2 and 1.3 as `identity`; without one in the
/// clear, and to this machine only.
///
/// # Errors
/// As [`ListenError`] says.
pub async fn serve(
    address: SocketAddr,
    router: Router,
    identity: Option<Identity>,
) -> Result<Serving, ListenError> {
    if identity.is_none() && !address.ip().is_loopback() {
        return Err(ListenError::Open(address));
    }
    let (acceptor, current) = match identity {
        None => (None, None),
        Some(identity) => {
            let current = Arc::new(Current::read(identity)?);
            (Some(acceptor(&current)?), Some(current))
        }
    };
    let listener = TcpListener::bind(address).await.map_err(|why| ListenError::Port { address, why })?;
    let address = listener.local_addr().map_err(|why| ListenError::Port { address, why })?;
    let looking = current.map(|current| (tokio::spawn(look(Arc::clone(&current))), current));
    Ok(Serving { address, accepting: tokio::spawn(accept(listener, router, acceptor)), looking })
}

fn acceptor(current: &Arc<Current>) -> Result<TlsAcceptor, ListenError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        // Agents speak 1.2 only.
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| unusable(Path::new("TLS"), &error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::<Current>::clone(current));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(file: &Path, why: &impl std::fmt::Display) -> ListenError {
    ListenError::Identity { file: file.display().to_string(), why: why.to_string() }
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Current {
    identity: Identity,
    shown: RwLock<Arc<CertifiedKey>>,
}

impl Current {
    fn read(identity: Identity) -> Result<Self, ListenError> {
        let shown = RwLock::new(Arc::new(certified(&identity)?));
        Ok(Self { identity, shown })
    }

    fn reload(&self) -> Result<(), ListenError> {
        let new = Arc::new(certified(&self.identity)?);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What changes when the files do.
    fn marks(&self) -> [Option<(std::time::SystemTime, u64)>; 2] {
        [&self.identity.certificate, &self.identity.key].map(|file| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(identity: &Identity) -> Result<CertifiedKey, ListenError> {
    let Identity { certificate, key } = identity;
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    // Says so too if the key is not that of the certificate.
    CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider())
        .map_err(|error| unusable(certificate, &error))
}

async fn look(current: Arc<Current>) {
    let mut before = current.marks();
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        let now = current.marks();
        if now == before {
            continue;
        }
        match current.reload() {
            Ok(()) => {
                before = now;
                tracing::info!("the certificate for osquery was read anew");
            }
            // Perhaps one of the files is not there yet; it is tried again.
            Err(error) => {
                tracing::warn!(%error, "the new certificate for osquery cannot be used; the former stays")
            }
        }
    }
}

async fn accept(listener: TcpListener, router: Router, acceptor: Option<TlsAcceptor>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    // Dropped with this task, and all conversations with it.
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (router, acceptor) = (router.clone(), acceptor.clone());
                conversations.spawn(async move {
                    converse(stream, router, acceptor).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: let some close instead of spinning.
                tracing::warn!(%error, "a computer cannot be answered");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, router: Router, acceptor: Option<TlsAcceptor>) {
    let Some(acceptor) = acceptor else { return talk(stream, router).await };
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => talk(stream, router).await,
        Ok(Err(error)) => tracing::debug!(%error, "no TLS with a computer"),
        Err(_) => tracing::debug!("no TLS with a computer in time"),
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!(%error, "a conversation with a computer ended early");
    }
}
