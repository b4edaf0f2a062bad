//! Who may use the server: whoever has one of its tokens.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};

/// A token that can be guessed opens everybody's record to whoever guesses it.
const SHORTEST: usize = 32;

/// Why a token cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It could be guessed.
    #[error("the token {0:?} is shorter than {SHORTEST} characters; make one with `openssl rand -hex 32`")]
    Short(String),
    /// It cannot stand in a header.
    #[error("the token {0:?} has characters other than letters, digits and -._~+/=")]
    Odd(String),
}

/// The tokens that open the server, each with a name for the log. Only their hashes are kept.
#[derive(Clone, Default)]
pub struct Tokens {
    known: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.known.iter().map(|(name, _)| name)).finish()
    }
}

impl Tokens {
    /// These tokens. Two at a time, so that one can take the other's place without a gap.
    ///
    /// # Errors
    /// As [`TokenError`] says.
    pub fn new<'a>(
        tokens: impl IntoIterator<Item = (&'a str, &'a SecretString)>,
    ) -> Result<Self, TokenError> {
        let mut known = Vec::new();
        for (name, token) in tokens {
            let token = token.expose_secret().trim();
            if token.len() < SHORTEST {
                return Err(TokenError::Short(name.to_owned()));
            }
            // The characters of RFC 6750, 2.1.
            let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            if !token.bytes().all(fine) {
                return Err(TokenError::Odd(name.to_owned()));
            }
            known.push((name.to_owned(), hash(token)));
        }
        Ok(Self { known })
    }

    /// The name of the token that a request carries, if it is one of these. Each is compared, and each in the same
    /// time whatever it is compared with.
    pub(super) fn holder(&self, headers: &HeaderMap) -> Option<&str> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (first, second) = (given.next()?, given.next());
        if second.is_some() {
            return None;
        }
        let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let given = hash(token.trim());
        let mut holder = None;
        for (name, known) in &self.known {
            if verify_slices_are_equal(known, &given).is_ok() {
                holder = Some(name.as_str());
            }
        }
        holder
    }
}

fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";
    const NEXT: &str = "fedcba9876543210fedcba9876543210";

    fn asked(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_a_known_token_opens() {
        let (one, two) = (SecretString::from(GOOD), SecretString::from(NEXT));
        let tokens = Tokens::new([("okta", &one), ("next", &two)]).unwrap();
        assert_eq!(tokens.holder(&asked(&[&format!("Bearer {GOOD}")])), Some("okta"));
        assert_eq!(tokens.holder(&asked(&[&format!("bearer  {NEXT}")])), Some("next"));
        let two_headers = [format!("Bearer {GOOD}"), format!("Bearer {GOOD}")];
        let cut = format!("Bearer {}", &GOOD[..31]);
        let longer = format!("Bearer {GOOD}0");
        let basic = format!("Basic {GOOD}");
        for bad in [
            vec![],
            vec![""],
            vec!["Bearer"],
            vec!["Bearer "],
            vec![GOOD],
            vec![&cut],
            vec![&longer],
            vec![&basic],
            two_headers.iter().map(String::as_str).collect(),
        ] {
            assert_eq!(tokens.holder(&asked(&bad)), None, "{bad:?}");
        }
        assert_eq!(Tokens::default().holder(&asked(&[&format!("Bearer {GOOD}")])), None);
        assert!(!format!("{tokens:?}").contains(GOOD));
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused() {
        let of = |token: &str| Tokens::new([("okta", &SecretString::from(token))]).err();
        assert_eq!(of("secret"), Some(TokenError::Short("okta".to_owned())));
        assert_eq!(of(&"ä".repeat(32)), Some(TokenError::Odd("okta".to_owned())));
    }
}
