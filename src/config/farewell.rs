//! `[farewell]`.

use chrono::TimeDelta;

use super::problem::Collector;
use super::sections::Reading;
use super::tree::Tree;
use super::value::Value;
use crate::farewell::settings::Settings;

/// Somebody hears who is let go.
pub(super) fn farewells_are_heard(tree: &Tree, problems: &mut Collector<'_>) {
    let Some(section) = tree.one("farewell", &[]) else { return };
    if tree.one("farewell.channel", &[]).is_none() && tree.one("slack.alarm_channel", &[]).is_none() {
        problems.at(
            section.name_at.clone(),
            "Nobody would hear who is let go: there is neither a `channel` here nor a `slack.alarm_channel`.",
            "Add `channel = \"C0123ABCD\"`, or remove this section.",
        );
    }
}

impl Reading<'_, '_, '_> {
    pub(super) fn farewell(&self) -> Option<Settings> {
        self.tree.one("farewell", &[])?;
        let grace = match self.value("farewell.grace", &[]) {
            Some(Value::Time(grace)) => TimeDelta::from_std(grace).ok(),
            _ => None,
        };
        let channel = self.text("farewell.channel", &[]).or_else(|| self.text("slack.alarm_channel", &[]));
        let number = |key: &str| self.number(key).and_then(|number| u32::try_from(number).ok());
        Some(Settings {
            grace: grace.filter(|grace| !grace.is_zero()),
            channel: channel?,
            most: number("farewell.most")?,
            most_percent: number("farewell.most_percent")?,
        })
    }
}
