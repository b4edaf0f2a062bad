//! GitHub's own audit log beside the record: what did the bot not make?

use std::path::PathBuf;

use anyhow::{Result, ensure};
use hubcommander_sandbox::github::World as AtGitHub;
use hubcommander_sandbox::slack::Options;
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::world::{Servers, TOKENS, World, shipped_with};

const OWNER: &[&str] = &["repo", "admin:org", "delete_repo", "workflow", "read:audit_log"];

fn enterprise() -> AtGitHub {
    AtGitHub::acme()
        .token("ghp_sandbox", "hub-bot", OWNER)
        .owner("acme", "eva-owner")
        .token("ghp_eva", "eva-owner", OWNER)
        .with_audit_log()
}

async fn bot(at_github: AtGitHub) -> Result<(World, PathBuf)> {
    let servers = Servers::start_in(Options::for_tests(), at_github).await?;
    let config = servers.write_config(&shipped_with(&[]))?;
    Ok((World::start_on(servers, &shipped_with(&[])).await?, config))
}

/// What the program prints, and how it ends.
async fn compare(config: &PathBuf, words: &[&str]) -> Result<(String, String, Option<i32>)> {
    let output = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
        .arg("--config")
        .arg(config)
        .args(["audit", "compare"])
        .args(words)
        .env_clear()
        .envs(TOKENS)
        .output()
        .await?;
    Ok((String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?, output.status.code()))
}

/// Somebody does something at GitHub by its API.
async fn at_github(world: &World, token: &str, method: &str, path: &str, body: Json) -> Result<()> {
    let answer = reqwest::Client::new()
        .request(method.parse()?, format!("{}{path}", world.github.url()))
        .bearer_auth(token)
        .header("user-agent", "by hand")
        .json(&body)
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

/// Without times, which differ from run to run.
fn steady(said: &str) -> String {
    regex::Regex::new(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC")
        .unwrap()
        .replace_all(said, "WHEN")
        .into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bot_did_is_on_record_and_what_others_did_is_named() -> Result<()> {
    let (world, config) = bot(enterprise()).await?;
    for line in
        ["!CreateRepo acme widgets", "!AddCollab octocat acme website push", "!SetTopics acme website a,b"]
    {
        let said = world.ask(line).await?;
        ensure!(said.starts_with('✅'), "{said}");
    }
    world.settled().await?;
    let (out, err, code) = compare(&config, &["acme"]).await?;
    assert_eq!(code, Some(0), "{out}{err}");
    insta::assert_snapshot!(steady(&out), @"GitHub knows of 4 privileged changes in acme since WHEN; 4 are on record here as the bot's.");

    // Where GitHub tells no requests, what was done to what and when says enough.
    let forget = |world: &World| {
        world.github.state().audit_log.events.iter_mut().for_each(|event| event.request_id = None);
    };
    forget(&world);
    let (out, err, code) = compare(&config, &["acme"]).await?;
    assert!(out.contains("4 are on record") && code == Some(0), "{out}{err}");

    // An owner does it by hand; somebody has the bot's token; somebody only looks.
    at_github(&world, "ghp_eva", "PATCH", "/repos/acme/website", json!({ "archived": true })).await?;
    at_github(&world, "ghp_sandbox", "DELETE", "/repos/acme/api", json!({})).await?;
    at_github(&world, "ghp_eva", "PATCH", "/repos/acme/widgets", json!({ "description": "ours" })).await?;
    let (out, _, code) = compare(&config, &["acme"]).await?;
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(steady(&out), @r"
    GitHub knows of 6 privileged changes in acme since WHEN; 4 are on record here as the bot's.

    With the bot's account, and not on record. Somebody may have its token:
      WHEN  repo.destroy acme/api by hub-bot

    By somebody else, past the bot:
      WHEN  repo.archived acme/website by eva-owner
    ");
    let (out, _, code) = compare(&config, &["acme", "--json"]).await?;
    let found: Json = serde_json::from_str(&out)?;
    assert_eq!((code, found["findings"][0]["why"].as_str()), (Some(1), Some("by_somebody_else")), "{out}");
    assert_eq!(found["findings"][1]["about"], json!(["acme/api"]));
    // From tomorrow on nothing happened.
    let (out, _, code) = compare(&config, &["acme", "--since", "2100-01-01"]).await?;
    assert!(out.contains("0 privileged changes") && code == Some(0), "{out}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_to_its_end() -> Result<()> {
    let (world, config) = bot(enterprise()).await?;
    for number in 0..250 {
        let archived = json!({ "archived": number % 2 == 0 });
        at_github(&world, "ghp_eva", "PATCH", "/repos/acme/website", archived).await?;
    }
    let (out, _, _) = compare(&config, &["acme"]).await?;
    assert!(out.contains("GitHub knows of 250 privileged changes"), "{out}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_enterprise_it_cannot_be_compared() -> Result<()> {
    for at_github in [AtGitHub::acme(), AtGitHub::acme().token("ghp_sandbox", "hub-bot", OWNER)] {
        let (world, config) = bot(at_github).await?;
        let (out, err, code) = compare(&config, &["acme"]).await?;
        assert!(out.is_empty() && code == Some(2), "{out}{err}");
        insta::allow_duplicates! { insta::assert_snapshot!(last_lines(&err), @r"
        hubcommander: the audit log of acme is not there, or this bot's GitHub account may not see it.
          cure: GitHub shows it by its API in GitHub Enterprise Cloud alone, to owners of the organisation: with a token that has the scope `read:audit_log`, or to an App that may read the organisation's administration. Without it, look at the organisation's settings, Archive, Logs, Audit log.
        "); }
        world.end().await?;
    }
    Ok(())
}

/// What is said after the log.
fn last_lines(err: &str) -> &str {
    err.find("hubcommander: ").map_or(err, |at| &err[at..])
}
