//! Filters in RSQL, as far as lists of devices take them: `==`, `!=`, `=in=`, `=out=`, `;` for and, `,` for or,
//! brackets, quotes with `\`. Values are compared without case, and `*` stands for anything, as at Jamf.

use serde_json::Value;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Is { field: String, values: Vec<String>, not: bool },
}

impl Filter {
    /// Whether a record, whole, passes. `pointer` says where a field stands in it.
    pub(super) fn passes(&self, record: &Value, pointer: &impl Fn(&str) -> String) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.passes(record, pointer)),
            Self::Any(any) => any.iter().any(|one| one.passes(record, pointer)),
            Self::Is { field, values, not } => {
                let held = match record.pointer(&pointer(field)) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Null) | None => String::new(),
                    Some(other) => other.to_string(),
                };
                values.iter().any(|value| matches(value, &held)) != *not
            }
        }
    }

    /// The fields that are named.
    pub(super) fn fields(&self) -> Vec<&str> {
        match self {
            Self::All(many) | Self::Any(many) => many.iter().flat_map(Self::fields).collect(),
            Self::Is { field, .. } => vec![field],
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = rest.split('*').collect();
    let Some((last, middle)) = pieces.split_last() else { return true };
    for piece in middle {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(last)
}

/// Reads a filter; `None` if it is none.
pub(super) fn parse(text: &str) -> Option<Filter> {
    let mut reader = Reader { left: text };
    let filter = reader.any()?;
    reader.left.trim().is_empty().then_some(filter)
}

struct Reader<'a> {
    left: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, token: &str) -> bool {
        let left = self.left.trim_start();
        match left.strip_prefix(token) {
            Some(rest) => {
                self.left = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Option<Filter> {
        let mut any = vec![self.all()?];
        while self.take(",") || self.take(" or ") {
            any.push(self.all()?);
        }
        Some(if any.len() == 1 { any.remove(0) } else { Filter::Any(any) })
    }

    fn all(&mut self) -> Option<Filter> {
        let mut all = vec![self.one()?];
        while self.take(";") || self.take(" and ") {
            all.push(self.one()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn one(&mut self) -> Option<Filter> {
        if self.take("(") {
            let inner = self.any()?;
            return self.take(")").then_some(inner);
        }
        let field = self.word(|char| char.is_ascii_alphanumeric() || char == '.')?;
        let list = |reader: &mut Self| {
            let mut values = Vec::new();
            if !reader.take("(") {
                return None;
            }
            loop {
                values.push(reader.value()?);
                if reader.take(")") {
                    return Some(values);
                }
                if !reader.take(",") {
                    return None;
                }
            }
        };
        let (values, not) = if self.take("==") {
            (vec![self.value()?], false)
        } else if self.take("!=") {
            (vec![self.value()?], true)
        } else if self.take("=in=") {
            (list(self)?, false)
        } else if self.take("=out=") {
            (list(self)?, true)
        } else {
            return None;
        };
        Some(Filter::Is { field, values, not })
    }

    fn word(&mut self, fits: impl Fn(char) -> bool) -> Option<String> {
        let left = self.left.trim_start();
        let end = left.find(|char| !fits(char)).unwrap_or(left.len());
        let (word, rest) = left.split_at(end);
        self.left = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn value(&mut self) -> Option<String> {
        if !self.take("\"") {
            return self.word(|char| !matches!(char, '"' | '\'' | '(' | ')' | ';' | ',' | ' '));
        }
        let mut value = String::new();
        let mut chars = self.left.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.left = &self.left[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(chars.next()?.1),
                other => value.push(other),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_obeyed() {
        let record = json!({ "a": { "b": "Amy\"s, Mac" }, "id": "71", "n": null });
        let pointer = |field: &str| format!("/{}", field.replace('.', "/"));
        for (filter, passes) in [
            (r#"a.b=="amy\"s, mac""#, true),
            (r#"a.b=="amy*""#, true),
            (r#"a.b=="*mac""#, true),
            (r#"a.b=="am""#, false),
            (r#"id==71"#, true),
            (r#"id!=71"#, false),
            (r#"id=in=("70","71")"#, true),
            (r#"id=out=("70","71")"#, false),
            (r#"id==70,a.b=="amy*""#, true),
            (r#"id==70;a.b=="amy*""#, false),
            (r#"(id==70,id==71);n=="""#, true),
        ] {
            let parsed = parse(filter).unwrap_or_else(|| panic!("{filter}"));
            assert_eq!(parsed.passes(&record, &pointer), passes, "{filter}");
        }
        for broken in ["", "id", "id==", r#"id=="7"#, "id=in=71", "id==71)", "id=like=7", "id=in=()"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}
