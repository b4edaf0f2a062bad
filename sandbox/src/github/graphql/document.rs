//! The query taken apart: fields with their arguments, variables filled in and fragments laid out.

use std::collections::HashMap;

use async_graphql_parser::types::{
    BaseType, Directive, DocumentOperations, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql_parser::{Pos, Positioned, parse_query};
use async_graphql_value::{ConstValue, Name, Value as Written};
use serde_json::{Map, Value, json};

/// Fragments within fragments; more than anyone writes, and they may not go round in circles.
const DEEPEST: usize = 30;

/// What is wrong with a query, or with a part of the answer.
#[derive(Debug)]
pub(super) struct Problem {
    kind: Option<&'static str>,
    message: String,
    at: Option<Pos>,
    path: Vec<Value>,
    extensions: Option<Value>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { kind: None, message: message.into(), at: None, path: Vec::new(), extensions: None }
    }

    /// One that GitHub has a name for, such as `NOT_FOUND`.
    pub(super) fn of(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(message) }
    }

    pub(super) fn at(mut self, at: Pos) -> Self {
        self.at = Some(at);
        self
    }

    pub(super) fn path(mut self, path: &[Value]) -> Self {
        self.path = path.to_vec();
        self
    }

    pub(super) fn extensions(mut self, extensions: Value) -> Self {
        self.extensions = Some(extensions);
        self
    }

    pub(super) fn into_json(self) -> Value {
        let mut value = Map::new();
        if let Some(kind) = self.kind {
            value.insert("type".to_owned(), json!(kind));
        }
        if !self.path.is_empty() {
            value.insert("path".to_owned(), Value::Array(self.path));
        }
        if let Some(extensions) = self.extensions {
            value.insert("extensions".to_owned(), extensions);
        }
        if let Some(at) = self.at {
            value.insert("locations".to_owned(), json!([{ "line": at.line, "column": at.column }]));
        }
        value.insert("message".to_owned(), json!(self.message));
        Value::Object(value)
    }
}

/// A field that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Its name in the answer.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) at: Pos,
    /// Only for things of this type.
    pub(super) only_on: Option<String>,
    pub(super) fields: Vec<Asked>,
}

impl Asked {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.arguments.get(name).and_then(Value::as_u64)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.arguments.get(name).and_then(Value::as_bool)
    }

    /// An argument of one word or several.
    pub(super) fn words(&self, name: &str) -> Option<Vec<&str>> {
        match self.arguments.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect()),
            Value::String(word) => Some(vec![word]),
            _ => None,
        }
    }
}

/// The one operation that is to be run.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) fields: Vec<Asked>,
}

impl Document {
    pub(super) fn read(
        text: &str,
        operation: Option<&str>,
        given: &Map<String, Value>,
    ) -> Result<Self, Problem> {
        let parsed = parse_query(text).map_err(|error| {
            let at = error.positions().next();
            let place = at.map(|at| format!(" at [{}, {}]", at.line, at.column)).unwrap_or_default();
            let problem = Problem::new(format!("Parse error{place}"));
            match at {
                Some(at) => problem.at(at),
                None => problem,
            }
        })?;
        let definition = chosen(&parsed.operations, operation)?;
        if definition.ty != OperationType::Query {
            return Err(Problem::new("The local GitHub answers queries only."));
        }
        let reader = Reader { fragments: &parsed.fragments, variables: variables(definition, given)? };
        let mut fields = Vec::new();
        reader.lay_out(&definition.selection_set.node, None, 0, &mut fields)?;
        Ok(Self { fields })
    }
}

fn chosen<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, Problem> {
    match (operations, name) {
        (DocumentOperations::Single(one), _) => Ok(&one.node),
        (DocumentOperations::Multiple(all), Some(name)) => match all.get(name) {
            Some(one) => Ok(&one.node),
            None => Err(Problem::new(format!("No operation named {name:?}"))),
        },
        (DocumentOperations::Multiple(all), None) => match all.values().next() {
            Some(one) if all.len() == 1 => Ok(&one.node),
            _ => Err(Problem::new("An operation name is required")),
        },
    }
}

