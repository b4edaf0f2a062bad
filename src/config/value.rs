//! A value as it stands in the file, once it has the shape that its key asks for.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use toml::de::{DeArray, DeTable, DeValue};
use url::Url;

use super::keys::{Key, Shape, quoted};
use super::near::nearest;
use super::problem::Collector;
use super::secret::Source;

/// A value of the right shape.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A section or a list of sections; what is in it is found by itself.
    Section,
    Text(String),
    Texts(Vec<(String, Range<usize>)>),
    Flag(bool),
    Number(i64),
    Time(Duration),
    Address(Url),
    Socket(SocketAddr),
    Secret(Source),
    Secrets(Vec<(Source, Range<usize>)>),
}

/// A default, as it stands in the table of keys.
pub(super) fn default(key: &Key, written: &str) -> Option<Value> {
    let value = DeValue::parse(written).ok()?;
    read(key, value.get_ref(), &value.span(), &mut Collector::new(written))
}

/// A value that is no section, if it has its shape.
pub(super) fn read(
    key: &Key,
    value: &DeValue<'_>,
    at: &Range<usize>,
    problems: &mut Collector<'_>,
) -> Option<Value> {
    let shape = key.shape;
    let fits = match (shape, value) {
        (Shape::Text | Shape::TextOrSecret, DeValue::String(text)) => Some(Value::Text(text.to_string())),
        (Shape::Choice(words), DeValue::String(text)) if words.contains(&&**text) => {
            Some(Value::Text(text.to_string()))
        }
        (Shape::Flag, DeValue::Boolean(flag)) => Some(Value::Flag(*flag)),
        (Shape::Number(least, most), DeValue::Integer(number)) => {
            i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .filter(|number| (least..=most).contains(number))
                .map(Value::Number)
        }
        (Shape::Time, DeValue::String(text)) => time(text).map(Value::Time),
        (Shape::Length, DeValue::String(text)) => chatline::duration_in_seconds(text)
            .ok()
            .and_then(|seconds| seconds.try_into().ok())
            .map(|seconds| Value::Time(Duration::from_secs(seconds))),
        (Shape::Address, DeValue::String(text)) => Url::parse(text)
            .ok()
            .filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"))
            .map(Value::Address),
        (Shape::Socket, DeValue::String(text)) => text.parse().ok().map(Value::Socket),
        (Shape::Texts, DeValue::Array(list)) => {
            let texts: Option<Vec<_>> = list
                .iter()
                .map(|entry| entry.get_ref().as_str().map(|text| (text.to_owned(), entry.span())))
                .collect();
            texts.map(Value::Texts)
        }
        (Shape::Choices(words), DeValue::Array(list)) if !list.is_empty() => {
            return choices(key, words, list, problems);
        }
        (Shape::Secret | Shape::TextOrSecret, DeValue::Table(table)) => {
            return secret(key, table, at, problems).map(Value::Secret);
        }
        (Shape::Secrets, DeValue::Array(list)) if !list.is_empty() => return secrets(key, list, problems),
        // Who reads it says what is wrong with it.
        (Shape::Written(_), DeValue::String(_) | DeValue::Table(_)) => Some(Value::Section),
        (Shape::Secret, DeValue::String(_)) => {
            let what = format!("`{}` holds a secret in plain text.", called(key));
            let cure = format!(
                "Take it out of the file and say where it is: `{0} = {{ env = \"{1}\" }}`, \
                 `{0} = {{ file = \"PATH\" }}` or `{0} = {{ command = [\"PROGRAM\", \"ARGUMENT\"] }}`. If \
                 others could read the file, make a new secret.",
                called(key),
                variable(key),
            );
            problems.at(at.clone(), what, cure);
            return None;
        }
        _ => None,
    };
    if fits.is_none() {
        let what = format!("`{}` must be {}.", key.name(), shape.words());
        let near = match (shape, value.as_str()) {
            (Shape::Choice(words), Some(text)) => nearest(text, words.iter().copied()),
            _ => None,
        };
        let cure = match near {
            Some(near) => format!("Write `{} = \"{near}\"`.", key.name()),
            None => format!("Write, for example, `{} = {}`.", key.name(), key.example),
        };
        problems.at(at.clone(), what, cure);
    }
    fits
}

