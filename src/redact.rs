//! Finds secrets by their looks, in what people type and in what is logged, and takes them out.
//!
//! The shapes are those that the makers document: Slack
//! (<https://docs.slack.dev/authentication/tokens>), GitHub
//! (<https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github>,
//! with the longer `ghs_…` of 2026 that holds dots and dashes), AWS
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>), and private keys in PEM
//! (RFC 7468), OpenSSH's and PuTTY's own format.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What kind of secret it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A private key: PEM, OpenSSH or PuTTY.
    PrivateKey,
    /// A token of Slack, of a bot, an app, a person or a browser.
    SlackToken,
    /// An address that anybody can post to Slack with.
    SlackWebhook,
    /// A token of GitHub, of a person, an app or an installation.
    GitHubToken,
    /// An access key of AWS, its id or its secret half.
    AwsKey,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::PrivateKey, Self::SlackToken, Self::SlackWebhook, Self::GitHubToken, Self::AwsKey];

    /// What stands in the secret's place. One word, so that the words around it keep their places.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::PrivateKey => "[private-key-removed]",
            Self::SlackToken => "[slack-token-removed]",
            Self::SlackWebhook => "[slack-webhook-removed]",
            Self::GitHubToken => "[github-token-removed]",
            Self::AwsKey => "[aws-key-removed]",
        }
    }
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where, in bytes.
    pub at: Range<usize>,
    /// What it looks like.
    pub kind: Kind,
}

/// The text with every recognised secret replaced by [`Kind::placeholder`].
#[must_use]
pub fn redact(text: &str) -> String {
    let found = find(text);
    if found.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Found { at, kind } in found {
        out.push_str(text.get(from..at.start).unwrap_or_default());
        out.push_str(kind.placeholder());
        from = at.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Whether a secret was taken out of this text by [`redact`].
#[must_use]
pub fn is_redacted(text: &str) -> bool {
    text.contains("-removed]") && Kind::ALL.iter().any(|kind| text.contains(kind.placeholder()))
}

/// Where the recognised secrets are, in order, without overlap.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    // Nearly all texts hold none of these few words, and one pass over them tells.
    if !HINTS.is_match(text) {
        return Vec::new();
    }
    let mut all: Vec<Found> = SHAPES
        .iter()
        .flat_map(|(kind, shape)| {
            shape.captures_iter(text).filter_map(|groups| {
                let at = groups.name("secret").or_else(|| groups.get(0))?.range();
                Some(Found { at, kind: *kind })
            })
        })
        .collect();
    if all.iter().any(|found| found.kind == Kind::AwsKey) {
        // The secret half has no mark of its own; beside an id, forty such characters are it.
        all.extend(
            AWS_SECRET_ALONE
                .captures_iter(text)
                .filter_map(|groups| groups.name("secret"))
                .map(|secret| Found { at: secret.range(), kind: Kind::AwsKey }),
        );
    }
    all.sort_by_key(|found| (found.at.start, usize::MAX - found.at.end));
    let mut kept: Vec<Found> = Vec::with_capacity(all.len());
    for found in all {
        match kept.last_mut() {
            // Two that overlap are taken out as one, so that no end of either stays.
            Some(last) if found.at.start < last.at.end => last.at.end = last.at.end.max(found.at.end),
            _ => kept.push(found),
        }
    }
    kept
}

/// Each of the shapes holds at least one of these.
static HINTS: LazyLock<Regex> = LazyLock::new(|| {
    shape(
        r"(?i-u)private key|putty-user-key-file|b3BlbnNzaC1rZXktdjE|MI[IJ][A-Z0-9+/]{2}[AQGW]IBA|AgE[AB]|MHcCAQEE|MC4CAQAw|xox[a-z][-.]|xapp-|xwfp-|hooks\.slack|gh[oprsu]_|github_pat_|AKIA|ASIA|secret",
    )
});

/// Typographic dashes count as dashes: keyboards turn `--` into one.
static SHAPES: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    [
        // An end that is missing was cut off: all that follows is taken for the key.
        (
            Kind::PrivateKey,
            r"(?is)[-\x{2010}-\x{2015}]{1,5}\s?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?\s?[-\x{2010}-\x{2015}]{1,5}.*?(?:[-\x{2010}-\x{2015}]{1,5}\s?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?\s?[-\x{2010}-\x{2015}]{1,5}|\z)",
        ),
        // The middle of a key, pasted without its first and last line: what OpenSSH's begin with, and what PKCS#1,
        // PKCS#8 and SEC1 do (a number 0 or 1 right at the beginning of the structure).
        (
            Kind::PrivateKey,
            r"(?-u)\b(?:b3BlbnNzaC1rZXktdjE|MI[IJ][A-Za-z0-9+/]{2}[AQgw]IBA|MI[GH][A-Za-z0-9+/]AgE[AB]|MHcCAQEE|MC4CAQAwBQYDK2V)[A-Za-z0-9+/=]{16,}(?:\s+[A-Za-z0-9+/=]{24,})*(?:\s+[A-Za-z0-9+/=]{1,23}(?:\s|\z))?",
        ),
        (Kind::PrivateKey, r"(?is)PuTTY-User-Key-File-[0-9]{1,2}:.*?(?:Private-MAC:\s*[0-9a-f]+|\z)"),
        (
            Kind::SlackToken,
            r"(?-u)(?:xox[a-z](?:[.]xox[a-z])?|xapp|xwfp)-(?:[A-Za-z0-9_+/=-]|%[0-9A-Fa-f]{2}){6,}",
        ),
        (
            Kind::SlackWebhook,
            r"(?i-u)(?:https?://)?hooks[.]slack(?:-gov)?[.]com/(?:services|workflows|triggers|commands|actions)/[A-Za-z0-9/_%-]{3,}",
        ),
        (Kind::GitHubToken, r"(?-u)(?:ghs_[A-Za-z0-9._-]{6,}|gh[opru]_[A-Za-z0-9_]{6,}|github_pat_[A-Za-z0-9_]{6,})"),
        (Kind::AwsKey, r"(?-u)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        (
            Kind::AwsKey,
            r#"(?i)secret[_ -]?(?:access[_ -]?)?key["'\x{2018}-\x{201F}` ]{0,3}\s?[:=]?[>"'\x{2018}-\x{201F}` ]{0,4}(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|\z)"#,
        ),
        (Kind::AwsKey, r#"(?i)session[_ -]?token["' ]{0,3}[:=]["' ]{0,3}(?P<secret>[A-Za-z0-9/+=]{100,})"#),
    ]
    .into_iter()
    .map(|(kind, pattern)| (kind, shape(pattern)))
    .collect()
});

