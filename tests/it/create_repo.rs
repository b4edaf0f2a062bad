//! `!CreateRepo`, from the line to the repository.

use anyhow::Result;

use crate::world::{ANA, DEV, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_with_the_right_teams() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!CreateRepo acme widgets").await?, @"");
    {
        let state = world.github.state();
        let repository = state.repository("acme", "widgets").expect("the repository");
        insta::assert_debug_snapshot!(repository.teams, @"");
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_alone_shows_its_usage() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!CreateRepo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @"");
    world.end().await
}
