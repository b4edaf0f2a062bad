use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;

/// How others are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The id of the channel with the cards.
    pub channel: String,
    /// Who approves where a policy or `auth = ["approval"]` does not say.
    pub approvers: Vec<String>,
    /// How long a plan waits for others.
    pub valid: TimeDelta,
    /// How long after the card, and after each reminder, the approvers are called again.
    pub remind_every: TimeDelta,
    /// Who stands in for whom when they do not answer.
    pub deputies: BTreeMap<String, String>,
    /// How long after the card deputies may approve too.
    pub deputies_after: TimeDelta,
}

impl Settings {
    /// With this channel, and what is usual otherwise.
    #[must_use]
    pub fn new(channel: impl Into<String>) -> Self {
        Self {
            channel: channel.into(),
            approvers: Vec::new(),
            valid: TimeDelta::hours(8),
            remind_every: TimeDelta::hours(1),
            deputies: BTreeMap::new(),
            deputies_after: TimeDelta::hours(2),
        }
    }

    /// How many reminders there should have been by now.
    #[must_use]
    pub fn reminders(&self, since: Instant, now: Instant) -> u32 {
        let (waited, every) = ((now - since).num_seconds(), self.remind_every.num_seconds());
        if every <= 0 { 0 } else { u32::try_from(waited / every).unwrap_or(0) }
    }

    /// When something about a card that has stood since then changes next: a reminder, or the deputies' turn.
    #[must_use]
    pub fn next_change(&self, since: Instant, now: Instant) -> Option<Instant> {
        let reminder = (self.remind_every > TimeDelta::zero())
            .then(|| since + self.remind_every * i32::try_from(self.reminders(since, now) + 1).unwrap_or(1));
        let turn = (!self.deputies.is_empty()).then(|| since + self.deputies_after);
        reminder.into_iter().chain(turn).filter(|at| *at > now).min()
    }

    /// Those who may approve by now: the approvers, and their deputies once it is their turn.
    #[must_use]
    pub fn by_now(&self, approvers: &BTreeSet<String>, since: Instant, now: Instant) -> BTreeSet<String> {
        let mut all = approvers.clone();
        if now - since >= self.deputies_after {
            all.extend(approvers.iter().filter_map(|name| self.deputies.get(name).cloned()));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        chrono::DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn settings() -> Settings {
        let deputies = BTreeMap::from([("slack:security".to_owned(), "slack:platform".to_owned())]);
        Settings { deputies, ..Settings::new("C0APPROVALS") }
    }

    #[test]
    fn reminders_come_every_hour() {
        let counts = [0, 59, 60, 119, 121].map(|minute| settings().reminders(at(0), at(minute)));
        assert_eq!(counts, [0, 0, 1, 1, 2]);
        let never = Settings { remind_every: TimeDelta::zero(), ..settings() };
        assert_eq!(never.reminders(at(0), at(10_000)), 0);
    }

    #[test]
    fn deputies_have_their_turn_later_and_not_before() {
        let asked = BTreeSet::from(["slack:security".to_owned()]);
        assert_eq!(settings().by_now(&asked, at(0), at(119)), asked);
        let both = BTreeSet::from(["slack:platform".to_owned(), "slack:security".to_owned()]);
        assert_eq!(settings().by_now(&asked, at(0), at(120)), both);
        let others = BTreeSet::from(["U0KIM".to_owned()]);
        assert_eq!(settings().by_now(&others, at(0), at(500)), others, "nobody stands in for them");
    }

    #[test]
    fn what_changes_next() {
        assert_eq!(settings().next_change(at(0), at(0)), Some(at(60)));
        let rare = Settings { remind_every: TimeDelta::hours(5), ..settings() };
        assert_eq!(rare.next_change(at(0), at(1)), Some(at(120)));
        assert_eq!(rare.next_change(at(0), at(120)), Some(at(300)));
        let silent = Settings { remind_every: TimeDelta::zero(), deputies: BTreeMap::new(), ..settings() };
        assert_eq!(silent.next_change(at(0), at(0)), None);
    }
}
