//! Whether one protection asks less than another. Who loosens a protection is asked first.

use super::Protection;
use super::classic::{Actors, Reviews};

impl Protection {
    /// In what this asks less than `before`, in words: "fewer approvals". Empty if it asks as much or more.
    #[must_use]
    pub fn weaker_than(&self, before: &Self) -> Vec<&'static str> {
        let mut less = Vec::new();
        let mut note = |is_less: bool, words| {
            if is_less {
                less.push(words);
            }
        };
        match (&before.reviews, &self.reviews) {
            (Some(_), None) => note(true, "no pull request"),
            (Some(before), Some(now)) => reviews(before, now, &mut note),
            (None, _) => {}
        }
        let checks = |one: &Self| one.checks.clone().unwrap_or_default();
        let (then, now) = (checks(before), checks(self));
        let kept = |check: &super::Check| {
            now.checks
                .iter()
                .any(|one| one.context == check.context && (check.app.is_none() || one.app == check.app))
        };
        note(!then.checks.iter().all(kept), "fewer checks");
        note(then.strict && !now.strict, "it need not be up to date");
        note(before.admins && !self.admins, "administrators may pass it by");
        note(before.signatures && !self.signatures, "unsigned commits");
        note(before.linear_history && !self.linear_history, "merge commits");
        note(!before.force_pushes && self.force_pushes, "force pushes");
        note(!before.deletions && self.deletions, "it may be deleted");
        note(before.conversations && !self.conversations, "open conversations");
        note(before.locked && !self.locked, "it is no longer read-only");
        note(before.block_creations && !self.block_creations, "others may make it");
        note(widened(before.restrictions.as_ref(), self.restrictions.as_ref()), "more people may push");
        less
    }
}

fn reviews(before: &Reviews, now: &Reviews, note: &mut impl FnMut(bool, &'static str)) {
    note(before.approvals > now.approvals, "fewer approvals");
    note(before.dismiss_stale && !now.dismiss_stale, "approvals outlast new commits");
    note(before.code_owners && !now.code_owners, "no word of code owners");
    note(before.last_push && !now.last_push, "the last to push may approve");
    note(widened(before.dismissal.as_ref(), now.dismissal.as_ref()), "more people may dismiss reviews");
    let nobody = Actors::default();
    let passing = |reviews: &Reviews| reviews.bypass.clone().unwrap_or_else(|| nobody.clone());
    note(!passing(now).are_among(&passing(before)), "more people need no pull request");
}

/// Whether what was limited to some is limited to others or to nobody.
fn widened(before: Option<&Actors>, now: Option<&Actors>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => !now.are_among(before),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Check, StatusChecks};
    use super::*;

    fn only(user: &str) -> Option<Actors> {
        Some(Actors { users: [user.to_owned()].into(), ..Actors::default() })
    }

    /// Asks all that can be asked.
    fn strict() -> Protection {
        Protection {
            checks: Some(StatusChecks {
                strict: true,
                checks: [Check { context: "ci".into(), app: Some(7) }].into(),
            }),
            reviews: Some(Reviews {
                approvals: 2,
                dismiss_stale: true,
                code_owners: true,
                last_push: true,
                dismissal: only("ana"),
                bypass: None,
            }),
            restrictions: only("ana"),
            admins: true,
            signatures: true,
            linear_history: true,
            block_creations: true,
            conversations: true,
            locked: true,
            ..Protection::default()
        }
    }

    #[test]
    fn who_asks_less_in_anything_is_told_in_what() {
        assert_eq!(strict().weaker_than(&strict()), Vec::<&str>::new());
        assert_eq!(strict().weaker_than(&Protection::default()), Vec::<&str>::new());
        let lax = Protection { force_pushes: true, deletions: true, ..Protection::default() };
        let mut all = lax.weaker_than(&strict());
        all.sort_unstable();
        assert_eq!(
            all,
            [
                "administrators may pass it by",
                "fewer checks",
                "force pushes",
                "it is no longer read-only",
                "it may be deleted",
                "it need not be up to date",
                "merge commits",
                "more people may push",
                "no pull request",
                "open conversations",
                "others may make it",
                "unsigned commits",
            ]
        );
        let reviews = Reviews { bypass: only("gus"), ..Reviews::default() };
        let fewer = Protection { reviews: Some(reviews), ..strict() };
        assert_eq!(
            fewer.weaker_than(&strict()),
            [
                "fewer approvals",
                "approvals outlast new commits",
                "no word of code owners",
                "the last to push may approve",
                "more people may dismiss reviews",
                "more people need no pull request",
            ]
        );
    }

    #[test]
    fn a_check_that_anybody_may_give_is_less_than_one_of_an_app() {
        let by = |app| Protection {
            checks: Some(StatusChecks {
                strict: false,
                checks: [Check { context: "ci".into(), app }].into(),
            }),
            ..Protection::default()
        };
        assert_eq!(by(None).weaker_than(&by(Some(7))), ["fewer checks"]);
        assert_eq!(by(Some(7)).weaker_than(&by(None)), Vec::<&str>::new());
    }
}
