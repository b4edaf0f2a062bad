//! The topics of a repository.

use serde_json::json;

use super::At;
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "topics"]) => Some(read(call, owner, name)),
        ("PUT", ["repos", owner, name, "topics"]) => Some(replace(call, owner, name)),
        _ => None,
    }
}

fn read(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(&[("metadata", "read")])?;
    let repository = call.repository(owner, name)?;
    Ok(Answer::ok(json!({ "names": repository.topics })))
}

fn replace(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "write")])?;
    let id = call.writable(owner, name)?;
    let asked = call.input()?.texts("names")?;
    let asked = asked.ok_or_else(|| Refused::unfit("\"names\" wasn't supplied."))?;
    let mut topics: Vec<String> = Vec::new();
    for topic in asked {
        let topic = topic.to_lowercase();
        if !is_topic(&topic) {
            let words = "Topics must start with a lowercase letter or number, consist of 50 characters or less, \
                         and can include hyphens.";
            return Err(Refused::custom("Validation Failed", "Repository", "topics", words));
        }
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    if topics.len() > 20 {
        let words = "A repository cannot have more than 20 topics.";
        return Err(Refused::custom("Validation Failed", "Repository", "topics", words));
    }
    let now = call.now;
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    repository.topics = topics;
    repository.updated_at = now;
    Ok(Answer::ok(json!({ "names": repository.topics })))
}

fn is_topic(topic: &str) -> bool {
    topic.len() <= 50
        && topic.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && topic.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-')
}
