//! Commands as forms: from the button under the usage to the answer in the thread.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::slack::{HandError, Options, Submitted, Ts, View};
use serde_json::json;

use crate::world::{ANA, DEV, GUS, SAM, Servers, World, shipped_with};

const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for a command's usage and presses the button under it. Returns the message that asked, and the form.
async fn open(world: &World, line: &str) -> Result<(Ts, View)> {
    let asked = world.say(ANA, DEV, line)?;
    let usage = world.slack.await_ephemeral(ANA).await?;
    world.slack.click(ANA, DEV, usage.ts, "form", None).await?;
    Ok((asked, world.slack.await_view(ANA).await?))
}

fn creations(world: &World) -> usize {
    world.github.faults().writes().iter().filter(|write| write.line().ends_with("/repos")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_button_to_the_repository() -> Result<()> {
    let world = World::start().await?;
    let (asked, view) = open(&world, "!CreateRepo").await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r"
    # CreateRepo
    Creates a repository with the right teams on it
    The organisation it belongs to: [Choose ▾]
    Its name: [___]
    What it is for, in a sentence (optional): [___]
    Its web page (optional): [https://___]
    Who can see it (optional): [Choose ▾]
    A further team and what it may do (optional): [team=permission___]
      One on each line.
    A template to begin from (optional): [Type to search ▾]
    Topics, separated by commas (optional): [___]
    The name of its first branch (optional): [___]
    Why, for whoever approves it (optional): [___]
    Show the plan and do nothing (optional): [ ] yes
    [Close] [Run]
    ");
    let filled = json!({
        "org": "acme", "repo": "widgets", "description": "Our \"best\" --widgets", "visibility": "private",
        "team": "security=maintain\nplatform=push", "topics": "rust, tools",
    });
    assert_eq!(world.slack.submit(ANA, &view.id, &filled).await?, Submitted::Cleared);
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read · security can maintain · platform can push
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    {
        let state = world.github.state();
        let made = state.repository("acme", "widgets").expect("the repository");
        assert_eq!(made.description.as_deref(), Some("Our \"best\" --widgets"));
        assert_eq!(made.topics, ["rust", "tools"]);
        assert_eq!(made.teams.len(), 4, "two by configuration, two as asked");
    }
    assert_eq!(world.slack.thread(DEV, asked).len(), 2, "the answer stands in the thread of the command");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_and_for_the_rest_of_a_line() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, "D0ANA", "SetDescription")?;
    let usage = world.slack.await_dm(ANA).await?;
    world.slack.click(ANA, "D0ANA", usage.ts, "form", None).await?;
    let view = world.slack.await_view(ANA).await?;
    insta::assert_snapshot!(world.slack.render_view(&view), @r#"
    # SetDescription
    Sets the sentence that says what a repository is for
    The organisation it belongs to: [Choose ▾]
    The repository: [Type to search ▾]
    The sentence; "" to clear it: [___]
    Why, for whoever approves it (optional): [___]
    Show the plan and do nothing (optional): [ ] yes
    [Close] [Run]
    "#);
    // What looks like an option is a text here.
    let repo = json!({ "type": "external_select", "selected_option":
        { "text": { "type": "plain_text", "text": "website" }, "value": "website" } });
    let filled = json!({ "org": "acme", "repo": repo, "description": "--dry-run of *everything*" });
    assert_eq!(world.slack.submit(ANA, &view.id, &filled).await?, Submitted::Cleared);
    let done = world.slack.wait_for(PATIENCE, "the end", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains("is set"))
    });
    assert_eq!(done.await?.thread_ts, None, "between two nobody needs a thread");
    world.slack.mark_all_read();
    let description = world.github.state().repository("acme", "website").context("gone")?.description.clone();
    assert_eq!(description.as_deref(), Some("--dry-run of *everything*"));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_finds_repositories_and_templates() -> Result<()> {
    let world = World::start().await?;
    let values = |choices: Vec<hubcommander_sandbox::slack::Choice>| {
        choices.into_iter().map(|choice| choice.value).collect::<Vec<_>>()
    };
    let (_, view) = open(&world, "!CreateRepo").await?;
    let found = world.slack.suggest(ANA, &view.id, "template", "").await?;
    assert_eq!(values(found), ["acme/templates"]);
    let found = world.slack.suggest(ANA, &view.id, "template", "TEMPL").await?;
    assert_eq!(values(found), ["acme/templates"]);
    assert!(world.slack.suggest(ANA, &view.id, "template", "nothing like it").await?.is_empty());
    world.slack.close_view(ANA, &view.id).await?;
    // Slack does not tell which organisation is chosen, so those of all are shown.
    let (_, view) = open(&world, "!SetHomepage").await?;
    insta::assert_debug_snapshot!(values(world.slack.suggest(ANA, &view.id, "repo", "").await?), @r#"
    [
        "api",
        "legacy",
        "new-name",
        "sdk",
        "templates",
        "website",
    ]
    "#);
    assert_eq!(values(world.slack.suggest(ANA, &view.id, "repo", "SD").await?), ["sdk"]);
    world.slack.close_view(ANA, &view.id).await?;
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

/// How often GitHub was asked for a list.
fn lists(world: &World) -> usize {
    let log = world.github.faults().log();
    log.iter().filter(|asked| asked.path.ends_with("/repos") || asked.path.ends_with("/teams")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keystroke_asks_github_nothing() -> Result<()> {
    let world = World::start().await?;
    let (_, view) = open(&world, "!CreateRepo").await?;
    for typed in ["", "t", "te", "tem"] {
        let found = world.slack.suggest(ANA, &view.id, "template", typed).await?;
        assert_eq!(found.len(), 1, "{typed}");
        assert_eq!(lists(&world), 2, "once for each organisation: {typed}");
    }
    world.slack.close_view(ANA, &view.id).await?;
    // Another form needs the same list.
    let (_, view) = open(&world, "!SetHomepage").await?;
    assert_eq!(world.slack.suggest(ANA, &view.id, "repo", "webs").await?.len(), 1);
    assert_eq!(lists(&world), 2);
    // A minute later it is a new question, and what is new is found.
    world.somebody_makes("acme", "webshop", |_| ());
    assert_eq!(world.slack.suggest(ANA, &view.id, "repo", "webs").await?.len(), 1);
    world.clock.forward(Duration::from_secs(61));
    assert_eq!(world.slack.suggest(ANA, &view.id, "repo", "webs").await?.len(), 2);
    assert_eq!(lists(&world), 4);
    world.slack.close_view(ANA, &view.id).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_github_is_asked_once_and_holds_nobody_up() -> Result<()> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::get("/orgs/acme/repos"), Hold::BeforeEffect);
    let (_, view) = open(&world, "!SetHomepage").await?;
    // The local Slack waits three seconds, as the real one does. The other organisation has answered.
    for _ in 0..2 {
        let found = world.slack.suggest(ANA, &view.id, "repo", "").await?;
        assert_eq!(found.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>(), ["legacy", "sdk"]);
    }
    assert_eq!(lists(&world), 2, "the question that is under way is not asked again");
    gate.release();
    // Its answer comes though nobody waited for it.
    let asked = async {
        while world.slack.suggest(ANA, &view.id, "repo", "").await?.len() < 6 {
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, asked).await??;
    assert_eq!(lists(&world), 2);
    world.slack.close_view(ANA, &view.id).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_refuses_is_not_asked_for_with_each_keystroke() -> Result<()> {
    let world = World::start().await?;
    let denied = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    world.github.faults().add(When::get("/orgs/acme/repos").always(), denied);
    let (_, view) = open(&world, "!SetHomepage").await?;
    for _ in 0..5 {
        assert_eq!(
            world.slack.suggest(ANA, &view.id, "repo", "").await?.len(),
            2,
            "what there is of the others"
        );
    }
    assert_eq!(lists(&world), 2);
    world.slack.close_view(ANA, &view.id).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_shown_at_its_field_and_can_be_mended() -> Result<()> {
    let world = World::start().await?;
    let (asked, view) = open(&world, "!CreateRepo").await?;
    let mut filled = json!({ "org": "acme", "repo": "wid gets", "topics": "rust" });
    for (field, wrong, right) in [
        ("repo", "wid gets", "widgets"),
        ("repo", "acme/widgets", "widgets"),
        ("homepage", "acme.example", "https://acme.example"),
        ("team", "platform", "platform=push"),
        ("topics", "web_site", "web"),
        ("default-branch", "a..b", "trunk"),
    ] {
        filled[field] = json!(wrong);
        let Submitted::Errors(errors) = world.slack.submit(ANA, &view.id, &filled).await? else {
            panic!("{field}: {wrong} was taken");
        };
        assert_eq!(errors.keys().collect::<Vec<_>>(), [field], "{errors:?}");
        filled[field] = json!(right);
    }
    filled["repo"] = json!("..");
    let Submitted::Errors(errors) = world.slack.submit(ANA, &view.id, &filled).await? else {
        panic!("taken")
    };
    insta::assert_debug_snapshot!(errors, @r#"
    {
        "repo": "That name has a meaning of its own; choose another.",
    }
    "#);
    filled["repo"] = json!("widgets");
    filled["description"] = json!("use ghp_aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cD3eF5");
    let Submitted::Errors(errors) = world.slack.submit(ANA, &view.id, &filled).await? else {
        panic!("taken")
    };
    insta::assert_debug_snapshot!(errors, @r#"
    {
        "description": "This looks like it holds a secret. Leave it out.",
    }
    "#);
    assert!(world.github.faults().writes().is_empty());
    // The same form, mended.
    filled["description"] = json!("Widgets");
    assert_eq!(world.slack.submit(ANA, &view.id, &filled).await?, Submitted::Cleared);
    assert!(world.end_of(DEV, asked).await?.contains("is ready"));
    assert_eq!(creations(&world), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_github_knows_is_said_in_the_channel() -> Result<()> {
    let world = World::start().await?;
    let (asked, view) = open(&world, "!CreateRepo").await?;
    let filled = json!({ "org": "acme", "repo": "website" });
    assert_eq!(world.slack.submit(ANA, &view.id, &filled).await?, Submitted::Cleared);
    let told = world.slack.await_ephemeral(ANA).await?;
    assert!(world.shown(&told).contains("acme/website exists already"), "{}", world.shown(&told));
    // As long as nobody has answered there, Slack does not show it in the thread.
    assert_eq!((told.thread_ts, world.slack.thread(DEV, asked).len()), (None, 1));
    assert!(world.github.faults().writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_counts_once() -> Result<()> {
    let world = World::start().await?;
    let (asked, view) = open(&world, "!CreateRepo").await?;
    let filled = json!({ "org": "acme", "repo": "widgets" });
    let (first, second) =
        tokio::join!(world.slack.submit(ANA, &view.id, &filled), world.slack.submit(ANA, &view.id, &filled));
    for sent in [first, second] {
        assert!(matches!(sent, Ok(Submitted::Cleared) | Err(HandError::NoSuchView(_))), "{sent:?}");
    }
    assert!(world.end_of(DEV, asked).await?.contains("is ready"));
    world.settled().await?;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.slack.thread(DEV, asked).len(), 2, "one answer");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_opens_no_form_and_sends_none() -> Result<()> {
    let world = World::start().await?;
    // Sam was a member when the usage was shown and when the form was opened.
    world.say(SAM, DEV, "!CreateRepo")?;
    let usage = world.slack.await_ephemeral(SAM).await?;
    world.slack.click(SAM, DEV, usage.ts, "form", None).await?;
    let view = world.slack.await_view(SAM).await?;
    world.slack.arrange(|all| {
        let guest = all.people.get(GUS).expect("a guest").clone();
        let sam = all.people.get_mut(SAM).expect("Sam");
        *sam = hubcommander_sandbox::slack::Person { id: sam.id.clone(), name: sam.name.clone(), ..guest };
    });
    world.slack.inject_event(&json!({ "type": "user_change", "user": { "id": SAM } }));
    world.slack.all_acked().await?;
    let Submitted::Errors(errors) =
        world.slack.submit(SAM, &view.id, &json!({ "org": "acme", "repo": "widgets" })).await?
    else {
        panic!("a guest's form was taken");
    };
    insta::assert_debug_snapshot!(errors, @r#"
    {
        "org": "Only full members of the workspace can run this.",
    }
    "#);
    assert!(world.slack.suggest(SAM, &view.id, "template", "").await?.is_empty());
    world.slack.close_view(SAM, &view.id).await?;
    world.slack.click(SAM, DEV, usage.ts, "form", None).await?;
    insta::assert_snapshot!(world.whispered(SAM).await?, @r"
    ⛔ This needs a full member of the workspace. You are a guest.
    Ask someone you work with here to run it for you.
    (only sam sees this)
    ");
    assert!(world.slack.views(SAM).is_empty());
    assert_eq!(world.github.faults().arrived(), 0);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_too_old_does_no_harm() -> Result<()> {
    let options = Options { patience: PATIENCE, trigger_life: Duration::ZERO, ..Options::for_tests() };
    let world = World::start_on(Servers::start_with(options).await?, &shipped_with(&[])).await?;
    world.say(ANA, DEV, "!CreateRepo")?;
    let usage = world.slack.await_ephemeral(ANA).await?;
    world.slack.click(ANA, DEV, usage.ts, "form", None).await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ The form could not be opened.
    Press the button again.
    (only ana sees this)
    ");
    assert!(world.slack.views(ANA).is_empty());
    assert!(world.ask("!Repeat still here").await?.contains("still here"));
    world.end().await
}
