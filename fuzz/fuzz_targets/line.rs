//! Any bytes as the text of a message: from its address to typed arguments, and back.
//!
//! Beside never panicking it holds the crate to what others rely on: typed text is never a mention, names
//! can go into a path, text hides nothing, and what is read can be written and read again.

#![no_main]

use std::sync::LazyLock;

use chatline::{ArgKind, ArgSpec, Args, Grammar, Value, address, nearest, normalize, quote, render, words};
use libfuzzer_sys::fuzz_target;

/// Grammars that have every kind and form of argument between them.
static GRAMMARS: LazyLock<Vec<Grammar>> = LazyLock::new(|| {
    let visibility = ArgKind::Choice(vec!["private".into(), "public".into(), "internal".into()]);
    let specs = [
        vec![
            ArgSpec::positional("org", ArgKind::Organization, ""),
            ArgSpec::positional("repo", ArgKind::NewRepository, ""),
            ArgSpec::positional("reviewer", ArgKind::Login, "").optional().repeated(),
            ArgSpec::option("description", ArgKind::Text, ""),
            ArgSpec::option("homepage", ArgKind::Url, ""),
            ArgSpec::option("visibility", visibility, ""),
            ArgSpec::option("team", ArgKind::TeamPermission, "").repeated(),
            ArgSpec::option("template", ArgKind::FullRepository, ""),
            ArgSpec::option("topics", ArgKind::Topics, ""),
            ArgSpec::option("default-branch", ArgKind::Branch, ""),
            ArgSpec::option("owner", ArgKind::Person, ""),
            ArgSpec::option("days", ArgKind::Number, ""),
            ArgSpec::option("for", ArgKind::Duration, ""),
            ArgSpec::option("also", ArgKind::Repositories, ""),
            ArgSpec::option("may", ArgKind::Permission, ""),
            ArgSpec::flag("dry-run", ""),
        ],
        vec![
            ArgSpec::positional("repo", ArgKind::Repository, ""),
            ArgSpec::rest("text", ArgKind::Text, ""),
            ArgSpec::option("team", ArgKind::Team, ""),
            ArgSpec::flag("dry-run", ""),
        ],
        vec![ArgSpec::rest("text", ArgKind::Text, "")],
        vec![ArgSpec::rest("command", ArgKind::CommandName, "").optional()],
        vec![ArgSpec::positional("who", ArgKind::Person, "").repeated()],
        vec![],
    ];
    specs.iter().map(|specs| Grammar::new(specs).expect("a sound specification")).collect()
});

fuzz_target!(|data: &[u8]| {
    let raw = String::from_utf8_lossy(data);

    let typed = raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert!(!has_reserved(&normalize(&typed)), "typed text became a mention");

    assert_eq!(words(&quote(&short(&raw))), Ok(vec![short(&raw)]));

    for direct in [false, true] {
        let Some(line) = address(&raw, "U0HUB", direct) else { continue };
        let (name, rest) = line.command();
        let _ = nearest(name, ["Help", "ListOrgs", "CreateRepo", "SetDescription", "Repeat"]);
        let _ = line.second();
        for grammar in GRAMMARS.iter() {
            let Ok(args) = grammar.parse(rest) else { continue };
            check(grammar, &args);
            let again = render(grammar.args(), &args);
            // Quotes make a line longer than it was, which can be too long.
            if again.chars().count() <= chatline::LONGEST_LINE {
                assert_eq!(grammar.parse(&again), Ok(args), "{again:?}");
            }
        }
    }
});

fn short(text: &str) -> String {
    text.chars().take(1_000).collect()
}

fn has_reserved(text: &str) -> bool {
    text.contains(|c| ('\u{FDD0}'..='\u{FDEF}').contains(&c))
}

/// What the values promise to those who use them.
fn check(grammar: &Grammar, args: &Args) {
    for arg in grammar.args() {
        let texts: Vec<&str> = match args.0.get(&arg.name) {
            Some(Value::Text(text)) => vec![text],
            Some(Value::List(list)) => list.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        for text in texts {
            assert!(!has_reserved(text) && !text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            match arg.kind {
                ArgKind::Organization
                | ArgKind::NewRepository
                | ArgKind::Repository
                | ArgKind::Repositories
                | ArgKind::Permission
                | ArgKind::Team
                | ArgKind::Login
                | ArgKind::Person => {
                    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                    assert!(
                        !text.is_empty() && text.chars().all(safe) && text != "." && text != "..",
                        "{text:?}"
                    );
                }
                ArgKind::Branch | ArgKind::FullRepository => {
                    assert!(!text.contains("..") || arg.kind == ArgKind::FullRepository, "{text:?}");
                    assert!(text.split('/').all(|part| !matches!(part, "" | "." | "..")), "{text:?}");
                    assert!(!text.contains(['%', '?', '\\', ' ']), "{text:?}");
                }
                ArgKind::Url => assert!(text.is_empty() || text.to_ascii_lowercase().starts_with("http")),
                _ => {}
            }
        }
    }
}
