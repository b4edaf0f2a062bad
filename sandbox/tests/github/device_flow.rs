//! A program is let in by a person who types a code.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Reply, Site, read};
use hubcommander_sandbox::faults::{Fault, When};

async fn post(site: &Site, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = site.ask(Method::POST, path).header("accept", "application/json");
    read(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

async fn begin(site: &Site) -> anyhow::Result<Value> {
    Ok(post(site, "/login/device/code", &[("client_id", "Iv1.sandbox")]).await?.json)
}

async fn ask(site: &Site, begun: &Value) -> anyhow::Result<Value> {
    let code = begun["device_code"].as_str().unwrap_or_default();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let fields = [("client_id", "Iv1.sandbox"), ("device_code", code), ("grant_type", grant)];
    Ok(post(site, "/login/oauth/access_token", &fields).await?.json)
}

async fn press(site: &Site, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    read(site.ask(Method::POST, "/_page/login/device").header("origin", site.github.url()).body(body)).await
}

#[tokio::test]
async fn a_code_is_typed_on_the_page_and_the_token_is_given_once() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let begun = begin(&site).await?;
    let code = begun["user_code"].as_str().expect("a code");
    assert_eq!((code.len(), code.find('-')), (9, Some(4)), "{code}");
    assert_eq!((&begun["interval"], &begun["expires_in"]), (&json!(5), &json!(900)));
    let uri = begun["verification_uri"].as_str().expect("an address");
    let page = read(site.client.get(uri).header("accept", "text/html")).await?;
    assert!(page.text.contains("<option>ana-lima</option>") && page.text.contains("name=\"user_code\""));

    assert_eq!(ask(&site, &begun).await?["error"], "authorization_pending");
    let early = ask(&site, &begun).await?;
    assert_eq!((&early["error"], &early["interval"]), (&json!("slow_down"), &json!(10)));
    site.clock.turn(TimeDelta::seconds(9));
    assert_eq!(ask(&site, &begun).await?["interval"], 15, "ten by now");
    site.clock.turn(TimeDelta::seconds(15));
    assert_eq!(ask(&site, &begun).await?["error"], "authorization_pending");

    let typed = code.to_lowercase().replace('-', " ");
    let wrong =
        press(&site, &[("user_code", "AAAA-AAAA"), ("login", "ana-lima"), ("answer", "allow")]).await?;
    assert_eq!(wrong.status, 404);
    let nobody = press(&site, &[("user_code", code), ("login", "nobody"), ("answer", "allow")]).await?;
    assert_eq!(nobody.status, 404);
    let foreign = site.ask(Method::POST, "/_page/login/device").header("origin", "http://evil.example");
    assert_eq!(read(foreign).await?.status, 403);
    let said = press(&site, &[("user_code", &typed), ("login", "Ana-Lima"), ("answer", "allow")]).await?;
    assert_eq!((said.status, said.header("location")), (303, "/login/device/thanks"));
    site.clock.turn(TimeDelta::seconds(15));
    let given = ask(&site, &begun).await?;
    assert_eq!((&given["token_type"], &given["scope"]), (&json!("bearer"), &json!("")));
    let token = given["access_token"].as_str().expect("a token");
    let me = site.as_who(token, Method::GET, "/user", None).await?;
    assert_eq!((&me.json["login"], me.header("x-oauth-scopes")), (&json!("ana-lima"), ""));
    assert_eq!(ask(&site, &begun).await?["error"], "incorrect_device_code");
    Ok(())
}

#[tokio::test]
async fn a_code_is_denied_comes_to_its_end_or_was_never_given() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let denied = begin(&site).await?;
    let code = denied["user_code"].as_str().expect("a code").to_owned();
    assert_eq!(press(&site, &[("user_code", &code), ("login", "x"), ("answer", "deny")]).await?.status, 303);
    assert_eq!(ask(&site, &denied).await?["error"], "access_denied");
    let late = begin(&site).await?;
    site.clock.turn(TimeDelta::minutes(15));
    assert_eq!(ask(&site, &late).await?["error"], "expired_token");
    assert_eq!(ask(&site, &json!({"device_code": "made up"})).await?["error"], "incorrect_device_code");
    let stranger = post(&site, "/login/device/code", &[("client_id", "nobody")]).await?;
    assert_eq!((stranger.status, &stranger.json["error"]), (404, &json!("Not Found")));
    site.github.state().device_flow.apps.get_mut("Iv1.sandbox").expect("the program").device_flow = false;
    assert_eq!(begin(&site).await?["error"], "device_flow_disabled");
    let other = post(&site, "/login/oauth/access_token", &[("client_id", "Iv1.sandbox")]).await?;
    assert_eq!(other.json["error"], "unsupported_grant_type");
    Ok(())
}

#[tokio::test]
async fn it_can_fail_as_all_else_can_and_speaks_forms_too() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.github.faults().add(When::post("/login/device/code"), Fault::Status(502, "<html>".to_owned()));
    assert_eq!(post(&site, "/login/device/code", &[("client_id", "Iv1.sandbox")]).await?.status, 502);
    let plain = read(site.ask(Method::POST, "/login/device/code?client_id=Iv1.sandbox")).await?;
    assert!(plain.text.contains("user_code=") && plain.text.contains("&interval=5"), "{}", plain.text);
    Ok(())
}
