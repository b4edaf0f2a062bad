//! Laws that hold for any text.

use chatline::{
    ArgKind, ArgSpec, Args, Grammar, Value, address, mention, mentioned, normalize, quote, render, words,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::grammar::{announce, create_repo, repeat};

/// What people, keyboards, Slack and attackers put in a message.
fn messy() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("!"),
        Just("<@U0HUB>"),
        Just("<@U0ANA>"),
        Just("<"),
        Just(">"),
        Just("|"),
        Just("@U0ANA"),
        Just("&lt;"),
        Just("&gt;"),
        Just("&amp;"),
        Just("`"),
        Just("```"),
        Just("*"),
        Just("_"),
        Just("\""),
        Just("'"),
        Just("“"),
        Just("’"),
        Just("—"),
        Just("–"),
        Just("--"),
        Just("\\"),
        Just(" "),
        Just("\n"),
        Just("\u{A0}"),
        Just("\u{200B}"),
        Just("\u{FDD0}"),
        Just("\u{FDD1}"),
        Just("\u{FDD2}"),
        Just("U0ANA"),
        Just("acme"),
        Just("--description"),
        Just("dry-run"),
        Just("="),
        Just("• "),
        Just("help"),
        Just("http://a.b"),
    ];
    vec(prop_oneof![4 => piece.prop_map(str::to_owned), 1 => ".{0,3}".prop_map(String::from)], 0..24)
        .prop_map(|pieces| pieces.concat())
}

/// What a person can send: Slack escapes it, so it holds no token.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn has_mention(text: &str) -> bool {
    text.contains(|c| ('\u{FDD0}'..='\u{FDEF}').contains(&c))
}

