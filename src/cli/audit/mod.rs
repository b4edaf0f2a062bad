//! `hubcommander audit`

mod compare;
mod key;
mod words;

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use clap::{Args, Subcommand};
use hubcommander_audit::{Head, PublicKey, PublicKeys, Verifier, heads};
use hubcommander_sdk::clock::{Instant, SharedClock, SystemClock};
use secrecy::ExposeSecret as _;

pub use compare::CompareOptions;

use super::{End, Failure, runtime};
use crate::audit::{Export, ExportFile, exported, verify};
use crate::config::{Sections, Surroundings, read_file};
use crate::store::chain::ChainReader;
use crate::store::{StoreError, open_chain};

/// What to do with the audit.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum AuditCommand {
    /// Look whether the record was changed. Ends with 0 if it was not, 1 if it was, 2 if that cannot be told.
    Verify(VerifyOptions),
    /// Print the record as lines of JSON, with what it is sealed by.
    Export(ExportOptions),
    /// Compare with GitHub's own audit log: which privileged changes did the bot not make? Ends with 0 if there are none,
    /// 1 if there are, 2 if it cannot be compared. Takes GitHub Enterprise.
    Compare(CompareOptions),
    /// Print the public key that verifies it, or make a new pair of keys.
    Key(KeyOptions),
}

/// What to compare with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct VerifyOptions {
    /// A public key that seals may be signed with, besides those that the configuration names.
    #[arg(long = "key", value_name = "ed25519:KEY")]
    pub keys: Vec<String>,
    /// A head that was announced.
    #[arg(long = "head", value_name = "HASH@POSITION", value_parser = head)]
    pub heads: Vec<String>,
    /// A file with heads that were announced, anywhere in it: the file of `[audit.announce]`, a log.
    #[arg(long = "announced", value_name = "FILE")]
    pub announced: Vec<PathBuf>,
    /// Verify this export of the whole record in place of the store.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
}

/// Which entries to print; all if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ExportOptions {
    /// Only those from this day or time on: 2026-03-01, 2026-03-01T09:30:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Instant>,
    /// Only those before this day or time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Instant>,
    /// Only those about this invocation: inv-….
    #[arg(long, value_name = "ID")]
    pub invocation: Option<String>,
}

/// Whether to make one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct KeyOptions {
    /// Make a new pair, and write the private key there. A file that is there is left alone.
    #[arg(long, value_name = "PATH")]
    pub new: Option<PathBuf>,
}

/// A head as it is announced.
fn head(text: &str) -> Result<String, String> {
    text.parse::<Head>().map(|head| head.to_string()).map_err(|error| error.to_string())
}

/// A day or a time. A day begins at midnight UTC.
fn time(text: &str) -> Result<Instant, String> {
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    time.or_else(day)
        .ok_or_else(|| "a day such as 2026-03-01 or a time such as 2026-03-01T09:30:00Z is needed".to_owned())
}

/// Does what was asked.
pub(super) fn run(command: &AuditCommand, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    match command {
        AuditCommand::Verify(options) => run_verify(options, file, surroundings).map_err(cannot_tell),
        AuditCommand::Compare(options) => compare::run(options, file, surroundings).map_err(cannot_tell),
        AuditCommand::Export(options) => run_export(options, file, surroundings),
        AuditCommand::Key(KeyOptions { new: Some(path) }) => Ok(key::make(path)?),
        AuditCommand::Key(KeyOptions { new: None }) => Ok(key::show(&sections(file, surroundings)?)?),
    }
}

/// Without an answer nothing can be told, and that is no "no".
fn cannot_tell(end: End) -> End {
    match end {
        End::Failed(failure) => End::CannotTell(failure),
        other => other,
    }
}

/// What the file says of the store and the audit. What else is wrong with it does not matter here, so that on a machine
/// that only verifies it need hold nothing else.
fn sections(file: &Path, surroundings: &Surroundings<'_>) -> Result<Sections, Failure> {
    let text = read_file(file).map_err(|problems| {
        Failure::new(
            format!("The configuration cannot be read:\n{problems}"),
            "Name it with `--config PATH`.",
        )
    })?;
    Ok(Sections::read(file, &text, surroundings, None).0)
}

