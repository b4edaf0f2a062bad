//! Deploy keys: `!ListKeys`, `!GetKey`, `!AddKey`, `!DeleteKey`; and what happens to a private one.

use anyhow::Result;
use serde_json::json;

use crate::world::{ANA, DEV, World};

pub const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC";
const RSA: &str = "AAAAB3NzaC1yc2EAAAADAQABAAABAQDbjSx6d+UMO84nvwDp6cpNFUCwUFwGHYN63kdq4ZzHoyX1tr3L3WRSjdg0LwD1hDMJJW6ipB67Lf5ym1ERh1AokZ+EQl2zAYKebSGwEjx6EeEW917/RB0XWQVh8wycffKUPQSrVj4Cbev0SgTEn4FkG09bBn+4CvQeUHnFOhuC8qUkghhwSV0bgN++rZkym3SThnhT+aJQKGaddfCutsTRiVuA+VuA1REhAjW3Sdag3/oziMoVlyE+qseQvzbjjWwCYXZpRES0tv5oMz4Tl9XwxA7CW3lAr0a8nt1DVW/7GEDJqMmsYiTvENNRXu4sSWbr/7967fEckwZ/HpIKrFdD";

fn steady(said: &str) -> String {
    let age = regex::Regex::new(r"\b\d+ (minute|hour|day|month|year)s? ago").unwrap();
    age.replace_all(said, "AGE ago").into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_added_looked_at_and_taken_away() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!ListKeys acme website").await?, @r#"
    acme/website has no deploy keys
    Add one with `!AddKey acme website "what it is for" ssh-ed25519 …`.
    [Open on GitHub]
    "#);
    let line = format!("!AddKey acme website \"build server\" ssh-ed25519 {ED25519} ana@laptop");
    insta::assert_snapshot!(world.ask(&line).await?, @r"
    ✅ acme/website has the deploy key build server
    may read · Ed25519 · SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    let again = world.ask(&line).await?;
    let id = {
        let mut state = world.github.state();
        let website = state.repository_mut("acme", "website").unwrap();
        let key = website.deploy_keys.values().next().unwrap();
        assert_eq!((key.title.as_str(), key.read_only), ("build server", true));
        assert_eq!(key.key, format!("ssh-ed25519 {ED25519}"));
        key.id.to_string()
    };
    assert_eq!(again, format!("✅ acme/website has that key already, as build server ({id})"));
    let said = world.ask("!ListKeys acme website").await?.replace(&id, "ID");
    insta::assert_snapshot!(steady(&said), @r"
    acme/website has 1 deploy key
    Id | Title | May | Fingerprint | Added by | Last used
    ID | build server | read | SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo | hub-bot | never
    [Open on GitHub]
    ");
    insta::assert_snapshot!(steady(&world.ask("!GetKey acme api 4711").await?), @r"
    Deploy key 4711 of acme/api: build server
    may read and push · Ed25519 · SHA256:h7HF7aPybsigZHoEKoKLBI3Ps2xQyABGy9RrnydNf44 · added AGE ago by hub-bot · never used
    ```
    ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABJn
    ```
    ");
    let said = world.ask(&format!("!DeleteKey acme website {id}")).await?;
    insta::assert_snapshot!(said, @r"
    ✅ acme/website no longer has the deploy key build server
    SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo · taken back, it comes under another id
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    let undone = world.ask("!Undo").await?;
    assert!(undone.contains("↩️ Undone"), "{undone}");
    let state = world.github.state().repository("acme", "website").unwrap().deploy_keys.clone();
    assert_eq!(state.values().next().unwrap().key, format!("ssh-ed25519 {ED25519}"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_writes_takes_a_word() -> Result<()> {
    let world = World::start().await?;
    let asked =
        world.say(ANA, DEV, &format!("!AddKey acme website release ssh-ed25519 {ED25519} a@b --write"))?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⚠️ Add deploy key release to acme/website
    • deploy key "release" may push (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo)
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "run").await?;
    world.end_of(DEV, asked).await?;
    let keys = world.github.state().repository("acme", "website").unwrap().deploy_keys.clone();
    assert!(!keys.values().next().unwrap().read_only);
    insta::assert_snapshot!(world.ask_whispered(&format!("!AddKey acme website release ssh-ed25519 {ED25519}")).await?.replace(
        &keys.keys().next().unwrap().to_string(), "ID"), @r"
    ⛔ acme/website has that key already, as release, and it may read and push. GitHub cannot change what a key may.
    Take it away first, with `!DeleteKey acme website ID`.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

/// Slack makes links of addresses, and terminals break long lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_read_however_slack_shows_it() -> Result<()> {
    let key = |world: &World| {
        let keys = world.github.state().repository("acme", "website").unwrap().deploy_keys.clone();
        keys.values().next().map(|key| key.key.clone())
    };
    let broken = format!("{} {}", &RSA[..100], &RSA[100..]);
    for pasted in [
        format!("ssh-rsa {RSA} <mailto:ana@acme.example|ana@acme.example>"),
        format!("`ssh-rsa {RSA} ana`"),
        format!("\"ssh-rsa {RSA} Ana's laptop\""),
        format!("\u{201c}ssh-rsa {RSA}\u{201d}"),
        format!("ssh-rsa\u{a0}{RSA} <http://laptop.local|laptop.local>"),
        format!("ssh-rsa {broken} ana@laptop"),
        format!("\"ssh-rsa\n{}\n{}\n\"", &RSA[..100], &RSA[100..]),
    ] {
        let world = World::start().await?;
        let said = world.ask(&format!("!AddKey acme website ci {pasted}")).await?;
        assert!(said.starts_with("✅"), "{pasted}: {said}");
        assert_eq!(key(&world), Some(format!("ssh-rsa {RSA}")), "{pasted}");
        world.end().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_good_key_is_told_before_anything_is_asked() -> Result<()> {
    let world = World::start().await?;
    for line in [
        "!AddKey acme website ci ssh-dss AAAAB3NzaC1kc3M=".to_owned(),
        format!("!AddKey acme website ci ssh-rsa {}", &RSA[..120]),
        format!("!AddKey acme website ci ssh-rsa {ED25519}"),
        format!("!AddKey acme website ci {ED25519}"),
        format!("!AddKey acme website \" \" ssh-ed25519 {ED25519}"),
    ] {
        world.ask_whispered(&line).await?;
    }
    assert!(world.github.faults().log().is_empty(), "GitHub was not asked");
    insta::assert_snapshot!(world.ask_whispered(&format!("!AddKey acme website ci ssh-rsa {}", &RSA[..120])).await?, @r"
    ⛔ The key is not whole: a part is missing, or something is in it that does not belong there.
    Copy the whole line again from the file that ends in .pub.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!DeleteKey acme api 12").await?, @r"
    ⛔ acme/api has no key 12.
    See which there are with `!ListKeys acme api`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!GetKey acme api first").await?, @r"
    ⛔ `first` is not right for `id`.
    It must be a whole number.
    ```
    !GetKey <org> <repo> <id>
    ```
    More with `!Help GetKey`.
    [Fill in a form]
    (only ana sees this)
    ");
    // Who has it elsewhere already.
    world.ask(&format!("!AddKey acme website ci ssh-ed25519 {ED25519}")).await?;
    insta::assert_snapshot!(world.ask(&format!("!AddKey acme api ci ssh-ed25519 {ED25519}")).await?, @r#"
    ⛔ Add deploy key ci to acme/api: this could not be done
    ⛔ deploy key "ci" may read (Ed25519, SHA256:81VpgB4VqEFeMbQI8MI/+WUSK7cUD8M9OREkKLKHeqo): GitHub knows that key already, from another repository or account. Make a new pair for this one: ssh-keygen -t ed25519.
    Nothing was changed.
    TIME · inv-ID
    "#);
    world.end().await
}

/// The forms in which people have private keys, and a piece of each that must not be kept.
fn private_keys() -> Vec<(String, &'static str)> {
    let body = "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun";
    let open = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
    let line = "TheMiddleOfAPrivateKey0123456789TheMiddleOfAPrivateKey0123456789";
    let pem = |kind: &str, first: &str| {
        let (begin, end) = ("BEGIN", "END");
        format!("-----{begin} {kind}PRIVATE KEY-----\n{first}\n{line}\n-----{end} {kind}PRIVATE KEY-----")
    };
    let piece = "TheMiddleOfAPrivateKey";
    let putty = |version: u8| {
        format!(
            "PuTTY-User-Key-File-{version}: ssh-ed25519\nEncryption: none\nComment: ana\nPublic-Lines: 1\nAAAA\n\
             Private-Lines: 1\n{line}\nPrivate-MAC: 0123abcd"
        )
    };
    let (begin, end) = ("BEGIN", "END");
    vec![
        (pem("", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"), piece),
        (pem("RSA ", body), piece),
        (pem("EC ", "MHcCAQEEIGVxSJAWqLrRfj0bQvWqgq6r8Q7bV0nqX4gq3oAoGCCqGSM49AwEHoUQD"), piece),
        (pem("DSA ", "MIIBuwIBAAKBgQD"), piece),
        (pem("ENCRYPTED ", "MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQI"), piece),
        (pem("OPENSSH ", open), piece),
        (
            format!(
                "---- {begin} SSH2 ENCRYPTED PRIVATE KEY ----\n{line}\n---- {end} SSH2 ENCRYPTED PRIVATE KEY ----"
            ),
            piece,
        ),
        (
            format!("-----{begin} PGP PRIVATE KEY BLOCK-----\n{line}\n-----{end} PGP PRIVATE KEY BLOCK-----"),
            piece,
        ),
        (putty(2), piece),
        (putty(3), piece),
        (format!("{open}\n{line}"), piece),
        (format!("{body}\n{line}"), piece),
    ]
}

fn must_not_be_kept(world: &World, piece: &str) -> Result<()> {
    for entry in std::fs::read_dir(world.store_path().parent().expect("a folder"))? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        let found = bytes.windows(piece.len()).any(|window| window == piece.as_bytes());
        assert!(!found, "{piece} in {}", path.display());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_not_written_anywhere_and_the_person_is_told() -> Result<()> {
    let world = World::start().await?;
    for (key, piece) in private_keys() {
        for line in [
            format!("!AddKey acme website ci {key}"),
            format!("!AddKey acme website ci \"{key}\" --write"),
            format!("!AddKey acme website ci {}", key.replace('\n', " ")),
        ] {
            let said = world.ask_whispered(&line).await?;
            assert!(said.contains("holds a secret") && said.contains("revoke the secret"), "{line}: {said}");
        }
        let asked = world.say(ANA, "D0ANA", &format!("AddKey acme website ci {key}"))?;
        let said = world.end_of("D0ANA", asked).await?;
        assert!(said.contains("revoke the secret"), "{said}");
        world.slack.slash(ANA, DEV, &format!("AddKey acme website ci {}", key.replace('\n', " "))).await?;
        let said = world.whispered(ANA).await?;
        assert!(said.contains("revoke the secret"), "{said}");
        // An edit is no command, and is not kept either.
        let asked = world.say(ANA, DEV, "!Repeat hello")?;
        world.end_of(DEV, asked).await?;
        world.slack.edit(ANA, DEV, asked, &format!("!AddKey acme website ci {key}"))?;
        world.slack.all_acked().await?;
        world.settled().await?;
        must_not_be_kept(&world, piece)?;
    }
    assert!(world.github.faults().log().is_empty(), "GitHub was not asked");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_in_a_form_is_not_written_anywhere() -> Result<()> {
    let world = World::start().await?;
    for (key, piece) in private_keys() {
        world.say(ANA, DEV, "!AddKey")?;
        let usage = world.slack.await_ephemeral(ANA).await?;
        world.slack.click(ANA, DEV, usage.ts, "form", None).await?;
        let form = world.slack.await_view(ANA).await?;
        let filled = json!({ "org": "acme", "repo": "website", "title": "ci", "key": key });
        let submitted = world.slack.submit(ANA, &form.id, &filled).await?;
        let shown = format!("{submitted:?}");
        assert!(shown.contains("This looks like it holds a secret. Leave it out."), "{shown}");
        world.slack.all_acked().await?;
        world.settled().await?;
        must_not_be_kept(&world, piece)?;
    }
    assert!(world.writes().is_empty());
    world.slack.mark_all_read();
    world.end().await
}
