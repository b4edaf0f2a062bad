//! Deploy keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;

const PATH: &str = "/repos/acme/website/keys";

/// A public key that was made up.
fn key(seed: u8) -> String {
    let mut bytes = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    bytes.extend([seed; 32]);
    format!("ssh-ed25519 {}", STANDARD.encode(bytes))
}

#[tokio::test]
async fn a_key_is_added_read_and_deleted() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    assert_eq!(site.get(PATH).await?.json, json!([]));
    let body = json!({"title": "build", "key": format!("{} ci@build", key(1)), "read_only": true});
    let added = site.post(PATH, body).await?;
    assert_eq!(added.status, 201);
    assert_eq!(added.header("location"), added.json["url"].as_str().expect("an address"));
    for (field, value) in [
        ("key", json!(key(1))),
        ("title", json!("build")),
        ("read_only", json!(true)),
        ("verified", json!(true)),
        ("added_by", json!("hub-bot")),
        ("created_at", json!("2026-11-24T10:00:00Z")),
        ("last_used", Value::Null),
        ("enabled", json!(true)),
    ] {
        assert_eq!(added.json[field], value, "{field}");
    }
    let one = format!("{PATH}/{}", added.json["id"]);
    assert_eq!(site.get(&one).await?.json, added.json);
    let unnamed = site.post(PATH, json!({"key": format!("{} mia@laptop", key(2))})).await?;
    assert_eq!((&unnamed.json["title"], &unnamed.json["read_only"]), (&json!("mia@laptop"), &json!(false)));
    assert_eq!(site.get(PATH).await?.each("title"), ["build", "mia@laptop"]);
    assert_eq!(site.delete(&one).await?.status, 204);
    assert_eq!(site.delete(&one).await?.status, 404);
    assert_eq!(site.get(&one).await?.status, 404);
    assert_eq!(site.get(&format!("{PATH}/x")).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn bad_and_used_keys_are_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let refused = |body: Value| {
        let site = &site;
        async move {
            let reply = site.post("/repos/acme/api/keys", body).await?;
            anyhow::ensure!(reply.status == 422, "{}", reply.text);
            anyhow::Ok(reply.json["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
        }
    };
    site.post(PATH, json!({"title": "one", "key": key(1)})).await?;
    let again = refused(json!({"title": "two", "key": format!("{} else", key(1))})).await?;
    assert_eq!(again, "key is already in use", "in another repository, too");
    let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----";
    for text in ["", "ssh-ed25519 AAAA", private, &key(3).replace("ed25519", "rsa")] {
        assert!(refused(json!({"key": text})).await?.starts_with("key is invalid."), "{text}");
    }
    assert_eq!(refused(json!({"title": "no key"})).await?, "");
    assert_eq!(site.get("/repos/acme/api/keys").await?.each("title"), ["build server"]);
    Ok(())
}

#[tokio::test]
async fn keys_are_for_administrators_and_where_they_are_allowed() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo"])
        .change("acme-oss", |oss| {
            oss.switches.insert("deploy_keys_enabled_for_repositories".to_owned(), false);
        })
        .deploy_key("acme-oss", "sdk", "old", true);
    let site = Site::of(world).await?;
    assert_eq!(site.as_who("ghp_ana", Method::GET, PATH, None).await?.status, 404);
    let post = site.as_who("ghp_ana", Method::POST, PATH, Some(json!({"key": key(1)}))).await?;
    assert_eq!(post.status, 403);
    let off = site.post("/repos/acme-oss/sdk/keys", json!({"key": key(1)})).await?;
    assert_eq!(
        (off.status, &off.json["errors"]),
        (422, &json!(["Deploy keys are disabled for this repository"]))
    );
    assert_eq!(site.get("/repos/acme-oss/sdk/keys").await?.json[0]["enabled"], false);
    site.patch("/repos/acme/website", json!({"archived": true})).await?;
    assert_eq!(site.post(PATH, json!({"key": key(1)})).await?.status, 403);
    Ok(())
}
