//! Deploy keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubcommander_sdk::clock::Instant;

/// A deploy key of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployKey {
    /// GitHub's number for it.
    pub id: u64,
    /// What it is for.
    pub title: String,
    /// Type and content, without a comment.
    pub key: String,
    /// Whether it cannot push.
    pub read_only: bool,
    /// The login of who added it.
    pub added_by: Option<String>,
    /// Since when it is there.
    pub created_at: Instant,
    /// When somebody last came with it.
    pub last_used: Option<Instant>,
}

const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// A public key in OpenSSH's form as `type content`, and the comment behind it; `None` for anything else.
pub(crate) fn public_key(text: &str) -> Option<(String, Option<String>)> {
    let text = text.trim();
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut words = text.splitn(3, ' ');
    let (kind, content) = (words.next()?, words.next()?);
    let blob = STANDARD.decode(content).ok()?;
    // The content begins with the length of the type's name, then the name.
    let name = kind.as_bytes();
    let length = u32::try_from(name.len()).ok()?.to_be_bytes();
    let whole = blob.strip_prefix(&length).and_then(|rest| rest.strip_prefix(name));
    let long_enough = whole.is_some_and(|rest| rest.len() >= 36);
    let comment = words.next().map(|comment| comment.trim().to_owned()).filter(|comment| !comment.is_empty());
    (TYPES.contains(&kind) && long_enough).then(|| (format!("{kind} {content}"), comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_keys_are_keys() {
        let good = format!("ssh-ed25519 {}", STANDARD.encode(blob("ssh-ed25519", 36)));
        assert_eq!(
            public_key(&format!("  {good} ana@laptop ")),
            Some((good.clone(), Some("ana@laptop".to_owned())))
        );
        for bad in [
            String::new(),
            "ssh-ed25519".to_owned(),
            format!("ssh-rsa {}", STANDARD.encode(blob("ssh-ed25519", 36))),
            format!("ssh-dss {}", STANDARD.encode(blob("ssh-dss", 36))),
            format!("ssh-ed25519 {}", STANDARD.encode(blob("ssh-ed25519", 3))),
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----".to_owned(),
            format!("{good}\nssh-rsa x"),
        ] {
            assert_eq!(public_key(&bad), None, "{bad}");
        }
    }

    fn blob(kind: &str, more: usize) -> Vec<u8> {
        let mut bytes = u32::try_from(kind.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(kind.bytes());
        bytes.extend(vec![7; more]);
        bytes
    }
}
