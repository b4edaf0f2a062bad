//! What would be done: a graph of operations, what was seen beforehand, and a digest over all of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::clock::Instant;
use crate::message::Button;
use crate::operation::{Operation, Power};
use crate::text::Text;

/// How risky something is, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Can be taken back.
    Reversible,
    /// Shows something to more people, which cannot be unseen.
    Exposing,
    /// Cannot be taken back.
    Irreversible,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name within the plan: a short word, for references.
    pub id: String,
    /// What it does.
    pub operation: Operation,
    /// The steps that must be done before it.
    pub after: Vec<String>,
}

/// What was seen while planning. Seen again before anything runs; if it differs, the plan is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precondition {
    /// The kind of [`crate::operation::Probe`] that looked.
    pub probe: String,
    /// At what it looked.
    pub input: Json,
    /// What it saw.
    pub seen: Json,
    /// What to tell people if it has changed: "acme/widgets exists by now".
    pub changed: Text,
}

/// A plan's title, as it reads before, while and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// "Create acme/widgets"
    pub todo: Text,
    /// "Creating acme/widgets"
    pub doing: Text,
    /// "acme/widgets is ready"
    pub done: Text,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it is about.
    pub title: Title,
    /// The steps, in an order in which they could run one by one.
    pub steps: Vec<Step>,
    /// What was seen while planning.
    pub preconditions: Vec<Precondition>,
    /// What nobody else may change meanwhile, such as `github:acme/widgets`. Plans that share one take turns.
    pub locks: BTreeSet<String>,
    /// Said under the title when done: "private · employees can push".
    pub summary: Option<Text>,
    /// Links offered when done. `{step.field}` in an address is replaced by that step's output.
    pub links: Vec<Button>,
    /// When the plan is no longer valid, if the command says so.
    pub expires: Option<Instant>,
    /// The risk that is normal for what was asked, where that is more than the command's usual one: a public
    /// repository where all of them are. For no more than this nobody is asked to confirm; what cannot be
    /// taken back is always shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Risk>,
    /// The invocation that this takes back, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// Said with the steps, before and after: what is left as it is, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// Powers that it uses besides those of its steps: taking back what the bot did of its own accord is more than the
    /// steps tell.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub powers: BTreeSet<Power>,
}

/// The digest of a plan: SHA-256, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

/// What is wrong with a plan's shape. A fault of the plugin, not of the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// There is nothing to do in it.
    #[error("the plan has no steps")]
    Empty,
    /// Two steps bear one name.
    #[error("two steps are called `{0}`")]
    TwiceNamed(String),
    /// A step waits for one that is not before it; so there are no circles either.
    #[error("step `{step}` waits for `{after}`, which does not come before it")]
    Order {
        /// The step.
        step: String,
        /// What it waits for.
        after: String,
    },
    /// A step refers to the output of one that it does not wait for.
    #[error("step `{step}` refers to the output of `{of}`, but does not wait for it")]
    Reference {
        /// The step.
        step: String,
        /// What it refers to.
        of: String,
    },
    /// It cannot be written as JSON.
    #[error("the plan cannot be written as canonical JSON: {0}")]
    Json(String),
}

impl Plan {
    /// A plan with a title and nothing else yet.
    #[must_use]
    pub fn new(title: Title) -> Self {
        Self {
            title,
            steps: Vec::new(),
            preconditions: Vec::new(),
            locks: BTreeSet::new(),
            summary: None,
            links: Vec::new(),
            expires: None,
            usual: None,
            undoes: None,
            notes: Vec::new(),
            powers: BTreeSet::new(),
        }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, id: &str, operation: Operation, after: &[&str]) -> Self {
        let after = after.iter().map(|&id| id.to_owned()).collect();
        self.steps.push(Step { id: id.to_owned(), operation, after });
        self
    }

    /// Adds what was seen.
    #[must_use]
    pub fn precondition(mut self, precondition: Precondition) -> Self {
        self.preconditions.push(precondition);
        self
    }

    /// Adds something that nobody else may change meanwhile.
    #[must_use]
    pub fn lock(mut self, resource: impl Into<String>) -> Self {
        self.locks.insert(resource.into());
        self
    }

    /// Whether the shape is sound: names unique, each step after those it waits for and refers to.
    ///
    /// # Errors
    /// The first fault found.
    pub fn check(&self) -> Result<(), PlanFault> {
        if self.steps.is_empty() {
            return Err(PlanFault::Empty);
        }
        // For each step all that is certainly done before it.
        let mut before: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in &self.steps {
            let mut ahead = BTreeSet::new();
            for after in &step.after {
                let Some(further) = before.get(after.as_str()) else {
                    return Err(PlanFault::Order { step: step.id.clone(), after: after.clone() });
                };
                ahead.insert(after.as_str());
                ahead.extend(further);
            }
            for of in references(&step.operation.input) {
                if !ahead.contains(of.step.as_str()) {
                    return Err(PlanFault::Reference { step: step.id.clone(), of: of.step });
                }
            }
            if before.insert(&step.id, ahead).is_some() {
                return Err(PlanFault::TwiceNamed(step.id.clone()));
            }
        }
        Ok(())
    }

