//! Whether a request is signed by whom it says it is. Written apart from the bot's own signing, so that one
//! mistake does not hide another.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE, HOST};
use hubcommander_sdk::clock::Instant;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::model::State;

/// What Duo leaves as it is (RFC 3986).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is wrong with a signature: Duo's number and words.
pub(super) type Unsigned = (u32, &'static str);

/// Looks at the signature of a request with these parameters, as they were understood.
pub(super) fn check(
    state: &State,
    method: &str,
    path: &str,
    headers: &HeaderMap,
    parameters: &[(String, String)],
    now: Instant,
) -> Result<(), Unsigned> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let credentials = text(AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((key, signature)) = credentials.as_deref().and_then(|text| text.split_once(':')) else {
        return Err((40101, "Missing request credentials"));
    };
    if key != state.integration_key {
        return Err((40102, "Invalid integration key in request credentials"));
    }
    let Some(date) = text(DATE) else { return Err((40104, "Missing request timestamp")) };
    let Ok(sent) = DateTime::parse_from_rfc2822(date) else {
        return Err((40104, "Missing request timestamp"));
    };
    let skew = i64::try_from(state.skew.as_secs()).unwrap_or(i64::MAX);
    if (now.timestamp() - sent.timestamp()).abs() > skew {
        return Err((40105, "Bad request timestamp"));
    }
    let mut pairs: Vec<[String; 2]> = parameters
        .iter()
        .map(|(name, value)| [name, value].map(|text| utf8_percent_encode(text, RESERVED).to_string()))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|pair| pair.join("=")).collect();
    let host = text(HOST).unwrap_or_default().to_lowercase();
    let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    let signed = format!("{date}\n{}\n{host}\n{path}\n{}", method.to_uppercase(), pairs.join("&"));
    let given = decoded(signature);
    let secret = hmac::Key::new(hmac::HMAC_SHA512, state.secret_key.as_bytes());
    hmac::verify(&secret, signed.as_bytes(), &given)
        .map_err(|_| (40103, "Invalid signature in request credentials"))
}

/// The bytes that hexadecimal digits stand for; none if they are none.
fn decoded(hex: &str) -> Vec<u8> {
    if !hex.is_ascii() {
        return Vec::new();
    }
    let pairs = hex.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes.unwrap_or_default()
}
