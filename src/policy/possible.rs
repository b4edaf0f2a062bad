//! Whether anybody could ever agree: looked at when the bot starts, since a policy that asks for people who are not
//! there would only be found out when it is needed.

use std::collections::BTreeSet;

use hubcommander_policy::{Fault, Place, Policy, Sources};
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::people::PersonId;

use super::facts::Facts;
use crate::slack::people::Freshness;

/// All that makes the policies impossible to follow in this workspace: groups that are not there, and approvals that
/// nobody could give. Also what could not be looked up: what is not known to be possible is not.
pub async fn impossible(policy: &Policy, sources: &Sources, facts: &Facts) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !policy.all_groups().is_empty() {
        faults.extend(groups(policy, sources, facts).await);
    }
    for taken in policy.ever_takes() {
        let Requirement::Approvals { count, approvers, .. } = &taken.requirement else { continue };
        let (file, line) = taken
            .by
            .iter()
            .find_map(|id| policy.stands(id))
            .map_or(("config.toml", None), |(file, line)| (file, Some(line)));
        let by = taken.by.join("`, `");
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        let mut unknown = false;
        for name in approvers {
            match facts.approvers_of(name).await {
                Ok(found) => people.extend(found.into_iter().map(|person| person.id)),
                Err(refusal) => {
                    unknown = true;
                    let log = refusal.log.unwrap_or_else(|| refusal.what.words());
                    faults.push(fault(
                        sources,
                        file,
                        line,
                        format!("`{by}` asks `{name}` to agree, and who that is cannot be told: {log}."),
                        "See that the group or person is there in Slack, by that handle or id, and that the app has \
                         the scope `usergroups:read`.",
                    ));
                }
            }
        }
        // Whoever asks may be one of them, and cannot agree with themselves.
        if !unknown && people.len() <= usize::try_from(*count).unwrap_or(usize::MAX) {
            let all: Vec<&str> = approvers.iter().map(String::as_str).collect();
            faults.push(fault(
                sources,
                file,
                line,
                format!(
                    "`{by}` needs {count} to agree, and in {} {}: too few, since whoever asks may be one of them.",
                    all.join(", "),
                    match people.len() {
                        0 => "there is no full member of the workspace".to_owned(),
                        1 => "there is one full member of the workspace".to_owned(),
                        n => format!("there are {n} full members of the workspace"),
                    }
                ),
                "Put more people into the group, name another one besides, or ask for fewer.",
            ));
        }
    }
    faults
}

/// Groups that policies name and Slack does not know.
async fn groups(policy: &Policy, sources: &Sources, facts: &Facts) -> Vec<Fault> {
    let known = match facts.all_groups(Freshness::Fresh).await {
        Ok(known) => known,
        Err(refusal) => {
            let log = refusal.log.unwrap_or_default();
            return vec![Fault {
                file: sources.policy.name.clone(),
                place: None,
                what: format!("The policies look at user groups of Slack, which could not be read: {log}."),
                cure: "See that the app has the scope `usergroups:read`, and that Slack can be reached."
                    .to_owned(),
            }];
        }
    };
    let missing = policy.all_groups().into_iter().filter(|name| !known.contains(*name));
    let mut faults = Vec::new();
    for name in missing {
        let literal = format!("Group::\"{name}\"");
        let source = [&sources.policy, &sources.obligations]
            .into_iter()
            .find(|source| code(&source.text).any(|(_, line)| line.contains(&literal)));
        let line = source.and_then(|source| {
            code(&source.text).find(|(_, line)| line.contains(&literal)).map(|(number, _)| number)
        });
        faults.push(fault(
            sources,
            source.map_or(&sources.policy.name, |source| &source.name),
            line,
            format!("Slack has no user group `{name}`, or it is switched off."),
            "Write the handle of one that is there, without the `@`, or its id `S…`.",
        ));
    }
    faults
}

/// The lines that are not comments, with their numbers from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// A fault that points at a line.
fn fault(sources: &Sources, file: &str, line: Option<usize>, what: String, cure: &str) -> Fault {
    let text = [&sources.policy, &sources.obligations].into_iter().find(|source| source.name == file);
    let line = line.and_then(|number| {
        let text = text?.text.lines().nth(number.checked_sub(1)?)?;
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let width = text.trim().chars().count().max(1);
        Some(Place { line: number, column: indent + 1, width, text: text.to_owned() })
    });
    Fault { file: file.to_owned(), place: line, what, cure: cure.to_owned() }
}
