//! The keys of `[farewell]`.

use super::Presence::{Default as Usually, Optional};
use super::{Key, Shape, key};

/// All of them, in the order in which the reference shows them.
pub(super) const KEYS: &[Key] = &[
    key(
        "farewell",
        Shape::Section,
        Optional,
        "",
        "Who leaves the company loses what they had at GitHub and here, by itself, when the directory says so or their \
         Slack account is deactivated. Without this section nobody is let go but by `!Farewell`. docs/farewell.md says \
         more.",
    ),
    key(
        "farewell.grace",
        Shape::Length,
        Optional,
        "\"24h\"",
        "How long it is announced before it is done; it can be dropped until then. Left out: it is done at once.",
    ),
    key(
        "farewell.channel",
        Shape::Text,
        Optional,
        "\"C0SECURITY\"",
        "The id of the channel in which it is announced, shown and said. Left out: `slack.alarm_channel`.",
    ),
    key(
        "farewell.most",
        Shape::Number(1, 100_000),
        Usually("10"),
        "25",
        "How many people may leave within 24 hours before the bot holds all of them and asks.",
    ),
    key(
        "farewell.most_percent",
        Shape::Number(1, 100),
        Usually("5"),
        "2",
        "The same in percent of those who work here, as the directory counts. One person may always leave.",
    ),
];
