//! The whole description, reduced to what a request may be: a line for each path, with its methods, their
//! parameters and bodies, nothing referred to and nothing explained.

use serde_json::{Map, Value, json};

/// What a schema says beside what is allowed.
const EXPLAINS: [&str; 10] = [
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "format",
    "title",
    "x-github",
    "x-octokit",
];

/// References lead no deeper than this.
const DEEPEST: u32 = 32;

/// A line for each path: the path, a tab, and its methods as JSON.
pub(super) fn reduce(whole: &Value) -> Result<String, String> {
    let paths = whole["paths"].as_object().ok_or("it has no `paths`")?;
    let mut lines = String::new();
    for (path, methods) in paths {
        let methods = methods.as_object().ok_or_else(|| format!("{path} is no object"))?;
        let mut template = path.clone();
        let mut kept = Map::new();
        for (method, operation) in methods {
            kept.insert(method.clone(), reduced(whole, operation, &mut template)?);
        }
        lines.push_str(&format!("{template}\t{}\n", Value::Object(kept)));
    }
    Ok(lines)
}

/// One operation. A name in the path that may hold slashes is marked with a plus.
fn reduced(whole: &Value, operation: &Value, template: &mut String) -> Result<Value, String> {
    let mut kept = Map::new();
    let mut parameters = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolved(whole, parameter, 0)?;
        let name = parameter["name"].as_str().unwrap_or_default();
        match parameter["in"].as_str() {
            Some("query") => parameters.push(parameter),
            Some("path") if parameter["x-multi-segment"] == true => {
                *template = template.replace(&format!("{{{name}}}"), &format!("{{{name}+}}"));
            }
            _ => {}
        }
    }
    if !parameters.is_empty() {
        kept.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(body) = operation.get("requestBody") {
        let body = resolved(whole, body, 0)?;
        let schema = body["content"]["application/json"]["schema"].clone();
        kept.insert("body".to_owned(), json!({ "required": body["required"], "schema": schema }));
    }
    Ok(Value::Object(kept))
}

/// With what it refers to in place, and without what only explains.
fn resolved(whole: &Value, value: &Value, depth: u32) -> Result<Value, String> {
    if depth > DEEPEST {
        return Err("its references go round in circles".to_owned());
    }
    Ok(match value {
        Value::Array(values) => Value::Array(
            values.iter().map(|value| resolved(whole, value, depth + 1)).collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(to) => {
                let found = to.strip_prefix('#').and_then(|pointer| whole.pointer(pointer));
                resolved(whole, found.ok_or_else(|| format!("{to} leads nowhere"))?, depth + 1)?
            }
            None => {
                let mut kept = Map::new();
                for (name, value) in fields {
                    let value = match (name.as_str(), value) {
                        // Names of fields, among which `description` is one like any other.
                        ("properties", Value::Object(named)) => {
                            let named = named.iter().map(|(name, schema)| {
                                Ok((name.clone(), resolved(whole, schema, depth + 1)?))
                            });
                            Value::Object(named.collect::<Result<_, String>>()?)
                        }
                        (name, _) if EXPLAINS.contains(&name) => continue,
                        (_, value) => resolved(whole, value, depth + 1)?,
                    };
                    kept.insert(name.clone(), value);
                }
                Value::Object(kept)
            }
        },
        other => other.clone(),
    })
}
