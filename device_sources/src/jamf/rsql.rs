//! Filters in RSQL, the language of the Pro API's lists. Every value is data: it is quoted, and cannot end its quotes.

/// `"value"`.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for char in value.chars() {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// Records whose `field` is this.
pub(super) fn is(field: &str, value: &str) -> String {
    format!("{field}=={}", quoted(value))
}

/// Records whose `field` is one of these.
pub(super) fn among<'a>(field: &str, values: impl IntoIterator<Item = &'a String>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| quoted(value)).collect();
    format!("{field}=in=({})", values.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_cannot_end_its_quotes() {
        assert_eq!(is("userAndLocation.email", "amy@x.example"), r#"userAndLocation.email=="amy@x.example""#);
        assert_eq!(is("udid", r#"a" or id=="1"#), r#"udid=="a\" or id==\"1""#);
        assert_eq!(is("udid", r#"\"#), r#"udid=="\\""#);
        let two = ["A".to_owned(), "B,\")".to_owned()];
        assert_eq!(among("udid", &two), r#"udid=in=("A","B,\")")"#);
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back_as_it_was(value in ".*") {
            let quoted = quoted(&value);
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            let (mut read, mut chars) = (String::new(), inner.chars());
            while let Some(char) = chars.next() {
                prop_assert_ne!(char, '"');
                read.push(if char == '\\' { chars.next().unwrap() } else { char });
            }
            prop_assert_eq!(read, value);
        }
    }
}
