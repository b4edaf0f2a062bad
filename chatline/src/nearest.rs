//! "Did you mean": what is spelled almost like it.

/// The candidate spelled most like `word`, in any case, if it is near enough for a typo. How far it may be
/// depends on the shorter of the two: nothing for up to 2 letters, 1 edit for up to 6, 2 for up to 10, else
/// 3. An edit puts in, takes out or changes a letter, or swaps two neighbours. Of two equally near the first
/// wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(word, candidates, usize::MAX)
}

/// Like [`nearest`], but no more than `distance` edits away. For places where a wrong guess is noise, such as
/// a channel where people also write `!important`.
#[must_use]
pub fn within<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    distance: usize,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let other = lower.chars().count();
        let most = tolerance(length.min(other)).min(distance);
        // So many have to be put in or taken out at least; it also keeps long words cheap.
        if length.abs_diff(other) > most {
            continue;
        }
        let edits = strsim::damerau_levenshtein(&word, &lower);
        if edits <= most && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Like [`nearest`]; and if nothing is near, the one candidate that begins with the word. For values and
/// options, where something was asked for and a guess is welcome.
pub(crate) fn likely<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    nearest(word, candidates.clone()).or_else(|| {
        let word = word.to_lowercase();
        if word.chars().count() < 3 {
            return None;
        }
        let mut begun =
            candidates.into_iter().filter(|candidate| candidate.to_lowercase().starts_with(&word));
        let first = begun.next()?;
        begun.next().is_none().then_some(first)
    })
}

fn tolerance(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=6 => 1,
        7..=10 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 6] = ["Help", "ListOrgs", "CreateRepo", "SetDescription", "SetHomepage", "Repeat"];

    #[test]
    fn a_typo_is_understood() {
        for (word, meant) in [
            ("creatrepo", "CreateRepo"),
            ("CREATEREPO", "CreateRepo"),
            ("crateerpo", "CreateRepo"),
            ("hlep", "Help"),
            ("listorg", "ListOrgs"),
            ("setdescripion", "SetDescription"),
            ("repaet", "Repeat"),
        ] {
            assert_eq!(nearest(word, COMMANDS), Some(meant), "{word}");
        }
    }

    #[test]
    fn other_words_are_left_alone() {
        for word in
            ["important", "hello", "hi", "yes", "thanks", "report", "heap2", "create", "reboot", "", "list"]
        {
            assert_eq!(nearest(word, COMMANDS), None, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(40_000), COMMANDS), None);
    }

    #[test]
    fn the_caller_can_ask_for_nearer() {
        assert_eq!(nearest("stdescripio", COMMANDS), Some("SetDescription"));
        assert_eq!(within("stdescripio", COMMANDS, 2), None);
        assert_eq!(within("setdescripio", COMMANDS, 2), Some("SetDescription"));
    }

    #[test]
    fn the_nearest_wins_and_of_two_the_first() {
        assert_eq!(nearest("visibilitx", ["visibilixy", "visibility"]), Some("visibility"));
        assert_eq!(nearest("pushi", ["pusha", "pusho"]), Some("pusha"));
    }

    #[test]
    fn a_beginning_is_enough_where_something_was_asked_for() {
        assert_eq!(likely("desc", ["description", "homepage"]), Some("description"));
        assert_eq!(likely("de", ["description", "homepage"]), None);
        assert_eq!(likely("pub", ["public", "published"]), None);
    }
}
