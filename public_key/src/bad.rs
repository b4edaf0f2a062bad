//! Why a key is not taken, in words for the person who pasted it.

use super::{LEAST_RSA_BITS, TYPES, whole};

/// Why a key is not taken. `Display` is one sentence on what is wrong; none holds any of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// There is no key.
    #[error("There is no key")]
    Missing,
    /// It is a private key, or looks like one.
    #[error("That is a private key, or looks like one")]
    Private,
    /// It is longer than any key.
    #[error("That is longer than any key")]
    TooLong,
    /// It is a type that is not safe any more.
    #[error("Keys of DSA (ssh-dss) are not safe any more, and GitHub does not take them")]
    Dss,
    /// It is a certificate.
    #[error("That is a certificate, not a key")]
    Certificate,
    /// Something stands before the key, as in an `authorized_keys` file.
    #[error("Something stands before the key")]
    Before,
    /// The type that should stand before it is not there.
    #[error("The type before the key is missing")]
    NoType,
    /// It is a public key in another format.
    #[error("That is a public key in another format than OpenSSH's")]
    Format,
    /// It begins like no key.
    #[error("That is no public key of SSH")]
    NoKey,
    /// The type before it is not the one in it.
    #[error("It says {says}, and the key is one of {holds}")]
    OtherType {
        /// What stands before it.
        says: String,
        /// What it is.
        holds: &'static str,
    },
    /// It is not well formed: cut off, or with characters in it that are none of its own.
    #[error("The key is not whole: a part is missing, or something is in it that does not belong there")]
    Mangled,
    /// It has too few bits.
    #[error("The key has {0} bits; fewer than {LEAST_RSA_BITS} are not safe")]
    Short(usize),
}

impl BadKey {
    /// One sentence on what to do.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Missing => "Paste the content of the file that ends in .pub, in one line.",
            Self::Private => {
                "Delete your message, make a new pair, and paste the one that ends in .pub: whoever reads along may \
                 have seen this one."
            }
            Self::Dss | Self::Short(_) => "Make a new one: ssh-keygen -t ed25519.",
            Self::Certificate => "Paste the key that it was made for, from the file that ends in .pub.",
            Self::Before => "Leave out what stands before the type, such as options.",
            Self::NoType => {
                "Paste the whole line of the file that ends in .pub; it begins with ssh- or ecdsa-."
            }
            Self::Format => "Convert it: ssh-keygen -i -f FILE.",
            Self::NoKey => {
                "It begins with a type such as ssh-ed25519 or ssh-rsa, in the file that ends in .pub."
            }
            Self::OtherType { .. } | Self::Mangled | Self::TooLong => {
                "Copy the whole line again from the file that ends in .pub."
            }
        }
    }
}

/// Whether it is a private key, or the middle of one. It errs on the side of yes.
pub(crate) fn is_private(text: &str) -> bool {
    let said = ["PRIVATE KEY", "PuTTY-User-Key-File", "openssh-key-v1", "Private-Lines:"];
    // How the content of a private key begins: OpenSSH's, PKCS#1 and PKCS#8 of RSA, EC and Ed25519.
    const BEGINNINGS: [&str; 8] = [
        "b3BlbnNzaC1rZXktdjE",
        "MIIEowIBAAK",
        "MIIEpAIBAAK",
        "MIIJKQIBAAK",
        "MIIEvQIBADAN",
        "MHcCAQEE",
        "MIGHAgEA",
        "MC4CAQAwBQYDK2Vw",
    ];
    let upper = text.to_ascii_uppercase();
    said.iter().any(|words| upper.contains(&words.to_ascii_uppercase()))
        || text.split_whitespace().any(|word| BEGINNINGS.iter().any(|start| word.starts_with(start)))
}

/// For a first word that is no type that is taken.
pub(crate) fn unknown_type(first: &str, rest: &[&str]) -> BadKey {
    let known = |word: &&str| TYPES.contains(word);
    match first {
        "ssh-dss" => BadKey::Dss,
        _ if first.contains("-cert-v") => BadKey::Certificate,
        _ if first.starts_with("AAAA") => BadKey::NoType,
        _ if first.starts_with("----") => BadKey::Format,
        _ if rest.iter().any(known) => BadKey::Before,
        _ if rest.contains(&"ssh-dss") => BadKey::Dss,
        _ => BadKey::NoKey,
    }
}

/// For a key that is not whole as what it says it is.
pub(crate) fn mangled(kind: &str, rest: &[&str]) -> BadKey {
    let other = TYPES.into_iter().find(|other| *other != kind && whole(other, rest).is_some());
    match other {
        Some(holds) => BadKey::OtherType { says: kind.to_owned(), holds },
        None if rest.is_empty() => BadKey::Missing,
        None => BadKey::Mangled,
    }
}
