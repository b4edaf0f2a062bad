//! What people type wrong: each gets a clear answer, and nothing reaches GitHub that would change it.

use anyhow::Result;

use crate::world::{ANA, DEV, World};

/// What only Ana is told for a line, without the usage and the button below it.
async fn told(world: &World, line: &str) -> Result<String> {
    let whole = world.ask_whispered(line).await?;
    let kept = whole
        .lines()
        .take_while(|line| !line.starts_with("```") && *line != "inv-ID" && !line.starts_with("(only"));
    Ok(kept.collect::<Vec<_>>().join("\n"))
}

/// Nothing was changed at GitHub, and nothing is left unfinished.
async fn end_without_a_trace(world: World) -> Result<()> {
    let writes = world.writes();
    assert!(writes.is_empty(), "{writes:?}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_answer_to_a_slip() -> Result<()> {
    let world = World::start().await?;
    world.say(ANA, DEV, "!CreateRepo acme widgets --descripton x")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ There is no option `--descripton`.
    Did you mean `--description`?
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
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_do_not_part_into_words() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --description \"Our widgets").await?, @r#"
    ⛔ A quotation mark is not closed: `"`.
    Add the closing one, or leave both out.
    "#);
    insta::assert_snapshot!(told(&world, "!CreateRepo acme").await?, @"⛔ It still needs `repo`: its name.");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets for the shop").await?, @r"
    ⛔ There is one word too many: `for`.
    If several words belong together, put them in quotes.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets dry-run").await?, @r"
    ⛔ There is one word too many: `dry-run`.
    Did you mean `--dry-run`?
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --description").await?, @"⛔ `--description` needs a value after it.");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --private").await?, @r"
    ⛔ There is no option `--private`.
    Did you mean `--visibility private`?
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --visibility private --visibility public").await?, @r"
    ⛔ `--visibility` is given twice.
    Give it once.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --dry-run=yes").await?, @r"
    ⛔ `--dry-run` takes no value.
    Write it alone, or leave it out.
    ");
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_thousand_characters() -> Result<()> {
    let world = World::start().await?;
    let line = format!("!CreateRepo acme widgets --description \"{}\"", "y".repeat(39_950));
    insta::assert_snapshot!(told(&world, &line).await?, @r"
    ⛔ The line is longer than 4,000 characters.
    Shorten it.
    ");
    // One long word is not repeated whole.
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme {}", "y".repeat(2_000))).await?, @r"
    ⛔ `yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…` is not right for `repo`.
    It may have 100 characters at most.
    ");
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo {} widgets", "y".repeat(2_000))).await?, @r"
    ⛔ `yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…` is not right for `org`.
    It may have 39 characters at most.
    ");
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme widgets {}", "y".repeat(2_000))).await?, @r"
    ⛔ There is one word too many: `yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…`.
    If several words belong together, put them in quotes.
    ");
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme widgets --{}", "y".repeat(2_000))).await?, @r"
    ⛔ There is no option `--yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…`.
    ");
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme widgets --visibility {}", "y".repeat(2_000))).await?, @r"
    ⛔ `yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…` is not one of the choices for `--visibility`.
    Choose from private, internal, public.
    ");
    let asked = world.say(ANA, "D0ANA", &"y".repeat(39_000))?;
    insta::assert_snapshot!(world.end_of("D0ANA", asked).await?, @r"
    ⛔ There is no command `yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…`.
    See what there is with `!Help`.
    ");
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!CreateRepo acme acme/widgets").await?, @r"
    ⛔ `acme/widgets` is not right for `repo`.
    Write the name alone, without the organisation and a slash.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme ..").await?, @r"
    ⛔ `..` is not right for `repo`.
    That name has a meaning of its own; choose another.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme ../../orgs/acme").await?, @r"
    ⛔ `../../orgs/acme` is not right for `repo`.
    Write the name alone, without the organisation and a slash.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme wid🚀gets").await?, @r"
    ⛔ `wid:rocket:gets` is not right for `repo`.
    There must be no emoji and no colon in it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme :rocket:").await?, @r"
    ⛔ `:rocket:` is not right for `repo`.
    There must be no emoji and no colon in it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme %2e%2e").await?, @r"
    ⛔ `%2e%2e` is not right for `repo`.
    There must be no `%` in it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme \"wid gets\"").await?, @r"
    ⛔ `wid gets` is not right for `repo`.
    There must be no space in it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets.git").await?, @r"
    ⛔ `widgets.git` is not right for `repo`.
    That name has a meaning of its own; choose another.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme @ana").await?, @r"
    ⛔ `@U0ANA` is not right for `repo`.
    That is a person in Slack. Type the name at GitHub, without the @.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme \"\"").await?, @r"
    ⛔ `repo` is empty.
    Give it a value.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme/widgets").await?, @r"
    ⛔ `acme/widgets` is not right for `org`.
    Write the organisation and the repository as two words.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --default-branch a..b").await?, @r"
    ⛔ `a..b` is not right for `--default-branch`.
    Git takes no branch of that name.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --homepage acme.example").await?, @r"
    ⛔ `acme.example` is not right for `--homepage`.
    It must be a whole address that begins with `https://`.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --homepage ftp://acme.example").await?, @r"
    ⛔ `ftp://acme.example` is not right for `--homepage`.
    It must be a whole address that begins with `https://`.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --topics web,marketing_x").await?, @r"
    ⛔ `marketing_x` is not right for `--topics`.
    There must be no `_` in it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --template templates").await?, @r"
    ⛔ `templates` is not right for `--template`.
    Write it as `owner/repo`, for example `acme/website`.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --team platform").await?, @r"
    ⛔ `platform` is not right for `--team`.
    Write it as `team=permission`, for example `platform=push`.
    ");
    assert_eq!(world.github.faults().arrived(), 0, "GitHub is not even asked");
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_taken() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!CreateRepo acme website").await?, @r"
    ⛔ acme/website exists already.
    Choose another name, or ask for access to it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme WebSite").await?, @r"
    ⛔ acme/website exists already.
    Choose another name, or ask for access to it.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme old-name").await?, @r"
    ⛔ `acme/old-name` is the former name of `acme/new-name`, and links to it still lead there.
    Choose another name.
    ");
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!CreateRepo acne widgets").await?, @r"
    ⛔ I do not manage an organisation called `acne`.
    Did you mean `acme`?
    [Fill in a form]
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo globex widgets").await?, @r"
    ⛔ I do not manage an organisation called `globex`.
    Choose from acme, acme-oss.
    [Fill in a form]
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --team ghosts=push").await?, @r"
    ⛔ `acme` has no team `ghosts`.
    Check the spelling; it is the name in the team's address.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --team security=admin").await?, @r"
    ⛔ `admin` is not a permission that can be given here.
    Choose from pull, triage, push, maintain.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --team security=write").await?, @r"
    ⛔ `write` is not a permission that can be given here.
    Choose from pull, triage, push, maintain.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --visibility pubic").await?, @r"
    ⛔ `pubic` is not one of the choices for `--visibility`.
    Did you mean `public`?
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --visibility secret").await?, @r"
    ⛔ `secret` is not one of the choices for `--visibility`.
    Choose from private, internal, public.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --template acme/website").await?, @r"
    ⛔ `acme/website` is not a template.
    Its administrators can make it one in its settings.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --template acme/nothing").await?, @r"
    ⛔ There is no repository `acme/nothing` that I can see.
    If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme widgets --template acme/old-name").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    ");
    insta::assert_snapshot!(told(&world, "!CreateRepo acme-oss widgets --visibility private").await?, @r"
    ⛔ `acme-oss` holds public repositories only.
    Leave out `--visibility`, or choose another organisation.
    ");
    insta::assert_snapshot!(told(&world, "!SetDescription acme nothing A sentence").await?, @r"
    ⛔ There is no repository `acme/nothing` that I can see.
    If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    ");
    insta::assert_snapshot!(told(&world, "!SetHomepage acme old-name https://acme.example").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    ");
    end_without_a_trace(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_that_github_would_refuse() -> Result<()> {
    let world = World::start().await?;
    let long = "é".repeat(351);
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme widgets --description \"{long}\"")).await?, @r"
    ⛔ That description has 351 characters; GitHub takes 350 at most.
    Shorten it, and keep the rest for the readme.
    ");
    insta::assert_snapshot!(told(&world, &format!("!SetDescription acme website {long}")).await?, @r"
    ⛔ That description has 351 characters; GitHub takes 350 at most.
    Shorten it, and keep the rest for the readme.
    ");
    assert_eq!(world.github.faults().writes().len(), 0);
    // What just fits is taken.
    let fits = "é".repeat(350);
    let done = world.ask(&format!("!SetDescription acme website {fits}")).await?;
    assert!(done.contains("is set"), "{done}");
    let state = world.github.state().repository("acme", "website").expect("it is there").description.clone();
    assert_eq!(state, Some(fits));
    world.end().await
}

/// Markup in what people give: at GitHub it stands as typed, and in Slack it calls nobody.
const MARKUP: &str =
    "Ask &lt;!channel&gt; or &lt;@U0SAM&gt; *now* _or_ never &lt;https://evil.example|Acme&gt; & 50%";

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_kept_at_github_and_is_only_words_in_slack() -> Result<()> {
    let world = World::start().await?;
    // As if typed: what a person types with angle brackets comes as entities.
    let typed = MARKUP.replace("&lt;", "<").replace("&gt;", ">");
    let raw = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let asked = world.slack.say_raw(
        ANA,
        DEV,
        &raw(&format!("!CreateRepo acme widgets --description \"{typed}\"")),
    )?;
    let done = world.end_of(DEV, asked).await?;
    assert!(done.contains("is ready"), "{done}");
    let made = world.github.state().repository("acme", "widgets").expect("it is there").description.clone();
    assert_eq!(made.as_deref(), Some(typed.as_str()));
    // Where it is shown again, it is words.
    for line in [
        format!("!CreateRepo acme gadgets --description \"{typed}\" --dry-run"),
        format!("!Repeat {typed}"),
        format!("!SetDescription acme website {typed} and more"),
        format!("!CreateRepo acme \"{typed}\""),
        format!("!CreateRepo \"{typed}\" widgets"),
        format!("!CreateRepo acme widgets \"{typed}\""),
        format!("!CreateRepo acme widgets --visibility \"{typed}\""),
        format!("!CreateRepo acme widgets --team \"{typed}=push\""),
        format!("!Help \"{typed}\""),
    ] {
        let asked = world.slack.say_raw(ANA, DEV, &raw(&line))?;
        let reply = world.slack.await_reply_that(DEV, asked, |shown| !shown.contains('⏳')).await?;
        let sent = serde_json::to_string(&(&reply.text, &reply.blocks))?;
        for markup in ["<!channel>", "<@U0SAM>", "<https://evil.example"] {
            assert!(!sent.contains(markup), "{line}\n{sent}");
        }
    }
    assert_eq!(
        world.github.state().repository("acme", "website").expect("it is there").description.as_deref(),
        Some(format!("{typed} and more").as_str())
    );
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_in_a_text_become_words_that_call_nobody() -> Result<()> {
    let world = World::start().await?;
    let asked =
        world.say(ANA, DEV, "!Repeat ask @sam, @here or #general, see https://acme.example/a?b=1&c=2")?;
    let reply = world.slack.await_reply(DEV, asked).await?;
    insta::assert_snapshot!(world.shown(&reply), @"ask @U0SAM, @here or #C0GENERAL, see https://acme.example/a?b=1&c=2");
    let sent = serde_json::to_string(&(&reply.text, &reply.blocks))?;
    assert!(!sent.contains("<@U0SAM>") && !sent.contains("<!here>"), "{sent}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_secrets_are_not_kept_and_not_carried_on() -> Result<()> {
    let world = World::start().await?;
    let token = format!("ghp_{}", "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cD3eF5");
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAAgewgaws\n-----END OPENSSH PRIVATE KEY-----";
    insta::assert_snapshot!(told(&world, &format!("!CreateRepo acme widgets --description \"{token}\"")).await?, @r"
    ⛔ That looks like it holds a secret, so I did nothing, and kept no copy of the secret.
    Delete your message and revoke the secret: whoever reads along may have seen it.
    ");
    for line in [format!("!Repeat {key}"), format!("!CreateRepo acme {token}"), format!("!Help {token}")] {
        assert!(told(&world, &line).await?.contains("holds a secret"), "{line}");
    }
    let asked = world.say(ANA, "D0ANA", &format!("{token} and {key}"))?;
    assert!(world.end_of("D0ANA", asked).await?.contains("holds a secret"));
    world.slack.slash(ANA, DEV, &format!("Repeat {token}")).await?;
    assert!(world.whispered(ANA).await?.contains("holds a secret"));
    world.settled().await?;
    for entry in std::fs::read_dir(world.store_path().parent().expect("a folder"))? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        for secret in [token.as_str(), "b3BlbnNzaC1rZXktdjEAAAAAgewgaws"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
    end_without_a_trace(world).await
}
