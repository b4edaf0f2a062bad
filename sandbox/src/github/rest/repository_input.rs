//! What a repository may be called and described as.

use crate::github::front::answer::Refused;
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{Organisation, Repository, Visibility};

/// The name GitHub makes of what was asked for: every run of other characters becomes one dash.
pub(super) fn normalised(asked: &str) -> String {
    let mut name = String::with_capacity(asked.len());
    let mut in_run = false;
    for character in asked.trim().chars() {
        let plain = character.is_ascii_alphanumeric() || "._-".contains(character);
        if plain {
            name.push(character);
        } else if !in_run {
            name.push('-');
        }
        in_run = !plain;
    }
    name
}

/// The name a repository of this owner gets, or why not. `itself`: the one that is being renamed.
pub(super) fn name(
    call: &Call<'_>,
    owner: &str,
    asked: &str,
    failed: &str,
    itself: Option<u64>,
) -> Result<String, Refused> {
    let refuse = |words: &str| Err(Refused::custom(failed, "Repository", "name", words));
    let name = normalised(asked);
    if name.is_empty() {
        return Err(Refused::invalid("Repository", "name", "missing_field"));
    }
    if name.len() > 100 {
        return refuse("name is too long (maximum is 100 characters)");
    }
    let lower = name.to_lowercase();
    if name == "." || name == ".." || lower.ends_with(".git") || lower.ends_with(".wiki") {
        return refuse("name is reserved");
    }
    match call.state.repository(owner, &name) {
        Some(other) if Some(other.id) != itself => refuse("name already exists on this account"),
        _ => Ok(name),
    }
}

/// The description: one line of at most 350 characters; empty is none.
pub(super) fn description(text: Option<String>, failed: &str) -> Result<Option<String>, Refused> {
    let refuse = |words: &str| Err(Refused::custom(failed, "Repository", "description", words));
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().any(char::is_control) {
        return refuse("description control characters are not allowed");
    }
    if text.chars().count() > 350 {
        return refuse("description is too long (maximum is 350 characters)");
    }
    Ok(Some(text))
}

/// The page elsewhere; empty is none.
pub(super) fn homepage(text: Option<String>, failed: &str) -> Result<Option<String>, Refused> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) if text.chars().count() > 255 => {
            let words = "homepage is too long (maximum is 255 characters)";
            Err(Refused::custom(failed, "Repository", "homepage", words))
        }
        other => Ok(other),
    }
}

/// Who will see it, from `visibility` and the older `private`; `None` when neither is given.
pub(super) fn visibility(
    input: &Input,
    organisation: Option<&Organisation>,
    failed: &str,
) -> Result<Option<Visibility>, Refused> {
    let asked = match input.text("visibility")? {
        Some(word) => match Visibility::from_word(&word) {
            Some(visibility) => Some(visibility),
            None => {
                let what =
                    format!("For 'properties/visibility', {word:?} is not public, private or internal.");
                return Err(Refused::unfit(&what));
            }
        },
        None => input
            .flag("private")?
            .map(|private| if private { Visibility::Private } else { Visibility::Public }),
    };
    let enterprise = organisation.is_some_and(|organisation| organisation.enterprise);
    if asked == Some(Visibility::Internal) && !enterprise {
        let words = "Only organizations associated with an enterprise can set visibility to internal";
        return Err(Refused::custom(failed, "Repository", "visibility", words));
    }
    Ok(asked)
}

/// Switches that are named in the body.
pub(super) fn switches(input: &Input, repository: &mut Repository) -> Result<(), Refused> {
    for (name, on) in &mut repository.switches {
        if let Some(asked) = input.flag(name)? {
            *on = asked;
        }
    }
    Ok(())
}
