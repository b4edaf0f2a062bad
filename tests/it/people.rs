//! Who may do what on a repository: from the line in Slack to GitHub, and back.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::github::model::Permission;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use crate::world::{ANA, DEV, GUS, SAM, Servers, World};

const DAY: Duration = Duration::from_secs(86_400);

impl Servers {
    /// What somebody has on a repository of acme, an invitation with a question mark.
    pub fn on_repository(&self, login: &str, name: &str) -> String {
        let state = self.github.state();
        let Some(repository) = state.repository("acme", name) else { return "no repository".into() };
        let invited = repository.invitations.values().find(|one| one.invitee == login);
        match (repository.collaborators.get(login), invited) {
            (Some(level), None) => level.word().to_owned(),
            (None, Some(one)) => format!("{}?", one.level.word()),
            (None, None) => "nothing".to_owned(),
            (Some(_), Some(_)) => "both".to_owned(),
        }
    }

    /// The person accepts what they were invited to.
    fn accepts(&self, login: &str, name: &str) -> Result<()> {
        let mut state = self.github.state();
        let repository = state.repository("acme", name).context("no such repository")?;
        let id = repository.invitations.values().find(|one| one.invitee == login).context("not invited")?.id;
        anyhow::ensure!(state.accept_invitation(id, SystemClock.now()));
        Ok(())
    }
}

