use hubcommander_sdk::message::State;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn blocks(message: &Message) -> Vec<Value> {
    let rendered = render(message, Look::Whole);
    serde_json::from_value(serde_json::to_value(rendered.blocks.unwrap()).unwrap()).unwrap()
}

fn press(label: &str, action: &str, value: &str, style: Style) -> Button {
    Button::Press { label: label.into(), action: action.into(), value: value.into(), style }
}

fn repository() -> Message {
    Message::new(Text::new().plain("Creating ").code("acme/widgets"))
        .state(State::Working)
        .part(Part::Step(State::Done, "private repository".into()))
        .part(Part::Step(State::Working, "team employees may push".into()))
        .part(Part::Step(State::Pending, "team bots may read".into()))
        .button(Button::Link {
            label: "Open on GitHub".into(),
            url: "https://github.com/acme/widgets".into(),
        })
        .button(press("Undo", "undo", "inv-7Q4K2", Style::Plain))
        .footnote("2.1 s")
        .footnote(Text::new().code("inv-7Q4K2"))
}

#[test]
fn a_headline_alone_is_text_alone() {
    let rendered = render(&Message::new("tea & <!channel>").state(State::Done), Look::Whole);
    assert_eq!(rendered, Rendered { text: "✅ tea &amp; &lt;!channel&gt;".into(), blocks: None });
}

#[test]
fn a_command_that_works() {
    insta::assert_json_snapshot!("a_command_that_works", render_as_json(&repository()));
}

#[test]
fn a_plan_to_confirm_with_a_quote_code_and_a_table() {
    let message = Message::new(Text::new().person("U0ANA").plain(" asks to make acme/payments public"))
        .state(State::NeedsYou)
        .part(Part::Heading("Why".into()))
        .part(Part::Quote("it is *open* source now\n<!here> really".into()))
        .part(Part::Heading("What will happen".into()))
        .item("the repository becomes public")
        .item("its history\ntoo")
        .part(Part::Code("git clone <url> && echo ```done```".into()))
        .part(Part::Table {
            header: vec!["Team".into(), "Level".into()],
            rows: vec![vec!["employees".into(), "push".into()], vec!["bots".into(), Text::new()]],
        })
        .button(press("Approve", "approve", "inv-1", Style::Primary))
        .button(press("Deny…", "deny", "inv-1", Style::Danger));
    insta::assert_json_snapshot!("a_plan_to_confirm", render_as_json(&message));
}

#[test]
fn without_its_table_and_without_blocks() {
    let message = Message::new("Teams")
        .part(Part::Table {
            header: vec!["Team".into(), "Level".into()],
            rows: vec![vec!["employees".into(), "push".into()], vec!["bots".into(), "read".into()]],
        })
        .button(Button::Link { label: "More".into(), url: "https://example.com/".into() });
    let aligned = serde_json::to_value(render(&message, Look::NoTable).blocks.unwrap()).unwrap();
    assert_eq!(
        aligned[1]["text"]["text"],
        "```\nTeam       Level\n─────────  ─────\nemployees  push\nbots       read\n```"
    );
    let words = render(&message, Look::Words);
    assert_eq!(words.blocks, None);
    assert!(words.text.contains("employees  push") && words.text.ends_with("<https://example.com/|More>"));
}

fn render_as_json(message: &Message) -> Value {
    let rendered = render(message, Look::Whole);
    json!({ "text": rendered.text, "blocks": rendered.blocks })
}

#[test]
fn steps_and_lists_share_a_section() {
    let mut message = Message::new("Many");
    for number in 0..60 {
        message = message.part(Part::Step(State::Done, format!("step {number}").into()));
    }
    let blocks = blocks(&message);
    assert_eq!(blocks.len(), 1, "one section holds them all: {blocks:#?}");
}

#[test]
fn code_cannot_be_escaped_out_of() {
    for evil in ["```", "````", "``` <!channel> ```", "a`", "`a", "\n```\n", "&lt;!here&gt;", "` ` `"] {
        let words = fenced(evil);
        let inside = words.strip_prefix("```\n").unwrap().strip_suffix("\n```").unwrap();
        assert!(!inside.contains("``"), "{words}");
        assert!(!inside.contains('<') && !inside.contains("&lt;!here&gt;"), "{words}");
    }
}

#[test]
fn buttons_with_the_same_action_stay_apart() {
    let message = Message::new("Which?")
        .button(press("One", "form", "1", Style::Plain))
        .button(press("Two", "form", "2", Style::Plain))
        .button(Button::Link { label: "Docs".into(), url: "https://example.com/".into() })
        .button(press("Three", "form", "3", Style::Plain));
    let blocks = blocks(&message);
    let ids: Vec<_> =
        blocks[1]["elements"].as_array().unwrap().iter().map(|button| button["action_id"].clone()).collect();
    assert_eq!(ids, ["form", "form#2", "link", "form#3"]);
    assert_eq!(
        ids.iter().map(|id| action_of(id.as_str().unwrap())).collect::<Vec<_>>(),
        ["form", "form", "link", "form"]
    );
    assert_eq!(action_of("a#b"), "a#b");
}

