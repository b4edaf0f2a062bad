//! Finding one's way: `!Help`, usage, and examples that hold what they promise.

use std::sync::Arc;

use anyhow::Result;
use hubcommander::app::{Plugins, plugins};
use hubcommander::pipeline::parse::parse;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use hubcommander_sdk::command::{Audience, CommandSpec};

use crate::world::{ANA, DEV, Servers, World, shipped_with};

/// The commands as the program makes them.
fn registered(servers: &Servers) -> Result<Plugins> {
    let clock: SharedClock = Arc::new(SystemClock);
    Ok(plugins(&servers.config(&shipped_with(&[]))?, &clock)?)
}

fn specs(servers: &Servers) -> Result<Vec<CommandSpec>> {
    let plugins = registered(servers)?;
    let shown = plugins.registry.iter().filter(|registered| registered.is_shown());
    let specs: Vec<CommandSpec> = shown.map(|registered| registered.spec().clone()).collect();
    assert!(specs.len() > 4, "the commands are there");
    Ok(specs)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_can_do() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!Help")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    Here is what you can do.
    CI
    • `!EnableActions` Lets GitHub Actions run in a repository
    Finding your way
    • `!Help` Shows what you can do here, or how one command is used
    Keys
    • `!AddKey` Lets a machine at a repository, with a deploy key
    • `!DeleteKey` Takes a deploy key away from a repository
    • `!GetKey` Shows one deploy key of a repository
    • `!ListKeys` Lists the deploy keys of a repository
    Members
    • `!AuditMembers` Says whose accounts the members of an organisation are, and whom nobody knows
    • `!Invitations` Lists who is invited to an organisation, sends again and cancels
    • `!InviteMe` Invites you to an organisation at GitHub
    • `!InviteUser` Invites somebody else to an organisation
    • `!LinkGitHub` Links your account at GitHub to you, once you have shown at GitHub that it is yours
    • `!UnlinkGitHub` Takes the link to an account at GitHub away
    • `!WhoAmI` Shows which account at GitHub is linked to you, and where it is a member
    • `!WhoIs` Shows whose an account at GitHub is, or which account is somebody's
    Organisations
    • `!AuditOrg` Looks whether an organisation is as it should be, and can repair some of it
    People and teams
    • `!AddCollab` Gives somebody from outside a permission on repositories
    • `!AddUserToTeam` Adds somebody to a team
    • `!ListCollabs` Lists who was given access to a repository directly
    • `!ListTeams` Lists the teams of an organisation
    • `!RemoveCollab` Takes away what a person was given on repositories
    • `!RemoveUserFromTeam` Takes somebody out of a team
    • `!SetRepoPermissions` Sets what a team may do on repositories
    People who leave
    • `!Farewell` Takes from somebody who leaves all that they have at GitHub and here
    • `!Farewells` Lists who leaves and is held or still has time; lets them go, or forgets them
    Protection
    • `!ListRules` Says what protects a branch
    • `!SetBranchProtection` Protects a branch, or no longer
    Pull requests
    • `!ListPRs` Lists the newest pull requests of a repository
    Repositories
    • `!ArchiveRepo` Makes a repository read-only for everyone
    • `!CreateRepo` Creates a repository with the right teams on it
    • `!DeleteRepo` Archives a repository, and deletes it 7 days later unless that is undone
    • `!ListOrgs` Lists the organisations that I manage
    • `!ListRepos` Lists the repositories of an organisation
    • `!RenameRepo` Gives a repository another name
    • `!RepoInfo` Tells about a repository: who has access, what protects it, what is open
    • `!SetDefaultBranch` Makes a branch the one that people see first
    • `!SetDescription` Sets the sentence that says what a repository is for
    • `!SetHomepage` Sets a repository's web page
    • `!SetTopics` Sets, adds, removes or clears a repository's topics
    • `!SetVisibility` Says who can see a repository
    • `!UnarchiveRepo` Lets people change an archived repository again
    Security
    • `!AcceptEmail` Accepts a person's new e-mail, by which they prove who they are
    • `!Lockdown` Holds everything but reading, for when something is wrong
    Travis CI
    • `!EnableTravis` Lets Travis build a repository
    • `!ListTravisOrgs` Lists the organisations that Travis shows me
    Trying it out
    • `!Repeat` Says again what you say
    What is lent
    • `!Extend` Moves the end of a lease
    • `!Leases` Lists what is held for a time, and until when
    • `!Return` Gives back what was lent, before its end
    What was done
    • `!Cancel` Withdraws something that waits to be confirmed
    • `!History` Lists what was done, by whom, and how it ended
    • `!Undo` Takes back what a command did
    • `!Why` Says why something was refused, what it waits for, or who allowed it
    Your devices
    • `!Answer` Answers a question that the security team has asked you
    • `!DeviceStatus` Shows what your devices need, and how to do it
    • `!FleetStatus` Shows how all devices stand, by practice
    • `!NotMyDevice` Says that a device shown as yours is not
    • `!Nudges` Switches the weekly word about your devices on or off, for you
    • `!RemindMe` Reminds you tomorrow morning of what your devices need
    How one is used: `!Help EnableActions`. Type a command alone to fill in a form.
    (only ana sees this)
    ");
    let asked = world.say(ANA, "D0ANA", "help")?;
    let direct = world.end_of("D0ANA", asked).await?;
    assert!(direct.starts_with("Here is what you can do."), "{direct}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_where_another_company_reads_along() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, "C0SHARED", "!Help")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    Here is what you can do.
    Finding your way
    • `!Help` Shows what you can do here, or how one command is used
    Members
    • `!InviteMe` Invites you to an organisation at GitHub
    • `!LinkGitHub` Links your account at GitHub to you, once you have shown at GitHub that it is yours
    • `!UnlinkGitHub` Takes the link to an account at GitHub away
    • `!WhoAmI` Shows which account at GitHub is linked to you, and where it is a member
    Trying it out
    • `!Repeat` Says again what you say
    What was done
    • `!Why` Says why something was refused, what it waits for, or who allowed it
    Your devices
    • `!Answer` Answers a question that the security team has asked you
    • `!DeviceStatus` Shows what your devices need, and how to do it
    • `!FleetStatus` Shows how all devices stand, by practice
    • `!NotMyDevice` Says that a device shown as yours is not
    • `!Nudges` Switches the weekly word about your devices on or off, for you
    • `!RemindMe` Reminds you tomorrow morning of what your devices need
    People of another company read along here; in a direct message there is more.
    How one is used: `!Help InviteMe`. Type a command alone to fill in a form.
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn how_one_command_is_used() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!Help CreateRepo")?;
    let help = world.whispered(ANA).await?;
    insta::assert_snapshot!(help, @r#"
    !CreateRepo · Creates a repository with the right teams on it
    ```
    !CreateRepo <org> <repo> [--description TEXT] [--homepage URL]
        [--visibility private|internal|public]
        [--team team=permission]... [--template owner/repo]
        [--topics topic,topic] [--default-branch BRANCH]
        [--reason TEXT] [--dry-run]
    ```
    For example `!CreateRepo acme widgets`
    or `!CreateRepo acme gadgets --description "Our gadgets" --team platform=maintain --topics rust,tools`
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
    "#);
    for line in
        ["!help createrepo", "!Help !CreateRepo", "!CreateRepo help", "!CreateRepo --help", "!CreateRepo -h"]
    {
        world.say(ANA, DEV, line)?;
        let other = world.whispered(ANA).await?;
        assert!(other.starts_with("!CreateRepo · Creates a repository"), "{line}: {other}");
    }
    world.say(ANA, DEV, "!Help Repeat")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    !Repeat · Says again what you say
    ```
    !Repeat <words...>
    ```
    For example `!Repeat Hello there`
    • `words` what to say again
    [Fill in a form]
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Help Help")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    !Help · Shows what you can do here, or how one command is used
    ```
    !Help [command]
    ```
    For example `!Help`
    • `command` a command to explain
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Help ListOrgs")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    !ListOrgs · Lists the organisations that I manage
    ```
    !ListOrgs
    ```
    For example `!ListOrgs`
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Help SetDescription")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    !SetDescription · Sets the sentence that says what a repository is for
    ```
    !SetDescription <org> <repo> [--reason TEXT] [--dry-run]
        <description...>
    ```
    For example `!SetDescription acme website The website, and how it is built`
    • `org` the organisation it belongs to
    • `repo` the repository
    • `description` the sentence; "" to clear it
    • `--reason` why, for whoever approves it
    • `--dry-run` show the plan and do nothing
    [Fill in a form]
    (only ana sees this)
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_none() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!Help CreateRepos")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `!CreateRepos`.
    Did you mean `!CreateRepo`?
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Help MakeCoffee")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `!MakeCoffee`.
    See what there is with `!Help`.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Help me please")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is one word too many: `please`.
    ```
    !Help [command]
    ```
    More with `!Help Help`.
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_is_mended_with_what_was_typed_after_it() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!CreateRepoo acme widgets --dry-run")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `!CreateRepoo`.
    Did you mean `!CreateRepo acme widgets --dry-run`?
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!createrepoo")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `!createrepoo`.
    Did you mean `!CreateRepo`?
    (only ana sees this)
    ");
    // What cannot be copied as it was typed is left out.
    for line in
        ["!CreateRepoo acme \"a `b`\"", "!Repaet see @sam", &format!("!CreateRepoo acme {}", "x".repeat(90))]
    {
        world.say(ANA, DEV, line)?;
        let told = world.whispered(ANA).await?;
        assert!(
            told.contains("Did you mean `!CreateRepo`?") || told.contains("Did you mean `!Repeat`?"),
            "{told}"
        );
    }
    // Where no mark was typed none is shown.
    world.say(ANA, DEV, "@hubcommander creatrepo acme widgets")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `creatrepo`.
    Did you mean `!CreateRepo acme widgets`?
    (only ana sees this)
    ");
    let asked = world.say(ANA, "D0ANA", "good morning")?;
    insta::assert_snapshot!(world.end_of("D0ANA", asked).await?, @r"
    ⛔ There is no command `good`.
    See what there is with `!Help`.
    ");
    // An exclamation in a channel is none of ours.
    world.say(ANA, DEV, "!Important: read this")?;
    world.slack.all_acked().await?;
    assert!(world.slack.ephemerals(ANA).len() == 6, "{}", world.slack.transcript(DEV));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_too_much_is_said_in_the_words_of_the_usage() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!CreateRepo acme")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ It still needs `repo`: its name.
    ```
    !CreateRepo <org> <repo> [--description TEXT] [--homepage URL]
        [--visibility private|internal|public]
        [--team team=permission]... [--template owner/repo]
        [--topics topic,topic] [--default-branch BRANCH]
        [--reason TEXT] [--dry-run]
    ```
    More with `!Help CreateRepo`.
    [Fill in a form]
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!SetHomepage acme website")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ It still needs `homepage`: the address; "" to clear it.
    ```
    !SetHomepage <org> <repo> <homepage> [--reason TEXT] [--dry-run]
    ```
    More with `!Help SetHomepage`.
    [Fill in a form]
    (only ana sees this)
    "#);
    world.say(ANA, DEV, "!ListOrgs acme")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ `!ListOrgs` takes nothing after it.
    Leave out `acme`.
    ```
    !ListOrgs
    ```
    More with `!Help ListOrgs`.
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!Repeat")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    !Repeat · Says again what you say
    ```
    !Repeat <words...>
    ```
    For example `!Repeat Hello there`
    • `words` what to say again
    [Fill in a form]
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_command_works_and_is_not_shown() -> Result<()> {
    let world = World::start_with(&[("hidden = false", "hidden = true")]).await?;
    world.say(ANA, DEV, "!Help")?;
    assert!(!world.whispered(ANA).await?.contains("CreateRepo"), "nor in the words below");
    // A slip does not give it away either.
    world.say(ANA, DEV, "!creatrepo acme widgets")?;
    world.slack.all_acked().await?;
    assert_eq!(world.audit().await?.iter().filter(|event| *event == "received").count(), 1);
    assert!(world.ask("!CreateRepo acme widgets").await?.contains("is ready"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_off_is_not_there() -> Result<()> {
    let world = World::start_with(&[("enabled = true", "enabled = false")]).await?;
    world.say(ANA, DEV, "@hubcommander CreateRepo acme widgets")?;
    assert!(world.whispered(ANA).await?.contains("There is no command `CreateRepo`."));
    assert_eq!(world.github.faults().arrived(), 0);
    world.end().await
}

/// Answered by direct message: `devices.rs` reads those.
fn is_written_to_you(spec: &CommandSpec) -> bool {
    spec.audience == Audience::Direct
}

/// Those that take back, extend or withdraw what was done before have stories of their own.
fn builds_on_something(spec: &CommandSpec) -> bool {
    ["Cancel", "Extend", "Return", "Undo"].contains(&spec.name.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_alone_answers_or_shows_its_usage() -> Result<()> {
    let world = World::start().await?;
    for spec in
        specs(&world)?.into_iter().filter(|spec| !builds_on_something(spec) && !is_written_to_you(spec))
    {
        let asked = world.say(ANA, DEV, &format!("!{}", spec.name))?;
        let reply = world.end_of(DEV, asked).await?;
        assert!(!reply.trim().is_empty(), "{}", spec.name);
        assert!(!reply.contains('⛔'), "{}: {reply}", spec.name);
        if spec.args.iter().any(|arg| arg.required) {
            assert!(reply.starts_with(&format!("!{} · ", spec.name)), "{}: {reply}", spec.name);
            for arg in &spec.args {
                assert!(reply.contains(&arg.help), "{}: {} in {reply}", spec.name, arg.name);
            }
        }
    }
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

/// `hubcommander check` says for each command what the account lacks.
#[tokio::test(flavor = "multi_thread")]
async fn each_command_that_changes_github_says_what_it_needs() -> Result<()> {
    let servers = Servers::start().await?;
    let plugins = registered(&servers)?;
    let changes = plugins.registry.iter().filter(|registered| registered.spec().risk.is_some());
    for name in changes.map(|registered| &registered.spec().name) {
        let is_builtin = !hubcommander_commands::NAMES.iter().any(|(known, _)| known == name);
        let said = hubcommander_commands::needs::needs_of(name).is_some();
        assert!(is_builtin || said, "say in commands/src/needs.rs what !{name} needs at GitHub");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_a_command_that_can_be_asked() -> Result<()> {
    let servers = Servers::start().await?;
    let plugins = registered(&servers)?;
    for registered in plugins.registry.iter().filter(|registered| registered.is_shown()) {
        let spec = registered.spec();
        assert!(!spec.examples.is_empty(), "{} has no example", spec.name);
        for example in &spec.examples {
            let line = chatline::address(example, "U0HUB", false).expect("it is addressed to us").text;
            let Ok(parsed) = parse(&plugins.registry, &plugins.orgs, &line) else { panic!("{example}") };
            assert_eq!(parsed.spec().name, spec.name, "{example}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_shows_its_plan_and_writes_nothing() -> Result<()> {
    let world = World::start().await?;
    let mut plans = 0;
    // What these plan depends on how things stand.
    let stands = |spec: &CommandSpec| {
        ["AcceptEmail", "Farewell", "Farewells", "Invitations", "Lockdown", "Why"]
            .contains(&spec.name.as_str())
    };
    for spec in specs(&world)?
        .into_iter()
        .filter(|spec| !builds_on_something(spec) && !stands(spec) && !is_written_to_you(spec))
    {
        for example in &spec.examples {
            let dry = spec.args.iter().any(|arg| arg.name == "dry-run");
            // The flag stands before an argument that takes the rest of the line.
            let line = match example.split_once(' ') {
                Some((name, rest)) if dry => format!("{name} --dry-run {rest}"),
                _ => example.clone(),
            };
            let asked = world.say(ANA, DEV, &line)?;
            let reply = world.end_of(DEV, asked).await?;
            assert!(!reply.contains('⛔'), "{line}: {reply}");
            // An audit plans only when it is asked to repair.
            let dry = dry && (spec.risk.is_some() || example.contains("--fix"));
            assert_eq!(dry, reply.starts_with("Would do: "), "{line}: {reply}");
            assert_eq!(dry, reply.contains("Nothing has been done."), "{line}: {reply}");
            plans += usize::from(dry);
        }
    }
    assert!(plans >= 4, "{plans} plans were shown");
    // An audit's file comes by direct message.
    world.settled().await?;
    world.slack.mark_all_read();
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}
