//! All the ways in which a command reaches the bot, and all that is no command.

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::slack::{EnvelopeKind, Ts};
use serde_json::json;

use crate::world::{ANA, DEV, GUS, SAM, Servers, World};

const HUB: &str = "U0HUB";
const STRANGER: &str = "U0STR";
const GENERAL: &str = "C0GENERAL";
const SHARED: &str = "C0SHARED";
const NOBOT: &str = "C0NOBOT";
const SECURITY: &str = "C0SECURITY";

/// How often a repository was asked for at GitHub.
fn creations(servers: &Servers) -> usize {
    servers.github.faults().writes().iter().filter(|write| write.line().ends_with("/repos")).count()
}

/// Whether these words stand anywhere in the store's files.
fn is_stored(servers: &Servers, words: &str) -> Result<bool> {
    for entry in std::fs::read_dir(servers.store_path().parent().expect("a folder"))? {
        let bytes = std::fs::read(entry?.path())?;
        if bytes.windows(words.len()).any(|window| window == words.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An event as Slack sends it, with an id of the test's choice.
fn event(event_id: &str, event: &serde_json::Value) -> serde_json::Value {
    json!({
        "type": "event_callback", "team_id": "T0ACME", "api_app_id": "A0HUB", "event_id": event_id,
        "event_time": 1_760_000_000, "event": event,
    })
}

/// Another program that holds the store, so that nobody else can write.
struct Held(sqlx::SqliteConnection);

impl Held {
    async fn hold(servers: &Servers) -> Result<Self> {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(servers.store_path());
        let mut connection = sqlx::ConnectOptions::connect(&options).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok(Self(connection))
    }

    async fn let_go(mut self) -> Result<()> {
        sqlx::query("ROLLBACK").execute(&mut self.0).await?;
        Ok(sqlx::Connection::close(self.0).await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_the_answer_stands_in_the_thread_of_the_command() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    let thread = world.slack.thread(DEV, asked);
    assert_eq!(thread.len(), 2, "the command and one answer");
    assert_eq!(creations(&world), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_thread_the_answer_stands_in_that_thread() -> Result<()> {
    let world = World::start().await?;
    let talk = world.say(SAM, DEV, "We need a place for the widgets")?;
    let asked = world.slack.say_in_thread(ANA, DEV, talk, "!CreateRepo acme widgets")?;
    world.end_of(DEV, talk).await?;
    let thread = world.slack.thread(DEV, talk);
    assert_eq!(thread.len(), 3, "talk, command, answer");
    assert!(thread[1].ts == asked && thread[2].user == HUB);
    // The usage, which only Ana sees, stands there too.
    world.slack.say_in_thread(ANA, DEV, talk, "!CreateRepo")?;
    assert_eq!(world.slack.await_ephemeral(ANA).await?.thread_ts, Some(talk));
    // A reply that is also shown in the channel is a command like any other.
    world.slack.broadcast_in_thread(ANA, DEV, talk, "!Repeat both here and there")?;
    insta::assert_snapshot!(world.end_of(DEV, talk).await?, @"both here and there");
    assert_eq!(creations(&world), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_no_mark_is_needed() -> Result<()> {
    let world = World::start().await?;
    for (line, name) in [
        ("!CreateRepo acme widgets", "widgets"),
        ("CreateRepo acme gadgets", "gadgets"),
        ("createrepo ACME gizmos", "gizmos"),
        ("@hubcommander CreateRepo acme doodads", "doodads"),
    ] {
        world.say(ANA, "D0ANA", line)?;
        let reply = world.slack.wait_for(std::time::Duration::from_secs(60), "the end", |slack| {
            slack.dms(ANA).into_iter().find(|message| {
                let shown = slack.render(message);
                shown.contains(name) && shown.contains("is ready")
            })
        });
        assert_eq!(reply.await?.thread_ts, None, "{line}: answered below, not in a thread");
        assert!(world.github.state().repository("acme", name).is_some(), "{line}");
        world.slack.mark_all_read();
    }
    assert_eq!(creations(&world), 4);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_mention_with_and_without_the_mark() -> Result<()> {
    let world = World::start().await?;
    for (line, name) in [
        ("@hubcommander CreateRepo acme widgets", "widgets"),
        ("@hubcommander !CreateRepo acme gadgets", "gadgets"),
        ("@hubcommander: createrepo a gizmos", "gizmos"),
    ] {
        let done = world.ask(line).await?;
        assert!(done.contains(&format!("acme/{name} is ready")), "{done}");
    }
    // A mention comes as two events, and counts once.
    assert_eq!(creations(&world), 3);
    world.say(ANA, DEV, "@hubcommander")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    Tell me what to do, or see `!Help`.
    (only ana sees this)
    ");
    // Addressed by name, an unknown word is answered.
    world.say(ANA, DEV, "@hubcommander dance")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `dance`.
    See what there is with `!Help`.
    (only ana sees this)
    ");
    // In the middle of a sentence, people talk about the bot and not to it.
    world.say(ANA, DEV, "ask @hubcommander CreateRepo acme gewgaws")?;
    world.slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_of_code_are_seen_through_and_backticks_in_quotes_are_kept() -> Result<()> {
    let world = World::start().await?;
    let description = |name: &str| {
        let state = world.github.state();
        state.repository("acme", name).expect("it is there").description.clone().unwrap_or_default()
    };
    let done = world.ask("!SetDescription acme website \"use `make`\"").await?;
    assert!(done.contains("description \"use `make`\""), "{done}");
    assert_eq!(description("website"), "use `make`");
    // Around the whole line and around a word they are marks; a quote keeps what stands in it all the same.
    let line = "`!CreateRepo acme widgets --description \"run `make all` first\"`";
    assert!(world.ask(line).await?.contains("is ready"));
    assert_eq!(description("widgets"), "run `make all` first");
    assert!(world.ask("!CreateRepo `acme` `gadgets` --description `Gadgets`").await?.contains("is ready"));
    assert_eq!(description("gadgets"), "Gadgets");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_options_and_aliases_in_any_case() -> Result<()> {
    let world = World::start().await?;
    let line = "!createREPO A Widgets --DESCRIPTION=\"Our Widgets\" --Visibility PRIVATE --Topics Rust";
    insta::assert_snapshot!(world.ask(line).await?, @r"
    ✅ acme/Widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    {
        let state = world.github.state();
        let made = state.repository("acme", "Widgets").expect("the repository");
        assert_eq!(made.name, "Widgets", "its name is kept as typed");
        assert_eq!(made.description.as_deref(), Some("Our Widgets"));
        assert_eq!(made.topics, ["rust"]);
    }
    insta::assert_snapshot!(world.ask("!CREATEREPO OSS Tools --dry-RUN").await?, @r"
    Would do: Create acme-oss/Tools
    • public repository
    • team employees may push
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_where_the_bot_is_is_answered_in_the_channel() -> Result<()> {
    let world = World::start().await?;
    world.slack.slash(ANA, DEV, "CreateRepo acme widgets").await?;
    let reply = world.slack.wait_for(std::time::Duration::from_secs(60), "the end", |slack| {
        slack.messages(DEV).into_iter().find(|message| slack.render(message).contains("is ready"))
    });
    insta::assert_snapshot!(world.shown(&reply.await?), @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    world.slack.mark_all_read();
    assert_eq!(world.slack.messages(DEV).len(), 1, "one message, kept up to date");
    // What is wrong only the person hears.
    world.slack.slash(ANA, DEV, "CreateRepo acme widgets --dryrun").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no option `--dryrun`.
    Did you mean `--dry-run`?
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
    world.slack.slash(ANA, DEV, "/hubcommander").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    Tell me what to do, or see `!Help`.
    (only ana sees this)
    ");
    world.slack.slash(ANA, DEV, "!ListOrgs").await?;
    insta::assert_snapshot!(world.shown(&world.slack.await_message(DEV).await?), @r"
    I manage 2 organisations.
    Organisation | Also called | New repositories | About
    acme | a | private by default | Everything we build
    acme-oss | oss | public only | What we share with everybody
    ");
    world.slack.slash(ANA, DEV, "`!help`").await?;
    assert!(world.whispered(ANA).await?.starts_with("Here is what you can do"));
    assert_eq!(creations(&world), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_where_the_bot_is_not_is_answered_to_the_person() -> Result<()> {
    let world = World::start().await?;
    world.slack.slash(ANA, NOBOT, "CreateRepo acme widgets").await?;
    let shown = world.slack.wait_for(std::time::Duration::from_secs(60), "the end", |slack| {
        slack.ephemerals(ANA).into_iter().find(|message| slack.render(message).contains("is ready"))
    });
    insta::assert_snapshot!(world.shown(&shown.await?), @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    (only ana sees this)
    ");
    // What Slack shows there can vanish, so the end stands in the direct message as well.
    insta::assert_snapshot!(world.shown(&world.slack.await_dm(ANA).await?), @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(world.slack.messages(NOBOT).is_empty());
    assert_eq!(creations(&world), 1);
    world.slack.mark_all_read();
    world.slack.slash(ANA, NOBOT, "ListOrgs").await?;
    assert!(world.whispered(ANA).await?.starts_with("I manage 2 organisations."));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_whose_answer_address_fails_is_answered_directly() -> Result<()> {
    let world = World::start().await?;
    world.slack_faults().add(When::post("/hook/").always(), Fault::Status(404, "used_url".to_owned()));
    world.slack.slash(ANA, NOBOT, "CreateRepo acme widgets").await?;
    let end = world.slack.wait_for(std::time::Duration::from_secs(60), "the end", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains("is ready"))
    });
    end.await?;
    assert_eq!(world.slack.dms(ANA).len(), 1, "one message, kept up to date");
    world.slack.mark_all_read();
    world.slack.slash(ANA, NOBOT, "CreateRepo acme").await?;
    let wrong = world.slack.await_dm(ANA).await?;
    assert!(world.shown(&wrong).contains("It still needs"), "{}", world.shown(&wrong));
    assert_eq!(creations(&world), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_new_message_of_a_person_is_passed_over() -> Result<()> {
    let world = World::start().await?;
    let slack = &world.slack;
    let talk = world.say(ANA, DEV, "Let us make gewgaws")?;
    slack.edit(ANA, DEV, talk, "!CreateRepo acme gewgaws")?;
    slack.unfurl(DEV, talk)?;
    slack.say("U0CIB", DEV, "!CreateRepo acme gewgaws")?;
    slack.say_as_webhook(DEV, "!CreateRepo acme gewgaws")?;
    slack.say(HUB, DEV, "!CreateRepo acme gewgaws")?;
    slack.say_with_subtype(ANA, DEV, "me_message", "!CreateRepo acme gewgaws")?;
    slack.remove(ANA, DEV, talk)?;
    slack.join("U0CIB", SECURITY)?;
    // A bot's user without a bot's marks: Slack is asked who it is.
    slack.say_raw("U0CIB", GENERAL, "!CreateRepo acme gimmicks")?;
    // Somebody who has left: an old message that Slack delivers late.
    slack.say_raw("U0DEE", GENERAL, "!CreateRepo acme trinkets")?;
    slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    assert!(is_stored(&world, "gimmicks")?, "the other way round, the look into the files works");
    assert_eq!(creations(&world), 0);
    slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_does_not_run_a_command_again() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    world.end_of(DEV, asked).await?;
    world.slack.edit(ANA, DEV, asked, "!CreateRepo acme gadgets")?;
    world.slack.unfurl(DEV, asked)?;
    world.slack.all_acked().await?;
    assert_eq!(creations(&world), 1);
    assert!(!is_stored(&world, "gadgets")?);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_command_as_its_comment_is_a_command() -> Result<()> {
    let world = World::start().await?;
    let asked = world.slack.say_with_subtype(ANA, DEV, "file_share", "!Repeat with a picture")?;
    assert_eq!(world.end_of(DEV, asked).await?, "with a picture");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_refused_kindly_and_alone() -> Result<()> {
    let world = World::start().await?;
    world.say(GUS, DEV, "!CreateRepo acme widgets")?;
    insta::assert_snapshot!(world.whispered(GUS).await?, @r"
    ⛔ This needs a full member of the workspace. You are a guest.
    Ask someone you work with here to run it for you.
    inv-ID
    (only gus sees this)
    ");
    // Whatever a guest asks, the answer is the same: it tells nothing of what there is.
    for line in ["!ListOrgs", "!Help", "!CreateRepo acme", "!CreateRepo nowhere x"] {
        world.say(GUS, DEV, line)?;
        assert!(world.whispered(GUS).await?.contains("You are a guest."), "{line}");
    }
    let asked = world.say(GUS, "D0GUS", "CreateRepo acme widgets")?;
    assert!(world.end_of("D0GUS", asked).await?.contains("You are a guest."));
    world.slack.slash(GUS, DEV, "ListOrgs").await?;
    assert!(world.whispered(GUS).await?.contains("You are a guest."));
    assert_eq!(world.github.faults().arrived(), 0, "GitHub is not even asked");
    // Many refusals alarm.
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_another_company_is_refused_alone() -> Result<()> {
    let world = World::start().await?;
    world.say(STRANGER, SHARED, "!CreateRepo acme widgets")?;
    insta::assert_snapshot!(world.whispered(STRANGER).await?, @r"
    ⛔ This needs a full member of this workspace. You are here from another company.
    Ask someone you work with here to run it for you.
    inv-ID
    (only stran sees this)
    ");
    assert_eq!(world.github.faults().arrived(), 0);
    // Many refusals alarm.
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_company_reads_along_internal_answers_are_given_elsewhere() -> Result<()> {
    let world = World::start().await?;
    for line in ["!ListOrgs", "!CreateRepo acme widgets", "!CreateRepo acme widgets --dry-run"] {
        world.say(ANA, SHARED, line)?;
        let refused = world.whispered(ANA).await?;
        assert!(refused.contains("People of another company read this channel"), "{line}: {refused}");
    }
    world.say(ANA, SHARED, "!ListOrgs")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ People of another company read this channel, so `!ListOrgs` does not answer here.
    Ask me in a direct message instead.
    inv-ID
    (only ana sees this)
    ");
    world.slack.slash(ANA, SHARED, "ListOrgs").await?;
    assert!(world.whispered(ANA).await?.contains("direct message instead"));
    // What is for everybody is answered there.
    let asked = world.say(ANA, SHARED, "!Repeat good morning")?;
    assert_eq!(world.end_of(SHARED, asked).await?, "good morning");
    assert_eq!(world.github.faults().arrived(), 0);
    // Many refusals alarm.
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclamation_is_none_of_ours_and_a_slip_is_helped() -> Result<()> {
    let world = World::start().await?;
    for line in ["!important: gewgaws", "!!", "!", "wow! gewgaws", "! Help gewgaws", "`!Help` gewgaws?"] {
        world.say(ANA, DEV, line)?;
    }
    world.slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    assert!(world.audit().await?.is_empty());
    world.say(ANA, DEV, "!creatrepo acme widgets")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no command `!creatrepo`.
    Did you mean `!CreateRepo acme widgets`?
    (only ana sees this)
    ");
    // In a direct message every word is for the bot.
    let asked = world.say(ANA, "D0ANA", "!important")?;
    insta::assert_snapshot!(world.end_of("D0ANA", asked).await?, @r"
    ⛔ There is no command `!important`.
    See what there is with `!Help`.
    ");
    let asked = world.say(ANA, "D0ANA", "good morning")?;
    insta::assert_snapshot!(world.end_of("D0ANA", asked).await?, @r"
    ⛔ There is no command `good`.
    See what there is with `!Help`.
    ");
    assert_eq!(world.github.faults().arrived(), 0);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_counts_once() -> Result<()> {
    let world = World::start().await?;
    // Slack knows the message; its event is delivered once more, and then as a mention with another id.
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    let said = json!({
        "type": "message", "user": ANA, "text": "!CreateRepo acme widgets", "ts": asked, "channel": DEV,
        "channel_type": "channel", "event_ts": asked, "team": "T0ACME",
    });
    for _ in 0..3 {
        world.slack.inject_payload(EnvelopeKind::EventsApi, &event("Ev0TWICE", &said));
    }
    let mut mention = said.clone();
    mention["type"] = json!("app_mention");
    mention["text"] = json!("<@U0HUB> CreateRepo acme widgets");
    world.slack.inject_payload(EnvelopeKind::EventsApi, &event("Ev0OTHER", &mention));
    let done = world.end_of(DEV, asked).await?;
    assert!(done.contains("is ready"), "{done}");
    world.slack.all_acked().await?;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.slack.thread(DEV, asked).len(), 2, "one answer");
    assert_eq!(world.audit().await?.iter().filter(|event| *event == "received").count(), 1);
    // The event's own id counts as well.
    for later in [10, 11] {
        let direct = json!({
            "type": "message", "user": ANA, "text": "Repeat once", "channel": "D0ANA", "channel_type": "im",
            "ts": Ts::from_micros(asked.micros() + later),
        });
        world.slack.inject_payload(EnvelopeKind::EventsApi, &event("Ev0ONCE", &direct));
    }
    assert_eq!(world.shown(&world.slack.await_dm(ANA).await?), "once");
    world.slack.all_acked().await?;
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_down_comes_again_and_counts_once() -> Result<()> {
    let world = World::start().await?;
    // Another program holds the store: nothing can be written, so nothing is acked.
    let held = Held::hold(&world).await?;
    let asked = world.say(ANA, DEV, "!CreateRepo acme widgets")?;
    let counters = |slack: &hubcommander_sandbox::slack::Slack| slack.counters().redelivered;
    world
        .slack
        .wait_for(std::time::Duration::from_secs(60), "a redelivery", |slack| {
            (counters(slack) > 0).then_some(())
        })
        .await?;
    assert_eq!(creations(&world), 0);
    held.let_go().await?;
    let done = world.end_of(DEV, asked).await?;
    assert!(done.contains("is ready"), "{done}");
    world.slack.all_acked().await?;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.slack.thread(DEV, asked).len(), 2, "one answer");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_acked_and_raises_an_alarm() -> Result<()> {
    let world = World::start().await?;
    let odd = json!({ "type": "message", "text": "!CreateRepo acme widgets", "user": ANA, "ts": 7 });
    world.slack.inject_payload(EnvelopeKind::EventsApi, &event("Ev0ODD", &odd));
    insta::assert_snapshot!(world.shown(&world.slack.await_message(SECURITY).await?), @r"
    ⚠️ Slack sent something that the bot cannot read.
    If somebody misses an answer, this may be why. The log has the details.
    ");
    // Once told, the channel is left in peace for a while.
    world.slack.inject_payload(EnvelopeKind::EventsApi, &json!({ "nothing": "known" }));
    world.slack.inject_payload(EnvelopeKind::SlashCommands, &json!({ "text": "Help" }));
    world.slack.inject_payload(EnvelopeKind::Interactive, &json!({ "text": "Help" }));
    assert!(world.slack.inject_text("{ this is no JSON"));
    world.slack.all_acked().await?;
    // The bot goes on.
    assert_eq!(world.ask("!Repeat still here").await?, "still here");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn envelopes_of_tomorrow_are_acked() -> Result<()> {
    let world = World::start().await?;
    let envelope = json!({
        "envelope_id": "e-tomorrow", "type": "telepathy", "payload": { "thought": "!CreateRepo acme gewgaws" },
        "accepts_response_payload": false,
    });
    assert!(world.slack.inject_envelope(&envelope));
    world
        .slack
        .wait_for(std::time::Duration::from_secs(60), "the ack", |slack| {
            slack.injected_is_acked("e-tomorrow").then_some(())
        })
        .await?;
    for kind in ["reaction_added", "team_join", "channel_rename"] {
        world.slack.inject_event(&json!({ "type": kind, "user": { "id": ANA }, "channel": { "id": DEV } }));
    }
    world.slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_listens_where_it_is_told_to() -> Result<()> {
    let world = World::start_with(&[("listen = []", "listen = [\"C0DEV\"]")]).await?;
    world.say(ANA, GENERAL, "!Repeat gewgaws")?;
    world.say(ANA, GENERAL, "@hubcommander Repeat gewgaws")?;
    world.slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    assert_eq!(world.ask("!Repeat here").await?, "here");
    // A direct message disturbs nobody.
    let asked = world.say(ANA, "D0ANA", "Repeat here too")?;
    assert_eq!(world.end_of("D0ANA", asked).await?, "here too");
    world.slack.slash(ANA, GENERAL, "Repeat gewgaws").await?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    I do not answer in this channel. Send me a direct message.
    (only ana sees this)
    ");
    assert!(!is_stored(&world, "gewgaws")?);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_ignores_what_it_is_told_to() -> Result<()> {
    let world = World::start_with(&[("ignore = []", "ignore = [\"C0GENERAL\"]")]).await?;
    world.say(ANA, GENERAL, "!Repeat gewgaws")?;
    world.slack.all_acked().await?;
    assert!(!is_stored(&world, "gewgaws")?);
    assert_eq!(world.ask("!Repeat here").await?, "here");
    world.end().await
}
