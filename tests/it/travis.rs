//! `!EnableTravis` and `!ListTravisOrgs`, from the line to the local Travis, and back.

use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::github;
use hubcommander_sandbox::slack::Options;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use crate::hands::held;
use crate::world::{ANA, DEV, Servers, World, shipped_with};

const ENABLE: &str = "!EnableTravis acme website";

impl Servers {
    /// Whether Travis builds a repository; `None` if it does not know it.
    fn built(&self, name: &str) -> Option<bool> {
        self.travis.state().repository(&format!("acme/{name}")).map(|one| one.active)
    }

    /// What Travis was asked to change, without its numbers, and the answers.
    fn changes_at_travis(&self) -> Vec<String> {
        let writes = self.travis.faults().writes();
        let line = |line: String| line.replace(|c: char| c.is_ascii_digit(), "").replace("//", "/…/");
        writes.iter().map(|write| format!("{} {:?}", line(write.line()), write.outcome)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_travis_does_not_know_yet() -> Result<()> {
    let world = World::start().await?;
    assert_eq!(world.built("website"), None);
    insta::assert_snapshot!(world.ask("!EnableTravis acme website --dry-run").await?, @r"
    Would do: Enable Travis for acme/website
    • Travis looks at GitHub for acme/website, which may take minutes
    • Travis builds acme/website
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    assert!(world.changes_at_travis().is_empty());
    insta::assert_snapshot!(world.ask(ENABLE).await?, @r"
    ✅ Travis builds acme/website
    What it does there is said in `.travis.yml`.
    [Open at Travis] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.built("website"), Some(true));
    insta::assert_snapshot!(world.ask(ENABLE).await?, @r"
    ✅ Travis builds acme/website already
    [Open at Travis]
    ");
    insta::assert_debug_snapshot!(world.changes_at_travis(), @r#"
    [
        "POST /user/…/sync Answered(200)",
        "POST /repo/…/activate Answered(200)",
    ]
    "#);
    assert!(world.writes().is_empty(), "nothing is changed at GitHub");
    let said = world.ask("!Undo").await?;
    insta::assert_snapshot!(said, @r"
    ↩️ Undone: Enable Travis for acme/website
    ✅ Travis builds acme/website no more
    TIME · inv-ID
    ");
    assert_eq!(world.built("website"), Some(false));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_travis_knows_and_one_that_it_builds_already() -> Result<()> {
    let world = World::start().await?;
    let said = world.ask("!EnableTravis a templates").await?;
    assert!(said.starts_with("✅ Travis builds acme/templates\n"), "{said}");
    insta::assert_snapshot!(world.ask("!EnableTravis acme api").await?, @r"
    ✅ Travis builds acme/api already
    [Open at Travis]
    ");
    assert_eq!(world.changes_at_travis(), ["POST /repo/…/activate Answered(200)"]);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_under_way_is_no_failure() -> Result<()> {
    let world = World::start().await?;
    let gate = world.travis.faults().gate(When::post("/sync"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, ENABLE)?;
    held(&gate).await?;
    world.travis.state().begin_sync(SystemClock.now());
    gate.release();
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ Travis builds acme/website\n"), "{said}");
    assert_eq!(
        world.changes_at_travis(),
        ["POST /user/…/sync Answered(409)", "POST /repo/…/activate Answered(200)"]
    );
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_never_ends_is_told_and_can_be_tried_again() -> Result<()> {
    let world = World::start().await?;
    world.travis.state().sync_takes = None;
    let asked = world.say(ANA, DEV, ENABLE)?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⛔ Enable Travis for acme/website: this could not be done
    ⛔ Travis looks at GitHub for acme/website, which may take minutes: Travis is still looking at GitHub. Retry in a few minutes.
    · Travis builds acme/website
    Nothing was changed.
    [Retry]
    TIME · inv-ID
    ");
    assert_eq!(
        world.changes_at_travis(),
        ["POST /user/…/sync Answered(200)"],
        "one sync, waited for five times"
    );

    // It ends after all.
    {
        let mut state = world.travis.state();
        state.sync_takes = Some(Duration::ZERO);
        state.begin_sync(SystemClock.now());
    }
    world.press(ANA, DEV, asked, "retry").await?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ Travis builds acme/website\n"), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_the_activation_is_lost() -> Result<()> {
    let world = World::start().await?;
    world.travis.faults().add(When::post("/activate"), Fault::LostAnswer);
    let said = world.ask(ENABLE).await?;
    assert!(said.starts_with("✅ Travis builds acme/website\n"), "{said}");
    assert_eq!(
        world.changes_at_travis(),
        ["POST /user/…/sync Answered(200)", "POST /repo/…/activate AnswerLost(200)"]
    );
    // And where it did not happen, it is done once it was looked at.
    world.travis.faults().add(When::post("/activate"), Fault::Dropped);
    let said = world.ask("!EnableTravis acme templates").await?;
    assert!(said.starts_with("✅ Travis builds acme/templates\n"), "{said}");
    assert_eq!(world.built("templates"), Some(true));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_rights_nothing_is_planned() -> Result<()> {
    let world = World::start().await?;
    world.travis.state().repository_mut("acme/templates").unwrap().admin = false;
    world.say(ANA, DEV, "!EnableTravis acme templates")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ Travis does not let my account switch acme/templates on.
    It needs admin access to the repository at GitHub. Tell the people who run this bot.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.changes_at_travis().is_empty());

    // Of one that it does not know yet that is only seen after a sync.
    let gate = world.travis.faults().gate(When::post("/activate"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, ENABLE)?;
    held(&gate).await?;
    world.travis.state().repository_mut("acme/website").unwrap().admin = false;
    gate.release();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Enable Travis for acme/website: only a part of it could be done
    ✅ Travis looks at GitHub for acme/website, which may take minutes
    ⛔ Travis builds acme/website: Travis does not let this bot's account change acme/website: it needs admin access to it at GitHub, and must have logged in at Travis once. Tell the people who run this bot.
    What is done stays done. Retry does what is missing.
    [Retry]
    TIME · inv-ID
    ");
    world.travis.state().repository_mut("acme/website").unwrap().admin = true;
    world.press(ANA, DEV, asked, "retry").await?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ Travis builds acme/website\n"), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_made_yet_is_waited_for() -> Result<()> {
    let world = World::start().await?;
    world.travis.state().repository_mut("acme/templates").unwrap().has_key = false;
    let asked = world.say(ANA, DEV, "!EnableTravis acme templates")?;
    let refused =
        |log: &[hubcommander_sandbox::faults::Logged]| log.iter().any(|one| one.status() == Some(409));
    tokio::time::timeout(Duration::from_secs(60), world.travis.faults().logged(refused)).await?;
    world.travis.state().repository_mut("acme/templates").unwrap().has_key = true;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ Travis builds acme/templates\n"), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_archived_or_renamed_has_its_sentence() -> Result<()> {
    let world = World::start().await?;
    world.github.state().repository_mut("acme", "templates").unwrap().archived = true;
    let mut told = Vec::new();
    for name in ["nothing", "old-name", "templates"] {
        world.say(ANA, DEV, &format!("!EnableTravis acme {name}"))?;
        told.push(world.whispered(ANA).await?);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    ⛔ There is no repository `acme/nothing` that I can see.
    If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    inv-ID
    (only ana sees this)
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ⛔ acme/templates is archived, so there is nothing to build.
    Unarchive it first.
    inv-ID
    (only ana sees this)
    ");
    world.travis.faults().add(When::any().always(), Fault::Status(503, String::new()));
    world.say(ANA, DEV, ENABLE)?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ Travis has trouble of its own.
    Try again in a minute, or see traviscistatus.com.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.changes_at_travis().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_beside_those_that_are_managed() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ListTravisOrgs").await?, @r"
    Travis shows me 2 of the 2 organisations that I manage.
    Organisation | At Travis | Managed by me
    acme | yes | yes
    acme-oss | yes | yes
    ");
    world.end().await?;

    // One that Travis does not see, and one that is not managed.
    let at_github =
        github::World::acme().organisation("elsewhere", "Elsewhere", "").owner("elsewhere", "hub-bot");
    let servers = Servers::start_in(Options::for_tests(), at_github).await?;
    servers.travis.state().organisations.retain(|one| one.login != "acme-oss");
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    insta::assert_snapshot!(world.ask("!ListTravisOrgs").await?, @r"
    Travis shows me 1 of the 2 organisations that I manage.
    What is missing appears once hub-bot may see it at GitHub, has let Travis see it, and Travis has looked at GitHub again: acme-oss.
    Organisation | At Travis | Managed by me
    acme | yes | yes
    acme-oss | no | yes
    elsewhere | yes | no
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_there_are_no_such_commands() -> Result<()> {
    let servers = Servers::start().await?;
    let mut config = servers.config(&shipped_with(&[]))?;
    config.travis = None;
    let clock: hubcommander_sdk::clock::SharedClock = std::sync::Arc::new(SystemClock);
    let plugins = hubcommander::app::plugins(&config, &clock)?;
    let names: Vec<&str> =
        plugins.registry.iter().map(|registered| registered.spec().name.as_str()).collect();
    assert!(names.contains(&"CreateRepo") && !names.iter().any(|name| name.contains("Travis")), "{names:?}");
    Ok(())
}
