//! The store cannot grow any more in the middle of the work: its file may not, or the disk that the whole bot
//! writes to is full. Nothing goes on that is not written down, somebody is told, and once there is room again
//! all ends as if nothing had happened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use hubcommander_sandbox::faults::{Hold, When};
use hubcommander_sandbox::slack::{HandError, Options, Slack};
use tokio::process::Command;

use crate::hands::held;
use crate::world::{ANA, DEV, Process, Servers, shipped_with};

const READY: &str = "private · empty · bots pull · employees push";
const SECURITY: &str = "C0SECURITY";
const PATIENCE: Duration = Duration::from_secs(60);

/// Set for the child that has a small disk.
const CHILD: &str = "HUBCOMMANDER_TEST_ON_A_SMALL_DISK";

async fn servers() -> Result<Servers> {
    let options = Options {
        patience: PATIENCE,
        // Slack gives up after three more times: later than there is room again.
        redeliver_after: Duration::from_secs(5),
        answer_within: Duration::from_secs(1),
        ..Options::for_tests()
    };
    Servers::start_with(options).await
}

/// What keeps the bot from writing.
enum Disk {
    /// The store's log may not grow.
    LimitedFile,
    /// The disk is full of this.
    Full(PathBuf),
}

impl Disk {
    fn fill(&self, servers: &Servers, bot: &Process) -> Result<()> {
        match self {
            Self::LimitedFile => {
                let log = servers.store_path().with_extension("db-wal");
                bot.limit_files(Some(std::fs::metadata(log)?.len()))
            }
            Self::Full(filler) => fill(filler),
        }
    }

    fn make_room(&self, bot: &Process) -> Result<()> {
        match self {
            Self::LimitedFile => bot.limit_files(None),
            Self::Full(filler) => Ok(std::fs::remove_file(filler)?),
        }
    }
}

/// Writes until there is no room for another byte.
fn fill(filler: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(filler)?;
    for size in [1 << 16, 1 << 12, 1] {
        let block = vec![0_u8; size];
        while file.write_all(&block).is_ok() {}
    }
    let refused = file.write_all(b"x").expect_err("there is room left");
    ensure!(refused.kind() == std::io::ErrorKind::StorageFull, "{refused}");
    Ok(())
}

/// `!CreateRepo` has been carried out by GitHub, another plan waits for a word, and nothing can be written.
async fn in_the_middle(servers: &Servers, disk: &Disk, restarted: bool) -> Result<()> {
    let settings = format!("{}\n[commands.SetDescription]\nauth = [\"confirm\"]\n", shipped_with(&[]));
    let config = servers.write_config(&settings)?;
    let mut bot = Process::start_for_a_small_disk(&config)?;
    servers.slack.connected(2).await?;
    let waiting = servers.say(ANA, DEV, "!SetDescription acme website New")?;
    assert!(servers.end_of(DEV, waiting).await?.contains("[Run]"));
    let gate = servers.github.faults().gate(When::post("/orgs/acme/repos"), Hold::AfterEffect);
    let creation = servers.say(ANA, DEV, "!CreateRepo acme widgets")?;
    held(&gate).await?;
    disk.fill(servers, &bot)?;
    gate.release();
    // Nobody asks for anything meanwhile: what is at work notices by itself.
    let alarm = servers.slack.await_message(SECURITY).await?;
    insta::allow_duplicates! {
        insta::assert_snapshot!(servers.shown(&alarm), @r"
        ⚠️ The bot cannot write to its store, so it takes no commands until it can.
        Look at the disk or the database. Slack sends the newest commands again for some minutes.
        ");
    }

    let late = servers.say(ANA, DEV, "!Repeat hello")?;
    let again = |slack: &Slack| (slack.counters().redelivered > 0).then_some(());
    servers.slack.wait_for(PATIENCE, "what was typed, once more", again).await?;
    // Slack does not send these again, but tells the person that nobody took them.
    let pressed = servers.press(ANA, DEV, waiting, "run").await;
    assert!(pressed.is_err(), "a click that is not written down was acked");
    let slash = servers.slack.slash(ANA, DEV, "Repeat by slash").await;
    assert_eq!(slash, Err(HandError::NotAnswered));
    assert_eq!(servers.slack.take_notices(ANA).len(), 2);
    // What is not written down as done is not gone on from, and nothing new was begun.
    assert_eq!(servers.writes(), ["POST /orgs/acme/repos"]);
    assert_eq!(servers.slack.thread(DEV, late).len(), 1);
    assert_eq!(servers.slack.unacked().len(), 1);

    if restarted {
        bot.kill().await?;
        bot = Process::start_for_a_small_disk(&config)?;
        servers.slack.connected(2).await?;
        servers.slack.await_message(SECURITY).await?;
    }
    disk.make_room(&bot)?;
    let end = servers.end_of(DEV, creation).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    assert_eq!(servers.at_github("acme", "widgets"), READY);
    assert_eq!(servers.end_of(DEV, late).await?, "hello");
    servers.press(ANA, DEV, waiting, "run").await?;
    // After a restart its plan was shown once more.
    let is_set = |shown: &str| shown.starts_with("✅ The description of acme/website is set");
    servers.slack.await_reply_that(DEV, waiting, is_set).await?;
    servers.slack.all_acked().await?;
    servers.settled().await?;
    for asked in [waiting, creation, late] {
        assert_eq!(servers.slack.thread(DEV, asked).len(), 2, "one answer");
    }
    assert_eq!((servers.creations(), servers.writes().len()), (1, 4), "{:?}", servers.writes());
    bot.stop().await?;
    servers.slack.assert_nothing_unread();
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_may_not_grow_in_the_middle_of_a_plan() -> Result<()> {
    in_the_middle(&servers().await?, &Disk::LimitedFile, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_full_in_the_middle_of_a_plan() -> Result<()> {
    // In namespaces of its own a process may mount a disk, whoever runs it.
    let apart = |program: &std::ffi::OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]).arg(program);
        command
    };
    if !apart("true".as_ref()).status().await.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: this machine allows no namespaces, so there is no disk to fill");
        return Ok(());
    }
    let child = apart(std::env::current_exe()?.as_os_str())
        .args(["full_disk::child_on_a_small_disk", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, "yes")
        .status()
        .await?;
    ensure!(child.success(), "the child ended with {child}");
    Ok(())
}

/// Not a test: the child of [`the_disk_is_full_in_the_middle_of_a_plan`].
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by another test in namespaces of its own"]
async fn child_on_a_small_disk() -> Result<()> {
    if std::env::var_os(CHILD).is_none() {
        return Ok(());
    }
    // Settings, store and the bot's log: all that it writes.
    let servers = servers().await?;
    let folder = servers.folder.path();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder).status().await?;
    ensure!(mounted.success(), "no disk could be mounted");
    let done = in_the_middle(&servers, &Disk::Full(folder.join("filler")), true).await;
    if done.is_err() {
        eprintln!("{}", std::fs::read_to_string(folder.join("bot.log")).unwrap_or_default());
    }
    Command::new("umount").arg("--lazy").arg(folder).status().await?;
    done
}
