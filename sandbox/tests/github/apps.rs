//! GitHub Apps: signed identity, installation tokens and what they reach.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hubcommander_sdk::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;

const APP: u64 = 77;
const PERMISSIONS: &[(&str, &str)] =
    &[("administration", "write"), ("members", "read"), ("metadata", "read")];

fn key() -> anyhow::Result<RsaKeyPair> {
    let key = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048)?;
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&key)?;
    RsaKeyPair::from_pkcs8(der.as_ref()).map_err(|problem| anyhow::anyhow!("{problem}"))
}

fn jwt(key: &RsaKeyPair, head: &Value, claims: &Value) -> anyhow::Result<String> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(head), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

struct AppSite {
    site: Site,
    key: RsaKeyPair,
}

impl AppSite {
    async fn start() -> anyhow::Result<Self> {
        let key = key()?;
        let public = key.public_key().as_ref().to_vec();
        let world = World::acme().app(APP, PERMISSIONS, Some(public)).installed(APP, "acme", 501);
        Ok(Self { site: Site::of(world).await?, key })
    }

    fn good_jwt(&self) -> anyhow::Result<String> {
        let now = self.site.clock.now().timestamp();
        jwt(
            &self.key,
            &json!({"alg": "RS256", "typ": "JWT"}),
            &json!({"iss": APP.to_string(), "iat": now - 30, "exp": now + 500}),
        )
    }

    async fn token(&self, body: Value) -> anyhow::Result<crate::site::Reply> {
        let path = "/app/installations/501/access_tokens";
        self.site.as_who(&self.good_jwt()?, Method::POST, path, Some(body)).await
    }
}

