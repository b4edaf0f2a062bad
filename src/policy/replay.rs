//! What another policy would have decided for the commands on record.

use std::collections::BTreeMap;

use hubcommander_policy::{Decision, Denial, Planned};
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::orgs::Orgs;
use serde_json::Value as Json;

use super::judge::Judge;
use crate::invocation::{Invocation, Via};
use crate::pipeline::ask::{self, Admission};
use crate::pipeline::parse;
use crate::pipeline::prepare;
use crate::pipeline::rules::Question;
use crate::registry::{Operations, Registry};
use crate::slack::people::{Freshness, People};
use crate::store::{AuditEntry, Store, StoreError};

/// What is on record, and what it is judged with.
pub struct Record<'a> {
    /// The record.
    pub store: &'a dyn Store,
    /// The commands.
    pub registry: &'a Registry,
    /// The organisations.
    pub orgs: &'a Orgs,
    /// What plans may hold.
    pub operations: &'a Operations,
    /// Who people are today.
    pub people: &'a People,
    /// The policies in question.
    pub judge: &'a Judge,
}

/// How the policies in question would have decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As it was decided.
    Same,
    /// Differently.
    Differs(Vec<Difference>),
    /// Nobody can tell, for this reason.
    Unknown(String),
}

/// What would be different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was permitted, and would be refused.
    NowRefused {
        /// The policies that would refuse it; none where none permits it.
        policies: Vec<String>,
        /// Why, in a word.
        log: String,
    },
    /// It was refused, and might be asked.
    NowPermitted {
        /// The policies that would permit it.
        policies: Vec<String>,
    },
    /// It would take this besides.
    NowTakes {
        /// What.
        requirement: Requirement,
        /// By which policies.
        policies: Vec<String>,
    },
    /// It would not take this any more.
    NoLongerTakes {
        /// What.
        requirement: Requirement,
    },
}

/// What was decided then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Permitted,
    Refused,
}

/// Judges every command among the newest `last` entries of the audit, the oldest first. What the bot asked itself, and
/// what was no command, is left out.
///
/// # Errors
/// The record cannot be read.
pub async fn replay(record: &Record<'_>, last: u32) -> Result<Vec<(Invocation, Judgement)>, StoreError> {
    let mut then: BTreeMap<String, Then> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for entry in record.store.audit(None, last).await? {
        let Some(id) = entry.invocation.clone() else { continue };
        let Some(decided) = decided(&entry) else { continue };
        // A refusal of its plan comes after the leave to ask.
        if then.insert(id.clone(), decided).is_none() {
            order.push(id);
        }
    }
    let mut judged = Vec::new();
    for id in order {
        let Some(invocation) = record.store.invocation(&id).await? else { continue };
        // What was due or asked past Slack no policy decided.
        if matches!(invocation.origin.via, Via::Due | Via::Glass) {
            continue;
        }
        let decided = then.get(&id).copied().unwrap_or(Then::Refused);
        if let Some(judgement) = judge(record, &invocation, decided).await {
            judged.push((invocation, judgement));
        }
    }
    Ok(judged)
}

/// What an entry says was decided, if it says.
fn decided(entry: &AuditEntry) -> Option<Then> {
    match entry.event.as_str() {
        "answered" if entry.body.get("usage").is_some() => None,
        "answered" | "planned" | "refused" => Some(Then::Permitted),
        "denied" => Some(Then::Refused),
        _ => None,
    }
}

async fn judge(record: &Record<'_>, invocation: &Invocation, then: Then) -> Option<Judgement> {
    let text = &invocation.origin.text;
    // What was a usage question then, or is no command any more, has nothing to decide.
    let Ok(parsed) = parse::parse(record.registry, record.orgs, text) else {
        return (then == Then::Permitted)
            .then(|| Judgement::Unknown("today this is no command, or its arguments are wrong".to_owned()));
    };
    let user = &invocation.origin.person.user;
    let person = match record.people.get(user, Freshness::Cached).await {
        Ok(person) => person,
        Err(error) => return Some(Judgement::Unknown(format!("Slack does not say who {user} is: {error}"))),
    };
    let place = invocation.origin.place();
    let question = Question {
        person: &person,
        place: &place,
        spec: parsed.spec(),
        args: invocation.args.as_ref().unwrap_or_else(|| parsed.args()),
        at: invocation.received_at,
    };
    let put = match record.judge.put(&question, Freshness::Cached).await {
        Ok(put) => put,
        Err(refusal) => {
            return Some(Judgement::Unknown(refusal.log.unwrap_or_else(|| refusal.what.words())));
        }
    };
    // What the stations refuse by themselves is refused whatever the policies say.
    let otherwise = matches!(ask::admit(&person), Admission::Ignored(_))
        || (place.shared && parsed.spec().audience == Audience::Internal);
    let policy = record.judge.policy();
    let planned = invocation.plan.as_ref().map(|plan| {
        let examined = prepare::examine(record.operations, plan.clone());
        let powers = record.operations.powers(plan);
        examined.map(|examined| Planned::new(plan, examined.risk(), powers))
    });
    let planned = match planned.transpose() {
        Ok(planned) => planned,
        Err(_) => return Some(Judgement::Unknown("its plan cannot be read by this version".to_owned())),
    };
    let mut now = policy.may_ask(&put);
    if let (true, Some(planned)) = (now.allowed(), &planned) {
        now = policy.may_be_done(&put, planned);
    }
    Some(match (then, now) {
        (Then::Refused, Decision::No(_)) => Judgement::Same,
        (Then::Refused, Decision::Yes { .. }) if otherwise => Judgement::Same,
        (Then::Refused, Decision::Yes { by }) => {
            Judgement::Differs(vec![Difference::NowPermitted { policies: by }])
        }
        (Then::Permitted, Decision::No(Denial { by, refusal, .. })) => {
            let log = refusal.log.unwrap_or_else(|| refusal.what.words());
            Judgement::Differs(vec![Difference::NowRefused { policies: by, log }])
        }
        (Then::Permitted, Decision::Yes { .. }) => {
            let Some(planned) = planned else { return Some(Judgement::Same) };
            match policy.takes(&put, &planned) {
                Err(erred) => {
                    Judgement::Differs(vec![Difference::NowRefused { policies: erred.by, log: erred.log }])
                }
                Ok(taken) => {
                    let before = taken_then(invocation.gate.as_ref());
                    let mut differences = Vec::new();
                    for now in &taken {
                        if !before.contains(&now.requirement) {
                            differences.push(Difference::NowTakes {
                                requirement: now.requirement.clone(),
                                policies: now.by.clone(),
                            });
                        }
                    }
                    for requirement in before {
                        // The bot asks for a click by itself where a plan is risky.
                        let still = taken.iter().any(|now| now.requirement == requirement);
                        if !still && requirement != Requirement::Confirm {
                            differences.push(Difference::NoLongerTakes { requirement });
                        }
                    }
                    if differences.is_empty() { Judgement::Same } else { Judgement::Differs(differences) }
                }
            }
        }
    })
}

/// What it took then.
fn taken_then(gate: Option<&Json>) -> Vec<Requirement> {
    let all = gate.and_then(|gate| gate.get("requirements").or_else(|| gate.get("obligations")));
    let each = all.and_then(Json::as_array).into_iter().flatten();
    each.filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
}
