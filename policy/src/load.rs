//! From a text to policies that can be judged by, or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cedar_policy::{ActionConstraint, Effect, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use crate::annotations::{About, Annotation, Carried, Reader};
use crate::lint;
use crate::policy::Surroundings;
use crate::schema::{self, For};
use crate::source::{Fault, Source};

/// The reference, for cures.
const REFERENCE: &str = "docs/policy.md says how policies are written.";

/// Policies that have been read against their schema.
pub(crate) struct Loaded {
    pub set: PolicySet,
    pub schema: Schema,
    /// By id.
    pub about: BTreeMap<String, About>,
    /// What each looks at.
    pub looks: Vec<Looks>,
}

/// What one policy looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looks {
    /// The commands and groups of commands that it is about; `None` for all.
    pub actions: Option<BTreeSet<String>>,
    /// The user groups that it names.
    pub groups: BTreeSet<String>,
    /// The words in it that could stand for something to be looked up.
    pub words: BTreeSet<String>,
}

/// The schema is long.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.about.keys()).finish()
    }
}

/// Reads one file.
pub(crate) fn load(
    source: &Source,
    purpose: For,
    surroundings: &Surroundings<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Loaded> {
    let before = faults.len();
    let specs = surroundings.commands.iter().map(|ruled| ruled.spec);
    let text = schema::schema(specs, &surroundings.operations, purpose);
    let schema = match Schema::from_cedarschema_str(&text) {
        Ok((schema, _warnings)) => schema,
        Err(error) => {
            // Two commands or groups that clash: a fault of a plugin.
            faults.push(Fault {
                file: "the commands' specifications".to_owned(),
                place: None,
                what: format!("No schema can be made of them: {}.", with_causes(&error)),
                cure: "Give commands and groups of commands names of their own.".to_owned(),
            });
            return None;
        }
    };
    let parsed = match source.text.parse::<PolicySet>() {
        Ok(parsed) => parsed,
        Err(errors) => {
            faults.extend(errors.iter().map(|error| syntax(source, error)));
            return None;
        }
    };
    for template in parsed.templates() {
        let at = template.as_ref().loc().map(|loc| loc.start()..loc.end());
        faults.push(source.fault(
            at.as_ref(),
            "This is a template: it holds a `?principal` or `?resource`.",
            "Write who or what is meant in its place.",
        ));
    }
    let mut reader = Reading { source, purpose, surroundings, faults: &mut *faults, seen: BTreeMap::new() };
    let loaded = reader.policies(&parsed, schema);
    validate(source, &loaded, faults);
    (faults.len() == before).then_some(loaded)
}

struct Reading<'a> {
    source: &'a Source,
    purpose: For,
    surroundings: &'a Surroundings<'a>,
    faults: &'a mut Vec<Fault>,
    /// The line of each id.
    seen: BTreeMap<String, usize>,
}

impl Reading<'_> {
    fn policies(&mut self, parsed: &PolicySet, schema: Schema) -> Loaded {
        let mut loaded = Loaded { set: PolicySet::new(), schema, about: BTreeMap::new(), looks: Vec::new() };
        let mut policies: Vec<_> = parsed.policies().collect();
        let start = |policy: &cedar_policy::Policy| policy.as_ref().loc().map_or(0, |loc| loc.start());
        policies.sort_by_key(|policy| start(policy));
        for policy in policies {
            let ast = policy.as_ref();
            let whole = ast.loc().map_or(0..0, |loc| loc.start()..loc.end());
            let list = ast.annotations().map(|(key, annotation)| Annotation {
                key: key.as_ref().to_owned(),
                value: annotation.val.to_string(),
                at: annotation.loc.as_ref().map_or_else(|| whole.clone(), |loc| loc.start()..loc.end()),
            });
            let mut list: Vec<Annotation> = list.collect();
            list.sort_by_key(|annotation| annotation.at.start);
            let carried = Carried { at: whole.clone(), list };
            if self.purpose == For::Obligations && policy.effect() == Effect::Forbid {
                self.faults.push(self.source.fault(
                    Some(&whole),
                    "This forbids, but here only stands what something takes.",
                    "Move it to policy.cedar, or begin it with `permit`: here that permits nothing, it says to what \
                     the annotations apply.",
                ));
            }
            let mut reader =
                Reader { source: self.source, surroundings: self.surroundings, faults: &mut *self.faults };
            let about = match self.purpose {
                For::Policy => reader.policy(&carried),
                For::Obligations => reader.obligation(&carried),
            };
            let looks = self.looks(policy);
            loaded.looks.push(looks);
            let id = self.unique(&about, policy.id());
            if let Err(error) = loaded.set.add(policy.new_id(id)) {
                let what = format!("This policy cannot be taken in: {}.", with_causes(&error));
                self.faults.push(self.source.fault(Some(&whole), what, REFERENCE));
            }
            loaded.about.insert(about.id.clone(), about);
        }
        loaded
    }

    /// The policy's own id, unless another has it.
    fn unique(&mut self, about: &About, otherwise: &PolicyId) -> PolicyId {
        if about.id.is_empty() {
            return otherwise.clone();
        }
        if let Some(line) = self.seen.get(&about.id) {
            self.faults.push(self.source.fault(
                about.id_at.as_ref(),
                format!("The policy in line {line} has the id `{}`, too.", about.id),
                "Give each its own.",
            ));
            return otherwise.clone();
        }
        self.seen.insert(about.id.clone(), about.line);
        PolicyId::new(&about.id)
    }

    /// What a policy names and looks at.
    fn looks(&mut self, policy: &cedar_policy::Policy) -> Looks {
        let id = |uid: &cedar_policy::EntityUid| uid.id().unescaped().to_owned();
        let mut looks = Looks {
            actions: match policy.action_constraint() {
                ActionConstraint::Any => None,
                ActionConstraint::Eq(action) => Some(BTreeSet::from([id(&action)])),
                ActionConstraint::In(actions) => Some(actions.iter().map(id).collect()),
            },
            ..Looks::default()
        };
        for entity in policy.entity_literals() {
            let (kind, id) = (entity.type_name().to_string(), id(&entity));
            let at = entity.as_ref().loc().map(|loc| loc.start()..loc.end());
            let at = at.or_else(|| policy.as_ref().loc().map(|loc| loc.start()..loc.end()));
            self.faults.extend(lint::name(self.source, at.as_ref(), &kind, &id));
            if kind == "Group" {
                looks.groups.insert(id);
            }
        }
        match policy.to_json() {
            Ok(json) => words(&json, &mut looks.words),
            // Then everything is looked up.
            Err(_) => looks.words.extend(["Group", "GitHubTeam", "github"].map(str::to_owned)),
        }
        looks
    }
}