static AWS_SECRET_ALONE: LazyLock<Regex> =
    LazyLock::new(|| shape(r"(?:^|[^A-Za-z0-9/+])(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"));

/// The patterns are constants that a test compiles. Where one did not, texts would pass unredacted, so it
/// ends the program at its first use.
fn shape(pattern: &str) -> Regex {
    #[allow(clippy::expect_used, reason = "a constant; `every_shape_compiles` proves it")]
    Regex::new(pattern).expect("the pattern is valid")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Put together here, so that no scanner takes this file for a leak.
    fn private_key(kind: &str, body: &str) -> String {
        let (begin, end) = ("BEGIN", "END");
        format!("-----{begin} {kind}PRIVATE KEY-----\n{body}\n-----{end} {kind}PRIVATE KEY-----")
    }

    #[test]
    fn every_shape_compiles() {
        assert!(HINTS.is_match("ghp_") && !SHAPES.is_empty() && !AWS_SECRET_ALONE.is_match(""));
    }

    #[test]
    fn a_private_key_goes_as_a_whole() {
        for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
            let key =
                private_key(kind, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2");
            assert_eq!(redact(&format!("deploy {key} thanks")), "deploy [private-key-removed] thanks");
            assert_eq!(redact(&key.replace('\n', " ")), "[private-key-removed]");
        }
    }

    #[test]
    fn the_middle_of_a_key_goes_without_its_first_and_last_line() {
        for (begins, what) in [
            ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW", "OpenSSH"),
            ("MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun", "PKCS#1"),
            ("MIIJKQIBAAKCAgEA4bqDtLBRTdSS/EFFzTYj1lHm7p10A3R/nRyai4KkmMMO4aok", "PKCS#1, long"),
            ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "PKCS#8"),
            ("MHcCAQEEIGVxSJAWqLrRfj0bQvWqgq6r8Q7bV0nqX4gq3oAoGCCqGSM49AwEHoUQD", "SEC1"),
            ("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZXFIkBaoutF+PRtC", "PKCS#8 of EC"),
            ("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g", "PKCS#8 of Ed25519"),
        ] {
            let line = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz01";
            let pasted = format!("!AddKey acme api ci {begins}\n{line}\n{line}\nAbCd== ");
            assert_eq!(redact(&pasted), "!AddKey acme api ci [private-key-removed]", "{what}");
            assert_eq!(
                redact(&format!("key {begins}, thanks")),
                "key [private-key-removed], thanks",
                "{what}"
            );
        }
    }

    #[test]
    fn a_key_that_was_cut_off_goes_to_the_end() {
        let key = private_key("RSA ", "AAAABBBB\nCCCC");
        assert_eq!(redact(&format!("see {}", &key[..45])), "see [private-key-removed]");
    }

    #[test]
    fn two_keys_are_two() {
        let text = format!("{}\nand\n{}", private_key("", "AAAA"), private_key("EC ", "BBBB"));
        assert_eq!(redact(&text), "[private-key-removed]\nand\n[private-key-removed]");
    }

    #[test]
    fn a_key_with_typographic_dashes_is_one() {
        let key = private_key("", "AAAA").replace("-----", "\u{2014}\u{2014}-");
        assert_eq!(redact(&key), "[private-key-removed]");
    }

    #[test]
    fn a_public_key_stays() {
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVxSJAWqLrR me@host",
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeL",
            "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJRTESMBAGA1UEChMJ",
            "where is my private key",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn tokens_go_wherever_they_stand() {
        for (secret, kind) in [
            ("xoxb-123456789012-1234567890123-abcDEF", Kind::SlackToken),
            ("xoxp-1-2-3-abcdef", Kind::SlackToken),
            ("xoxe.xoxp-1-Mi0yLTEyMzQ", Kind::SlackToken),
            ("xoxd-ab%2Bcd%2Fef", Kind::SlackToken),
            ("xapp-1-A0HUB-123-abcdef", Kind::SlackToken),
            ("ghp_abcdefABCDEF0123456789abcdefABCDEF01", Kind::GitHubToken),
            ("ghs_123_eyJhbGciOi.JSUzI1Ni-x9.abc", Kind::GitHubToken),
            ("github_pat_11ABCDEFG0abcdef_0123456789", Kind::GitHubToken),
            ("AKIAIOSFODNN7EXAMPLE", Kind::AwsKey),
            ("https://hooks.slack.com/services/T0ACME/B0HUB/abcDEF123", Kind::SlackWebhook),
        ] {
            let expected = format!("a {} b", kind.placeholder());
            assert_eq!(redact(&format!("a {secret} b")), expected, "{secret}");
            let expected = format!("<{}>\"{}\"", kind.placeholder(), kind.placeholder());
            assert_eq!(redact(&format!("<{secret}>\"{secret}\"")), expected, "{secret}");
        }
    }

    #[test]
    fn the_secret_half_of_an_aws_key_goes_with_a_name_or_beside_its_id() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            redact(&format!("aws_secret_access_key = \"{secret}\"")),
            "aws_secret_access_key = \"[aws-key-removed]\""
        );
        assert_eq!(redact(&format!("AKIAIOSFODNN7EXAMPLE {secret}")), "[aws-key-removed] [aws-key-removed]");
        // Forty hexadecimal digits alone are the name of a commit.
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(redact(commit), commit);
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "!CreateRepo acme widgets --description \"The secret of a good name\"",
            "ghp_ is how a token begins, xoxb- too",
            "https://slack.com/help and https://github.com/acme/widgets",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    /// Not a measurement: only that the usual text takes the short way, whatever its length.
    #[test]
    fn a_long_text_without_secrets_is_looked_at_once() {
        let text = "!CreateRepo acme widgets --description \"what we build\" ".repeat(700);
        assert!(!HINTS.is_match(&text));
        assert_eq!(redact(&text), text);
    }

    proptest! {
        #[test]
        fn nothing_that_is_found_stays(before in ".{0,20}", after in "[^A-Za-z0-9_.-].{0,20}") {
            let text = format!("{before} ghp_0123456789abcdef{after}");
            prop_assert!(!redact(&text).contains("0123456789abcdef"));
        }

        #[test]
        fn any_text_can_be_looked_at(text in ".*") {
            for Found { at, .. } in find(&text) {
                prop_assert!(text.get(at).is_some());
            }
        }
    }
}
