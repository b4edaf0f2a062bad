//! A protection in plain words.

use super::classic::{Actors, Protection, Reviews, StatusChecks};

impl Actors {
    /// "ana, team core and App bot", or "nobody".
    #[must_use]
    pub fn in_words(&self) -> String {
        let teams = self.teams.iter().map(|slug| format!("team {slug}"));
        let apps = self.apps.iter().map(|slug| format!("App {slug}"));
        let all: Vec<String> = self.users.iter().cloned().chain(teams).chain(apps).collect();
        match all.as_slice() {
            [] => "nobody".to_owned(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }
}

/// "a pull request with 2 approvals"
pub(super) fn pull_request(approvals: u64) -> String {
    match approvals {
        0 => "a pull request".to_owned(),
        1 => "a pull request with 1 approval".to_owned(),
        n => format!("a pull request with {n} approvals"),
    }
}

/// "check ci/build must pass"
pub(super) fn checks(names: &[String], up_to_date: bool) -> Option<String> {
    let also = if up_to_date { ", on a branch that is up to date" } else { "" };
    match names {
        [] if up_to_date => Some("the branch must be up to date".to_owned()),
        [] => None,
        [one] => Some(format!("check {one} must pass{also}")),
        several => Some(format!("checks {} must pass{also}", several.join(", "))),
    }
}

impl Reviews {
    fn in_words(&self) -> Vec<String> {
        let mut words = vec![pull_request(self.approvals)];
        let mut say = |when: bool, what: &str| {
            if when {
                words.push(what.to_owned());
            }
        };
        say(self.dismiss_stale, "new commits make approvals void");
        say(self.code_owners, "code owners approve what is theirs");
        say(self.last_push, "someone other than the last to push approves");
        if let Some(who) = &self.dismissal {
            words.push(format!("reviews may be dismissed by {}", who.in_words()));
        }
        if let Some(who) = self.bypass.as_ref().filter(|who| **who != Actors::default()) {
            words.push(format!("without a pull request: {}", who.in_words()));
        }
        words
    }
}

impl StatusChecks {
    fn in_words(&self) -> Option<String> {
        let names: Vec<String> = self
            .checks
            .iter()
            .map(|check| match check.app {
                Some(app) => format!("{} (from App {app})", check.context),
                None => check.context.clone(),
            })
            .collect();
        checks(&names, self.strict)
    }
}

impl Protection {
    /// What it asks, one thing each, the most important first.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.reviews.iter().flat_map(Reviews::in_words).collect();
        words.extend(self.checks.as_ref().and_then(StatusChecks::in_words));
        let mut say = |when: bool, what: &str| {
            if when {
                words.push(what.to_owned());
            }
        };
        say(self.conversations, "conversations must be resolved");
        say(self.signatures, "signed commits only");
        say(self.linear_history, "no merge commits");
        say(self.locked, "read-only");
        say(self.locked && self.fork_syncing, "forks may still be synchronised");
        if let Some(who) = &self.restrictions {
            words.push(format!("pushes only by {}", who.in_words()));
        }
        let mut say = |when: bool, what: &str| {
            if when {
                words.push(what.to_owned());
            }
        };
        say(self.block_creations, "made only by who may push");
        match (self.force_pushes, self.deletions) {
            (false, false) => say(true, "no force pushes, no deletion"),
            (force, deletions) => {
                say(force, "force pushes are allowed");
                say(deletions, "it may be deleted");
                say(!force, "no force pushes");
                say(!deletions, "no deletion");
            }
        }
        for other in &self.others {
            say(true, &format!("{} (unknown to this bot)", other.replace('_', " ")));
        }
        let admins = if self.admins { "for administrators too" } else { "administrators may pass it by" };
        say(true, admins);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::*;

    #[test]
    fn a_protection_reads_as_people_would_say_it() {
        insta::assert_snapshot!(Protection::default().in_words().join("\n"), @r"
        no force pushes, no deletion
        administrators may pass it by
        ");
        let some = Actors {
            users: ["ana".to_owned()].into(),
            teams: ["core".to_owned()].into(),
            apps: ["bot".to_owned()].into(),
        };
        let full = Protection {
            checks: Some(StatusChecks {
                strict: true,
                checks: [
                    Check { context: "ci/build".into(), app: None },
                    Check { context: "ci/test".into(), app: Some(7) },
                ]
                .into(),
            }),
            reviews: Some(Reviews {
                approvals: 2,
                dismiss_stale: true,
                code_owners: true,
                last_push: true,
                dismissal: Some(Actors::default()),
                bypass: Some(some.clone()),
            }),
            restrictions: Some(some),
            admins: true,
            signatures: true,
            linear_history: true,
            force_pushes: true,
            deletions: false,
            block_creations: true,
            conversations: true,
            locked: true,
            fork_syncing: true,
            others: vec!["required_something_new".into()],
        };
        insta::assert_snapshot!(full.in_words().join("\n"), @r"
        a pull request with 2 approvals
        new commits make approvals void
        code owners approve what is theirs
        someone other than the last to push approves
        reviews may be dismissed by nobody
        without a pull request: ana, team core and App bot
        checks ci/build, ci/test (from App 7) must pass, on a branch that is up to date
        conversations must be resolved
        signed commits only
        no merge commits
        read-only
        forks may still be synchronised
        pushes only by ana, team core and App bot
        made only by who may push
        force pushes are allowed
        no deletion
        required something new (unknown to this bot)
        for administrators too
        ");
    }
}
