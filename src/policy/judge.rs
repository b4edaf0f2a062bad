//! The policies as the stations ask them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_policy as policy;
use hubcommander_policy::{Decision, Policy, schema};
use hubcommander_sdk::command::{Args, CommandSpec, Value};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;

use super::facts::Facts;
use crate::pipeline::rules::{Approvers, Leave, Planned, Question, Required, Rules, same_email};
use crate::slack::people::Freshness;

/// The policies, with what they look at.
pub struct Judge {
    policy: Arc<Policy>,
    facts: Facts,
}

impl Judge {
    /// Judges by this policy.
    #[must_use]
    pub fn new(policy: Arc<Policy>, facts: Facts) -> Self {
        Self { policy, facts }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// What it looks at.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The question as the policy takes it.
    ///
    /// # Errors
    /// What it looks at cannot be told.
    pub async fn put(
        &self,
        question: &Question<'_>,
        freshness: Freshness,
    ) -> Result<policy::Question, Refusal> {
        Ok(policy::Question {
            who: self.facts.asker(&self.policy, &question.spec.name, question.person, freshness).await?,
            command: question.spec.name.clone(),
            args: self.with_people(question.spec, question.args).await?.into_owned(),
            place: question.place.clone(),
            at: question.at,
        })
    }

    /// The arguments, with people by the names that policies know them by.
    async fn with_people<'a>(&self, spec: &CommandSpec, args: &'a Args) -> Result<Cow<'a, Args>, Refusal> {
        let mut args = Cow::Borrowed(args);
        for arg in &spec.args {
            let given: Vec<String> = args.list(&arg.name).into_iter().map(str::to_owned).collect();
            let mut named = Vec::new();
            match schema::arg_type(arg) {
                schema::ArgType::Person | schema::ArgType::People => {
                    for user in &given {
                        named.push(self.facts.called(user).await?);
                    }
                }
                _ => continue,
            }
            if named != given {
                let value = match (schema::arg_type(arg), named.as_slice()) {
                    (schema::ArgType::Person, [one]) => Value::Text(one.clone()),
                    _ => Value::List(named),
                };
                args.to_mut().set(&arg.name, value);
            }
        }
        Ok(args)
    }
}

fn leave(decision: Decision) -> Result<Leave, Refusal> {
    match decision {
        Decision::Yes { by } => Ok(Leave { reason: "permitted".to_owned(), policies: by }),
        Decision::No(denial) => Err(denial.refusal),
    }
}

/// The plan as the policy takes it.
fn planned(planned: &Planned<'_>) -> policy::Planned {
    policy::Planned::new(planned.plan, planned.risk, planned.powers.clone())
}

#[async_trait]
impl Rules for Judge {
    async fn may_ask(&self, question: &Question<'_>) -> Result<Leave, Refusal> {
        // What changes something is judged again on its plan, with what Slack says then.
        let question = self.put(question, Freshness::Cached).await?;
        leave(self.policy.may_ask(&question))
    }

    async fn may_be_done(&self, question: &Question<'_>, plan: &Planned<'_>) -> Result<Leave, Refusal> {
        let question = self.put(question, Freshness::Fresh).await?;
        leave(self.policy.may_be_done(&question, &planned(plan)))
    }

    async fn takes(&self, question: &Question<'_>, plan: &Planned<'_>) -> Result<Vec<Required>, Refusal> {
        // Asked of a plan that may be done: what Slack says was looked up anew for that, a moment ago.
        let question = self.put(question, Freshness::Cached).await?;
        let taken = self.policy.takes(&question, &planned(plan)).map_err(|erred| erred.refusal)?;
        Ok(taken
            .into_iter()
            .map(|taken| Required { requirement: taken.requirement, policies: taken.by })
            .collect())
    }

    async fn approvers(&self, named: &BTreeSet<String>) -> Result<Approvers, Refusal> {
        let people = self.facts.approvers(named).await?;
        let mut called = Text::new();
        for (index, name) in named.iter().enumerate() {
            if index > 0 {
                called = called.plain(if index + 1 == named.len() { " or " } else { ", " });
            }
            called = match self.facts.group(name).await? {
                Some(group) => called.group(group.id, group.handle),
                None => called.person(name),
            };
        }
        Ok(Approvers { people, called })
    }

    async fn are_one(&self, one: &Person, other: &Person) -> Result<bool, Refusal> {
        Ok(same_email(one, other) || self.facts.share_an_account(&one.id, &other.id).await?)
    }
}
