//! How connections leave the machine: directly or through the proxy that the environment names, with TLS by
//! rustls, and never unencrypted except to this very machine.
//!
//! One connector serves the Slack Web API, the WebSockets and GitHub, so that all obey the same rules.

mod client;
mod exchange;
mod service_account;
pub mod signature;
#[cfg(test)]
mod stub;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;
use url::{Host, Url};

pub use client::{Patience, http_client};
pub use exchange::{AddressError, Answer, Failure, client_for, exchange};
pub use service_account::{JWT_BEARER, KeyError, ServiceAccount};

/// An open connection, with TLS where the address asks for it. The inner layer is TLS to a proxy.
pub type Wire = MaybeHttpsStream<Hop>;
/// The first hop: to the other side itself or to a proxy.
type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Dialing<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Why no connection can be made at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WayOutError {
    /// An address that would carry secrets in the clear.
    #[error("`{0}` is not encrypted: plain http and ws are allowed to this machine only")]
    Plain(String),
    /// The machine has no usable certificates.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Which connections go through a proxy.
#[derive(Clone)]
pub struct Proxies {
    matcher: Arc<Matcher>,
    loopback_too: bool,
}

impl Proxies {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (in either case) say. Connections to
    /// this machine are never sent through a proxy.
    #[must_use]
    pub fn from_env() -> Self {
        Self { matcher: Arc::new(Matcher::from_env()), loopback_too: false }
    }

    /// No proxy whatever the environment says.
    #[must_use]
    pub fn none() -> Self {
        Self { matcher: Arc::new(Matcher::builder().build()), loopback_too: false }
    }

    /// Everything through this proxy (`http://`, `https://`, `socks5://`, ... with a name and password if it
    /// wants them), connections to this machine included.
    #[must_use]
    pub fn always(proxy: &str) -> Self {
        Self { matcher: Arc::new(Matcher::builder().all(proxy.to_owned()).build()), loopback_too: true }
    }

    /// Through this proxy to all but this machine and the hosts in `except`, written as in `NO_PROXY`.
    #[must_use]
    pub fn through(proxy: &str, except: &str) -> Self {
        let matcher = Matcher::builder().all(proxy.to_owned()).no(except.to_owned()).build();
        Self { matcher: Arc::new(matcher), loopback_too: false }
    }

    fn intercept(&self, uri: &Uri) -> Option<Intercept> {
        if !self.loopback_too && uri.host().is_some_and(is_loopback) {
            return None;
        }
        self.matcher.intercept(uri)
    }
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A proxy's address may hold a password.
        f.debug_struct("Proxies").field("loopback_too", &self.loopback_too).finish_non_exhaustive()
    }
}

/// Refuses an address that would carry secrets in the clear: http and ws lead to this machine only.
///
/// # Errors
/// [`WayOutError::Plain`], with the host alone: a path may be secret.
pub fn must_be_private(url: &Url) -> Result<(), WayOutError> {
    match url.scheme() {
        "https" | "wss" => Ok(()),
        "http" | "ws" if leads_here(url) => Ok(()),
        scheme => Err(WayOutError::Plain(format!("{scheme}://{}", url.host_str().unwrap_or_default()))),
    }
}

/// Whether an address leads to this very machine.
#[must_use]
pub fn leads_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_loopback(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Opens connections. Cheap to clone.
#[derive(Clone)]
pub struct WayOut {
    https: HttpsConnector<Dialer>,
    deadline: Duration,
}

impl std::fmt::Debug for WayOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WayOut").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl WayOut {
    /// A way out through these proxies; a connection that is not open (proxy and TLS included) within
    /// `deadline` is given up. Without `encrypted`, for tests and the sandbox, the machine's certificates
    /// are not read, and nothing but this machine can be reached.
    ///
    /// # Errors
    /// [`WayOutError::Tls`] if TLS is needed and the machine has no usable certificates.
    pub fn new(proxies: Proxies, deadline: Duration, encrypted: bool) -> Result<Self, WayOutError> {
        let tls = tls(encrypted)?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(deadline));
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        let first_hop = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp.clone());
        let dialer = Dialer { tcp, first_hop, proxies };
        // HTTP/1 only: a request given up closes its connection, while a dead HTTP/2 connection would stay
        // in the pool and swallow the requests after it as well.
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(dialer);
        Ok(Self { https, deadline })
    }

    /// Opens a connection for a WebSocket: `ws` is dialled as http, `wss` as https.
    ///
    /// # Errors
    /// A description without the path, which holds the ticket.
    pub async fn open(&mut self, url: &Url) -> Result<TokioIo<Wire>, BoxError> {
        must_be_private(url)?;
        let scheme = if url.scheme() == "wss" { "https" } else { "http" };
        let host = url.host_str().ok_or("an address without a host")?;
        let port = url.port_or_known_default().ok_or("an address without a port")?;
        let uri =
            Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/").build()?;
        Ok(TokioIo::new(self.call(uri).await?))
    }
}

impl Service<Uri> for WayOut {
    type Response = Wire;
    type Error = BoxError;
    type Future = Dialing<Wire>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let deadline = self.deadline;
        let opening = self.https.call(uri);
        Box::pin(async move {
            match tokio::time::timeout(deadline, opening).await {
                Ok(opened) => opened,
                Err(_) => Err(format!("no connection within {deadline:?}").into()),
            }
        })
    }
}

