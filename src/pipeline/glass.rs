//! Breaking the glass, for the day when Slack is down: what it takes, who may, and who is at it. The command itself
//! goes the way of any other; `hubcommander exec` conducts it in place of the engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Person, PersonId, Standing};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use crate::invocation::{BreakGlass, Invocation, State};
use crate::pipeline::gate::Progress;
use crate::pipeline::rules::{
    Admission, Approvers, Leave, Planned, Question, Required, Rules, admit, same_email,
};
use crate::slack::people::{Freshness, People};
use crate::store::{Store, StoreError};

/// The step-up that counts: it needs nobody but the person and the bot's own page.
pub const BY: &str = "passkey";

/// How long the two have, from the plan to the second passkey.
pub const WAITS: TimeDelta = TimeDelta::minutes(15);

/// How old what Slack said of somebody may be where Slack cannot be asked.
pub const KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// How often whoever conducts a command past Slack says that they are still at it.
pub const BEAT: Duration = Duration::from_secs(5);

/// After how long without a word they are taken to be gone.
const GONE_AFTER: TimeDelta = TimeDelta::seconds(20);

/// How often Slack is asked about those who may break the glass.
const ASK_EVERY: Duration = Duration::from_secs(3_600);

/// How long to wait when it could not be asked.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What it takes: the word, the reason and the passkey of who asks, and the passkey of this other person.
#[must_use]
pub fn requirements(with: &PersonId) -> Vec<Requirement> {
    let mut all = vec![Requirement::Confirm, Requirement::Reason, own_passkey(), other_passkey(with)];
    all.sort();
    all
}

/// The passkey of who asks.
#[must_use]
pub fn own_passkey() -> Requirement {
    Requirement::StepUp { by: BY.to_owned() }
}

/// The passkey of the other person.
#[must_use]
pub fn other_passkey(with: &PersonId) -> Requirement {
    let approvers = BTreeSet::from([with.user.clone()]);
    Requirement::Approvals { count: 1, approvers, step_up: Some(BY.to_owned()) }
}

/// Whether both may still break the glass, by the configuration of now, and what it takes.
///
/// # Errors
/// One of them is not on the list any more.
pub fn still(
    people: &BTreeSet<String>,
    asked: &PersonId,
    glass: &BreakGlass,
) -> Result<Vec<Requirement>, Refusal> {
    for person in [asked, &glass.with] {
        listed(people, &person.user)?;
    }
    Ok(requirements(&glass.with))
}

/// Whether this person is on the list of those who may.
///
/// # Errors
/// They are not.
pub fn listed(people: &BTreeSet<String>, user: &str) -> Result<(), Refusal> {
    if people.contains(user) {
        return Ok(());
    }
    Err(Refusal::new(
        Text::new().code(user).plain(" is not among the people who may break the glass."),
        Text::new()
            .plain("They are listed under ")
            .code("[break_glass]")
            .plain(" in the configuration; two of them are needed."),
    )
    .logged(format!("{user} is not listed under [break_glass]")))
}

/// Whether these are two different people, both full members, as far as anybody knows.
///
/// # Errors
/// They are not, or nobody can tell.
pub fn two_people(one: &Person, other: &Person) -> Result<(), Refusal> {
    let same = || {
        Refusal::new(
            "Both are the same person, and it takes two.",
            Text::new().plain("Name somebody else with ").code("--with").plain("."),
        )
    };
    if one.id == other.id || one.id.user == other.id.user {
        return Err(same().logged("the same id twice"));
    }
    for person in [one, other] {
        if person.standing != Standing::Member {
            return Err(Refusal::new(
                Text::new().code(&person.id.user).plain(" is no full member of the workspace."),
                "Only full members can break the glass.",
            )
            .logged(format!("{} is {:?}", person.id.user, person.standing)));
        }
        if person.email.as_deref().is_none_or(|email| email.trim().is_empty()) {
            return Err(Refusal::new(
                Text::new()
                    .plain("Slack has told no e-mail of ")
                    .code(&person.id.user)
                    .plain(", so nobody can tell whether both are the same person."),
                "Give the Slack app the permission `users:read.email`, or name somebody else.",
            )
            .logged(format!("no e-mail of {}", person.id.user)));
        }
    }
    if same_email(one, other) { Err(same().logged("the same e-mail twice")) } else { Ok(()) }
}

/// The rules on this day: both are on the list, and nobody gets a passkey this way. Which policies would permit it
/// in Slack does not matter; what it takes is always the same.
pub struct Glass {
    /// Who may break it.
    pub people: BTreeSet<String>,
    /// The second person; only asked for where something is to be done.
    pub with: Option<PersonId>,
}

#[async_trait]
impl Rules for Glass {
    async fn may_ask(&self, question: &Question<'_>) -> Result<Leave, Refusal> {
        listed(&self.people, &question.person.id.user)?;
        match admit(question.person) {
            Admission::Admitted => {
                Ok(Leave { reason: "may break the glass".into(), policies: vec!["config.toml".into()] })
            }
            Admission::Refused(refusal) => Err(refusal),
            Admission::Ignored(why) => {
                Err(Refusal::new("This account may not use the bot.", "Name a full member.").logged(why))
            }
        }
    }

    async fn may_be_done(&self, question: &Question<'_>, planned: &Planned<'_>) -> Result<Leave, Refusal> {
        if planned.powers.contains(&Power::Enrol) {
            return Err(Refusal::new(
                "Who can prove what is not changed past Slack: two people could make as many as they like of \
                 themselves.",
                "Do it when Slack is there again.",
            ));
        }
        self.may_ask(question).await
    }

