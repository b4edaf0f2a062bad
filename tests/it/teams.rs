//! Teams: who is in them, what they may do, and which there are.

use anyhow::Result;
use hubcommander_sandbox::github::World as GitHubWorld;
use hubcommander_sandbox::github::model::{Permission, Privacy};
use hubcommander_sandbox::slack::Options;

use crate::world::{Servers, World, shipped_with};

impl Servers {
    /// What somebody is in a team of acme.
    fn in_team(&self, login: &str, slug: &str) -> String {
        let state = self.github.state();
        let acme = state.organisation("acme").unwrap();
        let team = acme.team(slug).unwrap();
        if let Some(role) = team.members.get(login) {
            return role.word().to_owned();
        }
        let invited = acme.invitations.values().find(|one| one.waits_for(login));
        let role = invited.and_then(|one| one.teams.get(&team.id));
        role.map_or_else(|| "nothing".to_owned(), |role| format!("{}?", role.word()))
    }

    /// What a team of acme may do on a repository.
    fn of_team(&self, slug: &str, name: &str) -> String {
        let state = self.github.state();
        let team = state.team("acme", slug).unwrap().id;
        let level = state.repository("acme", name).unwrap().teams.get(&team).copied();
        level.map_or("nothing", Permission::word).to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_joins_a_team_and_leaves_it() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!AddUserToTeam ana-lima acme security").await?, @r"
    ✅ ana-lima is a member of team security of acme
    ✅ ana-lima is a member of team security of acme
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.in_team("ana-lima", "security"), "member");
    insta::assert_snapshot!(world.ask("!AddUserToTeam ana-lima acme security").await?, @"✅ ana-lima is a member of team security of acme already");
    insta::assert_snapshot!(world.ask("!AddUserToTeam ana-lima acme security --role maintainer").await?, @r"
    ✅ ana-lima is a maintainer of team security of acme
    ✅ ana-lima is a maintainer of team security of acme (before: member)
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.in_team("ana-lima", "security"), "maintainer");
    insta::assert_snapshot!(world.ask("!RemoveUserFromTeam ana-lima acme security").await?, @r"
    ✅ ana-lima is out of team security of acme
    ✅ ana-lima is not in team security of acme any more
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    insta::assert_snapshot!(world.ask("!RemoveUserFromTeam ana-lima acme security").await?, @"✅ ana-lima is not in team security of acme");
    let undone = world.ask("!Undo").await?;
    assert!(undone.starts_with('↩'), "{undone}");
    assert_eq!(world.in_team("ana-lima", "security"), "maintainer");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_team_is_lent() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(
        world.ask("!AddUserToTeam sam-okafor acme platform --role maintainer --for 7d").await?,
        @r"
    ✅ sam-okafor is a maintainer of team platform of acme
    ✅ sam-okafor is a maintainer of team platform of acme
    ✅ sam-okafor in team platform of acme: for 7 days, then taken back (until WHEN, `lse-ID`)
    [Undo]
    TIME · inv-ID
    "
    );
    assert_eq!(world.in_team("sam-okafor", "platform"), "maintainer");
    world.clock.forward(std::time::Duration::from_secs(8 * 86_400));
    let store = hubcommander::store::open(&world.store_url()).await?;
    while !store.leases(None).await?.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.settled().await?;
    assert_eq!(world.github.snapshot(), before);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_invited_only_where_that_is_allowed() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask_whispered("!AddUserToTeam octocat acme security").await?, @r"
    ⛔ octocat is not in acme. To be added to a team they would be invited to it.
    Ask an owner of acme to invite them; or whoever runs this bot sets may_invite for this command.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.writes().is_empty());
    world.end().await?;

