//! Keys as `ssh-keygen` makes them, and what people paste in their place.

use proptest::prelude::*;

use super::*;

const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC";
const P256: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMjgtj5TLpwvQHufFRMorfgcdKC2GiwD/yWdgo4CnotOATapGM8pO6b4WQHbMzCNLZaHqjo5iiDuE2mPNoJnu7Y=";
const P384: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBIpy2z2D+ioLAPyeT9bPSWUvSanXllXI7AWpYJFYWPC43RZv823NYrxfSLo5OT4JTgl3zjKrXtR2aa7paHfSVdW6tu5Mm2pCNb7saWo7XR8vEsAvcnzEK4rQ0T3+dLZAZA==";
const P521: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADF1OXYLn1r8ymRIJecEZ1i01391xhwk2dSRBS2U8F+qhO46IwPsbV5nsQuAbDJL6uXDMIR///Q0ynaeIUq9n6HBACmGPGJPu5rVfaTNy3vU2r7LJXoK0yVyUGZoeBmcyQ7QXmB1C41VBI4xVMQVgxhDhd5u8HKyqX3T6v/Tv+Nf0SvhQ==";
const RSA_1024: &str = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQCkxVHYbgFOfKVjM+TZEgTbDrghGAHjQQqRXYUAnXSofUKnOdonrhChEsiXur98nMXHefdSAnqHHTkyGzVs1ZctPWf3jz/eg/4NN55UKAT87H228MMJrLSEY0h+tqZL8lu+o4cYomke4V4m49IV28NP6RFPCS2xNTwcuVWHyL6cbw==";
const RSA_2048: &str = "AAAAB3NzaC1yc2EAAAADAQABAAABAQDbjSx6d+UMO84nvwDp6cpNFUCwUFwGHYN63kdq4ZzHoyX1tr3L3WRSjdg0LwD1hDMJJW6ipB67Lf5ym1ERh1AokZ+EQl2zAYKebSGwEjx6EeEW917/RB0XWQVh8wycffKUPQSrVj4Cbev0SgTEn4FkG09bBn+4CvQeUHnFOhuC8qUkghhwSV0bgN++rZkym3SThnhT+aJQKGaddfCutsTRiVuA+VuA1REhAjW3Sdag3/oziMoVlyE+qseQvzbjjWwCYXZpRES0tv5oMz4Tl9XwxA7CW3lAr0a8nt1DVW/7GEDJqMmsYiTvENNRXu4sSWbr/7967fEckwZ/HpIKrFdD";
const RSA_4096: &str = "AAAAB3NzaC1yc2EAAAADAQABAAACAQDhuoO0sFFN1JL8QUXNNiPWUebunXQDdH+dHJqLgqSYww7hqiR9yekLxGq8hB8I5k33oD/Xvo6+iFZoMII+WG4FZpW/Hd7AB7YwHgnag1lWl1qArzoguT2xKb01sHM3uqvbxqN/Qvdlkw8mgXftuyzkVrnVPoi3uB9hvhTYP04rBQxpl82DMKUU+Td2DujFeBm8aG0TtTnX9Ugww2mIR3EsNWpAwaW4GSU+OnJO+giODRN9u9rHlI2oQZriZC4uQ+JvgEErrEKHxktzVWVjw784yqTBA58SAmG4hUdAyrjXomjw1bXSJ6PRUTNm+BtdKQZ6ON8Pf0ppY0Yxl8h10+OwcKlx6scG/b2e0ZB7jVFe6zwMUeZJ60DQcKzFwu1Jx6BwlWSgPF+1/iBMT5bQK2AXQNeQvkNpiBn8mi7sPxm9l1m3NOgGKc6Yai6VDDDHSncbs2sfJ3QYhvAw6+Ye7GAbeafwwjvRUC29dMiNFOr596+3VhMwEc0C7e2irAP+GQlCEONl2ibH25IUI4SFfF7q4v4RJHA1rXdaodzwzMIDvoDH6O7p93ithXDu7EXO6PyiaKLwUzStC7ffjFByMFpEuFIkDwjJkOG2rKKbgQ9rBl/pdzicmbEG3LL2tc/6fRBx2kn1QYrHv8voly9UDHMNK1DKeokjHC68fQSiyp5YyQ==";
const SK_ED25519: &str =
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=";
const SK_P256: &str = "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0AAAAAEc3NoOg==";
const DSS: &str = "AAAAB3NzaC1kc3MAAACBAMABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAAAAFEFBQUFBQUFBQUFBQUFBQUFBQUFBAAAAgEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCAAAAgENDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0ND";

