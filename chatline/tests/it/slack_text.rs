//! Every shape in which Slack hands over what people type, one row each: the raw `text` of the event, and
//! the words of the command.

use chatline::{Address, address, mention, words};

/// The words of a raw text that is addressed to us with a bang.
fn typed(raw: &str) -> Vec<String> {
    let line = address(raw, "U0HUB", false).unwrap_or_else(|| panic!("not addressed: {raw:?}"));
    assert_eq!(line.address, Address::Bang, "{raw:?}");
    words(&line.text).unwrap_or_else(|error| panic!("{error}: {raw:?}"))
}

#[test]
fn each_shape_of_text_gives_the_words_that_were_typed() {
    let ana = mention("U0ANA").unwrap();
    let wes = mention("W0WES").unwrap();
    let (ana, wes) = (ana.as_str(), wes.as_str());
    let rows: &[(&str, &str, &[&str])] = &[
        // Mentions, channels, groups, dates.
        ("user", "!X <@U0ANA>", &["X", ana]),
        ("user of an enterprise", "!X <@W0WES>", &["X", wes]),
        ("user, old form with a name", "!X <@U0ANA|ana>", &["X", ana]),
        ("channel", "!X <#C0DEV>", &["X", "#C0DEV"]),
        ("channel with its name", "!X <#C0DEV|dev>", &["X", "#dev"]),
        ("channel with an empty name", "!X <#C0DEV|>", &["X", "#C0DEV"]),
        ("here", "!X <!here>", &["X", "@here"]),
        ("channel alert", "!X <!channel>", &["X", "@channel"]),
        ("everyone, labelled", "!X <!everyone|everyone>", &["X", "@everyone"]),
        ("group", "!X <!subteam^S0PLAT|@platform>", &["X", "@platform"]),
        ("group without a label", "!X <!subteam^S0PLAT>", &["X", "@S0PLAT"]),
        ("date", "!X <!date^1392734382^{date}|2014-02-18>", &["X", "2014-02-18"]),
        // Links.
        ("bare domain", "!X <http://acme.example|acme.example>", &["X", "acme.example"]),
        ("bare domain with a path", "!X <http://acme.example/a|acme.example/a>", &["X", "acme.example/a"]),
        ("e-mail", "!X <mailto:ana@acme.example|ana@acme.example>", &["X", "ana@acme.example"]),
        ("whole address", "!X <https://acme.example/a>", &["X", "https://acme.example/a"]),
        (
            "address with an ampersand",
            "!X <https://acme.example/?a=1&amp;b=2>",
            &["X", "https://acme.example/?a=1&b=2"],
        ),
        ("labelled link", "!X <https://acme.example|our site>", &["X", "https://acme.example"]),
        ("label that lies", "!X <https://evil.example|https://acme.example>", &["X", "https://evil.example"]),
        ("e-mail label that lies", "!X <mailto:a@evil.example|a@acme.example>", &["X", "a@evil.example"]),
        (
            "link inside a word",
            "!X --homepage=<https://acme.example>",
            &["X", "--homepage=https://acme.example"],
        ),
        ("link in quotes", "!X \"see <https://acme.example>\"", &["X", "see https://acme.example"]),
        // Entities.
        ("entities", "!X a&lt;b&gt;c&amp;d", &["X", "a<b>c&d"]),
        ("an escaped entity", "!X &amp;lt; &amp;amp;", &["X", "&lt;", "&amp;"]),
        ("a typed mention", "!X &lt;@U0ANA&gt;", &["X", "<@U0ANA>"]),
        ("a typed alert", "!X &lt;!channel&gt;", &["X", "<!channel>"]),
        // Emoji.
        ("emoji", "!X :tada: :wave::skin-tone-3:", &["X", ":tada:", ":wave::skin-tone-3:"]),
        // What keyboards put in.
        ("curly double quotes", "!X “two words” x", &["X", "two words", "x"]),
        ("curly single quotes", "!X ‘two words’ x", &["X", "two words", "x"]),
        ("curly apostrophe", "!X don’t", &["X", "don't"]),
        ("low quotes", "!X „two words“", &["X", "two words"]),
        ("em dash", "!X —dry-run", &["X", "--dry-run"]),
        ("en dash", "!X –dry-run", &["X", "--dry-run"]),
        ("en dash and hyphen", "!X –-dry-run", &["X", "--dry-run"]),
        ("en dash and a letter", "!X –h", &["X", "-h"]),
        ("em dash between words", "!X a — b", &["X", "a", "—", "b"]),
        ("non-breaking hyphen", "!X dry\u{2011}run", &["X", "dry-run"]),
        // What copying puts in.
        ("no-break space", "!X\u{A0}a\u{A0}b", &["X", "a", "b"]),
        ("narrow no-break space", "!X\u{202F}a", &["X", "a"]),
        ("tab", "!X\ta", &["X", "a"]),
        ("zero width space", "!X a\u{200B}b", &["X", "ab"]),
        ("byte order mark", "\u{FEFF}!X a", &["X", "a"]),
        ("word joiner, which our own messages hold", "!X \u{2060}_x\u{2060}_", &["X", "_x_"]),
        ("direction override", "!X a\u{202E}b\u{202C}", &["X", "ab"]),
        ("line breaks of Windows", "!X a\r\n--b", &["X", "a", "--b"]),
        // Formatting.
        ("code", "`!X a`", &["X", "a"]),
        ("code around a word", "!X `a` b", &["X", "a", "b"]),
        ("code inside quotes", "!X \"use `make`\" b", &["X", "use `make`", "b"]),
        ("code inside curly quotes", "!X “use `make`” b", &["X", "use `make`", "b"]),
        ("code around quotes with code in them", "`!X \"use `make`\"`", &["X", "use `make`"]),
        ("code block", "```!X a```", &["X", "a"]),
        ("code block on lines of its own", "```\n!X a\n```", &["X", "a"]),
        ("bold", "*!X a*", &["X", "a"]),
        ("bold name", "*!X* a", &["X", "a"]),
        ("italic", "_!X a_", &["X", "a"]),
        ("bold and italic", "*_!X a_*", &["X", "a"]),
        ("quote", "&gt; !X a", &["X", "a"]),
        ("quote of all that follows", "&gt;&gt;&gt; !X a", &["X", "a"]),
        ("bullet", "• !X a", &["X", "a"]),
        ("inner bullet", "◦ !X a", &["X", "a"]),
        ("number", "1. !X a", &["X", "a"]),
        ("hyphen as a bullet", "- !X a", &["X", "a"]),
        // Lines.
        ("talk after the command", "!X a\nthanks \"all", &["X", "a"]),
        ("an option on a line of its own", "!X a\n--b \"c\nd\"\nthanks", &["X", "a", "--b", "c\nd"]),
    ];
    for (what, raw, expected) in rows {
        assert_eq!(typed(raw), *expected, "{what}: {raw:?}");
    }
}