#[tokio::test]
async fn an_app_proves_itself_by_a_signed_token() -> anyhow::Result<()> {
    let app = AppSite::start().await?;
    let (site, now) = (&app.site, app.site.clock.now().timestamp());
    let ask = |token: String| async move { site.as_who(&token, Method::GET, "/app", None).await };
    assert_eq!(ask(app.good_jwt()?).await?.json["id"], APP);
    let head = json!({"alg": "RS256"});
    let claims = json!({"iss": APP, "iat": now, "exp": now + 500});
    assert_eq!(ask(jwt(&app.key, &head, &claims)?).await?.status, 200);
    for (what, token) in [
        ("another key", jwt(&key()?, &head, &claims)?),
        ("another algorithm", jwt(&app.key, &json!({"alg": "none"}), &claims)?),
        ("expired", jwt(&app.key, &head, &json!({"iss": APP, "iat": now - 700, "exp": now - 100}))?),
        ("too long", jwt(&app.key, &head, &json!({"iss": APP, "iat": now, "exp": now + 3600}))?),
        ("from the future", jwt(&app.key, &head, &json!({"iss": APP, "iat": now + 90, "exp": now + 500}))?),
        ("another app", jwt(&app.key, &head, &json!({"iss": 1, "iat": now, "exp": now + 500}))?),
        ("nonsense", "a.b.c".to_owned()),
        ("a person's token", "ghp_sandbox".to_owned()),
    ] {
        assert_eq!(ask(token).await?.status, 401, "{what}");
    }
    let found = site.as_who(&app.good_jwt()?, Method::GET, "/orgs/acme/installation", None).await?;
    assert_eq!((&found.json["id"], &found.json["account"]["login"]), (&json!(501), &json!("acme")));
    let absent = site.as_who(&app.good_jwt()?, Method::GET, "/orgs/acme-oss/installation", None).await?;
    assert_eq!(absent.status, 404);
    assert_eq!(site.as_who(&app.good_jwt()?, Method::GET, "/repos/acme/api/topics", None).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn an_installation_token_works_for_an_hour_in_its_organisation() -> anyhow::Result<()> {
    let app = AppSite::start().await?;
    let made = app.token(json!({})).await?;
    assert_eq!((made.status, made.json["expires_at"].as_str()), (201, Some("2026-11-24T11:00:00Z")));
    let token = made.json["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("ghs_") && token.contains('.') && token.len() > 100);
    let site = &app.site;
    let new = Some(json!({"name": "widgets", "private": true}));
    assert_eq!(site.as_who(&token, Method::POST, "/orgs/acme/repos", new).await?.status, 201);
    let path = "/orgs/acme/teams/employees/repos/acme/widgets";
    assert_eq!(
        site.as_who(&token, Method::PUT, path, Some(json!({"permission": "push"}))).await?.status,
        204
    );
    assert_eq!(site.as_who(&token, Method::GET, "/repos/acme-oss/sdk", None).await?.status, 200);
    assert_eq!(site.as_who(&token, Method::DELETE, "/repos/acme-oss/sdk", None).await?.status, 403);
    let user = site.as_who(&token, Method::GET, "/user", None).await?;
    assert_eq!(
        (user.status, user.json["message"].as_str()),
        (403, Some("Resource not accessible by integration"))
    );
    let branch = site.as_who(&token, Method::GET, "/repos/acme/api/branches/main", None).await?;
    assert_eq!((branch.status, branch.header("x-accepted-github-permissions")), (403, "contents=read"));
    site.clock.turn(TimeDelta::minutes(60));
    assert_eq!(site.as_who(&token, Method::GET, "/repos/acme/api", None).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_token_can_be_narrowed_and_revoked() -> anyhow::Result<()> {
    let app = AppSite::start().await?;
    let made = app.token(json!({"repositories": ["api"], "permissions": {"metadata": "read"}})).await?;
    assert_eq!(made.json["repository_selection"], "selected");
    assert_eq!(made.json["repositories"][0]["full_name"], "acme/api");
    let token = made.json["token"].as_str().expect("a token").to_owned();
    let site = &app.site;
    let get = |path: &'static str| site.as_who(&token, Method::GET, path, None);
    assert_eq!(get("/repos/acme/api").await?.status, 200);
    assert_eq!(get("/repos/acme/website").await?.status, 404);
    assert_eq!(get("/installation/repositories").await?.json["total_count"], 1);
    let change =
        site.as_who(&token, Method::PATCH, "/repos/acme/api", Some(json!({"description": "x"}))).await?;
    assert_eq!(change.status, 403);
    for body in [
        json!({"repositories": ["nothing"]}),
        json!({"permissions": {"members": "write"}}),
        json!({"permissions": {"contents": "read"}}),
    ] {
        assert_eq!(app.token(body.clone()).await?.status, 422, "{body}");
    }
    let other = "/app/installations/9/access_tokens";
    assert_eq!(site.as_who(&app.good_jwt()?, Method::POST, other, None).await?.status, 404);
    assert_eq!(site.as_who(&token, Method::DELETE, "/installation/token", None).await?.status, 204);
    assert_eq!(get("/repos/acme/api").await?.status, 401);
    let debug = format!("{:?}", *site.github.state());
    assert!(!debug.contains("ghp_") && !debug.contains("ghs_"), "tokens are not printed");
    Ok(())
}

#[tokio::test]
async fn a_lacking_permission_is_named_and_what_is_done_is_signed() -> anyhow::Result<()> {
    let app = AppSite::start().await?;
    let token = app.token(json!({})).await?.json["token"].as_str().expect("a token").to_owned();
    let site = &app.site;
    for (method, path, needed) in [
        (Method::PUT, "/orgs/acme/memberships/gus-vega", "members=write"),
        (Method::POST, "/orgs/acme/invitations", "members=write"),
        (Method::PUT, "/orgs/acme/teams/bots/memberships/ana-lima", "members=write"),
        (Method::GET, "/orgs/acme/installations", "organization_administration=read"),
        (Method::PUT, "/orgs/acme/actions/permissions", "organization_administration=write"),
        (Method::GET, "/orgs/acme/custom-repository-roles", "organization_custom_roles=read"),
        (Method::GET, "/repos/acme/website/pulls", "pull_requests=read"),
    ] {
        let reply = site.as_who(&token, method, path, Some(json!({}))).await?;
        assert_eq!((reply.status, reply.header("x-accepted-github-permissions")), (403, needed), "{path}");
        assert_eq!(reply.json["message"], "Resource not accessible by integration");
    }
    let path = "/repos/acme/website/collaborators/lin-park";
    let sent = site.as_who(&token, Method::PUT, path, Some(json!({}))).await?;
    assert_eq!((sent.status, &sent.json["inviter"]["login"]), (201, &json!("app-77[bot]")));
    assert_eq!(sent.json["inviter"]["type"], "Bot");
    let protection = "/repos/acme/api/branches/main/protection";
    assert_eq!(site.as_who(&token, Method::GET, protection, None).await?.status, 200);
    let query = |text: &str| Some(json!({ "query": text }));
    let viewer = site.as_who(&token, Method::POST, "/graphql", query("{ viewer { login } }")).await?;
    assert_eq!(viewer.json["errors"][0]["type"], "FORBIDDEN");
    let members = "{ organization(login: \"acme\") { membersWithRole(first: 5) { totalCount } } }";
    let members = site.as_who(&token, Method::POST, "/graphql", query(members)).await?;
    assert_eq!(members.json["data"]["organization"]["membersWithRole"]["totalCount"], 3);
    Ok(())
}