fn told(text: &str) -> String {
    match PublicKey::parse(text) {
        Ok(key) => format!("{}: {}", key.kind(), key.fingerprint()),
        Err(bad) => format!("{bad}. {}", bad.cure()),
    }
}

#[test]
fn good_keys_are_taken_with_the_fingerprints_of_ssh_keygen() {
    let lines: Vec<String> = [
        ("ssh-ed25519", ED25519),
        ("ecdsa-sha2-nistp256", P256),
        ("ecdsa-sha2-nistp384", P384),
        ("ecdsa-sha2-nistp521", P521),
        ("ssh-rsa", RSA_2048),
        ("ssh-rsa", RSA_4096),
        ("sk-ssh-ed25519@openssh.com", SK_ED25519),
        ("sk-ecdsa-sha2-nistp256@openssh.com", SK_P256),
    ]
    .map(|(kind, content)| {
        let bare = format!("{kind} {content}");
        let key = PublicKey::parse(&format!("  {bare} Ana's <laptop> \n")).unwrap();
        assert_eq!(key.as_str(), bare, "without its comment");
        assert_eq!(PublicKey::parse(&bare).unwrap(), key);
        told(&bare)
    })
    .into();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Ed25519: SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo
    ECDSA, nistp256: SHA256:DJYULkPero47vm3MlLwTnu7KljSOROA/4jPWaHvvk8s
    ECDSA, nistp384: SHA256:bJ6VVClMpkUhpyYQ2YZSeM9ZUKdY6PsOAQiXqAluAUA
    ECDSA, nistp521: SHA256:oJLGxesXnp4hlJ81Ccq7zvXoBhUxR9KyM7vlDHJq6Yc
    RSA, 2048 bits: SHA256:VEGGYrOCf9txlRgER9aXjwiCLa6Y1XLhknzL3FTTidU
    RSA, 4096 bits: SHA256:Mnvk8vYvU7tfaQuVEwqIiXHNkJsrxGmj4vL9ieWmLzc
    Ed25519 on a security key: SHA256:/p0CbeE3dk2SyW1OXXsThGc12ezDVD8eGw2/vtztDfk
    ECDSA on a security key: SHA256:rcvVEtGIpUixLWp5j+SItjtEiLVogL4hI7MbyVCfPmY
    ");
}

#[test]
fn a_key_that_was_broken_into_lines_is_put_together() {
    let whole = format!("ssh-rsa {RSA_4096}");
    let broken: Vec<&str> =
        RSA_4096.as_bytes().chunks(70).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    let key = PublicKey::parse(&format!("ssh-rsa\n{} ana laptop", broken.join("\n"))).unwrap();
    assert_eq!(key.as_str(), whole);
}

