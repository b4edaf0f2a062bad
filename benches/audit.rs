//! What it takes to look at an organisation with 10,000 repositories: requests beside the least possible, what
//! a second run costs, time, and the memory of the process that reads.
//!
//! `cargo bench --bench audit [-- REPOSITORIES]`. The local GitHub is a process of its own, on loopback.
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a measurement, not the product")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use hubcommander_commands::github::{AuditOrg, AuditOrgSettings};
use hubcommander_github::{BudgetSettings, Credentials, GitHub, Settings};
use hubcommander_sandbox::faults::{Faults, Outcome};
use hubcommander_sandbox::github::{GitHub as LocalGitHub, World};
use hubcommander_sdk::clock::{Clock as _, SharedClock, SystemClock};
use hubcommander_sdk::command::{Args, Command as _, Headway, Prepared, Request, Value};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::{Holding, Lease, Leases};
use hubcommander_sdk::orgs::{OrgSettings, Orgs, TeamGrant};
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place, Standing};
use hubcommander_sdk::permit::PermitIssuer;

/// What is allowed beyond the least possible.
const TARGET: f64 = 1.05;
/// Megabytes.
const MEMORY: f64 = 100.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| match arguments.as_slice() {
        [word, count] if word == "--serve" => runtime.block_on(serve(count.parse()?)),
        [count] => runtime.block_on(measure(count.parse()?)),
        _ => runtime.block_on(measure(10_000)),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The local GitHub: says its address, then for each line it reads what was asked since the last.
async fn serve(count: usize) -> Result<()> {
    let clock: SharedClock = Arc::new(SystemClock);
    let faults = Faults::default();
    let world = World::acme().many_repositories("acme", count).many_members("acme", 300);
    let local = LocalGitHub::start(world, clock, faults.clone()).await?;
    println!("{}", local.url());
    std::io::stdout().flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let log = faults.log();
        let of = |path: &str| log.iter().filter(|logged| logged.path.ends_with(path)).count();
        let unchanged = log.iter().filter(|logged| logged.outcome == Outcome::Answered(304)).count();
        println!("{} {} {}", log.len(), unchanged, of("/graphql"));
        std::io::stdout().flush()?;
        faults.clear_log();
    }
    Ok(())
}

/// The process with the local GitHub.
struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    url: String,
}

/// What it was asked.
struct Asked {
    requests: usize,
    unchanged: usize,
    queries: usize,
}

impl Server {
    fn start(count: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().context("no input")?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut url = String::new();
        output.read_line(&mut url)?;
        Ok(Self { child, input, output, url: url.trim().to_owned() })
    }

    fn asked(&mut self) -> Result<Asked> {
        self.input.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let numbers: Vec<usize> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [requests, unchanged, queries] = numbers[..] else { anyhow::bail!("not three numbers: {line}") };
        Ok(Asked { requests, unchanged, queries })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct NoLeases;

#[async_trait]
impl Leases for NoLeases {
    async fn on(&self, _: &Holding) -> Result<Vec<Lease>, Refusal> {
        Ok(Vec::new())
    }
    async fn running(&self) -> Result<Vec<Lease>, Refusal> {
        Ok(Vec::new())
    }
}

fn request() -> Request {
    let mut args = Args::default();
    args.set("org", Value::Text("acme".into()));
    Request {
        invocation: "inv-BENCH".into(),
        person: Person {
            id: PersonId { team: "T0ACME".into(), user: "U0ANA".into() },
            standing: Standing::Member,
            name: "ana".into(),
            email: None,
            tz_offset: None,
        },
        place: Place {
            channel: "C0DEV".into(),
            conversation: Conversation::Public,
            shared: false,
            thread: None,
        },
        args,
        at: SystemClock.now(),
        headway: Headway::default(),
    }
}

/// Megabytes of this process at its height, or now.
fn memory(what: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(what)).context("no such line")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kilobytes / 1024.0)
}

async fn measure(count: usize) -> Result<()> {
    let mut server = Server::start(count)?;
    let (_, check) = PermitIssuer::new();
    let settings = Settings {
        // The pace is GitHub's, not what is measured.
        budget: BudgetSettings { pacing: false, ..BudgetSettings::default() },
        ..Settings::new(server.url.parse()?, Credentials::Token("ghp_sandbox".into()))
    };
    let github = GitHub::new(settings, check, Arc::new(SystemClock))?;
    let team = |name: &str, permission: &str| TeamGrant { name: name.into(), permission: permission.into() };
    let org = OrgSettings {
        new_repo_teams: vec![team("employees", "push"), team("bots", "pull")],
        ..OrgSettings::default()
    };
    let orgs = Arc::new(Orgs::new([("acme".to_owned(), org)]));
    let audit = AuditOrg::new(github.reader(), Arc::new(NoLeases), orgs, AuditOrgSettings::default());

    let idle = memory("VmRSS")?;
    // The world's own four repositories are with them. Beside their pages: the organisation, its owners, members
    // and outside collaborators by two kinds of second factor, two lists of invitations, Apps.
    let pages = (count + 4).div_ceil(100);
    let least = pages + 1 + 1 + 2 + 2 + 2 + 1;
    println!("| {count} repositories | requests | the least possible | ratio | not changed | GraphQL | s |");
    println!("|---|---|---|---|---|---|---|");
    let mut over = Vec::new();
    let mut row = |what: &str, asked: &Asked, least: usize, took: Duration| {
        let ratio = asked.requests as f64 / least as f64;
        println!(
            "| {what} | {} | {least} | {ratio:.3} | {} | {} | {:.1} |",
            asked.requests,
            asked.unchanged,
            asked.queries,
            took.as_secs_f64()
        );
        if ratio > TARGET {
            over.push(what.to_owned());
        }
    };
    for what in ["!AuditOrg, first", "!AuditOrg, again"] {
        let begun = Instant::now();
        let prepared = audit.prepare(&request()).await.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        let took = begun.elapsed();
        let Prepared::Reply(answer) = prepared else { anyhow::bail!("a plan") };
        ensure!(answer.headline.words().starts_with("acme: "), "{}", answer.words());
        let lines = answer.files.first().map_or(0, |file| file.content.lines().count());
        ensure!(lines >= count / 10, "only {lines} lines in the file");
        row(what, &server.asked()?, least, took);
    }
    let after_audit = memory("VmHWM")?;
    for what in ["list, first", "list, again"] {
        let begun = Instant::now();
        let mut found = 0;
        let scan = github.reader().scan("acme")?;
        scan.repository_pages(|page, _| found += page.len()).await?;
        let took = begun.elapsed();
        ensure!(found == count + 4, "{found} of {count}");
        row(what, &server.asked()?, pages, took);
    }
    let peak = memory("VmHWM")?;
    println!(
        "\nMB of the reading process: {idle:.0} at rest, {after_audit:.0} at its height in two audits, \
         {peak:.0} after the lists, too (target: under {MEMORY:.0} {})",
        if peak < MEMORY { '✓' } else { '✗' }
    );
    for what in over {
        println!("✗ {what}: more than {TARGET} times the least possible");
    }
    Ok(())
}
