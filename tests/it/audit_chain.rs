//! The record that cannot be bent, with the real bot and the real program that verifies it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use crate::world::{DEV, World, shipped_with};

/// What the program prints, and how it ends.
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

fn hubcommander(folder: &Path, words: &[&str]) -> Result<Said> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubcommander"));
    command.env_remove("HUBCOMMANDER_CONFIG").current_dir(folder).args(words);
    let output = command.output()?;
    Ok(Said {
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
        code: output.status.code(),
    })
}

/// A machine that only verifies: where the store is, and the public key.
fn verifying(world: &World, key: &str) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let config = format!("[store]\nurl = {:?}\n[audit]\npublic_keys = [{key:?}]\n", world.store_url());
    std::fs::write(folder.path().join("config.toml"), config)?;
    Ok(folder)
}

/// A bot that signs. The key is read as it is outside the sandbox, where secrets of the file are not fetched.
async fn signing(changes: &[(&str, &str)]) -> Result<(World, String, tempfile::TempDir)> {
    let keys = tempfile::tempdir()?;
    let made = hubcommander(keys.path(), &["audit", "key", "--new", "audit-key.pem"])?;
    ensure!(made.code == Some(0), "{}", made.err);
    let pem = std::fs::read_to_string(keys.path().join("audit-key.pem"))?;
    let key = hubcommander_audit::SigningKey::from_pem(&pem)?;
    let world = World::start_signing(&shipped_with(changes), key).await?;
    Ok((world, made.out.trim().to_owned(), keys))
}

