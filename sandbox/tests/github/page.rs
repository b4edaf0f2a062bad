//! The page for people.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::site::{Reply, Site, read};
use hubcommander_sandbox::faults::{Fault, When};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn look(site: &Site, path: &str) -> anyhow::Result<Reply> {
    read(site.ask(Method::GET, path).header("accept", BROWSER)).await
}

#[tokio::test]
async fn the_address_of_a_repository_leads_to_its_page() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let body =
        json!({"name": "widgets", "private": true, "auto_init": true, "description": "<b onclick='x'>&"});
    let made = site.post("/orgs/acme/repos", body).await?;
    site.put("/orgs/acme/teams/employees/repos/acme/widgets", json!({"permission": "push"})).await?;
    let address = made.json["html_url"].as_str().expect("text");
    assert_eq!(address, format!("{}/acme/widgets", site.github.url()));
    let page = look(&site, "/acme/widgets").await?;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for text in [
        "widgets",
        "private",
        "employees</a> can push",
        "<code>main</code> default",
        "hub-bot</a> can administer",
    ] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    assert!(page.text.contains("&lt;b onclick=&#39;x&#39;&gt;&amp;") && !page.text.contains("<b onclick"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let former = look(&site, "/acme/old-name").await?;
    assert_eq!((former.status, former.header("location")), (307, "/acme/new-name"));
    assert_eq!(look(&site, "/acme/nothing").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_overview_shows_all_and_the_requests_but_not_itself() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    assert!(look(&site, "/").await?.text.contains("None yet"));
    site.get("/repos/acme/website").await?;
    site.github.faults().add(When::any(), Fault::LostAnswer);
    assert!(site.patch("/repos/acme/website", json!({"description": "Shop"})).await.is_err());
    let page = look(&site, "/").await?;
    for text in [
        "acme-oss",
        "Shop",
        "platform</a> <span class=\"badge\">secret",
        "can push",
        "2 requests",
        "200 done, answer lost",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert_eq!(site.github.faults().arrived(), 2, "looking is not asking");
    for path in
        ["/acme", "/ana-lima", "/orgs/acme/teams/platform", "/_page/style.css", "/_page/avatar/ana-lima"]
    {
        assert_eq!(look(&site, path).await?.status, 200, "{path}");
    }
    assert!(look(&site, "/_page/script.js").await?.header("content-type").starts_with("text/javascript"));
    // A program gets the API there.
    assert!(site.get("/").await?.json["repository_url"].is_string());
    assert_eq!(site.get("/acme/website").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_change_is_announced() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let mut stream = site.ask(Method::GET, "/_page/stream").send().await?;
    let first = timeout(Duration::from_secs(20), stream.chunk()).await??.expect("a first piece");
    assert!(first.starts_with(b"retry"));
    site.patch("/repos/acme/website", json!({"description": "Shop"})).await?;
    let event = timeout(Duration::from_secs(20), stream.chunk()).await??.expect("an event");
    assert!(event.starts_with(b"event: change"));
    Ok(())
}

#[tokio::test]
async fn a_repository_shows_what_is_inside() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let api = look(&site, "/acme/api").await?;
    for text in [
        "<code>main</code>: 1 approval",
        "lin-park</a> can triage once accepted",
        "build server can push",
        "None so far",
    ] {
        assert!(api.text.contains(text), "{text} in {}", api.text);
    }
    let website = look(&site, "/acme/website").await?;
    for text in ["#2 A new front page", "draft, by", "<span class=\"badge\">design</span>", "merged, by"] {
        assert!(website.text.contains(text), "{text} in {}", website.text);
    }
    site.patch("/repos/acme/api", json!({"archived": true})).await?;
    let archived = look(&site, "/acme/api").await?;
    assert!(
        archived.text.contains("archived, read-only")
            && archived.text.contains("nothing in it can be changed")
    );
    assert!(look(&site, "/").await?.text.contains("2 open pull requests"));
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_accepted_by_a_button_of_the_page() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let press =
        |address: &str, origin: String| read(site.ask(Method::POST, address).header("origin", origin));
    let button = |page: &str, word: &str| {
        let mut addresses = page.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
        addresses.find(|address| address.ends_with(word)).map(str::to_owned).expect("a button")
    };
    let accept = button(&look(&site, "/acme/api").await?.text, "/accept");
    assert_eq!(press(&accept, "http://evil.example".to_owned()).await?.status, 403);
    assert_eq!(read(site.ask(Method::POST, &accept)).await?.status, 403);
    let pressed = press(&accept, site.github.url()).await?;
    assert_eq!((pressed.status, pressed.header("location")), (303, "/acme/api"));
    assert_eq!(press(&accept, site.github.url()).await?.status, 404);
    assert_eq!(site.get("/repos/acme/api/collaborators/lin-park").await?.status, 204);

    site.put("/orgs/acme/memberships/lin-park", json!({})).await?;
    site.put("/orgs/acme/memberships/gus-vega", json!({})).await?;
    let page = look(&site, "/acme").await?;
    assert!(page.text.contains("lin-park</a> as member"));
    let pressed = press(&button(&page.text, "/accept"), site.github.url()).await?;
    assert_eq!((pressed.status, pressed.header("location")), (303, "/acme"));
    assert_eq!(site.get("/orgs/acme/members/lin-park").await?.status, 204);
    let decline = button(&look(&site, "/acme").await?.text, "/decline");
    assert_eq!(press(&decline, site.github.url()).await?.status, 303);
    assert_eq!(site.get("/orgs/acme/memberships/gus-vega").await?.status, 404);
    assert_eq!(site.github.faults().writes().len(), 2, "what a person does there is no request of the bot");
    Ok(())
}
