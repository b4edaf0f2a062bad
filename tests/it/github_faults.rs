//! GitHub loses answers, refuses, hangs, and is changed by others meanwhile.

use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, Hold, When};

use crate::hands::held;
use crate::world::{ANA, DEV, SAM, World};

const CREATE: &str = "!CreateRepo acme widgets";
const READY: &str = "private · empty · bots pull · employees push";

/// Plays `!CreateRepo` against one fault: it ends ready, with one repository.
async fn in_spite_of(when: When, fault: Fault) -> Result<Vec<String>> {
    let world = World::start().await?;
    world.github.faults().add(when, fault);
    let said = world.ask(CREATE).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    assert_eq!(world.at_github("acme", "widgets"), READY);
    let writes = world.writes();
    world.end().await?;
    Ok(writes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_creation_is_lost_after_it_happened() -> Result<()> {
    let writes = in_spite_of(When::post("/orgs/acme/repos"), Fault::LostAnswer).await?;
    insta::assert_debug_snapshot!(writes, @r#"
    [
        "POST /orgs/acme/repos",
        "PUT /orgs/acme/teams/bots/repos/acme/widgets",
        "PUT /orgs/acme/teams/employees/repos/acme/widgets",
    ]
    "#);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_lost_before_it_happened() -> Result<()> {
    let writes = in_spite_of(When::post("/orgs/acme/repos"), Fault::Dropped).await?;
    insta::assert_debug_snapshot!(writes, @r#"
    [
        "POST /orgs/acme/repos",
        "POST /orgs/acme/repos",
        "PUT /orgs/acme/teams/bots/repos/acme/widgets",
        "PUT /orgs/acme/teams/employees/repos/acme/widgets",
    ]
    "#);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_meets_a_bad_gateway() -> Result<()> {
    let writes = in_spite_of(When::post("/orgs/acme/repos"), Fault::Status(502, "<html>".into())).await?;
    assert_eq!(writes.iter().filter(|line| line.starts_with("POST")).count(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_meets_an_error_of_the_server() -> Result<()> {
    let error = Fault::Status(500, r#"{"message":"Server Error"}"#.into());
    let writes = in_spite_of(When::put("/teams/bots/").times(2), error).await?;
    assert_eq!(writes.iter().filter(|line| line.contains("/teams/bots/")).count(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_grant_is_lost() -> Result<()> {
    let writes = in_spite_of(When::put("/teams/bots/"), Fault::LostAnswer).await?;
    assert_eq!(
        writes.iter().filter(|line| line.contains("/teams/bots/")).count(),
        1,
        "it was seen to be done"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_hangs_until_the_limit() -> Result<()> {
    in_spite_of(When::post("/orgs/acme/repos"), Fault::Hang).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn github_asks_to_wait_a_second() -> Result<()> {
    let limited = || Fault::RateLimited { retry_after: Duration::from_secs(1) };
    in_spite_of(When::post("/orgs/acme/repos"), limited()).await?;
    in_spite_of(When::put("/teams/bots/"), limited()).await?;
    in_spite_of(When::get("/repos/acme/widgets"), limited()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn github_says_that_too_much_is_asked_at_once() -> Result<()> {
    let world = World::start().await?;
    world.github.faults().add(When::get("/repos/acme/widgets").always(), Fault::SecondaryLimit);
    world.say(ANA, DEV, CREATE)?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ GitHub asks this bot to slow down.
    Try again in 59 seconds.
    inv-ID
    (only ana sees this)
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_github_wants_us_to_wait_the_person_sees_that_and_no_error() -> Result<()> {
    let world = World::start().await?;
    // More often than a step is tried when it fails.
    let short = Fault::RateLimited { retry_after: Duration::from_secs(1) };
    world.github.faults().add(When::post("/orgs/acme/repos").times(5), short);
    let long = Fault::RateLimited { retry_after: Duration::from_secs(8) };
    world.github.faults().add(When::post("/orgs/acme/repos"), long);
    let asked = world.say(ANA, DEV, CREATE)?;
    let waits = |shown: &str| shown.contains("Waiting for GitHub");
    let waiting = world.slack.await_reply_that(DEV, asked, waits).await?;
    let waiting = world.shown(&waiting).replace("about 7 s", "about 8 s");
    insta::assert_snapshot!(waiting, @r"
    ⏳ Creating acme/widgets
    ⏳ private repository
    · team employees may push
    · team bots may read
    Waiting for GitHub, about 8 s.
    ");
    let said = world.end_of(DEV, asked).await?;
    assert!(said.starts_with("✅ acme/widgets is ready"), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_vanishes_meanwhile_and_retry_does_what_is_missing() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    let team = {
        let mut state = world.github.state();
        let acme = state.organisation_mut("acme").unwrap();
        let id = acme.team("bots").unwrap().id;
        acme.teams.remove(&id).unwrap()
    };
    gate.release();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Create acme/widgets: only a part of it could be done
    ✅ private repository
    ✅ team employees may push
    ⛔ team bots may read: There is no team bots in acme, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    What is done stays done. Retry does what is missing.
    [Retry] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), "private · empty · employees push");

    // Not for somebody else.
    world.press(SAM, DEV, asked, "retry").await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r#"
    Only the person who asked can try this again.
    inv-ID
    (only sam sees this)
    "#);

    // Still missing: the same again.
    world.press(ANA, DEV, asked, "retry").await?;
    let again = world.end_of(DEV, asked).await?;
    assert!(again.contains("only a part of it could be done"), "{again}");

    world.github.state().organisation_mut("acme").unwrap().teams.insert(team.id, team);
    world.press(ANA, DEV, asked, "retry").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "widgets"), READY);
    insta::assert_debug_snapshot!(world.writes(), @r#"
    [
        "POST /orgs/acme/repos",
        "PUT /orgs/acme/teams/bots/repos/acme/widgets",
        "PUT /orgs/acme/teams/bots/repos/acme/widgets",
        "PUT /orgs/acme/teams/bots/repos/acme/widgets",
        "PUT /orgs/acme/teams/employees/repos/acme/widgets",
    ]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_presses_on_retry_at_once_count_once() -> Result<()> {
    let world = World::start().await?;
    let denied = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    let denying = world.github.faults().add(When::put("/teams/bots/").always(), denied);
    let asked = world.say(ANA, DEV, CREATE)?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Create acme/widgets: only a part of it could be done
    ✅ private repository
    ✅ team employees may push
    ⛔ team bots may read: This bot's GitHub account may not change acme/widgets. Tell the people who run this bot.
    What is done stays done. Retry does what is missing.
    [Retry] [Undo]
    TIME · inv-ID
    ");
    world.github.faults().remove(denying);
    let gate = world.github.faults().gate(When::put("/teams/bots/"), Hold::BeforeEffect);
    let retry = world.with_button(DEV, asked, "retry")?.ts;
    let press = || world.slack.click(ANA, DEV, retry, "retry", None);
    let (one, other) = tokio::join!(press(), press());
    one?;
    other?;
    held(&gate).await?;
    // The third comes while it is being worked on.
    world.press(ANA, DEV, asked, "retry").await.ok();
    gate.release();
    world.slack.await_reply_that(DEV, asked, |shown| shown.contains("is ready")).await?;
    assert_eq!(world.creations(), 1);
    assert_eq!(world.writes().iter().filter(|line| line.contains("/teams/bots/")).count(), 2);
    // At most a hint to the one who pressed twice.
    world.slack.all_acked().await?;
    world.settled().await?;
    let servers = world.stop().await?;
    for hint in servers.slack.ephemerals(ANA) {
        let hint = servers.shown(&hint);
        assert!(hint.contains("worked on already") || hint.contains("over already"), "{hint}");
    }
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_is_refused_to_who_may_not_use_the_bot_any_more() -> Result<()> {
    let world = World::start().await?;
    let denied = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    let denying = world.github.faults().add(When::put("/teams/bots/").always(), denied);
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    world.github.faults().remove(denying);
    world.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().is_restricted = true);
    world.press(ANA, DEV, asked, "retry").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ This needs a full member of the workspace. You are a guest.
    Ask someone you work with here to run it for you.
    inv-ID
    (only ana sees this)
    "#);
    assert_eq!(world.at_github("acme", "widgets"), "private · empty · employees push");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_is_offered_only_where_it_could_help() -> Result<()> {
    // GitHub says what is wrong with what was asked: the same again would be refused again.
    let world = World::start().await?;
    let invalid = Fault::Status(422, r#"{"message":"Validation Failed","errors":[{"message":"no"}]}"#.into());
    world.github.faults().add(When::put("/teams/bots/").always(), invalid.clone());
    insta::assert_snapshot!(world.ask(CREATE).await?, @r"
    ⚠️ Create acme/widgets: only a part of it could be done
    ✅ private repository
    ✅ team employees may push
    ⛔ team bots may read: GitHub refuses this: no. Change it and ask again.
    What is done stays done.
    [Undo]
    TIME · inv-ID
    ");
    world.github.faults().add(When::post("/orgs/acme/repos"), invalid);
    insta::assert_snapshot!(world.ask("!CreateRepo acme gadgets").await?, @r"
    ⛔ Create acme/gadgets: this could not be done
    ⛔ private repository: GitHub refuses this: no. Change it and ask again.
    · team employees may push
    · team bots may read
    Nothing was changed.
    TIME · inv-ID
    ");
    // One that somebody can mend beside one that nobody can: there is something to try again.
    let denied = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    world.github.faults().add(When::put("/teams/employees/").always(), denied);
    let said = world.ask("!CreateRepo acme gizmos").await?;
    assert!(said.contains("Retry does what is missing.\n[Retry]"), "{said}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_before_it_runs_can_be_tried_again() -> Result<()> {
    let world = World::start_with(&[("auth = []", "auth = [\"confirm\"]")]).await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    world.end_of(DEV, asked).await?;
    let bad = Fault::Status(401, r#"{"message":"Bad credentials"}"#.into());
    world.github.faults().add(When::get("/repos/acme/widgets").always(), bad);
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Create acme/widgets: nothing was done
    GitHub does not accept this bot's credentials. Tell the people who run this bot.
    [Retry]
    TIME · inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.github.faults().clear();
    world.press(ANA, DEV, asked, "retry").await?;
    // What was confirmed then is confirmed anew.
    let plan = world.end_of(DEV, asked).await?;
    assert!(plan.contains("[Run]"), "{plan}");
    world.press(ANA, DEV, asked, "run").await?;
    let end = world.end_of(DEV, asked).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_makes_it_between_plan_and_creation() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    world.somebody_makes("acme", "widgets", |made| made.description = Some("Mine".into()));
    gate.release();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Create acme/widgets: this could not be done
    ⛔ private repository: acme/widgets exists already. Choose another name, or ask for access to that one.
    · team employees may push
    · team bots may read
    Nothing was changed.
    TIME · inv-ID
    "#);
    assert_eq!(world.at_github("acme", "widgets"), "private · description \"Mine\" · branch main");
    insta::assert_debug_snapshot!(world.writes(), @r#"
    [
        "POST /orgs/acme/repos",
    ]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_unclear_creation_somebody_elses_is_not_taken_for_ours() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    world.somebody_makes("acme", "widgets", |made| made.description = Some("Mine".into()));
    gate.cut();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Create acme/widgets: this could not be done
    ⛔ private repository: acme/widgets has been made meanwhile, but not as this plan wants it.
    · team employees may push
    · team bots may read
    Nothing was changed.
    TIME · inv-ID
    "#);
    insta::assert_debug_snapshot!(world.writes(), @r#"
    [
        "POST /orgs/acme/repos",
    ]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclear_creation_that_cannot_be_looked_at_is_said_to_be_unclear() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::AfterEffect);
    let asked = world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    let bad = Fault::Status(401, r#"{"message":"Bad credentials"}"#.into());
    world.github.faults().add(When::get("/repos/acme/widgets").always(), bad);
    gate.cut();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⚠️ Create acme/widgets: it is not clear how far this went
    ⚠️ private repository: may have been done. GitHub does not accept this bot's credentials. Tell the people who run this bot.
    · team employees may push
    · team bots may read
    What is done stays done. Retry looks first, and does only what is missing.
    [Retry]
    TIME · inv-ID
    "#);
    world.github.faults().clear();
    world.press(ANA, DEV, asked, "retry").await?;
    let end = world.end_of(DEV, asked).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    assert_eq!(world.at_github("acme", "widgets"), READY);
    assert_eq!(world.creations(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_renamed_is_told_by_its_new_name() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    world.say(ANA, DEV, "!SetDescription acme old-name Something")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    "#);
    assert_eq!(world.github.snapshot(), before);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_at_creation_is_there_afterwards() -> Result<()> {
    let world = World::start().await?;
    let mut seen = Vec::new();
    for (name, options) in [
        ("a", "--description \"Our a\" --homepage https://a.acme.example"),
        ("b", "--topics rust,tools --default-branch trunk"),
        ("c", "--template acme/templates --homepage https://c.acme.example --topics made"),
        ("d", "--team platform=maintain --team bots=push"),
        ("e", "--visibility public"),
        ("f", "--template acme/templates --default-branch trunk --description \"From it\""),
    ] {
        let asked = world.say(ANA, DEV, &format!("!CreateRepo acme {name} {options}"))?;
        let mut said = world.end_of(DEV, asked).await?;
        if said.contains("[Run]") {
            world.press(ANA, DEV, asked, "run").await?;
            said = world.end_of(DEV, asked).await?;
        }
        assert!(said.starts_with(&format!("✅ acme/{name} is ready")), "{said}");
        seen.push(format!("{name}: {}", world.at_github("acme", name)));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    a: private · description "Our a" · homepage "https://a.acme.example" · empty · bots pull · employees push
    b: private · topics rust,tools · branch trunk · bots pull · employees push
    c: private · homepage "https://c.acme.example" · topics made · branch main · from templates · bots pull · employees push
    d: private · empty · bots push · employees push · platform maintain
    e: public · empty · bots pull · employees push
    f: private · description "From it" · branch trunk · from templates · bots pull · employees push
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_about_a_repository_is_set_and_cleared() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!SetDescription acme website A new sentence").await?, @r#"
    ✅ The description of acme/website is set
    ✅ description "A new sentence"
    [Open on GitHub] [Undo]
    TIME · inv-ID
    "#);
    insta::assert_snapshot!(world.ask("!SetDescription acme website A new sentence").await?, @r#"✅ acme/website has that description already"#);
    insta::assert_snapshot!(world.ask("!SetDescription acme website \"\"").await?, @r"
    ✅ The description of acme/website is cleared
    ✅ no description
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    insta::assert_snapshot!(world.ask("!SetHomepage acme website https://www.acme.example").await?, @r"
    ✅ The homepage of acme/website is set
    ✅ homepage https://www.acme.example
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    insta::assert_snapshot!(world.at_github("acme", "website"), @r#"private · homepage "https://www.acme.example" · topics web,marketing · branch main · bots pull · employees push"#);
    insta::assert_snapshot!(world.ask("!SetHomepage acme website \"\"").await?, @r"
    ✅ The homepage of acme/website is cleared
    ✅ no homepage
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    insta::assert_snapshot!(world.at_github("acme", "website"), @r#"private · topics web,marketing · branch main · bots pull · employees push"#);
    world.github.state().repository_mut("acme", "api").unwrap().archived = true;
    world.say(ANA, DEV, "!SetHomepage acme api https://api.acme.example")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ acme/api is archived, so it cannot be changed.
    Unarchive it first: `!UnarchiveRepo acme api`
    inv-ID
    (only ana sees this)
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_between_plan_and_change() -> Result<()> {
    let world = World::start().await?;
    // The plan has been made; the change looks again at what it is about to change.
    let gate = world.github.faults().gate(When::get("/repositories/"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, "!SetDescription acme website A new sentence")?;
    held(&gate).await?;
    {
        let mut state = world.github.state();
        let id = state.repository("acme", "website").unwrap().id;
        state.rename(id, "site");
    }
    gate.release();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Set the description of acme/website: this could not be done
    ⛔ description "A new sentence": acme/website has been renamed to acme/site. Ask again with that name.
    Nothing was changed.
    TIME · inv-ID
    "#);
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_between_plan_and_change() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::patch("/repositories/"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, "!SetDescription acme website A new sentence")?;
    held(&gate).await?;
    world.github.state().repository_mut("acme", "website").unwrap().archived = true;
    gate.release();
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r#"
    ⛔ Set the description of acme/website: this could not be done
    ⛔ description "A new sentence": acme/website is archived and cannot be changed. Unarchive it first.
    Nothing was changed.
    [Retry]
    TIME · inv-ID
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_an_edit_is_lost() -> Result<()> {
    let world = World::start().await?;
    world.github.faults().add(When::patch("/repositories/"), Fault::LostAnswer);
    world.github.faults().add(When::patch("/repositories/"), Fault::Dropped);
    let said = world.ask("!SetDescription acme website A new sentence").await?;
    assert!(said.starts_with('✅'), "{said}");
    let said = world.ask("!SetDescription acme website Another sentence").await?;
    assert!(said.starts_with('✅'), "{said}");
    assert!(world.at_github("acme", "website").contains("Another sentence"));
    assert_eq!(world.writes().len(), 3);
    world.end().await
}

/// Random faults, from a seed: whatever is said in the end is how it is at GitHub.
async fn at_random(seed: u64, runs: u32) -> Result<Vec<&'static str>> {
    use rand::{Rng as _, SeedableRng as _};
    let world = World::start().await?;
    let mut chance = rand::rngs::StdRng::seed_from_u64(seed);
    let mut ends = Vec::new();
    for run in 0..runs {
        let name = format!("r{run}");
        let faults = world.github.faults();
        for _ in 0..chance.random_range(0..4) {
            let when = match chance.random_range(0..3) {
                0 => When::post("/orgs/acme/repos"),
                1 => When::put("/teams/bots/"),
                _ => When::put("/teams/employees/"),
            };
            let when = when.skip(chance.random_range(0..2)).times(chance.random_range(1..7));
            let fault = match chance.random_range(0..6) {
                0 => Fault::LostAnswer,
                1 => Fault::Dropped,
                2 => Fault::Status(502, "<html>".into()),
                3 => Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into()),
                4 => Fault::Status(404, r#"{"message":"Not Found"}"#.into()),
                _ => Fault::Delay(Duration::from_millis(30)),
            };
            faults.add(when, fault);
        }
        let said = world.ask(&format!("!CreateRepo acme {name}")).await?;
        faults.clear();
        let there = world.at_github("acme", &name);
        let told = said.lines().next().unwrap_or_default();
        let end = if told.contains("is ready") {
            assert_eq!(there, READY, "run {run}: {said}");
            "done"
        } else if told.contains("only a part") {
            assert!(there != "absent" && there != READY, "run {run}: {there}\n{said}");
            for team in ["employees", "bots"] {
                let line = said.lines().find(|line| line.contains(team)).unwrap_or_default();
                assert_eq!(line.contains('✅'), there.contains(team), "run {run}: {there}\n{said}");
            }
            "partial"
        } else {
            assert!(told.contains("could not be done"), "run {run}: {said}");
            assert_eq!(there, "absent", "run {run}: {said}");
            "failed"
        };
        ends.push(end);
    }
    world.end().await?;
    Ok(ends)
}

/// Several worlds side by side: one alone would wait for its share of GitHub's limits.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_the_end_is_how_it_is() -> Result<()> {
    let worlds = (0..6).map(|seed| at_random(seed, 5));
    let ends = futures_util::future::try_join_all(worlds).await?.concat();
    for end in ["done", "partial", "failed"] {
        assert!(ends.contains(&end), "the seeds show no {end}: {ends:?}");
    }
    Ok(())
}
