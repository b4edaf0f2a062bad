//! Any bytes as a public key that somebody pasted.
//!
//! Beside never panicking it holds the check to what others rely on: what is taken is in one line, is taken again as
//! the same, and looks like no private key.

#![no_main]

use hubcommander_public_key::{PublicKey, TYPES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match PublicKey::parse(&text) {
        Ok(key) => {
            let bare = key.as_str();
            assert_eq!(PublicKey::parse(bare).as_ref(), Ok(&key), "taken once, and not again");
            assert_eq!(PublicKey::parse(&format!(" {bare} a comment")).as_ref(), Ok(&key), "with a comment");
            let words: Vec<&str> = bare.split(' ').collect();
            assert_eq!(words.len(), 2, "type and content");
            assert!(TYPES.contains(&words[0]));
            assert!(!bare.contains(char::is_control));
            assert!(!text.to_uppercase().contains("PRIVATE KEY"));
            assert!(key.fingerprint().starts_with("SHA256:"));
        }
        Err(bad) => {
            let said = format!("{bad} {}", bad.cure());
            assert!(said.len() < 400, "a reason holds none of the text");
        }
    }
});
