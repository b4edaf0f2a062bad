//! The way back: from values to a line that gives them.

use crate::mention::mention;
use crate::spec::{ArgKind, ArgSpec, Args, Form, Value};

/// The word as it stands in a line: as it is where nothing in it is special, else in double quotes.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._/=:,@#+%!?*~;()$&|".contains(c) || c == '-';
    let bare = !word.starts_with('-') && !word.eq_ignore_ascii_case("help") && word.chars().all(plain);
    if bare && !word.is_empty() {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len() + 2);
    out.push('"');
    let mut backslashes = 0;
    for c in word.chars() {
        // Backslashes before a quote are doubled, and the quote gets one of its own.
        if c == '"' {
            out.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(c);
    }
    out.extend(std::iter::repeat_n('\\', backslashes));
    out.push('"');
    out
}

/// The line, without the command's name, that [`Grammar::parse`](crate::Grammar::parse) reads to these
/// arguments; so that a form goes the same way as what is typed. What the specification does not know is
/// left out. The line is normalised already: [`normalize`](crate::normalize) would change it. To show it to
/// people use [`readable`](crate::readable).
///
/// Values that come from elsewhere than the parser, such as a form, are not checked here but when the line
/// is read.
#[must_use]
pub fn render(specs: &[ArgSpec], args: &Args) -> String {
    let mut words: Vec<String> = Vec::new();
    for spec in specs.iter().filter(|spec| matches!(spec.form, Form::Option | Form::Flag)) {
        for value in values(spec, args) {
            words.push(format!("--{}", spec.name));
            words.extend(value);
        }
    }
    let mut by_place = Vec::new();
    for spec in specs.iter().filter(|spec| spec.form == Form::Positional) {
        by_place.extend(values(spec, args).into_iter().flatten());
    }
    words.splice(0..0, by_place);
    let rest = specs.iter().find(|spec| spec.form == Form::Rest);
    if let Some(text) = rest.and_then(|spec| rest_of(spec, args)).filter(|text| !text.is_empty()) {
        // So that nothing in it is taken for an option, or for a request for help.
        let begins = text.chars().next();
        if begins == Some('-') || text.eq_ignore_ascii_case("help") {
            words.push("--".to_owned());
        }
        words.push(text);
    }
    words.join(" ")
}

/// For each time that an argument is given its value in quotes; for a flag nothing.
fn values(spec: &ArgSpec, args: &Args) -> Vec<Option<String>> {
    match args.0.get(&spec.name) {
        None | Some(Value::Flag(false)) => Vec::new(),
        Some(Value::Flag(true)) => vec![None],
        Some(Value::Number(number)) => vec![Some(quote(&numeral(spec, *number)))],
        Some(Value::Text(text)) => vec![Some(quote(&word(spec, text)))],
        Some(Value::List(list)) if spec.kind.is_list() => vec![Some(quote(&list.join(",")))],
        Some(Value::List(list)) => list.iter().map(|text| Some(quote(&word(spec, text)))).collect(),
    }
}

fn rest_of(spec: &ArgSpec, args: &Args) -> Option<String> {
    match args.0.get(&spec.name)? {
        Value::Flag(_) => None,
        Value::Number(number) => Some(numeral(spec, *number)),
        Value::Text(text) => Some(word(spec, text)),
        Value::List(list) => Some(list.join(" ")),
    }
}

/// A number as it is typed.
fn numeral(spec: &ArgSpec, number: i64) -> String {
    if spec.kind == ArgKind::Duration { crate::duration::written(number) } else { number.to_string() }
}

/// The word for a value: for a person the mention.
fn word(spec: &ArgSpec, text: &str) -> String {
    match spec.kind {
        ArgKind::Person => mention(text).unwrap_or_else(|| text.to_owned()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn a_word_is_quoted_where_it_must_be() {
        assert_eq!(quote("acme/widgets"), "acme/widgets");
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote("a b"), "\"a b\"");
        assert_eq!(quote("--x"), "\"--x\"");
        assert_eq!(quote("say \"hi\""), r#""say \"hi\"""#);
        assert_eq!(quote(r"C:\temp\"), r#""C:\temp\\""#);
        assert_eq!(quote("'"), "\"'\"");
    }

    #[test]
    fn quotes_keep_any_word_whole() {
        for word in ["", " ", "\\", "\\\\\"", "a\nb", "'", "don't", "\"", "\u{A0}", "a\u{3000}b", "=\"'", "#"]
        {
            let line = format!("{} {}", quote(word), quote(word));
            assert_eq!(words(&line).unwrap(), [word, word]);
        }
    }
}
