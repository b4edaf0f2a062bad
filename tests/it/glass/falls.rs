//! The program on the host dies in the middle of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{Host, PATIENCE, SECURITY, SET, WHY, told};
use crate::passkeys::{ORIGIN, free, links};
use crate::world::{ANA, KIM, Process, SAM, TOKENS, shipped_with};

/// The real program on the host.
struct Exec {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Exec {
    fn start(config: &Path, words: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let log =
            std::fs::File::options().create(true).append(true).open(config.with_file_name("exec.log"))?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
            .arg("--config")
            .arg(config)
            .arg("exec")
            .args(words)
            .env_clear()
            .envs(TOKENS)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().context("no output")?;
        Ok(Self { child, lines: BufReader::new(out).lines() })
    }

    async fn links(&mut self) -> Result<(String, String)> {
        let mut found = Vec::new();
        while found.len() < 2 {
            let line = self.lines.next_line().await?.context("it ended without links")?;
            found.extend(links(&line));
        }
        Ok((found.remove(0), found.remove(0)))
    }

    /// What it says until its end, and the exit code; none if it died.
    async fn end(mut self) -> Result<(String, Option<i32>)> {
        let mut said = String::new();
        while let Some(line) = self.lines.next_line().await? {
            said.push_str(&line);
            said.push('\n');
        }
        Ok((said, self.child.wait().await?.code()))
    }
}

/// The two files: for the day when Slack is down, and for all others.
fn files(host: &Host, people: &[&str]) -> Result<(PathBuf, PathBuf)> {
    let up = host.write_config(&shipped_with(&[]))?;
    let people: Vec<String> = people.iter().map(|user| format!("{user:?}")).collect();
    let text = std::fs::read_to_string(&up)?
        + &format!(
            "\n[web]\nlisten = \"{}\"\npublic_url = {ORIGIN:?}\n[auth_plugins.passkey]\n[break_glass]\npeople = [{}]\n",
            host.listen,
            people.join(", ")
        );
    std::fs::write(&up, &text)?;
    let down = up.with_file_name("down.toml");
    std::fs::write(&down, text.replace(&host.slack.api_url(), "http://127.0.0.1:1/api"))?;
    Ok((up, down))
}

const WORDS: [&str; 7] = [SET, "--as", ANA, "--with", SAM, "--reason", WHY];

/// Both have agreed, and then it dies.
async fn broken(host: &mut Host, down: &Path, point: &str) -> Result<()> {
    let mut exec = Exec::start(down, &WORDS, &[("HUBCOMMANDER_CRASH_NAMED", point)])?;
    let (first, second) = exec.links().await?;
    ensure!(host.ana.touch(host.listen, &first).await?.0 == 200, "ana");
    // The answer may be lost with the program.
    let _ = host.sam.touch(host.listen, &second).await;
    let (said, code) = exec.end().await?;
    ensure!(code.is_none(), "it lives: {said}");
    Ok(())
}

/// As if half a minute had gone by: whoever died is taken to be gone, and what they did not tell is due.
fn half_a_minute_later(host: &Host) -> Result<()> {
    sql(host, "DELETE FROM remembered WHERE key LIKE 'glass:alive:%'; UPDATE due SET at = 0")
}

/// Starts the bot, lets it do all that there is to do, and gives what the alarm channel has been told by then.
async fn the_bot_runs(host: &Host, config: &Path) -> Result<String> {
    let bot = Process::start(config, &[])?;
    host.slack.connected(1).await?;
    let store = hubcommander::store::open(&host.store_url()).await?;
    let due = async {
        while !store.due(chrono::DateTime::<chrono::Utc>::MAX_UTC, 10).await?.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, due).await.context("something stays due")??;
    host.settled().await?;
    bot.stop().await?;
    host.slack.mark_all_read();
    host.assert_finished().await?;
    Ok(host.slack.transcript(SECURITY))
}

fn sql(host: &Host, text: &str) -> Result<()> {
    let connection = rusqlite::Connection::open(host.store_path())?;
    connection.execute_batch(text)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_how_it_ended() -> Result<()> {
    let mut host = Host::new().await?;
    let (_, down) = files(&host, &[ANA, SAM])?;
    let mut exec = Exec::start(&down, &WORDS, &[])?;
    let (first, second) = exec.links().await?;
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    assert_eq!(host.sam.touch(host.listen, &second).await?.0, 200);
    let (said, code) = exec.end().await?;
    assert!(said.contains("✅") && said.contains("!Undo inv-") && code == Some(0), "{said}");
    assert!(host.described());
    let checked = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
        .arg("--config")
        .arg(&down)
        .arg("check")
        .env_clear()
        .envs(TOKENS)
        .output()
        .await?;
    let checked = String::from_utf8(checked.stdout)?;
    assert!(checked.contains("✅ Breaking the glass: 2 of 2 people have a passkey"), "{checked}");
    for (words, wanted) in [
        (&[SET, "--as", ANA, "--dry-run"][..], 0),
        (&[SET, "--as", ANA, "--with", ANA, "--reason", WHY], 1),
        (&[SET, "--as", ANA, "--with", SAM], 2),
        (&[SET, "--as", ANA, "--reason", WHY], 2),
    ] {
        let (said, code) = Exec::start(&down, words, &[])?.end().await?;
        assert_eq!(code, Some(wanted), "{words:?} {said}");
    }
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_both_agreed_the_bot_goes_on_when_it_starts() -> Result<()> {
    let mut host = Host::new().await?;
    let (up, down) = files(&host, &[ANA, SAM])?;
    for point in ["glass.broken", "execute.after-apply:github.edit_repository"] {
        host.github.state().repository_mut("acme", "website").unwrap().description = Some(point.into());
        broken(&mut host, &down, point).await?;
        assert_eq!(host.described(), point != "glass.broken");
        half_a_minute_later(&host)?;
        let heard = the_bot_runs(&host, &up).await?;
        assert!(heard.contains("✅ The description of acme/website is set"), "{point}: {heard}");
        assert!(host.described(), "{point}");
    }
    assert_eq!(told(&host).len(), 2, "{}", host.slack.transcript(SECURITY));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_both_agreed_the_next_exec_goes_on_first() -> Result<()> {
    let mut host = Host::new().await?;
    let (_, down) = files(&host, &[ANA, SAM])?;
    broken(&mut host, &down, "glass.broken").await?;
    let words =
        ["!SetHomepage acme website https://acme.example", "--as", ANA, "--with", SAM, "--reason", WHY];
    let (said, code) = Exec::start(&down, &words, &[])?.end().await?;
    assert_eq!(code, Some(1), "whoever died may be at it still: {said}");
    half_a_minute_later(&host)?;
    let exec = Exec::start(&down, &["!Help", "--as", ANA, "--with", SAM, "--reason", WHY], &[])?;
    let (said, code) = exec.end().await?;
    assert!(said.contains("Going on with what U0ANA and U0SAM had agreed to") && code == Some(0), "{said}");
    assert!(host.described());
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_taken_off_the_list_meanwhile_does_not_count() -> Result<()> {
    let mut host = Host::new().await?;
    let (_, down) = files(&host, &[ANA, SAM])?;
    broken(&mut host, &down, "glass.broken").await?;
    half_a_minute_later(&host)?;
    let (up, _) = files(&host, &[ANA, KIM])?;
    let all = the_bot_runs(&host, &up).await?;
    assert!(all.contains("is not among the people who may break the glass"), "{all}");
    assert!(!host.described());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_to_grows_old() -> Result<()> {
    let mut host = Host::new().await?;
    let (_, down) = files(&host, &[ANA, SAM])?;
    broken(&mut host, &down, "glass.broken").await?;
    host.clock.forward(Duration::from_secs(16 * 60));
    let mut breaking = host.begin(host.down()?, super::ask("!Help"));
    breaking.says("ran out before it was begun").await?;
    breaking.ended().await?;
    assert!(!host.described());
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_was_taken_out_of_the_store_is_missing() -> Result<()> {
    let mut host = Host::new().await?;
    let (up, down) = files(&host, &[ANA, SAM])?;
    broken(&mut host, &down, "glass.broken").await?;
    half_a_minute_later(&host)?;
    sql(&host, "UPDATE invocations SET gate = json_remove(gate, '$.evidence[#-1]') WHERE state = 'running'")?;
    let all = the_bot_runs(&host, &up).await?;
    assert!(all.contains("Not everything that it takes was given"), "{all}");
    assert!(!host.described());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn before_both_agreed_nothing_is_done_and_the_bot_says_so() -> Result<()> {
    let mut host = Host::new().await?;
    let (up, down) = files(&host, &[ANA, SAM])?;
    let mut exec = Exec::start(&down, &WORDS, &[])?;
    let (first, _) = exec.links().await?;
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    exec.child.start_kill()?;
    exec.end().await?;
    half_a_minute_later(&host)?;
    let bot = Process::start(&up, &[])?;
    host.slack.connected(1).await?;
    let said = host.slack.await_message(SECURITY).await?;
    insta::assert_snapshot!(host.shown(&said), @r"
    ⛔ Set the description of acme/website: asked on the host past Slack, and not gone on with
    @ana began it, and it ended before two people had proven with their passkeys that they want it. Nothing was changed.
    inv-ID
    ");
    host.settled().await?;
    bot.stop().await?;
    assert!(!host.described());
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_leaves_alone_what_somebody_is_at() -> Result<()> {
    let mut host = Host::new().await?;
    let (up, down) = files(&host, &[ANA, SAM])?;
    let mut exec = Exec::start(&down, &WORDS, &[])?;
    let (first, second) = exec.links().await?;
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    // The page has the address for now, so the bot that is started meanwhile takes another.
    let text = std::fs::read_to_string(&up)?;
    std::fs::write(&up, text.replace(&host.listen.to_string(), &free()?.to_string()))?;
    let bot = Process::start(&up, &[])?;
    host.slack.connected(1).await?;
    assert!(host.ask("!RepoInfo acme website").await?.contains("acme/website"));
    // Longer than it takes to look once more.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(host.sam.touch(host.listen, &second).await?.0, 200);
    let (said, code) = exec.end().await?;
    assert!(code == Some(0) && host.described(), "{said}");
    host.settled().await?;
    bot.stop().await?;
    let all = host.slack.transcript(SECURITY);
    assert!(!all.contains("not gone on with"), "{all}");
    host.slack.mark_all_read();
    host.assert_finished().await
}
