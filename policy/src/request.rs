//! From a question to what Cedar judges: entities, a request, and its context.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
    Schema,
};
use chrono::{Datelike as _, Timelike as _};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{ArgSpec, Args, CommandSpec, Value as Given};

use crate::load::with_causes;
use crate::question::{Planned, Question, Resource};
use crate::schema::{self, ArgType};

/// Why a question could not be put. For the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unaskable(pub String);

impl Unaskable {
    fn new(error: &dyn std::error::Error) -> Self {
        Self(with_causes(error))
    }
}

/// The question about one resource, as Cedar judges it.
pub(crate) struct Put {
    pub request: Request,
    pub entities: Entities,
}

/// Puts a question about one resource.
pub(crate) fn put(
    spec: &CommandSpec,
    question: &Question,
    planned: Option<&Planned>,
    resource: &Resource,
    schema: &Schema,
) -> Result<Put, Unaskable> {
    let types = Types::new()?;
    let person = types.person.named(&question.who.name());
    let channel = types.channel.named(&question.place.channel);
    let about = types.resource(resource);
    let action = types.action.named(&spec.name);
    let context = context(&types, spec, question, planned, channel.clone())?;
    let mut all = HashMap::new();
    for entity in types.entities(question, resource, person.clone(), channel)? {
        all.insert(entity.uid(), entity);
    }
    let entities =
        Entities::from_entities(all.into_values(), Some(schema)).map_err(|error| Unaskable::new(&error))?;
    let request =
        Request::new(person, action, about, context, Some(schema)).map_err(|error| Unaskable::new(&error))?;
    Ok(Put { request, entities })
}

/// The name of a type of entities.
struct Type(EntityTypeName);

impl Type {
    fn new(name: &str) -> Result<Self, Unaskable> {
        name.parse().map(Self).map_err(|error: cedar_policy::ParseErrors| Unaskable::new(&error))
    }

    fn named(&self, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(self.0.clone(), EntityId::new(id))
    }

    fn value(&self, id: &str) -> Value {
        Value::new_entity_uid(self.named(id))
    }
}

struct Types {
    action: Type,
    person: Type,
    group: Type,
    team: Type,
    organization: Type,
    repository: Type,
    channel: Type,
    kind: Type,
    risk: Type,
    power: Type,
    operation: Type,
    conversation: Type,
}

impl Types {
    fn new() -> Result<Self, Unaskable> {
        Ok(Self {
            action: Type::new("Action")?,
            person: Type::new("Person")?,
            group: Type::new("Group")?,
            team: Type::new("GitHubTeam")?,
            organization: Type::new("Organization")?,
            repository: Type::new("Repository")?,
            channel: Type::new("Channel")?,
            kind: Type::new("Kind")?,
            risk: Type::new("Risk")?,
            power: Type::new("Power")?,
            operation: Type::new("Operation")?,
            conversation: Type::new("Conversation")?,
        })
    }

    fn resource(&self, resource: &Resource) -> EntityUid {
        match resource {
            Resource::Repository { .. } => self.repository.named(&resource.to_string()),
            Resource::Organization(name) => self.organization.named(name),
            Resource::Channel(id) => self.channel.named(id),
        }
    }

    fn entities(
        &self,
        question: &Question,
        resource: &Resource,
        person: EntityUid,
        channel: EntityUid,
    ) -> Result<Vec<Entity>, Unaskable> {
        let made = |uid, attributes: Vec<(&str, Value)>, parents| {
            let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Entity::new(uid, attributes, parents).map_err(|error| Unaskable::new(&error))
        };
        let text = |words: &str| Value::new_string(words.to_owned());
        let mut all = vec![
            self.person(question, person)?,
            made(
                channel,
                vec![
                    ("kind", self.conversation.value(schema::conversation(question.place.conversation))),
                    ("shared", Value::new_bool(question.place.shared)),
                ],
                HashSet::new(),
            )?,
        ];
        match resource {
            Resource::Repository { owner, name } => {
                let parent = self.organization.named(owner);
                all.push(made(
                    self.resource(resource),
                    vec![("name", text(name)), ("owner", text(owner))],
                    HashSet::from([parent.clone()]),
                )?);
                all.push(made(parent, vec![("name", text(owner))], HashSet::new())?);
            }
            Resource::Organization(name) => {
                all.push(made(self.resource(resource), vec![("name", text(name))], HashSet::new())?);
            }
            // It is the one that was asked in, which is there already.
            Resource::Channel(_) => {}
        }
        Ok(all)
    }

