//! The full explanation, for those who run the bot: each policy, and what became of it.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Decision as Cedar, Effect, Entities, PolicySet, Request};
use serde_json::{Value as Json, json};

use crate::load::Loaded;
use crate::policy::{Decision, Erred, Known, Policy, Taken, about, errors};
use crate::question::{Planned, Question, Resource};
use crate::request::put;
use crate::schema::For;

/// What became of one question.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The answer.
    pub decision: Decision,
    /// What it takes; `None` where there is no plan.
    pub takes: Option<Result<Vec<Taken>, Erred>>,
    /// What was judged, each with every policy, in the order of the file. First those that say who may, then those
    /// that say what it takes.
    pub about: Vec<(Resource, Vec<Judged>)>,
}

/// What became of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The policy.
    pub id: String,
    /// Which set it is in.
    pub set: For,
    /// Whether it forbids. Obligations never do.
    pub forbids: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one policy for one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It applies.
    Matches,
    /// It is about something else.
    NotAbout(Part),
    /// It is about this, but these conditions do not hold, as they are written.
    Lacks(Vec<String>),
    /// It could not be worked out.
    Errs(String),
}

/// A part of a policy's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `principal`
    Person,
    /// `action`
    Command,
    /// `resource`
    Resource,
}

impl Policy {
    /// Why a question is answered as it is. Without a plan it is whether it may be asked; with one, whether it may
    /// be done, and what it takes.
    #[must_use]
    pub fn explain(&self, question: &Question, planned: Option<&Planned>) -> Explanation {
        let decision = match planned {
            None => self.may_ask(question),
            Some(planned) => self.may_be_done(question, planned),
        };
        let takes = planned.map(|planned| self.takes(question, planned));
        let mut each = Vec::new();
        if let Some(known) = self.known(&question.command) {
            for resource in self.resources(known, question, planned) {
                let mut judged = judged(&self.may, For::Policy, known, question, planned, &resource);
                if planned.is_some() {
                    judged.extend(self::judged(
                        &self.takes,
                        For::Obligations,
                        known,
                        question,
                        planned,
                        &resource,
                    ));
                }
                each.push((resource, judged));
            }
        }
        Explanation { decision, takes, about: each }
    }

    fn resources(&self, known: &Known, question: &Question, planned: Option<&Planned>) -> BTreeSet<Resource> {
        if let Some(planned) = planned {
            return about(known, question, planned);
        }
        let mut about = Resource::of_args(&known.spec, &question.args);
        if about.is_empty() {
            about.insert(Resource::Channel(question.place.channel.clone()));
        }
        about
    }
}

/// Every policy of a set, judged alone.
fn judged(
    loaded: &Loaded,
    set: For,
    known: &Known,
    question: &Question,
    planned: Option<&Planned>,
    resource: &Resource,
) -> Vec<Judged> {
    let Ok(put) = put(&known.spec, question, planned, resource, &loaded.schema) else { return Vec::new() };
    let mut policies: Vec<&cedar_policy::Policy> = loaded.set.policies().collect();
    policies.sort_by_key(|policy| policy.as_ref().loc().map(|loc| loc.start()));
    let judge = |policy: &cedar_policy::Policy| Judged {
        id: policy.id().to_string(),
        set,
        forbids: policy.effect() == Effect::Forbid,
        outcome: outcome(policy, &put.request, &put.entities),
    };
    policies.into_iter().map(judge).collect()
}

fn outcome(policy: &cedar_policy::Policy, request: &Request, entities: &Entities) -> Outcome {
    match applies(policy, request, entities) {
        Ok(true) => return Outcome::Matches,
        Err(log) => return Outcome::Errs(log),
        Ok(false) => {}
    }
    let Ok(whole) = policy.to_json() else { return Outcome::Lacks(Vec::new()) };
    // The same policy with all but one part of its head open, and no conditions.
    let alone = |part: &str| {
        let mut alone = whole.clone();
        for other in ["principal", "action", "resource"].iter().filter(|other| **other != part) {
            alone[*other] = json!({ "op": "All" });
        }
        alone["conditions"] = json!([]);
        alone
    };
    for (name, part) in [("action", Part::Command), ("principal", Part::Person), ("resource", Part::Resource)]
    {
        if holds(&alone(name), request, entities) == Some(false) {
            return Outcome::NotAbout(part);
        }
    }
    let conditions = whole.get("conditions").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut lacks = Vec::new();
    for condition in conditions {
        let mut one = alone("");
        one["conditions"] = json!([condition]);
        if holds(&one, request, entities) == Some(false) {
            lacks.push(written(&one));
        }
    }
    Outcome::Lacks(lacks)
}

/// Whether a policy applies, whatever it says then.
fn applies(policy: &cedar_policy::Policy, request: &Request, entities: &Entities) -> Result<bool, String> {
    let mut set = PolicySet::new();
    set.add(policy.clone()).map_err(|error| error.to_string())?;
    let response = Authorizer::new().is_authorized(request, &set, entities);
    if let Some((_, log)) = errors(&response) {
        return Err(log);
    }
    Ok(response.decision() == Cedar::Allow || response.diagnostics().reason().next().is_some())
}

/// Whether a policy given as JSON applies; `None` where that cannot be said.
fn holds(policy: &Json, request: &Request, entities: &Entities) -> Option<bool> {
    let policy = cedar_policy::Policy::from_json(None, policy.clone()).ok()?;
    applies(&policy, request, entities).ok()
}

/// A policy's only condition, as it would be written.
fn written(policy: &Json) -> String {
    let mut policy = policy.clone();
    let Some(kind) = policy.pointer_mut("/conditions/0/kind") else { return String::new() };
    // Cedar writes `unless` as a `when` that is turned round.
    let word = if kind == "unless" { "unless" } else { "when" };
    *kind = json!("when");
    let text = cedar_policy::Policy::from_json(None, policy).ok().and_then(|policy| policy.to_cedar());
    let text = text.unwrap_or_default();
    let body = text.split_once("when {").map_or("", |(_, body)| body);
    let body = body.trim_end().trim_end_matches(';');
    format!("{word} {{ {}", body.split_whitespace().collect::<Vec<_>>().join(" "))
}
