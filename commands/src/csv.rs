//! Tables for spreadsheets.

/// One line: its cells in quotes.
pub(crate) fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// In quotes (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it: names of
/// keys and Apps are chosen by others (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn quoted(cell: &str) -> String {
    let formula = cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r'])
        || cell.starts_with(['\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_cannot_become_a_formula() {
        assert_eq!(quoted("build \"server\""), r#""build ""server""""#);
        assert_eq!(quoted("=HYPERLINK(\"x\")"), r#""'=HYPERLINK(""x"")""#);
        assert_eq!(quoted("  +1"), "\"'  +1\"");
        assert_eq!(quoted("a-b=c"), "\"a-b=c\"");
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_cell_it_is_one_cell(cell in any::<String>()) {
            let written = quoted(&cell);
            let inside = &written[1..written.len() - 1];
            prop_assert_eq!(inside.replace("\"\"", "").matches('"').count(), 0);
            prop_assert!(!inside.trim_start().starts_with(['=', '+', '-', '@']));
        }
    }
}
