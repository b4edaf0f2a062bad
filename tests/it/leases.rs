//! What is lent: until when, extended, given back, and ended on time, whatever happens meanwhile.

use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::model::Permission;
use hubcommander_sandbox::slack::Ts;

use crate::world::{ANA, DEV, SAM, World, shipped_with};

const DAY: Duration = Duration::from_secs(86_400);

/// Reads on in a thread until somebody says this.
async fn said(world: &World, asked: Ts, words: &str) -> Result<String> {
    let reply = world.slack.await_reply_that(DEV, asked, |shown| shown.contains(words)).await?;
    Ok(world.shown(&reply))
}

/// What gus-vega and octocat may do on the website, and who is invited.
fn access(world: &World) -> String {
    let website = &world.github.snapshot()["repositories"]["acme/website"];
    format!("{} invited {}", website["collaborators"], website["inside"]["invitations"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_on_time_with_a_word_before() -> Result<()> {
    let world = World::start().await?;
    let before = access(&world);
    let asked =
        world.say(ANA, DEV, "!AddCollab octocat acme website push --for 14d --reason \"The audit\"")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ octocat may push to acme/website
    ✅ octocat may push to acme/website (invited; it counts once they accept)
    ✅ octocat on acme/website: for 14 days, then taken back (until WHEN, `lse-ID`)
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    insta::assert_snapshot!(access(&world), @r#"{"gus-vega":"pull"} invited {"octocat":"push"}"#);
    insta::assert_snapshot!(world.ask("!Leases").await?, @r"
    One lease runs.
    Who and where | May | Until | Asked by | Why | Id
    octocat on acme/website | push | WHEN | @ana | The audit | lse-ID
    ");
    world.clock.forward(13 * DAY + DAY / 24);
    let notice = world.slack.await_dm(ANA).await?;
    insta::assert_snapshot!(world.shown(&notice), @r"
    ⚠️ octocat on acme/website: this ends WHEN.
    It is taken back then. If it is still needed, extend it; if it is not, give it back now.
    [Extend by 7d] [Return]
    lse-ID
    ");
    world.clock.forward(DAY);
    insta::assert_snapshot!(said(&world, asked, "the time is over").await?, @r"
    ✅ octocat on acme/website: the time is over
    What was lent is taken back.
    TIME · inv-ID
    ");
    assert_eq!(access(&world), before);
    insta::assert_snapshot!(world.ask("!Leases").await?, @r"Nothing is lent.");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_extended_and_given_back_by_its_buttons() -> Result<()> {
    let world = World::start().await?;
    let before = access(&world);
    world.ask("!AddCollab octocat acme website push --for 14d").await?;
    world.clock.forward(13 * DAY + DAY / 24);
    let notice = world.slack.await_dm(ANA).await?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    let id = store.leases(None).await?.pop().unwrap().id;
    world.slack.click(ANA, "D0ANA", notice.ts, "ask", Some(&format!("Extend {id} 7d"))).await?;
    let mut extended = world.slack.await_dm(ANA).await?;
    while world.shown(&extended).contains('⏳') {
        extended = world.slack.await_dm(ANA).await?;
    }
    insta::assert_snapshot!(world.shown(&extended), @r"
    ✅ octocat on acme/website: extended until WHEN
    ✅ octocat on acme/website: until WHEN instead of WHEN
    [Undo]
    TIME · inv-ID
    ");
    // It would have ended by now.
    world.clock.forward(2 * DAY);
    world.ask("!Repeat Still there").await?;
    assert_ne!(access(&world), before);
    insta::assert_snapshot!(world.ask("!Return").await?, @r"
    ✅ octocat on acme/website: given back
    What was lent is taken back.
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(access(&world), before);
    world.say(ANA, DEV, "!Return")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ You hold no lease that runs.
    `!Leases` lists those that run.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_at_github_is_respected() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!SetRepoPermissions acme website security push --for 2d")?;
    world.end_of(DEV, asked).await?;
    {
        let mut state = world.github.state();
        let website = state.repository("acme", "website").map(|found| found.id).unwrap();
        let security = state
            .organisation("acme")
            .unwrap()
            .teams
            .values()
            .find(|team| team.slug == "security")
            .map(|team| team.id)
            .unwrap();
        state.repositories.get_mut(&website).unwrap().teams.insert(security, Permission::Admin);
    }
    world.clock.forward(3 * DAY);
    insta::assert_snapshot!(said(&world, asked, "the time is over").await?, @r"
    ✅ team security on acme/website: the time is over
    Somebody has changed it at GitHub meanwhile, so it is left as it is.
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot()["repositories"]["acme/website"]["teams"]["security"], "admin");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_end_github_refuses_is_tried_again_and_alarmed() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!SetRepoPermissions acme website security push --for 2d")?;
    world.end_of(DEV, asked).await?;
    let refuses =
        When::path("/orgs/acme/teams/security/repos/acme/website").method("DELETE".parse()?).always();
    let fault = world
        .github
        .faults()
        .add(refuses, Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into()));
    world.clock.forward(3 * DAY);
    insta::assert_snapshot!(said(&world, asked, "tried again").await?, @r"
    ⛔ End the lease of team security on acme/website: this could not be done
    ⛔ team security no longer has access to acme/website: This bot's GitHub account may not change acme/website. Tell the people who run this bot.
    · team security on acme/website: the lease ends
    Nothing was changed.
    It is tried again WHEN.
    [Retry]
    TIME · inv-ID
    ");
    world.slack.wait_until(Duration::from_secs(60), |slack| !slack.messages("C0SECURITY").is_empty()).await?;
    let alarm = world.slack.messages("C0SECURITY").pop().unwrap();
    insta::assert_snapshot!(world.shown(&alarm), @r"
    ⚠️ Something was due and could not be done: End the lease of team security on acme/website (`inv-ID`).
    It is tried again. Its thread and the log say what was in the way.
    ");
    world.slack.mark_all_read();
    world.github.faults().remove(fault);
    world.clock.forward(Duration::from_secs(120));
    insta::assert_snapshot!(said(&world, asked, "✅ team security on acme/website: the time is over").await?, @r"
    ✅ team security on acme/website: the time is over
    What was lent is taken back.
    TIME · inv-ID
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_asked_decides_and_no_longer_than_allowed() -> Result<()> {
    let config = shipped_with(&[("public_only = false", "public_only = false\nlease_longest = \"30d\"")]);
    let world = World::start_on(crate::world::Servers::start().await?, &config).await?;
    world.ask("!AddCollab octocat acme website push --for 14d").await?;
    world.say(SAM, DEV, "!Return")?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ You hold no lease that runs.
    `!Leases` lists those that run.
    inv-ID
    (only sam sees this)
    ");
    let store = hubcommander::store::open(&world.store_url()).await?;
    let id = store.leases(None).await?.pop().unwrap().id;
    world.say(SAM, DEV, &format!("!Return {id}"))?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ `lse-ID` was asked for by @ana.
    Only they can extend it or give it back.
    inv-ID
    (only sam sees this)
    ");
    world.say(ANA, DEV, &format!("!Extend {id} 20d"))?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ Its end may lie 30 days ahead at most.
    Ask for less, or again when the end is nearer.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!AddCollab octocat acme api push --for 31d")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ This can be granted for 30d at most.
    Ask for `--for 30d` or less; it can be extended before it ends.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!LeaseEnds lse-0000000000")?;
    assert!(world.whispered(ANA).await?.contains("There is no command `!LeaseEnds`."));
    world.end().await
}
