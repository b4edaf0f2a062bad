//! Whose accounts the members are: the list, the offers to link, and strangers who are removed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::github;
use hubcommander_sdk::accounts::Employee;

use super::written::{Handed, Written, employee};
use crate::world::{ANA, DEV, KIM, SAM, World};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

/// Ana has linked her account, Dee has left; the single sign-on knows Sam, the directory claims an account for Kim, and
/// nobody knows octocat.
fn people() -> Vec<Employee> {
    vec![
        employee("ana", true),
        employee("sam", true),
        Employee {
            github_login: Some("Kim-Novak".into()),
            slack_user: Some(KIM.into()),
            ..employee("kim", true)
        },
        employee("dee", false),
    ]
}

fn at_github() -> github::World {
    github::World::acme()
        .member("acme", "kim-novak")
        .member("acme", "dee-moreau")
        .member("acme", "octocat")
        .member("acme", "acme-ci")
        .single_sign_on("acme", &[("sam@acme.example", Some("sam-okafor"))])
}

const SERVICE: (&str, &str) = ("\n[orgs.acme]\n", "\n[orgs.acme]\nservice_accounts = [\"Acme-CI\"]\n");

async fn known() -> Result<(World, Written)> {
    let directory = Written::of(people());
    let world = World::start_known(at_github(), &directory, &Handed::default(), &[SERVICE]).await?;
    world.link(ANA, "ana-lima", "ana@acme.example").await?;
    world.link("U0DEE", "dee-moreau", "dee@acme.example").await?;
    Ok((world, directory))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_member_is_told_for_what_they_are() -> Result<()> {
    let (world, _) = known().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!AuditMembers acme").await?, @r"
    ⚠️ acme has 7 members: 1 stranger and 1 who has left.
    State | Accounts | Count
    ⚠️ | linked to somebody who has left | 1
    ⚠️ | known to nobody | 1
    · | known, and not linked yet | 2
    ✅ | linked to somebody who works here | 1
    ✅ | bots and service accounts, left alone | 2
    Have left
    • dee-moreau: @dee
    Strangers
    • octocat
    Not linked yet
    • kim-novak: kim, by the directory
    • sam-okafor: sam, by the single sign-on
    [Ask to link] [Remove strangers]
    1 person works for acme from outside; named only if they have left
    ");
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_directory_it_says_so_and_removes_nobody() -> Result<()> {
    let world = World::start().await?;
    world.link(ANA, "ana-lima", "ana@acme.example").await?;
    world.link("U0DEE", "sam-okafor", "dee@acme.example").await?;
    insta::assert_snapshot!(world.ask("!AuditMembers acme").await?, @r"
    ⚠️ acme has 3 members: 1 who has left.
    State | Accounts | Count
    ⚠️ | linked to somebody who has left | 1
    ✅ | linked to somebody who works here | 1
    ✅ | bots and service accounts, left alone | 1
    There is no directory of who works here: links and Slack alone tell, so whoever has not linked their account yet looks like a stranger.
    Have left
    • sam-okafor: @dee
    1 person works for acme from outside; named only if they have left
    ");
    insta::assert_snapshot!(world.ask_whispered("!AuditMembers acme --remove").await?, @r"
    ⛔ There is no directory of who works here, so I cannot tell a stranger from somebody who has not linked their account yet.
    Ask people to link with `--invite`, or have a directory set up.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_are_known_are_asked_to_link_and_not_again_for_a_fortnight() -> Result<()> {
    let (world, directory) = known().await?;
    let (plan, end) = world.ask_and_run("!AuditMembers acme --invite").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Ask 2 members of acme to link their account
    • each gets a direct message: kim-novak, sam-okafor
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(end, @r"
    ✅ Asked 2 members of acme to link their account
    ✅ each gets a direct message: kim-novak, sam-okafor
    TIME · inv-ID
    ");
    let sent = world.slack.wait_for(WITHIN, "offers", |slack| {
        let all = [slack.dms(SAM), slack.dms(KIM)];
        all.iter().all(|all| !all.is_empty()).then_some(())
    });
    sent.await?;
    world.settled().await?;
    insta::assert_snapshot!(world.direct(SAM).join("\n---\n"), @r"
    ⚠️ Is sam-okafor your account at GitHub? Then link it to you here.
    It is a member of acme, and what the company knows says that it is yours; but only you can show it. It takes a minute, at GitHub itself. From then on nobody takes you for a stranger there.
    [Link my account]
    If it is not yours, do nothing: nothing is linked without you
    ");
    assert_eq!((world.direct(SAM).len(), world.direct(KIM).len(), world.direct(ANA).len()), (1, 1, 0));
    insta::assert_snapshot!(world.ask("!AuditMembers acme --invite").await?, @r"
    ✅ There is nobody in acme whom I could ask to link their account.
    2 people were asked within the last 14 days.
    ");

    // A fortnight later they are asked again, but who has linked is not; and whom Slack does not know is named.
    world.clock.forward(Duration::from_secs(15 * 86_400));
    world.link(KIM, "kim-novak", "kim@acme.example").await?;
    let zoe = Employee { github_login: Some("octocat".into()), ..employee("zoe", true) };
    directory.write(Some(people().into_iter().chain([zoe]).collect()));
    let (plan, end) = world.ask_and_run("!AuditMembers acme --invite").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Ask 1 member of acme to link their account
    • each gets a direct message: sam-okafor
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(end, @r"
    ✅ Asked 1 member of acme to link their account
    Not found in Slack: octocat.
    TIME · inv-ID
    ");
    let again = world.slack.wait_for(WITHIN, "an offer", |slack| (slack.dms(SAM).len() == 2).then_some(()));
    again.await?;
    assert_eq!(world.direct(KIM).len(), 1);
    world.settled().await?;
    world.stop().await?.assert_finished().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_removed_and_brought_back() -> Result<()> {
    let (world, _) = known().await?;
    world
        .github
        .state()
        .organisation_mut("acme")
        .context("acme")?
        .team_mut("platform")
        .context("team")?
        .members
        .insert("octocat".into(), github::model::TeamRole::Maintainer);
    let before = world.members_of("acme");
    let (plan, end) = world.ask_and_run("!AuditMembers acme --remove").await?;
    insta::assert_snapshot!(plan, @r"
    ⚠️ Remove 1 stranger from acme
    • ⚠️ octocat is no member of acme any more, nor of its team platform: GitHub deletes their forks of its private repositories, takes what they were given directly and unassigns them from issues. To come back they must accept a new invitation.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(end, @r"
    ✅ 1 stranger removed from acme
    ✅ octocat is no member of acme any more, nor of its team platform
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.members_of("acme"), before.replace(" octocat", ""));
    insta::assert_snapshot!(world.ask("!AuditMembers acme --remove").await?, @"✅ There are no strangers in acme whom I could remove.");
    let (_, undone) = world.ask_and_run("!Undo").await?;
    insta::assert_snapshot!(undone, @r"
    ↩️ Undone: Remove 1 stranger from acme
    ✅ octocat is invited to acme as a member with team platform (maintainer)
    TIME · inv-ID
    ");
    assert_eq!(world.teams_of("acme", "octocat"), "platform?");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_links_while_it_is_decided_is_not_removed() -> Result<()> {
    let (world, _) = known().await?;
    let before = world.members_of("acme");
    let asked = world.say(ANA, DEV, "!AuditMembers acme --remove")?;
    world.end_of(DEV, asked).await?;
    world.link(KIM, "octocat", "kim@acme.example").await?;
    world.press(ANA, DEV, asked, "run").await?;
    let end = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("no strangers")).await?;
    insta::assert_snapshot!(world.shown(&end), @"✅ There are no strangers in acme whom I could remove.");
    assert_eq!(world.members_of("acme"), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_or_silent_directory_makes_no_strangers() -> Result<()> {
    let (world, directory) = known().await?;
    directory.write(Some(Vec::new()));
    insta::assert_snapshot!(world.ask_whispered("!AuditMembers acme --remove").await?, @r"
    ⛔ The directory knows nobody who works here, so everybody would be a stranger.
    Tell the people who run this bot.
    inv-ID
    (only ana sees this)
    ");
    directory.write(None);
    insta::assert_snapshot!(world.ask_whispered("!AuditMembers acme").await?, @r"
    ⛔ The directory does not answer.
    Try again in a minute.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owners_and_more_than_can_be_read_are_not_removed() -> Result<()> {
    let at_github = github::World::acme().owner("acme", "octocat").many_members("acme", 120);
    let directory = Written::of([employee("ana", true), employee("sam", true)]);
    let world = World::start_known(at_github, &directory, &Handed::default(), &[]).await?;
    world.link(ANA, "ana-lima", "ana@acme.example").await?;
    world.link(SAM, "sam-okafor", "sam@acme.example").await?;
    let listed = world.ask("!AuditMembers acme").await?;
    assert!(listed.contains("and 111 more, in the file"), "{listed}");
    let file = world.slack.files().pop().and_then(|file| file.content).context("no file")?;
    assert_eq!(String::from_utf8(file)?.lines().count(), 1 + 124);
    let plan = world.ask("!AuditMembers acme --remove").await?;
    let title = plan.lines().next().unwrap_or_default();
    insta::assert_snapshot!(title, @r"
    ⚠️ Remove 30 strangers from acme, and 90 are left for the next time. All owners of acme beside me are strangers, so no owner is removed.
    ");
    assert!(
        !plan.contains("octocat") && plan.contains("person-0029"),
        "whom it is about can be read: {plan}"
    );
    world.stop().await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_asked_of_github_than_it_takes() -> Result<()> {
    let logins: Vec<String> = (0..2_000).map(|number| format!("person-{number:04}")).collect();
    let emails: Vec<String> = logins.iter().map(|login| format!("{login}@acme.example")).collect();
    let known: Vec<(&str, Option<&str>)> =
        emails.iter().zip(&logins).map(|(email, login)| (email.as_str(), Some(login.as_str()))).collect();
    let at_github = github::World::acme().many_members("acme", 2_000).single_sign_on("acme", &known);
    let people = logins.iter().map(|login| employee(login, true));
    let world = World::start_known(at_github, &Written::of(people), &Handed::default(), &[]).await?;
    let answer = world.ask("!AuditMembers acme").await?;
    assert!(answer.starts_with("⚠️ acme has 2,003 members: 2 strangers."), "{answer}");
    // A page for each hundred members, owners, people from outside and of the single sign-on.
    let least = 21 + 1 + 1 + 20;
    let asked = world.github.faults().log().len();
    assert!(asked * 100 <= least * 105, "{asked} requests, where {least} would do");
    world.stop().await.map(drop)
}
