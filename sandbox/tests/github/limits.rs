//! Primary and secondary limits.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::site::{Site, read};
use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::github::Limits;

#[tokio::test]
async fn the_hour_is_counted_used_up_and_starts_again() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    for status in [403, 429] {
        site.github.set_limits(Limits { per_hour: Some(2), used_up_status: status, ..Limits::default() });
        let first = site.get("/user").await?;
        assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("2", "1"));
        assert_eq!((first.header("x-ratelimit-used"), first.header("x-ratelimit-resource")), ("1", "core"));
        let reset: i64 = first.header("x-ratelimit-reset").parse()?;
        site.get("/user").await?;
        let before = site.github.snapshot();
        let refused = site.post("/orgs/acme/repos", json!({"name": "never"})).await?;
        assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (status, "0"));
        assert!(refused.json["message"].as_str().expect("text").starts_with("API rate limit exceeded"));
        assert_eq!(site.github.snapshot(), before);
        let free = site.get("/rate_limit").await?;
        assert_eq!((free.status, &free.json["resources"]["core"]["remaining"]), (200, &json!(0)));
        assert_eq!(free.json["resources"]["core"]["reset"], reset);
        // Others have their own.
        assert_eq!(read(site.ask(Method::GET, "/orgs/acme")).await?.header("x-ratelimit-limit"), "60");
        site.clock.turn(TimeDelta::minutes(61));
        assert_eq!(site.get("/user").await?.header("x-ratelimit-remaining"), "1");
    }
    site.github.set_limits(Limits { per_hour: None, ..Limits::default() });
    assert_eq!(site.get("/user").await?.header("x-ratelimit-limit"), "");
    Ok(())
}

#[tokio::test]
async fn writes_per_minute_are_limited_when_switched_on() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let write = || site.patch("/repos/acme/api", json!({"description": "x"}));
    for _ in 0..100 {
        assert_eq!(write().await?.status, 200);
    }
    site.github.set_limits(Limits { secondary: true, writes_per_minute: 3, ..Limits::default() });
    for _ in 0..3 {
        assert_eq!(write().await?.status, 200);
    }
    let refused = write().await?;
    assert_eq!((refused.status, refused.header("retry-after")), (403, "60"));
    assert!(refused.json["message"].as_str().expect("text").contains("secondary rate limit"));
    assert_ne!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(site.get("/repos/acme/api").await?.status, 200);
    site.clock.turn(TimeDelta::seconds(61));
    assert_eq!(write().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn requests_at_the_same_time_are_limited_when_switched_on() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.github.set_limits(Limits { secondary: true, concurrent: 2, ..Limits::default() });
    let gate = site.github.faults().gate(When::get("/orgs/acme").always(), Hold::BeforeEffect);
    let ask = || tokio::spawn(read(site.ask(Method::GET, "/orgs/acme").bearer_auth("ghp_sandbox")));
    let held = [ask(), ask()];
    for _ in 0..2 {
        timeout(Duration::from_secs(20), gate.held()).await?;
    }
    let refused = site.get("/user").await?;
    assert_eq!(refused.status, 403);
    assert!(refused.json["message"].as_str().expect("text").contains("secondary rate limit"));
    gate.release();
    for one in held {
        assert_eq!(one.await??.status, 200);
    }
    assert_eq!(site.get("/user").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn limits_as_faults_speak_githubs_words() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.github.faults().add(When::any(), Fault::RateLimited { retry_after: Duration::from_secs(9) });
    site.github.faults().add(When::any(), Fault::SecondaryLimit);
    let primary = site.get("/user").await?;
    assert_eq!((primary.status, primary.header("retry-after")), (429, "9"));
    let secondary = site.get("/user").await?;
    assert_eq!((secondary.status, secondary.header("retry-after")), (403, ""));
    assert!(secondary.json["message"].as_str().expect("text").contains("secondary rate limit"));
    Ok(())
}
