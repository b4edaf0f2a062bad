//! Which backticks of a message are marks of code, and which were typed to be kept.

use crate::quotes::{Role, Roles};

/// The backticks of a raw text that stand inside quotes: they are part of a value, as in
/// `"build it with `make`"`. A quote that is never closed is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept(Vec<usize>);

impl Kept {
    /// `bare` is the text without its backticks, and `marks` says of each where it stands in the raw text and
    /// where it would stand in `bare`, in bytes and in order. Without them, because marks of code beside a
    /// quote do not change what it is.
    pub(crate) fn of(bare: &str, marks: &[(usize, usize)]) -> Self {
        let mut kept = Vec::new();
        let mut marks = marks.iter().peekable();
        let mut roles = Roles::new(bare);
        let mut opened = 0;
        loop {
            let before = roles.at();
            match roles.next() {
                None => return Self(kept),
                Some(Role::Open(_)) => opened = roles.at(),
                Some(Role::Close) => {
                    while let Some((raw, at)) = marks.next_if(|(_, at)| *at <= before) {
                        kept.extend((*at >= opened).then_some(*raw));
                    }
                }
                Some(Role::Bare(_) | Role::Quoted(_)) => {}
            }
        }
    }

    /// Whether the backtick at this byte of the raw text is kept.
    pub(crate) fn holds(&self, at: usize) -> bool {
        self.0.binary_search(&at).is_ok()
    }

    /// Where in `rest`, which begins at byte `from` of the raw text, a piece of code ends: at a backtick by
    /// itself that is not kept.
    pub(crate) fn end_of_span(&self, rest: &str, from: usize) -> Option<usize> {
        let mut at = 0;
        loop {
            let start = at + rest[at..].find('`')?;
            let run = rest[start..].bytes().take_while(|&b| b == b'`').count();
            if run == 1 && !self.holds(from + start) {
                return Some(start);
            }
            at = start + run;
        }
    }

    /// Where in `rest` a block of code ends: at three backticks that are not kept. A long run is not counted
    /// to its end: it is a row of blocks, and each would count it again.
    pub(crate) fn end_of_block(&self, rest: &str, from: usize) -> Option<usize> {
        rest.match_indices("```").map(|(at, _)| at).find(|at| !self.holds(from + at))
    }
}
