//! Whether the glass could be broken on the day when it must be. Nothing is said where that is off.

use std::collections::BTreeSet;

use hubcommander_sdk::text::in_utc;
use secrecy::ExposeSecret as _;

use super::{Failure, Finding, Ground};
use crate::passkeys;
use crate::pipeline::glass;

/// Those who may have passkeys, and Slack has said who they are.
pub(super) async fn people(ground: &Ground) -> Vec<Finding> {
    let people = &ground.sections.break_glass;
    if people.is_empty() {
        return Vec::new();
    }
    let Some(settings) = &ground.sections.store else { return vec![Finding::without("store")] };
    let Ok(store) = crate::store::open(settings.url.expose_secret()).await else {
        return vec![Finding::NotTried("not tried, since the store does not work".to_owned())];
    };
    let with: BTreeSet<String> = match passkeys::people(std::sync::Arc::clone(&store)).await {
        Ok(with) => with.into_iter().map(|person| person.user).collect(),
        Err(error) => return vec![Finding::wrong(format!("{error}."), "See that the store works.")],
    };
    let mut found = Vec::new();
    let ready = people.intersection(&with).count();
    let count = format!("{ready} of {} people have a passkey", people.len());
    found.push(if ready >= 2 {
        Finding::Fine(count)
    } else {
        Finding::wrong(
            format!("{count}, and it takes two."),
            "Ask the others to type `!EnrollPasskey` in Slack.",
        )
    });
    for user in people {
        let now = ground.clock.now();
        let attention = match glass::known(&*store, user).await {
            Ok(Some(known)) if now - known.at < glass::KNOWN_FOR => continue,
            Ok(Some(known)) => {
                format!("Slack said last on {} who {user} is, too long ago.", in_utc(known.at))
            }
            Ok(None) => format!("Slack has not said yet who {user} is."),
            Err(error) => format!("Who {user} is cannot be looked up: {error}."),
        };
        let cure = "Start the bot; it asks Slack each hour, so that it is known when Slack is down.";
        found.push(Finding::Attention(Failure::new(attention, cure)));
    }
    found
}
