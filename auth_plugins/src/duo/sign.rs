//! How Duo knows that a request is ours: an HMAC-SHA512 over date, method, host, path and parameters
//! (<https://duo.com/docs/authapi#authentication>).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander_sdk::clock::Instant;

/// Names and values, as they go into the form or the query.
pub(super) type Parameters<'a> = [(&'a str, &'a str)];

/// A request, as far as its signature covers it.
pub(super) struct Signed<'a> {
    /// As in the header `Date`.
    pub(super) date: &'a str,
    pub(super) method: &'a str,
    /// Without a port.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) parameters: &'a str,
}

impl Signed<'_> {
    /// What is signed: five lines.
    fn canonical(&self) -> String {
        let (method, host) = (self.method.to_uppercase(), self.host.to_lowercase());
        [self.date, &method, &host, self.path, self.parameters].join("\n")
    }

    /// The header `Authorization`.
    pub(super) fn authorization(&self, integration_key: &str, secret_key: &hmac::Key) -> String {
        let tag = hmac::sign(secret_key, self.canonical().as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("Basic {}", STANDARD.encode(format!("{integration_key}:{hex}")))
    }
}

/// The secret key as it signs.
pub(super) fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes())
}

/// The time as Duo wants it (RFC 2822).
pub(super) fn date(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S -0000").to_string()
}

/// The parameters in the one order and spelling that is signed, which is also what is sent.
pub(super) fn encoded(parameters: &Parameters<'_>) -> String {
    let mut pairs: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (percent(name), percent(value))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Every byte but the unreserved ones as `%XX` (RFC 3986).
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// Computed with Duo's own client in Python; those marked `go:` or `py:` stand in Duo's own tests.
    const VECTORS: &str = include_str!("../../tests/duo/vectors.json");

    #[derive(Deserialize)]
    struct Vectors {
        canon_params: Vec<CanonParams>,
        sign: Vec<Sign>,
    }

    #[derive(Deserialize)]
    struct CanonParams {
        params: BTreeMap<String, Vec<String>>,
        canon: String,
    }

    #[derive(Deserialize)]
    struct Sign {
        tag: String,
        ikey: String,
        skey: String,
        method: String,
        host: String,
        path: String,
        date: String,
        params: BTreeMap<String, Vec<String>>,
        canonical: String,
        authorization: String,
    }

    fn flat(params: &BTreeMap<String, Vec<String>>) -> String {
        let pairs: Vec<(&str, &str)> = params
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
            .collect();
        encoded(&pairs)
    }

    #[test]
    fn parameters_are_written_as_duo_writes_them() {
        let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.canon_params.len(), 7);
        for vector in &vectors.canon_params {
            assert_eq!(flat(&vector.params), vector.canon);
        }
    }

    #[test]
    fn requests_are_signed_as_duo_signs_them() {
        let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.sign.len(), 4);
        for vector in &vectors.sign {
            let parameters = flat(&vector.params);
            let signed = Signed {
                date: &vector.date,
                method: &vector.method,
                host: &vector.host,
                path: &vector.path,
                parameters: &parameters,
            };
            assert_eq!(signed.canonical(), vector.canonical, "{}", vector.tag);
            let authorization = signed.authorization(&vector.ikey, &key(&vector.skey));
            assert_eq!(authorization, vector.authorization, "{}", vector.tag);
        }
    }

    #[test]
    fn the_date_is_as_in_the_vectors() {
        let at = Instant::from_timestamp(1_345_570_158, 0).unwrap();
        assert_eq!(date(at), "Tue, 21 Aug 2012 17:29:18 -0000");
    }
}
