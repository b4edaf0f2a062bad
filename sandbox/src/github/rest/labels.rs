//! The labels of a repository.

use serde_json::{Value, json};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Label, Repository};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "labels"]) => Some(list(call, owner, name)),
        ("GET", ["repos", owner, name, "labels", label]) => Some(read(call, owner, name, label)),
        _ => None,
    }
}

pub(super) fn shown(call: &Call<'_>, repository: &Repository, one: &Label) -> Value {
    json!({
        "id": one.id,
        "node_id": show::node_id("LA", one.id),
        "url": format!("{}/repos/{}/labels/{}", call.api(), repository.full_name(), one.name),
        "name": one.name,
        "color": one.color,
        "default": false,
        "description": one.description,
    })
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(&[("issues", "read")])?;
    let repository = call.repository(owner, name)?;
    let all: Vec<&Label> = repository.labels.values().collect();
    Ok(call.page(&all, |one| shown(call, repository, one)))
}

fn read(call: &mut Call<'_>, owner: &str, name: &str, label: &str) -> Outcome {
    call.needs(&[("issues", "read")])?;
    let repository = call.repository(owner, name)?;
    let found = repository.labels.get(&label.to_lowercase()).ok_or_else(Refused::not_found)?;
    Ok(Answer::ok(shown(call, repository, found)))
}