    async fn takes(&self, _: &Question<'_>, _: &Planned<'_>) -> Result<Vec<Required>, Refusal> {
        let Some(with) = &self.with else { return Ok(Vec::new()) };
        let all = requirements(with).into_iter();
        Ok(all.map(|requirement| Required { requirement, policies: vec!["break_glass".into()] }).collect())
    }

    async fn approvers(&self, _: &BTreeSet<String>) -> Result<Approvers, Refusal> {
        Ok(Approvers { people: self.with.iter().cloned().collect(), called: Text::new() })
    }

    async fn are_one(&self, one: &Person, other: &Person) -> Result<bool, Refusal> {
        Ok(same_email(one, other))
    }
}

/// What Slack said of somebody, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it said.
    pub person: Person,
    /// When.
    pub at: Instant,
}

fn known_key(user: &str) -> String {
    format!("glass:person:{user}")
}

/// Writes down what Slack said of somebody.
///
/// # Errors
/// The store does not work.
pub async fn remember(store: &dyn Store, user: &str, person: &Person, at: Instant) -> Result<(), StoreError> {
    store.remember(&known_key(user), Some(json!(Known { person: person.clone(), at }))).await
}

/// What Slack said of somebody last.
///
/// # Errors
/// The store does not work.
pub async fn known(store: &dyn Store, user: &str) -> Result<Option<Known>, StoreError> {
    let stored = store.remembered(&known_key(user)).await?;
    Ok(stored.and_then(|value| serde_json::from_value(value).ok()))
}

/// Asks Slack from time to time who those are that may break the glass, and writes it down for the day when it
/// cannot be asked. Ends when `stop` says so.
pub async fn keep_known(
    people: BTreeSet<String>,
    who: Arc<People>,
    store: Arc<dyn Store>,
    clock: SharedClock,
    mut stop: watch::Receiver<bool>,
) {
    if people.is_empty() {
        return;
    }
    loop {
        let mut pause = ASK_EVERY;
        for user in &people {
            let noted = match who.get(user, Freshness::Fresh).await {
                Ok(person) => {
                    remember(&*store, user, &person, clock.now()).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = noted {
                tracing::warn!(user, error, "who may break the glass could not be looked up");
                pause = ASK_AGAIN;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

fn alive_key(id: &str) -> String {
    format!("glass:alive:{id}")
}

/// Says that somebody is at this invocation now.
///
/// # Errors
/// The store does not work.
pub async fn beat(store: &dyn Store, id: &str, now: Instant) -> Result<(), StoreError> {
    store.remember(&alive_key(id), Some(json!(now))).await
}

/// Says that nobody is any more.
///
/// # Errors
/// The store does not work.
pub async fn let_go(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    store.remember(&alive_key(id), None).await
}

/// Whether somebody is at this invocation, in another process.
///
/// # Errors
/// The store does not work.
pub async fn is_held(store: &dyn Store, id: &str, now: Instant) -> Result<bool, StoreError> {
    let last = store.remembered(&alive_key(id)).await?;
    let last: Option<Instant> = last.and_then(|value| serde_json::from_value(value).ok());
    Ok(last.is_some_and(|last| now - last < GONE_AFTER))
}

/// Whether this is what it takes past Slack. What is tried again from Slack takes what everything there takes.
#[must_use]
pub fn is_past_slack(progress: &Progress, glass: &BreakGlass) -> bool {
    progress.requirements.contains(&other_passkey(&glass.with))
}

/// Whether it was asked past Slack, and the two have not both agreed yet, so that nothing of it may be done.
#[must_use]
pub fn is_unbroken(invocation: &Invocation) -> bool {
    let Some(glass) = &invocation.origin.glass else { return false };
    let progress: Option<Progress> =
        invocation.gate.clone().and_then(|value| serde_json::from_value(value).ok());
    matches!(invocation.state, State::Received | State::Planned | State::Waiting)
        && progress.is_none_or(|progress| is_past_slack(&progress, glass))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(user: &str, email: Option<&str>) -> Person {
        Person {
            id: PersonId { team: "T0ACME".into(), user: user.into() },
            standing: Standing::Member,
            name: user.to_lowercase(),
            email: email.map(str::to_owned),
            tz_offset: None,
        }
    }

    #[test]
    fn two_people_are_two_ids_and_two_addresses() {
        let ana = person("U1", Some("ana@acme.example"));
        assert!(two_people(&ana, &person("U2", Some("sam@acme.example"))).is_ok());
        for other in [
            ana.clone(),
            person("U1", Some("sam@acme.example")),
            person("U2", Some("ANA@acme.example ")),
            person("U2", None),
            person("U2", Some(" ")),
            Person { standing: Standing::Guest, ..person("U2", Some("sam@acme.example")) },
            Person { standing: Standing::Deactivated, ..person("U2", Some("sam@acme.example")) },
        ] {
            assert!(two_people(&ana, &other).is_err() && two_people(&other, &ana).is_err(), "{other:?}");
        }
    }

    #[test]
    fn whoever_was_taken_off_the_list_does_not_count_any_more() {
        let id = |user: &str| PersonId { team: "T0ACME".into(), user: user.into() };
        let glass = BreakGlass { with: id("U2"), reason: "Slack is down".into() };
        let list = |all: &[&str]| all.iter().map(|user| (*user).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(still(&list(&["U1", "U2"]), &id("U1"), &glass).unwrap(), requirements(&id("U2")));
        assert!(still(&list(&["U1"]), &id("U1"), &glass).is_err());
        assert!(still(&list(&["U2"]), &id("U1"), &glass).is_err());
    }
}
