//! What it takes before a plan is run: a word, a reason, a step-up, others.

mod attacks;
mod lockdown;
mod others;
mod shipped;
mod step_ups;
mod table;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use hubcommander::pipeline::rules::{Approvers, Leave, Planned, Question, Required, Rules, same_email};
use hubcommander_auth_plugins::approval;
use hubcommander_sandbox::slack::{Message, Ts};
use hubcommander_sdk::auth::{Begun, Challenge, Proof, Requirement, StepUp, Unproven};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, PersonId};
use hubcommander_sdk::text::Text;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::world::{ANA, APPROVALS, DEV, KIM, SAM, Servers, World, shipped_with};

/// Rules that a test makes: all is allowed, and everything that changes takes this.
pub struct TestRules {
    pub takes: Mutex<Vec<Requirement>>,
    pub groups: Mutex<BTreeMap<String, Vec<&'static str>>>,
    pub denies: Mutex<Option<Refusal>>,
}

impl TestRules {
    pub fn new(takes: &[Requirement]) -> Arc<Self> {
        let groups = BTreeMap::from([
            ("slack:security".to_owned(), vec![SAM, KIM]),
            ("slack:platform".to_owned(), vec![ANA]),
        ]);
        Arc::new(Self {
            takes: Mutex::new(takes.to_vec()),
            groups: Mutex::new(groups),
            denies: Mutex::default(),
        })
    }
}

#[async_trait]
impl Rules for TestRules {
    async fn may_ask(&self, _: &Question<'_>) -> Result<Leave, Refusal> {
        Ok(Leave { reason: "the test says so".into(), policies: vec!["test".into()] })
    }

    async fn may_be_done(&self, question: &Question<'_>, _: &Planned<'_>) -> Result<Leave, Refusal> {
        if let Some(refusal) = self.denies.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.may_ask(question).await
    }

    async fn takes(&self, question: &Question<'_>, _: &Planned<'_>) -> Result<Vec<Required>, Refusal> {
        if matches!(question.spec.name.as_str(), "Cancel" | "Lockdown") {
            return Ok(Vec::new());
        }
        let takes = self.takes.lock().unwrap().clone();
        Ok(takes
            .into_iter()
            .map(|requirement| Required { requirement, policies: vec!["p".into()] })
            .collect())
    }

    async fn approvers(&self, named: &BTreeSet<String>) -> Result<Approvers, Refusal> {
        let groups = self.groups.lock().unwrap();
        let users = named.iter().filter_map(|name| groups.get(name)).flatten();
        let people = users.map(|user| id(user)).collect();
        let mut called = Text::new();
        for (index, name) in named.iter().enumerate() {
            let handle = name.trim_start_matches("slack:");
            called = if index == 0 { called } else { called.plain(" or ") }.plain(format!("@{handle}"));
        }
        Ok(Approvers { people, called })
    }

    async fn are_one(&self, one: &Person, other: &Person) -> Result<bool, Refusal> {
        Ok(same_email(one, other))
    }
}

/// A step-up that a test answers.
#[derive(Default)]
pub struct Phone {
    answers: Mutex<VecDeque<Result<(), Unproven>>>,
    answered: Notify,
    shown: Mutex<Vec<Challenge>>,
}

impl Phone {
    /// Answers the next question, whenever it comes.
    pub fn answer(&self, answer: Result<(), Unproven>) {
        self.answers.lock().unwrap().push_back(answer);
        self.answered.notify_one();
    }

    /// What was shown on it.
    pub fn shown(&self) -> Vec<Challenge> {
        self.shown.lock().unwrap().clone()
    }
}

#[async_trait]
impl StepUp for Phone {
    fn name(&self) -> &'static str {
        "phone"
    }

    fn takes(&self) -> Text {
        "your word on your phone".into()
    }

    fn knows(&self, person: &Person) -> bool {
        person.email.is_some()
    }

    fn code(&self) -> Option<&'static str> {
        Some("Code from your phone")
    }

    async fn begin(&self, challenge: &Challenge) -> Result<Begun, Unproven> {
        self.shown.lock().unwrap().push(challenge.clone());
        Ok(Begun { ticket: json!({ "tx": 1 }), tell: "Look at your phone.".into(), open: None })
    }

    async fn outcome(&self, _: &Challenge, ticket: &Json) -> Result<Proof, Unproven> {
        assert_eq!(*ticket, json!({ "tx": 1 }));
        loop {
            if let Some(answer) = self.answers.lock().unwrap().pop_front() {
                return answer.map(|()| self.proof("tap"));
            }
            self.answered.notified().await;
        }
    }

    async fn check(&self, _: &Challenge, code: &SecretString) -> Result<Proof, Unproven> {
        if code.expose_secret() == "482913" {
            return Ok(self.proof("code"));
        }
        Err(Unproven::new("That code is not right.", "Take the newest one.", "wrong code").again())
    }
}

