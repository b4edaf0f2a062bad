//! Told by SCIM.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use hubcommander::config::Config;
use serde_json::{Value as Json, json};

use super::{Company, web};
use crate::members::Hand;
use crate::world::{ANA, DEV, Servers};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const LINK: &str = "urn:hubcommander:params:scim:schemas:extension:link:1.0:User";

/// Whoever tells.
pub struct Sender {
    at: SocketAddr,
    token: &'static str,
}

impl Sender {
    async fn ask(&self, method: &str, place: &str, body: Option<Json>) -> Result<(u16, Json)> {
        let address = format!("http://{}/scim/v2{place}", self.at);
        let mut request = reqwest::Client::new()
            .request(method.parse()?, address)
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_str(&answer.text().await?).unwrap_or_default()))
    }

    pub async fn create(&self, email: &str) -> Result<String> {
        let user =
            json!({ "schemas": [USER], "userName": email, "emails": [{ "value": email, "primary": true }] });
        let (status, made) = self.ask("POST", "/Users", Some(user)).await?;
        anyhow::ensure!(status == 201, "{status} {made}");
        Ok(made["id"].as_str().context("no id")?.to_owned())
    }

    pub async fn set_active(&self, id: &str, active: bool) -> Result<()> {
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": active }],
        });
        let (status, said) = self.ask("PATCH", &format!("/Users/{id}"), Some(patch)).await?;
        anyhow::ensure!(status == 200, "{status} {said}");
        Ok(())
    }
}

pub fn with_scim(config: &mut Config) -> Sender {
    config.directory.scim = Some([("test".to_owned(), TOKEN.into())].into());
    Sender { at: web(config).unwrap(), token: TOKEN }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_told_once_and_has_left_after_a_restart_too() -> Result<()> {
    let mut sender = None;
    let company = Company::start(Servers::start().await?, |config| sender = Some(with_scim(config))).await?;
    let sender = sender.context("no sender")?;
    // Nobody was told yet: that is not a company without people.
    assert!(hubcommander_sdk::accounts::Directory::everybody(&company.directory).await.is_err());
    let stranger = Sender { token: "fedcba9876543210fedcba9876543210", ..sender };
    assert_eq!(stranger.ask("GET", "/Users", None).await?.0, 401);
    let sender = Sender { token: TOKEN, ..stranger };
    let ana = sender.create("ana@acme.example").await?;
    sender.create("sam@acme.example").await?;
    company.knows(&["ana@acme.example", "sam@acme.example"]).await?;
    sender.set_active(&ana, false).await?;
    // The same again is no news.
    sender.set_active(&ana, false).await?;
    company.knows(&["ana@acme.example has left", "sam@acme.example"]).await?;
    assert_eq!(
        company.notes.take(),
        [
            "SCIM (1): joined ana@acme.example",
            "SCIM (2): joined sam@acme.example",
            "SCIM (1): left ana@acme.example Deactivated",
        ]
    );
    let servers = company.stop().await?;
    assert!(servers.audit().await?.iter().any(|event| event == "directory.changed"));
    let store = hubcommander::store::open(&servers.store_url()).await?;
    assert_eq!(store.remembered("followed:3").await?, Some(json!(1)), "kept with the change");

    let mut sender = None;
    let company = Company::start(servers, |config| sender = Some(with_scim(config))).await?;
    let sender = sender.context("no sender")?;
    company.knows(&["ana@acme.example has left", "sam@acme.example"]).await?;
    let (status, found) = sender.ask("GET", &format!("/Users/{ana}"), None).await?;
    assert_eq!((status, &found["active"]), (200, &json!(false)));
    let (_, found) = sender.ask("GET", "/Users?filter=userName%20eq%20%22SAM@acme.example%22", None).await?;
    assert_eq!(found["totalResults"], json!(1));
    assert!(company.notes.take().is_empty(), "a restart is no news");
    sender.set_active(&ana, true).await?;
    assert_eq!(company.notes.take(), ["SCIM (2): back ana@acme.example"]);
    let (status, _) = sender.ask("DELETE", &format!("/Users/{ana}"), None).await?;
    assert_eq!(status, 204);
    assert_eq!(company.notes.take(), ["SCIM (1): left ana@acme.example Gone"]);
    company.knows(&["sam@acme.example"]).await?;
    company.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_linked_is_shown_to_whoever_tells() -> Result<()> {
    let mut sender = None;
    let company = Company::start(Servers::start().await?, |config| sender = Some(with_scim(config))).await?;
    let sender = sender.context("no sender")?;
    let ana = sender.create("ana@acme.example").await?;
    let sam = sender.create("sam@acme.example").await?;
    let hand = Hand::of(&company.github, "ana-lima");
    company.say(ANA, DEV, "!LinkGitHub")?;
    company.told(ANA, "✅").await?;
    drop(hand);
    let (_, found) = sender.ask("GET", &format!("/Users/{ana}"), None).await?;
    assert_eq!(found[LINK]["githubLogin"], json!("ana-lima"), "{found}");
    assert_eq!(
        (&found[LINK]["slackUserId"], &found[LINK]["email"]),
        (&json!(ANA), &json!("ana@acme.example"))
    );
    let (_, found) = sender.ask("GET", &format!("/Users/{sam}"), None).await?;
    assert!(found.get(LINK).is_none(), "{found}");
    company.end().await
}