/// Every text in it.
fn words(json: &serde_json::Value, found: &mut BTreeSet<String>) {
    match json {
        serde_json::Value::String(text) => {
            found.insert(text.clone());
        }
        serde_json::Value::Array(list) => list.iter().for_each(|one| words(one, found)),
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                if key != "annotations" {
                    words(value, found);
                }
            }
        }
        _ => {}
    }
}

/// Everything that the validator has to say, in its strict mode: what is only worth a warning to it, such as a
/// policy that can never match, is a mistake here.
fn validate(source: &Source, loaded: &Loaded, faults: &mut Vec<Fault>) {
    let result = Validator::new(loaded.schema.clone()).validate(&loaded.set, ValidationMode::Strict);
    let whole = |id: &PolicyId| {
        let policy = loaded.set.policy(id)?;
        policy.as_ref().loc().map(|loc| loc.start()..loc.end())
    };
    let mut said = BTreeSet::new();
    let mut note = |id: &PolicyId, diagnostic: &dyn Diagnostic| {
        let at = label(diagnostic).or_else(|| whole(id));
        // It is said anew for every command that the policy is about.
        if !said.insert(at.as_ref().map(|at| (at.start, at.end))) {
            return;
        }
        let message = diagnostic.to_string();
        let message = message.strip_prefix(&format!("for policy `{id}`, ")).unwrap_or(&message);
        faults.push(source.fault(at.as_ref(), sentence(message), cure(diagnostic)));
    };
    for error in result.validation_errors() {
        note(error.policy_id(), error);
    }
    // A policy that is wrong somewhere is often one that can never match, too.
    let wrong: BTreeSet<&PolicyId> = result.validation_errors().map(|error| error.policy_id()).collect();
    for warning in result.validation_warnings().filter(|warning| !wrong.contains(warning.policy_id())) {
        note(warning.policy_id(), warning);
    }
}

/// An error of syntax.
fn syntax(source: &Source, error: &cedar_policy::ParseError) -> Fault {
    source.fault(label(error).as_ref(), sentence(&format!("this is not Cedar: {error}")), cure(error))
}

/// Where a diagnostic points.
fn label(diagnostic: &dyn Diagnostic) -> Option<Range<usize>> {
    let label = diagnostic.labels()?.next()?;
    Some(label.offset()..label.offset() + label.len())
}

fn cure(diagnostic: &dyn Diagnostic) -> String {
    diagnostic.help().map_or_else(|| REFERENCE.to_owned(), |help| sentence(&help.to_string()))
}

fn sentence(words: &str) -> String {
    let mut letters = words.trim().chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let sentence: String = first.chain(letters).collect();
    if sentence.ends_with(['.', '?', '`']) && !sentence.ends_with('`') {
        sentence
    } else {
        format!("{sentence}.")
    }
}

/// An error with what caused it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        out.push_str(": ");
        out.push_str(&cause.to_string());
        source = cause.source();
    }
    out
}