    let invites = [("\n[web]\n", "\n[commands.AddUserToTeam]\nmay_invite = true\n\n[web]\n")];
    let world = World::start_with(&invites).await?;
    let before = world.github.snapshot();
    let (plan, end) = world.ask_and_run("!AddUserToTeam octocat acme security").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Make octocat a member of team security of acme
    • ⚠️ octocat is a member of team security of acme, and is invited to acme for that: Once they accept, they stay in acme when they leave the team again.
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(end, @r"
    ✅ octocat is a member of team security of acme
    ✅ octocat is a member of team security of acme, and is invited to acme for that (invited to acme; it counts once they accept)
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.in_team("octocat", "security"), "member?");
    let undone = world.ask("!Undo").await?;
    assert!(undone.starts_with('↩'), "{undone}");
    assert_eq!(world.github.snapshot(), before, "the invitation to acme is gone too");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_team_may_do_on_repositories() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!SetRepoPermissions acme website,api security push").await?, @r"
    ✅ Team security may push to acme/website and acme/api
    ✅ team security may push to acme/website
    ✅ team security may push to acme/api
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(
        (world.of_team("security", "website"), world.of_team("security", "api")),
        ("push".into(), "push".into())
    );
    insta::assert_snapshot!(world.ask("!SetRepoPermissions acme website security push").await?, @"✅ Team security may push to acme/website already");
    world.ask("!Undo").await?;
    assert_eq!(world.github.snapshot(), before);
    insta::assert_snapshot!(world.ask("!SetRepoPermissions acme website bots none").await?, @r"
    ✅ Team bots is off acme/website
    ✅ team bots no longer has access to acme/website
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.of_team("bots", "website"), "nothing");
    insta::assert_snapshot!(world.ask("!SetRepoPermissions acme website bots none").await?, @"✅ Team bots has nothing on acme/website");
    world.ask("!Undo").await?;
    assert_eq!(world.github.snapshot(), before);
    for (line, told) in [
        ("!SetRepoPermissions acme website bots admin", "`admin` is not something that can be given here."),
        ("!SetRepoPermissions acme website nobody push", "`acme` has no team `nobody` that I can see."),
        ("!SetRepoPermissions acme website bots none --for 3d", "has nothing to end."),
    ] {
        let said = world.ask_whispered(line).await?;
        assert!(said.contains(told), "{line}: {said}");
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_another_team_is_changed_there() -> Result<()> {
    let github = GitHubWorld::acme()
        .team("acme", "pentesters", Privacy::Closed, &["ana-lima"])
        .team_access("acme", "api", "security", Permission::Push)
        .change("acme", |acme| {
            let parent = acme.team("security").map(|team| team.id);
            if let Some(team) = acme.team_mut("pentesters") {
                team.parent = parent;
            }
        });
    let options = Options { patience: std::time::Duration::from_secs(60), ..Options::for_tests() };
    let servers = Servers::start_in(options, github).await?;
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    insta::assert_snapshot!(world.ask_whispered("!SetRepoPermissions acme api pentesters pull").await?, @r"
    ⛔ Team pentesters has more than that on acme/api by its parent security.
    Change it there: `!SetRepoPermissions acme api security`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!RemoveUserFromTeam ana-lima acme security").await?, @r"
    ⛔ ana-lima is in team security by team pentesters, which belongs to it.
    Take them out there: `!RemoveUserFromTeam ana-lima acme pentesters`.
    inv-ID
    (only ana sees this)
    ");
    let said = world.ask("!SetRepoPermissions acme api pentesters maintain").await?;
    assert!(said.starts_with("✅ Team pentesters may maintain acme/api"), "{said}");
    insta::assert_snapshot!(world.ask("!ListTeams acme --like sec").await?, @r"
    acme has one team of that name.
    Team | Name | Seen by | Belongs to | About
    security | security | all members | – | –
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_teams_of_an_organisation() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ListTeams acme").await?, @r"
    acme has 4 teams.
    Team | Name | Seen by | Belongs to | About
    bots | bots | all members | – | –
    employees | employees | all members | – | –
    platform | platform | its members | – | –
    security | security | all members | – | –
    ");
    insta::assert_snapshot!(world.ask("!ListTeams acme --like xyz").await?, @"acme has no team of that name that I can see.");
    world.end().await
}
