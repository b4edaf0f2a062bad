//! A client for plain requests, which goes out the way all else does.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use hyper_util::client::proxy::matcher::Intercept;
use url::Url;

use super::{Proxies, WayOutError, tls};

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, TLS and proxy included.
    pub connect: Duration,
    /// For one whole request, body included. Longer than `connect`.
    pub request: Duration,
}

/// A client for plain requests through these proxies. Each request goes out once: nothing is repeated, and no
/// redirect is followed. Without `encrypted`, for tests and the sandbox, the machine's certificates are not
/// read, and nothing but this machine can be reached.
///
/// # Errors
/// [`WayOutError::Tls`] if TLS is needed and the machine has no usable certificates.
pub fn http_client(
    proxies: Proxies,
    patience: Patience,
    encrypted: bool,
) -> Result<reqwest::Client, WayOutError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(encrypted)?)
        // Not what reqwest itself makes of the environment, which knows no exception for this machine.
        .no_proxy()
        .proxy(reqwest::Proxy::custom(move |url| through(&proxies, url)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // For the same reasons as in `WayOut`: a request given up closes its connection.
        .http1_only()
        // A connection that the other side has closed meanwhile makes a write unclear, so none grows old.
        .pool_idle_timeout(Duration::from_secs(30))
        .connect_timeout(patience.connect)
        .timeout(patience.request)
        .user_agent(concat!("hubcommander/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| WayOutError::Tls(error.to_string()))
}

/// The proxy to an address, with its name and password, if one is to be used.
fn through(proxies: &Proxies, url: &Url) -> Option<Url> {
    let found = proxies.intercept(&url.as_str().parse::<Uri>().ok()?)?;
    let mut proxy = Url::parse(&found.uri().to_string()).ok()?;
    if let Some((name, password)) = credentials(&found) {
        // An address that can hold none has none.
        let _ = proxy.set_username(&name);
        let _ = proxy.set_password(Some(&password));
    }
    Some(proxy)
}

fn credentials(proxy: &Intercept) -> Option<(String, String)> {
    if let Some((name, password)) = proxy.raw_auth() {
        return Some((name.to_owned(), password.to_owned()));
    }
    let encoded = proxy.basic_auth()?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub;

    const PATIENCE: Patience =
        Patience { connect: Duration::from_secs(10), request: Duration::from_secs(20) };

    fn proxied(proxies: &Proxies, url: &str) -> Option<String> {
        through(proxies, &url.parse().unwrap()).map(|url| url.to_string())
    }

    #[test]
    fn the_same_connections_go_through_a_proxy() {
        let proxies = Proxies::through("http://u:p%40ss@proxy.test:3128", ".internal");
        for direct in
            ["http://127.0.0.1:9/", "http://localhost/", "https://[::1]/", "https://travis.internal/"]
        {
            assert_eq!(proxied(&proxies, direct), None, "{direct}");
        }
        let found = proxied(&proxies, "https://api.travis-ci.com/user");
        assert_eq!(found.as_deref(), Some("http://u:p%40ss@proxy.test:3128/"));
        let socks = Proxies::through("socks5h://u:pass@proxy.test:1080", "");
        let found = proxied(&socks, "https://api.travis-ci.com/user").unwrap();
        assert!(found.starts_with("socks5h://u:pass@proxy.test:1080"), "{found}");
        assert_eq!(proxied(&Proxies::none(), "https://api.travis-ci.com/"), None);
    }

    #[tokio::test]
    async fn the_proxy_is_given_its_password_and_no_error_shows_it() {
        let (address, seen) = stub::answers(stub::REFUSED).await;
        let proxies = Proxies::always(&format!("http://ana:s3cret@{address}"));
        let client = http_client(proxies, PATIENCE, false).unwrap();
        let error = client.get("https://api.travis-ci.com/user").send().await.unwrap_err();
        let (asked, _) = seen.await.unwrap();
        assert!(asked.starts_with("CONNECT api.travis-ci.com:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_lowercase().contains("proxy-authorization: basic yw5honmzy3jlda=="), "{asked}");
        assert!(error.is_connect(), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }

    #[tokio::test]
    async fn no_redirect_is_followed() {
        let found = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        let (address, answering) = stub::answers(found).await;
        let client = http_client(Proxies::none(), PATIENCE, false).unwrap();
        let answer = client.get(format!("http://{address}/")).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        let (asked, _) = answering.await.unwrap();
        assert!(asked.contains("user-agent: hubcommander/"));
    }
}
