//! An App: a token for each organisation, no wider than needed, kept while it lasts.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander_github::names::{Owner, RepoName};
use hubcommander_github::operations::CreateRepository;
use hubcommander_github::{Credentials, Lookup, ReadErrorKind, Visibility};
use hubcommander_sandbox::github::World;
use hubcommander_sdk::operation::Operation;

use crate::world::{Site, blocked};

const ALL: &[(&str, &str)] = &[
    ("administration", "write"),
    ("contents", "write"),
    ("members", "write"),
    ("metadata", "read"),
    ("secrets", "write"),
];

/// A key made for this run, as GitHub hands it out.
fn key() -> (String, Vec<u8>) {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let der = private.as_der().unwrap();
    let pair = KeyPair::from_pkcs8(der.as_ref()).unwrap();
    let encoded = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = encoded.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    use aws_lc_rs::signature::KeyPair as _;
    (pem, pair.public_key().as_ref().to_vec())
}

async fn site(permissions: &[(&str, &str)]) -> Site {
    let (pem, public) = key();
    let world = World::acme().app(7, permissions, Some(public)).installed(7, "acme", 70);
    Site::with(world, |settings| {
        settings.credentials = Credentials::App { id: 7, private_key: pem.into() };
    })
    .await
}

fn create() -> Operation {
    CreateRepository {
        org: Owner::parse("acme").unwrap(),
        name: RepoName::parse("widgets").unwrap(),
        visibility: Visibility::Private,
        description: None,
        homepage: None,
        auto_init: false,
    }
    .operation()
}

fn tokens_asked(site: &Site) -> Vec<String> {
    site.faults
        .log()
        .iter()
        .filter(|logged| logged.path.ends_with("/access_tokens"))
        .map(|logged| logged.body.clone().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn a_token_is_fetched_once_and_no_wider_than_needed() {
    let site = site(ALL).await;
    let reader = site.github.reader();
    let (one, two) = tokio::join!(reader.repository("acme", "website"), reader.repository("ACME", "api"));
    assert!(matches!((one.unwrap(), two.unwrap()), (Lookup::Found(_), Lookup::Found(_))));
    site.apply(&create()).await.unwrap();
    let asked = tokens_asked(&site);
    let [reading, writing] = &asked[..] else { panic!("{asked:?}") };
    assert!(reading.contains(r#""administration":"read""#) && !reading.contains("write"), "{reading}");
    assert!(writing.contains(r#""administration":"write""#), "{writing}");
    assert!(!writing.contains("secrets"), "{writing}");
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_renewed_once() {
    let site = site(ALL).await;
    let reader = site.github.reader();
    reader.repository("acme", "website").await.unwrap();
    site.apply(&create()).await.unwrap();
    site.local.state().credentials.tokens.clear();
    assert!(matches!(reader.repository("acme", "website").await.unwrap(), Lookup::Found(_)));
    site.apply(
        &site
            .apply(&Operation {
                input: serde_json::json!({ "org": "acme", "name": "gadgets", "visibility": "private" }),
                ..create()
            })
            .await
            .unwrap()
            .inverse
            .unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(tokens_asked(&site).len(), 4);
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let site = site(&[("metadata", "read"), ("administration", "read"), ("members", "read")]).await;
    let reader = site.github.reader();
    let me = reader.whoami().await.unwrap();
    assert!(me.app);
    assert_eq!(me.missing, ["administration=write", "contents=write"]);
    assert_eq!(reader.missing_in("acme").await.unwrap(), me.missing);
    let refused = blocked(site.apply(&create()).await);
    assert_eq!(
        refused,
        "This bot's GitHub account may not change acme. Tell the people who run this bot. \
         It needs administration=write."
    );
}

#[tokio::test]
async fn where_it_is_not_installed_it_says_so() {
    let site = site(ALL).await;
    let error = site.github.reader().repository("acme-oss", "sdk").await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::NotInstalled);
    assert_eq!(error.todo.words(), "Ask an owner of acme-oss to install it.");
}
