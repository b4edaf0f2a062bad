//! Too many at once.

use anyhow::Result;
use serde_json::json;

use super::{Story, employee};
use crate::world::{ANA, APPROVALS, DEV, KIM, SAM, Servers};

#[tokio::test(flavor = "multi_thread")]
async fn too_many_are_held_said_once_and_let_go_or_dropped() -> Result<()> {
    let story = Story::start("most = 2\nmost_percent = 100").await?;
    story.link(ANA, "ana-lima").await?;
    story.link(SAM, "sam-okafor").await?;
    let before = story.github.snapshot();
    story.leaves(&[employee("ana"), employee("sam"), employee("pat")]).await?;
    insta::assert_snapshot!(story.hears("held").await?, @r"
    ⚠️ 3 farewells are held.
    Who | When | Left | Says | Id
    ana | held | WHEN | Okta | frw-40c8176b19
    pat | held | WHEN | Okta | frw-dc4f2115d9
    sam | held | WHEN | Okta | frw-f01ff0a868
    They left within a day, and are more than may go without anybody looking. Nothing of it is done.
    [Let them go] [Forget them]
    ");
    // Those who come later are held, too, and nothing more is said.
    story.leaves(&[employee("lou")]).await?;
    let list = story.ask("!Farewells").await?;
    insta::assert_snapshot!(list, @r"
    ⚠️ 4 farewells are held.
    Who | When | Left | Says | Id
    ana | held | WHEN | Okta | frw-40c8176b19
    lou | held | WHEN | Okta | frw-89e78e3112
    pat | held | WHEN | Okta | frw-dc4f2115d9
    sam | held | WHEN | Okta | frw-f01ff0a868
    They left within a day, and are more than may go without anybody looking. Nothing of it is done.
    [Let them go] [Forget them]
    ");
    assert_eq!(story.github.snapshot(), before);
    let line = list.lines().find(|line| line.starts_with("sam")).unwrap();
    let sam = line.rsplit(" | ").next().unwrap();
    insta::assert_snapshot!(story.ask(&format!("!Farewells drop {sam}")).await?, @r"
    ✅ The farewell of sam is dropped
    ✅ sam stays as they are
    TIME · inv-ID
    ");
    // Nobody decides about themselves.
    story.say(ANA, DEV, "!Farewells release")?;
    assert!(story.whispered(ANA).await?.contains("You are one of those who leave."));
    let asked = story.say(KIM, DEV, "!Farewells release")?;
    insta::assert_snapshot!(story.end_of(DEV, asked).await?, @r"
    ✅ 3 people are let go
    ✅ 3 people are let go: ana, lou, pat
    TIME · inv-ID
    ");
    story.hears("has been let go").await?;
    story.settled().await?;
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }));
    assert_eq!(story.ask("!Farewells").await?, "Nobody is held, and nobody's farewell is due.");
    story.settled().await?;
    let servers = story.world.stop().await?;
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn by_percent_and_over_a_start_and_the_second_person_is_asked() -> Result<()> {
    let servers = Servers::start().await?;
    let obligations = servers.folder.path().join("obligations.cedar");
    std::fs::write(
        &obligations,
        "@id(\"many\") @approvals(\"1\") @approvers(\"slack:security-team\") permit (principal, action, resource) \
         when { context.plan.powers.contains(Power::\"let_go\") };",
    )?;
    let section = format!("most_percent = 5\n[policy]\nobligations = {obligations:?}");
    let story = Story::start_on(servers, &section, false).await?;
    story.link(ANA, "ana-lima").await?;
    let one = |name: &str| hubcommander_directory::Change::Left {
        person: employee(name),
        how: hubcommander_directory::Departure::Gone,
    };
    story.tells("Okta", 37, &[one("ana"), one("pat")]).await?;
    story.hears("held").await?;
    let servers = story.world.stop().await?;
    let story = Story::start_on(servers, &section, false).await?;
    let asked = story.say(KIM, DEV, "!Farewells release")?;
    let card = story.slack.await_message(APPROVALS).await?;
    insta::assert_snapshot!(story.shown(&card), @r"
    ⚠️ @kim asks: Let go 2 people
    • 2 people are let go: ana, pat
    This can be taken back: it lets many people go at once.
    They typed `!Farewells release`.
    · It takes 1 of @security-team
    [Approve] [Deny…]
    Until WHEN · plan DIGEST · inv-ID
    ");
    assert_eq!(story.members("acme")["ana-lima"], "member");
    story.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    story.hears("has been let go").await?;
    story.slack.await_reply_that(DEV, asked, |shown| shown.contains("are let go")).await?;
    assert_eq!(story.members("acme")["ana-lima"], json!(null));
    story.settled().await?;
    let servers = story.world.stop().await?;
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_tell_at_the_same_time_do_not_get_past_the_rail() -> Result<()> {
    use hubcommander::directory::Follow as _;
    use hubcommander_sdk::clock::Clock as _;
    let story = Story::start("most = 2\nmost_percent = 100").await?;
    let at = story.world.clock.now();
    let left = |name: &str| hubcommander_directory::Change::Left {
        person: employee(name),
        how: hubcommander_directory::Departure::Gone,
    };
    let first = story.farewells.follow("Okta", 1_000, &[left("ana"), left("pat")], at).await?;
    let second = story.farewells.follow("Entra", 1_000, &[left("lou"), left("max")], at).await?;
    assert_eq!(first.due.len(), 2);
    assert!(second.due.iter().all(|due| due.key == "farewell:held"), "{second:?}");
    story.store().book(&second).await?;
    story.store().book(&first).await?;
    // The first two were let through before the others were known, and are looked at once more when they are due.
    story.hears("held").await?;
    story.hears("It is tried again").await?;
    let servers = story.world.stop().await?;
    servers.assert_finished().await
}