/// Opens the store for reading alone.
async fn open(sections: &Sections) -> Result<Box<dyn ChainReader>, Failure> {
    let store = sections.store.as_ref().ok_or_else(|| {
        Failure::new(
            "The configuration does not say where the store is.",
            "`hubcommander check` says what is wrong.",
        )
    })?;
    open_chain(store.url.expose_secret()).await.map_err(|error| unread(&error))
}

fn unread(error: &StoreError) -> Failure {
    Failure::new(
        format!("The audit cannot be read: {error}."),
        "See that the store is there and that this user may read it; one that an older version made has no chain \
         until the bot has been started once.",
    )
}

fn run_verify(options: &VerifyOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    // Without a store of its own this machine needs no configuration.
    let sections = match sections(file, surroundings) {
        Err(_) if options.export.is_some() => Sections::default(),
        sections => sections?,
    };
    let keys = known_keys(&sections, &options.keys)?;
    let heads = announced(options)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let report = runtime()?.block_on(async {
        let mut reader: Box<dyn ChainReader> = match &options.export {
            Some(export) => Box::new(ExportFile::open(export).map_err(|error| unread(&error))?),
            None => open(&sections).await?,
        };
        let verifier = Verifier::new(keys, &heads);
        verify(reader.as_mut(), verifier).await.map_err(|error| unread(&error))
    })?;
    println!("{}", words::report(&report, heads.len(), clock.now()));
    match words::verdict(&report, clock.now()) {
        words::Verdict::Fine => Ok(()),
        words::Verdict::Broken => Err(End::Said),
        words::Verdict::CannotTell(failure) => Err(End::CannotTell(failure)),
    }
}

fn known_keys(sections: &Sections, given: &[String]) -> Result<PublicKeys, Failure> {
    let settings = &sections.audit.settings;
    let own = settings.key.iter().map(|key| key.public().clone());
    let mut keys: Vec<PublicKey> = own.chain(settings.public_keys.iter().cloned()).collect();
    for key in given {
        keys.push(key.parse().map_err(|error| {
            Failure::new(format!("`{key}` is {error}."), "Give what `hubcommander audit key` prints.")
        })?);
    }
    Ok(keys.into_iter().collect())
}

fn announced(options: &VerifyOptions) -> Result<Vec<Head>, Failure> {
    let mut found: Vec<Head> = options.heads.iter().filter_map(|head| head.parse().ok()).collect();
    for path in &options.announced {
        let failed = |what: String| Failure::new(what, "Name the file to which heads were announced.");
        let bytes = std::fs::read(path)
            .map_err(|error| failed(format!("{} cannot be read: {error}.", path.display())))?;
        let told = heads(&String::from_utf8_lossy(&bytes));
        if told.is_empty() {
            return Err(failed(format!("{} holds no head.", path.display())));
        }
        found.extend(told);
    }
    Ok(found)
}

/// Why an export ended early.
enum Stopped {
    Store(StoreError),
    Output(std::io::Error),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn run_export(options: &ExportOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let sections = sections(file, surroundings)?;
    let ExportOptions { since, until, invocation } = options.clone();
    let wanted = Export { since, until, invocation };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let ended = runtime()?.block_on(async {
        let mut reader = open(&sections).await?;
        let given = exported(reader.as_mut(), &wanted, |line| {
            out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(Stopped::Output)
        });
        Ok::<_, Failure>(given.await)
    })?;
    match ended.and_then(|_| out.flush().map_err(Stopped::Output)) {
        Ok(()) => Ok(()),
        Err(Stopped::Store(error)) => Err(unread(&error).into()),
        // Whoever reads has seen enough.
        Err(Stopped::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stopped::Output(error)) => {
            Err(Failure::new(format!("The lines cannot be written: {error}."), "See that the disk has room.")
                .into())
        }
    }
}
