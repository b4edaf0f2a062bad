//! How a connection comes about: directly or through a proxy, with TLS, within a time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{BoxError, Service};
use url::Url;

use crate::settings::{Proxy, SetupError, Timeouts, is_loopback};

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Dialing<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Opens a stream to the other side, through the proxy if there is one for it. TLS to the other side comes
/// on top; TLS to the proxy itself is part of it.
#[derive(Clone)]
pub(crate) struct Road {
    direct: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Option<Matcher>>,
}

/// Opens a connection ready for requests, or fails within its time.
#[derive(Clone)]
pub(crate) struct Dialer {
    tls: HttpsConnector<Road>,
    within: Duration,
}

impl Dialer {
    /// For an address that has been checked.
    pub(crate) fn new(api_url: &Url, proxy: &Proxy, timeouts: Timeouts) -> Result<Self, SetupError> {
        let proxies = match proxy {
            Proxy::FromEnvironment => Some(Matcher::from_env()),
            Proxy::None => None,
            Proxy::Through { url, except } => {
                Some(Matcher::builder().all(url.as_str()).no(except.as_str()).build())
            }
        };
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        direct.set_connect_timeout(Some(timeouts.connect));
        direct.set_keepalive(Some(Duration::from_secs(30)));

        let config = tls_config(api_url)?;
        let road = Road {
            to_proxy: HttpsConnectorBuilder::new()
                .with_tls_config(config.clone())
                .https_or_http()
                .enable_http1()
                .wrap_connector(direct.clone()),
            direct,
            proxies: Arc::new(proxies),
        };
        if let Ok(uri) = api_url.as_str().parse::<Uri>()
            && let Some(through) = road.proxy_for(&uri)
            && let Some(scheme) = through.uri().scheme_str()
            && !matches!(scheme, "http" | "https")
        {
            return Err(SetupError::ProxyScheme(scheme.to_owned()));
        }
        // HTTP/1.1 only: when one connection dies, one request is unclear, not all of them.
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(road);
        Ok(Self { tls, within: timeouts.connect })
    }
}

/// The crypto provider is named here and not looked up in the process, which fails when a build holds two.
fn tls_config(api_url: &Url) -> Result<rustls::ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Tls(error.to_string()))?;
    // Over plain http to loopback no certificate is ever looked at, so a machine without any will do.
    let verified = if api_url.scheme() == "http" {
        versions.with_root_certificates(rustls::RootCertStore::empty())
    } else {
        versions.with_native_roots().map_err(|error| SetupError::Tls(error.to_string()))?
    };
    Ok(verified.with_no_client_auth())
}

impl Road {
    /// The proxy for an address. Loopback never has one: what is on this machine is not reached by way of
    /// another, and a token sent there in plain http must not leave it.
    fn proxy_for(&self, destination: &Uri) -> Option<hyper_util::client::proxy::matcher::Intercept> {
        let local = Url::parse(&destination.to_string()).is_ok_and(|url| is_loopback(&url));
        if local { None } else { self.proxies.as_ref().as_ref()?.intercept(destination) }
    }
}

impl Service<Uri> for Road {
    type Response = Stream;
    type Error = BoxError;
    type Future = Dialing<Stream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let Some(through) = self.proxy_for(&destination) else {
            let dialing = self.direct.call(destination);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(dialing.await?)) });
        };
        let mut tunnel = Tunnel::new(through.uri().clone(), self.to_proxy.clone());
        if let Some(auth) = through.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        Box::pin(async move { Ok(tunnel.call(destination).await?) })
    }
}

impl Service<Uri> for Dialer {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = Dialing<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tls.poll_ready(context)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let dialing = self.tls.call(destination);
        let within = self.within;
        Box::pin(async move {
            match tokio::time::timeout(within, dialing).await {
                Ok(dialed) => dialed,
                Err(_) => Err(format!("no connection within {} ms", within.as_millis()).into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A proxy that takes one CONNECT, tells what it was asked, and echoes what comes through the tunnel.
    async fn proxy(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut through = [0; 4];
            if stream.read_exact(&mut through).await.is_ok() {
                stream.write_all(&through).await.unwrap();
            }
            String::from_utf8(asked).unwrap()
        });
        (address.to_string(), task)
    }

    fn dialer(url: &str, proxy: Proxy) -> Dialer {
        Dialer::new(&Url::parse(url).unwrap(), &proxy, Timeouts::default()).unwrap()
    }

    fn through(url: String) -> Proxy {
        Proxy::Through { url, except: String::new() }
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_a_tunnel_with_its_password_and_carries_it() {
        let (address, task) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let Dialer { tls: _, within: _ } =
            dialer("http://127.0.0.1:1", through(format!("http://user:pass@{address}")));
        // The road alone, without the TLS that comes on top of it.
        let mut road = road(through(format!("http://user:pass@{address}")));
        let stream = road.call(Uri::from_static("https://api.github.test/x")).await.unwrap();
        let mut stream = TokioIo::new(stream);
        stream.write_all(b"ping").await.unwrap();
        let mut back = [0; 4];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"ping");
        let asked = task.await.unwrap();
        assert!(asked.starts_with("CONNECT api.github.test:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{asked}");
    }

    fn road(proxy: Proxy) -> Road {
        let Proxy::Through { url, except } = proxy else { unreachable!() };
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        Road {
            to_proxy: HttpsConnectorBuilder::new()
                .with_tls_config(tls_config(&Url::parse("http://127.0.0.1").unwrap()).unwrap())
                .https_or_http()
                .enable_http1()
                .wrap_connector(direct.clone()),
            direct,
            proxies: Arc::new(Some(Matcher::builder().all(url).no(except).build())),
        }
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_a_failed_connection() {
        let (address, task) = proxy("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        let mut road = road(through(format!("http://{address}")));
        let refused = road.call(Uri::from_static("https://api.github.test/")).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("proxy authorization required")));
        task.abort();
    }

    #[test]
    fn loopback_and_exceptions_go_directly() {
        let road = road(Proxy::Through {
            url: "http://proxy.test:3128".into(),
            except: "ghes.example, .internal".into(),
        });
        for direct in
            ["http://127.0.0.1:9/", "http://localhost:9/", "https://[::1]/", "https://ghes.example/"]
        {
            assert!(road.proxy_for(&direct.parse().unwrap()).is_none(), "{direct}");
        }
        assert!(road.proxy_for(&Uri::from_static("https://api.github.com/")).is_some());
    }

    #[test]
    fn a_socks_proxy_is_refused_at_once() {
        let url = Url::parse("https://api.github.com").unwrap();
        let proxy = through("socks5://127.0.0.1:1080".into());
        let refused = Dialer::new(&url, &proxy, Timeouts::default());
        assert!(matches!(refused.err(), Some(SetupError::ProxyScheme(scheme)) if scheme == "socks5"));
    }
}