impl World {
    /// What the bot does when leases end.
    async fn until_no_lease_runs(&self) -> Result<()> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        let over = async {
            while !store.leases(None).await?.is_empty() {
                // The store tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, anyhow::Error>(())
        };
        tokio::time::timeout(Duration::from_secs(60), over).await.context("a lease runs on")??;
        self.settled().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_invited_for_good_and_taken_off_again() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!AddCollab Octocat acme website push").await?, @r"
    ✅ octocat may push to acme/website
    ✅ octocat may push to acme/website (invited; it counts once they accept)
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.on_repository("octocat", "website"), "push?");
    insta::assert_snapshot!(world.ask("!AddCollab octocat acme website push").await?, @"✅ octocat may push to acme/website already");
    world.accepts("octocat", "website")?;
    let (plan, end) = world.ask_and_run("!RemoveCollab octocat acme website").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Take octocat off acme/website
    • ⚠️ octocat no longer has access to acme/website: GitHub deletes their forks of it and unassigns them from its issues, for good. To come back they must accept a new invitation.
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(end, @r"
    ✅ octocat is off acme/website
    ✅ octocat no longer has access to acme/website
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    insta::assert_snapshot!(world.ask("!RemoveCollab octocat acme website").await?, @"✅ octocat was given nothing on acme/website");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_nobody_accepted_is_changed_and_cancelled() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!AddCollab lin-park acme api push").await?, @r"
    ✅ lin-park may push to acme/api
    ✅ lin-park may push to acme/api (before: triage) (invited; it counts once they accept)
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.on_repository("lin-park", "api"), "push?");
    insta::assert_snapshot!(world.ask("!Undo").await?, @r"
    ↩️ Undone: Let lin-park push to acme/api
    ✅ lin-park may triage acme/api (before: push) (invited; it counts once they accept)
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    // Nothing is lost by that, so nobody is asked.
    insta::assert_snapshot!(world.ask("!RemoveCollab lin-park acme api").await?, @r"
    ✅ lin-park is off acme/api
    ✅ lin-park is not invited to acme/api any more
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.on_repository("lin-park", "api"), "nothing");
    world.ask("!Undo").await?;
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_an_invitation_that_was_accepted_says_what_is_lost() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    world.ask("!AddCollab octocat acme website,api pull").await?;
    assert_eq!(world.on_repository("octocat", "api"), "pull?");
    world.accepts("octocat", "website")?;
    let (plan, end) = world.ask_and_run("!Undo").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Undo: Let octocat read acme/website and acme/api
    • ⚠️ octocat no longer has access to acme/api: GitHub deletes their forks of it and unassigns them from its issues, for good. To come back they must accept a new invitation.
    • ⚠️ octocat no longer has access to acme/website: GitHub deletes their forks of it and unassigns them from its issues, for good. To come back they must accept a new invitation.
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(end.starts_with('↩'), "{end}");
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_repositories_are_one_plan_and_one_that_fails_hides_no_other() -> Result<()> {
    let world = World::start().await?;
    let line = "!AddCollab octocat acme website,api,templates pull";
    insta::assert_snapshot!(world.ask(&format!("{line} --dry-run")).await?, @r"
    Would do: Let octocat read acme/website, acme/api and acme/templates
    • octocat may read acme/website
    • octocat may read acme/api
    • octocat may read acme/templates
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    assert!(world.writes().is_empty());
    world.github.faults().add(
        hubcommander_sandbox::faults::When::any_write().times(1),
        hubcommander_sandbox::faults::Fault::Status(422, r#"{"message":"No"}"#.into()),
    );
    let said = world.ask(line).await?;
    assert!(
        said.starts_with("⚠️ Let octocat read acme/website, acme/api and acme/templates: only a part"),
        "{said}"
    );
    assert_eq!(said.matches('✅').count(), 2, "{said}");
    let has = ["website", "api", "templates"].map(|name| world.on_repository("octocat", name));
    assert_eq!(has.iter().filter(|has| *has == "pull?").count(), 2, "{has:?}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_here_is_not_made_an_outside_collaborator() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask_whispered("!AddCollab sam-okafor acme website push").await?, @r"
    ⛔ sam-okafor is a member of acme.
    People who work here get access by a team: `!AddUserToTeam sam-okafor acme TEAM`.
    inv-ID
    (only ana sees this)
    ");
    {
        let mut state = world.github.state();
        state.organisation_mut("acme").unwrap().members.get_mut("sam-okafor").unwrap().pending = true;
    }
    let said = world.ask_whispered("!AddCollab sam-okafor acme website push").await?;
    assert!(said.contains("has been invited to acme as a member"), "{said}");
    {
        let mut state = world.github.state();
        state.organisation_mut("acme").unwrap().members.remove("sam-okafor");
    }
    let said = world.ask_whispered("!AddCollab sam-okafor acme website push").await?;
    assert!(said.contains("sam-okafor is in team employees of acme."), "{said}");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_granted_is_said_before_anything_is_done() -> Result<()> {
    let world = World::start_with(&[(
        "\n[web]\n", "\n[commands.AddCollab]\nlease_longest = \"30d\"\npermitted_permissions = [\"pull\", \"push\", \"releaser\"]\n\n[web]\n",
    )])
    .await?;
    for (line, told) in [
        (
            "!AddCollab octocat acme website admin",
            "`admin` is not something that can be given here.\nChoose from pull, push, releaser.",
        ),
        ("!AddCollab nobody-0 acme website push", "There is no account `nobody-0` at GitHub."),
        ("!AddCollab acme-oss acme website push", "`acme-oss` is not a person's account at GitHub."),
        ("!AddCollab octocat acme nothing push", "There is no repository `acme/nothing` that I can see."),
        ("!AddCollab octocat acme old-name push", "`acme/old-name` is called `acme/new-name` now."),
        ("!AddCollab octocat acme website push --for 31d", "This can be granted for 30d at most."),
        ("!AddCollab octocat acme website releaser", "`acme` has no role `releaser`."),
    ] {
        let said = world.ask_whispered(line).await?;
        assert!(said.contains(told), "{line}: {said}");
    }
    world.github.state().repository_mut("acme", "website").unwrap().archived = true;
    let said = world.ask_whispered("!AddCollab octocat acme website push").await?;
    assert!(said.contains("acme/website is archived, so it cannot be changed."), "{said}");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_made_after_a_word() -> Result<()> {
    let world = World::start_with(&[(
        "\n[web]\n",
        "\n[commands.AddCollab]\npermitted_permissions = [\"admin\"]\n\n[web]\n",
    )])
    .await?;
    let (plan, end) = world.ask_and_run("!AddCollab gus-vega acme website admin").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Let gus-vega administer acme/website
    • gus-vega may administer acme/website (before: read)
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(end.starts_with("✅ gus-vega may administer acme/website"), "{end}");
    assert_eq!(world.on_repository("gus-vega", "website"), "admin");
    // Somebody's first is told to those who watch.
    let alarm = world.slack.await_message("C0SECURITY").await?;
    insta::assert_snapshot!(world.shown(&alarm), @"
    ⚠️ @ana has given administrator rights for the first time: Let gus-vega administer acme/website (inv-ID).
    If you do not know why, ask them.
    ");
    // What was, was given for good: it comes back without a word.
    let undone = world.ask("!Undo").await?;
    assert!(undone.starts_with('↩'), "{undone}");
    assert_eq!(world.on_repository("gus-vega", "website"), "pull");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_it_waited_is_planned_anew() -> Result<()> {
    let world =
        World::start_with(&[("\n[web]\n", "\n[commands.AddCollab]\nauth = [\"confirm\"]\n\n[web]\n")])
            .await?;
    let asked = world.say(ANA, DEV, "!AddCollab gus-vega acme website push")?;
    world.end_of(DEV, asked).await?;
    world
        .github
        .state()
        .repository_mut("acme", "website")
        .unwrap()
        .collaborators
        .insert("gus-vega".into(), Permission::Triage);
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Let gus-vega push to acme/website
    Nothing was done yet: gus-vega on acme/website has been changed meanwhile. This is the plan now.
    • gus-vega may push to acme/website (before: triage)
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.end_of(DEV, asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_access_and_until_when() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ListCollabs acme website").await?, @r"
    acme/website: one permission given to people directly, no invitations.
    Who | May | How | Until | Why
    gus-vega | pull | from outside | – | –
    ");
    world.ask("!AddCollab octocat acme website push --for 14d --reason \"The spring audit\"").await?;
    world
        .github
        .state()
        .repository_mut("acme", "website")
        .unwrap()
        .collaborators
        .insert("ana-lima".into(), Permission::Maintain);
    insta::assert_snapshot!(world.ask("!ListCollabs acme website").await?, @r"
    acme/website: 2 permissions given to people directly, one invitation.
    Who | May | How | Until | Why
    ana-lima | at most maintain | member | – | –
    gus-vega | pull | from outside | – | –
    octocat | push | invited today | WHEN | The spring audit
    ");
    insta::assert_snapshot!(world.ask("!ListCollabs acme templates").await?, @r"
    acme/templates: no permissions given to people directly, no invitations.
    Teams and the organisation may give access besides.
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lent_is_taken_back_accepted_or_not() -> Result<()> {
    for accepts in [false, true] {
        let world = World::start().await?;
        let before = world.github.snapshot();
        let line = "!AddCollab octocat acme website push --for 14d";
        if !accepts {
            insta::assert_snapshot!(world.ask(&format!("{line} --dry-run")).await?, @r"
            Would do: Let octocat push to acme/website
            • octocat may push to acme/website
            • octocat on acme/website: for 14 days, then taken back
            Nothing has been done.
            plan DIGEST · inv-ID
            ");
        }
        let said = world.ask(line).await?;
        if accepts {
            world.accepts("octocat", "website")?;
        } else {
            insta::assert_snapshot!(said, @r"
            ✅ octocat may push to acme/website
            ✅ octocat may push to acme/website (invited; it counts once they accept)
            ✅ octocat on acme/website: for 14 days, then taken back (until WHEN, `lse-ID`)
            [Open on GitHub] [Undo]
            TIME · inv-ID
            ");
        }
        world.clock.forward(15 * DAY);
        world.until_no_lease_runs().await?;
        assert_eq!(world.on_repository("octocat", "website"), "nothing", "accepts: {accepts}");
        assert_eq!(world.github.snapshot(), before);
        world.slack.mark_all_read();
        world.end().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_leaves_what_was_before() -> Result<()> {
    let world = World::start().await?;
    world.ask("!AddCollab gus-vega acme website push --for 20d").await?;
    assert_eq!(world.on_repository("gus-vega", "website"), "push");
    let said = world.ask("!AddCollab gus-vega acme website pull --for 3d").await?;
    insta::assert_snapshot!(said, @r"
    ✅ gus-vega may read acme/website already, and for good
    There is nothing to grant for a time.
    ");
    world.clock.forward(21 * DAY);
    world.until_no_lease_runs().await?;
    assert_eq!(world.on_repository("gus-vega", "website"), "pull", "what was before");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_and_greater_lease_leaves_the_longer_one() -> Result<()> {
    let world = World::start_with(&[(
        "\n[web]\n",
        "\n[commands.AddCollab]\npermitted_permissions = [\"pull\", \"push\", \"maintain\"]\n\n[web]\n",
    )])
    .await?;
    world.ask("!AddCollab octocat acme website pull --for 20d").await?;
    world.accepts("octocat", "website")?;
    world.ask("!AddCollab octocat acme website maintain --for 2d").await?;
    assert_eq!(world.on_repository("octocat", "website"), "maintain");
    world.clock.forward(3 * DAY);
    let store = hubcommander::store::open(&world.store_url()).await?;
    while store.leases(None).await?.len() > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.settled().await?;
    assert_eq!(world.on_repository("octocat", "website"), "pull");
    world.clock.forward(20 * DAY);
    world.until_no_lease_runs().await?;
    assert_eq!(world.on_repository("octocat", "website"), "nothing");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_for_good_later_outlasts_the_lease() -> Result<()> {
    let world = World::start().await?;
    world.ask("!AddCollab octocat acme website push --for 14d").await?;
    world.accepts("octocat", "website")?;
    let said = world.ask("!AddCollab octocat acme website pull --for-good").await?;
    insta::assert_snapshot!(said, @r"
    ✅ octocat may read acme/website
    ✅ octocat on acme/website: pull stays when the lease ends
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.on_repository("octocat", "website"), "push", "the lease runs on");
    world.clock.forward(15 * DAY);
    world.until_no_lease_runs().await?;
    assert_eq!(world.on_repository("octocat", "website"), "pull");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_somebody_ends_what_is_lent_to_them() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    world.ask("!AddCollab octocat acme website push --for 14d").await?;
    let said = world.ask("!RemoveCollab octocat acme website").await?;
    insta::assert_snapshot!(said, @r"
    ✅ octocat is off acme/website
    ✅ octocat is not invited to acme/website any more
    ✅ octocat on acme/website: the lease ends
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    let leases = world.ask("!Leases").await?;
    assert!(leases.contains("Nothing is lent."), "{leases}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_after_a_rename() -> Result<()> {
    let world = World::start().await?;
    world.ask("!AddCollab octocat acme website push --for 14d").await?;
    world.accepts("octocat", "website")?;
    {
        let mut state = world.github.state();
        let id = state.repository("acme", "website").unwrap().id;
        state.rename(id, "site");
    }
    world.clock.forward(15 * DAY);
    world.until_no_lease_runs().await?;
    assert_eq!(world.on_repository("octocat", "site"), "nothing");
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_ask() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(SAM, DEV, "!AddCollab octocat acme website pull")?;
    assert!(world.end_of(DEV, asked).await?.starts_with('✅'));
    world.say(GUS, DEV, "!RemoveCollab octocat acme website")?;
    let said = world.whispered(GUS).await?;
    assert!(said.contains("You are a guest."), "{said}");
    assert_eq!(world.on_repository("octocat", "website"), "pull?");
    world.end().await
}