impl Phone {
    fn proof(&self, factor: &str) -> Proof {
        Proof { by: "phone".into(), factor: factor.to_owned(), reference: "tx-1".into() }
    }
}

pub fn id(user: &str) -> PersonId {
    PersonId { team: "T0ACME".into(), user: user.to_owned() }
}

pub fn approvals(count: u32) -> Requirement {
    Requirement::Approvals { count, approvers: BTreeSet::from(["slack:security".to_owned()]), step_up: None }
}

pub fn careful_approvals(count: u32) -> Requirement {
    let approvers = BTreeSet::from(["slack:security".to_owned()]);
    Requirement::Approvals { count, approvers, step_up: Some("any".to_owned()) }
}

pub fn step_up() -> Requirement {
    Requirement::StepUp { by: "any".to_owned() }
}

/// The bot with gates.
pub struct Gated {
    pub world: World,
    pub rules: Arc<TestRules>,
    pub phone: Arc<Phone>,
}

impl std::ops::Deref for Gated {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

pub async fn gated(takes: &[Requirement]) -> Result<Gated> {
    gated_on(Servers::start().await?, TestRules::new(takes), Arc::default()).await
}

pub async fn gated_on(servers: Servers, rules: Arc<TestRules>, phone: Arc<Phone>) -> Result<Gated> {
    gated_with(servers, rules, phone, approval::Settings::new(APPROVALS)).await
}

pub async fn gated_with(
    servers: Servers,
    rules: Arc<TestRules>,
    phone: Arc<Phone>,
    approval: approval::Settings,
) -> Result<Gated> {
    let (given, known) = (Arc::<TestRules>::clone(&rules), Arc::<Phone>::clone(&phone));
    let world = World::start_changed(servers, &shipped_with(&[]), |plugins| {
        plugins.rules = Some(given);
        plugins.step_ups = vec![known];
        plugins.approval = Some(approval);
    })
    .await?;
    Ok(Gated { world, rules, phone })
}

impl Gated {
    /// Types a line as Ana, and looks at what it waits for. What she alone is told may come before or after that.
    pub async fn waits(&self, line: &str) -> Result<(Ts, String)> {
        let asked = self.say(ANA, DEV, line)?;
        Ok((asked, self.first_words(asked).await?))
    }

    /// What is said first of what was asked, besides how to prove who one is.
    pub async fn first_words(&self, asked: Ts) -> Result<String> {
        let said = || {
            let mut all = self.slack.thread(DEV, asked);
            all.retain(|message| message.ts != asked);
            all.extend(self.slack.ephemerals(ANA));
            let shown = all.iter().map(|message| self.shown(message));
            shown.into_iter().find(|shown| !shown.contains("Look at your phone") && !shown.starts_with('⏳'))
        };
        let look = async {
            loop {
                if let Some(said) = said() {
                    return said;
                }
                // Looked at without being read: what comes next is waited for as if it were new.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), look).await.context("nothing was said")
    }

    /// The card in the approvers' channel, as it is next shown.
    pub async fn card(&self) -> Result<Message> {
        Ok(self.slack.await_message(APPROVALS).await?)
    }

    /// Presses a button on the card.
    pub async fn on_card(&self, user: &str, action: &str) -> Result<()> {
        let has = |message: &&Message| {
            message.blocks.as_ref().is_some_and(|blocks| blocks.to_string().contains(&format!("\"{action}")))
        };
        let messages = self.slack.messages(APPROVALS);
        let card = messages.iter().rev().find(has).context("no such button on a card")?;
        Ok(self.slack.click(user, APPROVALS, card.ts, action, None).await?)
    }

    /// The end of what was asked, wherever it is: the first form of its message that is no longer at work.
    pub async fn ended(&self, asked: Ts) -> Result<String> {
        let over = |shown: &str| !["[Cancel]", "⏳", "sees this"].iter().any(|mark| shown.contains(mark));
        let end = self.slack.await_reply_that(DEV, asked, over).await?;
        Ok(self.shown(&end))
    }

    /// Everything of the approvers' channel counts as read.
    pub async fn end(self) -> Result<()> {
        self.world.settled().await?;
        self.world.slack.mark_all_read();
        self.world.end().await
    }
}
