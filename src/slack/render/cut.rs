//! Cutting mrkdwn without cutting into an entity (`&lt;`), a link or a mention (`<…>`), or a code fence.

/// What stands for what was cut off.
const MORE: &str = " …";

/// The text, shortened to so many bytes, with an ellipsis if anything was cut off.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let fence = "\n```";
    let end = place(text, bytes.saturating_sub(MORE.len() + fence.len()));
    let mut out = text.get(..end).unwrap_or_default().trim_end().to_owned();
    out.push_str(MORE);
    if out.matches("```").count() % 2 == 1 {
        out.push_str(fence);
    }
    out
}

/// The text in pieces of so many bytes at most, broken at a line if it can be, else at a space.
pub(super) fn pieces(text: &str, bytes: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > bytes {
        let end = place(rest, bytes).max(1);
        // One character or token can be longer than a piece only if the pieces are tiny.
        let end = (end..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        out.push(piece.trim_end().to_owned());
        rest = after.trim_start_matches([' ', '\n']);
    }
    if !rest.is_empty() || out.is_empty() {
        out.push(rest.to_owned());
    }
    out
}

/// The best place to break within the first `bytes`: after a line in the second half, else at a space in
/// the second half, else the last place that is outside of tokens.
fn place(text: &str, bytes: usize) -> usize {
    let (mut line, mut space, mut any) = (0, 0, 0);
    let (mut token, mut entity) = (false, false);
    for (at, c) in text.char_indices() {
        if at > bytes {
            break;
        }
        if !token && !entity {
            any = at;
            match c {
                '\n' => line = at,
                ' ' => space = at,
                _ => {}
            }
        }
        match c {
            '<' => token = true,
            '>' => token = false,
            '&' if !token => entity = true,
            ';' => entity = false,
            _ => {}
        }
    }
    let half = bytes / 2;
    if line > half {
        line
    } else if space > half {
        space
    } else {
        any
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::text::Text;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_breaks_at_lines_then_at_spaces_and_never_inside_a_token() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("one two three four five six", 20), "one two …");
        assert_eq!(cut("aaaaaaaaaaaaaaaa<https://a.example|b>", 30), "aaaaaaaaaaaaaaaa …");
        assert_eq!(cut("aaaaaaaaaaaaaaaaaa&amp;bbbbbbbb", 28), "aaaaaaaaaaaaaaaaaa …");
        assert_eq!(cut("```\nabc\ndef\nghi\njkl\nmno\n```", 24), "```\nabc\ndef\nghi …\n```");
        assert_eq!(pieces("aaaa\nbbbb\ncccc", 10), ["aaaa\nbbbb", "cccc"]);
    }

    proptest! {
        #[test]
        fn what_is_cut_is_still_well_formed(words in "[a-z&<>` \n\u{e4}\u{4e16}]{0,400}", bytes in 40usize..200) {
            let text = Text::new().plain(words).link("x", "https://example.com/").mrkdwn();
            for piece in pieces(&text, bytes).into_iter().chain([cut(&text, bytes)]) {
                prop_assert!(piece.len() <= bytes, "{} > {bytes}", piece.len());
                prop_assert_eq!(piece.matches('<').count(), piece.matches('>').count());
                // Every ampersand begins a whole entity.
                for (at, _) in piece.match_indices('&') {
                    let rest = &piece[at..];
                    let whole = ["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity));
                    prop_assert!(whole, "{}", piece);
                }
            }
        }
    }
}
