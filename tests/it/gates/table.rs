//! Every cell of a table: command × kind of person × channel × how the gate ends.
//!
//! The first test asks every command as every kind of person in every kind of channel, under the policies that ship.
//! The others ask every command that changes something, and end its gate in each way. Commands and their examples
//! come from the registry, so one that is added is in the table by itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, plugins};
use hubcommander::invocation::State;
use hubcommander_sandbox::duo::{self, Duo};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::slack::{Channel, Submitted, Ts};
use hubcommander_sdk::auth::Unproven;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use serde_json::json;

use super::{Gated, approvals, gated, step_up};
use crate::members::Hand;
use crate::world::{ANA, APPROVALS, DEV, SAM, Servers, World, shipped_with};

/// A command, and a line that asks it.
#[derive(Clone)]
struct Row {
    name: String,
    line: String,
    changes: bool,
}

async fn rows() -> Result<Vec<Row>> {
    let servers = Servers::start().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let Plugins { registry, .. } = plugins(&servers.config(&shipped_with(&[]))?, &clock)?;
    let asked = registry.iter().filter(|registered| !registered.spec().only_when_due);
    let row = asked.map(|registered| {
        let spec = registered.spec();
        let line = spec.examples.first().with_context(|| format!("{} has no example", spec.name))?;
        Ok(Row { name: spec.name.clone(), line: line.clone(), changes: spec.risk.is_some() })
    });
    row.collect()
}

/// Kinds of person: who, and what they are.
const PEOPLE: [(&str, &str); 7] = [
    ("U0ANA", "member"),
    ("U0SAM", "security"),
    ("U0GUS", "guest"),
    ("U0ONE", "single"),
    ("U0STR", "stranger"),
    ("U0CIB", "bot"),
    ("U0DEE", "gone"),
];

/// Kinds of channel, in the order in which a cell names them.
const CHANNELS: [&str; 4] = ["C0DEV", "C0PRIV", "C0SHARED", "D"];

