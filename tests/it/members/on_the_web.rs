//! Showing one's account in the browser, where GitHub has no device flow.

use anyhow::{Context as _, Result};
use hubcommander_sdk::accounts::Proof;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url, header};

use crate::world::{ANA, DEV, SAM, Servers, World, shipped_with};

/// A bot with pages, and a browser that follows nothing by itself.
async fn with_pages() -> Result<(World, Client)> {
    let servers = Servers::start().await?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut config = servers.config(&shipped_with(&[]))?;
    config.github.client_secret = Some("secret-of-Iv1.sandbox".to_owned().into());
    config.web = Some(hubcommander::config::Web {
        listen: ([127, 0, 0, 1], port).into(),
        public_url: Some(format!("http://127.0.0.1:{port}").parse()?),
        login: Vec::new(),
    });
    let world = World::start_with_plugins(servers, config, |config, clock| {
        let plugins = hubcommander::app::plugins(config, clock)?;
        let rules = std::sync::Arc::new(hubcommander::pipeline::rules::Admitted);
        Ok(hubcommander::app::Plugins { rules: Some(rules), ..plugins })
    })
    .await?;
    Ok((world, Client::builder().redirect(Policy::none()).build()?))
}

impl World {
    /// The link that somebody was given last.
    async fn link_for(&self, user: &str, before: Option<&Url>) -> Result<Url> {
        let found = self.slack.wait_for(super::WITHIN, "a link", |slack| {
            let message = slack.dms(user).pop()?;
            let text = message.text.clone();
            let at = text.find("/link/github/")?;
            let begin = text[..at].rfind('<')? + 1;
            let end = at + text[at..].find('|')?;
            let link = Url::parse(&text[begin..end]).ok()?;
            (Some(&link) != before).then_some(link)
        });
        Ok(found.await?)
    }
}

async fn press(browser: &Client, link: &Url) -> Result<Response> {
    Ok(browser.post(link.clone()).header(header::ORIGIN, link.origin().ascii_serialization()).send().await?)
}

fn led(response: &Response) -> Result<(Url, String)> {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let to = response.headers().get(header::LOCATION).context("nowhere")?.to_str()?.parse()?;
    let cookie = response.headers().get(header::SET_COOKIE).context("no cookie")?.to_str()?;
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    Ok((to, cookie.split(';').next().context("empty")?.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_shown_in_the_browser_that_went_to_github() -> Result<()> {
    let (world, browser) = with_pages().await?;
    world.say(ANA, DEV, "!LinkGitHub")?;
    let link = world.link_for(ANA, None).await?;
    // A preview looks, and uses nothing up.
    for _ in 0..2 {
        let page = browser.get(link.clone()).send().await?;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await?;
        assert!(page.contains("linked to ana") && page.contains("Go to GitHub"), "{page}");
    }
    let foreign = browser.post(link.clone()).header(header::ORIGIN, "https://evil.example").send().await?;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let (github, cookie) = led(&press(&browser, &link).await?)?;
    assert!(
        github.as_str().starts_with(&format!("{}/login/oauth/authorize?", world.github.url())),
        "{github}"
    );
    assert_eq!(press(&browser, &link).await?.status(), StatusCode::GONE, "it works once");

    let back = world.github.state().let_in_on_the_web(&github, "ana-lima", SystemClock.now());
    let back = back.context("GitHub knows the program")?;
    // Somebody else's browser with the same address: a link that was passed on.
    for cookie in [None, Some("hubcommander-link=made-up")] {
        let mut other = browser.get(back.clone());
        if let Some(cookie) = cookie {
            other = other.header(header::COOKIE, cookie);
        }
        assert_eq!(other.send().await?.status(), StatusCode::GONE);
    }
    let end = browser.get(back.clone()).header(header::COOKIE, &cookie).send().await?;
    assert_eq!(end.status(), StatusCode::OK);
    assert!(end.text().await?.contains("ana-lima"));
    world.told(ANA, "✅").await?;
    let link = world.linked(ANA).await?.context("linked")?;
    assert_eq!((link.login.as_str(), link.proof), ("ana-lima", Proof::Web));
    let again = browser.get(back).header(header::COOKIE, &cookie).send().await?;
    assert_eq!(again.status(), StatusCode::GONE);
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_linked_by_a_no_or_a_wrong_code() -> Result<()> {
    let (world, browser) = with_pages().await?;
    world.say(SAM, DEV, "!LinkGitHub")?;
    let link = world.link_for(SAM, None).await?;
    let (github, cookie) = led(&press(&browser, &link).await?)?;
    let state = github.query_pairs().find(|(key, _)| key == "state").context("no state")?.1.into_owned();
    let mut back = link.join("/link/github/back")?;
    back.query_pairs_mut().append_pair("error", "access_denied").append_pair("state", &state);
    let end = browser.get(back).header(header::COOKIE, &cookie).send().await?;
    assert_eq!(end.status(), StatusCode::BAD_REQUEST);
    insta::assert_snapshot!(world.told(SAM, "⛔").await?, @r"
    ⛔ You said no at GitHub.
    If that was a mistake, ask for another code.
    inv-ID
    ");

    world.say(SAM, DEV, "!LinkGitHub")?;
    let link = world.link_for(SAM, Some(&link)).await?;
    let (github, cookie) = led(&press(&browser, &link).await?)?;
    let state = github.query_pairs().find(|(key, _)| key == "state").context("no state")?.1.into_owned();
    let mut back = link.join("/link/github/back")?;
    back.query_pairs_mut().append_pair("code", "made-up").append_pair("state", &state);
    browser.get(back).header(header::COOKIE, &cookie).send().await?;
    insta::assert_snapshot!(world.told(SAM, "any more").await?, @r"
    ⛔ GitHub does not know this code any more.
    Ask for another code.
    inv-ID
    ");
    assert_eq!(world.linked(SAM).await?, None);
    assert_eq!(browser.get(link.join("/link/github/nothing")?).send().await?.status(), StatusCode::GONE);
    world.all_read().await?;
    world.end().await
}
