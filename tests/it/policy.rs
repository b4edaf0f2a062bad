//! Policies from the first word to the end: who may ask, what it takes, and `!Why`.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hubcommander::app::{Plugins, plugins};
use hubcommander::policy::{Facts, Judge, Means, NoLinks, read};
use hubcommander::slack::people::People;
use hubcommander::slack::web::{Web, WebSettings};
use hubcommander_policy::{Source, Sources};
use hubcommander_sandbox::slack::Ts;

use crate::world::{ANA, DEV, SAM, Servers, TOKENS, World, shipped_with};

const KIM: &str = "U0KIM";

const POLICY: &str = r#"
@id("members") permit (principal, action, resource) when { principal.kind == Kind::"member" };
@id("no-renames") @why("Repositories keep their names here.") @ask("@security-team")
forbid (principal, action == Action::"RenameRepo", resource);
@id("hands-off") @why("This repository is looked after by hand.")
forbid (principal, action in Action::"change", resource == Repository::"acme/website")
unless { principal in Group::"security-team" };
"#;

const OBLIGATIONS: &str = r#"
@id("archiving") @reason @approvals("1") @approvers("slack:security-team")
permit (principal, action == Action::"ArchiveRepo", resource);
"#;

/// A bot that goes by these policies.
async fn start(policy: &str, obligations: &str) -> Result<World> {
    let servers = Servers::start().await?;
    let config = servers.config(&shipped_with(&[]))?;
    let sources = Sources {
        policy: Source::new("policy.cedar", policy),
        obligations: Source::new("obligations.cedar", obligations),
    };
    World::start_with_plugins(servers, config, |config, clock| {
        let plugins = plugins(config, clock)?;
        let means = Means { step_ups: BTreeSet::from(["duo".to_owned()]), ..Means::default() };
        let policy = read(&sources, Some("@it-help"), &plugins.registry, &plugins.operations, &means)?;
        let slack = &config.slack;
        let settings =
            WebSettings::new(slack.api_url.clone(), slack.bot_token.clone(), slack.app_token.clone(), false);
        let people = Arc::new(People::new(Web::new(settings, Arc::clone(clock))?, Arc::clone(clock)));
        let judge = Judge::new(Arc::new(policy), Facts::new(people, Arc::new(NoLinks), "T0ACME"));
        Ok(Plugins { rules: Some(Arc::new(judge)), ..plugins })
    })
    .await
}

/// The id of the only invocation on record whose line begins so.
async fn id_of(world: &World, line: &str) -> Result<String> {
    let store = hubcommander::store::open(&world.store_url()).await?;
    let ids: BTreeSet<String> =
        store.audit(None, 1_000).await?.into_iter().filter_map(|entry| entry.invocation).collect();
    for id in ids {
        let known = store.invocation(&id).await?.context("it is on record")?;
        if known.origin.text.starts_with(line) {
            return Ok(id);
        }
    }
    anyhow::bail!("no {line} is on record")
}

/// What somebody reads when they ask why.
async fn why(world: &World, user: &str, id: &str) -> Result<String> {
    let channel = if user == KIM { "C0GENERAL" } else { DEV };
    world.say(user, channel, &format!("!Why {id}"))?;
    world.whispered(user).await
}

