//! Messages and forms as plain text, for snapshots: one line for each thing that is seen.

use std::fmt::Write;

use serde_json::Value as Json;

use super::super::world::World;

/// `mrkdwn` as people see it: mentions by name, links by label, without marks of bold.
pub(in crate::slack) fn words(world: &World, mrkdwn: &str) -> String {
    let mut out = String::with_capacity(mrkdwn.len());
    let mut rest = mrkdwn;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        out.push_str(&unescape(&unbold(before)));
        let Some(end) = from.find('>') else {
            rest = from;
            break;
        };
        out.push_str(&token(world, &from[1..end]));
        rest = &from[end + 1..];
    }
    out.push_str(&unescape(&unbold(rest)));
    out
}

fn token(world: &World, token: &str) -> String {
    let (target, label) = match token.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (token, None),
    };
    if let Some(user) = target.strip_prefix('@') {
        return format!("@{}", world.name_of(user));
    }
    if let Some(channel) = target.strip_prefix('#') {
        let name = world.channels.get(channel).map(|channel| channel.name.as_str());
        return format!("#{}", label.or(name).unwrap_or(channel));
    }
    if let Some(special) = target.strip_prefix('!') {
        if let Some(id) = special.strip_prefix("subteam^") {
            let group = world.usergroups.iter().find(|group| group.id == id);
            return format!("@{}", group.map_or(id, |group| group.handle.as_str()));
        }
        // A date has its fallback as a label; here, channel and everyone have none.
        return label.map_or_else(|| format!("@{special}"), unescape);
    }
    unescape(label.unwrap_or(target))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace('\u{2060}', "")
}

/// Takes the stars of `*bold*` away where Slack would: at the edges of words, and not after a word joiner.
fn unbold(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |place: Option<usize>| place.and_then(|place| chars.get(place)).copied();
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '\u{2060}' && c != '*');
    let filled = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != '*' && c != '\u{2060}');
    let mut drop = vec![false; chars.len()];
    let mut open: Option<usize> = None;
    for (place, &c) in chars.iter().enumerate() {
        let (before, after) = (at(place.checked_sub(1)), at(Some(place + 1)));
        match (c, open) {
            ('\n', _) => open = None,
            ('*', Some(start)) if filled(before) && edge(after) => {
                drop[start] = true;
                drop[place] = true;
                open = None;
            }
            ('*', None) if edge(before) && filled(after) => open = Some(place),
            _ => {}
        }
    }
    chars.iter().zip(drop).filter(|(_, drop)| !drop).map(|(c, _)| c).collect()
}