/// Waits until all that is written is sealed.
async fn sealed(world: &World) -> Result<()> {
    world.settled().await?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    for _ in 0..200 {
        let state = hubcommander::store::chain::ChainStore::sealing(&*store).await?;
        if state.last.is_some_and(|seal| seal.last_seq == state.newest) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("nothing is sealed")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bot_did_is_sealed_and_verified_on_another_machine() -> Result<()> {
    let (world, key, _keys) = signing(&[]).await?;
    world.ask("!CreateRepo acme widgets").await?;
    sealed(&world).await?;
    let there = verifying(&world, &key)?;
    let said = hubcommander(there.path(), &["audit", "verify"])?;
    ensure!(said.code == Some(0), "{} {}", said.out, said.err);
    ensure!(said.out.starts_with("The record is as it was sealed: 9 entries, "), "{}", said.out);
    ensure!(said.out.contains("The seals are signed with known keys."), "{}", said.out);

    // Without the public key nobody can tell who sealed it.
    std::fs::write(there.path().join("config.toml"), format!("[store]\nurl = {:?}\n", world.store_url()))?;
    let said = hubcommander(there.path(), &["audit", "verify"])?;
    ensure!(said.code == Some(2) && said.err.contains("no public key"), "{} {}", said.out, said.err);
    let said = hubcommander(there.path(), &["audit", "verify", "--key", &key])?;
    ensure!(said.code == Some(0), "{}", said.err);

    // What one command did, by its id.
    let export = hubcommander(there.path(), &["audit", "export"])?;
    ensure!(export.code == Some(0), "{}", export.err);
    let lines: Vec<Json> = export.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let done: Vec<&Json> = lines.iter().filter(|line| line["event"] == "operation.done").collect();
    ensure!(done.len() == 3, "{}", export.out);
    for line in done {
        let requests = line["body"]["requests"].as_array().context("what GitHub was asked")?;
        ensure!(!requests.is_empty() && requests.iter().all(Json::is_string), "{line}");
    }
    let received = lines.first().context("a line")?;
    ensure!(
        received["body"]["person"]["user"] == "U0ANA" && received["body"]["channel"] == DEV,
        "{received}"
    );
    let id = received["invocation"].as_str().context("an id")?;
    let some = hubcommander(there.path(), &["audit", "export", "--invocation", id, "--since", "2020-01-01"])?;
    ensure!(some.out.lines().count() == 9, "{}", some.out);

    // So is a copy for safekeeping, which nobody may write to.
    let copy = there.path().join("copy.db");
    rusqlite::Connection::open(world.store_path())?
        .execute("VACUUM INTO ?1", [copy.display().to_string()])?;
    let mut rights = std::fs::metadata(&copy)?.permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&copy, rights)?;
    std::fs::write(there.path().join("copy.toml"), "[store]\nurl = \"sqlite://copy.db\"\n")?;
    let said = hubcommander(there.path(), &["--config", "copy.toml", "audit", "verify", "--key", &key])?;
    ensure!(said.code == Some(0), "{} {}", said.out, said.err);

    // An export is verified as the store is, and what was bent in it is found.
    let file = there.path().join("audit.jsonl");
    std::fs::write(&file, &export.out)?;
    let verify =
        |key: &str| hubcommander(there.path(), &["audit", "verify", "--export", "audit.jsonl", "--key", key]);
    let said = verify(&key)?;
    ensure!(said.code == Some(0), "{} {}", said.out, said.err);
    std::fs::write(&file, export.out.replacen("widgets", "gadgets", 1))?;
    let said = verify(&key)?;
    ensure!(
        said.code == Some(1) && said.out.contains("wrong: entry 1 was changed: what it says"),
        "{} {}",
        said.out,
        said.err
    );
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_row_edited_by_sql_is_found_and_named() -> Result<()> {
    let (world, key, _keys) = signing(&[]).await?;
    world.ask("!CreateRepo acme widgets").await?;
    sealed(&world).await?;
    let there = verifying(&world, &key)?;
    let path = world.store_path();
    let servers = world.stop().await?;
    let sqlite = rusqlite::Connection::open(&path)?;
    let refused = sqlite.execute("UPDATE audit SET body = '{}' WHERE seq = 1", []);
    ensure!(refused.is_err_and(|error| error.to_string().contains("append-only")), "it guards itself");
    sqlite.execute_batch(
        "DROP TRIGGER audit_is_not_changed;
         UPDATE audit SET body = replace(body, 'U0ANA', 'U0EVE') WHERE seq = 1;",
    )?;
    drop(sqlite);
    let said = hubcommander(there.path(), &["audit", "verify"])?;
    ensure!(said.code == Some(1), "{} {}", said.out, said.err);
    ensure!(
        said.out.starts_with("wrong: entry 1 was changed: what it says is not what was sealed\n"),
        "{}",
        said.out
    );
    drop(servers);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_is_announced_and_a_cut_is_found_by_it() -> Result<()> {
    let announced = tempfile::tempdir()?;
    let file = announced.path().join("heads");
    let section = format!("[audit.announce]\nchannel = {DEV:?}\nfile = {:?}\n", file.display().to_string());
    let (world, key, _keys) =
        signing(&[("[protection.standard]", &format!("{section}[protection.standard]"))]).await?;
    world.ask("!CreateRepo acme widgets").await?;
    let shown = world.slack.wait_for(Duration::from_secs(20), "the head", |slack| {
        let said = slack.messages(DEV).into_iter().map(|message| slack.render(&message));
        said.into_iter().find(|said| said.contains("Its head is"))
    });
    let shown = shown.await?;
    for _ in 0..200 {
        if std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let told = hubcommander_audit::heads(&std::fs::read_to_string(&file)?);
    ensure!(told.len() == 1 && hubcommander_audit::heads(&shown) == told, "{shown}");
    sealed(&world).await?;
    world.slack.mark_all_read();
    let there = verifying(&world, &key)?;
    let file = file.display().to_string();
    let said = hubcommander(there.path(), &["audit", "verify", "--announced", &file])?;
    ensure!(said.code == Some(0) && said.out.contains("Compared with 1 head"), "{} {}", said.out, said.err);
    let more = format!("{}@{}", told[0].hash, told[0].position + 1_000);
    let said = hubcommander(there.path(), &["audit", "verify", "--head", &more])?;
    ensure!(said.code == Some(1) && said.out.contains("its end was cut"), "{} {}", said.out, said.err);
    world.end().await
}

#[test]
fn a_key_is_made_once_and_for_its_owner_alone() -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir()?;
    let made = hubcommander(folder.path(), &["audit", "key", "--new", "key.pem"])?;
    ensure!(made.code == Some(0) && made.out.starts_with("ed25519:"), "{} {}", made.out, made.err);
    ensure!(std::fs::metadata(folder.path().join("key.pem"))?.mode() & 0o777 == 0o600);
    ensure!(!format!("{}{}", made.out, made.err).contains("PRIVATE KEY"));
    let again = hubcommander(folder.path(), &["audit", "key", "--new", "key.pem"])?;
    ensure!(again.code == Some(1) && again.err.contains("cannot be written"), "{}", again.err);
    std::fs::write(folder.path().join("config.toml"), "[audit]\nkey = { file = \"key.pem\" }\n")?;
    let shown = hubcommander(folder.path(), &["audit", "key"])?;
    ensure!(shown.out == made.out, "{} {}", shown.out, shown.err);
    Ok(())
}

#[test]
fn what_cannot_be_read_cannot_be_told() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let said = hubcommander(folder.path(), &["audit", "verify"])?;
    ensure!(said.code == Some(2) && said.err.contains("cannot be read"), "{}", said.err);
    std::fs::write(folder.path().join("config.toml"), "[store]\nurl = \"sqlite://no.db\"\n")?;
    let said = hubcommander(folder.path(), &["audit", "verify"])?;
    ensure!(said.code == Some(2) && said.err.contains("no.db"), "{}", said.err);
    ensure!(!folder.path().join("no.db").exists(), "looking makes nothing");
    Ok(())
}
