//! `hubcommander policy explain`

use std::fmt::Write as _;

use hubcommander_policy::explain::{Explanation, Judged, Outcome, Part};
use hubcommander_policy::schema::For;
use hubcommander_policy::{Decision, Planned, Policy, Taken};
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::people::{Conversation, Place};

use super::Ground;
use crate::cli::{End, Failure};
use crate::pipeline::ask;
use crate::pipeline::parse;
use crate::pipeline::prepare::{self, Outcome as Prepared};
use crate::pipeline::report::words;
use crate::pipeline::rules::Question;
use crate::slack::people::Freshness;

/// What the policies say to a command.
pub(super) async fn explain(
    ground: &Ground,
    clock: &SharedClock,
    user: &str,
    line: &str,
    channel: Option<&str>,
) -> Result<String, End> {
    let unasked = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(
            format!("Slack did not say {what}: {error}."),
            "See that the id is right and that Slack can be reached.",
        )
    };
    let person = ground.people.get(user, Freshness::Fresh).await.map_err(|e| unasked("who that is", &e))?;
    let mut place =
        Place { channel: String::new(), conversation: Conversation::Direct, shared: false, thread: None };
    if let Some(channel) = channel {
        let info = ground.people.conversation(channel, Freshness::Fresh).await;
        let info = info.map_err(|e| unasked("what that conversation is", &e))?;
        place =
            Place { channel: info.id.clone(), conversation: info.kind, shared: info.shared, thread: None };
    }
    let plugins = &ground.plugins;
    let parsed = parse::parse(&plugins.registry, &plugins.orgs, line).map_err(|unparsed| {
        let marked = line.trim_start().starts_with('!');
        Failure::new(
            format!(
                "This is no command: {}",
                words::unparsed(&unparsed, &plugins.orgs, &place, marked).words()
            ),
            "Give the whole line as it would be typed, in quotes.",
        )
    })?;
    let now = clock.now();
    let question =
        Question { person: &person, place: &place, spec: parsed.spec(), args: parsed.args(), at: now };
    let put = ground.judge.put(&question, Freshness::Fresh).await.map_err(|refusal| {
        Failure::new(refusal.what.words(), refusal.log.unwrap_or_else(|| refusal.todo.words()))
    })?;
    let mut out = format!("{} ({user}) asks {}\n\n", person.name, line.trim());
    let asked = ground.policy.explain(&put, None);
    section(&mut out, "May it be asked?", &asked, &ground.policy);
    if !asked.decision.allowed() {
        return Ok(out);
    }
    let asked = match ask::ask(&ground.judge, &person, &place, parsed, now).await {
        Ok(asked) => asked,
        Err(refusal) => {
            let _ = writeln!(out, "\nAll the same it is refused: {}", refusal.what.words());
            return Ok(out);
        }
    };
    let prepared =
        prepare::prepare(&plugins.operations, &asked, "explain", &person, &place, now, Headway::default());
    match prepared.await {
        Ok(Prepared::Reply(_)) => out.push_str("\nIt answers without changing anything.\n"),
        Err(refusal) => {
            let _ = writeln!(out, "\nThere is no plan: {}", refusal.what.words());
        }
        Ok(Prepared::Plan(examined)) => {
            let powers = plugins.operations.powers(examined.plan());
            let planned = Planned::new(examined.plan(), examined.risk(), powers);
            let done = ground.policy.explain(&put, Some(&planned));
            let _ = writeln!(out, "\nThe plan: {}", examined.plan().title.todo.words());
            section(&mut out, "May it be done?", &done, &ground.policy);
            takes(&mut out, &done, &ground.policy);
        }
    }
    Ok(out)
}

/// One answer, with every policy that could have made it.
fn section(out: &mut String, question: &str, explained: &Explanation, policy: &Policy) {
    match &explained.decision {
        Decision::Yes { by } => {
            let _ = writeln!(out, "{question} Yes, by {}.", by.join(", "));
        }
        Decision::No(denial) => {
            let _ = writeln!(out, "{question} No: {}.", denial.refusal.log.as_deref().unwrap_or("refused"));
            let (what, todo) = (denial.refusal.what.words(), denial.refusal.todo.words());
            let _ = writeln!(out, "  The person reads: {what} {todo}");
        }
    }
    for (resource, judged) in &explained.about {
        let _ = writeln!(out, "  {resource}");
        for judged in judged.iter().filter(|judged| judged.set == For::Policy) {
            one(out, judged, policy);
        }
    }
}

fn takes(out: &mut String, explained: &Explanation, policy: &Policy) {
    match &explained.takes {
        None => {}
        Some(Err(erred)) => {
            let _ = writeln!(out, "What does it take? It cannot be told, so it may not be done: {erred}.");
        }
        Some(Ok(taken)) if taken.is_empty() => {
            out.push_str("What does it take? The policies ask for nothing more.\n");
        }
        Some(Ok(taken)) => {
            out.push_str("What does it take?\n");
            for Taken { requirement, by } in taken {
                let _ = writeln!(out, "  {}, by {}", in_words(requirement), by.join(", "));
            }
        }
    }
    for (resource, judged) in &explained.about {
        let _ = writeln!(out, "  {resource}");
        for judged in judged.iter().filter(|judged| judged.set == For::Obligations) {
            one(out, judged, policy);
        }
    }
}

/// One policy.
fn one(out: &mut String, judged: &Judged, policy: &Policy) {
    let place =
        policy.stands(&judged.id).map(|(file, line)| format!("  ({file}:{line})")).unwrap_or_default();
    let (sign, says) = match &judged.outcome {
        Outcome::Matches if judged.set == For::Obligations => ("•", "matches".to_owned()),
        Outcome::Matches if judged.forbids => ("⛔", "forbids it".to_owned()),
        Outcome::Matches => ("✅", "permits it".to_owned()),
        Outcome::Errs(log) => ("⛔", format!("cannot be worked out: {log}")),
        Outcome::NotAbout(Part::Command) => ("·", "is about other commands".to_owned()),
        Outcome::NotAbout(Part::Person) => ("·", "is about other people".to_owned()),
        Outcome::NotAbout(Part::Resource) => ("·", "is about something else".to_owned()),
        Outcome::Lacks(conditions) if conditions.is_empty() => ("·", "does not match".to_owned()),
        Outcome::Lacks(conditions) => {
            let does = if judged.forbids { "would forbid it" } else { "would match" };
            ("·", format!("{does}, but this does not hold: {}", conditions.join("; ")))
        }
    };
    let _ = writeln!(out, "    {sign} {}: {says}{place}", judged.id);
}

/// A requirement, for those who run the bot.
pub(super) fn in_words(requirement: &Requirement) -> String {
    match requirement {
        Requirement::Confirm => "a click on the plan".to_owned(),
        Requirement::Reason => "a reason".to_owned(),
        Requirement::HealthyDevice { or_step_up: None } => "healthy devices".to_owned(),
        Requirement::HealthyDevice { or_step_up: Some(by) } => {
            format!("healthy devices, or {by} where nobody can tell")
        }
        Requirement::StepUp { by } => format!("proof that it is they ({by})"),
        Requirement::Approvals { count, approvers, step_up } => {
            let all: Vec<&str> = approvers.iter().map(String::as_str).collect();
            let proof = step_up.as_ref().map(|by| format!(", each with proof ({by})")).unwrap_or_default();
            let people = if *count == 1 { "person" } else { "people" };
            format!("{count} other {people} of {}{proof}", all.join(", "))
        }
    }
}