/// All blocks, a line or more for each.
pub(in crate::slack) fn render_blocks(world: &World, blocks: &[Json]) -> String {
    let mut out = String::new();
    for block in blocks {
        let text = block_text(world, block);
        if !text.is_empty() {
            out.push_str(&text);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn block_text(world: &World, block: &Json) -> String {
    match block["type"].as_str().unwrap_or_default() {
        "section" => section(world, block),
        "header" => text(world, &block["text"]),
        "context" => {
            let parts: Vec<String> =
                list(&block["elements"]).iter().map(|part| inline(world, part)).collect();
            parts.join(" · ")
        }
        "actions" | "context_actions" => {
            let parts: Vec<String> =
                list(&block["elements"]).iter().map(|part| inline(world, part)).collect();
            parts.join(" ")
        }
        "divider" => "---".to_owned(),
        "image" => inline(world, block),
        "input" => input(world, block),
        "table" => {
            let rows = list(&block["rows"]).iter().map(|row| {
                let cells: Vec<String> = list(row).iter().map(|cell| inline(world, cell)).collect();
                cells.join(" | ")
            });
            rows.collect::<Vec<_>>().join("\n")
        }
        "rich_text" => rich(world, block),
        "markdown" => block["text"].as_str().unwrap_or_default().to_owned(),
        other => format!("({other})"),
    }
}

fn section(world: &World, block: &Json) -> String {
    let mut lines = Vec::new();
    if block.get("text").is_some() {
        lines.push(text(world, &block["text"]));
    }
    lines.extend(list(&block["fields"]).iter().map(|field| text(world, field)));
    let mut out = lines.join("\n");
    if block.get("accessory").is_some() {
        let _ = write!(out, " {}", inline(world, &block["accessory"]));
    }
    out
}

fn input(world: &World, block: &Json) -> String {
    let optional = if block["optional"].as_bool() == Some(true) { " (optional)" } else { "" };
    let mut out = format!("{}{optional}: {}", text(world, &block["label"]), inline(world, &block["element"]));
    if block.get("hint").is_some() {
        let _ = write!(out, "\n  {}", text(world, &block["hint"]));
    }
    out
}

fn inline(world: &World, element: &Json) -> String {
    let kind = element["type"].as_str().unwrap_or_default();
    match kind {
        "mrkdwn" | "plain_text" => text(world, element),
        "raw_text" => element["text"].as_str().unwrap_or_default().to_owned(),
        "rich_text" => rich(world, element),
        "image" => format!("(image: {})", element["alt_text"].as_str().unwrap_or_default()),
        "button" => format!("[{}]", text(world, &element["text"])),
        "checkboxes" | "radio_buttons" => {
            let (off, on) = if kind == "checkboxes" { ("[ ]", "[x]") } else { ("( )", "(o)") };
            let initial = |option: &Json| {
                element["initial_option"]["value"] == option["value"]
                    || list(&element["initial_options"]).iter().any(|one| one["value"] == option["value"])
            };
            let options = list(&element["options"]).iter().map(|option| {
                format!("{} {}", if initial(option) { on } else { off }, text(world, &option["text"]))
            });
            options.collect::<Vec<_>>().join(" ")
        }
        "overflow" => "[…]".to_owned(),
        kind if kind.ends_with("select") => {
            let chosen: Vec<String> = std::iter::once(&element["initial_option"])
                .chain(list(&element["initial_options"]))
                .filter(|option| option.is_object())
                .map(|option| text(world, &option["text"]))
                .collect();
            let shown =
                if chosen.is_empty() { text(world, &element["placeholder"]) } else { chosen.join(", ") };
            format!("[{shown} ▾]")
        }
        _ => {
            let initial = ["initial_value", "initial_date", "initial_time"]
                .iter()
                .find_map(|key| element[*key].as_str())
                .map(str::to_owned);
            format!("[{}___]", initial.unwrap_or_else(|| text(world, &element["placeholder"])))
        }
    }
}

/// A text object.
fn text(world: &World, object: &Json) -> String {
    let raw = object["text"].as_str().unwrap_or_default();
    match object["type"].as_str() {
        Some("mrkdwn") => words(world, raw),
        _ => raw.to_owned(),
    }
}

fn rich(world: &World, block: &Json) -> String {
    let mut out = String::new();
    for part in list(&block["elements"]) {
        match part["type"].as_str().unwrap_or_default() {
            "rich_text_list" => {
                for item in list(&part["elements"]) {
                    let _ = writeln!(out, "• {}", rich_line(world, item));
                }
            }
            "rich_text_quote" => {
                let _ = writeln!(out, "> {}", rich_line(world, part));
            }
            _ => {
                let _ = writeln!(out, "{}", rich_line(world, part));
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn rich_line(world: &World, part: &Json) -> String {
    let piece = |element: &Json| {
        let said = |key: &str| element[key].as_str().unwrap_or_default();
        match said("type") {
            "link" if said("text").is_empty() => said("url").to_owned(),
            "user" => format!("@{}", world.name_of(said("user_id"))),
            "channel" => token(world, &format!("#{}", said("channel_id"))),
            "usergroup" => token(world, &format!("!subteam^{}", said("usergroup_id"))),
            "broadcast" => format!("@{}", said("range")),
            // A date is shown by its fallback: it is the same everywhere.
            "date" => said("fallback").to_owned(),
            "emoji" => format!(":{}:", said("name")),
            _ => said("text").to_owned(),
        }
    };
    list(&part["elements"]).iter().map(piece).collect()
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_as_people_see_them() {
        let world = World::acme();
        for (mrkdwn, seen) in [
            ("*acme/widgets* is ready", "acme/widgets is ready"),
            ("2 * 3 * 4 and a*b*c", "2 * 3 * 4 and a*b*c"),
            ("\u{2060}*not bold\u{2060}*", "*not bold*"),
            ("<@U0ANA> in <#C0DEV|> or <#C0DEV|dev>", "@ana in #dev or #dev"),
            ("<https://x.example/a?b&amp;c|Open &amp; see>", "Open & see"),
            ("<https://x.example>", "https://x.example"),
            ("&lt;!channel&gt; &amp;lt;", "<!channel> &lt;"),
            ("<!channel> <!subteam^S0SECURITY>", "@channel @security-team"),
            ("*two*\n*lines*", "two\nlines"),
        ] {
            assert_eq!(words(&world, mrkdwn), seen, "{mrkdwn}");
        }
    }

    #[test]
    fn a_message_reads_like_a_page_of_text() {
        let plain = |words: &str| json!({ "type": "plain_text", "text": words });
        let blocks = [
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": "✅ *acme/widgets* is ready" } }),
            json!({ "type": "context", "elements": [plain("private"), plain("2.1 s")] }),
            json!({ "type": "actions", "elements": [
                { "type": "button", "text": plain("Open on GitHub") }, { "type": "button", "text": plain("Undo") },
            ] }),
            json!({ "type": "input", "label": plain("Name"), "optional": true,
                "element": { "type": "plain_text_input", "initial_value": "widgets" } }),
        ];
        assert_eq!(
            render_blocks(&World::acme(), &blocks),
            "✅ acme/widgets is ready\nprivate · 2.1 s\n[Open on GitHub] [Undo]\nName (optional): [widgets___]"
        );
    }
}