#[test]
fn a_button_that_slack_would_refuse_is_left_out_and_said() {
    let message = Message::new("Hm")
        .button(press("Big", "run", &"x".repeat(2_001), Style::Plain))
        .button(Button::Link { label: "Odd".into(), url: "javascript:alert(1)".into() })
        .button(press(&"l".repeat(80), "run", "ok", Style::Plain));
    let blocks = blocks(&message);
    assert_eq!(blocks[1]["elements"].as_array().unwrap().len(), 1);
    assert_eq!(blocks[1]["elements"][0]["text"]["text"].as_str().unwrap().chars().count(), 75);
    assert_eq!(blocks[2]["elements"][0]["text"], "2 buttons could not be shown. ");
}

#[test]
fn a_long_table_says_how_much_there_is() {
    let rows =
        (0..500).map(|n| vec![Text::from(format!("repository-number-{n}")), "private".into()]).collect();
    let message = Message::new("Repositories")
        .part(Part::Table { header: vec!["Name".into(), "Visibility".into()], rows });
    let blocks = blocks(&message);
    let words = blocks[1]["text"]["text"].as_str().unwrap();
    let last = words.lines().last().unwrap();
    assert!(last.starts_with("Showing ") && last.ends_with(" of 500 rows."), "{last}");
    assert!(words.len() <= 3_000);
}

#[test]
fn a_message_beyond_all_bounds_says_that_it_was_cut() {
    let mut message = Message::new("Long");
    for _ in 0..200 {
        message = message.line("words ".repeat(100));
    }
    let blocks = blocks(&message);
    let note = blocks.last().unwrap()["text"]["text"].as_str().unwrap();
    assert!(note.contains("more parts did not fit"), "{note}");
}

/// Slack's limits, checked on what would be sent.
fn keeps_the_limits(message: &Message) {
    for look in [Look::Whole, Look::NoTable, Look::Words] {
        let rendered = render(message, look);
        assert!(rendered.text.len() <= 4_000, "{} bytes of text", rendered.text.len());
        let Some(blocks) = rendered.blocks else { continue };
        let blocks = serde_json::to_value(blocks).unwrap();
        let blocks = blocks.as_array().unwrap();
        assert!((1..=50).contains(&blocks.len()), "{} blocks", blocks.len());
        assert!(blocks.iter().filter(|block| block["type"] == "table").count() <= 1);
        let (mut all, mut buttons) = (0, std::collections::HashSet::new());
        for block in blocks {
            match block["type"].as_str().unwrap() {
                "section" => {
                    let words = block["text"]["text"].as_str().unwrap();
                    assert!((1..=3_000).contains(&words.chars().count()), "{} in a section", words.len());
                    all += words.chars().count();
                }
                "actions" => {
                    let row = block["elements"].as_array().unwrap();
                    assert!((1..=25).contains(&row.len()));
                    for button in row {
                        assert!(buttons.insert(button["action_id"].clone()), "an action id twice");
                        assert!((1..=75).contains(&button["text"]["text"].as_str().unwrap().chars().count()));
                    }
                }
                "context" => {
                    let words = block["elements"][0]["text"].as_str().unwrap();
                    assert!((1..=2_000).contains(&words.chars().count()));
                    all += words.chars().count();
                }
                "table" => {
                    let rows = block["rows"].as_array().unwrap();
                    assert!(rows.len() <= 100);
                    let columns = rows[0].as_array().unwrap().len();
                    for row in rows {
                        let row = row.as_array().unwrap();
                        assert!(row.len() == columns && columns <= 20);
                        for cell in row {
                            let words = cell["text"].as_str().unwrap();
                            assert!(!words.is_empty());
                            all += words.chars().count();
                        }
                    }
                }
                other => panic!("unexpected block {other}"),
            }
        }
        assert!(all <= 12_500, "{all} characters in all blocks");
    }
}

fn any_text() -> impl Strategy<Value = Text> {
    prop_oneof![
        "[ -~\n]{0,40}".prop_map(Text::from),
        ("[&<>`*\n]{0,20}", 0usize..200).prop_map(|(words, times)| Text::from(words.repeat(times))),
        ("\\PC{0,20}", 0usize..30).prop_map(|(words, times)| Text::new().bold(words.repeat(times))),
        ("[a-z`]{0,20}", 0usize..300).prop_map(|(words, times)| Text::new().code(words.repeat(times))),
        "\\PC{0,60}".prop_map(|words| Text::new().link(words, "https://example.com/a?b=c")),
    ]
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        any_text().prop_map(Part::Line),
        any_text().prop_map(Part::Item),
        any_text().prop_map(|text| Part::Step(State::Done, text)),
        ("\\PC{0,20}", 0usize..20).prop_map(|(words, times)| Part::Heading(words.repeat(times))),
        ("[\\PC\n]{0,30}", 0usize..150).prop_map(|(words, times)| Part::Quote(words.repeat(times))),
        ("[\\PC`&<\n]{0,30}", 0usize..300).prop_map(|(words, times)| Part::Code(words.repeat(times))),
        (0usize..25, 0usize..130, "\\PC{0,60}").prop_map(|(columns, rows, words)| Part::Table {
            header: vec![words.clone(); columns],
            rows: vec![vec![Text::from(words); columns]; rows],
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_said_slack_takes_it(
        headline in any_text(),
        body in prop::collection::vec(any_part(), 0..30),
        labels in prop::collection::vec("\\PC{0,100}", 0..40),
        notes in prop::collection::vec(any_text(), 0..8),
    ) {
        let mut message = Message::new(headline);
        message.body = body;
        message.buttons = labels.iter().map(|label| press(label, "run", "v", Style::Plain)).collect();
        message.footnote = notes;
        keeps_the_limits(&message);
    }
}
