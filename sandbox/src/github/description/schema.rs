//! Whether a value is what a schema allows, and nothing beside.

use serde_json::{Map, Value};

type Form = Map<String, Value>;

/// Where the description errs: an object, the field of it that is said to be required, and the one that takes its
/// place. GitHub refuses both together (<https://github.com/google/go-github/issues/2976>).
const INSTEAD: [(&str, &str, &str); 1] = [("required_status_checks", "contexts", "checks")];

/// What does not fit. `at` is where the value stands in the body, empty for the body itself.
pub(super) fn misfits(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    let each = forms(schema).into_iter().map(|form| misfits_in(value, &form, at));
    // Of several forms, the one that was meant is the one that it fits best.
    each.min_by_key(Vec::len).unwrap_or_default()
}

/// What does not fit about a parameter, which is text and may stand for something else.
pub(super) fn text_misfit(text: &str, schema: &Value, name: &str) -> Option<String> {
    let parsed = serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_string());
    let list = Value::Array(text.split(',').map(Value::from).collect());
    let readings = [parsed, Some(Value::from(text)), Some(list)].into_iter().flatten();
    readings.map(|value| misfits(&value, schema, name)).min_by_key(Vec::len)?.into_iter().next()
}

/// The forms that a schema allows, each with all that holds for it.
fn forms(schema: &Value) -> Vec<Form> {
    let Some(schema) = schema.as_object() else { return vec![Form::new()] };
    let mut own = schema.clone();
    let several = ["allOf", "oneOf", "anyOf"].map(|key| (key, own.remove(key)));
    let mut found = vec![own];
    for (key, schemas) in several {
        let Some(Value::Array(schemas)) = schemas else { continue };
        if key == "allOf" {
            for schema in &schemas {
                found = both(&found, &forms(schema));
            }
        } else {
            let any: Vec<Form> = schemas.iter().flat_map(forms).collect();
            found = both(&found, &any);
        }
    }
    found
}

/// Each of the one kind with each of the other.
fn both(one: &[Form], other: &[Form]) -> Vec<Form> {
    one.iter().flat_map(|one| other.iter().map(|other| merged(one.clone(), other))).collect()
}

fn merged(mut one: Form, other: &Form) -> Form {
    for (key, value) in other {
        match (key.as_str(), one.get_mut(key), value) {
            ("properties", Some(Value::Object(known)), Value::Object(more)) => {
                known.extend(more.iter().map(|(name, schema)| (name.clone(), schema.clone())));
            }
            ("required", Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
            ("nullable", Some(Value::Bool(true)), _) => {}
            _ => {
                one.insert(key.clone(), value.clone());
            }
        }
    }
    one
}

fn misfits_in(value: &Value, form: &Form, at: &str) -> Vec<String> {
    let allowed = form.get("enum").and_then(Value::as_array);
    if value.is_null()
        && (form.get("nullable") == Some(&Value::Bool(true))
            || allowed.is_some_and(|allowed| allowed.contains(value)))
    {
        return Vec::new();
    }
    let here = if at.is_empty() { "the body".to_owned() } else { format!("`{at}`") };
    let kinds = kinds(form);
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(value, kind)) {
        return vec![format!("{here} is {value}, not of type {}", kinds.join(" or "))];
    }
    if let Some(allowed) = allowed
        && !allowed.contains(value)
    {
        return vec![format!("{here} is {value}, none of {}", Value::from(allowed.clone()))];
    }
    match value {
        Value::Object(fields) => in_object(fields, form, at, &here),
        Value::Array(items) => {
            let any = Value::Null;
            let schema = form.get("items").unwrap_or(&any);
            let each = items.iter().enumerate();
            let mut found: Vec<String> =
                each.flat_map(|(number, item)| misfits(item, schema, &format!("{at}[{number}]"))).collect();
            found.extend(beyond(items.len() as f64, form, ("minItems", "maxItems"), &here, " long"));
            found
        }
        Value::String(text) => {
            let long = text.chars().count() as f64;
            beyond(long, form, ("minLength", "maxLength"), &here, " long")
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            beyond(number, form, ("minimum", "maximum"), &here, "")
        }
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

fn in_object(fields: &Map<String, Value>, form: &Form, at: &str, here: &str) -> Vec<String> {
    let mut found = Vec::new();
    let known = form.get("properties").and_then(Value::as_object);
    let spared = |name: &str| {
        INSTEAD.iter().any(|(of, left_out, given)| *of == at && *left_out == name && fields.contains_key(*given))
    };
    for name in form.get("required").and_then(Value::as_array).into_iter().flatten() {
        if name.as_str().is_some_and(|name| !fields.contains_key(name) && !spared(name)) {
            found.push(format!("{here} lacks {name}"));
        }
    }
    for (name, value) in fields {
        let there = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match (known.and_then(|known| known.get(name)), form.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                found.extend(misfits(value, schema, &there));
            }
            (None, Some(Value::Bool(true))) => {}
            // An object of which nothing is said takes anything.
            (None, None) if known.is_none() => {}
            (None, _) => found.push(format!("GitHub knows no field `{there}`")),
        }
    }
    found
}

fn kinds(form: &Form) -> Vec<&str> {
    match form.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if form.contains_key("properties") => vec!["object"],
        _ => Vec::new(),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        // A word that we do not know restricts nothing.
        _ => true,
    }
}

fn beyond(number: f64, form: &Form, (least, most): (&str, &str), here: &str, of: &str) -> Vec<String> {
    let bound = |name: &str| form.get(name).and_then(Value::as_f64);
    let mut found = Vec::new();
    if let Some(least) = bound(least).filter(|least| number < *least) {
        found.push(format!("{here} is {number}{of}, and must be {least} at least"));
    }
    if let Some(most) = bound(most).filter(|most| number > *most) {
        found.push(format!("{here} is {number}{of}, and must be {most} at most"));
    }
    found
}