#[tokio::test(flavor = "multi_thread")]
async fn who_may_ask_what_where() -> Result<()> {
    let duo = duo::World::acme().holds(Duration::from_millis(50));
    let duo = Duo::start(duo, Arc::new(SystemClock), Faults::default()).await?;
    let servers = Servers::start().await?;
    servers.slack.arrange(|slack| {
        let mut one = slack.people["U0GUS"].clone();
        (one.id, one.name) = ("U0ONE".to_owned(), "one".to_owned());
        (one.is_restricted, one.is_ultra_restricted) = (true, true);
        slack.people.insert(one.id.clone(), one);
        for (user, _) in PEOPLE {
            let direct = format!("D{}", &user[1..]);
            let im = Channel::im(&direct, user, "U0HUB");
            slack.channels.entry(direct).or_insert(im);
            for channel in ["C0DEV", "C0PRIV", "C0SHARED"] {
                slack.channels.get_mut(channel).unwrap().members.insert(user.to_owned());
            }
        }
    });
    let _hand = Hand::of(&servers.github, "octocat");
    let world = World::start_as_shipped(servers, &duo).await?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    let rows = rows().await?;
    // Who may nothing is asked for first: GitHub hears nothing of it.
    let mut asked: BTreeMap<(usize, usize), Vec<Ts>> = BTreeMap::new();
    for (person, (user, kind)) in PEOPLE.iter().enumerate().rev() {
        for (row, what) in rows.iter().enumerate() {
            for channel in CHANNELS {
                let channel = if channel == "D" { format!("D{}", &user[1..]) } else { channel.to_owned() };
                let ts = world.slack.say_raw(user, &channel, &what.line)?;
                asked.entry((row, person)).or_default().push(ts);
            }
            // In small groups, so that nothing waits long enough to be sent again.
            world.slack.all_acked().await?;
            settled(&*store).await?;
        }
        if !matches!(*kind, "member" | "security") {
            let heard = world.github.faults().log();
            ensure!(heard.is_empty(), "GitHub was asked for a {kind}: {heard:?}");
            ensure!(world.travis.faults().log().is_empty(), "Travis was asked for a {kind}");
        }
    }
    let mut cells: BTreeMap<String, char> = BTreeMap::new();
    let entries = store.audit(None, 1_000_000).await?;
    let mut events: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut places: BTreeMap<&str, String> = BTreeMap::new();
    for entry in &entries {
        let Some(id) = entry.invocation.as_deref() else { continue };
        events.entry(id).or_default().push(&entry.event);
        if entry.event == "received" {
            places.insert(id, entry.body["ts"].as_str().unwrap_or_default().to_owned());
        }
    }
    for (id, ts) in places {
        let events = &events[id];
        let has = |event: &str| events.contains(&event);
        let cell = if has("ignored") {
            '-'
        } else if has("denied") {
            'n'
        } else {
            'y'
        };
        cells.insert(ts, cell);
    }
    let mut table =
        String::from("each cell: public, private, shared, direct. y asked, n refused, - not answered\n");
    let _ = write!(table, "{:22}", "");
    for (_, kind) in PEOPLE {
        let _ = write!(table, "{kind:10}");
    }
    for (row, what) in rows.iter().enumerate() {
        let _ = write!(table, "\n{:22}", what.name);
        for person in 0..PEOPLE.len() {
            let cell =
                asked[&(row, person)].iter().map(|ts| cells.get(&ts.to_string()).copied().unwrap_or('?'));
            let _ = write!(table, "{:10}", cell.collect::<String>());
        }
    }
    insta::assert_snapshot!(table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), @r"
    each cell: public, private, shared, direct. y asked, n refused, - not answered
                          member    security  guest     single    stranger  bot       gone
    EnableActions         yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Help                  yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    AddKey                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    DeleteKey             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    GetKey                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListKeys              yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    AuditMembers          nnnn      yyny      nnnn      nnnn      nnnn      ----      ----
    Invitations           yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    InviteMe              yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    InviteUser            nnnn      yyny      nnnn      nnnn      nnnn      ----      ----
    LinkGitHub            yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    UnlinkGitHub          yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    WhoAmI                yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    WhoIs                 yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    AuditOrg              yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    AddCollab             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    AddUserToTeam         yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListCollabs           yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListTeams             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    RemoveCollab          yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    RemoveUserFromTeam    yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetRepoPermissions    yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Farewell              nnnn      nnnn      nnnn      nnnn      nnnn      ----      ----
    Farewells             nnnn      yyny      nnnn      nnnn      nnnn      ----      ----
    ListRules             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetBranchProtection   yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListPRs               yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ArchiveRepo           yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    CreateRepo            yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    DeleteRepo            yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListOrgs              yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListRepos             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    RenameRepo            yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    RepoInfo              yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetDefaultBranch      yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetDescription        yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetHomepage           yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetTopics             yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    SetVisibility         yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    UnarchiveRepo         yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    AcceptEmail           nnnn      yyny      nnnn      nnnn      nnnn      ----      ----
    Lockdown              nnnn      yyny      nnnn      nnnn      nnnn      ----      ----
    EnableTravis          yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    ListTravisOrgs        yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Repeat                yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    Extend                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Leases                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Return                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Cancel                yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    History               yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Undo                  yyny      yyny      nnnn      nnnn      nnnn      ----      ----
    Why                   yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    Answer                yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    DeviceStatus          yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    FleetStatus           nnnn      yyyy      nnnn      nnnn      nnnn      ----      ----
    NotMyDevice           yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    Nudges                yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    RemindMe              yyyy      yyyy      nnnn      nnnn      nnnn      ----      ----
    ");
    world.slack.mark_all_read();
    world.stop().await?;
    Ok(())
}

/// Waits until each command is over or waits for people.
async fn settled(store: &dyn hubcommander::store::Store) -> Result<()> {
    let look = async {
        loop {
            let unfinished = store.unfinished().await?;
            if unfinished.iter().all(|one| one.state == State::Waiting) {
                return Ok(());
            }
            // The store tells nobody of its changes.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), look).await.context("it does not settle")?
}

/// How a gate ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Cancelled,
    PhoneSaysNo,
    Fraud,
    Denied,
    Expired,
    SelfApproved,
    Passed,
}

/// Those that need something that was done before, by a bot without gates.
fn before(command: &str) -> Option<&'static str> {
    match command {
        "Undo" => Some("!SetDescription acme website Words to be taken back"),
        "Extend" | "Return" => Some("!AddCollab octocat acme website push --for 14d"),
        _ => None,
    }
}