    /// Groups are known by handle and by id, so that policies may name them by either.
    fn person(&self, question: &Question, uid: EntityUid) -> Result<Entity, Unaskable> {
        let who = &question.who;
        let mut attributes = HashMap::from([
            ("kind".to_owned(), self.kind.value(schema::kind(who.person.standing))),
            ("team".to_owned(), Value::new_string(who.person.id.team.clone())),
        ]);
        if let Some(email) = &who.person.email {
            attributes.insert("email".to_owned(), Value::new_string(email.to_lowercase()));
        }
        let mut parents = HashSet::new();
        for group in &who.groups {
            parents.insert(self.group.named(&group.id));
            if !group.handle.is_empty() {
                parents.insert(self.group.named(&group.handle));
            }
        }
        if let Some(linked) = &who.github {
            attributes.insert("github".to_owned(), Value::new_string(linked.login.to_lowercase()));
            parents.extend(linked.teams.iter().map(|team| self.team.named(&team.to_lowercase())));
        }
        Entity::new(uid, attributes, parents).map_err(|error| Unaskable::new(&error))
    }
}

fn context(
    types: &Types,
    spec: &CommandSpec,
    question: &Question,
    planned: Option<&Planned>,
    channel: EntityUid,
) -> Result<Context, Unaskable> {
    let record =
        |fields: Vec<(String, Value)>| Value::new_record(fields).map_err(|error| Unaskable::new(&error));
    let named = |fields: Vec<(&str, Value)>| {
        record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let mut pairs = vec![
        ("args".to_owned(), record(args(types, spec, &question.args)?)?),
        ("channel".to_owned(), Value::new_entity_uid(channel)),
        ("time".to_owned(), named(time(question.at))?),
    ];
    if let Some(planned) = planned {
        let powers = planned.powers.iter().map(|power| types.power.value(power.as_str()));
        let operations = planned.operations.iter().map(|kind| types.operation.value(kind));
        let plan = named(vec![
            ("risk", types.risk.value(schema::risk(planned.risk))),
            ("powers", Value::new_set(powers)),
            ("operations", Value::new_set(operations)),
            ("steps", Value::new_long(planned.steps.try_into().unwrap_or(i64::MAX))),
        ])?;
        pairs.push(("plan".to_owned(), plan));
    }
    Context::from_pairs(pairs).map_err(|error| Unaskable::new(&error))
}

/// In UTC: a person's own time zone is what they set it to.
fn time(at: Instant) -> Vec<(&'static str, Value)> {
    vec![
        ("epoch", Value::new_long(at.timestamp())),
        ("hour", Value::new_long(at.hour().into())),
        ("weekday", Value::new_long(at.weekday().number_from_monday().into())),
    ]
}

/// What is no argument of the command has been refused before; here it makes the question unaskable.
fn args(types: &Types, spec: &CommandSpec, given: &Args) -> Result<Vec<(String, Value)>, Unaskable> {
    let known: BTreeMap<&str, &ArgSpec> = spec.args.iter().map(|arg| (arg.name.as_str(), arg)).collect();
    if let Some(unknown) = given.0.keys().find(|name| !known.contains_key(name.as_str())) {
        return Err(Unaskable(format!("`{}` takes no argument `{unknown}`", spec.name)));
    }
    let mut fields = Vec::new();
    for arg in &spec.args {
        let name = schema::attribute(arg);
        match given.0.get(&arg.name) {
            Some(value) => fields.push((name, one(types, arg, value)?)),
            None if schema::arg_type(arg) == ArgType::Flag => fields.push((name, Value::new_bool(false))),
            None => {}
        }
    }
    Ok(fields)
}

fn one(types: &Types, arg: &ArgSpec, given: &Given) -> Result<Value, Unaskable> {
    let word = |text: &String| {
        let text = if schema::any_case(&arg.kind) { text.to_lowercase() } else { text.clone() };
        Value::new_string(text)
    };
    Ok(match (schema::arg_type(arg), given) {
        (ArgType::Flag, Given::Flag(set)) => Value::new_bool(*set),
        (ArgType::Number, Given::Number(number)) => Value::new_long(*number),
        (ArgType::Text, Given::Text(text)) => word(text),
        (ArgType::Texts, Given::List(texts)) => Value::new_set(texts.iter().map(word)),
        (ArgType::Texts, Given::Text(text)) => Value::new_set([word(text)]),
        (ArgType::Person, Given::Text(id)) => types.person.value(id),
        (ArgType::People, Given::List(ids)) => Value::new_set(ids.iter().map(|id| types.person.value(id))),
        (ArgType::People, Given::Text(id)) => Value::new_set([types.person.value(id)]),
        (_, given) => return Err(Unaskable(format!("`{}` is given as {given:?}", arg.name))),
    })
}
