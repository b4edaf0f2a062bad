//! A workspace of an enterprise (Enterprise Grid): people of its other workspaces, whose ids begin with `W`.

use anyhow::Result;
use hubcommander_sandbox::slack::{Account, Person};

use crate::world::{DEV, Servers, World, shipped_with};

const WES: &str = "W0WES";
const IDA: &str = "U0IDA";

/// Acme as one workspace of an enterprise, with Wes of another one of it and Ida of another enterprise in #dev.
async fn start(config: &str) -> Result<World> {
    let servers = Servers::start().await?;
    servers.slack.arrange(|slack| {
        slack.team.enterprise = Some("E0ACME".to_owned());
        for (id, name, team, enterprise) in
            [(WES, "wes", "T0WEST", "E0ACME"), (IDA, "ida", "T0INN", "E0OTHER")]
        {
            let account = Account {
                id: id.to_owned(),
                enterprise: enterprise.to_owned(),
                teams: vec![team.to_owned()],
            };
            let person = Person { account: Some(account), ..Person::member(id, team, name, name) };
            slack.people.insert(id.to_owned(), person);
            slack.channels.get_mut(DEV).expect("#dev").members.insert(id.to_owned());
        }
    });
    World::start_on(servers, config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_member_of_the_enterprise_is_a_member() -> Result<()> {
    let world = start(&shipped_with(&[])).await?;
    let asked = world.say(WES, DEV, "!CreateRepo acme widgets")?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    // What only one person sees reaches them too.
    world.say(WES, DEV, "!CreateRepo acme widgets")?;
    assert!(world.whispered(WES).await?.contains("exists already"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_the_enterprise_and_somebody_of_another_one_are_refused() -> Result<()> {
    let world = start(&shipped_with(&[])).await?;
    world.slack.arrange(|slack| slack.people.get_mut(WES).expect("Wes").is_restricted = true);
    world.say(WES, DEV, "!CreateRepo acme widgets")?;
    assert!(world.whispered(WES).await?.contains("You are a guest."));
    world.say(IDA, DEV, "!CreateRepo acme widgets")?;
    assert!(world.whispered(IDA).await?.contains("You are here from another company."));
    assert_eq!(world.github.faults().arrived(), 0);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_can_confirm_whatever_workspace_the_click_names() -> Result<()> {
    let world = start(&shipped_with(&[("auth = []", "auth = [\"confirm\"]")])).await?;
    let asked = world.say(WES, DEV, "!CreateRepo acme widgets")?;
    let plan = world.end_of(DEV, asked).await?;
    assert!(plan.contains("[Run]"), "{plan}");
    // The same account, called by the enterprise and not by the workspace.
    world.slack.arrange(|slack| slack.people.get_mut(WES).expect("Wes").team_id = "E0ACME".to_owned());
    world.press(WES, DEV, asked, "run").await?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    // Somebody else of the enterprise is somebody else.
    let asked = world.say(WES, DEV, "!CreateRepo acme gadgets")?;
    world.end_of(DEV, asked).await?;
    world.press(crate::world::ANA, DEV, asked, "run").await?;
    assert!(world.whispered(crate::world::ANA).await?.contains("Only the person who asked"));
    world.press(WES, DEV, asked, "cancel").await?;
    world.end_of(DEV, asked).await?;
    world.end().await
}