/// Ends the gate of every command that changes something in this way: nothing is done unless it is passed.
async fn every_command_ends(end: End) -> Result<()> {
    let mut reached = 0;
    for row in rows().await?.into_iter().filter(|row| row.changes) {
        // They ask for others, are asked of what waits, or answer by direct message.
        let elsewhere = [
            "Answer",
            "Cancel",
            "Farewell",
            "Farewells",
            "Lockdown",
            "AcceptEmail",
            "EnrolPasskey",
            "NotMyDevice",
            "RemindMe",
            "InviteMe",
            "LinkGitHub",
            "UnlinkGitHub",
        ]
        .contains(&row.name.as_str());
        if elsewhere {
            continue;
        }
        let world = gated(&[]).await?;
        let mut line = row.line.clone();
        if let Some(before) = before(&row.name) {
            world.ask(before).await?;
            world.settled().await?;
            let store = hubcommander::store::open(&world.store_url()).await?;
            let id = store.history(&Default::default(), 1).await?.remove(0).id;
            let lease = store.leases(None).await?.first().map(|lease| lease.id.clone());
            line = line.replace("inv-1RT4Q02M9X", &id);
            line = lease.map_or(line.clone(), |lease| line.replace("lse-1RT4Q02M9X", &lease));
        }
        *world.rules.takes.lock().unwrap() = vec![step_up(), approvals(1)];
        reached +=
            usize::from(ends(world, &row.name, &line, end).await.with_context(|| format!("{line} {end:?}"))?);
    }
    ensure!(reached > 15, "only {reached} commands came to a gate");
    Ok(())
}

/// Whether it came to a gate at all.
async fn ends(world: Gated, name: &str, line: &str, end: End) -> Result<bool> {
    let writes = world.writes().len() + world.travis.faults().writes().len();
    let asked = world.say(ANA, DEV, line)?;
    let shown = world.first_words(asked).await?;
    if !shown.contains("[Cancel]") {
        // What it is about is not there in this world, or is so already.
        ensure!(world.writes().len() + world.travis.faults().writes().len() == writes, "{name}: {shown}");
        world.end().await?;
        return Ok(false);
    }
    if shown.contains("[Run") && end != End::Cancelled {
        world.press(ANA, DEV, asked, "run").await?;
        let proving = |shown: &str| shown.contains("[Enter a code");
        world.slack.await_reply_that(DEV, asked, proving).await?;
    }
    let no = || Unproven::new("You said no.", "", "no");
    match end {
        End::Cancelled => world.press(ANA, DEV, asked, "cancel").await?,
        End::PhoneSaysNo => world.phone.answer(Err(no())),
        End::Fraud => world.phone.answer(Err(no().fraud())),
        End::Denied | End::Expired | End::SelfApproved | End::Passed => {
            world.phone.answer(Ok(()));
            world.card().await?;
            match end {
                End::Denied => {
                    world.on_card(SAM, "deny").await?;
                    let view = world.slack.await_view(SAM).await?;
                    let sent = world.slack.submit(SAM, &view.id, &json!({})).await?;
                    ensure!(sent == Submitted::Cleared);
                }
                End::Expired => {
                    world.clock.forward(Duration::from_secs(9 * 3_600));
                    world.on_card(SAM, "approve").await?;
                }
                End::SelfApproved => {
                    world.rules.groups.lock().unwrap().insert("slack:security".into(), vec![ANA, SAM]);
                    world.on_card(ANA, "approve").await?;
                    world.whispered(ANA).await?;
                    world.on_card(ANA, "approve").await?;
                    world.whispered(ANA).await?;
                    world.press(ANA, DEV, asked, "cancel").await?;
                }
                _ => world.on_card(SAM, "approve").await?,
            }
        }
    }
    world.settled().await?;
    let store = hubcommander::store::open(&world.store_url()).await?;
    let over = store.history(&Default::default(), 1).await?.remove(0);
    let wrote = world.writes().len() + world.travis.faults().writes().len() > writes;
    let events = world.audit().await?;
    let begun =
        events.iter().rev().take_while(|event| *event != "planned").any(|event| event == "operation.started");
    match end {
        End::Passed => ensure!(over.state == State::Done && begun, "{name}: {:?}", over.state),
        _ => ensure!(
            matches!(over.state, State::Cancelled | State::Denied | State::Expired) && !wrote && !begun,
            "{name}: {:?}, wrote {wrote}",
            over.state
        ),
    }
    for card in world.slack.messages(APPROVALS) {
        let shown = world.slack.render(&card);
        ensure!(!shown.contains("[Approve]"), "the card of {name} is open still: {shown}");
    }
    world.end().await?;
    Ok(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_is_cancelled() -> Result<()> {
    every_command_ends(End::Cancelled).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_the_phone_refuses() -> Result<()> {
    every_command_ends(End::PhoneSaysNo).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_is_called_a_fraud() -> Result<()> {
    every_command_ends(End::Fraud).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_a_second_person_denies() -> Result<()> {
    every_command_ends(End::Denied).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_nobody_answers() -> Result<()> {
    every_command_ends(End::Expired).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_one_approves_oneself() -> Result<()> {
    every_command_ends(End::SelfApproved).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_passes_its_gate() -> Result<()> {
    every_command_ends(End::Passed).await
}
