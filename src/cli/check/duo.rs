//! Whether Duo knows our accounts. Nothing is said where there is none.

use std::sync::Arc;

use hubcommander_auth_plugins::duo::Duo;

use super::{Finding, Ground};

/// Each account answers, and takes our keys and our clock.
pub(super) async fn accounts(ground: &Ground) -> Vec<Finding> {
    let Some(settings) = &ground.sections.auth_plugins.duo else { return Vec::new() };
    let duo = match Duo::new(settings, Arc::clone(&ground.clock)) {
        Ok(duo) => duo,
        Err(error) => return vec![Finding::wrong(format!("{error}."), "Mend it in `[auth_plugins.duo]`.")],
    };
    let mut found = Vec::new();
    for domain in settings.accounts.keys() {
        found.push(match duo.try_account(domain).await {
            Ok(()) => Finding::Fine(format!("takes the keys for {domain}")),
            Err(wrong) => Finding::wrong(format!("For {domain}: {}", wrong.what), wrong.cure),
        });
    }
    found
}