async fn waits(world: &World, asked: Ts) -> Result<()> {
    world.slack.await_reply_that(DEV, asked, |shown| shown.contains("⚠️")).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_forbids_is_refused_with_its_words_before_github_is_read() -> Result<()> {
    let world = start(POLICY, OBLIGATIONS).await?;
    let before = world.github.faults().arrived();
    world.say(ANA, DEV, "!RenameRepo acme website site")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ Repositories keep their names here.
    Ask @security-team.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!SetDescription Acme WEBSITE Other words")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ This repository is looked after by hand.
    Ask @it-help.
    inv-ID
    (only ana sees this)
    ");
    assert_eq!(world.github.faults().arrived(), before, "GitHub was asked");
    let id = id_of(&world, "RenameRepo").await?;
    insta::assert_snapshot!(why(&world, ANA, &id).await?, @r"
    ⛔ `!RenameRepo acme website site` was refused.
    Repositories keep their names here.
    Ask @security-team.
    Asked by @ana, WHEN · inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(why(&world, SAM, &id).await?, @r"
    ⛔ `inv-ID` was asked by somebody else.
    Only they, and those who may agree to it, see why it went as it did.
    inv-ID
    (only sam sees this)
    ");
    // The exception.
    let done = world.say(SAM, DEV, "!SetDescription acme website Other words")?;
    assert!(world.end_of(DEV, done).await?.contains("is set"));
    let id = id_of(&world, "SetDescription acme website").await?;
    insta::assert_snapshot!(why(&world, SAM, &id).await?, @r"
    ✅ `!SetDescription acme website Other words` was done.
    Permitted by `members`.
    Asked by @sam, WHEN · inv-ID
    (only sam sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_takes_is_told_to_who_asked_and_to_who_may_agree() -> Result<()> {
    let world = start(POLICY, OBLIGATIONS).await?;
    let asked = world.say(ANA, DEV, "!ArchiveRepo acme templates")?;
    waits(&world, asked).await?;
    let id = id_of(&world, "ArchiveRepo").await?;
    insta::assert_snapshot!(why(&world, ANA, &id).await?, @r"
    ⚠️ `!ArchiveRepo acme templates` waits.
    Permitted by `members`.
    ⏳ a reason
    ⏳ one more person of @security-team
    Asked for by `archiving`.
    It waits until WHEN.
    Asked by @ana, WHEN · inv-ID
    (only ana sees this)
    ");
    // Who may agree sees it; nobody else does.
    assert!(why(&world, KIM, &id).await?.contains("waits"));
    world.slack.arrange(|world| world.usergroups[0].users.retain(|user| user != KIM));
    assert!(why(&world, KIM, &id).await?.contains("by somebody else"));
    world.press(ANA, DEV, asked, "cancel").await?;
    world.end_of(DEV, asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_slack_does_not_say_who_is_in_a_group_nothing_is_done() -> Result<()> {
    let world = start(POLICY, OBLIGATIONS).await?;
    world.slack.refuse("usergroups.list", "missing_scope", 99);
    world.say(SAM, DEV, "!SetDescription acme templates Other words")?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ Slack did not tell me who is in which user group, and the rules here ask for that. So I did nothing.
    Try again in a minute.
    inv-ID
    (only sam sees this)
    ");
    assert!(world.github.faults().writes().is_empty());
    // What no such policy is about goes on.
    let read = world.say(SAM, DEV, "!ListOrgs")?;
    assert!(world.end_of(DEV, read).await?.contains("acme"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_wrong_or_impossible_stops_the_start_and_points_at_the_line() -> Result<()> {
    let servers = Servers::start().await?;
    let config = servers.write_config(&shipped_with(&[]))?;
    let open = servers.folder.path().join("open.cedar");
    let none = servers.folder.path().join("none.cedar");
    let told = async |words: &[&str]| -> Result<String> {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_hubcommander"))
            .args(words)
            .arg("--config")
            .arg(&config)
            .envs(TOKENS)
            .kill_on_drop(true)
            .output()
            .await?;
        anyhow::ensure!(output.status.code() == Some(1), "{output:?}");
        Ok(String::from_utf8(output.stderr)?)
    };
    std::fs::write(
        &none,
        "@id(\"two\") @approvals(\"2\") @approvers(\"slack:security-team\")\npermit (principal, action, resource);\n",
    )?;
    let err = told(&["run"]).await?;
    assert!(
        err.contains("none.cedar:1:1: `two` needs 2 to agree") && err.contains("1 problem in the policies"),
        "{err}"
    );
    std::fs::write(&open, "@id(\"x\") permit (principal, action == Action::\"DeletRepo\", resource);\n")?;
    for words in [&["run"][..], &["plan", "!ListOrgs", "--as", ANA], &["policy", "check"]] {
        let err = told(words).await?;
        assert!(
            err.contains("open.cedar:1:") && err.contains("^^^") && err.contains("cure: Did you mean"),
            "{err}"
        );
    }
    Ok(())
}