#[test]
fn a_struck_out_command_is_none_and_struck_out_words_stay() {
    assert_eq!(address("~!X a~", "U0HUB", false), None);
    assert_eq!(typed("!X ~a~"), ["X", "~a~"]);
}

#[test]
fn long_and_hostile_text_is_quick() {
    // Each takes milliseconds. Were one of them to take time by the square of its length, it would take tens
    // of seconds.
    let started = std::time::Instant::now();
    for unit in [
        "<",
        ">",
        "`",
        "``",
        "```",
        "` `` ",
        "``` ",
        "&",
        "&lt;",
        "&amp;",
        "<@U",
        "\"",
        "'",
        " '",
        "\\",
        "\\\"",
        "—",
        " —a",
        "*",
        "_",
        "*_",
        "• ",
        "1. ",
        "\n",
        "&gt;",
        "&gt;\n",
        "\u{200D}",
        "\u{FDD0}",
        "!",
        "a|",
        "<a|",
        "--a ",
        "é",
        "\"`\"",
        "` \"`\" ",
        "```\"```\"",
        "'` ",
    ] {
        let text = unit.repeat(40_000 / unit.chars().count());
        for raw in [
            text.clone(),
            format!("!{text}"),
            format!("!X {text}"),
            format!("`!X {text}"),
            format!("!X {text}--a"),
        ] {
            if let Some(line) = address(&raw, "U0HUB", true) {
                let (_, rest) = line.command();
                let _ = words(rest);
                let _ = line.second();
            }
        }
    }
    let taken = started.elapsed();
    assert!(taken.as_secs() < 15, "{taken:?}");
}
