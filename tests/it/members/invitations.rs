//! Others are invited, and their invitations are listed, sent again and cancelled.

use anyhow::{Context as _, Result};
use hubcommander_sandbox::github;
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use super::written::{Handed, Written, employee};
use crate::world::{ANA, DEV, World};

async fn known() -> Result<World> {
    let directory = Written::of([employee("mia", true), employee("lea", false)]);
    World::start_known(github::World::acme(), &directory, &Handed::default(), &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_invited_by_login_and_it_is_undone() -> Result<()> {
    let world = known().await?;
    let before = world.members_of("acme");
    insta::assert_snapshot!(world.ask("!InviteUser Octocat acme --team employees").await?, @r"
    ✅ octocat is invited to acme
    ✅ octocat is invited to acme as a member with team employees
    [Undo]
    TIME · inv-ID
    ");
    assert!(world.members_of("acme").contains("octocat?"), "{}", world.members_of("acme"));
    assert_eq!(world.teams_of("acme", "octocat"), "employees?");
    insta::assert_snapshot!(world.ask("!InviteUser octocat acme").await?, @r"
    ✅ octocat is invited to acme already
    Sent today by hub-bot. It waits for them for seven days.
    [Resend] [Cancel]
    ");
    insta::assert_snapshot!(world.ask("!Undo").await?, @r"
    ↩️ Undone: Invite octocat to acme, who is not in the directory and so from outside the company
    ✅ octocat is not invited to acme any more
    TIME · inv-ID
    ");
    assert_eq!(world.members_of("acme"), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_address_the_directory_says_where_they_are_from() -> Result<()> {
    let world = known().await?;
    insta::assert_snapshot!(world.ask("!InviteUser mia@acme.example acme --team employees --team platform").await?, @r"
    ✅ mia@acme.example is invited to acme
    ✅ mia@acme.example is invited to acme as a member with teams employees and platform
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.teams_of("acme", "mia@acme.example"), "employees? platform?");
    insta::assert_snapshot!(world.ask("!InviteUser lea@acme.example acme --dry-run").await?, @r"
    Would do: Invite lea@acme.example to acme, who has left the company
    • ⚠️ lea@acme.example is invited to acme as a member: Once they accept, they see what members of acme see, and stay until they are removed.
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    insta::assert_snapshot!(world.ask("!InviteUser zoe@other.example acme --dry-run").await?, @r"
    Would do: Invite zoe@other.example to acme, who is not in the directory and so from outside the company
    • ⚠️ zoe@other.example is invited to acme as a member: Once they accept, they see what members of acme see, and stay until they are removed.
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    insta::assert_snapshot!(world.ask("!InviteUser octocat acme --dry-run").await?, @r"
    Would do: Invite octocat to acme, who is not in the directory and so from outside the company
    • ⚠️ octocat is invited to acme as a member: Once they accept, they see what members of acme see, and stay until they are removed.
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    // Whose account it is, is known by the link; and there they are a member.
    world.link(ANA, "ana-lima", "mia@acme.example").await?;
    insta::assert_snapshot!(world.ask("!InviteUser MIA@acme.example acme").await?, @r"
    ✅ ana-lima is a member of acme already
    To add them to a team there is `!AddUserToTeam ana-lima acme TEAM`.
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_said_before_anything_is_asked() -> Result<()> {
    let world = known().await?;
    for (line, said) in [
        ("!InviteUser ana-lima acme --role owner", "no owner"),
        ("!InviteUser ana-lima acme", "a member of acme already"),
        ("!InviteUser hub-bot acme", "an owner of acme already"),
    ] {
        let answer = world.ask(line).await?;
        assert!(answer.contains(said), "{line}: {answer}");
    }
    for (line, said) in [
        ("!InviteUser octocat acme --team nosuch", "has no team"),
        ("!InviteUser nosuchperson acme", "There is no account"),
        ("!InviteUser a@b@c acme", "The address cannot be right"),
        ("!InviteUser octocat acme --role billing --team employees", "in no team"),
    ] {
        let answer = world.ask_whispered(line).await?;
        assert!(answer.contains(said), "{line}: {answer}");
    }
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_does_not_answer_stops_an_invitation() -> Result<()> {
    let directory = Written::of([employee("mia", true)]);
    let world = World::start_known(github::World::acme(), &directory, &Handed::default(), &[]).await?;
    directory.write(None);
    insta::assert_snapshot!(world.ask_whispered("!InviteUser octocat acme").await?, @r"
    ⛔ The directory does not answer.
    Try again in a minute.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_told_from_a_member() -> Result<()> {
    let world = known().await?;
    insta::assert_snapshot!(world.ask("!InviteUser octocat acme --role owner").await?, @r"
    ✅ octocat is invited to acme as an owner
    ✅ octocat is invited to acme as an owner
    [Undo]
    TIME · inv-ID
    ");
    assert!(world.members_of("acme").contains("octocat*?"), "{}", world.members_of("acme"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_takes_no_more_than_its_caps() -> Result<()> {
    // Fifty a day for an organisation that is young and not paid for.
    let world = github::World::acme().change("acme", |acme| {
        (acme.free_plan, acme.created_at) = (true, SystemClock.now());
        acme.sent = vec![SystemClock.now(); 50];
    });
    let directory = Written::of([employee("mia", true)]);
    let world = World::start_known(world, &directory, &Handed::default(), &[]).await?;
    insta::assert_snapshot!(world.ask("!InviteUser mia@acme.example acme").await?, @r"
    ⛔ Invite mia@acme.example to acme: this could not be done
    ⛔ mia@acme.example is invited to acme as a member: GitHub takes 50 invitations to an organisation within 24 hours, or 500 if it is older than a month or paid for, and acme has had them. Try again tomorrow.
    Nothing was changed.
    [Retry]
    TIME · inv-ID
    ");
    {
        let mut state = world.github.state();
        let acme = state.organisation_mut("acme").context("acme")?;
        (acme.sent, acme.seats) = (Vec::new(), Some(3));
    }
    insta::assert_snapshot!(world.ask("!InviteUser mia@acme.example acme").await?, @r"
    ⛔ Invite mia@acme.example to acme: this could not be done
    ⛔ mia@acme.example is invited to acme as a member: acme has no seat left for mia@acme.example. Ask an owner of acme to add one.
    Nothing was changed.
    [Retry]
    TIME · inv-ID
    ");
    world.github.state().organisation_mut("acme").context("acme")?.managed_users = true;
    insta::assert_snapshot!(world.ask_whispered("!InviteUser mia@acme.example acme").await?, @r"
    ⛔ GitHub has no invitations to acme for me: the company makes its accounts itself and adds people in its identity provider, or my account is no owner of acme.
    Ask those who manage the company's accounts at GitHub.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_are_listed_sent_again_and_cancelled() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!Invitations acme").await?, @"Nobody is invited to acme.");
    world.ask("!InviteUser octocat acme --team employees").await?;
    world.ask("!InviteUser mia@acme.example acme").await?;
    let asked = world.say(ANA, DEV, "!Invitations acme")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    2 people are invited to acme.
    octocat · member, team employees [Resend]
    Sent today by hub-bot. [Cancel]
    mia@acme.example · member [Resend]
    Sent today by hub-bot. [Cancel]
    ");
    let before: Vec<u64> = invitations(&world)?;
    insta::assert_snapshot!(world.ask("!Invitations acme --resend octocat").await?, @r"
    ✅ octocat is invited to acme again
    ✅ octocat is invited again to acme as a member with team employees
    TIME · inv-ID
    ");
    let after = invitations(&world)?;
    assert!(after.len() == 2 && after != before, "{before:?} {after:?}");
    assert_eq!(world.teams_of("acme", "octocat"), "employees?");
    insta::assert_snapshot!(world.ask("!Invitations acme --cancel octocat").await?, @r"
    ✅ The invitation of octocat to acme is cancelled
    ✅ octocat is not invited to acme any more
    [Undo]
    TIME · inv-ID
    ");
    assert!(!world.members_of("acme").contains("octocat"));
    let (_, undone) = world.ask_and_run("!Undo").await?;
    insta::assert_snapshot!(undone, @r"
    ↩️ Undone: Cancel the invitation of octocat to acme
    ✅ octocat is invited to acme as a member with team employees
    TIME · inv-ID
    ");
    assert_eq!(world.teams_of("acme", "octocat"), "employees?", "with the same teams");
    insta::assert_snapshot!(world.ask_whispered("!Invitations acme --cancel nobody-here").await?, @r"
    ⛔ `nobody-here` is not invited to acme.
    `!Invitations acme` lists who is.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask("!Invitations acme --resend ana-lima").await?, @"✅ ana-lima is a member of acme by now");
    insta::assert_snapshot!(world.ask_whispered("!Invitations acme --resend octocat --cancel octocat").await?, @r"
    ⛔ An invitation is either sent again or cancelled.
    Leave out `--resend` or `--cancel`.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

fn invitations(world: &World) -> Result<Vec<u64>> {
    let state = world.github.state();
    Ok(state.organisation("acme").context("acme")?.invitations.keys().copied().collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_to_nothing_is_sent_again_and_not_cancelled() -> Result<()> {
    let at_github = github::World::acme().invited_to("acme", "octocat").change("acme", |acme| {
        acme.members.remove("octocat");
        for one in acme.invitations.values_mut() {
            let why = "Invitation expired. User did not accept this invite for 7 days.";
            one.failed = Some((SystemClock.now(), why.to_owned()));
        }
    });
    let world = World::start_known(at_github, &Written::of([]), &Handed::default(), &[]).await?;
    insta::assert_snapshot!(world.ask("!Invitations acme --failed").await?, @r"
    acme: one invitation came to nothing lately.
    octocat · member [Resend]
    Sent today. It came to nothing today: Invitation expired. User did not accept this invite for 7 days.
    ");
    insta::assert_snapshot!(world.ask("!Invitations acme --cancel octocat").await?, @r"
    ✅ The invitation of octocat to acme came to nothing already
    There is nothing to cancel.
    ");
    insta::assert_snapshot!(world.ask("!Invitations acme --resend octocat").await?, @r"
    ✅ octocat is invited to acme again
    ✅ octocat is invited again to acme as a member
    TIME · inv-ID
    ");
    assert!(world.members_of("acme").contains("octocat?"), "{}", world.members_of("acme"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_invitations_are_shown_page_by_page() -> Result<()> {
    let world = World::start().await?;
    for number in 0..12 {
        world.ask(&format!("!InviteUser p{number:02}@acme.example acme")).await?;
    }
    let first = world.ask("!Invitations acme").await?;
    assert!(first.starts_with("12 people are invited to acme"), "{first}");
    assert!(first.contains("p09@") && !first.contains("p10@"), "{first}");
    assert!(first.contains("Page 1 of 2"), "{first}");
    let second = world.ask("!Invitations acme --page 2").await?;
    assert!(second.contains("p11@") && !second.contains("p09@"), "{second}");
    insta::assert_snapshot!(world.ask_whispered("!Invitations acme --page 3").await?, @r"
    ⛔ There are 2 pages.
    Leave out `--page` for the first.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}
