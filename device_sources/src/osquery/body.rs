//! What an agent sends, read within bounds.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Body;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value as Json;
use tokio::time::timeout;

/// Agents give up after 16 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a body of at most `longest` bytes, packed and unpacked, that must be a JSON object. Otherwise the status to
/// answer with.
pub(super) async fn read(headers: &HeaderMap, body: Body, longest: usize) -> Result<Json, StatusCode> {
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > longest) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let Ok(collected) = timeout(PATIENCE, Limited::new(body, longest).collect()).await else {
        return Err(StatusCode::REQUEST_TIMEOUT);
    };
    let bytes =
        collected.map_err(|error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
            Some(_) => StatusCode::PAYLOAD_TOO_LARGE,
            None => StatusCode::BAD_REQUEST,
        })?;
    let bytes = bytes.to_bytes();
    let encoding = headers.get(CONTENT_ENCODING).map_or(Ok("identity"), |value| value.to_str());
    let json: Json = match encoding.map(str::trim) {
        Ok("" | "identity") => serde_json::from_slice(&bytes),
        Ok(gzip) if gzip.eq_ignore_ascii_case("gzip") => serde_json::from_slice(&unpacked(&bytes, longest)?),
        _ => return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
    .map_err(|_| StatusCode::BAD_REQUEST)?;
    if json.is_object() { Ok(json) } else { Err(StatusCode::BAD_REQUEST) }
}

/// Unpacks no more than `longest` bytes, however many are packed.
fn unpacked(bytes: &[u8], longest: usize) -> Result<Vec<u8>, StatusCode> {
    let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes).take(most).read_to_end(&mut unpacked).map_err(|_| StatusCode::BAD_REQUEST)?;
    if unpacked.len() > longest { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok(unpacked) }
}