/// Values that the parser itself could give.
fn arguments() -> impl Strategy<Value = Args> {
    let text = "[^\\p{Cc}\\p{Cf}\\p{Cn}\\p{Co}]{0,20}(\n\"'\\\\){0,2}";
    let option = |strategy: BoxedStrategy<Value>| proptest::option::of(strategy);
    let word = |pattern: &'static str| pattern.prop_map(Value::Text).boxed();
    let list = |pattern: &'static str| vec(pattern, 1..4).prop_map(Value::List).boxed();
    let names = ("[a-z0-9]{1,8}", "[A-Za-z_-][A-Za-z0-9_-]{0,20}");
    let options = (
        option(text.prop_map(Value::Text).boxed()),
        option(word("https://[a-z]{1,9}\\.example/[a-z?=#']{0,9}")),
        option(
            prop_oneof![Just("private"), Just("public"), Just("Internal")]
                .prop_map(|c| Value::Text(c.into()))
                .boxed(),
        ),
        option(list("[a-z-]{1,8}=(pull|push|admin)")),
        option(
            proptest::collection::btree_set("[a-z0-9][a-z0-9-]{0,9}", 0..5)
                .prop_map(|t| Value::List(t.into_iter().collect()))
                .boxed(),
        ),
        option(word("[WU][A-Z0-9]{1,9}")),
        option(any::<i64>().prop_map(Value::Number).boxed()),
        option(list("[a-z0-9]{1,8}")),
        any::<bool>(),
    );
    (names, options).prop_map(
        |((org, repo), (description, homepage, visibility, team, topics, owner, days, reviewer, dry))| {
            let mut args = Args::default();
            args.set("org", Value::Text(org));
            args.set("repo", Value::Text(repo));
            let given = [
                ("description", description),
                ("homepage", homepage),
                ("visibility", visibility),
                ("team", team),
                ("topics", topics),
                ("owner", owner),
                ("days", days),
                ("reviewer", reviewer),
                ("dry-run", dry.then_some(Value::Flag(true))),
            ];
            for (name, value) in given {
                if let Some(value) = value {
                    args.set(name, value);
                }
            }
            args
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_panics_and_what_is_read_can_be_rendered(raw in messy(), direct: bool) {
        if let Some(line) = address(&raw, "U0HUB", direct) {
            let (_, rest) = line.command();
            let _ = line.second();
            for specs in [create_repo(), announce(), repeat(), Vec::new()] {
                let grammar = Grammar::new(&specs).unwrap();
                if let Ok(args) = grammar.parse(rest) {
                    let again = render(&specs, &args);
                    prop_assert_eq!(grammar.parse(&again), Ok(args), "{:?} from {:?}", again, rest);
                }
            }
        }
    }

    #[test]
    fn what_is_typed_is_never_a_mention(text in messy(), any in "\\PC*") {
        for typed in [text, any] {
            prop_assert!(!has_mention(&normalize(&escaped(&typed))));
            // Nor is it one when somebody has found a way around the escaping of `>` or `&`.
            prop_assert!(!has_mention(&normalize(&typed.replace('<', "&lt;"))));
        }
    }

    #[test]
    fn a_mention_stands_where_it_was_typed(before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
        let text = normalize(&format!("{} <@U0ANA> {}", escaped(&before), escaped(&after)));
        let people: Vec<&str> = text.split(' ').filter_map(mentioned).collect();
        prop_assert_eq!(people, ["U0ANA"]);
    }

    #[test]
    fn what_was_typed_comes_back(text in "[ -~&&[^`>\\\\]]{0,60}") {
        // No code and quote marks, no long dashes: Slack's escaping is all there is to undo.
        prop_assert_eq!(normalize(&escaped(&text)), text);
    }

    #[test]
    fn what_was_typed_in_quotes_comes_back(text in "[ -~&&[^\"\\\\>]]{0,60}") {
        // Backticks too: a quote keeps what stands in it, whatever marks are around it.
        for around in ["", "`", "```"] {
            let raw = escaped(&format!("!X {around}\"{text}\"{around}"));
            prop_assert_eq!(words(&normalize(&raw)).unwrap(), ["!X", text.as_str()]);
        }
    }

    #[test]
    fn normal_text_stays_as_it_is(text in messy()) {
        // Without what is unescaped or taken away in pairs: what is left of those is meant as it stands.
        let normal = normalize(&text.replace(['&', '<', '`'], ""));
        prop_assert_eq!(normalize(&normal), normal);
    }

    #[test]
    fn normal_text_hides_nothing(text in "\\PC*") {
        let hidden = |c: char| matches!(c, '\u{A0}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{202A}'..='\u{202E}');
        prop_assert!(!normalize(&text).contains(hidden));
    }

    #[test]
    fn quoted_words_come_back(list in vec(prop_oneof![messy(), ".{0,9}"], 0..6)) {
        let line = list.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&line).unwrap(), list);
    }

    #[test]
    fn where_a_shell_agrees_so_do_we(line in "[a-c=\" ]{0,20}") {
        match shell_words::split(&line) {
            Ok(shell) => prop_assert_eq!(words(&line).unwrap(), shell),
            Err(_) => prop_assert!(words(&line).is_err()),
        }
    }

    #[test]
    fn arguments_come_back(args in arguments()) {
        let specs = create_repo();
        let line = render(&specs, &args);
        prop_assert_eq!(Grammar::new(&specs).unwrap().parse(&line), Ok(args), "{}", line);
    }

    #[test]
    fn the_rest_comes_back(text in "\\PC{1,40}", dry: bool) {
        let text = text.trim().to_owned();
        for (specs, org) in [(repeat(), None), (announce(), Some("acme"))] {
            let mut args = Args::default();
            args.set("text", Value::Text(text.clone()));
            if let Some(org) = org {
                args.set("org", Value::Text(org.to_owned()));
                if dry {
                    args.set("dry-run", Value::Flag(true));
                }
            }
            let grammar = Grammar::new(&specs).unwrap();
            let line = render(&specs, &args);
            // Text may hold what is refused, and may be empty; then it is refused and not changed.
            if let Ok(again) = grammar.parse(&line) {
                prop_assert_eq!(again, args, "{}", line);
            }
        }
    }

    #[test]
    fn a_person_is_one_whom_slack_mentioned(typed in "\\PC{0,20}") {
        let specs = [ArgSpec::rest("who", ArgKind::Person, "")];
        let grammar = Grammar::new(&specs).unwrap();
        prop_assert!(grammar.parse(&normalize(&escaped(&typed))).is_err());
        prop_assert!(grammar.parse(&mention("U0ANA").unwrap()).is_ok());
    }
}
