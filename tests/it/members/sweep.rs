//! The nightly look for strangers: said when something has changed, and nobody is removed.

use std::time::Duration;

use anyhow::Result;
use chrono::{Days, NaiveTime};
use hubcommander::members::nights::DUE;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github;
use hubcommander_sdk::clock::{Clock as _, Instant};

use super::written::{Handed, Written, employee};
use crate::world::{ANA, SAM, World};

const SECURITY: &str = "C0SECURITY";

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

impl World {
    /// When the next night's line is due.
    async fn next_night(&self, after: Instant) -> Result<Instant> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        let looked = async {
            loop {
                if let Some(due) = store.due_under(DUE).await?.filter(|due| due.at > after) {
                    return Ok(due.at);
                }
                // The store tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WITHIN, looked).await?
    }

    /// The night comes and goes.
    async fn night(&self) -> Result<()> {
        let at = self.next_night(self.clock.now()).await?;
        self.clock.forward((at - self.clock.now()).to_std()? + Duration::from_secs(1));
        self.next_night(at).await?;
        self.settled().await
    }

    fn said_to_security(&self) -> Vec<String> {
        let all = self.slack.messages(SECURITY);
        all.iter().filter(|message| message.bot.is_some()).map(|message| self.shown(message)).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_changed_since_the_night_before_is_said_once() -> Result<()> {
    let people = || vec![employee("ana", true), employee("sam", true)];
    let (directory, handed) = (Written::of(people()), Handed::default());
    let world = World::start_known(github::World::acme(), &directory, &handed, &[]).await?;
    world.link(ANA, "ana-lima", "ana@acme.example").await?;
    world.link(SAM, "sam-okafor", "sam@acme.example").await?;
    let first = world.next_night(world.clock.now()).await?;
    assert_eq!(first.time(), NaiveTime::from_hms_opt(2, 30, 0).unwrap_or_default());
    world.night().await?;
    assert_eq!(world.said_to_security(), Vec::<String>::new(), "all is well");

    // Sam leaves, and somebody comes whom nobody knows.
    let mut left = people();
    left[1].active = false;
    directory.write(Some(left.clone()));
    world.github.state().organisation_mut("acme").unwrap().members.insert(
        "octocat".into(),
        github::model::Membership { role: github::model::OrgRole::Member, pending: false, public: false },
    );
    let before = world.github.snapshot();
    world.night().await?;
    let said = world.said_to_security();
    assert_eq!(said.len(), 1, "{said:?}");
    insta::assert_snapshot!(said[0], @r"
    ⚠️ Tonight I found 1 stranger and 1 who has left in our organisations.
    acme: 1 stranger and 1 who has left
    • sam-okafor: @sam has left
    • octocat is a stranger
    [Look at acme]
    Nobody was removed. I say this again when something has changed.
    ");
    assert_eq!(handed.users(), [SAM]);
    world.night().await?;
    assert_eq!(world.said_to_security().len(), 1, "the same is not said again");
    assert_eq!(handed.users(), [SAM, SAM], "as long as it is so");
    assert_eq!(world.github.snapshot(), before, "nobody is removed");

    world.github.state().organisation_mut("acme").unwrap().members.remove("octocat");
    directory.write(Some(people()));
    world.night().await?;
    insta::assert_snapshot!(world.said_to_security()[1], @r"
    ✅ Tonight there is no stranger in our organisations any more, and nobody who has left.
    Nobody was removed. I say this again when something has changed.
    ");
    world.stop().await?.assert_finished().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_makes_no_strangers_and_is_tried_again() -> Result<()> {
    let (directory, handed) = (Written::of([employee("ana", true)]), Handed::default());
    let world = World::start_known(github::World::acme(), &directory, &handed, &[]).await?;
    let refused = world.github.faults().add(
        When::path("/orgs/acme/members").always(),
        Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into()),
    );
    let at = world.next_night(world.clock.now()).await?;
    world.clock.forward((at - world.clock.now()).to_std()? + Duration::from_secs(1));
    let said = world.slack.wait_for(WITHIN, "an alarm", |slack| {
        let all = slack.messages(SECURITY);
        all.iter().any(|message| slack.render(message).contains("SweepMembers")).then_some(())
    });
    said.await?;
    let next = world.next_night(at).await?;
    assert!(next < at + Days::new(1), "sooner than the next night: {next}");
    assert!(!world.said_to_security().join("\n").contains("stranger"));
    world.github.faults().remove(refused);
    world.stop().await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_directory_or_switched_off_nothing_is_due() -> Result<()> {
    let off = ("#   sweep_at = \"02:30\" ", "[members]\nsweep_at = \"off\" ");
    let directory = Written::of([employee("ana", true)]);
    let world = World::start_known(github::World::acme(), &directory, &Handed::default(), &[off]).await?;
    let without = World::start().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for world in [world, without] {
        let store = hubcommander::store::open(&world.store_url()).await?;
        assert_eq!(store.due_under(DUE).await?, None);
        world.end().await?;
    }
    Ok(())
}
