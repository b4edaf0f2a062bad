//! What Slack puts between `<` and `>`: mentions, channels, groups, dates and links.
//!
//! The forms are those of <https://docs.slack.dev/messaging/formatting-message-text>.

use crate::characters::{self, Meaning};
use crate::mention;

/// What is between `<` and `>`, if `text`, which begins with `<`, begins with a token; and what follows it.
pub(crate) fn cut(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix('<')?;
    let end = after.find(['<', '>', '\n'])?;
    let (inside, rest) = (&after[..end], after[end..].strip_prefix('>')?);
    (!inside.is_empty()).then_some((inside, rest))
}

/// Writes the words that a token stands for.
pub(crate) fn write(out: &mut String, inside: &str) {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, label),
        None => (inside, ""),
    };
    if let Some(id) = target.strip_prefix('@') {
        if mention::is_user_id(id) {
            out.push(mention::OPEN);
            out.push_str(id);
            out.push(mention::CLOSE);
        } else {
            named(out, '@', label, id);
        }
    } else if let Some(id) = target.strip_prefix('#') {
        named(out, '#', label, id);
    } else if let Some(special) = target.strip_prefix('!') {
        if special.starts_with("date^") {
            push(out, if label.is_empty() { special } else { label });
        } else {
            // `!here`, `!subteam^S123`, or something newer.
            named(out, '@', label, special.rsplit('^').next().unwrap_or(special));
        }
    } else {
        link(out, target, label);
    }
}

/// A name with its mark before it once, whether the label brings it or not.
fn named(out: &mut String, mark: char, label: &str, otherwise: &str) {
    out.push(mark);
    let name = label.strip_prefix(mark).unwrap_or(label);
    push(out, if name.is_empty() { otherwise } else { name });
}

/// A link is its target. The label is only taken where it is what was typed and Slack made the target of
/// it: a bare domain, an e-mail address, a telephone number. Anyone can write any label.
fn link(out: &mut String, target: &str, label: &str) {
    let (target, label) = (plain(target), plain(label));
    let made_of = |label: &str| {
        if let Some(address) = target.strip_prefix("mailto:") {
            return address == label;
        }
        if let Some(number) = target.strip_prefix("tel:") {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            return digits(number) == digits(label)
                && label.chars().all(|c| c.is_ascii_digit() || "+-.() /".contains(c));
        }
        let bare = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://"));
        bare.is_some_and(|bare| bare == label || bare.strip_suffix('/') == Some(label))
    };
    if !label.is_empty() && made_of(&label) {
        out.push_str(&label);
        return;
    }
    let target = target.strip_prefix("mailto:").unwrap_or(&target);
    // A space, or what would open a quote, must not end the word that an address is.
    let mut before = None;
    for c in target.chars() {
        match c {
            '"' => out.push_str("%22"),
            ' ' => out.push_str("%20"),
            '\'' if matches!(before, None | Some('=')) => out.push_str("%27"),
            c => out.push(c),
        }
        before = Some(c);
    }
}

fn push(out: &mut String, text: &str) {
    out.push_str(&plain(text));
}

/// Entities unescaped, and characters that nobody sees taken out.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (c, after) = entity(rest).unwrap_or((c, &rest[c.len_utf8()..]));
        match characters::meaning(c) {
            Meaning::Nothing | Meaning::Joiner => {}
            Meaning::Means(' ' | '\n') => out.push(' '),
            // Quotes and hyphens in an address or a name are part of it.
            Meaning::Means(_) | Meaning::Itself => out.push(c),
        }
        rest = after;
    }
    out
}

/// The character of the entity that `text` begins with, and what follows. Slack escapes these three and no
/// others; each is unescaped once, so that a typed `&lt;` stays one.
pub(crate) fn entity(text: &str) -> Option<(char, &str)> {
    [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')]
        .into_iter()
        .find_map(|(entity, c)| text.strip_prefix(entity).map(|after| (c, after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(inside: &str) -> String {
        let mut out = String::new();
        write(&mut out, inside);
        out
    }

    #[test]
    fn a_token_ends_at_its_bracket_on_its_line() {
        assert_eq!(cut("<@U1> x"), Some(("@U1", " x")));
        for text in ["<", "<>", "<a", "<a\n>", "<a<b>", "a<b>"] {
            assert_eq!(cut(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_label_is_no_target() {
        assert_eq!(words("https://evil.example|https://github.com/acme"), "https://evil.example");
        assert_eq!(words("https://evil.example|github.com"), "https://evil.example");
        assert_eq!(words("mailto:a@evil.example|a@acme.example"), "a@evil.example");
        assert_eq!(words("tel:+15551234|911"), "tel:+15551234");
    }

    #[test]
    fn what_slack_made_a_link_of_is_what_was_typed() {
        assert_eq!(words("http://acme.example|acme.example"), "acme.example");
        assert_eq!(words("http://acme.example/|acme.example"), "acme.example");
        assert_eq!(words("https://acme.example/a|acme.example/a"), "acme.example/a");
        assert_eq!(words("mailto:ana@acme.example|ana@acme.example"), "ana@acme.example");
        assert_eq!(words("tel:+15551234|+1 555-1234"), "+1 555-1234");
    }

    #[test]
    fn an_address_stays_one_word() {
        assert_eq!(
            words("https://acme.example/?q=\"a b\"&amp;r=1"),
            "https://acme.example/?q=%22a%20b%22&r=1"
        );
        assert_eq!(words("https://acme.example/it's?q='x'"), "https://acme.example/it's?q=%27x'");
    }

    #[test]
    fn a_name_has_its_mark_once() {
        assert_eq!(words("#C0DEV|dev"), "#dev");
        assert_eq!(words("#C0DEV|"), "#C0DEV");
        assert_eq!(words("!subteam^S1|@platform"), "@platform");
        assert_eq!(words("!subteam^S1"), "@S1");
        assert_eq!(words("!here|here"), "@here");
        assert_eq!(words("@nobody"), "@nobody");
    }
}