#[test]
fn what_is_no_good_key_is_told_apart() {
    let cut = &RSA_2048[..RSA_2048.len() - 8];
    let changed = ED25519.replace("IEgr", "IE*r");
    let (begin, end) = ("BEGIN", "END");
    let private = format!("-----{begin} OPENSSH PRIVATE KEY-----\nb3Bl\n-----{end} OPENSSH PRIVATE KEY-----");
    let lines: Vec<String> = [
        String::new(),
        "ssh-rsa".into(),
        format!("ssh-rsa {RSA_1024}"),
        format!("ssh-dss {DSS}"),
        format!("ssh-rsa {ED25519} ana"),
        format!("ssh-rsa {cut}"),
        format!("ssh-ed25519 {changed}"),
        format!("ssh-ed25519 {ED25519}AAAA"),
        ED25519.into(),
        format!("no-pty,command=\"ls\" ssh-ed25519 {ED25519}"),
        format!("ssh-ed25519-cert-v01@openssh.com {ED25519}"),
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".into(),
        "my key please".into(),
        "x".repeat(9_000),
        private,
        "PuTTY-User-Key-File-3: ssh-ed25519".into(),
        "ssh-ed25519 b3BlbnNzaC1rZXktdjEAAAAABG5vbmU".into(),
    ]
    .map(|text| told(&text))
    .into();
    insta::assert_snapshot!(lines.join("\n"), @r"
    There is no key. Paste the content of the file that ends in .pub, in one line.
    There is no key. Paste the content of the file that ends in .pub, in one line.
    The key has 1024 bits; fewer than 2048 are not safe. Make a new one: ssh-keygen -t ed25519.
    Keys of DSA (ssh-dss) are not safe any more, and GitHub does not take them. Make a new one: ssh-keygen -t ed25519.
    It says ssh-rsa, and the key is one of ssh-ed25519. Copy the whole line again from the file that ends in .pub.
    The key is not whole: a part is missing, or something is in it that does not belong there. Copy the whole line again from the file that ends in .pub.
    The key is not whole: a part is missing, or something is in it that does not belong there. Copy the whole line again from the file that ends in .pub.
    The key is not whole: a part is missing, or something is in it that does not belong there. Copy the whole line again from the file that ends in .pub.
    The type before the key is missing. Paste the whole line of the file that ends in .pub; it begins with ssh- or ecdsa-.
    Something stands before the key. Leave out what stands before the type, such as options.
    That is a certificate, not a key. Paste the key that it was made for, from the file that ends in .pub.
    That is a public key in another format than OpenSSH's. Convert it: ssh-keygen -i -f FILE.
    That is no public key of SSH. It begins with a type such as ssh-ed25519 or ssh-rsa, in the file that ends in .pub.
    That is longer than any key. Copy the whole line again from the file that ends in .pub.
    That is a private key, or looks like one. Delete your message, make a new pair, and paste the one that ends in .pub: whoever reads along may have seen this one.
    That is a private key, or looks like one. Delete your message, make a new pair, and paste the one that ends in .pub: whoever reads along may have seen this one.
    That is a private key, or looks like one. Delete your message, make a new pair, and paste the one that ends in .pub: whoever reads along may have seen this one.
    ");
}

#[test]
fn a_key_in_a_plan_is_checked_when_it_is_read() {
    let key = PublicKey::parse(&format!("ssh-ed25519 {ED25519} ana")).unwrap();
    let json = serde_json::to_string(&key).unwrap();
    assert_eq!(json, format!("\"ssh-ed25519 {ED25519}\""));
    assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
    assert!(serde_json::from_str::<PublicKey>("\"ssh-rsa AAAA\"").is_err());
    assert!(!format!("{key:?}").contains(ED25519), "the log has the fingerprint");
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(text in ".{0,300}") {
        let _ = PublicKey::parse(&text);
        let _ = PublicKey::parse(&format!("ssh-ed25519 {text}"));
    }

    /// One wrong byte anywhere is either noticed, or gives another key: never the same.
    #[test]
    fn a_changed_key_is_another(at in 0..ED25519.len(), to in "[A-Za-z0-9+/]") {
        let good = PublicKey::parse(&format!("ssh-ed25519 {ED25519}")).unwrap();
        let mut changed = ED25519.to_owned();
        changed.replace_range(at..=at, &to);
        if let Ok(key) = PublicKey::parse(&format!("ssh-ed25519 {changed}")) {
            prop_assert_eq!(key == good, changed == ED25519);
        }
    }
}