/// The variables' values: as given, or as the query has them when nothing is given.
fn variables(
    definition: &OperationDefinition,
    given: &Map<String, Value>,
) -> Result<HashMap<String, ConstValue>, Problem> {
    let mut variables = HashMap::new();
    for one in &definition.variable_definitions {
        let (name, wanted) = (one.node.name.node.as_str(), &one.node.var_type.node);
        let value = match given.get(name) {
            Some(value) => ConstValue::from_json(value.clone()).unwrap_or(ConstValue::Null),
            None => one.node.default_value().cloned().unwrap_or(ConstValue::Null),
        };
        let wrong_shape = match (&wanted.base, &value) {
            (_, ConstValue::Null) => !wanted.nullable,
            (BaseType::Named(kind), value) => match kind.as_str() {
                "String" | "ID" | "URI" => !matches!(value, ConstValue::String(_)),
                "Int" => !matches!(value, ConstValue::Number(number) if number.is_i64()),
                "Boolean" => !matches!(value, ConstValue::Boolean(_)),
                _ => false,
            },
            (BaseType::List(_), _) => false,
        };
        if wrong_shape {
            let message = format!("Variable ${name} of type {wanted} was provided invalid value");
            let why = if matches!(value, ConstValue::Null) {
                "Expected value to not be null"
            } else {
                "Could not coerce value"
            };
            let problem = Problem::new(message).at(one.pos);
            return Err(problem.extensions(json!({
                "value": given.get(name), "problems": [{ "path": [], "explanation": why }],
            })));
        }
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

struct Reader<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: HashMap<String, ConstValue>,
}

impl Reader<'_> {
    fn lay_out(
        &self,
        set: &SelectionSet,
        only_on: Option<&str>,
        depth: usize,
        into: &mut Vec<Asked>,
    ) -> Result<(), Problem> {
        if depth > DEEPEST {
            return Err(Problem::new("Fragments are nested too deeply"));
        }
        for selection in &set.items {
            if !self.is_wanted(selection.node.directives())? {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let mut fields = Vec::new();
                    self.lay_out(&field.node.selection_set.node, None, depth + 1, &mut fields)?;
                    let asked = Asked {
                        key: field.node.response_key().node.to_string(),
                        name: field.node.name.node.to_string(),
                        arguments: self.arguments(&field.node.arguments)?,
                        at: field.pos,
                        only_on: only_on.map(str::to_owned),
                        fields,
                    };
                    enter(asked, into);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.fragments.get(name).ok_or_else(|| {
                        let message = format!("Fragment {name} was used, but not defined");
                        Problem::new(message).at(spread.pos)
                    })?;
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    self.lay_out(&fragment.node.selection_set.node, Some(on), depth + 1, into)?;
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|one| one.node.on.node.as_str());
                    self.lay_out(&fragment.node.selection_set.node, on.or(only_on), depth + 1, into)?;
                }
            }
        }
        Ok(())
    }

    fn arguments(
        &self,
        written: &[(Positioned<Name>, Positioned<Written>)],
    ) -> Result<Map<String, Value>, Problem> {
        let mut arguments = Map::new();
        for (name, value) in written {
            let value = self.value(value)?;
            // Null is as good as nothing.
            if !value.is_null() {
                arguments.insert(name.node.to_string(), value);
            }
        }
        Ok(arguments)
    }

    fn value(&self, written: &Positioned<Written>) -> Result<Value, Problem> {
        let undeclared = |name: &Name| {
            let message = format!("Variable ${name} is used by query but not declared");
            Problem::new(message).at(written.pos)
        };
        let filled = written.node.clone().into_const_with(|name| {
            self.variables.get(name.as_str()).cloned().ok_or_else(|| undeclared(&name))
        })?;
        Ok(filled.into_json().unwrap_or(Value::Null))
    }

    /// `@include(if: …)` and `@skip(if: …)`.
    fn is_wanted(&self, directives: &[Positioned<Directive>]) -> Result<bool, Problem> {
        for one in directives {
            let condition = match one.node.get_argument("if") {
                Some(value) => self.value(value)?.as_bool().unwrap_or(false),
                None => true,
            };
            match one.node.name.node.as_str() {
                "include" if !condition => return Ok(false),
                "skip" if condition => return Ok(false),
                "include" | "skip" => {}
                other => {
                    let message = format!("Directive @{other} is not defined");
                    return Err(Problem::new(message).at(one.pos));
                }
            }
        }
        Ok(true)
    }
}

/// A field that is asked for twice is answered once, with what both want to know.
fn enter(asked: Asked, into: &mut Vec<Asked>) {
    match into.iter_mut().find(|one| one.key == asked.key && one.only_on == asked.only_on) {
        Some(same) => {
            for field in asked.fields {
                enter(field, &mut same.fields);
            }
        }
        None => into.push(asked),
    }
}