    /// The digest over the whole plan and the words that people are shown for it, as canonical JSON
    /// (RFC 8785). Whoever approves this digest approves exactly this.
    ///
    /// # Errors
    /// The plan cannot be written as JSON.
    pub fn digest(&self, words_shown: &[String]) -> Result<Digest, PlanFault> {
        #[derive(Serialize)]
        struct Covered<'a> {
            plan: &'a Plan,
            words: &'a [String],
        }
        let bytes = serde_json_canonicalizer::to_vec(&Covered { plan: self, words: words_shown })
            .map_err(|error| PlanFault::Json(error.to_string()))?;
        let hash = Sha256::digest(&bytes);
        Ok(Digest(hash.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

/// A reference to what an earlier step gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRef {
    /// The step.
    pub step: String,
    /// The field of its output.
    pub field: String,
}

impl OutputRef {
    /// The reference as it stands in an operation's input.
    #[must_use]
    pub fn json(step: &str, field: &str) -> Json {
        serde_json::json!({ "$output": { "step": step, "field": field } })
    }
}

fn as_reference(value: &Json) -> Option<OutputRef> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    serde_json::from_value(object.get("$output")?.clone()).ok()
}

/// All references in an operation's input.
#[must_use]
pub fn references(input: &Json) -> Vec<OutputRef> {
    if let Some(reference) = as_reference(input) {
        return vec![reference];
    }
    match input {
        Json::Array(values) => values.iter().flat_map(references).collect(),
        Json::Object(object) => object.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The input with each reference replaced by what `output` says for it.
///
/// # Errors
/// The first reference for which there is no output.
pub fn resolve(input: &Json, output: &impl Fn(&OutputRef) -> Option<Json>) -> Result<Json, OutputRef> {
    if let Some(reference) = as_reference(input) {
        return output(&reference).ok_or(reference);
    }
    Ok(match input {
        Json::Array(values) => {
            Json::Array(values.iter().map(|v| resolve(v, output)).collect::<Result<_, _>>()?)
        }
        Json::Object(object) => Json::Object(
            object
                .iter()
                .map(|(key, v)| Ok((key.clone(), resolve(v, output)?)))
                .collect::<Result<_, OutputRef>>()?,
        ),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation(input: Json) -> Operation {
        Operation { kind: "test.do".into(), version: 1, input }
    }

    fn plan() -> Plan {
        Plan::new(Title { todo: "Do".into(), doing: "Doing".into(), done: "Done".into() })
    }

    #[test]
    fn a_sound_plan_has_names_order_and_references_right() {
        let reference = OutputRef::json("a", "id");
        let sound = plan().step("a", operation(json!({})), &[]).step(
            "b",
            operation(json!({ "id": reference })),
            &["a"],
        );
        assert_eq!(sound.check(), Ok(()));

        assert_eq!(plan().check(), Err(PlanFault::Empty));
        let twice = plan().step("a", operation(json!({})), &[]).step("a", operation(json!({})), &[]);
        assert_eq!(twice.check(), Err(PlanFault::TwiceNamed("a".into())));
        let circle = plan().step("a", operation(json!({})), &["b"]).step("b", operation(json!({})), &["a"]);
        assert!(matches!(circle.check(), Err(PlanFault::Order { .. })));
        let loose = plan().step("a", operation(json!({})), &[]).step(
            "b",
            operation(json!({ "x": [reference] })),
            &[],
        );
        assert!(matches!(loose.check(), Err(PlanFault::Reference { .. })));
    }

    #[test]
    fn a_reference_through_a_chain_counts() {
        let chain = plan().step("a", operation(json!({})), &[]).step("b", operation(json!({})), &["a"]).step(
            "c",
            operation(json!({ "id": OutputRef::json("a", "id") })),
            &["b"],
        );
        assert_eq!(chain.check(), Ok(()));
    }

    #[test]
    fn the_digest_covers_inputs_preconditions_and_words() {
        let base = plan().step("a", operation(json!({ "name": "widgets" })), &[]);
        let words = vec!["private repository".to_owned()];
        let digest = base.digest(&words);
        assert_eq!(digest, base.digest(&words));
        assert_ne!(digest, base.digest(&["public repository".to_owned()]));

        let mut other = base.clone();
        other.steps[0].operation.input = json!({ "name": "gadgets" });
        assert_ne!(digest, other.digest(&words));

        let seen = base.clone().precondition(Precondition {
            probe: "p".into(),
            input: json!({}),
            seen: json!(null),
            changed: "x".into(),
        });
        assert_ne!(digest, seen.digest(&words));
    }

    #[test]
    fn references_are_replaced_by_what_was_given() {
        let input = json!({ "repo": OutputRef::json("a", "full_name"), "keep": [1, "x"] });
        let given = resolve(&input, &|r| (r.step == "a").then(|| json!("acme/widgets")));
        assert_eq!(given, Ok(json!({ "repo": "acme/widgets", "keep": [1, "x"] })));
        assert!(resolve(&input, &|_| None).is_err());
    }
}
