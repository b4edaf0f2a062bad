//! `!EnableActions`: Actions run where they may.

use anyhow::Result;
use hubcommander_sandbox::github::model::ActionsWhere;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_let_run() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!EnableActions acme templates").await?, @r"
    ✅ Actions run in acme/templates
    ✅ Actions may run
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(world.github.state().repository("acme", "templates").unwrap().actions.enabled);
    insta::assert_snapshot!(world.ask("!EnableActions acme templates").await?, @r"✅ Actions run in acme/templates already");
    world.ask("!Undo").await?;
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_some_may_it_is_put_on_the_list() -> Result<()> {
    let world = World::start().await?;
    world.github.state().organisation_mut("acme").unwrap().actions.place = ActionsWhere::Selected;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!EnableActions acme templates").await?, @r"
    ✅ Actions run in acme/templates
    ✅ on the organisation's list of repositories where Actions may run
    ✅ Actions may run
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    {
        let state = world.github.state();
        let templates = state.repository("acme", "templates").unwrap();
        assert!(templates.actions.enabled);
        assert!(state.organisation("acme").unwrap().actions.selected.contains(&templates.id));
    }
    let undone = world.ask("!Undo").await?;
    assert!(undone.contains("↩️ Undone"), "{undone}");
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_they_may_not_run_it_says_so() -> Result<()> {
    let world = World::start().await?;
    world.github.state().organisation_mut("acme").unwrap().actions.place = ActionsWhere::Nowhere;
    world.say(crate::world::ANA, crate::world::DEV, "!EnableActions acme templates")?;
    insta::assert_snapshot!(world.whispered(crate::world::ANA).await?, @r"
    ⛔ `acme` lets Actions run in none of its repositories.
    Ask one of its owners to change that in the organisation's settings.
    inv-ID
    (only ana sees this)
    ");
    world.github.state().organisation_mut("acme").unwrap().actions.place = ActionsWhere::All;
    world.github.state().repository_mut("acme", "templates").unwrap().archived = true;
    world.say(crate::world::ANA, crate::world::DEV, "!EnableActions acme templates")?;
    insta::assert_snapshot!(world.whispered(crate::world::ANA).await?, @r"
    ⛔ acme/templates is archived, so it cannot be changed.
    Unarchive it first.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.writes().is_empty());
    world.end().await
}
