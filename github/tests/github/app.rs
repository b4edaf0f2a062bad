//! An App: a token for each organisation, no wider than needed, kept while it lasts.

use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander_github::names::{FullName, Owner, RepoName};
use hubcommander_github::operations::{Changes, CreateRepository, EditRepository};
use hubcommander_github::{Credentials, Lookup, ReadErrorKind, Visibility, lacking};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::Credential;
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::permit::PermitIssuer;

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
    assert_eq!(*writing, r#"{"permissions":{"administration":"write","metadata":"read"}}"#);
    assert!(!reading.contains("secrets"), "{reading}");
}

fn described(id: u64, name: &str, description: &str) -> Operation {
    let changes = Changes { description: Some(description.into()), ..Changes::default() };
    EditRepository::existing(id, FullName::parse(&format!("acme/{name}")).unwrap(), changes).operation()
}

/// The tokens that can write, as GitHub has them.
fn writing_tokens(site: &Site) -> usize {
    let state = site.local.state();
    let writes = |one: &Credential| matches!(one, Credential::Installation { permissions, .. } if permissions.values().any(|level| level == "write"));
    state.credentials.tokens.values().filter(|one| writes(one)).count()
}

#[tokio::test]
async fn a_token_for_one_repository_is_good_for_no_other_and_ends_with_the_command() {
    let mut site = site(ALL).await;
    let id = |name: &str| site.local.state().repository("acme", name).unwrap().id;
    let (website, api) = (id("website"), id("api"));
    site.apply(&described(website, "website", "one")).await.unwrap();
    site.apply(&described(website, "website", "two")).await.unwrap();
    site.apply(&described(api, "api", "three")).await.unwrap();
    let asked = tokens_asked(&site);
    let [_, first, second] = &asked[..] else { panic!("{asked:?}") };
    assert!(first.contains(&format!(r#""repository_ids":[{website}]"#)), "{first}");
    assert!(second.contains(&format!(r#""repository_ids":[{api}]"#)), "{second}");
    assert_eq!(writing_tokens(&site), 2);
    // The command is over.
    site.permit = PermitIssuer::new().0.permit("another");
    let revoked =
        site.faults.logged(|log| log.iter().filter(|one| one.path == "/installation/token").count() == 2);
    tokio::time::timeout(Duration::from_secs(10), revoked).await.unwrap();
    let gone = async {
        while writing_tokens(&site) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    // What reads goes on with the token that it has.
    site.github.reader().repository("acme", "website").await.unwrap();
    assert_eq!(tokens_asked(&site).len(), 3);
}

#[tokio::test]
async fn a_plan_over_many_repositories_asks_for_few_tokens() {
    let (pem, public) = key();
    let world = (0..30)
        .fold(World::acme().app(7, ALL, Some(public)).installed(7, "acme", 70), |world, number| {
            world.repository("acme", &format!("many-{number}"), |_| {})
        });
    let site = Site::with(world, |settings| {
        settings.credentials = Credentials::App { id: 7, private_key: pem.into() };
        settings.budget.pacing = false;
    })
    .await;
    for number in 0..30 {
        let name = format!("many-{number}");
        let id = site.local.state().repository("acme", &name).unwrap().id;
        site.apply(&described(id, &name, "x")).await.unwrap();
    }
    // One for reading, ten for a repository each, one for the rest.
    assert_eq!(tokens_asked(&site).len(), 12);
}

#[tokio::test]
async fn a_repository_that_is_gone_is_refused_by_the_write_and_not_by_the_token() {
    let site = site(ALL).await;
    site.local.faults().add(When::get("/repositories/4242"), Fault::Status(200, r#"{"id":4242,"full_name":"acme/ghost","name":"ghost","owner":{"login":"acme"},"private":true,"html_url":"https://x","node_id":"x","default_branch":"main"}"#.into()));
    let refused = blocked(site.apply(&described(4242, "ghost", "x")).await);
    assert!(refused.starts_with("acme/ghost is not there"), "{refused}");
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
    // The last is good for the new repository alone.
    assert_eq!(tokens_asked(&site).len(), 5);
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let site = site(&[("metadata", "read"), ("administration", "read"), ("members", "read")]).await;
    let reader = site.github.reader();
    let me = reader.whoami().await.unwrap();
    assert!(me.app);
    let needs = ["metadata=read", "members=read", "administration=write", "contents=write"];
    let missing = lacking(true, &me.allowed.unwrap(), &needs);
    assert_eq!(missing, ["administration=write", "contents=write"]);
    let here = reader.allowed_in("acme").await.unwrap().unwrap();
    assert_eq!(lacking(true, &here, &needs), missing);
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
