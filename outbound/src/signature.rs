//! Signatures as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`, in base64 behind `v1,`
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// What secrets begin with.
const PREFIX: &str = "whsec_";
/// How many bytes are in one: the least and the most.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: u64 = 5 * 60;
/// How many signatures are looked at: a few, while keys change.
const SIGNATURES: usize = 16;
/// The longest id of a call.
const ID: usize = 128;

/// A secret is not one that can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not `whsec_` and 24 to 64 bytes in base64")]
pub struct NotASecret;

/// Why a call does not count. Says nothing of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// A header is not there, or cannot be read.
    #[error("The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` are needed.")]
    Headers,
    /// It was signed too long ago, or will be.
    #[error("`webhook-timestamp` is more than 5 minutes off.")]
    Time,
    /// No signature is one of ours.
    #[error("No signature in `webhook-signature` is right.")]
    Signature,
}

/// Signs and verifies with one secret or, while it is changed, with several.
#[derive(Clone)]
pub struct Signer(Vec<hmac::Key>);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer([REDACTED])")
    }
}

/// The headers of a call, as they came.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`
    pub signature: &'a str,
}

/// Whether something can be a secret to sign with.
#[must_use]
pub fn is_secret(secret: &str) -> bool {
    key(secret).is_some()
}

fn key(secret: &str) -> Option<hmac::Key> {
    let bytes = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    BYTES.contains(&bytes.len()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn content(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut content = format!("{id}.{timestamp}.").into_bytes();
    content.extend_from_slice(body);
    content
}

impl Signer {
    /// Over these secrets. The first signs; a signature by any of them is right.
    ///
    /// # Errors
    /// One of them is none.
    pub fn new(secrets: &[SecretString]) -> Result<Self, NotASecret> {
        let keys = secrets.iter().map(|secret| key(secret.expose_secret()).ok_or(NotASecret));
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// What stands in `webhook-signature`: one signature for each secret.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let content = content(id, timestamp, body);
        let sign = |key: &hmac::Key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &content).as_ref()));
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }

    /// Whether a call is signed by one of the secrets, at about this time, in seconds since 1970. Signatures are
    /// compared in constant time.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(&self, headers: Headers<'_>, body: &[u8], now: i64) -> Result<(), Forged> {
        // Without a full stop in it, what was signed can be taken apart in one way only.
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if headers.id.is_empty() || headers.id.len() > ID || !headers.id.bytes().all(fine) {
            return Err(Forged::Headers);
        }
        let digits = headers.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let timestamp: i64 = headers.timestamp.parse().ok().filter(|_| digits).ok_or(Forged::Headers)?;
        if timestamp.abs_diff(now) > TOLERANCE {
            return Err(Forged::Time);
        }
        // As it was written: a number can be written in several ways, and one was signed.
        let mut content = format!("{}.{}.", headers.id, headers.timestamp).into_bytes();
        content.extend_from_slice(body);
        let given = headers.signature.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        for tag in given.take(SIGNATURES).filter_map(|tag| STANDARD.decode(tag).ok()) {
            if self.0.iter().any(|key| hmac::verify(key, &content, &tag).is_ok()) {
                return Ok(());
            }
        }
        Err(Forged::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: i64 = 1_614_265_330;

    fn signer(secrets: &[&str]) -> Signer {
        Signer::new(&secrets.iter().map(|secret| SecretString::from(*secret)).collect::<Vec<_>>()).unwrap()
    }

    fn other() -> String {
        format!("whsec_{}", STANDARD.encode([7; 32]))
    }

    /// The example that the reference libraries are tested with.
    #[test]
    fn a_known_signature_comes_out() {
        let signed = signer(&[SECRET]).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    fn verify(
        signer: &Signer,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
    ) -> Result<(), Forged> {
        signer.verify(Headers { id, timestamp, signature }, body, AT + 10)
    }

    #[test]
    fn only_what_was_signed_counts() {
        let ours = signer(&[SECRET]);
        let (good, stamp) = (ours.sign("m1", AT, BODY), AT.to_string());
        assert_eq!(verify(&ours, "m1", &stamp, &good, BODY), Ok(()));
        assert_eq!(verify(&ours, "m2", &stamp, &good, BODY), Err(Forged::Signature));
        assert_eq!(verify(&ours, "m1", &(AT + 1).to_string(), &good, BODY), Err(Forged::Signature));
        assert_eq!(verify(&ours, "m1", &stamp, &good, b"{}"), Err(Forged::Signature));
        assert_eq!(verify(&ours, "m1", &stamp, "", BODY), Err(Forged::Signature));
        assert_eq!(verify(&ours, "m1", &stamp, &good.replace("v1,", "v2,"), BODY), Err(Forged::Signature));
        assert_eq!(verify(&signer(&[&other()]), "m1", &stamp, &good, BODY), Err(Forged::Signature));
        assert_eq!(verify(&signer(&[]), "m1", &stamp, &good, BODY), Err(Forged::Signature));
    }

    #[test]
    fn while_secrets_change_both_count() {
        let (old, both) = (signer(&[SECRET]), signer(&[&other(), SECRET]));
        let stamp = AT.to_string();
        assert_eq!(verify(&both, "m1", &stamp, &old.sign("m1", AT, BODY), BODY), Ok(()));
        let two = both.sign("m1", AT, BODY);
        assert_eq!(two.split(' ').count(), 2);
        assert_eq!(verify(&old, "m1", &stamp, &two, BODY), Ok(()));
        assert_eq!(verify(&old, "m1", &stamp, &format!("v1,AAAA {two}"), BODY), Ok(()));
    }

    #[test]
    fn what_was_signed_too_long_ago_does_not_count() {
        let ours = signer(&[SECRET]);
        let signature = ours.sign("m1", AT, BODY);
        let at = |now| {
            let stamp = AT.to_string();
            ours.verify(Headers { id: "m1", timestamp: &stamp, signature: &signature }, BODY, now)
        };
        assert_eq!(at(AT + 300), Ok(()));
        assert_eq!(at(AT - 300), Ok(()));
        assert_eq!(at(AT + 301), Err(Forged::Time));
        assert_eq!(at(AT - 301), Err(Forged::Time));
    }

    #[test]
    fn headers_that_could_be_read_in_two_ways_are_refused() {
        let ours = signer(&[SECRET]);
        let signature = ours.sign("m1.1", AT, BODY);
        assert_eq!(verify(&ours, "m1.1", &AT.to_string(), &signature, BODY), Err(Forged::Headers));
        for stamp in ["", "-5", "+1614265330", "1614265330.0", "99999999999999999999"] {
            assert_eq!(verify(&ours, "m1", stamp, &signature, BODY), Err(Forged::Headers), "{stamp}");
        }
        assert_eq!(verify(&ours, "", "1614265330", &signature, BODY), Err(Forged::Headers));
    }

    #[test]
    fn secrets_are_long_enough_and_do_not_show_themselves() {
        assert!(is_secret(SECRET) && is_secret(&other()));
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"] {
            assert!(!is_secret(wrong), "{wrong}");
        }
        assert_eq!(format!("{:?}", signer(&[SECRET])), "Signer([REDACTED])");
    }
}