/// Some of a few words. What is none of them is pointed at by itself.
fn choices(
    key: &Key,
    words: &[&'static str],
    list: &DeArray<'_>,
    problems: &mut Collector<'_>,
) -> Option<Value> {
    let mut texts = Vec::with_capacity(list.len());
    for entry in list {
        let text = entry.get_ref().as_str();
        if let Some(known) = text.filter(|text| words.contains(text)) {
            texts.push((known.to_owned(), entry.span()));
            continue;
        }
        let cure = match text.and_then(|text| nearest(text, words.iter().copied())) {
            Some(near) => format!("Write `\"{near}\"`."),
            None => format!("Remove it. For example, `{} = {}`.", key.name(), key.example),
        };
        let what = format!("`{}` takes {} and nothing else.", key.name(), quoted(words, ", "));
        problems.at(entry.span(), what, cure);
    }
    (texts.len() == list.len()).then_some(Value::Texts(texts))
}

/// Where each of several secrets is.
fn secrets(key: &Key, list: &DeArray<'_>, problems: &mut Collector<'_>) -> Option<Value> {
    let mut found = Vec::with_capacity(list.len());
    for entry in list {
        match entry.get_ref() {
            DeValue::Table(table) => {
                found
                    .extend(secret(key, table, &entry.span(), problems).map(|source| (source, entry.span())));
            }
            _ => {
                let what = format!("`{}` holds something that does not say where its secret is.", key.name());
                let cure = format!("Write, for example, `{} = {}`.", key.name(), key.example);
                problems.at(entry.span(), what, cure);
            }
        }
    }
    (found.len() == list.len()).then_some(Value::Secrets(found))
}

/// Where a secret is.
fn secret(key: &Key, table: &DeTable<'_>, at: &Range<usize>, problems: &mut Collector<'_>) -> Option<Source> {
    let mut source = None;
    let mut wrong = false;
    for (name, value) in table {
        let this = match (&**name.get_ref(), value.get_ref()) {
            ("env", DeValue::String(text)) if is_variable(text) => Some(Source::Env(text.to_string())),
            ("file", DeValue::String(path)) if !path.is_empty() => Some(Source::File(path.as_ref().into())),
            ("command", DeValue::Array(words)) => {
                let words: Option<Vec<String>> =
                    words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
                words
                    .filter(|words| words.first().is_some_and(|first| !first.is_empty()))
                    .map(Source::Command)
            }
            _ => None,
        };
        wrong |= this.is_none();
        source = this.or(source);
    }
    if wrong || table.len() != 1 {
        let what = format!("`{}` does not say clearly where its secret is.", called(key));
        let cure = format!(
            "Write exactly one of `{0} = {{ env = \"{1}\" }}`, `{0} = {{ file = \"PATH\" }}` and \
             `{0} = {{ command = [\"PROGRAM\", \"ARGUMENT\"] }}`.",
            called(key),
            variable(key),
        );
        problems.at(at.clone(), what, cure);
        return None;
    }
    source
}

/// What a key is called in a cure; `NAME` where the owner chooses.
fn called(key: &Key) -> &'static str {
    if key.name() == "*" { "NAME" } else { key.name() }
}

/// The variable that the example of this key names.
fn variable(key: &Key) -> &'static str {
    match key.path {
        "slack.bot_token" => "SLACK_BOT_TOKEN",
        "slack.app_token" => "SLACK_APP_TOKEN",
        "github.token" => "GITHUB_TOKEN",
        "github.app.private_key" => "GITHUB_APP_KEY",
        "store.url" => "DATABASE_URL",
        "audit.key" => "AUDIT_KEY",
        "directory.scim.tokens.*" => "SCIM_TOKEN",
        _ => "NAME",
    }
}

/// Whether a variable of the environment can have this name.
fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

/// A time such as `500ms`, `11s`, `2m`; at most a day.
fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok().filter(|number| *number <= 86_400_000)?;
    let time = match unit.trim_start() {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3600),
        _ => return None,
    };
    (time <= Duration::from_secs(86_400)).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_unit() {
        assert_eq!(time("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(time("11s"), Some(Duration::from_secs(11)));
        assert_eq!(time("2m"), Some(Duration::from_secs(120)));
        for wrong in ["", "11", "s", "-1s", "1.5s", "1d", "99999999999999999999s", "25h"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
