//! `!CreateRepo`, from the line to the repository.

use anyhow::Result;

use crate::world::{ANA, DEV, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_with_the_right_teams() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!CreateRepo acme widgets").await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    let made = &world.github.snapshot()["repositories"]["acme/widgets"];
    assert_eq!(made["visibility"], "private");
    assert_eq!(made["teams"], serde_json::json!({ "bots": "pull", "employees": "push" }));
    assert_eq!(
        world.audit().await?,
        [
            "received",
            "planned",
            "operation.started",
            "operation.done",
            "operation.started",
            "operation.started",
            "operation.done",
            "operation.done",
            "done",
        ]
    );
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_alone_shows_its_usage() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!CreateRepo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    !CreateRepo · Creates a repository with the right teams on it
    ```
    !CreateRepo <org> <repo> [--description TEXT] [--homepage URL]
        [--visibility private|internal|public]
        [--team team=permission]... [--template owner/repo]
        [--topics topic,topic] [--default-branch BRANCH]
        [--reason TEXT] [--dry-run]
    ```
    For example `!CreateRepo acme widgets`
    • `org` the organisation it belongs to
    • `repo` its name
    • `--description` what it is for, in a sentence
    • `--homepage` its web page
    • `--visibility` who can see it: private, internal, public
    • `--team` a further team and what it may do, as often as you like
    • `--template` a template to begin from
    • `--topics` topics, separated by commas
    • `--default-branch` the name of its first branch
    • `--reason` why, for whoever approves it
    • `--dry-run` show the plan and do nothing
    [Fill in a form]
    (only ana sees this)
    ");
    world.end().await
}