/// Opens the plain connection below TLS.
#[derive(Clone)]
struct Dialer {
    tcp: HttpConnector,
    first_hop: HttpsConnector<HttpConnector>,
    proxies: Proxies,
}

impl Service<Uri> for Dialer {
    type Response = Hop;
    type Error = BoxError;
    type Future = Dialing<Hop>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.intercept(&uri) else {
            let dialing = self.tcp.call(uri);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(dialing.await?)) });
        };
        let place = proxy.uri().clone();
        match place.scheme_str() {
            Some(scheme @ ("socks5" | "socks5h")) => {
                let mut socks = SocksV5::new(place.clone(), self.tcp.clone()).local_dns(scheme == "socks5");
                if let Some((name, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(name.to_owned(), password.to_owned());
                }
                let dialing = socks.call(uri);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(dialing.await?)) })
            }
            Some(scheme @ ("socks4" | "socks4a")) => {
                let mut socks = SocksV4::new(place.clone(), self.tcp.clone()).local_dns(scheme == "socks4");
                let dialing = socks.call(uri);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(dialing.await?)) })
            }
            _ => {
                let mut tunnel = Tunnel::new(place, self.first_hop.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                let dialing = tunnel.call(uri);
                Box::pin(async move { Ok(dialing.await?) })
            }
        }
    }
}

/// rustls with aws-lc-rs, named outright so that it does not matter which providers the tree holds.
fn tls(encrypted: bool) -> Result<rustls::ClientConfig, WayOutError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| WayOutError::Tls(error.to_string()))?;
    let builder = if encrypted {
        builder.with_native_roots().map_err(|error| WayOutError::Tls(error.to_string()))?
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn nothing_leaves_the_machine_in_the_clear() {
        for good in [
            "https://slack.com/api",
            "wss://wss-primary.slack.com/link",
            "http://127.0.0.1:9/api",
            "ws://[::1]:9/",
        ] {
            assert_eq!(must_be_private(&good.parse().unwrap()), Ok(()), "{good}");
        }
        for bad in
            ["http://slack.com/api", "ws://127.0.0.1.example.com/", "ftp://localhost/", "http://10.0.0.1/"]
        {
            assert!(must_be_private(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn this_machine_is_told_from_what_only_looks_like_it() {
        let here = |url: &str| leads_here(&url.parse().unwrap());
        for url in ["http://127.0.0.1:1/", "http://127.9.9.9", "http://[::1]:80", "http://LOCALHOST/x"] {
            assert!(here(url), "{url}");
        }
        // A name with a dot at its end is asked of the name servers, whatever the machine's own list says.
        for url in [
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://localhost./",
            "http://10.0.0.1",
            "http://0.0.0.0",
        ] {
            assert!(!here(url), "{url}");
        }
    }

    #[test]
    fn this_machine_is_reached_without_the_proxy_unless_it_is_meant() {
        let uri: Uri = "http://localhost:80/".parse().unwrap();
        let mut proxies = Proxies::always("http://proxy.example:3128");
        assert!(proxies.intercept(&uri).is_some());
        proxies.loopback_too = false;
        assert!(proxies.intercept(&uri).is_none());
        assert!(proxies.intercept(&"https://slack.com/".parse().unwrap()).is_some());
    }

    #[tokio::test]
    async fn a_wss_address_is_asked_of_the_proxy_by_name_with_its_password() {
        let (address, seen) = stub::answers(stub::REFUSED).await;
        let proxies = Proxies::always(&format!("http://ana:s3cret@{address}"));
        let mut out = WayOut::new(proxies, Duration::from_secs(10), false).unwrap();
        let url = "wss://wss-primary.slack.com/link/?ticket=hidden".parse().unwrap();
        let error = out.open(&url).await.err().unwrap().to_string();
        let (asked, _) = seen.await.unwrap();
        assert!(asked.starts_with("CONNECT wss-primary.slack.com:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_lowercase().contains("proxy-authorization: basic yw5honmzy3jlda=="), "{asked}");
        assert!(!error.contains("hidden") && !error.contains("s3cret"), "{error}");
    }

    #[tokio::test]
    async fn a_tunnel_carries_what_is_sent() {
        let (address, opened) = stub::answers("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let carried = tokio::spawn(async move {
            let (_, mut stream) = opened.await.unwrap();
            let mut through = [0; 4];
            stream.read_exact(&mut through).await.unwrap();
            stream.write_all(&through).await.unwrap();
        });
        let out = WayOut::new(Proxies::always(&format!("http://{address}")), Duration::from_secs(10), false);
        let mut stream = out.unwrap().open(&"ws://127.0.0.1:9/".parse().unwrap()).await.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut back = [0; 4];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"ping");
        carried.await.unwrap();
    }

    #[test]
    fn exceptions_go_directly_and_a_password_is_not_shown() {
        let proxies = Proxies::through("http://u:s3cret@proxy.test:3128", "ghes.example, .internal");
        for direct in ["http://127.0.0.1:9/", "https://[::1]/", "https://ghes.example/"] {
            assert!(proxies.intercept(&direct.parse().unwrap()).is_none(), "{direct}");
        }
        assert!(proxies.intercept(&"https://api.github.com/".parse().unwrap()).is_some());
        assert!(!format!("{proxies:?}").contains("s3cret"));
    }
}
